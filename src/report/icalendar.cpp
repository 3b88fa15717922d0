// SPDX-License-Identifier: Apache-2.0
#include "report/icalendar.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"

namespace phendau::report {
namespace {

constexpr std::size_t kUidHexDigits = 32;  // 128 bits: no two deadlines of a province meet
constexpr std::int32_t kMinutesPerDay = 24 * 60;

std::string basic_date(CivilDate day) { return fmt::format("{:04}{:02}{:02}", day.year, day.month, day.day); }

std::string basic_utc(UtcTime at) {
  const CivilTime c = to_civil(at, kUtcZone);
  return fmt::format("{}T{:02}{:02}{:02}Z", basic_date(c.date), c.hour, c.minute, c.second);
}

/// Only letters, digits, '.', '-' and ':' of a host name; a UID may not hold what would need escaping.
std::string clean_host(std::string_view host) {
  std::string out;
  for (const char c : host) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '-' || c == ':';
    if (fine) out += c;
  }
  return out.empty() ? "localhost" : out;
}

/// A URI value is not escaped, so it must not hold anything that could begin another line.
bool is_plain_url(std::string_view url) {
  if (!url.starts_with("http://") && !url.starts_with("https://")) return false;
  return std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < '\x7F' && c != '"'; });
}

class Writer {
 public:
  void line(std::string_view text) { out_ += fold_calendar_line(text); }
  void text(std::string_view name, std::string_view value) {
    if (!value.empty()) line(fmt::format("{}:{}", name, calendar_text(value)));
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

/// "-P6DT16H" before, "PT8H" after the start of the day.
std::string trigger(const CalendarAlarm& alarm) {
  const std::int32_t ahead = alarm.days_before * kMinutesPerDay - alarm.minute_of_day;
  if (ahead == 0) return "PT0S";
  const std::int32_t size = ahead < 0 ? -ahead : ahead;
  std::string out = ahead > 0 ? "-P" : "P";
  if (size / kMinutesPerDay > 0) out += fmt::format("{}D", size / kMinutesPerDay);
  const std::int32_t rest = size % kMinutesPerDay;
  if (rest == 0) return out;
  out += "T";
  if (rest / 60 > 0) out += fmt::format("{}H", rest / 60);
  if (rest % 60 > 0) out += fmt::format("{}M", rest % 60);
  return out;
}

void write_alarm(Writer& out, const CalendarEvent& event, const CalendarAlarm& alarm) {
  out.line("BEGIN:VALARM");
  out.line("ACTION:DISPLAY");
  out.line("TRIGGER:" + trigger(alarm));
  const std::string& words = alarm.text.empty() ? event.summary : alarm.text;
  out.line("DESCRIPTION:" + calendar_text(words));
  out.line("END:VALARM");
}

void write_event(Writer& out, const CalendarFeed& feed, const CalendarEvent& event) {
  const CivilDate next = civil_from_days(days_from_civil(event.day) + 1);
  out.line("BEGIN:VEVENT");
  out.line("UID:" + calendar_uid(event.key, feed.host));
  out.line("DTSTAMP:" + basic_utc(event.changed_at));
  out.line("LAST-MODIFIED:" + basic_utc(event.changed_at));
  out.line(fmt::format("SEQUENCE:{}", event.sequence));
  out.line("DTSTART;VALUE=DATE:" + basic_date(event.day));
  out.line("DTEND;VALUE=DATE:" + basic_date(next));
  out.line("SUMMARY:" + calendar_text(event.summary));
  out.text("DESCRIPTION", event.description);
  out.text("CATEGORIES", event.category);
  if (is_plain_url(event.url)) out.line("URL:" + event.url);
  out.line(event.cancelled ? "STATUS:CANCELLED" : "STATUS:CONFIRMED");
  out.line("TRANSP:TRANSPARENT");
  const std::size_t alarms = event.cancelled ? 0 : std::min(event.alarms.size(), kAlarmsMax);
  for (std::size_t i = 0; i < alarms; ++i) write_alarm(out, event, event.alarms[i]);
  out.line("END:VEVENT");
}

}  // namespace

std::string calendar_text(std::string_view text) {
  std::string out;
  const std::string valid = to_valid_utf8(text);
  for (std::size_t i = 0; i < valid.size(); ++i) {
    const char c = valid[i];
    if (c == '\r' && i + 1 < valid.size() && valid[i + 1] == '\n') continue;
    if (c == '\n' || c == '\r') {
      out += "\\n";
    } else if (c == '\\' || c == ';' || c == ',') {
      out += '\\';
      out += c;
    } else {
      const bool control = static_cast<unsigned char>(c) < 0x20 || c == '\x7F';
      out += control ? ' ' : c;
    }
  }
  return out;
}

std::string calendar_uid(std::string_view key, std::string_view host) {
  return sha256_hex(key).substr(0, kUidHexDigits) + "@" + clean_host(host);
}

std::string fold_calendar_line(std::string_view line) {
  std::string out;
  std::size_t used = 0;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t length = std::max<std::size_t>(utf8_sequence_length(line, at), 1);
    if (used + length > kLineOctetsMax) {
      out += "\r\n ";
      used = 1;  // the space counts
    }
    out += line.substr(at, length);
    used += length;
    at += length;
  }
  return out + "\r\n";
}

std::string to_icalendar(const CalendarFeed& feed, const std::vector<CalendarEvent>& events) {
  Writer out;
  out.line("BEGIN:VCALENDAR");
  out.line("VERSION:2.0");
  out.line(fmt::format("PRODID:-//Phen Dau//Deadlines//{}", calendar_text(feed.product_language)));
  out.line("CALSCALE:GREGORIAN");
  out.line("METHOD:PUBLISH");
  out.text("NAME", feed.name);
  out.text("X-WR-CALNAME", feed.name);
  out.line("X-WR-TIMEZONE:Asia/Ho_Chi_Minh");
  out.line(fmt::format("REFRESH-INTERVAL;VALUE=DURATION:PT{}H", std::clamp(feed.refresh_hours, 1, 168)));
  for (const CalendarEvent& event : events) write_event(out, feed, event);
  out.line("END:VCALENDAR");
  return out.take();
}

}  // namespace phendau::report
