// SPDX-License-Identifier: Apache-2.0
// One number of a date that is held as a value: what Sigma's time modifiers look at. The date's own clock is
// read as written: "2026-11-24T23:30:00+07:00" has hour 23, and nothing is converted to another zone. Numbers
// that count seconds (or milli-, micro-, nanoseconds) since 1970 have no zone and are read as UTC. Pure;
// thread-safe. Source: Sigma modifiers appendix 2.1.0, "Time Modifiers".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace phendau {

enum class TimePart : std::uint8_t { minute, hour, day, week, month, year };
std::string_view to_string(TimePart part);
/// Smallest and largest value of the part; week is ISO 8601's, 1 to 53.
struct TimePartRange {
  std::int32_t least = 0;
  std::int32_t most = 0;
};
TimePartRange range_of(TimePart part);

/// @param text "2026-11-24", with a time after "T" or a space, "/" for "-"; or a count of 9 or more digits:
/// since 1970, or a Windows file time. Nullopt for anything else, and for minute and hour of a bare date.
std::optional<std::int32_t> time_part_of(TimePart part, std::string_view text);

}  // namespace phendau
