// SPDX-License-Identifier: Apache-2.0
// A rule set that was saved and loaded says what the compiled one says: the same matches and explanations on
// random rules and events, and where the corpora are, of SigmaHQ. Damaged bytes are refused; made up ones
// with a right checksum are refused or harmless.
#include <algorithm>
#include <filesystem>
#include <random>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/hash.h"
#include "detect/correlation.h"
#include "detect/explain.h"
#include "detect/matcher.h"
#include "detect/plan_cache.h"
#include "detect/testing/batches.h"
#include "detect/testing/random_rules.h"

namespace phendau::detect::plan_cache_test {

using testing::batch_of;

namespace {

constexpr std::size_t kMagicBytes = 8;
constexpr std::size_t kSumBytesHere = 8;

RuleSet set_of(std::vector<Rule> rules, SourceMap sources, const CompileOptions& options = {}) {
  RuleSet out;
  out.sources = std::move(sources);
  out.plan = Plan::compile(std::move(rules), out.sources, options);
  return out;
}

RuleSet loaded_again(const RuleSet& set) {
  const std::string bytes = save_rule_set(set);
  auto loaded = load_rule_set(bytes);
  REQUIRE(loaded);
  CHECK(save_rule_set(*loaded) == bytes);  // nothing was lost
  return std::move(*loaded);
}

std::string with_sum(std::string body) {
  const std::uint64_t sum = hash64(body);
  return body.append(reinterpret_cast<const char*>(&sum), sizeof sum);
}

/// Few rules of many forms, with a field that has an automaton; small, so that every byte can be tried.
RuleSet small_set() {
  RuleFile file = parse_rules("small.yml", R"(title: one
id: 11111111-1111-4111-8111-111111111111
name: one
related: [{id: 22222222-2222-4222-8222-222222222222, type: derived}]
tags: [attack.t1059]
logsource: {product: test}
detection:
  words:
    f|contains: [alpha, beta, gamma, delta, epsilon, zeta, eta, theta, iota]
  odd:
    f|re|i: 'x[0-9]+'
    g|cidr: 10.0.0.0/8
    h|gte: 5
    t|hour: 23
  glob: {f: 'a?c*'}
  condition: words and not 1 of o* or glob
phendau:
  title_vi: mot
  entity: [host]
---
title: many
id: 33333333-3333-4333-8333-333333333333
correlation: {type: event_count, rules: [one], group-by: [host], timespan: 1h, condition: {gte: 2}}
)");
  REQUIRE(file.errors.empty());
  SourceMap sources;
  REQUIRE(sources
              .add("s.yaml",
                   "sources:\n"
                   "  - logsource: {product: test}\n"
                   "    covers: ['test/*/*']\n"
                   "    conditions: {kind: [a, b]}\n"
                   "    fields: {f: text}\n"
                   "channels: {Security: windows//security}\n"
                   "not_covered:\n"
                   "  - logsource: {product: aws}\n"
                   "    reason: {vi: khong, en: none}\n")
              .empty());
  RuleSet out = set_of(std::move(file.rules), std::move(sources));
  REQUIRE(out.plan.rejected().empty());
  out.correlations = std::move(file.correlations);
  out.broken_correlations = out.correlations;
  out.broken_correlations[0].title = "broken";
  out.rejected = {{"a.yml", 3, 5, "wrong"}};
  out.warnings = {{"b.yml", 4, 6, "odd"}};
  out.fact_rule_files = {"c.yml"};
  return out;
}

Batch small_batch() {
  return testing::batch_of_text(
      {R"({"text": "an alpha", "kind": "a", "h": 1, "host": "h1"})",
       R"({"text": "Theta x12", "g": "10.1.2.3", "h": 7, "kind": "b", "host": "h1",)"
       R"( "t": "2026-11-24T23:30:00+07:00"})",
       R"({"text": "abc d", "kind": "c", "host": "h1"})", R"({"text": "aBc d", "kind": "a", "host": "h1"})"},
      "test//");
}

testing::Chooser chooser(std::mt19937& random) {
  return [&random](std::size_t n) { return static_cast<std::size_t>(random()) % n; };
}

void check_round_trips(unsigned seed, int rounds) {
  std::mt19937 random(seed);
  const auto choose = chooser(random);
  const CompileOptions options = testing::random_rule_options();
  for (int round = 0; round < rounds; ++round) {
    INFO("seed " << seed << " round " << round);
    std::string text;
    for (int i = 0; i < 40; ++i) text += testing::random_rule(choose, i) + "---\n";
    RuleFile file = parse_rules("random.yml", text);
    REQUIRE(file.errors.empty());
    std::vector<Json> rows;
    for (int row = 0; row < 20; ++row) rows.push_back(testing::random_event(choose));
    for (const auto& rule : file.rules) rows.push_back(testing::event_near(rule, choose));
    const Batch batch = batch_of(rows);
    SourceMap sources = testing::everything_for(file.rules);
    const RuleSet made = set_of(std::move(file.rules), std::move(sources), options);
    const RuleSet loaded = loaded_again(made);
    CHECK(match(loaded.plan, batch) == match(made.plan, batch));
    CHECK(match(loaded.plan, batch) == testing::oracle_matches(loaded.plan, batch, options));
    for (std::uint32_t rule = 0; rule < made.plan.rules().size(); rule += 4) {
      const auto row = static_cast<std::uint32_t>(choose(rows.size()));
      CHECK(to_text(explain(loaded.plan.rules()[rule], loaded.sources, batch, row, options), Lang::en) ==
            to_text(explain(made.plan.rules()[rule], made.sources, batch, row, options), Lang::en));
    }
  }
}

}  // namespace

TEST_CASE("rule cache: random rules match and explain the same after saving and loading") {
  check_round_trips(20261126, 2);
}

TEST_CASE("slow: rule cache: many random rules match and explain the same after saving and loading") {
  check_round_trips(3, 10);
}

TEST_CASE("rule cache: all that belongs to a rule set comes back") {
  const RuleSet made = small_set();
  const Batch batch = small_batch();
  for (const Automata automata : {Automata::saved, Automata::rebuilt}) {
    const auto read = load_rule_set(save_rule_set(made), automata);
    REQUIRE(read);
    const RuleSet& loaded = *read;
    REQUIRE(loaded.plan.rules().size() == 1);
    const Rule& rule = loaded.plan.rules().front();
    CHECK(rule.title_for_people() == "mot");
    CHECK(rule.related == made.plan.rules().front().related);
    CHECK(rule.selections.size() == 3);
    CHECK(loaded.plan.covers(0) == std::vector<std::string>{"test/*/*"});
    CHECK(loaded.plan.field_names(0, "f") == std::vector<std::string>{"f", "text"});
    const std::vector<Match> expected = {{0, 0}, {0, 3}};
    CHECK(match(made.plan, batch) == expected);
    CHECK(match(loaded.plan, batch) == expected);
    REQUIRE(loaded.sources.channels().size() == 1);
    CHECK(loaded.sources.channels().front().logsource == "windows//security");
    CHECK(loaded.sources.reason_not_covered({"aws", "", ""}, Lang::en) == "none");
    CHECK(loaded.rejected.front().to_string() == made.rejected.front().to_string());
    CHECK(loaded.warnings.front().to_string() == made.warnings.front().to_string());
    CHECK(loaded.fact_rule_files == std::vector<std::string>{"c.yml"});
    REQUIRE(loaded.broken_correlations.size() == 1);
    CHECK(loaded.broken_correlations[0].title == "broken");
    CHECK(loaded.broken_correlations[0].rules == made.correlations[0].rules);
    auto correlator = Correlator::compile(loaded.correlations, loaded.plan);
    CHECK(correlator.rejected().empty());
    CHECK(correlator.observe(batch, 1, match(loaded.plan, batch)).size() == 1);
  }
}

TEST_CASE("rule cache: a byte that changed, a cut and another version are refused") {
  const std::string bytes = save_rule_set(small_set());
  REQUIRE(load_rule_set(bytes));
  std::string damaged = bytes;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const int bit : {0, 7}) {
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      CHECK(!load_rule_set(damaged));
      damaged[at] = bytes[at];
    }
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) CHECK(!load_rule_set(bytes.substr(0, size)));
  CHECK(!load_rule_set(bytes + "x"));
  std::string other = bytes.substr(0, bytes.size() - kSumBytesHere);
  ++other[kMagicBytes - 1];
  CHECK(load_rule_set(with_sum(other)).error().code == ErrorCode::corrupt);
  CHECK(!rule_set_version().empty());
}

TEST_CASE("rule cache: made up bytes with a right checksum are refused or do no harm") {
  const RuleSet made = small_set();
  const Batch batch = small_batch();
  std::string body = save_rule_set(made);
  body.resize(body.size() - kSumBytesHere);
  std::size_t used = 0;
  const auto try_one = [&](const std::string& changed) {
    const auto loaded = load_rule_set(with_sum(changed), Automata::rebuilt);
    if (!loaded) return;
    ++used;
    auto correlator = Correlator::compile(loaded->correlations, loaded->plan);
    (void)correlator.observe(batch, 1, match(loaded->plan, batch));
  };
  // The automata are at the end; here they are not looked at.
  const std::size_t end = std::min<std::size_t>(body.size(), 3'000);
  for (std::size_t at = kMagicBytes; at < end; at += 2) {
    std::string changed = body;
    for (const char byte : {'\x01', '\xFF'}) {
      changed[at] = byte;
      try_one(changed);
    }
  }
  MESSAGE(fmt::format("{} bytes, {} changes were taken", body.size(), used));
  CHECK(used > 0);
}

TEST_CASE("slow: rule cache: SigmaHQ matches the same after saving and loading") {
  namespace fs = std::filesystem;
  const std::string corpora = PHENDAU_SOURCE_DIR "/../shared/corpora/sigma/";
  std::vector<std::string> paths;
  for (const char* folder :
       {"rules", "rules-emerging-threats", "rules-threat-hunting", "rules-dfir", "rules-compliance"}) {
    if (!fs::exists(corpora + folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(corpora + folder)) {
      if (entry.path().extension() == ".yml") paths.push_back(entry.path().string());
    }
  }
  if (paths.empty()) {
    MESSAGE("skipped: no Sigma corpus");
    return;
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Rule> rules;
  for (const auto& path : paths) {
    auto file = parse_rules(path, testing::read_text_file(path));
    std::move(file.rules.begin(), file.rules.end(), std::back_inserter(rules));
  }
  std::mt19937 random(11);
  const auto choose = chooser(random);
  std::vector<Json> rows;
  for (std::size_t i = 0; i < rules.size(); i += 3) rows.push_back(testing::event_near(rules[i], choose));
  const Batch batch = batch_of(rows);
  SourceMap sources = testing::everything_for(rules);
  const RuleSet made = set_of(std::move(rules), std::move(sources));
  const RuleSet loaded = loaded_again(made);
  const auto matches = match(made.plan, batch);
  CHECK(matches.size() > 500);
  CHECK(match(loaded.plan, batch) == matches);
  CHECK(loaded.plan.stats().always_judged == made.plan.stats().always_judged);
}

}  // namespace phendau::detect::plan_cache_test
