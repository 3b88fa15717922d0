// SPDX-License-Identifier: Apache-2.0
// Order matters: the signature value is checked over SignedInfo, then each object that SignedInfo refers to;
// only what lies in such an object is believed. An object is found among the direct children of the
// signature, so that a copy elsewhere with the same content means nothing (wrapping), and all ids in the
// document are unique. Source: W3C XML Signature 1.1 (2013); ECMA-376-2:2021, clause 13; ETSI EN 319 132-1.
#include "net/xml_signature.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "net/document_signature.h"
#include "net/xml_tree.h"

namespace phendau::net {
namespace {

constexpr std::string_view kDsig = "http://www.w3.org/2000/09/xmldsig#";
constexpr std::string_view kXades = "http://uri.etsi.org/01903/";
constexpr std::string_view kPackage = "http://schemas.openxmlformats.org/package/2006/digital-signature";
constexpr std::string_view kRelationshipTransform =
    "http://schemas.openxmlformats.org/package/2006/RelationshipTransform";
constexpr std::size_t kCertificatesMax = 16;

struct DigestName {
  std::string_view uri;
  DigestKind kind;
};
constexpr std::array<DigestName, 4> kDigests = {{
    {"http://www.w3.org/2000/09/xmldsig#sha1", DigestKind::sha1},
    {"http://www.w3.org/2001/04/xmlenc#sha256", DigestKind::sha256},
    {"http://www.w3.org/2001/04/xmldsig-more#sha384", DigestKind::sha384},
    {"http://www.w3.org/2001/04/xmlenc#sha512", DigestKind::sha512},
}};

struct SignatureName {
  std::string_view uri;
  int key;
  DigestKind kind;
};
constexpr std::array<SignatureName, 8> kSignatures = {{
    {"http://www.w3.org/2000/09/xmldsig#rsa-sha1", EVP_PKEY_RSA, DigestKind::sha1},
    {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", EVP_PKEY_RSA, DigestKind::sha256},
    {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", EVP_PKEY_RSA, DigestKind::sha384},
    {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", EVP_PKEY_RSA, DigestKind::sha512},
    {"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1", EVP_PKEY_EC, DigestKind::sha1},
    {"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", EVP_PKEY_EC, DigestKind::sha256},
    {"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", EVP_PKEY_EC, DigestKind::sha384},
    {"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512", EVP_PKEY_EC, DigestKind::sha512},
}};

const EVP_MD* digest_of(DigestKind kind) {
  switch (kind) {
    case DigestKind::sha384:
      return EVP_sha384();
    case DigestKind::sha512:
      return EVP_sha512();
    case DigestKind::sha1:
      return EVP_sha1();
    default:
      return EVP_sha256();
  }
}

std::string digest_hex(DigestKind kind, std::string_view bytes) {
  DigestStream stream(kind);
  stream.update(bytes);
  return stream.finish_hex();
}

std::unexpected<Error> unknown(std::string_view what, std::string_view found) {
  return fail(ErrorCode::invalid, fmt::format("{} is not known: '{}'", what, truncate_utf8(found, 200)));
}
std::unexpected<Error> misshapen(std::string_view what) {
  return fail(ErrorCode::invalid, fmt::format("{} is not as it should be", what));
}

/// The children of these names in this order; '?' behind a name: may be missing.
Result<std::vector<XmlElement>> expect(XmlElement parent, std::initializer_list<std::string_view> names) {
  const auto children = children_of(parent);
  std::vector<XmlElement> out;
  std::size_t at = 0;
  for (std::string_view name : names) {
    const bool optional = name.ends_with('?');
    if (optional) name.remove_suffix(1);
    const bool here = at < children.size() && is_named(children[at], kDsig, name);
    if (!here && !optional) return misshapen(name);
    out.push_back(here ? children[at++] : nullptr);
  }
  if (at != children.size()) return misshapen(name_of(parent).second);
  return out;
}

Result<std::string> base64_of(XmlElement element) {
  const auto text = text_of(element);
  if (!text) return misshapen(name_of(element).second);
  std::string packed;
  for (const char c : *text) {
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') packed += c;
  }
  auto bytes = from_base64(packed);
  if (!bytes || bytes->empty()) return misshapen(name_of(element).second);
  return bytes;
}

Result<Canonical> canonical_of(XmlElement element) {
  const std::string name = attribute_of(element, "Algorithm");
  if (!children_of(element).empty()) return unknown("a parameter of", name);
  if (name == "http://www.w3.org/TR/2001/REC-xml-c14n-20010315") return Canonical::c14n_1_0;
  if (name == "http://www.w3.org/2006/12/xml-c14n11") return Canonical::c14n_1_1;
  if (name == "http://www.w3.org/2001/10/xml-exc-c14n#") return Canonical::exclusive_1_0;
  return unknown("the canonical form", name);
}

class Reader {
 public:
  Result<XmlSignature> read(XmlElement root);

 private:
  Result<> check_ids(XmlElement element);
  Result<> check_value(XmlElement info, XmlElement method, XmlElement value);
  Result<> read_certificates_of(XmlElement key_info);
  Result<> check_reference(XmlElement reference, const std::vector<XmlElement>& objects);
  Result<DigestKind> digest_kind_of(XmlElement method);
  Result<> read_manifest();
  Result<SignedPart> read_part(XmlElement reference);
  Result<SelectedRelationships> read_selection(XmlElement transforms);
  Result<> read_properties();
  bool is_signed(XmlElement object, XmlElement inside) const;

  XmlSignature out_;
  std::set<std::string> ids_;
  std::vector<X509Ptr> certificates_;
  std::vector<XmlElement> objects_;
  std::set<XmlElement> signed_;  // what a reference of SignedInfo covers
};

Result<> Reader::check_ids(XmlElement element) {
  for (const auto& [name, value] : attributes_of(element)) {
    const std::size_t local = name.rfind('}') == name.npos ? 0 : name.rfind('}') + 1;
    if (!equals_ignore_case_ascii(std::string_view(name).substr(local), "id")) continue;
    if (!ids_.insert(value).second) return fail(ErrorCode::invalid, "an id is there twice");
  }
  for (XmlElement child : children_of(element)) PHENDAU_TRY(check_ids(child));
  return {};
}

Result<> Reader::read_certificates_of(XmlElement key_info) {
  for (XmlElement data : children_of(key_info)) {
    if (!is_named(data, kDsig, "X509Data")) continue;  // a bare key says nothing of its owner
    for (XmlElement one : children_of(data)) {
      if (!is_named(one, kDsig, "X509Certificate")) continue;
      if (certificates_.size() == kCertificatesMax) return misshapen("KeyInfo");
      const std::string der = PHENDAU_TRY(base64_of(one));
      const auto* at = reinterpret_cast<const unsigned char*>(der.data());
      X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
      ERR_clear_error();
      if (!certificate) return misshapen("X509Certificate");
      certificates_.push_back(std::move(certificate));
    }
  }
  if (certificates_.empty()) return fail(ErrorCode::invalid, "the signature names no certificate");
  return {};
}

/// ECDSA in XML is r and s, each as long as the curve's order; libcrypto wants both in DER.
std::string der_of(std::string_view value, EVP_PKEY* key) {
  const auto half = static_cast<std::size_t>((EVP_PKEY_get_bits(key) + 7) / 8);
  if (value.size() != 2 * half) return "";
  const auto* bytes = reinterpret_cast<const unsigned char*>(value.data());
  const std::unique_ptr<ECDSA_SIG, Freer<ECDSA_SIG_free>> pair(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(bytes, static_cast<int>(half), nullptr);
  BIGNUM* s = BN_bin2bn(bytes + half, static_cast<int>(half), nullptr);
  if (!pair || ECDSA_SIG_set0(pair.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return "";
  }
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  std::string out(reinterpret_cast<const char*>(der), size < 0 ? 0 : static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

bool holds(EVP_PKEY* key, const SignatureName& method, std::string_view content, const std::string& value) {
  if (key == nullptr || EVP_PKEY_get_base_id(key) != method.key) return false;
  const std::string signature = method.key == EVP_PKEY_EC ? der_of(value, key) : value;
  const std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  const bool whole =
      !signature.empty() && context &&
      EVP_DigestVerifyInit(context.get(), nullptr, digest_of(method.kind), nullptr, key) == 1 &&
      EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                       signature.size(), reinterpret_cast<const unsigned char*>(content.data()),
                       content.size()) == 1;
  ERR_clear_error();
  return whole;
}

Result<> Reader::check_value(XmlElement info, XmlElement method, XmlElement value) {
  const std::string name = attribute_of(method, "Algorithm");
  const auto found = std::find_if(kSignatures.begin(), kSignatures.end(),
                                  [&](const SignatureName& one) { return one.uri == name; });
  if (found == kSignatures.end() || !children_of(method).empty()) return unknown("the algorithm", name);
  out_.has_weak_digest = out_.has_weak_digest || found->kind == DigestKind::sha1;
  const auto how = PHENDAU_TRY(canonical_of(children_of(info).front()));
  const auto content = canonical(info, how);
  if (!content) return misshapen("SignedInfo");
  const std::string bytes = PHENDAU_TRY(base64_of(value));
  for (auto& certificate : certificates_) {
    if (!out_.signer && holds(X509_get0_pubkey(certificate.get()), *found, *content, bytes)) {
      out_.signer = std::move(certificate);
    } else {
      out_.others.push_back(std::move(certificate));
    }
  }
  if (!out_.signer) return fail(ErrorCode::corrupt, "the signature value does not fit");
  return {};
}

Result<DigestKind> Reader::digest_kind_of(XmlElement method) {
  const std::string name = attribute_of(method, "Algorithm");
  const auto found =
      std::find_if(kDigests.begin(), kDigests.end(), [&](const DigestName& one) { return one.uri == name; });
  if (found == kDigests.end() || !children_of(method).empty()) return unknown("the digest", name);
  out_.has_weak_digest = out_.has_weak_digest || found->kind == DigestKind::sha1;
  return found->kind;
}

/// Whether the element is XAdES' SignedProperties at its place: Object/QualifyingProperties/SignedProperties.
XmlElement properties_in(XmlElement object) {
  for (XmlElement outer : children_of(object)) {
    const auto [space, name] = name_of(outer);
    if (!space.starts_with(kXades) || name != "QualifyingProperties") continue;
    for (XmlElement inner : children_of(outer)) {
      if (is_named(inner, space, "SignedProperties")) return inner;
    }
  }
  return nullptr;
}

Result<> Reader::check_reference(XmlElement reference, const std::vector<XmlElement>& objects) {
  const auto parts = PHENDAU_TRY(expect(reference, {"Transforms?", "DigestMethod", "DigestValue"}));
  const std::string uri = attribute_of(reference, "URI");
  if (!uri.starts_with('#') || uri.size() < 2) return unknown("a reference", uri);
  XmlElement target = nullptr;
  for (XmlElement object : objects) {
    for (XmlElement one : {object, properties_in(object)}) {
      if (one != nullptr && attribute_of(one, "Id") == uri.substr(1)) target = one;
    }
  }
  if (target == nullptr) return unknown("the target of a reference", uri);
  Canonical how = Canonical::c14n_1_0;
  if (parts[0] != nullptr) {
    const auto transforms = PHENDAU_TRY(expect(parts[0], {"Transform"}));
    how = PHENDAU_TRY(canonical_of(transforms[0]));
  }
  const auto kind = PHENDAU_TRY(digest_kind_of(parts[1]));
  const auto expected = PHENDAU_TRY(base64_of(parts[2]));
  const auto content = canonical(target, how);
  if (!content) return misshapen("an object");
  if (digest_hex(kind, *content) != to_hex(expected))
    return fail(ErrorCode::corrupt, fmt::format("{} was changed", uri));
  if (!signed_.insert(target).second) return fail(ErrorCode::invalid, "an object is signed twice");
  return {};
}

bool Reader::is_signed(XmlElement object, XmlElement inside) const {
  return signed_.contains(object) || signed_.contains(inside);
}

Result<SelectedRelationships> Reader::read_selection(XmlElement transforms) {
  const auto both = PHENDAU_TRY(expect(transforms, {"Transform", "Transform"}));
  const std::string name = attribute_of(both[0], "Algorithm");
  if (name != kRelationshipTransform) return unknown("the transform", name);
  PHENDAU_TRY(canonical_of(both[1]));  // relationships look alike in each of them
  SelectedRelationships out;
  for (XmlElement one : children_of(both[0])) {
    const bool by_id = is_named(one, kPackage, "RelationshipReference");
    const bool by_type = is_named(one, kPackage, "RelationshipsGroupReference");
    const std::string value = attribute_of(one, by_id ? "SourceId" : "SourceType");
    if ((!by_id && !by_type) || value.empty()) return misshapen("a selection of relationships");
    (by_id ? out.ids : out.types).insert(value);
  }
  return out;
}

Result<SignedPart> Reader::read_part(XmlElement reference) {
  const auto parts = PHENDAU_TRY(expect(reference, {"Transforms?", "DigestMethod", "DigestValue"}));
  const std::string uri = attribute_of(reference, "URI");
  constexpr std::string_view kQuery = "?ContentType=";
  const std::size_t query = uri.find(kQuery);
  if (!uri.starts_with('/') || query == uri.npos || uri.find('%') != uri.npos) return unknown("a part", uri);
  SignedPart out;
  out.name = uri.substr(1, query - 1);
  out.content_type = uri.substr(query + kQuery.size());
  if (parts[0] != nullptr) out.relationships = PHENDAU_TRY(read_selection(parts[0]));
  out.digest = PHENDAU_TRY(digest_kind_of(parts[1]));
  out.digest_hex = to_hex(PHENDAU_TRY(base64_of(parts[2])));
  return out;
}

/// The one manifest, in an object that is signed.
Result<> Reader::read_manifest() {
  XmlElement manifest = nullptr;
  for (XmlElement object : objects_) {
    for (XmlElement child : children_of(object)) {
      if (!is_named(child, kDsig, "Manifest")) continue;
      if (manifest != nullptr || !signed_.contains(object)) return misshapen("Manifest");
      manifest = child;
    }
  }
  if (manifest == nullptr) return misshapen("Manifest");
  for (XmlElement reference : children_of(manifest)) {
    if (!is_named(reference, kDsig, "Reference")) return misshapen("Manifest");
    if (out_.parts.size() == kSignedPartsMax) return fail(ErrorCode::invalid, "too many parts are signed");
    out_.parts.push_back(PHENDAU_TRY(read_part(reference)));
  }
  return {};
}

XmlElement first_below(XmlElement element, std::initializer_list<std::string_view> path) {
  for (const std::string_view name : path) {
    XmlElement next = nullptr;
    for (XmlElement child : element == nullptr ? std::vector<XmlElement>() : children_of(element)) {
      if (next == nullptr && name_of(child).second == name) next = child;
    }
    element = next;
  }
  return element;
}

/// When it was signed, and that the certificate is the one that the signer meant: what stands in KeyInfo is
/// not signed, and one key may have several certificates.
Result<> Reader::read_properties() {
  std::string at;
  for (XmlElement object : objects_) {
    if (signed_.contains(object)) {
      XmlElement value =
          first_below(object, {"SignatureProperties", "SignatureProperty", "SignatureTime", "Value"});
      if (value != nullptr && at.empty()) at = text_of(value).value_or("");
    }
    XmlElement properties = properties_in(object);
    if (properties == nullptr || !is_signed(object, properties)) continue;
    XmlElement time = first_below(properties, {"SignedSignatureProperties", "SigningTime"});
    if (time != nullptr) at = text_of(time).value_or("");
    for (const char* name : {"SigningCertificate", "SigningCertificateV2"}) {
      XmlElement digest = first_below(properties, {"SignedSignatureProperties", name, "Cert", "CertDigest"});
      if (digest == nullptr) continue;
      const auto parts = PHENDAU_TRY(expect(digest, {"DigestMethod", "DigestValue"}));
      const auto kind = PHENDAU_TRY(digest_kind_of(parts[0]));
      unsigned char* der = nullptr;
      const int size = i2d_X509(out_.signer.get(), &der);
      const std::string bytes(reinterpret_cast<const char*>(der),
                              size < 0 ? 0 : static_cast<std::size_t>(size));
      OPENSSL_free(der);
      if (digest_hex(kind, bytes) != to_hex(PHENDAU_TRY(base64_of(parts[1]))))
        return fail(ErrorCode::corrupt, "another certificate was put in");
    }
  }
  const auto time = parse_rfc3339(at);
  if (time) out_.signed_at = format_rfc3339(*time);
  return {};
}

Result<XmlSignature> Reader::read(XmlElement root) {
  if (!is_named(root, kDsig, "Signature")) return misshapen("Signature");
  PHENDAU_TRY(check_ids(root));
  const auto children = children_of(root);
  for (std::size_t i = 0; i < children.size(); ++i) {
    const std::string_view name = i == 0   ? "SignedInfo"
                                  : i == 1 ? "SignatureValue"
                                  : i == 2 ? "KeyInfo"
                                           : "Object";
    if (!is_named(children[i], kDsig, name)) return misshapen(name);
  }
  if (children.size() < 4) return misshapen("Signature");
  objects_.assign(children.begin() + 3, children.end());
  PHENDAU_TRY(read_certificates_of(children[2]));
  const auto info = children_of(children[0]);
  if (info.size() < 3 || !is_named(info[0], kDsig, "CanonicalizationMethod") ||
      !is_named(info[1], kDsig, "SignatureMethod") || info.size() > 2 + kCertificatesMax)
    return misshapen("SignedInfo");
  PHENDAU_TRY(check_value(children[0], info[1], children[1]));
  for (std::size_t i = 2; i < info.size(); ++i) {
    if (!is_named(info[i], kDsig, "Reference")) return misshapen("SignedInfo");
    PHENDAU_TRY(check_reference(info[i], objects_));
  }
  PHENDAU_TRY(read_manifest());
  PHENDAU_TRY(read_properties());
  return std::move(out_);
}

}  // namespace

Result<XmlSignature> read_xml_signature(std::string_view xml) {
  const auto tree = XmlTree::parse(xml, kXmlSignatureBytesMax);
  if (!tree) return fail(ErrorCode::invalid, "the signature is no XML that can be read");
  return Reader().read(tree->root());
}

}  // namespace phendau::net
