// SPDX-License-Identifier: Apache-2.0
// Proves with the pack of Ha Giang that what a case brings about by itself is done once, whatever is cut off
// in between, that clocks remind and escalate once, that proposed orders are given by people, and that what
// cannot be done says so and can be tried again or dismissed.
#include "hub/case_effects.h"

#include <atomic>
#include <thread>

#include <doctest/doctest.h>

#include "base/hash.h"
#include "base/texts.h"
#include "hub/collected_files.h"
#include "hub/coordination.h"
#include "hub/hub_test_folder.h"
#include "hub/orders.h"

namespace case_effects_test {

using namespace phendau;
using namespace phendau::hub;

namespace {

Json json(std::string_view text) { return parse_json(text).value(); }

struct World : TestHub {
  explicit World(const std::string& pack_name = "ha-giang") : TestHub(pack_name) {
    env.set_now(*parse_rfc3339("2026-11-20T08:00:00+07:00"));
    config.data_dir = "/data";
    config.disk_quota_percent = 90;
    env.set_total_bytes(std::uint64_t{1} << 34);
    env.set_free_bytes(std::uint64_t{1} << 33);
    for (const char* id : {"a1", "a2", "lead"}) add_agency(id);
    put("role_binding", "", "lead", R"({"slot":"lead_department","agency_id":"lead","from":"2026-01-01"})");
    put("device", "d1", "a1", R"({"hostname":"may-d1"})", "enrolled");
    put("device", "d2", "a2", R"({"hostname":"may-d2"})", "enrolled");
    keys.journal_key = std::string(32, 'j');
    REQUIRE(deliveries.open());
    REQUIRE(telling.open());
    REQUIRE(holds.open());
    REQUIRE(evidence.open());
  }
  void put(const std::string& kind, const std::string& id, const std::string& agency, std::string_view doc,
           const std::string& state = "active") {
    ledger::Write write;
    write.kind = kind;
    write.id = id;
    write.agency_id = agency;
    write.state = state;
    write.doc = json(doc);
    REQUIRE(ledger->write(write, system_actor(), env.now()));
  }
  void person(const std::string& name, Role role, const std::string& agency) {
    AccountWrite write;
    write.role = role;
    write.agency_ids = {agency};
    REQUIRE(accounts.create(system_actor(), name, write));
  }
  Json open_case() {
    const auto made = incidents.create(a, json(R"({"agency_id":"a1","title":"web"})"));
    REQUIRE(made);
    return *made;
  }
  Json act(const Json& of, const char* step, std::string_view body) {
    const auto done = incidents.act(a, of["id"].as_string(), step, json(body));
    REQUIRE_MESSAGE(done, (done ? "" : done.error().message));
    return *done;
  }
  void look() {
    const auto done = effects->look();
    REQUIRE_MESSAGE(done, (done ? "" : done.error().message));
  }
  Json effect(const Json& of, const std::string& id) {
    const Json view = incidents.get(a, of["id"].as_string()).value();
    for (const auto& one : view["effects"].items()) {
      if (one["id"].as_string() == id || one["id"].as_string().find("." + id + ".") != std::string::npos)
        return one;
    }
    return {};
  }
  std::size_t entries(const Json& of, std::string_view kind) {
    std::size_t out = 0;
    std::string cursor;
    do {
      const Json page = incidents.entries(a, of["id"].as_string(), cursor, 500).value();
      for (const auto& one : page["items"].items()) out += one["kind"].as_string() == kind ? 1 : 0;
      cursor = page["next_cursor"].string_or("");
    } while (!cursor.empty());
    return out;
  }
  std::size_t told(const std::string& notice) {
    ledger::Query query;
    query.kind = "delivery";
    query.keep = [&](const ledger::Record& one) { return one.doc["notice"].as_string() == notice; };
    return ledger::all_records(*ledger, ledger::by_id(std::move(query)), everything()).value().size();
  }
  std::uint64_t papers_of(const Json& of) {
    ledger::Query query;
    query.kind = kPaperKind;
    query.filters.push_back({"case_id", ledger::FieldFilter::Op::equal, {of["id"]}});
    return ledger->count(query, everything()).value();
  }
  /// As after a kill: carried out, but not noted.
  void forget(const Json& of, const std::string& id) {
    const auto record = ledger->get(kCaseEffectKind, of["id"].as_string() + "." + id, everything()).value();
    auto write = ledger::rewrite(record, "as before");
    write.state = "waiting";
    REQUIRE(ledger->write(write, system_actor(), env.now()));
  }

  Keys keys;
  Accounts accounts{env, *ledger, config};
  Notices notices{*services};
  Deliveries deliveries{*services, [](const Parcel&, const std::atomic<bool>&) {
                          return net::SendReply{net::SendEnd::accepted, "ok"};
                        }};
  Telling telling{*services, accounts, notices, deliveries};
  Alerts alerts{*services};
  Incidents incidents{*services, alerts};
  Records records{*services};
  PdfMaker pdf{env, "/office"};
  Papers papers{*services, incidents, records, pdf};
  Orders orders{*services, keys};
  Events events{*services};
  HoldBook book;
  Holds holds{*services, book};
  Evidence evidence{*services, records, events, holds, std::string(32, 'j')};
  CollectedFiles files{*services, evidence};
  std::unique_ptr<CaseEffects> effects = std::make_unique<CaseEffects>(*services, telling, papers);
  Actor a = officer("a1");
};

const char* kReport = R"({"verb":"done","doc":{"head_at":"2026-11-20T08:10:00+07:00","head_channel":"phone",
  "department_at":"2026-11-20T08:20:00+07:00","department_channel":"document","document_number":"12/BC"}})";

}  // namespace

TEST_CASE("case effects: a draft and a notice, once over kills, noted in the timeline") {
  World w;
  w.person("thu.truong", Role::agency_head, "a1");
  const Json made = w.open_case();
  w.act(made, "report", kReport);
  CHECK(w.effect(made, "initial_report")["state"].as_string() == "waiting");
  w.look();
  for (const char* id : {"initial_report", "reported"}) {
    CAPTURE(id);
    CHECK_MESSAGE(w.effect(made, id)["state"].as_string() == "done",
                  w.effect(made, id)["outcome"].as_string());
  }
  CHECK(w.papers_of(made) == 1);
  CHECK(w.told("case_reported") == 1);
  CHECK(w.entries(made, "effect") == 2);
  const auto paper = w.papers.get(w.a, w.effect(made, "initial_report")["paper"]["id"].as_string());
  REQUIRE(paper);
  CHECK((*paper)["state"].as_string() == "drafted");
  for (const char* id : {"initial_report", "reported"}) w.forget(made, id);
  w.effects = std::make_unique<CaseEffects>(*w.services, w.telling, w.papers);
  w.look();
  CHECK(w.papers_of(made) == 1);
  CHECK(w.told("case_reported") == 1);
  CHECK(w.effect(made, "reported")["state"].as_string() == "done");
  // Done again after it was opened again: once in the life of the case.
  w.act(made, "report", R"({"verb":"reopen","reason":"x"})");
  w.act(made, "report", kReport);
  w.look();
  CHECK(w.papers_of(made) == 1);
  CHECK(w.told("case_reported") == 1);
}

TEST_CASE("case effects: what cannot be done says what to do, is tried again or dismissed by who may") {
  World w;
  const Json made = w.open_case();
  const std::string id = made["id"].as_string();
  w.act(made, "report", kReport);
  w.look();
  CHECK(w.effect(made, "reported")["state"].as_string() == "failed");
  CHECK(w.effect(made, "reported")["outcome"].as_string().find("Khai b") != std::string::npos);
  // It stands in the tasks of who may do the step, and in the province's queue, until somebody does.
  CaseDefinitions definitions(*w.services);
  const auto waits_for = [&](const Actor& actor) {
    const auto waiting = waiting_effects(*w.services, definitions, actor);
    REQUIRE(waiting);
    return waiting->size();
  };
  CHECK(waits_for(w.a) == 1);
  CHECK(waits_for(system_actor()) == 1);
  CHECK(waits_for(World::officer("a2")) == 0);
  const Json retry = json(R"({"verb":"retry"})");
  const Json dismiss = json(R"({"verb":"dismiss","reason":"told by phone"})");
  CHECK(w.effects->act(World::officer("a2"), id, "reported", retry).error().code == ErrorCode::not_found);
  CHECK(w.effects->act(w.a, id, "initial_report", retry).error().text_id == "effect.not_open");
  CHECK(w.effects->act(w.a, id, "reported", json(R"({"verb":"dismiss"})")).error().code ==
        ErrorCode::invalid);
  REQUIRE(w.effects->act(w.a, id, "reported", retry));
  w.look();
  CHECK(w.effect(made, "reported")["state"].as_string() == "failed");
  w.person("thu.truong", Role::agency_head, "a1");
  REQUIRE(w.effects->act(w.a, id, "reported", retry));
  w.look();
  CHECK(w.effect(made, "reported")["state"].as_string() == "done");
  CHECK(w.effects->act(w.a, id, "reported", dismiss).error().text_id == "effect.not_open");
  CHECK(waits_for(w.a) == 0);
}

TEST_CASE("requests without an answer: the asked body before and at the term, sender and lead after, once") {
  World w("son-la");
  w.put("role_binding", "", "a2", R"({"slot":"police","agency_id":"a2","from":"2026-01-01"})");
  w.person("cong.an", Role::partner, "a2");
  w.person("can.bo", Role::agency_officer, "a1");
  w.person("so", Role::agency_officer, "lead");
  const Json doc = json(R"({"to_body":"police","wanted":"support","channel":"document","content":"x",
      "sent_at":"2026-11-20T08:00:00+07:00"})");
  w.put("coordination_request", "r1", "a1", doc.dump(), "sent");
  const UtcTime due = answer_due(w.pack->pack(), doc)->due_at;
  const auto told = [&] {
    w.effects = std::make_unique<CaseEffects>(*w.services, w.telling, w.papers);  // as after a kill
    w.look();
    return std::array{w.told("request_due_soon"), w.told("request_late"), w.told("request_unanswered")};
  };
  using Counts = std::array<std::size_t, 3>;
  CHECK(told() == Counts{0, 0, 0});
  w.env.set_now(due - hours(23));
  CHECK(told() == Counts{1, 0, 0});
  CHECK(told() == Counts{1, 0, 0});
  // Told, and killed before that was remembered.
  const auto rows = w.ledger->list_derived("request_told", "", everything(), 10).value();
  REQUIRE(rows.size() == 1);
  for (const auto& row : rows) REQUIRE(w.ledger->remove_derived("request_told", row.key));
  CHECK(told() == Counts{1, 0, 0});
  w.env.set_now(due - minutes(30));
  CHECK(told() == Counts{2, 0, 0});
  w.env.set_now(due + minutes(1));
  CHECK(told() == Counts{2, 1, 2});
  w.env.set_now(due + days(9));
  CHECK(told() == Counts{2, 1, 2});
  // One that is answered in time is nothing to be reminded of.
  Json other = doc;
  other.set("sent_at", format_rfc3339(w.env.now()));
  w.put("coordination_request", "r2", "a1", other.dump(), "answered");
  w.env.advance(days(9));
  CHECK(told() == Counts{2, 1, 2});
}

TEST_CASE("case effects: of a drill every word says so") {
  World w;
  w.person("thu.truong", Role::agency_head, "a1");
  const Json made = w.open_case();
  auto drill = ledger::rewrite(w.ledger->get(kCaseKind, made["id"].as_string(), everything()).value(), "x");
  drill.doc.set("exercise", true);
  REQUIRE(w.ledger->write(drill, system_actor(), w.env.now()));
  w.act(made, "report", kReport);
  w.look();
  for (const char* id : {"initial_report", "reported"})
    CHECK(w.effect(made, id)["outcome"].as_string().starts_with(tr(Lang::vi, "case.exercise_mark")));
  Actor head;
  head.user_id = "thu.truong";
  head.role = Role::agency_head;
  head.agency_ids = {"a1"};
  const Json told = w.notices.list(head, 10).value();
  REQUIRE(told["items"].size() == 1);
  CHECK(told["items"].items()[0]["text"].as_string().starts_with(tr(Lang::vi, "case.exercise_mark")));
}

TEST_CASE("case effects: somebody acts while the hub writes the case") {
  World w;
  const Json made = w.open_case();
  std::atomic<bool> done = false;
  std::thread writer([&] {
    CaseDefinitions definitions(*w.services);
    for (int i = 0; !done; ++i) {
      if (i % 4 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(50));
      if (!note_in_case(*w.services, definitions, system_actor(), made["id"].as_string(), {"order", "x"}, {}))
        break;
    }
  });
  constexpr int kNotes = 40;
  for (int i = 0; i < kNotes; ++i) w.act(made, "verify", R"({"verb":"note","reason":"seen"})");
  done = true;
  writer.join();
  CHECK(w.entries(made, "note") == kNotes);
}

TEST_CASE("case effects: clocks remind before their end and tell those above after it, once") {
  World w;
  w.person("can.bo", Role::agency_officer, "a1");
  w.person("thu.truong", Role::agency_head, "a1");
  w.person("so", Role::agency_officer, "lead");
  const Json made = w.open_case();  // step 1 within an hour, the reports within a day and more
  w.look();
  CHECK(w.told("case_clock_soon") == 0);
  w.env.advance(minutes(50));
  for (int i = 0; i < 3; ++i) w.look();
  CHECK(w.told("case_clock_soon") == 1);
  CHECK(w.effect(made, "minutes_before")["state"].as_string() == "done");
  CHECK(w.told("case_clock_late") == 0);
  w.env.advance(minutes(11));
  w.effects = std::make_unique<CaseEffects>(*w.services, w.telling, w.papers);
  for (int i = 0; i < 3; ++i) w.look();
  CHECK(w.told("case_clock_soon") == 1);
  CHECK(w.told("case_clock_late") == 2);  // officer and head
  w.env.advance(hours(4));
  for (int i = 0; i < 3; ++i) w.look();
  CHECK(w.told("case_clock_late") == 4);  // head and lead department
  CHECK(w.effect(made, "escalated")["late"].is_null());
  const std::size_t before = w.told("case_clock_soon");
  const auto stopped = w.incidents.stop(w.a, made["id"].as_string(), "not an incident");
  REQUIRE(stopped);
  w.env.advance(days(9));
  w.look();
  CHECK(w.told("case_clock_soon") == before);
}

TEST_CASE("case effects: an order is proposed, a person gives it, the timeline says how it went") {
  World w;
  const Json made = w.open_case();
  const std::string id = made["id"].as_string();
  w.act(made, "isolate", R"({"verb":"begin","doc":{"device_id":"d2","method":"agent"}})");
  w.look();
  CHECK(w.effect(made, "isolate_order")["state"].as_string() == "failed");  // a machine of somebody else
  const Json next = w.open_case();
  w.act(next, "isolate", R"({"verb":"begin","doc":{"device_id":"d1","method":"agent","ordered_by":"An"}})");
  w.look();
  const Json proposed = w.effect(next, "isolate_order");
  CHECK(proposed["state"].as_string() == "proposed");
  CHECK(proposed["ordered_by"].as_string() == "An");
  CHECK(proposed["devices"].items().at(0)["name"].as_string() == "may-d1");
  Json body =
      json(R"({"order":"collect","ordered_by":"An","reason":"x","weighed":"none","effect":"isolate_order"})");
  body.set("case_id", next["id"]);
  CHECK(w.orders.issue(w.a, "d1", body).error().text_id == "effect.not_proposed");
  body.set("order", "isolate");
  const auto issued = w.orders.issue(w.a, "d1", body);
  REQUIRE_MESSAGE(issued, (issued ? "" : issued.error().message));
  CHECK(w.effect(next, "isolate_order")["state"].as_string() == "done");
  CHECK(w.effect(next, "isolate_order")["devices"].items().at(0)["order_id"] == (*issued)["id"]);
  CHECK(w.orders.issue(w.a, "d1", body).error().text_id == "effect.not_proposed");
  CHECK(w.entries(next, "order") == 1);
  Actor device;
  device.user_id = "d1";
  device.role = Role::device;
  device.agency_ids = {"a1"};
  wire::Heartbeat beat;
  REQUIRE(w.orders.meet(device, beat));
  wire::OrderResult result;
  result.id = (*issued)["id"].as_string();
  result.outcome = "done";
  beat.order_results = {result};
  for (int i = 0; i < 2; ++i) REQUIRE(w.orders.meet(device, beat));
  CHECK(w.entries(next, "order") == 2);
}

TEST_CASE("collected files: evidence of the case with a custody log, once over kills") {
  World w;
  const Json made = w.open_case();
  const std::string digest = w.ledger->put_blob("tcp 0.0.0.0:22").value();
  Json order = json(R"({"device_id":"d1","order":"collect","ordered_by":"An","reason":"x",
    "issued_at":"2026-11-20T01:00:00Z","files_waiting":true,"files":[
    {"number":1,"name":"sockets.txt","size_bytes":14,"received_at":"2026-11-20T01:00:00Z","refused":false},
    {"number":2,"name":"secret.txt","size_bytes":9,"received_at":"2026-11-20T01:00:00Z","refused":true}]})");
  Json listed = Json::array();
  for (const auto& one : order["files"].items()) {
    Json file = one;
    file.set("sha256", one["refused"].as_bool() ? sha256_hex("x") : digest);
    listed.push(std::move(file));
  }
  order.set("files", std::move(listed)).set("case_id", made["id"]);
  w.put("device_order", "order-1", "a1", order.dump(), "handed_out");
  CHECK(w.files.look().value() == 0);  // more may come
  auto ended = ledger::rewrite(w.ledger->get("device_order", "order-1", everything()).value(), "done");
  ended.state = "done";
  REQUIRE(w.ledger->write(ended, system_actor(), w.env.now()));
  const auto taken = w.files.look();
  REQUIRE_MESSAGE(taken, (taken ? "" : taken.error().message));
  CHECK(*taken == 2);
  Evidence::Filter filter;
  filter.case_id = made["id"].as_string();
  const auto count = [&] { return w.evidence.list(w.a, filter).value()["items"].size(); };
  CHECK(count() == 2);
  CHECK(w.files.look().value() == 0);
  auto again = ledger::rewrite(w.ledger->get("device_order", "order-1", everything()).value(), "as before");
  again.doc.set("files_waiting", true);
  REQUIRE(w.ledger->write(again, system_actor(), w.env.now()));
  CHECK(w.files.look().value() == 2);
  CHECK(count() == 2);
  const Json page = w.evidence.list(w.a, filter).value();
  for (const auto& one : page["items"].items()) {
    CHECK(one["outside"].as_bool() == (one["label"].as_string() == "secret.txt"));
    CHECK(one["taken_by"].as_string() == "An");
  }
}

}  // namespace case_effects_test
