// SPDX-License-Identifier: Apache-2.0
// Mistakes that other engines made and mended, each as a test named by the place where it was reported; and
// what a hostile or careless rule file may not do to us.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/text.h"
#include "detect/correlation.h"
#include "detect/matcher.h"
#include "detect/testing/batches.h"
#include "detect/testing/random_rules.h"

namespace rivals_test {

using namespace phendau;
using namespace phendau::detect;

namespace {

constexpr const char* kRules = R"(
title: a
name: a
logsource: {product: x}
detection: {s: {k: a}, condition: s}
---
title: b
name: b
logsource: {product: x}
detection: {s: {k: b}, condition: s}
---
title: c
name: c
logsource: {product: x}
detection: {s: {k: c}, condition: s}
---
title: x
correlation:
  timespan: 60s
  group-by: [user]
)";

/// How many windows fire over rows "k user v second".
std::size_t fires(const std::string& correlation, const std::vector<std::string>& rows) {
  const RuleFile file = parse_rules("r.yml", kRules + correlation);
  for (const auto& error : file.errors) FAIL(error.to_string());
  const SourceMap sources = testing::everything_for(file.rules);
  const Plan plan = Plan::compile(file.rules, sources);
  Correlator correlator = Correlator::compile(file.correlations, plan);
  REQUIRE(correlator.rejected().empty());
  std::size_t out = 0;
  std::uint64_t frame = 0;
  for (const auto& row : rows) {
    const auto parts = split(row, ' ');
    const UtcTime at = parse_rfc3339("2026-11-24T00:00:00Z").value() + seconds(*parse_int(parts[3]));
    Json event = Json::object({{"k", std::string(parts[0])}, {"user", std::string(parts[1])}});
    event.set("v", std::string(parts[2])).set("time", format_rfc3339(at));
    const Batch batch = testing::batch_of({event});
    for (const auto& match : correlator.observe(batch, ++frame, match(plan, batch)))
      out += match.update ? 0 : 1;
  }
  return out;
}

bool holds(const std::string& item, const std::string& value) {
  const RuleFile file = parse_rules(
      "r.yml", "title: t\nlogsource: {product: x}\ndetection:\n  s: {" + item + "}\n  condition: s\n");
  for (const auto& error : file.errors) FAIL(error.to_string());
  const Compiled compiled = compile_rule(file.rules.at(0));
  for (const auto& error : compiled.errors) FAIL(error.to_string());
  return select(*compiled.predicate, testing::batch_of({Json::object({{"f", value}})})).contains(0);
}

}  // namespace

TEST_CASE("hayabusa 1896: values that lie further apart than the timespan are not counted together") {
  const std::string rule = "  type: value_count\n  rules: [a]\n  condition: {field: v, gte: 3}\n";
  CHECK(fires(rule, {"a lan x 0", "a lan y 30", "a lan z 90"}) == 0);
  CHECK(fires(rule, {"a lan x 0", "a lan y 59", "a lan z 118", "a lan x 177"}) == 0);
  CHECK(fires(rule, {"a lan x 0", "a lan y 30", "a lan z 60"}) == 1);
}

TEST_CASE("hayabusa 1841: temporal joins only what has the same group-by values") {
  const std::string rule = "  type: temporal\n  rules: [a, b, c]\n";
  CHECK(fires(rule, {"a lan - 0", "b mai - 1", "c lan - 2"}) == 0);
  CHECK(fires(rule, {"a lan - 0", "b lan - 1", "c mai - 2", "a mai - 3", "b mai - 4"}) == 1);
}

TEST_CASE("hayabusa 1841: temporal_ordered checks the order of all rules, not only of the first") {
  const std::string rule = "  type: temporal_ordered\n  rules: [a, b, c]\n";
  CHECK(fires(rule, {"a lan - 0", "c lan - 1", "b lan - 2"}) == 0);
  CHECK(fires(rule, {"a lan - 0", "c lan - 1", "b lan - 2", "c lan - 3"}) == 1);
  CHECK(fires(rule, {"b lan - 0", "c lan - 1", "a lan - 2"}) == 0);
}

TEST_CASE(
    "hayabusa 1826: wildcards are anchored at both ends, also with ?, inner * and letters beyond ASCII") {
  const std::string image = "C:\\Windows\\cmd.exe";
  CHECK(holds("f: 'C:\\Windows\\c?d.exe'", image));
  CHECK(!holds("f: 'Windows\\c?d.exe'", image));
  CHECK(!holds("f: 'C:\\Windows\\c?d'", image));
  CHECK(holds("f: 'C:\\\\*\\cmd.exe'", image));
  CHECK(!holds("f: 'Windows*cmd.exe'", image));
  CHECK(!holds("f: 'C:\\\\*\\cmd'", image));
  CHECK(!holds("f: '\xC4\x91\xE1\xBB\x93*'", "x\xC4\x90\xE1\xBB\x92NG"));
  CHECK(holds("f: '\xC4\x91\xE1\xBB\x93*'", "\xC4\x90\xE1\xBB\x92NG"));
  CHECK(!holds("f: '*\xC4\x91\xE1\xBB\x93'", "\xC4\x90\xE1\xBB\x92NG"));
}

TEST_CASE("hayabusa 3.10: public IPv6 addresses are not private ones") {
  const std::string item =
      "f|cidr: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fe80::/10', '::1/128']";
  for (const char* address :
       {"2001:4860:4860::8888", "2401:5f80:5001::1", "::2", "fec0::1", "64:ff9b::10.1.1.1", "8.8.8.8"})
    CHECK_MESSAGE(!holds(item, address), address);
  for (const char* address :
       {"fd12::1", "FE80::1", "::1", "10.1.2.3", "172.31.255.255", "::ffff:192.168.1.1"})
    CHECK_MESSAGE(holds(item, address), address);
}

TEST_CASE("hayabusa 3.10: a rule that two conditions make true alerts once for an event") {
  const RuleFile file =
      parse_rules("r.yml",
                  "title: t\nlogsource: {product: x}\ndetection:\n  s: [{k: a}, {k: 'a*'}]\n"
                  "  condition: [s, 1 of s*, s or not s]\n");
  REQUIRE(file.errors.empty());
  SourceMap sources;
  REQUIRE(sources
              .add("s.yaml",
                   "sources:\n  - {logsource: {product: x}, covers: ['*/*/*']}\n"
                   "  - {logsource: {product: x}, covers: ['linux/*/*']}\n")
              .empty());
  const Plan plan = Plan::compile(file.rules, sources);
  CHECK(match(plan, testing::batch_of_text({R"({"k":"a"})"})).size() == 1);
}

TEST_CASE("zircolite: the timespan of event_count counts") {
  const std::string rule = "  type: event_count\n  rules: [a]\n  condition: {gte: 3}\n";
  CHECK(fires(rule, {"a lan - 0", "a lan - 40", "a lan - 80", "a lan - 120", "a lan - 160"}) == 0);
}

TEST_CASE("malformed rules: each mistake has its file, line and reason, and the good document still loads") {
  struct Row {
    const char* text;
    int line;
    const char* reason;  // a part of it
  };
  const Row rows[] = {
      {"title: t\ndetection: {s: {a: 1}, condition: s}\n", 1, "logsource is missing"},
      {"title: t\nlogsource: [windows]\ndetection: {s: {a: 1}, condition: s}\n", 2, "not a map"},
      {"title: t\nlogsource: {definition: x}\ndetection: {s: {a: 1}, condition: s}\n", 2, "names neither"},
      {"title: t\nlogsource: {product: x}\n", 1, "detection is missing"},
      {"title: t\nlogsource: {product: x}\ndetection: {condition: s}\n", 3, "has no selection"},
      {"title: t\nlogsource: {product: x}\ndetection:\n  s: {a: 1}\n", 4, "condition is missing"},
      {"title: t\nlogsource: {product: x}\ndetection:\n  s:\n  condition: s\n", 4, "'s' is empty"},
      {"title: t\nlogsource: {product: x}\ndetection:\n  s: {a: []}\n  condition: s\n", 4,
       "list of 'a' is empty"},
      {"title: t\nlogsource: {product: x}\ndetection:\n  s: {a: [[1]]}\n  condition: s\n", 4, "plain values"},
      {"title: t\nlogsource: {product: x}\ndetection:\n  s: {a: 1}\n  condition: s and\n", 5,
       "ends where a name"},
      {"title: t\nlogsource: {product: x}\ndetection:\n  s: {a: 1}\n  condition: s | count() > 3\n", 5,
       "aggregations"},
      {"title: t\nlogsource: {product: x}\ndetection:\n  s: {a: 1}\n  condition: 1 of t*\n", 5, "names 't*'"},
      {"logsource: {product: x}\ndetection: {s: {a: 1}, condition: s}\n", 1, "title is missing"},
      {"title: t\nlevel: loud\nlogsource: {product: x}\ndetection: {s: {a: 1}, condition: s}\n", 2,
       "level 'loud'"},
      {"title: [unclosed\n", 2, ""},
      {"title: t\n\tlogsource: x\n", 2, ""},
      {"title: t\ntitle: u\n", 2, ""},
      {"action: global\ntitle: t\nlogsource: {product: x}\n", 1, "collections"},
      {"title: t\nlogsource: {product: x}\ndetection:\n  s: [a, null]\n  condition: s\n", 4,
       "'s' holds null"},
      {"title: t\nlogsource: {product: x}\ndetection:\n  s: {<<: {a: 1}}\n  condition: s\n", 4, "merge keys"},
      {"- a\n- b\n", 1, "a rule must be a map"},
      {"just text\n", 1, "a rule must be a map"},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    const RuleFile file = parse_rules("m.yml", row.text);
    CHECK(file.rules.empty());
    REQUIRE(!file.errors.empty());
    CHECK(file.errors[0].file == "m.yml");
    CHECK(file.errors[0].line == row.line);
    CHECK(file.errors[0].reason.find(row.reason) != std::string::npos);
  }
  const RuleFile both = parse_rules("m.yml",
                                    "title: t\n---\ntitle: good\nlogsource: {product: x}\n"
                                    "detection: {s: {a: 1}, condition: s}\n");
  CHECK(both.rules.size() == 1);
  CHECK(both.errors.size() == 2);
  CHECK(both.rejected == 1);
  CHECK(parse_rules("m.yml", "title: [unclosed\n").rejected == 1);
}

TEST_CASE("limits: what is too large is refused by name, what is slow ends") {
  const std::string head = "title: t\nlogsource: {product: x}\ndetection:\n";
  const auto reasons = [&](const std::string& detection) {
    const RuleFile file = parse_rules("l.yml", head + detection);
    std::string out;
    for (const auto& error : file.errors) out += error.reason + "\n";
    if (!file.rules.empty()) {
      for (const auto& error : compile_rule(file.rules[0]).errors) out += error.to_string() + "\n";
    }
    return out;
  };
  std::string values = "  s: {a: [0";
  for (int i = 0; i < 50'001; ++i) values += ",1";
  CHECK(reasons(values + "]}\n  condition: s\n").find("at most 50000 values") != std::string::npos);
  std::string nested = "  s: ";
  for (int i = 0; i < 40; ++i) nested += "[{a: 1}, ";
  nested += "{a: 1}" + std::string(40, ']');
  CHECK(reasons(nested + "\n  condition: s\n").find("nested too deeply") != std::string::npos);
  CHECK(reasons("  s: {a: 1}\n  condition: " + std::string(200, '(') + "s" + std::string(200, ')') + "\n")
            .find("nested too deeply") != std::string::npos);
  CHECK(reasons("  s: {a|re: '" + std::string(17'000, 'a') + "'}\n  condition: s\n").find("l.yml:4:") == 0);
  std::string dashes = "  s: {'a|windash': '";
  for (int i = 0; i < 6; ++i) dashes += "* -a -b -c ";
  CHECK(reasons(dashes + "'}\n  condition: s\n").find("too many variants") != std::string::npos);
  // A pattern that would take for ever gives up and is no match; the value is judged by the other patterns.
  const std::string bomb(30'000, 'a');
  CHECK(!holds("f|re: '^(a+)+$'", bomb + "!"));
  CHECK(!holds("f|re: '^(a|aa)*b$'", bomb));
  CHECK(!holds("f|re: '(x+x+)+y'", std::string(30'000, 'x')));
  CHECK(holds("f|re: ['^(a+)+$', '!$']", bomb + "!"));
  CHECK(!holds("f: '" + std::string(2'000, '*') + "b*a*b*a*b'", bomb));
}

}  // namespace rivals_test
