// SPDX-License-Identifier: Apache-2.0
// Proves with the pack of a province and a clock that is told what time it is: each reminder goes out once,
// over days, restarts and days off, to the people that hold the role then; notices belong to one person; a
// duty leads to the record that fulfils it; a calendar address is worth nothing once it is taken back.
#include "hub/duties.h"

#include <doctest/doctest.h>

#include "hub/calendar_feeds.h"
#include "hub/duty_actions.h"
#include "hub/hub_test_folder.h"
#include "hub/reminding.h"

namespace duties_test {

using namespace phendau;
using namespace phendau::hub;

namespace {

UtcTime at(std::string_view local) { return parse_rfc3339(std::string(local) + "+07:00").value(); }

/// The duty of Ha Giang that is asked anew in each month.
constexpr std::string_view kMonthly = "hg-1374:3.1.e#2";

struct World : TestHub {
  World() : TestHub("ha-giang") {
    env.set_now(at("2026-10-20T09:00:00"));
    add_agency("a1");
    add_agency("a2");
    accounts = std::make_unique<Accounts>(env, *ledger, config);
    detection = std::make_unique<Detection>(*services);
    obligations = std::make_unique<Obligations>(*services, *detection);
    REQUIRE(obligations->open());
    records = std::make_unique<Records>(*services);
    duties = std::make_unique<Duties>(*services, *obligations, *records);
    records->figures = [this](std::string_view agency) { return duties->figures(agency); };
    notices = std::make_unique<Notices>(*services);
    deliveries =
        std::make_unique<Deliveries>(*services, [this](const Parcel& mail, const std::atomic<bool>&) {
          mails.push_back(mail);
          return answer;
        });
    restart();
  }
  void restart() {
    reminding =
        std::make_unique<Reminding>(*services, *obligations, *records, *accounts, *notices, *deliveries);
    REQUIRE(reminding->open());
  }
  Actor person(const std::string& name, Role role, const std::string& agency) {
    AccountWrite write;
    write.role = role;
    write.agency_ids = {agency};
    REQUIRE(accounts->create(system_actor(), name, write));
    Actor out;
    out.user_id = name;
    out.name = name;
    out.role = role;
    out.agency_ids = {agency};
    return out;
  }
  void lock(const std::string& name, bool locked) {
    AccountWrite write;
    write.locked = locked;
    REQUIRE(accounts->update(system_actor(), name, write));
  }
  /// Goes there, judges, reminds; the number of notices about the monthly duty in this period that are new.
  std::size_t run(std::string_view local) {
    env.set_now(at(local));
    obligations->assess_due(env.now());
    const auto sent = reminding->run(env.now());
    REQUIRE(sent);
    return *sent;
  }
  std::vector<std::string> told(const Actor& actor, const std::string& task) {
    std::vector<std::string> out;
    const Json listed = notices->list(actor, 1'000).value();
    for (const auto& one : listed["items"].items()) {
      if (one["task"].as_string() == task) out.push_back(one["kind"].as_string());
    }
    return out;
  }
  std::string task_of(const std::string& agency, const std::string& period) const {
    for (const auto& duty : obligations->duties({}, 0x1ff)) {
      if (duty.part->id == kMonthly && duty.agency_id == agency && duty.period_id == period) return duty.id();
    }
    return {};
  }

  std::unique_ptr<Accounts> accounts;
  std::unique_ptr<Detection> detection;
  std::unique_ptr<Obligations> obligations;
  std::unique_ptr<Records> records;
  std::unique_ptr<Duties> duties;
  std::unique_ptr<Notices> notices;
  std::unique_ptr<Deliveries> deliveries;
  std::unique_ptr<Reminding> reminding;
  std::vector<Parcel> mails;  // that were tried
  net::SendReply answer{net::SendEnd::accepted, "250 ok"};
};

using Kinds = std::vector<std::string>;

}  // namespace

TEST_CASE("duties: the last good day is the day before a day ends, an hour clock's own day") {
  comply::ClausePart part;
  const auto day = due_day_of(part, at("2026-11-15T00:00:00"));
  CHECK(format_date(day.last_good_day) == "2026-11-14");
  CHECK_FALSE(day.inclusive);
  part.trigger.emplace();
  part.trigger->within = comply::parse_term("24h").value();
  const auto hour = due_day_of(part, at("2026-11-15T00:00:00"));
  CHECK(format_date(hour.last_good_day) == "2026-11-15");
  CHECK(hour.inclusive);
}

TEST_CASE("reminding: once each, over days, a restart and days off; late ones also to the head") {
  World w;
  const Actor officer = w.person("can.bo", Role::agency_officer, "a1");
  const Actor head = w.person("thu.truong", Role::agency_head, "a1");
  const Actor other = w.person("xa.ben", Role::agency_officer, "a2");
  w.run("2026-11-03T09:00:00");
  const std::string november = w.task_of("a1", "2026-11");
  REQUIRE_FALSE(november.empty());
  CHECK(w.told(officer, november) == Kinds{"before"});
  CHECK(w.told(head, november).empty());
  CHECK(w.told(other, november).empty());
  CHECK(w.run("2026-11-03T09:01:00") == 0);
  w.restart();
  CHECK(w.run("2026-11-04T12:00:00") ==
        2);  // October, its first month, is three days late: the head hears of it
  // 7 and 3 days before fall into days off: only the newest goes out.
  w.run("2026-11-28T10:00:00");
  CHECK(w.told(officer, november) == Kinds{"before", "before"});
  w.run("2026-11-29T08:00:00");
  CHECK(w.told(officer, november) == Kinds{"before", "before", "before"});
  w.restart();
  w.run("2026-12-01T08:00:00");
  CHECK(w.told(officer, november).front() == "overdue");
  CHECK(w.told(head, november).empty());
  w.run("2026-12-04T08:00:00");
  CHECK(w.told(head, november) == Kinds{"escalation"});
  const std::size_t count = w.told(officer, november).size();
  w.restart();
  CHECK(w.run("2026-12-04T09:00:00") == 0);
  CHECK(w.told(officer, november).size() == count);
}

TEST_CASE("reminding: nobody there is no reason to forget; who is locked is told nothing") {
  World w;
  CHECK(w.run("2026-11-03T09:00:00") == 0);
  const std::string november = w.task_of("a1", "2026-11");
  const Actor locked = w.person("cu", Role::agency_officer, "a1");
  w.lock("cu", true);
  CHECK(w.run("2026-11-03T10:00:00") == 0);
  CHECK(w.told(locked, november).empty());
  const Actor officer = w.person("moi", Role::agency_officer, "a1");
  CHECK(w.run("2026-11-03T11:00:00") > 0);
  CHECK(w.told(officer, november) == Kinds{"before"});
  CHECK(w.told(locked, november).empty());
}

TEST_CASE("reminding: a run is bounded, the rest goes out with the next ones, each once") {
  const auto open_people = [](World& w) {
    w.person("can.bo", Role::agency_officer, "a1");
    w.person("xa.ben", Role::agency_officer, "a2");
  };
  World whole;
  open_people(whole);
  const std::size_t all = whole.run("2026-11-03T09:00:00");
  REQUIRE(all > 6);
  World w;
  open_people(w);
  std::size_t sum = 0;
  for (std::size_t runs = 0;; ++runs) {
    w.restart();
    w.reminding->notices_per_run = 3;
    const std::size_t told = w.run("2026-11-03T09:00:00");
    CHECK(told == std::min<std::size_t>(3, all - sum));
    sum += told;
    if (told == 0) break;
    REQUIRE(runs < all);
  }
  CHECK(sum == all);
  for (const char* name : {"can.bo", "xa.ben"}) {
    Actor person;
    person.user_id = name;
    const auto had = [&](World& of) { return of.notices->list(person, 1'000).value()["items"].size(); };
    CHECK(had(w) == had(whole));
  }

  // Sentences of mails to people without accounts count as well.
  World mails;
  ledger::Write write;
  write.kind = "officer";
  write.agency_id = "a1";
  write.state = "active";
  write.doc = Json::object({{"full_name", "A"}, {"assigned_on", "2026-01-01"}, {"email", "a@example.vn"}});
  write.doc.set("roles", Json::array({Json("it_officer")}));
  REQUIRE(mails.ledger->write(write, system_actor(), mails.env.now()));
  mails.reminding->notices_per_run = 1;
  const auto sent = [&] {
    return mails.deliveries->list(TestHub::officer("a1"), {}).value()["items"].size();
  };
  mails.run("2026-11-03T09:00:00");
  CHECK(sent() == 1);
  mails.run("2026-11-03T09:01:00");
  CHECK(sent() == 2);  // the next sentence; without a bound all were in the first mail
}

TEST_CASE("notices: a person's own, unread until read, the newest kept") {
  World w;
  const Actor officer = w.person("can.bo", Role::agency_officer, "a1");
  const Actor other = w.person("can.bo.x", Role::agency_officer, "a2");
  for (std::size_t i = 0; i < kNoticesKeptMax + 5; ++i) {
    w.env.advance(seconds(1));
    const NoticeWrite one{"can.bo", "k" + std::to_string(i), "before", "n" + std::to_string(i), "t", "a1"};
    ledger::WriteBatch batch;
    batch.derived.push_back(Notices::row_of(one, w.env.now()));
    REQUIRE(w.ledger->write_batch(batch, system_actor(), w.env.now()));
    w.notices->delivered({one});
  }
  const Json listed = w.notices->list(officer, 1'000).value();
  CHECK(listed["items"].size() == kNoticesKeptMax);
  CHECK(listed["unread"].as_int() == static_cast<std::int64_t>(kNoticesKeptMax));
  CHECK(listed["items"].items().front()["text"].as_string() == "n" + std::to_string(kNoticesKeptMax + 4));
  CHECK(w.notices->list(other, 10).value()["items"].size() == 0);
  const Json& id = listed["items"].items().front()["id"];
  const Json body = Json::object({{"ids", Json::array({id})}});
  CHECK(w.notices->mark_read(other, body).value()["unread"].as_int() == 0);
  CHECK(w.notices->list(officer, 0).value()["unread"].as_int() == static_cast<std::int64_t>(kNoticesKeptMax));
  CHECK(w.notices->mark_read(officer, body).value()["unread"].as_int() ==
        static_cast<std::int64_t>(kNoticesKeptMax) - 1);
  CHECK(w.notices->mark_read(officer, Json::object({{"all", true}})).value()["unread"].as_int() == 0);
}

TEST_CASE("duties: many explained at once are explained as one by one, in whatever order they come") {
  World w;
  for (int i = 0; i < 40; ++i) {
    ledger::Write leaver;
    leaver.kind = "leaver";
    leaver.agency_id = i % 2 == 0 ? "a1" : "a2";
    leaver.state = w.pack->pack().reg("leaver")->lifecycle.initial;
    leaver.doc = Json::object({{"full_name", "n" + std::to_string(i)},
                               {"left_on", format_date(to_civil(w.env.now() - days(i), kHubZone).date)}});
    REQUIRE(w.ledger->write(leaver, system_actor(), w.env.now()));
  }
  w.obligations->assess_due(w.env.now());
  auto all = w.obligations->duties({}, 0x1ff);
  std::map<std::string_view, std::size_t> per_part;
  for (const auto& duty : all) ++per_part[duty.part->id];
  CHECK(std::any_of(per_part.begin(), per_part.end(), [](const auto& one) { return one.second >= 40; }));
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.due_at < b.due_at; });
  auto alone = all;
  w.obligations->explain_duties(all);
  for (auto& duty : alone) w.obligations->explain_duties(std::span(&duty, 1));
  for (std::size_t i = 0; i < all.size(); ++i) {
    CAPTURE(all[i].id());
    CHECK(all[i].reason != "");
    CHECK(all[i].reason == alone[i].reason);
    CHECK(all[i].missing == alone[i].missing);
  }
}

TEST_CASE("duties: a task names the record that fulfils it; another agency's is not there") {
  World w;
  w.obligations->assess_due(w.env.now());
  const Json mine = w.duties->tasks(TestHub::officer("a1")).value();
  REQUIRE(mine["items"].size() > 0);
  bool has_record = false;
  for (const auto& task : mine["items"].items()) {
    CHECK(task["agency_id"].as_string() == "a1");
    CHECK(task["reason"].as_string() != "");
    for (const auto& action : task["actions"].items()) {
      const bool known = w.pack->pack().reg(action["register"].as_string()) != nullptr;
      if (action["kind"].as_string() == "record") has_record = has_record || known;
      if (action.contains("register")) CHECK(known);
    }
  }
  CHECK(has_record);
  Actor staff = TestHub::officer("a1");
  staff.role = Role::staff;
  CHECK(w.duties->tasks(staff).error().code == ErrorCode::denied);
  CHECK(w.duties->agency_page(TestHub::officer("a1"), "a2").error().code == ErrorCode::not_found);
}

TEST_CASE("duties: nothing of what only the program can check is asked of people") {
  comply::ClausePart part;
  part.satisfied_by.resize(2);
  CHECK(is_waiting_for_program(part));
  part.satisfied_by.front().kind = comply::SatisfierKind::attestation;
  CHECK_FALSE(is_waiting_for_program(part));
}

TEST_CASE(
    "calendar feeds: an address is its owner until it is taken back, made anew or the owner is locked") {
  World w;
  Actor officer = w.person("can.bo", Role::agency_officer, "a1");
  CalendarFeeds feeds(*w.services, *w.accounts);
  const auto token_of = [](const Json& made) {
    const std::string& path = made["path"].as_string();
    const std::size_t slash = path.rfind('/') + 1;
    return path.substr(slash, path.size() - slash - 4);
  };
  const std::string first = token_of(feeds.make(officer).value());
  CHECK(feeds.owner_of(first, "x").error().code == ErrorCode::not_found);  // still has its one-time password
  const auto account = w.ledger->get("user", "can.bo", everything()).value();
  ledger::Write write;
  write.kind = "user";
  write.id = "can.bo";
  write.agency_id = "a1";
  write.state = "active";
  write.doc = account.doc;
  write.doc.set("must_change_password", false);
  REQUIRE(w.ledger->write(write, system_actor(), w.env.now()));
  CHECK(feeds.owner_of(first, "x").value().user_id == "can.bo");
  CHECK(feeds.owner_of(first + "x", "x").error().code == ErrorCode::not_found);
  const std::string second = token_of(feeds.make(officer).value());
  CHECK_FALSE(feeds.owner_of(first, "x"));
  CHECK(feeds.owner_of(second, "x"));
  w.lock("can.bo", true);
  CHECK_FALSE(feeds.owner_of(second, "x"));
  w.lock("can.bo", false);
  CHECK(feeds.revoke(officer).value()["active"].as_bool() == false);
  CHECK_FALSE(feeds.owner_of(second, "x"));
  officer.role = Role::staff;
  CHECK(feeds.make(officer).error().code == ErrorCode::denied);
}

TEST_CASE("mails: two agencies with one address get two mails, each its own") {
  World w;
  for (const char* agency : {"a1", "a2"}) {
    ledger::Write write;
    write.kind = "officer";
    write.agency_id = agency;
    write.state = "active";
    write.doc =
        Json::object({{"full_name", "A"}, {"assigned_on", "2026-01-01"}, {"email", "chung@example.vn"}});
    write.doc.set("roles", Json::array({Json("it_officer")}));
    REQUIRE(w.ledger->write(write, system_actor(), w.env.now()));
  }
  w.run("2026-11-03T09:00:00");
  Deliveries::Filter all;
  for (const char* agency : {"a1", "a2"}) {
    const Json seen = w.deliveries->list(TestHub::officer(agency), all).value();
    REQUIRE(seen["items"].size() == 1);
    CHECK(seen["items"].items()[0]["agency_id"].as_string() == agency);
  }
}

TEST_CASE("mails: what an agency registered gets one mail per run; failures wait longer and longer and end") {
  World w;
  const auto officer = [&](const std::string& address) {
    ledger::Write write;
    write.kind = "officer";
    write.agency_id = "a1";
    write.state = "active";
    write.doc = Json::object({{"full_name", "A"}, {"assigned_on", "2026-01-01"}, {"email", address}});
    write.doc.set("roles", Json::array({Json("it_officer")}));
    REQUIRE(w.ledger->write(write, system_actor(), w.env.now()));
  };
  officer("can.bo@example.vn");
  officer("not an address");
  CHECK(w.run("2026-11-03T09:00:00") == 0);  // nobody has an account, one has a mailbox
  w.answer = {net::SendEnd::put_off, "450 later"};
  Outbox& outbox = *w.deliveries->outbox(kMailChannel);
  const UtcTime begun = w.env.now();
  for (auto next = outbox.run_once().value(); next; next = outbox.run_once().value()) w.env.set_now(*next);
  CHECK(w.mails.size() == static_cast<std::size_t>(kSendTriesMax));
  CHECK(w.env.now() - begun > hours(24));
  CHECK(outbox.counts().given_up == 1);
  CHECK(w.mails.front().address == "can.bo@example.vn");
  CHECK(w.mails.front().id == w.mails.back().id);
  CHECK(w.mails.front().text.find("/viec-cua-toi") != std::string::npos);
  w.answer = {net::SendEnd::accepted, "250 ok"};
  w.run("2026-11-28T10:00:00");
  w.run("2026-11-28T10:01:00");
  REQUIRE(outbox.run_once());
  CHECK(outbox.counts().sent == 1);
  CHECK(w.mails.size() == static_cast<std::size_t>(kSendTriesMax) + 1);
}

}  // namespace duties_test
