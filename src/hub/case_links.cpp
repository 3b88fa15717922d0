// SPDX-License-Identifier: Apache-2.0
// What ties cases to alerts, to reports and to each other: more alerts for a case, two cases made one.
#include <algorithm>

#include "base/texts.h"
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

}  // namespace

void Incidents::published(const ledger::Record& record) {
  services_.live.publish(
      {"incident", Resource::incident, record.agency_id, Json::object({{"id", record.id}})});
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
  const Loaded loaded = PHENDAU_TRY(load(actor, id));
  const std::string reason =
      PHENDAU_TRY(required_text(body["reason"].as_string(), "reason", kLinkReasonBytesMax));
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  if (body["alert_ids"].size() == 0) return bad_member("alert_ids");
  const Json ids = PHENDAU_TRY(joined_ids(loaded.record.doc["alert_ids"], body["alert_ids"], kCaseAlertsMax));
  ledger::WriteBatch batch;
  const std::string text =
      tr(Lang::vi, "case.alerts_added", {std::to_string(body["alert_ids"].size()), reason});
  PHENDAU_TRY(note_in(batch, actor, loaded.record, text, Json::object({{"alert_ids", ids}})));
  for (const auto& alert : body["alert_ids"].items()) {
    auto taken = PHENDAU_TRY(alert_for_case(actor, alert.as_string(), loaded.record.agency_id));
    taken.doc.set("case_id", loaded.record.id);
    batch.writes.push_back(std::move(taken));
  }
  PHENDAU_TRY(services_.ledger.write_batch(batch, actor, services_.env.now()));
  published(loaded.record);
  return view(actor, PHENDAU_TRY(services_.ledger.get(kCaseKind, loaded.record.id, loaded.scope)));
}

Result<Json> Incidents::merge(const Actor& actor, std::string_view id, const Json& body) {
  const Loaded ends = PHENDAU_TRY(load(actor, id));
  const std::string& into = body["into"].as_string();
  if (into.empty() || into == ends.record.id) return bad_member("into");
  const Loaded goes_on = PHENDAU_TRY(load(actor, into));
  if (ends.record.doc["exercise"].as_bool() != goes_on.record.doc["exercise"].as_bool())
    return fail(ErrorCode::conflict, "one is an exercise", "case.exercise_mixed");
  const std::string reason =
      PHENDAU_TRY(required_text(body["reason"].as_string(), "reason", kLinkReasonBytesMax));
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  const UtcTime now = services_.env.now();
  const workflow::Definition& definition = *ends.definition.definition;
  const auto standing = names_in_case(services_, actor, ends.record.agency_id,
                                      definition.stop_roles.value_or(workflow::Names()));
  const auto state =
      PHENDAU_TRY(workflow::stop(definition, ends.state, standing.actor, now,
                                 tr(Lang::vi, "case.merged_into", {into, reason}), standing.names));
  ledger::WriteBatch batch;
  ledger::Write write = ledger::rewrite(ends.record, "merged");
  write.doc.set("merged_into", into);
  put_state(batch, std::move(write), ends.definition, state, services_.pack, now);
  const Json& now_its = goes_on.record.doc;
  Json more = Json::object();
  more.set("alert_ids",
           PHENDAU_TRY(joined_ids(now_its["alert_ids"], ends.record.doc["alert_ids"], kCaseAlertsMax)));
  const Json reports =
      PHENDAU_TRY(joined_ids(now_its["report_ids"], ends.record.doc["report_ids"], kCaseReportsMax));
  if (reports.size() > 0) more.set("report_ids", reports);
  more.set("merged_from", PHENDAU_TRY(joined_ids(now_its["merged_from"], Json::array({Json(ends.record.id)}),
                                                 kCaseReportsMax)));
  PHENDAU_TRY(note_in(batch, standing.actor, goes_on.record,
                      tr(Lang::vi, "case.merged_from", {ends.record.id, reason}), more));
  for (const auto& [kind, list] : {std::pair<std::string_view, std::string_view>{"alert", "alert_ids"},
                                   std::pair{kReportKind, std::string_view("report_ids")}}) {
    for (const auto& one : ends.record.doc[list].items()) {
      const auto known = PHENDAU_TRY(services_.ledger.get(kind, one.as_string(), everything()));
      ledger::Write moved = ledger::rewrite(known, "case merged");
      moved.doc.set("case_id", into);
      batch.writes.push_back(std::move(moved));
    }
  }
  PHENDAU_TRY(services_.ledger.write_batch(batch, standing.actor, now));
  published(ends.record);
  published(goes_on.record);
  return view(actor, PHENDAU_TRY(services_.ledger.get(kCaseKind, ends.record.id, ends.scope)));
}

Json Incidents::links_view(const Actor& actor, const ledger::Record& record) {
  const Scope scope = authorize(actor, Action::read, Resource::incident);
  const auto brief = [&](std::string_view kind, const Json& id) -> Json {
    const auto found = services_.ledger.get(kind, id.as_string(), scope);
    if (!found) return {};
    return Json::object({{"id", found->id}, {"title", found->doc["title"]}, {"state", found->state}});
  };
  const auto list = [&](std::string_view kind, const Json& ids) {
    Json out = Json::array();
    for (const auto& id : ids.items()) {
      if (Json one = brief(kind, id); one.is_object()) out.push(std::move(one));
    }
    return out;
  };
  return Json::object({{"merged_into", brief(kCaseKind, record.doc["merged_into"])},
                       {"merged_from", list(kCaseKind, record.doc["merged_from"])},
                       {"reports", list(kReportKind, record.doc["report_ids"])}});
}

}  // namespace phendau::hub
