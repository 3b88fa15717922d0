// SPDX-License-Identifier: Apache-2.0
// One verdict per way of satisfying a part. Periods: in a period that is not over a missing record is `due`,
// afterwards (or after its "before" day) `overdue`; a record that comes too late is met, and says so.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "comply/limits.h"
#include "comply/verdict.h"

namespace phendau::comply {
namespace {

constexpr std::string_view kDocumentKind = "document";  // the register that papers sent are kept in
constexpr Duration kCaseWindow = days(366);             // a case closed longer ago proves nothing today

Verdict make(Status status, std::string_view text_id, std::vector<std::string> args = {}) {
  Verdict out;
  out.status = status;
  out.reason = {std::string(text_id), std::move(args)};
  return out;
}

std::string record_kind_of(const Satisfier& satisfier) {
  return satisfier.kind == SatisfierKind::document ? std::string(kDocumentKind) : satisfier.ref;
}

EvidenceItem evidence_of(const RegisterRecord& record) {
  return {EvidenceItem::Kind::record, record.kind + "/" + record.id, record.at, record.state};
}

bool counts(const Context& context, const Satisfier& satisfier, const RegisterRecord& record) {
  if (satisfier.kind == SatisfierKind::document && record.document["type"].as_string() != satisfier.ref)
    return false;
  if (context.subject.kind != SubjectKind::agency && context.subject.kind != SubjectKind::role &&
      record.subject_id != context.subject.id) {
    return false;
  }
  if (!satisfier.states.empty() &&
      std::find(satisfier.states.begin(), satisfier.states.end(), record.state) == satisfier.states.end()) {
    return false;
  }
  return std::all_of(satisfier.where.begin(), satisfier.where.end(),
                     [&](const Condition& condition) { return holds(condition, record.document); });
}

std::vector<const RegisterRecord*> records_that_count(const Context& context, const Satisfier& satisfier) {
  auto out = context.knowledge.records(record_kind_of(satisfier), context.agency_id);
  std::erase_if(out, [&](const RegisterRecord* record) { return !counts(context, satisfier, *record); });
  return out;
}

/// When the obligation of this period becomes late.
UtcTime due_at_of(const Context& context, const Satisfier& satisfier) {
  if (!satisfier.before) return context.period.end_at;
  return due_before(*satisfier.before, context.period.first.year, context.catalog.zone).due_at;
}

Verdict judge_every(const Satisfier& satisfier, const std::vector<const RegisterRecord*>& records) {
  if (records.empty()) {
    switch (satisfier.empty) {
      case EmptyMeans::met:
        return make(Status::met, "comply.register_empty_fine", {satisfier.ref});
      case EmptyMeans::no_occasion:
        return make(Status::no_occasion, "comply.no_occasion_yet");
      case EmptyMeans::due:
        return make(Status::due, "comply.register_empty", {satisfier.ref});
      case EmptyMeans::unknown:
        break;
    }
    return make(Status::unknown, "comply.register_empty", {satisfier.ref});
  }
  Verdict out;
  std::uint32_t wrong = 0;
  for (const bool bad : {true, false}) {  // what is wrong is shown first
    for (const RegisterRecord* record : records) {
      const bool fine =
          std::all_of(satisfier.every.begin(), satisfier.every.end(),
                      [&](const Condition& condition) { return holds(condition, record->document); });
      if (fine == bad) continue;
      out.add_evidence(evidence_of(*record));
      if (bad) ++wrong;
    }
  }
  out.status = wrong == 0 ? Status::met : Status::violated;
  out.reason = {wrong == 0 ? "comply.all_records_comply" : "comply.records_violate",
                {std::to_string(wrong), std::to_string(records.size())}};
  if (wrong == 0) out.reason.args = {std::to_string(records.size())};
  return out;
}

Verdict judge_in_period(const Context& context, const Satisfier& satisfier,
                        const std::vector<const RegisterRecord*>& records) {
  Verdict out;
  const UtcTime due_at = due_at_of(context, satisfier);
  out.due_at = due_at;
  std::int32_t found = 0;
  std::optional<UtcTime> complete_at;  // when the last one that was needed came
  std::vector<const RegisterRecord*> in_time_order = records;
  std::stable_sort(in_time_order.begin(), in_time_order.end(),
                   [](const auto* a, const auto* b) { return a->at < b->at; });
  for (const RegisterRecord* record : in_time_order) {
    const bool inside = record->period_id.empty()
                            ? record->at >= context.period.begin_at && record->at < context.period.end_at
                            : record->period_id == context.period.id;
    if (!inside) continue;
    out.add_evidence(evidence_of(*record));
    if (++found == satisfier.at_least) complete_at = record->at;
  }
  if (!context.past) out.look_again(context.period.end_at, context.now);
  if (complete_at) {
    const bool late = *complete_at >= due_at;
    out.status = Status::met;
    out.reason = {late ? "comply.done_late" : "comply.done_in_period",
                  {context.period.id, time_label(*complete_at, context.catalog.zone)}};
    if (!context.past) out.fresh_until = context.period.end_at;
    return out;
  }
  out.look_again(due_at, context.now);
  const bool late = context.now >= due_at;
  out.status = late ? Status::overdue : Status::due;
  const UtcTime last_good_day = due_at - nanoseconds(1);
  const std::string day = time_label(last_good_day, context.catalog.zone).substr(0, 10);
  out.reason = {late ? "comply.overdue" : "comply.due_by", {context.period.id, day}};
  if (satisfier.at_least > 1) {
    out.add_detail({"comply.found_of", {std::to_string(found), std::to_string(satisfier.at_least)}});
  }
  return out;
}

Verdict judge_standing(const Context& context, const Satisfier& satisfier,
                       const std::vector<const RegisterRecord*>& records) {
  Verdict out;
  const RegisterRecord* newest = nullptr;
  for (const RegisterRecord* record : records) {
    out.add_evidence(evidence_of(*record));
    if (newest == nullptr || record->at > newest->at) newest = record;
  }
  if (static_cast<std::int32_t>(records.size()) < satisfier.at_least) {
    out.status = Status::due;
    out.reason = {"comply.no_record", {std::to_string(records.size()), std::to_string(satisfier.at_least)}};
    return out;
  }
  out.status = Status::met;
  out.reason = {"comply.recorded", {std::to_string(records.size())}};
  if (satisfier.age_days_max == 0) return out;
  const UtcTime expires_at = newest->at + days(satisfier.age_days_max);
  if (context.now >= expires_at) {
    out.status = Status::overdue;
    out.stale_since = expires_at;
    out.due_at = expires_at;
    out.reason = {"comply.record_too_old",
                  {time_label(newest->at, context.catalog.zone), std::to_string(satisfier.age_days_max)}};
    return out;
  }
  out.fresh_until = expires_at;
  out.look_again(expires_at, context.now);
  return out;
}

Verdict judge_register(const Context& context, const Satisfier& satisfier) {
  const auto records = records_that_count(context, satisfier);
  if (!satisfier.every.empty()) return judge_every(satisfier, records);
  if (satisfier.period != PeriodKind::none) return judge_in_period(context, satisfier, records);
  return judge_standing(context, satisfier, records);
}

Verdict judge_attestation(const Context& context, const Satisfier& satisfier) {
  const bool periodic = satisfier.period != PeriodKind::none;
  const Attestation* best = nullptr;
  for (const auto& [id, one] : context.knowledge.attestations()) {
    if (one.part_id != context.part.id || one.agency_id != context.agency_id) continue;
    if (satisfier.file_needed && one.file_sha256.empty()) continue;
    const bool inside = one.period_id.empty()
                            ? one.at >= context.period.begin_at && one.at < context.period.end_at
                            : one.period_id == context.period.id;
    if (periodic && !inside) continue;
    if (best == nullptr || one.at > best->at) best = &one;
  }
  if (best == nullptr) {
    Verdict out = make(Status::due, satisfier.file_needed ? "comply.attest_with_file" : "comply.attest");
    if (!periodic) return out;
    out.due_at = due_at_of(context, satisfier);
    out.look_again(*out.due_at, context.now);
    if (context.now >= *out.due_at) out.status = Status::overdue;
    return out;
  }
  Verdict out = make(Status::attested, "comply.attested", {time_label(best->at, context.catalog.zone)});
  out.add_evidence({EvidenceItem::Kind::attestation, best->record_id, best->at, best->file_sha256});
  std::optional<UtcTime> until = best->valid_until;
  if (satisfier.age_days_max > 0) {
    const UtcTime by_age = best->at + days(satisfier.age_days_max);
    if (!until || by_age < *until) until = by_age;
  }
  if (until && context.now >= *until && !context.past) {
    out.status = Status::overdue;
    out.stale_since = until;
    out.due_at = until;
    out.reason = {"comply.attestation_expired", {time_label(*until, context.catalog.zone)}};
    return out;
  }
  out.fresh_until = until;
  if (until) out.look_again(*until, context.now);
  if (periodic && !context.past) out.look_again(context.period.end_at, context.now);
  return out;
}

Verdict judge_detection(const Context& context, const Satisfier& satisfier) {
  const DetectionState* state = context.knowledge.detection(satisfier.ref, context.agency_id);
  if (state == nullptr || !state->in_force)
    return make(Status::unknown, "comply.detection_off", {satisfier.ref});
  if (state->sources == 0) return make(Status::unknown, "comply.detection_no_source", {satisfier.ref});
  if (!state->last_event_at) return make(Status::unknown, "comply.detection_no_event", {satisfier.ref});
  Verdict out;
  out.add_evidence({EvidenceItem::Kind::detection, satisfier.ref, *state->last_event_at,
                    fmt::format("sources={}", state->sources)});
  const UtcTime silent_at = *state->last_event_at + satisfier.silence_max;
  if (context.now >= silent_at) {
    out.stale_since = silent_at;
    out.status = Status::unknown;
    out.reason = {"comply.detection_silent",
                  {satisfier.ref, time_label(*state->last_event_at, context.catalog.zone)}};
    return out;
  }
  out.status = Status::met;
  out.reason = {"comply.detection_watches", {satisfier.ref, std::to_string(state->sources)}};
  if (state->last_alert_at) {
    out.add_detail(
        {"comply.detection_last_alert", {time_label(*state->last_alert_at, context.catalog.zone)}});
  }
  out.fresh_until = silent_at;
  out.look_again(silent_at, context.now);
  return out;
}

Verdict judge_setting(const Context& context, const Satisfier& satisfier) {
  const Setting* setting = context.knowledge.setting(satisfier.ref);
  if (setting == nullptr) return make(Status::unknown, "comply.setting_unknown", {satisfier.ref});
  const Json* value = &setting->value;
  bool fine = satisfier.equals.is_null() || *value == satisfier.equals;
  if (satisfier.minimum) fine = fine && value->is_number() && value->as_double() >= *satisfier.minimum;
  if (satisfier.maximum) fine = fine && value->is_number() && value->as_double() <= *satisfier.maximum;
  const std::string shown = value_label(value->dump());
  Verdict out = make(fine ? Status::met : Status::violated,
                     fine ? "comply.setting_fine" : "comply.setting_wrong", {satisfier.ref, shown});
  out.add_evidence({EvidenceItem::Kind::setting, satisfier.ref, setting->at, value->dump()});
  return out;
}

/// One case: worst of its open clocks, or of the named step.
Verdict judge_case(const Context& context, const Satisfier& satisfier, const CaseState& one) {
  const std::string name = one.title.empty() ? one.id : one.title;
  Verdict out = make(Status::met, "comply.case_done", {name});
  const auto named = [&](const CaseStep& step) { return step.id == satisfier.step; };
  if (!satisfier.step.empty() && std::none_of(one.steps.begin(), one.steps.end(), named)) {
    return make(Status::unknown, "comply.step_unknown", {name, satisfier.step});
  }
  for (const CaseStep& step : one.steps) {
    if (!satisfier.step.empty() && !named(step)) continue;
    Verdict of_step = make(Status::met, "comply.step_done", {name, step.id});
    if (step.state == CaseStep::State::skipped) {
      of_step = make(Status::excepted, "comply.step_skipped", {name, step.id, step.reason});
    } else if (step.state == CaseStep::State::open && !one.closed_at) {
      const bool late = step.due_at && context.now >= *step.due_at;
      of_step = make(late ? Status::overdue : Status::due, late ? "comply.step_overdue" : "comply.step_open",
                     {name, step.id});
      of_step.due_at = step.due_at;
      if (step.due_at) of_step.look_again(*step.due_at, context.now);
    } else if (step.state == CaseStep::State::open) {
      of_step = make(Status::violated, "comply.step_missing", {name, step.id});
    } else if (step.due_at && step.at && *step.at >= *step.due_at) {
      of_step.reason.text_id = "comply.step_done_late";
    }
    const bool worse = roll_up(out.status, of_step.status) != out.status;
    if (of_step.next_at) out.look_again(*of_step.next_at, context.now);
    if (of_step.due_at && (!out.due_at || *of_step.due_at < *out.due_at)) out.due_at = of_step.due_at;
    if (!worse && (satisfier.step.empty() || of_step.status != out.status)) continue;
    out.status = of_step.status;
    out.reason = of_step.reason;
  }
  return out;
}

Verdict judge_workflow(const Context& context, const Satisfier& satisfier) {
  Verdict out = make(Status::no_occasion, "comply.no_case");
  for (const CaseState* one : context.knowledge.cases(satisfier.ref, context.agency_id)) {
    if (one->closed_at && *one->closed_at + kCaseWindow <= context.now) continue;
    Verdict verdict = judge_case(context, satisfier, *one);
    if (one->closed_at) out.look_again(*one->closed_at + kCaseWindow, context.now);
    if (verdict.next_at) out.look_again(*verdict.next_at, context.now);
    if (verdict.due_at && (!out.due_at || *verdict.due_at < *out.due_at)) out.due_at = verdict.due_at;
    out.add_evidence({EvidenceItem::Kind::workflow_run, one->id, one->closed_at.value_or(one->opened_at),
                      std::string(one->closed_at ? "closed" : "open")});
    if (out.evidence_total > 1) out.add_detail(verdict.reason);
    if (roll_up(out.status, verdict.status) == out.status) continue;
    if (out.evidence_total > 1) {
      out.details.pop_back();
      out.add_detail(out.reason);
    }
    out.status = verdict.status;
    out.reason = verdict.reason;
  }
  return out;
}

Verdict judge_posture_rule(const Context& context, const Satisfier& satisfier) {
  const auto rule = context.catalog.posture_rules.find(satisfier.ref);
  if (rule == context.catalog.posture_rules.end())
    return make(Status::unknown, "comply.rule_missing", {satisfier.ref});
  return judge_rule(rule->second, context.knowledge.fact(context.subject.id, rule->second.fact_kind),
                    context.now);
}

}  // namespace

Verdict judge_satisfier(const Context& context, const Satisfier& satisfier) {
  switch (satisfier.kind) {
    case SatisfierKind::posture_rule:
      return judge_posture_rule(context, satisfier);
    case SatisfierKind::detection:
      return judge_detection(context, satisfier);
    case SatisfierKind::reg:
    case SatisfierKind::document:
      return judge_register(context, satisfier);
    case SatisfierKind::workflow:
      return judge_workflow(context, satisfier);
    case SatisfierKind::setting:
      return judge_setting(context, satisfier);
    case SatisfierKind::attestation:
      return judge_attestation(context, satisfier);
    case SatisfierKind::pending:
      break;
  }
  return make(Status::unknown, "comply.pending", {both(satisfier.reason)});
}

}  // namespace phendau::comply
