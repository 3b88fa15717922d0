// SPDX-License-Identifier: Apache-2.0
// The agents' side of the hub: decodes what they POST, asks the use cases, encodes the answer. Called by api
// for connections that speak the agents' protocol. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/tls.h"

namespace phendau::hub {

class Hub;

struct AgentAnswer {
  int status = 200;
  std::string content_type;
  std::string body;
};
AgentAnswer answer_agent(Hub& hub, std::string_view method, std::string_view path, std::string_view body,
                         const net::PeerIdentity& identity, const std::string& from);
/// Largest body of an agents' path; nullopt for other paths.
std::optional<std::uint64_t> agent_body_limit(std::string_view path);
inline constexpr std::string_view kAgentPathPrefix = "/agent/";
std::string_view agent_enrol_path();

}  // namespace phendau::hub
