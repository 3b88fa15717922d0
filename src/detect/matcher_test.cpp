// SPDX-License-Identifier: Apache-2.0
#include "detect/matcher.h"

#include <filesystem>
#include <random>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/text.h"
#include "detect/testing/batches.h"
#include "detect/testing/row_evaluator.h"

using namespace phendau;
using namespace phendau::detect;
using testing::batch_of;
using testing::batch_of_text;

namespace {

namespace fs = std::filesystem;

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

std::vector<Match> expected(const Plan& plan, const Batch& batch, const SourceMap& sources) {
  std::vector<Match> out;
  for (std::uint32_t rule = 0; rule < plan.rules().size(); ++rule) {
    for (std::uint32_t row = 0; row < batch.rows(); ++row) {
      bool routed = false;
      for (const auto& route : sources.routes(plan.rules()[rule].logsource).routes) {
        for (const auto& key : route.covers) {
          routed = routed || covers(key, batch.column(kLogsourceColumn)->text(row));
        }
      }
      if (routed && testing::row_matches(plan.rules()[rule], batch, row)) out.push_back({rule, row});
    }
  }
  return out;
}

}  // namespace

TEST_CASE("slow: SigmaHQ: every rule loads and compiles") {
  const std::string corpus = PHENDAU_SOURCE_DIR "/../shared/corpora/sigma/";
  if (!fs::exists(corpus)) {
    MESSAGE("skipped: no Sigma corpus");
    return;
  }
  for (const std::string folder :
       {"rules", "rules-emerging-threats", "rules-threat-hunting", "rules-compliance"}) {
    if (!fs::exists(corpus + folder)) continue;
    RuleFile file = load_folder(corpus + folder);
    CHECK(!file.rules.empty());
    for (const auto& error : file.errors) MESSAGE(error.to_string());
    const std::size_t count = file.rules.size();
    CompileOptions options;
    for (const char* name :
         {"Administrators", "JumpServers", "Workstations", "Servers", "DomainControllers"}) {
      options.placeholders[name] = {"x"};
    }
    const Plan plan = Plan::compile(std::move(file.rules), SourceMap{}, options);
    for (const auto& error : plan.rejected()) MESSAGE(error.to_string());
    MESSAGE(fmt::format("{}: {} parsed, {} not, {} in force, {} atoms, {} always judged", folder, count,
                        file.errors.size(), plan.rules().size(), plan.stats().atoms,
                        plan.stats().always_judged));
    CHECK(file.errors.empty());
    CHECK(plan.rejected().size() <= 2);
  }
}

namespace {

/// The oracle does not know the modifiers that rewrite values.
bool oracle_knows(const Selection& selection) {
  for (const char* name :
       {"windash", "base64", "base64offset", "wide", "utf16", "utf16le", "utf16be", "expand"}) {
    const auto& modifiers = selection.item.modifiers;
    if (std::find(modifiers.begin(), modifiers.end(), name) != modifiers.end()) return false;
  }
  return std::all_of(selection.children.begin(), selection.children.end(), oracle_knows);
}
bool oracle_knows_rule(const Rule& rule) {
  return std::all_of(rule.selections.begin(), rule.selections.end(),
                     [](const auto& entry) { return oracle_knows(entry.second); });
}

/// One entry per distinct log source, covering everything: the comparison is about rules, not about routing.
SourceMap everything_for(const std::vector<Rule>& rules) {
  std::string text = "sources:\n";
  std::vector<std::string> seen;
  for (const auto& rule : rules) {
    const std::string key = rule.logsource.key();
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) continue;
    seen.push_back(key);
    text += "  - logsource: {";
    if (!rule.logsource.product.empty()) text += "product: '" + rule.logsource.product + "', ";
    if (!rule.logsource.category.empty()) text += "category: '" + rule.logsource.category + "', ";
    if (!rule.logsource.service.empty()) text += "service: '" + rule.logsource.service + "', ";
    text += "}\n    covers: ['*/*/*']\n";
  }
  SourceMap out;
  const auto errors = out.add("test.yaml", text);
  REQUIRE(errors.empty());
  return out;
}

void check_same(const Plan& plan, const Batch& batch, const SourceMap& sources, const std::string& what) {
  const auto fast = match(plan, batch);
  const auto slow = expected(plan, batch, sources);
  if (fast == slow) return;
  std::vector<Match> only_fast;
  std::vector<Match> only_slow;
  std::set_difference(fast.begin(), fast.end(), slow.begin(), slow.end(), std::back_inserter(only_fast));
  std::set_difference(slow.begin(), slow.end(), fast.begin(), fast.end(), std::back_inserter(only_slow));
  for (const auto& m : only_fast)
    MESSAGE(what << ": only fast: " << plan.rules()[m.rule_index].title << " row " << m.row);
  for (const auto& m : only_slow)
    MESSAGE(what << ": only oracle: " << plan.rules()[m.rule_index].title << " row " << m.row);
  CHECK(fast == slow);
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

const char* const kPool[] = {"",    "a",    "ab",          "abc",      "xabcx",   "ABC",
                             "a b", "b",    "1",           "10",       "2",       "a*c",
                             "a?c", "a\\b", "192.168.1.7", "10.0.0.9", "\u00C2n", "\u00E2n to\u00E0n",
                             "x-a", "/a"};

std::string random_rule(std::mt19937& random, int index) {
  const auto pick = [&](auto n) { return static_cast<std::size_t>(random() % static_cast<unsigned>(n)); };
  static const char* const kChains[] = {
      "",       "|contains", "|startswith",     "|endswith",       "|contains|all",
      "|cased", "|neq",      "|contains|cased", "|startswith|neq", "|endswith|cased"};
  static const char* const kValues[] = {
      "''",    "'a'",   "'ab'",  "'*b*'", "'a?c'", "'a\\*c'", "'A'",       "'ABC'",     "1",
      "'1'",   "10",    "'a*c'", "'?'",   "'*'",   "'b'",     "'\u00E2n'", "'\u00C2N'", "'c'",
      "'xa*'", "'*cx'", "'a b'", "'bc'",  "'x'",   "null",    "true"};
  std::string out = "title: r" + std::to_string(index) + "\nlogsource: {product: test}\ndetection:\n";
  for (const std::string name : {"sel1", "sel2", "flt"}) {
    if (name == "flt" && pick(4) == 0) {
      out += "  flt: ['ab', 'toa*', '1']\n";
      continue;
    }
    out += "  " + name + ":\n";
    static const char* const kFields[] = {"f", "g", "h"};
    const std::size_t count = 1 + pick(2);
    for (std::size_t i = 0; i < count; ++i) {
      const std::string field = kFields[(pick(2) + i) % 3];
      switch (pick(12)) {
        case 0:
          out += "    " + field + std::to_string(i) + "|exists: true\n";
          continue;
        case 1:
          out += "    " + field + "|re: '^a.?c'\n";
          break;
        case 2:
          out += "    " + field + "|re|i: 'AB'\n";
          break;
        case 3:
          out += "    " + field + "|cidr: ['192.168.0.0/16', '10.0.0.0/29']\n";
          break;
        case 4:
          out += "    " + field + "|gte: 2\n";
          break;
        case 5:
          out += "    " + field + "|fieldref: g\n";
          break;
        default: {
          const std::string chain = kChains[pick(10)];
          const std::string value = kValues[pick(chain.empty() ? 25 : 23)];
          const std::string other = kValues[pick(23)];
          if (value == "null" || pick(2) == 0)
            out += "    " + field + chain + ": " + value + "\n";
          else
            out += "    " + field + chain + ": [" + value + ", " + other + "]\n";
        }
      }
      if (count == 2) break;
    }
  }
  static const char* const kConditions[] = {"sel1",        "sel1 and not flt",         "1 of sel*",
                                            "all of sel*", "sel1 or sel2 and not flt", "not (sel1 or flt)",
                                            "all of them", "not 1 of sel* or flt"};
  return out + "  condition: " + kConditions[pick(8)] + "\n";
}

}  // namespace

TEST_CASE("slow: fast engine and oracle agree on random rules and batches") {
  std::mt19937 random(20261124);
  for (int round = 0; round < 60; ++round) {
    std::string text;
    for (int i = 0; i < 40; ++i) text += random_rule(random, i) + "---\n";
    RuleFile file = parse_rules("random.yml", text);
    for (const auto& error : file.errors) MESSAGE(error.to_string());
    REQUIRE(file.errors.empty());
    const SourceMap sources = everything_for(file.rules);
    const Plan plan = Plan::compile(std::move(file.rules), sources);
    for (const auto& error : plan.rejected()) MESSAGE(error.to_string());
    REQUIRE(plan.rejected().empty());
    std::vector<Json> rows;
    for (int row = 0; row < 70; ++row) {
      Json object = Json::object();
      for (const char* field : {"f", "g", "h", "f0"}) {
        switch (random() % 8) {
          case 0:
            break;
          case 1:
            object.set(field, Json());
            break;
          case 2:
            object.set(field, Json(static_cast<int>(random() % 12)));
            break;
          case 3:
            object.set(field, Json(random() % 2 == 0));
            break;
          case 4:
            object.set(field, Json::array({kPool[random() % 20], kPool[random() % 20]}));
            break;
          default:
            object.set(field, Json(kPool[random() % 20]));
            break;
        }
      }
      rows.push_back(std::move(object));
    }
    check_same(plan, batch_of(rows), sources, fmt::format("round {}", round));
  }
}

TEST_CASE("slow: fast engine and oracle agree on SigmaHQ's regression samples") {
  const std::string corpora = PHENDAU_SOURCE_DIR "/../shared/corpora/";
  if (!fs::exists(corpora + "sigma-regression") || !fs::exists(corpora + "sigma/rules")) {
    MESSAGE("skipped: no regression corpus");
    return;
  }
  std::vector<Json> events;
  for (const auto& entry : fs::recursive_directory_iterator(corpora + "sigma-regression")) {
    if (entry.path().extension() != ".json") continue;
    for (auto& event : windows_events(testing::read_text_file(entry.path().string())))
      events.push_back(std::move(event));
  }
  REQUIRE(events.size() > 100);
  RuleFile file = load_folder(corpora + "sigma/rules");
  std::vector<Rule> some;
  for (std::size_t i = 0; i < file.rules.size(); i += 12) {
    if (oracle_knows_rule(file.rules[i])) some.push_back(file.rules[i]);
  }
  const SourceMap sources = everything_for(some);
  const Plan plan = Plan::compile(some, sources);
  const Batch batch = batch_of(events, "windows//sysmon");
  check_same(plan, batch, sources, "regression");
  const SourceMap all_sources = everything_for(file.rules);
  const Plan all = Plan::compile(std::move(file.rules), all_sources);
  MESSAGE(fmt::format("{} events, {} matches of all rules without routing", events.size(),
                      match(all, batch).size()));
}

TEST_CASE("routing by log source") {
  SourceMap sources;
  const auto errors = sources.add("s.yaml", R"(
sources:
  - logsource: {product: linux, service: auth}
    covers: ["linux//sshd", "linux//sudo"]
  - logsource: {product: linux}
    covers: ["linux/*/*"]
  - logsource: {category: webserver}
    covers: ["*/webserver/*"]
  - logsource: {product: windows, category: process_creation}
    covers: ["windows//sysmon"]
    conditions: {EventID: 1}
  - logsource: {product: windows, category: process_creation}
    covers: ["windows//security"]
    conditions: {EventID: 4688}
    fields: {Image: NewProcessName}
)");
  REQUIRE(errors.empty());
  auto file = parse_rules("r.yml", R"(
title: auth
logsource: {product: linux, service: auth}
detection: {sel: {f: x}, condition: sel}
---
title: linux
logsource: {product: linux}
detection: {sel: {f: x}, condition: sel}
---
title: web
logsource: {category: webserver}
detection: {sel: {f: x}, condition: sel}
---
title: process
logsource: {product: windows, category: process_creation}
detection: {sel: {Image|endswith: '\cmd.exe'}, condition: sel}
---
title: unknown
logsource: {product: aws, service: cloudtrail}
detection: {sel: {f: x}, condition: sel}
)");
  REQUIRE(file.errors.empty());
  const Plan plan = Plan::compile(std::move(file.rules), sources);
  REQUIRE(plan.rules_without_source() == std::vector<std::uint32_t>{4});
  CHECK(plan.covers(0) == std::vector<std::string>{"linux//sshd", "linux//sudo"});
  const Batch batch = batch_of_text({
      R"({"logsource": "linux//sshd", "f": "x"})",
      R"({"logsource": "linux//cron", "f": "x"})",
      R"({"logsource": "apache/webserver/", "f": "x"})",
      R"({"logsource": "windows//sysmon", "EventID": 1, "Image": "C:\\CMD.exe"})",
      R"({"logsource": "windows//sysmon", "EventID": 3, "Image": "C:\\CMD.exe"})",
      R"({"logsource": "windows//security", "EventID": 4688, "NewProcessName": "C:\\CMD.exe"})",
      R"({"logsource": "aws//cloudtrail", "f": "x"})",
  });
  const std::vector<Match> wanted = {{0, 0}, {1, 0}, {1, 1}, {2, 2}, {3, 3}, {3, 5}, {4, 6}};
  CHECK(match(plan, batch) == wanted);
}
