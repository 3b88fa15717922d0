// SPDX-License-Identifier: Apache-2.0
// The JSON messages between agent and hub: enrolment, facts, heartbeat, renewal, acknowledgement, problems.
// Decoders take foreign bytes: they answer `invalid` with the member's name, or `limit`. Unknown members are
// ignored, so that a newer side may say more. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "model/fact.h"

namespace phendau::wire {

struct EnrolRequest {
  std::string secret;  // raw bytes of the token
  std::string csr_pem;
  std::string hostname;
  std::string os;  // linux, windows
  std::string agent_version;
};
struct EnrolResponse {
  std::string device_id;
  std::string certificate_pem;  // leaf, then intermediates if any
  std::string ca_pem;
  std::string agency;
  std::string
      order_key;  // raw 32 bytes: the Ed25519 public key that signs orders; empty if the hub gives none
};
struct RenewRequest {
  std::string csr_pem;
};
struct RenewResponse {
  std::string certificate_pem;
  std::string ca_pem;
};

/// Answer to a batch. The hub has made records of this epoch up to `last_seq` durable (0: none yet); it wants
/// `next_expected` next. last_seq + 1 == next_expected.
struct Ack {
  std::uint64_t last_seq = 0;
  std::uint64_t next_expected = 1;
};

struct FactsUpload {
  std::vector<Fact> facts;
};

/// What an agent says of one of its sources.
struct SourceStatus {
  std::string channel;
  std::string state;   // reading, waiting, not_available
  std::string reason;  // a sentence when not reading
  std::uint64_t records_total = 0;
  std::uint64_t cut_total = 0;  // records cut at the size limit
  std::optional<UtcTime> last_event_at;
};
/// A named place in the hub's journal. The agent remembers the last one it was told; a hub that later shows a
/// journal without it has lost or rewritten history.
struct JournalHead {
  std::uint64_t seq = 0;
  std::string hash;  // hex
  friend bool operator==(const JournalHead&, const JournalHead&) = default;
};
/// What became of an order. Told in every heartbeat until the hub has answered one that held it.
struct OrderResult {
  std::string id;                 // of the order; kConsolePrefix and a ULID: done at the machine itself
  std::string outcome;            // done, refused, failed; working: taken, not yet finished
  std::string kind;               // what was done at the console
  std::string reason;             // a sentence when it was not done
  std::string text_id;            // of that sentence, with its arguments
  std::vector<std::string> args;  // at most kOrderArgsMax
  Json data;                      // null, or an object with what the kind tells: at most kOrderDataBytesMax
};
/// Whether the machine is cut off from the network now, by its own account.
struct IsolationStatus {
  bool active = false;
  std::string order_id;
  std::optional<UtcTime> since;
  std::uint64_t reapplied_total = 0;  // times somebody had taken the rules away
  std::string problem;                // why the rules are not in force, though they should be
};
struct Trouble {
  std::string since;    // RFC 3339
  std::string message;  // one sentence
  std::string text_id;
};
struct Heartbeat {
  std::string agent_version;
  UtcTime time;
  std::string epoch;
  std::uint64_t spool_bytes = 0;
  std::uint64_t spool_records = 0;
  std::uint64_t spool_bytes_max = 0;
  std::uint64_t rejected_total = 0;      // times a full spool stopped a collector; nothing is lost by it
  std::uint64_t lost_records_total = 0;  // records that could not be kept, by any cause
  std::int64_t clock_skew_ms = 0;        // hub minus agent as last seen
  std::uint64_t memory_bytes = 0;
  std::vector<SourceStatus> sources;
  std::vector<Trouble> troubles;
  std::optional<JournalHead> journal_head;
  std::vector<OrderResult> order_results;
  std::optional<IsolationStatus> isolation;  // none: this agent cannot isolate its machine
};

/// An instruction of the hub. Without a valid signature the agent refuses it.
struct Order {
  std::string id;  // ULID
  std::string kind;
  std::string device_id;
  UtcTime expires_at;
  Json body;
  std::string signature;  // raw 64 bytes, Ed25519 over order_signed_bytes()
};
std::string order_signed_bytes(const Order& order);
Result<> sign_order(Order& order, std::string_view private_key);
/// `denied` if unsigned, signed by another key, for another device or expired.
Result<> verify_order(const Order& order, std::string_view public_key, std::string_view device_id,
                      UtcTime now);

struct HeartbeatReply {
  UtcTime time;
  std::optional<JournalHead> journal_head;
  Json config;  // object with the settings to change, or null
  std::vector<Order> orders;
  bool renew_certificate = false;
  std::optional<Duration> beat_within;  // the next heartbeat is wanted so soon; until the next answer
};

/// Body of every answer that is not 200.
struct Problem {
  std::string code;  // ErrorCode as text
  std::string message;
  std::string text_id;
};

Json to_json(const EnrolRequest& message);
Json to_json(const EnrolResponse& message);
Json to_json(const RenewRequest& message);
Json to_json(const RenewResponse& message);
Json to_json(const Ack& message);
Json to_json(const FactsUpload& message);
Json to_json(const Heartbeat& message);
Json to_json(const HeartbeatReply& message);
Json to_json(const Problem& message);

Result<EnrolRequest> decode_enrol_request(std::string_view body);
Result<EnrolResponse> decode_enrol_response(std::string_view body);
Result<RenewRequest> decode_renew_request(std::string_view body);
Result<RenewResponse> decode_renew_response(std::string_view body);
Result<Ack> decode_ack(std::string_view body);
Result<FactsUpload> decode_facts(std::string_view body);
Result<Heartbeat> decode_heartbeat(std::string_view body);
Result<HeartbeatReply> decode_heartbeat_reply(std::string_view body);

Problem problem_of(const Error& error);
/// The error that a not-200 answer stands for. A body that is no problem still gives a sentence with the
/// status.
Error error_of_answer(int http_status, std::string_view body);
/// The status that carries an error: invalid 400, denied 403, not_found 404, conflict 409, limit 413,
/// unavailable 503, io, corrupt and bug 500.
int http_status_of(ErrorCode code);

}  // namespace phendau::wire
