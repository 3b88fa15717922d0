// SPDX-License-Identifier: Apache-2.0
#include "hub/incidents.h"

#include <algorithm>

#include "base/text.h"
#include "base/texts.h"
#include "hub/attachments.h"
#include "hub/record_checks.h"
#include "hub/records.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kCaseKind = "case";
constexpr std::string_view kAttachment = "attachment";

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

bool is_finished(const workflow::StepState& step) {
  return step.status == workflow::StepStatus::done || step.status == workflow::StepStatus::skipped;
}

Json definition_view(const workflow::Definition& definition) {
  Json steps = Json::array();
  for (const auto& step : definition.steps) {
    Json roles = Json::array();
    for (const auto& role : step.roles) roles.push(role);
    steps.push(Json::object({{"id", step.id},
                             {"title", step.title_vi},
                             {"advice", step.text_vi},
                             {"citation", step.citation},
                             {"form", step.form},
                             {"may_skip", step.may_skip},
                             {"roles", std::move(roles)}}));
  }
  return Json::object({{"title", definition.title_vi}, {"steps", std::move(steps)}});
}

Json steps_view(const workflow::CaseState& state) {
  Json out = Json::array();
  for (const auto& step : state.steps) {
    Json files = Json::array();
    for (const auto& file : step.attachments) files.push(file.sha256);
    const auto at = step.finished_at ? step.finished_at : step.began_at;
    out.push(Json::object({{"id", step.id},
                           {"state", shown_state(step.status)},
                           {"by", step.finished_by_name.empty() ? Json() : Json(step.finished_by_name)},
                           {"at", time_or_null(at)},
                           {"doc", step.doc},
                           {"skip_reason", step.skip_reason.empty() ? Json() : Json(step.skip_reason)},
                           {"attachments", std::move(files)}}));
  }
  return out;
}

Json timeline_view(const workflow::CaseState& state) {
  Json out = Json::array();
  for (const auto& entry : state.timeline) {
    out.push(Json::object({{"at", format_rfc3339(entry.at)},
                           {"by", entry.by_name},
                           {"kind", entry.what == "attach" ? "attachment" : entry.what},
                           {"text", entry.text},
                           {"step", entry.step}}));
  }
  return out;
}

Json clocks_view(const ActivePack& pack, const workflow::Definition& definition,
                 const workflow::CaseState& state, UtcTime now) {
  Json out = Json::array();
  for (const auto& clock : pack.clocks_of(definition, state, now)) {
    if (clock.stopped) continue;
    out.push(Json::object(
        {{"label", clock.label_vi}, {"due_at", format_rfc3339(clock.due_at)}, {"overdue", clock.overdue}}));
  }
  return out;
}

std::string need_text(const workflow::Definition& definition, const workflow::CaseState& state) {
  const auto need = workflow::next_needed(definition, state);
  if (!need) return "";
  std::vector<std::string> parts = {need->title_vi + "."};
  for (const auto& field : need->fields) parts.push_back(field.to_text(Lang::vi));
  for (const auto& guard : need->guards) parts.push_back(explain(Lang::vi, guard));
  return join(parts, " ");
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
  Actor self = actor;
  self.delegations.clear();
  const Scope own = authorize(self, Action::update, Resource::incident);
  const bool asked_in = own.reach == Scope::Reach::invited;  // the ledger asked whether into this case
  CaseStanding out{actor, {}};
  if (own.covers(agency_id) || asked_in) out.names.emplace_back(to_string(actor.role));
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

Result<const workflow::Definition*> Incidents::definition_of(const ledger::Record& record) const {
  const auto* definition = services_.pack.workflow(record.doc["workflow"].as_string());
  if (definition == nullptr) {
    return fail(ErrorCode::corrupt, "the pack in force lacks the case's workflow", "incident.no_workflow");
  }
  return definition;
}

Json Incidents::summary(const ledger::Record& record, const workflow::Definition& definition,
                        const workflow::CaseState& state) {
  std::int64_t done = 0;
  std::string current;
  for (const auto& step : state.steps) {
    if (is_finished(step))
      ++done;
    else if (current.empty())
      current = definition.find(step.id) ? definition.find(step.id)->title_vi : step.id;
  }
  // A file keeps the name of its date; an open one says who works on it.
  const auto name_at = [&](UtcTime at) {
    return agency_name_at(services_, owner_at(services_, kCaseKind, record.id, record.agency_id, at), at);
  };
  return Json::object({{"id", record.id},
                       {"title", record.doc["title"]},
                       {"agency_id", record.agency_id},
                       {"agency_name", name_at(state.closed_at.value_or(services_.env.now()))},
                       {"opened_agency_name", name_at(state.opened_at)},
                       {"status", record.state},
                       {"opened_at", format_rfc3339(state.opened_at)},
                       {"closed_at", time_or_null(state.closed_at)},
                       {"steps_done", done},
                       {"steps_total", state.steps.size()},
                       {"current_step", current},
                       {"clocks", clocks_view(services_.pack, definition, state, services_.env.now())}});
}

Result<Json> Incidents::view(const Actor& actor, const ledger::Record& record) {
  const auto* definition = PHENDAU_TRY(definition_of(record));
  const auto state = PHENDAU_TRY(workflow::from_json(record.doc["state"]));
  Json out = summary(record, *definition, state);
  Json alerts = Json::array();
  const Scope alert_scope = authorize(actor, Action::read, Resource::alert);
  for (const auto& id : record.doc["alert_ids"].items()) {
    const auto alert = services_.ledger.get("alert", id.as_string(), alert_scope);
    if (alert) alerts.push(alerts_.view(*alert));
  }
  Json files = PHENDAU_TRY(attachments_of(services_, "case_id", record.id));
  out.set("workflow", definition->id + "@" + state.pack)
      .set("description", record.doc["description"].as_string())
      .set("definition", definition_view(*definition))
      .set("steps", steps_view(state))
      .set("timeline", timeline_view(state))
      .set("alerts", std::move(alerts))
      .set("attachments", std::move(files))
      .set("next_needed", state.closed ? std::string() : need_text(*definition, state))
      .set("may_close", !state.closed && workflow::can_close(*definition, state).empty())
      .set("summary", record.doc["summary"]);
  return out;
}

Result<Json> Incidents::list(const Actor& actor, std::string_view status, std::string_view agency_id,
                             std::string_view cursor, std::size_t limit) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::incident));
  ledger::Query query;
  query.kind = kCaseKind;
  query.order_by = "created_at";
  query.limit = limit;
  query.cursor = cursor;
  if (!status.empty()) query.states = {std::string(status)};
  if (!agency_id.empty()) query.agency_ids = {std::string(agency_id)};
  const auto page = PHENDAU_TRY(services_.ledger.list(query, scope));
  Json::Array items;
  for (const auto& record : page.records) {
    const auto* definition = PHENDAU_TRY(definition_of(record));
    items.push_back(summary(record, *definition, PHENDAU_TRY(workflow::from_json(record.doc["state"]))));
  }
  Json out = page_json(std::move(items), page.next_cursor);
  out.set("total", PHENDAU_TRY(services_.ledger.count(query, scope)));
  return out;
}

Result<Json> Incidents::get(const Actor& actor, std::string_view id) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::incident));
  return view(actor, PHENDAU_TRY(services_.ledger.get(kCaseKind, id, scope)));
}

Result<Json> Incidents::start(const Actor& actor, const std::string& agency_id, const std::string& title,
                              Json alert_ids, const std::string& description,
                              std::vector<ledger::Write> also) {
  const auto* definition = services_.pack.workflow(kIncidentWorkflow);
  if (definition == nullptr) return fail(ErrorCode::corrupt, "no incident workflow", "incident.no_workflow");
  const UtcTime now = services_.env.now();
  const std::string id = new_ulid(services_.env);
  workflow::Start begin;
  begin.case_id = id;
  begin.pack = services_.pack.pack().reference();
  begin.context = Json::object({{"alert_ids", alert_ids}});
  const auto state = workflow::start(*definition, begin, actor, now);
  ledger::Write write;
  write.kind = kCaseKind;
  write.id = id;
  write.agency_id = agency_id;
  write.state = "open";
  write.expected_version = 0;
  write.reason = "opened";
  write.pack = begin.pack;
  write.doc.set("workflow", definition->id)
      .set("title", title)
      .set("alert_ids", std::move(alert_ids))
      .set("state", workflow::to_json(state));
  if (!description.empty()) write.doc.set("description", description);
  ledger::WriteBatch batch;
  batch.writes.push_back(std::move(write));
  for (auto& one : also) {
    one.doc.set("case_id", id);
    batch.writes.push_back(std::move(one));
  }
  PHENDAU_TRY(services_.ledger.write_batch(batch, actor, now));
  services_.live.publish({"incident", Resource::incident, agency_id, Json::object({{"id", id}})});
  return view(actor, PHENDAU_TRY(services_.ledger.get(kCaseKind, id, everything())));
}

Result<Json> Incidents::create(const Actor& actor, const Json& body) {
  const std::string& agency_id = body["agency_id"].as_string();
  PHENDAU_TRY(scope_covering(actor, Action::create, Resource::incident, agency_id));
  PHENDAU_TRY(living_agency(services_.ledger, agency_id));
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  const std::string title(trim(body["title"].as_string()));
  if (title.empty() || title.size() > 800) {
    return fail(ErrorCode::invalid, "title is missing or too long", "request.invalid", {"title"});
  }
  return start(actor, agency_id, title, Json::array(), body["description"].as_string(), {});
}

Result<Incidents::Opened> Incidents::open_from_alert(const Actor& actor, std::string_view alert_id) {
  const Scope alert_scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::alert));
  const auto alert = PHENDAU_TRY(services_.ledger.get("alert", alert_id, alert_scope));
  PHENDAU_TRY(scope_covering(actor, Action::create, Resource::incident, alert.agency_id));
  if (alert.doc["case_id"].is_string()) {
    return Opened{PHENDAU_TRY(get(actor, alert.doc["case_id"].as_string())), false};
  }
  ledger::Write mark;
  mark.kind = "alert";
  mark.id = alert.id;
  mark.agency_id = alert.agency_id;
  mark.state = "acknowledged";
  mark.doc = alert.doc;
  mark.expected_version = alert.version;
  mark.reason = "incident opened";
  if (!mark.doc.contains("assignee")) mark.doc.set("assignee", actor.user_id);
  std::string title = alert.doc["rule_title"].as_string();
  const std::string host = alert.doc["host"].as_string();
  if (!host.empty()) title += " - " + host;
  std::vector<ledger::Write> also;
  also.push_back(std::move(mark));
  Json view =
      PHENDAU_TRY(start(actor, alert.agency_id, title, Json::array({Json(alert.id)}), "", std::move(also)));
  return Opened{std::move(view), true};
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
    const auto page = services_.ledger.list(query, everything());
    if (!page || page->records.empty()) continue;
    workflow::Attachment one;
    one.sha256 = digest.as_string();
    one.name = page->records[0].doc["name"].as_string();
    one.size_bytes = static_cast<std::uint64_t>(page->records[0].doc["size_bytes"].as_int());
    out.push_back(std::move(one));
  }
  return out;
}

Result<Json> Incidents::save(const Actor& actor, const ledger::Record& record,
                             const workflow::CaseState& state, const Scope& scope, std::string reason,
                             const Json& more) {
  ledger::Write write;
  write.kind = kCaseKind;
  write.id = record.id;
  write.agency_id = record.agency_id;
  write.state = state.closed ? "closed" : "open";
  write.doc = record.doc;
  write.doc.set("state", workflow::to_json(state));
  for (const auto& [name, value] : more.members()) write.doc.set(name, value);
  write.expected_version = record.version;
  write.scope = scope;
  write.reason = std::move(reason);
  PHENDAU_TRY(services_.ledger.write(write, actor, services_.env.now()));
  services_.live.publish(
      {"incident", Resource::incident, record.agency_id, Json::object({{"id", record.id}})});
  return view(actor, PHENDAU_TRY(services_.ledger.get(kCaseKind, record.id, scope)));
}

Result<Json> Incidents::act(const Actor& actor, std::string_view id, std::string_view step,
                            const Json& body) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::update, Resource::incident));
  const auto record = PHENDAU_TRY(services_.ledger.get(kCaseKind, id, scope));
  const auto* definition = PHENDAU_TRY(definition_of(record));
  const auto state = PHENDAU_TRY(workflow::from_json(record.doc["state"]));
  const auto verb = workflow::verb_from(body["verb"].as_string());
  if (!verb) return fail(ErrorCode::invalid, "unknown verb", "request.invalid", {"verb"});
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  workflow::Move move;
  move.step = step;
  move.verb = *verb;
  if (body["doc"].is_object()) move.doc = body["doc"];
  move.reason = body["reason"].as_string();
  move.attachments = attachments_named(body["attachments"], id);
  const auto* rule = definition->find(step);
  auto standing = names_in_case(services_, actor, record.agency_id,
                                rule != nullptr ? rule->roles : std::vector<std::string>());
  move.names = std::move(standing.names);
  const auto next = PHENDAU_TRY(workflow::act(*definition, state, move, standing.actor, services_.env.now()));
  return save(standing.actor, record, next, scope, std::string(step) + " " + body["verb"].as_string(),
              Json::object());
}

Result<Json> Incidents::close(const Actor& actor, std::string_view id, std::string_view summary) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::update, Resource::incident));
  const auto record = PHENDAU_TRY(services_.ledger.get(kCaseKind, id, scope));
  const auto* definition = PHENDAU_TRY(definition_of(record));
  const auto state = PHENDAU_TRY(workflow::from_json(record.doc["state"]));
  if (trim(summary).empty())
    return fail(ErrorCode::invalid, "summary is missing", "request.invalid", {"summary"});
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), Json(summary)));
  const UtcTime now = services_.env.now();
  const auto standing = names_in_case(services_, actor, record.agency_id, definition->close_roles);
  const auto closed =
      PHENDAU_TRY(workflow::close(*definition, state, standing.actor, now, summary, standing.names));
  Json more = Json::object({{"closed_at", format_rfc3339(now)}, {"summary", summary}});
  return save(standing.actor, record, closed, scope, "closed", more);
}

Result<Json> Incidents::attach(const Actor& actor, const Upload& upload) {
  std::string agency_id = upload.agency_id;
  if (!upload.case_id.empty()) {
    const Scope scope = PHENDAU_TRY(scope_for(actor, Action::update, Resource::incident));
    agency_id = PHENDAU_TRY(services_.ledger.get(kCaseKind, upload.case_id, scope)).agency_id;
    PHENDAU_TRY(scope_for(actor, Action::create, Resource::attachment));
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
  if (authorize(actor, Action::read, Resource::attachment).covers(file.agency_id)) return true;
  const std::string& case_id = file.doc["case_id"].as_string();
  if (!case_id.empty())
    return services_.ledger.get(kCaseKind, case_id, authorize(actor, Action::read, Resource::incident))
        .has_value();
  const std::string& record = file.doc["record"].as_string();
  return record_named(actor, Action::read, record).has_value();
}

Result<Incidents::Download> Incidents::download(const Actor& actor, std::string_view sha256) {
  PHENDAU_TRY(scope_for(actor, Action::read, Resource::attachment));
  ledger::Query query;
  query.kind = kAttachment;
  query.filters.push_back({"sha256", ledger::FieldFilter::Op::equal, {Json(sha256)}});
  query.limit = ledger::kListLimitMax;
  // The same bytes may hang on several cases and records: one that the actor may read is enough.
  const auto page = PHENDAU_TRY(services_.ledger.list(query, everything()));
  const auto found = std::find_if(page.records.begin(), page.records.end(),
                                  [&](const auto& one) { return may_read_file(actor, one); });
  if (found == page.records.end()) return fail(ErrorCode::not_found, "no such file", "error.not_found");
  const auto& record = *found;
  const auto file = PHENDAU_TRY(services_.ledger.open_blob(sha256));
  Download out;
  out.name = record.doc["name"].as_string();
  out.media_type = record.doc["media_type"].as_string();
  out.bytes = PHENDAU_TRY(file->read_at(0, static_cast<std::size_t>(PHENDAU_TRY(file->size()))));
  return out;
}

}  // namespace phendau::hub
