// SPDX-License-Identifier: Apache-2.0
// Filters: which rules they reach, what they do to them, and which are reported.
#include "detect/filter.h"

#include <doctest/doctest.h>

#include "base/text.h"
#include "detect/explain.h"
#include "detect/matcher.h"
#include "detect/testing/batches.h"
#include "detect/testing/random_rules.h"

namespace filter_test {

using namespace phendau;
using namespace phendau::detect;

namespace {

constexpr const char* kRules = R"(
title: one
id: 11111111-0000-4000-8000-000000000001
logsource: {product: windows, category: process_creation}
detection:
  sel_a: {Image|endswith: '\a.exe'}
  sel_b: {Image|endswith: '\b.exe'}
  condition: 1 of them
---
title: two
name: rule_two
logsource: {product: windows, service: security}
detection: {sel: {Image|endswith: '\a.exe'}, condition: [sel, not sel and sel]}
)";

struct Bench {
  RuleFile file;
  FilterReport report;
  Plan plan;

  static Bench make(const std::string& filter) {
    Bench out;
    out.file = parse_rules("t.yml", std::string(kRules) + "---\ntitle: f\n" + filter);
    for (const auto& error : out.file.errors) FAIL(error.to_string());
    std::vector<Rule> rules = out.file.rules;
    out.report = apply_filters(rules, out.file.filters);
    const SourceMap sources = testing::everything_for(rules);
    out.plan = Plan::compile(std::move(rules), sources);
    CHECK(out.plan.rejected().empty());
    return out;
  }
  /// Titles of the rules that alert, joined.
  std::string alerts(const std::string& event) const {
    std::vector<std::string> out;
    const Batch batch = testing::batch_of_text({event});
    const auto found = match(plan, batch);
    CHECK(found == testing::oracle_matches(plan, batch));
    for (const auto& one : found) out.push_back(plan.rules()[one.rule_index].title);
    return join(out, " ");
  }
};

const std::string kWindows = "logsource: {product: windows}\n";
constexpr const char* kPlain = R"({"Image":"C:\\a.exe","User":"lan"})";
constexpr const char* kAdmin = R"({"Image":"C:\\a.exe","User":"adm_lan"})";

}  // namespace

TEST_CASE("a filter is joined by and: an exclusion says not") {
  const std::string body = "  selection: {User|startswith: 'adm_'}\n";
  const Bench none =
      Bench::make(kWindows + "filter:\n  rules: [nobody]\n" + body + "  condition: not selection\n");
  CHECK(none.alerts(kPlain) == "one two");
  CHECK(none.alerts(kAdmin) == "one two");
  const Bench excludes =
      Bench::make(kWindows + "filter:\n  rules: any\n" + body + "  condition: not selection\n");
  CHECK(excludes.alerts(kPlain) == "one two");
  CHECK(excludes.alerts(kAdmin) == "");
  CHECK(excludes.file.warnings.empty());
  CHECK(excludes.report.applied == 2);
  const Bench allows = Bench::make(kWindows + "filter:\n  rules: any\n" + body + "  condition: selection\n");
  CHECK(allows.alerts(kPlain) == "");
  CHECK(allows.alerts(kAdmin) == "one two");
  REQUIRE(allows.file.warnings.size() == 1);
  CHECK(allows.file.warnings[0].to_string().starts_with("t.yml:20:14:"));
  CHECK(allows.file.warnings[0].reason.find("'not'") != std::string::npos);
}

TEST_CASE("a filter reaches the rules that it names, by id or name, if the log source fits") {
  struct Row {
    const char* logsource;
    const char* rules;
    const char* alerts;  // on an event that the filter excludes
    std::size_t warnings;
  };
  const Row rows[] = {
      {"{product: windows}", "[11111111-0000-4000-8000-000000000001]", "two", 0},
      {"{product: windows}", "rule_two", "one", 0},
      {"{product: windows}", "[rule_two, 11111111-0000-4000-8000-000000000001, rule_two]", "", 0},
      {"{product: windows, category: process_creation}", "any", "two", 0},
      {"{service: security}", "any", "one", 0},
      {"{product: linux}", "any", "one two", 1},
      {"{product: windows, service: security}", "[11111111-0000-4000-8000-000000000001]", "one two", 1},
      {"{product: windows}", "[nobody]", "one two", 1},
  };
  for (const auto& row : rows) {
    INFO(row.logsource << " " << row.rules);
    const Bench bench =
        Bench::make(std::string("logsource: ") + row.logsource + "\nfilter:\n  rules: " + row.rules +
                    "\n  selection: {User|startswith: 'adm_'}\n  condition: not selection\n");
    CHECK(bench.alerts(kAdmin) == row.alerts);
    CHECK(bench.report.warnings.size() == row.warnings);
    for (const auto& warning : bench.report.warnings) CHECK(warning.line > 13);
  }
}

TEST_CASE("selections of a filter and of the rule keep apart, patterns of the filter work") {
  const Bench bench = Bench::make(kWindows +
                                  "filter:\n  rules: any\n  sel_user: {User: lan}\n  sel_host: {Host: pc}\n"
                                  "  condition: not all of sel_*\n");
  CHECK(bench.alerts(R"({"Image":"C:\\a.exe","User":"lan"})") == "one two");
  CHECK(bench.alerts(R"({"Image":"C:\\a.exe","User":"lan","Host":"pc"})") == "");
  CHECK(bench.alerts(R"({"User":"lan","Host":"px"})") == "");
  const Bench two = Bench::make(
      kWindows + "filter: {rules: any, a: {User: lan}, condition: not 1 of them}\n---\ntitle: g\n" +
      kWindows + "filter: {rules: any, a: {User: mai}, condition: not a}\n");
  CHECK(two.alerts(R"({"Image":"C:\\a.exe","User":"lan"})") == "");
  CHECK(two.alerts(R"({"Image":"C:\\a.exe","User":"mai"})") == "");
  CHECK(two.alerts(R"({"Image":"C:\\a.exe","User":"tam"})") == "one two");
}

TEST_CASE("a filter that cannot be honoured is reported in its own file and changes nothing") {
  const Bench bench = Bench::make(
      kWindows +
      "filter:\n  rules: any\n  selection: {User|contains|cidr: 'x'}\n  condition: not selection\n");
  REQUIRE(bench.report.errors.size() == 1);
  CHECK(bench.report.errors[0].to_string().starts_with("t.yml:19:"));
  CHECK(bench.alerts(kAdmin) == "one two");
}

TEST_CASE("a rule is called by its id or its name, and by nothing else") {
  RuleMeta rule;
  CHECK(!rule.is_called(""));
  rule.title = "t";
  rule.id = "1";
  CHECK((rule.is_called("1") && !rule.is_called("t") && !rule.is_called("")));
  rule.name = "n";
  CHECK((rule.is_called("1") && rule.is_called("n") && !rule.is_called("")));
}

TEST_CASE("an explanation shows the filter's part") {
  const Bench bench =
      Bench::make(kWindows + "filter: {rules: any, selection: {User: lan}, condition: not selection}\n");
  const SourceMap sources = testing::everything_for(bench.plan.rules());
  const std::string text =
      to_text(explain(bench.plan.rules()[0], sources, testing::batch_of_text({kPlain}), 0), Lang::en);
  INFO(text);
  CHECK(text.starts_with("- one"));
  CHECK(text.find("not _filter 1: selection") != std::string::npos);
  CHECK(text.find("+ 'lan'") != std::string::npos);
}

TEST_CASE("mistakes in filters name their line") {
  const RuleFile file = parse_rules("f.yml", R"(title: a
filter: {rules: any, s: {a: 1}, condition: not s}
---
title: b
logsource: {product: x}
filter: [a]
---
title: c
logsource: {product: x}
filter:
  s: {a: 1}
  condition: not t
---
title: d
logsource: {product: x}
filter: {rules: [{a: 1}], s: {a: 1}}
)");
  std::vector<std::string> found;
  for (const auto& error : file.errors) found.push_back(error.to_string());
  CHECK(file.filters.empty());
  CHECK(found == std::vector<std::string>{
                     "f.yml:1:1: logsource is missing or not a map",
                     "f.yml:6:9: filter must be a map",
                     "f.yml:12:14: condition names 't', which the detection does not have",
                     "f.yml:11:3: filter names no rules",
                     "f.yml:16:9: condition is missing",
                     "f.yml:16:18: rules must hold ids or names of rules",
                     "f.yml:16:17: filter names no rules",
                 });
}

}  // namespace filter_test
