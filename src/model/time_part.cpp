// SPDX-License-Identifier: Apache-2.0
#include "model/time_part.h"

#include <cmath>

#include "base/ascii.h"
#include "base/text.h"
#include "base/time.h"

namespace phendau {
namespace {

struct WallClock {
  CivilDate date;
  std::optional<std::int32_t> hour;
  std::int32_t minute = 0;
};

/// `count` digits at `at`; -1 if there are none.
std::int32_t digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return -1;
  std::int32_t out = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_digit(text[at + i])) return -1;
    out = out * 10 + (text[at + i] - '0');
  }
  return out;
}

std::optional<WallClock> parse_written(std::string_view text) {
  if (text.size() < 10 || (text[4] != '-' && text[4] != '/') || text[7] != text[4]) return std::nullopt;
  WallClock out;
  out.date = {digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2)};
  if (!is_valid(out.date)) return std::nullopt;
  if (text.size() == 10) return out;
  if ((text[10] != 'T' && text[10] != 't' && text[10] != ' ') || text.size() < 16 || text[13] != ':')
    return std::nullopt;
  const std::int32_t hour = digits(text, 11, 2);
  out.minute = digits(text, 14, 2);
  const bool more_digits = text.size() > 16 && is_digit(text[16]);
  if (hour < 0 || hour > 23 || out.minute < 0 || out.minute > 59 || more_digits) return std::nullopt;
  out.hour = hour;
  return out;
}

/// A count since 1970 (or 1601: Windows' file times); its size tells the unit. Under 10^8 it is rather a
/// number than a time.
std::optional<WallClock> parse_count(std::string_view text) {
  const auto number = parse_double(text);
  if (!number || !(*number >= 1e8 && *number < 9.2e18)) return std::nullopt;
  double count = *number;
  if (count >= 1e18) {
    count /= 1e9;
  } else if (count >= 1e17) {
    count = count / 1e7 - 11'644'473'600;
  } else if (count >= 9e12) {
    count /= 1e6;
  } else if (count >= 9e9) {
    count /= 1e3;
  }
  if (!(count >= 0 && count < 9e9)) return std::nullopt;
  const CivilTime civil =
      to_civil(UtcTime{} + seconds(static_cast<std::int64_t>(std::floor(count))), kUtcZone);
  return WallClock{civil.date, civil.hour, civil.minute};
}

std::int32_t day_of_year(CivilDate date) {
  return static_cast<std::int32_t>(days_from_civil(date) - days_from_civil({date.year, 1, 1})) + 1;
}

/// ISO 8601: the week of its Thursday.
std::int32_t iso_week(CivilDate date) {
  const CivilDate thursday = civil_from_days(days_from_civil(date) + 4 - iso_weekday(date));
  return (day_of_year(thursday) - 1) / 7 + 1;
}

}  // namespace

std::string_view to_string(TimePart part) {
  constexpr std::string_view kNames[] = {"minute", "hour", "day", "week", "month", "year"};
  return kNames[static_cast<std::size_t>(part)];
}

TimePartRange range_of(TimePart part) {
  constexpr TimePartRange kRanges[] = {{0, 59}, {0, 23}, {1, 31}, {1, 53}, {1, 12}, {1678, 2261}};
  return kRanges[static_cast<std::size_t>(part)];
}

std::optional<std::int32_t> time_part_of(TimePart part, std::string_view text) {
  text = trim(text);
  auto clock = parse_written(text);
  if (!clock) clock = parse_count(text);
  if (!clock) return std::nullopt;
  switch (part) {
    case TimePart::minute:
      return clock->hour ? std::optional(clock->minute) : std::nullopt;
    case TimePart::hour:
      return clock->hour;
    case TimePart::day:
      return clock->date.day;
    case TimePart::week:
      return iso_week(clock->date);
    case TimePart::month:
      return clock->date.month;
    case TimePart::year:
      return clock->date.year;
  }
  return std::nullopt;
}

}  // namespace phendau
