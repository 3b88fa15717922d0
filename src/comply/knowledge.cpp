// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "comply/assess.h"

namespace phendau::comply {
namespace {

template <class Map>
void erase_key(Map& map, std::string_view key) {
  const auto at = map.find(key);
  if (at != map.end()) map.erase(at);
}

std::pair<std::string, std::string> key_of(std::string_view a, std::string_view b) {
  return {std::string(a), std::string(b)};
}

}  // namespace

void Knowledge::put_subject(Subject subject) {
  auto& map = subjects_[static_cast<std::size_t>(subject.kind)];
  std::string id = subject.id;
  map.insert_or_assign(std::move(id), std::move(subject));
}

void Knowledge::drop_subject(SubjectKind kind, std::string_view id) {
  erase_key(subjects_[static_cast<std::size_t>(kind)], id);
  if (kind != SubjectKind::device) return;
  const std::string device(id);
  facts_.erase(facts_.lower_bound({device, ""}), facts_.lower_bound({device + '\0', ""}));
}

void Knowledge::put_fact(Fact fact) {
  auto key = key_of(fact.device_id, fact.kind);
  const auto at = facts_.find(key);
  if (at == facts_.end()) {
    facts_.emplace(std::move(key), std::move(fact));
  } else if (at->second.collected_at <= fact.collected_at) {
    at->second = std::move(fact);
  }
}

void Knowledge::put_record(RegisterRecord record) {
  drop_record(record.kind, record.id);  // its agency may have changed
  record_agency_[key_of(record.kind, record.id)] = record.agency_id;
  auto& group = records_[key_of(record.kind, record.agency_id)];
  std::string id = record.id;
  group.insert_or_assign(std::move(id), std::move(record));
}

void Knowledge::drop_record(std::string_view kind, std::string_view id) {
  const auto owner = record_agency_.find(key_of(kind, id));
  if (owner == record_agency_.end()) return;
  erase_key(records_[key_of(kind, owner->second)], id);
  record_agency_.erase(owner);
}

void Knowledge::put_detection(DetectionState state) {
  auto key = key_of(state.rule, state.agency_id);
  detections_.insert_or_assign(std::move(key), std::move(state));
}

void Knowledge::put_case(CaseState state) {
  auto& group = cases_[key_of(state.workflow, state.agency_id)];
  std::string id = state.id;
  group.insert_or_assign(std::move(id), std::move(state));
}

void Knowledge::put_attestation(Attestation attestation) {
  std::string id = attestation.record_id;
  attestations_.insert_or_assign(std::move(id), std::move(attestation));
}

void Knowledge::drop_attestation(std::string_view record_id) { erase_key(attestations_, record_id); }

void Knowledge::put_exception(Exception exception) {
  std::string id = exception.record_id;
  exceptions_.insert_or_assign(std::move(id), std::move(exception));
}

void Knowledge::drop_exception(std::string_view record_id) { erase_key(exceptions_, record_id); }

void Knowledge::put_breach(Breach breach) {
  std::string id = breach.record_id;
  breaches_.insert_or_assign(std::move(id), std::move(breach));
}

void Knowledge::put_setting(std::string name, Json value, UtcTime at) {
  settings_.insert_or_assign(std::move(name), Setting{std::move(value), at});
}

const Subject* Knowledge::subject(SubjectKind kind, std::string_view id) const {
  const auto& map = subjects(kind);
  const auto at = map.find(id);
  return at == map.end() ? nullptr : &at->second;
}

const std::map<std::string, Subject, std::less<>>& Knowledge::subjects(SubjectKind kind) const {
  return subjects_[static_cast<std::size_t>(kind)];
}

const Fact* Knowledge::fact(std::string_view device_id, std::string_view kind) const {
  const auto at = facts_.find(key_of(device_id, kind));
  return at == facts_.end() ? nullptr : &at->second;
}

std::vector<const RegisterRecord*> Knowledge::records(std::string_view kind,
                                                      std::string_view agency_id) const {
  std::vector<const RegisterRecord*> out;
  const auto at = records_.find(key_of(kind, agency_id));
  if (at == records_.end()) return out;
  for (const auto& [id, record] : at->second) out.push_back(&record);
  return out;
}

const DetectionState* Knowledge::detection(std::string_view rule, std::string_view agency_id) const {
  const auto at = detections_.find(key_of(rule, agency_id));
  return at == detections_.end() ? nullptr : &at->second;
}

std::vector<const CaseState*> Knowledge::cases(std::string_view workflow, std::string_view agency_id) const {
  std::vector<const CaseState*> out;
  const auto at = cases_.find(key_of(workflow, agency_id));
  if (at == cases_.end()) return out;
  for (const auto& [id, state] : at->second) out.push_back(&state);
  return out;
}

const Setting* Knowledge::setting(std::string_view name) const {
  const auto at = settings_.find(name);
  return at == settings_.end() ? nullptr : &at->second;
}

}  // namespace phendau::comply
