// SPDX-License-Identifier: Apache-2.0
#include "hub/agent_gateway.h"

#include "hub/hub.h"
#include "wire/protocol.h"

namespace phendau::hub {
namespace {

/// What a machine sent is wrong: that is never our own damage (`corrupt` is for what we stored).
template <class T>
Result<T> from_machine(Result<T> decoded) {
  if (!decoded && decoded.error().code == ErrorCode::corrupt) decoded.error().code = ErrorCode::invalid;
  return decoded;
}

Result<Json> work(Hub& hub, std::string_view method, std::string_view path, std::string_view body,
                  const net::PeerIdentity& identity, const std::string& from) {
  if (method != "POST") return fail(ErrorCode::invalid, "agents only POST");
  if (path == wire::kEnrolPath) {
    const auto request = PHENDAU_TRY(wire::decode_enrol_request(body));
    return wire::to_json(PHENDAU_TRY(hub.devices().enrol(request, from)));
  }
  const Actor device = PHENDAU_TRY(hub.devices().actor_for(identity, from));
  if (path == wire::kRecordsPath) {
    const auto batch = PHENDAU_TRY(from_machine(wire::decode_batch(body)));
    return wire::to_json(PHENDAU_TRY(hub.pipeline().append_records(device, batch)));
  }
  if (path == wire::kFactsPath) {
    const auto upload = PHENDAU_TRY(wire::decode_facts(body));
    PHENDAU_TRY(hub.pipeline().append_facts(device, upload.facts));
    PHENDAU_TRY(hub.obligations().put_facts(device, upload.facts));
    return Json::object();
  }
  if (path == wire::kHeartbeatPath) {
    const auto heartbeat = PHENDAU_TRY(wire::decode_heartbeat(body));
    auto reply = PHENDAU_TRY(hub.devices().heartbeat(device, heartbeat, identity));
    auto handed = PHENDAU_TRY(hub.orders().meet(device, heartbeat));
    reply.orders = std::move(handed.orders);
    reply.beat_within = handed.beat_within;
    return wire::to_json(reply);
  }
  if (path == wire::kEvidencePath) {
    const auto part = PHENDAU_TRY(from_machine(wire::decode_evidence_part(body)));
    const auto answer = PHENDAU_TRY(hub.order_evidence().take(device, part));
    return parse_json(wire::encode_evidence_answer(answer));
  }
  if (path == wire::kRenewPath) {
    const auto renew = PHENDAU_TRY(wire::decode_renew_request(body));
    return wire::to_json(PHENDAU_TRY(hub.devices().renew(device, identity, renew)));
  }
  return fail(ErrorCode::not_found, "no such agent operation");
}

}  // namespace

AgentAnswer answer_agent(Hub& hub, std::string_view method, std::string_view path, std::string_view body,
                         const net::PeerIdentity& identity, const std::string& from) {
  const auto done = work(hub, method, path, body, identity, from);
  if (done) return {200, std::string(wire::kJsonType), done->dump()};
  return {wire::http_status_of(done.error().code), std::string(wire::kProblemType),
          wire::to_json(wire::problem_of(done.error())).dump()};
}

std::optional<std::uint64_t> agent_body_limit(std::string_view path) {
  if (path == wire::kRecordsPath) return wire::kBatchBytesMax + (1u << 20);
  if (path.starts_with(kAgentPathPrefix)) return wire::kMessageBytesMax;
  return std::nullopt;
}

std::string_view agent_enrol_path() { return wire::kEnrolPath; }

}  // namespace phendau::hub
