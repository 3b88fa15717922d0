// SPDX-License-Identifier: Apache-2.0
#include "wire/messages.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "base/texts.h"
#include "wire/protocol.h"
#include "wire/record_batch.h"
#include "wire/token.h"

namespace phendau::wire {
namespace {

constexpr std::size_t kShortTextBytesMax = 512;
constexpr std::size_t kPemBytesMax = 64u << 10;  // a leaf, a chain and room
constexpr std::size_t kSentenceBytesMax = 2048;
constexpr std::uint64_t kBeatWithinMsMax = 3'600'000;

Result<Json> parse_message(std::string_view body) {
  Json json = PHENDAU_TRY(parse_json(body, {.size_bytes_max = kMessageBytesMax, .depth_max = 16}));
  if (!json.is_object()) return fail(ErrorCode::invalid, "the message is not a JSON object");
  return json;
}

/// Collects the first error, so that decoders read as a list of members.
class Members {
 public:
  explicit Members(const Json& json) : json_(json) {}

  std::string text(std::string_view key, std::size_t size_bytes_max = kShortTextBytesMax,
                   bool required = true) {
    const Json& value = json_[key];
    if (!value.is_string()) {
      if (required || !value.is_null()) complain(key, "must be text");
      return {};
    }
    if (value.as_string().size() > size_bytes_max) complain(key, "is too long", ErrorCode::limit);
    if (required && value.as_string().empty()) complain(key, "is empty");
    return value.as_string();
  }
  std::string optional_text(std::string_view key, std::size_t size_bytes_max = kShortTextBytesMax) {
    return text(key, size_bytes_max, false);
  }
  std::string bytes(std::string_view key, std::size_t size_bytes, bool required = true) {
    const std::string encoded = text(key, kShortTextBytesMax, required);
    if (encoded.empty()) return {};
    auto decoded = from_base64(encoded);
    if (!decoded || decoded->size() != size_bytes) {
      complain(key, "must be base64 of the right length");
      return {};
    }
    return std::move(*decoded);
  }
  std::uint64_t count(std::string_view key, bool required = true) {
    const Json& value = json_[key];
    if (value.is_null() && !required) return 0;
    if (!value.is_int() || value.as_int() < 0) complain(key, "must be a whole number of 0 or more");
    return value.is_int() && value.as_int() > 0 ? static_cast<std::uint64_t>(value.as_int()) : 0;
  }
  std::int64_t integer(std::string_view key) {
    const Json& value = json_[key];
    if (!value.is_null() && !value.is_int()) complain(key, "must be a whole number");
    return value.as_int();
  }
  std::optional<UtcTime> optional_time(std::string_view key) {
    if (json_[key].is_null()) return std::nullopt;
    const auto time_value = parse_rfc3339(json_[key].as_string());
    if (!time_value) complain(key, "must be a time as in RFC 3339");
    return time_value ? std::optional<UtcTime>(*time_value) : std::nullopt;
  }
  UtcTime time(std::string_view key) {
    const auto value = optional_time(key);
    if (!value) complain(key, "must be a time as in RFC 3339");
    return value.value_or(UtcTime{});
  }
  std::optional<JournalHead> head(std::string_view key) {
    if (json_[key].is_null()) return std::nullopt;
    Members inner(json_[key]);
    JournalHead out;
    out.seq = inner.count("seq");
    out.hash = inner.text("hash", 128);
    take_error(key, inner);
    return out;
  }
  const Json::Array& list(std::string_view key, std::size_t items_max) {
    static const Json::Array kNone;
    const Json& value = json_[key];
    if (value.is_null()) return kNone;
    if (!value.is_array()) complain(key, "must be a list");
    if (value.items().size() > items_max) {
      complain(key, "has too many items", ErrorCode::limit);
      return kNone;
    }
    return value.items();
  }
  bool flag(std::string_view key) {
    if (!json_[key].is_null() && !json_[key].is_bool()) complain(key, "must be true or false");
    return json_[key].as_bool();
  }
  void take_error(std::string_view key, const Members& inner) {
    if (error_ || !inner.error_) return;
    error_ = inner.error_;
    error_->message = std::string(key) + ": " + error_->message;
  }
  void complain(std::string_view key, std::string_view what, ErrorCode code = ErrorCode::invalid) {
    if (!error_) error_ = Error{code, fmt::format("member '{}' {}", key, what), {}, {}};
  }
  Result<> result() const {
    if (error_) return std::unexpected(*error_);
    return {};
  }

 private:
  const Json& json_;
  std::optional<Error> error_;
};

Json head_json(const std::optional<JournalHead>& head) {
  if (!head) return {};
  return Json::object({{"seq", head->seq}, {"hash", head->hash}});
}

Json source_json(const SourceStatus& source) {
  Json out = Json::object({{"channel", source.channel},
                           {"state", source.state},
                           {"reason", source.reason},
                           {"records_total", source.records_total},
                           {"cut_total", source.cut_total}});
  if (source.last_event_at) out.set("last_event_at", format_rfc3339(*source.last_event_at));
  return out;
}

Json order_json(const Order& order) {
  return Json::object({{"id", order.id},
                       {"kind", order.kind},
                       {"device_id", order.device_id},
                       {"expires_at", format_rfc3339(order.expires_at)},
                       {"body", order.body},
                       {"signature", to_base64(order.signature)}});
}

Json result_json(const OrderResult& result) {
  Json out = Json::object({{"id", result.id}, {"outcome", result.outcome}});
  if (!result.kind.empty()) out.set("kind", result.kind);
  if (!result.reason.empty()) out.set("reason", result.reason);
  if (!result.text_id.empty()) out.set("text_id", result.text_id);
  if (!result.args.empty()) out.set("args", texts_json(result.args));
  if (result.data.is_object()) out.set("data", result.data);
  return out;
}

Json isolation_json(const IsolationStatus& isolation) {
  Json out = Json::object({{"active", isolation.active},
                           {"order_id", isolation.order_id},
                           {"reapplied_total", isolation.reapplied_total},
                           {"problem", isolation.problem}});
  if (isolation.since) out.set("since", format_rfc3339(*isolation.since));
  return out;
}

void read_results(Members& members, Heartbeat& out) {
  for (const Json& item : members.list("order_results", kOrdersMax)) {
    Members inner(item);
    OrderResult result;
    result.id = inner.text("id", 64);
    result.outcome = inner.text("outcome", 32);
    result.kind = inner.optional_text("kind", 64);
    result.reason = inner.optional_text("reason", kSentenceBytesMax);
    result.text_id = inner.optional_text("text_id", 128);
    for (const Json& arg : inner.list("args", kOrderArgsMax)) {
      result.args.emplace_back(truncate_utf8(arg.as_string(), kShortTextBytesMax));
    }
    result.data = item["data"];
    if (!result.data.is_null() && !result.data.is_object()) inner.complain("data", "must be an object");
    if (result.data.dump().size() > kOrderDataBytesMax)
      inner.complain("data", "is too long", ErrorCode::limit);
    members.take_error("order_results", inner);
    out.order_results.push_back(std::move(result));
  }
}

void read_isolation(Members& members, const Json& json, Heartbeat& out) {
  if (json.is_null()) return;
  Members inner(json);
  IsolationStatus isolation;
  isolation.active = inner.flag("active");
  isolation.order_id = inner.optional_text("order_id", 64);
  isolation.since = inner.optional_time("since");
  isolation.reapplied_total = inner.count("reapplied_total", false);
  isolation.problem = inner.optional_text("problem", kSentenceBytesMax);
  members.take_error("isolation", inner);
  out.isolation = std::move(isolation);
}

void read_sources(Members& members, Heartbeat& out) {
  for (const Json& item : members.list("sources", kSourcesMax)) {
    Members inner(item);
    SourceStatus source;
    source.channel = inner.text("channel", kChannelBytesMax);
    source.state = inner.text("state", 32);
    source.reason = inner.optional_text("reason", kSentenceBytesMax);
    source.records_total = inner.count("records_total", false);
    source.cut_total = inner.count("cut_total", false);
    source.last_event_at = inner.optional_time("last_event_at");
    members.take_error("sources", inner);
    out.sources.push_back(std::move(source));
  }
}

}  // namespace

std::string order_signed_bytes(const Order& order) {
  Json json = order_json(order);
  json.erase("signature");
  return "phendau order 1\n" + json.dump_canonical();
}

Result<> sign_order(Order& order, std::string_view private_key) {
  order.signature = PHENDAU_TRY(ed25519_sign(private_key, order_signed_bytes(order)));
  return {};
}

Result<> verify_order(const Order& order, std::string_view public_key, std::string_view device_id,
                      UtcTime now) {
  if (order.signature.empty())
    return fail(ErrorCode::denied, "the order is not signed", "wire.order.unsigned");
  if (public_key.empty()) {
    return fail(ErrorCode::denied, "this agent was given no key to check orders with", "wire.order.no_key");
  }
  if (!ed25519_verify(public_key, order_signed_bytes(order), order.signature)) {
    return fail(ErrorCode::denied, "the order's signature is not our hub's", "wire.order.signature");
  }
  if (order.device_id != device_id)
    return fail(ErrorCode::denied, "the order is for another device", "wire.order.device");
  if (order.expires_at <= now) return fail(ErrorCode::denied, "the order has expired", "wire.order.expired");
  return {};
}

Json to_json(const EnrolRequest& message) {
  return Json::object({{"secret", to_base64(message.secret)},
                       {"csr_pem", message.csr_pem},
                       {"hostname", message.hostname},
                       {"os", message.os},
                       {"agent_version", message.agent_version}});
}

Json to_json(const EnrolResponse& message) {
  return Json::object({{"device_id", message.device_id},
                       {"certificate_pem", message.certificate_pem},
                       {"ca_pem", message.ca_pem},
                       {"agency", message.agency},
                       {"order_key", to_base64(message.order_key)}});
}

Json to_json(const RenewRequest& message) { return Json::object({{"csr_pem", message.csr_pem}}); }

Json to_json(const RenewResponse& message) {
  return Json::object({{"certificate_pem", message.certificate_pem}, {"ca_pem", message.ca_pem}});
}

Json to_json(const Ack& message) {
  return Json::object({{"last_seq", message.last_seq}, {"next_expected", message.next_expected}});
}

Json to_json(const FactsUpload& message) {
  Json facts = Json::array();
  for (const Fact& fact : message.facts) facts.push(phendau::to_json(fact));
  return Json::object({{"facts", facts}});
}

Json to_json(const Heartbeat& message) {
  Json out = Json::object({{"agent_version", message.agent_version},
                           {"time", format_rfc3339(message.time)},
                           {"epoch", message.epoch},
                           {"spool_bytes", message.spool_bytes},
                           {"spool_records", message.spool_records},
                           {"spool_bytes_max", message.spool_bytes_max},
                           {"rejected_total", message.rejected_total},
                           {"lost_records_total", message.lost_records_total},
                           {"clock_skew_ms", message.clock_skew_ms},
                           {"memory_bytes", message.memory_bytes}});
  Json sources = Json::array();
  for (const auto& source : message.sources) sources.push(source_json(source));
  out.set("sources", sources);
  Json troubles = Json::array();
  for (const auto& trouble : message.troubles) {
    troubles.push(
        Json::object({{"since", trouble.since}, {"message", trouble.message}, {"text_id", trouble.text_id}}));
  }
  out.set("troubles", troubles);
  if (message.journal_head) out.set("journal_head", head_json(message.journal_head));
  Json results = Json::array();
  for (const auto& result : message.order_results) results.push(result_json(result));
  out.set("order_results", results);
  if (message.isolation) out.set("isolation", isolation_json(*message.isolation));
  return out;
}

Json to_json(const HeartbeatReply& message) {
  Json out = Json::object(
      {{"time", format_rfc3339(message.time)}, {"renew_certificate", message.renew_certificate}});
  if (message.journal_head) out.set("journal_head", head_json(message.journal_head));
  if (message.config.is_object()) out.set("config", message.config);
  Json orders = Json::array();
  for (const auto& order : message.orders) orders.push(order_json(order));
  out.set("orders", orders);
  if (message.beat_within) out.set("beat_within_ms", message.beat_within->ns / 1'000'000);
  return out;
}

Json to_json(const Problem& message) {
  return Json::object({{"code", message.code}, {"message", message.message}, {"text_id", message.text_id}});
}

Result<EnrolRequest> decode_enrol_request(std::string_view body) {
  const Json json = PHENDAU_TRY(parse_message(body));
  Members members(json);
  EnrolRequest out;
  out.secret = members.bytes("secret", kTokenSecretBytes);
  out.csr_pem = members.text("csr_pem", kCsrBytesMax);
  out.hostname = members.text("hostname", 255);
  out.os = members.text("os", 32);
  out.agent_version = members.text("agent_version", 64);
  PHENDAU_TRY(members.result());
  return out;
}

Result<EnrolResponse> decode_enrol_response(std::string_view body) {
  const Json json = PHENDAU_TRY(parse_message(body));
  Members members(json);
  EnrolResponse out;
  out.device_id = members.text("device_id", 128);
  out.certificate_pem = members.text("certificate_pem", kPemBytesMax);
  out.ca_pem = members.text("ca_pem", kPemBytesMax);
  out.agency = members.optional_text("agency");
  out.order_key = members.bytes("order_key", 32, false);
  PHENDAU_TRY(members.result());
  return out;
}

Result<RenewRequest> decode_renew_request(std::string_view body) {
  const Json json = PHENDAU_TRY(parse_message(body));
  Members members(json);
  RenewRequest out;
  out.csr_pem = members.text("csr_pem", kCsrBytesMax);
  PHENDAU_TRY(members.result());
  return out;
}

Result<RenewResponse> decode_renew_response(std::string_view body) {
  const Json json = PHENDAU_TRY(parse_message(body));
  Members members(json);
  RenewResponse out;
  out.certificate_pem = members.text("certificate_pem", kPemBytesMax);
  out.ca_pem = members.optional_text("ca_pem", kPemBytesMax);
  PHENDAU_TRY(members.result());
  return out;
}

Result<Ack> decode_ack(std::string_view body) {
  const Json json = PHENDAU_TRY(parse_message(body));
  Members members(json);
  Ack out;
  out.last_seq = members.count("last_seq");
  out.next_expected = members.count("next_expected");
  PHENDAU_TRY(members.result());
  if (out.next_expected != out.last_seq + 1) {
    return fail(ErrorCode::invalid, "member 'next_expected' does not follow 'last_seq'");
  }
  return out;
}

Result<FactsUpload> decode_facts(std::string_view body) {
  const Json json = PHENDAU_TRY(parse_message(body));
  Members members(json);
  const auto& facts = members.list("facts", kFactsMax);
  PHENDAU_TRY(members.result());
  FactsUpload out;
  for (const Json& item : facts) out.facts.push_back(PHENDAU_TRY(fact_from_json(item)));
  return out;
}

Result<Heartbeat> decode_heartbeat(std::string_view body) {
  const Json json = PHENDAU_TRY(parse_message(body));
  Members members(json);
  Heartbeat out;
  out.agent_version = members.text("agent_version", 64);
  out.time = members.time("time");
  out.epoch = members.optional_text("epoch", kEpochLetters);
  out.spool_bytes = members.count("spool_bytes", false);
  out.spool_records = members.count("spool_records", false);
  out.spool_bytes_max = members.count("spool_bytes_max", false);
  out.rejected_total = members.count("rejected_total", false);
  out.lost_records_total = members.count("lost_records_total", false);
  out.clock_skew_ms = members.integer("clock_skew_ms");
  out.memory_bytes = members.count("memory_bytes", false);
  read_sources(members, out);
  for (const Json& item : members.list("troubles", kSourcesMax)) {
    Members inner(item);
    out.troubles.push_back({inner.optional_text("since", 40), inner.text("message", kSentenceBytesMax),
                            inner.optional_text("text_id", 128)});
    members.take_error("troubles", inner);
  }
  out.journal_head = members.head("journal_head");
  read_results(members, out);
  read_isolation(members, json["isolation"], out);
  PHENDAU_TRY(members.result());
  return out;
}

Result<HeartbeatReply> decode_heartbeat_reply(std::string_view body) {
  const Json json = PHENDAU_TRY(parse_message(body));
  Members members(json);
  HeartbeatReply out;
  out.time = members.time("time");
  out.journal_head = members.head("journal_head");
  out.renew_certificate = members.flag("renew_certificate");
  if (!json["beat_within_ms"].is_null()) {
    const std::uint64_t pause_ms = members.count("beat_within_ms");
    if (pause_ms > kBeatWithinMsMax) members.complain("beat_within_ms", "is too long", ErrorCode::limit);
    out.beat_within = milliseconds(static_cast<std::int64_t>(std::min(pause_ms, kBeatWithinMsMax)));
  }
  out.config = json["config"];
  if (!out.config.is_null() && !out.config.is_object()) members.complain("config", "must be an object");
  for (const Json& item : members.list("orders", kOrdersMax)) {
    Members inner(item);
    Order order;
    order.id = inner.text("id", 64);
    order.kind = inner.text("kind", 64);
    order.device_id = inner.text("device_id", 128);
    order.expires_at = inner.time("expires_at");
    order.body = item["body"];
    order.signature =
        inner.bytes("signature", 64, false);  // An unsigned order is read, refused and reported.
    members.take_error("orders", inner);
    out.orders.push_back(std::move(order));
  }
  PHENDAU_TRY(members.result());
  return out;
}

Problem problem_of(const Error& error) {
  return {std::string(phendau::to_string(error.code)), error.message, error.text_id};
}

int http_status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid:
      return 400;
    case ErrorCode::denied:
      return 403;
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::conflict:
      return 409;
    case ErrorCode::limit:
      return 413;
    case ErrorCode::unavailable:
      return 503;
    case ErrorCode::io:
    case ErrorCode::corrupt:
    case ErrorCode::bug:
      return 500;
  }
  return 500;
}

Error error_of_answer(int http_status, std::string_view body) {
  constexpr ErrorCode kCodes[] = {ErrorCode::invalid,  ErrorCode::denied,  ErrorCode::not_found,
                                  ErrorCode::conflict, ErrorCode::limit,   ErrorCode::unavailable,
                                  ErrorCode::io,       ErrorCode::corrupt, ErrorCode::bug};
  Error out{ErrorCode::unavailable, fmt::format("the hub answered with status {}", http_status), {}, {}};
  for (const ErrorCode code : kCodes) {
    if (http_status_of(code) == http_status) {
      out.code = code;
      break;
    }
  }
  if (http_status >= 500)
    out.code = ErrorCode::unavailable;  // Whatever failed there, here it means: try later.
  const auto json = parse_json(body, {.size_bytes_max = 64u << 10, .depth_max = 8});
  if (!json || !json->is_object()) return out;
  // Refusals before the agents' paths are reached come as the API's problems, with `detail`.
  const std::string message = (*json)["message"].string_or((*json)["detail"].as_string());
  if (!message.empty()) {
    out.message = fmt::format("the hub answered: {}", truncate_utf8(message, kSentenceBytesMax));
  }
  // The hub's sentence is taken over where this program knows it and it needs no arguments, which are not
  // sent.
  const std::string& text_id = (*json)["text_id"].as_string();
  if (has_text(text_id) && tr(Lang::en, text_id).find('{') == std::string::npos) out.text_id = text_id;
  return out;
}

}  // namespace phendau::wire
