// SPDX-License-Identifier: Apache-2.0
// Signed packages made here. The XML is written in its canonical form by hand and signed by libcrypto, so
// that the maker shares nothing with the verifier; what LibreOffice signed is in hub/signed_paper_test.cpp.
#include <doctest/doctest.h>
#include <openssl/ecdsa.h>

#include <fmt/format.h>

#include <array>
#include <functional>
#include <map>
#include <set>

#include "base/hash.h"
#include "base/text.h"
#include "net/document_signature.h"
#include "net/testing/document_signer.h"

namespace docx_signature_test {

using namespace phendau;
using namespace phendau::net;
using Verdict = DocumentSignature::Verdict;

namespace {

const UtcTime kNow = *parse_rfc3339("2026-11-27T08:00:00Z");
constexpr const char* kDsig = "http://www.w3.org/2000/09/xmldsig#";
constexpr const char* kMdssi = "http://schemas.openxmlformats.org/package/2006/digital-signature";
constexpr const char* kC14n = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
constexpr const char* kOffice = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/";
constexpr const char* kPackage = "http://schemas.openxmlformats.org/package/2006/relationships/";
constexpr const char* kWord = "application/vnd.openxmlformats-officedocument.wordprocessingml.";
constexpr const char* kRelsType = "application/vnd.openxmlformats-package.relationships+xml";

using Parts = std::map<std::string, std::string>;

std::string relationship(std::string_view id, std::string_view type, std::string_view target,
                         std::string_view more = "") {
  return fmt::format("<Relationship Id=\"{}\" Type=\"{}\" Target=\"{}\"{}/>", id, type, target, more);
}
std::string relationships(std::string_view inside) {
  return fmt::format("<?xml version=\"1.0\"?>\n<Relationships xmlns=\"{}\">{}</Relationships>",
                     "http://schemas.openxmlformats.org/package/2006/relationships", inside);
}
void insert_relationship(std::string& rels, const std::string& one) {
  rels.insert(rels.find("</Relationships>"), one);
}

Parts plain_docx() {
  Parts out;
  std::string types = "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">";
  types += fmt::format("<Default Extension=\"rels\" ContentType=\"{}\"/>", kRelsType);
  types += "<Default Extension=\"xml\" ContentType=\"application/xml\"/>";
  for (const char* name : {"document.main", "styles", "header"}) {
    const std::string_view file = std::string_view(name) == "document.main" ? "document"
                                  : std::string_view(name) == "header"      ? "header1"
                                                                            : name;
    types += fmt::format("<Override PartName=\"/word/{}.xml\" ContentType=\"{}{}+xml\"/>", file, kWord, name);
  }
  out["[Content_Types].xml"] = types + "</Types>";
  out["_rels/.rels"] = relationships(
      relationship("rId2", std::string(kPackage) + "metadata/core-properties", "docProps/core.xml") +
      relationship("rId1", std::string(kOffice) + "officeDocument", "word/document.xml") +
      relationship("rId9", std::string(kPackage) + "digital-signature/origin", "_xmlsignatures/origin.sigs"));
  out["word/_rels/document.xml.rels"] =
      relationships(relationship("rId1", std::string(kOffice) + "styles", "styles.xml") +
                    relationship("rId2", std::string(kOffice) + "header", "/word/header1.xml") +
                    relationship("rId3", std::string(kOffice) + "hyperlink",
                                 "https://example.vn/?a=1&amp;b=2", " TargetMode=\"External\""));
  out["word/document.xml"] = "<w:document xmlns:w=\"w\"><w:p>Bao cao so 01</w:p></w:document>";
  out["word/styles.xml"] = "<w:styles xmlns:w=\"w\"/>";
  out["word/header1.xml"] = "<w:hdr xmlns:w=\"w\">UBND</w:hdr>";
  out["docProps/core.xml"] = "<core>title</core>";
  out["_xmlsignatures/origin.sigs"] = "";
  return out;
}

/// How the test's signer departs from a good one.
struct Plan {
  std::set<std::string> left_out = {"[Content_Types].xml", "docProps/core.xml", "_xmlsignatures/origin.sigs"};
  std::vector<std::string> root_ids = {"rId1"};
  std::vector<std::string> document_ids = {"rId1", "rId2", "rId3"};
  DigestKind digest = DigestKind::sha256;
  const EVP_MD* signature = nullptr;  // nullptr: SHA-256
  const Signer* shown = nullptr;      // whose certificate stands in KeyInfo
  bool properties = true;             // XAdES
  std::string more_objects;
  std::string canonical = kC14n;
  std::function<void(std::string& signed_info)> on_signed_info;
  std::string file = "sig1.xml";
};

std::string digest_uri(DigestKind kind) {
  return kind == DigestKind::sha1     ? "http://www.w3.org/2000/09/xmldsig#sha1"
         : kind == DigestKind::sha384 ? "http://www.w3.org/2001/04/xmldsig-more#sha384"
         : kind == DigestKind::sha512 ? "http://www.w3.org/2001/04/xmlenc#sha512"
                                      : "http://www.w3.org/2001/04/xmlenc#sha256";
}
std::string digested(DigestKind kind, std::string_view bytes) {
  DigestStream stream(kind);
  stream.update(bytes);
  return fmt::format("<DigestMethod Algorithm=\"{}\"></DigestMethod><DigestValue>{}</DigestValue>",
                     digest_uri(kind), to_base64(*from_hex(stream.finish_hex())));
}

/// What the relationships transform gives for the two parts of plain_docx().
std::string transformed(const std::vector<std::array<std::string, 4>>& all) {
  std::string out = "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">";
  for (const auto& [id, type, target, mode] : all) {
    out +=
        fmt::format("<Relationship Id=\"{}\" Target=\"{}\" TargetMode=\"{}\" Type=\"{}{}\"></Relationship>",
                    id, target, mode, kOffice, type);
  }
  return out + "</Relationships>";
}

std::string reference_to_rels(const Plan& plan, const std::string& name, const std::vector<std::string>& ids,
                              const std::vector<std::array<std::string, 4>>& all) {
  std::string selection;
  std::vector<std::array<std::string, 4>> chosen;
  for (const auto& id : ids) {
    selection += fmt::format(
        "<mdssi:RelationshipReference xmlns:mdssi=\"{}\" SourceId=\"{}\"></mdssi:RelationshipReference>",
        kMdssi, id);
    for (const auto& one : all) {
      if (one[0] == id) chosen.push_back(one);
    }
  }
  return fmt::format(
      "<Reference URI=\"/{}?ContentType={}\"><Transforms><Transform "
      "Algorithm=\"http://schemas.openxmlformats.org/package/2006/RelationshipTransform\">{}</"
      "Transform><Transform "
      "Algorithm=\"{}\"></Transform></Transforms>{}</Reference>",
      name, kRelsType, selection, kC14n, digested(plan.digest, transformed(chosen)));
}

std::string manifest(const Parts& parts, const Plan& plan) {
  std::string out = reference_to_rels(plan, "_rels/.rels", plan.root_ids,
                                      {{"rId1", "officeDocument", "word/document.xml", "Internal"}});
  out += reference_to_rels(plan, "word/_rels/document.xml.rels", plan.document_ids,
                           {{"rId1", "styles", "styles.xml", "Internal"},
                            {"rId2", "header", "/word/header1.xml", "Internal"},
                            {"rId3", "hyperlink", "https://example.vn/?a=1&amp;b=2", "External"}});
  for (const auto& [name, bytes] : parts) {
    if (plan.left_out.contains(name) || name.find("_rels/") != name.npos || name.starts_with("_xml"))
      continue;
    const std::string_view kind = name == "word/document.xml"  ? "document.main+xml"
                                  : name == "word/styles.xml"  ? "styles+xml"
                                  : name == "word/header1.xml" ? "header+xml"
                                                               : "";
    out += fmt::format("<Reference URI=\"/{}?ContentType={}\">{}</Reference>", name,
                       kind.empty() ? "application/xml" : kWord + std::string(kind),
                       digested(plan.digest, bytes));
  }
  return "<Manifest>" + out + "</Manifest>";
}

/// An element that stands in a document whose root declares the signature's name space, and by itself.
std::string apex(std::string element) {
  return element.insert(element.find_first_of(" >"), fmt::format(" xmlns=\"{}\"", kDsig));
}

std::string der_of(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

/// ECDSA over P-256 as XML wants it: r and s, 32 bytes each.
std::string signature_over(const Signer& signer, const std::string& content, const EVP_MD* digest) {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  REQUIRE(EVP_DigestSignInit(context, nullptr, digest == nullptr ? EVP_sha256() : digest, nullptr,
                             signer.key.get()) == 1);
  std::string der(256, '\0');
  std::size_t size = der.size();
  REQUIRE(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(der.data()), &size,
                         reinterpret_cast<const unsigned char*>(content.data()), content.size()) == 1);
  EVP_MD_CTX_free(context);
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size));
  std::string out(64, '\0');
  auto* bytes = reinterpret_cast<unsigned char*>(out.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(pair), bytes, 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(pair), bytes + 32, 32);
  ECDSA_SIG_free(pair);
  return to_base64(out);
}

void sign(Parts& parts, const Signer& signer, const Plan& plan = {}) {
  const std::string package =
      fmt::format("<Object Id=\"idPackageObject\">{}</Object>", manifest(parts, plan));
  const std::string office =
      "<Object Id=\"idOfficeObject\"><SignatureProperties></SignatureProperties></Object>";
  const std::string xades = "http://uri.etsi.org/01903/v1.3.2#";
  const std::string properties = fmt::format(
      "<xd:SignedProperties xmlns:xd=\"{}\" Id=\"idSignedProperties\"><xd:SignedSignatureProperties>"
      "<xd:SigningTime>2026-11-27T07:00:00Z</xd:SigningTime><xd:SigningCertificate><xd:Cert><xd:CertDigest>{}"
      "</xd:CertDigest></xd:Cert></xd:SigningCertificate></xd:SignedSignatureProperties></"
      "xd:SignedProperties>",
      xades, digested(plan.digest, der_of(signer.certificate.get())));
  const auto reference = [&](std::string_view id, const std::string& content,
                             std::string_view transforms = "") {
    return fmt::format("<Reference URI=\"#{}\">{}{}</Reference>", id, transforms,
                       digested(plan.digest, content));
  };
  const bool sha1 = plan.signature != nullptr;
  std::string info = fmt::format(
      "<SignedInfo><CanonicalizationMethod Algorithm=\"{}\"></CanonicalizationMethod><SignatureMethod "
      "Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#ecdsa-{}\"></SignatureMethod>",
      plan.canonical, sha1 ? "sha1" : "sha256");
  info += reference("idPackageObject", apex(package)) + reference("idOfficeObject", apex(office));
  if (plan.properties) {
    std::string alone = properties;
    alone.insert(alone.find(" xmlns:xd"), fmt::format(" xmlns=\"{}\"", kDsig));
    info +=
        reference("idSignedProperties", alone,
                  fmt::format("<Transforms><Transform Algorithm=\"{}\"></Transform></Transforms>", kC14n));
  }
  info += "</SignedInfo>";
  if (plan.on_signed_info) plan.on_signed_info(info);
  const Signer& shown = plan.shown == nullptr ? signer : *plan.shown;
  parts["_xmlsignatures/" + plan.file] = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Signature xmlns=\"{}\" Id=\"idPackageSignature\">{}"
      "<SignatureValue>{}</SignatureValue><KeyInfo><X509Data><X509Certificate>{}</X509Certificate></X509Data>"
      "</KeyInfo>{}{}{}{}</Signature>",
      kDsig, info, signature_over(signer, apex(info), plan.signature),
      to_base64(der_of(shown.certificate.get())), package, office,
      plan.properties ? "<Object><xd:QualifyingProperties xmlns:xd=\"" + xades + "\">" + properties +
                            "</xd:QualifyingProperties></Object>"
                      : "",
      plan.more_objects);
  std::string& rels = parts["_xmlsignatures/_rels/origin.sigs.rels"];
  if (rels.empty()) rels = relationships("");
  insert_relationship(rels, relationship("r" + to_hex(plan.file),
                                         std::string(kPackage) + "digital-signature/signature", plan.file));
}

Parts signed_docx(const Signer& signer, const Plan& plan = {}) {
  Parts out = plain_docx();
  sign(out, signer, plan);
  return out;
}

DocumentSignature judged(const Parts& parts, const Signer& signer, UtcTime now = kNow,
                         const std::vector<std::pair<std::string, std::string>>& more = {}) {
  std::vector<PackagePart> out;
  for (const auto& [name, bytes] : parts) out.push_back({name, bytes});
  for (const auto& [name, bytes] : more) out.push_back({name, bytes});
  return verify_docx_signature(out, signer.ca.certificate_pem, now);
}

std::string& signature_of(Parts& parts) { return parts.at("_xmlsignatures/sig1.xml"); }
void replace_once(std::string& text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != text.npos);
  text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a whole signature of a named authority over a package is valid and says who signed when") {
  const Signer signer = make_signer(kNow, 365);
  for (const DigestKind kind : {DigestKind::sha256, DigestKind::sha384, DigestKind::sha512}) {
    Plan plan;
    plan.digest = kind;
    const auto found = judged(signed_docx(signer, plan), signer);
    CAPTURE(found.detail);
    CHECK(found.verdict == Verdict::valid);
    CHECK(found.signer.starts_with("Nguyen Thi Ky"));
    CHECK(found.issuer == "Test CA");
    CHECK(found.signed_at == "2026-11-27T07:00:00Z");
  }
  Plan plain;
  plain.properties = false;
  CHECK(judged(signed_docx(signer, plain), signer).verdict == Verdict::valid);
  CHECK(judged(plain_docx(), signer).verdict == Verdict::damaged);  // says that it is signed
  Parts bare = plain_docx();
  bare.erase("_xmlsignatures/origin.sigs");
  CHECK(judged(bare, signer).verdict == Verdict::none);
}

TEST_CASE(
    "a changed byte of any part that counts is found, and so is a part that is gone or of another type") {
  const Signer signer = make_signer(kNow, 365);
  const Parts good = signed_docx(signer);
  for (const auto& [name, bytes] : good) {
    const bool free = name == "docProps/core.xml" || name == "_xmlsignatures/origin.sigs";
    for (std::size_t at = 0; at < bytes.size(); at += bytes.size() > 2'000 ? 13 : 1) {
      Parts other = good;
      other[name][at] = static_cast<char>(bytes[at] ^ 1);
      const auto found = judged(other, signer);
      CAPTURE(name);
      CAPTURE(at);
      if (name.starts_with("word/") && !name.ends_with(".rels")) CHECK(found.verdict == Verdict::changed);
      // Of the files that say how the package hangs together, some bytes mean nothing (an id of what is not
      // signed); the words are as they were.
      if (found.verdict == Verdict::valid && !free)
        CHECK_FALSE((name.starts_with("word/") && !name.ends_with(".rels")));
    }
    if (free || name.starts_with("_xml")) continue;
    Parts less = good;
    less.erase(name);
    CAPTURE(name);
    CHECK(judged(less, signer).verdict != Verdict::valid);
  }
  Parts typed = good;
  replace_once(typed["[Content_Types].xml"], "styles+xml", "stylos+xml");
  CHECK(judged(typed, signer).verdict == Verdict::changed);
}

TEST_CASE("relationships: a signed one cannot be turned elsewhere, an unsigned one brings in nothing") {
  const Signer signer = make_signer(kNow, 365);
  const Parts good = signed_docx(signer);
  Parts other = good;
  replace_once(other["word/_rels/document.xml.rels"], "styles.xml", "header1.xml");
  CHECK(judged(other, signer).verdict == Verdict::changed);
  other = good;
  replace_once(other["word/_rels/document.xml.rels"], "/>", "/>\n ");  // white space says nothing
  CHECK(judged(other, signer).verdict == Verdict::valid);
  for (const char* type : {"header", "officeDocument", "image", "footnotes", "aFChunk", "settings"}) {
    for (const char* rels : {"_rels/.rels", "word/_rels/document.xml.rels", "word/_rels/header1.xml.rels"}) {
      other = good;
      if (!other.contains(rels)) other[rels] = relationships("");
      other["word/new.xml"] = "<x/>";
      insert_relationship(other[rels], relationship("rId77", std::string(kOffice) + type, "/word/new.xml"));
      CAPTURE(type);
      CAPTURE(rels);
      CHECK(judged(other, signer).verdict == Verdict::extended);
    }
  }
  other = good;
  other["word/new.xml"] = "<x/>";  // named by nothing
  CHECK(judged(other, signer).verdict == Verdict::extended);
  insert_relationship(
      other["word/_rels/document.xml.rels"],
      relationship("rId77", "http://schemas.microsoft.com/office/2011/relationships/people", "new.xml"));
  CHECK(judged(other, signer).verdict == Verdict::valid);  // names of authors of comments
  insert_relationship(other["word/_rels/header1.xml.rels"] = relationships(""),
                      relationship("rId1", std::string(kOffice) + "image", "new.xml"));
  CHECK(judged(other, signer).verdict == Verdict::extended);
}

TEST_CASE("what signing itself adds is no way in: origins, signatures, properties from outside") {
  const Signer signer = make_signer(kNow, 365);
  const Parts good = signed_docx(signer);
  // A second origin whose relationships are those of the document.
  Parts other = good;
  insert_relationship(
      other["_rels/.rels"],
      relationship("rId50", std::string(kPackage) + "digital-signature/origin", "word/document.xml"));
  CHECK(judged(other, signer).verdict == Verdict::damaged);
  other["word/new.xml"] = "<x/>";
  insert_relationship(other["word/_rels/document.xml.rels"],
                      relationship("rId0", std::string(kOffice) + "header", "new.xml"));
  CHECK(judged(other, signer).verdict == Verdict::damaged);
  other = good;
  insert_relationship(other["_xmlsignatures/_rels/origin.sigs.rels"],
                      relationship("rId0", std::string(kOffice) + "header", "/word/document.xml"));
  CHECK(judged(other, signer).verdict == Verdict::extended);
  other = good;
  insert_relationship(
      other["_xmlsignatures/_rels/origin.sigs.rels"],
      relationship("rId0", std::string(kPackage) + "digital-signature/signature", "/word/styles.xml"));
  CHECK(judged(other, signer).verdict != Verdict::valid);
  other = good;
  insert_relationship(other["_rels/.rels"],
                      relationship("rId51", std::string(kPackage) + "metadata/thumbnail",
                                   "http://example.vn/x.png", " TargetMode=\"External\""));
  CHECK(judged(other, signer).verdict == Verdict::extended);
}

TEST_CASE("an unsigned relationship cannot lend its freedom to others, nor give the text what it asks for") {
  const Signer signer = make_signer(kNow, 365);
  const std::string origin = std::string(kPackage) + "digital-signature/origin";
  Parts other = signed_docx(signer);
  // The document as a second origin of signatures, whose relationships nobody signs.
  insert_relationship(other["_rels/.rels"], relationship("rId77", origin, "word/document.xml"));
  other["word/settings.xml"] = "<x/>";
  insert_relationship(other["word/_rels/document.xml.rels"],
                      relationship("rId77", std::string(kOffice) + "settings", "settings.xml"));
  CHECK(judged(other, signer).verdict == Verdict::damaged);
  other = signed_docx(signer);
  other["word/settings.xml"] = "<x/>";
  insert_relationship(other["_xmlsignatures/_rels/origin.sigs.rels"],
                      relationship("rId77", std::string(kOffice) + "settings", "/word/settings.xml"));
  CHECK(judged(other, signer).verdict == Verdict::extended);
  // A picture that was not there when it was signed: some readers follow the id whatever the type is.
  Parts parts = plain_docx();
  parts["word/document.xml"] = fmt::format(
      "<w:document xmlns:w=\"w\" xmlns:r=\"{}\"><a:blip xmlns:a=\"a\" r:embed=\"rId77\"/></w:document>",
      std::string_view(kOffice).substr(0, std::string_view(kOffice).size() - 1));
  sign(parts, signer);
  CHECK(judged(parts, signer).verdict == Verdict::valid);
  parts["word/seal.png"] = "picture";
  insert_relationship(parts["word/_rels/document.xml.rels"],
                      relationship("rId77", std::string(kOffice) + "customXml", "seal.png"));
  CHECK(judged(parts, signer).verdict == Verdict::extended);
  // Outside of the file nothing is free.
  other = signed_docx(signer);
  insert_relationship(other["word/_rels/document.xml.rels"],
                      relationship("rId77", std::string(kOffice) + "customXml", "http://example.vn/x.png",
                                   " TargetMode=\"External\""));
  CHECK(judged(other, signer).verdict == Verdict::extended);
}

TEST_CASE("what the signer left out is not valid: parts, relationships, the document itself") {
  const Signer signer = make_signer(kNow, 365);
  for (const char* name : {"word/header1.xml", "word/styles.xml", "word/document.xml"}) {
    Plan plan;
    plan.left_out.insert(name);
    CAPTURE(name);
    CHECK(judged(signed_docx(signer, plan), signer).verdict == Verdict::extended);
  }
  Plan plan;
  plan.document_ids = {"rId1", "rId3"};
  CHECK(judged(signed_docx(signer, plan), signer).verdict == Verdict::extended);
  plan = {};
  plan.root_ids = {};
  CHECK(judged(signed_docx(signer, plan), signer).verdict == Verdict::extended);
}

TEST_CASE("a text that draws on what is not signed is not valid, other fields are") {
  const Signer signer = make_signer(kNow, 365);
  const auto verdict_of = [&](const std::string& inside) {
    Parts parts = plain_docx();
    parts["word/document.xml"] = "<w:document xmlns:w=\"w\">" + inside + "</w:document>";
    sign(parts, signer);
    return judged(parts, signer).verdict;
  };
  CHECK(verdict_of("<w:sdt><w:dataBinding w:xpath=\"/a\"/></w:sdt>") == Verdict::extended);
  CHECK(verdict_of("<w:fldSimple w:instr=\" title \\* MERGEFORMAT\"/>") == Verdict::extended);
  CHECK(verdict_of(
            "<w:fldChar/><w:instrText> DOCPRO</w:instrText><w:instrText>PERTY x</w:instrText><w:fldChar/>") ==
        Verdict::extended);
  for (const char* field : {"SAVEDATE \\@ dd", "CreateDate", "PRINTDATE", "REVNUM", "EDITTIME", "CITATION a",
                            "TEMPLATE", "BIBLIOGRAPHY", "FILENAME"}) {
    CAPTURE(field);
    CHECK(verdict_of(fmt::format("<w:fldSimple w:instr=\"{}\"/>", field)) == Verdict::extended);
  }
  CHECK(verdict_of("<w:fldChar/><w:instrText>PAGE</w:instrText><w:fldChar/>") == Verdict::valid);
  CHECK(verdict_of("<w:fldSimple w:instr=\"HYPERLINK &quot;http://info.vn&quot;\"/>") == Verdict::valid);
  CHECK(verdict_of("<w:p>") == Verdict::extended);  // unreadable: nobody knows what it shows
  // Types mean the same in capitals, and readers are not strict about them.
  Parts parts = plain_docx();
  parts["word/other.xml"] = "<x><fldSimple instr=\"TITLE\"/></x>";
  sign(parts, signer);
  CHECK(judged(parts, signer).verdict == Verdict::extended);
  parts = plain_docx();
  parts["word/document.xml"] = "<w:document xmlns:w=\"w\"><w:fldSimple w:instr=\"TITLE\"/></w:document>";
  sign(parts, signer);
  replace_once(parts["[Content_Types].xml"], "wordprocessingml.document.main",
               "WordprocessingML.document.main");
  CHECK(judged(parts, signer).verdict == Verdict::extended);
}

TEST_CASE("wrapping: what is signed must stand where it is read") {
  const Signer signer = make_signer(kNow, 365);
  const Parts good = signed_docx(signer);
  const std::string& xml = good.at("_xmlsignatures/sig1.xml");
  const std::size_t begin = xml.find("<Object Id=\"idPackageObject\">");
  const std::size_t end = xml.find("</Object>", begin) + 9;
  const std::string object = xml.substr(begin, end - begin);
  std::string evil = object;
  const std::string forged = "<w:document xmlns:w=\"w\"><w:p>forged</w:p></w:document>";
  replace_once(evil, digested(DigestKind::sha256, good.at("word/document.xml")),
               digested(DigestKind::sha256, forged));
  std::string renamed = evil;
  replace_once(renamed, "idPackageObject", "idOther");
  const auto with = [&](const std::string& inside) {
    Parts other = good;
    other["word/document.xml"] = forged;
    signature_of(other).replace(begin, object.size(), inside);
    return judged(other, signer).verdict;
  };
  CHECK(with(evil) == Verdict::changed);
  CHECK(with(evil + object) == Verdict::damaged);     // the same id twice
  CHECK(with(renamed + object) == Verdict::damaged);  // a manifest that nobody signed
  CHECK(with(renamed + "<Object>" + object + "</Object>") == Verdict::damaged);  // the signed one put aside
  CHECK(with("<Object>" + object + "</Object>") == Verdict::damaged);
  CHECK(with("") == Verdict::damaged);
  std::string lower = object;
  replace_once(lower, " Id=", " id=");
  CHECK(with(lower + renamed) == Verdict::damaged);
}

TEST_CASE("SHA-1 is too weak wherever it stands, and a changed file is changed all the same") {
  const Signer signer = make_signer(kNow, 365);
  Plan plan;
  plan.digest = DigestKind::sha1;
  Parts parts = signed_docx(signer, plan);
  const auto found = judged(parts, signer);
  CHECK(found.verdict == Verdict::weak);
  CHECK(found.signer.starts_with("Nguyen Thi Ky"));
  parts["word/document.xml"] += " ";
  CHECK(judged(parts, signer).verdict == Verdict::changed);
  plan = {};
  plan.signature = EVP_sha1();
  CHECK(judged(signed_docx(signer, plan), signer).verdict == Verdict::weak);
}

TEST_CASE("the certificate of a signed package is judged as that of a signed PDF") {
  const Signer signer = make_signer(kNow, 30);
  const Parts parts = signed_docx(signer);
  CHECK(judged(parts, make_signer(kNow, 30)).verdict == Verdict::untrusted);
  CHECK(judged(parts, signer, kNow + days(60)).verdict == Verdict::expired);
  Signer server = make_signer(kNow, 30);
  give_purpose(server, "digitalSignature", "serverAuth");
  CHECK(judged(signed_docx(server), server).verdict == Verdict::misused);
  // Another certificate of the same key: the signer meant the first one.
  Signer twin = make_signer(kNow, 30);
  const Signer other = make_signer(kNow, 30);
  REQUIRE(X509_set_pubkey(twin.certificate.get(), signer.key.get()) == 1);
  give_purpose(twin, "digitalSignature", nullptr);
  Plan plan;
  plan.shown = &twin;
  CHECK(judged(signed_docx(signer, plan), twin).verdict == Verdict::changed);
  plan.shown = &other;  // another key
  CHECK(judged(signed_docx(signer, plan), other).verdict == Verdict::changed);
}

TEST_CASE("what cannot be read or is not on the list is damaged") {
  const Signer signer = make_signer(kNow, 365);
  const Parts good = signed_docx(signer);
  const auto with = [&](std::string_view from, std::string_view to) {
    Parts other = good;
    replace_once(signature_of(other), from, to);
    return judged(other, signer).verdict;
  };
  CHECK(with("<SignatureValue>", "<SignatureValue>*") == Verdict::damaged);
  CHECK(with("<X509Certificate>", "<X509Certificate>AAAA") == Verdict::damaged);
  CHECK(with("<Signature ", "<!DOCTYPE x [<!ENTITY a \"b\">]><Signature ") == Verdict::damaged);
  CHECK(with("<Signature ", "<!DOCTYPE x><Signature ") == Verdict::damaged);
  CHECK(with("encoding=\"UTF-8\"", "encoding=\"UTF-7\"") == Verdict::damaged);
  CHECK(with("<X509Data>", "<KeyValue/><X509Data>") == Verdict::valid);  // never looked at
  CHECK(with("<KeyInfo>", "<KeyInfo><!-- comments are not signed -->") == Verdict::valid);
  CHECK(with("X509Certificate>", "KeyName>") == Verdict::damaged);
  CHECK(with("</Signature>", "<Other/></Signature>") == Verdict::damaged);
  CHECK(with("</Signature>", "") == Verdict::damaged);
  CHECK(with("</Signature>", std::string(200, ' ') + "<a>" + "</Signature>") == Verdict::damaged);
  Parts huge = good;
  signature_of(huge).insert(signature_of(huge).size() - 12, std::string(5u << 20, ' '));
  CHECK(judged(huge, signer).verdict == Verdict::damaged);
  Parts wide = good;
  std::string spaces = "<Object";
  for (int i = 0; i < 20; ++i) spaces += fmt::format(" xmlns:n{}=\"urn:{}\"", i, i);
  replace_once(signature_of(wide), "</Signature>", spaces + "/></Signature>");
  CHECK(judged(wide, signer).verdict == Verdict::damaged);
  Parts deep = good;
  std::string nest;
  for (int i = 0; i < 100; ++i) nest += "<a>";
  for (int i = 0; i < 100; ++i) nest += "</a>";
  replace_once(signature_of(deep), "</Signature>", "<Object>" + nest + "</Object></Signature>");
  CHECK(judged(deep, signer).verdict == Verdict::damaged);

  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"#idOfficeObject", "http://example.vn/x"},
           {"#idOfficeObject", "/word/document.xml"},
           {"#idOfficeObject", ""},
           {"#idOfficeObject", "#idPackageSignature"},
           {"#idOfficeObject", "#xpointer(/)"},
           {"<Transform Algorithm=\"" + std::string(kC14n),
            "<Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116"},
           {"<Transform Algorithm=\"" + std::string(kC14n),
            "<Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116"},
           {"xmldsig-more#ecdsa-sha256", "xmldsig-more#hmac-sha256"},
           {"xmlenc#sha256", "xmldsig-more#md5"},
           {"ecdsa-sha256\"></SignatureMethod>",
            "ecdsa-sha256\"></SignatureMethod><SignatureMethod></SignatureMethod>"}}) {
    Plan plan;
    plan.on_signed_info = [&](std::string& info) { replace_once(info, from, to); };
    CAPTURE(from);
    CAPTURE(to);
    CHECK(judged(signed_docx(signer, plan), signer).verdict == Verdict::damaged);
  }
  Plan twice;
  twice.on_signed_info = [](std::string& info) {
    const std::size_t begin = info.find("<Reference ");
    const std::size_t end = info.find("</Reference>") + 12;
    info.insert(end, info.substr(begin, end - begin));
  };
  CHECK(judged(signed_docx(signer, twice), signer).verdict == Verdict::damaged);
}

TEST_CASE("names that two readers could take for two things are damaged") {
  const Signer signer = make_signer(kNow, 365);
  const Parts good = signed_docx(signer);
  for (const char* name :
       {"word/document.xml", "word/Document.xml", "WORD/DOCUMENT.XML", "word/../word/document.xml",
        "word/./x.xml", "word//x.xml", "/word/x.xml", "word\\document.xml", "word/documen%74.xml",
        "word/document.xml/[0].piece", "x.xml.", "C:x", "[content_types].xml"}) {
    CAPTURE(name);
    CHECK(judged(good, signer, kNow, {{name, "<x/>"}}).verdict == Verdict::damaged);
  }
  CHECK(judged(good, signer, kNow, {{"word/", ""}}).verdict == Verdict::valid);  // a folder
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"Id=\"rId2\"", "Id=\"rId1\""},
           {"Target=\"docProps", "Target=\"../docProps"},
           {"Target=\"docProps/", "Target=\"doc%50rops/"},
           {"Id=\"rId2\"", "Id=\"rId2\" xml:base=\"/x/\""},
           {"<Relationships ", "<Relationships xml:base=\"/x/\" "},
           {"<Relationship ", "<mc:Choice xmlns:mc=\"mc\"/><Relationship "}}) {
    Parts other = good;
    replace_once(other["_rels/.rels"], from, to);
    CAPTURE(to);
    CHECK(judged(other, signer).verdict != Verdict::valid);
  }
  Parts other = good;
  replace_once(other["[Content_Types].xml"], "</Types>",
               "<Default Extension=\"XML\" ContentType=\"text/html\"/></Types>");
  CHECK(judged(other, signer).verdict == Verdict::damaged);
  other = good;
  other.erase("_xmlsignatures/_rels/origin.sigs.rels");
  CHECK(judged(other, signer).verdict == Verdict::damaged);
}

TEST_CASE("of several signatures each must hold, and all signers are named") {
  const Signer first = make_signer(kNow, 365);
  const Signer second = make_signer(kNow, 365);
  Parts parts = signed_docx(first);
  Plan plan;
  plan.file = "sig2.xml";
  sign(parts, second, plan);
  std::vector<PackagePart> all;
  for (const auto& [name, bytes] : parts) all.push_back({name, bytes});
  const std::string both = first.ca.certificate_pem + second.ca.certificate_pem;
  const auto found = verify_docx_signature(all, both, kNow);
  CHECK(found.verdict == Verdict::valid);
  CHECK(found.signer == "Nguyen Thi Ky, So KHCN; Nguyen Thi Ky, So KHCN");
  CHECK(judged(parts, first).verdict == Verdict::untrusted);
  Parts broken = parts;
  replace_once(broken["_xmlsignatures/sig2.xml"], "idOfficeObject\"><SignatureProp",
               "idOfficeObject\"> <SignatureProp");
  CHECK(judged(broken, first).verdict == Verdict::changed);
  parts["word/styles.xml"] += "\n";
  CHECK(judged(parts, first).verdict == Verdict::changed);
}

}  // namespace docx_signature_test
