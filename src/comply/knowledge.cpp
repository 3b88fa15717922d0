// SPDX-License-Identifier: Apache-2.0
#include "comply/knowledge.h"

#include <algorithm>

namespace phendau::comply {
namespace {

TwoWordsLess::View view_of(std::string_view a, std::string_view b) { return {a, b}; }
TwoWords key_of(std::string_view a, std::string_view b) { return {std::string(a), std::string(b)}; }

bool holds_at(const RoleBinding& binding, UtcTime at) {
  return binding.from <= at && (!binding.until || at < *binding.until);
}

bool before_kind(const Fact& fact, std::string_view kind) { return fact.kind < kind; }

}  // namespace

void Knowledge::put_subject(Subject subject) {
  unlink_subject(subject.kind, subject.id);
  const auto kind = static_cast<std::size_t>(subject.kind);
  std::string id = subject.id;
  const auto at = subjects_[kind].insert_or_assign(std::move(id), std::move(subject)).first;
  subjects_in_[kind][at->second.agency_id][at->first] = &at->second;
}

void Knowledge::unlink_subject(SubjectKind kind, std::string_view id) {
  auto& map = subjects_[static_cast<std::size_t>(kind)];
  const auto at = map.find(id);
  if (at == map.end()) return;
  auto& groups = subjects_in_[static_cast<std::size_t>(kind)];
  const auto group = groups.find(at->second.agency_id);
  group->second.erase(at->first);
  if (group->second.empty()) groups.erase(group);
  map.erase(at);
}

void Knowledge::drop_subject(SubjectKind kind, std::string_view id) {
  unlink_subject(kind, id);
  if (kind != SubjectKind::device) return;
  const auto facts = facts_.find(id);
  if (facts != facts_.end()) facts_.erase(facts);
}

const Subject* Knowledge::subject(SubjectKind kind, std::string_view id) const {
  const auto& map = subjects(kind);
  const auto at = map.find(id);
  return at == map.end() ? nullptr : &at->second;
}

std::vector<const Subject*> Knowledge::subjects_in(SubjectKind kind, std::string_view agency_id) const {
  std::vector<const Subject*> out;
  const auto& groups = subjects_in_[static_cast<std::size_t>(kind)];
  const auto group = groups.find(agency_id);
  if (group == groups.end()) return out;
  out.reserve(group->second.size());
  for (const auto& [id, subject] : group->second) out.push_back(subject);
  return out;
}

void Knowledge::put_binding(RoleBinding binding) {
  drop_binding(binding.record_id);
  slots_[binding.slot].insert(binding.record_id);
  std::string id = binding.record_id;
  bindings_.insert_or_assign(std::move(id), std::move(binding));
}

void Knowledge::drop_binding(std::string_view record_id) {
  const auto at = bindings_.find(record_id);
  if (at == bindings_.end()) return;
  slots_[at->second.slot].erase(at->first);
  bindings_.erase(at);
}

const RoleBinding* Knowledge::binding(std::string_view record_id) const {
  const auto at = bindings_.find(record_id);
  return at == bindings_.end() ? nullptr : &at->second;
}

std::vector<std::string> Knowledge::holders(std::string_view slot, UtcTime at) const {
  std::set<std::string> out;
  const auto ids = slots_.find(slot);
  if (ids == slots_.end()) return {};
  for (const auto& id : ids->second) {
    const RoleBinding& binding = bindings_.find(id)->second;
    if (holds_at(binding, at) && subject(SubjectKind::agency, binding.agency_id) != nullptr) {
      out.insert(binding.agency_id);
    }
  }
  return {out.begin(), out.end()};
}

std::optional<Subject> Knowledge::role(std::string_view slot, std::string_view agency_id, UtcTime at) const {
  const Subject* agency = subject(SubjectKind::agency, agency_id);
  const auto ids = slots_.find(slot);
  if (agency == nullptr || ids == slots_.end()) return std::nullopt;
  std::vector<const RoleBinding*> own;
  for (const auto& id : ids->second) {
    const RoleBinding& binding = bindings_.find(id)->second;
    if (binding.agency_id == agency_id && binding.from <= at) own.push_back(&binding);
  }
  std::sort(own.begin(), own.end(), [](const auto* a, const auto* b) { return a->from > b->from; });
  std::optional<UtcTime> since;  // bindings that follow each other without a gap are one
  for (const RoleBinding* binding : own) {
    const UtcTime needed = since.value_or(at);
    const bool reaches = !binding->until || (since ? *binding->until >= needed : *binding->until > needed);
    if (reaches) since = since ? std::min(*since, binding->from) : binding->from;
  }
  if (!since) return std::nullopt;
  Subject out = *agency;
  out.kind = SubjectKind::role;
  out.id = std::string(slot) + "@" + std::string(agency_id);
  out.role = slot;
  out.known_since = *since;
  return out;
}

std::optional<UtcTime> Knowledge::next_binding_change(std::string_view slot, UtcTime after) const {
  std::optional<UtcTime> out;
  const auto look = [&](UtcTime at) {
    if (at > after && (!out || at < *out)) out = at;
  };
  const auto ids = slots_.find(slot);
  if (ids == slots_.end()) return out;
  for (const auto& id : ids->second) {
    const RoleBinding& binding = bindings_.find(id)->second;
    look(binding.from);
    if (binding.until) look(*binding.until);
  }
  return out;
}

bool Knowledge::put_fact(Fact fact) {
  auto& facts = facts_[fact.device_id].of;
  const auto at = std::lower_bound(facts.begin(), facts.end(), fact.kind, before_kind);
  if (at == facts.end() || at->kind != fact.kind) {
    facts.insert(at, std::move(fact));
    return true;
  }
  if (at->collected_at > fact.collected_at) return false;
  *at = std::move(fact);
  return true;
}

const Fact* Knowledge::fact(std::string_view device_id, std::string_view kind) const {
  const auto device = facts_.find(device_id);
  if (device == facts_.end()) return nullptr;
  const auto& facts = device->second.of;
  const auto at = std::lower_bound(facts.begin(), facts.end(), kind, before_kind);
  return at == facts.end() || at->kind != kind ? nullptr : &*at;
}

void Knowledge::put_record(RegisterRecord record) {
  drop_record(record.kind, record.id);  // its agency may have changed
  record_agency_[key_of(record.kind, record.id)] = record.agency_id;
  RecordGroup& group = records_[key_of(record.kind, record.agency_id)];
  std::string id = record.id;
  const auto at = group.by_id.insert_or_assign(std::move(id), std::move(record)).first;
  if (!at->second.subject_id.empty()) group.by_subject.emplace(at->second.subject_id, &at->second);
}

void Knowledge::drop_record(std::string_view kind, std::string_view id) {
  const auto owner = record_agency_.find(view_of(kind, id));
  if (owner == record_agency_.end()) return;
  const auto group = records_.find(view_of(kind, owner->second));
  const auto at = group->second.by_id.find(id);
  auto [first, last] = group->second.by_subject.equal_range(at->second.subject_id);
  while (first != last && first->second != &at->second) ++first;
  if (first != last) group->second.by_subject.erase(first);
  group->second.by_id.erase(at);
  if (group->second.by_id.empty()) records_.erase(group);
  record_agency_.erase(owner);
}

std::vector<const RegisterRecord*> Knowledge::records(std::string_view kind,
                                                      std::string_view agency_id) const {
  std::vector<const RegisterRecord*> out;
  const auto at = records_.find(view_of(kind, agency_id));
  if (at == records_.end()) return out;
  for (const auto& [id, record] : at->second.by_id) out.push_back(&record);
  return out;
}

std::vector<const RegisterRecord*> Knowledge::records_about(std::string_view kind, std::string_view agency_id,
                                                            std::string_view subject_id) const {
  std::vector<const RegisterRecord*> out;
  const auto at = records_.find(view_of(kind, agency_id));
  if (at == records_.end()) return out;
  auto [first, last] = at->second.by_subject.equal_range(subject_id);
  for (; first != last; ++first) out.push_back(first->second);
  std::sort(out.begin(), out.end(), [](const auto* a, const auto* b) { return a->id < b->id; });
  return out;
}

std::vector<const RegisterRecord*> Knowledge::records_of_all(std::string_view kind) const {
  std::vector<const RegisterRecord*> out;
  for (auto at = records_.lower_bound(view_of(kind, "")); at != records_.end() && at->first.first == kind;
       ++at) {
    for (const auto& [id, record] : at->second.by_id) out.push_back(&record);
  }
  return out;
}

const RegisterRecord* Knowledge::record(std::string_view kind, std::string_view id) const {
  const auto owner = record_agency_.find(view_of(kind, id));
  if (owner == record_agency_.end()) return nullptr;
  return &records_.find(view_of(kind, owner->second))->second.by_id.find(id)->second;
}

void Knowledge::put_detection(DetectionState state) {
  auto key = key_of(state.rule, state.agency_id);
  detections_.insert_or_assign(std::move(key), std::move(state));
}

const DetectionState* Knowledge::detection(std::string_view rule, std::string_view agency_id) const {
  const auto at = detections_.find(view_of(rule, agency_id));
  return at == detections_.end() ? nullptr : &at->second;
}

void Knowledge::put_case(CaseState state) {
  Key key = key_of(state.workflow, state.agency_id);
  const auto old = case_keys_.find(state.id);
  if (old != case_keys_.end() && old->second != key) cases_[old->second].erase(state.id);
  case_keys_.insert_or_assign(state.id, key);
  std::string id = state.id;
  cases_[std::move(key)].insert_or_assign(std::move(id), std::move(state));
}

std::vector<const CaseState*> Knowledge::cases(std::string_view workflow, std::string_view agency_id) const {
  std::vector<const CaseState*> out;
  const auto at = cases_.find(view_of(workflow, agency_id));
  if (at == cases_.end()) return out;
  for (const auto& [id, state] : at->second) out.push_back(&state);
  return out;
}

std::vector<const CaseState*> Knowledge::cases_of_all(std::string_view workflow) const {
  std::vector<const CaseState*> out;
  for (auto at = cases_.lower_bound(view_of(workflow, "")); at != cases_.end() && at->first.first == workflow;
       ++at) {
    for (const auto& [id, state] : at->second) out.push_back(&state);
  }
  return out;
}

const CaseState* Knowledge::case_by_id(std::string_view id) const {
  const auto key = case_keys_.find(id);
  return key == case_keys_.end() ? nullptr : &cases_.find(key->second)->second.find(id)->second;
}

void Knowledge::put_attestation(Attestation attestation) {
  auto key = key_of(attestation.part_id, attestation.agency_id);
  std::string id = attestation.record_id;
  attestations_.put(std::move(key), std::move(id), std::move(attestation));
}

void Knowledge::put_exception(Exception exception) {
  auto key = key_of(exception.scope_id, exception.agency_id);
  std::string id = exception.record_id;
  exceptions_.put(std::move(key), std::move(id), std::move(exception));
}

void Knowledge::put_breach(Breach breach) {
  auto key = key_of(breach.scope_id, breach.agency_id);
  std::string id = breach.record_id;
  breaches_.put(std::move(key), std::move(id), std::move(breach));
}

void Knowledge::put_setting(std::string name, Json value, UtcTime at) {
  settings_.insert_or_assign(std::move(name), Setting{std::move(value), at});
}

const Setting* Knowledge::setting(std::string_view name) const {
  const auto at = settings_.find(name);
  return at == settings_.end() ? nullptr : &at->second;
}

}  // namespace phendau::comply
