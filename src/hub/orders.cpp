// SPDX-License-Identifier: Apache-2.0
#include "hub/orders.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "base/texts.h"
#include "base/ulid.h"
#include "hub/case_effects.h"
#include "wire/protocol.h"
#include "wire/stays_up.h"

namespace phendau::hub {
namespace {

constexpr std::size_t kNameBytesMax = 300;
constexpr Duration kConsoleEvery = minutes(1);
constexpr std::size_t kTextBytesMax = 2000;

bool is_open(const ledger::Record& record) {
  return record.state == "waiting" || record.state == "handed_out";
}

/// What became of it, for people: the machine's sentence in our words where we know them.
std::string outcome_text(const Json& result) {
  const std::string& text_id = result["text_id"].as_string();
  if (has_text(text_id)) return tr(Lang::vi, text_id, texts_from(result["args"]));
  return result["reason"].as_string();
}

Json result_doc(const wire::OrderResult& result) {
  Json out = Json::object({{"outcome", result.outcome}});
  if (!result.reason.empty()) out.set("reason", result.reason);
  if (!result.text_id.empty()) out.set("text_id", result.text_id);
  if (!result.args.empty()) out.set("args", texts_json(result.args));
  if (result.data.is_object()) out.set("data", result.data);
  return out;
}

/// The first ten letters count milliseconds, five bits each.
UtcTime time_of_ulid(std::string_view id) {
  constexpr std::string_view kLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::int64_t ms = 0;
  for (const char letter : id.substr(0, 10)) {
    const std::size_t value = kLetters.find(letter);
    ms = ms * 32 + static_cast<std::int64_t>(value == std::string_view::npos ? 0 : value);
  }
  return {ms * 1'000'000};
}

bool is_final(const wire::OrderResult& result) {
  return result.outcome == "done" || result.outcome == "failed" || result.outcome == "refused";
}

}  // namespace

Json Orders::view(const ledger::Record& record) {
  const Json& doc = record.doc;
  const auto device = services_.ledger.get("device", doc["device_id"].as_string(), everything());
  // Late in the ledger, because a machine that is off says nothing; on the screen at once.
  const auto expires_at = parse_rfc3339(doc["expires_at"].as_string());
  const bool late = record.state == "waiting" && expires_at && *expires_at <= services_.env.now();
  Json out = Json::object(
      {{"id", record.id},
       {"device_id", doc["device_id"]},
       {"device_name", device ? device->doc["name"].string_or(device->doc["hostname"].as_string())
                              : doc["device_id"].as_string()},
       {"agency_id", record.agency_id},
       {"agency_name", agency_name(services_, record.agency_id)},
       {"state", late ? "expired" : record.state},
       {"outcome", doc["result"]["outcome"].as_string()},
       {"outcome_text", outcome_text(doc["result"])},
       {"stays_up", doc["stays_up"].is_array() ? doc["stays_up"] : Json::array()},
       {"at_console", doc["at_console"].as_bool()},
       {"exercise", doc["exercise"].as_bool()},
       {"files", doc["files"].is_array() ? doc["files"] : Json::array()}});
  for (const char* field :
       {"order", "ordered_by", "issued_by", "reason", "weighed", "case_id", "cancel_reason"})
    out.set(field, doc[field].as_string());
  for (const char* field : {"issued_at", "expires_at", "handed_out_at", "finished_at"})
    out.set(field, doc[field]);
  return out;
}

void Orders::publish(const ledger::Record& record) {
  services_.live.publish(
      {"device", Resource::device, record.agency_id, Json::object({{"id", record.doc["device_id"]}})});
}

Result<std::vector<ledger::Record>> Orders::open_orders(std::string_view device_id) {
  ledger::Query query;
  query.kind = kOrderKind;
  query.states = {"waiting", "handed_out"};
  query.filters.push_back({"device_id", ledger::FieldFilter::Op::equal, {Json(device_id)}});
  return ledger::all_records(services_.ledger, ledger::by_id(std::move(query)), everything());
}

/// Ids of one machine's orders only grow, also when the hub's clock was set back: by them the agent tells the
/// newer of two orders.
Result<std::string> Orders::next_id(std::string_view device_id) {
  ledger::Query query;
  query.kind = kOrderKind;
  query.filters.push_back({"device_id", ledger::FieldFilter::Op::equal, {Json(device_id)}});
  query.order_by = "id";
  query.limit = 1;
  // What was done at a console has an id that begins with the device's.
  query.keep = [](const ledger::Record& record) { return !record.doc["at_console"].as_bool(); };
  const auto page = PHENDAU_TRY(services_.ledger.list(query, everything()));
  const std::string newest = page.records.empty() ? std::string() : page.records.front().id;
  const std::string random = services_.env.random_bytes(10);
  std::string id = make_ulid(services_.env.now(), random);
  if (id <= newest) id = make_ulid(time_of_ulid(newest) + milliseconds(1), random);
  return id;
}

Result<> Orders::put_case(const Actor& actor, const Json& body, Json& doc) {
  const std::string& case_id = body["case_id"].as_string();
  if (case_id.empty()) return {};
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::update, Resource::incident));
  const auto found = services_.ledger.get(kCaseKind, case_id, scope);
  if (!found) return bad_member("case_id");
  doc.set("case_id", case_id);
  if (!found->doc["exercise"].as_bool()) return {};
  // The machine and its people are real, whatever the case is.
  if (doc["order"].as_string() == "isolate" && !body["exercise_confirmed"].as_bool())
    return fail(ErrorCode::conflict, "the case is an exercise", "order.exercise");
  doc.set("exercise", true);
  return {};
}

Result<Json> Orders::issue(const Actor& actor, std::string_view device_id, const Json& body) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::update, Resource::device));
  const auto device = PHENDAU_TRY(services_.ledger.get("device", device_id, scope));
  if (device.state == "revoked") return fail(ErrorCode::conflict, "the device was revoked", "order.revoked");
  const std::string& order = body["order"].as_string();
  constexpr std::string_view kOrders[] = {"isolate", "release", "collect", "collect_facts"};
  if (std::find(std::begin(kOrders), std::end(kOrders), order) == std::end(kOrders))
    return bad_member("order");
  const UtcTime now = services_.env.now();
  ledger::Write write;
  write.kind = kOrderKind;
  write.agency_id = device.agency_id;
  write.state = "waiting";
  write.expected_version = 0;
  const std::string reason = PHENDAU_TRY(required_text(body["reason"].as_string(), "reason", kTextBytesMax));
  write.doc.set("device_id", device.id)
      .set("order", order)
      .set("ordered_by",
           PHENDAU_TRY(required_text(body["ordered_by"].as_string(), "ordered_by", kNameBytesMax)))
      .set("issued_by", actor.name)
      .set("reason", reason)
      .set("issued_at", format_rfc3339(now))
      .set("expires_at", format_rfc3339(now + services_.config.order_age_max));
  if (order == "isolate") {
    // Weighed and written down before anybody is cut off, if only that nothing must stay.
    write.doc
        .set("weighed", PHENDAU_TRY(required_text(body["weighed"].as_string(), "weighed", kTextBytesMax)))
        .set("stays_up", wire::to_json(PHENDAU_TRY(wire::parse_stays_up(body["stays_up"]))));
  }
  PHENDAU_TRY(put_case(actor, body, write.doc));
  write.reason = with_delegation(reason, delegation_used(actor, kOrderKind, device.agency_id));
  const std::lock_guard turn(mu_);
  if (PHENDAU_TRY(open_orders(device.id)).size() >= kOpenOrdersMax)
    return fail(ErrorCode::limit, "too many orders wait for the device", "order.too_many");
  write.id = PHENDAU_TRY(next_id(device.id));
  std::vector<ledger::Write> also;
  if (const std::string& effect = body["effect"].as_string(); !effect.empty()) {
    also.push_back(PHENDAU_TRY(note_proposed(services_, write.doc["case_id"].as_string() + "." + effect,
                                             order, device.id, write.id)));
  }
  PHENDAU_TRY(
      this->write(write, actor, "case.order_issued", write.doc["ordered_by"].as_string(), std::move(also)));
  const auto record = PHENDAU_TRY(services_.ledger.get(kOrderKind, write.id, everything()));
  publish(record);
  PHENDAU_LOG(info, "order_issued", {"id", record.id}, {"device", device.id}, {"order", order});
  return view(record);
}

Result<> Orders::write(const ledger::Write& write, const Actor& actor, std::string_view text_id,
                       std::string_view more, std::vector<ledger::Write> also) {
  also.insert(also.begin(), write);
  const std::string& case_id = write.doc["case_id"].as_string();
  if (case_id.empty()) {
    ledger::WriteBatch batch;
    batch.writes = std::move(also);
    PHENDAU_TRY(services_.ledger.write_batch(batch, actor, services_.env.now()));
    return {};
  }
  CaseFact fact{"order", ""};
  fact.text = trim(tr(Lang::vi, text_id,
                      {order_title(services_, write.doc["order"].as_string()),
                       device_title(services_, write.doc["device_id"].as_string()), std::string(more)}));
  if (!actor.system && actor.role != Role::device) fact.by_name = actor.name;
  return note_in_case(services_, definitions_, actor, case_id, fact, std::move(also));
}

Result<Json> Orders::cancel(const Actor& actor, std::string_view id, std::string_view reason) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::update, Resource::device));
  const auto record = PHENDAU_TRY(services_.ledger.get(kOrderKind, id, scope));
  const std::string why(trim(reason));
  if (why.empty() || why.size() > kTextBytesMax) return bad_member("reason");
  if (record.state != "waiting")
    return fail(ErrorCode::conflict, "the device has taken the order", "order.not_waiting");
  ledger::Write write = ledger::rewrite(record, why);
  write.state = "cancelled";
  write.scope = scope;
  write.doc.set("cancel_reason", why);
  PHENDAU_TRY(this->write(write, actor, "case.order_cancelled", why));
  publish(record);
  return view(PHENDAU_TRY(services_.ledger.get(kOrderKind, id, scope)));
}

Result<Json> Orders::list(const Actor& actor, const Filter& filter) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::device));
  ledger::Query query;
  query.kind = kOrderKind;
  query.states = filter.states;
  query.order_by = "created_at";
  query.cursor = filter.cursor;
  query.limit = filter.limit;
  if (!filter.device_id.empty())
    query.filters.push_back({"device_id", ledger::FieldFilter::Op::equal, {Json(filter.device_id)}});
  if (!filter.case_id.empty())
    query.filters.push_back({"case_id", ledger::FieldFilter::Op::equal, {Json(filter.case_id)}});
  const auto page = PHENDAU_TRY(services_.ledger.list(query, scope));
  Json::Array items;
  for (const auto& record : page.records) items.push_back(view(record));
  return page_json(std::move(items), page.next_cursor);
}

/// What was done at the machine itself is an order of its own, under the machine's name: ids of machines are
/// theirs to choose.
Result<> Orders::note_console(const Actor& device, const wire::OrderResult& result) {
  const bool known = result.kind == "release" && is_final(result) &&
                     is_ulid(std::string_view(result.id).substr(wire::kConsolePrefix.size()));
  if (!known) return {};
  const UtcTime now = services_.env.now();
  const auto at = parse_rfc3339(result.data["at"].as_string());
  ledger::Query told;
  told.kind = kOrderKind;
  told.filters.push_back({"device_id", ledger::FieldFilter::Op::equal, {Json(device.user_id)}});
  told.order_by = "created_at";
  told.limit = 1;
  const auto last = PHENDAU_TRY(services_.ledger.list(told, everything())).records;
  const bool at_once = !last.empty() && last.front().doc["at_console"].as_bool() &&
                       now - last.front().created_at < kConsoleEvery;
  // A machine that somebody has broken into does not fill the ledger; the first release is what counts.
  if (at_once && last.front().id != device.user_id + "." + result.id) return {};
  ledger::Write write;
  write.kind = kOrderKind;
  write.id = device.user_id + "." + result.id;
  write.agency_id = device.agency_ids.front();
  write.state = result.outcome == "done" ? "done" : "failed";
  write.reason = "told by the machine";
  const std::string by(truncate_utf8(trim(result.data["by"].as_string()), kNameBytesMax));
  const std::string why(truncate_utf8(trim(result.data["reason"].as_string()), kTextBytesMax));
  write.doc.set("device_id", device.user_id)
      .set("order", result.kind)
      .set("ordered_by", by.empty() ? "?" : by)
      .set("reason", why.empty() ? "?" : why)
      .set("issued_at", format_rfc3339(at ? *at : now))
      .set("finished_at", format_rfc3339(now))
      .set("at_console", true)
      .set("result", result_doc(result));
  const auto written = PHENDAU_TRY(services_.ledger.write_if_absent(std::move(write), device, now));
  if (!written.changed) return {};
  publish(written.record);
  PHENDAU_LOG(warn, "device_released_at_console", {"device", device.user_id}, {"by", by});
  return {};
}

Result<> Orders::take_result(const Actor& device, const wire::OrderResult& result) {
  if (result.id.starts_with(wire::kConsolePrefix)) return note_console(device, result);
  if (!is_final(result)) return {};
  const auto found = services_.ledger.get(kOrderKind, result.id, everything());
  if (!found && found.error().code != ErrorCode::not_found) return std::unexpected(found.error());
  // Of no order of this machine: nothing that a heartbeat is refused for.
  if (!found || found->doc["device_id"].as_string() != device.user_id) {
    PHENDAU_LOG(warn, "order_result_unknown", {"device", device.user_id}, {"id", result.id});
    return {};
  }
  // Told again because our answer was lost. An expired one may have been taken in time.
  if (!is_open(*found) && found->state != "expired") return {};
  const UtcTime now = services_.env.now();
  ledger::Write write = ledger::rewrite(*found, "told by the machine");
  write.state = result.outcome == "done" ? "done" : "failed";
  write.doc.set("result", result_doc(result)).set("finished_at", format_rfc3339(now));
  PHENDAU_TRY(this->write(write, device, write.state == "done" ? "case.order_done" : "case.order_failed",
                          outcome_text(write.doc["result"])));
  publish(*found);
  PHENDAU_LOG(info, "order_finished", {"id", result.id}, {"device", device.user_id},
              {"outcome", result.outcome});
  return {};
}

Result<> Orders::expire(const ledger::Record& record) {
  ledger::Write write = ledger::rewrite(record, "expired");
  write.state = "expired";
  const auto written = this->write(write, system_actor(), "case.order_expired", "");
  if (!written && written.error().code != ErrorCode::conflict) return std::unexpected(written.error());
  publish(record);
  return {};
}

Result<ledger::Record> Orders::note_handed_out(const ledger::Record& record) {
  if (record.state == "handed_out") return record;
  ledger::Write write = ledger::rewrite(record, "handed out");
  write.state = "handed_out";
  write.doc.set("handed_out_at", format_rfc3339(services_.env.now()));
  PHENDAU_TRY(services_.ledger.write(write, system_actor(), services_.env.now()));
  publish(record);
  return services_.ledger.get(kOrderKind, record.id, everything());
}

/// The machine learns what to do, not why: whoever broke into it may be reading.
Result<wire::Order> Orders::signed_order(const ledger::Record& record) {
  wire::Order out;
  out.id = record.id;
  out.kind = record.doc["order"].as_string();
  out.device_id = record.doc["device_id"].as_string();
  out.expires_at = PHENDAU_TRY(parse_rfc3339(record.doc["expires_at"].as_string()));
  out.body = Json::object();
  if (record.doc["stays_up"].is_array()) out.body.set("stays_up", record.doc["stays_up"]);
  PHENDAU_TRY(wire::sign_order(out, keys_.journal_key));
  return out;
}

Result<Orders::HandOut> Orders::meet(const Actor& device, const wire::Heartbeat& heartbeat) {
  for (const auto& result : heartbeat.order_results) PHENDAU_TRY(take_result(device, result));
  HandOut out;
  const UtcTime now = services_.env.now();
  const auto is_working = [&](const std::string& id) {
    return std::any_of(heartbeat.order_results.begin(), heartbeat.order_results.end(),
                       [&](const wire::OrderResult& result) { return result.id == id; });
  };
  for (const auto& record : PHENDAU_TRY(open_orders(device.user_id))) {
    const auto expires_at = parse_rfc3339(record.doc["expires_at"].as_string());
    out.beat_within = kQuickHeartbeat;
    if (is_working(record.id)) continue;
    if (!expires_at || *expires_at <= now) {
      PHENDAU_TRY(expire(record));
      continue;
    }
    const auto handed = note_handed_out(record);
    // Cancelled this very moment: it is not handed out.
    if (!handed && handed.error().code == ErrorCode::conflict) continue;
    if (!handed) return std::unexpected(handed.error());
    out.orders.push_back(PHENDAU_TRY(signed_order(*handed)));
  }
  if (heartbeat.isolation && heartbeat.isolation->active) out.beat_within = kQuickHeartbeat;
  return out;
}

}  // namespace phendau::hub
