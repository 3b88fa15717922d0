// SPDX-License-Identifier: Apache-2.0
// Dates and instants against known values and against each other.
#include "base/time.h"

#include <doctest/doctest.h>

namespace time_test {

using namespace phendau;

TEST_CASE("time: dates and day numbers") {
  const struct {
    CivilDate date;
    std::int64_t days;
    int weekday;
  } kCases[] = {
      {{1970, 1, 1}, 0, 4},       {{1969, 12, 31}, -1, 3},    {{2000, 2, 29}, 11016, 2},
      {{2026, 11, 24}, 20781, 2}, {{1678, 1, 1}, -106650, 6}, {{2261, 12, 31}, 106650, 2},
      {{2024, 12, 31}, 20088, 2},
  };
  for (const auto& c : kCases) {
    CAPTURE(format_date(c.date));
    CHECK(days_from_civil(c.date) == c.days);
    CHECK(civil_from_days(c.days) == c.date);
    CHECK(iso_weekday(c.date) == c.weekday);
  }
  CivilDate previous = civil_from_days(-110'000);
  for (std::int64_t day = -109'999; day < 110'000; ++day) {
    const CivilDate date = civil_from_days(day);
    const bool next = previous < date && days_from_civil(date) == day;
    if (!next) FAIL("day " << day);
    previous = date;
  }
}

TEST_CASE("time: months and validity") {
  const struct {
    CivilDate from;
    int months;
    CivilDate to;
  } kCases[] = {
      {{2025, 1, 31}, 1, {2025, 2, 28}},  {{2024, 1, 31}, 1, {2024, 2, 29}},
      {{2025, 11, 15}, 2, {2026, 1, 15}}, {{2025, 3, 31}, -1, {2025, 2, 28}},
      {{2025, 1, 1}, -1, {2024, 12, 1}},  {{2024, 2, 29}, 12, {2025, 2, 28}},
      {{2025, 5, 5}, 0, {2025, 5, 5}},    {{2025, 12, 31}, 2, {2026, 2, 28}},
  };
  for (const auto& c : kCases) CHECK(add_months(c.from, c.months) == c.to);
  CHECK(is_leap_year(2000));
  CHECK_FALSE(is_leap_year(1900));
  CHECK(is_valid({2024, 2, 29}));
  for (const CivilDate bad : {CivilDate{2023, 2, 29},
                              {2023, 13, 1},
                              {2023, 0, 1},
                              {2023, 1, 0},
                              {2023, 4, 31},
                              {1600, 1, 1},
                              {2262, 1, 1}}) {
    CHECK_FALSE(is_valid(bad));
  }
}

TEST_CASE("time: RFC 3339 there and back") {
  const struct {
    const char* text;
    std::int64_t ns;
    const char* shown;
  } kCases[] = {
      {"1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"},
      {"1969-12-31T23:59:59.5Z", -500'000'000, "1969-12-31T23:59:59.500Z"},
      {"2026-11-24T10:00:00+07:00", 1'795'489'200'000'000'000, "2026-11-24T03:00:00Z"},
      {"2026-11-24 10:00:00.000001+0700", 1'795'489'200'000'001'000, "2026-11-24T03:00:00.000001Z"},
      {"2026-11-24t03:00:00.123456789z", 1'795'489'200'123'456'789, "2026-11-24T03:00:00.123456789Z"},
      {"2026-11-24T03:00:00.1234567891Z", 1'795'489'200'123'456'789, "2026-11-24T03:00:00.123456789Z"},
      {"2016-12-31T23:59:60Z", 1'483'228'799'000'000'000, "2016-12-31T23:59:59Z"},
      {"2026-11-23T21:30:00-05:30", 1'795'489'200'000'000'000, "2026-11-24T03:00:00Z"},
  };
  for (const auto& c : kCases) {
    CAPTURE(c.text);
    const auto time = parse_rfc3339(c.text);
    REQUIRE(time.has_value());
    CHECK(time->ns == c.ns);
    CHECK(format_rfc3339(*time) == c.shown);
    CHECK(parse_rfc3339(format_rfc3339(*time, kVietnamZone))->ns == c.ns);
    CHECK(from_civil(to_civil(*time, kVietnamZone), kVietnamZone) == *time);
  }
  for (const char* bad :
       {"", "2026-11-24", "2026-11-24T10:00:00", "2026-11-24T10:00Z", "2026-11-24T24:00:00Z",
        "2026-02-29T00:00:00Z", "2026-11-24T10:60:00Z", "2026-11-24T10:00:61Z", "2026-11-24T10:00:00.Z",
        "2026-11-24T10:00:00+7", "x", "2026-11-24T10:00:00+24:00", "2026-11-24T10:00:00Zx",
        "26-11-24T10:00:00Z", "9999-01-01T00:00:00Z"}) {
    CAPTURE(bad);
    CHECK(parse_rfc3339(bad).error().code == ErrorCode::invalid);
  }
  CHECK(format_vietnamese(UtcTime{1'795'489'200'000'000'000}) == "24/11/2026 10:00:00");
  CHECK(start_of_day({2026, 11, 24}, kVietnamZone) == *parse_rfc3339("2026-11-23T17:00:00Z"));
  CHECK(*parse_date("2026-11-14") == CivilDate{2026, 11, 14});
  for (const char* bad : {"", "2026-11-1", "2026-11-14 ", "14/11/2026", "2026-02-30"})
    CHECK_FALSE(parse_date(bad).has_value());
}

TEST_CASE("time: durations") {
  const struct {
    const char* text;
    Duration value;
    const char* shown;
  } kCases[] = {
      {"250ms", milliseconds(250), "250ms"},
      {"15s", seconds(15), "15s"},
      {"90s", seconds(90), "90s"},
      {"5m", minutes(5), "5m"},
      {"2h", hours(2), "2h"},
      {"7d", days(7), "7d"},
      {"1w", days(7), "7d"},
      {"24h", days(1), "1d"},
      {"36500d", days(36500), "36500d"},
  };
  for (const auto& c : kCases) {
    CAPTURE(c.text);
    REQUIRE(parse_duration(c.text).has_value());
    CHECK(*parse_duration(c.text) == c.value);
    CHECK(format_duration(c.value) == c.shown);
  }
  for (const char* bad :
       {"", "5", "m", "0s", "-1s", "1.5h", "5 m", "5M", "5y", "36501d", "99999999999999999999s", "1mss"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_duration(bad).has_value());
  }
  CHECK(format_duration({}) == "0ns");
  CHECK(format_duration(nanoseconds(7)) == "7ns");
}

}  // namespace time_test
