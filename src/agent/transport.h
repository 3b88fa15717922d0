// SPDX-License-Identifier: Apache-2.0
// How the agent reaches its hub: one request, one answer. The real one (tls_transport.h) speaks HTTP over TLS
// with a pinned CA and a client certificate; tests put a hub made of functions here. One thread at a time per
// object.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace phendau::agent {

struct Answer {
  int status = 0;
  std::string body;
};

class Transport {
 public:
  virtual ~Transport() = default;
  /// POSTs the body. `unavailable` when the hub cannot be reached, `denied` when it is not our hub or refuses
  /// our certificate; any HTTP status is an Answer.
  virtual Result<Answer> post(std::string_view path, std::string_view content_type,
                              std::string_view body) = 0;
};

/// Where and as whom to connect. Exactly one of `ca_pem` and `ca_key_sha256` is set.
struct Connection {
  std::string host;     // what the hub's certificate names
  std::string address;  // where it is, when `host` must not be looked up; empty: look it up
  std::uint16_t port = 0;
  std::string ca_pem;
  std::string ca_key_sha256;    // hex; enrolment, when the CA itself is not yet known
  std::string certificate_pem;  // empty: none
  std::string key_pem;
};
using Connector = std::function<Result<std::unique_ptr<Transport>>(const Connection&)>;

}  // namespace phendau::agent
