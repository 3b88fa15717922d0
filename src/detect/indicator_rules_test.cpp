// SPDX-License-Identifier: Apache-2.0
// Lists of indicators as rules: each value is sought where the pack says, as itself and nothing else.
#include "detect/indicator_rules.h"

#include <doctest/doctest.h>

#include "detect/matcher.h"
#include "detect/testing/batches.h"
#include "detect/testing/random_rules.h"

namespace phendau::detect::indicator_rules_test {
namespace {

constexpr const char* kTemplates = R"(
title: Name
id: t1
level: high
logsource: {category: dns}
detection:
  seen:
    - query|expand: '%domain%'
    - query|endswith|expand: '.%domain%'
    - answer|cidr|expand: '%network%'
  condition: seen
---
title: File
id: t2
logsource: {product: windows}
detection:
  seen:
    Image|endswith|expand: '\\%file_name%'
    User: lan
  hash: {Hashes|contains|expand: ['=%md5%', '=%sha256%']}
  condition: seen or hash
)";

std::vector<Rule> templates() {
  RuleFile file = parse_rules("t.yml", kTemplates);
  for (const auto& error : file.errors) FAIL(error.to_string());
  return file.rules;
}

std::size_t hits(const std::vector<Indicator>& indicators, const std::vector<std::string>& events) {
  auto rules = indicator_rules(templates(), "L1", "danh s\u00e1ch", indicators);
  const SourceMap sources = testing::everything_for(rules);
  const Plan plan = Plan::compile(std::move(rules), sources);
  for (const auto& error : plan.rejected()) FAIL(error.to_string());
  return match(plan, testing::batch_of_text(events)).size();
}

Indicator of(IndicatorType type, std::string value) { return {type, std::move(value), {}}; }

}  // namespace

TEST_CASE("indicator rules: a name matches itself and what is below it") {
  const std::vector<Indicator> list = {of(IndicatorType::domain, "xau.example")};
  CHECK(hits(list, {R"({"query":"xau.example"})"}) == 1);
  CHECK(hits(list, {R"({"query":"C2.XAU.example"})"}) == 1);
  CHECK(hits(list, {R"({"query":"khongxau.example"})"}) == 0);
  CHECK(hits(list, {R"({"query":"xau.example.vn"})"}) == 0);
}

TEST_CASE("indicator rules: networks, hashes, and a part of a rule that needs more than the value") {
  const std::vector<Indicator> list = {of(IndicatorType::network, "203.0.113.0/28"),
                                       of(IndicatorType::file_name, "a*b\\?.exe"),
                                       of(IndicatorType::sha256, std::string(64, 'a'))};
  CHECK(hits(list, {R"({"answer":"203.0.113.15"})"}) == 1);
  CHECK(hits(list, {R"({"answer":"203.0.113.16"})"}) == 0);
  CHECK(hits(list, {R"({"Image":"C:\\x\\a*b\\?.exe","User":"lan"})"}) == 1);
  CHECK(hits(list, {R"({"Image":"C:\\x\\aab\\c.exe","User":"lan"})"}) == 0);
  CHECK(hits(list, {R"({"Image":"C:\\x\\a*b\\?.exe","User":"hoa"})"}) == 0);
  CHECK(hits(list, {R"({"Hashes":"MD5=1,SHA256=)" + std::string(64, 'A') + R"(,IMPHASH=2"})"}) == 1);
}

TEST_CASE("indicator rules: a list makes only the rules that it has values for, under its own name") {
  const auto rules =
      indicator_rules(templates(), "L1", "danh s\u00e1ch", {of(IndicatorType::md5, std::string(32, 'b'))});
  REQUIRE(rules.size() == 1);
  CHECK(rules[0].id == "indicator.L1.t2");
  CHECK(rules[0].title_for_people() == "File: danh s\u00e1ch");
  // What had no values never holds, and does not hold for everything either.
  CHECK(hits({of(IndicatorType::md5, std::string(32, 'b'))}, {R"({"Image":"C:\\x.exe","User":"lan"})"}) == 0);
  CHECK(indicator_rules(templates(), "L1", "x", {of(IndicatorType::email, "a@b.example")}).empty());
}

TEST_CASE("indicator rules: what a template asks for") {
  const auto all = templates();
  CHECK(*types_asked(all[0]) == std::vector{IndicatorType::domain, IndicatorType::network});
  const RuleFile wrong = parse_rules("t.yml", R"(
title: Wrong
logsource: {product: windows}
detection: {seen: {Name|expand: '%mutex%'}, condition: seen}
---
title: None
logsource: {product: windows}
detection: {seen: {Name: '%domain%'}, condition: seen}
)");
  REQUIRE(wrong.rules.size() == 2);
  for (const auto& rule : wrong.rules) CHECK_FALSE(types_asked(rule));
}

}  // namespace phendau::detect::indicator_rules_test
