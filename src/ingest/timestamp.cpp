// SPDX-License-Identifier: Apache-2.0
#include "ingest/timestamp.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace phendau::ingest {
namespace {

constexpr std::int32_t kYearMin = 1970;
constexpr std::int32_t kYearMax = 2261;       // UtcTime ends in 2262
constexpr std::int32_t kLeapSearchYears = 8;  // 29/02 of 1896..1904

/// Exactly `digits` digits at `at`; -1 otherwise.
std::int32_t number_at(std::string_view text, std::size_t at, std::size_t digits) {
  if (at + digits > text.size()) return -1;
  std::int32_t value = 0;
  for (std::size_t i = at; i < at + digits; ++i) {
    if (!is_digit(text[i])) return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

bool digit_at(std::string_view text, std::size_t at) { return at < text.size() && is_digit(text[at]); }

/// "hh:mm:ss" and fraction; moves `at` behind it.
bool read_clock(std::string_view text, std::size_t& at, CivilTime& civil) {
  if (at + 8 > text.size() || text[at + 2] != ':' || text[at + 5] != ':') return false;
  civil.hour = number_at(text, at, 2);
  civil.minute = number_at(text, at + 3, 2);
  civil.second = number_at(text, at + 6, 2);
  if (civil.hour < 0 || civil.hour > 23 || civil.minute < 0 || civil.minute > 59) return false;
  if (civil.second < 0 || civil.second > 60) return false;  // 60: leap second, taken as the next one
  at += 8;
  if (digit_at(text, at)) return false;
  if (at < text.size() && (text[at] == '.' || text[at] == ',') && digit_at(text, at + 1)) {
    ++at;
    std::int32_t scale = 100'000'000;
    for (; digit_at(text, at); ++at) {
      civil.nanosecond += (text[at] - '0') * scale;
      scale /= 10;
    }
  }
  return true;
}

/// 1..12 or 0.
std::int32_t month_at(std::string_view text) {
  static constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::string_view name = text.substr(0, 3);
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (kMonths[i] == name) return static_cast<std::int32_t>(i) + 1;
  }
  return 0;
}

/// "Z", "+07:00", "+0700", "+07" at `at`; moves `at`.
std::optional<ZoneOffset> read_offset(std::string_view text, std::size_t& at) {
  if (at >= text.size()) return std::nullopt;
  if (text[at] == 'Z' || text[at] == 'z') {
    ++at;
    return kUtcZone;
  }
  if (text[at] != '+' && text[at] != '-') return std::nullopt;
  const std::int32_t sign = text[at] == '-' ? -1 : 1;
  const std::int32_t offset_hours = number_at(text, at + 1, 2);
  if (offset_hours < 0 || offset_hours > 23) return std::nullopt;
  std::size_t end = at + 3;
  std::int32_t offset_minutes = 0;
  const std::size_t digits_at = end < text.size() && text[end] == ':' ? end + 1 : end;
  if (const std::int32_t read = number_at(text, digits_at, 2); read >= 0 && read <= 59) {
    offset_minutes = read;
    end = digits_at + 2;
  }
  at = end;
  return ZoneOffset{sign * (offset_hours * 3600 + offset_minutes * 60)};
}

struct ZoneName {
  std::string_view name;
  ZoneOffset zone;
};
/// Only names that mean one thing; others (CST, IST, ...) leave the default zone.
constexpr std::array<ZoneName, 3> kZoneNames = {
    {{"UTC", kUtcZone}, {"GMT", kUtcZone}, {"ICT", kVietnamZone}}};

/// A zone name behind a space; moves `at` behind it only if it is one.
std::optional<ZoneOffset> read_zone_name(std::string_view text, std::size_t& at) {
  if (at + 4 > text.size() || text[at] != ' ') return std::nullopt;
  const std::size_t end = at + 4;
  if (end < text.size() && text[end] != ' ' && text[end] != ':') return std::nullopt;
  for (const auto& known : kZoneNames) {
    if (text.substr(at + 1, 3) == known.name) {
      at = end;
      return known.zone;
    }
  }
  return std::nullopt;
}

std::optional<UtcTime> nearest_year(CivilTime civil, UtcTime received, ZoneOffset zone) {
  const UtcTime latest = received + hours(24);
  const std::int32_t newest = std::clamp(to_civil(latest, zone).date.year, kYearMin, kYearMax);
  for (std::int32_t year = newest; year >= newest - kLeapSearchYears && year >= kYearMin; --year) {
    civil.date.year = year;
    if (!is_valid(civil.date)) continue;
    const UtcTime time = from_civil(civil, zone);
    if (time <= latest) return time;
  }
  return std::nullopt;
}

bool year_ends_at(std::string_view text, std::size_t at) {
  return at >= text.size() || text[at] == ' ' || text[at] == ':';
}

}  // namespace

std::optional<ParsedTime> parse_bsd_time(std::string_view text, UtcTime received, ZoneOffset zone) {
  if (text.size() < 14 || text[3] != ' ') return std::nullopt;
  CivilTime civil;
  civil.date.month = month_at(text);
  if (civil.date.month == 0) return std::nullopt;
  std::size_t at = 4;
  if (text[at] == ' ') ++at;
  if (!digit_at(text, at)) return std::nullopt;
  const std::size_t day_digits = digit_at(text, at + 1) ? 2 : 1;
  civil.date.day = number_at(text, at, day_digits);
  at += day_digits;
  if (at >= text.size() || text[at] != ' ') return std::nullopt;
  ++at;
  std::int32_t year = number_at(text, at, 4);
  if (year >= 0) {
    at += 4;
    if (at >= text.size() || text[at] != ' ') return std::nullopt;
    ++at;
  }
  if (!read_clock(text, at, civil)) return std::nullopt;
  if (year < 0 && at < text.size() && text[at] == ' ') {
    const std::int32_t after = number_at(text, at + 1, 4);
    if (after >= kYearMin && after <= kYearMax && year_ends_at(text, at + 5)) {
      year = after;
      at += 5;
    }
  }
  auto named = read_offset(text, at);
  if (!named) named = read_zone_name(text, at);
  const ZoneOffset used_zone = named.value_or(zone);
  if (year < 0) {
    civil.date.year = 2000;  // a leap year, to judge the day
    if (!is_valid(civil.date)) return std::nullopt;
    const auto time = nearest_year(civil, received, used_zone);
    if (!time) return std::nullopt;
    return ParsedTime{*time, TimeQuality::year_assumed, at};
  }
  civil.date.year = year;
  if (year < kYearMin || year > kYearMax || !is_valid(civil.date)) return std::nullopt;
  return ParsedTime{from_civil(civil, used_zone), named ? TimeQuality::exact : TimeQuality::zone_assumed, at};
}

std::optional<ParsedTime> parse_iso_time(std::string_view text, ZoneOffset zone) {
  if (text.size() < 19 || text[4] != '-' || text[7] != '-') return std::nullopt;
  if (text[10] != 'T' && text[10] != 't' && text[10] != ' ') return std::nullopt;
  CivilTime civil;
  civil.date = {number_at(text, 0, 4), number_at(text, 5, 2), number_at(text, 8, 2)};
  if (civil.date.year < kYearMin || civil.date.year > kYearMax || !is_valid(civil.date)) return std::nullopt;
  std::size_t at = 11;
  if (!read_clock(text, at, civil)) return std::nullopt;
  const auto offset = read_offset(text, at);
  return ParsedTime{from_civil(civil, offset.value_or(zone)),
                    offset ? TimeQuality::exact : TimeQuality::zone_assumed, at};
}

std::optional<ParsedTime> parse_web_time(std::string_view text, ZoneOffset zone) {
  constexpr std::size_t kBytesMin = 20;
  if (text.size() < kBytesMin || text[2] != '/' || text[6] != '/' || text[11] != ':') return std::nullopt;
  CivilTime civil;
  civil.date = {number_at(text, 7, 4), month_at(text.substr(3)), number_at(text, 0, 2)};
  if (civil.date.year < kYearMin || civil.date.year > kYearMax || !is_valid(civil.date)) return std::nullopt;
  std::size_t at = 12;
  if (!read_clock(text, at, civil)) return std::nullopt;
  if (at < text.size() && text[at] == ' ') ++at;
  const auto offset = read_offset(text, at);
  return ParsedTime{from_civil(civil, offset.value_or(zone)),
                    offset ? TimeQuality::exact : TimeQuality::zone_assumed, at};
}

std::optional<UtcTime> parse_epoch(std::string_view text) {
  constexpr std::size_t kDigitsMax = 19;
  std::size_t at = 0;
  std::uint64_t whole = 0;
  for (; digit_at(text, at) && at < kDigitsMax; ++at)
    whole = whole * 10 + static_cast<std::uint64_t>(text[at] - '0');
  if (at == 0 || digit_at(text, at)) return std::nullopt;
  std::uint64_t unit_ns = 1;
  if (whole < 100'000'000'000u)
    unit_ns = 1'000'000'000;
  else if (whole < 100'000'000'000'000u)
    unit_ns = 1'000'000;
  else if (whole < 100'000'000'000'000'000u)
    unit_ns = 1'000;
  constexpr std::uint64_t kNsMax = 9'200'000'000'000'000'000u;
  if (whole > kNsMax / unit_ns) return std::nullopt;
  std::uint64_t ns = whole * unit_ns;
  if (at < text.size() && text[at] == '.') {
    for (++at; digit_at(text, at); ++at) {
      unit_ns /= 10;
      ns += static_cast<std::uint64_t>(text[at] - '0') * unit_ns;
    }
  }
  if (at != text.size()) return std::nullopt;
  return UtcTime{static_cast<std::int64_t>(ns)};
}

TimeQuality judge_skew(UtcTime time, TimeQuality quality, UtcTime received, Duration limit) {
  if (limit.ns <= 0 || quality == TimeQuality::received) return quality;
  const Duration apart = time > received ? time - received : received - time;
  return apart > limit ? TimeQuality::skewed : quality;
}

}  // namespace phendau::ingest
