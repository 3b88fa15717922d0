// SPDX-License-Identifier: Apache-2.0
// Cases of a province's pack in a real ledger: who may do which step.
#include "hub/incidents.h"

#include <doctest/doctest.h>

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

}  // namespace incidents_test
