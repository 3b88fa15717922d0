// SPDX-License-Identifier: Apache-2.0
// Proves the whole agent against a hub made of functions: records arrive once and in order through outages,
// refusals and restarts; troubles are told; facts, orders, renewal and enrolment do what docs/formats/wire.md
// says.
#include <doctest/doctest.h>

#include <map>

#include "agent/agent.h"
#include "base/text.h"
#include "net/pki.h"
#include "os/testing/fake_env.h"
#include "wire/protocol.h"
#include "wire/token.h"

namespace agent_test {

using namespace phendau;
using namespace phendau::agent;

namespace {

const std::string kOrderKey(32, 'p');

struct FakeHub {
  explicit FakeHub(Env& env_in) : env(env_in), ca(net::create_ca(env, "test", 3650).value()) {}

  Env& env;
  net::KeyPair ca;
  std::map<std::string, std::uint64_t> next;
  std::vector<std::string> lines;
  std::map<std::string, Fact> facts;
  std::vector<wire::Heartbeat> beats;
  wire::HeartbeatReply reply;
  std::vector<wire::Order> open_orders;                  // handed out until their outcome is told
  std::map<std::string, std::vector<std::string>> told;  // order -> outcomes, as the beats told them
  int renewals = 0;
  bool is_down = false;
  bool loses_answers = false;
  int refuse_with = 0;
  std::size_t body_bytes_max = 1u << 30;
  std::string secret = "0123456789abcdef";

  Answer problem(ErrorCode code, const std::string& message) const {
    return {wire::http_status_of(code),
            wire::to_json(wire::Problem{std::string(to_string(code)), message, ""}).dump()};
  }
  Answer take_records(std::string_view body) {
    if (body.size() > body_bytes_max) return problem(ErrorCode::limit, "too large");
    const auto batch = wire::decode_batch(body).value();
    std::uint64_t& expected = next.emplace(batch.epoch, batch.first_seq).first->second;
    for (std::size_t i = 0; i < batch.records.size(); ++i) {
      if (batch.first_seq + i < expected) continue;
      expected = batch.first_seq + i + 1;
      lines.push_back(batch.records[i].bytes);
    }
    return {200, wire::to_json(wire::Ack{expected - 1, expected}).dump()};
  }
  Answer enrol(std::string_view body) {
    const auto request = wire::decode_enrol_request(body).value();
    if (request.secret != secret) return problem(ErrorCode::denied, "the token is not known or was used");
    wire::EnrolResponse response;
    response.device_id = "d1";
    response.agency = "so-tt";
    response.ca_pem = ca.certificate_pem;
    response.order_key = ed25519_public_key(kOrderKey).value();
    response.certificate_pem =
        net::sign_client_request(env, ca, request.csr_pem, {"d1", "so-tt"}, 90).value();
    return {200, wire::to_json(response).dump()};
  }
  Answer renew(std::string_view body) {
    ++renewals;
    const auto request = wire::decode_renew_request(body).value();
    return {200, wire::to_json(
                     wire::RenewResponse{
                         net::sign_client_request(env, ca, request.csr_pem, {"d1", "so-tt"}, 90).value(), ""})
                     .dump()};
  }
  Result<Answer> answer(std::string_view path, std::string_view body) {
    if (is_down) return fail(ErrorCode::unavailable, "connection refused");
    if (refuse_with != 0) return problem(static_cast<ErrorCode>(refuse_with), "refused");
    Answer out{404, ""};
    if (path == wire::kEnrolPath) out = enrol(body);
    if (path == wire::kRenewPath) out = renew(body);
    if (path == wire::kRecordsPath) out = take_records(body);
    if (path == wire::kFactsPath) {
      const auto upload = wire::decode_facts(body).value();
      for (const auto& fact : upload.facts) facts[fact.kind] = fact;
      out = {200, "{}"};
    }
    if (path == wire::kHeartbeatPath) {
      beats.push_back(wire::decode_heartbeat(body).value());
      if (reply.time.ns == 0) reply.time = env.now();
      for (const auto& result : beats.back().order_results) {
        if (result.outcome == "working") continue;
        told[result.id].push_back(result.outcome);
        std::erase_if(open_orders, [&](const wire::Order& order) { return order.id == result.id; });
      }
      reply.orders.insert(reply.orders.end(), open_orders.begin(), open_orders.end());
      out = {200, wire::to_json(reply).dump()};
      reply = {};
    }
    if (loses_answers) return fail(ErrorCode::unavailable, "the connection broke before the answer came");
    return out;
  }
};

class HubTransport : public Transport {
 public:
  explicit HubTransport(FakeHub& hub) : hub_(hub) {}
  Result<Answer> post(std::string_view path, std::string_view, std::string_view body) override {
    return hub_.answer(path, body);
  }

 private:
  FakeHub& hub_;
};

Connector connector(FakeHub& hub) {
  return [&hub](const Connection&) -> Result<std::unique_ptr<Transport>> {
    return std::make_unique<HubTransport>(hub);
  };
}

/// A source whose lines outlive the agent.
class Lines : public Collector {
 public:
  explicit Lines(const std::vector<std::string>& lines) : lines_(lines) {}
  std::string source() const override { return "test"; }
  Result<Collected> collect(UtcTime now) override {
    Collected out;
    while (at_ < lines_.size() && out.records.size() < 10) {
      out.records.push_back({"test", wire::RecordFormat::text, now, lines_[at_++]});
    }
    out.more = at_ < lines_.size();
    out.position = std::to_string(at_);
    return out;
  }
  void rewind(const std::string& position) override {
    at_ = position.empty() ? 0 : static_cast<std::size_t>(parse_int(position).value());
  }
  wire::SourceStatus status() const override { return {"test", "reading", "", at_, 0, std::nullopt}; }

 private:
  const std::vector<std::string>& lines_;
  std::size_t at_ = 0;
};

struct World {
  FakeEnv env;
  FakeHub hub{env};
  std::vector<std::string> lines;
  std::uint64_t memory = 1;
  int facts_collected = 0;
  std::vector<std::string> carried_out;  // "KIND ID"
  std::vector<wire::OrderResult> at_console;
  std::unique_ptr<Agent> agent;

  World() {
    const std::string token = wire::encode_token({"hub", 8443, ca_key(), hub.secret}).value();
    REQUIRE(enrol(env, "/data", token, connector(hub), "may-01"));
    for (int i = 0; i < 35; ++i) lines.push_back("line " + std::to_string(i));
  }
  Sha256 ca_key() const {
    Sha256 out{};
    const std::string raw = from_hex(net::public_key_sha256(hub.ca.certificate_pem).value()).value();
    std::copy(raw.begin(), raw.end(), out.begin());
    return out;
  }
  void start() {
    agent.reset();
    AgentParts parts;
    parts.data_folder = "/data";
    parts.config = load_config(env, "/data").value();
    parts.identity = load_identity(env, "/data").value();
    parts.collectors.push_back(std::make_unique<Lines>(lines));
    parts.connect = connector(hub);
    parts.fact_kinds = {"host"};
    parts.collect_fact = [this](std::string_view kind) {
      ++facts_collected;
      Fact fact;
      fact.kind = std::string(kind);
      fact.collected_at = env.now();
      fact.rows.push_back(Json::object({{"hostname", "may-01"}}));
      return fact;
    };
    parts.memory_bytes = [this] { return memory; };
    for (const char* kind : {"isolate", "release", "collect"}) {
      parts.order_hands.kinds[kind] = [this](const wire::Order& order) -> Result<Json> {
        carried_out.push_back(order.kind + " " + order.id);
        if (order.body["fails"].as_bool())
          return fail(ErrorCode::unavailable, "it does not work", "x.y", {"z"});
        return Json::object({{"count", 1}});
      };
    }
    parts.order_hands.keep = [this](const ConsoleReport& report) -> Result<> {
      for (const auto& result : at_console) PHENDAU_TRY(report(result));
      return {};
    };
    agent = Agent::create(env, std::move(parts)).value();
  }
  void turn(int times = 1, Duration pause = seconds(1)) {
    for (int i = 0; i < times; ++i) {
      agent->collect_step();
      agent->survey_step();
      agent->talk_step();
      agent->order_step();
      env.advance(pause);
    }
  }
  wire::Order order(const std::string& id, const std::string& kind, Json body = Json::object()) {
    wire::Order out{id, kind, "d1", env.now() + hours(1), std::move(body), ""};
    REQUIRE(wire::sign_order(out, kOrderKey));
    return out;
  }
  bool has_trouble(std::string_view text_id) const {
    for (const auto& trouble : agent->troubles().list()) {
      if (trouble.text_id == text_id) return true;
    }
    return false;
  }
};

}  // namespace

TEST_CASE("agent: records, facts and heartbeats reach the hub") {
  World world;
  world.start();
  world.turn(6);
  CHECK(world.hub.lines == world.lines);
  CHECK(world.agent->spool().counts().records == 0);
  CHECK(world.hub.facts.contains("host"));
  CHECK(world.hub.facts.at("log_source").rows.at(0)["channel"].as_string() == "test");
  REQUIRE(!world.hub.beats.empty());
  CHECK(world.hub.beats[0].sources.at(0).channel == "test");
  CHECK(world.agent->troubles().list().empty());
  CHECK(parse_json(read_file(world.env, "/data/status.json").value()).value()["epoch"].as_string() ==
        world.agent->spool().epoch());
  CHECK(world.facts_collected == 1);
  world.turn(1, hours(7));
  world.turn(1);
  CHECK(world.facts_collected == 2);
}

TEST_CASE("agent: an outage, lost answers and a restart leave each line at the hub once") {
  World world;
  world.start();
  world.hub.is_down = true;
  world.turn(3);
  CHECK(world.hub.lines.empty());
  CHECK(world.agent->spool().counts().records == 35);
  CHECK(world.agent->troubles().has("upload"));
  world.hub.is_down = false;
  world.hub.loses_answers = true;
  world.turn(3, minutes(6));
  CHECK(world.hub.lines == world.lines);
  CHECK(world.agent->spool().counts().records == 35);
  world.agent.reset();
  world.env.power_cut(0);
  world.hub.loses_answers = false;
  world.lines.push_back("after the cut");
  world.start();
  world.turn(4, minutes(6));
  CHECK(world.hub.lines == world.lines);
  CHECK(world.agent->spool().counts().records == 0);
  CHECK(world.agent->troubles().list().empty());
}

TEST_CASE("agent: refusals are told in a sentence, nothing is dropped, and pauses grow") {
  World world;
  world.start();
  world.hub.refuse_with = static_cast<int>(ErrorCode::denied);
  world.turn(100);
  CHECK(world.agent->spool().counts().records == 35);
  CHECK(world.agent->troubles().list().at(0).message == "the hub answered: refused");
  world.hub.refuse_with = 0;
  world.hub.body_bytes_max = 300;  // Smaller than a whole batch: the agent halves until it fits.
  world.turn(40, minutes(6));
  CHECK(world.hub.lines == world.lines);
}

TEST_CASE("agent: a disk restored from a copy begins a new epoch") {
  World world;
  world.start();
  world.agent->collect_step();
  world.hub.next[world.agent->spool().epoch()] = 1000;
  const std::string old_epoch = world.agent->spool().epoch();
  world.turn(3, minutes(6));
  CHECK(world.agent->spool().epoch() != old_epoch);
  CHECK(world.hub.lines == world.lines);
}

TEST_CASE("agent: clock, journal head, settings and orders of a heartbeat reply") {
  World world;
  world.start();
  world.turn(1);
  world.env.advance(minutes(5));
  world.hub.beats.clear();
  world.hub.reply.time = world.env.now() + minutes(10);
  world.hub.reply.journal_head = wire::JournalHead{100, "aa"};
  world.hub.reply.config = Json::object({{"heartbeat_every", "10s"}});
  wire::Order unsigned_order{"o1", "collect_facts", "d1", world.env.now() + hours(1), Json::object({}), ""};
  wire::Order signed_order = unsigned_order;
  signed_order.id = "o2";
  REQUIRE(wire::sign_order(signed_order, kOrderKey));
  wire::Order unknown = unsigned_order;
  unknown.id = "o3";
  unknown.kind = "format_disk";
  REQUIRE(wire::sign_order(unknown, kOrderKey));
  world.hub.reply.orders = {unsigned_order, signed_order, unknown, signed_order};
  world.turn(1);
  CHECK(world.has_trouble("agent.trouble.clock"));
  world.turn(1);
  CHECK(world.agent->config().heartbeat_every == seconds(10));
  CHECK(load_config(world.env, "/data").value().heartbeat_every == seconds(10));
  CHECK(world.facts_collected == 2);
  world.hub.reply.time = world.env.now() + seconds(10);
  world.hub.reply.journal_head = wire::JournalHead{50, "bb"};
  world.turn(1, seconds(11));
  world.turn(1, seconds(11));
  REQUIRE(world.hub.beats.size() >= 2);
  const auto& results = world.hub.beats[1].order_results;
  REQUIRE(results.size() == 3);
  CHECK(results[0].outcome == "refused");
  CHECK(results[0].text_id == "wire.order.unsigned");
  CHECK(results[1].outcome == "done");
  CHECK(results[2].text_id == "agent.order_unknown");
  CHECK(world.has_trouble("agent.trouble.journal_head"));
  CHECK(!world.has_trouble("agent.trouble.clock"));
  CHECK(load_state(world.env, "/data").journal_head->seq == 100);
}

TEST_CASE("agent: an order that a kill interrupts at any point is neither lost nor told as two") {
  int points = 0;
  for (int at = 0;; ++at) {
    CAPTURE(at);
    World world;
    world.start();
    world.turn(2, minutes(2));
    world.hub.open_orders = {world.order("01A", "collect")};
    // From this change on nothing reaches the disk: the process is as good as dead.
    int changes = 0;
    world.env.set_fault_hook([&](std::string_view, const std::string& path) -> Result<> {
      if (!path.starts_with("/data/orders.json")) return {};
      if (++changes > at) return fail(ErrorCode::io, "killed");
      return {};
    });
    world.hub.loses_answers = at % 2 == 1;  // and every other time the hub's answer is lost as well
    world.turn(1);
    world.hub.loses_answers = false;
    world.turn(3);
    world.env.set_fault_hook(nullptr);
    world.agent.reset();
    world.env.power_cut(static_cast<std::uint8_t>(at * 37));
    world.start();
    world.turn(4, minutes(2));
    REQUIRE(world.hub.told.contains("01A"));
    for (const auto& outcome : world.hub.told["01A"]) CHECK(outcome == "done");
    CHECK(world.carried_out.size() >= 1);
    CHECK(world.carried_out.size() <= 2);
    // Once the hub has answered, it is not told again, also not after another start.
    const std::size_t count = world.hub.told["01A"].size();
    world.start();
    world.turn(3, minutes(2));
    CHECK(world.hub.told["01A"].size() == count);
    CHECK(world.carried_out.size() <= 2);
    points = at;
    if (at >= 40) break;
  }
  CHECK(points == 40);
}

TEST_CASE("agent: of the orders about the isolation the newest one wins") {
  World world;
  world.start();
  world.hub.open_orders = {world.order("01C", "release")};
  world.turn(3, minutes(2));
  world.hub.open_orders = {world.order("01B", "isolate")};
  world.turn(3, minutes(2));
  CHECK(world.carried_out == std::vector<std::string>{"release 01C"});
  CHECK(world.hub.told["01B"] == std::vector<std::string>{"refused"});
  // Also when both wait here, and over a restart.
  world.hub.open_orders = {world.order("01E", "isolate"), world.order("01F", "release")};
  world.agent->collect_step();
  world.agent->talk_step();
  world.start();
  world.turn(4, minutes(2));
  CHECK(world.carried_out == std::vector<std::string>{"release 01C", "release 01F"});
  CHECK(world.hub.told["01E"] == std::vector<std::string>{"refused"});
  CHECK(world.hub.told["01F"] == std::vector<std::string>{"done"});
  world.hub.open_orders = {world.order("01G", "isolate", Json::object({{"fails", true}}))};
  world.turn(3, minutes(2));
  CHECK(world.hub.told["01G"] == std::vector<std::string>{"failed"});
}

TEST_CASE("agent: an order expires by the hub's clock, and while one waits here") {
  World world;
  world.start();
  world.turn(1);
  // This machine is two hours ahead: the order is good.
  wire::Order order{"01A", "collect", "d1", world.env.now() - hours(1), Json::object({}), ""};
  REQUIRE(wire::sign_order(order, kOrderKey));
  world.env.advance(minutes(2));
  world.hub.reply.time = world.env.now() - hours(2);
  world.hub.reply.orders = {order};
  world.turn(1);
  CHECK(world.carried_out.size() == 1);
  // Two hours behind: it is not.
  order.id = "01B";
  order.expires_at = world.env.now() + hours(1);
  REQUIRE(wire::sign_order(order, kOrderKey));
  world.env.advance(minutes(2));
  world.hub.reply.time = world.env.now() + hours(2);
  world.hub.reply.orders = {order};
  world.turn(2, minutes(2));
  CHECK(world.hub.told["01B"] == std::vector<std::string>{"refused"});
  // Taken in time, but the machine was off until it had expired.
  world.hub.reply.time = world.env.now();
  world.hub.reply.orders = {world.order("01C", "collect")};
  world.agent->talk_step();
  world.agent.reset();
  world.env.advance(hours(3));
  world.start();
  world.turn(3, minutes(2));
  CHECK(world.carried_out.size() == 1);
  CHECK(world.hub.told["01C"] == std::vector<std::string>{"refused"});
}

TEST_CASE("agent: outcomes go out at once, beats are as quick as the hub wishes, the console is told once") {
  World world;
  world.start();
  world.turn(1);
  world.env.advance(minutes(2));
  world.hub.open_orders = {world.order("01A", "collect")};
  world.hub.reply.beat_within = seconds(10);
  world.turn(1);
  const std::size_t beats = world.hub.beats.size();
  world.turn(1);  // a second later
  CHECK(world.hub.beats.size() == beats + 1);
  CHECK(world.hub.told["01A"] == std::vector<std::string>{"done"});
  world.hub.beats.clear();
  world.hub.reply.beat_within = seconds(1);  // no quicker than this side allows
  world.turn(1, seconds(60));
  world.hub.beats.clear();
  for (int i = 0; i < 10; ++i) {
    world.hub.reply.beat_within = seconds(1);
    world.turn(1, seconds(1));
  }
  CHECK(world.hub.beats.size() == 2);
  world.at_console = {{"console.1", "done", "release", "", "", {}, Json::object({{"reason", "x"}})}};
  world.turn(30, seconds(10));
  CHECK(world.hub.told["console.1"] == std::vector<std::string>{"done"});
  CHECK(load_config(world.env, "/data").value().heartbeat_every == seconds(60));
}

TEST_CASE("agent: renews at two thirds, and an expired agent keeps spooling and says so") {
  World world;
  world.start();
  world.turn(2);
  CHECK(world.hub.renewals == 0);
  world.env.advance(days(61));
  world.turn(2);
  CHECK(world.hub.renewals == 1);
  CHECK(load_identity(world.env, "/data").value().device_id == "d1");
  world.hub.is_down = true;
  world.env.advance(days(91));
  world.lines.push_back("late");
  world.turn(2);
  CHECK(world.has_trouble("agent.trouble.certificate_expired"));
  CHECK(world.agent->spool().counts().records == 1);
}

TEST_CASE("agent: above its memory it pauses, and after a while asks to be restarted") {
  World world;
  world.start();
  world.memory = 1ull << 40;
  world.turn(2);
  CHECK(world.hub.lines.empty());
  CHECK(world.has_trouble("agent.trouble.memory"));
  CHECK(!world.agent->must_restart());
  world.env.advance(minutes(11));
  world.turn(1);
  CHECK(world.agent->must_restart());
  world.memory = 1;
  world.turn(3, minutes(6));
  CHECK(world.hub.lines == world.lines);
}

TEST_CASE("agent: enrolment refuses another CA, a used token and a second identity") {
  FakeEnv env;
  FakeHub hub(env);
  Sha256 wrong{};
  const std::string impostor = wire::encode_token({"hub", 1, wrong, hub.secret}).value();
  CHECK(enrol(env, "/data", impostor, connector(hub), "h").error().text_id == "agent.enrol.other_ca");
  CHECK(load_identity(env, "/data").error().text_id == "agent.not_enrolled");
  World world;
  const std::string used = wire::encode_token({"hub", 1, world.ca_key(), "ffffffffffffffff"}).value();
  CHECK(enrol(world.env, "/other", used, connector(world.hub), "h").error().code == ErrorCode::denied);
  CHECK(enrol(world.env, "/data", used, connector(world.hub), "h").error().text_id ==
        "agent.already_enrolled");
  CHECK(enrol(world.env, "/data", "phd1.xx", connector(world.hub), "h").error().text_id == "wire.token.cut");
}

TEST_CASE("agent: settings name what is wrong") {
  struct Row {
    std::string_view json;
    std::string_view word;
  };
  const Row rows[] = {{R"({"file":[]})", "file"},
                      {R"({"files":[{"format":"syslog"}]})", "files.path"},
                      {R"({"files":[{"path":"/a","format":"xml"}]})", "files.format"},
                      {R"({"spool_bytes_max":5})", "spool_bytes_max"},
                      {R"({"heartbeat_every":"1s"})", "heartbeat_every"},
                      {R"({"journald":true})", "journald"},
                      {R"({"journald_folder":"remote"})", "journald_folder"}};
  for (const auto& row : rows) {
    const auto config = parse_config(parse_json(row.json).value());
    REQUIRE(!config);
    CHECK(config.error().args.at(0) == row.word);
  }
  const Config defaults;
  CHECK(parse_config(to_json(defaults)).value().spool_bytes_max == defaults.spool_bytes_max);
}

TEST_CASE("agent: run starts, works in two threads and stops cleanly") {
  World world;
  world.start();
  int waits = 0;
  REQUIRE(world.agent->run([&](Duration) { return ++waits > 3; }));
  CHECK(world.agent->spool().next_seq() == 36);
}

}  // namespace agent_test
