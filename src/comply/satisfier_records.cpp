// SPDX-License-Identifier: Apache-2.0
// Ways that look at records: registers, papers sent, the occasion itself, attestations. In a period that is
// not over a missing record is `due`, afterwards (or after its "before" day) `overdue`; a record that comes
// too late is met, and says so. With an occasion its clock takes the place of the period.
#include <algorithm>

#include "base/text.h"
#include "comply/limits.h"
#include "comply/verdict.h"

namespace phendau::comply {
namespace {

constexpr std::string_view kDocumentKind = "document";  // the register that papers sent are kept in

std::string record_kind_of(const Satisfier& satisfier) {
  return satisfier.kind == SatisfierKind::document ? std::string(kDocumentKind) : satisfier.ref;
}

EvidenceItem evidence_of(const RegisterRecord& record) {
  return {EvidenceItem::Kind::record, record.kind + "/" + record.id, record.at, record.state};
}

/// Registers of the province itself have no owner; they are kept by whoever holds a role.
bool of_province(SubjectKind kind) { return kind == SubjectKind::role || kind == SubjectKind::hub; }

/// What another agency did before it ended was that one's duty: it fulfils no period or age of its successor,
/// and changes no period that was over before. What is there (systems, people, open occasions) goes on.
bool answers_for_other(const Context& context, const Satisfier& satisfier, const RegisterRecord& record) {
  if (record.inherited_at.ns == 0 || of_province(context.subject.kind)) return false;
  if (context.past && record.inherited_at >= context.period.end_at) return true;
  const bool dated = satisfier.period != PeriodKind::none || satisfier.age_days_max > 0;
  return dated && context.occasion == nullptr && record.at < record.inherited_at;
}

bool counts(const Context& context, const Satisfier& satisfier, const RegisterRecord& record,
            AgeClock& clock) {
  if (answers_for_other(context, satisfier, record)) return false;
  if (context.entered_before && record.known_at() >= *context.entered_before) return false;
  if (satisfier.kind == SatisfierKind::document && record.document["type"].as_string() != satisfier.ref)
    return false;
  if (!satisfier.states.empty() &&
      std::find(satisfier.states.begin(), satisfier.states.end(), record.state) == satisfier.states.end()) {
    return false;
  }
  return all_hold(satisfier.where, record.document, clock);
}

LinkIndex index_links(const Satisfier& satisfier, const std::vector<const RegisterRecord*>& records) {
  LinkIndex out;
  for (const RegisterRecord* record : records) {
    const Json& value = record->document[satisfier.link];
    if (value.is_string()) out.emplace(value.as_string(), record);
    for (const Json& item : value.items()) out.emplace(item.as_string(), record);  // a list of people
  }
  return out;
}

/// Records that name the occasion, or else the subject. A role sees those of every agency: a link is
/// explicit.
std::vector<const RegisterRecord*> linked(const Context& context, const Satisfier& satisfier) {
  const std::string kind = record_kind_of(satisfier);
  const auto all = [&] {
    return of_province(context.subject.kind) ? context.knowledge.records_of_all(kind)
                                             : context.knowledge.records(kind, context.agency_id);
  };
  LinkIndex own;
  const LinkIndex* index = &own;
  if (context.links == nullptr) {
    own = index_links(satisfier, all());
  } else {
    const auto at = context.links->of.find(&satisfier);
    index = at != context.links->of.end()
                ? &at->second
                : &context.links->of.emplace(&satisfier, index_links(satisfier, all())).first->second;
  }
  std::vector<const RegisterRecord*> out;
  const std::string& wanted = context.occasion ? context.occasion->record_id() : context.subject.id;
  auto [first, last] = index->equal_range(wanted);
  for (; first != last; ++first) out.push_back(first->second);
  return out;
}

/// Records that are one subject's: a record that is a subject itself is about itself.
std::vector<const RegisterRecord*> records_about(const Context& context, const std::string& kind) {
  const Subject& subject = context.subject;
  if (subject.kind != SubjectKind::record || kind != subject.role) {
    return context.knowledge.records_about(kind, context.agency_id, subject.id);
  }
  const RegisterRecord* own = context.knowledge.record(kind, subject.id);
  return own == nullptr ? std::vector<const RegisterRecord*>{} : std::vector{own};
}

std::vector<const RegisterRecord*> records_that_count(const Context& context, const Satisfier& satisfier,
                                                      AgeClock& clock) {
  std::vector<const RegisterRecord*> out;
  const std::string kind = record_kind_of(satisfier);
  if (!satisfier.link.empty()) {
    out = linked(context, satisfier);
    if (context.part.trigger && context.part.trigger->each)
      std::erase_if(out, [&](const auto* record) { return record->subject_id != context.subject.id; });
  } else if (is_body(context.subject.kind)) {
    out = context.knowledge.records(kind, context.agency_id);
    if (of_province(context.subject.kind) && !context.agency_id.empty()) {
      for (const auto* record : context.knowledge.records(kind, "")) out.push_back(record);
    }
  } else {
    out = records_about(context, kind);
  }
  std::erase_if(out,
                [&](const RegisterRecord* record) { return !counts(context, satisfier, *record, clock); });
  if (context.occasion && satisfier.link.empty()) {  // what was done before cannot answer it
    std::erase_if(out, [&](const auto* record) { return record->at < context.occasion->occurred_at; });
  }
  return out;
}

void add_record(Verdict& out, const RegisterRecord& record) {
  out.add_evidence(evidence_of(record));
  if (!out.entered_at || *out.entered_at < record.known_at()) out.entered_at = record.known_at();
}

/// When the obligation of this period becomes late.
UtcTime due_at_of(const Context& context, const Satisfier& satisfier) {
  if (!satisfier.before) return context.period.end_at;
  return due_before(*satisfier.before, context.period.first.year, context.catalog.zone).due_at;
}

/// From when on it counts, in a year with `not_before`.
std::optional<UtcTime> opens_at_of(const Context& context, const Satisfier& satisfier) {
  if (!satisfier.not_before) return std::nullopt;
  return due_before(*satisfier.not_before, context.period.first.year, context.catalog.zone).due_at;
}

Verdict judge_every(const Satisfier& satisfier, const std::vector<const RegisterRecord*>& records,
                    AgeClock& clock) {
  if (records.empty()) {
    switch (satisfier.empty) {
      case EmptyMeans::met:
        return make_verdict(Status::met, "comply.register_empty_fine", {satisfier.ref});
      case EmptyMeans::no_occasion:
        return make_verdict(Status::no_occasion, "comply.no_occasion_yet");
      case EmptyMeans::due:
        return make_verdict(Status::due, "comply.register_empty", {satisfier.ref});
      case EmptyMeans::unknown:
        break;
    }
    return make_verdict(Status::unknown, "comply.register_empty", {satisfier.ref});
  }
  Verdict out;
  std::uint32_t wrong = 0;
  for (const bool bad : {true, false}) {  // what is wrong is shown first
    for (const RegisterRecord* record : records) {
      const bool fine = all_hold(satisfier.every, record->document, clock);
      if (fine == bad) continue;
      add_record(out, *record);
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
  const auto opens_at = opens_at_of(context, satisfier);
  for (const RegisterRecord* record : in_time_order) {
    if (opens_at && record->at < *opens_at) continue;
    const bool inside = record->period_id.empty()
                            ? record->at >= context.period.begin_at && record->at < context.period.end_at
                            : record->period_id == context.period.id;
    if (!inside) continue;
    add_record(out, *record);
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
  if (opens_at && context.now < *opens_at) {
    out.status = Status::no_occasion;
    out.due_at.reset();
    out.look_again(*opens_at, context.now);
    out.reason = {"comply.not_open_yet", {time_label(*opens_at, context.catalog.zone).substr(0, 10)}};
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
    add_record(out, *record);
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

/// For an occasion: enough records since it, or that link to it; in time by its clock.
Verdict judge_since(const Context& context, const Satisfier& satisfier,
                    std::vector<const RegisterRecord*> records, AgeClock& clock) {
  std::stable_sort(records.begin(), records.end(),
                   [](const auto* a, const auto* b) { return a->at < b->at; });
  std::optional<UtcTime> done_at;
  if (static_cast<std::int32_t>(records.size()) >= satisfier.at_least) {
    done_at = records[static_cast<std::size_t>(satisfier.at_least) - 1]->at;
  }
  Verdict out = by_clock(context, done_at);
  for (const RegisterRecord* record : records) add_record(out, *record);
  if (!done_at && satisfier.at_least > 1) {
    out.add_detail({"comply.found_of", {std::to_string(records.size()), std::to_string(satisfier.at_least)}});
  }
  if (!done_at || satisfier.every.empty()) return out;
  Verdict every = judge_every(satisfier, records, clock);
  if (every.status == Status::met) return out;
  every.due_at = out.due_at;
  every.next_at = out.next_at;
  return every;
}

}  // namespace

Verdict judge_register(const Context& context, const Satisfier& satisfier) {
  AgeClock clock = context.age_clock();
  const auto records = records_that_count(context, satisfier, clock);
  Verdict out = context.occasion != nullptr            ? judge_since(context, satisfier, records, clock)
                : !satisfier.every.empty()             ? judge_every(satisfier, records, clock)
                : satisfier.period != PeriodKind::none ? judge_in_period(context, satisfier, records)
                                                       : judge_standing(context, satisfier, records);
  out.look_again(clock, context.now);
  return out;
}

EvidenceItem evidence_of(const Occasion& occasion) {
  if (occasion.record != nullptr) return evidence_of(*occasion.record);
  return {EvidenceItem::Kind::workflow_run, occasion.run->id, occasion.occurred_at, occasion.run->state};
}

Verdict by_clock(const Context& context, std::optional<UtcTime> done_at) {
  const Occasion& occasion = *context.occasion;
  const ZoneOffset zone = context.catalog.zone;
  const std::string begun = time_label(occasion.occurred_at, zone);
  Verdict out;
  if (occasion.due) out.due_at = occasion.due->due_at;
  out.done_at = done_at;
  if (done_at) {
    const bool late = occasion.due && occasion.due->is_late(*done_at);
    out.status = Status::met;
    out.reason = {late ? "comply.occasion_done_late" : "comply.occasion_done",
                  {begun, time_label(*done_at, zone)}};
    return out;
  }
  if (!occasion.due_unknown.empty()) {
    out.reason = {occasion.due_unknown, {occasion.due_unknown_arg}};
    return out;
  }
  if (!occasion.due) {
    out.status = Status::due;
    out.reason = {"comply.occasion_open", {begun}};
    return out;
  }
  const DueDay& due = *occasion.due;
  const UtcTime late_at = due.inclusive ? due.due_at + nanoseconds(1) : due.due_at;
  out.look_again(late_at, context.now);
  const bool late = due.is_late(context.now);
  out.status = late ? Status::overdue : Status::due;
  out.reason = {late ? "comply.occasion_overdue" : "comply.occasion_due",
                {begun, time_label(late_at - nanoseconds(1), zone)}};
  return out;
}

/// The record or case itself says that it is done.
Verdict judge_occasion(const Context& context, const Satisfier& satisfier) {
  const Occasion& occasion = *context.occasion;
  const Json& document = occasion.record != nullptr ? occasion.record->document : occasion.run->document;
  const std::string& state = occasion.record != nullptr ? occasion.record->state : occasion.run->state;
  const auto& states = satisfier.states;
  bool done = states.empty() || std::find(states.begin(), states.end(), state) != states.end();
  AgeClock clock = context.age_clock();
  done = done && all_hold(satisfier.every, document, clock);
  // Nobody wrote down when: it counts from its occurrence, and cannot be called late.
  std::optional<UtcTime> when = occasion.occurred_at;
  if (!satisfier.done.empty()) when = time_of_field(document, satisfier.done, context.catalog.zone);
  Verdict out = by_clock(context, done ? when : std::nullopt);
  out.look_again(clock, context.now);
  return out;
}

Verdict judge_attestation(const Context& context, const Satisfier& satisfier) {
  const bool periodic = satisfier.period != PeriodKind::none;
  const Attestation* best = nullptr;
  for (const auto& [id, one] : context.knowledge.attestations().group(context.part.id, context.agency_id)) {
    if (satisfier.file_needed && one.file_sha256.empty()) continue;
    if (context.entered_before && one.known_at() >= *context.entered_before) continue;
    if (context.occasion != nullptr && one.period_id != context.occasion->id) continue;
    const bool inside = one.period_id.empty()
                            ? one.at >= context.period.begin_at && one.at < context.period.end_at
                            : one.period_id == context.period.id;
    if (periodic && !inside) continue;
    if (best == nullptr || one.at > best->at) best = &one;
  }
  if (best == nullptr) {
    Verdict out =
        make_verdict(Status::due, satisfier.file_needed ? "comply.attest_with_file" : "comply.attest");
    if (context.occasion != nullptr) {
      Verdict clock = by_clock(context, std::nullopt);
      clock.add_detail(std::move(out.reason));
      return clock;
    }
    if (!periodic) return out;
    out.due_at = due_at_of(context, satisfier);
    out.look_again(*out.due_at, context.now);
    if (context.now >= *out.due_at) out.status = Status::overdue;
    return out;
  }
  Verdict out =
      make_verdict(Status::attested, "comply.attested", {time_label(best->at, context.catalog.zone)});
  out.add_evidence({EvidenceItem::Kind::attestation, best->record_id, best->at, best->file_sha256});
  out.entered_at = best->known_at();
  if (context.occasion != nullptr) out.done_at = best->at;
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

}  // namespace phendau::comply
