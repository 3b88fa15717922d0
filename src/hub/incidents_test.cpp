// SPDX-License-Identifier: Apache-2.0
// Cases of a province's pack in a real ledger: who may do which step; what a case keeps while packs change
// under it; how it ends, early or not, and is opened again.
#include "hub/incidents.h"

#include <doctest/doctest.h>

#include "detect/query.h"
#include "hub/hub_test_folder.h"

namespace incidents_test {

using namespace phendau;
using namespace phendau::hub;

namespace {

Json json(std::string_view text) {
  auto parsed = parse_json(text);
  REQUIRE_MESSAGE(parsed.has_value(), text);
  return *parsed;
}

struct World : TestHub {
  explicit World(const std::string& pack_name = "hung-yen") : TestHub(pack_name) {
    env.set_now(*parse_rfc3339("2026-10-20T09:00:00+07:00"));
    add_agency("a1");
    add_agency("a2");
    open();
  }
  void open() {
    incidents.reset();
    alerts = std::make_unique<Alerts>(*services);
    incidents = std::make_unique<Incidents>(*services, *alerts);
  }
  static Actor person(Role role, const std::string& agency) {
    Actor out = officer(agency);
    out.user_id = std::string(to_string(role)) + "." + agency;
    out.name = out.user_id;
    out.role = role;
    return out;
  }
  Json create(const Actor& actor, const std::string& agency) {
    const auto made =
        incidents->create(actor, Json::object({{"title", "Web page replaced"}, {"agency_id", agency}}));
    REQUIRE_MESSAGE(made.has_value(), made.error().message);
    return *made;
  }
  Result<Json> act(const Actor& actor, const Json& of, const char* step, std::string_view body) {
    return incidents->act(actor, of["id"].as_string(), step, json(body));
  }

  std::unique_ptr<Alerts> alerts;
  std::unique_ptr<Incidents> incidents;
};

const char* kIsolate =
    R"({"verb":"done","doc":{"ordered_by":"Head","cut":"web server","cut_at":"2026-10-20T08:50:00+07:00"}})";
const char* kReport = R"({"verb":"done","doc":{"head_at":"2026-10-20T09:10:00+07:00",
  "department_at":"2026-10-20T09:20:00+07:00","department_channel":"phone"}})";

}  // namespace

TEST_CASE("incidents: a head does the step that names him, in the own agency, and no other") {
  World world;
  const Actor officer = World::officer("a1");
  const Actor head = World::person(Role::agency_head, "a1");
  const Json made = world.create(officer, "a1");
  CHECK(world.act(head, made, "isolate", kIsolate).error().text_id == "workflow.role_denied");
  CHECK(world.incidents->close(head, made["id"].as_string(), "x").error().code == ErrorCode::conflict);
  CHECK(world.act(World::person(Role::agency_head, "a2"), made, "report", kReport).error().code ==
        ErrorCode::not_found);
  CHECK(world.act(World::person(Role::staff, "a1"), made, "report", kReport).error().code ==
        ErrorCode::denied);
  const auto told = world.act(head, made, "report", kReport);
  REQUIRE_MESSAGE(told.has_value(), told.error().message);
  CHECK((*told)["steps"].items()[3]["by"].as_string() == "agency_head.a1");
}

TEST_CASE("incidents: questions to the journal are ready, about what the alerts name") {
  World world("ha-giang");
  const Actor officer = World::officer("a1");
  ledger::Write alert;
  alert.kind = "alert";
  alert.id = new_ulid(world.env);
  alert.agency_id = "a1";
  alert.state = "new";
  alert.doc =
      json(R"({"rule_id":"r","rule_title":"Guessing","entity":{"source_ip":"192.0.2.7","user":"a\"b"}})");
  REQUIRE(world.ledger->write(alert, system_actor(), world.env.now()));
  const auto searches_of = [](const Json& view) {
    Json out = Json::array();
    for (const auto& step : view["definition"]["steps"].items()) {
      for (const auto& one : step["searches"].items()) out.push(one);
    }
    return out;
  };
  const auto opened = world.incidents->open_from_alert(officer, alert.id);
  REQUIRE_MESSAGE(opened.has_value(), opened.error().message);
  const Json all = searches_of(opened->view);
  const Json without = searches_of(world.create(officer, "a1"));
  REQUIRE(all.size() > 1);
  CHECK(without.size() == all.size() - 1);  // what the alerts name, and there are none
  CHECK(all.items()[0]["query"].as_string() == R"(((source_ip:"192.0.2.7" user:"a\"b")))");
  for (const auto& one : all.items()) {
    CAPTURE(one["query"].as_string());
    CHECK(detect::parse_query(one["query"].as_string()));
    CHECK(*parse_rfc3339(one["from"].as_string()) < *parse_rfc3339(one["to"].as_string()));
    CHECK(*parse_rfc3339(one["to"].as_string()) <= world.env.now());
  }
}

TEST_CASE("incidents: under a delegation people do what its role may do, and the change says so") {
  World world;
  const Json made = world.create(World::officer("a1"), "a1");
  Actor staff = World::person(Role::staff, "a2");
  staff.delegations = {{"d-1", "a1", Role::agency_head, {}}};
  CHECK(world.act(staff, made, "isolate", kIsolate).error().text_id == "workflow.role_denied");
  CHECK(world.act(staff, made, "report", kReport).has_value());
  staff.delegations[0].role = Role::agency_officer;
  CHECK(world.act(staff, made, "isolate", kIsolate).has_value());
  const auto history = world.ledger->history("case", made["id"].as_string(), everything());
  REQUIRE(history);
  CHECK(delegation_in(history->front().reason) == "d-1");
}

namespace {

namespace fs = std::filesystem;

/// The base pack beside a province whose incidents have other steps.
ActivePack pack_with_other_steps(const std::string& root) {
  fs::create_directories(root + "/packs/other/workflows");
  fs::copy(std::string(PHENDAU_SOURCE_DIR) + "/packs/base", root + "/packs/base",
           fs::copy_options::recursive);
  REQUIRE(write_file_atomic(posix_env(), root + "/packs/other/pack.yaml",
                            "id: other\ntitle: {vi: a, en: b}\nimports: [base]\n"));
  REQUIRE(write_file_atomic(posix_env(), root + "/packs/other/workflows/incident.yaml",
                            "id: incident\ntitle_vi: a\ntitle_en: b\ncase_kind: case\nsteps:\n"
                            "  - {id: first, title_vi: M\u1ed9t, title_en: One}\n"));
  auto loaded = ActivePack::load(posix_env(), root + "/packs/other");
  REQUIRE_MESSAGE(loaded.has_value(), loaded.error().message);
  return std::move(*loaded);
}

ledger::Record record_of(World& world, const Json& of) {
  return world.ledger->get("case", of["id"].as_string(), everything()).value();
}

/// A case as they were kept before: the timeline in the state, no definition, no summary.
Json old_case(World& world, const Json& like) {
  auto write = ledger::rewrite(record_of(world, like), "as before");
  write.id = "old-case";
  write.expected_version = 0;
  Json state = write.doc["state"];
  Json steps = Json::array();
  for (const auto& step : state["steps"].items()) {
    if (step["id"].as_string() != "detailed_report" && step["id"].as_string() != "personal_data_notice")
      steps.push(step);
  }
  state.set("steps", std::move(steps));
  state.set("case_id", write.id);
  state.set("timeline", json(R"([{"at":"2026-10-20T02:00:00Z","by":"u","by_name":"Old hand","role":"staff",
    "step":"","what":"opened","text":""},{"at":"2026-10-20T02:01:00Z","by":"u","by_name":"Old hand",
    "role":"staff","step":"","what":"note","text":"from before"}])"));
  state.erase("entries");
  state.erase("detected_at");
  for (const char* key : {"definition", "progress", "detected_at", "next_due"}) write.doc.erase(key);
  write.doc.set("state", std::move(state));
  world.env.advance(seconds(1));
  REQUIRE(world.ledger->write(write, system_actor(), world.env.now()));
  return Json::object({{"id", write.id}});
}

}  // namespace

TEST_CASE("incidents: a running case goes on under its own definition when the pack's is replaced") {
  World world;
  const Actor officer = World::officer("a1");
  const Json made = world.create(officer, "a1");
  REQUIRE(world.act(officer, made, "isolate", kIsolate));
  *world.pack = pack_with_other_steps(world.root);
  world.open();  // as after a restart: nothing is remembered
  const auto seen = world.incidents->get(officer, made["id"].as_string());
  REQUIRE_MESSAGE(seen.has_value(), seen.error().message);
  CHECK((*seen)["definition"]["steps"].items().size() == 5);
  CHECK((*seen)["next_needed"].as_string().starts_with("B\u01b0\u1edbc 2"));
  // What is missing is one list, however many rules ask for it.
  const auto parts = split((*seen)["next_needed"].as_string(), ':');
  CHECK(std::count_if(parts.begin(), parts.end(),
                      [](std::string_view part) { return part.ends_with("C\u00f2n thi\u1ebfu"); }) == 1);
  const auto told = world.act(officer, made, "report", kReport);
  REQUIRE_MESSAGE(told.has_value(), told.error().message);
  CHECK((*told)["steps_done"].as_int() == 2);
  world.env.advance(seconds(1));
  CHECK(world.create(officer, "a1")["definition"]["steps"].items().size() == 1);
  const auto listed = world.incidents->list(officer, {});
  REQUIRE(listed);
  CHECK((*listed)["items"].items()[1]["current_step"].as_string() ==
        "B\u01b0\u1edbc 2: X\u00e1c minh v\u00e0 ph\u00e2n lo\u1ea1i");
  // The name of a definition is the digest of its text: another text under it is not followed.
  const auto record = record_of(world, made);
  const auto kept =
      world.ledger->get("workflow_definition", record.doc["definition"].as_string(), everything());
  REQUIRE(kept);
  auto forged = ledger::rewrite(*kept, "forged");
  forged.doc.set("text", kept->doc["text"].as_string() + "# other\n");
  REQUIRE(world.ledger->write(forged, system_actor(), world.env.now()));
  world.open();
  CHECK(world.incidents->get(officer, made["id"].as_string()).error().code == ErrorCode::corrupt);
}

TEST_CASE("slow: incidents: five thousand notes of a page each leave the case as small as it was") {
  World world;
  const Actor officer = World::officer("a1");
  const Json made = world.create(officer, "a1");
  const auto record = record_of(world, made);
  CaseDefinitions definitions(*world.services);
  auto opened = definitions.open(record);
  REQUIRE(opened);
  for (int i = 0; i < 5'000; ++i) {
    workflow::Move note{"", workflow::Verb::note, {}, std::string(8'000, 'x') + std::to_string(i), {}};
    auto next = workflow::act(*opened->definition.definition, opened->state, note, officer, world.env.now());
    REQUIRE(next);
    opened->state = std::move(*next);
  }
  ledger::WriteBatch batch;
  put_state(batch, ledger::rewrite(record, "notes"), opened->definition, opened->state, *world.pack,
            world.env.now());
  REQUIRE(world.ledger->write_batch(batch, officer, world.env.now()));
  CHECK(record_of(world, made).doc.dump().size() < 20'000);
  const auto after = world.act(officer, made, "", R"({"verb":"note","reason":"the last one"})");
  REQUIRE_MESSAGE(after.has_value(), after.error().message);
  CHECK((*after)["timeline_total"].as_int() == 5'002);
  CHECK((*after)["timeline"].items().size() == kTimelineShown);
  CHECK((*after)["timeline"].items().back()["text"].as_string() == "the last one");
  std::string cursor;
  std::size_t seen = 0;
  std::string oldest;
  do {
    const auto page = world.incidents->entries(officer, made["id"].as_string(), cursor, 1'000);
    REQUIRE(page);
    seen += (*page)["items"].items().size();
    oldest = (*page)["items"].items().back()["kind"].as_string();
    cursor = (*page)["next_cursor"].as_string();
  } while (!cursor.empty());
  CHECK(seen == 5'002);
  CHECK(oldest == "opened");
  CHECK(world.incidents->entries(World::officer("a2"), made["id"].as_string(), "", 10).error().code ==
        ErrorCode::not_found);
}

TEST_CASE("incidents: a case from before is read as it is and written anew at its next act") {
  World world;
  const Actor officer = World::officer("a1");
  const Json made = old_case(world, world.create(officer, "a1"));
  const auto seen = world.incidents->get(officer, made["id"].as_string());
  REQUIRE_MESSAGE(seen.has_value(), seen.error().message);
  CHECK((*seen)["timeline"].items().size() == 2);
  CHECK((*seen)["steps_total"].as_int() == 5);
  CHECK((*seen)["clocks"].items().size() >= 2);
  CHECK(world.incidents->list(officer, {})->at_path("items").items()[0]["steps_total"].as_int() == 5);
  CHECK(world.incidents->entries(officer, made["id"].as_string(), "", 10)->at_path("items").items().size() ==
        2);
  CHECK(record_of(world, made).doc["definition"].is_null());
  const auto next = world.act(officer, made, "isolate", kIsolate);
  REQUIRE_MESSAGE(next.has_value(), next.error().message);
  CHECK((*next)["timeline"].items().size() == 3);
  CHECK((*next)["timeline"].items()[1]["text"].as_string() == "from before");
  const auto record = record_of(world, made);
  CHECK(record.doc["definition"].as_string().starts_with("incident."));
  CHECK(record.doc["state"]["timeline"].is_null());
  CHECK(record.doc["progress"]["steps_done"].as_int() == 1);
  CHECK(record.doc["state"]["steps"].items().size() == 7);
}

TEST_CASE("incidents: detection is given or corrected with a reason, and clocks follow") {
  World world;
  const Actor officer = World::officer("a1");
  const Actor head = World::person(Role::agency_head, "a1");
  Json body = Json::object({{"title", "Mail box abused"}, {"agency_id", "a1"}});
  CHECK(world.incidents->create(officer, body.set("detected_at", "2026-10-21T09:00:00+07:00"))
            .error()
            .text_id == "workflow.detected_late");
  CHECK(world.incidents->create(officer, body.set("detected_at", "noon")).error().code == ErrorCode::invalid);
  const auto made = world.incidents->create(officer, body.set("detected_at", "2026-06-30T23:59:40+07:00"));
  REQUIRE_MESSAGE(made.has_value(), made.error().message);
  CHECK((*made)["detected_at"].as_string() == "2026-06-30T16:59:00Z");
  const auto rule_in = [](const Json& of) {
    for (const auto& clock : of["clocks"].items()) {
      if (clock["rule"].is_string()) return clock["rule"].as_string();
    }
    return std::string();
  };
  CHECK(rule_in(*made) == "VN-LEGACY");
  const std::string id = (*made)["id"].as_string();
  const Json correction = json(R"({"detected_at":"2026-10-20T08:30:00+07:00","reason":"The log says so"})");
  CHECK(world.incidents->correct_detected(head, id, correction).error().code == ErrorCode::denied);
  CHECK(world.incidents->correct_detected(officer, id, json(R"({"reason":"x"})")).error().code ==
        ErrorCode::invalid);
  const auto after = world.incidents->correct_detected(officer, id, correction);
  REQUIRE_MESSAGE(after.has_value(), after.error().message);
  CHECK(rule_in(*after) == "VN-2026");
  CHECK((*after)["timeline"].items().back()["kind"].as_string() == "detected");
  CHECK(record_of(world, *made).doc["next_due"].as_string() == "2026-10-20T02:30:00Z");
}

TEST_CASE("incidents: the most urgent first: by the nearest clock, then what has none, and how many in all") {
  World world;
  const Actor operator_ = World::person(Role::province_operator, "a1");
  std::vector<std::string> ids;
  for (const char* agency : {"a1", "a2", "a1", "a2"}) {
    ids.push_back(world.create(operator_, agency)["id"].as_string());
    world.env.set_now(world.env.now() + minutes(1));
  }
  const auto due = [&](std::size_t i, const Json& at) {
    auto write = ledger::rewrite(world.ledger->get(kCaseKind, ids[i], everything()).value(), "test");
    write.doc.erase("next_due");
    if (at.is_string()) write.doc.set("next_due", at);
    REQUIRE(world.ledger->write(write, system_actor(), world.env.now()));
  };
  due(0, "2026-10-22T00:00:00Z");
  due(1, "2026-10-21T00:00:00Z");
  due(2, {});
  due(3, {});
  using Order = Incidents::Filter::Order;
  const auto listed = [&](const Actor& actor, Order order, std::size_t limit) {
    const auto page = world.incidents->list(actor, {.status = "open", .order = order, .limit = limit});
    REQUIRE_MESSAGE(page.has_value(), page.error().message);
    std::string out;
    for (const auto& item : (*page)["items"].items()) {
      const auto at = std::find(ids.begin(), ids.end(), item["id"].as_string());
      out += std::to_string(at - ids.begin());
    }
    return out + (*page)["next_cursor"].string_or("").substr(0, 1).append("/") +
           std::to_string((*page)["total"].as_int());
  };
  CHECK(listed(operator_, Order::urgent, 200) == "1032/4");
  CHECK(listed(operator_, Order::urgent, 3) == "103/4");
  CHECK(listed(operator_, Order::urgent, 1) == "1/4");
  CHECK(listed(operator_, Order::due, 200) == "10/2");
  CHECK(listed(operator_, Order::newest, 200) == "3210/4");
  const Actor officer = World::officer("a1");
  CHECK(listed(officer, Order::urgent, 200) == "02/2");
  CHECK(listed(officer, Order::due, 200) == "0/1");
}

TEST_CASE("incidents: a part of a case is a case of its own, led by another agency") {
  World world;
  const Actor officer = World::officer("a1");
  const Actor operating = World::person(Role::province_operator, "");
  const Json made = world.create(officer, "a1");
  const std::string id = made["id"].as_string();
  const auto part_of = [&](const Actor& actor, const std::string& parent, const std::string& agency) {
    return world.incidents->create(
        actor, Json::object({{"title", "Clean the PCs"}, {"agency_id", agency}, {"parent_id", parent}}));
  };
  CHECK(part_of(officer, id, "a2").error().code == ErrorCode::not_found);  // nor in another agency
  CHECK(part_of(World::officer("a2"), id, "a2").error().code == ErrorCode::not_found);  // nor of its case
  const auto part = part_of(operating, id, "a2");
  REQUIRE_MESSAGE(part.has_value(), part.error().message);
  CHECK(part->at_path("links.parent.id").as_string() == id);
  const std::string part_id = (*part)["id"].as_string();
  CHECK(part_of(operating, part_id, "a1").error().text_id == "case.part_of_part");
  const auto links = [&](const Actor& actor, const std::string& of) {
    return (*world.incidents->get(actor, of))["links"];
  };
  CHECK(links(operating, id)["parts"].size() == 1);
  CHECK(links(officer, id)["parts"].size() == 0);  // of another agency
  CHECK(links(World::officer("a2"), part_id)["parent"].is_null());
  const auto last = [&] { return (*world.incidents->get(officer, id))["timeline"].items().back(); };
  CHECK(last()["text"].as_string().find("Clean the PCs") != std::string::npos);
  // Merged, the other case has the part.
  const std::string other = world.create(officer, "a1")["id"].as_string();
  REQUIRE(world.incidents->merge(officer, id, Json::object({{"into", other}, {"reason", "one matter"}})));
  CHECK(links(operating, part_id)["parent"]["id"].as_string() == other);
  REQUIRE(world.incidents->stop(World::officer("a2"), part_id, "clean"));
  const auto told = (*world.incidents->get(officer, other))["timeline"].items().back();
  CHECK(told["kind"].as_string() == "part");
  REQUIRE(world.incidents->reopen(operating, part_id, "again"));
  REQUIRE(world.incidents->stop(operating, part_id, "clean"));
  REQUIRE(world.incidents->stop(officer, other, "over"));
  CHECK(world.incidents->reopen(operating, part_id, "again").error().text_id == "case.parent_closed");
}

TEST_CASE("incidents: what ended is opened again, what leads nowhere ends early; a right of its own each") {
  World world;
  const Actor officer = World::officer("a1");
  const Actor head = World::person(Role::agency_head, "a1");
  const Json made = world.create(officer, "a1");
  const std::string id = made["id"].as_string();
  CHECK(world.incidents->stop(head, id, "x").error().code == ErrorCode::denied);
  CHECK(world.incidents->stop(World::officer("a2"), id, "x").error().code == ErrorCode::not_found);
  CHECK(world.incidents->get(head, id)->at_path("may.stop").as_bool() == false);
  CHECK(world.incidents->get(officer, id)->at_path("may.stop").as_bool());
  const auto stopped = world.incidents->stop(officer, id, "A drill of another office");
  REQUIRE_MESSAGE(stopped.has_value(), stopped.error().message);
  CHECK((*stopped)["status"].as_string() == "closed");
  CHECK((*stopped)["stop_reason"].as_string() == "A drill of another office");
  CHECK((*stopped)["clocks"].items().empty());
  CHECK(record_of(world, made).doc["next_due"].is_null());
  const auto open = world.incidents->reopen(officer, id, "It was none");
  REQUIRE_MESSAGE(open.has_value(), open.error().message);
  CHECK((*open)["status"].as_string() == "open");
  CHECK((*open)["closed_at"].is_null());
  CHECK_FALSE((*open)["clocks"].items().empty());
  CHECK(world.act(officer, made, "isolate", kIsolate));
  // Steps say who may act on them.
  const auto for_head = world.incidents->get(head, id);
  REQUIRE(for_head);
  CHECK_FALSE((*for_head)["steps"].items()[0]["may_act"].as_bool());
  CHECK((*for_head)["steps"].items()[3]["may_act"].as_bool());
}

}  // namespace incidents_test
