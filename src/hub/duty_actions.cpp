// SPDX-License-Identifier: Apache-2.0
#include "hub/duty_actions.h"

#include <algorithm>

namespace phendau::hub {
namespace {

using comply::Satisfier;
using comply::SatisfierKind;

struct Occasion {
  std::string_view kind;  // register or workflow
  std::string_view id;
};
std::optional<Occasion> occasion_of(const Obligations::Duty& duty) {
  const std::string_view period = duty.period_id;
  const std::size_t slash = period.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  return Occasion{period.substr(0, slash), period.substr(slash + 1)};
}

/// What the way asks of the record, as far as it leaves no choice.
Json prefill_of(const RegisterKind& reg, const Satisfier& way, const Obligations::Duty& duty) {
  Json out = Json::object();
  const Json& properties = reg.spec.schema["properties"];
  const auto put = [&](const std::string& field, const Json& value) {
    if (field.find('.') != std::string::npos || !properties.contains(field)) return;
    const bool is_list = properties[field]["type"].as_string() == "array";
    out.set(field, is_list ? Json::array({value}) : value);
  };
  for (const auto& condition : way.where) {
    const bool open = condition.any_of.size() != 1 || condition.any_of.front() == Json("*");
    if (!open) put(condition.field, condition.any_of.front());
  }
  if (way.kind == SatisfierKind::document) put("type", way.ref);
  const auto occasion = occasion_of(duty);
  const bool has_one_subject = duty.subjects_total == 1 && duty.subject_kind != comply::SubjectKind::agency &&
                               duty.subject_kind != comply::SubjectKind::role &&
                               duty.subject_kind != comply::SubjectKind::hub;
  if (!way.link.empty()) {
    const bool by_each = occasion && duty.part->trigger && duty.part->trigger->each;
    if (occasion)
      put(way.link, std::string(occasion->id));
    else if (has_one_subject)
      put(way.link, duty.subjects.front().first);
    if (by_each && has_one_subject && !reg.subject_field.empty())
      put(reg.subject_field, duty.subjects.front().first);
  } else if (has_one_subject && !reg.subject_field.empty()) {
    put(reg.subject_field, duty.subjects.front().first);
  }
  if (!occasion && !duty.period_id.empty() && !reg.period_field.empty())
    put(reg.period_field, duty.period_id);
  return out;
}

Json register_action(const Pack& pack, const Satisfier& way, const Obligations::Duty& duty) {
  const std::string& name = way.kind == SatisfierKind::document ? std::string("document") : way.ref;
  const RegisterKind* reg = pack.reg(name);
  if (reg == nullptr || !reg->is_kept_by_people()) return Json();
  Json out = Json::object({{"kind", way.every.empty() ? "record" : "records"},
                           {"register", name},
                           {"title", reg->title.vi},
                           {"prefill", prefill_of(*reg, way, duty)}});
  std::string wanted;
  for (const auto& state : way.states) {
    const auto title = pack.state_titles.find(state);
    if (!wanted.empty()) wanted += ", ";
    wanted += title == pack.state_titles.end() ? state : title->second.vi;
  }
  if (!wanted.empty()) out.set("until", wanted);
  return out;
}

Json occasion_action(const Pack& pack, const Obligations::Duty& duty) {
  const auto occasion = occasion_of(duty);
  if (!occasion) return Json();
  const RegisterKind* reg = pack.reg(occasion->kind);
  const bool is_record = reg != nullptr && reg->is_kept_by_people();
  Json out = Json::object({{"kind", is_record ? "open_record" : "open_case"}, {"id", occasion->id}});
  if (is_record) out.set("register", occasion->kind).set("title", reg->title.vi);
  return out;
}

Json action_for(const Pack& pack, const Satisfier& way, const Obligations::Duty& duty) {
  switch (way.kind) {
    case SatisfierKind::reg:
    case SatisfierKind::document:
      return register_action(pack, way, duty);
    case SatisfierKind::occasion:
      return occasion_action(pack, duty);
    case SatisfierKind::workflow:
      if (Json open = occasion_action(pack, duty); open["kind"].as_string() == "open_case") return open;
      return Json::object({{"kind", "case"}});
    case SatisfierKind::attestation:
      return Json::object({{"kind", "attest"}, {"file_needed", way.file_needed}});
    case SatisfierKind::posture_rule:
      return Json::object({{"kind", "device"}});
    case SatisfierKind::detection:
      return Json::object({{"kind", "sources"}});
    case SatisfierKind::setting:
      return Json::object({{"kind", "setting"}, {"id", way.ref}});
    case SatisfierKind::pack:
    case SatisfierKind::pending:
      break;
  }
  return Json();
}

}  // namespace

comply::BiText name_of(const Obligations::Duty& duty) {
  const comply::Clause& clause = *duty.clause;
  comply::BiText out = clause.parts.size() > 1 || clause.title.empty() ? duty.part->duty : clause.title;
  for (std::string* text : {&out.vi, &out.en}) {
    if (text->ends_with('.')) text->pop_back();
  }
  return out;
}

Json actions_for(const Pack& pack, const Obligations::Duty& duty) {
  Json out = Json::array();
  for (const auto& way : duty.part->satisfied_by) {
    Json action = action_for(pack, way, duty);
    const auto& so_far = out.items();
    if (action.is_null() || std::find(so_far.begin(), so_far.end(), action) != so_far.end()) continue;
    out.push(std::move(action));
  }
  // A prohibition that is broken is ended where the breach is recorded.
  const RegisterKind* breaches = pack.reg("violation");
  if (duty.part->modality == comply::Modality::must_not && duty.status == Status::violated &&
      breaches != nullptr) {
    out.push(Json::object({{"kind", "records"},
                           {"register", breaches->spec.name},
                           {"title", breaches->title.vi},
                           {"prefill", Json::object()}}));
  }
  return out;
}

bool is_waiting_for_program(const comply::ClausePart& part) {
  return std::all_of(part.satisfied_by.begin(), part.satisfied_by.end(), [](const Satisfier& way) {
    return way.kind == SatisfierKind::pending || way.kind == SatisfierKind::pack;
  });
}

}  // namespace phendau::hub
