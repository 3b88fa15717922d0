// SPDX-License-Identifier: Apache-2.0
#include "comply/calendar.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "comply/limits.h"

namespace phendau::comply {
namespace {

constexpr std::string_view kCalendarMissing = "comply.calendar_missing";

struct IsoWeek {
  std::int32_t year = 0;
  std::int32_t week = 0;
};

CivilDate plus_days(CivilDate day, std::int64_t count) {
  return civil_from_days(days_from_civil(day) + count);
}

CivilDate monday_of(CivilDate day) { return plus_days(day, 1 - iso_weekday(day)); }

/// ISO 8601: the week belongs to the year that holds its Thursday.
IsoWeek iso_week(CivilDate monday) {
  const CivilDate thursday = plus_days(monday, 3);
  const std::int64_t day_of_year = days_from_civil(thursday) - days_from_civil({thursday.year, 1, 1});
  return {thursday.year, static_cast<std::int32_t>(day_of_year / 7) + 1};
}

Period make(PeriodKind kind, std::string id, CivilDate first, CivilDate after, ZoneOffset zone) {
  return {
      kind, std::move(id), first, plus_days(after, -1), start_of_day(first, zone), start_of_day(after, zone)};
}

Period months_period(PeriodKind kind, CivilDate day, std::int32_t months, ZoneOffset zone) {
  const std::int32_t index = (day.month - 1) / months;  // 0-based within the year
  const CivilDate first{day.year, index * months + 1, 1};
  std::string id = fmt::format("{:04}", day.year);
  if (kind == PeriodKind::month) id += fmt::format("-{:02}", day.month);
  if (kind == PeriodKind::quarter) id += fmt::format("-Q{}", index + 1);
  if (kind == PeriodKind::half_year) id += fmt::format("-H{}", index + 1);
  return make(kind, std::move(id), first, add_months(first, months), zone);
}

}  // namespace

std::string_view to_string(PeriodKind kind) {
  constexpr std::string_view kNames[] = {"none", "week", "month", "quarter", "half_year", "year"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::optional<PeriodKind> period_kind_from(std::string_view iso) {
  if (iso == "P1W" || iso == "P7D") return PeriodKind::week;
  if (iso == "P1M") return PeriodKind::month;
  if (iso == "P3M") return PeriodKind::quarter;
  if (iso == "P6M") return PeriodKind::half_year;
  if (iso == "P1Y" || iso == "P12M") return PeriodKind::year;
  return std::nullopt;
}

Period period_of(PeriodKind kind, CivilDate day, ZoneOffset zone) {
  switch (kind) {
    case PeriodKind::week: {
      const CivilDate monday = monday_of(day);
      const IsoWeek week = iso_week(monday);
      return make(kind, fmt::format("{:04}-W{:02}", week.year, week.week), monday, plus_days(monday, 7),
                  zone);
    }
    case PeriodKind::month:
      return months_period(kind, day, 1, zone);
    case PeriodKind::quarter:
      return months_period(kind, day, 3, zone);
    case PeriodKind::half_year:
      return months_period(kind, day, 6, zone);
    case PeriodKind::year:
      return months_period(kind, day, 12, zone);
    case PeriodKind::none:
      break;
  }
  return {};
}

Period period_containing(PeriodKind kind, UtcTime at, ZoneOffset zone) {
  return period_of(kind, to_civil(at, zone).date, zone);
}

Period previous_period(const Period& period, ZoneOffset zone) {
  return period_of(period.kind, plus_days(period.first, -1), zone);
}

Period next_period(const Period& period, ZoneOffset zone) {
  return period_of(period.kind, plus_days(period.last, 1), zone);
}

Result<Period> parse_period(std::string_view id, ZoneOffset zone) {
  const auto wrong = [&] { return fail(ErrorCode::invalid, fmt::format("'{}' is not a period", id)); };
  if (id.size() < 4 || id.size() > 8) return wrong();
  const auto year = parse_int(id.substr(0, 4));
  if (!year || *year < 1900 || *year > 2200) return wrong();
  const CivilDate january{static_cast<std::int32_t>(*year), 1, 1};
  std::optional<Period> period;
  if (id.size() == 4) {
    period = period_of(PeriodKind::year, january, zone);
  } else {
    if (id[4] != '-' || id.size() < 7) return wrong();
    const std::string_view rest = id.substr(5);
    const bool letter = rest[0] == 'W' || rest[0] == 'Q' || rest[0] == 'H';
    const auto number = parse_int(letter ? rest.substr(1) : rest);
    if (!number || *number < 1 || *number > 53) return wrong();
    const auto n = static_cast<std::int32_t>(*number);
    const std::int32_t months = rest[0] == 'Q' ? 3 : rest[0] == 'H' ? 6 : 1;
    if (rest[0] == 'W') {
      period = period_of(PeriodKind::week, plus_days(monday_of({january.year, 1, 4}), 7 * (n - 1)), zone);
    } else if (n * months > 12) {
      return wrong();
    } else {
      const PeriodKind kind = months == 3   ? PeriodKind::quarter
                              : months == 6 ? PeriodKind::half_year
                                            : PeriodKind::month;
      period = period_of(kind, {january.year, n * months, 1}, zone);
    }
  }
  if (period->id != id) return wrong();  // week 53 of a short year, "2026-1", ...
  return *period;
}

Result<MonthDay> parse_month_day(std::string_view text) {
  const auto wrong = [&] {
    return fail(ErrorCode::invalid, fmt::format("'{}' is not a day of the year (MM-DD)", text));
  };
  if (text.size() != 5 || text[2] != '-') return wrong();
  const auto month = parse_int(text.substr(0, 2));
  const auto day = parse_int(text.substr(3));
  if (!month || !day || *month < 1 || *month > 12 || *day < 1) return wrong();
  if (*day > days_in_month(2024, static_cast<std::int32_t>(*month))) return wrong();
  return MonthDay{static_cast<std::int32_t>(*month), static_cast<std::int32_t>(*day)};
}

DueDay due_before(CivilDate limit, ZoneOffset zone) {
  return {plus_days(limit, -1), start_of_day(limit, zone)};
}

DueDay due_before(MonthDay limit, std::int32_t year, ZoneOffset zone) {
  CivilDate day{year, limit.month, limit.day};
  if (!is_valid(day)) day = {year, 3, 1};  // only 29/02 can be missing
  return due_before(day, zone);
}

DueDay due_by(CivilDate limit, ZoneOffset zone) { return {limit, start_of_day(plus_days(limit, 1), zone)}; }

DueDay due_by(MonthDay limit, std::int32_t year, ZoneOffset zone) {
  CivilDate day{year, limit.month, limit.day};
  if (!is_valid(day)) day = {year, 2, 28};
  return due_by(day, zone);
}

DataWindow data_window_of(const Period& period) {
  if (period.kind == PeriodKind::none || period.kind == PeriodKind::week) return {period.first, period.last};
  constexpr std::int32_t kClosingDay = 14;
  CivilDate first = add_months(period.first, -1);
  first.day = kClosingDay + 1;
  return {first, {period.last.year, period.last.month, kClosingDay}};
}

bool WorkCalendar::is_working_day(CivilDate day) const {
  if (extra_working_days.contains(day)) return true;
  return iso_weekday(day) <= 5 && !holidays.contains(day);
}

std::unexpected<Error> fail_calendar_missing(std::int32_t year) {
  return fail(ErrorCode::not_found, fmt::format("calendar missing for year {}", year),
              std::string(kCalendarMissing), {std::to_string(year)});
}

std::optional<std::int32_t> missing_calendar_year(const Error& error) {
  if (error.text_id != kCalendarMissing || error.args.size() != 1) return std::nullopt;
  const auto year = parse_int(error.args[0]);
  if (!year) return std::nullopt;
  return static_cast<std::int32_t>(*year);
}

Result<CivilDate> add_working_days(CivilDate day, std::int32_t count, const WorkCalendar& calendar) {
  if (count < 0 || count > kWorkingDaysMax) {
    return fail(ErrorCode::limit,
                fmt::format("{} working days; 0 to {} are allowed", count, kWorkingDaysMax));
  }
  constexpr int kIdleDaysMax = 366;  // a calendar that closes the office for a year is a mistake
  int idle = 0;
  std::int32_t left = std::max(count, 1);
  for (CivilDate at = count == 0 ? day : plus_days(day, 1);; at = plus_days(at, 1)) {
    if (!calendar.covers(at.year)) return fail_calendar_missing(at.year);
    if (calendar.is_working_day(at)) {
      idle = 0;
      if (--left == 0) return at;
    } else if (++idle > kIdleDaysMax) {
      return fail(ErrorCode::invalid, "the calendar has no working day within a year");
    }
  }
}

Result<std::int32_t> working_days_between(CivilDate from, CivilDate to, const WorkCalendar& calendar) {
  std::int32_t count = 0;
  const std::int64_t last = days_from_civil(to);
  for (std::int64_t number = days_from_civil(from) + 1; number <= last; ++number) {
    const CivilDate day = civil_from_days(number);
    if (!calendar.covers(day.year)) return fail_calendar_missing(day.year);
    if (calendar.is_working_day(day) && ++count > kWorkingDaysMax) {
      return fail(ErrorCode::limit, fmt::format("more than {} working days", kWorkingDaysMax));
    }
  }
  return count;
}

}  // namespace phendau::comply
