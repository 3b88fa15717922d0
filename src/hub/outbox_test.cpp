// SPDX-License-Identifier: Apache-2.0
// Proves that what waits is neither lost, starved nor sent twice without a mark: a dead address never stands
// before others, a crash in the middle is told, a full disk sends nothing again, a server that is away uses
// up no tries, and what was given up can be sent again.
#include "hub/outbox.h"

#include <doctest/doctest.h>

#include "hub/deliveries.h"
#include "hub/hub_test_folder.h"

namespace outbox_test {

using namespace phendau;
using namespace phendau::hub;
using net::SendEnd;

namespace {

struct World : TestHub {
  World() {
    env.set_now(*parse_rfc3339("2026-11-26T09:00:00+07:00"));
    add_agency("a1");
    add_agency("a2");
    restart();
  }
  void restart() {
    deliveries =
        std::make_unique<Deliveries>(*services, [this](const Parcel& parcel, const std::atomic<bool>&) {
          if (during) during(parcel);
          tried.push_back(parcel.address);
          ids.push_back(parcel.id);
          return answer(parcel);
        });
    REQUIRE(deliveries->open());
  }
  void add(const std::string& key, const std::string& address, const std::string& agency = "a1") {
    DeliveryWrite mail;
    mail.key = key;
    mail.channel = kMailChannel;
    mail.agency_id = agency;
    mail.address = address;
    mail.notice = "reminder";
    mail.subject = "s";
    mail.text = "t";
    ledger::WriteBatch batch;
    REQUIRE(deliveries->add(batch, mail, env.now()));
    if (!batch.writes.empty()) REQUIRE(ledger->write_batch(batch, system_actor(), env.now()));
  }
  Outbox& outbox() { return *deliveries->outbox(kMailChannel); }
  /// Runs as long as something waits, at most so many times.
  int run_all(int times_max = 100'000) {
    int times = 0;
    for (auto next = outbox().run_once().value(); next && times < times_max; ++times) {
      env.set_now(*next);
      next = outbox().run_once().value();
    }
    return times;
  }
  Json only() {
    const Json listed = deliveries->list(system_actor(), {}).value();
    REQUIRE(listed["items"].size() == 1);
    return listed["items"].items().front();
  }
  std::size_t waiting_rows() {
    return ledger->list_derived(kOutboxSpace, "", everything(), 1'000).value().size() +
           ledger->list_derived(kOutboxDueSpace, "", everything(), 1'000).value().size();
  }

  std::function<net::SendReply(const Parcel&)> answer = [](const Parcel&) {
    return net::SendReply{SendEnd::accepted, "250 ok"};
  };
  std::function<void(const Parcel&)> during;
  std::vector<std::string> tried;
  std::vector<std::string> ids;
  std::unique_ptr<Deliveries> deliveries;
};

}  // namespace

TEST_CASE("outbox: a thousand mails to a dead address stand in nobody's way") {
  World w;
  for (int i = 0; i < 1'100; ++i) w.add("k" + std::to_string(i), "chet@xa.example");
  w.env.advance(seconds(1));
  for (int i = 0; i < 3; ++i) w.add("other" + std::to_string(i), "song" + std::to_string(i) + "@xa.example");
  w.answer = [](const Parcel& parcel) {
    return parcel.address == "chet@xa.example" ? net::SendReply{SendEnd::put_off, "451 later"}
                                               : net::SendReply{SendEnd::accepted, "250 ok"};
  };
  REQUIRE(w.outbox().run_once());
  CHECK(w.tried.size() == 4);  // one at the dead address, then the others
  CHECK(w.outbox().counts().sent == 3);
  // The address heals: all arrive, each once.
  w.answer = [](const Parcel&) { return net::SendReply{SendEnd::accepted, "250 ok"}; };
  w.run_all();
  CHECK(w.outbox().counts().sent == 1'103);
  CHECK(w.waiting_rows() == 0);
  CHECK(std::set(w.ids.begin(), w.ids.end()).size() == 1'103);
  CHECK(w.tried.size() == 1'104);
}

TEST_CASE("outbox: refused is dead with the reason, and goes out again when a person says so") {
  World w;
  w.add("k", "khong.co@xa.example");
  w.answer = [](const Parcel&) { return net::SendReply{SendEnd::refused, "550 no such mailbox"}; };
  CHECK_FALSE(w.outbox().run_once().value());
  CHECK(w.only()["state"].as_string() == "dead");
  CHECK(w.only()["answer"].as_string() == "550 no such mailbox");
  CHECK(w.waiting_rows() == 0);
  const std::string id = w.only()["id"].as_string();
  CHECK(w.deliveries->resend(TestHub::officer("a2"), id).error().code == ErrorCode::not_found);
  w.answer = [](const Parcel&) { return net::SendReply{SendEnd::accepted, "250 ok"}; };
  REQUIRE(w.deliveries->resend(TestHub::officer("a1"), id));
  CHECK(w.only()["state"].as_string() == "waiting");
  REQUIRE(w.outbox().run_once());
  CHECK(w.only()["state"].as_string() == "sent");
  CHECK(w.ids == std::vector<std::string>{id, id});
  CHECK(w.deliveries->resend(TestHub::officer("a1"), id).error().code == ErrorCode::conflict);
}

TEST_CASE("outbox: sent again goes to the address that is registered now") {
  World w;
  ledger::Write officer;
  officer.kind = "officer";
  officer.agency_id = "a1";
  officer.state = "active";
  officer.doc =
      Json::object({{"full_name", "A"}, {"assigned_on", "2026-01-01"}, {"email", "moi@xa.example"}});
  officer.doc.set("roles", Json::array({Json("it_officer")}));
  const auto written = w.ledger->write(officer, system_actor(), w.env.now()).value();
  DeliveryWrite mail;
  mail.key = "k";
  mail.channel = kMailChannel;
  mail.agency_id = "a1";
  mail.person = "officer/" + written.record_id;
  mail.address = "cu@xa.example";
  ledger::WriteBatch batch;
  REQUIRE(w.deliveries->add(batch, mail, w.env.now()));
  REQUIRE(w.ledger->write_batch(batch, system_actor(), w.env.now()));
  w.answer = [](const Parcel& parcel) {
    return net::SendReply{parcel.address.starts_with("cu") ? SendEnd::refused : SendEnd::accepted, "x"};
  };
  REQUIRE(w.outbox().run_once());
  REQUIRE(w.deliveries->resend(TestHub::officer("a1"), w.only()["id"].as_string()));
  REQUIRE(w.outbox().run_once());
  CHECK(w.tried == std::vector<std::string>{"cu@xa.example", "moi@xa.example"});
  CHECK(w.only()["state"].as_string() == "sent");
}

TEST_CASE("outbox: a crash while sending is told; the number stays the same") {
  World w;
  w.add("k", "a@xa.example");
  bool is_marked = false;
  w.during = [&](const Parcel& parcel) {
    // Written before anything goes out.
    is_marked = w.outbox().progress(parcel.id)["sending"].as_bool();
  };
  w.answer = [&](const Parcel&) -> net::SendReply {
    // The hub dies here: nothing of what comes after is written.
    REQUIRE(w.ledger->get_derived(kOutboxSpace, "mail/" + w.ids.back()).value());
    return {SendEnd::unsure, "gone"};
  };
  REQUIRE(w.outbox().run_once());
  CHECK(is_marked);
  CHECK(w.only()["state"].as_string() == "failed");
  CHECK(w.only()["twice"].as_bool());
  // As a crash leaves it.
  auto row = *w.ledger->get_derived(kOutboxSpace, "mail/" + w.ids.back()).value();
  row.doc.set("sending", true).set("twice", false);
  REQUIRE(w.ledger->put_derived(row.space, row.key, "", row.doc, w.env.now()));
  w.answer = [](const Parcel&) { return net::SendReply{SendEnd::accepted, "250 ok"}; };
  w.restart();
  w.run_all();
  CHECK(w.only()["state"].as_string() == "sent");
  CHECK(w.only()["twice"].as_bool());
  CHECK(w.ids.size() == 2);
  CHECK(w.ids.front() == w.ids.back());
}

TEST_CASE("outbox: rows that are gone are made again from the records") {
  World w;
  w.add("k", "a@xa.example");
  for (const auto space : {kOutboxSpace, kOutboxDueSpace}) {
    const auto rows = w.ledger->list_derived(space, "", everything(), 10).value();
    for (const auto& row : rows) REQUIRE(w.ledger->remove_derived(row.space, row.key));
  }
  w.restart();
  REQUIRE(w.outbox().run_once());
  CHECK(w.only()["state"].as_string() == "sent");
  CHECK(w.only()["twice"].as_bool());
}

TEST_CASE(
    "outbox: a server that is away makes everything wait and uses up no tries; after five days it ends") {
  World w;
  w.add("k1", "a@xa.example");
  w.add("k2", "b@xa.example");
  w.answer = [](const Parcel&) { return net::SendReply{SendEnd::unreachable, "connection refused"}; };
  REQUIRE(w.outbox().run_once());
  CHECK(w.tried.size() == 1);  // the other one need not try
  w.run_all(12);
  CHECK(w.tried.size() > 10);
  CHECK(w.tried.size() < 60);
  CHECK(w.outbox().counts().given_up == 0);
  CHECK(std::set(w.tried.begin(), w.tried.end()).size() == 2);  // none of them blocks the other
  w.env.advance(days(6));
  w.run_all();
  CHECK(w.outbox().counts().given_up == 2);
  Deliveries::Filter dead;
  dead.states = {"dead"};
  CHECK(w.deliveries->list(system_actor(), dead).value()["total"].as_int() == 2);
}

TEST_CASE("outbox: what the ledger cannot take is not sent; what was sent is not sent again") {
  World w;
  w.add("k", "a@xa.example");
  const auto original = w.ledger->get(kDeliveryKind, w.only()["id"].as_string(), everything()).value();
  // Somebody changes the record while it is on its way: the outcome is still written.
  w.during = [&](const Parcel&) {
    ledger::Write write = ledger::rewrite(original, "meanwhile");
    REQUIRE(w.ledger->write(write, system_actor(), w.env.now()));
  };
  REQUIRE(w.outbox().run_once());
  CHECK(w.only()["state"].as_string() == "sent");
  CHECK(w.tried.size() == 1);
}

TEST_CASE("deliveries: an agency sees its own; the same key is the same delivery") {
  World w;
  w.add("k", "a@xa.example", "a1");
  w.add("k", "a@xa.example", "a1");
  w.add("l", "b@xa.example", "a2");
  const Json mine = w.deliveries->list(TestHub::officer("a1"), {}).value();
  CHECK(mine["total"].as_int() == 1);
  const std::string id = mine["items"].items().front()["id"].as_string();
  CHECK(w.deliveries->get(TestHub::officer("a2"), id).error().code == ErrorCode::not_found);
  CHECK(w.deliveries->get(TestHub::officer("a1"), id).value()["text"].as_string() == "t");
  CHECK_FALSE(mine["items"].items().front().contains("text"));
  CHECK(w.deliveries->list(system_actor(), {}).value()["total"].as_int() == 2);
  Actor staff = TestHub::officer("a1");
  staff.role = Role::staff;
  CHECK(w.deliveries->list(staff, {}).error().code == ErrorCode::denied);
}

}  // namespace outbox_test
