// SPDX-License-Identifier: Apache-2.0
// Acts on organisations: names and parents by date, everything that an agency had gets its successor, the
// past stays under the old name and is read by whom it belongs to, nobody else sees more than before.
#include "hub/organisations.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "comply/board.h"
#include "hub/agencies.h"
#include "hub/hub_test_folder.h"
#include "hub/obligation_feeds.h"
#include "hub/organisation_moves.h"

namespace organisations_test {

using namespace phendau;
using namespace phendau::hub;

namespace {

Json json(std::string_view text) {
  auto parsed = parse_json(text);
  REQUIRE_MESSAGE(parsed.has_value(), text);
  return *parsed;
}

struct World : TestHub {
  World() {
    env.set_now(*parse_rfc3339("2026-11-20T08:00:00+07:00"));
    for (const char* id : {"xa-a", "xa-b", "xa-x"}) {
      add_agency(id);
      put("asset", std::string("may-") + id, id, "in_use",
          R"({"name":"PC","kind":"workstation","serial":"1"})");
      put("device", std::string("dev-") + id, id, "enrolled", R"({"hostname":"pc"})");
      put("user", std::string("can.bo.") + id, id, "active",
          R"({"username":"u","role":"agency_officer","agency_ids":[")" + std::string(id) + R"("]})");
      put("attestation", std::string("att-") + id, id, "valid", R"({"part":"p"})");
      REQUIRE(ledger->put_derived("fact", std::string("dev-") + id + "/host", id, json(R"({"kind":"host"})"),
                                  env.now()));
    }
    put("role_binding", "bind", "xa-x", "active",
        R"({"slot":"police","agency_id":"xa-a","from":"2020-01-01"})");
    put("ip_prefix", "net", "xa-x", "allocated",
        R"({"prefix":"10.1.0.0/16","purpose":"x","agency_id":"xa-b"})");
  }
  void put(std::string_view kind, std::string id, std::string agency, std::string state,
           std::string_view doc) {
    ledger::Write write;
    write.kind = kind;
    write.id = std::move(id);
    write.agency_id = std::move(agency);
    write.state = std::move(state);
    write.doc = json(doc);
    const auto done = ledger->write(write, system_actor(), env.now());
    REQUIRE_MESSAGE(done.has_value(), done.error().message);
  }
  std::string owner(std::string_view kind, std::string_view id) {
    const auto record = ledger->get(kind, id, everything());
    return record ? record->agency_id : "none";
  }
  Json names(std::string_view day) {
    Json out = Json::array();
    const Json tree = acts.tree(system_actor(), parse_date(day).value()).value();
    for (const auto& one : tree["items"].items()) out.push(one["name"]);
    return out;
  }
  std::vector<std::string> orphans() { return find_orphans(*ledger, 10).value(); }

  Organisations acts{*services};
};

constexpr std::string_view kMerge =
    R"({"act":"merge","in_force":"2026-12-01","decision_number":"12/NQ","agencies":["xa-a","xa-b"],
        "into":[{"name":"Xa C","code":"xa-c"}]})";

}  // namespace

TEST_CASE("organisations: two communes become a third on the day, and nothing is orphaned") {
  World w;
  const Actor province = system_actor();
  const Json preview = w.acts.preview(province, json(kMerge)).value();
  REQUIRE(preview["moves"].size() == 2);
  CHECK(preview["moves"].items()[0]["from"]["id"].as_string() == "xa-a");
  CHECK(preview["moves"].items()[0]["to"]["name"].as_string() == "Xa C");
  CHECK(preview["moves"].items()[0]["total"].as_int() == 3);  // asset, device, user
  const Json planned = w.acts.create(province, json(kMerge)).value();
  CHECK(planned["state"].as_string() == "planned");
  w.acts.carry_out_due();
  CHECK(w.owner("asset", "may-xa-a") == "xa-a");  // its day has not come
  CHECK(w.names("2026-11-30") == json(R"(["Agency xa-a","Agency xa-b","Agency xa-x"])"));
  CHECK(w.names("2026-12-01") == json(R"(["Agency xa-x","Xa C"])"));  // as it will be

  w.env.set_now(*parse_rfc3339("2026-11-30T23:59:00+07:00"));
  w.acts.carry_out_due();
  CHECK(w.owner("device", "dev-xa-b") == "xa-b");
  w.env.set_now(*parse_rfc3339("2026-12-01T00:00:05+07:00"));
  w.acts.carry_out_due();
  for (const char* id : {"xa-a", "xa-b"}) {
    CHECK(w.owner("asset", std::string("may-") + id) == "xa-c");
    CHECK(w.owner("device", std::string("dev-") + id) == "xa-c");
    CHECK(w.owner("user", std::string("can.bo.") + id) == "xa-c");
    CHECK(w.owner("attestation", std::string("att-") + id) == id);  // it answered for itself
    CHECK(w.ledger->get("agency", id, everything())->state == "abolished");
    CHECK((*w.ledger->get_derived("fact", std::string("dev-") + id + "/host"))->agency_id == "xa-c");
    CHECK(w.ledger->get("organisation_close", id, everything())->doc["ended_on"].as_string() == "2026-12-01");
    CHECK(w.services->succession->current(id) == "xa-c");
  }
  CHECK(w.owner("asset", "may-xa-x") == "xa-x");
  const auto user = w.ledger->get("user", "can.bo.xa-a", everything());
  CHECK(user->doc["agency_ids"] == json(R"(["xa-c"])"));
  CHECK(w.ledger->get("ip_prefix", "net", everything())->doc["agency_id"].as_string() == "xa-c");
  const auto bound = w.ledger->get("role_binding", "bind", everything());
  CHECK(bound->state == "ended");
  CHECK(bound->doc["to"].as_string() == "2026-11-30");
  ledger::Query query;
  query.kind = "role_binding";
  query.states = {"active"};
  const auto page = w.ledger->list(query, everything());
  REQUIRE(page->records.size() == 1);
  CHECK(page->records[0].doc["agency_id"].as_string() == "xa-c");
  CHECK(page->records[0].doc["from"].as_string() == "2026-12-01");
  CHECK(w.orphans().empty());
  // One transaction: every change bears the act.
  const auto done = w.ledger->get("organisation_act", planned["id"].as_string(), everything());
  CHECK(done->state == "done");
  CHECK(done->version == 2);
  CHECK(w.names("2026-11-30") == json(R"(["Agency xa-a","Agency xa-b","Agency xa-x"])"));
  CHECK(agency_name_at(
            *w.services,
            owner_at(*w.services, "asset", "may-xa-a", "xa-c", *parse_rfc3339("2026-11-30T10:00:00+07:00")),
            *parse_rfc3339("2026-11-30T10:00:00+07:00")) == "Agency xa-a");
  CHECK(w.ledger->verify()->ok);
  w.acts.carry_out_due();  // nothing more
  CHECK(w.ledger->get("organisation_act", planned["id"].as_string(), everything())->version == 2);
}

TEST_CASE(
    "organisations: the successor's people read the past, change nothing in it, and others see no more") {
  World w;
  w.env.set_now(*parse_rfc3339("2026-12-02T08:00:00+07:00"));
  REQUIRE(w.acts.create(system_actor(), json(kMerge)));
  Actor officer = TestHub::officer("xa-c");
  officer.past_agency_ids = w.services->succession->past_of(officer.agency_ids);
  CHECK(officer.past_agency_ids == std::vector<std::string>{"xa-a", "xa-b"});
  CHECK(authorize(officer, Action::read, Resource::event).covers("xa-a"));
  CHECK(authorize(officer, Action::export_out, Resource::event).covers("xa-b"));
  for (const Action action : {Action::create, Action::update, Action::triage, Action::attest, Action::decide})
    CHECK_FALSE(authorize(officer, action, Resource::alert).covers("xa-a"));
  CHECK(w.services->succession->past_of({"xa-x"}).empty());
  Actor nobody = TestHub::officer("xa-x");
  nobody.agency_ids.clear();
  nobody.past_agency_ids = {"xa-a"};  // without an agency nobody has a past either
  CHECK(authorize(nobody, Action::read, Resource::event).allows_nothing());
  // Nothing new is entered for what is no more.
  CHECK(living_agency(*w.ledger, "xa-a").error().text_id == "organisation.ended");
  const Json seen = w.acts.tree(TestHub::officer("xa-x"), std::nullopt).value();
  CHECK(seen["items"].size() == 1);
  CHECK(w.acts.acts(TestHub::officer("xa-x")).value()["items"].size() == 0);
  CHECK(w.acts.acts(officer).value()["items"].size() == 1);
  for (const auto& denied : {w.acts.create(officer, json(kMerge)), w.acts.preview(officer, json(kMerge)),
                             w.acts.withdraw(officer, "x", json(R"({"reason":"x"})"))}) {
    REQUIRE_FALSE(denied);
    CHECK(denied.error().code == ErrorCode::denied);
  }
}

TEST_CASE("organisations: rename, move, split and abolish keep names, parents and owners by date") {
  World w;
  const Actor province = system_actor();
  const auto act = [&](std::string_view body) {
    const auto done = w.acts.create(province, json(body));
    REQUIRE_MESSAGE(done.has_value(), done.error().message);
    CHECK((*done)["state"].as_string() == "done");
  };
  act(R"({"act":"rename","in_force":"2026-07-01",
          "decision_number":"1","agencies":["xa-a"],"name":"Phuong A"})");
  act(R"({"act":"rename","in_force":"2026-09-01",
          "decision_number":"2","agencies":["xa-a"],"name":"Phuong AA"})");
  CHECK(w.names("2026-06-30").items()[0].as_string() == "Agency xa-a");
  CHECK(w.names("2026-07-01").items()[2].as_string() == "Phuong A");
  CHECK(w.names("2026-11-01").items()[2].as_string() == "Phuong AA");
  // A later correction by hand changes what counts now and leaves the past alone.
  Agencies agencies(*w.services);
  REQUIRE(agencies.update(province, "xa-a", json(R"({"name":"Phuong A-A"})")));
  CHECK(w.names("2026-08-01").items()[2].as_string() == "Phuong A");
  CHECK(w.names("2026-11-01").items()[2].as_string() == "Phuong A-A");

  act(R"({"act":"move","in_force":"2026-10-01",
          "decision_number":"3","agencies":["xa-b"],"parent_id":"xa-a"})");
  const auto parent = [&](std::string_view day) {
    const Json tree = w.acts.tree(province, parse_date(day).value()).value();
    for (const auto& one : tree["items"].items()) {
      if (one["id"].as_string() == "xa-b") return one["parent_id"].as_string();
    }
    return std::string("none");
  };
  CHECK(parent("2026-09-30") == "");
  CHECK(parent("2026-10-01") == "xa-a");

  w.env.set_now(*parse_rfc3339("2026-11-21T08:00:00+07:00"));
  act(R"({"act":"split","in_force":"2026-11-01","decision_number":"4","agencies":["xa-a"],
          "into":[{"name":"Phuong M","code":"m"},{"name":"Phuong N","code":"n"}],
          "assign":[{"kind":"asset","id":"may-xa-a","part":1},
                    {"kind":"user","id":"can.bo.xa-a","part":1}]})");
  CHECK(w.owner("asset", "may-xa-a") == "n");
  CHECK(w.owner("user", "can.bo.xa-a") == "n");
  CHECK(w.owner("device", "dev-xa-a") == "m");
  CHECK(parent("2026-11-02") == "m");  // who stood under it stands under the first part
  CHECK(w.services->succession->past_of({"n"}) == std::vector<std::string>{"xa-a"});
  w.env.set_now(*parse_rfc3339("2026-11-22T08:00:00+07:00"));
  act(R"({"act":"abolish","in_force":"2026-11-10",
          "decision_number":"5","agencies":["n"],"into":[{"id":"xa-x"}]})");
  CHECK(w.owner("asset", "may-xa-a") == "xa-x");
  CHECK(w.services->succession->past_of({"xa-x"}) == std::vector<std::string>{"n", "xa-a"});
  CHECK(owner_at(*w.services, "asset", "may-xa-a", "xa-x", *parse_rfc3339("2026-11-21T12:00:00+07:00")) ==
        "n");
  CHECK(owner_at(*w.services, "asset", "may-xa-a", "xa-x", *parse_rfc3339("2026-11-20T12:00:00+07:00")) ==
        "xa-a");
  CHECK(w.orphans().empty());
  CHECK(w.ledger->verify()->ok);
}

TEST_CASE(
    "organisations: a split gives whole kinds to the part that was chosen, the preview says what goes "
    "where") {
  World w;
  const Actor province = system_actor();
  const auto shares = [&](std::string_view body) {
    const Json of = w.acts.preview(province, json(body)).value();
    std::map<std::string, std::map<std::string, std::int64_t>> out;
    for (const auto& move : of["moves"].items()) {
      for (const auto& one : move["counts"].items())
        out[move["to"]["id"].as_string()][one["kind"].as_string()] = one["count"].as_int();
    }
    return out;
  };
  const std::string kParts =
      R"("act":"split","in_force":"2026-11-01","decision_number":"4","agencies":["xa-a"],
         "into":[{"name":"Phuong M","code":"m"},{"name":"Phuong N","code":"n"}])";
  auto all = shares("{" + kParts + "}");
  CHECK(all["m"]["asset"] == 1);
  CHECK(all["m"]["user"] == 1);
  CHECK(all["n"].empty());
  const std::string assigned = "{" + kParts +
                               R"(,"assign":[{"kind":"asset","part":1},{"kind":"user","part":1},
          {"kind":"device","id":"dev-xa-a","part":1}]})";
  all = shares(assigned);
  CHECK(all["m"].count("asset") == 0);
  CHECK(all["n"]["asset"] == 1);
  CHECK(all["n"]["user"] == 1);
  CHECK(all["n"]["device"] == 1);
  const Json kinds = w.acts.preview(province, json(assigned)).value()["divisible"];
  CHECK(std::any_of(kinds.items().begin(), kinds.items().end(),
                    [](const Json& one) { return one["kind"].as_string() == "asset"; }));
  CHECK(std::none_of(kinds.items().begin(), kinds.items().end(),
                     [](const Json& one) { return one["kind"].as_string() == "attachment"; }));
  // Kinds that nobody hands over are refused.
  for (const char* kind : {"agency", "attestation", "no_such_kind"}) {
    const auto refused =
        w.acts.preview(province, json("{" + kParts + R"(,"assign":[{"kind":")" + kind + R"(","part":1}]})"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().text_id == "request.invalid");
  }
  w.env.set_now(*parse_rfc3339("2026-11-21T08:00:00+07:00"));
  REQUIRE(w.acts.create(province, json(assigned)));
  CHECK(w.owner("asset", "may-xa-a") == "n");
  CHECK(w.owner("user", "can.bo.xa-a") == "n");
  CHECK(w.owner("device", "dev-xa-a") == "n");
  CHECK(w.orphans().empty());

  // The old agency remains: only what was chosen leaves it.
  const std::string remaining =
      R"({"act":"split","in_force":"2026-11-01","decision_number":"5","agencies":["xa-b"],"remains":true,
          "into":[{"name":"Phuong P","code":"p"}],"assign":[{"kind":"asset","part":0}]})";
  all = shares(remaining);
  CHECK(all["p"]["asset"] == 1);
  CHECK(all["p"].count("user") == 0);
  REQUIRE(w.acts.create(province, json(remaining)));
  CHECK(w.owner("asset", "may-xa-b") == "p");
  CHECK(w.owner("user", "can.bo.xa-b") == "xa-b");
  CHECK(w.orphans().empty());
}

TEST_CASE("organisations: what cannot be is refused, what was entered wrongly is withdrawn before its day") {
  World w;
  const Actor province = system_actor();
  const struct {
    const char* body;
    const char* text_id;
  } kCases[] = {
      {R"({"act":"rename","in_force":"x","decision_number":"1","agencies":["xa-a"],"name":"N"})",
       "request.invalid"},
      {R"({"act":"rename","in_force":"2026-12-01","agencies":["xa-a"],"name":"N"})", "request.invalid"},
      {R"({"act":"rename","in_force":"2026-12-01","decision_number":"1","agencies":["khong"],"name":"N"})",
       "organisation.not_there"},
      {R"({"act":"abolish","in_force":"2026-12-01","decision_number":"1","agencies":["xa-a"]})",
       "organisation.no_successor"},
      {R"({"act":"abolish","in_force":"2026-12-01","decision_number":"1","agencies":["xa-a"],
           "into":[{"id":"xa-a"}]})",
       "organisation.no_successor"},
      {R"({"act":"merge","in_force":"2026-12-01","decision_number":"1","agencies":["xa-a"],
           "into":[{"id":"xa-a"}]})",
       "request.invalid"},
      {R"({"act":"split","in_force":"2026-12-01","decision_number":"1","agencies":["xa-a"],
           "into":[{"name":"M"}]})",
       "request.invalid"},
      {R"({"act":"move","in_force":"2026-12-01",
          "decision_number":"1","agencies":["xa-a"],"parent_id":"xa-a"})",
       "organisation.circle"},
      {R"({"act":"burn","in_force":"2026-12-01","decision_number":"1","agencies":["xa-a"]})",
       "request.invalid"},
  };
  for (const auto& c : kCases) {
    CAPTURE(c.body);
    const auto refused = w.acts.create(province, json(c.body));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().text_id == c.text_id);
  }
  const Json planned = w.acts.create(province, json(kMerge)).value();
  // Once planned, its agencies are gone for acts after that day, and there for acts before.
  CHECK(w.acts
            .create(province, json(R"({"act":"rename","in_force":"2026-12-02","decision_number":"1",
      "agencies":["xa-a"],"name":"N"})"))
            .error()
            .text_id == "organisation.not_there");
  CHECK(w.acts.withdraw(province, planned["id"].as_string(), json("{}")).error().code == ErrorCode::invalid);
  CHECK(w.acts.withdraw(province, planned["id"].as_string(), json(R"({"reason":"nham"})")));
  w.env.set_now(*parse_rfc3339("2026-12-02T08:00:00+07:00"));
  w.acts.carry_out_due();
  CHECK(w.owner("asset", "may-xa-a") == "xa-a");
  const Json done = w.acts.create(province, json(kMerge)).value();
  CHECK(w.acts.withdraw(province, done["id"].as_string(), json(R"({"reason":"nham"})")).error().text_id ==
        "organisation.in_force");
  CHECK(w.acts
            .create(province, json(R"({"act":"rename","in_force":"2026-11-01","decision_number":"1",
      "agencies":["xa-c"],"name":"N"})"))
            .error()
            .text_id == "organisation.not_there");
  CHECK(agency_name(*w.services, "xa-c") == "Xa C");
}

TEST_CASE("organisations: a series that stopped half-way goes on, and orphans are found") {
  World w;
  const Json planned = w.acts.create(system_actor(), json(kMerge)).value();
  auto act = w.ledger->get("organisation_act", planned["id"].as_string(), everything()).value();
  // As a crash leaves it: the agencies are changed, a record is not.
  w.env.set_now(*parse_rfc3339("2026-12-02T08:00:00+07:00"));
  w.acts.carry_out_due();
  ledger::Write back;
  back.kind = "asset";
  back.id = "may-xa-a";
  back.agency_id = "xa-a";
  back.state = "in_use";
  back.doc = w.ledger->get("asset", "may-xa-a", everything())->doc;
  REQUIRE(w.ledger->write(back, system_actor(), w.env.now()));
  auto record = w.ledger->get("organisation_act", act.id, everything()).value();
  ledger::Write running;
  running.kind = "organisation_act";
  running.id = act.id;
  running.state = "running";
  running.doc = record.doc;
  REQUIRE(w.ledger->write(running, system_actor(), w.env.now()));
  CHECK(w.orphans().size() == 2);
  Organisations again(*w.services);
  REQUIRE(again.open());
  CHECK(w.owner("asset", "may-xa-a") == "xa-c");
  CHECK(w.orphans().empty());
  w.put("asset", "lost", "never-was", "in_use", R"({"name":"PC","kind":"other"})");
  REQUIRE(w.orphans().size() == 1);
  CHECK(w.orphans()[0].find("never-was") != std::string::npos);
}

TEST_CASE("organisations: duties of an ended agency stay as they were; its successor is bound from its day") {
  World w;
  const auto pack = ActivePack::load(posix_env(), PHENDAU_SOURCE_DIR "/packs/ha-giang");
  REQUIRE(pack);
  comply::Board board(pack->pack().catalog);
  const UtcTime now = w.env.now();
  ledger::Record agency = w.ledger->get("agency", "xa-a", everything()).value();
  agency.created_at = now - days(400);
  feed_record(board, *pack, agency, now);
  board.settle(now);
  const auto before = board.counts_of_agency("xa-a");
  REQUIRE(before != comply::StatusCounts{});
  agency.state = "abolished";
  agency.doc.set("abolished_on", "2026-12-01");
  feed_record(board, *pack, agency, now);
  board.settle(now + days(200));
  CHECK(board.counts_of_agency("xa-a") == before);
  const auto living = board.agencies();
  CHECK(std::find(living.begin(), living.end(), "xa-a") == living.end());
  comply::Board::Filter filter;
  for (const auto& row : board.page(filter, 0, 10'000).rows) CHECK(row.agency_id != "xa-a");
  filter.agency_id = "xa-a";
  const auto rows = board.page(filter, 0, 5).rows;
  REQUIRE_FALSE(rows.empty());
  const auto shown = board.details(rows, now + days(200));
  REQUIRE(shown.size() == rows.size());
  CHECK(shown[0].reason.text_id == "comply.agency_ended");
  CHECK(shown[0].status == rows[0].status);
  // The new one is known from its day, not from when it was written down.
  ledger::Record heir = agency;
  heir.id = "xa-c";
  heir.agency_id = "xa-c";
  heir.state = "active";
  heir.created_at = now;
  heir.doc.erase("abolished_on");
  heir.doc.set("founded_on", "2026-11-01");
  feed_record(board, *pack, heir, now);
  CHECK(board.knowledge().subject(comply::SubjectKind::agency, "xa-c")->known_since ==
        *parse_rfc3339("2026-11-01T00:00:00+07:00"));
  ledger::Record device = w.ledger->get("device", "dev-xa-a", everything()).value();
  device.agency_id = "xa-c";
  device.created_at = now - days(100);
  const Handover handover{*parse_rfc3339("2026-12-01T00:00:00+07:00"), "xa-a"};
  feed_record(board, *pack, device, now, &handover);
  CHECK(board.knowledge().subject(comply::SubjectKind::device, "dev-xa-a")->known_since == handover.at);
}

}  // namespace organisations_test
