// SPDX-License-Identifier: Apache-2.0
// A list becomes rules: sought in what is stored first, held against the province's own names, in force until
// its last day, and over when somebody says so.
#include "hub/indicators.h"

#include <doctest/doctest.h>

#include "detect/matcher.h"
#include "hub/hub_test_folder.h"
#include "hub/live_rules.h"

namespace phendau::hub::indicators_test {
namespace {

struct World {
  TestHub hub;
  Indicators lists{*hub.services};
  Actor chief;

  World() {
    chief.user_id = "op";
    chief.role = Role::province_operator;
    hub.add_agency("a1");
    hub.add_agency("a2");
    REQUIRE(lists.open());
  }
  Batch question(const std::string& agency, const std::string& name) {
    BatchBuilder builder("test");
    hub.env.advance(seconds(1));
    BatchBuilder::Row row;
    row.event_time = row.received_time = hub.env.now();
    row.source = "s";
    row.host = "may1";
    row.agency = agency;
    row.logsource = "zeek//dns";
    row.raw = name;
    builder.begin_row(row);
    builder.add("query", name);
    return builder.finish();
  }
  std::string day(std::int64_t ahead) {
    return format_date(civil_from_days(days_from_civil(to_civil(hub.env.now(), kHubZone).date) + ahead));
  }
  Indicators::Import file(const std::string& bytes) {
    return {"L", "cert", "", day(10), "warning 12", bytes};
  }
  Json made(const std::string& bytes) {
    const auto out = lists.import(chief, file(bytes));
    REQUIRE_MESSAGE(out.has_value(), (out ? "" : out.error().message));
    return *out;
  }
  Json worked(const std::string& id) {
    REQUIRE(lists.work_once());
    const auto out = lists.get(chief, id);
    REQUIRE(out);
    return *out;
  }
  std::size_t matches(const std::string& name) {
    return detect::match(hub.services->rules->current()->plan, question("a1", name)).size();
  }
  void record(const std::string& kind, const std::string& agency, const std::string& state, Json doc) {
    ledger::Write write;
    write.kind = kind;
    write.agency_id = agency;
    write.state = state;
    write.reason = "test";
    write.doc = std::move(doc);
    const auto done = hub.ledger->write(write, system_actor(), hub.env.now());
    REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().message));
  }
};

}  // namespace

TEST_CASE("indicators: sought in the journal, put in force, ended") {
  World world;
  REQUIRE(world.hub.journal->append(world.question("a2", "c2.xau.example"), {}));
  REQUIRE(world.hub.journal->append(world.question("a1", "tot.example"), {}));
  const std::string id = world.made("xau.example\n203.0.113.7\n")["id"].as_string();
  CHECK_FALSE(world.lists.enforce(world.chief, id));  // nobody has looked yet
  const Json found = world.worked(id);
  CHECK(found["hunt"]["events"].as_int() == 2);
  CHECK(found["hunt"]["matches"].as_int() == 1);
  REQUIRE(found["hunt"]["agencies"].items().size() == 1);
  CHECK(found["hunt"]["agencies"].items()[0]["agency_id"].as_string() == "a2");
  CHECK(found["hunt"]["refs"].items().size() == 1);
  CHECK(found["tlp"].as_string() == "TLP:AMBER");
  CHECK(found["counts"]["domain"].as_int() == 1);
  CHECK(world.matches("c2.xau.example") == 0);

  REQUIRE(world.lists.enforce(world.chief, id));
  REQUIRE(world.lists.work_once());
  CHECK(world.matches("c2.xau.example") == 1);
  CHECK(world.matches("tot.example") == 0);
  CHECK_FALSE(world.lists.enforce(world.chief, id));

  // A hub that starts again reads it from the ledger.
  Indicators again(*world.hub.services);
  world.hub.services->rules->put_indicators({});
  CHECK(world.matches("c2.xau.example") == 0);
  REQUIRE(again.open());
  CHECK(world.matches("c2.xau.example") == 1);

  REQUIRE(world.lists.end(world.chief, id, Json::object({{"reason", "over"}})));
  REQUIRE(world.lists.work_once());
  CHECK(world.matches("c2.xau.example") == 0);
}

TEST_CASE("indicators: one value of a list is left out, and alerts again when it is taken back") {
  World world;
  const std::string id = world.made("xau.example\n203.0.113.7\n")["id"].as_string();
  world.worked(id);
  const auto leave = [&](const char* value, bool out, const char* reason) {
    return world.lists.leave_out(world.chief, id,
                                 Json::object({{"value", value}, {"out", out}, {"reason", reason}}));
  };
  REQUIRE(world.lists.enforce(world.chief, id));
  REQUIRE(world.lists.work_once());
  CHECK(world.matches("c2.xau.example") == 1);
  CHECK_FALSE(leave("xau.example", true, " "));
  CHECK_FALSE(leave("khac.example", true, "not on it"));
  const auto left = leave("xau.example", true, "our own name");
  REQUIRE_MESSAGE(left.has_value(), left.error().message);
  CHECK((*left)["values"].size() == 1);
  CHECK((*left)["left_out"].items().at(0)["reason"].as_string() == "our own name");
  REQUIRE(world.lists.work_once());
  CHECK(world.matches("c2.xau.example") == 0);
  Indicators again(*world.hub.services);  // after a start, too
  REQUIRE(again.open());
  CHECK(world.matches("c2.xau.example") == 0);
  REQUIRE(leave("xau.example", false, "it is theirs"));
  REQUIRE(world.lists.work_once());
  CHECK(world.matches("c2.xau.example") == 1);
}

TEST_CASE("indicators: a list ends by itself after its last day") {
  World world;
  const std::string id = world.made("xau.example")["id"].as_string();
  world.worked(id);
  REQUIRE(world.lists.enforce(world.chief, id));
  REQUIRE(world.lists.work_once());
  CHECK(world.matches("xau.example") == 1);
  world.hub.env.advance(days(11));
  CHECK(world.worked(id)["state"].as_string() == "ended");
  CHECK(world.matches("xau.example") == 0);
}

TEST_CASE("indicators: what of the province is on the list, and only that") {
  World world;
  world.record("ip_prefix", "", "allocated",
               Json::object({{"prefix", "203.0.113.0/28"}, {"purpose", "x"}, {"agency_id", "a1"}}));
  world.record("ip_prefix", "", "allocated",
               Json::object({{"prefix", "198.51.100.0/24"}, {"purpose", "x"}, {"agency_id", "a2"}}));
  std::vector<Indicator> list;
  for (const char* value :
       {"203.0.113.7", "203.0.113.16", "203.0.0.0/16", "198.51.101.1", "203.0.113.0/30", "2001:db8::7"}) {
    auto one = indicator_from(std::string_view(value));
    REQUIRE(one);
    list.push_back(*one);
  }
  const auto owners = owners_on_list(*world.hub.services, list);
  REQUIRE(owners);
  std::string shown;
  for (const auto& one : owners->items())
    shown += one["agency_id"].as_string() + " " + one["indicator"].as_string() + "\n";
  CHECK(shown == "a1 203.0.0.0/16\na1 203.0.113.0/30\na1 203.0.113.7\n");
}

TEST_CASE("indicators: the province's names, by whatever mentions them") {
  World world;
  world.record("domain_name", "a2", "allocated",
               Json::object({{"name", "so-a.example"}, {"manager", "x"}, {"requested_on", "2026-01-01"}}));
  std::vector<Indicator> list;
  for (const char* value : {"http://web.So-A.example/x.php", "lan@so-a.example", "khong-so-a.example",
                            "so-a.example.com", "so-a.example"}) {
    auto one = indicator_from(std::string_view(value));
    REQUIRE(one);
    list.push_back(*one);
  }
  const auto owners = owners_on_list(*world.hub.services, list);
  REQUIRE(owners);
  CHECK(owners->items().size() == 3);
  for (const auto& one : owners->items()) CHECK(one["agency_id"].as_string() == "a2");
}

TEST_CASE("indicators: what cannot be imported, and who may not") {
  World world;
  Indicators::Import file = world.file("khong\n");
  CHECK_FALSE(world.lists.import(world.chief, file));  // not one usable line
  file = world.file("xau.example");
  file.until = world.day(-1);
  CHECK_FALSE(world.lists.import(world.chief, file));
  file = world.file("xau.example");
  file.tlp = "TLP:PINK";
  CHECK_FALSE(world.lists.import(world.chief, file));
  file.tlp = "tlp:red";
  CHECK((*world.lists.import(world.chief, file))["tlp"].as_string() == "TLP:RED");
  file.reason = " ";
  CHECK_FALSE(world.lists.import(world.chief, file));
  Actor officer = world.chief;
  officer.role = Role::agency_officer;
  officer.agency_ids = {"a1"};
  const auto refused = world.lists.import(officer, world.file("xau.example"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::denied);
  CHECK_FALSE(world.lists.list(officer, {}));
}

}  // namespace phendau::hub::indicators_test
