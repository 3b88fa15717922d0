// SPDX-License-Identifier: Apache-2.0
// One verdict per way of satisfying a part: detections, settings, other packs and posture here; records in
// satisfier_records.cpp, cases in satisfier_cases.cpp.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "comply/verdict.h"

namespace phendau::comply {
namespace {

Verdict judge_detection(const Context& context, const Satisfier& satisfier) {
  const DetectionState* state = context.knowledge.detection(satisfier.ref, context.agency_id);
  if (state == nullptr || !state->in_force)
    return make_verdict(Status::unknown, "comply.detection_off", {satisfier.ref});
  if (state->sources == 0)
    return make_verdict(Status::unknown, "comply.detection_no_source", {satisfier.ref});
  if (!state->last_event_at)
    return make_verdict(Status::unknown, "comply.detection_no_event", {satisfier.ref});
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
  if (setting == nullptr) return make_verdict(Status::unknown, "comply.setting_unknown", {satisfier.ref});
  const Json* value = &setting->value;
  bool fine = satisfier.equals.is_null() || *value == satisfier.equals;
  if (satisfier.minimum) fine = fine && value->is_number() && value->as_double() >= *satisfier.minimum;
  if (satisfier.maximum) fine = fine && value->is_number() && value->as_double() <= *satisfier.maximum;
  const std::string shown = value_label(value->dump());
  Verdict out = make_verdict(fine ? Status::met : Status::violated,
                             fine ? "comply.setting_fine" : "comply.setting_wrong", {satisfier.ref, shown});
  out.add_evidence({EvidenceItem::Kind::setting, satisfier.ref, setting->at, value->dump()});
  return out;
}

Verdict judge_posture_rule(const Context& context, const Satisfier& satisfier) {
  const auto rule = context.catalog.posture_rules.find(satisfier.ref);
  if (rule == context.catalog.posture_rules.end())
    return make_verdict(Status::unknown, "comply.rule_missing", {satisfier.ref});
  return judge_rule(rule->second, context.knowledge.fact(context.subject.id, rule->second.fact_kind),
                    context.now, context.brief);
}

/// Another document asks for it: judged there, once it is loaded.
Verdict judge_pack(const Context& context, const Satisfier& satisfier) {
  const auto& packs = context.catalog.packs;
  if (std::find(packs.begin(), packs.end(), satisfier.ref) == packs.end()) {
    return make_verdict(Status::unknown, "comply.pack_missing", {satisfier.ref});
  }
  return make_verdict(Status::not_applicable, "comply.pack_judges", {satisfier.ref});
}

}  // namespace

Verdict make_verdict(Status status, std::string_view text_id, std::vector<std::string> args) {
  Verdict out;
  out.status = status;
  out.reason = {std::string(text_id), std::move(args)};
  return out;
}

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
    case SatisfierKind::occasion:
      return judge_occasion(context, satisfier);
    case SatisfierKind::pack:
      return judge_pack(context, satisfier);
    case SatisfierKind::pending:
      break;
  }
  return make_verdict(Status::unknown, "comply.pending", {both(satisfier.reason)});
}

}  // namespace phendau::comply
