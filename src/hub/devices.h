// SPDX-License-Identifier: Apache-2.0
// Machines with an agent: enrolment tokens, certificates, heartbeats, revocation, what the portal shows of
// them. Records of kind `device` and `enrolment_token`; heartbeats are derived rows. Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>

#include "hub/keys.h"
#include "hub/services.h"
#include "net/tls.h"
#include "wire/messages.h"

namespace phendau::hub {

inline constexpr std::string_view kHeartbeatSpace = "heartbeat";
/// An agent that was not heard of for this long is silent.
inline constexpr Duration kDeviceSilentAfter = minutes(10);

/// {token, expires_at, command}; the secret is kept as its digest only. Needs the ledger alone, so that a
/// token can be made at the machine while the hub is stopped.
/// @param public_address host:port that agents reach this hub by; goes into the token.
Result<Json> issue_token(Env& env, const HubConfig& config, ledger::Ledger& ledger, const Keys& keys,
                         const std::string& public_address, const Actor& actor, std::string_view agency_id,
                         std::string_view note);

class Devices {
 public:
  /// @param public_address host:port that agents reach this hub by; goes into tokens.
  Devices(Services& services, const Keys& keys, std::string public_address);

  // ---- people ----
  /// As issue_token(), for who may.
  Result<Json> create_token(const Actor& actor, std::string_view agency_id, std::string_view note);
  Result<Json> list(const Actor& actor, const ledger::Query& filter, std::string_view status);
  Result<Json> get(const Actor& actor, std::string_view id);
  Result<Json> revoke(const Actor& actor, std::string_view id, std::string_view reason);

  // ---- agents ----
  /// `denied` with device.token_{unknown,used,expired}: each says what to do.
  Result<wire::EnrolResponse> enrol(const wire::EnrolRequest& request, std::string_view from);
  /// The actor behind a verified certificate; `denied` for an unknown or revoked device.
  Result<Actor> actor_for(const net::PeerIdentity& peer, std::string_view from);
  Result<wire::RenewResponse> renew(const Actor& device, const wire::RenewRequest& request);
  Result<wire::HeartbeatReply> heartbeat(const Actor& device, const wire::Heartbeat& heartbeat,
                                         const net::PeerIdentity& peer);
  /// For TLS: asked at each handshake and request.
  bool is_revoked(const net::PeerIdentity& peer);

  /// Machine-readable view of one device with its last heartbeat: what list() and get() answer.
  Json view(const ledger::Record& record);

 private:
  Result<std::string> sign(const std::string& csr_pem, std::string_view device_id,
                           std::string_view agency_id);
  Result<> load_revoked();

  Services& services_;
  const Keys& keys_;
  std::string public_address_;
  std::mutex mu_;
  std::set<std::string> revoked_;  // device ids; guarded by mu_
  std::mutex enrol_mu_;            // one enrolment at a time: a token is used once
};

}  // namespace phendau::hub
