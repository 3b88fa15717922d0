// SPDX-License-Identifier: Apache-2.0
// Correlations: matches a second, with few and with many different values of what they group by or count. The
// rule's matches are made before; what is measured is the correlator, from an empty state, windows sliding.
#include "bench/scan.h"

#include <unordered_map>

#include <fmt/format.h>

#include "detect/correlation.h"

namespace phendau::bench {
namespace {

constexpr std::uint32_t kMatches = 500'000;
constexpr int kWindowSeconds = 65;  // 65,000 matches, kept three times as long for late ones: below the limit of a group
constexpr double kMatchesTarget = 500'000;
constexpr std::uint32_t kDistinct[] = {1, 1'000, 100'000};
constexpr int kRuns = 3;

/// What there is so many different ones of: groups, or values in one group.
struct Kind {
  const char* type;
  const char* rest;  // of the correlation
  const char* group_by;
};
constexpr Kind kKinds[] = {
    {"event_count", "condition: {gte: 10}", "v"},
    {"value_count", "condition: {gte: 10, field: v}", "one"},
    {"value_count", "condition: {gte: 10, field: n}", "v"},
    {"value_sum", "condition: {gte: 1000, field: n}", "v"},
    {"value_avg", "condition: {gte: 1000, field: n}", "v"},
    {"value_percentile", "condition: {gte: 1000, field: n, percentile: 95}", "v"},
    {"temporal", "", "v"},
    {"temporal_ordered", "", "v"},
};

constexpr const char* kRules = R"(
title: a
name: a
logsource: {product: linux}
detection: {s: {k: a}, condition: s}
---
title: b
name: b
logsource: {product: linux}
detection: {s: {k: b}, condition: s}
---
title: x
name: x
correlation:
  type: )";

struct Matched {
  std::vector<Batch> batches;
  std::vector<std::vector<detect::Match>> matches;
};

/// One event every millisecond; every second one matches the second rule, with the value of the one before.
Matched matched(const detect::Plan& plan, std::uint32_t distinct) {
  Matched out;
  BatchBuilder builder("bench");
  const UtcTime begin{days(20'000).ns};
  for (std::uint32_t i = 0; i < kMatches; ++i) {
    builder.begin_row({.event_time = begin + milliseconds(i),
                       .received_time = begin + milliseconds(i),
                       .source = "bench",
                       .host = "host",
                       .agency = "agency",
                       .logsource = "linux//",
                       .parse_error = {},
                       .raw = {}});
    builder.add("k", i % 2 == 0 ? "a" : "b");
    builder.add("one", "1");
    builder.add("v", fmt::format("10.{}.{}", i / 2 % distinct / 250, i / 2 % distinct % 250));
    builder.add("n", std::to_string(i % 97), ValueKind::integer);
    if (builder.rows() < kRows && i + 1 < kMatches) continue;
    out.batches.push_back(builder.finish());
    out.matches.push_back(detect::match(plan, out.batches.back()));
  }
  return out;
}

void run_kind(const Kind& kind) {
  const std::string text = fmt::format("{}{}\n  rules: [a, b]\n  group-by: [{}]\n  timespan: {}s\n  {}\n",
                                       kRules, kind.type, kind.group_by, kWindowSeconds, kind.rest);
  auto file = detect::parse_rules("bench.yml", text);
  if (!file.errors.empty()) give_up(file.errors.front().to_string());
  const auto plan = detect::Plan::compile(file.rules, {});
  const bool counts_values = std::string_view(kind.group_by) == "one";
  for (const std::uint32_t distinct : kDistinct) {
    const auto input = std::make_shared<Matched>(matched(plan, distinct));
    Pair pair;
    pair.name = fmt::format("detect, correlation {}, {} {}{}", kind.type, distinct,
                            counts_values ? "value" : "group", distinct == 1 ? "" : "s");
    pair.baseline = "count them in a hash map";
    pair.unit = "matches";
    pair.events = kMatches;
    pair.events_target = kMatchesTarget;
    pair.pairs = kRuns;
    pair.ours = [input, plan, correlations = file.correlations] {
      auto correlator = detect::Correlator::compile(correlations, plan);
      if (!correlator.rejected().empty()) give_up(correlator.rejected().front().to_string());
      for (std::size_t i = 0; i < input->batches.size(); ++i)
        keep(correlator.observe(input->batches[i], i + 1, input->matches[i]).size());
      if (correlator.stats().entries_evicted > 0) give_up("a window of the bench is over the limit");
    };
    pair.base = [input] {
      std::unordered_map<std::string, std::uint64_t> counts;
      for (std::size_t i = 0; i < input->batches.size(); ++i) {
        const Column& column = *input->batches[i].column("v");
        for (const auto& match : input->matches[i]) ++counts[std::string(column.text(match.row))];
      }
      keep(counts.size());
    };
    run(pair);
  }
}

}  // namespace

void correlation_report() {
  for (const auto& kind : kKinds) {
    if (wanted(fmt::format("detect, correlation {}", kind.type))) run_kind(kind);
  }
}

}  // namespace phendau::bench
