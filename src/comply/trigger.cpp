// SPDX-License-Identifier: Apache-2.0
// Occurrences and their clocks. A duty with a trigger is judged once for each occurrence that still counts:
//   24h, 30m   elapsed time from the instant; from the end of the day when only the day is known
//   5d         until the fifth day after that day has ended
//   5wd        likewise, counting working days of the pack's calendar
#include "comply/trigger.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "comply/limits.h"

namespace phendau::comply {
namespace {

bool fits(const Trigger& trigger, const Json& document, std::string_view state) {
  if (!trigger.states.empty() &&
      std::find(trigger.states.begin(), trigger.states.end(), state) == trigger.states.end()) {
    return false;
  }
  return std::all_of(trigger.where.begin(), trigger.where.end(),
                     [&](const Condition& condition) { return holds(condition, document); });
}

std::optional<FieldTime> start_of(const Trigger& trigger, const RegisterRecord& record, ZoneOffset zone) {
  if (!trigger.from.empty()) return time_of_field(record.document, trigger.from, zone);
  if (record.dated == Dated::no) return FieldTime{record.known_at(), false};
  return FieldTime{record.at, record.dated == Dated::day};
}

std::optional<FieldTime> start_of(const Trigger& trigger, const CaseState& run) {
  if (trigger.from.empty() || trigger.from == "opened") return FieldTime{run.opened_at, false};
  if (trigger.from == "closed") {
    return run.closed_at ? std::optional(FieldTime{*run.closed_at, false}) : std::nullopt;
  }
  for (const CaseStep& step : run.steps) {
    if (step.id == trigger.from && step.state == CaseStep::State::done && step.at) {
      return FieldTime{*step.at, false};
    }
  }
  return std::nullopt;
}

/// Whose occurrences the duty arises from: a role answers for the whole province.
bool of_all(const Trigger& trigger, SubjectKind subject) {
  if (trigger.whose != Trigger::Whose::by_subject) return trigger.whose == Trigger::Whose::all;
  return subject == SubjectKind::role || subject == SubjectKind::hub;
}

bool by_agency(SubjectKind kind) {
  return kind == SubjectKind::agency || kind == SubjectKind::role || kind == SubjectKind::hub;
}

std::vector<const RegisterRecord*> candidates(const Knowledge& knowledge, const Trigger& trigger,
                                              const Subject& subject) {
  auto out = of_all(trigger, subject.kind) ? knowledge.records_of_all(trigger.ref)
                                           : knowledge.records(trigger.ref, subject.agency_id);
  if (by_agency(subject.kind)) return out;
  std::erase_if(out, [&](const RegisterRecord* record) {  // the subject's own record may be the occasion
    return record->subject_id != subject.id && record->id != subject.id;
  });
  return out;
}

}  // namespace

Result<TimeLimit> parse_time_limit(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  const auto count = parse_int(text.substr(0, digits));
  const std::string_view unit = text.substr(digits);
  const auto wrong = [&] {
    return fail(ErrorCode::invalid,
                fmt::format("'{}' is no time limit: 30m 24h (elapsed), 5d (days), 5wd (working days)", text));
  };
  if (!count) return wrong();
  TimeLimit out;
  if (unit == "d" || unit == "wd") {
    if (*count > kTimeLimitMax) return wrong();
    out.kind = unit == "d" ? TimeLimit::Kind::calendar_days : TimeLimit::Kind::working_days;
    out.days = static_cast<std::int32_t>(*count);
    return out;
  }
  if ((unit != "h" && unit != "m") || *count < 1 || *count > kTimeLimitMax * 24 * 60) return wrong();
  out.kind = TimeLimit::Kind::elapsed;
  out.span = unit == "h" ? hours(*count) : minutes(*count);
  if (out.span > days(kTimeLimitMax)) return wrong();
  return out;
}

std::optional<UtcTime> due_after(const TimeLimit& limit, UtcTime from, bool day_only, const Catalog& catalog) {
  const CivilDate day = to_civil(from, catalog.zone).date;
  const auto end_of_day_after = [&](std::int64_t count) {
    return start_of_day(civil_from_days(days_from_civil(day) + count + 1), catalog.zone);
  };
  switch (limit.kind) {
    case TimeLimit::Kind::none:
      break;
    case TimeLimit::Kind::elapsed:
      return (day_only ? end_of_day_after(0) : from) + limit.span;
    case TimeLimit::Kind::calendar_days:
      return end_of_day_after(limit.days);
    case TimeLimit::Kind::working_days: {
      const auto last = add_working_days(day, limit.days, catalog.work_calendar);
      if (!last) break;
      return start_of_day(civil_from_days(days_from_civil(*last) + 1), catalog.zone);
    }
  }
  return std::nullopt;
}

std::optional<FieldTime> time_of_field(const Json& document, std::string_view field, ZoneOffset zone) {
  const Json& value = document.contains(field) ? document[field] : document.at_path(field);
  if (const auto at = parse_rfc3339(value.as_string())) return FieldTime{*at, false};
  if (const auto day = parse_date(value.as_string())) return FieldTime{start_of_day(*day, zone), true};
  return std::nullopt;
}

std::vector<Occasion> occasions_of(const Catalog& catalog, const Knowledge& knowledge, const ClausePart& part,
                                   const Subject& subject) {
  std::vector<Occasion> out;
  const Trigger& trigger = *part.trigger;
  const auto add = [&](Occasion one, const std::optional<FieldTime>& start) {
    if (!start || (catalog.in_force_from && start->at < *catalog.in_force_from)) return;
    one.occurred_at = start->at;
    one.due_at = due_after(trigger.within, start->at, start->day_only, catalog);
    out.push_back(std::move(one));
  };
  if (trigger.source == Trigger::Source::reg) {
    for (const RegisterRecord* record : candidates(knowledge, trigger, subject)) {
      if (!fits(trigger, record->document, record->state)) continue;
      add({trigger.ref + "/" + record->id, record, nullptr, {}, {}}, start_of(trigger, *record, catalog.zone));
    }
  } else {
    for (const CaseState* run : of_all(trigger, subject.kind)
                                    ? knowledge.cases_of_all(trigger.ref)
                                    : knowledge.cases(trigger.ref, subject.agency_id)) {
      if (!fits(trigger, run->document, run->state)) continue;
      add({trigger.ref + "/" + run->id, nullptr, run, {}, {}}, start_of(trigger, *run));
    }
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Occasion& a, const Occasion& b) { return a.occurred_at < b.occurred_at; });
  return out;
}

UtcTime kept_until(const Trigger& trigger, UtcTime done_at, ZoneOffset zone) {
  const CivilDate day = add_months(to_civil(done_at, zone).date, trigger.keep_months);
  return start_of_day(civil_from_days(days_from_civil(day) + trigger.keep_days + 1), zone);
}

}  // namespace phendau::comply
