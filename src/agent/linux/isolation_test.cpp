// SPDX-License-Identifier: Apache-2.0
// Proves what the table lets through, that a failed cut is undone, that what is ordered is put in force again
// and survives a kill at any point, and that a release at the console wins. With an nft made of functions;
// the real one is in tests/scenario/isolation.py.
#include "agent/linux/isolation.h"

#include <doctest/doctest.h>

#include "os/testing/fake_env.h"

namespace isolation_test {

using namespace phendau;
using namespace phendau::agent;

namespace {

struct Machine {
  FakeEnv env;
  std::string rules;  // what nft has in force; empty: nothing
  bool hub_answers = true;
  bool has_nft = true;
  int resolved = 0;
  int reach_tries = 0;
  bool nft_hangs = false;
  std::function<void()> after_reach;
  std::unique_ptr<Isolation> isolation;
  std::vector<wire::OrderResult> told;

  Machine() { start(); }
  IsolationParts parts() {
    IsolationParts out;
    out.data_folder = "/data";
    out.host = "hub.example";
    out.port = 8443;
    out.nft = [this](const std::vector<std::string>& arguments,
                     std::string_view input) -> Result<std::string> {
      if (!has_nft) return fail(ErrorCode::unavailable, "no nft", "agent.isolate.no_nft");
      if (nft_hangs) return fail(ErrorCode::unavailable, "nft did not end in time");
      if (arguments.front() == "-f") {
        rules = input.find("policy drop") == std::string_view::npos ? std::string() : std::string(input);
        return std::string();
      }
      if (rules.empty()) return fail(ErrorCode::io, "no such table", "agent.isolate.nft");
      return "shown: " + rules;
    };
    out.resolve = [this](const std::string&, std::uint16_t port) -> Result<std::vector<net::Address>> {
      ++resolved;
      if (!rules.empty()) return fail(ErrorCode::unavailable, "names cannot be looked up any more");
      return std::vector{net::parse_ip("192.0.2.1", port).value(),
                         net::parse_ip("2001:db8::1", port).value()};
    };
    out.reach_hub = [this]() -> Result<> {
      ++reach_tries;
      if (after_reach) after_reach();
      if (!hub_answers) return fail(ErrorCode::unavailable, "no answer");
      return {};
    };
    out.pause = [](Duration) {};
    out.has_bridges = [] { return false; };
    return out;
  }
  void start() {
    REQUIRE(env.make_dirs("/data", 0700));
    isolation = std::make_unique<Isolation>(env, parts());
    REQUIRE(isolation->open());
  }
  Result<> keep() {
    return isolation->keep([this](wire::OrderResult result) -> Result<> {
      told.push_back(std::move(result));
      return {};
    });
  }
};

wire::Order order(const std::string& id, Json stays_up = Json::array()) {
  return {id, "isolate", "d1", {}, Json::object({{"stays_up", std::move(stays_up)}}), ""};
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE(
    "isolation: the table lets through the hub, what stays up, leases and neighbours, and nothing begins "
    "it") {
  IsolationPlan plan;
  plan.hub = {net::parse_ip("192.0.2.1", 8443).value(), net::parse_ip("2001:db8::1", 8443).value()};
  plan.stays_up = {{true, "10.1.0.0/16", false, 443, false}, {false, "10.9.9.9/32", false, 123, true}};
  const std::string script = isolation_script(plan);
  for (const char* part :
       {"hook input priority -400; policy drop;", "hook output priority -400; policy drop;",
        "hook forward priority -400; policy drop;", "ip daddr 192.0.2.1 tcp dport 8443 accept",
        "ip saddr 192.0.2.1 tcp sport 8443 tcp flags & (syn | ack) != syn accept",
        "ip6 daddr 2001:db8::1 tcp dport 8443 accept", "ip saddr 10.1.0.0/16 tcp dport 443 accept",
        "ip daddr 10.1.0.0/16 tcp sport 443 tcp flags & (syn | ack) != syn accept",
        "ip daddr 10.9.9.9/32 udp dport 123 accept", "ip saddr 10.9.9.9/32 udp sport 123 accept",
        "ip daddr 255.255.255.255 udp sport 68 udp dport 67 accept", "nd-neighbor-solicit",
        "iif \"lo\" accept"}) {
    CAPTURE(part);
    CHECK(has(script, part));
  }
  CHECK(!has(script, "dport 53"));
  CHECK(!has(script, "    udp sport 68"));
  CHECK(!has(script, "bridge"));
  CHECK(script.starts_with("add table inet phendau_isolate\ndelete table inet phendau_isolate\ntable"));
  plan.bridges = true;
  CHECK(has(isolation_script(plan), "table bridge phendau_isolate {"));
}

TEST_CASE("isolation: a cut after which the hub is lost is undone and said") {
  Machine machine;
  machine.hub_answers = false;
  const auto cut = machine.isolation->isolate(order("01A"));
  CHECK(cut.error().text_id == "agent.isolate.hub_lost");
  CHECK(machine.reach_tries > 1);
  CHECK(machine.rules.empty());
  CHECK(!machine.isolation->status().active);
  CHECK(machine.isolation->addresses().empty());
  // One that is cut off already stays as it was.
  machine.hub_answers = true;
  REQUIRE(machine.isolation->isolate(order("01B")));
  const std::string rules = machine.rules;
  machine.hub_answers = false;
  const Json more = Json::array(
      {Json::object({{"direction", "in"}, {"network", "10.0.0.0/8"}, {"port", 22}, {"protocol", "tcp"}})});
  CHECK(!machine.isolation->isolate(order("01C", more)));
  CHECK(machine.rules == rules);
  CHECK(machine.isolation->status().order_id == "01B");
  machine.hub_answers = true;
  REQUIRE(machine.isolation->isolate(order("01D", more)));
  CHECK(has(machine.rules, "tcp dport 22 accept"));
  machine.start();
  CHECK(machine.isolation->addresses() == std::vector<std::string>{"192.0.2.1", "2001:db8::1"});
  CHECK(machine.isolation->isolate(order("01E", Json("x"))).error().text_id == "wire.stays_up");
}

TEST_CASE("isolation: without nft it is refused in a sentence") {
  Machine machine;
  machine.has_nft = false;
  CHECK(machine.isolation->isolate(order("01A")).error().text_id == "agent.isolate.no_nft");
  CHECK(!machine.isolation->status().active);
  CHECK(machine.keep());
}

TEST_CASE("isolation: what somebody takes away comes back, also after a start, until it is released") {
  Machine machine;
  CHECK(machine.keep());
  REQUIRE(machine.isolation->isolate(order("01A")));
  CHECK(machine.keep());
  CHECK(machine.isolation->status().reapplied_total == 0);
  machine.rules.clear();
  CHECK(machine.keep());
  CHECK(has(machine.rules, "192.0.2.1"));
  machine.rules += "table inet phendau_isolate { # somebody let more through\n}";
  CHECK(machine.keep());
  CHECK(!has(machine.rules, "somebody"));
  machine.rules.clear();  // the machine was started anew
  machine.start();
  CHECK(machine.keep());
  CHECK(has(machine.rules, "192.0.2.1"));
  CHECK(machine.isolation->status().reapplied_total == 3);
  machine.rules.clear();
  machine.has_nft = false;
  CHECK(!machine.keep());
  CHECK(!machine.isolation->status().problem.empty());
  machine.has_nft = true;
  CHECK(machine.keep());
  CHECK(machine.isolation->status().problem.empty());
  REQUIRE(machine.isolation->release(order("01B")));
  CHECK(machine.rules.empty());
  machine.start();
  CHECK(machine.keep());
  CHECK(machine.rules.empty());
  CHECK(machine.resolved == 1);
}

TEST_CASE("isolation: an order that a kill interrupts at any point is in force after it is begun again") {
  for (int at = 0; at < 12; ++at) {
    CAPTURE(at);
    Machine machine;
    int changes = 0;
    machine.env.set_fault_hook([&](std::string_view, const std::string&) -> Result<> {
      if (++changes > at) return fail(ErrorCode::io, "killed");
      return {};
    });
    static_cast<void>(machine.isolation->isolate(order("01A")));
    machine.env.set_fault_hook(nullptr);
    machine.env.power_cut(static_cast<std::uint8_t>(at * 21));
    machine.start();
    CHECK(machine.keep());
    REQUIRE(machine.isolation->isolate(order("01A")));
    CHECK(has(machine.rules, "192.0.2.1"));
    CHECK(machine.isolation->status().active);
  }
  // Killed between the cut and what is remembered of it: names cannot be looked up any more.
  Machine machine;
  REQUIRE(machine.isolation->isolate(order("01A")));
  REQUIRE(write_file_atomic(machine.env, "/data/isolation.json",
                            R"({"active":false,"order_id":"01A","plan":{"hub":["192.0.2.1"],"port":8443}})"));
  machine.start();
  REQUIRE(machine.isolation->isolate(order("01A")));
  CHECK(has(machine.rules, "192.0.2.1"));
}

TEST_CASE("isolation: what was put in force half is done again, and counted once") {
  Machine machine;
  REQUIRE(machine.isolation->isolate(order("01A")));
  machine.nft_hangs = true;
  CHECK(!machine.keep());  // nobody took anything away
  machine.nft_hangs = false;
  CHECK(machine.keep());
  CHECK(machine.isolation->status().reapplied_total == 1);
  CHECK(machine.isolation->status().problem.empty());
  CHECK(machine.keep());
  CHECK(machine.isolation->status().reapplied_total == 1);
}

TEST_CASE("isolation: rules of a failed order are taken away as soon as that works, after a start too") {
  Machine machine;
  machine.hub_answers = false;
  machine.after_reach = [&] { machine.nft_hangs = true; };
  CHECK(!machine.isolation->isolate(order("01A")));
  CHECK(!machine.rules.empty());
  CHECK(!machine.isolation->status().problem.empty());
  machine.after_reach = {};
  machine.start();
  CHECK(!machine.keep());
  machine.nft_hangs = false;
  CHECK(machine.keep());
  CHECK(machine.rules.empty());
  CHECK(!machine.isolation->status().active);
  CHECK(machine.keep());
}

TEST_CASE("isolation: a release at the console wins over the agent that keeps it, and is told once") {
  Machine machine;
  REQUIRE(machine.isolation->isolate(order("01A")));
  REQUIRE(release_at_console(machine.env, machine.parts(), "phai chay lai", "root"));
  CHECK(machine.rules.empty());
  machine.start();  // with or without an agent that was running
  CHECK(machine.keep());
  CHECK(machine.rules.empty());
  REQUIRE(machine.told.size() == 1);
  CHECK(machine.told[0].id.starts_with("console."));
  CHECK(machine.told[0].data["reason"].as_string() == "phai chay lai");
  CHECK(machine.keep());
  CHECK(machine.told.size() == 1);
  CHECK(!machine.isolation->status().active);
  // What cannot be remembered for the hub is told the next time.
  REQUIRE(release_at_console(machine.env, machine.parts(), "lan hai", "root"));
  CHECK(!machine.isolation->keep([](wire::OrderResult) -> Result<> { return fail(ErrorCode::io, "full"); }));
  CHECK(machine.keep());
  CHECK(machine.told.size() == 2);
}

}  // namespace isolation_test
