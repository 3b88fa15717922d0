// SPDX-License-Identifier: Apache-2.0
// The office's calendar: weeks, months, quarters and years as periods with an id, "before 15/11", working
// days. Pure; thread-safe. The instant is always an argument. Used by assess.h and by whoever shows
// deadlines.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/time.h"

namespace phendau::comply {

/// Calendar periods, never counted days: three months is the quarter that contains the instant.
enum class PeriodKind : std::uint8_t { none, week, month, quarter, half_year, year };
std::string_view to_string(PeriodKind kind);
/// ISO 8601 durations that name a calendar period: P1W P7D P1M P3M P6M P1Y P12M; nullopt otherwise.
std::optional<PeriodKind> period_kind_from(std::string_view iso);

/// One period: "2026-W48" (ISO week, from Monday), "2026-11", "2026-Q4", "2026-H2", "2026"; "" for none.
struct Period {
  PeriodKind kind = PeriodKind::none;
  std::string id;
  CivilDate first;  // first and last day that belong to it
  CivilDate last;
  UtcTime begin_at;  // [begin_at, end_at)
  UtcTime end_at;
};
Period period_of(PeriodKind kind, CivilDate day, ZoneOffset zone);
Period period_containing(PeriodKind kind, UtcTime at, ZoneOffset zone);
Period previous_period(const Period& period, ZoneOffset zone);
Period next_period(const Period& period, ZoneOffset zone);
/// By id; `invalid` for text that is no period id.
Result<Period> parse_period(std::string_view id, ZoneOffset zone);

/// "Before MM-DD" excludes the day itself: the last good day is the one before.
struct MonthDay {
  std::int32_t month = 1;
  std::int32_t day = 1;
  friend constexpr auto operator<=>(MonthDay, MonthDay) = default;
};
/// "11-15"; 02-29 is allowed and means 01/03 in other years; the last good day is 28/02 in both.
Result<MonthDay> parse_month_day(std::string_view text);
struct DueDay {
  CivilDate last_good_day;
  UtcTime due_at;  // the first instant that is too late
};
DueDay due_before(MonthDay limit, std::int32_t year, ZoneOffset zone);

/// Days on which offices do not work besides Saturday and Sunday, and weekend days that are worked instead.
struct WorkCalendar {
  std::set<CivilDate> holidays;
  std::set<CivilDate> extra_working_days;
  bool is_working_day(CivilDate day) const;
};
/// The `count`-th working day after `day` (count 0: `day` itself if it is worked, else the next one that is).
/// `limit` above kWorkingDaysMax.
Result<CivilDate> add_working_days(CivilDate day, std::int32_t count, const WorkCalendar& calendar);
/// Working days in (from, to]; negative order gives 0.
std::int32_t working_days_between(CivilDate from, CivilDate to, const WorkCalendar& calendar);

}  // namespace phendau::comply
