// SPDX-License-Identifier: Apache-2.0
// Who is told what, and when: from due times and a pack's `reminders` to an ordered list of notices. The hub
// asks with the time and the keys of what it has sent; asking twice, late or after days off gives nothing
// twice and loses nothing that still matters. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/texts.h"
#include "base/time.h"
#include "comply/calendar.h"
#include "comply/content.h"
#include "model/status.h"

namespace phendau::comply {

/// `reminders:` of a pack (docs/packs.md, "Reminders").
struct ReminderPlan {
  std::vector<std::int32_t> before_days;   // before the last good day; from far to near
  std::vector<std::int32_t> overdue_days;  // after the first late day; from near to far
  std::vector<std::string> to;             // roles
  struct Escalation {
    std::int32_t after_days = 0;
    std::vector<std::string> to;
  };
  std::optional<Escalation> escalate;
  std::int32_t minute_of_day = 8 * 60;  // local time at which notices go out
};
/// Reads the map under `reminders`; mistakes go to the reader's errors.
ReminderPlan read_reminders(ContentReader& reader, const YamlNode& node);

/// One obligation with a due time.
struct ReminderDuty {
  std::string obligation_id;
  std::string agency_id;
  BiText title;
  DueDay due;
  bool open = true;  // still to be done: wants_reminder() of its status
};
/// due, overdue. What is unknown or broken has other ways to be seen.
bool wants_reminder(Status status);

struct Notice {
  enum class Kind : std::uint8_t { before, overdue, escalation } kind = Kind::before;
  std::string key;  // "OBLIGATION|2026-11-14|before:7|ROLE": remember it, and it is never sent again
  std::string obligation_id;
  std::string agency_id;
  std::string to;  // role
  UtcTime at;      // when it was planned; not after `now`
  std::int32_t planned_days = 0;
  std::int32_t days = 0;  // at `now`: left until the last good day, or over the due day
  BiText title;
  DueDay due;
  std::string text_id;  // of src/texts
};
std::string_view to_string(Notice::Kind kind);
/// The sentence for people.
std::string text_of(Lang lang, const Notice& notice, ZoneOffset zone);

/// What must be sent now: of each duty, series (before and overdue; escalation) and role the newest notice
/// that was planned up to `now`, unless its key is in `sent`. Older ones that were missed are not sent late.
/// A notice from before the due time is not sent once it is late. A due date that moves is a new one: its key
/// differs. Ordered by `at`, then key. O(duties x days).
std::vector<Notice> notices_due(const ReminderPlan& plan, std::span<const ReminderDuty> duties,
                                const std::set<std::string, std::less<>>& sent, UtcTime now, ZoneOffset zone);

/// When to ask again: the next planned notice after `now`; none if nothing is planned.
std::optional<UtcTime> next_notice_at(const ReminderPlan& plan, std::span<const ReminderDuty> duties,
                                      UtcTime now, ZoneOffset zone);

}  // namespace phendau::comply
