// SPDX-License-Identifier: Apache-2.0
#include "detect/correlation.h"

#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/hash.h"
#include "detect/testing/batches.h"

using namespace phendau;
using namespace phendau::detect;

namespace {

constexpr const char* kBase = R"(
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
title: c
name: c
logsource: {product: linux}
detection: {s: {k: c}, condition: s}
)";

struct Event {
  int at = 0;  // seconds after midnight
  std::string k = "a";
  std::string ip = "1";
  std::string v = "";
};

/// Plan and correlator from the base rules and the given correlation documents.
struct Bench {
  Plan plan;
  Correlator correlator;
  std::uint64_t frame = 0;

  static Bench make(const std::string& correlations, const CorrelationLimits& limits = {}) {
    RuleFile file = parse_rules("t.yml", std::string(kBase) + correlations);
    for (const auto& error : file.errors) FAIL(error.to_string());
    SourceMap sources;
    Plan plan = Plan::compile(file.rules, sources);
    Correlator correlator = Correlator::compile(file.correlations, plan, limits);
    return {std::move(plan), std::move(correlator)};
  }
  std::vector<CorrelationMatch> feed(const std::vector<Event>& events) {
    std::vector<Json> rows;
    for (const auto& event : events) {
      Json row = Json::object({{"k", event.k}});
      if (!event.ip.empty()) row.set("ip", event.ip);
      if (!event.v.empty()) row.set("v", event.v);
      row.set("time", format_rfc3339(parse_rfc3339("2026-11-24T00:00:00Z").value() + seconds(event.at)));
      rows.push_back(std::move(row));
    }
    const Batch batch = testing::batch_of(rows);
    return correlator.observe(batch, ++frame, match(plan, batch));
  }
  /// One batch per event; the number of new windows.
  std::size_t fires(const std::vector<Event>& events) {
    std::size_t out = 0;
    for (const auto& event : events) {
      for (const auto& found : feed({event})) out += found.update || !found.alerts ? 0 : 1;
    }
    return out;
  }
};

std::string correlation(const std::string& type, const std::string& rules, const std::string& rest,
                        const std::string& group = "[ip]") {
  return "---\ntitle: x\nname: x\ncorrelation:\n  type: " + type + "\n  rules: " + rules +
         "\n  timespan: 60s\n" + (group.empty() ? "" : "  group-by: " + group + "\n") + rest;
}

const std::string kThree = correlation("event_count", "[a]", "  condition: {gte: 3}\n");

}  // namespace

TEST_CASE("event_count: in and out of the window, boundaries, groups") {
  struct Row {
    const char* name;
    std::vector<Event> events;
    std::size_t fires;
  };
  const Row rows[] = {
      {"three within", {{0}, {10}, {20}}, 1},
      {"exactly one timespan apart", {{0}, {10}, {60}}, 1},
      {"just outside", {{0}, {10}, {61}}, 0},
      {"slides", {{0}, {50}, {70}, {100}}, 1},
      {"other rule", {{0}, {10}, {20, "b"}}, 0},
      {"other group", {{0}, {10}, {20, "a", "2"}}, 0},
      {"no group value", {{0}, {10}, {20, "a", ""}}, 0},
      {"one alert for a long burst in one window", {{0}, {1}, {2}, {3}, {4}, {5}, {60}}, 1},
      {"again after the window", {{0}, {1}, {2}, {61}, {62}, {63}}, 2},
      {"window after a fired one does not reuse its events", {{0}, {58}, {59}, {61}, {62}}, 1},
      {"late event completes", {{0}, {50}, {20}}, 1},
      {"late event of an old window", {{0}, {10}, {80}, {90}, {20}}, 1},
      {"late before a fired window is spent", {{100}, {101}, {102}, {50}, {51}, {52}}, 1},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK(Bench::make(kThree).fires(row.events) == row.fires);
  }
}

TEST_CASE("event_count: what a match says, and updates") {
  Bench bench = Bench::make(kThree);
  CHECK(bench.feed({{0}, {5}}).empty());
  const auto found = bench.feed({{10}, {11}, {12, "a", "2"}});
  REQUIRE(found.size() == 1);
  CHECK(found[0].group == std::vector<std::string>{"1"});
  CHECK(found[0].count == 4);
  CHECK(found[0].first_event == EventRef{1, 0});
  CHECK(found[0].last_event == EventRef{2, 1});
  CHECK(found[0].sample.size() == 4);
  CHECK(found[0].window_end - found[0].window_start == seconds(60));
  CHECK(!found[0].update);
  std::vector<Event> many;
  for (int i = 0; i < 500; ++i) many.push_back({20});
  const auto more = bench.feed(many);
  REQUIRE(more.size() == 1);
  CHECK(more[0].update);
  CHECK(more[0].count == 504);
  CHECK(more[0].sample.size() == kCorrelationSampleMax);
  CHECK(more[0].window_start == found[0].window_start);
  CHECK(bench.correlator.rule_alerts()[0] == false);
  CHECK(bench.correlator.rule_alerts()[1] == true);
}

TEST_CASE("the other types") {
  struct Row {
    const char* name;
    std::string rule;
    std::vector<Event> events;
    std::size_t fires;
  };
  const std::string distinct = correlation("value_count", "[a]", "  condition: {field: v, gte: 3}\n");
  const std::string temporal = correlation("temporal", "[a, b]", "");
  const std::string ordered = correlation("temporal_ordered", "[a, b, c]", "");
  const std::string sum = correlation("value_sum", "[a]", "  condition: {field: v, gt: 100}\n");
  const std::string avg = correlation("value_avg", "[a]", "  condition: {field: v, gte: 10}\n");
  const std::string median = correlation("value_median", "[a]", "  condition: {field: v, gt: 5}\n");
  const std::string global = correlation("event_count", "a", "  condition: {gte: 2}\n", "");
  const Row rows[] = {
      {"three values", distinct, {{0, "a", "1", "x"}, {1, "a", "1", "y"}, {2, "a", "1", "z"}}, 1},
      {"a value repeated", distinct, {{0, "a", "1", "x"}, {1, "a", "1", "x"}, {2, "a", "1", "z"}}, 0},
      {"a value left the window",
       distinct,
       {{0, "a", "1", "x"}, {30, "a", "1", "y"}, {61, "a", "1", "z"}},
       0},
      {"no value", distinct, {{0, "a", "1", "x"}, {1, "a", "1", "y"}, {2, "a", "1", ""}}, 0},
      {"late value", distinct, {{0, "a", "1", "x"}, {40, "a", "1", "z"}, {20, "a", "1", "y"}}, 1},
      {"both", temporal, {{0}, {5, "b"}}, 1},
      {"both, other order", temporal, {{0, "b"}, {5}}, 1},
      {"both, other groups", temporal, {{0}, {5, "b", "2"}}, 0},
      {"both, outside", temporal, {{0}, {61, "b"}}, 0},
      {"in order", ordered, {{0}, {5, "b"}, {6, "c"}}, 1},
      {"in order with noise", ordered, {{0}, {1, "c"}, {2, "b"}, {3}, {4, "c"}}, 1},
      {"wrong order", ordered, {{0}, {5, "c"}, {6, "b"}}, 0},
      {"last two swapped", ordered, {{0, "b"}, {5}, {6, "c"}}, 0},
      {"in order, outside", ordered, {{0}, {5, "b"}, {61, "c"}}, 0},
      {"in order, other group", ordered, {{0}, {5, "b", "2"}, {6, "c"}}, 0},
      {"in order, late middle", ordered, {{0}, {10, "c"}, {5, "b"}}, 1},
      {"sum", sum, {{0, "a", "1", "60"}, {1, "a", "1", "41"}}, 1},
      {"sum, not over", sum, {{0, "a", "1", "60"}, {1, "a", "1", "40"}}, 0},
      {"sum, outside", sum, {{0, "a", "1", "60"}, {61, "a", "1", "60"}}, 0},
      {"sum, no number", sum, {{0, "a", "1", "60"}, {1, "a", "1", "lots"}}, 0},
      {"average", avg, {{0, "a", "1", "1"}, {1, "a", "1", "18"}, {2, "a", "1", "11"}}, 1},
      {"average, under", avg, {{0, "a", "1", "1"}, {1, "a", "1", "18"}}, 0},
      {"median", median, {{0, "a", "1", "1"}, {1, "a", "1", "6"}, {2, "a", "1", "99"}}, 1},
      {"median, not over", median, {{0, "a", "1", "1"}, {1, "a", "1", "5"}, {2, "a", "1", "5"}}, 0},
      {"no group-by: one group", global, {{0, "a", "1"}, {1, "a", "2"}}, 1},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK(Bench::make(row.rule).fires(row.events) == row.fires);
  }
}

TEST_CASE("upper bounds are judged when the window has ended") {
  const UtcTime midnight = parse_rfc3339("2026-11-24T00:00:00Z").value();
  struct Row {
    const char* condition;
    std::size_t events;
    std::size_t fires;
  };
  for (const Row& row :
       {Row{"{lt: 3}", 2, 1}, Row{"{lt: 3}", 3, 0}, Row{"{lte: 3}", 3, 1}, Row{"{eq: 2}", 2, 1},
        Row{"{eq: 2}", 3, 0}, Row{"{neq: 2}", 3, 1}, Row{"{gt: 1, lte: 3}", 3, 1},
        Row{"{gt: 1, lte: 3}", 4, 0}, Row{"{gt: 1, lte: 3}", 1, 0}}) {
    INFO(row.condition << " " << row.events);
    Bench bench =
        Bench::make(correlation("event_count", "[a]", fmt::format("  condition: {}\n", row.condition)));
    CHECK(bench.fires(std::vector<Event>(row.events)) == 0);
    CHECK(bench.correlator.advance(midnight + seconds(60)).empty());
    CHECK(bench.correlator.advance(midnight + seconds(61)).size() == row.fires);
    CHECK(bench.correlator.advance(midnight + seconds(200)).empty());
  }
}

TEST_CASE("chaining: many failures, then a success") {
  const std::string rules =
      "---\ntitle: many\nname: many\ncorrelation: {type: event_count, rules: [a], group-by: [ip, u], "
      "timespan: 60s, condition: {gte: 3}}\n" +
      correlation("temporal_ordered", "[many, b]", "");
  const std::string plain =
      "---\ntitle: many\nname: many\ncorrelation: {type: event_count, rules: [a], group-by: [ip], "
      "timespan: 60s, condition: {gte: 3}}\n" +
      correlation("temporal_ordered", "[many, b]", "");
  CHECK(Bench::make(plain).fires({{0}, {1}, {2}, {30, "b"}}) == 1);
  CHECK(Bench::make(plain).fires({{0}, {1}, {30, "b"}, {31}}) == 0);
  CHECK(Bench::make(plain).fires({{0}, {1}, {2}, {30, "b", "2"}}) == 0);
  CHECK(Bench::make(plain).fires({{0}, {1}, {2}, {63, "b"}}) == 0);
  CHECK(Bench::make(rules).fires({{0}, {1}, {2}, {30, "b"}}) == 0);  // no field u
}

TEST_CASE("aliases and rejected references") {
  const std::string aliased = correlation("temporal", "[a, b]", "  aliases: {who: {a: ip, b: v}}\n", "[who]");
  CHECK(Bench::make(aliased).fires({{0, "a", "7"}, {1, "b", "9", "7"}}) == 1);
  CHECK(Bench::make(aliased).fires({{0, "a", "7"}, {1, "b", "7", "9"}}) == 0);
  CHECK(Bench::make(correlation("event_count", "[nobody]", "  condition: {gte: 2}\n"))
            .correlator.rejected()
            .size() == 1);
  CHECK(Bench::make(correlation("event_count", "[x]", "  condition: {gte: 2}\n"))
            .correlator.rejected()
            .size() == 1);
  CHECK(Bench::make(correlation("event_count", "[a]", "  condition: {gte: 20000}\n"))
            .correlator.rejected()
            .size() == 1);
}

TEST_CASE("a correlation that is left out names the reference, and its building blocks stay quiet") {
  const auto alerts = [](const Bench& bench) { return bench.correlator.rule_alerts(); };
  const Bench broken = Bench::make(correlation("temporal", "[a, nobody]", ""));
  REQUIRE(broken.correlator.rejected().size() == 1);
  const std::string text = std::string(kBase) + correlation("temporal", "[a, nobody]", "");
  const auto line_of_rules =
      std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(text.find("nobody")), '\n') + 1;
  CHECK(broken.correlator.rejected()[0].line == line_of_rules);
  CHECK(broken.correlator.rejected()[0].column > 9);
  CHECK(alerts(broken) == std::vector<bool>{false, true, true});
  CHECK(alerts(Bench::make(correlation("temporal", "[a, nobody]", "  generate: true\n"))) ==
        std::vector<bool>{true, true, true});
}

TEST_CASE("state survives a restart in the middle of a window") {
  for (const auto& rule : {kThree, correlation("value_count", "[a]", "  condition: {field: v, gte: 3}\n")}) {
    Bench before = Bench::make(rule);
    CHECK(before.fires({{0, "a", "1", "x"}, {10, "a", "1", "y"}, {11, "a", "2", "y"}}) == 0);
    const std::string saved = before.correlator.save();
    Bench after = Bench::make(rule);
    REQUIRE(after.correlator.restore(saved));
    CHECK(after.correlator.save() == saved);
    CHECK(after.correlator.stats().entries == 3);
    after.frame = before.frame;
    CHECK(after.fires({{20, "a", "1", "z"}}) == 1);
    Bench again = Bench::make(rule);
    REQUIRE(again.correlator.restore(after.correlator.save()));
    again.frame = after.frame;
    CHECK(again.fires({{21, "a", "1", "w"}}) == 0);
  }
}

TEST_CASE("damaged and foreign state") {
  Bench bench = Bench::make(kThree);
  bench.fires({{0}, {10}});
  const std::string saved = bench.correlator.save();
  for (std::size_t i = 0; i < saved.size(); i += 3) {
    std::string damaged = saved;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x41);
    CHECK(!bench.correlator.restore(damaged));
    CHECK(!bench.correlator.restore(saved.substr(0, i)));
  }
  CHECK(bench.correlator.stats().entries == 0);
  Bench other = Bench::make(correlation("event_count", "[a]", "  condition: {gte: 4}\n"));
  CHECK(other.correlator.restore(saved));
  CHECK(other.correlator.stats().entries == 0);
}

TEST_CASE("bounded state: the longest idle group goes, and is counted") {
  CorrelationLimits limits;
  limits.groups_max = 10;
  limits.entries_per_group_max = 5;
  Bench bench = Bench::make(kThree, limits);
  for (int i = 0; i < 25; ++i) bench.feed({{i, "a", std::to_string(i)}});
  CHECK(bench.correlator.stats().groups == 10);
  CHECK(bench.correlator.stats().groups_evicted == 15);
  CHECK(bench.fires({{26, "a", "24"}, {27, "a", "24"}}) == 1);
  CHECK(bench.fires({{28, "a", "1"}, {29, "a", "1"}}) == 0);
  bench.feed({{100'000, "a", "z"}});
  CHECK(bench.correlator.stats().groups == 1);
}

TEST_CASE("a batch out of order gives what one in order gives") {
  CHECK(Bench::make(kThree).feed({{20}, {0}, {10}}).size() == 1);
  CHECK(Bench::make(kThree).feed({{20}, {0}, {10}})[0].first_event == EventRef{1, 1});
}

TEST_CASE("silence") {
  const auto file = parse_rules("s.yml", R"(
title: silent
phendau: {kind: silence, source: 'sv-*', timespan: 30m, events_per_hour_usual_min: 10}
)");
  REQUIRE(file.errors.empty());
  REQUIRE(file.silences.size() == 1);
  const UtcTime now = parse_rfc3339("2026-11-24T10:00:00Z").value();
  const std::vector<SourceActivity> sources = {
      {"sv-1", "x", "h", now - minutes(30), 100},
      {"sv-1", "x", "h", now - minutes(29), 100},
      {"sv-2", "x", "h", now - hours(3), 9},
      {"pc-1", "x", "h", now - hours(3), 100},
  };
  const auto found = evaluate_silence(file.silences, sources, now);
  REQUIRE(found.size() == 1);
  CHECK(found[0].silent_for == minutes(30));
}
