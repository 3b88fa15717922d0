// SPDX-License-Identifier: Apache-2.0
// Periods and deadlines as offices count them, in +07:00, at the edges: new year, month end, leap day, Tet.
#include "comply/calendar.h"

#include <doctest/doctest.h>

#include "base/texts.h"
#include "comply/limits.h"

namespace calendar_test {

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

TEST_CASE("by a day includes the day") {
  const DueDay due = due_by(*parse_month_day("11-15"), 2026, kVietnamZone);
  CHECK(format_date(due.last_good_day) == "2026-11-15");
  CHECK(due.due_at == at("2026-11-16T00:00:00+07:00"));
  CHECK_FALSE(due.is_late(at("2026-11-15T23:59:59+07:00")));
  CHECK(due.is_late(due.due_at));
  CHECK(format_date(due_by(*parse_month_day("02-29"), 2027, kVietnamZone).last_good_day) == "2027-02-28");
  CHECK(format_date(due_by(*parse_month_day("02-29"), 2028, kVietnamZone).last_good_day) == "2028-02-29");
}

TEST_CASE("working days over Tet") {
  WorkCalendar calendar;
  calendar.years = {2026, 2027};
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
    const auto to = add_working_days(day(c.from), c.count, calendar);
    REQUIRE(to);
    CHECK(format_date(*to) == c.to);
    if (c.count > 0) CHECK(*working_days_between(day(c.from), *to, calendar) == c.count);
  }
  CHECK(*working_days_between(day("2027-02-11"), day("2027-02-03"), calendar) == 0);
  CHECK(add_working_days(day("2027-02-03"), -1, calendar).error().code == ErrorCode::limit);
  CHECK(add_working_days(day("2027-02-03"), kWorkingDaysMax + 1, calendar).error().code == ErrorCode::limit);
}

TEST_CASE("a year that nobody entered is said, not guessed") {
  WorkCalendar calendar;
  calendar.years = {2027};
  const auto to = add_working_days(day("2027-12-30"), 2, calendar);
  REQUIRE_FALSE(to);
  CHECK(to.error().code == ErrorCode::not_found);
  CHECK(missing_calendar_year(to.error()) == 2028);
  CHECK(has_text(to.error().text_id));
  CHECK(tr(Lang::en, to.error().text_id, to.error().args).find("2028") != std::string::npos);
  CHECK(missing_calendar_year(working_days_between(day("2026-12-01"), day("2027-01-04"), calendar).error()) ==
        2026);
  CHECK(missing_calendar_year(Error{ErrorCode::not_found, "x", {}, {}}) == std::nullopt);
}

TEST_CASE("a calendar that closes for ever is a mistake") {
  WorkCalendar calendar;
  calendar.years = {2026, 2027, 2028};
  for (std::int64_t n = days_from_civil({2026, 1, 1}); n <= days_from_civil({2028, 12, 31}); ++n) {
    calendar.holidays.insert(civil_from_days(n));
  }
  CHECK(add_working_days(day("2026-01-01"), 1, calendar).error().code == ErrorCode::invalid);
}

TEST_CASE("calendar file: years, single days, and a province that says a year anew") {
  WorkCalendar calendar;
  std::vector<ContentError> errors;
  parse_calendar(R"(years:
  - {year: 2026, basis: official, holidays: ["2026-01-01", "2026-01-02"], extra_working_days: ["2026-01-10"]}
  - {year: 2027, basis: minimum, holidays: ["2027-01-01"]}
)",
                 "base/calendar.yaml", calendar, errors);
  CHECK(errors.empty());
  CHECK(calendar.covers(2026));
  CHECK(calendar.is_working_day(day("2026-01-10")));
  CHECK_FALSE(calendar.is_working_day(day("2026-01-02")));
  parse_calendar(R"(years:
  - {year: 2026, basis: official, source: our own decision, holidays: ["2026-01-01"]}
holidays: ["2027-02-04"]
extra_working_days: ["2027-01-01"]
)",
                 "own/calendar.yaml", calendar, errors);
  CHECK(errors.empty());
  CHECK(calendar.is_working_day(day("2026-01-02")));
  CHECK_FALSE(calendar.is_working_day(day("2026-01-10")));
  CHECK_FALSE(calendar.is_working_day(day("2027-02-04")));
  CHECK(calendar.is_working_day(day("2027-01-01")));
}

TEST_CASE("mistakes in a calendar file have a place") {
  const struct {
    const char* text;
    int line;
    int column;
    const char* reason;
  } cases[] = {
      {"holidays: [tomorrow]\n", 1, 12, "no day"},
      {"holidays: [\"2026-02-30\"]\n", 1, 12, "no day"},
      {"holidays: [\"2026-01-01\"]\n", 1, 12, "no entry for 2026"},
      {"years: 2026\n", 1, 8, "must be a list"},
      {"years:\n  - 2026\n", 2, 5, "must be a map"},
      {"years:\n  - {basis: official, holidays: []}\n", 2, 5, "'year' is missing"},
      {"years:\n  - {year: 1000, basis: official, holidays: []}\n", 2, 12, "whole number"},
      {"years:\n  - {year: 2026, basis: rumour, holidays: []}\n", 2, 25, "official"},
      {"years:\n  - {year: 2026, basis: official}\n", 2, 5, "'holidays' is missing"},
      {"years:\n  - {year: 2026, basis: official, holidays: [\"2027-01-01\"]}\n", 2, 46, "not in 2026"},
      {"years:\n  - {year: 2026, basis: official, holidays: [\"2026-01-01\", \"2026-01-01\"]}\n", 2, 60,
       "twice"},
      {"years:\n  - {year: 2026, basis: official, holidays: []}\n"
       "  - {year: 2026, basis: official, holidays: []}\n",
       3, 5, "twice"},
      {"colour: red\n", 1, 1, "unknown key"},
      {"- a\n", 1, 1, "must be a map"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    WorkCalendar calendar;
    std::vector<ContentError> errors;
    parse_calendar(c.text, "trial/calendar.yaml", calendar, errors);
    REQUIRE_FALSE(errors.empty());
    CHECK(errors[0].line == c.line);
    CHECK(errors[0].column == c.column);
    CHECK(errors[0].file == "trial/calendar.yaml");
    CAPTURE(errors[0].reason);
    CHECK(errors[0].reason.find(c.reason) != std::string::npos);
  }
}

}  // namespace calendar_test
