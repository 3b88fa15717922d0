// SPDX-License-Identifier: Apache-2.0
// Proves who may order a machine what, that an order goes out signed and once it has an outcome never again,
// that outcomes of others, told twice or too late change nothing they must not, and that ids only grow.
#include "hub/orders.h"

#include <doctest/doctest.h>

#include "base/hash.h"
#include "hub/hub_test_folder.h"
#include "hub/order_evidence.h"
#include "wire/protocol.h"

namespace orders_test {

using namespace phendau;
using namespace phendau::hub;

namespace {

struct World {
  TestHub hub;
  Keys keys;
  std::unique_ptr<Orders> orders;

  World() {
    keys.journal_key = std::string(32, 'j');
    for (const char* agency : {"a1", "a2"}) hub.add_agency(agency);
    add_device("d1", "a1");
    add_device("d2", "a2");
    orders = std::make_unique<Orders>(*hub.services, keys);
  }
  void add_device(const std::string& id, const std::string& agency) {
    ledger::Write write;
    write.kind = "device";
    write.id = id;
    write.agency_id = agency;
    write.state = "enrolled";
    write.doc.set("hostname", "may-" + id);
    REQUIRE(hub.ledger->write(write, system_actor(), hub.env.now()));
  }
  static Actor device(const std::string& id = "d1", const std::string& agency = "a1") {
    Actor out;
    out.user_id = id;
    out.role = Role::device;
    out.agency_ids = {agency};
    return out;
  }
  static Actor person(Role role, const std::string& agency = "a1") {
    Actor out = TestHub::officer(agency);
    out.role = role;
    return out;
  }
  static Json body(const std::string& order) {
    return Json::object({{"order", order},
                         {"ordered_by", "Tran Van A, Giam doc"},
                         {"reason", "ma doc"},
                         {"weighed", "khong co dich vu nao"}});
  }
  std::string issue(const std::string& order, const std::string& device_id = "d1") {
    const auto issued = orders->issue(system_actor(), device_id, body(order));
    REQUIRE(issued);
    return (*issued)["id"].as_string();
  }
  Orders::HandOut beat(std::vector<wire::OrderResult> results = {}, const std::string& id = "d1",
                       const std::string& agency = "a1") {
    wire::Heartbeat heartbeat;
    heartbeat.order_results = std::move(results);
    return orders->meet(device(id, agency), heartbeat).value();
  }
  static wire::OrderResult result(const std::string& id, const std::string& outcome = "done") {
    wire::OrderResult out;
    out.id = id;
    out.outcome = outcome;
    return out;
  }
  Json shown(const std::string& id) {
    const Json page = orders->list(system_actor(), {}).value();
    for (const auto& item : page["items"].items()) {
      if (item["id"].as_string() == id) return item;
    }
    return {};
  }
  std::uint64_t changes() { return hub.ledger->head().value().seq; }
};

}  // namespace

TEST_CASE("orders: officers order machines of their agency, the province all, nobody else any") {
  World world;
  struct Row {
    Role role;
    const char* agency;
    const char* device;
    bool may;
  };
  const Row rows[] = {{Role::administrator, "a1", "d2", true},  {Role::province_operator, "a1", "d2", true},
                      {Role::agency_officer, "a1", "d1", true}, {Role::agency_officer, "a1", "d2", false},
                      {Role::agency_head, "a1", "d1", false},   {Role::partner, "a1", "d1", false},
                      {Role::staff, "a1", "d1", false},         {Role::device, "a1", "d1", false}};
  for (const auto& row : rows) {
    CAPTURE(to_string(row.role));
    CAPTURE(row.device);
    const Actor actor = World::person(row.role, row.agency);
    const auto issued = world.orders->issue(actor, row.device, World::body("isolate"));
    CHECK(issued.has_value() == row.may);
    if (issued) CHECK(world.orders->cancel(actor, (*issued)["id"].as_string(), "x"));
  }
  const std::string id = world.issue("isolate", "d2");
  const Actor officer = TestHub::officer("a1");
  CHECK(world.orders->cancel(officer, id, "x").error().code == ErrorCode::not_found);
  const Json listed = world.orders->list(officer, {}).value();
  for (const auto& item : listed["items"].items()) CHECK(item["agency_id"].as_string() == "a1");
  CHECK(world.orders->list(World::person(Role::staff), {}).error().code == ErrorCode::denied);
}

TEST_CASE("orders: the form names an authority, a reason and what was weighed") {
  World world;
  for (const char* missing : {"ordered_by", "reason", "weighed", "order"}) {
    CAPTURE(missing);
    Json body = World::body("isolate");
    body.erase(missing);
    CHECK(world.orders->issue(system_actor(), "d1", body).error().args.at(0) == missing);
    body.set(missing, "  ");
    CHECK(!world.orders->issue(system_actor(), "d1", body));
  }
  Json body = World::body("isolate");
  body.set("stays_up",
           Json::array({Json::object(
               {{"direction", "in"}, {"network", "0.0.0.0/0"}, {"port", 443}, {"protocol", "tcp"}})}));
  CHECK(world.orders->issue(system_actor(), "d1", body).error().text_id == "wire.stays_up");
  body = World::body("release");
  body.erase("weighed");
  CHECK(world.orders->issue(system_actor(), "d1", body));
  body.set("case_id", "no such case");
  CHECK(world.orders->issue(system_actor(), "d1", body).error().args.at(0) == "case_id");
  CHECK(world.orders->issue(system_actor(), "no-such-device", World::body("isolate")).error().code ==
        ErrorCode::not_found);
  ledger::Write revoke = ledger::rewrite(world.hub.ledger->get("device", "d1", everything()).value(), "x");
  revoke.state = "revoked";
  REQUIRE(world.hub.ledger->write(revoke, system_actor(), world.hub.env.now()));
  CHECK(world.orders->issue(system_actor(), "d1", World::body("isolate")).error().text_id == "order.revoked");
}

TEST_CASE("orders: handed out signed until the outcome is known, which is taken once") {
  World world;
  Json body = World::body("isolate");
  body.set("stays_up",
           Json::array({Json::object(
               {{"direction", "in"}, {"network", "10.1.2.3/8"}, {"port", 443}, {"protocol", "tcp"}})}));
  const std::string id = world.orders->issue(system_actor(), "d1", body).value()["id"].as_string();
  CHECK(world.beat({}, "d2", "a2").orders.empty());
  const auto handed = world.beat();
  REQUIRE(handed.orders.size() == 1);
  CHECK(handed.beat_within == kQuickHeartbeat);
  const std::string key = ed25519_public_key(world.keys.journal_key).value();
  CHECK(wire::verify_order(handed.orders[0], key, "d1", world.hub.env.now()));
  CHECK(handed.orders[0].body["stays_up"].items().at(0)["network"].as_string() == "10.0.0.0/8");
  CHECK(handed.orders[0].body.dump().find("ma doc") == std::string::npos);
  CHECK(world.shown(id)["state"].as_string() == "handed_out");
  CHECK(world.orders->cancel(system_actor(), id, "x").error().text_id == "order.not_waiting");
  CHECK(world.beat().orders.size() == 1);                            // the answer was lost
  CHECK(world.beat({World::result(id, "working")}).orders.empty());  // it has it
  world.beat({World::result(id)}, "d2", "a2");                       // another machine's word
  CHECK(world.shown(id)["state"].as_string() == "handed_out");
  const auto done = world.beat({World::result(id)});
  CHECK(done.orders.empty());
  CHECK(!done.beat_within);
  CHECK(world.shown(id)["state"].as_string() == "done");
  const std::uint64_t changes = world.changes();
  world.beat({World::result(id, "failed"), World::result("unknown"), World::result("")});
  CHECK(world.changes() == changes);
  CHECK(world.shown(id)["state"].as_string() == "done");
}

TEST_CASE("orders: a refusal is shown in words, a cancelled or expired order does not go out") {
  World world;
  const std::string refused = world.issue("isolate");
  world.beat();
  wire::OrderResult result = World::result(refused, "refused");
  result.reason = "expired";
  result.text_id = "wire.order.expired";
  world.beat({result});
  CHECK(world.shown(refused)["state"].as_string() == "failed");
  CHECK(world.shown(refused)["outcome_text"].as_string() == tr(Lang::vi, "wire.order.expired"));
  const std::string cancelled = world.issue("isolate");
  REQUIRE(world.orders->cancel(system_actor(), cancelled, "nham may"));
  CHECK(world.beat().orders.empty());
  const std::string late = world.issue("isolate");
  const std::string begun = world.issue("release");
  CHECK(world.beat().orders.size() == 2);
  world.hub.env.advance(days(2));
  CHECK(world.beat({World::result(begun, "working")}).orders.empty());
  CHECK(world.shown(late)["state"].as_string() == "expired");
  CHECK(world.shown(begun)["state"].as_string() == "handed_out");
  // It had been taken in time, after all.
  world.beat({World::result(late), World::result(begun)});
  CHECK(world.shown(late)["state"].as_string() == "done");
  CHECK(world.shown(begun)["state"].as_string() == "done");
}

TEST_CASE(
    "orders: collected files come in pieces that either side may begin anew, and are kept with their "
    "digests") {
  World world;
  OrderEvidence evidence(*world.hub.services);
  const std::string id = world.issue("collect");
  const std::string other = world.issue("isolate");
  const std::string bytes(3'000'000, 'x');
  const auto part = [&](std::uint16_t number, std::uint64_t offset) {
    wire::EvidencePart out;
    out.order_id = id;
    out.number = number;
    out.name = "01-arp-routes.tar";
    out.offset = offset;
    out.bytes = bytes.substr(offset, 1'000'000);
    out.last = offset + out.bytes.size() >= bytes.size();
    if (out.last) {
      out.sha256 = sha256_hex(bytes);
      out.sha512 = sha512_hex(bytes);
    }
    return out;
  };
  CHECK(evidence.take(World::device(), part(1, 0)).error().code == ErrorCode::denied);  // not handed out yet
  world.beat();
  CHECK(evidence.take(World::device("d2", "a2"), part(1, 0)).error().code == ErrorCode::denied);
  wire::EvidencePart foreign = part(1, 0);
  foreign.order_id = other;
  CHECK(evidence.take(World::device(), foreign).error().code == ErrorCode::denied);
  CHECK(evidence.take(World::device(), part(1, 0)).value().next_offset == 1'000'000);
  CHECK(evidence.take(World::device(), part(1, 0)).value().next_offset == 1'000'000);  // the answer was lost
  CHECK(evidence.take(World::device(), part(1, 2'000'000)).value().next_offset == 1'000'000);
  OrderEvidence after_a_start(*world.hub.services);
  CHECK(after_a_start.take(World::device(), part(1, 1'000'000)).value().next_offset == 2'000'000);
  CHECK(after_a_start.take(World::device(), part(1, 2'000'000)).value().finished);
  CHECK(after_a_start.take(World::device(), part(1, 2'000'000)).value().finished);  // the answer was lost
  const Json file = world.shown(id)["files"].items().at(0);
  CHECK(file["sha256"].as_string() == sha256_hex(bytes));
  CHECK(file["size_bytes"].as_int() == 3'000'000);
  CHECK(world.hub.ledger->blob_exists(sha256_hex(bytes)));
  CHECK(world.shown(id)["files"].size() == 1);
  // What is not what the machine said it is begins anew; what carries a marking of secrets leaves no byte.
  wire::EvidencePart wrong = part(2, 0);
  wrong.last = true;
  wrong.sha256 = sha256_hex("x");
  const auto again = evidence.take(World::device(), wrong).value();
  CHECK(again.next_offset == 0);
  CHECK(!again.finished);
  wire::EvidencePart marked = part(3, 0);
  marked.bytes = "first\n\xC4\x90\xE1\xBB\x99 m\xE1\xBA\xADt: M\xE1\xBA\xACT\nlast";
  marked.last = true;
  marked.sha256 = sha256_hex(marked.bytes);
  marked.sha512 = sha512_hex(marked.bytes);
  CHECK(evidence.take(World::device(), marked).value().finished);
  CHECK(world.shown(id)["files"].items().at(1)["refused"].as_bool());
  CHECK(!world.hub.ledger->blob_exists(marked.sha256));
  // Text of Windows in either byte order, with and without a mark, at an odd place, over pieces of binary.
  const auto wide = [](std::u16string_view text, bool little) {
    std::string out;
    for (const char16_t unit : text) {
      const char high = static_cast<char>(unit >> 8), low = static_cast<char>(unit & 0xFF);
      out += little ? std::string{low, high} : std::string{high, low};
    }
    return out;
  };
  const std::u16string secret = u"first\r\n\u0110\u1ED9 m\u1EADt: T\u1ED0I M\u1EACT\r\nlast";
  std::uint16_t number = 3;
  const auto refused = [&](std::string of_windows) {
    wire::EvidencePart one = part(++number, 0);
    one.bytes = std::move(of_windows);
    one.last = true;
    one.sha256 = sha256_hex(one.bytes);
    one.sha512 = sha512_hex(one.bytes);
    CHECK(evidence.take(World::device(), one).value().finished);
    const bool out = world.shown(id)["files"].items().back()["refused"].as_bool();
    CHECK(out != world.hub.ledger->blob_exists(one.sha256));
    return out;
  };
  for (const bool little : {true, false}) {
    CHECK(refused(wide(secret, little)));
    CHECK(refused(wide(u"\uFEFF" + secret, little)));
    CHECK(refused("\x01\xFF\x7F" + wide(secret, little) + "\xFE"));
    CHECK(refused(std::string((1u << 20) - 31, '\xEE') + wide(secret, little)));
    CHECK_FALSE(refused(wide(u"b\u1EA3o m\u1EADt \u0111\u01B0\u1EDDng truy\u1EC1n\r\nMAT\r\n", little)));
  }
  world.beat({World::result(id)});
  CHECK(evidence.take(World::device(), part(50, 0)).error().code == ErrorCode::denied);
}

TEST_CASE("orders: ids grow though the clock goes back, and a machine's queue is bounded") {
  World world;
  const std::string first = world.issue("isolate");
  world.hub.env.set_now(world.hub.env.now() - days(30));
  const std::string second = world.issue("release");
  CHECK(first < second);
  std::string before = second;
  for (std::size_t i = 2; i < kOpenOrdersMax; ++i) {
    const std::string next = world.issue("collect_facts");
    CHECK(before < next);
    before = next;
  }
  CHECK(world.orders->issue(system_actor(), "d1", World::body("isolate")).error().text_id ==
        "order.too_many");
  CHECK(world.orders->issue(system_actor(), "d2", World::body("isolate")));
}

TEST_CASE("orders: a release at the console is recorded once, under the machine that told it") {
  World world;
  wire::OrderResult told = World::result(std::string(wire::kConsolePrefix) + "01ARZ3NDEKTSV4RRFFQ69G5FAV");
  told.kind = "release";
  told.data = Json::object({{"reason", "may chu phu"}, {"by", "root"}, {"at", "2026-11-26T01:02:03Z"}});
  world.beat({told});
  const std::uint64_t changes = world.changes();
  world.beat({told});
  CHECK(world.changes() == changes);
  const Json shown = world.shown("d1." + told.id);
  CHECK(shown["at_console"].as_bool());
  CHECK(shown["reason"].as_string() == "may chu phu");
  CHECK(shown["state"].as_string() == "done");
  world.beat({told}, "d2", "a2");
  CHECK(world.shown("d2." + told.id)["agency_id"].as_string() == "a2");
  told.id = "console.../../x";
  world.beat({told});
  told.kind = "isolate";
  world.beat({told});
  CHECK(world.changes() == changes + 1);
  CHECK(world.issue("isolate") < "d");  // such ids do not disturb the order of the others
  wire::Heartbeat isolated;
  isolated.isolation = wire::IsolationStatus{true, "x", {}, 0, ""};
  CHECK(world.orders->meet(World::device("d2", "a2"), isolated).value().beat_within == kQuickHeartbeat);
}

}  // namespace orders_test
