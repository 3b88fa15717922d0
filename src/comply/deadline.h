// SPDX-License-Identifier: Apache-2.0
// Deadlines as documents write them: terms that run from a start ("24h", "5d", "5wd"), days of the year
// ("before 11-15", "by 12-25"), the end of a period ("end P3M"); and regimes: which of several rules counts
// when the law changed in between. Pure; thread-safe; the start and the calendar are arguments. Used by the
// obligation engine, workflows' clocks and whoever shows a date.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "base/yaml.h"
#include "comply/calendar.h"
#include "comply/content.h"

namespace phendau::comply {

/// Where a term starts: an instant, or a whole day when only the date is known (then at the end of that day).
struct TermStart {
  CivilDate day;  // local day; the first day that counts is the next one
  UtcTime at;     // an hour clock runs from here
  static TermStart instant(UtcTime at, ZoneOffset zone);
  static TermStart whole_day(CivilDate day, ZoneOffset zone);
  /// "2026-11-24" or RFC 3339; `invalid` otherwise.
  static Result<TermStart> parse(std::string_view text, ZoneOffset zone);
};

/// One rule for a due date.
struct DeadlineRule {
  enum class Kind : std::uint8_t {
    minutes,  // "30m": elapsed, through nights and weekends
    hours,    // "24h"
    days,     // "5d": calendar days, due when the last of them ends; "0d": when the day of the start ends
    working_days,  // "5wd": as days, but only days that offices work; "0wd": the first one from the start on
    before,        // "before 11-15": excludes the day
    by,            // "by 12-25": includes the day
    period_end,    // "end P3M": when the calendar quarter that contains the start ends
  } kind = Kind::days;
  std::int32_t count = 0;  // minutes .. working_days
  MonthDay day;            // before, by
  PeriodKind period = PeriodKind::none;
  friend bool operator==(const DeadlineRule&, const DeadlineRule&) = default;
};
/// "24h", "30m", "5d", "5wd"; `invalid` for other text, `limit` above 100 years.
Result<DeadlineRule> parse_term(std::string_view text);
/// A term, or "before MM-DD", "by MM-DD", "end P3M".
Result<DeadlineRule> parse_deadline(std::string_view text);
/// The same text again.
std::string to_string(const DeadlineRule& rule);

/// When it is due. A day of the year is the next one that the start does not miss: from 15/11 on, "before
/// 11-15" is that of the next year. Errors: `not_found` with missing_calendar_year(), `limit`.
Result<DueDay> due_of(const DeadlineRule& rule, const TermStart& start, const WorkCalendar& calendar,
                      ZoneOffset zone);

/// One rule during one regime of law.
struct RegimeRule {
  std::string id;                   // VN-LEGACY
  CivilDate from;                   // first day in force
  std::optional<CivilDate> until;   // first day without it
  std::optional<DeadlineRule> due;  // none: this regime sets no clock
  std::string form;                 // which form is filled
  BiText to;                        // who receives
  std::string source;               // act, article, date read
  Place place;
  bool in_force(CivilDate day) const { return day >= from && (!until || day < *until); }
};
/// Rules for one duty, one after the other.
struct RegimeTable {
  std::string id;
  BiText title;
  /// start: what began under a rule stays under it (incident notices). due: the rule in force on the last
  /// good day counts, even if the period began before (yearly reports).
  enum class Counts : std::uint8_t { start, due } counts = Counts::start;
  std::vector<RegimeRule> rules;  // by `from`, not overlapping
  Place place;
};
/// regimes.yaml (docs/packs.md, "Calendar"); mistakes go to `errors`.
std::vector<RegimeTable> parse_regimes(std::string_view text, const std::string& file,
                                       std::vector<ContentError>& errors);

struct RegimeAnswer {
  const RegimeRule* rule = nullptr;  // null: no regime was in force
  std::optional<DueDay> due;         // none: the rule sets no clock
};
/// Errors as due_of(). The answer points into `table`.
Result<RegimeAnswer> regime_due(const RegimeTable& table, const TermStart& start,
                                const WorkCalendar& calendar, ZoneOffset zone);

}  // namespace phendau::comply
