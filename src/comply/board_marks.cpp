// SPDX-License-Identifier: Apache-2.0
// What happened, and which rows depend on it. An index from names (fact kind, register, workflow, rule,
// setting, slot, clause) to parts is made once from the catalogue; a mark is a group (part in an agency) or,
// where one thing changed, one row.
#include <algorithm>

#include "comply/board.h"
#include "comply/subjects.h"

namespace phendau::comply {
namespace {

bool about_things(SubjectKind kind) {
  return kind == SubjectKind::device || kind == SubjectKind::system || kind == SubjectKind::account ||
         kind == SubjectKind::person || kind == SubjectKind::record;
}

void add_once(std::vector<std::uint32_t>& list, std::uint32_t part) {
  if (list.empty() || list.back() != part) list.push_back(part);
}

bool names_link(const ClausePart& part, std::string_view kind) {
  return std::any_of(part.satisfied_by.begin(), part.satisfied_by.end(), [&](const Satisfier& one) {
    return !one.link.empty() && (one.ref == kind || one.kind == SatisfierKind::document);
  });
}

}  // namespace

void Board::index_part(std::uint32_t index) {
  const ClausePart& part = *parts_[index].part;
  add_once(by_kind_[static_cast<std::size_t>(part.subject)], index);
  if (part.subject == SubjectKind::role) add_once(by_role_[part.role], index);
  if (part.subject == SubjectKind::record) add_once(by_subject_register_[part.role], index);
  if (part.subject == SubjectKind::device && !part.scopes.empty()) scoped_device_parts_.push_back(index);
  add_once(by_scope_id_[part.id], index);
  add_once(by_scope_id_[parts_[index].clause->id], index);
  if (part.trigger) {
    auto& by = part.trigger->source == Trigger::Source::reg ? by_register_ : by_workflow_;
    add_once(by[part.trigger->ref], index);
  }
  for (const Satisfier& one : part.satisfied_by) {
    if (one.kind == SatisfierKind::posture_rule) {
      const auto rule = catalog_.posture_rules.find(one.ref);
      if (rule != catalog_.posture_rules.end()) add_once(by_fact_[rule->second.fact_kind], index);
    }
    if (one.kind == SatisfierKind::reg) add_once(by_register_[one.ref], index);
    if (one.kind == SatisfierKind::document) add_once(by_register_["document"], index);
    if (one.kind == SatisfierKind::workflow) add_once(by_workflow_[one.ref], index);
    if (one.kind == SatisfierKind::detection) add_once(by_rule_[one.ref], index);
    if (one.kind == SatisfierKind::setting) add_once(by_setting_[one.ref], index);
  }
}

const std::vector<std::uint32_t>& Board::of(const Index& index, std::string_view name) const {
  static const std::vector<std::uint32_t> kNone;
  const auto at = index.find(name);
  return at == index.end() ? kNone : at->second;
}

void Board::mark(std::uint32_t agency, std::uint32_t part) {
  Group& group = agencies_[agency].groups[part];
  if (group.marked) return;
  group.marked = true;
  marked_groups_.emplace_back(agency, part);
}

void Board::mark(std::string_view agency_id, std::uint32_t part) {
  if (const auto agency = find_agency(agency_id)) mark(*agency, part);
}

void Board::mark_everywhere(std::uint32_t part) {
  for (std::uint32_t agency = 0; agency < agencies_.size(); ++agency) {
    if (agencies_[agency].live) mark(agency, part);
  }
}

void Board::mark_row(std::string_view agency_id, std::uint32_t part, SubjectKind kind,
                     std::string_view subject_id) {
  const auto agency = find_agency(agency_id);
  const auto subject = find_subject(kind, subject_id);
  if (!agency || !subject || agencies_[*agency].groups[part].marked) return;
  marked_rows_.push_back({*agency, part, *subject});
}

void Board::mark_agency(std::string_view agency_id) {
  const auto agency = find_agency(agency_id);
  if (!agency) return;
  for (std::uint32_t part = 0; part < parts_.size(); ++part) mark(*agency, part);
}

const std::vector<std::uint32_t>& Board::parts_about(SubjectKind kind, std::string_view role) const {
  return kind == SubjectKind::record ? of(by_subject_register_, role)
                                     : by_kind_[static_cast<std::size_t>(kind)];
}

void Board::mark_kind(SubjectKind kind, std::string_view role, std::string_view agency_id) {
  for (const std::uint32_t part : parts_about(kind, role)) mark(agency_id, part);
}

void Board::mark_slot(std::string_view slot, std::string_view agency_id) {
  for (const std::uint32_t part : of(by_role_, slot)) {
    mark(agency_id, part);
    mark(0, part);  // held by nobody, or no longer so
  }
}

void Board::mark_scope(std::string_view scope_id, std::string_view agency_id) {
  for (const std::uint32_t part : of(by_scope_id_, scope_id)) mark(agency_id, part);
}

void Board::change_agency(const Subject* old, const Subject& subject) {
  const std::uint32_t slot = agency_slot(subject.id);
  if (old != nullptr && old->attributes == subject.attributes && old->known_since == subject.known_since) {
    return;
  }
  const bool is_new = old == nullptr;
  agencies_[slot].live = true;
  agencies_[slot].ended_at.reset();
  for (std::uint32_t part = 0; part < parts_.size(); ++part) mark(slot, part);
  if (is_new) {  // it may hold slots already
    for (const std::uint32_t part : by_kind_[static_cast<std::size_t>(SubjectKind::role)]) mark(0, part);
  }
}

void Board::put_subject(Subject subject) {
  const Subject* old = knowledge_.subject(subject.kind, subject.id);
  if (subject.kind == SubjectKind::agency) {
    change_agency(old, subject);
  } else if (old == nullptr || old->agency_id != subject.agency_id) {
    subject_slot(subject.kind, subject.id);
    if (old != nullptr) mark_kind(subject.kind, old->role, old->agency_id);
    mark_kind(subject.kind, subject.role, subject.agency_id);
  } else if (!(old->attributes == subject.attributes) || old->known_since != subject.known_since) {
    for (const std::uint32_t part : parts_about(subject.kind, subject.role)) {
      mark_row(subject.agency_id, part, subject.kind, subject.id);
    }
  }
  knowledge_.put_subject(std::move(subject));
}

void Board::drop_subject(SubjectKind kind, std::string_view id) {
  const Subject* old = knowledge_.subject(kind, id);
  if (old == nullptr) return;
  if (kind == SubjectKind::agency) {
    drop_agency(id);
  } else {
    mark_kind(kind, old->role, old->agency_id);
  }
  knowledge_.drop_subject(kind, id);
}

void Board::put_binding(RoleBinding binding) {
  drop_binding(binding.record_id);
  mark_slot(binding.slot, binding.agency_id);
  knowledge_.put_binding(std::move(binding));
}

void Board::drop_binding(std::string_view record_id) {
  const RoleBinding* old = knowledge_.binding(record_id);
  if (old == nullptr) return;
  mark_slot(old->slot, old->agency_id);
  knowledge_.drop_binding(record_id);
}

void Board::put_fact(Fact fact) {
  const Subject* device = knowledge_.subject(SubjectKind::device, fact.device_id);
  if (device != nullptr) {
    for (const std::uint32_t part : of(by_fact_, fact.kind)) {
      mark_row(device->agency_id, part, SubjectKind::device, device->id);
    }
    if (fact.kind == kHostFact) {
      for (const std::uint32_t part : scoped_device_parts_) {
        mark_row(device->agency_id, part, SubjectKind::device, device->id);
      }
    }
  }
  knowledge_.put_fact(std::move(fact));
}

void Board::mark_record(const RegisterRecord& record) {
  for (const std::uint32_t index : of(by_register_, record.kind)) {
    const ClausePart& part = *parts_[index].part;
    const bool triggers =
        part.trigger && part.trigger->source == Trigger::Source::reg && part.trigger->ref == record.kind;
    if (triggers && part.trigger->whose == Trigger::Whose::all) {
      mark_everywhere(index);
    } else if (part.subject == SubjectKind::role || part.subject == SubjectKind::hub) {
      mark_everywhere(index);  // few agencies hold a role; the others have nothing to judge
    } else if (part.subject == SubjectKind::record && part.role == record.kind && !triggers &&
               !names_link(part, record.kind)) {
      mark_row(record.agency_id, index, part.subject, record.id);  // it is about itself
    } else if (about_things(part.subject) && !record.subject_id.empty() && !names_link(part, record.kind)) {
      mark_row(record.agency_id, index, part.subject, record.subject_id);
    } else {
      mark(record.agency_id, index);
    }
  }
}

void Board::put_record(RegisterRecord record) {
  if (const RegisterRecord* old = knowledge_.record(record.kind, record.id)) mark_record(*old);
  mark_record(record);
  knowledge_.put_record(std::move(record));
}

void Board::drop_record(std::string_view kind, std::string_view id) {
  if (const RegisterRecord* old = knowledge_.record(kind, id)) mark_record(*old);
  knowledge_.drop_record(kind, id);
}

void Board::put_detection(DetectionState state) {
  for (const std::uint32_t part : of(by_rule_, state.rule)) mark(state.agency_id, part);
  knowledge_.put_detection(std::move(state));
}

void Board::mark_case(const CaseState& state) {
  for (const std::uint32_t index : of(by_workflow_, state.workflow)) {
    const ClausePart& part = *parts_[index].part;
    const bool of_all = part.trigger && part.trigger->whose == Trigger::Whose::all;
    if (of_all || part.subject == SubjectKind::role || part.subject == SubjectKind::hub) {
      mark_everywhere(index);
    } else {
      mark(state.agency_id, index);
    }
  }
}

void Board::put_case(CaseState state) {
  if (const CaseState* old = knowledge_.case_by_id(state.id)) mark_case(*old);
  mark_case(state);
  knowledge_.put_case(std::move(state));
}

void Board::put_attestation(Attestation attestation) {
  drop_attestation(attestation.record_id);
  mark_scope(attestation.part_id, attestation.agency_id);
  knowledge_.put_attestation(std::move(attestation));
}

void Board::drop_attestation(std::string_view record_id) {
  const Attestation* old = knowledge_.attestations().find(record_id);
  if (old == nullptr) return;
  mark_scope(old->part_id, old->agency_id);
  knowledge_.drop_attestation(record_id);
}

void Board::put_exception(Exception exception) {
  drop_exception(exception.record_id);
  mark_scope(exception.scope_id, exception.agency_id);
  knowledge_.put_exception(std::move(exception));
}

void Board::drop_exception(std::string_view record_id) {
  const Exception* old = knowledge_.exceptions().find(record_id);
  if (old == nullptr) return;
  mark_scope(old->scope_id, old->agency_id);
  knowledge_.drop_exception(record_id);
}

void Board::put_breach(Breach breach) {
  drop_breach(breach.record_id);
  mark_scope(breach.scope_id, breach.agency_id);
  knowledge_.put_breach(std::move(breach));
}

void Board::drop_breach(std::string_view record_id) {
  const Breach* old = knowledge_.breaches().find(record_id);
  if (old == nullptr) return;
  mark_scope(old->scope_id, old->agency_id);
  knowledge_.drop_breach(record_id);
}

void Board::put_setting(std::string name, Json value, UtcTime at) {
  const Setting* old = knowledge_.setting(name);
  if (old != nullptr && old->value == value) return;
  for (const std::uint32_t part : of(by_setting_, name)) mark_everywhere(part);
  knowledge_.put_setting(std::move(name), std::move(value), at);
}

}  // namespace phendau::comply
