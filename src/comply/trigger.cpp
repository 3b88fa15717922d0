// SPDX-License-Identifier: Apache-2.0
// A duty with a trigger is judged once for each occurrence that still counts; the clocks are those of
// deadline.h.
#include "comply/trigger.h"

#include <algorithm>
#include <map>

namespace phendau::comply {
namespace {

bool fits(const Trigger& trigger, const Json& document, std::string_view state, AgeClock& clock) {
  if (!trigger.states.empty() &&
      std::find(trigger.states.begin(), trigger.states.end(), state) == trigger.states.end()) {
    return false;
  }
  return all_hold(trigger.where, document, clock);
}

const Json& member_of(const Json& document, std::string_view field) {
  return document.contains(field) ? document[field] : document.at_path(field);
}

/// When the clock starts; nullopt: the duty has not arisen yet.
std::optional<TermStart> start_of(const Trigger& trigger, const RegisterRecord& record, ZoneOffset zone) {
  if (!trigger.from.empty()) {
    const auto start = TermStart::parse(member_of(record.document, trigger.from).as_string(), zone);
    return start ? std::optional(*start) : std::nullopt;
  }
  if (record.dated == Dated::no) return TermStart::instant(record.known_at(), zone);
  if (record.dated == Dated::instant) return TermStart::instant(record.at, zone);
  return TermStart::whole_day(to_civil(record.at, zone).date, zone);
}

std::optional<TermStart> start_of(const Trigger& trigger, const CaseState& run, ZoneOffset zone) {
  std::optional<UtcTime> at;
  if (trigger.from.empty() || trigger.from == "opened") at = run.opened_at;
  if (trigger.from == "closed") at = run.closed_at;
  for (const CaseStep& step : run.steps) {
    if (step.id == trigger.from && step.state == CaseStep::State::done) at = step.at;
  }
  return at ? std::optional(TermStart::instant(*at, zone)) : std::nullopt;
}

/// The occurrence itself; of a date the start of the day (its clock runs from the end).
UtcTime occurred_at(const TermStart& start, ZoneOffset zone) {
  const UtcTime end_of_day = start_of_day(civil_from_days(days_from_civil(start.day) + 1), zone);
  return start.at >= end_of_day ? start_of_day(start.day, zone) : start.at;
}

/// none: no clock runs, or none did under the law of that day.
Result<std::optional<DueDay>> clock_of(const Trigger& trigger, const TermStart& start,
                                       const Catalog& catalog) {
  if (trigger.within) {
    const DueDay due = PHENDAU_TRY(due_of(*trigger.within, start, catalog.work_calendar, catalog.zone));
    return std::optional(due);
  }
  const auto table = catalog.regimes.find(trigger.regime);
  if (table == catalog.regimes.end()) return std::optional<DueDay>();
  return PHENDAU_TRY(regime_due(table->second, start, catalog.work_calendar, catalog.zone)).due;
}

void set_clock(Occasion& out, const Trigger& trigger, const TermStart& start, const Catalog& catalog) {
  out.occurred_at = occurred_at(start, catalog.zone);
  const auto due = clock_of(trigger, start, catalog);
  if (due) {
    out.due = *due;
    return;
  }
  const auto year = missing_calendar_year(due.error());
  out.due_unknown = year ? "comply.calendar_missing" : "comply.no_due_day";
  if (year) out.due_unknown_arg = std::to_string(*year);
}

/// The clock that ran when it occurred.
const Trigger& trigger_at(const ClausePart& part, UtcTime at) {
  const ClausePart* of = &part;
  while (of->earlier && at < of->earlier->until && of->earlier->part->trigger) of = of->earlier->part.get();
  return *of->trigger;
}

/// Whose occurrences the duty arises from: a role answers for the whole province.
bool of_all(const Trigger& trigger, SubjectKind subject) {
  if (trigger.whose != Trigger::Whose::by_subject) return trigger.whose == Trigger::Whose::all;
  return subject == SubjectKind::role || subject == SubjectKind::hub;
}

/// Leaves the occurrence that makes it `at_least` of its agency in its calendar period.
void keep_counted(const Trigger& trigger, ZoneOffset zone, std::vector<Occasion>& in_time_order) {
  std::map<std::pair<std::string, std::string>, std::int32_t> counts;  // agency, period
  std::erase_if(in_time_order, [&](const Occasion& one) {
    const std::string& agency = one.record != nullptr ? one.record->agency_id : one.run->agency_id;
    const Period period = period_containing(trigger.counted_in, one.occurred_at, zone);
    return ++counts[{agency, period.id}] != trigger.at_least;
  });
}

std::vector<const RegisterRecord*> candidates(const Knowledge& knowledge, const Trigger& trigger,
                                              const Subject& subject) {
  auto out = of_all(trigger, subject.kind) ? knowledge.records_of_all(trigger.ref)
                                           : knowledge.records(trigger.ref, subject.agency_id);
  if (is_body(subject.kind) || trigger.each) return out;
  std::erase_if(out, [&](const RegisterRecord* record) {  // the subject's own record may be the occasion
    return record->subject_id != subject.id && record->id != subject.id;
  });
  return out;
}

}  // namespace

std::optional<UtcTime> time_of_field(const Json& document, std::string_view field, ZoneOffset zone) {
  const auto start = TermStart::parse(member_of(document, field).as_string(), zone);
  return start ? std::optional(occurred_at(*start, zone)) : std::nullopt;
}

std::vector<Occasion> occasions_of(const Catalog& catalog, const Knowledge& knowledge, const ClausePart& part,
                                   const Subject& subject, AgeClock& clock) {
  std::vector<Occasion> out;
  const Trigger& trigger = *part.trigger;
  const auto add = [&](Occasion one, std::optional<TermStart> start) {
    if (!start) return;
    if (trigger.each && occurred_at(*start, catalog.zone) < subject.known_since)
      start = TermStart::instant(subject.known_since, catalog.zone);
    set_clock(one, trigger_at(part, occurred_at(*start, catalog.zone)), *start, catalog);
    if (catalog.in_force_from && one.occurred_at < *catalog.in_force_from) return;
    if (part.from && one.occurred_at < start_of_day(*part.from, catalog.zone)) return;
    if (part.until && one.occurred_at >= start_of_day(*part.until, catalog.zone)) return;
    out.push_back(std::move(one));
  };
  if (trigger.source == Trigger::Source::reg) {
    for (const RegisterRecord* record : candidates(knowledge, trigger, subject)) {
      if (!fits(trigger, record->document, record->state, clock)) continue;
      add({trigger.ref + "/" + record->id, record, nullptr, {}, {}, {}, {}},
          start_of(trigger, *record, catalog.zone));
    }
  } else {
    for (const CaseState* run : of_all(trigger, subject.kind)
                                    ? knowledge.cases_of_all(trigger.ref)
                                    : knowledge.cases(trigger.ref, subject.agency_id)) {
      if (!fits(trigger, run->document, run->state, clock)) continue;
      add({trigger.ref + "/" + run->id, nullptr, run, {}, {}, {}, {}}, start_of(trigger, *run, catalog.zone));
    }
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Occasion& a, const Occasion& b) { return a.occurred_at < b.occurred_at; });
  if (trigger.counted_in != PeriodKind::none) keep_counted(trigger, catalog.zone, out);
  return out;
}

UtcTime kept_until(const Trigger& trigger, UtcTime done_at, ZoneOffset zone) {
  const CivilDate day = add_months(to_civil(done_at, zone).date, trigger.keep_months);
  return start_of_day(civil_from_days(days_from_civil(day) + trigger.keep_days + 1), zone);
}

}  // namespace phendau::comply
