// SPDX-License-Identifier: Apache-2.0
// What a scan counts besides its matches; all else of it: tests/scenario/scan.py.
#include "cli/scanner.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

namespace scanner_test {

using namespace phendau;
using namespace phendau::cli;

TEST_CASE("events that come to correlations too late are counted") {
  std::string folder = (std::filesystem::temp_directory_path() / "phendau-scan-XXXXXX").string();
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  const std::string path = folder + "/log.json";
  std::ofstream out(path);
  for (const char* hour : {"10", "01"}) {
    for (int minute = 10; minute < 30; ++minute)
      out << R"({"k":"a","time":"2026-11-20T)" << hour << ':' << minute << ":00Z\"}\n";
  }
  out.close();
  const auto late = [&](std::size_t correlated_max) {
    detect::RuleFile file = detect::parse_rules("t.yml", R"(
title: a
name: a
logsource: {product: cong-mot-cua}
detection: {s: {k: a}, condition: s}
---
title: many
correlation: {type: event_count, rules: [a], timespan: 1m, condition: {gte: 100}}
)");
    REQUIRE(file.errors.empty());
    detect::RuleSet rules;
    rules.correlations = std::move(file.correlations);
    rules.plan = detect::Plan::compile(std::move(file.rules), rules.sources);
    const Globals globals;
    ScanOptions options;
    options.paths = {path};
    options.correlated_max = correlated_max;
    Scanner scanner(globals, std::move(options), std::move(rules));
    REQUIRE(scanner.run().has_value());
    CHECK(scanner.totals().events == 40);
    return scanner.late();
  };
  CHECK(late(kTimeOrderEntriesMax) == 0);
  CHECK(late(20) == 20);
  std::filesystem::remove_all(folder);
}

}  // namespace scanner_test
