// SPDX-License-Identifier: Apache-2.0
// The office's calendar: weeks, months, quarters and years as periods with an id, "before 15/11" and "by
// 15/11", working days with the holidays of a pack's calendar.yaml. Pure; thread-safe. The instant is always
// an argument. Used by deadline.h, assess.h and by whoever shows deadlines.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "base/yaml.h"

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
/// Days that a report about this period counts: offices close their figures on the 14th, so 2026-Q3 is
/// 15/06 to 14/09, 2026-H1 is 15/12/2025 to 14/06, 2026 is 15/12/2025 to 14/12. A week counts itself.
/// Source: Nghi dinh 09/2019/ND-CP, Dieu 12.
struct DataWindow {
  CivilDate first;
  CivilDate last;
};
DataWindow data_window_of(const Period& period);

/// "Before MM-DD" excludes the day itself: the last good day is the one before.
struct MonthDay {
  std::int32_t month = 1;
  std::int32_t day = 1;
  friend constexpr auto operator<=>(MonthDay, MonthDay) = default;
};
/// "11-15"; 02-29 is allowed and means 01/03 in other years; the last good day is 28/02 in both.
Result<MonthDay> parse_month_day(std::string_view text);
/// The end of a term. What is done at `at` is late if is_late() says so.
struct DueDay {
  CivilDate last_good_day;
  UtcTime due_at;          // day terms: the first instant that is too late; elapsed terms: the last good one
  bool inclusive = false;  // `due_at` itself is still good (24 hours, 30 minutes)
  bool is_late(UtcTime at) const { return inclusive ? at > due_at : at >= due_at; }
};
/// "truoc ngay": the day is excluded.
DueDay due_before(MonthDay limit, std::int32_t year, ZoneOffset zone);
DueDay due_before(CivilDate limit, ZoneOffset zone);
/// "cham nhat ngay", "den het ngay": the day is the last good one. 02-29 means 28/02 in other years.
DueDay due_by(MonthDay limit, std::int32_t year, ZoneOffset zone);
DueDay due_by(CivilDate limit, ZoneOffset zone);

/// Days on which offices do not work besides Saturday and Sunday, and weekend days that are worked instead.
struct WorkCalendar {
  std::set<CivilDate> holidays;
  std::set<CivilDate> extra_working_days;  // wins over `holidays`
  std::set<std::int32_t> years;            // years whose holidays are known; others cannot be counted
  bool is_working_day(CivilDate day) const;
  bool covers(std::int32_t year) const { return years.contains(year); }
};
/// A working-day term touches a year that the calendar does not hold. Not silently wrong: people are told
/// which year to enter ("comply.calendar_missing", the year as argument).
[[nodiscard]] std::unexpected<Error> fail_calendar_missing(std::int32_t year);
/// The year, if this error is that one.
std::optional<std::int32_t> missing_calendar_year(const Error& error);

/// The `count`-th working day after `day` (count 0: `day` itself if it is worked, else the next one that is).
/// `limit` above kWorkingDaysMax; `not_found` with missing_calendar_year() where the calendar ends.
Result<CivilDate> add_working_days(CivilDate day, std::int32_t count, const WorkCalendar& calendar);
/// Working days in (from, to]; 0 when `to` is not after `from`. `limit`, `not_found` as above.
Result<std::int32_t> working_days_between(CivilDate from, CivilDate to, const WorkCalendar& calendar);

/// Reads one calendar.yaml into `into` (docs/packs.md, "Calendar"). A year replaces what an imported pack
/// said about it; the lists at the top add single days to years that are known. Mistakes go to `errors`.
void parse_calendar(std::string_view text, const std::string& file, WorkCalendar& into,
                    std::vector<ContentError>& errors);

}  // namespace phendau::comply
