// SPDX-License-Identifier: Apache-2.0
#include "base/time.h"

#include <fmt/format.h>

namespace phendau {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - ((a % b != 0 && (a % b < 0) != (b < 0)) ? 1 : 0);
}

/// Reads exactly `count` digits at `pos`; false if they are not there.
bool read_digits(std::string_view text, std::size_t& pos, int count, std::int32_t& out) {
  out = 0;
  for (int i = 0; i < count; ++i, ++pos) {
    if (pos >= text.size() || text[pos] < '0' || text[pos] > '9') return false;
    out = out * 10 + (text[pos] - '0');
  }
  return true;
}

bool read_char(std::string_view text, std::size_t& pos, char wanted) {
  if (pos >= text.size() || text[pos] != wanted) return false;
  ++pos;
  return true;
}

bool read_date(std::string_view text, std::size_t& pos, CivilDate& date) {
  return read_digits(text, pos, 4, date.year) && read_char(text, pos, '-') &&
         read_digits(text, pos, 2, date.month) && read_char(text, pos, '-') &&
         read_digits(text, pos, 2, date.day) && is_valid(date);
}

bool read_fraction(std::string_view text, std::size_t& pos, std::int32_t& nanosecond) {
  nanosecond = 0;
  if (pos >= text.size() || text[pos] != '.') return true;
  ++pos;
  std::int32_t scale = 100'000'000;
  const std::size_t first = pos;
  for (; pos < text.size() && text[pos] >= '0' && text[pos] <= '9'; ++pos) {
    nanosecond += (text[pos] - '0') * scale;
    scale /= 10;
  }
  return pos > first;
}

bool read_zone(std::string_view text, std::size_t& pos, ZoneOffset& zone) {
  if (pos < text.size() && (text[pos] == 'Z' || text[pos] == 'z')) {
    ++pos;
    zone = kUtcZone;
    return true;
  }
  if (pos >= text.size() || (text[pos] != '+' && text[pos] != '-')) return false;
  const int sign = text[pos++] == '-' ? -1 : 1;
  std::int32_t hour = 0;
  std::int32_t minute = 0;
  if (!read_digits(text, pos, 2, hour)) return false;
  if (pos < text.size() && text[pos] == ':') ++pos;
  if (!read_digits(text, pos, 2, minute) || hour > 23 || minute > 59) return false;
  zone.seconds = sign * (hour * 3600 + minute * 60);
  return true;
}

}  // namespace

std::int64_t days_from_civil(CivilDate date) {
  const std::int64_t y = date.year - (date.month <= 2 ? 1 : 0);
  const std::int64_t era = floor_div(y, 400);
  const std::int64_t year_of_era = y - era * 400;
  const std::int64_t shifted_month = date.month + (date.month > 2 ? -3 : 9);
  const std::int64_t day_of_year = (153 * shifted_month + 2) / 5 + date.day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

CivilDate civil_from_days(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = floor_div(days, 146'097);
  const std::int64_t day_of_era = days - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const auto day = static_cast<std::int32_t>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  const auto month = static_cast<std::int32_t>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  const auto year = static_cast<std::int32_t>(year_of_era + era * 400 + (month <= 2 ? 1 : 0));
  return {year, month, day};
}

bool is_leap_year(std::int32_t year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

std::int32_t days_in_month(std::int32_t year, std::int32_t month) {
  constexpr std::int32_t kDays[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  PHENDAU_ASSERT(month >= 1 && month <= 12);
  return kDays[month - 1] + (month == 2 && is_leap_year(year) ? 1 : 0);
}

std::int32_t iso_weekday(CivilDate date) {
  const std::int64_t days = days_from_civil(date);  // 1970-01-01 was a Thursday (4).
  return static_cast<std::int32_t>(((days + 3) % 7 + 7) % 7) + 1;
}

CivilDate add_months(CivilDate date, std::int32_t months) {
  const std::int64_t index = static_cast<std::int64_t>(date.year) * 12 + (date.month - 1) + months;
  CivilDate out;
  out.year = static_cast<std::int32_t>(floor_div(index, 12));
  out.month = static_cast<std::int32_t>(index - static_cast<std::int64_t>(out.year) * 12) + 1;
  out.day = std::min(date.day, days_in_month(out.year, out.month));
  return out;
}

bool is_valid(CivilDate date) {
  return date.year >= 1678 && date.year <= 2261 && date.month >= 1 && date.month <= 12 && date.day >= 1 &&
         date.day <= days_in_month(date.year, date.month);
}

CivilTime to_civil(UtcTime time, ZoneOffset zone) {
  const std::int64_t local_seconds = floor_div(time.ns, kNsPerSecond) + zone.seconds;
  const std::int64_t day = floor_div(local_seconds, 86'400);
  const auto second_of_day = static_cast<std::int32_t>(local_seconds - day * 86'400);
  CivilTime civil;
  civil.date = civil_from_days(day);
  civil.hour = second_of_day / 3600;
  civil.minute = second_of_day / 60 % 60;
  civil.second = second_of_day % 60;
  civil.nanosecond = static_cast<std::int32_t>(time.ns - floor_div(time.ns, kNsPerSecond) * kNsPerSecond);
  return civil;
}

UtcTime from_civil(const CivilTime& civil, ZoneOffset zone) {
  const std::int64_t seconds_total = days_from_civil(civil.date) * 86'400 + civil.hour * 3600 +
                                     civil.minute * 60 + civil.second - zone.seconds;
  return {seconds_total * kNsPerSecond + civil.nanosecond};
}

UtcTime start_of_day(CivilDate date, ZoneOffset zone) { return from_civil({date, 0, 0, 0, 0}, zone); }

Result<UtcTime> parse_rfc3339(std::string_view text) {
  CivilTime civil;
  ZoneOffset zone;
  std::size_t pos = 0;
  const bool ok = read_date(text, pos, civil.date) && pos < text.size() &&
                  (text[pos] == 'T' || text[pos] == 't' || text[pos] == ' ') && ++pos > 0 &&
                  read_digits(text, pos, 2, civil.hour) && read_char(text, pos, ':') &&
                  read_digits(text, pos, 2, civil.minute) && read_char(text, pos, ':') &&
                  read_digits(text, pos, 2, civil.second) && read_fraction(text, pos, civil.nanosecond) &&
                  read_zone(text, pos, zone) && pos == text.size() && civil.hour < 24 && civil.minute < 60 &&
                  civil.second <= 60;
  if (!ok) {
    return fail(ErrorCode::invalid, fmt::format("'{}' is not an RFC 3339 time", text.substr(0, 64)),
                "time.not_rfc3339", {std::string(text.substr(0, 64))});
  }
  if (civil.second == 60) civil.second = 59;  // A leap second is kept as the last second of its minute.
  return from_civil(civil, zone);
}

Result<CivilDate> parse_date(std::string_view text) {
  CivilDate date;
  std::size_t pos = 0;
  if (!read_date(text, pos, date) || pos != text.size()) {
    return fail(ErrorCode::invalid, fmt::format("'{}' is not a date like 2026-11-14", text.substr(0, 32)));
  }
  return date;
}

std::string format_rfc3339(UtcTime time, ZoneOffset zone) {
  const CivilTime c = to_civil(time, zone);
  std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", c.date.year, c.date.month, c.date.day,
                                c.hour, c.minute, c.second);
  if (c.nanosecond % 1'000 != 0) {
    out += fmt::format(".{:09}", c.nanosecond);
  } else if (c.nanosecond % 1'000'000 != 0) {
    out += fmt::format(".{:06}", c.nanosecond / 1'000);
  } else if (c.nanosecond != 0) {
    out += fmt::format(".{:03}", c.nanosecond / 1'000'000);
  }
  if (zone.seconds == 0) return out + "Z";
  const int magnitude = zone.seconds < 0 ? -zone.seconds : zone.seconds;
  return out +
         fmt::format("{}{:02}:{:02}", zone.seconds < 0 ? '-' : '+', magnitude / 3600, magnitude / 60 % 60);
}

std::string format_date(CivilDate date) {
  return fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
}

std::string format_vietnamese(UtcTime time, ZoneOffset zone) {
  const CivilTime c = to_civil(time, zone);
  return fmt::format("{:02}/{:02}/{:04} {:02}:{:02}:{:02}", c.date.day, c.date.month, c.date.year, c.hour,
                     c.minute, c.second);
}

Result<Duration> parse_duration(std::string_view text) {
  std::size_t pos = 0;
  std::int64_t count = 0;
  while (pos < text.size() && text[pos] >= '0' && text[pos] <= '9' && count < 1'000'000'000) {
    count = count * 10 + (text[pos++] - '0');
  }
  const std::string_view unit = text.substr(pos);
  Duration one;
  if (unit == "ms")
    one = milliseconds(1);
  else if (unit == "s")
    one = seconds(1);
  else if (unit == "m")
    one = minutes(1);
  else if (unit == "h")
    one = hours(1);
  else if (unit == "d")
    one = days(1);
  else if (unit == "w")
    one = days(7);
  constexpr std::int64_t kMax = days(36'500).ns;
  if (pos == 0 || one.ns == 0 || count == 0 || count > kMax / one.ns) {
    return fail(ErrorCode::invalid,
                fmt::format("'{}' is not a duration like 30s, 5m, 2h or 7d", text.substr(0, 32)));
  }
  return Duration{count * one.ns};
}

std::string format_duration(Duration duration) {
  const struct {
    std::int64_t ns;
    const char* unit;
  } kUnits[] = {{days(1).ns, "d"},
                {hours(1).ns, "h"},
                {minutes(1).ns, "m"},
                {seconds(1).ns, "s"},
                {milliseconds(1).ns, "ms"}};
  for (const auto& unit : kUnits) {
    if (duration.ns != 0 && duration.ns % unit.ns == 0)
      return fmt::format("{}{}", duration.ns / unit.ns, unit.unit);
  }
  return fmt::format("{}ns", duration.ns);
}

}  // namespace phendau
