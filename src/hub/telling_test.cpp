// SPDX-License-Identifier: Apache-2.0
// Proves with the notices of the base pack who is told of a case, in which words and by which ways; that
// nothing is told twice or lost over a restart; calls, confirmations and the list of who may see them.
#include "hub/telling.h"

#include <doctest/doctest.h>

#include "base/text.h"
#include "base/texts.h"
#include "hub/hub_test_folder.h"

namespace telling_test {

using namespace phendau;
using namespace phendau::hub;
using net::SendEnd;

namespace {

struct World : TestHub {
  World() {
    env.set_now(*parse_rfc3339("2026-11-26T09:00:00+07:00"));
    for (const char* id : {"a1", "a2", "lead"}) add_agency(id);
    accounts = std::make_unique<Accounts>(env, *ledger, config);
    notices = std::make_unique<Notices>(*services);
    deliveries =
        std::make_unique<Deliveries>(*services, [this](const Parcel& parcel, const std::atomic<bool>&) {
          sent.push_back(parcel);
          return net::SendReply{SendEnd::accepted, "250 ok"};
        });
    REQUIRE(deliveries->open());
    notices->on_read = [this](const Actor& actor, const std::vector<std::string>& ids) {
      deliveries->note_read(actor, ids);
    };
    restart();
  }
  void restart() {
    telling = std::make_unique<Telling>(*services, *accounts, *notices, *deliveries);
    REQUIRE(telling->open());
  }
  Actor person(const std::string& name, Role role, const std::vector<std::string>& agencies) {
    AccountWrite write;
    write.role = role;
    write.agency_ids = agencies;
    write.full_name = name;
    REQUIRE(accounts->create(system_actor(), name, write));
    Actor out;
    out.user_id = name;
    out.name = name;
    out.role = role;
    out.agency_ids = agencies;
    return out;
  }
  std::string put(const std::string& kind, const std::string& agency, const std::string& state, Json doc) {
    ledger::Write write;
    write.kind = kind;
    write.agency_id = agency;
    write.state = state;
    write.doc = std::move(doc);
    return ledger->write(write, system_actor(), env.now()).value().record_id;
  }
  void officer(const std::string& agency, Json more) {
    Json doc = Json::object({{"full_name", "B"}, {"assigned_on", "2026-01-01"}});
    doc.set("roles", Json::array({Json("it_officer")}));
    for (const auto& [name, value] : more.members()) doc.set(name, value);
    put("officer", agency, "active", std::move(doc));
  }
  std::string open_case(const std::string& agency) {
    return put("case", agency, "open", Json::object({{"workflow", "incident"}, {"title", "Ransomware"}}));
  }
  std::vector<Json> of(const std::string& about, const std::string& channel = "") {
    Deliveries::Filter filter;
    filter.about = about;
    filter.channel = channel;
    filter.limit = 100;
    return deliveries->list(system_actor(), filter).value()["items"].items();
  }
  std::size_t texts(const Actor& actor) { return notices->list(actor, 100).value()["items"].size(); }

  std::unique_ptr<Accounts> accounts;
  std::unique_ptr<Notices> notices;
  std::unique_ptr<Deliveries> deliveries;
  std::unique_ptr<Telling> telling;
  std::vector<Parcel> sent;
};

}  // namespace

TEST_CASE(
    "telling: what nobody of an agency reads goes to the deputy, then to the number out of hours, each "
    "once") {
  World w;
  w.put("role_binding", "a2", "active",
        Json::object({{"slot", "police"}, {"agency_id", "a2"}, {"from", "2026-01-01"}}));
  const Actor partner = w.person("cong.an", Role::partner, {"a2"});
  w.officer("a2", Json::object({{"roles", Json::array({Json("focal_point")})},
                                {"phone", "0912 345 678"},
                                {"out_of_hours_phone", "0988 000 111"},
                                {"deputy", "C"},
                                {"deputy_phone", "0977 222 333"}}));
  // No focal point: neither its deputy nor its night is asked.
  w.officer("a2", Json::object({{"full_name", "D"}, {"out_of_hours_phone", "0966 000 000"}}));
  REQUIRE(w.telling->look());
  const auto ask = [&] {
    const std::string id = w.put("coordination_request", "a1", "sent",
                                 *parse_json(R"({"to_body":"police","wanted":"support","channel":"phone",
                                     "content":"x","sent_at":"2026-11-26T09:00:00+07:00"})"));
    CHECK(w.telling->look().value() == 4);  // portal, SMS, two calls
    return "coordination_request/" + id;
  };
  const auto numbers = [&](const std::string& about) {
    std::vector<std::string> out;
    for (const auto& one : w.of(about)) {
      if (!one["step"].is_null())
        out.push_back(one["step"].as_string() + " " + one["channel"].as_string() + " " +
                      one["address"].as_string());
    }
    std::sort(out.begin(), out.end());
    return out;
  };
  const std::string first = ask();
  w.env.advance(minutes(29));
  CHECK(w.telling->tell_next().value() == 0);
  w.env.advance(minutes(2));
  CHECK(w.telling->tell_next().value() == 2);
  CHECK(numbers(first) == std::vector<std::string>{"deputy phone 0977 222 333", "deputy sms 0977222333"});
  w.restart();
  CHECK(w.telling->tell_next().value() == 0);
  const std::string read = ask();
  const std::string answered = ask();
  w.env.advance(minutes(30));
  const Json unread = w.notices->list(partner, 100).value();
  for (const auto& one : unread["items"].items()) {
    if (one["about"].as_string() == read)
      REQUIRE(w.notices->mark_read(partner, Json::object({{"ids", Json::array({one["id"]})}})));
  }
  auto record =
      w.ledger->get("coordination_request", answered.substr(answered.find('/') + 1), everything()).value();
  auto write = ledger::rewrite(record, "x");
  write.state = "answered";
  REQUIRE(w.ledger->write(write, system_actor(), w.env.now()));
  CHECK(w.telling->tell_next().value() == 2);
  CHECK(numbers(first) == std::vector<std::string>{"deputy phone 0977 222 333", "deputy sms 0977222333",
                                                   "out_of_hours phone 0988 000 111",
                                                   "out_of_hours sms 0988000111"});
  CHECK(numbers(read).empty());
  CHECK(numbers(answered).empty());
  for (const auto& one : w.of(first)) {
    if (one["step"].as_string() == "deputy" && one["channel"].as_string() == "sms")
      CHECK(w.deliveries->get(system_actor(), one["id"].as_string())
                .value()["text"]
                .as_string()
                .starts_with(tr(Lang::vi, "notice.unanswered", {""})));
  }
  w.env.advance(days(4));
  CHECK(w.telling->tell_next().value() == 0);
}

TEST_CASE("telling: a paper that waits for its signature, and one that was sent to an agency") {
  World w;
  w.person("chu.tich", Role::agency_head, {"a1"});
  w.person("can.bo", Role::agency_officer, {"a2"});
  REQUIRE(w.telling->look());
  Json doc = Json::object({{"paper", "reply"},
                           {"title", "Letter"},
                           {"number", "01/CV"},
                           {"known", Json::object()},
                           {"typed", Json::object()}});
  doc.set("head", Json::object({{"subject", "Ransomware"}, {"exercise", true}}));
  const std::string id = w.put("paper", "a1", "drafted", doc);
  CHECK(w.telling->look().value() == 0);
  auto record = w.ledger->get("paper", id, everything()).value();
  auto write = ledger::rewrite(record, "x");
  write.state = "numbered";
  REQUIRE(w.ledger->write(write, system_actor(), w.env.now()));
  CHECK(w.telling->look().value() == 1);
  write = ledger::rewrite(w.ledger->get("paper", id, everything()).value(), "x");
  write.state = "issued";
  write.doc.set("to_agencies", Json::array({Json("a2")}));
  REQUIRE(w.ledger->write(write, system_actor(), w.env.now()));
  CHECK(w.telling->look().value() == 1);
  std::vector<std::string> texts;
  for (const auto& one : w.of("paper/" + id))
    texts.push_back(w.deliveries->get(system_actor(), one["id"].as_string()).value()["text"].as_string());
  std::sort(texts.begin(), texts.end());
  REQUIRE(texts.size() == 2);
  const auto said = [&](std::string_view notice, bool whole) {
    const NoticeRule* rule = w.pack->pack().notice(notice);
    std::string text = whole ? rule->text.vi : rule->short_text.vi;
    for (const auto& [mark, value] : {std::pair("{title}", "Letter"), std::pair("{number}", "01/CV")})
      text = replace_all(text, mark, value);
    return tr(Lang::vi, "case.exercise_mark") + text;
  };
  CHECK(texts[0] == said("paper_to_sign", true));
  CHECK(texts[1] == said("paper_received", false));  // it may not read it
}

TEST_CASE("telling: the agency's people and who stands for the lead department, each by the ways there are") {
  World w;
  w.put("role_binding", "lead", "active",
        Json::object({{"slot", "lead_department"}, {"agency_id", "lead"}, {"from", "2026-01-01"}}));
  const Actor officer = w.person("can.bo", Role::agency_officer, {"a1"});
  const Actor other = w.person("xa.ben", Role::agency_officer, {"a2"});
  const Actor operators = w.person("truc.ban", Role::province_operator, {});
  w.officer("a1", Json::object({{"email", "a@xa.example"}, {"phone", "0912 345 678"}}));
  w.officer("lead", Json::object({{"email", "so@so.example"}}));
  REQUIRE(w.telling->look());
  const std::string id = w.open_case("a1");
  CHECK(w.telling->look().value() == 5);  // portal twice, mail twice, SMS; Zalo is not set up
  CHECK(w.texts(officer) == 1);
  CHECK(w.texts(operators) == 1);
  CHECK(w.texts(other) == 0);
  w.deliveries->outbox(kMailChannel)->run_once().value();
  w.deliveries->outbox(kSmsChannel)->run_once().value();
  REQUIRE(w.sent.size() == 3);
  for (const auto& parcel : w.sent) {
    CAPTURE(parcel.address);
    const bool reads = parcel.address == "a@xa.example";
    CHECK((parcel.text.find("Ransomware") != std::string::npos) == reads);
    CHECK((parcel.text.find("Agency a1") != std::string::npos) == reads);
  }
  CHECK(w.sent.back().address == "0912345678");
  // Nothing again: not by looking, not over a restart, not when the case changes.
  CHECK(w.telling->look().value() == 0);
  w.restart();
  CHECK(w.telling->look().value() == 0);
  auto record = w.ledger->get("case", id, everything()).value();
  REQUIRE(w.ledger->write(ledger::rewrite(record, "x"), system_actor(), w.env.now()));
  CHECK(w.telling->look().value() == 0);
}

TEST_CASE(
    "telling: what is written while nobody looks is told later; what was before the first start is not") {
  World w;
  const Actor officer = w.person("can.bo", Role::agency_officer, {"a1"});
  w.open_case("a1");
  w.open_case("a1");
  w.restart();  // as after a kill: nothing was looked at
  REQUIRE(w.telling->look());
  CHECK(w.texts(officer) == 2);
  // The position is lost (a ledger from before): nobody is told of the past.
  REQUIRE(w.ledger->remove_derived("telling", "position"));
  w.restart();
  REQUIRE(w.telling->look());
  CHECK(w.texts(officer) == 2);
}

TEST_CASE("telling: because a step says so, to whom it says, once per key") {
  World w;
  const Actor officer = w.person("can.bo", Role::agency_officer, {"a1"});
  const Actor head = w.person("thu.truong", Role::agency_head, {"a1"});
  const auto record = w.ledger->get("case", w.open_case("a1"), everything()).value();
  CHECK(w.telling->tell_now("no_such", record, "c.1.0").error().code == ErrorCode::not_found);
  REQUIRE(w.telling->tell_now("case_opened", record, "c.1.0", {"agency_head"}));
  REQUIRE(w.telling->tell_now("case_opened", record, "c.1.0", {"agency_head"}));
  CHECK(w.texts(head) == 1);
  CHECK(w.texts(officer) == 0);
  REQUIRE(w.telling->look());
  CHECK(w.texts(head) == 2);  // that it was opened
  CHECK(w.texts(officer) == 1);
}

TEST_CASE("telling: who takes part hears that the case is closed, once") {
  World w;
  const Actor police = w.person("canh.sat", Role::partner, {"a2"});
  const Actor other = w.person("xa.ben", Role::agency_officer, {"lead"});
  const std::string id = w.put("case", "a1", "open",
                               parse_json(R"({"workflow":"incident","title":"Ransomware",
          "parties":[{"agency_id":"a2","kind":"police","may":["view","notices"],"request_ids":["r"]}],
          "party_names":["view:a2","notices:a2"]})")
                                   .value());
  REQUIRE(w.telling->look());
  const std::size_t before = w.texts(police);
  auto record = w.ledger->get("case", id, everything()).value();
  ledger::Write closed = ledger::rewrite(record, "closed");
  closed.state = "closed";
  REQUIRE(w.ledger->write(closed, system_actor(), w.env.now()));
  REQUIRE(w.telling->look());
  REQUIRE(w.texts(police) == before + 1);
  w.restart();
  REQUIRE(w.telling->look());
  CHECK(w.texts(police) == before + 1);
  CHECK(w.texts(other) == 0);
  const auto told = w.of("case/" + id, "portal");
  CHECK(std::count_if(told.begin(), told.end(),
                      [](const Json& one) { return one["notice"].as_string() == "case_closed"; }) == 1);
}

TEST_CASE("telling: an account of several agencies is told as the one that may read it") {
  World w;
  const Actor both = w.person("hai.noi", Role::agency_officer, {"a1", "a2"});
  REQUIRE(w.telling->look());
  const auto record = w.ledger->get("case", w.open_case("a2"), everything()).value();
  REQUIRE(w.telling->look());
  // As one of a1's people, whom a step names.
  w.put("role_binding", "lead", "active",
        Json::object({{"slot", "lead_department"}, {"agency_id", "a1"}, {"from", "2026-01-01"}}));
  REQUIRE(w.telling->tell_now("case_reported", record, "k", {"role:lead_department"}));
  for (const auto& one : w.of("case/" + record.id)) CHECK(one["agency_id"].as_string() == "a2");
  Deliveries::Filter all;
  CHECK(w.deliveries->list(TestHub::officer("a1"), all).value()["items"].size() == 0);
  CHECK(w.texts(both) == 2);
}

TEST_CASE("telling: a body that is asked is called, the call is noted by name") {
  World w;
  w.put("role_binding", "lead", "active",
        Json::object({{"slot", "police"}, {"agency_id", "a2"}, {"from", "2026-01-01"}}));
  const Actor police = w.person("canh.sat", Role::partner, {"a2"});
  const Actor operators = w.person("truc.ban", Role::province_operator, {});
  w.officer("a2", Json::object({{"phone", "069 234 5678 (Nam)"}, {"out_of_hours_phone", "0912 345 678"}}));
  REQUIRE(w.telling->look());
  const std::string id = w.put("coordination_request", "a1", "sent",
                               Json::object({{"to_body", "police"},
                                             {"wanted", "information"},
                                             {"channel", "document"},
                                             {"sent_at", "2026-11-26T08:00:00+07:00"},
                                             {"content", "Ransomware"}}));
  REQUIRE(w.telling->look());
  CHECK(w.texts(police) == 1);
  const auto calls = w.of("coordination_request/" + id, "phone");
  REQUIRE(calls.size() == 1);
  CHECK(calls[0]["address"].as_string() == "069 234 5678 (Nam); ngo\u00E0i gi\u1EDD 0912 345 678");
  const std::string call = calls[0]["id"].as_string();
  const auto outcome = [](const char* what) { return Json::object({{"outcome", what}, {"note", "x"}}); };
  CHECK(w.deliveries->note_call(operators, call, outcome("x")).error().code == ErrorCode::invalid);
  CHECK(w.deliveries->note_call(TestHub::officer("a1"), call, outcome("answered")).error().code ==
        ErrorCode::not_found);
  CHECK(w.deliveries->note_call(operators, call, outcome("no_answer")).value()["state"].as_string() ==
        "failed");
  const Json done = w.deliveries->note_call(operators, call, outcome("answered")).value();
  CHECK(done["state"].as_string() == "answered");
  CHECK(done["calls"].size() == 2);
  CHECK(done["calls"].items().back()["by_name"].as_string() == "truc.ban");
  CHECK(w.deliveries->note_call(operators, call, outcome("answered")).error().code == ErrorCode::conflict);
  CHECK(w.deliveries->resend(operators, call).error().code == ErrorCode::conflict);
  // Read in the portal by whom it was sent to, confirmed by the body.
  const auto portal = w.of("coordination_request/" + id, "portal");
  REQUIRE(portal.size() == 1);
  REQUIRE(w.notices->mark_read(police, Json::object({{"all", true}})));
  CHECK(w.of("coordination_request/" + id, "portal")[0]["state"].as_string() == "read");
  CHECK(w.deliveries->confirm(operators, portal[0]["id"].as_string()).error().code == ErrorCode::denied);
  CHECK(w.deliveries->confirm(police, portal[0]["id"].as_string()).value()["state"].as_string() ==
        "answered");
}

TEST_CASE("deliveries: a person's own ways, a test to oneself, ten an hour") {
  World w;
  const Actor officer = w.person("can.bo", Role::agency_officer, {"a1"});
  const Json mail = Json::object({{"channel", "mail"}});
  CHECK(w.deliveries->test(officer, mail).error().code == ErrorCode::invalid);  // no address yet
  CHECK(w.deliveries->choose(officer, Json::object({{"email", "x"}})).error().code == ErrorCode::invalid);
  Json wanted = Json::object({{"email", "toi@xa.example"}, {"phone", "0901 222 333"}});
  wanted.set("ways", Json::array({Json("mail"), Json("sms")}));
  CHECK(w.deliveries->choose(officer, wanted).value()["ways"].size() == 2);
  for (std::size_t i = 0; i < kTestsPerHourMax; ++i) {
    w.env.advance(seconds(1));
    CHECK(w.deliveries->test(officer, mail));
  }
  CHECK(w.deliveries->test(officer, mail).error().code == ErrorCode::limit);
  w.env.advance(hours(1));
  CHECK(w.deliveries->test(officer, mail));
  CHECK(w.deliveries->test(officer, Json::object({{"channel", "zalo"}})).error().code ==
        ErrorCode::conflict);  // not set up
  const std::string id = w.open_case("a1");
  REQUIRE(w.telling->look());
  CHECK(w.of("case/" + id).size() == 3);
}

TEST_CASE("deliveries: numbers as gateways take them") {
  CHECK(phone_number("0912 345.678", kSmsChannel) == "0912345678");
  CHECK(phone_number("(+84) 915-222-333", kZaloChannel) == "+84915222333");
  CHECK(phone_number("0912345678, 0988777666", kSmsChannel) == "0912345678");
  CHECK(phone_number("0912 345 678 (Nam)", kPhoneChannel) == "0912 345 678 (Nam)");
  for (const char* bad : {"", "113", "khong co", "0912345678901234567"})
    CHECK(phone_number(bad, kSmsChannel).empty());
}

}  // namespace telling_test
