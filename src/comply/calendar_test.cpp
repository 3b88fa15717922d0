// SPDX-License-Identifier: Apache-2.0
// Periods and deadlines as offices count them, in +07:00, at the edges: new year, month end, leap day, Tet.
#include "comply/calendar.h"

#include <doctest/doctest.h>

#include "comply/limits.h"

using namespace phendau;
using namespace phendau::comply;

namespace {
UtcTime at(std::string_view text) { return *parse_rfc3339(text); }
CivilDate day(std::string_view text) { return *parse_date(text); }
}  // namespace

TEST_CASE("period that contains an instant") {
  struct Case {
    const char* instant;
    PeriodKind kind;
    const char* id;
    const char* first;
    const char* last;
  };
  const Case cases[] = {
      {"2026-11-24T10:00:00+07:00", PeriodKind::month, "2026-11", "2026-11-01", "2026-11-30"},
      {"2026-11-24T10:00:00+07:00", PeriodKind::week, "2026-W48", "2026-11-23", "2026-11-29"},
      {"2026-11-24T10:00:00+07:00", PeriodKind::quarter, "2026-Q4", "2026-10-01", "2026-12-31"},
      {"2026-06-30T23:59:59+07:00", PeriodKind::half_year, "2026-H1", "2026-01-01", "2026-06-30"},
      {"2026-06-30T17:00:00Z", PeriodKind::half_year, "2026-H2", "2026-07-01", "2026-12-31"},
      {"2026-12-31T16:59:59Z", PeriodKind::year, "2026", "2026-01-01", "2026-12-31"},
      {"2026-12-31T17:00:00Z", PeriodKind::year, "2027", "2027-01-01", "2027-12-31"},
      {"2026-12-31T23:59:00+07:00", PeriodKind::month, "2026-12", "2026-12-01", "2026-12-31"},
      {"2027-01-01T00:00:00+07:00", PeriodKind::month, "2027-01", "2027-01-01", "2027-01-31"},
      {"2027-01-01T12:00:00+07:00", PeriodKind::week, "2026-W53", "2026-12-28", "2027-01-03"},
      {"2024-12-30T12:00:00+07:00", PeriodKind::week, "2025-W01", "2024-12-30", "2025-01-05"},
      {"2028-02-29T12:00:00+07:00", PeriodKind::month, "2028-02", "2028-02-01", "2028-02-29"},
      {"2027-02-28T12:00:00+07:00", PeriodKind::month, "2027-02", "2027-02-01", "2027-02-28"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.instant);
    CAPTURE(c.id);
    const Period period = period_containing(c.kind, at(c.instant), kVietnamZone);
    CHECK(period.id == c.id);
    CHECK(format_date(period.first) == c.first);
    CHECK(format_date(period.last) == c.last);
    CHECK(period.begin_at <= at(c.instant));
    CHECK(period.end_at > at(c.instant));
    const auto parsed = parse_period(c.id, kVietnamZone);
    REQUIRE(parsed);
    CHECK(parsed->begin_at == period.begin_at);
    CHECK(parsed->end_at == period.end_at);
  }
}

TEST_CASE("periods follow each other without a gap over 30 years") {
  for (const PeriodKind kind :
       {PeriodKind::week, PeriodKind::month, PeriodKind::quarter, PeriodKind::half_year, PeriodKind::year}) {
    Period period = period_of(kind, {2010, 1, 1}, kVietnamZone);
    while (period.first.year < 2040) {
      const Period next = next_period(period, kVietnamZone);
      REQUIRE(next.begin_at == period.end_at);
      REQUIRE(previous_period(next, kVietnamZone).id == period.id);
      REQUIRE(parse_period(period.id, kVietnamZone)->begin_at == period.begin_at);
      period = next;
    }
  }
}

TEST_CASE("what is no period") {
  for (const char* text : {"", "26", "2026-", "2026-13", "2026-1", "2026-Q5", "2026-H3", "2025-W53",
                           "2026-W54", "2026-W0", "2026-11-24", "20x6", "2026Q1", "1800"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_period(text, kVietnamZone));
  }
  CHECK_FALSE(period_kind_from("P90D"));
  CHECK(period_kind_from("P7D") == PeriodKind::week);
  CHECK(period_kind_from("P3M") == PeriodKind::quarter);
  CHECK(period_of(PeriodKind::none, {2026, 1, 1}, kVietnamZone).id.empty());
}

TEST_CASE("before a day excludes the day") {
  const DueDay due = due_before(*parse_month_day("11-15"), 2026, kVietnamZone);
  CHECK(format_date(due.last_good_day) == "2026-11-14");
  CHECK(due.due_at == at("2026-11-15T00:00:00+07:00"));
  CHECK(at("2026-11-14T23:59:59+07:00") < due.due_at);
  CHECK(format_date(due_before(*parse_month_day("01-01"), 2027, kVietnamZone).last_good_day) == "2026-12-31");
  CHECK(format_date(due_before(*parse_month_day("03-01"), 2028, kVietnamZone).last_good_day) == "2028-02-29");
  CHECK(format_date(due_before(*parse_month_day("02-29"), 2027, kVietnamZone).last_good_day) == "2027-02-28");
  CHECK(format_date(due_before(*parse_month_day("02-29"), 2028, kVietnamZone).last_good_day) == "2028-02-28");
  for (const char* text : {"", "15/11", "13-01", "00-10", "02-30", "04-31", "1-1", "11-15x"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_month_day(text));
  }
}

TEST_CASE("working days over Tet") {
  WorkCalendar calendar;
  for (const char* text : {"2027-02-04", "2027-02-05", "2027-02-08", "2027-02-09", "2027-02-10"}) {
    calendar.holidays.insert(day(text));
  }
  calendar.extra_working_days.insert(day("2027-02-13"));
  struct Case {
    const char* from;
    int count;
    const char* to;
  };
  const Case cases[] = {
      {"2027-02-03", 1, "2027-02-11"}, {"2027-02-03", 2, "2027-02-12"}, {"2027-02-03", 3, "2027-02-13"},
      {"2027-02-03", 4, "2027-02-15"}, {"2027-02-06", 0, "2027-02-11"}, {"2027-02-11", 0, "2027-02-11"},
      {"2026-11-27", 1, "2026-11-30"}, {"2026-12-31", 1, "2027-01-01"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.from);
    CAPTURE(c.count);
    CHECK(format_date(*add_working_days(day(c.from), c.count, calendar)) == c.to);
    if (c.count > 0) CHECK(working_days_between(day(c.from), day(c.to), calendar) == c.count);
  }
  CHECK(add_working_days(day("2026-01-01"), -1, calendar).error().code == ErrorCode::limit);
  CHECK(add_working_days(day("2026-01-01"), kWorkingDaysMax + 1, calendar).error().code == ErrorCode::limit);
}
