// SPDX-License-Identifier: Apache-2.0
#include "net/pki.h"

#include <fmt/format.h>
#include <openssl/pem.h>

#include <algorithm>
#include <ctime>

#include "base/hash.h"
#include "base/text.h"
#include "net/address.h"
#include "net/openssl_types.h"

namespace phendau::net {
namespace {

/// 127 random bits: unique without a counter (RFC 5280 allows 20 octets).
constexpr std::size_t kSerialBytes = 16;
constexpr int kX509Version3 = 2;
constexpr std::size_t kCertificatesMax = 8;

std::unexpected<Error> crypto_failure(std::string_view what) {
  return fail(ErrorCode::io, fmt::format("{} failed in libcrypto: {}", what, openssl_reason()));
}

BioPtr memory_bio(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string bio_text(BIO* bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
}

std::string certificate_to_pem(X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  return bio_text(bio.get());
}

std::string key_to_pem(EVP_PKEY* key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  std::string pem = bio_text(bio.get());
  return pem;
}

KeyPtr make_key() { return KeyPtr(EVP_EC_gen("P-256")); }

bool add_name(X509_NAME* name, const char* field, std::string_view value) {
  return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1;
}

bool add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

/// Version, serial, dates and key; the caller adds names and extensions and signs.
Result<X509Ptr> blank_certificate(Env& env, EVP_PKEY* key, int validity_days) {
  if (validity_days < 1 || validity_days > kValidityDaysMax) {
    return fail(ErrorCode::invalid, fmt::format("a certificate cannot be valid for {} days", validity_days));
  }
  X509Ptr certificate(X509_new());
  if (!certificate) return crypto_failure("creating a certificate");
  std::string serial = env.random_bytes(kSerialBytes);
  serial[0] = static_cast<char>((serial[0] & 0x3f) | 0x40);  // positive and never zero
  BIGNUM* number = BN_bin2bn(reinterpret_cast<const unsigned char*>(serial.data()),
                             static_cast<int>(serial.size()), nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate.get()));
  BN_free(number);
  const UtcTime now = env.now();
  const auto start_s = static_cast<time_t>((now - kClockTolerance).ns / 1'000'000'000);
  const auto end_s = static_cast<time_t>((now + days(validity_days)).ns / 1'000'000'000);
  const bool good = X509_set_version(certificate.get(), kX509Version3) == 1 &&
                    ASN1_TIME_set(X509_getm_notBefore(certificate.get()), start_s) != nullptr &&
                    ASN1_TIME_set(X509_getm_notAfter(certificate.get()), end_s) != nullptr &&
                    X509_set_pubkey(certificate.get(), key) == 1;
  if (!good) return crypto_failure("creating a certificate");
  return certificate;
}

struct Extension {
  int nid;
  std::string value;
};

Result<> finish_certificate(X509* certificate, X509* issuer, EVP_PKEY* issuer_key,
                            const std::vector<Extension>& extensions) {
  if (X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) != 1)
    return crypto_failure("naming the issuer");
  for (const Extension& extension : extensions) {
    if (!add_extension(certificate, issuer, extension.nid, extension.value)) {
      return crypto_failure("adding a certificate extension");
    }
  }
  if (X509_sign(certificate, issuer_key, EVP_sha256()) <= 0) return crypto_failure("signing a certificate");
  return {};
}

struct Issuer {
  X509Ptr certificate;
  KeyPtr key;
};

Result<Issuer> read_issuer(const KeyPair& ca) {
  Issuer issuer;
  auto certificates = PHENDAU_TRY(read_certificates(ca.certificate_pem));
  issuer.certificate = std::move(certificates.front());
  issuer.key = PHENDAU_TRY(read_key(ca.key_pem));
  if (X509_check_private_key(issuer.certificate.get(), issuer.key.get()) != 1) {
    ERR_clear_error();
    return fail(ErrorCode::invalid, "the CA's key does not belong to its certificate",
                "net.certificate.key_mismatch");
  }
  return issuer;
}

/// What may stand in a name of a certificate: the value goes into a comma-separated extension text.
bool is_certificate_name(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '*' || c == '_';
  });
}

Result<std::string> alternative_names(const std::vector<std::string>& names) {
  if (names.empty() || names.size() > kServerNamesMax) {
    return fail(ErrorCode::invalid, fmt::format("a server certificate needs 1 to {} names", kServerNamesMax));
  }
  std::string out;
  for (const std::string& name : names) {
    if (!out.empty()) out += ',';
    if (is_ip(name)) {
      out += "IP:" + name;
    } else if (is_certificate_name(name)) {
      out += "DNS:" + name;
    } else {
      return fail(ErrorCode::invalid, fmt::format("\"{}\" is neither a host name nor an IP address", name),
                  "net.address.bad", {name});
    }
  }
  return out;
}

/// X.520 allows 64 characters for CN and O.
bool is_subject_text(std::string_view text) {
  return !text.empty() && text.size() <= 64 && is_valid_utf8(text) &&
         std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

std::string name_entry(const X509_NAME* name, int nid) {
  const int index = X509_NAME_get_index_by_NID(name, nid, -1);
  if (index < 0) return {};
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)));
  if (size < 0) return {};
  std::string out(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  return out;
}

UtcTime time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return from_civil(
      {{parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday}, parts.tm_hour, parts.tm_min, parts.tm_sec, 0},
      kUtcZone);
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> out;
  auto* list =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(list); ++i) {
    const GENERAL_NAME* entry = sk_GENERAL_NAME_value(list, i);
    if (entry->type == GEN_DNS) {
      out.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(entry->d.dNSName)),
                       static_cast<std::size_t>(ASN1_STRING_length(entry->d.dNSName)));
    } else if (entry->type == GEN_IPADD) {
      Address address;
      address.size = static_cast<std::uint8_t>(ASN1_STRING_length(entry->d.iPAddress));
      if (address.size != 4 && address.size != 16) continue;
      std::copy_n(ASN1_STRING_get0_data(entry->d.iPAddress), address.size, address.bytes.begin());
      out.push_back(address.ip_text());
    }
  }
  GENERAL_NAMES_free(list);
  return out;
}

std::string serial_of(X509* certificate) {
  BIGNUM* number = ASN1_INTEGER_to_BN(X509_get_serialNumber(certificate), nullptr);
  if (number == nullptr) return {};
  char* hex = BN_bn2hex(number);
  std::string out = to_lower_ascii(hex == nullptr ? "" : hex);
  OPENSSL_free(hex);
  BN_free(number);
  const auto first = out.find_first_not_of('0');
  return first == std::string::npos ? "0" : out.substr(first);
}

}  // namespace

std::string openssl_reason() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return "no reason given";
  const char* reason = ERR_reason_error_string(code);
  return reason == nullptr ? fmt::format("error {:x}", code) : std::string(reason);
}

Result<std::vector<X509Ptr>> read_certificates(std::string_view pem) {
  std::vector<X509Ptr> out;
  if (pem.size() <= kPemBytesMax) {
    const BioPtr bio = memory_bio(pem);
    while (out.size() < kCertificatesMax) {
      X509Ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
      if (!certificate) break;
      out.push_back(std::move(certificate));
    }
    ERR_clear_error();
  }
  if (out.empty()) {
    return fail(ErrorCode::invalid, "the text holds no PEM certificate", "net.certificate.unreadable");
  }
  return out;
}

Result<KeyPtr> read_key(std::string_view pem) {
  KeyPtr key;
  if (pem.size() <= kPemBytesMax) {
    const BioPtr bio = memory_bio(pem);
    const auto no_password = [](char*, int, int, void*) { return 0; };  // never ask on the terminal
    key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
    ERR_clear_error();
  }
  if (!key) {
    return fail(ErrorCode::invalid, "the text holds no unencrypted PEM private key",
                "net.certificate.key_unreadable");
  }
  return key;
}

std::string key_sha256_of(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return {};
  std::string out = sha256_hex({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return out;
}

CertificateFacts facts_of(X509* certificate) {
  CertificateFacts facts;
  const X509_NAME* subject = X509_get_subject_name(certificate);
  facts.common_name = name_entry(subject, NID_commonName);
  facts.organization = name_entry(subject, NID_organizationName);
  facts.issuer_common_name = name_entry(X509_get_issuer_name(certificate), NID_commonName);
  facts.serial = serial_of(certificate);
  facts.not_before = time_of(X509_get0_notBefore(certificate));
  facts.not_after = time_of(X509_get0_notAfter(certificate));
  facts.is_ca = X509_check_ca(certificate) == 1;
  const std::uint32_t uses = X509_get_extended_key_usage(certificate);
  facts.for_server = uses != UINT32_MAX && (uses & XKU_SSL_SERVER) != 0;
  facts.for_client = uses != UINT32_MAX && (uses & XKU_SSL_CLIENT) != 0;
  facts.names = names_of(certificate);
  facts.public_key_sha256 = key_sha256_of(certificate);
  if (const ASN1_OCTET_STRING* id = X509_get0_authority_key_id(certificate)) {
    facts.issuer_key_id = to_hex(std::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(id)),
                                                  static_cast<std::size_t>(ASN1_STRING_length(id))));
  }
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  if (size > 0)
    facts.sha256 = sha256_hex({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  ERR_clear_error();
  return facts;
}

Result<KeyPair> create_ca(Env& env, std::string_view common_name, int validity_days) {
  if (!is_subject_text(common_name))
    return fail(ErrorCode::invalid, "the CA's name must have 1 to 64 bytes of text");
  const KeyPtr key = make_key();
  if (!key) return crypto_failure("making a key");
  const X509Ptr certificate = PHENDAU_TRY(blank_certificate(env, key.get(), validity_days));
  X509* const raw = certificate.get();
  if (!add_name(X509_get_subject_name(raw), "CN", common_name)) return crypto_failure("naming the CA");
  PHENDAU_TRY(finish_certificate(raw, raw, key.get(),
                                 {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                                  {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                  {NID_subject_key_identifier, "hash"}}));
  return KeyPair{certificate_to_pem(raw), key_to_pem(key.get())};
}

Result<KeyPair> issue_server_certificate(Env& env, const KeyPair& ca, const std::vector<std::string>& names,
                                         int validity_days) {
  const std::string alternatives = PHENDAU_TRY(alternative_names(names));
  const Issuer issuer = PHENDAU_TRY(read_issuer(ca));
  const KeyPtr key = make_key();
  if (!key) return crypto_failure("making a key");
  const X509Ptr certificate = PHENDAU_TRY(blank_certificate(env, key.get(), validity_days));
  X509* const raw = certificate.get();
  if (!add_name(X509_get_subject_name(raw), "CN", std::string_view(names.front()).substr(0, 64))) {
    return crypto_failure("naming the server");
  }
  PHENDAU_TRY(finish_certificate(raw, issuer.certificate.get(), issuer.key.get(),
                                 {{NID_basic_constraints, "critical,CA:FALSE"},
                                  {NID_key_usage, "critical,digitalSignature"},
                                  {NID_ext_key_usage, "serverAuth"},
                                  {NID_subject_alt_name, alternatives},
                                  {NID_subject_key_identifier, "hash"},
                                  {NID_authority_key_identifier, "keyid:always"}}));
  return KeyPair{certificate_to_pem(raw) + certificate_to_pem(issuer.certificate.get()),
                 key_to_pem(key.get())};
}

Result<CertificateRequest> make_certificate_request(std::string_view device_id) {
  if (!is_subject_text(device_id))
    return fail(ErrorCode::invalid, "the device id must have 1 to 64 bytes of text");
  const KeyPtr key = make_key();
  const X509ReqPtr request(X509_REQ_new());
  if (!key || !request) return crypto_failure("making a key");
  const bool good = X509_REQ_set_version(request.get(), 0) == 1 &&
                    add_name(X509_REQ_get_subject_name(request.get()), "CN", device_id) &&
                    X509_REQ_set_pubkey(request.get(), key.get()) == 1 &&
                    X509_REQ_sign(request.get(), key.get(), EVP_sha256()) > 0;
  if (!good) return crypto_failure("making a certificate request");
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509_REQ(bio.get(), request.get());
  return CertificateRequest{bio_text(bio.get()), key_to_pem(key.get())};
}

Result<std::string> sign_client_request(Env& env, const KeyPair& ca, std::string_view request_pem,
                                        const ClientSubject& subject, int validity_days) {
  if (!is_subject_text(subject.device_id) || !is_subject_text(subject.agency_id)) {
    return fail(ErrorCode::invalid, "device id and agency id must have 1 to 64 bytes of text");
  }
  X509ReqPtr request;
  if (request_pem.size() <= kPemBytesMax) {
    const BioPtr bio = memory_bio(request_pem);
    request.reset(PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr));
  }
  EVP_PKEY* const key = request ? X509_REQ_get0_pubkey(request.get()) : nullptr;
  // The signature proves that the sender holds the key; RSA keys below 2048 bits and odd curves are refused.
  const bool good =
      key != nullptr && X509_REQ_verify(request.get(), key) == 1 && EVP_PKEY_get_security_bits(key) >= 112;
  if (!good) {
    ERR_clear_error();
    return fail(ErrorCode::invalid,
                "the certificate request is unreadable, badly signed or its key is too weak",
                "net.certificate.request_bad");
  }
  const Issuer issuer = PHENDAU_TRY(read_issuer(ca));
  const X509Ptr certificate = PHENDAU_TRY(blank_certificate(env, key, validity_days));
  X509* const raw = certificate.get();
  if (!add_name(X509_get_subject_name(raw), "CN", subject.device_id) ||
      !add_name(X509_get_subject_name(raw), "O", subject.agency_id)) {
    return crypto_failure("naming the device");
  }
  PHENDAU_TRY(finish_certificate(raw, issuer.certificate.get(), issuer.key.get(),
                                 {{NID_basic_constraints, "critical,CA:FALSE"},
                                  {NID_key_usage, "critical,digitalSignature"},
                                  {NID_ext_key_usage, "clientAuth"},
                                  {NID_subject_key_identifier, "hash"},
                                  {NID_authority_key_identifier, "keyid:always"}}));
  return certificate_to_pem(raw);
}

Result<CertificateFacts> parse_certificate(std::string_view pem) {
  const auto certificates = PHENDAU_TRY(read_certificates(pem));
  return facts_of(certificates.front().get());
}

Result<std::string> public_key_sha256(std::string_view certificate_pem) {
  const auto certificates = PHENDAU_TRY(read_certificates(certificate_pem));
  return key_sha256_of(certificates.front().get());
}

Result<> check_validity(const CertificateFacts& facts, UtcTime now) {
  if (now > facts.not_after) {
    return fail(ErrorCode::denied,
                fmt::format("the certificate of {} expired at {}", facts.common_name,
                            format_rfc3339(facts.not_after)),
                "net.certificate.expired", {facts.common_name, format_vietnamese(facts.not_after)});
  }
  if (now < facts.not_before) {
    return fail(ErrorCode::denied,
                fmt::format("the certificate of {} is valid only from {}; check the clock", facts.common_name,
                            format_rfc3339(facts.not_before)),
                "net.certificate.not_yet_valid", {facts.common_name, format_vietnamese(facts.not_before)});
  }
  return {};
}

bool is_signed_by(std::string_view certificate_pem, std::string_view ca_pem) {
  const auto certificate = read_certificates(certificate_pem);
  const auto ca = read_certificates(ca_pem);
  if (!certificate || !ca) return false;
  EVP_PKEY* const key = X509_get0_pubkey(ca->front().get());
  const bool good = key != nullptr && X509_verify(certificate->front().get(), key) == 1;
  ERR_clear_error();
  return good;
}

bool key_matches(const KeyPair& pair) {
  const auto certificates = read_certificates(pair.certificate_pem);
  const auto key = read_key(pair.key_pem);
  const bool good =
      certificates && key && X509_check_private_key(certificates->front().get(), key->get()) == 1;
  ERR_clear_error();
  return good;
}

UtcTime renewal_due(const CertificateFacts& facts) {
  return {facts.not_before.ns + (facts.not_after.ns - facts.not_before.ns) / 3 * 2};
}

}  // namespace phendau::net
