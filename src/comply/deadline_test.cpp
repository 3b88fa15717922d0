// SPDX-License-Identifier: Apache-2.0
// Deadlines against the golden table (tests/data/calendar_golden.tsv) with the holidays and regimes that we
// ship; and what is no deadline.
#include "comply/deadline.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

#include <doctest/doctest.h>

#include "base/text.h"

namespace deadline_test {

using namespace phendau;
using namespace phendau::comply;

namespace {

std::string file_text(const std::string& path) {
  std::ifstream in(std::string(PHENDAU_SOURCE_DIR) + "/" + path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

struct Shipped {
  WorkCalendar calendar;
  std::vector<RegimeTable> regimes;
  std::vector<ContentError> errors;
  Shipped() {
    parse_calendar(file_text("packs/base/calendar.yaml"), "base/calendar.yaml", calendar, errors);
    regimes = parse_regimes(file_text("packs/base/regimes.yaml"), "base/regimes.yaml", errors);
  }
  const RegimeTable* regime(std::string_view id) const {
    const auto at = std::find_if(regimes.begin(), regimes.end(),
                                 [&](const RegimeTable& table) { return table.id == std::string(id); });
    return at == regimes.end() ? nullptr : &*at;
  }
};

struct Answer {
  std::string due;
  std::string last;
};

Answer of(const Error& error) {
  const auto year = missing_calendar_year(error);
  return {year ? "missing " + std::to_string(*year) : error.message, "-"};
}

Answer of(const Result<DueDay>& due) {
  if (!due) return of(due.error());
  return {format_rfc3339(due->due_at, kVietnamZone), format_date(due->last_good_day)};
}

TermStart start(std::string_view text) { return *TermStart::parse(text, kVietnamZone); }

Answer regime_answer(const Shipped& shipped, std::string_view id, std::string_view from) {
  const auto got = regime_due(*shipped.regime(id), start(from), shipped.calendar, kVietnamZone);
  if (!got) return of(got.error());
  if (got->rule == nullptr) return {"-", "-"};
  if (!got->due) return {got->rule->id + " -", "-"};
  const Answer due = of(Result<DueDay>(*got->due));
  return {got->rule->id + " " + due.due, due.last};
}

/// What the program says to one line of the table.
Answer answer(const Shipped& shipped, std::string_view rule, std::string_view from) {
  const std::string_view word = rule.substr(0, rule.find(' '));
  const std::string_view rest = rule.substr(std::min(rule.size(), word.size() + 1));
  if (word == "period" || word == "window") {
    const Period period = period_of(*period_kind_from(rest), start(from).day, kVietnamZone);
    if (word == "period") return {period.id, format_date(period.last)};
    const DataWindow window = data_window_of(period);
    return {format_date(window.first) + ".." + format_date(window.last), "-"};
  }
  if (word == "workdays") {
    const auto count =
        working_days_between(*parse_date(from.substr(0, 10)), *parse_date(from.substr(12)), shipped.calendar);
    return count ? Answer{std::to_string(*count), "-"} : of(count.error());
  }
  if (word == "late") {
    constexpr std::string_view kDone = " done ";
    const std::size_t cut = from.find(kDone);
    const auto due =
        due_of(*parse_deadline(rest), start(from.substr(0, cut)), shipped.calendar, kVietnamZone);
    return {due->is_late(*parse_rfc3339(from.substr(cut + kDone.size()))) ? "late" : "in time", "-"};
  }
  if (word == "regime") return regime_answer(shipped, rest, from);
  return of(due_of(*parse_deadline(rule), start(from), shipped.calendar, kVietnamZone));
}

}  // namespace

TEST_CASE("golden table of deadlines") {
  const Shipped shipped;
  for (const auto& error : shipped.errors) MESSAGE(error.to_string());
  REQUIRE(shipped.errors.empty());
  std::map<std::string, int, std::less<>> kinds;
  int count = 0;
  const std::string text = file_text("tests/data/calendar_golden.tsv");
  for (const std::string_view line : split(text, '\n')) {
    if (line.empty() || line[0] == '#') continue;
    const auto cells = split(line, '\t');
    REQUIRE(cells.size() == 5);
    CAPTURE(line);
    const Answer got = answer(shipped, cells[0], cells[1]);
    CHECK(got.due == cells[2]);
    CHECK(got.last == cells[3]);
    ++count;
    ++kinds[std::string(cells[0].substr(0, cells[0].find(' ')))];
  }
  CHECK(count >= 300);
  for (const char* kind : {"24h", "72h", "30m", "5d", "5wd", "0wd", "before", "by", "end", "period", "window",
                           "workdays", "late", "regime"}) {
    CAPTURE(kind);
    CHECK(kinds[kind] > 0);
  }
}

TEST_CASE("rules read and written") {
  for (const char* text : {"24h", "30m", "5d", "0d", "5wd", "0wd", "before 11-15", "by 02-29", "end P3M",
                           "end P1W", "end P1Y", "3660wd"}) {
    CAPTURE(text);
    const auto rule = parse_deadline(text);
    REQUIRE(rule);
    CHECK(to_string(*rule) == text);
  }
  for (const char* text :
       {"",     "24",      "h",      "0h",           "0m",       "-5d", "5 d",      "05d",  "5D",   "5w",
        "1.5h", "24hours", "before", "before 15/11", "by 13-01", "end", "end P90D", "end ", "5wdx", "5d "}) {
    CAPTURE(text);
    REQUIRE_FALSE(parse_deadline(text));
    CHECK(parse_deadline(text).error().code == ErrorCode::invalid);
  }
  for (const char* text : {"999999999d", "3661wd", "876001h", "52560001m"}) {
    CAPTURE(text);
    REQUIRE_FALSE(parse_deadline(text));
    CHECK(parse_deadline(text).error().code == ErrorCode::limit);
  }
  CHECK_FALSE(parse_term("before 11-15"));
  CHECK_FALSE(TermStart::parse("24/11/2026", kVietnamZone));
  CHECK_FALSE(TermStart::parse("2026-11-24T08:00:00", kVietnamZone));
}

TEST_CASE("the longest term from the last year fits; later starts are refused") {
  const WorkCalendar calendar;
  for (const char* text : {"876000h", "52560000m", "36500d", "before 01-01", "by 02-29", "end P1Y"}) {
    CAPTURE(text);
    CHECK(due_of(*parse_deadline(text), TermStart::whole_day({2100, 12, 31}, kVietnamZone), calendar,
                 kVietnamZone));
    CHECK(due_of(*parse_deadline(text), TermStart::whole_day({2101, 1, 1}, kVietnamZone), calendar,
                 kVietnamZone)
              .error()
              .code == ErrorCode::limit);
  }
}

TEST_CASE("form and recipient follow the regime") {
  const Shipped shipped;
  const RegimeTable& table = *shipped.regime("incident_notice");
  const auto rule = [&](std::string_view from) {
    return regime_due(table, start(from), shipped.calendar, kVietnamZone)->rule;
  };
  CHECK(rule("2026-06-30")->form.find("20/2017") != std::string::npos);
  CHECK(rule("2026-07-01")->to.en == "Ministry of Public Security");
  CHECK(rule("2026-08-19")->to.en.find("Specialised body") == 0);
  CHECK(rule("2010-01-01") == nullptr);
}

TEST_CASE("mistakes in regimes have a place") {
  const std::string head = "regimes:\n  - id: a\n    title: {vi: a, en: a}\n    counts: start\n";
  const struct {
    std::string text;
    int line;
    const char* reason;
  } cases[] = {
      {"regimes: 1\n", 1, "must be a list"},
      {"regimes: [1]\n", 1, "must be a map"},
      {head, 2, "'rules' is missing"},
      {head + "    rules: []\n", 5, "is empty"},
      {head + "    rules: [1]\n", 5, "must be a map"},
      {head + "    rules:\n      - {id: r, from: \"2026-13-01\", source: s}\n", 6, "YYYY-MM-DD"},
      {head + "    rules:\n      - {id: r, from: \"2026-01-01\", until: \"2026-01-01\", source: s}\n", 6,
       "lies after"},
      {head + "    rules:\n      - {id: r, from: \"2026-01-01\", due: soon, source: s}\n", 6, "no term"},
      {head + "    rules:\n      - {id: r, from: \"2026-01-01\"}\n", 6, "'source' is missing"},
      {head + "    rules:\n      - {id: r, from: \"2026-01-01\", source: s}\n"
              "      - {id: q, from: \"2027-01-01\", source: s}\n",
       7, "begins before 'r' ends"},
      {"regimes:\n  - {id: A, title: {vi: a, en: a}, counts: start, rules: []}\n", 2, "a-z 0-9"},
      {"regimes:\n  - {id: a, title: {vi: a, en: a}, counts: middle, rules: []}\n", 2, "start"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    std::vector<ContentError> errors;
    parse_regimes(c.text, "trial/regimes.yaml", errors);
    const auto hit = std::find_if(errors.begin(), errors.end(), [&](const ContentError& error) {
      return error.line == c.line && error.column > 0 && error.reason.find(c.reason) != std::string::npos;
    });
    std::string all;
    for (const auto& error : errors) all += error.to_string() + "\n";
    CAPTURE(all);
    CHECK(hit != errors.end());
  }
}

}  // namespace deadline_test
