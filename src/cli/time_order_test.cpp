// SPDX-License-Identifier: Apache-2.0
#include "cli/time_order.h"

#include <doctest/doctest.h>

#include "detect/testing/batches.h"

namespace time_order_test {

using namespace phendau;
using namespace phendau::cli;

namespace {

constexpr const char* kRules = R"(
title: a
name: a
logsource: {product: linux}
detection: {s: {k: a}, condition: s}
---
title: two
correlation: {type: event_count, rules: [a], group-by: [u], timespan: 10s, condition: {gte: 2}}
)";

/// Events newest first, one a batch; what is shown.
std::vector<std::uint64_t> shown(std::size_t memory_bytes_max, std::size_t entries_max, int events) {
  detect::RuleFile file = detect::parse_rules("t.yml", kRules);
  const detect::Plan plan = detect::Plan::compile(file.rules, detect::SourceMap());
  auto correlator = detect::Correlator::compile(file.correlations, plan);
  std::vector<std::uint64_t> out;
  TimeOrder order(
      correlator, [&](const auto&, const ShownEvent& event) { out.push_back(event.position); },
      [](const auto&, UtcTime) { FAIL("nothing went by"); }, memory_bytes_max, entries_max);
  for (int i = events - 1; i >= 0; --i) {
    const Batch batch = detect::testing::batch_of({Json::object(
        {{"k", "a"}, {"u", i % 2 == 0 ? "x" : "y"}, {"time", format_rfc3339(UtcTime{} + seconds(i * 10))}})});
    REQUIRE(order.add(batch, 0, {0}, {batch.event_time(0), static_cast<std::uint64_t>(i), "h", "p", "{}"})
                .has_value());
    const Batch again = detect::testing::batch_of(
        {Json::object({{"k", "a"},
                       {"u", i % 2 == 0 ? "x" : "y"},
                       {"time", format_rfc3339(UtcTime{} + seconds(i * 10 + 3))}})});
    REQUIRE(order.add(again, 0, {0}, {again.event_time(0), static_cast<std::uint64_t>(i), "h", "p", "{}"})
                .has_value());
  }
  REQUIRE(order.finish().has_value());
  return out;
}

}  // namespace

TEST_CASE("what was read newest first is judged oldest first, from memory and from a file") {
  std::vector<std::uint64_t> want;
  for (std::uint64_t i = 0; i < 50; ++i) want.push_back(i);
  CHECK(shown(kTapeBytesMax, kTimeOrderEntriesMax, 50) == want);
  CHECK(shown(100, kTimeOrderEntriesMax, 50) == want);
  CHECK(shown(1, kTimeOrderEntriesMax, 50) == want);
}

TEST_CASE("what is too much is judged before all is read; what is older then comes late") {
  std::vector<std::uint64_t> want;
  for (std::uint64_t i = 40; i < 50; ++i) want.push_back(i);
  CHECK(shown(100, 20, 50) == want);
}

TEST_CASE("all values of a field come through") {
  detect::RuleFile file = detect::parse_rules("t.yml", kRules);
  const detect::Plan plan = detect::Plan::compile(file.rules, detect::SourceMap());
  auto correlator = detect::Correlator::compile(file.correlations, plan);
  std::vector<std::uint64_t> out;
  TimeOrder order(
      correlator, [&](const auto&, const ShownEvent& event) { out.push_back(event.position); },
      [](const auto&, UtcTime) { FAIL("nothing went by"); });
  std::uint64_t position = 0;
  for (const Json& user : {Json::array({"x", "y"}), Json("y")}) {
    const Batch batch = detect::testing::batch_of(
        {Json::object({{"k", "a"}, {"u", user}, {"time", format_rfc3339(UtcTime{} + seconds(1))}})});
    REQUIRE(order.add(batch, 0, {0}, {batch.event_time(0), ++position, "h", "p", "{}"}).has_value());
  }
  REQUIRE(order.finish().has_value());
  CHECK(out == std::vector<std::uint64_t>{2});
}

}  // namespace time_order_test
