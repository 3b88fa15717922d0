// SPDX-License-Identifier: Apache-2.0
// Reports before there is a case: what a stranger can and cannot do, that each is answered once and by whom,
// how reports, alerts and cases come together without loss, and that an exercise stays one.
#include "hub/incident_reports.h"

#include <doctest/doctest.h>

#include "base/text.h"
#include "hub/hub_test_folder.h"
#include "hub/orders.h"

namespace incident_reports_test {

using namespace phendau;
using namespace phendau::hub;

namespace {

struct World : TestHub {
  World() : TestHub("hung-yen") {
    env.set_now(*parse_rfc3339("2026-10-20T09:00:00+07:00"));
    add_agency("a1");
    add_agency("a2");
    alerts = std::make_unique<Alerts>(*services);
    incidents = std::make_unique<Incidents>(*services, *alerts);
    records = std::make_unique<Records>(*services);
    deliveries = std::make_unique<Deliveries>(*services, [](const Parcel&, const std::atomic<bool>&) {
      return net::SendReply{net::SendEnd::accepted, "250 ok"};
    });
    reports = std::make_unique<IncidentReports>(*services, *incidents, *records, *deliveries);
  }
  static Actor person(Role role, const std::string& agency) {
    Actor out = officer(agency);
    out.role = role;
    return out;
  }
  static Json fields(const std::string& title = "Ransom note", const std::string& agency = "a1") {
    return Json::object({{"agency_id", agency},
                         {"about", "incident"},
                         {"title", title},
                         {"once", std::string(32, 'a')},
                         {"email", "a@tinh.example"}});
  }
  std::string add(const std::string& title = "Ransom note", bool exercise = false) {
    Json body = fields(title);
    body.set("channel", "phone").set("received_at", "2026-10-20T08:40:00+07:00").set("exercise", exercise);
    const auto made = reports->receive(system_actor(), body);
    REQUIRE_MESSAGE(made.has_value(), made.error().message);
    return (*made)["id"].as_string();
  }
  Result<Json> decide(const std::string& id, Json body, const Actor& actor = system_actor()) {
    return reports->decide(actor, id, body);
  }
  std::string open_case(const std::string& report, bool exercise = false) {
    const auto done = decide(report, Json::object({{"decision", "opened"}, {"exercise", exercise}}));
    REQUIRE_MESSAGE(done.has_value(), done.error().message);
    return (*done)["case_id"].as_string();
  }
  std::string add_alert(const std::string& agency = "a1") {
    ledger::Write write;
    write.kind = "alert";
    write.id = new_ulid(env);
    write.agency_id = agency;
    write.state = "new";
    write.doc.set("rule_id", "r").set("rule_title", "Rule").set("level", "high").set("host", "m1");
    const auto made = ledger->write(write, system_actor(), env.now());
    REQUIRE_MESSAGE(made.has_value(), made.error().message);
    return write.id;
  }
  Json doc_of(std::string_view kind, const std::string& id) {
    return ledger->get(kind, id, everything()).value().doc;
  }

  std::unique_ptr<Alerts> alerts;
  std::unique_ptr<Incidents> incidents;
  std::unique_ptr<Records> records;
  std::unique_ptr<Deliveries> deliveries;
  std::unique_ptr<IncidentReports> reports;
};

}  // namespace

TEST_CASE("incident reports: counts within a window, by key, and forgets") {
  WindowCounter counter(hours(1), 2);
  const UtcTime begin = *parse_rfc3339("2026-10-20T09:00:00Z");
  CHECK(counter.take("a", 2, begin));
  CHECK(counter.take("a", 2, begin + minutes(59)));
  CHECK_FALSE(counter.take("a", 2, begin + minutes(59)));
  CHECK(counter.take("b", 2, begin + minutes(59)));
  CHECK_FALSE(counter.take("c", 2, begin + minutes(59)));  // no room for another key
  CHECK(counter.take("c", 2, begin + hours(1)));           // a has gone
  CHECK(counter.take("a", 2, begin + hours(2)));
}

TEST_CASE(
    "incident reports: what a stranger sends twice is one report, cleaned, and its number says nothing") {
  World world;
  Json sent = World::fields("Ransom\x01 \xE2\x80\xAEnote\n");
  const auto first = world.reports->receive_public(sent, "192.0.2.1");
  REQUIRE_MESSAGE(first.has_value(), first.error().message);
  world.env.set_now(*parse_rfc3339("2026-10-20T09:01:00+07:00"));
  CHECK(world.reports->receive_public(sent, "192.0.2.1")->number == first->number);
  CHECK(first->number.size() == 9);
  CHECK(first->by_mail);
  sent.set("text", "more");
  CHECK(world.reports->receive_public(sent, "192.0.2.1")->number != first->number);
  const auto list = world.reports->list(system_actor(), {});
  REQUIRE(list);
  CHECK((*list)["total"].as_int() == 2);
  CHECK((*list)["items"].items()[1]["title"].as_string() == "Ransom note");
  CHECK((*list)["items"].items()[1]["channel"].as_string() == "form");
}

TEST_CASE("incident reports: a stranger's wrong, marked or endless reports are refused, and counted") {
  World world;
  const auto refused = [&](const char* name, Json value) {
    Json sent = World::fields();
    sent.set(name, std::move(value));
    return world.reports->receive_public(sent, "192.0.2.2").error();
  };
  CHECK(refused("title", " ").args == std::vector<std::string>{"title"});
  CHECK(refused("title", std::string(601, 'x')).args == std::vector<std::string>{"title"});
  CHECK(refused("agency_id", "a9").args == std::vector<std::string>{"agency_id"});
  CHECK(refused("agency_id", "").args == std::vector<std::string>{"agency_id"});  // no lead department here
  CHECK(refused("about", "x").args == std::vector<std::string>{"about"});
  CHECK(refused("email", "a@b@c").args == std::vector<std::string>{"email"});
  CHECK(refused("found_at", "2027-01-01T00:00:00Z").text_id == "workflow.detected_late");
  CHECK(refused("text", "A\nT\u1ED0I M\u1EACT\nB").text_id.starts_with("upload."));
  CHECK((*world.reports->list(system_actor(), {}))["total"].as_int() == 0);
  std::string last;
  for (int i = 0; i <= kReportsPerSenderHour; ++i) {
    const auto got = world.reports->receive_public(World::fields(std::to_string(i)), "192.0.2.3");
    last = got ? "" : got.error().text_id;
  }
  CHECK(last == "report.too_many");
  CHECK(world.reports->receive_public(World::fields("other"), "192.0.2.4").has_value());
  int taken = 0;
  for (int i = 0; i < kReportsPerHour; ++i) {
    const std::string from = "198.51.100." + std::to_string(i);
    taken += world.reports->receive_public(World::fields("m" + std::to_string(i)), from) ? 1 : 0;
  }
  CHECK(taken < kReportsPerHour);
  CHECK((*world.reports->list(system_actor(), {}))["refused"].as_int() > 0);
  CHECK_FALSE((*world.reports->list(World::officer("a1"), {})).contains("refused"));
}

TEST_CASE("incident reports: who may send, read and answer them") {
  World world;
  const Actor staff = World::person(Role::staff, "a1");
  CHECK(world.reports->receive(staff, World::fields()).has_value());
  CHECK(world.reports->receive(staff, World::fields("x", "a2")).error().code == ErrorCode::not_found);
  CHECK(world.reports->list(staff, {}).error().code == ErrorCode::denied);
  const std::string id = world.add();
  CHECK(world.reports->get(World::officer("a1"), id).has_value());
  CHECK(world.reports->get(World::officer("a2"), id).error().code == ErrorCode::not_found);
  const Actor head = World::person(Role::agency_head, "a1");
  CHECK((*world.reports->get(head, id))["may_decide"].as_bool() == false);
  const Json none = Json::object({{"decision", "answered"}, {"answer", "a printer"}});
  CHECK(world.decide(id, none, head).error().code == ErrorCode::denied);
  CHECK(world.decide(id, none, World::officer("a2")).error().code == ErrorCode::not_found);
  CHECK(world.decide(id, none, World::officer("a1")).has_value());
  CHECK(world.decide(id, none).error().text_id == "report.decided");
  CHECK(world.doc_of(kReportKind, id)["answer"].as_string() == "a printer");
}

TEST_CASE("incident reports: several reports and alerts open one case, another is linked to it") {
  World world;
  const std::string first = world.add("First");
  const std::string second = world.add("Second");
  const std::string third = world.add("Third");
  const std::string alert = world.add_alert();
  const auto done = world.decide(first, Json::object({{"decision", "opened"},
                                                      {"report_ids", Json::array({Json(second)})},
                                                      {"alert_ids", Json::array({Json(alert)})}}));
  REQUIRE_MESSAGE(done.has_value(), done.error().message);
  const std::string id = (*done)["case_id"].as_string();
  CHECK(world.doc_of(kReportKind, second)["case_id"].as_string() == id);
  CHECK(world.doc_of("alert", alert)["case_id"].as_string() == id);
  // Detection counts from when the report came, not from when somebody read it.
  CHECK(world.doc_of("case", id)["detected_at"].as_string() == "2026-10-20T01:40:00Z");
  CHECK(world.decide(third, Json::object({{"decision", "linked"}, {"case_id", "x"}})).error().code ==
        ErrorCode::not_found);
  REQUIRE(world.decide(third, Json::object({{"decision", "linked"}, {"case_id", id}})).has_value());
  const auto view = world.incidents->get(system_actor(), id);
  REQUIRE(view);
  CHECK((*view)["links"]["reports"].size() == 3);
  CHECK((*view)["alerts"].size() == 1);
  // A second alert may come later; one that is taken, or of another agency, may not.
  const auto more = [&](const std::string& of) {
    return world.incidents->add_alerts(
        system_actor(), id,
        Json::object({{"alert_ids", Json::array({Json(of)})}, {"reason", "same machine"}}));
  };
  CHECK(more(alert).error().text_id == "case.alert_taken");
  CHECK(more(world.add_alert("a2")).error().text_id == "case.other_agency");
  CHECK(more(world.add_alert()).has_value());
}

TEST_CASE("incident reports: of two cases one goes on and the other is found through it") {
  World world;
  const std::string one = world.open_case(world.add("One"));
  const std::string report = world.add("Two");
  const std::string two = world.open_case(report);
  const auto merge = [&](const std::string& from, const std::string& into, const Actor& actor) {
    return world.incidents->merge(actor, from, Json::object({{"into", into}, {"reason", "same matter"}}));
  };
  CHECK(merge(two, two, system_actor()).error().text_id == "request.invalid");
  CHECK(merge(two, one, World::officer("a2")).error().code == ErrorCode::not_found);
  CHECK(merge(two, one, World::person(Role::agency_head, "a1")).error().code == ErrorCode::denied);
  const auto ended = merge(two, one, World::officer("a1"));
  REQUIRE_MESSAGE(ended.has_value(), ended.error().message);
  CHECK((*ended)["status"].as_string() == "closed");
  CHECK((*ended)["links"]["merged_into"]["id"].as_string() == one);
  const auto whole = world.incidents->whole(system_actor(), one);
  REQUIRE(whole);
  CHECK((*whole)["links"]["merged_from"].items()[0]["id"].as_string() == two);
  CHECK((*whole)["links"]["reports"].size() == 2);
  CHECK((*whole)["timeline"].items().back()["text"].as_string().find(two) != std::string::npos);
  CHECK(world.doc_of(kReportKind, report)["case_id"].as_string() == one);
  CHECK(world.incidents->reopen(system_actor(), two, "x").error().text_id == "case.merged");
  CHECK(merge(one, two, system_actor()).error().code == ErrorCode::conflict);  // it has ended
}

TEST_CASE(
    "incident reports: an exercise is one from its opening on, is counted nowhere and cuts nothing off") {
  World world;
  const std::string drill = world.open_case(world.add("Drill", true));
  const std::string real = world.open_case(world.add("Real"));
  const auto view = world.incidents->get(system_actor(), drill);
  REQUIRE(view);
  CHECK((*view)["exercise"].as_bool());
  CHECK(world.incidents->merge(system_actor(), drill, Json::object({{"into", real}, {"reason", "x"}}))
            .error()
            .text_id == "case.exercise_mixed");
  CHECK(
      world.decide(world.add(), Json::object({{"decision", "linked"}, {"case_id", drill}})).error().text_id ==
      "case.exercise_mixed");
  CHECK((*world.incidents->list(system_actor(), {}))["total"].as_int() == 1);
  const auto exercises = world.incidents->list(system_actor(), {.exercise = true});
  REQUIRE((*exercises)["total"].as_int() == 1);
  CHECK((*exercises)["items"].items()[0]["id"].as_string() == drill);
  Keys keys;
  keys.journal_key = std::string(32, 'j');
  Orders orders(*world.services, keys);
  ledger::Write device;
  device.kind = "device";
  device.id = "d1";
  device.agency_id = "a1";
  device.state = "enrolled";
  REQUIRE(world.ledger->write(device, system_actor(), world.env.now()));
  Json order = Json::object(
      {{"order", "isolate"}, {"ordered_by", "x"}, {"reason", "x"}, {"weighed", "x"}, {"case_id", drill}});
  CHECK(orders.issue(system_actor(), "d1", order).error().text_id == "order.exercise");
  order.set("exercise_confirmed", true);
  const auto issued = orders.issue(system_actor(), "d1", order);
  REQUIRE_MESSAGE(issued.has_value(), issued.error().message);
  CHECK((*issued)["exercise"].as_bool());
}

TEST_CASE("incident reports: a table whose outcome the form does not know keeps the pack from being used") {
  namespace fs = std::filesystem;
  World world;
  const std::string base = world.root + "/packs/base";
  fs::create_directories(world.root + "/packs");
  fs::copy(std::string(PHENDAU_SOURCE_DIR) + "/packs/base", base, fs::copy_options::recursive);
  REQUIRE(ActivePack::load(posix_env(), base).has_value());
  std::string text = read_file(posix_env(), base + "/classification.yaml", 1u << 20).value();
  text = replace_all(text, "id: serious\n", "id: grave\n");
  REQUIRE(write_file_atomic(posix_env(), base + "/classification.yaml", text));
  const auto refused = ActivePack::load(posix_env(), base);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message.find("'grave' is no value of verify.serious") != std::string::npos);
}

}  // namespace incident_reports_test
