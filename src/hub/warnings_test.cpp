// SPDX-License-Identifier: Apache-2.0
// Warnings to agencies: who is addressed, who sees what, receipts and readings, who is silent after the term,
// and the hub's setting that follows, both ways.
#include "hub/warnings.h"

#include <doctest/doctest.h>

#include "hub/hub_settings.h"
#include "hub/hub_test_folder.h"

namespace warnings_test {

using namespace phendau;
using namespace phendau::hub;

namespace {

Json json(std::string_view text) { return parse_json(text).value(); }

Actor person(Role role, std::string id, std::vector<std::string> agencies) {
  Actor out;
  out.user_id = out.name = std::move(id);
  out.role = role;
  out.agency_ids = std::move(agencies);
  return out;
}

constexpr const char* kDoc =
    R"({"kind":["malware"],"title":"Ma doc moi","text":"Gui qua thu","measures":"Khong mo")";

struct World {
  TestHub hub;
  Records records{*hub.services};
  Warnings warnings{*hub.services, records};
  Actor police = person(Role::partner, "police", {"p1"});
  Actor officer = TestHub::officer("a1");
  Actor staff = person(Role::staff, "staff", {"a1"});

  World() {
    hub.env.set_now(*parse_rfc3339("2026-11-16T08:00:00+07:00"));  // a Monday
    for (const char* id : {"a1", "a2", "p1"}) hub.add_agency(id);
  }
  Json send(const Actor& actor, const std::string& more = "") {
    const auto sent = warnings.send(actor, json(R"({"doc":)" + std::string(kDoc) + more + "}}"));
    if (!sent) CAPTURE(sent.error().message);
    REQUIRE(sent);
    return *sent;
  }
  std::optional<Json> setting() {
    const auto settings = hub_settings(*hub.services, hub.env.now());
    const auto at = settings.find("warnings.receipts");
    return at == settings.end() ? std::nullopt : std::optional(at->second);
  }
};

}  // namespace

TEST_CASE("warnings: the police send to everybody, each answers for itself") {
  World world;
  CHECK_FALSE(world.setting());  // nothing was sent: nobody knows
  const Json sent = world.send(world.police);
  const std::string id = sent["id"].as_string();
  CHECK(sent["state"].as_string() == "issued");
  CHECK(sent["counts"]["sent"].as_int() == 2);          // not itself
  CHECK(sent["reply_by"].as_string() == "2026-11-23");  // five working days by the pack
  const Json seen = (*world.warnings.list(world.officer, "", "", 50))["items"];
  REQUIRE(seen.size() == 1);
  CHECK(seen.items()[0]["counts"].is_null());  // how others stand is for the sender
  CHECK(seen.items()[0]["own"].items()[0]["state"].as_string() == "none");
  // Staff read; that is no receipt of the agency.
  REQUIRE(world.warnings.acknowledge(world.staff, id, json("{}")));
  CHECK((*world.warnings.get(world.officer, id))["own"].items()[0]["readers"].as_int() == 1);
  CHECK((*world.warnings.get(world.officer, id))["own"].items()[0]["state"].as_string() == "none");
  const auto received = world.warnings.acknowledge(world.officer, id, json("{}"));
  REQUIRE(received);
  CHECK((*received)["own"].items()[0]["state"].as_string() == "received");
  CHECK((*received)["receipts"].size() == 0);
  const auto done =
      world.warnings.acknowledge(world.officer, id, json(R"({"measures_taken":"Da quet may"})"));
  CHECK((*done)["own"].items()[0]["state"].as_string() == "done");
  CHECK((*done)["own"].items()[0]["done_on"].as_string() == "2026-11-16");
  REQUIRE(world.warnings.acknowledge(world.officer, id, json("{}")));  // once more changes nothing
  CHECK((*world.warnings.get(world.police, id))["counts"]["done"].as_int() == 1);
  // Nobody answers for another agency.
  CHECK_FALSE(world.warnings.acknowledge(world.officer, id, json(R"({"agency_id":"a2"})")));
}

TEST_CASE("warnings: who was not addressed learns nothing; officers send none") {
  World world;
  const Json sent = world.send(world.police, R"(,"to_agencies":["a2"])");
  CHECK(sent["counts"]["sent"].as_int() == 1);
  const std::string id = sent["id"].as_string();
  CHECK((*world.warnings.list(world.officer, "", "", 50))["items"].size() == 0);
  CHECK(world.warnings.get(world.officer, id).error().code == ErrorCode::not_found);
  CHECK(world.warnings.acknowledge(world.officer, id, json("{}")).error().code == ErrorCode::not_found);
  CHECK((*world.warnings.list(TestHub::officer("a2"), "", "", 50))["items"].size() == 1);
  CHECK((*world.warnings.list(world.police, "sent", "", 50))["items"].size() == 1);
  const std::string body = R"({"doc":)" + std::string(kDoc) + "}}";
  CHECK_FALSE(world.warnings.send(world.officer, json(body)));
  CHECK_FALSE(world.warnings.send(world.staff, json(body)));
  const auto nobody = world.warnings.send(
      world.police, json(R"({"doc":)" + std::string(kDoc) + R"(,"to_classes":["none_such"]}})"));
  CHECK(nobody.error().text_id == "warning.nobody");
}

TEST_CASE("warnings: the police choose whom they warn, by name; who sends none is told no names") {
  World world;
  ledger::Write write;
  write.kind = "agency";
  write.id = write.agency_id = "a3";
  write.state = "abolished";
  write.doc.set("name", "Agency a3");
  REQUIRE(world.hub.ledger->write(write, system_actor(), world.hub.env.now()));
  const Json listed = world.warnings.addressees(world.police, "").value();
  std::vector<std::string> ids;
  for (const auto& one : listed["agencies"].items()) {
    ids.push_back(one["id"].as_string());
    CHECK(one.members().size() == 3);  // id, name, class: nothing else of it
  }
  CHECK(ids == std::vector<std::string>{"a1", "a2", "p1"});
  CHECK_FALSE(world.warnings.addressees(world.officer, ""));
  CHECK_FALSE(world.warnings.addressees(world.staff, ""));
  const Json sent = world.send(world.police, R"(,"to_agencies":["a2"])");
  REQUIRE(sent["receipts"].size() == 1);
  CHECK(sent["receipts"].items()[0]["agency_id"].as_string() == "a2");
}

TEST_CASE("warnings: by software, in any spelling, as far as the sender may read the registers") {
  World world;
  const auto has = [&](const char* agency, const char* kind, const char* state, const char* field,
                       const char* what) {
    ledger::Write write;
    write.kind = kind;
    write.id = new_ulid(world.hub.env);
    write.agency_id = agency;
    write.state = state;
    write.doc.set(field, what);
    if (write.kind == "software_approval")
      write.doc.set("purpose", "books").set("requested_on", "2026-01-05");
    const auto written = world.hub.ledger->write(write, system_actor(), world.hub.env.now());
    REQUIRE_MESSAGE(written.has_value(), written.error().message);
  };
  has("a1", "software_approval", "approved", "software", "K\u1EBF To\u00E1n Misa 2024");
  has("a2", "software_approval", "withdrawn", "software", "K\u1EBF to\u00E1n MISA 2022");  // no longer used
  has("a2", "device", "enrolled", "os", "Debian GNU/Linux 12");
  has("p1", "device", "enrolled", "os", "debian 11");
  const auto using_it = [&](const Actor& actor, const char* name) {
    const Json found = world.warnings.addressees(actor, name).value()["using"];
    std::vector<std::string> out;
    for (const auto& one : found.items()) out.push_back(one["agency_id"].as_string());
    return out;
  };
  const Actor province = person(Role::province_operator, "truc", {});
  CHECK(using_it(province, "ke toan misa") == std::vector<std::string>{"a1"});
  CHECK(using_it(province, "DEBIAN") == std::vector<std::string>{"a2", "p1"});
  CHECK(using_it(province, "windows").empty());
  CHECK(using_it(world.police, "debian") == std::vector<std::string>{"p1"});
  CHECK(world.warnings.addressees(province, "  a ").error().code == ErrorCode::invalid);
  CHECK_FALSE(world.warnings.addressees(world.officer, "debian"));
}

TEST_CASE("warnings: silence after the term turns the setting, an answer turns it back") {
  World world;
  const Json sent = world.send(world.police);
  const std::string id = sent["id"].as_string();
  CHECK(world.setting() == std::optional(Json(true)));  // the term runs
  REQUIRE(world.warnings.acknowledge(world.officer, id, json("{}")));
  world.hub.env.advance(days(8));  // 24/11
  CHECK(world.setting() == std::optional(Json(false)));
  const auto silent = silent_warnings(*world.hub.services, world.hub.env.now(), everything());
  REQUIRE(silent->size() == 1);
  CHECK(silent->items()[0]["silent"].items()[0].as_string() == "a2");
  CHECK((*world.warnings.get(system_actor(), id))["counts"]["silent"].as_int() == 1);
  REQUIRE(world.warnings.acknowledge(TestHub::officer("a2"), id, json("{}")));
  CHECK(world.setting() == std::optional(Json(true)));
}

}  // namespace warnings_test
