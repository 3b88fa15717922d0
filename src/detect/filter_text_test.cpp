// SPDX-License-Identifier: Apache-2.0
// Filters made from events: what was ticked is what they exclude, whatever bytes it holds.
#include "detect/filter_text.h"

#include <doctest/doctest.h>

#include "detect/filter.h"
#include "detect/matcher.h"
#include "detect/testing/batches.h"
#include "detect/testing/random_rules.h"

namespace phendau::detect::filter_text_test {
namespace {

constexpr const char* kRules = R"(
title: one
id: 11111111-0000-4000-8000-000000000001
logsource: {product: windows, category: process_creation}
detection: {sel: {Image|endswith: '\a.exe'}, condition: sel}
---
title: two
name: rule_two
logsource: {product: windows, service: security}
detection: {sel: {Image|endswith: '\a.exe'}, condition: sel}
)";

std::size_t alerts(const std::string& filter, const std::vector<std::string>& events) {
  RuleFile file = parse_rules("t.yml", std::string(kRules) + (filter.empty() ? "" : "---\n" + filter));
  for (const auto& error : file.errors) FAIL(error.to_string());
  CHECK(file.warnings.empty());
  const auto report = apply_filters(file.rules, file.filters);
  CHECK(report.errors.empty());
  CHECK(report.warnings.empty());
  const SourceMap sources = testing::everything_for(file.rules);
  return match(Plan::compile(file.rules, sources), testing::batch_of_text(events)).size();
}

std::string filter_for(const std::vector<FilterCondition>& conditions) {
  const RuleFile file = parse_rules("t.yml", kRules);
  return filter_text("L\u1ecbch qu\u00e9t: \"\u0111\u00eam\"", "hai d\u00f2ng\n# kh\u00f4ng ph\u1ea3i",
                     {&file.rules[0], &file.rules[1]}, conditions);
}

}  // namespace

TEST_CASE("a filter text: excludes the events that have all of the values, and no others") {
  const std::string event = R"({"Image":"C:\\a.exe","User":"lan","Arg":"x"})";
  const std::string other = R"({"Image":"C:\\a.exe","User":"lan","Arg":"y"})";
  CHECK(alerts("", {event, other}) == 4);
  CHECK(alerts(filter_for({{"User", {"lan"}}}), {event, other}) == 0);
  CHECK(alerts(filter_for({{"User", {"lan"}}, {"Arg", {"x"}}}), {event, other}) == 2);
  CHECK(alerts(filter_for({{"User", {"minh", "lan"}}, {"Arg", {"y"}}}), {event, other}) == 2);
  CHECK(alerts(filter_for({{"User", {"la"}}}), {event, other}) == 4);
  CHECK(alerts(filter_for({{"Missing", {"lan"}}}), {event, other}) == 4);
}

TEST_CASE("a filter text: nothing in a value is syntax") {
  for (const std::string value :
       {R"(C:\Windows\*\a?.exe)", R"(\\server\share\)", R"("quoted" 'twice')", "a: b # c", "- x", "%name%",
        "null", "true", "*", "?", "", " spaces ", "d\u00f2ng\nm\u1edbi\ttab", "\x01", R"(\*)", "{[&!|>@`"}) {
    CAPTURE(value);
    Json event = Json::object({{"Image", "C:\\a.exe"}, {"Value", value}});
    Json near = Json::object({{"Image", "C:\\a.exe"}, {"Value", value + "x"}});
    CHECK(alerts(filter_for({{"Value", {value}}}), {event.dump(), near.dump()}) == 2);
  }
}

TEST_CASE("a filter text: one document for each log source") {
  const RuleFile file = parse_rules("f.yml", filter_for({{"User", {"lan"}}}));
  REQUIRE(file.filters.size() == 2);
  CHECK(file.filters[0].logsource.key() == "windows//security");
  CHECK(file.filters[0].rules == std::vector<std::string>{"rule_two"});
  CHECK(file.filters[1].rules == std::vector<std::string>{"11111111-0000-4000-8000-000000000001"});
  CHECK(file.filters[1].title == "L\u1ecbch qu\u00e9t: \"\u0111\u00eam\"");
  CHECK(file.filters[1].description == "hai d\u00f2ng\n# kh\u00f4ng ph\u1ea3i");
}

}  // namespace phendau::detect::filter_text_test
