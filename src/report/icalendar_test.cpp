// SPDX-License-Identifier: Apache-2.0
// The feed read back by a small reader written from RFC 5545: lines, folding, escaping, days, alarms, UIDs.
#include "report/icalendar.h"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "base/text.h"

namespace phendau::report::icalendar_test {
namespace {

// "Bao cao nam" and more with accents of one, two and three octets, precomposed and combining.
constexpr const char* kVietnamese =
    "B\u00e1o c\u00e1o h\u1eb1ng n\u0103m v\u1ec1 an to\u00e0n th\u00f4ng tin m\u1ea1ng g\u1eedi \u1ee6y ban "
    "nh\u00e2n d\u00e2n t\u1ec9nh qua S\u1edf; k\u00e8m ph\u1ee5 l\u1ee5c 1, 2";

CalendarEvent yearly_report() {
  CalendarEvent event;
  event.key = "hg-1374:9.8|agency:so-noi-vu|2026";
  event.day = {2026, 11, 14};
  event.summary = kVietnamese;
  event.description = "\u0110i\u1ec1u 9 kho\u1ea3n 8\nH\u1ea1n: h\u1ebft ng\u00e0y 14/11/2026";
  event.category = "ha-giang";
  event.url = "https://hub.hagiang.gov.vn/#/obligations/1";
  event.changed_at = *parse_rfc3339("2026-10-01T08:00:00+07:00");
  event.alarms = {{7, 480, ""}, {1, 480, "Ng\u00e0y mai l\u00e0 h\u1ea1n cu\u1ed1i"}};
  return event;
}

std::vector<std::string> unfold(const std::string& feed) {
  std::vector<std::string> lines;
  std::size_t at = 0;
  while (at < feed.size()) {
    const std::size_t end = feed.find("\r\n", at);
    REQUIRE(end != std::string::npos);
    const std::string line = feed.substr(at, end - at);
    CHECK(line.size() <= 75);
    CHECK(is_valid_utf8(line));
    if (!lines.empty() && !line.empty() && line[0] == ' ') {
      lines.back() += line.substr(1);
    } else {
      lines.push_back(line);
    }
    at = end + 2;
  }
  return lines;
}

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    REQUIRE(i + 1 < text.size());
    const char next = text[++i];
    out += next == 'n' ? '\n' : next;
  }
  return out;
}

std::string value_of(const std::vector<std::string>& lines, std::string_view name) {
  for (const auto& line : lines) {
    if (line.starts_with(std::string(name) + ":")) return line.substr(name.size() + 1);
  }
  return "?";
}

}  // namespace

TEST_CASE("a deadline in Vietnamese comes back as it went in") {
  const CalendarFeed feed{"H\u1ea1n c\u1ee7a S\u1edf N\u1ed9i v\u1ee5", "hub.hagiang.gov.vn", "VI", 6};
  const auto lines = unfold(to_icalendar(feed, {yearly_report()}));
  CHECK(lines.front() == "BEGIN:VCALENDAR");
  CHECK(lines.back() == "END:VCALENDAR");
  CHECK(lines[1] == "VERSION:2.0");
  CHECK(unescape(value_of(lines, "SUMMARY")) == yearly_report().summary);
  CHECK(unescape(value_of(lines, "DESCRIPTION")) == yearly_report().description);
  CHECK(value_of(lines, "X-WR-CALNAME") == feed.name);
  CHECK(value_of(lines, "DTSTART;VALUE=DATE") == "20261114");
  CHECK(value_of(lines, "DTEND;VALUE=DATE") == "20261115");
  CHECK(value_of(lines, "DTSTAMP") == "20261001T010000Z");
  CHECK(value_of(lines, "STATUS") == "CONFIRMED");
  CHECK(value_of(lines, "URL") == yearly_report().url);
  CHECK(value_of(lines, "TRANSP") == "TRANSPARENT");
}

TEST_CASE("the whole feed, byte for byte") {
  CalendarEvent event;
  event.key = "k";
  event.day = {2026, 12, 31};
  event.summary = "a";
  event.alarms = {{0, 480, ""}};
  CHECK(to_icalendar({"n", "h.vn", "EN", 6}, {event}) ==
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Phen Dau//Deadlines//EN\r\nCALSCALE:GREGORIAN\r\n"
        "METHOD:PUBLISH\r\nNAME:n\r\nX-WR-CALNAME:n\r\nX-WR-TIMEZONE:Asia/Ho_Chi_Minh\r\n"
        "REFRESH-INTERVAL;VALUE=DURATION:PT6H\r\nBEGIN:VEVENT\r\n"
        "UID:8254c329a92850f6d539dd376f4816ee@h.vn\r\nDTSTAMP:19700101T000000Z\r\n"
        "LAST-MODIFIED:19700101T000000Z\r\nSEQUENCE:0\r\nDTSTART;VALUE=DATE:20261231\r\n"
        "DTEND;VALUE=DATE:20270101\r\nSUMMARY:a\r\nSTATUS:CONFIRMED\r\nTRANSP:TRANSPARENT\r\n"
        "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:PT8H\r\nDESCRIPTION:a\r\nEND:VALARM\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n");
}

TEST_CASE("folding never cuts a character, wherever it falls") {
  for (std::size_t shift = 0; shift < 80; ++shift) {
    for (const char* mark : {"\u00e1", "\u1ec7", "\U0001F512", "e\u0302\u0323"}) {
      std::string line(shift, 'x');
      for (int i = 0; i < 60; ++i) line += mark;
      const std::string folded = fold_calendar_line(line);
      const auto lines = unfold(folded);
      REQUIRE(lines.size() == 1);
      CHECK(lines[0] == line);
    }
  }
  CHECK(fold_calendar_line(std::string(75, 'a')) == std::string(75, 'a') + "\r\n");
  CHECK(fold_calendar_line(std::string(76, 'a')) == std::string(75, 'a') + "\r\n a\r\n");
  CHECK(fold_calendar_line(std::string(150, 'a')).size() == 150 + 2 + 2 * 3);
  CHECK(fold_calendar_line("") == "\r\n");
}

TEST_CASE("escaping: nothing breaks out of its value") {
  const struct {
    std::string_view in;
    std::string_view out;
  } cases[] = {{"a,b;c\\d", "a\\,b\\;c\\\\d"},
               {"a\nb", "a\\nb"},
               {"a\r\nb", "a\\nb"},
               {"a\rb", "a\\nb"},
               {"a\tb", "a b"},
               {"x\xFF", "x\xEF\xBF\xBD"},
               {"a:b\"c", "a:b\"c"},
               {"", ""}};
  for (const auto& c : cases) CHECK(calendar_text(c.in) == c.out);
  CalendarEvent evil = yearly_report();
  evil.summary = "x\r\nEND:VEVENT\r\nBEGIN:VEVENT";
  evil.url = "https://h/\r\nATTENDEE:mailto:a@b.c";
  evil.category = std::string("a\0b", 3);
  const auto lines = unfold(to_icalendar({"n\nX-EVIL:1", "h\r\nX:1", "VI", 6}, {evil}));
  int events = 0;
  for (const auto& line : lines) {
    if (line == "BEGIN:VEVENT") ++events;
    CHECK_FALSE(line.starts_with("ATTENDEE"));
    CHECK_FALSE(line.starts_with("X-EVIL"));
    CHECK_FALSE(line.starts_with("URL"));
  }
  CHECK(events == 1);
  CalendarEvent script = yearly_report();
  script.url = "javascript:alert(1)";
  CHECK(value_of(unfold(to_icalendar({"n", "h", "VI", 6}, {script})), "URL") == "?");
}

TEST_CASE("alarms before, on the day, and not of what is over") {
  const struct {
    CalendarAlarm alarm;
    const char* trigger;
  } cases[] = {
      {{7, 480, ""}, "-P6DT16H"}, {{1, 480, ""}, "-PT16H"}, {{0, 480, ""}, "PT8H"},
      {{0, 0, ""}, "PT0S"},       {{1, 0, ""}, "-P1D"},     {{30, 450, ""}, "-P29DT16H30M"},
      {{1, 1439, ""}, "-PT1M"},   {{0, 30, ""}, "PT30M"},
  };
  for (const auto& c : cases) {
    CalendarEvent event = yearly_report();
    event.alarms = {c.alarm};
    CHECK(value_of(unfold(to_icalendar({"n", "h", "VI", 6}, {event})), "TRIGGER") == c.trigger);
  }
  CalendarEvent done = yearly_report();
  done.cancelled = true;
  const auto lines = unfold(to_icalendar({"n", "h", "VI", 6}, {done}));
  CHECK(value_of(lines, "STATUS") == "CANCELLED");
  CHECK(value_of(lines, "TRIGGER") == "?");
  CalendarEvent noisy = yearly_report();
  noisy.alarms.assign(50, {1, 480, ""});
  int alarms = 0;
  for (const auto& line : unfold(to_icalendar({"n", "h", "VI", 6}, {noisy})))
    alarms += line == "BEGIN:VALARM";
  CHECK(alarms == static_cast<int>(kAlarmsMax));
}

TEST_CASE("UIDs are stable, distinct, and free of what people type") {
  CHECK(calendar_uid("a", "hub.vn") == calendar_uid("a", "hub.vn"));
  CHECK(calendar_uid("a", "h v\r\nn") == calendar_uid("a", "hvn"));
  CHECK(calendar_uid("a", "").ends_with("@localhost"));
  std::set<std::string> seen;
  for (int i = 0; i < 5000; ++i) CHECK(seen.insert(calendar_uid("o|" + std::to_string(i), "h")).second);
  const auto first = to_icalendar({"n", "h", "VI", 6}, {yearly_report()});
  CHECK(first == to_icalendar({"n", "h", "VI", 6}, {yearly_report()}));
}

}  // namespace phendau::report::icalendar_test
