// SPDX-License-Identifier: Apache-2.0
// Time stamps as logs write them: RFC 3164 with its variants, ISO 8601 / RFC 3339 with or without a zone,
// epoch numbers. Pure; thread-safe. Internal to ingest.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "model/batch.h"

namespace phendau::ingest {

struct ParsedTime {
  UtcTime time;
  TimeQuality quality = TimeQuality::exact;
  std::size_t used = 0;  // bytes of the text
};

/// "Nov 24 10:00:00", "Nov  4 2026 10:00:00.123", "Nov 24 10:00:00 2026", "Nov 24 10:00:00 UTC" at the start
/// of `text`. Without a year: the latest year whose instant is not more than 24 h after `received`.
std::optional<ParsedTime> parse_bsd_time(std::string_view text, UtcTime received, ZoneOffset zone);

/// "2026-11-24T10:00:00.123456+07:00", also a space for T, no fraction, no zone (then `zone`, zone_assumed).
std::optional<ParsedTime> parse_iso_time(std::string_view text, ZoneOffset zone);

/// "24/Nov/2026:10:00:00 +0700" of web servers.
std::optional<ParsedTime> parse_web_time(std::string_view text, ZoneOffset zone);

/// Seconds, milli-, micro- or nanoseconds since 1970, told apart by size; decimals allowed for all of them.
std::optional<UtcTime> parse_epoch(std::string_view text);

/// Changes `quality` to skewed if the instant is further from `received` than `limit` (0 = never). A guessed
/// year hides nothing: no other year would be nearer, except for clocks over 24 h ahead, and those are
/// skewed.
TimeQuality judge_skew(UtcTime time, TimeQuality quality, UtcTime received, Duration limit);

}  // namespace phendau::ingest
