// SPDX-License-Identifier: Apache-2.0
// Counting follows the civil code (Dieu 147, 148): the day of the start is not counted, a day ends at 24:00.
// A term whose last day is a holiday is not prolonged here: nobody is told a later date than the text gives.
#include "comply/deadline.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "comply/limits.h"

namespace phendau::comply {
namespace {

struct Unit {
  std::string_view suffix;
  DeadlineRule::Kind kind;
  std::int64_t max;  // about a hundred years; working days as add_working_days()
  std::int64_t min;
};
constexpr Unit kUnits[] = {
    {"wd", DeadlineRule::Kind::working_days, kWorkingDaysMax, 0},
    {"m", DeadlineRule::Kind::minutes, 52'560'000, 1},
    {"h", DeadlineRule::Kind::hours, 876'000, 1},
    {"d", DeadlineRule::Kind::days, 36'500, 0},
};
constexpr std::string_view kBefore = "before ";
constexpr std::string_view kBy = "by ";
constexpr std::string_view kEnd = "end ";

CivilDate plus_days(CivilDate day, std::int64_t count) {
  return civil_from_days(days_from_civil(day) + count);
}

std::string_view iso_of(PeriodKind kind) {
  constexpr std::string_view kIso[] = {"", "P1W", "P1M", "P3M", "P6M", "P1Y"};
  return kIso[static_cast<std::size_t>(kind)];
}

/// The first due day of this rule that is still good on `start.day`.
DueDay next_day_of_year(const DeadlineRule& rule, CivilDate start, ZoneOffset zone) {
  const auto in_year = [&](std::int32_t year) {
    return rule.kind == DeadlineRule::Kind::before ? due_before(rule.day, year, zone)
                                                   : due_by(rule.day, year, zone);
  };
  const DueDay first = in_year(start.year);
  if (start <= first.last_good_day) return first;
  const DueDay second = in_year(start.year + 1);  // "before 01-01": the last good day is 31/12 of this year
  return start <= second.last_good_day ? second : in_year(start.year + 2);
}

}  // namespace

TermStart TermStart::instant(UtcTime at, ZoneOffset zone) { return {to_civil(at, zone).date, at}; }

TermStart TermStart::whole_day(CivilDate day, ZoneOffset zone) {
  return {day, start_of_day(plus_days(day, 1), zone)};
}

Result<TermStart> TermStart::parse(std::string_view text, ZoneOffset zone) {
  if (const auto day = parse_date(text)) return whole_day(*day, zone);
  return instant(PHENDAU_TRY(parse_rfc3339(text)), zone);
}

Result<DeadlineRule> parse_term(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  const std::string_view suffix = text.substr(digits);
  for (const Unit& unit : kUnits) {
    if (suffix != unit.suffix || digits == 0 || digits > 9 || (digits > 1 && text[0] == '0')) continue;
    const std::int64_t count = *parse_int(text.substr(0, digits));
    if (count < unit.min) {
      return fail(
          ErrorCode::invalid,
          fmt::format("'{}' is no time at all: minutes and hours count from 1; 0d is within the day", text));
    }
    if (count > unit.max) {
      return fail(ErrorCode::limit, fmt::format("'{}' is longer than {}{}", text, unit.max, unit.suffix));
    }
    DeadlineRule rule;
    rule.kind = unit.kind;
    rule.count = static_cast<std::int32_t>(count);
    return rule;
  }
  return fail(ErrorCode::invalid,
              fmt::format("'{}' is no term: 30m, 24h, 5d (calendar days) or 5wd (working days)",
                          truncate_utf8(text, 32)));
}

Result<DeadlineRule> parse_deadline(std::string_view text) {
  DeadlineRule rule;
  if (text.starts_with(kBefore) || text.starts_with(kBy)) {
    const bool before = text.starts_with(kBefore);
    rule.kind = before ? DeadlineRule::Kind::before : DeadlineRule::Kind::by;
    rule.day = PHENDAU_TRY(parse_month_day(text.substr(before ? kBefore.size() : kBy.size())));
    return rule;
  }
  if (!text.starts_with(kEnd)) return parse_term(text);
  const auto period = period_kind_from(text.substr(kEnd.size()));
  if (!period) return fail(ErrorCode::invalid, fmt::format("'{}' names no calendar period", text));
  rule.kind = DeadlineRule::Kind::period_end;
  rule.period = *period;
  return rule;
}

std::string to_string(const DeadlineRule& rule) {
  switch (rule.kind) {
    case DeadlineRule::Kind::before:
      return fmt::format("{}{:02}-{:02}", kBefore, rule.day.month, rule.day.day);
    case DeadlineRule::Kind::by:
      return fmt::format("{}{:02}-{:02}", kBy, rule.day.month, rule.day.day);
    case DeadlineRule::Kind::period_end:
      return fmt::format("{}{}", kEnd, iso_of(rule.period));
    default:
      break;
  }
  for (const Unit& unit : kUnits) {
    if (unit.kind == rule.kind) return fmt::format("{}{}", rule.count, unit.suffix);
  }
  return {};
}

Result<DueDay> due_of(const DeadlineRule& rule, const TermStart& start, const WorkCalendar& calendar,
                      ZoneOffset zone) {
  constexpr std::int32_t kYearMin = 1700;  // a hundred years from here still fit into an instant
  constexpr std::int32_t kYearMax = 2100;
  if (start.day.year < kYearMin || start.day.year > kYearMax) {
    return fail(ErrorCode::limit, fmt::format("a term cannot start in the year {}", start.day.year));
  }
  switch (rule.kind) {
    case DeadlineRule::Kind::minutes:
    case DeadlineRule::Kind::hours: {
      const bool in_minutes = rule.kind == DeadlineRule::Kind::minutes;
      const UtcTime at = start.at + (in_minutes ? minutes(rule.count) : hours(rule.count));
      // Midnight belongs to the day that it ends: 24 hours after a date are over with the next date.
      const CivilDate last = to_civil(at - nanoseconds(1), zone).date;
      return DueDay{last, at, true};
    }
    case DeadlineRule::Kind::days:
      return due_by(plus_days(start.day, rule.count), zone);
    case DeadlineRule::Kind::working_days:
      return due_by(PHENDAU_TRY(add_working_days(start.day, rule.count, calendar)), zone);
    case DeadlineRule::Kind::before:
    case DeadlineRule::Kind::by:
      return next_day_of_year(rule, start.day, zone);
    case DeadlineRule::Kind::period_end:
      return due_by(period_of(rule.period, start.day, zone).last, zone);
  }
  return fail(ErrorCode::bug, "a kind of deadline without a rule");
}

Result<RegimeAnswer> regime_due(const RegimeTable& table, const TermStart& start,
                                const WorkCalendar& calendar, ZoneOffset zone) {
  RegimeAnswer out;
  for (const RegimeRule& rule : table.rules) {
    if (table.counts == RegimeTable::Counts::start) {
      if (!rule.in_force(start.day)) continue;
      out.rule = &rule;
      if (rule.due) out.due = PHENDAU_TRY(due_of(*rule.due, start, calendar, zone));
      return out;
    }
    if (!rule.due) continue;  // a rule without a clock has no day on which it could count
    // A day of the year that passed before the rule came is not its day: ask from its first day on.
    const bool of_the_year =
        rule.due->kind == DeadlineRule::Kind::before || rule.due->kind == DeadlineRule::Kind::by;
    const bool later = of_the_year && start.day < rule.from;
    const TermStart from = later ? TermStart{rule.from, start_of_day(rule.from, zone)} : start;
    const DueDay due = PHENDAU_TRY(due_of(*rule.due, from, calendar, zone));
    if (!rule.in_force(due.last_good_day)) continue;
    if (out.due && out.due->due_at <= due.due_at) continue;
    out = {&rule, due};
  }
  return out;
}

}  // namespace phendau::comply
