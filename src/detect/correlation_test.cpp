// SPDX-License-Identifier: Apache-2.0
#include "detect/correlation.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <random>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/hash.h"
#include "detect/correlation_window.h"
#include "detect/testing/batches.h"

namespace correlation_test {

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
  std::string w = "";
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
      if (!event.w.empty()) row.set("w", event.w);
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
  CHECK(found[0].reached_event == EventRef{2, 0});
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

TEST_CASE("eight types: in the window, just outside, wrong order, other group, late, restarted") {
  /// What must come out: how often, and of the last one the value and the group.
  struct Outcome {
    std::size_t fires = 0;
    double value = 0;
    const char* group = "1";
  };
  struct Row {
    const char* type;
    const char* rules;
    const char* condition;
    Event events[3];
    Outcome in_window, outside, wrong_order, other_group, late;
  };
  // An average or a percentile of fewer events is one as well: outside and in another group it is of those.
  const Row rows[] = {
      {"event_count", "[a]", "{gte: 3}", {{0}, {20}, {60}}, {1, 3}, {0}, {1, 3}, {0}, {1, 3}},
      {"value_count",
       "[a]",
       "{field: v, gte: 3}",
       {{0, "a", "1", "x"}, {20, "a", "1", "y"}, {60, "a", "1", "z"}},
       {1, 3},
       {0},
       {1, 3},
       {0},
       {1, 3}},
      {"temporal", "[a, b, c]", "", {{0, "a"}, {20, "b"}, {60, "c"}}, {1, 3}, {0}, {1, 3}, {0}, {1, 3}},
      {"temporal_ordered", "[a, b, c]", "", {{0, "a"}, {20, "b"}, {60, "c"}}, {1, 3}, {0}, {0}, {0}, {1, 3}},
      {"value_sum",
       "[a]",
       "{field: v, gt: 100}",
       {{0, "a", "1", "50"}, {20, "a", "1", "30"}, {60, "a", "1", "30.5"}},
       {1, 110.5},
       {0},
       {1, 110.5},
       {0},
       {1, 110.5}},
      {"value_avg",
       "[a]",
       "{field: v, gte: 10}",
       {{0, "a", "1", "1"}, {20, "a", "1", "9"}, {60, "a", "1", "20"}},
       {1, 10},
       {1, 14.5},
       {1, 20},
       {1, 20, "2"},
       {1, 10.5}},
      {"value_percentile",
       "[a]",
       "{field: v, percentile: 75, gt: 10}",
       {{0, "a", "1", "1"}, {20, "a", "1", "2"}, {60, "a", "1", "30"}},
       {1, 16},
       {1, 23},
       {1, 30},
       {1, 30, "2"},
       {1, 22.75}},
      {"value_median",
       "[a]",
       "{field: v, gte: 5}",
       {{0, "a", "1", "1"}, {20, "a", "1", "5"}, {60, "a", "1", "9"}},
       {1, 5},
       {1, 7},
       {1, 9},
       {1, 9, "2"},
       {1, 5}},
  };
  for (const auto& row : rows) {
    INFO(row.type);
    const std::string rule = correlation(
        row.type, row.rules, row.condition[0] == 0 ? "" : fmt::format("  condition: {}\n", row.condition));
    const auto check = [&](const char* what, const Outcome& wanted, std::vector<Event> events,
                           std::size_t restart_at) {
      INFO(what);
      Bench bench = Bench::make(rule);
      std::vector<CorrelationMatch> found;
      for (std::size_t i = 0; i < events.size(); ++i) {
        if (i == restart_at) {
          Bench again = Bench::make(rule);
          REQUIRE(again.correlator.restore(bench.correlator.save()));
          again.frame = bench.frame;
          bench = std::move(again);
        }
        for (auto& match : bench.feed({events[i]})) {
          if (!match.update) found.push_back(std::move(match));
        }
      }
      REQUIRE(found.size() == wanted.fires);
      if (found.empty()) return;
      CHECK(found.back().value == doctest::Approx(wanted.value));
      CHECK(found.back().group == std::vector<std::string>{wanted.group});
    };
    const Event first = row.events[0];
    const Event second = row.events[1];
    const Event third = row.events[2];
    Event later = third;
    later.at = 61;
    Event elsewhere = third;
    elsewhere.ip = "2";
    Event third_first = third;
    third_first.at = 0;
    Event first_last = first;
    first_last.at = 60;
    check("in the window", row.in_window, {first, second, third}, 9);
    check("just outside", row.outside, {first, second, later}, 9);
    check("wrong order", row.wrong_order, {third_first, second, first_last}, 9);
    check("other group", row.other_group, {first, second, elsewhere}, 9);
    check("late event", row.late, {first, third, second}, 9);
    check("restart in the window", row.in_window, {first, second, third}, 2);
    check("restart before a late event", row.late, {first, third, second}, 2);
  }
}

TEST_CASE("temporal conditions count different rules, in their order for the ordered one") {
  const std::string any_two = correlation("temporal", "[a, b, c]", "  condition: {gte: 2}\n");
  CHECK(Bench::make(any_two).fires({{0, "c"}, {5, "c"}, {6, "a"}}) == 1);
  CHECK(Bench::make(any_two).fires({{0, "c"}, {5, "c"}}) == 0);
  const std::string two_steps = correlation("temporal_ordered", "[a, b, c]", "  condition: {gte: 2}\n");
  CHECK(Bench::make(two_steps).fires({{0, "c"}, {5, "b"}, {6, "a"}}) == 0);
  CHECK(Bench::make(two_steps).fires({{0, "b"}, {5, "a"}, {6, "c"}}) == 1);
  CHECK(Bench::make(two_steps).fires({{0, "a"}, {61, "c"}}) == 0);
  CHECK(Bench::make(two_steps).fires({{0, "a"}, {60, "a"}, {30, "c"}}) == 1);
  const UtcTime midnight = parse_rfc3339("2026-11-24T00:00:00Z").value();
  Bench lonely = Bench::make(correlation("temporal", "[a, b]", "  condition: {lt: 2}\n"));
  CHECK(lonely.fires({{0, "a"}, {5, "a"}, {100, "a"}, {101, "b"}}) == 0);
  CHECK(lonely.correlator.advance(midnight + seconds(500)).size() == 1);
}

TEST_CASE("one event that matches two rules is not two steps of an order") {
  const std::string both =
      "---\ntitle: both\nname: both\nlogsource: {product: linux}\n"
      "detection: {s: {ip: '*'}, condition: s}\n";
  for (const char* rules : {"[a, both]", "[both, a]"}) {
    INFO(rules);
    const std::string ordered = both + correlation("temporal_ordered", rules, "");
    CHECK(Bench::make(ordered).fires({{0, "a"}}) == 0);
    CHECK(Bench::make(ordered).fires({{0, "a"}, {1, "a"}}) == 1);
    const std::string two = both + correlation("temporal_ordered", rules, "  condition: {gt: 1}\n");
    CHECK(Bench::make(two).fires({{0, "a"}}) == 0);
    CHECK(Bench::make(two).fires({{0, "a"}, {1, "a"}}) == 1);
    CHECK(Bench::make(both + correlation("temporal", rules, "")).fires({{0, "a"}}) == 1);
  }
}

TEST_CASE("value_count of several fields counts their values together") {
  const std::string pairs = correlation("value_count", "[a]", "  condition: {field: [v, w], gte: 3}\n");
  CHECK(Bench::make(pairs).fires(
            {{0, "a", "1", "x", "1"}, {1, "a", "1", "x", "2"}, {2, "a", "1", "y", "1"}}) == 1);
  CHECK(Bench::make(pairs).fires(
            {{0, "a", "1", "x", "1"}, {1, "a", "1", "x", "1"}, {2, "a", "1", "y", "1"}}) == 0);
  CHECK(Bench::make(pairs).fires({{0, "a", "1", "ab", "c"}, {1, "a", "1", "a", "bc"}, {2, "a", "1", "y"}}) ==
        0);
}

TEST_CASE("sums keep small numbers beside large ones") {
  const std::string sum = correlation("value_sum", "[a]", "  condition: {field: v, gte: 3}\n");
  CHECK(Bench::make(sum).fires(
            {{0, "a", "1", "-1e17"}, {50, "a", "1", "1"}, {70, "a", "1", "1"}, {80, "a", "1", "1"}}) == 1);
}

namespace {

struct PlainEvent {
  UtcTime time;
  EventRef ref;
  std::uint32_t slot = 0;
  std::vector<std::string> values;
  std::vector<double> numbers;
};

/// The meaning of a correlation with a lower bound, written down as directly as possible: one group.
class PlainWindow {
 public:
  explicit PlainWindow(const CorrelationRule& rule) : rule_(rule) {}

  /// True if a new window fires with this event.
  bool take(const PlainEvent& event) {
    const Duration span = rule_.timespan;
    if (fired_) {
      const Duration since = event.time - *fired_;
      if (since.ns <= span.ns && -since.ns <= span.ns) return false;  // an update, or spent
    }
    const Duration kept{span.ns + std::min(span, kCorrelationLatenessMax).ns};
    if (newest_ && *newest_ - event.time > kept) return false;
    newest_ = newest_ ? std::max(*newest_, event.time) : event.time;
    events_.push_back(event);
    std::sort(events_.begin(), events_.end(), [](const auto& a, const auto& b) {
      return a.time != b.time ? a.time < b.time : a.ref < b.ref;
    });
    for (std::size_t last = 0; last < events_.size(); ++last) {
      std::vector<PlainEvent> window;
      bool holds_it = false;
      for (std::size_t i = 0; i <= last; ++i) {
        if (events_[last].time - events_[i].time > span) continue;
        window.push_back(events_[i]);
        holds_it = holds_it || events_[i].ref == event.ref;
      }
      if (!holds_it || !rule_.condition.holds(value_of(window))) continue;
      fired_ = start_of(window);
      std::erase_if(events_, [&](const PlainEvent& one) { return one.time - *fired_ <= span; });
      return true;
    }
    return false;
  }

 private:
  double value_of(const std::vector<PlainEvent>& window) const {
    std::set<std::string> values;
    std::set<std::uint32_t> slots;
    std::vector<double> numbers;
    for (const auto& one : window) {
      values.insert(one.values.begin(), one.values.end());
      slots.insert(one.slot);
      numbers.insert(numbers.end(), one.numbers.begin(), one.numbers.end());
    }
    std::sort(numbers.begin(), numbers.end());
    const double sum = std::accumulate(numbers.begin(), numbers.end(), 0.0);
    const double middle =
        numbers.empty() ? 0 : (numbers[(numbers.size() - 1) / 2] + numbers[numbers.size() / 2]) / 2;
    switch (rule_.type) {
      case CorrelationType::value_count:
        return static_cast<double>(values.size());
      case CorrelationType::temporal:
        return static_cast<double>(slots.size());
      case CorrelationType::value_sum:
        return sum;
      case CorrelationType::value_avg:
        return sum / static_cast<double>(numbers.size());
      case CorrelationType::value_median:
        return middle;
      case CorrelationType::temporal_ordered:
        return static_cast<double>(first_of_chain(window) ? rule_.rules.size() : 0);
      default:
        return static_cast<double>(window.size());
    }
  }
  /// The latest chain that ends with the window's last event.
  std::optional<std::size_t> first_of_chain(const std::vector<PlainEvent>& window) const {
    std::size_t wanted = rule_.rules.size();
    for (std::size_t i = window.size(); i-- > 0 && wanted > 0;) {
      if (window[i].slot + 1 != wanted) {
        if (wanted == rule_.rules.size()) return std::nullopt;
        continue;
      }
      if (--wanted == 0) return i;
    }
    return std::nullopt;
  }
  UtcTime start_of(const std::vector<PlainEvent>& window) const {
    return window[rule_.type == CorrelationType::temporal_ordered ? *first_of_chain(window) : 0].time;
  }

  const CorrelationRule& rule_;
  std::vector<PlainEvent> events_;
  std::optional<UtcTime> fired_;
  std::optional<UtcTime> newest_;
};

}  // namespace

TEST_CASE("exact windows: late events in any order give what the plain definition gives") {
  std::mt19937 random(11);
  const UtcTime midnight = parse_rfc3339("2026-11-24T00:00:00Z").value();
  const std::string rules[] = {
      kThree,
      correlation("value_count", "[a]", "  condition: {field: v, gte: 4}\n"),
      correlation("temporal", "[a, b, c]", ""),
      correlation("temporal_ordered", "[a, b, c]", ""),
      correlation("value_sum", "[a]", "  condition: {field: v, gte: 20}\n"),
  };
  for (const auto& rule : rules) {
    for (int round = 0; round < 12; ++round) {
      Bench bench = Bench::make(rule);
      const CorrelationRule& definition = bench.correlator.rules()[0];
      PlainWindow plain(definition);
      int clock = 1000;
      for (int i = 0; i < 60; ++i) {
        clock += static_cast<int>(random() % 30);
        const bool late = random() % 3 == 0;
        const int at = clock - (late ? static_cast<int>(random() % 140) : 0);
        const std::uint32_t slot = static_cast<std::uint32_t>(random() % definition.rules.size());
        const std::string value = std::to_string(random() % 9);
        const Event event{at, std::string(1, static_cast<char>('a' + slot)), "1", value};
        bool fired = false;
        for (const auto& match : bench.feed({event})) fired = fired || !match.update;
        const PlainEvent entry{midnight + seconds(at), {bench.frame, 0}, slot, {value}, {std::stod(value)}};
        INFO(to_string(definition.type) << " round " << round << " event " << i);
        REQUIRE(fired == plain.take(entry));
      }
    }
  }
}

TEST_CASE("several values: the group of each, and each value counts, as the plain definition says") {
  std::mt19937 random(12);
  const UtcTime midnight = parse_rfc3339("2026-11-24T00:00:00Z").value();
  const std::string rules[] = {
      correlation("event_count", "[a]", "  condition: {gte: 4}\n", "[ip, zone]"),
      correlation("value_count", "[a]", "  condition: {field: v, gte: 6}\n"),
      correlation("value_count", "[a]", "  condition: {field: [v, w], gte: 11}\n"),
      correlation("value_sum", "[a]", "  condition: {field: v, gte: 40}\n"),
      correlation("value_avg", "[a]", "  condition: {field: v, gte: 6}\n"),
      correlation("value_median", "[a]", "  condition: {field: v, gt: 6}\n"),
  };
  const auto some = [&](std::size_t most, unsigned range, bool twice) {
    std::vector<std::string> out;
    for (std::size_t i = 0, n = 1 + random() % most; i < n; ++i) {
      const std::string one = std::to_string(random() % range);
      if (twice || std::find(out.begin(), out.end(), one) == out.end()) out.push_back(one);
    }
    return out;
  };
  const auto list = [](const std::vector<std::string>& values) {
    Json out = Json::array();
    for (const auto& value : values) out.push(value);
    return out;
  };
  std::size_t fires = 0;
  for (const auto& rule : rules) {
    for (int round = 0; round < 8; ++round) {
      Bench bench = Bench::make(rule);
      const CorrelationRule& definition = bench.correlator.rules()[0];
      std::map<std::vector<std::string>, PlainWindow> groups;
      int clock = 1000;
      for (int i = 0; i < 60; ++i) {
        clock += static_cast<int>(random() % 30);
        const int at = clock - (random() % 3 == 0 ? static_cast<int>(random() % 140) : 0);
        const auto ips = some(3, 3, true), zones = some(2, 2, true), vs = some(4, 10, true),
                   ws = some(2, 3, true);
        Json row = Json::object({{"k", "a"}, {"time", format_rfc3339(midnight + seconds(at))}});
        row.set("ip", list(ips)).set("zone", list(zones)).set("v", list(vs)).set("w", list(ws));
        const Batch batch = testing::batch_of({row});
        std::set<std::vector<std::string>> fired, wanted;
        for (const auto& found : bench.correlator.observe(batch, ++bench.frame, match(bench.plan, batch))) {
          if (!found.update) fired.insert(found.group);
        }
        PlainEvent event{midnight + seconds(at), {bench.frame, 0}, 0, {}, {}};
        for (const auto& v : vs) {
          event.numbers.push_back(std::stod(v));
          for (const auto& w : ws) event.values.push_back(definition.fields.size() > 1 ? v + "," + w : v);
        }
        for (const auto& ip : std::set<std::string>(ips.begin(), ips.end())) {
          for (const auto& zone : std::set<std::string>(zones.begin(), zones.end())) {
            std::vector<std::string> key = {ip};
            if (definition.group_by.size() > 1) key.push_back(zone);
            if (groups.try_emplace(key, definition).first->second.take(event)) wanted.insert(key);
            if (key.size() == 1) break;
          }
        }
        INFO(to_string(definition.type) << " round " << round << " event " << i);
        REQUIRE(fired == wanted);
        fires += fired.size();
      }
      Bench again = Bench::make(rule);
      REQUIRE(again.correlator.restore(bench.correlator.save()));
      CHECK(again.correlator.save() == bench.correlator.save());
    }
  }
  CHECK(fires > 300);
}

TEST_CASE("more values than are used are counted; null and what is no number are no values") {
  std::string many;
  for (std::size_t i = 0; i < kCorrelationValuesMax + 6; ++i) many += (i == 0 ? "" : ",") + std::to_string(i);
  const auto feed = [](Bench& bench, const std::string& row) {
    const Batch batch = testing::batch_of_text({row});
    return bench.correlator.observe(batch, ++bench.frame, match(bench.plan, batch));
  };
  Bench groups = Bench::make(correlation("event_count", "[a]", "  condition: {gte: 2}\n"));
  feed(groups, R"({"k":"a","ip":[)" + many + "]}");
  CHECK(groups.correlator.stats().groups == kCorrelationValuesMax);
  CHECK(groups.correlator.stats().cut == 1);
  feed(groups, R"({"k":"a","ip":[null,null]})");
  CHECK(groups.correlator.stats().ungrouped == 1);
  CHECK(feed(groups, R"({"k":"a","ip":[null,"7"]})").size() == 1);
  Bench pairs = Bench::make(correlation("value_count", "[a]", "  condition: {field: [v, w], gte: 64}\n"));
  const auto found = feed(pairs, R"({"k":"a","ip":"1","v":[1,2,3,4,5,6,7,8,9],"w":[1,2,3,4,5,6,7,8,9]})");
  REQUIRE(found.size() == 1);
  CHECK(found[0].value == kCorrelationValuesMax);
  CHECK(found[0].count == 1);
  CHECK(pairs.correlator.stats().cut == 1);
  Bench sum = Bench::make(correlation("value_sum", "[a]", "  condition: {field: v, gte: 30}\n"));
  CHECK(feed(sum, R"({"k":"a","ip":"1","v":["x",null,"10"," 10 "]})").empty());
  CHECK(feed(sum, R"({"k":"a","ip":"1","v":["x","y"]})").empty());
  CHECK(sum.correlator.stats().not_a_value == 1);
  CHECK(feed(sum, R"({"k":"a","ip":"1","v":["x","10"]})").size() == 1);
  Bench long_sum = Bench::make(correlation("value_sum", "[a]", "  condition: {field: v, gte: 2016}\n"));
  CHECK(feed(long_sum, R"({"k":"a","ip":"1","v":[)" + many + "]}").size() == 1);  // 0 + 1 + ... + 63
  CHECK(long_sum.correlator.stats().cut == 1);
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
  CHECK(Bench::make(correlation("event_count", "[a]", "  condition: {gte: 200000}\n"))
            .correlator.rejected()
            .size() == 1);
}

TEST_CASE("aliases name rules by id or name, also for the field of a value_count") {
  const std::string by_id =
      "---\ntitle: i\nid: 00000000-0000-4000-8000-00000000000a\nname: i\n"
      "logsource: {product: linux}\ndetection: {s: {k: i}, condition: s}\n";
  const std::string mixed = by_id + correlation("temporal", "[00000000-0000-4000-8000-00000000000a, b]",
                                                "  aliases: {who: {i: ip, b: v}}\n", "[who]");
  CHECK(Bench::make(mixed).fires({{0, "i", "7"}, {1, "b", "9", "7"}}) == 1);
  CHECK(Bench::make(mixed).fires({{0, "i", "7"}, {1, "b", "7", "9"}}) == 0);
  const std::string counted = correlation(
      "value_count", "[a, b]", "  aliases: {what: {a: v, b: w}}\n  condition: {field: what, gte: 2}\n");
  CHECK(Bench::make(counted).fires({{0, "a", "1", "x", "n"}, {1, "b", "1", "n", "y"}}) == 1);
  CHECK(Bench::make(counted).fires({{0, "a", "1", "x", "n"}, {1, "b", "1", "n", "x"}}) == 0);
  const Bench wrong =
      Bench::make(correlation("temporal", "[a, b]", "  aliases: {who: {a: ip, c: v}}\n", "[who]"));
  REQUIRE(wrong.correlator.rejected().size() == 1);
  CHECK(wrong.correlator.rejected()[0].reason.starts_with(
      "alias 'who' names rule 'c', which is not in rules; "));
  CHECK(wrong.correlator.rejected()[0].line > 15);
}

TEST_CASE("group-by and counted fields follow the field names of the source") {
  const RuleFile file = parse_rules("m.yml", R"(
title: p
name: p
logsource: {product: windows, category: process_creation}
detection: {s: {Image: '*'}, condition: s}
---
title: x
correlation:
  {type: value_count, rules: [p], group-by: [User], timespan: 60s, condition: {field: Image, gte: 2}}
)");
  REQUIRE(file.errors.empty());
  SourceMap sources;
  REQUIRE(sources
              .add("s.yaml", R"(
sources:
  - {logsource: {product: windows, category: process_creation}, covers: ["windows//sysmon"]}
  - logsource: {product: windows, category: process_creation}
    covers: ["windows//security"]
    fields: {Image: NewProcessName, User: SubjectUserName}
)")
              .empty());
  const Plan plan = Plan::compile(file.rules, sources);
  CHECK(plan.field_names(0, "User") == std::vector<std::string>{"User", "SubjectUserName"});
  Correlator correlator = Correlator::compile(file.correlations, plan);
  const Batch batch = testing::batch_of_text({
      R"({"logsource":"windows//sysmon","Image":"a","User":"lan"})",
      R"({"logsource":"windows//security","NewProcessName":"b","SubjectUserName":"lan"})",
      R"({"logsource":"windows//security","NewProcessName":"c","SubjectUserName":"mai"})",
  });
  const auto found = correlator.observe(batch, 1, match(plan, batch));
  REQUIRE(found.size() == 1);
  CHECK(found[0].group == std::vector<std::string>{"lan"});
  CHECK(found[0].value == 2);
}

TEST_CASE("mistakes of correlation rules name their line") {
  struct Row {
    const char* type;
    const char* rest;
    const char* reason;
  };
  const Row rows[] = {
      {"event_count", "", "condition is missing"},
      {"event_count", "  condition: {field: v, gte: 1}\n", "event_count takes no field"},
      {"event_count", "  condition: {gte: many}\n", "gte 'many' is not a number"},
      {"event_count", "  condition: {}\n", "condition compares with nothing"},
      {"event_count", "  condition: a and b\n", "condition must be a map such as {gte: 5}"},
      {"event_count", "  condition: {percentile: 5, gte: 1}\n", "event_count takes no percentile"},
      {"temporal", "  condition: {field: v, gte: 1}\n", "temporal takes no field"},
      {"value_count", "  condition: {gte: 1}\n", "value_count needs condition.field"},
      {"value_sum", "  condition: {field: [v, w], gte: 1}\n",
       "value_sum takes one field; only value_count takes several"},
      {"value_percentile", "  condition: {field: v, percentile: 101, gte: 1}\n",
       "percentile must be 0 to 100"},
      {"event_count", "  aliases: [a]\n  condition: {gte: 1}\n", "aliases must be a map"},
      {"event_count", "  generate: perhaps\n  condition: {gte: 1}\n", "generate must be true or false"},
  };
  for (const auto& row : rows) {
    INFO(row.type << " " << row.rest);
    const RuleFile file = parse_rules("c.yml", correlation(row.type, "[a]", row.rest));
    CHECK(file.correlations.empty());
    REQUIRE(!file.errors.empty());
    CHECK(file.errors[0].reason == row.reason);
    CHECK(file.errors[0].line >= 4);
  }
  const RuleFile median =
      parse_rules("c.yml", correlation("value_percentile", "[a]", "  condition: {field: v, gte: 1}\n"));
  CHECK(median.correlations.size() == 1);
  REQUIRE(median.warnings.size() == 1);
  CHECK(median.warnings[0].reason == "condition.percentile is not given: the median (50) is compared");
}

TEST_CASE("generate: what a correlation refers to alerts alone only then, chains included") {
  const std::string many =
      "---\ntitle: many\nname: many\ncorrelation: {type: event_count, rules: [a], "
      "group-by: [ip], timespan: 60s, condition: {gte: 2}}\n";
  for (const bool generate : {false, true}) {
    Bench bench = Bench::make(
        many + correlation("temporal_ordered", "[many, b]", generate ? "  generate: true\n" : ""));
    std::vector<bool> alerts;
    for (const auto& match : bench.feed({{0}, {1}, {2, "b"}})) alerts.push_back(match.alerts);
    CHECK(alerts == std::vector<bool>{generate, true});
    CHECK(bench.correlator.rule_alerts() == std::vector<bool>{false, generate, true});
  }
}

TEST_CASE("times far outside of any calendar neither crash nor move the window of others") {
  Bench bench = Bench::make(kThree);
  const auto feed_at = [&](const char* time, const char* ip) {
    const Batch batch =
        testing::batch_of_text({fmt::format(R"({{"k":"a","ip":"{}","time":"{}"}})", ip, time)});
    return bench.correlator.observe(batch, ++bench.frame, match(bench.plan, batch)).size();
  };
  CHECK(feed_at("1678-01-01T00:00:00Z", "1") == 0);
  CHECK(feed_at("2261-12-31T00:00:00Z", "1") == 0);
  CHECK(feed_at("2026-11-24T00:00:00Z", "2") == 0);
  CHECK(bench.correlator.advance(UtcTime{INT64_MIN}).empty());
  CHECK(bench.correlator.advance(UtcTime{INT64_MAX}).empty());
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
  CHECK(broken.correlator.rejected()[0].reason ==
        "rule 'nobody' is not known or was rejected; until it is mended, what it names does not alert: 'a' "
        "(t.yml:2)");
  CHECK(alerts(broken) == std::vector<bool>{false, true, true});
  CHECK(alerts(Bench::make(correlation("temporal", "[a, nobody]", "  generate: true\n"))) ==
        std::vector<bool>{true, true, true});
}

TEST_CASE("what a correlation with mistakes of its own names stays silent, and the rejection says so") {
  struct Row {
    const char* what;
    std::string correlations;
    std::vector<bool> alerts;  // of a, b, c
    const char* silent;        // at the end of the reason; empty: nothing is said
  };
  const std::string broken = correlation("event_count", "[a, b, nobody, a]", "  condition: {gte: many}\n");
  const std::string good =
      "---\ntitle: y\nname: y\ncorrelation: {type: event_count, rules: [a], timespan: 1m, ";
  const Row rows[] = {
      {"default", broken, {false, false, true}, "does not alert: 'a' (t.yml:2), 'b' (t.yml:7)"},
      {"generate", correlation("event_count", "[a]", "  generate: true\n"), {true, true, true}, ""},
      {"generate misspelt",
       correlation("temporal", "[c]", "  generate: perhaps\n"),
       {true, true, false},
       "does not alert: 'c' (t.yml:12)"},
      {"another one is in force",
       broken + good + "condition: {gte: 2}}\n",
       {false, false, true},
       "does not alert: 'b' (t.yml:7)"},
      {"another one generates",
       broken + good + "condition: {gte: 2}, generate: true}\n",
       {true, false, true},
       "does not alert: 'b' (t.yml:7)"},
      {"of a correlation",
       good + "condition: {gte: 2}}\n" + correlation("temporal", "[y, c]", "  condition: {gt: x}\n"),
       {false, true, false},
       "does not alert: 'y' (t.yml:17), 'c' (t.yml:12)"},
      {"names nothing",
       "---\ntitle: x\ncorrelation: {type: event_count, timespan: 1m}\n",
       {true, true, true},
       ""},
  };
  for (const auto& row : rows) {
    INFO(row.what);
    const RuleFile file = parse_rules("t.yml", kBase + row.correlations);
    REQUIRE(!file.errors.empty());
    REQUIRE(file.broken_correlations.size() == 1);
    SourceMap sources;
    const Plan plan = Plan::compile(file.rules, sources);
    const Correlator correlator = Correlator::compile(file.correlations, plan, {}, file.broken_correlations);
    CHECK(correlator.rule_alerts() == row.alerts);
    CHECK(correlator.rejected().empty() == std::string_view(row.silent).empty());
    for (const auto& rejected : correlator.rejected()) {
      CHECK(rejected.reason.starts_with("the correlation 'x' has mistakes; until it is mended"));
      CHECK(rejected.reason.ends_with(row.silent));
      CHECK(rejected.line == file.broken_correlations[0].place.line);
    }
  }
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

TEST_CASE("state of programs that knew one value of an event only is read") {
  Bench bench = Bench::make(kThree);
  CHECK(bench.fires({{0}}) == 0);
  std::string saved = bench.correlator.save();
  constexpr std::size_t kCutAt = 8 + 6 * 8, kSectionSizeAt = 144, kSeveralAt = 241;
  const auto put_number = [&](std::size_t at, std::uint64_t value) {
    for (std::size_t i = 0; i < 8; ++i) saved[at + i] = static_cast<char>(value >> (8 * i) & 0xFF);
  };
  put_number(kSectionSizeAt, saved.size() - 8 - kSectionSizeAt - 8 - 8);
  saved.erase(kSeveralAt, 8);
  saved.erase(kCutAt, 8);
  saved.replace(0, 8, "PDCORR01");
  put_number(saved.size() - 8, hash64(std::string_view(saved).substr(0, saved.size() - 8)));
  Bench after = Bench::make(kThree);
  REQUIRE(after.correlator.restore(saved));
  CHECK(after.correlator.save() == bench.correlator.save());
  after.frame = bench.frame;
  CHECK(after.fires({{1}, {2}}) == 1);
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

}  // namespace correlation_test
