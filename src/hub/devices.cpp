// SPDX-License-Identifier: Apache-2.0
#include "hub/devices.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "base/texts.h"
#include "net/address.h"
#include "store/journal/journal.h"
#include "wire/token.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kDevice = "device";
constexpr std::string_view kToken = "enrolment_token";

/// Of the certificate that a renewal replaced, as long as the new one was not seen.
constexpr std::string_view kPreviousSerial = "previous_serial";
constexpr std::size_t kKnownMax = 100'000;

bool is_good_serial(const Json& doc, std::string_view serial) {
  const std::string& current = doc["certificate_serial"].as_string();
  return current.empty() || serial == current ||
         (doc.contains(kPreviousSerial) && serial == doc[kPreviousSerial].as_string());
}

}  // namespace

Devices::Devices(Services& services, const Keys& keys, std::string public_address)
    : services_(services), keys_(keys), public_address_(std::move(public_address)) {
  if (const auto loaded = load_revoked(); !loaded) {
    PHENDAU_LOG(error, "revoked_devices_unreadable", {"error", loaded.error().message});
  }
}

Result<> Devices::load_revoked() {
  ledger::Query query;
  query.kind = kDevice;
  query.states = {"revoked"};
  const std::lock_guard lock(mu_);
  return ledger::each_record(services_.ledger, query, everything(),
                             [&](const ledger::Record& record) -> Result<> {
                               revoked_.insert(record.id);
                               return {};
                             });
}

Result<Json> issue_token(Env& env, const HubConfig& config, ledger::Ledger& ledger, const Keys& keys,
                         const std::string& public_address, const Actor& actor, std::string_view agency_id,
                         std::string_view note) {
  PHENDAU_TRY(living_agency(ledger, agency_id));
  const auto address = PHENDAU_TRY(net::parse_host_port(public_address));
  wire::EnrolToken token;
  token.host = address.host;
  token.port = address.port;
  const std::string digest =
      PHENDAU_TRY(from_hex(PHENDAU_TRY(net::public_key_sha256(keys.ca.certificate_pem))));
  std::copy(digest.begin(), digest.end(), token.ca_key_sha256.begin());
  token.secret = env.random_bytes(wire::kTokenSecretBytes);
  const UtcTime now = env.now();
  const UtcTime expires_at = now + config.enrolment_token_age_max;
  ledger::Write write;
  write.kind = kToken;
  write.id = wire::hash_secret(token.secret);
  write.agency_id = agency_id;
  write.state = "open";
  write.expected_version = 0;
  write.reason = "issued";
  write.doc.set("expires_at", format_rfc3339(expires_at)).set("note", note);
  PHENDAU_TRY(ledger.write(write, actor, now));
  const std::string text = PHENDAU_TRY(wire::encode_token(token));
  return Json::object({{"token", text},
                       {"expires_at", format_rfc3339(expires_at)},
                       {"command", "sudo phendau-agent enrol " + text}});
}

Result<Json> Devices::create_token(const Actor& actor, std::string_view agency_id, std::string_view note) {
  PHENDAU_TRY(scope_covering(actor, Action::create, Resource::enrolment_token, agency_id));
  return issue_token(services_.env, services_.config, services_.ledger, keys_, public_address_, actor,
                     agency_id, note);
}

Json Devices::heard_of(const ledger::Record& record) {
  const auto beat = services_.ledger.get_derived(kHeartbeatSpace, record.id);
  return beat && *beat ? (*beat)->doc : Json();
}

std::string Devices::status_of(const ledger::Record& record, const Json& heard) const {
  if (record.state == "revoked") return "revoked";
  const UtcTime now = services_.env.now();
  const auto not_after = parse_rfc3339(record.doc["certificate_not_after"].as_string());
  if (not_after && *not_after < now) return "expired";
  const auto seen_at = parse_rfc3339(heard["received_at"].as_string());
  if (!seen_at) return "never_seen";
  return now - *seen_at > kDeviceSilentAfter ? "silent" : "online";
}

Json Devices::view(const ledger::Record& record) {
  const Json heard = heard_of(record);
  const auto seen_at = parse_rfc3339(heard["received_at"].as_string());
  return Json::object(
      {{"id", record.id},
       {"name", record.doc["name"].string_or(record.doc["hostname"].as_string())},
       {"hostname", record.doc["hostname"]},
       {"agency_id", record.agency_id},
       {"agency_name", agency_name(services_, record.agency_id)},
       {"os", record.doc["os"].as_string()},
       {"status", status_of(record, heard)},
       {"last_seen_at", seen_at ? Json(format_rfc3339(*seen_at)) : Json()},
       {"agent_version", heard["agent_version"].as_string()},
       {"spool_bytes", heard["spool_bytes"].as_int()},
       {"clock_offset_ms", heard.contains("clock_offset_ms") ? heard["clock_offset_ms"] : Json()},
       {"sources", heard["sources"]},
       {"troubles", heard["troubles"]},
       {"isolation", heard["isolation"]},
       {"certificate_not_after", record.doc["certificate_not_after"]},
       {"revoked_reason", record.doc["revoked_reason"]}});
}

Result<Json> Devices::list(const Actor& actor, const ledger::Query& filter, std::string_view status) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::device));
  ledger::Query query = filter;
  query.kind = kDevice;
  query.order_by = "created_at";
  if (!status.empty()) return list_with_status(std::move(query), scope, status);
  const auto page = PHENDAU_TRY(services_.ledger.list(query, scope));
  Json::Array items;
  for (const auto& record : page.records) items.push_back(view(record));
  Json out = page_json(std::move(items), page.next_cursor);
  out.set("total", PHENDAU_TRY(services_.ledger.count(query, scope)));
  return out;
}

/// A status follows from the clock and the heartbeat, so no index knows it: all machines of the scope are
/// looked at. The cursor is the id of the last machine shown; it is found again whatever its status is by
/// then.
Result<Json> Devices::list_with_status(ledger::Query query, const Scope& scope, std::string_view status) {
  const std::size_t limit = query.limit;
  const std::string after = std::exchange(query.cursor, std::string());
  query.limit = ledger::kListLimitMax;
  bool begun = after.empty();
  bool more = false;
  std::int64_t total = 0;
  std::string last;
  Json::Array items;
  for (;;) {
    const auto page = PHENDAU_TRY(services_.ledger.list(query, scope));
    for (const auto& record : page.records) {
      if (status_of(record, heard_of(record)) == status) {
        ++total;
        if (begun && items.size() < limit) {
          items.push_back(view(record));
          last = record.id;
        } else {
          more = more || begun;
        }
      }
      begun = begun || record.id == after;
    }
    if (page.next_cursor.empty()) break;
    query.cursor = page.next_cursor;
  }
  Json out = page_json(std::move(items), more ? last : std::string());
  out.set("total", total);
  return out;
}

Result<Json> Devices::get(const Actor& actor, std::string_view id) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::device));
  return view(PHENDAU_TRY(services_.ledger.get(kDevice, id, scope)));
}

Result<Json> Devices::revoke(const Actor& actor, std::string_view id, std::string_view reason) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::update, Resource::device));
  const auto record = PHENDAU_TRY(services_.ledger.get(kDevice, id, scope));
  ledger::Write write = ledger::rewrite(record, std::string(reason));
  write.state = "revoked";
  write.scope = scope;
  write.doc.set("revoked_reason", reason);
  PHENDAU_TRY(services_.ledger.write(write, actor, services_.env.now()));
  {
    const std::lock_guard lock(mu_);
    revoked_.insert(record.id);
  }
  services_.live.publish({"device", Resource::device, record.agency_id, Json::object({{"id", record.id}})});
  return get(actor, id);
}

Result<std::string> Devices::sign(const std::string& csr_pem, std::string_view device_id,
                                  std::string_view agency_id) {
  return net::sign_client_request(services_.env, keys_.ca, csr_pem,
                                  {std::string(device_id), std::string(agency_id)},
                                  services_.config.device_certificate_days);
}

Result<wire::EnrolResponse> Devices::enrol(const wire::EnrolRequest& request, std::string_view from) {
  const std::lock_guard turn(enrol_mu_);
  const UtcTime now = services_.env.now();
  const auto token = services_.ledger.get(kToken, wire::hash_secret(request.secret), everything());
  if (!token) return fail(ErrorCode::denied, "unknown enrolment token", "device.token_unknown");
  if (token->state != "open") return fail(ErrorCode::denied, "enrolment token was used", "device.token_used");
  const auto expires_at = parse_rfc3339(token->doc["expires_at"].as_string());
  if (!expires_at || *expires_at < now) {
    return fail(ErrorCode::denied, "enrolment token expired", "device.token_expired");
  }
  Actor actor;
  actor.user_id = new_ulid(services_.env);
  actor.name = request.hostname;
  actor.role = Role::device;
  actor.agency_ids = {token->agency_id};
  actor.from = from;
  wire::EnrolResponse out;
  out.device_id = actor.user_id;
  out.agency = token->agency_id;
  out.ca_pem = keys_.ca.certificate_pem;
  out.certificate_pem = PHENDAU_TRY(sign(request.csr_pem, out.device_id, out.agency));
  out.order_key = PHENDAU_TRY(ed25519_public_key(keys_.journal_key));
  const auto facts = PHENDAU_TRY(net::parse_certificate(out.certificate_pem));

  ledger::WriteBatch batch;
  ledger::Write device;
  device.kind = kDevice;
  device.id = out.device_id;
  device.agency_id = out.agency;
  device.state = "enrolled";
  device.expected_version = 0;
  device.reason = "enrolled";
  device.doc.set("name", request.hostname)
      .set("hostname", request.hostname)
      .set("os", request.os)
      .set("certificate_serial", facts.serial)
      .set("certificate_not_after", format_rfc3339(facts.not_after));
  batch.writes.push_back(std::move(device));
  ledger::Write used = ledger::rewrite(*token, "used by " + out.device_id);
  used.state = "used";
  used.doc.set("device_id", out.device_id);
  batch.writes.push_back(std::move(used));
  PHENDAU_TRY(services_.ledger.write_batch(batch, actor, now));
  services_.live.publish({"device", Resource::device, out.agency, Json::object({{"id", out.device_id}})});
  PHENDAU_LOG(info, "device_enrolled", {"device", out.device_id}, {"agency", out.agency});
  return out;
}

Result<Actor> Devices::actor_for(const net::PeerIdentity& peer, std::string_view from) {
  if (!peer.verified) {
    Error error = peer.error;
    if (error.message.empty())
      error = Error{ErrorCode::denied, "no client certificate", "device.no_certificate", {}};
    return std::unexpected(std::move(error));
  }
  const auto record = services_.ledger.get(kDevice, peer.device_id, everything());
  if (!record) return fail(ErrorCode::denied, "this hub does not know the device", "device.unknown");
  if (record->state == "revoked") return fail(ErrorCode::denied, "the device was revoked", "device.revoked");
  if (!is_good_serial(record->doc, peer.serial)) {
    return fail(ErrorCode::denied, "the certificate was renewed; this one is not good any more",
                "device.certificate_replaced");
  }
  if (peer.serial == record->doc["certificate_serial"].as_string() && record->doc.contains(kPreviousSerial)) {
    PHENDAU_TRY(end_previous(*record));
  }
  Actor actor;
  actor.user_id = record->id;
  actor.name = record->doc["hostname"].as_string();
  actor.role = Role::device;
  // The ledger, not the certificate, says whose machine it is now.
  actor.agency_ids = {record->agency_id};
  actor.from = from;
  return actor;
}

/// The renewed certificate is in use: the one before it ends now.
Result<> Devices::end_previous(const ledger::Record& record) {
  ledger::Write write = ledger::rewrite(record, "renewed certificate in use");
  write.doc.erase(kPreviousSerial);
  const auto done = services_.ledger.write(write, system_actor(), services_.env.now());
  // Another request of the same machine was faster.
  if (!done && done.error().code != ErrorCode::conflict) return std::unexpected(done.error());
  const std::lock_guard lock(mu_);
  known_.erase(record.id);
  return {};
}

Result<wire::RenewResponse> Devices::renew(const Actor& device, const net::PeerIdentity& peer,
                                           const wire::RenewRequest& request) {
  const auto record = PHENDAU_TRY(services_.ledger.get(kDevice, device.user_id, everything()));
  wire::RenewResponse out;
  out.certificate_pem = PHENDAU_TRY(sign(request.csr_pem, record.id, record.agency_id));
  out.ca_pem = keys_.ca.certificate_pem;
  const auto facts = PHENDAU_TRY(net::parse_certificate(out.certificate_pem));
  ledger::Write write = ledger::rewrite(record, "certificate renewed");
  // The answer may get lost: the certificate that asked stays good until the new one is seen.
  write.doc.set("certificate_serial", facts.serial)
      .set(kPreviousSerial, peer.serial)
      .set("certificate_not_after", format_rfc3339(facts.not_after));
  PHENDAU_TRY(services_.ledger.write(write, device, services_.env.now()));
  const std::lock_guard lock(mu_);
  known_.erase(record.id);
  return out;
}

Result<wire::HeartbeatReply> Devices::heartbeat(const Actor& device, const wire::Heartbeat& heartbeat,
                                                const net::PeerIdentity& peer) {
  const UtcTime now = services_.env.now();
  Json doc = wire::to_json(heartbeat);
  doc.set("received_at", format_rfc3339(now));
  doc.set("clock_offset_ms", (heartbeat.time - now).ns / 1'000'000);
  doc.set("from", device.from);
  PHENDAU_TRY(
      services_.ledger.put_derived(kHeartbeatSpace, device.user_id, device.agency_ids.front(), doc, now));
  wire::HeartbeatReply reply;
  reply.time = now;
  const auto head = services_.journal.head();
  reply.journal_head = wire::JournalHead{head.frame_seq, to_hex(head.frame_hash)};
  const auto left = peer.not_after - now;
  reply.renew_certificate = left.ns < days(services_.config.device_certificate_days).ns / 3;
  return reply;
}

Devices::Known Devices::known(std::string_view device_id) {
  const Duration now = services_.env.monotonic();
  Known out;
  {
    const std::lock_guard lock(mu_);
    const auto found = known_.find(device_id);
    if (found != known_.end()) out = found->second;
    if (found != known_.end() && now.ns - out.looked_at.ns < kDeviceRecheck.ns) return out;
  }
  const auto record = services_.ledger.get(kDevice, device_id, everything());
  // A ledger that is busy says nothing about the device: what was known holds on.
  if (!record && record.error().code != ErrorCode::not_found) return out;
  out = Known{};
  out.looked_at = now;
  if (record) {
    out.exists = record->state != "revoked";
    out.agency_id = record->agency_id;
    out.serial = record->doc["certificate_serial"].as_string();
    out.previous_serial = record->doc[kPreviousSerial].as_string();
  }
  const std::lock_guard lock(mu_);
  if (known_.size() >= kKnownMax) known_.clear();
  known_[std::string(device_id)] = out;
  return out;
}

bool Devices::may_send(const net::PeerIdentity& peer) {
  if (is_revoked(peer)) return false;
  const Known device = known(peer.device_id);
  return device.exists &&
         (device.serial.empty() || peer.serial == device.serial || peer.serial == device.previous_serial);
}

std::string Devices::agency_of(std::string_view device_id) {
  const Known device = known(device_id);
  return device.agency_id.empty() ? std::string(kUnassignedAgency) : device.agency_id;
}

bool Devices::is_revoked(const net::PeerIdentity& peer) {
  const std::lock_guard lock(mu_);
  return revoked_.contains(peer.device_id);
}

}  // namespace phendau::hub
