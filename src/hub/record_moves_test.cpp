// SPDX-License-Identifier: Apache-2.0
// Records that are sent to a body: its deputies, its successors and its open screens; what a move asks of
// dates and of other records. The rest is in tests/scenario/registers.py and processes.py.
#include <doctest/doctest.h>

#include "hub/hub_test_folder.h"
#include "hub/records.h"

namespace record_moves_test {

using namespace phendau;
using namespace phendau::hub;

namespace {

struct World : TestHub {
  World() : records(*services) {
    for (const char* id : {"a1", "a2", "a3"}) add_agency(id);
    auto below = ledger::rewrite(*ledger->get("agency", "a2", everything()), "below a1, which sends to it");
    below.doc.set("parent_id", "a1");
    REQUIRE(ledger->write(below, system_actor(), env.now()));
  }
  std::string send(const char* field, const char* to) {
    Json doc = Json::object({{"to_body", "agency"},
                             {"wanted", "support"},
                             {"channel", "document"},
                             {"sent_at", "2026-11-03T08:00:00+07:00"},
                             {"content", "x"}});
    doc.set(field, to);
    return records.create(officer("a1"), "coordination_request", Json::object({{"doc", std::move(doc)}}))
        .value()["id"]
        .as_string();
  }
  Result<Json> answer(const Actor& actor, const std::string& id) {
    return records.move(actor, "coordination_request", id,
                        *parse_json(R"({"to": "answered", "doc": {"answered_at": "2026-11-04T08:00:00+07:00",
                                        "answered_by": "A", "answer": "B"}})"));
  }
  Records records;
};

}  // namespace

TEST_CASE("addressees: a deputy answers, and the change says under which delegation") {
  World w;
  const std::string id = w.send("to_agency_id", "a2");
  Actor deputy = World::officer("a3");
  CHECK(w.answer(deputy, id).error().code == ErrorCode::not_found);
  deputy.delegations = {{"01ABC", "a2", Role::agency_officer, {"log_review"}}};
  CHECK(w.answer(deputy, id).error().code == ErrorCode::not_found);
  deputy.delegations = {{"01ABC", "a2", Role::agency_officer, {"coordination_request"}}};
  REQUIRE(w.answer(deputy, id).has_value());
  const Json history = w.records.history(deputy, "coordination_request", id).value();
  CHECK(history["items"].items().front()["delegation"].as_string() == "01ABC");
  CHECK(w.records.update(deputy, "coordination_request", id, *parse_json(R"({"doc": {"content": "y"}})"))
            .error()
            .text_id == "record.addressee_reads");
}

TEST_CASE(
    "addressees: who took a body's place answers what was sent to it; its own moves say nothing of "
    "delegations") {
  World w;
  const std::string id = w.send("to_agency_id", "a2");
  Actor heir = World::officer("a3");
  heir.past_agency_ids = {"a2"};
  REQUIRE(w.answer(heir, id).has_value());
  CHECK(w.records.history(heir, "coordination_request", id)
            .value()["items"]
            .items()
            .front()["delegation"]
            .is_null());
}

TEST_CASE("addressees: their screens are told, others' are not") {
  World w;
  std::map<std::string, int> told;
  for (const char* agency : {"a1", "a2", "a3"})
    w.live.subscribe(World::officer(agency), [&told, agency](const LiveMessage&) { ++told[agency]; });
  const std::string id = w.send("to_agency_id", "a2");
  REQUIRE(w.answer(World::officer("a2"), id).has_value());
  CHECK(told == std::map<std::string, int>{{"a1", 2}, {"a2", 2}});
}

TEST_CASE("addressees: tasks of a head who answers for the body") {
  World w;
  w.send("to_agency_id", "a2");
  Actor head = World::officer("a2");
  head.role = Role::agency_head;
  const Json waiting = w.records.waiting_for(head).value();
  REQUIRE(waiting.items().size() == 1);
  CHECK(waiting.items().front()["agency_id"].as_string() == "a1");
  head.agency_ids = {"a3"};
  CHECK(w.records.waiting_for(head).value().items().empty());
}

}  // namespace record_moves_test
