// SPDX-License-Identifier: Apache-2.0
#include "hub/deliveries.h"

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"
#include "net/smtp_client.h"

namespace phendau::hub {
namespace {

constexpr std::size_t kSubjectBytesMax = 300;
constexpr std::size_t kTextBytesMax = 64u << 10;
constexpr std::size_t kHistoryShown = 50;

std::string id_of(std::string_view key) { return sha256_hex(key).substr(0, 32); }

std::vector<std::string> record_states(const std::vector<std::string>& wanted) {
  std::vector<std::string> out;
  for (const auto& state : wanted) {
    if (state != "sending") out.push_back(state);
  }
  return out;
}

}  // namespace

Deliveries::Deliveries(Services& services) : services_(services) {
  const auto& smtp = services_.config.smtp;
  if (!smtp) return;
  add_outbox({std::string(kMailChannel), kMailThreads, services_.config.send_retry_first},
             [server = *smtp](const Parcel& parcel, const std::atomic<bool>& stop) {
               const net::Mail mail{parcel.id, parcel.address, parcel.subject, parcel.text, parcel.at};
               return net::send_mail(server, mail, stop);
             });
}

Deliveries::Deliveries(Services& services, Outbox::Carry carry) : services_(services) {
  add_outbox({std::string(kMailChannel), 1, services_.config.send_retry_first}, std::move(carry));
}

void Deliveries::add_outbox(OutboxOptions options, Outbox::Carry carry) {
  const std::string channel = options.channel;
  outboxes_.emplace(channel, std::make_unique<Outbox>(services_, std::move(options), std::move(carry)));
}

Result<> Deliveries::open() {
  for (const auto& [channel, outbox] : outboxes_) PHENDAU_TRY(outbox->open());
  return {};
}
void Deliveries::start() {
  for (const auto& [channel, outbox] : outboxes_) outbox->start();
}
void Deliveries::stop() {
  for (const auto& [channel, outbox] : outboxes_) outbox->stop();
}
void Deliveries::poke() {
  for (const auto& [channel, outbox] : outboxes_) outbox->poke();
}

Outbox* Deliveries::outbox(std::string_view channel) {
  const auto at = outboxes_.find(channel);
  return at == outboxes_.end() ? nullptr : at->second.get();
}

Result<> Deliveries::add(ledger::WriteBatch& batch, const DeliveryWrite& delivery, UtcTime now) {
  const std::string id = id_of(delivery.key);
  const auto known = services_.ledger.get(kDeliveryKind, id, everything());
  if (known) return {};
  if (known.error().code != ErrorCode::not_found) return std::unexpected(known.error());
  ledger::Write write;
  write.kind = kDeliveryKind;
  write.id = id;
  write.agency_id = delivery.agency_id;
  write.state = "waiting";
  write.expected_version = 0;
  write.doc = Json::object({{"channel", delivery.channel},
                            {"notice", delivery.notice},
                            {"name", delivery.name},
                            {"address", delivery.address},
                            {"subject", std::string(truncate_utf8(delivery.subject, kSubjectBytesMax))},
                            {"text", std::string(truncate_utf8(delivery.text, kTextBytesMax))},
                            {"at", format_rfc3339(now)}});
  if (!delivery.about.empty()) write.doc.set("about", delivery.about);
  if (!delivery.person.empty()) write.doc.set("person", delivery.person);
  batch.writes.push_back(std::move(write));
  if (has(delivery.channel)) Outbox::add_rows(batch, delivery.channel, id, delivery.address, now);
  return {};
}

Json Deliveries::view_of(const ledger::Record& record, bool with_text) {
  Json out = Json::object({{"id", record.id},
                           {"agency_id", record.agency_id},
                           {"agency_name", agency_name(services_, record.agency_id)},
                           {"state", record.state}});
  for (const auto& [name, value] : record.doc.members()) {
    if (name != "text" && name != "person") out.set(name, value);
  }
  if (with_text) out.set("text", record.doc["text"]);
  const bool is_open = record.state == "waiting" || record.state == "failed";
  Outbox* way = outbox(record.doc["channel"].as_string());
  if (is_open && way != nullptr) {
    const Json progress = way->progress(record.id);
    for (const auto* name : {"tries", "next_at", "end", "answer", "twice"}) {
      if (!progress[name].is_null()) out.set(name, progress[name]);
    }
    if (progress["sending"].as_bool()) out.set("state", "sending");
  }
  out.set("may_resend", way != nullptr && (is_open || record.state == "dead"));
  return out;
}

Result<std::uint64_t> Deliveries::count_of(std::vector<std::string> states, std::string_view channel,
                                           const Scope& scope) {
  ledger::Query query;
  query.kind = kDeliveryKind;
  query.states = std::move(states);
  if (!channel.empty())
    query.filters.push_back({"channel", ledger::FieldFilter::Op::equal, {Json(std::string(channel))}});
  return services_.ledger.count(query, scope);
}

Result<Json> Deliveries::list(const Actor& actor, const Filter& filter) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::record));
  ledger::Query query;
  query.kind = kDeliveryKind;
  query.states = record_states(filter.states);
  query.order_by = "created_at";
  query.cursor = filter.cursor;
  query.limit = filter.limit;
  if (!filter.agency_id.empty()) query.agency_ids = {filter.agency_id};
  if (!filter.channel.empty())
    query.filters.push_back({"channel", ledger::FieldFilter::Op::equal, {Json(filter.channel)}});
  if (query.states.size() != filter.states.size()) {  // what is on its way this moment stands in memory
    std::set<std::string> ids;
    for (const auto& [channel, outbox] : outboxes_) ids.merge(outbox->sending());
    const auto states = std::exchange(query.states, {});
    query.keep = [ids, states](const ledger::Record& record) {
      return ids.contains(record.id) || std::find(states.begin(), states.end(), record.state) != states.end();
    };
  }
  const auto page = PHENDAU_TRY(services_.ledger.list(query, scope));
  Json::Array items;
  for (const auto& record : page.records) items.push_back(view_of(record, false));
  Json out = page_json(std::move(items), page.next_cursor);
  out.set("total", PHENDAU_TRY(services_.ledger.count(query, scope)));
  out.set("dead", PHENDAU_TRY(count_of({"dead"}, "", scope)));
  return out;
}

Result<Json> Deliveries::get(const Actor& actor, std::string_view id) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::record));
  const auto record = PHENDAU_TRY(services_.ledger.get(kDeliveryKind, id, scope));
  Json out = view_of(record, true);
  Json history = Json::array();
  for (const auto& entry :
       PHENDAU_TRY(services_.ledger.history(kDeliveryKind, id, scope, 0, kHistoryShown))) {
    history.push(Json::object({{"at", format_rfc3339(entry.change.at)},
                               {"by", entry.change.actor_name},
                               {"state", entry.state},
                               {"answer", entry.doc["answer"]},
                               {"reason", entry.reason}}));
  }
  out.set("history", std::move(history));
  return out;
}

/// As the person's record says it now; what was used before when there is no such record any more.
std::string Deliveries::address_now(const ledger::Record& delivery) {
  const std::string& person = delivery.doc["person"].as_string();
  const std::size_t slash = person.find('/');
  if (slash != std::string::npos && delivery.doc["channel"].as_string() == kMailChannel) {
    const auto record = services_.ledger.get(person.substr(0, slash), person.substr(slash + 1), everything());
    if (record && record->agency_id == delivery.agency_id) {
      const std::string address(trim(record->doc["email"].as_string()));
      if (net::is_mail_address(address)) return address;
    }
  }
  return delivery.doc["address"].as_string();
}

Result<Json> Deliveries::resend(const Actor& actor, std::string_view id) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::update, Resource::record));
  const auto record = PHENDAU_TRY(services_.ledger.get(kDeliveryKind, id, scope));
  const std::string& channel = record.doc["channel"].as_string();
  Outbox* way = outbox(channel);
  const bool is_open = record.state == "waiting" || record.state == "failed";
  const Json progress = way != nullptr && is_open ? way->progress(id) : Json();
  if (way == nullptr || (!is_open && record.state != "dead") || progress["sending"].as_bool())
    return fail(ErrorCode::conflict, "nothing to send again", "delivery.not_open");
  const UtcTime now = services_.env.now();
  ledger::Write write = ledger::rewrite(record, "sent again");
  write.state = "waiting";
  write.scope = scope;
  const std::string address = address_now(record);
  write.doc.set("address", address);
  ledger::WriteBatch batch;
  batch.writes.push_back(std::move(write));
  if (const std::string& old = progress["due_key"].as_string(); !old.empty())
    batch.derived.push_back({std::string(kOutboxDueSpace), old, "", std::nullopt});
  Outbox::add_rows(batch, channel, id, address, now,
                   record.doc["twice"].as_bool() || progress["twice"].as_bool());
  PHENDAU_TRY(services_.ledger.write_batch(batch, actor, now));
  way->poke();
  return view_of(PHENDAU_TRY(services_.ledger.get(kDeliveryKind, id, scope)), true);
}

Result<Json> Deliveries::mail_counts() {
  const auto at = outboxes_.find(kMailChannel);
  const OutboxCounts counts = at == outboxes_.end() ? OutboxCounts{} : at->second->counts();
  return Json::object(
      {{"on", at != outboxes_.end()},
       {"sent", counts.sent},
       {"failed", counts.failed},
       {"given_up", PHENDAU_TRY(count_of({"dead"}, kMailChannel, everything()))},
       {"waiting", PHENDAU_TRY(count_of({"waiting", "failed"}, kMailChannel, everything()))}});
}

}  // namespace phendau::hub
