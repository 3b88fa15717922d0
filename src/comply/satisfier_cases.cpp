// SPDX-License-Identifier: Apache-2.0
// Ways that look at cases: a workflow was run, or a step of it done.
#include <algorithm>

#include "comply/limits.h"
#include "comply/verdict.h"

namespace phendau::comply {
namespace {

constexpr Duration kCaseWindow = days(366);  // a case closed longer ago proves nothing today

/// One case: worst of its open clocks, or of the named step.
Verdict judge_case(const Context& context, const Satisfier& satisfier, const CaseState& one) {
  const std::string name = one.title.empty() ? one.id : one.title;
  Verdict out = make_verdict(Status::met, "comply.case_done", {name});
  const auto named = [&](const CaseStep& step) { return step.id == satisfier.step; };
  if (!satisfier.step.empty() && std::none_of(one.steps.begin(), one.steps.end(), named)) {
    return make_verdict(Status::unknown, "comply.step_unknown", {name, satisfier.step});
  }
  std::optional<UtcTime> last_at;
  for (const CaseStep& original : one.steps) {
    CaseStep step = original;
    if (!satisfier.step.empty() && !named(step)) continue;
    const DueDay* due =
        context.occasion != nullptr && context.occasion->due ? &*context.occasion->due : nullptr;
    if (due != nullptr) step.due_at = due->inclusive ? due->due_at + nanoseconds(1) : due->due_at;
    if (step.at && (!last_at || *last_at < *step.at)) last_at = step.at;
    Verdict of_step = make_verdict(Status::met, "comply.step_done", {name, step.name()});
    if (step.state == CaseStep::State::skipped) {
      of_step = make_verdict(Status::excepted, "comply.step_skipped", {name, step.name(), step.reason});
    } else if (step.state == CaseStep::State::open && !one.closed_at) {
      const bool late = step.due_at && context.now >= *step.due_at;
      of_step = make_verdict(late ? Status::overdue : Status::due,
                             late ? "comply.step_overdue" : "comply.step_open", {name, step.name()});
      of_step.due_at = step.due_at;
      if (step.due_at) of_step.look_again(*step.due_at, context.now);
    } else if (step.state == CaseStep::State::open) {
      of_step = make_verdict(Status::violated, "comply.step_missing", {name, step.name()});
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
  if (context.occasion != nullptr) out.done_at = last_at.value_or(one.closed_at.value_or(one.opened_at));
  return out;
}

/// For an occasion: the case that raised the duty, or the first of this workflow since.
Verdict judge_case_of_occasion(const Context& context, const Satisfier& satisfier) {
  const Occasion& occasion = *context.occasion;
  const CaseState* best = nullptr;
  if (occasion.run != nullptr && occasion.run->workflow == satisfier.ref) {
    best = occasion.run;
  } else {
    for (const CaseState* one : context.knowledge.cases(satisfier.ref, context.agency_id)) {
      if (one->opened_at < occasion.occurred_at) continue;
      if (best == nullptr || one->opened_at < best->opened_at) best = one;
    }
  }
  if (best == nullptr) return by_clock(context, std::nullopt);
  Verdict out = judge_case(context, satisfier, *best);
  out.add_evidence({EvidenceItem::Kind::workflow_run, best->id, best->closed_at.value_or(best->opened_at),
                    std::string(best->closed_at ? "closed" : "open")});
  return out;
}

}  // namespace

Verdict judge_workflow(const Context& context, const Satisfier& satisfier) {
  if (context.occasion != nullptr) return judge_case_of_occasion(context, satisfier);
  Verdict out = make_verdict(Status::no_occasion, "comply.no_case");
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

}  // namespace phendau::comply
