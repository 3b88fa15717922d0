// SPDX-License-Identifier: Apache-2.0
// A computer of the asset register counts once: as the machine with an agent that stands for it, else as one
// of which nothing is known.
#include "hub/computers.h"

#include <doctest/doctest.h>

#include "hub/active_pack.h"
#include "os/env.h"

namespace computers_test {

using namespace phendau;
using namespace phendau::hub;
using comply::SubjectKind;

namespace {

struct World {
  const ActivePack pack = ActivePack::load(posix_env(), PHENDAU_SOURCE_DIR "/packs/ha-giang").value();
  comply::Board board{pack.pack().catalog};
  Computers computers;
  const UtcTime now = *parse_rfc3339("2026-11-24T10:00:00+07:00");

  void feed(std::string kind, std::string id, std::string state, std::string_view doc,
            std::string agency = "a1") {
    ledger::Record record;
    record.kind = std::move(kind);
    record.id = std::move(id);
    record.agency_id = std::move(agency);
    record.state = std::move(state);
    record.doc = *parse_json(doc);
    computers.feed(board, pack.pack().reg(record.kind), record, now);
  }
  std::size_t shown(std::string_view agency = "a1") {
    return board.knowledge().subjects_in(SubjectKind::device, agency).size();
  }
};

}  // namespace

TEST_CASE("computers: what no agent stands for is a subject of its own, and only then") {
  World w;
  w.feed("asset", "x1", "in_use", R"({"name":"PC-01","kind":"workstation"})");
  w.feed("asset", "x2", "in_use", R"({"name":"May chu","kind":"server","device_id":"d9"})");
  w.feed("asset", "x3", "in_use", R"({"name":"May in","kind":"printer"})");
  CHECK(w.shown() == 2);
  CHECK(w.board.knowledge().subject(SubjectKind::device, "asset:x2")->attributes["is_server"].as_bool());
  w.feed("device", "d1", "enrolled", R"({"hostname":"pc-01.xa.local"})");
  CHECK(w.shown() == 1);  // the same name
  w.feed("device", "d9", "enrolled", R"({"hostname":"srv"})");
  CHECK(w.shown() == 0);  // the register says so
  w.feed("device", "d1", "revoked", R"({"hostname":"pc-01.xa.local"})");
  CHECK(w.shown() == 1);
  w.feed("device", "d2", "enrolled", R"({"hostname":"pc-01"})", "a2");
  CHECK(w.shown() == 1);  // another agency's
  w.feed("asset", "x1", "removed", R"({"name":"PC-01","kind":"workstation"})");
  CHECK(w.shown() == 0);
  w.feed("asset", "x1", "in_use", R"({"name":"PC-01","kind":"workstation"})", "a2");
  CHECK(w.shown("a2") == 0);  // it moved to where its machine is
  w.feed("asset", "x1", "in_use", R"({"name":"PC-02","kind":"workstation"})", "a2");
  CHECK(w.shown("a2") == 1);
  w.feed("asset", "x1", "in_use", R"({"name":"PC-02","kind":"ups"})", "a2");
  CHECK(w.shown("a2") == 0);
}

TEST_CASE("computers: such a machine makes the duties of machines unknown, not met") {
  World w;
  comply::Subject agency;
  agency.kind = SubjectKind::agency;
  agency.id = agency.agency_id = "a1";
  agency.attributes.set("has_own_systems", true);
  w.board.put_subject(agency);
  w.feed("asset", "x1", "in_use", R"({"name":"PC-01","kind":"workstation"})");
  w.board.settle(w.now);
  const auto counts = w.board.counts_of_subject(SubjectKind::device, "asset:x1");
  std::uint32_t total = 0;
  for (const auto count : counts) total += count;
  REQUIRE(total > 3);
  CHECK(counts[static_cast<std::size_t>(Status::met)] == 0);
  CHECK(counts[static_cast<std::size_t>(Status::unknown)] +
            counts[static_cast<std::size_t>(Status::not_applicable)] ==
        total);
}

}  // namespace computers_test
