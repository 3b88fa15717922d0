// SPDX-License-Identifier: Apache-2.0
// The hub's own certificate authority over PEM texts: create it, issue the hub's certificate, sign what an
// agent asks for, read certificates. ECDSA P-256 with SHA-256 everywhere, because TLS 1.2 clients of old
// machines know it. No files; the clock and serial numbers come from Env, key pairs from libcrypto's
// generator. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "os/env.h"

namespace phendau::net {

/// Certificates start this much in the past, so that a machine whose clock is late accepts them.
inline constexpr Duration kClockTolerance = hours(1);
/// A PEM text above this is refused before libcrypto sees it.
inline constexpr std::size_t kPemBytesMax = 64u << 10;
inline constexpr std::size_t kServerNamesMax = 64;
inline constexpr int kValidityDaysMax = 3'653 * 2;

/// A certificate (or chain, own certificate first) and its private key, both PEM.
struct KeyPair {
  std::string certificate_pem;
  std::string key_pem;
};

/// A private key that stays where it was made, and the request that leaves (PKCS #10).
struct CertificateRequest {
  std::string request_pem;
  std::string key_pem;
};

struct ClientSubject {
  std::string device_id;  // CN
  std::string agency_id;  // O
};

/// What a certificate says.
struct CertificateFacts {
  std::string common_name;
  std::string organization;
  std::string issuer_common_name;
  std::string serial;  // lower-case hex without leading zeros
  UtcTime not_before;
  UtcTime not_after;
  bool is_ca = false;
  bool for_server = false;
  bool for_client = false;
  std::vector<std::string> names;  // DNS names and IP addresses it is valid for
  std::string public_key_sha256;   // hex, over the SubjectPublicKeyInfo
  std::string issuer_key_id;       // hex authority key identifier: which CA key signed; "" if it does not say
  std::string sha256;              // hex, over the whole certificate
};

/// Self-signed CA certificate that may sign end certificates only.
Result<KeyPair> create_ca(Env& env, std::string_view common_name, int validity_days);
/// `names`: DNS names and IP literals. The chain holds the CA too, so that an enrolling agent can compare its
/// key.
Result<KeyPair> issue_server_certificate(Env& env, const KeyPair& ca, const std::vector<std::string>& names,
                                         int validity_days);
/// On the agent: a new key and the request to send. The hub decides about the subject, not the request.
Result<CertificateRequest> make_certificate_request(std::string_view device_id);
/// On the hub: a client certificate for the key of the request; `invalid` if the request is not signed by
/// that key.
Result<std::string> sign_client_request(Env& env, const KeyPair& ca, std::string_view request_pem,
                                        const ClientSubject& subject, int validity_days);

/// First certificate of a PEM text.
Result<CertificateFacts> parse_certificate(std::string_view pem);
/// Hex SHA-256 of the certificate's public key: what an enrolment token carries of the CA.
Result<std::string> public_key_sha256(std::string_view certificate_pem);
/// `denied` with texts net.certificate.{expired,not_yet_valid}.
Result<> check_validity(const CertificateFacts& facts, UtcTime now);
/// Whether the certificate was signed by this CA (dates are not looked at).
bool is_signed_by(std::string_view certificate_pem, std::string_view ca_pem);
/// Whether the key belongs to the first certificate.
bool key_matches(const KeyPair& pair);
/// Renewal is due at two thirds of the life.
UtcTime renewal_due(const CertificateFacts& facts);

}  // namespace phendau::net
