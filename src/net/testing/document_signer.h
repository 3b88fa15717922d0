// SPDX-License-Identifier: Apache-2.0
// Signers of documents for tests: a key whose certificate an authority of the test issued.
#pragma once

#include <doctest/doctest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <string>
#include <utility>

#include "net/openssl_types.h"
#include "os/testing/fake_env.h"

namespace phendau::net {

/// A signer whose certificate an authority of the test issued.
struct Signer {
  KeyPair ca;
  X509Ptr certificate;
  KeyPtr key;
};

inline Signer make_signer(UtcTime now, int days) {
  FakeEnv env;
  env.set_now(now);
  Signer out;
  out.ca = *create_ca(env, "Test CA", 3'650);
  const auto request = *make_certificate_request("01ARZ3NDEKTSV4RRFFQ69G5FAV");
  const auto pem = *sign_client_request(env, out.ca, request.request_pem, {"Nguyen Thi Ky", "So KHCN"}, days);
  out.certificate = std::move(read_certificates(pem)->front());
  out.key = std::move(*read_key(request.key_pem));
  return out;
}

/// The same certificate with other purposes, signed by the same authority.
inline void give_purpose(Signer& signer, const char* usage, const char* purposes) {
  X509* certificate = signer.certificate.get();
  for (const int nid : {NID_key_usage, NID_ext_key_usage}) {
    const int at = X509_get_ext_by_NID(certificate, nid, -1);
    if (at >= 0) X509_EXTENSION_free(X509_delete_ext(certificate, at));
  }
  for (const auto& [nid, text] : {std::pair(NID_key_usage, usage), std::pair(NID_ext_key_usage, purposes)}) {
    if (text == nullptr) continue;
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, text);
    REQUIRE(extension != nullptr);
    REQUIRE(X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
  }
  const KeyPtr key = std::move(*read_key(signer.ca.key_pem));
  REQUIRE(X509_sign(certificate, key.get(), EVP_sha256()) > 0);
  // Read again: what the object remembers of its extensions is of before.
  BioPtr out(BIO_new(BIO_s_mem()));
  REQUIRE(PEM_write_bio_X509(out.get(), certificate) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  signer.certificate =
      std::move(read_certificates(std::string_view(text, static_cast<std::size_t>(size)))->front());
}

}  // namespace phendau::net
