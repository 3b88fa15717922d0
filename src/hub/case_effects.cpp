// SPDX-License-Identifier: Apache-2.0
#include "hub/case_effects.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "base/text.h"
#include "base/texts.h"
#include "base/ulid.h"
#include "hub/coordination.h"
#include "hub/upload_guard.h"

namespace phendau::hub {
namespace {

constexpr auto kEffectsLookEvery = std::chrono::seconds(1);
constexpr Duration kFirstRetry = seconds(5);
constexpr std::size_t kEffectsShown = 200;
constexpr std::size_t kDismissBytesMax = 2'000;
constexpr std::string_view kToldSpace = "request_told";  // REQUEST/CALL

/// Waiting helps: the store is busy, the disk full, somebody else was first.
bool may_pass(const Error& error) {
  using enum ErrorCode;
  return error.code == unavailable || error.code == io || error.code == conflict || error.code == limit;
}

std::unexpected<Error> cannot(std::string message, std::string text_id, std::vector<std::string> args = {}) {
  return fail(ErrorCode::invalid, std::move(message), std::move(text_id), std::move(args));
}

/// The end of a clock for people: a day is over when it is late.
std::string due_text(const Json& values) {
  const auto at = parse_rfc3339(values["due_at"].as_string());
  if (!at) return {};
  if (values["inclusive"].as_bool()) return paper_moment(*at);
  const CivilDate day = to_civil(*at - milliseconds(1), kHubZone).date;
  return tr(Lang::vi, "effect.end_of_day", {format_vietnamese(start_of_day(day, kHubZone)).substr(0, 10)});
}

/// Whoever did the step, a draft is made with the rights of the agency's own officer: it shows no more.
Actor drafter(const std::string& agency_id) {
  Actor out;
  out.user_id = "system";
  out.role = Role::agency_officer;
  out.agency_ids = {agency_id};
  return out;
}

/// Their names, as people read a list.
std::string devices_text(Services& services, const Json& devices) {
  std::vector<std::string> names;
  for (const auto& id : devices.items()) names.push_back(device_title(services, id.as_string()));
  return join(names, ", ");
}

}  // namespace

std::string order_title(const Services& services, std::string_view order) {
  const RegisterKind* kind = services.pack.pack().reg("device_order");
  if (kind == nullptr) return std::string(order);
  return kind->spec.schema.at_path("properties.order.x-titles-vi")[order].string_or(std::string(order));
}

std::string device_title(Services& services, std::string_view device_id) {
  const auto device = services.ledger.get("device", device_id, everything());
  if (!device) return std::string(device_id);
  return device->doc["name"].string_or(device->doc["hostname"].string_or(std::string(device_id)));
}

void CaseEffects::start() {
  worker_.start(kEffectsLookEvery, [this] {
    if (const auto done = look(); !done)
      PHENDAU_LOG(warn, "case_effects_not_done", {"error", done.error().message});
  });
}

Result<std::size_t> CaseEffects::look() {
  const std::lock_guard lock(mu_);
  const UtcTime now = services_.env.now();
  PHENDAU_TRY(look_at_clocks(now));
  PHENDAU_TRY(look_at_requests(now));
  ledger::Query query;
  query.kind = kCaseEffectKind;
  query.states = {"waiting"};
  query.limit = kEffectsPerLook;
  query.keep = [now](const ledger::Record& one) {
    const auto next = parse_rfc3339(one.doc["next_try_at"].as_string());
    return !next || *next <= now;
  };
  const auto page = PHENDAU_TRY(services_.ledger.list(ledger::by_id(std::move(query)), everything()));
  for (const auto& effect : page.records) {
    // One that cannot even be noted holds up no other.
    if (const auto done = carry_out(effect); !done)
      PHENDAU_LOG(warn, "case_effect_not_noted", {"effect", effect.id}, {"error", done.error().message});
  }
  return page.records.size();
}

/// Writing a case anew brings about what its clocks ask for and says when they next do.
Result<> CaseEffects::look_at_clocks(UtcTime now) {
  ledger::Query query;
  query.kind = kCaseKind;
  query.states = {"open"};
  query.filters.push_back({"next_call", ledger::FieldFilter::Op::at_most, {Json(format_rfc3339(now))}});
  query.limit = kEffectsPerLook;
  const auto page = PHENDAU_TRY(services_.ledger.list(ledger::by_id(std::move(query)), everything()));
  for (const auto& record : page.records) {
    auto opened = definitions_.open(record);
    ledger::WriteBatch batch;
    if (opened) {
      put_state(batch, ledger::rewrite(record, "clock"), opened->definition, opened->state, services_.pack,
                now);
    } else {
      PHENDAU_LOG(warn, "case_clocks_unread", {"case", record.id}, {"error", opened.error().message});
      batch.writes.push_back(ledger::rewrite(record, "clock"));
      batch.writes.front().doc.erase("next_call");
    }
    const auto written = services_.ledger.write_batch(batch, system_actor(), now);
    // Somebody wrote it this moment, and with that what is due.
    if (!written && written.error().code != ErrorCode::conflict) return std::unexpected(written.error());
  }
  return {};
}

Result<> CaseEffects::look_at_requests(UtcTime now) {
  const Coordination& rules = services_.pack.pack().coordination;
  if (rules.answer_within.empty() || rules.answer_notices.empty() || now < requests_next_) return {};
  workflow::Definition notices;
  notices.clock_notices = rules.answer_notices;
  ledger::Query query;
  query.kind = kRequestKind;
  query.states = {"sent"};
  std::size_t told = 0;
  PHENDAU_TRY(ledger::each_record(services_.ledger, ledger::by_id(std::move(query)), everything(),
                                  [&](const ledger::Record& request) -> Result<> {
                                    if (told >= kEffectsPerLook) return {};
                                    told += PHENDAU_TRY(remind_of(request, notices, now));
                                    return {};
                                  }));
  if (told >= kEffectsPerLook) return {};  // the rest with the next look
  requests_next_ = now + kRequestsLookEvery;
  return {};
}

/// What was told is remembered when it was; a kill in between tells nobody twice, for it has the same key.
Result<std::size_t> CaseEffects::remind_of(const ledger::Record& request, const workflow::Definition& notices,
                                           UtcTime now) {
  const auto due = answer_due(services_.pack.pack(), request.doc);
  if (!due) return std::size_t{0};
  workflow::ClockState clock;
  clock.step = "answer";
  clock.from = parse_rfc3339(request.doc["sent_at"].as_string()).value_or(request.created_at);
  clock.due.at = due->due_at;
  clock.due.inclusive = due->inclusive;
  clock.overdue = due->is_late(now);
  std::size_t sent = 0;
  const auto calls = workflow::clock_calls(notices, {clock}, now);
  for (const auto& call : calls.due) {
    const std::string key = request.id + "/" + call.id;
    if (PHENDAU_TRY(services_.ledger.get_derived(kToldSpace, key))) continue;
    const auto told =
        telling_.tell_now(call.name, request, call.id, call.to, {{"{due}", due_text(call.values)}});
    if (!told) {
      PHENDAU_LOG(warn, "request_not_reminded", {"request", request.id}, {"error", told.error().message});
      continue;
    }
    // Whom nobody could tell is told when somebody can.
    if (*told == 0) continue;
    ++sent;
    PHENDAU_TRY(services_.ledger.put_derived(kToldSpace, key, request.agency_id,
                                             Json::object({{"at", format_rfc3339(now)}, {"told", *told}}),
                                             now));
  }
  return sent;
}

Result<> CaseEffects::carry_out(const ledger::Record& effect) {
  const auto of = services_.ledger.get(kCaseKind, effect.doc["case_id"].as_string(), everything());
  const std::string& does = effect.doc["does"].as_string();
  auto outcome = !of                ? Result<Outcome>(std::unexpected(of.error()))
                 : does == "notice" ? tell(effect, *of)
                 : does == "paper"  ? draft(effect, *of)
                                    : propose(effect);
  if (outcome && of->doc["exercise"].as_bool())
    outcome->text = tr(Lang::vi, "case.exercise_mark") + outcome->text;
  if (outcome) return note(effect, *outcome);
  const auto tries = static_cast<int>(effect.doc["tries"].as_int()) + 1;
  std::string why = explain(Lang::vi, outcome.error());
  if (may_pass(outcome.error()) && tries < kEffectTriesMax) {
    ledger::Write write = ledger::rewrite(effect, "tried in vain");
    const Duration pause{kFirstRetry.ns << (tries - 1)};
    write.doc.set("tries", tries)
        .set("next_try_at", format_rfc3339(services_.env.now() + pause))
        .set("outcome", why);
    PHENDAU_TRY(services_.ledger.write(write, system_actor(), services_.env.now()));
    return {};
  }
  if (may_pass(outcome.error())) why = tr(Lang::vi, "effect.gave_up", {std::to_string(tries), why});
  PHENDAU_LOG(warn, "case_effect_failed", {"effect", effect.id}, {"error", outcome.error().message});
  return note(effect, {"failed", std::move(why), Json::object({{"tries", tries}})});
}

/// Outcome and entry of the timeline are one write.
Result<> CaseEffects::note(const ledger::Record& effect, const Outcome& outcome) {
  ledger::Write write = ledger::rewrite(effect, outcome.state);
  write.state = outcome.state;
  for (const auto& [name, value] : outcome.more.members()) write.doc.set(name, value);
  write.doc.erase("next_try_at");
  write.doc.set("outcome", outcome.text).set("finished_at", format_rfc3339(services_.env.now()));
  return note_in_case(services_, definitions_, system_actor(), effect.doc["case_id"].as_string(),
                      {"effect", outcome.text, effect.doc["step"].as_string()}, {std::move(write)});
}

Result<CaseEffects::Outcome> CaseEffects::tell(const ledger::Record& effect, const ledger::Record& of) {
  const std::string& name = effect.doc["name"].as_string();
  const NoticeRule* rule = services_.pack.pack().notice(name);
  if (rule == nullptr) return cannot("no notice " + name, "effect.no_notice", {name});
  const Json& values = effect.doc["values"];
  const std::string due = due_text(values);
  const std::string& clock = values["clock"].as_string();
  const auto told = PHENDAU_TRY(telling_.tell_now(name, of, effect.id, texts_from(effect.doc["to"]),
                                                  {{"{clock}", clock}, {"{due}", due}}));
  if (told == 0) return cannot("nobody to tell", "effect.nobody", {rule->title.vi});
  Outcome out;
  const std::string count = std::to_string(told);
  out.text = clock.empty() ? tr(Lang::vi, "effect.told", {rule->title.vi, count})
                           : tr(Lang::vi, values["late"].as_bool() ? "effect.escalated" : "effect.reminded",
                                {clock, due, count});
  return out;
}

Result<CaseEffects::Outcome> CaseEffects::draft(const ledger::Record& effect, const ledger::Record& of) {
  const std::string& name = effect.doc["name"].as_string();
  const PaperTemplate* paper = services_.pack.paper(name);
  if (paper == nullptr) return cannot("no paper " + name, "effect.no_paper", {name});
  const std::string id = derive_ulid(effect.created_at, effect.id);
  Outcome out;
  out.text = tr(Lang::vi, "effect.drafted", {paper->title.vi});
  out.more.set("paper_id", id);
  if (services_.ledger.get(kPaperKind, id, everything())) return out;  // before a kill
  PHENDAU_TRY(papers_.create(drafter(of.agency_id),
                             Json::object({{"paper", name}, {"case_id", of.id}, {"agency_id", of.agency_id}}),
                             id));
  return out;
}

Result<CaseEffects::Outcome> CaseEffects::propose(const ledger::Record& effect) {
  Json devices = Json::array();
  for (const auto& id : effect.doc["values"]["devices"].items()) {
    const auto device = services_.ledger.get("device", id.as_string(), everything());
    if (device && device->state != "revoked" && device->agency_id == effect.agency_id) devices.push(id);
  }
  if (devices.size() == 0) return cannot("no such machine", "effect.no_device");
  Outcome out;
  out.state = "proposed";
  out.text = tr(Lang::vi, "effect.proposed",
                {order_title(services_, effect.doc["name"].as_string()), devices_text(services_, devices)});
  Json values = effect.doc["values"];
  values.set("devices", std::move(devices));
  out.more.set("values", std::move(values));
  return out;
}

Result<> CaseEffects::act(const Actor& actor, std::string_view case_id, std::string_view effect,
                          const Json& body) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::update, Resource::incident));
  const auto of = PHENDAU_TRY(services_.ledger.get(kCaseKind, case_id, scope));
  const auto record = PHENDAU_TRY(
      services_.ledger.get(kCaseEffectKind, std::string(case_id) + "." + std::string(effect), everything()));
  const auto opened = PHENDAU_TRY(definitions_.open(of));
  const auto* step = opened.definition.definition->find(record.doc["step"].as_string());
  const auto& roles = opened.definition.definition->roles_of(record.doc["step"].as_string());
  const auto standing = names_in_case(services_, actor, of.agency_id, roles);
  if (!workflow::is_named(roles, standing.names))
    return fail(ErrorCode::denied, "not by this role", "workflow.role_denied",
                {step == nullptr ? opened.definition.definition->title_vi : step->title_vi});
  const bool retry = body["verb"].as_string() == "retry";
  if (!retry && body["verb"].as_string() != "dismiss") return bad_member("verb");
  const bool open = record.state == "failed" || (!retry && record.state == "proposed");
  if (!open) return fail(ErrorCode::conflict, "the effect is " + record.state, "effect.not_open");
  ledger::Write write = ledger::rewrite(record, retry ? "retry" : "dismissed");
  if (retry) {
    write.state = "waiting";
    write.doc.set("tries", 0);
    write.doc.erase("next_try_at");
    PHENDAU_TRY(services_.ledger.write(write, standing.actor, services_.env.now()));
    return {};
  }
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  const std::string reason =
      PHENDAU_TRY(required_text(body["reason"].as_string(), "reason", kDismissBytesMax));
  write.state = "dismissed";
  write.doc.set("reason", reason).set("finished_at", format_rfc3339(services_.env.now()));
  return note_in_case(
      services_, definitions_, standing.actor, case_id,
      {"effect", tr(Lang::vi, "effect.dismissed", {record.doc["outcome"].as_string(), reason}),
       record.doc["step"].as_string(), actor.name},
      {std::move(write)});
}

Result<ledger::Write> note_proposed(Services& services, std::string_view effect_id, std::string_view order,
                                    std::string_view device_id, std::string_view order_id) {
  const auto effect = PHENDAU_TRY(services.ledger.get(kCaseEffectKind, effect_id, everything()));
  const auto& devices = effect.doc["values"]["devices"].items();
  Json issued = effect.doc["issued"].is_object() ? effect.doc["issued"] : Json::object();
  const bool asked = effect.state == "proposed" && effect.doc["name"].as_string() == order &&
                     std::find(devices.begin(), devices.end(), Json(device_id)) != devices.end() &&
                     !issued.contains(device_id);
  if (!asked) return fail(ErrorCode::conflict, "the effect does not propose this", "effect.not_proposed");
  issued.set(device_id, order_id);
  ledger::Write write = ledger::rewrite(effect, "order issued");
  if (issued.size() == devices.size()) write.state = "done";
  write.doc.set("issued", std::move(issued));
  return write;
}

namespace {

std::string effect_title(const Services& services, const Json& doc) {
  const std::string& name = doc["name"].as_string();
  const std::string& does = doc["does"].as_string();
  if (does == "order") return order_title(services, name);
  const PaperTemplate* paper = services.pack.paper(name);
  if (does == "paper" && paper != nullptr) return paper->title.vi;
  const NoticeRule* rule = services.pack.pack().notice(name);
  return does == "notice" && rule != nullptr ? rule->title.vi : name;
}

}  // namespace

Result<Json::Array> waiting_effects(Services& services, CaseDefinitions& definitions, const Actor& actor) {
  Json::Array out;
  const Scope scope = authorize(actor, Action::update, Resource::incident);
  if (scope.allows_nothing()) return out;
  AgencyNames names(services);
  ledger::Query query;
  query.kind = kCaseEffectKind;
  query.states = {"failed", "proposed"};
  query.order_by = "created_at";
  query.descending = false;
  query.limit = kWaitingEffectsMax;
  for (std::size_t looked = 0; looked < kWaitingEffectsLookedAt; looked += query.limit) {
    const auto page = PHENDAU_TRY(services.ledger.list(query, scope));
    for (const auto& effect : page.records) {
      if (out.size() >= kWaitingEffectsMax) return out;
      const auto of = services.ledger.get(kCaseKind, effect.doc["case_id"].as_string(), scope);
      if (!of) continue;
      const auto opened = definitions.open(*of);
      if (!opened) continue;
      const auto& roles = opened->definition.definition->roles_of(effect.doc["step"].as_string());
      const auto standing = names_in_case(services, actor, of->agency_id, roles);
      if (!workflow::is_named(roles, standing.names)) continue;
      const std::string mark = of->doc["exercise"].as_bool() ? tr(Lang::vi, "case.exercise_mark") : "";
      out.push_back(Json::object({{"case_id", of->id},
                                  {"case_title", mark + of->doc["title"].as_string()},
                                  {"agency_id", of->agency_id},
                                  {"agency_name", names.at(of->agency_id, services.env.now())},
                                  {"effect", effect.doc["effect"]},
                                  {"does", effect.doc["does"]},
                                  {"title", effect_title(services, effect.doc)},
                                  {"state", effect.state},
                                  {"outcome", effect.doc["outcome"].as_string()},
                                  {"since", effect.doc["at"]}}));
    }
    if (page.next_cursor.empty()) break;
    query.cursor = page.next_cursor;
  }
  return out;
}

Result<Json> case_effects_view(Services& services, const Actor& actor, const ledger::Record& of_case,
                               const std::function<bool(std::string_view step)>& may_act) {
  ledger::Query query;
  query.kind = kCaseEffectKind;
  query.filters.push_back({"case_id", ledger::FieldFilter::Op::equal, {Json(of_case.id)}});
  query.order_by = "created_at";
  query.limit = kEffectsShown;  // the newest
  auto page = PHENDAU_TRY(services.ledger.list(query, everything()));
  std::reverse(page.records.begin(), page.records.end());
  Json out = Json::array();
  for (const auto& record : page.records) {
    const Json& doc = record.doc;
    Json devices = Json::array();
    for (const auto& id : doc["values"]["devices"].items()) {
      devices.push(Json::object({{"id", id},
                                 {"name", device_title(services, id.as_string())},
                                 {"order_id", doc["issued"][id.as_string()]}}));
    }
    const Json& values = doc["values"];
    Json one = Json::object({{"id", doc["effect"]},
                             {"does", doc["does"]},
                             {"name", doc["name"]},
                             {"title", effect_title(services, doc)},
                             {"step", doc["step"]},
                             {"state", record.state},
                             {"outcome", doc["outcome"].as_string()},
                             {"at", doc["at"]},
                             {"finished_at", doc["finished_at"]},
                             {"next_try_at", doc["next_try_at"]},
                             {"paper", paper_brief(services, actor, of_case, doc["paper_id"].as_string())},
                             {"devices", std::move(devices)},
                             {"may_act", may_act(doc["step"].as_string())}});
    for (const char* member : {"ordered_by", "weighed", "clock", "due_at"}) one.set(member, values[member]);
    out.push(std::move(one));
  }
  return out;
}

}  // namespace phendau::hub
