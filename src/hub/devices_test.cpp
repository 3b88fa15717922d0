// SPDX-License-Identifier: Apache-2.0
// Proves that a list of machines by status has whole pages, that a certificate ends when its successor is
// used, what other ports learn of a device, and that a machine cannot begin spools without end.
#include "hub/devices.h"

#include <doctest/doctest.h>

#include <set>

#include "hub/hub_test_folder.h"
#include "hub/spool_book.h"

namespace devices_test {

using namespace phendau;
using namespace phendau::hub;

namespace {

void add_device(TestHub& hub, const std::string& id, const std::string& state = "enrolled") {
  ledger::Write write;
  write.kind = "device";
  write.id = id;
  write.agency_id = "a1";
  write.state = state;
  write.doc.set("hostname", id).set("certificate_serial", "s1");
  REQUIRE(hub.ledger->write(write, system_actor(), hub.env.now()));
}

void hear_of(TestHub& hub, const std::string& id, Duration ago) {
  const Json heard = Json::object({{"received_at", format_rfc3339(hub.env.now() - ago)}});
  REQUIRE(hub.ledger->put_derived(kHeartbeatSpace, id, "a1", heard, hub.env.now()));
}

net::PeerIdentity peer_with(const std::string& id, const std::string& serial) {
  net::PeerIdentity out;
  out.verified = true;
  out.device_id = id;
  out.agency_id = "what-the-certificate-says";
  out.serial = serial;
  return out;
}

}  // namespace

TEST_CASE("devices: a status filter has whole pages and the right total") {
  TestHub hub;
  hub.add_agency("a1");
  for (int i = 0; i < 30; ++i) {
    const std::string id = "d" + std::to_string(100 + i);
    add_device(hub, id, i % 10 == 9 ? "revoked" : "enrolled");
    if (i % 3 == 0) hear_of(hub, id, seconds(5));
    if (i % 3 == 1) hear_of(hub, id, hours(5));
    hub.env.advance(milliseconds(1));
  }
  const Keys keys;
  Devices devices(*hub.services, keys, "127.0.0.1:1");
  const struct {
    const char* status;
    std::size_t total;
  } cases[] = {{"online", 9}, {"silent", 9}, {"never_seen", 9}, {"revoked", 3}, {"expired", 0}};
  for (const auto& c : cases) {
    CAPTURE(c.status);
    std::set<std::string> seen;
    ledger::Query query;
    query.limit = 4;
    for (int page_number = 0; page_number < 10; ++page_number) {
      const Json page = devices.list(system_actor(), query, c.status).value();
      CHECK(page["total"].as_int() == static_cast<std::int64_t>(c.total));
      CHECK(page["items"].size() == std::min<std::size_t>(4, c.total - seen.size()));
      for (const auto& item : page["items"].items()) {
        CHECK(item["status"].as_string() == c.status);
        CHECK(seen.insert(item["id"].as_string()).second);
      }
      query.cursor = page["next_cursor"].as_string();
      if (query.cursor.empty()) break;
    }
    CHECK(seen.size() == c.total);
  }
  CHECK((*devices.list(system_actor(), ledger::Query{}, ""))["total"].as_int() == 30);
}

TEST_CASE("devices: after a renewal the old certificate is good until the new one is used") {
  TestHub hub;
  hub.add_agency("a1");
  add_device(hub, "d1");
  Keys keys;
  keys.ca = net::create_ca(hub.env, "test", 365).value();
  Devices devices(*hub.services, keys, "127.0.0.1:1");
  const auto csr = net::make_certificate_request("d1").value();
  const auto with = [&](const std::string& serial) { return devices.actor_for(peer_with("d1", serial), ""); };
  const Actor device = with("s1").value();
  const auto renew_with = [&](const std::string& serial) {
    const auto made = devices.renew(device, peer_with("d1", serial), {csr.request_pem}).value();
    return net::parse_certificate(made.certificate_pem).value().serial;
  };
  // The first answer got lost: the machine asks again with what it has.
  const std::string lost = renew_with("s1");
  const std::string next = renew_with("s1");
  CHECK(with("s1"));
  CHECK(with(lost).error().text_id == "device.certificate_replaced");
  CHECK(devices.may_send(peer_with("d1", "s1")));
  CHECK(with(next));
  CHECK(with("s1").error().text_id == "device.certificate_replaced");
  CHECK_FALSE(devices.may_send(peer_with("d1", "s1")));
  CHECK(devices.may_send(peer_with("d1", next)));
  CHECK(with(next));
}

TEST_CASE("devices: other ports learn from the ledger whose a device is and whether it may send") {
  TestHub hub;
  hub.add_agency("a1");
  add_device(hub, "d1");
  const Keys keys;
  Devices devices(*hub.services, keys, "127.0.0.1:1");
  CHECK(devices.may_send(peer_with("d1", "s1")));
  CHECK(devices.agency_of("d1") == "a1");
  CHECK_FALSE(devices.may_send(peer_with("d1", "s0")));
  CHECK_FALSE(devices.may_send(peer_with("d2", "s1")));
  CHECK(devices.agency_of("d2") == kUnassignedAgency);
  REQUIRE(devices.revoke(system_actor(), "d1", "lost"));
  CHECK_FALSE(devices.may_send(peer_with("d1", "s1")));
}

TEST_CASE("spools: a machine begins few within a day, and is counted when it begins more") {
  TestHub hub;
  SpoolBook book(*hub.services);
  const auto begin = [&](SpoolBook& in, int number) {
    return in.admit("d1", "a1", std::string(31, 'e') + static_cast<char>('A' + number), hub.env.now());
  };
  for (int i = 0; i < 16; ++i) CHECK(begin(book, i));
  for (int i = 0; i < 16; ++i) CHECK(begin(book, i));
  CHECK(begin(book, 16).error().text_id == "device.too_many_spools");
  CHECK(begin(book, 17).error().code == ErrorCode::unavailable);
  CHECK(book.refused() == 2);
  CHECK(book.admit("d2", "a1", std::string(32, 'e'), hub.env.now()));
  SpoolBook restarted(*hub.services);
  CHECK(begin(restarted, 3));
  CHECK_FALSE(begin(restarted, 16));
  hub.env.advance(hours(24));
  CHECK(begin(restarted, 16));
  CHECK(begin(restarted, 3));
}

}  // namespace devices_test
