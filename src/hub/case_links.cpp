// SPDX-License-Identifier: Apache-2.0
// What ties cases to alerts, to reports and to each other: more alerts for a case, two cases made one.
#include <algorithm>

#include "base/texts.h"
#include "hub/case_parties.h"
#include "hub/incident_reports.h"
#include "hub/incidents.h"
#include "hub/upload_guard.h"

namespace phendau::hub {
namespace {

constexpr std::size_t kLinkReasonBytesMax = 2'000;

bool holds_id(const Json& list, const Json& one) {
  return std::find(list.items().begin(), list.items().end(), one) != list.items().end();
}

/// `list` and what `more` has besides; `limit` over `max`.
Result<Json> joined_ids(const Json& list, const Json& more, std::size_t max) {
  Json out = list.is_array() ? list : Json::array();
  for (const auto& one : more.items()) {
    if (!holds_id(out, one)) out.push(one);
  }
  if (out.size() > max) return fail(ErrorCode::limit, "a case holds no more", "case.too_many");
  return out;
}

/// Cases that were opened as parts of this one, oldest first.
ledger::Query parts_query(std::string_view case_id) {
  ledger::Query out;
  out.kind = kCaseKind;
  out.filters.push_back({"parent_id", ledger::FieldFilter::Op::equal, {Json(std::string(case_id))}});
  out.order_by = "created_at";
  out.descending = false;
  out.limit = kSubCasesMax;
  return out;
}

Json link_of(const ledger::Record& record) {
  return Json::object({{"id", record.id}, {"title", record.doc["title"]}, {"state", record.state}});
}

}  // namespace

void Incidents::published(const ledger::Record& record) {
  services_.live.publish({"incident", Resource::incident, record.agency_id, Json::object({{"id", record.id}}),
                          "", party_agencies(record, CaseRight::view)});
}

Result<> Incidents::note_in(ledger::WriteBatch& batch, const Actor& actor, const ledger::Record& record,
                            const std::string& text, const Json& more) {
  const auto opened = PHENDAU_TRY(definitions_.open(record));
  const UtcTime now = services_.env.now();
  workflow::Move note;
  note.reason = text;
  const auto state =
      PHENDAU_TRY(workflow::act(*opened.definition.definition, opened.state, note, actor, now));
  ledger::Write write = ledger::rewrite(record, "linked");
  for (const auto& [name, value] : more.members()) write.doc.set(name, value);
  put_state(batch, std::move(write), opened.definition, state, services_.pack, now);
  return {};
}

Result<Json> Incidents::add_alerts(const Actor& actor, std::string_view id, const Json& body) {
  const std::string reason =
      PHENDAU_TRY(required_text(body["reason"].as_string(), "reason", kLinkReasonBytesMax));
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  const Json& wanted = body["alert_ids"];
  if (wanted.size() == 0) return bad_member("alert_ids");
  return change(actor, id, CaseRight::act, [&](const Loaded& loaded) -> Result<Change> {
    Change out{actor, {}, "linked"};
    out.more.set("alert_ids",
                 PHENDAU_TRY(joined_ids(loaded.record.doc["alert_ids"], wanted, kCaseAlertsMax)));
    workflow::Move note;
    note.reason = tr(Lang::vi, "case.alerts_added", {std::to_string(wanted.size()), reason});
    out.state = PHENDAU_TRY(
        workflow::act(*loaded.definition.definition, loaded.state, note, actor, services_.env.now()));
    for (const auto& alert : wanted.items()) {
      auto taken = PHENDAU_TRY(alert_for_case(actor, alert.as_string(), loaded.record.agency_id));
      taken.doc.set("case_id", loaded.record.id);
      out.with.writes.push_back(std::move(taken));
    }
    return out;
  });
}

Result<Json> Incidents::merge(const Actor& actor, std::string_view id, const Json& body) {
  const std::string& into = body["into"].as_string();
  const std::string reason =
      PHENDAU_TRY(required_text(body["reason"].as_string(), "reason", kLinkReasonBytesMax));
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  if (into.empty() || into == id) return bad_member("into");
  ledger::Record other;
  auto merged = change(actor, id, CaseRight::act, [&](const Loaded& ends) -> Result<Change> {
    other = PHENDAU_TRY(load(actor, into, CaseRight::act)).record;
    return merged_into(actor, ends, other, reason);
  });
  if (merged) published(other);
  return merged;
}

Result<Incidents::Change> Incidents::merged_into(const Actor& actor, const Loaded& ends,
                                                 const ledger::Record& goes_on, const std::string& reason) {
  if (ends.record.doc["exercise"].as_bool() != goes_on.doc["exercise"].as_bool())
    return fail(ErrorCode::conflict, "one is an exercise", "case.exercise_mixed");
  const workflow::Definition& definition = *ends.definition.definition;
  const auto standing = names_in_case(services_, actor, ends.record.agency_id,
                                      definition.stop_roles.value_or(workflow::Names()));
  Change out{standing.actor, {}, "merged"};
  out.state = PHENDAU_TRY(workflow::stop(
      definition, PHENDAU_TRY(ending(ends, standing.actor)), standing.actor, services_.env.now(),
      tr(Lang::vi, "case.merged_into", {goes_on.id, reason}), standing.names));
  out.more.set("merged_into", goes_on.id);
  const Json& its = ends.record.doc;
  Json more = Json::object();
  more.set("alert_ids", PHENDAU_TRY(joined_ids(goes_on.doc["alert_ids"], its["alert_ids"], kCaseAlertsMax)));
  const Json reports = PHENDAU_TRY(joined_ids(goes_on.doc["report_ids"], its["report_ids"], kCaseReportsMax));
  if (reports.size() > 0) more.set("report_ids", reports);
  more.set("merged_from", PHENDAU_TRY(joined_ids(goes_on.doc["merged_from"],
                                                 Json::array({Json(ends.record.id)}), kCaseReportsMax)));
  PHENDAU_TRY(note_in(out.with, standing.actor, goes_on,
                      tr(Lang::vi, "case.merged_from", {ends.record.id, reason}), more));
  const auto parts = PHENDAU_TRY(services_.ledger.list(parts_query(ends.record.id), everything()));
  if (!parts.records.empty() && goes_on.doc["parent_id"].is_string())
    return fail(ErrorCode::conflict, "a sub-case has none", "case.part_of_part");
  for (const auto& part : parts.records) {
    ledger::Write moved = ledger::rewrite(part, "main case merged");
    moved.doc.set("parent_id", goes_on.id);
    out.with.writes.push_back(std::move(moved));
  }
  for (const auto& [kind, list] : {std::pair<std::string_view, std::string_view>{"alert", "alert_ids"},
                                   std::pair{kReportKind, std::string_view("report_ids")}}) {
    for (const auto& one : its[list].items()) {
      const auto known = PHENDAU_TRY(services_.ledger.get(kind, one.as_string(), everything()));
      ledger::Write moved = ledger::rewrite(known, "case merged");
      moved.doc.set("case_id", goes_on.id);
      out.with.writes.push_back(std::move(moved));
    }
  }
  return out;
}

Result<ledger::WriteBatch> Incidents::as_part(const Actor& actor, Opening& opening) {
  const Loaded parent = PHENDAU_TRY(load(actor, opening.parent_id, CaseRight::act));
  if (parent.state.closed) return fail(ErrorCode::conflict, "the case is closed", "workflow.closed");
  if (parent.record.doc["parent_id"].is_string())
    return fail(ErrorCode::conflict, "a sub-case has none", "case.part_of_part");
  if (PHENDAU_TRY(services_.ledger.count(parts_query(parent.record.id), everything())) >= kSubCasesMax)
    return fail(ErrorCode::limit, "a case holds no more", "case.too_many");
  opening.exercise = parent.record.doc["exercise"].as_bool();
  ledger::WriteBatch out;
  const std::string text =
      tr(Lang::vi, "case.part_opened", {agency_name(services_, opening.agency_id), opening.title});
  PHENDAU_TRY(note_in(out, actor, parent.record, text, Json::object()));
  return out;
}

Result<std::vector<std::string>> Incidents::open_parts(const CaseDefinition& definition,
                                                       std::string_view case_id) {
  std::vector<std::string> out;
  const auto& guards = definition.definition->close_guards;
  const bool asked = std::any_of(guards.begin(), guards.end(), [](const workflow::Guard& guard) {
    return guard.kind == workflow::Guard::Kind::sub_cases_closed;
  });
  if (!asked) return out;
  ledger::Query query = parts_query(case_id);
  query.states = {"open"};
  const auto page = PHENDAU_TRY(services_.ledger.list(query, everything()));
  for (const auto& part : page.records) out.push_back(part.doc["title"].as_string());
  return out;
}

/// By the hub: who ends a part need not have a part in the whole.
Result<> Incidents::tell_parent(const Actor& actor, const Loaded& loaded, const workflow::CaseState& after,
                                ledger::WriteBatch& batch) {
  const Json& parent_id = loaded.record.doc["parent_id"];
  if (!parent_id.is_string() || loaded.state.closed == after.closed) return {};
  const auto parent = PHENDAU_TRY(services_.ledger.get(kCaseKind, parent_id.as_string(), everything()));
  if (parent.state != "open") {
    if (after.closed) return {};
    return fail(ErrorCode::conflict, "the main case is closed", "case.parent_closed");
  }
  const char* text_id = after.closed ? "case.part_closed" : "case.part_open_again";
  const CaseFact fact{"part", tr(Lang::vi, text_id, {loaded.record.doc["title"].as_string()}), "",
                      actor.name};
  return put_fact(batch, services_, definitions_, actor, parent, fact);
}

Json Incidents::links_view(const Actor& actor, const ledger::Record& record) {
  const Scope scope = authorize(actor, Action::read, Resource::incident);
  const auto brief = [&](std::string_view kind, const Json& id) -> Json {
    const auto found = services_.ledger.get(kind, id.as_string(), scope);
    return found ? link_of(*found) : Json();
  };
  const auto list = [&](std::string_view kind, const Json& ids) {
    Json out = Json::array();
    for (const auto& id : ids.items()) {
      if (Json one = brief(kind, id); one.is_object()) out.push(std::move(one));
    }
    return out;
  };
  Json parts = Json::array();
  if (const auto page = services_.ledger.list(parts_query(record.id), scope)) {
    for (const auto& part : page->records) parts.push(link_of(part));
  }
  return Json::object({{"merged_into", brief(kCaseKind, record.doc["merged_into"])},
                       {"parent", brief(kCaseKind, record.doc["parent_id"])},
                       {"parts", std::move(parts)},
                       {"merged_from", list(kCaseKind, record.doc["merged_from"])},
                       {"reports", list(kReportKind, record.doc["report_ids"])}});
}

}  // namespace phendau::hub
