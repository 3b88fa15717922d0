// SPDX-License-Identifier: Apache-2.0
// Reminders over a simulated calendar: each notice once, in order, none lost by downtime that still matters,
// and none twice whatever the rhythm of asking.
#include "comply/reminders.h"

#include <algorithm>
#include <random>

#include <doctest/doctest.h>

#include "comply/deadline.h"

namespace reminders_test {

using namespace phendau;
using namespace phendau::comply;

namespace {

using Sent = std::set<std::string, std::less<>>;

UtcTime at(std::string_view text) { return *parse_rfc3339(text); }

ReminderPlan plan_from(std::string_view text, std::vector<ContentError>& errors) {
  ContentReader reader("pack.yaml", errors);
  const auto document = reader.document(text);
  return document ? read_reminders(reader, *document) : ReminderPlan{};
}

ReminderPlan usual() {
  std::vector<ContentError> errors;
  const ReminderPlan plan = plan_from(
      "before_days: [1, 30, 7, 3]\noverdue_days: [7, 0]\nto: [it_officer]\n"
      "escalate: {after_days: 3, to: [agency_head]}\n",
      errors);
  CHECK(errors.empty());
  return plan;
}

/// Due before 15/11/2026.
ReminderDuty report() {
  return {"hg-1374:9.8|agency:a|2026",
          "a",
          {"B\xC3\xA1o c\xC3\xA1o n\xC4\x83m", "Yearly report"},
          due_before(MonthDay{11, 15}, 2026, kVietnamZone),
          true};
}

/// Asks at each of these times, remembers what was sent, and returns "date kind:planned role".
std::vector<std::string> run(const ReminderPlan& plan, std::span<const ReminderDuty> duties,
                             const std::vector<UtcTime>& times) {
  std::vector<std::string> out;
  Sent sent;
  for (const UtcTime now : times) {
    for (const Notice& notice : notices_due(plan, duties, sent, now, kVietnamZone)) {
      CHECK(notice.at <= now);
      CHECK(sent.insert(notice.key).second);
      out.push_back(format_date(to_civil(now, kVietnamZone).date) + " " +
                    std::string(to_string(notice.kind)) + ":" + std::to_string(notice.planned_days) + " " +
                    notice.to);
    }
  }
  return out;
}

std::vector<UtcTime> daily(std::string_view first, int count) {
  std::vector<UtcTime> out;
  for (int i = 0; i < count; ++i) out.push_back(at(first) + days(i));
  return out;
}

const std::vector<std::string> kAll = {
    "2026-10-15 before:30 it_officer", "2026-11-07 before:7 it_officer",
    "2026-11-11 before:3 it_officer",  "2026-11-13 before:1 it_officer",
    "2026-11-15 overdue:0 it_officer", "2026-11-18 escalation:3 agency_head",
    "2026-11-22 overdue:7 it_officer",
};

}  // namespace

TEST_CASE("30, 7, 3, 1 days before the last good day, on overdue, then the head") {
  const ReminderPlan plan = usual();
  CHECK(plan.before_days == std::vector<std::int32_t>{30, 7, 3, 1});
  CHECK(plan.overdue_days == std::vector<std::int32_t>{0, 7});
  const std::vector<ReminderDuty> duties = {report()};
  CHECK(run(plan, duties, daily("2026-10-01T08:00:00+07:00", 90)) == kAll);
  std::vector<UtcTime> often;
  for (int i = 0; i < 90 * 24; ++i) often.push_back(at("2026-10-01T00:00:00+07:00") + hours(i));
  CHECK(run(plan, duties, often) == kAll);
}

TEST_CASE("a late start sends only the newest of the missed ones") {
  const std::vector<ReminderDuty> duties = {report()};
  const struct {
    const char* now;
    std::vector<std::string> sent;
  } cases[] = {
      {"2026-10-15T07:59:59+07:00", {}},
      {"2026-10-15T08:00:00+07:00", {"2026-10-15 before:30 it_officer"}},
      {"2026-11-12T09:00:00+07:00", {"2026-11-12 before:3 it_officer"}},
      {"2026-11-14T23:59:59+07:00", {"2026-11-14 before:1 it_officer"}},
      {"2026-11-15T00:00:00+07:00", {}},  // late, and the notice of that is planned for 08:00
      {"2026-11-16T09:00:00+07:00", {"2026-11-16 overdue:0 it_officer"}},
      {"2026-11-20T09:00:00+07:00",
       {"2026-11-20 overdue:0 it_officer", "2026-11-20 escalation:3 agency_head"}},
      {"2027-06-01T09:00:00+07:00",
       {"2027-06-01 escalation:3 agency_head", "2027-06-01 overdue:7 it_officer"}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.now);
    CHECK(run(usual(), duties, {at(c.now)}) == c.sent);
  }
}

TEST_CASE("any rhythm of asking: nothing twice, the last of each series always") {
  std::mt19937 random(20261124);
  const std::vector<ReminderDuty> duties = {report()};
  for (int round = 0; round < 200; ++round) {
    std::vector<UtcTime> times;
    UtcTime now = at("2026-10-01T00:00:00+07:00");
    while (now < at("2026-12-01T00:00:00+07:00")) {
      now = now + minutes(1 + static_cast<int>(random() % 20'000));
      times.push_back(now);
    }
    const auto got = run(usual(), duties, times);
    const auto ends_with = [&](std::string_view text) {
      return std::count_if(got.begin(), got.end(),
                           [&](const std::string& one) { return one.ends_with(text); });
    };
    CHECK(ends_with("overdue:7 it_officer") == 1);
    CHECK(ends_with("escalation:3 agency_head") == 1);
  }
}

TEST_CASE("what is done is left alone, and a moved date is a new one") {
  ReminderDuty duty = report();
  Sent sent;
  const UtcTime now = at("2026-11-12T09:00:00+07:00");
  for (const Notice& n : notices_due(usual(), std::vector{duty}, sent, now, kVietnamZone)) sent.insert(n.key);
  CHECK(sent.size() == 1);
  CHECK(notices_due(usual(), std::vector{duty}, sent, now, kVietnamZone).empty());
  duty.due = due_before(CivilDate{2026, 11, 17}, kVietnamZone);
  const auto moved = notices_due(usual(), std::vector{duty}, sent, now, kVietnamZone);
  REQUIRE(moved.size() == 1);
  CHECK(moved[0].key == "hg-1374:9.8|agency:a|2026|2026-11-16|before:7|it_officer");
  CHECK(moved[0].days == 4);
  duty.open = false;
  CHECK(notices_due(usual(), std::vector{duty}, sent, at("2026-12-24T09:00:00+07:00"), kVietnamZone).empty());
  CHECK_FALSE(next_notice_at(usual(), std::vector{duty}, now, kVietnamZone));
}

TEST_CASE("an hour clock: told at once, and when it runs out") {
  const DeadlineRule rule = *parse_deadline("24h");
  ReminderDuty duty = report();
  duty.due =
      *due_of(rule, TermStart::instant(at("2026-11-24T10:00:00+07:00"), kVietnamZone), {}, kVietnamZone);
  std::vector<UtcTime> minutes_of_two_days;
  for (int i = 0; i < 2 * 24 * 60; ++i) {
    minutes_of_two_days.push_back(at("2026-11-24T10:00:00+07:00") + minutes(i));
  }
  const std::vector<ReminderDuty> duties = {duty};
  CHECK(run(usual(), duties, minutes_of_two_days) ==
        std::vector<std::string>{"2026-11-24 before:1 it_officer", "2026-11-25 overdue:0 it_officer"});
  const auto at_the_end = notices_due(usual(), duties, {}, at("2026-11-25T10:00:00+07:00"), kVietnamZone);
  REQUIRE(at_the_end.size() == 1);
  CHECK(at_the_end[0].at == at("2026-11-25T10:00:00+07:00"));
}

TEST_CASE("sentences and when to ask again") {
  const std::vector<ReminderDuty> duties = {report()};
  const auto text = [&](std::string_view now, Lang lang) {
    const auto notices = notices_due(usual(), duties, {}, at(now), kVietnamZone);
    return notices.empty() ? std::string() : text_of(lang, notices[0], kVietnamZone);
  };
  CHECK(text("2026-11-09T09:00:00+07:00", Lang::en) ==
        "5 days left: Yearly report. Last good time: the end of 14/11/2026.");
  CHECK(text("2026-11-14T09:00:00+07:00", Lang::en) ==
        "Due today: Yearly report. Last good time: the end of 14/11/2026.");
  CHECK(text("2026-11-15T09:00:00+07:00", Lang::en) ==
        "Overdue: Yearly report. The last good time was the end of 14/11/2026.");
  CHECK(text("2026-11-17T09:00:00+07:00", Lang::en).starts_with("Overdue for 2 days: Yearly report."));
  CHECK(text("2026-11-18T09:00:00+07:00", Lang::vi).find("B\xC3\xA1o c\xC3\xA1o n\xC4\x83m") !=
        std::string::npos);
  CHECK(next_notice_at(usual(), duties, at("2026-11-11T08:00:00+07:00"), kVietnamZone) ==
        at("2026-11-13T08:00:00+07:00"));
  CHECK_FALSE(next_notice_at(usual(), duties, at("2026-11-22T08:00:00+07:00"), kVietnamZone));
}

TEST_CASE("several duties and roles come in order of time") {
  std::vector<ContentError> errors;
  const ReminderPlan plan =
      plan_from("before_days: [3]\noverdue_days: []\nto: [it_officer, role:police]\nat: \"07:30\"\n", errors);
  CHECK(errors.empty());
  ReminderDuty later = report();
  later.obligation_id = "b";
  later.due = due_by(CivilDate{2026, 11, 15}, kVietnamZone);
  const std::vector<ReminderDuty> duties = {later, report()};
  const auto notices = notices_due(plan, duties, {}, at("2026-11-12T07:30:00+07:00"), kVietnamZone);
  REQUIRE(notices.size() == 4);
  CHECK(notices[0].obligation_id == "hg-1374:9.8|agency:a|2026");
  CHECK(notices[1].to == "role:police");
  CHECK(notices[2].obligation_id == "b");
  CHECK(notices[2].at == at("2026-11-12T07:30:00+07:00"));
}

TEST_CASE("which statuses are reminded of") {
  CHECK(wants_reminder(Status::due));
  CHECK(wants_reminder(Status::overdue));
  for (const Status status : {Status::met, Status::violated, Status::excepted, Status::attested,
                              Status::unknown, Status::no_occasion, Status::not_applicable}) {
    CHECK_FALSE(wants_reminder(status));
  }
}

TEST_CASE("mistakes in reminders have a place") {
  const std::string rest = "overdue_days: [0]\nto: [it_officer]\n";
  const struct {
    std::string text;
    int line;
    const char* reason;
  } cases[] = {
      {"to: [it_officer]\n", 1, "'before_days' is missing"},
      {"before_days: 7\n" + rest, 1, "must be a list"},
      {"before_days: [7, 400]\n" + rest, 1, "from 0 to 366"},
      {"before_days: [soon]\n" + rest, 1, "from 0 to 366"},
      {"before_days: [7, 7]\n" + rest, 1, "twice"},
      {"before_days: [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]\n" + rest, 1, "more than 16"},
      {"before_days: []\noverdue_days: []\nto: []\n", 3, "at least one role"},
      {"before_days: []\noverdue_days: []\nto: [The Head]\n", 3, "no role"},
      {"before_days: []\noverdue_days: []\nto: [a, a]\n", 3, "twice"},
      {"before_days: []\n" + rest + "at: noon\n", 4, "time of day"},
      {"before_days: []\n" + rest + "at: \"24:00\"\n", 4, "time of day"},
      {"before_days: []\n" + rest + "escalate: {to: [agency_head]}\n", 4, "'after_days' is missing"},
      {"before_days: []\n" + rest + "escalate: {after_days: -1, to: [agency_head]}\n", 4, "whole number"},
      {"before_days: []\n" + rest + "colour: red\n", 4, "unknown key"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    std::vector<ContentError> errors;
    plan_from(c.text, errors);
    const auto hit = std::find_if(errors.begin(), errors.end(), [&](const ContentError& error) {
      return error.line == c.line && error.column > 0 && error.reason.find(c.reason) != std::string::npos;
    });
    std::string all;
    for (const auto& error : errors) all += error.to_string() + "\n";
    CAPTURE(all);
    CHECK(hit != errors.end());
  }
}

}  // namespace reminders_test
