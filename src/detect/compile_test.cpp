// SPDX-License-Identifier: Apache-2.0
#include "detect/compile.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/text.h"
#include "detect/testing/batches.h"

using namespace phendau;
using namespace phendau::detect;

namespace {

Rule rule_of(const std::string& detection) {
  RuleFile file = parse_rules("r.yml", "title: t\nlogsource: {product: linux}\ndetection:\n" + detection);
  for (const auto& error : file.errors) FAIL(error.to_string());
  return file.rules.at(0);
}

/// Whether `item` ("f|contains: a") holds for the event.
bool holds(const std::string& item, const std::string& event, const CompileOptions& options = {}) {
  const Rule rule = rule_of("  s:\n    " + item + "\n  condition: s\n");
  const Compiled compiled = compile_rule(rule, options);
  for (const auto& error : compiled.errors) FAIL(error.to_string());
  return select(*compiled.predicate, testing::batch_of_text({event})).contains(0);
}

std::string error_of(const std::string& item) {
  const Compiled compiled = compile_rule(rule_of("  s:\n    " + item + "\n  condition: s\n"));
  return compiled.errors.empty() ? "" : compiled.errors[0].to_string();
}

struct Truth {
  const char* item;
  const char* event;
  bool holds;
};

}  // namespace

TEST_CASE("value forms and modifiers: truth table") {
  const Truth rows[] = {
      {"f: abc", R"({"f":"ABC"})", true},
      {"f: abc", R"({"f":"abcd"})", false},
      {"f: abc", R"({"g":"abc"})", false},
      {"f: abc", R"({"f":["x","abc"]})", true},
      {"f: [a, b]", R"({"f":"b"})", true},
      {"f: [a, b]", R"({"f":"c"})", false},
      {"'Threat Name': x", R"({"ThreatName":"x"})", true},
      {"f: 10", R"({"f":10})", true},
      {"f: 10", R"({"f":"10"})", true},
      {"f: '10'", R"({"f":10.0})", true},
      {"f: 10", R"({"f":"010"})", false},
      {"f: true", R"({"f":true})", true},
      {"f: true", R"({"f":false})", false},
      {"f: null", R"({"g":1})", true},
      {"f: null", R"({"f":null})", true},
      {"f: null", R"({"f":""})", false},
      {"f: ''", R"({"f":""})", true},
      {"f: ''", R"({"f":null})", false},
      {"f: ''", R"({"g":1})", false},
      {"f: '*'", R"({"f":""})", true},
      {"f: '*'", R"({"g":""})", false},
      {"f: '?*'", R"({"f":""})", false},
      {"f: 'a*c'", R"({"f":"abbc"})", true},
      {"f: 'a*c'", R"({"f":"xabbc"})", false},
      {"f: 'a*c'", R"({"f":"abbcx"})", false},
      {"f: 'a?c'", R"({"f":"abc"})", true},
      {"f: 'a?c'", R"({"f":"abbc"})", false},
      {"f: '?'", "{\"f\":\"\xC3\xA2\"}", true},
      {"f: 'a\\*c'", R"({"f":"a*c"})", true},
      {"f: 'a\\*c'", R"({"f":"abc"})", false},
      {"f: 'a\\?c'", R"({"f":"a?c"})", true},
      {"f: 'a\\\\*c'", R"({"f":"a\\xc"})", true},
      {"f: 'a\\\\\\*c'", R"({"f":"a\\*c"})", true},
      {"f: 'a\\\\\\*c'", R"({"f":"a\\xc"})", false},
      {"f: 'C:\\Win'", R"({"f":"c:\\win"})", true},
      {"f: 'C:\\\\Win'", R"({"f":"c:\\win"})", true},
      {"f: '\\\\\\\\x'", R"({"f":"\\\\x"})", true},
      {"f: '\xC4\x90\xE1\xBB\x92NG'", "{\"f\":\"\xC4\x91\xE1\xBB\x93ng\"}", true},
      {"f: 'd\xE1\xBB\x93ng'", "{\"f\":\"dong\"}", false},
      {"f|contains: '\xC3\x82N T'", "{\"f\":\"x \xC3\xA2n to\xC3\xA0n\"}", true},
      {"f: '*\xC3\x82*N'", "{\"f\":\"x\xC3\xA2yn\"}", true},
      {"f|contains: bc", R"({"f":"ABCD"})", true},
      {"f|contains: ''", R"({"f":"x"})", true},
      {"f|contains: 'b*d'", R"({"f":"abcde"})", true},
      {"f|contains: 'b\\*'", R"({"f":"ab*c"})", true},
      {"f|contains: 'b\\*'", R"({"f":"abc"})", false},
      {"f|contains|all: [a, c]", R"({"f":"abc"})", true},
      {"f|contains|all: [a, x]", R"({"f":"abc"})", false},
      {"f|all: ['a*', '*c']", R"({"f":"abc"})", true},
      {"f|startswith: ab", R"({"f":"ABC"})", true},
      {"f|startswith: bc", R"({"f":"abc"})", false},
      {"f|endswith: bc", R"({"f":"aBC"})", true},
      {"f|endswith: '\\cmd.exe'", R"({"f":"C:\\x\\CMD.EXE"})", true},
      {"f|endswith: ab", R"({"f":"abc"})", false},
      {"f|cased: abc", R"({"f":"abc"})", true},
      {"f|cased: abc", R"({"f":"ABC"})", false},
      {"f|contains|cased: bC", R"({"f":"abCd"})", true},
      {"f|contains|cased: bC", R"({"f":"abcd"})", false},
      {"f|exists: true", R"({"f":null})", true},
      {"f|exists: true", R"({"g":1})", false},
      {"f|exists: false", R"({"g":1})", true},
      {"f|exists: false", R"({"f":1})", false},
      {"f|re: '^a.c$'", R"({"f":"abc"})", true},
      {"f|re: '^a.c$'", R"({"f":"ABC"})", false},
      {"f|re: '^a.c$'", "{\"f\":\"abc\\n\"}", false},
      {"f|re: 'b'", R"({"f":"abc"})", true},
      {"f|re|i: '^A'", R"({"f":"abc"})", true},
      {"f|re|ignorecase: '^A'", R"({"f":"abc"})", true},
      {"f|re|m: '^b'", "{\"f\":\"a\\nb\"}", true},
      {"f|re: '^b'", "{\"f\":\"a\\nb\"}", false},
      {"f|re|s: 'a.b'", "{\"f\":\"a\\nb\"}", true},
      {"f|re: 'a.b'", "{\"f\":\"a\\nb\"}", false},
      {"f|cidr: 10.0.0.0/8", R"({"f":"10.9.8.7"})", true},
      {"f|cidr: 10.0.0.0/8", R"({"f":"11.9.8.7"})", false},
      {"f|cidr: 10.0.0.0/8", R"({"f":"10.9.8"})", false},
      {"f|cidr: 'fe80::/10'", R"({"f":"FE80::1"})", true},
      {"f|cidr: 10.0.0.0/8", R"({"f":"::ffff:10.1.1.1"})", true},
      {"f|cidr: [1.0.0.0/8, 10.0.0.0/8]", R"({"f":"10.1.1.1"})", true},
      {"f|lt: 5", R"({"f":4})", true},
      {"f|lt: 5", R"({"f":5})", false},
      {"f|lte: 5", R"({"f":"5"})", true},
      {"f|gt: -1.5", R"({"f":-1})", true},
      {"f|gte: 5", R"({"f":"five"})", false},
      {"f|gte: 5", R"({"g":9})", false},
      {"f|neq: a", R"({"f":"b"})", true},
      {"f|neq: a", R"({"f":"A"})", false},
      {"f|neq: [a, b]", R"({"f":"b"})", false},
      {"f|neq: a", R"({"g":"b"})", true},
      {"f|contains|neq: a", R"({"f":"xax"})", false},
      {"f|fieldref: g", R"({"f":"A","g":"a"})", true},
      {"f|fieldref: g", R"({"f":"a","g":"b"})", false},
      {"f|fieldref: g", R"({"f":"a"})", false},
      {"f|fieldref: g", R"({"f":null,"g":null})", false},
      {"f|fieldref|neq: g", R"({"f":"a","g":"b"})", true},
      {"f|windash|contains: ' -s '", "{\"f\":\"x /s y\"}", true},
      {"f|contains|windash: ' -s '", "{\"f\":\"x \xE2\x80\x93s y\"}", true},
      {"f|windash|contains: ' -s '", "{\"f\":\"x +s y\"}", false},
      {"f|windash|contains: 'a-b'", "{\"f\":\"a/b\"}", false},
      {"f|contains|all|windash: [' -a', ' -b']", R"({"f":"x /a -b"})", true},
      {"f|contains|all|windash: [' -a', ' -b']", R"({"f":"x /a /a"})", false},
      {"f|base64: foo", R"({"f":"Zm9v"})", true},
      {"f|base64offset|contains: foobar", R"({"f":"Zm9vYmFy"})", true},
      {"f|base64offset|contains: foobar", R"({"f":"eGZvb2Jhcg=="})", true},
      {"f|base64offset|contains: foobar", R"({"f":"eHhmb29iYXI="})", true},
      {"f|base64offset|contains: foobar", R"({"f":"Zm9vYmF6"})", false},
      {"f|wide|base64offset|contains: ab", R"({"f":"YQBiAA=="})", true},
      {"f|utf16le|base64: ab", R"({"f":"YQBiAA=="})", true},
      {"f|utf16be|base64: ab", R"({"f":"AGEAYg=="})", true},
      {"f|utf16|base64: ab", R"({"f":"//5hAGIA"})", true},
  };
  for (const auto& row : rows) {
    INFO(row.item << "  on  " << row.event);
    CHECK(holds(row.item, row.event) == row.holds);
  }
}

TEST_CASE("keywords look at every value, anywhere in it") {
  const auto judged = [](const std::string& keywords, const std::string& event) {
    const Rule rule = rule_of("  s: " + keywords + "\n  condition: s\n");
    return select(*compile_rule(rule).predicate, testing::batch_of_text({event}, "linux//sshd")).contains(0);
  };
  CHECK(judged("[ERR, fail]", R"({"a":"x","b":"it FAILED"})"));
  CHECK(!judged("[err, fail]", R"({"a":"x"})"));
  CHECK(judged("fail", R"({"a":"failed"})"));
  CHECK(judged("{'|all': [it, fail]}", R"({"a":"it","b":"failed"})"));
  CHECK(!judged("{'|all': [it, fail]}", R"({"a":"it"})"));
  CHECK(judged("['a*d']", R"({"a":"xxabcdxx"})"));
  CHECK(judged("[42]", R"({"a":4242})"));
  CHECK(!judged("[sshd]", R"({"a":"x"})"));  // the log source is not part of the event
}

TEST_CASE("lists of maps, nested, and maps") {
  const std::string detection = "  s:\n    - a: 1\n      b: 2\n    - c|startswith: x\n  condition: s\n";
  const auto predicate = compile_rule(rule_of(detection)).predicate;
  const auto rows =
      select(*predicate, testing::batch_of_text({R"({"a":1,"b":2})", R"({"a":1})", R"({"c":"xy"})"}));
  CHECK(rows.contains(0));
  CHECK(!rows.contains(1));
  CHECK(rows.contains(2));
}

TEST_CASE("expand takes values from the pack and rejects without them") {
  CompileOptions options;
  options.placeholders["Admins"] = {"root", "adm-*"};
  CHECK(holds("f|expand: '%Admins%'", R"({"f":"adm-lan"})", options));
  CHECK(holds("f|contains|expand: 'u=%Admins%;'", R"({"f":"xu=root;y"})", options));
  CHECK(!holds("f|expand: '%Admins%'", R"({"f":"lan"})", options));
  CHECK(holds("f: '%Admins%'", R"({"f":"%admins%"})", options));
  CHECK(error_of("f|expand: '%Admins%'").find("%Admins%") != std::string::npos);
}

TEST_CASE("chains that make no sense are rejected with their line") {
  const char* const items[] = {
      "f|nonsense: a",
      "f|contains|startswith: a",
      "f|i: a",
      "f|re|contains: a",
      "f|cidr|contains: 10.0.0.0/8",
      "f|cidr: 10.0.0.0/33",
      "f|cidr: host",
      "f|re: '('",
      "f|lt: many",
      "f|exists: maybe",
      "f|base64: 'a*'",
      "f|re|cased: a",
      "f|contains: null",
      "f|re|base64: a",
      "f|hour: 3",
      "f|base64|re: a",
      "f|lt|gt: 3",
  };
  for (const char* item : items) {
    INFO(item);
    CHECK(error_of(item).starts_with("r.yml:5:"));
  }
  CHECK(modifier_docs().size() >= 28);
}

TEST_CASE("conditions") {
  const std::string selections = "  s1: {a: 1}\n  s2: {b: 1}\n  f1: {c: 1}\n  _hidden: {d: 1}\n";
  struct Row {
    const char* condition;
    const char* event;
    bool holds;
  };
  const Row rows[] = {
      {"s1", R"({"a":1})", true},
      {"s1 and s2", R"({"a":1})", false},
      {"s1 or s2 and f1", R"({"a":1})", true},
      {"(s1 or s2) and f1", R"({"a":1})", false},
      {"not s1 and s2", R"({"b":1})", true},
      {"not (s1 or s2)", R"({"c":1})", true},
      {"not not s1", R"({"a":1})", true},
      {"1 of s*", R"({"b":1})", true},
      {"any of s*", R"({"b":1})", true},
      {"all of s*", R"({"b":1})", false},
      {"all of s* and not 1 of f*", R"({"a":1,"b":1})", true},
      {"all of s* and not 1 of f*", R"({"a":1,"b":1,"c":1})", false},
      {"1 of *1", R"({"c":1})", true},
      {"1 of them", R"({"c":1})", true},
      {"1 of them", R"({"d":1})", false},
      {"all of them", R"({"a":1,"b":1,"c":1})", true},
      {"_hidden", R"({"d":1})", true},
      {"[s1, s2]", R"({"b":1})", true},
      {"[s1, s2]", R"({"c":1})", false},
      {"S1 AND s2 OR s1", R"({"a":1})", false},
  };
  for (const auto& row : rows) {
    INFO(row.condition << " on " << row.event);
    RuleFile file = parse_rules("r.yml", "title: t\nlogsource: {product: x}\ndetection:\n" + selections +
                                             "  condition: " + row.condition + "\n");
    if (std::string_view(row.condition).starts_with("S1")) {
      CHECK(file.errors.size() == 1);  // names are case-sensitive
      continue;
    }
    REQUIRE(file.errors.empty());
    CHECK(select(*compile_rule(file.rules[0]).predicate, testing::batch_of_text({row.event})).contains(0) ==
          row.holds);
  }
  for (const char* bad : {"", "s1 and", "(s1", "s1)", "2 of s*", "1 of", "s*", "s1 | count() > 5", "of them",
                          "s1 s2", "and s1", "s1 & s2"}) {
    INFO(bad);
    CHECK(!parse_condition(bad));
  }
  CHECK(!parse_condition(std::string(1000, '(')));
  CHECK(to_string(*parse_condition("a or b and not 1 of c*")) == "(a or (b and not 1 of c*))");
}

TEST_CASE("mistakes name file, line and column; other documents still load") {
  const RuleFile file = parse_rules("bad.yml", R"(title: one
logsource: {product: linux}
level: terrible
detection:
  s: {a: {b: c}}
  condition: s and t
---
title: two
logsource: {product: linux}
detection: {s: {a: 1}, condition: s}
---
- list
---
title: three
filter: {}
---
title: four
correlation: {type: event_sum, rules: [], timespan: soon}
)");
  REQUIRE(file.rules.size() == 1);
  CHECK(file.rules[0].title == "two");
  std::vector<std::string> texts;
  for (const auto& error : file.errors) texts.push_back(error.to_string());
  const std::string all = join(texts, "\n");
  INFO(all);
  CHECK(file.errors.size() >= 7);
  CHECK(all.find("bad.yml:3:8: level 'terrible'") != std::string::npos);
  CHECK(all.find("bad.yml:5:10:") != std::string::npos);
  CHECK(all.find("bad.yml:6:14: condition names 't'") != std::string::npos);
  CHECK(all.find("bad.yml:12:1: a rule must be a map") != std::string::npos);
  CHECK(all.find("filters are not supported yet") != std::string::npos);
  CHECK(all.find("time span") != std::string::npos);
  const RuleFile broken = parse_rules("b.yml", "title: x\ndetection: [a\n");
  REQUIRE(broken.errors.size() == 1);
  CHECK(broken.errors[0].line > 1);
}

TEST_CASE("metadata and the phendau block") {
  const RuleFile file = parse_rules("m.yml", R"(title: t
id: 6d1f1c2e-0000-4000-8000-000000000001
name: n
status: stable
level: high
tags: [attack.t1110]
related: [{id: x, type: derived}]
some_custom: {thing: [1, 2]}
logsource: {product: phendau, category: fact, service: password_policy, definition: text}
phendau: {title_vi: T, features: [a], clauses: [b], entity: [host], window: 1h, for: every}
detection: {s: {min_length|gte: 8}, condition: s}
)");
  REQUIRE(file.errors.empty());
  const Rule& rule = file.rules.at(0);
  CHECK(rule.quantifier == Quantifier::every);
  CHECK(rule.window == hours(1));
  CHECK(rule.related.at(0).first == "derived");
  CHECK(rule.title_for_people() == "T");
  CHECK(judge(*compile_rule(rule).predicate, parse_json(R"({"min_length":10})").value(), {}, nullptr) ==
        Tri::yes);
  CHECK(judge(*compile_rule(rule).predicate, parse_json("{}").value(), {}, nullptr) == Tri::unknown);
}
