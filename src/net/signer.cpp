// SPDX-License-Identifier: Apache-2.0
#include "net/signer.h"

#include <openssl/x509v3.h>

#include <vector>

namespace phendau::net {
namespace {

using Verdict = DocumentSignature::Verdict;

std::string name_part(X509_NAME* name, int nid) {
  const int at = X509_NAME_get_index_by_NID(name, nid, -1);
  if (at < 0) return "";
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  if (size < 0) return "";
  std::string out(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  return out;
}

/// What the certificate says it is for, as far as it says anything: signatures (RFC 5280, 4.2.1.3), and not
/// only servers, code or clocks (4.2.1.12).
bool is_for_documents(X509* signer) {
  const std::uint32_t usage = X509_get_key_usage(signer);
  if (usage != UINT32_MAX && (usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0) return false;
  constexpr std::uint32_t kOthers =
      XKU_SSL_SERVER | XKU_SGC | XKU_CODE_SIGN | XKU_OCSP_SIGN | XKU_TIMESTAMP | XKU_DVCS;
  const std::uint32_t purposes = X509_get_extended_key_usage(signer);
  return purposes == UINT32_MAX || purposes == 0 || (purposes & ~kOthers) != 0;
}

}  // namespace

void name_signer(X509* signer, DocumentSignature& out) {
  X509_NAME* subject = X509_get_subject_name(signer);
  out.signer = name_part(subject, NID_commonName);
  const std::string organisation = name_part(subject, NID_organizationName);
  if (!organisation.empty()) out.signer += ", " + organisation;
  out.issuer = name_part(X509_get_issuer_name(signer), NID_commonName);
}

bool has_weak_key(X509* signer) {
  const EVP_PKEY* key = X509_get0_pubkey(signer);
  if (key == nullptr) return true;
  const int bits = EVP_PKEY_get_bits(key);
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA ? bits < 2'048 : bits < 250;
}

// Times are judged apart, so that each has its own answer.
Verdict judge_signer(X509* signer, STACK_OF(X509) * others, std::string_view authorities_pem, UtcTime now) {
  const auto authorities = authorities_pem.empty() ? Result<std::vector<X509Ptr>>(std::vector<X509Ptr>())
                                                   : read_certificates(authorities_pem);
  if (!authorities || authorities->empty()) return Verdict::untrusted;
  const X509StorePtr store(X509_STORE_new());
  for (const auto& one : *authorities) X509_STORE_add_cert(store.get(), one.get());
  const auto holds = [&](bool with_times) {
    const X509StoreContextPtr context(X509_STORE_CTX_new());
    if (!context || X509_STORE_CTX_init(context.get(), store.get(), signer, others) != 1) return false;
    X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
    if (with_times) {
      X509_VERIFY_PARAM_set_time(rules, static_cast<time_t>(now.ns / 1'000'000'000));
    } else {
      X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_NO_CHECK_TIME);
    }
    return X509_verify_cert(context.get()) == 1;
  };
  return !holds(false)               ? Verdict::untrusted
         : !is_for_documents(signer) ? Verdict::misused
         : holds(true)               ? Verdict::valid
                                     : Verdict::expired;
}

}  // namespace phendau::net
