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
/// How old the knowledge may be that decides about a record on a syslog port. A revocation acts at once.
inline constexpr Duration kDeviceRecheck = seconds(2);

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
  /// A page of machines. With a status, that is a page of those that have it, and `total` counts them.
  Result<Json> list(const Actor& actor, const ledger::Query& filter, std::string_view status);
  Result<Json> get(const Actor& actor, std::string_view id);
  Result<Json> revoke(const Actor& actor, std::string_view id, std::string_view reason);

  // ---- agents ----
  /// `denied` with device.token_{unknown,used,expired}: each says what to do.
  Result<wire::EnrolResponse> enrol(const wire::EnrolRequest& request, std::string_view from);
  /// The actor behind a verified certificate; `denied` for an unknown or revoked device, and for a
  /// certificate that was renewed (device.certificate_replaced): the old one ends when the new one is used.
  Result<Actor> actor_for(const net::PeerIdentity& peer, std::string_view from);
  Result<wire::RenewResponse> renew(const Actor& device, const net::PeerIdentity& peer,
                                    const wire::RenewRequest& request);
  Result<wire::HeartbeatReply> heartbeat(const Actor& device, const wire::Heartbeat& heartbeat,
                                         const net::PeerIdentity& peer);
  /// For TLS: asked at each handshake and request.
  bool is_revoked(const net::PeerIdentity& peer);
  /// For other ports that take our certificates: known here, not revoked, not replaced by a renewal. What the
  /// ledger says is remembered for kDeviceRecheck.
  bool may_send(const net::PeerIdentity& peer);
  /// Whose machine it is, as the ledger says; kUnassignedAgency for an unknown one.
  std::string agency_of(std::string_view device_id);

  /// Machine-readable view of one device with its last heartbeat: what list() and get() answer.
  Json view(const ledger::Record& record);

 private:
  Result<std::string> sign(const std::string& csr_pem, std::string_view device_id,
                           std::string_view agency_id);
  Result<> load_revoked();
  struct Known {
    bool exists = false;
    std::string agency_id;
    std::string serial, previous_serial;  // of certificates that are good
    Duration looked_at;                   // monotonic
  };
  Known known(std::string_view device_id);
  std::string status_of(const ledger::Record& record, const Json& heard) const;
  Json heard_of(const ledger::Record& record);
  Result<> end_previous(const ledger::Record& record);
  Result<Json> list_with_status(ledger::Query query, const Scope& scope, std::string_view status);

  Services& services_;
  const Keys& keys_;
  std::string public_address_;
  std::mutex mu_;
  std::set<std::string> revoked_;                    // device ids; guarded by mu_
  std::map<std::string, Known, std::less<>> known_;  // guarded by mu_
  std::mutex enrol_mu_;                              // one enrolment at a time: a token is used once
};

}  // namespace phendau::hub
