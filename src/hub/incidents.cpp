// SPDX-License-Identifier: Apache-2.0
#include "hub/incidents.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "base/texts.h"
#include "hub/attachments.h"
#include "hub/case_effects.h"
#include "hub/case_parties.h"
#include "hub/coordination.h"
#include "hub/record_checks.h"
#include "hub/records.h"

namespace phendau::hub {
namespace {

constexpr std::size_t kDescriptionBytesMax = 32'000;  // 8,000 characters
constexpr std::string_view kAttachment = "attachment";
constexpr std::size_t kSearchedEntitiesMax = 8;  // of the alerts of a case, in one search

std::string_view shown_state(workflow::StepStatus status) {
  switch (status) {
    case workflow::StepStatus::pending:
      return "waiting";
    case workflow::StepStatus::in_progress:
      return "active";
    case workflow::StepStatus::done:
      return "done";
    case workflow::StepStatus::skipped:
      return "skipped";
  }
  return "waiting";
}

/// Steps that a case needs: those that it does without are not shown, unless somebody did them.
bool is_shown(const workflow::CaseState& state, const workflow::StepState& step, const workflow::Step& rule) {
  return step.finished_at || workflow::applies(state, rule);
}

/// What the alerts of a case are about, as one search in parentheses; empty without alerts.
std::string search_of_alerts(const Json& alerts) {
  std::set<std::string> each;
  for (const auto& alert : alerts.items()) {
    if (each.size() < kSearchedEntitiesMax) each.insert(search_for(alert["entity"]));
  }
  each.erase(std::string());
  if (each.empty()) return {};
  return fmt::format("(({}))", fmt::join(each, ") or ("));
}

Json searches_view(const workflow::Step& step, const Json& alerts, UtcTime detected_at, UtcTime now) {
  Json out = Json::array();
  for (const auto& one : step.searches) {
    std::string query = one.of_alerts ? search_of_alerts(alerts) : std::string();
    if (!one.query.empty()) query += fmt::format("{}({})", query.empty() ? "" : " ", one.query);
    if (query.empty()) continue;  // of alerts, and there are none
    out.push(Json::object({{"title", one.title_vi},
                           {"query", std::move(query)},
                           {"from", format_rfc3339({detected_at.ns - one.around.ns})},
                           {"to", format_rfc3339(std::min(now, {detected_at.ns + one.around.ns}))}}));
  }
  return out;
}

/// What must be filled in before the step is done is no field "if any", whoever asks for it.
Json shown_form(const workflow::Step& step) {
  Json out = step.form;
  Json required = out["required"].is_array() ? out["required"] : Json::array();
  for (const auto& guard : step.guards) {
    const bool always = guard.when.empty() && guard.unless.empty();
    const bool is_field =
        guard.kind == workflow::Guard::Kind::field_set && step.form["properties"].contains(guard.name);
    const auto& known = required.items();
    if (always && is_field && std::find(known.begin(), known.end(), Json(guard.name)) == known.end())
      required.push(guard.name);
  }
  if (required.size() > 0) out.set("required", std::move(required));
  return out;
}

Json definition_view(const workflow::Definition& definition, const workflow::CaseState& state,
                     const Json& alerts, UtcTime now) {
  Json steps = Json::array();
  for (std::size_t i = 0; i < definition.steps.size(); ++i) {
    const auto& step = definition.steps[i];
    if (!is_shown(state, state.steps[i], step)) continue;
    steps.push(Json::object({{"id", step.id},
                             {"title", step.title_vi},
                             {"advice", step.text_vi},
                             {"citation", step.citation},
                             {"form", shown_form(step)},
                             {"may_skip", step.may_skip},
                             {"any_time", step.order == workflow::Step::Order::free},
                             {"searches", searches_view(step, alerts, state.detected_at, now)},
                             {"roles", texts_json(step.roles)}}));
  }
  return Json::object({{"title", definition.title_vi}, {"steps", std::move(steps)}});
}

/// Who has no right to the timeline sees how far the step is, not what was filled in.
Json step_view(const workflow::StepState& step, bool may_act, const std::set<CaseRight>& rights) {
  const bool says = rights.contains(CaseRight::timeline);
  Json files = Json::array();
  if (rights.contains(CaseRight::files)) {
    for (const auto& file : step.attachments) files.push(file.sha256);
  }
  const auto at = step.finished_at ? step.finished_at : step.began_at;
  return Json::object({{"id", step.id},
                       {"state", shown_state(step.status)},
                       {"by", step.finished_by_name.empty() || !says ? Json() : Json(step.finished_by_name)},
                       {"at", time_or_null(at)},
                       {"doc", says ? step.doc : Json::object()},
                       {"skip_reason", step.skip_reason.empty() || !says ? Json() : Json(step.skip_reason)},
                       {"attachments", std::move(files)},
                       {"may_act", may_act}});
}

/// The clocks that run. One whose rule gives no number has no due_at: it says since when.
Json clocks_view(const Json& progress, UtcTime now) {
  Json out = Json::array();
  for (const auto& clock : progress["clocks"].items()) {
    if (clock["stopped"].as_bool()) continue;
    Json one = Json::object({{"step", clock["step"]},
                             {"label", clock["label"]},
                             {"from", clock["from"]},
                             {"due_at", clock["due_at"]},
                             {"overdue", is_clock_overdue(clock, now)}});
    for (const char* key : {"rule", "form", "to", "source"}) {
      if (clock[key].is_string()) one.set(key, clock[key]);
    }
    out.push(std::move(one));
  }
  return out;
}

std::string need_text(const workflow::Definition& definition, const workflow::CaseState& state) {
  const auto need = workflow::next_needed(definition, state);
  if (!need) return "";
  std::vector<std::string> lacking;  // what is only to be filled in, each once
  std::vector<std::string> others;
  const auto add = [&](const auto& error, const std::string& sentence) {
    const bool lacks = error.text_id == "schema.required" || error.text_id == "workflow.needs_field";
    auto& list = lacks && !error.args.empty() ? lacking : others;
    std::string one = &list == &lacking ? error.args.front() : sentence;
    if (std::find(list.begin(), list.end(), one) == list.end()) list.push_back(std::move(one));
  };
  for (const auto& field : need->fields) add(field, field.to_text(Lang::vi));
  for (const auto& guard : need->guards) add(guard, explain(Lang::vi, guard));
  std::vector<std::string> parts = {need->title_vi + "."};
  if (!lacking.empty()) parts.push_back(tr(Lang::vi, "case.lacking", {join(lacking, "; ")}));
  parts.insert(parts.end(), others.begin(), others.end());
  return join(parts, " ");
}

Result<Scope> case_scope(const Actor& actor, CaseRight right) {
  Scope scope = authorize_case(actor, right);
  if (scope.allows_nothing()) return fail(ErrorCode::denied, "not for this role", "error.denied");
  return scope;
}

/// The slots that the actor's agencies hold today, as names.
void add_slots(Services& services, const Actor& actor, std::vector<std::string>& names) {
  const auto bodies = bodies_of_slots(services);
  if (!bodies) return;
  for (const auto& [slot, agency] : *bodies) {
    const auto& own = actor.agency_ids;
    if (std::find(own.begin(), own.end(), agency) != own.end())
      names.push_back(std::string(kSlotPrefix) + slot);
  }
}

}  // namespace

CaseStanding names_in_case(Services& services, const Actor& actor, std::string_view agency_id,
                           const std::vector<std::string>& roles) {
  const Actor self = without_delegations(actor);
  const Scope own = authorize(self, Action::update, Resource::incident);
  CaseStanding out{actor, {}};
  if (own.covers(agency_id)) {
    out.names.emplace_back(to_string(actor.role));
    // Of its own case a coordinating body's people do what an agency's officer does; elsewhere its slots say.
    if (actor.role == Role::partner) out.names.emplace_back(to_string(Role::agency_officer));
  }
  const bool by_slot = std::any_of(roles.begin(), roles.end(),
                                   [](const std::string& role) { return role.starts_with(kSlotPrefix); });
  if (by_slot) add_slots(services, actor, out.names);
  if (workflow::is_named(roles, out.names)) return out;
  for (const auto& one : actor.delegations) {
    const std::string name(to_string(one.role));
    if (one.agency_id != agency_id || !covers_kind(one, kCaseKind) || !workflow::is_named(roles, {name}))
      continue;
    out.actor.acting_under = one.record_id;
    out.names.push_back(name);
    break;
  }
  return out;
}

Json Incidents::summary(const ledger::Record& record, const workflow::CaseState* state, AgencyNames& names) {
  const UtcTime now = services_.env.now();
  const Json progress = case_progress(services_.pack, record, now);
  const auto closed_at = parse_rfc3339(record.doc["closed_at"].as_string());
  const UtcTime opened_at = state == nullptr ? record.created_at : state->opened_at;
  // A file keeps the name of its date; an open one says who works on it.
  const auto name_at = [&](UtcTime at) {
    return names.at(owner_at(services_, kCaseKind, record.id, record.agency_id, at), at);
  };
  return Json::object({{"id", record.id},
                       {"title", record.doc["title"]},
                       {"agency_id", record.agency_id},
                       {"agency_name", name_at(closed_at.value_or(now))},
                       {"opened_agency_name", name_at(opened_at)},
                       {"status", record.state},
                       {"exercise", record.doc["exercise"].as_bool()},
                       {"opened_at", format_rfc3339(opened_at)},
                       {"detected_at", record.doc["detected_at"].string_or(format_rfc3339(opened_at))},
                       {"closed_at", closed_at ? Json(format_rfc3339(*closed_at)) : Json()},
                       {"steps_done", progress["steps_done"].as_int()},
                       {"steps_total", progress["steps_total"].as_int()},
                       {"current_step", progress["current"].as_string()},
                       {"clocks", record.state == "open" ? clocks_view(progress, now) : Json::array()}});
}

namespace {

/// What this person may do with the case as a whole.
Json rights_view(Services& services, const Actor& actor, std::string_view agency_id,
                 const workflow::Definition& definition, const workflow::CaseState& state) {
  const auto named = [&](const std::optional<workflow::Names>& roles) {
    return roles && workflow::is_named(*roles, names_in_case(services, actor, agency_id, *roles).names);
  };
  const bool closes = !state.closed && named(definition.close_roles);
  return Json::object({{"close", closes},
                       {"correct_detected", closes},
                       {"stop", !state.closed && named(definition.stop_roles)},
                       {"reopen", state.closed && named(definition.reopen_roles)}});
}

}  // namespace

Result<Json> Incidents::view(const Actor& actor, const ledger::Record& record, const Scope& shown) {
  const auto rights = case_rights(actor, record);
  auto opened = PHENDAU_TRY(definitions_.open(record));
  opened.state.open_sub_cases = PHENDAU_TRY(open_parts(opened.definition, record.id));
  const workflow::CaseState& state = opened.state;
  const workflow::Definition& definition = *opened.definition.definition;
  AgencyNames names(services_);
  Json out = summary(record, &state, names);
  Json alerts = Json::array();
  const Scope alert_scope = authorize(actor, Action::read, Resource::alert);
  for (const auto& id : record.doc["alert_ids"].items()) {
    const auto alert = services_.ledger.get("alert", id.as_string(), alert_scope);
    if (alert) alerts.push(alerts_.view(*alert));
  }
  Json files = Json::array();
  if (rights.contains(CaseRight::files))
    files = PHENDAU_TRY(attachments_of(services_, "case_id", record.id, shown));
  Json entries = Json::array();
  std::uint64_t entries_total = state.timeline.size();
  if (rights.contains(CaseRight::timeline)) {
    entries = PHENDAU_TRY(timeline(record, state, shown));
    entries_total += PHENDAU_TRY(case_entries_count(services_.ledger, record.id, shown));
  }
  Json may_do = Json::array();
  for (const CaseRight right : rights) may_do.push(to_string(right));
  Json steps = Json::array();
  for (std::size_t i = 0; i < state.steps.size(); ++i) {
    const auto& rule = definition.steps[i];
    if (!is_shown(state, state.steps[i], rule)) continue;
    const auto standing = names_in_case(services_, actor, record.agency_id, rule.roles);
    const bool may_act =
        !state.closed && rights.contains(CaseRight::act) && workflow::is_named(rule.roles, standing.names);
    steps.push(step_view(state.steps[i], may_act, rights));
  }
  const auto may_act = [&](std::string_view step) {
    const auto& roles = definition.roles_of(step);
    return workflow::is_named(roles, names_in_case(services_, actor, record.agency_id, roles).names);
  };
  const Json may = rights_view(services_, actor, record.agency_id, definition, state);
  Json unanswered = Json::array();
  if (may["close"].as_bool() || may["stop"].as_bool()) {
    const Scope requests = case_requests_scope(services_, actor, record);
    for (const auto& entry : PHENDAU_TRY(unanswered_requests(services_, record.id, requests)))
      unanswered.push(entry.text);
  }
  out.set("effects", PHENDAU_TRY(case_effects_view(services_, actor, record, may_act)));
  out.set("workflow", definition.id + "@" + state.pack)
      .set("description", record.doc["description"].as_string())
      .set("definition", definition_view(definition, state, alerts, services_.env.now()))
      .set("steps", std::move(steps))
      .set("timeline", std::move(entries))
      .set("timeline_total", entries_total)
      .set("alerts_hidden", alerts.size() < record.doc["alert_ids"].size())
      .set("alerts", std::move(alerts))
      .set("links", links_view(actor, record))
      .set("classification", record.doc["classification"])
      .set("attachments", std::move(files))
      .set("next_needed", state.closed ? std::string() : need_text(definition, state))
      .set("may_close", !state.closed && workflow::can_close(definition, state).empty())
      .set("may", may)
      .set("unanswered", std::move(unanswered))
      .set("rights", std::move(may_do))
      .set("parties", parties_view(services_, record))
      .set("stop_reason", state.stopped ? Json(state.stop_reason) : Json())
      .set("summary", rights.contains(CaseRight::timeline) ? record.doc["summary"] : Json());
  return out;
}

/// The newest entries, oldest first.
Result<Json> Incidents::timeline(const ledger::Record& record, const workflow::CaseState& state,
                                 const Scope& shown) {
  Json::Array items;
  const std::size_t own = std::min(state.timeline.size(), kTimelineShown);
  for (std::size_t i = 0; i < own; ++i)
    items.push_back(entry_view(state.timeline[state.timeline.size() - 1 - i]));
  if (state.entries > 0 && items.size() < kTimelineShown) {
    const Json page =
        PHENDAU_TRY(case_entries(services_.ledger, record.id, "", kTimelineShown - items.size(), shown));
    for (const auto& item : page["items"].items()) items.push_back(item);
  }
  std::reverse(items.begin(), items.end());
  return Json::array(std::move(items));
}

Result<Json> Incidents::list(const Actor& actor, const Filter& filter) {
  using Order = Filter::Order;
  using Op = ledger::FieldFilter::Op;
  const Scope scope = PHENDAU_TRY(case_scope(actor, CaseRight::view));
  ledger::Query query = cases_query(filter.exercise);
  query.order_by = "created_at";
  query.limit = filter.limit;
  query.text = filter.text;
  if (!filter.status.empty()) query.states = {filter.status};
  if (!filter.agency_id.empty()) query.agency_ids = {filter.agency_id};
  ledger::Query first = query;
  if (filter.order != Order::newest) {
    first.order_by = "next_due";
    first.descending = false;
    first.filters.push_back({"next_due", Op::present, {}});
  }
  first.cursor = filter.order == Order::urgent ? "" : filter.cursor;
  auto page = PHENDAU_TRY(case_summaries(services_.ledger, first, scope));
  if (filter.order == Order::urgent) {
    page.next_cursor.clear();
    ledger::Query rest = query;
    rest.filters.push_back({"next_due", Op::missing, {}});
    rest.limit = query.limit - page.records.size();
    if (rest.limit > 0) {
      for (auto& record : PHENDAU_TRY(case_summaries(services_.ledger, rest, scope)).records)
        page.records.push_back(std::move(record));
    }
  }
  AgencyNames names(services_);
  Json::Array items;
  for (const auto& record : page.records) items.push_back(summary(record, nullptr, names));
  Json out = page_json(std::move(items), page.next_cursor);
  out.set("total", PHENDAU_TRY(services_.ledger.count(filter.order == Order::due ? first : query, scope)));
  return out;
}

Result<Json> Incidents::get(const Actor& actor, std::string_view id) {
  const Scope scope = PHENDAU_TRY(case_scope(actor, CaseRight::view));
  return view(actor, PHENDAU_TRY(services_.ledger.get(kCaseKind, id, scope)), everything_open_to(actor));
}

Result<Json> Incidents::start(const Actor& actor, const Opening& opening, std::vector<ledger::Write> also,
                              ledger::WriteBatch with) {
  const auto definition = PHENDAU_TRY(definitions_.current(kIncidentWorkflow));
  const UtcTime now = services_.env.now();
  workflow::Start begin;
  begin.case_id = new_ulid(services_.env);
  begin.pack = services_.pack.pack().reference();
  begin.context = Json::object({{"alert_ids", opening.alert_ids}});
  begin.detected_at = opening.detected_at;
  const auto state = workflow::start(*definition.definition, begin, actor, now);
  ledger::Write write;
  write.kind = kCaseKind;
  write.id = begin.case_id;
  write.agency_id = opening.agency_id;
  write.expected_version = 0;
  write.reason = "opened";
  write.pack = begin.pack;
  write.doc.set("workflow", definition.definition->id)
      .set("title", opening.title)
      .set("alert_ids", opening.alert_ids);
  if (!opening.description.empty()) write.doc.set("description", opening.description);
  if (opening.report_ids.size() > 0) write.doc.set("report_ids", opening.report_ids);
  if (opening.exercise) write.doc.set("exercise", true);
  if (!opening.parent_id.empty()) write.doc.set("parent_id", opening.parent_id);
  ledger::WriteBatch batch;
  put_state(batch, std::move(write), definition, state, services_.pack, now);
  for (auto& one : also) {
    one.doc.set("case_id", begin.case_id);
    batch.writes.push_back(std::move(one));
  }
  for (auto& one : with.writes) batch.writes.push_back(std::move(one));
  for (auto& one : with.derived) batch.derived.push_back(std::move(one));
  PHENDAU_TRY(services_.ledger.write_batch(batch, actor, now));
  services_.live.publish(
      {"incident", Resource::incident, opening.agency_id, Json::object({{"id", begin.case_id}})});
  return view(actor, PHENDAU_TRY(services_.ledger.get(kCaseKind, begin.case_id, everything())),
              everything_open_to(actor));
}

Result<std::optional<UtcTime>> Incidents::detected_from(const Json& body, UtcTime now) {
  const Json& value = body["detected_at"];
  if (value.is_null()) return std::optional<UtcTime>();
  const auto at = parse_rfc3339(value.as_string());
  if (!at) return bad_member("detected_at");
  if (*at <= now) return std::optional(*at);
  return fail(ErrorCode::invalid, "detected in the future", "workflow.detected_late");
}

Result<Json> Incidents::create(const Actor& actor, const Json& body) {
  Opening opening;
  opening.agency_id = body["agency_id"].as_string();
  PHENDAU_TRY(scope_covering(actor, Action::create, Resource::incident, opening.agency_id));
  PHENDAU_TRY(living_agency(services_.ledger, opening.agency_id));
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  opening.title = trim(body["title"].as_string());
  if (opening.title.empty() || opening.title.size() > 800) return bad_member("title");
  opening.description = body["description"].as_string();
  if (opening.description.size() > kDescriptionBytesMax) return bad_member("description");
  opening.detected_at = PHENDAU_TRY(detected_from(body, services_.env.now()));
  opening.exercise = body["exercise"].as_bool();
  opening.parent_id = body["parent_id"].as_string();
  if (opening.parent_id.empty()) return start(actor, opening, {});
  return anew_when_overtaken([&]() -> Result<Json> {
    auto with = PHENDAU_TRY(as_part(actor, opening));
    return start(actor, opening, {}, std::move(with));
  });
}

namespace {

/// Somebody works on the alert now; the batch that it goes into says in which case.
ledger::Write taken_on(const ledger::Record& alert, const Actor& actor) {
  ledger::Write out = ledger::rewrite(alert, "incident opened");
  out.state = "acknowledged";
  if (!out.doc.contains("assignee")) out.doc.set("assignee", actor.user_id);
  return out;
}

}  // namespace

Result<ledger::Write> Incidents::alert_for_case(const Actor& actor, std::string_view alert_id,
                                                std::string_view agency_id) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::alert));
  const auto alert = PHENDAU_TRY(services_.ledger.get("alert", alert_id, scope));
  if (alert.agency_id != agency_id)
    return fail(ErrorCode::conflict, "the alert is another agency's", "case.other_agency");
  if (alert.doc["case_id"].is_string())
    return fail(ErrorCode::conflict, "the alert has a case", "case.alert_taken");
  return taken_on(alert, actor);
}

Result<Incidents::Opened> Incidents::open_from_alert(const Actor& actor, std::string_view alert_id) {
  const Scope alert_scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::alert));
  const auto alert = PHENDAU_TRY(services_.ledger.get("alert", alert_id, alert_scope));
  PHENDAU_TRY(scope_covering(actor, Action::create, Resource::incident, alert.agency_id));
  if (alert.doc["case_id"].is_string()) {
    return Opened{PHENDAU_TRY(get(actor, alert.doc["case_id"].as_string())), false};
  }
  Opening opening;
  opening.agency_id = alert.agency_id;
  opening.title = alert.doc["rule_title"].as_string();
  const std::string& host = alert.doc["host"].as_string();
  if (!host.empty()) opening.title += " - " + host;
  opening.alert_ids = Json::array({Json(alert.id)});
  opening.detected_at = std::min(alert.created_at, services_.env.now());  // when the hub said so
  std::vector<ledger::Write> also;
  also.push_back(taken_on(alert, actor));
  return Opened{PHENDAU_TRY(start(actor, opening, std::move(also))), true};
}

std::vector<workflow::Attachment> Incidents::attachments_named(const Json& digests,
                                                               std::string_view case_id) {
  std::vector<workflow::Attachment> out;
  for (const auto& digest : digests.items()) {
    ledger::Query query;
    query.kind = kAttachment;
    query.filters.push_back({"sha256", ledger::FieldFilter::Op::equal, {digest}});
    query.filters.push_back({"case_id", ledger::FieldFilter::Op::equal, {Json(case_id)}});
    query.limit = 1;
    const auto page = services_.ledger.list(query, everything_unsealed());
    if (!page || page->records.empty()) continue;
    workflow::Attachment one;
    one.sha256 = digest.as_string();
    one.name = page->records[0].doc["name"].as_string();
    one.size_bytes = static_cast<std::uint64_t>(page->records[0].doc["size_bytes"].as_int());
    out.push_back(std::move(one));
  }
  return out;
}

Result<Incidents::Loaded> Incidents::load(const Actor& actor, std::string_view id, CaseRight right) {
  Loaded out;
  out.scope = PHENDAU_TRY(case_scope(actor, right));
  out.record = PHENDAU_TRY(services_.ledger.get(kCaseKind, id, out.scope));
  auto opened = PHENDAU_TRY(definitions_.open(out.record));
  out.state = std::move(opened.state);
  out.definition = std::move(opened.definition);
  return out;
}

Result<Json> Incidents::save(const Actor& actor, const Loaded& loaded, const Change& change) {
  const ledger::Record& record = loaded.record;
  const UtcTime now = services_.env.now();
  ledger::Write write = ledger::rewrite(record, change.reason);
  for (const auto& [name, value] : change.more.members()) write.doc.set(name, value);
  write.scope = loaded.scope;
  ledger::WriteBatch batch;
  put_state(batch, std::move(write), loaded.definition, change.state, services_.pack, now);
  batch.writes.insert(batch.writes.end(), change.with.writes.begin(), change.with.writes.end());
  batch.derived.insert(batch.derived.end(), change.with.derived.begin(), change.with.derived.end());
  PHENDAU_TRY(tell_parent(change.by, loaded, change.state, batch));
  PHENDAU_TRY(services_.ledger.write_batch(batch, change.by, now));
  published(record);
  return view(actor, PHENDAU_TRY(services_.ledger.get(kCaseKind, record.id, loaded.scope)),
              everything_open_to(actor));
}

Result<Json> Incidents::change(const Actor& actor, std::string_view id, CaseRight right,
                               const std::function<Result<Change>(const Loaded&)>& made_of) {
  return anew_when_overtaken([&]() -> Result<Json> {
    const Loaded loaded = PHENDAU_TRY(load(actor, id, right));
    return save(actor, loaded, PHENDAU_TRY(made_of(loaded)));
  });
}

Result<Json> Incidents::act(const Actor& actor, std::string_view id, std::string_view step,
                            const Json& body) {
  const auto verb = workflow::verb_from(body["verb"].as_string());
  if (!verb) return fail(ErrorCode::invalid, "unknown verb", "request.invalid", {"verb"});
  const bool adds = *verb == workflow::Verb::note || *verb == workflow::Verb::attach;
  return change(
      actor, id, adds ? CaseRight::note : CaseRight::act, [&](const Loaded& loaded) -> Result<Change> {
        const workflow::Definition& definition = *loaded.definition.definition;
        PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
        workflow::Move move;
        move.step = step;
        move.verb = *verb;
        if (body["doc"].is_object()) move.doc = body["doc"];
        move.reason = body["reason"].as_string();
        move.attachments = attachments_named(body["attachments"], id);
        const auto* rule = definition.find(step);
        auto standing = names_in_case(services_, actor, loaded.record.agency_id,
                                      rule != nullptr ? rule->roles : std::vector<std::string>());
        move.names = std::move(standing.names);
        const auto next =
            PHENDAU_TRY(workflow::act(definition, loaded.state, move, standing.actor, services_.env.now()));
        return Change{standing.actor, next, std::string(step) + " " + body["verb"].as_string()};
      });
}

Result<workflow::CaseState> Incidents::ending(const Loaded& loaded, const Actor& by) {
  workflow::CaseState out = loaded.state;
  for (auto& entry : PHENDAU_TRY(unanswered_requests(services_, loaded.record.id, everything()))) {
    entry.at = services_.env.now();
    entry.by = by.user_id;
    entry.by_name = by.name;
    entry.role = to_string(by.role);
    out.timeline.push_back(std::move(entry));
  }
  return out;
}

Result<Json> Incidents::close(const Actor& actor, std::string_view id, std::string_view summary) {
  return change(actor, id, CaseRight::act, [&](const Loaded& loaded) -> Result<Change> {
    const workflow::Definition& definition = *loaded.definition.definition;
    if (trim(summary).empty())
      return fail(ErrorCode::invalid, "summary is missing", "request.invalid", {"summary"});
    PHENDAU_TRY(check_typed(services_.pack.upload_policy(), Json(summary)));
    const auto standing = names_in_case(services_, actor, loaded.record.agency_id, definition.close_roles);
    workflow::CaseState state = PHENDAU_TRY(ending(loaded, standing.actor));
    state.open_sub_cases = PHENDAU_TRY(open_parts(loaded.definition, loaded.record.id));
    const auto closed = PHENDAU_TRY(
        workflow::close(definition, state, standing.actor, services_.env.now(), summary, standing.names));
    return Change{standing.actor, closed, "closed", Json::object({{"summary", summary}})};
  });
}

Result<Json> Incidents::stop(const Actor& actor, std::string_view id, std::string_view reason) {
  return change(actor, id, CaseRight::act, [&](const Loaded& loaded) -> Result<Change> {
    const workflow::Definition& definition = *loaded.definition.definition;
    PHENDAU_TRY(check_typed(services_.pack.upload_policy(), Json(reason)));
    const auto standing = names_in_case(services_, actor, loaded.record.agency_id,
                                        definition.stop_roles.value_or(workflow::Names()));
    const auto stopped =
        PHENDAU_TRY(workflow::stop(definition, PHENDAU_TRY(ending(loaded, standing.actor)), standing.actor,
                                   services_.env.now(), reason, standing.names));
    return Change{standing.actor, stopped, "stopped"};
  });
}

Result<Json> Incidents::reopen(const Actor& actor, std::string_view id, std::string_view reason) {
  return change(actor, id, CaseRight::act, [&](const Loaded& loaded) -> Result<Change> {
    const workflow::Definition& definition = *loaded.definition.definition;
    if (loaded.record.doc["merged_into"].is_string())
      return fail(ErrorCode::conflict, "the case was merged into another", "case.merged");
    PHENDAU_TRY(check_typed(services_.pack.upload_policy(), Json(reason)));
    const auto standing = names_in_case(services_, actor, loaded.record.agency_id,
                                        definition.reopen_roles.value_or(workflow::Names()));
    const auto open = PHENDAU_TRY(workflow::reopen(definition, loaded.state, standing.actor,
                                                   services_.env.now(), reason, standing.names));
    return Change{standing.actor, open, "reopened"};
  });
}

Result<Json> Incidents::correct_detected(const Actor& actor, std::string_view id, const Json& body) {
  return change(actor, id, CaseRight::act, [&](const Loaded& loaded) -> Result<Change> {
    const workflow::Definition& definition = *loaded.definition.definition;
    PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
    const UtcTime now = services_.env.now();
    const auto at = PHENDAU_TRY(detected_from(body, now));
    if (!at) return bad_member("detected_at");
    const auto standing = names_in_case(services_, actor, loaded.record.agency_id, definition.close_roles);
    const auto next = PHENDAU_TRY(workflow::correct_detected(
        definition, loaded.state, *at, standing.actor, now, body["reason"].as_string(), standing.names));
    return Change{standing.actor, next, "detected"};
  });
}

Result<Json> Incidents::note_sealed(const Actor& actor, std::string_view id, const Json& body) {
  return change(actor, id, CaseRight::note, [&](const Loaded& loaded) -> Result<Change> {
    PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
    const std::string text =
        PHENDAU_TRY(required_text(body["text"].as_string(), "text", workflow::kReasonBytesMax));
    const Seal seal = PHENDAU_TRY(seal_of(actor, loaded.record, texts_from(body["sealed_for"])));
    workflow::TimelineEntry entry;
    entry.what = "note";
    entry.text = text;
    entry.sealed_by = seal.by;
    entry.sealed_for = seal.for_bodies;
    const auto next =
        PHENDAU_TRY(workflow::with_entry(loaded.state, std::move(entry), actor, services_.env.now()));
    return Change{actor, next, "sealed note"};
  });
}

Result<Json> Incidents::lift_seal(const Actor& actor, std::string_view id, const Json& body) {
  const std::string& name = body["record"].as_string();
  const std::size_t slash = std::min(name.find('/'), name.size());
  const std::string kind = name.substr(0, slash);
  if (kind != kCaseEntryKind && kind != kAttachment) return bad_member("record");
  const std::string reason =
      PHENDAU_TRY(required_text(body["reason"].as_string(), "reason", workflow::kReasonBytesMax));
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  return change(actor, id, CaseRight::note, [&](const Loaded& loaded) -> Result<Change> {
    const auto sealed =
        PHENDAU_TRY(services_.ledger.get(kind, name.substr(slash + 1), everything_open_to(actor)));
    if (sealed.doc["case_id"].as_string() != id)
      return fail(ErrorCode::not_found, "not of this case", "error.not_found");
    if (!sealed.doc["sealed"].as_bool())
      return fail(ErrorCode::conflict, "it is not sealed", "coordination.not_sealed");
    if (!is_own_body(actor, sealed.agency_id))
      return fail(ErrorCode::denied, "another body sealed it", "coordination.seal_of_others",
                  {agency_name(services_, sealed.agency_id)});
    ledger::Write write = ledger::rewrite(sealed, reason);
    write.agency_id = loaded.record.agency_id;
    write.doc.erase("sealed");
    write.doc.erase("sealed_for");
    workflow::TimelineEntry entry{
        services_.env.now(),
        actor.user_id,
        actor.name,
        std::string(to_string(actor.role)),
        "",
        "unsealed",
        tr(Lang::vi, "coordination.unsealed", {agency_name(services_, sealed.agency_id), reason})};
    Change out{actor, PHENDAU_TRY(workflow::note_fact(loaded.state, std::move(entry))), "seal lifted"};
    out.with.writes.push_back(std::move(write));
    return out;
  });
}

/// Whose seal it is, and whom it lets read: bodies that have part in the case.
Result<Incidents::Seal> Incidents::seal_of(const Actor& actor, const ledger::Record& record,
                                           std::vector<std::string> for_bodies) {
  auto bodies = party_agencies(record, CaseRight::view);
  bodies.push_back(record.agency_id);
  const auto& own = actor.agency_ids;
  Seal out;
  const auto mine = std::find_first_of(bodies.begin(), bodies.end(), own.begin(), own.end());
  if (mine != bodies.end())
    out.by = *mine;
  else if (!own.empty())
    out.by = own.front();
  else
    return fail(ErrorCode::invalid, "the account belongs to no body", "coordination.no_body");
  if (for_bodies.size() > kCasePartiesMax) return bad_member("sealed_for");
  for (const auto& body : for_bodies) {
    if (!services_.ledger.get("agency", body, everything())) return bad_member("sealed_for");
  }
  out.for_bodies = std::move(for_bodies);
  return out;
}

Result<Json> Incidents::whole(const Actor& actor, std::string_view id) {
  const Scope scope = PHENDAU_TRY(case_scope(actor, CaseRight::view));
  const auto record = PHENDAU_TRY(services_.ledger.get(kCaseKind, id, scope));
  Json out = PHENDAU_TRY(view(actor, record, everything_unsealed()));
  if (!case_rights(actor, record).contains(CaseRight::timeline)) return out;
  Json::Array items;
  std::string cursor;
  do {
    const Json page = PHENDAU_TRY(entries(record, cursor, ledger::kListLimitMax, everything_unsealed()));
    for (const auto& item : page["items"].items()) items.push_back(item);
    cursor = page["next_cursor"].string_or("");
  } while (!cursor.empty());
  std::reverse(items.begin(), items.end());
  out.set("timeline", Json::array(std::move(items)));
  return out;
}

Result<Json> Incidents::entries(const Actor& actor, std::string_view id, std::string_view cursor,
                                std::size_t limit) {
  const Scope scope = PHENDAU_TRY(case_scope(actor, CaseRight::timeline));
  const auto record = PHENDAU_TRY(services_.ledger.get(kCaseKind, id, scope));
  return entries(record, cursor, limit, everything_open_to(actor));
}

Result<Json> Incidents::entries(const ledger::Record& record, std::string_view cursor, std::size_t limit,
                                const Scope& shown) {
  const auto state = PHENDAU_TRY(workflow::from_json(record.doc["state"]));
  if (state.timeline.empty()) return case_entries(services_.ledger, record.id, cursor, limit, shown);
  Json::Array items;  // a case from before, untouched since: few enough for one answer
  for (auto at = state.timeline.rbegin(); at != state.timeline.rend(); ++at) items.push_back(entry_view(*at));
  return page_json(std::move(items), "");
}

Result<Json> Incidents::attach(const Actor& actor, const Upload& upload) {
  std::string agency_id = upload.agency_id;
  std::optional<Seal> seal;
  if (!upload.case_id.empty()) {
    const Scope scope = PHENDAU_TRY(case_scope(actor, CaseRight::note));
    const auto record = PHENDAU_TRY(services_.ledger.get(kCaseKind, upload.case_id, scope));
    agency_id = record.agency_id;
    PHENDAU_TRY(scope_for(actor, Action::create, Resource::attachment));
    if (upload.sealed) {
      seal = PHENDAU_TRY(seal_of(actor, record, upload.sealed_for));
      agency_id = seal->by;
    }
  } else if (!upload.record.empty()) {
    agency_id = PHENDAU_TRY(record_to_attach(actor, upload.record)).agency_id;
  } else {
    PHENDAU_TRY(scope_covering(actor, Action::create, Resource::attachment, agency_id));
  }
  const auto checked = PHENDAU_TRY(check_upload(services_.pack.upload_policy(), upload.name, upload.bytes));
  const std::string digest = PHENDAU_TRY(services_.ledger.put_blob(upload.bytes));
  PHENDAU_ASSERT(digest == checked.sha256);
  ledger::Write write;
  write.kind = kAttachment;
  write.agency_id = agency_id;
  write.state = "stored";
  write.reason = "uploaded";
  write.doc.set("sha256", digest)
      .set("name", checked.name)
      .set("media_type", checked.media_type)
      .set("size_bytes", checked.size_bytes)
      .set("inspected", checked.inspected);
  if (!upload.case_id.empty()) write.doc.set("case_id", upload.case_id);
  if (!upload.record.empty()) write.doc.set("record", upload.record);
  if (seal) write.doc.set("sealed", true).set("sealed_for", texts_json(seal->for_bodies));
  PHENDAU_TRY(services_.ledger.write(write, actor, services_.env.now()));
  return Json::object({{"sha256", digest},
                       {"name", checked.name},
                       {"size_bytes", checked.size_bytes},
                       {"content_type", checked.media_type},
                       {"inspected", checked.inspected}});
}

Result<ledger::Record> Incidents::record_named(const Actor& actor, Action action, std::string_view name) {
  const std::size_t slash = name.find('/');
  const RegisterKind* kind = services_.pack.pack().reg(name.substr(0, slash));
  if (slash == std::string_view::npos || kind == nullptr || !kind->is_kept_by_people())
    return fail(ErrorCode::not_found, "no such record", "error.not_found");
  const Scope scope = record_scope(services_, actor, action, *kind, "");
  return services_.ledger.get(kind->spec.name, name.substr(slash + 1), scope);
}

/// Who may change the record adds to it, and the addressee while a move of its own is open.
Result<ledger::Record> Incidents::record_to_attach(const Actor& actor, std::string_view name) {
  auto own = record_named(actor, Action::update, name);
  if (own) return own;
  const auto sent = record_named(actor, Action::decide, name);
  if (!sent) return own;
  const RegisterKind& kind = *services_.pack.pack().reg(sent->kind);
  const Scope decide = record_scope(services_, actor, Action::decide, kind, "");
  if (has_move(kind, sent->state, names_as_addressee(kind, *sent, decide))) return *sent;
  return own;
}

/// A file is read by whoever may read what it hangs on: a case, a record, or its agency's files.
bool Incidents::may_read_file(const Actor& actor, const ledger::Record& file) {
  const std::string& record = file.doc["record"].as_string();
  // What may be sealed opens its files with itself alone.
  if (may_be_sealed(services_.ledger, record)) return record_named(actor, Action::read, record).has_value();
  if (file.doc["sealed"].as_bool()) return true;  // the list asked the seal
  if (authorize(actor, Action::read, Resource::attachment).covers(file.agency_id)) return true;
  const std::string& case_id = file.doc["case_id"].as_string();
  if (!case_id.empty())
    return services_.ledger.get(kCaseKind, case_id, authorize_case(actor, CaseRight::files)).has_value();
  return record_named(actor, Action::read, record).has_value();
}

Result<Incidents::Download> Incidents::download(const Actor& actor, std::string_view sha256) {
  PHENDAU_TRY(scope_for(actor, Action::read, Resource::attachment));
  ledger::Query query;
  query.kind = kAttachment;
  query.filters.push_back({"sha256", ledger::FieldFilter::Op::equal, {Json(sha256)}});
  query.limit = ledger::kListLimitMax;
  // The same bytes may hang on several cases and records: one that the actor may read is enough.
  const auto page = PHENDAU_TRY(services_.ledger.list(query, everything_open_to(actor)));
  const auto found = std::find_if(page.records.begin(), page.records.end(),
                                  [&](const auto& one) { return may_read_file(actor, one); });
  if (found == page.records.end()) return fail(ErrorCode::not_found, "no such file", "error.not_found");
  const auto& record = *found;
  Download out;
  out.name = record.doc["name"].as_string();
  out.media_type = record.doc["media_type"].as_string();
  out.file = PHENDAU_TRY(services_.ledger.open_blob(sha256));
  return out;
}

}  // namespace phendau::hub
