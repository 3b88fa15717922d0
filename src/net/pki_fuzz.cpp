// SPDX-License-Identifier: Apache-2.0
// What an enrolling agent sends: certificate requests and certificates of any content. Only a request that is
// signed by its own key gets a certificate, and that certificate is ours.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/pki.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau;
  using namespace phendau::net;
  static const KeyPair ca = *create_ca(posix_env(), "fuzz", 10);
  const std::string_view pem(reinterpret_cast<const char*>(data), size);
  const auto signed_pem = sign_client_request(posix_env(), ca, pem, {"device", "agency"}, 5);
  if (signed_pem && !is_signed_by(*signed_pem, ca.certificate_pem)) __builtin_trap();
  if (signed_pem && parse_certificate(*signed_pem)->common_name != "device") __builtin_trap();
  (void)parse_certificate(pem);
  (void)public_key_sha256(pem);
  if (is_signed_by(pem, ca.certificate_pem) && !signed_pem) __builtin_trap();
  (void)key_matches({std::string(pem), std::string(pem)});
  return 0;
}
