// SPDX-License-Identifier: Apache-2.0
// The clocks that the law sets for incidents, under the regimes of before, between and after its changes,
// against a table worked out apart from the program (tests/data/case_clocks_golden.tsv), with the procedure
// of the base pack and that of a province.
#include <doctest/doctest.h>

#include <fstream>

#include "base/text.h"
#include "hub/active_pack.h"

namespace case_clocks_test {

using namespace phendau;
using namespace phendau::hub;

namespace {

UtcTime at(std::string_view local) { return parse_rfc3339(std::string(local) + "+07:00").value(); }

struct Row {
  std::string line;
  UtcTime detected;
  UtcTime opened;
  std::string serious;
  std::string lost;
  std::string clock;
  std::string rule;
  std::string last_good;
};

std::vector<Row> read_rows() {
  std::ifstream file(std::string(PHENDAU_SOURCE_DIR) + "/tests/data/case_clocks_golden.tsv");
  REQUIRE(file.good());
  std::vector<Row> out;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    CAPTURE(line);
    const auto fields = split(line, '\t');
    REQUIRE(fields.size() == 7);
    out.push_back({line, at(std::string(fields[0]) + ":00"), at(std::string(fields[1]) + ":00"),
                   std::string(fields[2]), std::string(fields[3]), std::string(fields[4]),
                   std::string(fields[5]), std::string(fields[6])});
  }
  return out;
}

/// The clock that the law sets for this step, of a case whose forms say what the row says.
std::optional<workflow::ClockState> clock_of(const ActivePack& pack, const Row& row, UtcTime now) {
  const auto& definition = *pack.workflow("incident");
  Actor officer;
  officer.role = Role::agency_officer;
  auto state = workflow::start(definition, {"c", "p", {}, row.detected}, officer, row.opened);
  for (auto& step : state.steps) {
    if (step.id != "verify") continue;
    if (row.serious != "-") step.doc.set("serious", row.serious);
    if (row.lost != "-") step.doc.set("personal_data_at", row.lost + ":00+07:00");
  }
  const std::string step = row.clock == "initial"    ? "report"
                           : row.clock == "detailed" ? "detailed_report"
                                                     : "personal_data_notice";
  std::optional<workflow::ClockState> out;
  for (const auto& clock : pack.clocks_of(definition, state, now)) {
    if (clock.step != step || clock.due.rule.empty()) continue;
    CHECK_FALSE(out.has_value());  // never two of the law at once
    out = clock;
  }
  return out;
}

void check_row(const ActivePack& pack, const Row& row) {
  CAPTURE(row.line);
  const auto clock = clock_of(pack, row, row.opened);
  CHECK(clock.has_value() == (row.rule != "-"));
  if (!clock) return;
  CHECK(clock->due.rule == row.rule);
  CHECK_FALSE(clock->due.source.empty());
  if (row.last_good == "none") {
    CHECK_FALSE(clock->due.at.has_value());
    CHECK_FALSE(clock_of(pack, row, row.detected + days(900))->overdue);
    return;
  }
  CHECK_FALSE(clock_of(pack, row, at(row.last_good))->overdue);
  CHECK(clock_of(pack, row, at(row.last_good) + seconds(1))->overdue);
}

}  // namespace

TEST_CASE("case clocks: the law in force where an incident was detected, to the second") {
  const auto rows = read_rows();
  CHECK(rows.size() >= 60);
  for (const char* name : {"ha-giang", "lao-cai"}) {
    CAPTURE(name);
    const auto pack = ActivePack::load(posix_env(), std::string(PHENDAU_SOURCE_DIR) + "/packs/" + name);
    REQUIRE(pack);
    for (const auto& row : rows) check_row(*pack, row);
  }
}

}  // namespace case_clocks_test
