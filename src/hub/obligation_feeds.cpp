// SPDX-License-Identifier: Apache-2.0
#include "hub/obligation_feeds.h"

#include <algorithm>

#include "hub/case_record.h"
#include "hub/config.h"

namespace phendau::hub {
namespace {

/// Where a clock of hours is late: its instant itself is still good.
std::optional<UtcTime> late_from(const Json& clock) {
  const auto due = time_of(clock["due_at"]);
  if (!due || !clock["inclusive"].as_bool()) return due;
  return *due + nanoseconds(1);
}

/// The steps that the case needs, with their clocks, for the engine.
std::vector<comply::CaseStep> case_steps(const ActivePack& pack, const ledger::Record& record,
                                         const workflow::CaseState& state, UtcTime now) {
  std::vector<comply::CaseStep> out;
  const Json progress = case_progress(pack, record, now);
  for (const auto& step : state.steps) {
    const Json& title = progress["titles"][step.id];
    if (progress.is_object() && title.is_null()) continue;
    comply::CaseStep one;
    one.id = step.id;
    one.title = title.as_string();
    if (step.status == workflow::StepStatus::done) one.state = comply::CaseStep::State::done;
    if (step.status == workflow::StepStatus::skipped) one.state = comply::CaseStep::State::skipped;
    one.at = step.finished_at;
    one.reason = step.skip_reason;
    if (state.stopped && one.state == comply::CaseStep::State::open) {  // it ended early, with a reason
      one.state = comply::CaseStep::State::skipped;
      one.at = state.closed_at;
      one.reason = state.stop_reason;
    }
    out.push_back(std::move(one));
  }
  for (const auto& clock : progress["clocks"].items()) {
    const auto due = late_from(clock);
    for (auto& step : out) {
      if (due && step.id == clock["step"].as_string() && (!step.due_at || *due < *step.due_at))
        step.due_at = due;
    }
  }
  return out;
}

comply::Subject agency_subject(const ledger::Record& record) {
  comply::Subject subject;
  subject.kind = comply::SubjectKind::agency;
  subject.id = record.id;
  subject.agency_id = record.id;
  subject.name = record.doc["name"].string_or(record.id);
  subject.attributes = record.doc;
  subject.known_since = time_of(record.doc["founded_on"]).value_or(record.created_at);
  return subject;
}

comply::Attestation attestation_of(const ledger::Record& record) {
  comply::Attestation one;
  one.record_id = record.id;
  one.part_id = record.doc["part"].as_string();
  one.agency_id = record.agency_id;
  one.period_id = record.doc["period"].as_string();
  one.at = record.created_at;
  one.entered_at = record.created_at;
  one.valid_until = time_of(record.doc["valid_until"], true);
  one.file_sha256 = record.doc["file_sha256"].as_string();
  one.statement = record.doc["statement"].as_string();
  return one;
}

comply::Exception exception_of(const ledger::Record& record) {
  comply::Exception one;
  one.record_id = record.id;
  one.scope_id = record.doc["scope_id"].as_string();
  one.agency_id = record.agency_id;
  one.subject_id = record.doc["subject_id"].as_string();
  one.from = time_of(record.doc["from"]).value_or(record.created_at);
  one.until = time_of(record.doc["until"], true).value_or(record.created_at);
  one.reason = record.doc["reason"].as_string();
  return one;
}

/// What triggers and occasions may ask about a case: its own members, and the forms of its steps by their
/// ids, as they stand: a step that is jumped over has only a draft.
Json case_document(const ledger::Record& record, const workflow::CaseState& state) {
  Json out = record.doc;
  out.erase("state");
  out.erase("progress");
  for (const auto& step : state.steps) {
    if (step.doc.size() > 0) out.set(step.id, step.doc);
  }
  return out;
}

comply::CaseState case_of(const ActivePack& pack, const ledger::Record& record, UtcTime now) {
  comply::CaseState one;
  one.id = record.id;
  one.workflow = record.doc["workflow"].as_string();
  one.agency_id = record.agency_id;
  one.title = record.doc["title"].as_string();
  // The law counts from detection. What was detected before anybody opened a case is late from the start.
  one.opened_at = time_of(record.doc["detected_at"]).value_or(record.created_at);
  one.closed_at = time_of(record.doc["closed_at"]);
  one.state = record.state;
  const auto state = workflow::from_json(record.doc["state"]);
  if (!state) return one;
  one.steps = case_steps(pack, record, *state, now);
  one.document = case_document(record, *state);
  return one;
}

comply::Breach breach_of(const ledger::Record& record, bool live) {
  comply::Breach one;
  one.record_id = record.id;
  one.scope_id = record.doc["scope_id"].as_string();
  one.agency_id = record.agency_id;
  one.subject_id = record.doc["subject_id"].as_string();
  one.at = time_of(record.doc["found_on"]).value_or(record.created_at);
  one.open = live;
  return one;
}

comply::RegisterRecord register_record_of(const RegisterKind& kind, const ledger::Record& record) {
  comply::RegisterRecord one;
  one.kind = record.kind;
  one.id = record.id;
  one.agency_id = record.agency_id;
  one.state = record.state;
  one.at = record.updated_at;
  one.entered_at = record.created_at;
  if (!kind.date_field.empty()) {
    const Json& date = record.doc.at_path(kind.date_field);
    if (const auto at = time_of(date)) {
      one.at = *at;
      one.dated = parse_date(date.as_string()) ? comply::Dated::day : comply::Dated::instant;
    }
  }
  if (!kind.period_field.empty()) one.period_id = record.doc.at_path(kind.period_field).as_string();
  if (!kind.subject_field.empty()) one.subject_id = record.doc.at_path(kind.subject_field).as_string();
  one.document = record.doc;
  return one;
}

comply::Subject device_subject(const ledger::Record& record) {
  comply::Subject subject;
  subject.kind = comply::SubjectKind::device;
  subject.id = record.id;
  subject.agency_id = record.agency_id;
  subject.name = record.doc["name"].string_or(record.doc["hostname"].as_string());
  subject.attributes = record.doc;
  subject.known_since = record.created_at;
  return subject;
}

/// A live record of a register whose records are systems, accounts, people or subjects by themselves.
comply::Subject thing_subject(comply::SubjectKind kind, const ledger::Record& record) {
  comply::Subject subject;
  subject.kind = kind;
  if (kind == comply::SubjectKind::record) subject.role = record.kind;
  subject.id = record.id;
  subject.agency_id = record.agency_id;
  for (const char* field : {"name", "full_name", "title", "username"}) {
    if (subject.name.empty()) subject.name = record.doc[field].as_string();
  }
  if (subject.name.empty()) subject.name = record.id;
  subject.attributes = record.doc;
  if (!record.state.empty()) subject.attributes.set("state", record.state);
  subject.known_since = record.created_at;
  return subject;
}

comply::RoleBinding binding_of(const ledger::Record& record) {
  comply::RoleBinding one;
  one.record_id = record.id;
  one.slot = record.doc["slot"].as_string();
  one.agency_id = record.doc["agency_id"].as_string();
  one.from = time_of(record.doc["from"]).value_or(record.created_at);
  one.until = time_of(record.doc["to"], true);
  if (!one.until && record.state == "ended") one.until = record.updated_at;
  return one;
}

void put_or_drop_subject(comply::Board& board, comply::Subject subject, bool live) {
  if (live) {
    board.put_subject(std::move(subject));
  } else {
    board.drop_subject(subject.kind, subject.id);
  }
}

/// Its new agency answers for it from then on.
comply::Subject since(comply::Subject subject, const Handover* handover) {
  if (handover != nullptr) subject.known_since = std::max(subject.known_since, handover->at);
  return subject;
}

void feed_agency(comply::Board& board, const ledger::Record& record, bool live) {
  if (live && record.state != "merged") return board.put_subject(agency_subject(record));
  board.end_agency(record.id, time_of(record.doc["abolished_on"]).value_or(record.updated_at));
}

/// A case that was closed before it was handed over is its old agency's doing.
comply::CaseState handed_over(comply::CaseState one, const Handover* handover) {
  if (handover != nullptr && one.closed_at && *one.closed_at < handover->at) one.agency_id = handover->from;
  return one;
}

/// Kinds that the engine knows as something else than records; true: this was one.
bool feed_own_kind(comply::Board& board, const ActivePack& pack, const ledger::Record& record, bool live,
                   UtcTime now, const Handover* handover) {
  if (record.kind == "agency") {
    feed_agency(board, record, live);
  } else if (record.kind == "device") {
    put_or_drop_subject(board, since(device_subject(record), handover), record.state != "revoked");
  } else if (record.kind == "attestation") {
    live ? board.put_attestation(attestation_of(record)) : board.drop_attestation(record.id);
  } else if (record.kind == "exception") {
    live ? board.put_exception(exception_of(record)) : board.drop_exception(record.id);
  } else {
    if (record.kind == kRoleBindingKind) {  // one that has ended still says until when it held
      record.state == "withdrawn" ? board.drop_binding(record.id) : board.put_binding(binding_of(record));
    }
    if (record.kind == kCaseKind && record.doc["exercise"].as_bool()) return true;  // nothing happened
    if (record.kind == kCaseKind) board.put_case(handed_over(case_of(pack, record, now), handover));
    if (record.kind == "violation")
      record.state == "withdrawn" ? board.drop_breach(record.id) : board.put_breach(breach_of(record, live));
    return false;
  }
  return true;
}

}  // namespace

std::optional<UtcTime> time_of(const Json& value, bool end_of_day) {
  if (const auto at = parse_rfc3339(value.as_string())) return *at;
  if (const auto date = parse_date(value.as_string())) {
    const UtcTime start = start_of_day(*date, kHubZone);
    return end_of_day ? start + days(1) : start;
  }
  return std::nullopt;
}

void feed_record(comply::Board& board, const ActivePack& pack, const ledger::Record& record, UtcTime now,
                 const Handover* handover) {
  const RegisterKind* kind = pack.pack().reg(record.kind);
  // A record from before its kind had states is live.
  const bool live = record.state.empty() ||
                    (kind == nullptr ? record.state != "withdrawn" : kind->lifecycle.is_live(record.state));
  if (feed_own_kind(board, pack, record, live, now, handover) || kind == nullptr) return;
  if (kind->subject_kind)
    put_or_drop_subject(board, since(thing_subject(*kind->subject_kind, record), handover), live);
  if (board.asks_subject(record.kind)) {
    put_or_drop_subject(board, since(thing_subject(comply::SubjectKind::record, record), handover), live);
  }
  if (!board.asks_register(record.kind)) return;
  if (record.state == "withdrawn") {  // as if it had never been
    board.drop_record(record.kind, record.id);
  } else {
    auto one = register_record_of(*kind, record);
    if (handover != nullptr) one.inherited_at = handover->at;
    board.put_record(std::move(one));
  }
}

}  // namespace phendau::hub
