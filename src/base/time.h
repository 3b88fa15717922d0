// SPDX-License-Identifier: Apache-2.0
// Instants, spans and civil dates without <chrono>. Pure: nobody here reads a clock (os/env.h does).
// Instants are UTC nanoseconds since 1970-01-01 without leap seconds; 1678..2261. Thread-safe: plain values.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace phendau {

struct Duration {
  std::int64_t ns = 0;
  friend constexpr auto operator<=>(Duration, Duration) = default;
};
constexpr Duration nanoseconds(std::int64_t n) { return {n}; }
constexpr Duration milliseconds(std::int64_t n) { return {n * 1'000'000}; }
constexpr Duration seconds(std::int64_t n) { return {n * 1'000'000'000}; }
constexpr Duration minutes(std::int64_t n) { return seconds(n * 60); }
constexpr Duration hours(std::int64_t n) { return minutes(n * 60); }
constexpr Duration days(std::int64_t n) { return hours(n * 24); }

struct UtcTime {
  std::int64_t ns = 0;
  friend constexpr auto operator<=>(UtcTime, UtcTime) = default;
  friend constexpr UtcTime operator+(UtcTime t, Duration d) { return {t.ns + d.ns}; }
  friend constexpr UtcTime operator-(UtcTime t, Duration d) { return {t.ns - d.ns}; }
  friend constexpr Duration operator-(UtcTime a, UtcTime b) { return {a.ns - b.ns}; }
};

/// Offset of a zone without daylight saving, east positive. Viet Nam: +07:00 since 1975.
struct ZoneOffset {
  std::int32_t seconds = 0;
  friend constexpr auto operator<=>(ZoneOffset, ZoneOffset) = default;
};
inline constexpr ZoneOffset kVietnamZone{7 * 3600};
inline constexpr ZoneOffset kUtcZone{0};

/// Proleptic Gregorian date, month 1..12, day 1..31.
struct CivilDate {
  std::int32_t year = 1970;
  std::int32_t month = 1;
  std::int32_t day = 1;
  friend constexpr auto operator<=>(CivilDate, CivilDate) = default;
};
struct CivilTime {
  CivilDate date;
  std::int32_t hour = 0;
  std::int32_t minute = 0;
  std::int32_t second = 0;
  std::int32_t nanosecond = 0;
};

/// Days since 1970-01-01 and back. Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
std::int64_t days_from_civil(CivilDate date);
CivilDate civil_from_days(std::int64_t days);
bool is_leap_year(std::int32_t year);
std::int32_t days_in_month(std::int32_t year, std::int32_t month);
/// ISO weekday, 1 = Monday .. 7 = Sunday.
std::int32_t iso_weekday(CivilDate date);
/// Calendar months later; the day is clipped to the month's last (31/01 + 1 month = 28/02 or 29/02).
CivilDate add_months(CivilDate date, std::int32_t months);
bool is_valid(CivilDate date);

CivilTime to_civil(UtcTime time, ZoneOffset zone);
UtcTime from_civil(const CivilTime& civil, ZoneOffset zone);
/// Start of a local day as an instant.
UtcTime start_of_day(CivilDate date, ZoneOffset zone);

/// RFC 3339 ("2026-11-24T10:00:00.5+07:00", also a space for T); `invalid` otherwise. Needs a zone.
Result<UtcTime> parse_rfc3339(std::string_view text);
/// "YYYY-MM-DD".
Result<CivilDate> parse_date(std::string_view text);
/// RFC 3339 with the shortest of 0, 3, 6, 9 fraction digits; "Z" for UTC, else "+07:00".
std::string format_rfc3339(UtcTime time, ZoneOffset zone = kUtcZone);
std::string format_date(CivilDate date);
/// What people read: "24/11/2026 10:00:00".
std::string format_vietnamese(UtcTime time, ZoneOffset zone = kVietnamZone);
/// "250ms", "15s", "5m", "2h", "7d" (Sigma timespans and settings); `invalid` for other units, zero or
/// overflow.
Result<Duration> parse_duration(std::string_view text);
std::string format_duration(Duration duration);

}  // namespace phendau
