// SPDX-License-Identifier: Apache-2.0
#include "comply/reminders.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "base/text.h"
#include "comply/limits.h"

namespace phendau::comply {
namespace {

/// One notice that will be or would have been sent.
struct Planned {
  Notice::Kind kind = Notice::Kind::before;
  std::int32_t days = 0;
  UtcTime at;
};

std::vector<std::int32_t> read_days(ContentReader& reader, const YamlNode& map, std::string_view key) {
  std::vector<std::int32_t> out;
  const YamlNode* list = reader.list(map, key, true);
  if (list == nullptr) return out;
  if (list->items.size() > kReminderDaysMax) {
    reader.error(*list, fmt::format("more than {} days in '{}'", kReminderDaysMax, key));
    return out;
  }
  for (const auto& item : list->items) {
    const Json value = yaml_to_json(item);
    if (!value.is_int() || value.as_int() < 0 || value.as_int() > kReminderDayMax) {
      reader.error(item, fmt::format("'{}' holds whole numbers of days from 0 to {}", key, kReminderDayMax));
      continue;
    }
    const auto days = static_cast<std::int32_t>(value.as_int());
    if (std::find(out.begin(), out.end(), days) != out.end()) {
      reader.error(item, fmt::format("{} stands twice in '{}'", days, key));
      continue;
    }
    out.push_back(days);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> read_roles(ContentReader& reader, const YamlNode& map) {
  std::vector<std::string> out = reader.texts(map, "to", true);
  const YamlNode* node = map.find("to");
  if (node != nullptr && out.empty()) reader.error(*node, "'to' names at least one role");
  std::set<std::string> seen;
  for (const std::string& role : out) {
    constexpr std::string_view kSlot = "role:";
    const std::string_view name =
        role.starts_with(kSlot) ? std::string_view(role).substr(kSlot.size()) : std::string_view(role);
    if (!is_content_name(name)) reader.error(*node, fmt::format("'{}' is no role", role));
    if (!seen.insert(role).second) reader.error(*node, fmt::format("'{}' stands twice in 'to'", role));
  }
  return out;
}

/// "08:00" as minutes.
std::optional<std::int32_t> parse_minute(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const std::size_t i : {0U, 1U, 3U, 4U}) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
  }
  const std::int32_t hour = (text[0] - '0') * 10 + (text[1] - '0');
  const std::int32_t minute = (text[3] - '0') * 10 + (text[4] - '0');
  if (hour > 23 || minute > 59) return std::nullopt;
  return hour * 60 + minute;
}

UtcTime at_minute(std::int64_t day, std::int32_t minute, ZoneOffset zone) {
  return start_of_day(civil_from_days(day), zone) + minutes(minute);
}

std::int64_t local_day(UtcTime at, ZoneOffset zone) { return days_from_civil(to_civil(at, zone).date); }

/// All notices of one duty, by time; of two at one time the later kind is the newer.
std::vector<Planned> plan_of(const ReminderPlan& plan, const DueDay& due, ZoneOffset zone) {
  std::vector<Planned> out;
  const std::int64_t last_good = days_from_civil(due.last_good_day);
  for (const std::int32_t days : plan.before_days) {
    const UtcTime at = at_minute(last_good - days, plan.minute_of_day, zone);
    if (!due.is_late(at)) out.push_back({Notice::Kind::before, days, at});
  }
  const std::int64_t first_late = local_day(due.due_at, zone);
  const auto late = [&](Notice::Kind kind, std::int32_t days) {
    const UtcTime at = std::max(due.due_at, at_minute(first_late + days, plan.minute_of_day, zone));
    out.push_back({kind, days, at});
  };
  for (const std::int32_t days : plan.overdue_days) late(Notice::Kind::overdue, days);
  if (plan.escalate) late(Notice::Kind::escalation, plan.escalate->after_days);
  std::stable_sort(out.begin(), out.end(), [](const Planned& a, const Planned& b) { return a.at < b.at; });
  return out;
}

std::string_view text_id_of(Notice::Kind kind, std::int32_t days) {
  switch (kind) {
    case Notice::Kind::before:
      return days == 0 ? "comply.reminder_today" : "comply.reminder_before";
    case Notice::Kind::overdue:
      return days == 0 ? "comply.reminder_overdue_now" : "comply.reminder_overdue";
    case Notice::Kind::escalation:
      break;
  }
  return "comply.reminder_escalation";
}

void add_notices(const Planned& planned, const ReminderDuty& duty, const std::vector<std::string>& roles,
                 const std::set<std::string, std::less<>>& sent, std::int64_t today, ZoneOffset zone,
                 std::vector<Notice>& out) {
  for (const std::string& role : roles) {
    Notice notice;
    notice.kind = planned.kind;
    notice.key = fmt::format("{}|{}|{}:{}|{}", duty.obligation_id, format_date(duty.due.last_good_day),
                             to_string(planned.kind), planned.days, role);
    if (sent.contains(notice.key)) continue;
    notice.obligation_id = duty.obligation_id;
    notice.agency_id = duty.agency_id;
    notice.to = role;
    notice.at = planned.at;
    notice.planned_days = planned.days;
    notice.days = static_cast<std::int32_t>(planned.kind == Notice::Kind::before
                                                ? days_from_civil(duty.due.last_good_day) - today
                                                : today - local_day(duty.due.due_at, zone));
    notice.title = duty.title;
    notice.due = duty.due;
    notice.text_id = text_id_of(notice.kind, notice.days);
    out.push_back(std::move(notice));
  }
}

std::string due_label(Lang lang, const DueDay& due, ZoneOffset zone) {
  if (due.inclusive) return format_vietnamese(due.due_at, zone);
  const CivilDate day = due.last_good_day;
  return tr(lang, "comply.whole_day", {fmt::format("{:02}/{:02}/{:04}", day.day, day.month, day.year)});
}

}  // namespace

ReminderPlan read_reminders(ContentReader& reader, const YamlNode& node) {
  ReminderPlan out;
  if (!node.is_map()) {
    reader.error(node, "'reminders' must be a map");
    return out;
  }
  reader.only_keys(node, {"before_days", "overdue_days", "to", "escalate", "at"});
  out.before_days = read_days(reader, node, "before_days");
  std::reverse(out.before_days.begin(), out.before_days.end());
  out.overdue_days = read_days(reader, node, "overdue_days");
  out.to = read_roles(reader, node);
  if (const std::string at = reader.text(node, "at", false); !at.empty()) {
    if (const auto minute = parse_minute(at)) {
      out.minute_of_day = *minute;
    } else {
      reader.error(*node.find("at"), "'at' is a time of day, \"08:00\"");
    }
  }
  if (const YamlNode* escalate = reader.map(node, "escalate", false)) {
    reader.only_keys(*escalate, {"after_days", "to"});
    if (escalate->find("after_days") == nullptr) reader.error(*escalate, "'after_days' is missing");
    ReminderPlan::Escalation escalation;
    escalation.after_days =
        static_cast<std::int32_t>(reader.integer(*escalate, "after_days", 0, 0, kReminderDayMax));
    escalation.to = read_roles(reader, *escalate);
    out.escalate = std::move(escalation);
  }
  return out;
}

bool wants_reminder(Status status) { return status == Status::due || status == Status::overdue; }

std::string_view to_string(Notice::Kind kind) {
  constexpr std::string_view kNames[] = {"before", "overdue", "escalation"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string text_of(Lang lang, const Notice& notice, ZoneOffset zone) {
  const std::string& title = lang == Lang::vi ? notice.title.vi : notice.title.en;
  const std::string due = due_label(lang, notice.due, zone);
  const bool counted =
      notice.text_id != "comply.reminder_today" && notice.text_id != "comply.reminder_overdue_now";
  if (!counted) return tr(lang, notice.text_id, {title, due});
  return tr(lang, notice.text_id, {std::to_string(notice.days), title, due});
}

std::vector<Notice> notices_due(const ReminderPlan& plan, std::span<const ReminderDuty> duties,
                                const std::set<std::string, std::less<>>& sent, UtcTime now,
                                ZoneOffset zone) {
  std::vector<Notice> out;
  const std::int64_t today = local_day(now, zone);
  for (const ReminderDuty& duty : duties) {
    if (!duty.open) continue;
    std::optional<Planned> reminder;
    std::optional<Planned> escalation;
    for (const Planned& planned : plan_of(plan, duty.due, zone)) {
      if (planned.at > now) break;
      (planned.kind == Notice::Kind::escalation ? escalation : reminder) = planned;
    }
    const bool useless = reminder && reminder->kind == Notice::Kind::before && duty.due.is_late(now);
    if (reminder && !useless) add_notices(*reminder, duty, plan.to, sent, today, zone, out);
    if (escalation) add_notices(*escalation, duty, plan.escalate->to, sent, today, zone, out);
  }
  std::sort(out.begin(), out.end(),
            [](const Notice& a, const Notice& b) { return std::tie(a.at, a.key) < std::tie(b.at, b.key); });
  return out;
}

std::optional<UtcTime> next_notice_at(const ReminderPlan& plan, std::span<const ReminderDuty> duties,
                                      UtcTime now, ZoneOffset zone) {
  std::optional<UtcTime> out;
  for (const ReminderDuty& duty : duties) {
    if (!duty.open) continue;
    for (const Planned& planned : plan_of(plan, duty.due, zone)) {
      if (planned.at <= now) continue;
      if (!out || planned.at < *out) out = planned.at;
      break;
    }
  }
  return out;
}

}  // namespace phendau::comply
