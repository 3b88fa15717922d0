// SPDX-License-Identifier: Apache-2.0
#include "hub/deliveries.h"

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"
#include "base/texts.h"
#include "hub/active_pack.h"
#include "hub/upload_guard.h"
#include "net/smtp_client.h"
#include "net/webhook_client.h"

namespace phendau::hub {
namespace {

constexpr std::size_t kSubjectBytesMax = 300;
constexpr std::size_t kTextBytesMax = 64u << 10;
constexpr std::size_t kHistoryShown = 50;
constexpr std::size_t kNoteBytesMax = 1'000;
constexpr std::size_t kPhoneBytesMax = 40;
constexpr std::string_view kTestNotice = "test";
constexpr std::string_view kChosenWays[] = {kMailChannel, kSmsChannel, kZaloChannel};

std::string id_of(std::string_view key) { return sha256_hex(key).substr(0, 32); }

std::vector<std::string> record_states(const std::vector<std::string>& wanted) {
  std::vector<std::string> out;
  for (const auto& state : wanted) {
    if (state != "sending") out.push_back(state);
  }
  return out;
}

/// Deliveries tell names and addresses: a delegation for other kinds does not open them.
Result<Scope> delivery_scope(const Actor& actor, Action action) {
  PHENDAU_TRY(scope_for(actor, action, Resource::record));
  RecordRights rights;
  rights.kind = kDeliveryKind;
  Scope scope = authorize_record(actor, action, rights);
  if (scope.allows_nothing()) return fail(ErrorCode::denied, "no right to deliveries", "error.denied");
  return scope;
}

}  // namespace

std::string phone_number(std::string_view text, std::string_view channel) {
  constexpr std::size_t kDigitsMin = 9;
  constexpr std::size_t kDigitsMax = 15;  // E.164
  std::string digits;
  for (const char c : text) {
    const bool is_first_plus = c == '+' && digits.empty();
    if ((c >= '0' && c <= '9') || is_first_plus) {
      digits += c;
    } else if (!digits.empty() && std::string_view(" .-()").find(c) == std::string_view::npos) {
      break;  // a second number, or words
    }
  }
  if (digits.size() < kDigitsMin || digits.size() > kDigitsMax + 1) return {};
  if (channel == kPhoneChannel) return std::string(truncate_utf8(trim(text), kPhoneBytesMax));
  return digits;
}

Deliveries::Deliveries(Services& services) : services_(services) {
  const Duration retry = services_.config.send_retry_first;
  if (const auto& smtp = services_.config.smtp) {
    add_outbox({std::string(kMailChannel), kMailThreads, retry},
               [server = *smtp](const Parcel& parcel, const std::atomic<bool>& stop) {
                 const net::Mail mail{parcel.id, parcel.address, parcel.subject, parcel.text, parcel.at};
                 return net::send_mail(server, mail, stop);
               });
  }
  for (const auto& [channel, gateway] : services_.config.gateways) {
    add_outbox({channel, 1, retry}, [this, name = channel, to = gateway](const Parcel& parcel,
                                                                         const std::atomic<bool>&) {
      const Json body =
          Json::object({{"id", parcel.id}, {"channel", name}, {"to", parcel.address}, {"text", parcel.text}});
      return net::post_webhook(to, parcel.id, body, services_.env.now());
    });
  }
}

Deliveries::Deliveries(Services& services, Outbox::Carry carry) : services_(services) {
  add_outbox({std::string(kMailChannel), 1, services_.config.send_retry_first}, carry);
  add_outbox({std::string(kSmsChannel), 1, services_.config.send_retry_first}, std::move(carry));
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

Result<std::string> Deliveries::add(ledger::WriteBatch& batch, const DeliveryWrite& delivery, UtcTime now) {
  std::string id = id_of(delivery.key);
  const auto known = services_.ledger.get(kDeliveryKind, id, everything());
  if (known) return id;
  if (known.error().code != ErrorCode::not_found) return std::unexpected(known.error());
  ledger::Write write;
  write.kind = kDeliveryKind;
  write.id = id;
  write.agency_id = delivery.agency_id;
  write.state = delivery.channel == kPortalChannel ? "sent" : "waiting";
  write.expected_version = 0;
  write.doc = Json::object({{"channel", delivery.channel},
                            {"notice", delivery.notice},
                            {"name", delivery.name},
                            {"address", delivery.address},
                            {"subject", std::string(truncate_utf8(delivery.subject, kSubjectBytesMax))},
                            {"text", std::string(truncate_utf8(delivery.text, kTextBytesMax))},
                            {"at", format_rfc3339(now)}});
  if (delivery.channel == kPortalChannel) write.doc.set("sent_at", format_rfc3339(now));
  if (!delivery.to_user.empty()) write.doc.set("to_user", delivery.to_user);
  if (!delivery.about.empty()) write.doc.set("about", delivery.about);
  if (!delivery.person.empty()) write.doc.set("person", delivery.person);
  if (!delivery.round.empty()) write.doc.set("round", delivery.round);
  if (!delivery.step.empty()) write.doc.set("step", delivery.step);
  batch.writes.push_back(std::move(write));
  if (has(delivery.channel)) Outbox::add_rows(batch, delivery.channel, id, delivery.address, now);
  return id;
}

Json Deliveries::view_of(const ledger::Record& record, bool with_text) {
  Json out = Json::object({{"id", record.id},
                           {"agency_id", record.agency_id},
                           {"agency_name", agency_name(services_, record.agency_id)},
                           {"state", record.state}});
  for (const auto& [name, value] : record.doc.members()) {
    if (name != "text" && name != "person" && name != "round") out.set(name, value);
  }
  if (with_text) out.set("text", record.doc["text"]);
  const bool is_open = is_open_delivery(record.state);
  Outbox* way = outbox(record.doc["channel"].as_string());
  if (is_open && way != nullptr) {
    const Json progress = way->progress(record.id);
    for (const auto* name : {"tries", "next_at", "end", "answer", "twice"}) {
      if (!progress[name].is_null()) out.set(name, progress[name]);
    }
    if (progress["sending"].as_bool()) out.set("state", "sending");
  }
  out.set("may_resend", way != nullptr && (is_open || record.state == "dead"));
  out.set("may_call", is_open && record.doc["channel"].as_string() == kPhoneChannel);
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
  const Scope scope = PHENDAU_TRY(delivery_scope(actor, Action::read));
  ledger::Query query;
  query.kind = kDeliveryKind;
  query.states = record_states(filter.states);
  query.order_by = "created_at";
  query.cursor = filter.cursor;
  query.limit = filter.limit;
  if (!filter.agency_id.empty()) query.agency_ids = {filter.agency_id};
  if (!filter.channel.empty())
    query.filters.push_back({"channel", ledger::FieldFilter::Op::equal, {Json(filter.channel)}});
  if (!filter.about.empty())
    query.filters.push_back({"about", ledger::FieldFilter::Op::equal, {Json(filter.about)}});
  if (query.states.size() != filter.states.size()) {  // what is on its way this moment stands in memory
    std::set<std::string> ids;
    for (const auto& [channel, outbox] : outboxes_) ids.merge(outbox->sending());
    // It is among those that are open; where all of these are wanted nothing is looked at.
    const auto states = query.states;
    bool all_wanted = true;
    for (const std::string_view open : kOpenDeliveries) {
      if (std::find(states.begin(), states.end(), open) != states.end()) continue;
      query.states.emplace_back(open);
      all_wanted = false;
    }
    if (!all_wanted)
      query.keep = [ids, states](const ledger::Record& record) {
        return ids.contains(record.id) ||
               std::find(states.begin(), states.end(), record.state) != states.end();
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
  const Scope scope = PHENDAU_TRY(delivery_scope(actor, Action::read));
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
  const std::string& channel = delivery.doc["channel"].as_string();
  const bool is_mail = channel == kMailChannel;
  std::string address;
  const std::string& person = delivery.doc["person"].as_string();
  const std::size_t slash = person.find('/');
  if (slash != std::string::npos) {
    const auto record = services_.ledger.get(person.substr(0, slash), person.substr(slash + 1), everything());
    if (record && record->agency_id == delivery.agency_id)
      address = trim(record->doc[is_mail ? "email" : "phone"].as_string());
  } else if (const std::string& user = delivery.doc["to_user"].as_string(); !user.empty()) {
    const NoticeChoice choice = choice_of(user);
    address = is_mail ? choice.email : choice.phone;
  }
  if (!is_mail) address = phone_number(address, channel);
  const bool is_good = is_mail ? net::is_mail_address(address) : !address.empty();
  return is_good ? address : delivery.doc["address"].as_string();
}

/// Within what the actor may change.
Result<ledger::Record> Deliveries::for_update(const Actor& actor, std::string_view id, Scope& scope) {
  scope = PHENDAU_TRY(delivery_scope(actor, Action::update));
  return services_.ledger.get(kDeliveryKind, id, scope);
}

Result<Json> Deliveries::rewrite(const Actor& actor, ledger::Write write, const Scope& scope) {
  write.scope = scope;
  const std::string id = write.id;
  PHENDAU_TRY(services_.ledger.write(write, actor, services_.env.now()));
  const auto record = PHENDAU_TRY(services_.ledger.get(kDeliveryKind, id, scope));
  services_.live.publish({"delivery", Resource::record, record.agency_id, Json::object({{"id", id}}), ""});
  return view_of(record, true);
}

Result<Json> Deliveries::resend(const Actor& actor, std::string_view id) {
  Scope scope;
  const auto record = PHENDAU_TRY(for_update(actor, id, scope));
  const std::string& channel = record.doc["channel"].as_string();
  Outbox* way = outbox(channel);
  const bool is_open = is_open_delivery(record.state);
  const Json progress = way != nullptr && is_open ? way->progress(id) : Json();
  if (way == nullptr || (!is_open && record.state != "dead") || progress["sending"].as_bool())
    return fail(ErrorCode::conflict, "nothing to send again", "delivery.not_open");
  const UtcTime now = services_.env.now();
  ledger::Write write = ledger::rewrite(record, "sent again");
  write.state = "waiting";
  write.scope = scope;
  const std::string address = address_now(record);
  write.doc.set("address", address).set("resent_at", format_rfc3339(now));
  write.doc.erase("receipt");
  ledger::WriteBatch batch;
  batch.writes.push_back(std::move(write));
  if (const std::string& old = progress["due_key"].as_string(); !old.empty())
    batch.derived.push_back({std::string(kOutboxDueSpace), old, "", std::nullopt});
  const bool twice = record.doc["twice"].as_bool() || progress["twice"].as_bool();
  Outbox::add_rows(batch, channel, id, address, now, twice);
  PHENDAU_TRY(services_.ledger.write_batch(batch, actor, now));
  way->poke();
  return view_of(PHENDAU_TRY(services_.ledger.get(kDeliveryKind, id, scope)), true);
}

Result<Json> Deliveries::note_call(const Actor& actor, std::string_view id, const Json& body) {
  constexpr std::pair<std::string_view, std::string_view> kOutcomes[] = {
      {"answered", "answered"}, {"no_answer", "failed"}, {"wrong_number", "dead"}, {"not_needed", "dead"}};
  const std::string& outcome = body["outcome"].as_string();
  const auto found = std::find_if(std::begin(kOutcomes), std::end(kOutcomes),
                                  [&](const auto& one) { return one.first == outcome; });
  if (found == std::end(kOutcomes)) return bad_member("outcome");
  if (body["note"].as_string().size() > kNoteBytesMax) return bad_member("note");
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  Scope scope;
  const auto record = PHENDAU_TRY(for_update(actor, id, scope));
  const bool is_open = is_open_delivery(record.state);
  if (!is_open || record.doc["channel"].as_string() != kPhoneChannel)
    return fail(ErrorCode::conflict, "nobody waits for this call", "delivery.no_call");
  Json calls = record.doc["calls"].is_array() ? record.doc["calls"] : Json::array();
  if (calls.size() >= kCallsMax) return fail(ErrorCode::limit, "too many calls", "delivery.no_call");
  const std::string now = format_rfc3339(services_.env.now());
  calls.push(Json::object({{"at", now},
                           {"by", actor.user_id},
                           {"by_name", actor.name},
                           {"outcome", outcome},
                           {"note", body["note"].as_string()}}));
  ledger::Write write = ledger::rewrite(record, "called");
  write.state = found->second;
  write.doc.set("tries", calls.size()).set("end", outcome);
  write.doc.set("calls", std::move(calls));
  if (outcome == "answered") write.doc.set("sent_at", now);
  return rewrite(actor, std::move(write), scope);
}

Result<Json> Deliveries::confirm(const Actor& actor, std::string_view id) {
  Scope scope;
  const auto record = PHENDAU_TRY(for_update(actor, id, scope));
  const auto& own = actor.agency_ids;
  const bool is_told = record.doc["to_user"].as_string() == actor.user_id ||
                       std::find(own.begin(), own.end(), record.agency_id) != own.end();
  if (!is_told) return fail(ErrorCode::denied, "sent to others", "error.denied");
  if (record.state != "sent" && record.state != "read")
    return fail(ErrorCode::conflict, "nothing to confirm", "delivery.no_confirm");
  ledger::Write write = ledger::rewrite(record, "confirmed");
  write.state = "answered";
  write.doc.set("answered_at", format_rfc3339(services_.env.now())).set("answered_by", actor.name);
  return rewrite(actor, std::move(write), scope);
}

Result<> Deliveries::receipt(std::string_view channel, std::string_view signature, std::string_view body) {
  const UtcTime now = services_.env.now();
  const auto gateway = services_.config.gateways.find(std::string(channel));
  const bool is_signed = gateway != services_.config.gateways.end() && body.size() <= kReceiptBytesMax &&
                         net::is_webhook_signature(gateway->second.secret, signature, now, body);
  if (!is_signed) return fail(ErrorCode::denied, "not signed by a gateway", "delivery.receipt_unsigned");
  const auto said = parse_json(body);
  if (!said || !said->is_object()) return bad_member("body");
  const std::string& status = (*said)["status"].as_string();
  const bool failed = status == "failed";
  if (!failed && status != "delivered") return bad_member("status");
  const auto at = parse_rfc3339((*said)["at"].as_string());
  if (!at || *at > now + net::kWebhookSkewMax) return bad_member("at");
  return anew_when_overtaken([&]() -> Result<> {
    const auto record =
        PHENDAU_TRY(services_.ledger.get(kDeliveryKind, (*said)["id"].as_string(), everything()));
    if (record.doc["channel"].as_string() != channel)
      return fail(ErrorCode::not_found, "of another channel", "error.not_found");
    // Nothing new, or about what went out before somebody sent it again.
    for (const char* later : {"receipt_at", "resent_at"}) {
      const auto known = parse_rfc3339(record.doc[later].as_string());
      if (known && *at <= *known) return {};
    }
    ledger::Write write = ledger::rewrite(record, "gateway: " + status);
    write.doc.set("receipt", status).set("receipt_at", format_rfc3339(*at));
    const bool counts = record.state == "sent" || is_open_delivery(record.state);
    if (failed && counts) {
      write.state = "dead";
      write.doc.set("end", "undelivered")
          .set("answer", std::string(truncate_utf8((*said)["detail"].as_string(), kSubjectBytesMax)));
    }
    PHENDAU_TRY(services_.ledger.write(write, system_actor(), now));
    services_.live.publish(
        {"delivery", Resource::record, record.agency_id, Json::object({{"id", record.id}}), ""});
    return {};
  });
}

void Deliveries::note_read(const Actor& actor, const std::vector<std::string>& ids) {
  const UtcTime now = services_.env.now();
  for (const auto& id : ids) {
    const auto record = services_.ledger.get(kDeliveryKind, id, everything());
    if (!record || record->state != "sent" || record->doc["to_user"].as_string() != actor.user_id) continue;
    ledger::Write write = ledger::rewrite(*record, "");
    write.state = "read";
    write.doc.set("read_at", format_rfc3339(now));
    // Who confirmed it in the same moment has read it, too.
    (void)services_.ledger.write(write, actor, now);
  }
}

NoticeChoice Deliveries::choice_of(std::string_view user_id) {
  NoticeChoice out;
  const auto row = services_.ledger.get_derived(kChoiceSpace, user_id);
  if (!row || !*row) return out;
  const Json& doc = (*row)->doc;
  out.email = doc["email"].as_string();
  out.phone = doc["phone"].as_string();
  for (const auto& way : doc["ways"].items()) out.ways.push_back(way.as_string());
  return out;
}

Result<Json> Deliveries::own_choice(const Actor& actor) {
  PHENDAU_TRY(scope_for(actor, Action::read, Resource::own_account));
  const NoticeChoice choice = choice_of(actor.user_id);
  Json ways = Json::array();
  for (const auto& way : choice.ways) ways.push(way);
  Json available = Json::array();
  for (const auto way : kChosenWays) {
    if (has(way)) available.push(std::string(way));
  }
  return Json::object({{"email", choice.email},
                       {"phone", choice.phone},
                       {"ways", std::move(ways)},
                       {"available", std::move(available)}});
}

Result<Json> Deliveries::choose(const Actor& actor, const Json& body) {
  PHENDAU_TRY(scope_for(actor, Action::update, Resource::own_account));
  const std::string email(trim(body["email"].as_string()));
  const std::string phone(trim(body["phone"].as_string()));
  if (!email.empty() && !net::is_mail_address(email)) return bad_member("email");
  if (!phone.empty() && phone_number(phone, kSmsChannel).empty()) return bad_member("phone");
  Json ways = Json::array();
  for (const auto way : kChosenWays) {
    const auto& wanted = body["ways"].items();
    const bool is_wanted =
        std::any_of(wanted.begin(), wanted.end(), [&](const Json& one) { return one.as_string() == way; });
    if (!is_wanted) continue;
    if (way == kMailChannel ? email.empty() : phone.empty())
      return bad_member(way == kMailChannel ? "email" : "phone");
    ways.push(std::string(way));
  }
  PHENDAU_TRY(services_.ledger.put_derived(
      kChoiceSpace, actor.user_id, "",
      Json::object({{"email", email}, {"phone", phone}, {"ways", std::move(ways)}}), services_.env.now()));
  return own_choice(actor);
}

Result<Json> Deliveries::test(const Actor& actor, const Json& body) {
  PHENDAU_TRY(scope_for(actor, Action::update, Resource::own_account));
  const std::string& channel = body["channel"].as_string();
  const bool is_known =
      std::find(std::begin(kChosenWays), std::end(kChosenWays), channel) != std::end(kChosenWays);
  if (!is_known) return bad_member("channel");
  if (!has(channel)) return fail(ErrorCode::conflict, "not set up", "delivery.not_set_up");
  const NoticeChoice choice = choice_of(actor.user_id);
  const std::string address = channel == kMailChannel ? choice.email : phone_number(choice.phone, channel);
  if (address.empty()) return bad_member(channel == kMailChannel ? "email" : "phone");
  const UtcTime now = services_.env.now();
  ledger::Query query;
  query.kind = kDeliveryKind;
  query.order_by = "created_at";
  query.limit = kTestsPerHourMax;
  query.filters.push_back({"to_user", ledger::FieldFilter::Op::equal, {Json(actor.user_id)}});
  query.filters.push_back({"notice", ledger::FieldFilter::Op::equal, {Json(std::string(kTestNotice))}});
  const auto before = PHENDAU_TRY(services_.ledger.list(query, everything())).records;
  if (before.size() >= kTestsPerHourMax && now - before.back().created_at < hours(1))
    return fail(ErrorCode::limit, "too many tests", "delivery.tests");
  DeliveryWrite write;
  write.key = "test|" + actor.user_id + "|" + channel + "|" + format_rfc3339(now);
  write.channel = channel;
  write.agency_id = actor.agency_ids.empty() ? "" : actor.agency_ids.front();
  write.to_user = actor.user_id;
  write.name = actor.name;
  write.address = address;
  write.notice = kTestNotice;
  write.subject = tr(Lang::vi, "notice.test_subject");
  write.text = tr(Lang::vi, channel == kMailChannel ? "notice.test_mail" : "notice.test_short");
  ledger::WriteBatch batch;
  const std::string id = PHENDAU_TRY(add(batch, write, now));
  PHENDAU_TRY(services_.ledger.write_batch(batch, actor, now));
  poke();
  return view_of(PHENDAU_TRY(services_.ledger.get(kDeliveryKind, id, everything())), false);
}

Result<Json> Deliveries::mail_counts() {
  const auto at = outboxes_.find(kMailChannel);
  const OutboxCounts counts = at == outboxes_.end() ? OutboxCounts{} : at->second->counts();
  return Json::object(
      {{"on", at != outboxes_.end()},
       {"sent", counts.sent},
       {"failed", counts.failed},
       {"given_up", PHENDAU_TRY(count_of({"dead"}, kMailChannel, everything()))},
       {"waiting", PHENDAU_TRY(count_of(open_delivery_states(), kMailChannel, everything()))}});
}

}  // namespace phendau::hub
