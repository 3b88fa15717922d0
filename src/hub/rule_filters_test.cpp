// SPDX-License-Identifier: Apache-2.0
// A false alarm becomes a filter: tried on what is stored, put in force without losing an event, over when
// its last day is.
#include "hub/rule_filters.h"

#include <doctest/doctest.h>

#include "hub/detection.h"
#include "hub/hub_test_folder.h"

namespace phendau::hub::rule_filters_test {
namespace {

const std::string kPerAddress = "8622bfb5-a8e9-4e15-8815-491297f25cf1";
const std::string kSuToRoot = "9f6a1cca-75e5-42a6-a4c1-fe21ad166cc6";
const std::string kSilent = "23258f24-d048-4b2e-988f-4c78394cdb64";

struct World {
  TestHub hub;
  RuleFilters filters{*hub.services};
  Actor chief = operator_actor();

  World() {
    hub.add_agency("a1");
    hub.add_agency("a2");
    REQUIRE(filters.open());
  }
  static Actor operator_actor() {
    Actor out;
    out.user_id = "op";
    out.role = Role::province_operator;
    return out;
  }
  /// Failed logins, a second apart.
  void fail_logins(const std::string& agency, const std::string& address, int count) {
    BatchBuilder builder("test");
    for (int i = 0; i < count; ++i) {
      hub.env.advance(seconds(1));
      BatchBuilder::Row row;
      row.event_time = row.received_time = hub.env.now();
      row.source = "s";
      row.host = "may1";
      row.agency = agency;
      row.logsource = "linux//sshd";
      row.raw = "failed";
      builder.begin_row(row);
      builder.add("action", "login");
      builder.add("outcome", "failure");
      builder.add("program", "sshd");
      builder.add("user", "root");
      builder.add("source_ip", address);
    }
    REQUIRE(hub.journal->append(builder.finish(), {}));
  }
  Json body(const std::string& rule, const std::string& field, const std::string& value) {
    const auto last = civil_from_days(days_from_civil(to_civil(hub.env.now(), kHubZone).date) + 10);
    return Json::object(
        {{"rule_id", rule},
         {"reason", "scanner of the province"},
         {"until", format_date(last)},
         {"conditions", Json::array({Json::object({{"field", field}, {"values", Json::array({value})}})})}});
  }
  std::string made(const Json& wish) {
    const auto done = filters.create(chief, wish);
    REQUIRE_MESSAGE(done.has_value(), done.error().message);
    return (*done)["id"].as_string();
  }
  std::size_t alerts(const std::string& rule) {
    ledger::Query query;
    query.kind = "alert";
    query.filters.push_back({"rule_id", ledger::FieldFilter::Op::equal, {Json(rule)}});
    return static_cast<std::size_t>(hub.ledger->count(query, everything()).value());
  }
};

}  // namespace

TEST_CASE("a filter is tried on the journal before it may be put in force") {
  World w;
  w.fail_logins("a1", "10.0.0.5", 6);
  w.fail_logins("a1", "10.0.0.9", 6);
  w.fail_logins("a2", "10.0.0.5", 6);
  Json wish = w.body(kPerAddress, "source_ip", "10.0.0.5");
  wish.set("agency_id", "a1");
  const std::string id = w.made(wish);
  CHECK(w.filters.enforce(w.chief, id).error().text_id == "rule_filter.not_replayed");
  REQUIRE(w.filters.work_once());
  const Json tried = w.filters.get(w.chief, id).value();
  CHECK(tried["running"].is_null());
  const Json& replay = tried["replay"];
  CHECK(replay["events"].as_int() == 18);
  CHECK(replay["without"]["matches"].as_int() == 18);
  CHECK(replay["with"]["matches"].as_int() == 12);
  CHECK(replay["silenced"].items().size() == 6);
  CHECK(replay["silenced"].items().front() == Json("1.5"));  // newest first
  CHECK(replay["kept"].items().size() == 12);
  // Three addresses in two agencies tried passwords; one of them is the scanner.
  CHECK(replay["without"]["correlations"].as_int() > replay["with"]["correlations"].as_int());
  CHECK(tried["state"].as_string() == "draft");
  CHECK(w.filters.enforce(w.chief, id).value()["state"].as_string() == "in_force");
  CHECK(w.filters.enforce(w.chief, id).error().text_id == "rule_filter.state");
  CHECK(tried["sigma"].as_string().find("10.0.0.5") != std::string::npos);
}

TEST_CASE("a replay looks at the days that are asked for, and beside what is in force already") {
  World w;
  w.fail_logins("a1", "10.0.0.5", 4);
  w.hub.env.advance(days(40));
  w.fail_logins("a1", "10.0.0.5", 3);
  const std::string id = w.made(w.body(kPerAddress, "source_ip", "10.0.0.5"));
  REQUIRE(w.filters.work_once());
  CHECK(w.filters.get(w.chief, id).value()["replay"]["without"]["matches"].as_int() == 3);
  REQUIRE(w.filters.replay(w.chief, id, Json::object({{"days", 100}})));
  CHECK_FALSE(w.filters.get(w.chief, id).value()["running"].is_null());
  CHECK(w.filters.enforce(w.chief, id).error().text_id == "rule_filter.not_replayed");  // it is being tried
  REQUIRE(w.filters.work_once());
  CHECK(w.filters.get(w.chief, id).value()["replay"]["without"]["matches"].as_int() == 7);
  REQUIRE(w.filters.enforce(w.chief, id));
  const std::string more = w.made(w.body(kPerAddress, "user", "root"));
  REQUIRE(w.filters.work_once());
  CHECK(w.filters.get(w.chief, more).value()["replay"]["without"]["matches"].as_int() == 0);
}

TEST_CASE("detection goes over to new rules between frames and forgets nothing that it counted") {
  World w;
  Detection detection(*w.hub.services);
  REQUIRE(detection.open());
  w.fail_logins("a1", "10.0.0.9", 4);
  REQUIRE(detection.run_once());
  const std::string id = w.made(w.body(kPerAddress, "source_ip", "10.0.0.5"));
  REQUIRE(w.filters.work_once());
  REQUIRE(w.filters.enforce(w.chief, id));
  REQUIRE(w.filters.work_once());
  w.fail_logins("a1", "10.0.0.5", 20);
  w.fail_logins("a1", "10.0.0.9", 1);  // the fifth, of which four were counted under the old rules
  REQUIRE(detection.run_once());
  CHECK(w.alerts(kPerAddress) == 1);
  CHECK(detection.counts().events == 25);

  REQUIRE(w.filters.end(w.chief, id, Json::object({{"reason", "the scanner is gone"}})));
  REQUIRE(w.filters.work_once());
  w.fail_logins("a1", "10.0.0.5", 5);
  REQUIRE(detection.run_once());
  CHECK(w.alerts(kPerAddress) == 2);
  detection.stop();
}

TEST_CASE("a filter is over when its last day is, and holds again after a restart until then") {
  World w;
  const std::string id = w.made(w.body(kPerAddress, "source_ip", "10.0.0.5"));
  REQUIRE(w.filters.work_once());
  REQUIRE(w.filters.enforce(w.chief, id));
  const auto in_force = [&] {
    RuleFilters again(*w.hub.services);
    REQUIRE(again.open());
    Detection detection(*w.hub.services);
    const std::size_t before = w.alerts(kPerAddress);
    REQUIRE(detection.open());
    w.fail_logins("a1", "10.0.0.5", 6);
    REQUIRE(detection.run_once());
    detection.stop();
    REQUIRE(again.work_once());
    return w.alerts(kPerAddress) == before;
  };
  CHECK(in_force());
  w.hub.env.advance(days(9));
  CHECK(in_force());
  w.hub.env.advance(days(2));
  CHECK_FALSE(in_force());  // also if the hub was not running on that day
  CHECK(w.filters.get(w.chief, id).value()["state"].as_string() == "ended");
}

TEST_CASE("a source that is known to be quiet is not reported as silent") {
  World w;
  Detection detection(*w.hub.services);
  REQUIRE(detection.open());
  for (int i = 0; i < 4; ++i) {
    w.fail_logins("a1", "10.0.0." + std::to_string(i), 30);
    w.hub.env.advance(minutes(5));
  }
  REQUIRE(detection.run_once());
  const std::string id = w.made(w.body(kSilent, "host", "may1"));
  REQUIRE(w.filters.work_once());
  REQUIRE(w.filters.enforce(w.chief, id));
  REQUIRE(w.filters.work_once());
  REQUIRE(detection.run_once());
  w.hub.env.advance(hours(2));
  REQUIRE(detection.check_silence(w.hub.env.now()));
  CHECK(w.alerts(kSilent) == 0);
  REQUIRE(w.filters.end(w.chief, id, Json::object({{"reason", "moved"}})));
  REQUIRE(w.filters.work_once());
  REQUIRE(detection.run_once());
  REQUIRE(detection.check_silence(w.hub.env.now()));
  CHECK(w.alerts(kSilent) == 1);
  // What it would have held back is known now.
  const std::string again = w.made(w.body(kSilent, "host", "may1"));
  REQUIRE(w.filters.work_once());
  const Json replay = w.filters.get(w.chief, again).value()["replay"];
  CHECK(replay["without"]["matches"].as_int() == 1);
  CHECK(replay["with"]["matches"].as_int() == 0);
  detection.stop();
}

TEST_CASE("who may make filters, and what one must say") {
  World w;
  const Json good = w.body(kSuToRoot, "user", "backup");
  CHECK(w.filters.create(w.hub.officer("a1"), good).error().code == ErrorCode::denied);
  CHECK(w.filters.list(w.hub.officer("a1"), {}).error().code == ErrorCode::denied);
  const auto refused = [&](std::string_view member, Json value) {
    Json wish = good;
    wish.set(std::string(member), std::move(value));
    const auto done = w.filters.create(w.chief, wish);
    return done ? std::string() : done.error().text_id;
  };
  CHECK(refused("reason", "") == "request.invalid");
  CHECK(refused("until", "2020-01-01") == "rule_filter.until");
  CHECK(refused("until", "2099-01-01") == "rule_filter.until");
  CHECK(refused("until", "soon") == "request.invalid");
  CHECK(refused("conditions", Json::array()) == "request.invalid");
  CHECK(refused("rule_id", "no such rule") == "rule_filter.no_rule");
  CHECK(refused("agency_id", "no such agency") != "");
  const auto condition = [](const std::string& field, Json values) {
    return Json::array({Json::object({{"field", field}, {"values", std::move(values)}})});
  };
  CHECK(refused("conditions", condition("user|re", Json::array({".*"}))) == "request.invalid");
  CHECK(refused("conditions", condition("user", Json::array())) == "request.invalid");
  CHECK(refused("conditions", condition("user", Json::array({1}))) == "request.invalid");
  CHECK(refused("conditions", condition("", Json::array({"x"}))) == "request.invalid");
  CHECK(w.filters.list(w.chief, {}).value()["items"].items().empty());
  w.made(good);
  CHECK(w.filters.list(w.chief, {"draft"}).value()["items"].items().size() == 1);
  CHECK(w.filters.list(w.chief, {"in_force"}).value()["items"].items().empty());
}

}  // namespace phendau::hub::rule_filters_test
