// SPDX-License-Identifier: Apache-2.0
// The fast engine against the row-by-row oracle: random rules on random events; every rule of the corpora on
// events made from its own values and on recorded attacks. Also: every rule of the corpora loads or says why.
#include <algorithm>
#include <filesystem>
#include <map>
#include <random>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/text.h"
#include "detect/explain.h"
#include "detect/matcher.h"
#include "detect/testing/batches.h"
#include "detect/testing/random_rules.h"
#include "detect/testing/row_evaluator.h"

using namespace phendau;
using namespace phendau::detect;
using testing::batch_of;

namespace {

namespace fs = std::filesystem;

const std::string kCorpora = PHENDAU_SOURCE_DIR "/../shared/corpora/";

RuleFile load_folder(const std::string& folder) {
  RuleFile all;
  std::vector<std::string> paths;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".yml") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) {
    auto file = parse_rules(path, testing::read_text_file(path));
    std::move(file.rules.begin(), file.rules.end(), std::back_inserter(all.rules));
    std::move(file.errors.begin(), file.errors.end(), std::back_inserter(all.errors));
  }
  return all;
}

/// All of SigmaHQ that means to be loaded; nothing if the corpus is not there.
std::vector<Rule> corpus_rules() {
  std::vector<Rule> out;
  for (const char* folder :
       {"rules", "rules-emerging-threats", "rules-threat-hunting", "rules-dfir", "rules-compliance"}) {
    if (!fs::exists(kCorpora + "sigma/" + folder)) continue;
    auto file = load_folder(kCorpora + "sigma/" + folder);
    for (const auto& error : file.errors) FAIL_CHECK(error.to_string());
    std::move(file.rules.begin(), file.rules.end(), std::back_inserter(out));
  }
  if (out.empty()) MESSAGE("skipped: no Sigma corpus");
  return out;
}

/// The objects of a file that holds several pretty-printed ones, as fields with Sigma's names.
std::vector<Json> windows_events(const std::string& text) {
  std::vector<Json> out;
  std::size_t begin = 0;
  for (std::size_t end = text.find("\n}"); begin < text.size() && end != std::string::npos;
       end = text.find("\n}", begin)) {
    const auto parsed = parse_json(std::string_view(text).substr(begin, end + 2 - begin));
    begin = end + 2;
    if (!parsed) continue;
    Json flat = Json::object();
    const Json& event = (*parsed)["Event"];
    for (const auto& [name, value] : event["System"].members()) {
      for (const auto& attribute : value["#attributes"].members())
        flat.set(name + "_" + attribute.first, attribute.second);
      if (!value.is_object()) flat.set(name, value);
    }
    for (const char* part : {"EventData", "UserData"}) {
      for (const auto& [name, value] : event[part].members()) {
        if (name != "#attributes") flat.set(replace_all(name, " ", ""), value);
      }
    }
    out.push_back(std::move(flat));
  }
  return out;
}

/// Items of the rule about which the compiled form and the oracle differ: where to look first.
void collect_differing(const Rule& rule, const Selection& selection, const Batch& batch, std::uint32_t row,
                       const CompileOptions& options, std::string& out) {
  for (const auto& child : selection.children) collect_differing(rule, child, batch, row, options, out);
  if (selection.kind != Selection::Kind::item) return;
  const auto compiled = compile_item(rule, selection.item, options);
  const bool fast = compiled.predicate && row_satisfies(*compiled.predicate, batch, row);
  if (fast == testing::RowEvaluator(batch, row, options).matches(selection)) return;
  out += fmt::format("\n    {}|{}:", selection.item.field, join(selection.item.modifiers, "|"));
  for (const auto& value : selection.item.values) out += fmt::format(" '{}'", value.text);
  const Column* column = batch.column(selection.item.field);
  if (column != nullptr) out += fmt::format("  on  '{}'", column->text(row));
}

std::string name_of(const Plan& plan, const Match& match, const Batch& batch, const CompileOptions& options) {
  const Rule& rule = plan.rules()[match.rule_index];
  std::string out = fmt::format("{} ({}) row {}", rule.title, rule.file, match.row);
  for (const auto& entry : rule.selections)
    collect_differing(rule, entry.second, batch, match.row, options, out);
  return out;
}

void check_same(const Plan& plan, const Batch& batch, const CompileOptions& options,
                const std::string& what) {
  const auto fast = match(plan, batch);
  const auto slow = testing::oracle_matches(plan, batch, options);
  if (fast == slow) return;
  std::vector<Match> only_fast;
  std::vector<Match> only_slow;
  std::set_difference(fast.begin(), fast.end(), slow.begin(), slow.end(), std::back_inserter(only_fast));
  std::set_difference(slow.begin(), slow.end(), fast.begin(), fast.end(), std::back_inserter(only_slow));
  for (const auto& one : only_fast) MESSAGE(what << ": only fast: " << name_of(plan, one, batch, options));
  for (const auto& one : only_slow) MESSAGE(what << ": only oracle: " << name_of(plan, one, batch, options));
  CHECK(fast == slow);
}

testing::Chooser chooser(std::mt19937& random) {
  return [&random](std::size_t n) { return static_cast<std::size_t>(random()) % n; };
}

void check_random(unsigned seed, int rounds) {
  std::mt19937 random(seed);
  const auto choose = chooser(random);
  const CompileOptions options = testing::random_rule_options();
  for (int round = 0; round < rounds; ++round) {
    std::string text;
    for (int i = 0; i < 40; ++i) text += testing::random_rule(choose, i) + "---\n";
    RuleFile file = parse_rules("random.yml", text);
    for (const auto& error : file.errors) MESSAGE(error.to_string());
    REQUIRE(file.errors.empty());
    const SourceMap sources = testing::everything_for(file.rules);
    std::vector<Json> rows;
    for (int row = 0; row < 40; ++row) rows.push_back(testing::random_event(choose));
    for (const auto& rule : file.rules) rows.push_back(testing::event_near(rule, choose));
    const Plan plan = Plan::compile(std::move(file.rules), sources, options);
    for (const auto& error : plan.rejected()) MESSAGE(error.to_string());
    REQUIRE(plan.rejected().empty());
    check_same(plan, batch_of(rows), options, fmt::format("seed {} round {}", seed, round));
  }
}

}  // namespace

TEST_CASE("fast engine and oracle agree on random rules and events") { check_random(20261124, 2); }

TEST_CASE("slow: fast engine and oracle agree on many random rules and events") { check_random(1, 40); }

TEST_CASE("slow: SigmaHQ: every rule loads, or says where and why not") {
  if (!fs::exists(kCorpora + "sigma")) {
    MESSAGE("skipped: no Sigma corpus");
    return;
  }
  // Rules with placeholders need a list; what is left of the old aggregations is named as such.
  const std::map<std::string, std::size_t> rejections = {
      {"rules", 0},      {"rules-emerging-threats", 2}, {"rules-threat-hunting", 0},
      {"rules-dfir", 0}, {"rules-compliance", 0},       {"rules-placeholder", 23}};
  for (const auto& [folder, expected] : rejections) {
    if (!fs::exists(kCorpora + "sigma/" + folder)) continue;
    INFO(folder);
    RuleFile file = load_folder(kCorpora + "sigma/" + folder);
    for (const auto& error : file.errors) FAIL_CHECK(error.to_string());
    const std::size_t count = file.rules.size();
    const Plan plan = Plan::compile(std::move(file.rules), SourceMap{});
    CHECK(plan.rules().size() == count - expected);
    for (const auto& error : plan.rejected()) {
      CHECK(error.line > 1);
      CHECK(error.reason.find("no values are given for placeholder") != std::string::npos);
    }
    MESSAGE(fmt::format("{}: {} rules, {} rejected, {} atoms, {} always judged", folder, count,
                        count - plan.rules().size(), plan.stats().atoms, plan.stats().always_judged));
  }
  RuleFile old = load_folder(kCorpora + "sigma/unsupported");
  std::size_t aggregations = 0;
  for (const auto& error : old.errors) {
    CHECK(error.line >= 1);
    CHECK(!error.reason.empty());
    aggregations +=
        error.reason.find("aggregations after '|' were removed from Sigma") != std::string::npos ? 1 : 0;
  }
  CHECK(aggregations >= 40);
}

TEST_CASE("slow: SigmaHQ: fast engine and oracle agree on events made from each rule's own values") {
  std::vector<Rule> rules = corpus_rules();
  std::mt19937 random(7);
  const auto choose = chooser(random);
  std::size_t matches = 0;
  for (std::size_t begin = 0; begin < rules.size(); begin += 100) {
    const std::size_t end = std::min(rules.size(), begin + 100);
    std::vector<Rule> some(rules.begin() + static_cast<std::ptrdiff_t>(begin),
                           rules.begin() + static_cast<std::ptrdiff_t>(end));
    std::vector<Json> rows;
    for (const auto& rule : some) {
      for (int i = 0; i < 3; ++i) rows.push_back(testing::event_near(rule, choose));
    }
    const SourceMap sources = testing::everything_for(some);
    const Plan plan = Plan::compile(std::move(some), sources);
    const Batch batch = batch_of(rows);
    check_same(plan, batch, {}, fmt::format("rules {} to {}", begin, end));
    matches += match(plan, batch).size();
  }
  MESSAGE(fmt::format("{} rules, {} matches", rules.size(), matches));
  CHECK(matches >= rules.size() / 4);
}

TEST_CASE("slow: SigmaHQ: fast engine and oracle agree on the recorded attacks") {
  std::vector<Rule> rules = corpus_rules();
  if (rules.empty() || !fs::exists(kCorpora + "sigma-regression")) return;
  std::vector<Json> events;
  for (const auto& entry : fs::recursive_directory_iterator(kCorpora + "sigma-regression")) {
    if (entry.path().extension() != ".json") continue;
    for (auto& event : windows_events(testing::read_text_file(entry.path().string())))
      events.push_back(std::move(event));
  }
  REQUIRE(events.size() > 100);
  const SourceMap sources = testing::everything_for(rules);
  const Plan plan = Plan::compile(std::move(rules), sources);
  const Batch batch = batch_of(events, "windows//sysmon");
  check_same(plan, batch, {}, "regression");
  MESSAGE(fmt::format("{} events, {} matches of all rules without routing", events.size(),
                      match(plan, batch).size()));
}
