// SPDX-License-Identifier: Apache-2.0
// The real way to the hub: net's HTTP client over TLS with the agents' ALPN name, the pinned CA and our
// certificate.
#pragma once

#include "agent/transport.h"

namespace phendau::agent {

/// For AgentParts::connect and enrol(). Does not connect yet; post() does.
Result<std::unique_ptr<Transport>> connect_tls(const Connection& connection);

}  // namespace phendau::agent
