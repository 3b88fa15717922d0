// SPDX-License-Identifier: Apache-2.0
// Proves that a flood of matches is few changes of the ledger, whatever makes its matches differ and whenever
// the hub dies, and that a source that sends far less than usual is told once, with both numbers.
#include "hub/detection.h"

#include <algorithm>
#include <functional>
#include <memory>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/texts.h"
#include "hub/alerts.h"
#include "hub/hub_test_folder.h"

namespace phendau::hub::detection_test {
namespace {

constexpr int kFlood = 100'000;
constexpr int kRowsPerBatch = 8'192;
constexpr std::string_view kAccountCreated =
    "14d4c2f8-52e5-478c-ae3e-6cc80cc8d3e5";  // entity: host, target_user
constexpr std::string_view kFailedLogins = "8622bfb5-a8e9-4e15-8815-491297f25cf1";  // five from one address
constexpr std::string_view kSendsLess = "b6e32215-be76-4d12-8bbc-6bc661891841";

struct Event {
  std::string host = "sv1";
  std::string user = "lan";
  std::string address = {};  // set: a failed login, else a new account
  UtcTime at = {};
  std::string agency = "a1";
};

struct World {
  TestHub hub;
  std::unique_ptr<Detection> detection;

  explicit World(std::string_view now_text = "2026-11-20T08:00:00+07:00") {
    hub.env.set_now(*parse_rfc3339(now_text));
    for (const char* id : {"a1", "a2"}) hub.add_agency(id);
    restart();
  }
  void restart() {
    detection.reset();  // writes its checkpoint
    detection = std::make_unique<Detection>(*hub.services);
    REQUIRE(detection->open());
  }
  void send(const std::vector<Event>& events) {
    BatchBuilder builder("test");
    for (const auto& event : events) {
      BatchBuilder::Row row;
      row.event_time = event.at;
      row.received_time = hub.env.now();
      row.source = "syslog";
      row.host = event.host;
      row.agency = event.agency;
      row.logsource = "linux//auth";
      builder.begin_row(row);
      builder.add("action", event.address.empty() ? "user_added" : "login");
      builder.add("outcome", event.address.empty() ? "success" : "failure");
      builder.add(event.address.empty() ? "target_user" : "user", event.user);
      if (!event.address.empty()) builder.add("source_ip", event.address);
    }
    REQUIRE(hub.journal->append(builder.finish(), {}));
  }
  /// In batches of kRowsPerBatch, as they come from the listeners.
  void flood(const std::function<Event(int)>& event_of, int first = 0, int end = kFlood) {
    while (first < end) {
      std::vector<Event> events;
      while (first < end && events.size() < kRowsPerBatch) events.push_back(event_of(first++));
      send(events);
    }
  }
  void handle(Detection& by) {
    while (true) {
      const auto handled = by.run_once();
      REQUIRE_MESSAGE(handled, (handled ? std::string() : handled.error().message));
      if (*handled == 0) return;
    }
  }
  void handle() { handle(*detection); }
  std::uint64_t changes() { return hub.ledger->head()->seq; }
  Json::Array alerts_of(std::string_view rule) {
    Alerts::Filter filter;
    filter.rule_id = rule;
    filter.limit = 500;
    Json::Array out;
    do {
      const Json page = Alerts(*hub.services).list(system_actor(), filter).value();
      out.insert(out.end(), page["items"].items().begin(), page["items"].items().end());
      filter.cursor = page["next_cursor"].as_string();
    } while (!filter.cursor.empty());
    return out;
  }
  UtcTime now() { return hub.env.now(); }
};

std::int64_t events_of(const Json::Array& alerts) {
  std::int64_t out = 0;
  for (const auto& alert : alerts) out += alert["count"].as_int();
  return out;
}

std::string nth(int i) { return std::to_string(i); }

}  // namespace

TEST_CASE("slow: detection: 100,000 matches of a rule are ten changes, 500 whatever times they claim") {
  World world;
  const UtcTime start = world.now();
  const struct {
    const char* what;
    std::function<Event(int)> event;
    std::uint64_t changes;
  } table[] = {
      {"one entity", [&](int i) { return Event{.user = "one", .at = start + milliseconds(i)}; }, 1},
      {"two hours in turn",
       [&](int i) { return Event{.user = "turn", .at = start - hours(i % 2 == 0 ? 0 : 3)}; }, 2},
      {"each another entity", [&](int i) { return Event{.user = nth(i), .at = start - days(400)}; }, 10},
      {"one entity over a year", [&](int i) { return Event{.user = "y", .at = start - minutes(5 * i)}; },
       500},
      {"any time at all",
       [&](int i) { return Event{.user = "t", .at = {i * (INT64_MAX / kFlood) * (i % 2 == 0 ? 1 : -1)}}; },
       500},
  };
  std::int64_t matches = 0;
  for (const auto& row : table) {
    CAPTURE(row.what);
    world.hub.env.advance(hours(3));  // another hour of reception
    const std::uint64_t before = world.changes();
    world.flood(row.event);
    world.handle();
    CHECK(world.changes() - before == row.changes);
    matches += kFlood;
    CHECK(events_of(world.alerts_of(kAccountCreated)) == matches);
  }
  const auto alerts = world.alerts_of(kAccountCreated);
  REQUIRE(alerts.size() == 1'013);
  const auto collective = std::find_if(alerts.begin(), alerts.end(), [](const Json& alert) {
    return alert["detail"]["en"].as_string().find("raised 9 alerts") != std::string::npos;
  });
  REQUIRE(collective != alerts.end());
  CHECK((*collective)["entity"].size() == 0);
  CHECK((*collective)["event_refs"].size() == kAlertRefsMax);
  CHECK(world.detection->counts().collected > 180'000);
  // The quota is an agency's own.
  world.send({Event{.user = "x", .at = start, .agency = "a2"}});
  world.handle();
  CHECK(world.alerts_of(kAccountCreated).size() == 1'014);
}

TEST_CASE("detection: a crash in the midst of a flood changes nothing") {
  World world;
  const UtcTime start = world.now();
  const auto event = [&](int i) { return Event{.user = nth(i % 5'000), .at = start}; };
  world.flood(event, 0, 20'000);
  world.handle();
  world.hub.env.advance(seconds(3));
  world.flood(event, 20'000, 30'000);
  world.handle();  // with a checkpoint
  world.flood(event, 30'000, 50'000);
  world.handle();  // without one
  const std::uint64_t before = world.changes();
  const auto alerts = world.alerts_of(kAccountCreated);
  CHECK(alerts.size() == 10);
  CHECK(events_of(alerts) == 50'000);
  Detection after(*world.hub.services);
  REQUIRE(after.open());
  world.handle(after);
  CHECK(after.counts().events == 20'000);
  CHECK(world.changes() == before);
  CHECK(events_of(world.alerts_of(kAccountCreated)) == 50'000);
}

TEST_CASE("slow: detection: a flood of correlated matches") {
  World world;
  const UtcTime start = world.now();
  const auto event = [&](int i) {
    const std::string address = fmt::format("10.{}.{}.1", i / 5 / 250, i / 5 % 250);
    return Event{.user = "u" + nth(i), .address = address, .at = start + milliseconds(i)};
  };
  world.flood(event);
  world.handle();
  const auto alerts = world.alerts_of(kFailedLogins);
  CHECK(alerts.size() == 10);
  CHECK(events_of(alerts) == kFlood);
  // What the correlator holds now is more than a checkpoint takes: all is read again, and nothing changes.
  const std::uint64_t before = world.changes();
  world.restart();
  world.handle();
  CHECK(world.detection->counts().events == kFlood);
  CHECK(world.changes() == before);
}

TEST_CASE("detection: what machines say has no end") {
  World world;
  world.send(
      {Event{.host = std::string(3u << 20, 'h'), .user = std::string(3u << 20, 'u'), .at = world.now()}});
  world.handle();
  const auto alerts = world.alerts_of(kAccountCreated);
  REQUIRE(alerts.size() == 1);
  CHECK(alerts[0]["entity"]["target_user"].as_string().size() == kEntityBytesMax);
  CHECK(alerts[0]["host"].as_string().size() == kEntityBytesMax);
}

TEST_CASE("detection: a source that sends less than usual is told once, with the numbers") {
  for (const bool closed : {false, true}) {  // whether the hub was off for hours on the day
    CAPTURE(closed);
    World world("2026-10-01T08:00:00+07:00");
    const auto day = [&](int number, int events) {
      world.hub.env.set_now(*parse_rfc3339("2026-10-01T08:00:00+07:00") + days(number));
      for (const char* host : {"sv1", "sv2"}) {
        const int count = host == std::string_view("sv2") ? 200 : events;
        world.send(std::vector<Event>(static_cast<std::size_t>(count),
                                      Event{.host = host, .address = "10.0.0.1", .at = world.now()}));
      }
      world.handle();
      REQUIRE(world.detection->check_silence(world.now()));
    };
    for (int number = 0; number < 15; ++number) day(number, 200);
    CHECK(world.alerts_of(kSendsLess).empty());
    if (closed) {
      world.detection.reset();
      world.hub.env.advance(hours(20));
      world.restart();
    } else {
      world.restart();
    }
    day(15, 39);
    CHECK(world.alerts_of(kSendsLess).empty());  // the day is not over
    day(16, 200);
    const auto alerts = world.alerts_of(kSendsLess);
    REQUIRE(alerts.size() == (closed ? 0u : 1u));
    if (closed) continue;
    CHECK(alerts[0]["host"].as_string() == "sv1");
    CHECK(alerts[0]["count"].as_int() == 39);
    CHECK(alerts[0]["first_at"].as_string() == "2026-10-15T17:00:00Z");
    CHECK(alerts[0]["last_at"].as_string() == "2026-10-16T17:00:00Z");
    CHECK(alerts[0]["detail"]["vi"].as_string() ==
          tr(Lang::vi, "alert.sent_less_day", {"16/10/2026", "39", "200", "2"}));
    CHECK(alerts[0]["detail"]["en"].as_string().find("only 39 events came") != std::string::npos);
    world.restart();
    REQUIRE(world.detection->check_silence(world.now()));
    day(17, 10);
    day(18, 200);  // within the rule's window of seven days
    CHECK(world.alerts_of(kSendsLess).size() == 1);
  }
}

TEST_CASE("detection: an alert waits for somebody who can act on it, is named as his and handed on") {
  World world;
  const auto account = [&](const std::string& username, const char* role, const char* agency) {
    ledger::Write write;
    write.kind = "user";
    write.id = username;
    write.agency_id = agency;
    write.state = "active";
    Json agencies = Json::array();
    if (*agency != '\0') agencies.push(agency);
    write.doc = Json::object({{"username", username},
                              {"full_name", "Name of " + username},
                              {"role", role},
                              {"agency_ids", std::move(agencies)},
                              {"locked", false},
                              {"must_change_password", false}});
    REQUIRE(world.hub.ledger->write(write, system_actor(), world.now()));
  };
  account("own", "agency_officer", "a1");
  account("foreign", "agency_officer", "a2");
  account("on-duty", "province_operator", "");
  world.send({Event{.at = world.now()}});
  world.handle();
  const std::string id = world.alerts_of(kAccountCreated).at(0)["id"].as_string();
  Alerts alerts(*world.hub.services);
  const auto give = [&](const Json& to) {
    return alerts.triage(TestHub::officer("a1"), id,
                         Json::object({{"status", "acknowledged"}, {"assignee", to}}));
  };
  for (const char* username : {"own", "on-duty"}) {
    const Json shown = give(username).value();
    CHECK(shown["assignee"].as_string() == username);
    CHECK(shown["assignee_name"].as_string() == "Name of " + std::string(username));
  }
  for (const char* username : {"foreign", "nobody", ""})
    CHECK(give(username).error().text_id == "alert.assignee");
  CHECK(give(Json()).value()["assignee"].is_null());
  // Who takes it without naming anybody takes it himself.
  const Json taken = Json::object({{"status", "acknowledged"}});
  CHECK(alerts.triage(TestHub::officer("a1"), id, taken).value()["assignee"].as_string() == "officer.a1");
}

TEST_CASE("detection: silence of many sources is collected, and stays so") {
  World world;
  for (int i = 0; i < 30; ++i)
    world.send(
        std::vector<Event>(50, Event{.host = "sv" + nth(i), .address = "10.0.0.1", .at = world.now()}));
  world.handle();
  const std::uint64_t before = world.changes();
  for (int minute = 31; minute < 200; ++minute) {
    world.hub.env.advance(minutes(minute == 31 ? 31 : 1));
    REQUIRE(world.detection->check_silence(world.now()));
    if (minute == 100) world.restart();  // silence counts from the hub's start on: told once more
  }
  CHECK(world.changes() - before == 20);
}

}  // namespace phendau::hub::detection_test
