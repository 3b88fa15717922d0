// SPDX-License-Identifier: Apache-2.0
// Deadlines as an iCalendar feed that a phone or Outlook subscribes to: one all-day event per deadline on its
// last good day, with alarms. Deterministic bytes: same input, same feed, same UIDs. Called by the hub's feed
// and exports. Pure; thread-safe. Source: RFC 5545 (2009), RFC 7986 (2016) for NAME and REFRESH-INTERVAL.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace phendau::report {

struct CalendarAlarm {
  std::int32_t days_before = 1;         // of the event's day; 0: on the day
  std::int32_t minute_of_day = 8 * 60;  // local time
  std::string text;                     // empty: the event's summary
};

struct CalendarEvent {
  std::string key;  // stable name of the deadline (obligation id); the UID is made of it
  CivilDate day;    // last good day
  std::string summary;
  std::string description;
  std::string category;
  std::string url;                    // absolute; left out when it is not http or https
  UtcTime changed_at;                 // DTSTAMP and LAST-MODIFIED
  std::int32_t sequence = 0;          // raised when the day moves
  bool cancelled = false;             // done or no longer asked: clients take it off
  std::vector<CalendarAlarm> alarms;  // at most kAlarmsMax are written
};

struct CalendarFeed {
  std::string name;  // shown by clients
  std::string host;  // right part of UIDs: this hub's name
  std::string product_language = "VI";
  std::int32_t refresh_hours = 6;
};

inline constexpr std::size_t kAlarmsMax = 8;       // clients drop more
inline constexpr std::size_t kLineOctetsMax = 75;  // RFC 5545 3.1, without CR LF

/// The whole VCALENDAR in UTF-8 with CR LF; events in the order given. Text is made valid UTF-8, control
/// characters become spaces.
std::string to_icalendar(const CalendarFeed& feed, const std::vector<CalendarEvent>& events);
/// "4f1c...@hub.example": the first 32 hex digits of the key's SHA-256, and the host.
std::string calendar_uid(std::string_view key, std::string_view host);
/// TEXT value: backslash, semicolon, comma and line break escaped (RFC 5545 3.3.11).
std::string calendar_text(std::string_view text);
/// One content line folded at kLineOctetsMax octets, never inside a UTF-8 character, with CR LF at the end.
std::string fold_calendar_line(std::string_view line);

}  // namespace phendau::report
