// SPDX-License-Identifier: Apache-2.0
// Rules that were compiled once are not compiled again while rules, log sources and value lists are the same;
// what is kept and cannot be used is compiled anew.
#include "hub/compiled_rules.h"

#include <algorithm>
#include <map>

#include <doctest/doctest.h>

#include "detect/matcher.h"
#include "detect/testing/batches.h"
#include "hub/active_pack.h"
#include "hub/live_rules.h"

namespace compiled_rules_test {

using namespace phendau;
using namespace phendau::hub;

namespace {

class InMemory final : public CompiledRules {
 public:
  std::map<std::string, std::string> files;

 private:
  Result<detect::RuleSet> find(const std::string& key) override {
    const auto found = files.find(key);
    if (found == files.end()) return fail(ErrorCode::not_found, "none");
    return detect::load_rule_set(found->second);
  }
  void keep(const std::string& key, const detect::RuleSet& set) override {
    files[key] = detect::save_rule_set(set);
  }
};

constexpr const char* kRules = R"(
title: a
id: 11111111-1111-4111-8111-111111111111
logsource: {product: linux}
detection: {s: {f|contains|expand: '%words%'}, condition: s}
---
title: wrong
logsource: {product: linux}
detection: {s: {f|nonsense: x}, condition: s}
)";

}  // namespace

TEST_CASE("compiled rules: kept while nothing has changed, damage is counted and mended") {
  InMemory kept;
  detect::SourceMap sources;
  detect::CompileOptions options;
  options.placeholders["words"] = {"needle"};
  const Batch batch =
      detect::testing::batch_of_text({R"({"f":"a needle"})", R"({"f":"a nail"})"}, "linux//x");
  const auto check = [&](const char* rules, std::uint64_t found, std::uint64_t compiled,
                         std::uint64_t unusable, std::uint32_t row) {
    std::vector<ContentError> rejected;
    const auto plan = kept.plan_of(detect::parse_rules("r.yml", rules).rules, sources, options, rejected);
    CHECK(detect::match(plan, batch) == std::vector<detect::Match>{{0, row}});
    REQUIRE(rejected.size() == 1);
    CHECK(rejected[0].reason == "modifier 'nonsense' is not known");
    CHECK(kept.found() == found);
    CHECK(kept.compiled() == compiled);
    CHECK(kept.unusable() == unusable);
  };
  check(kRules, 0, 1, 0, 0);
  check(kRules, 1, 1, 0, 0);
  options.placeholders["words"] = {"nail"};
  check(kRules, 1, 2, 0, 1);
  check(kRules, 2, 2, 0, 1);
  REQUIRE(
      sources.add("s.yaml", "sources:\n  - {logsource: {product: linux}, covers: ['linux/*/*']}\n").empty());
  check(kRules, 2, 3, 0, 1);
  const std::string other =
      std::string(kRules) +
      "---\ntitle: b\nlogsource: {product: linux}\ndetection: {s: {f: x}, condition: s}\n";
  check(other.c_str(), 2, 4, 0, 1);
  for (auto& [key, bytes] : kept.files)
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  check(other.c_str(), 2, 5, 1, 1);
  check(other.c_str(), 3, 5, 1, 1);
}

TEST_CASE("compiled rules: a pack and its filters come from there, replays do not fill it") {
  const auto kept = std::make_shared<InMemory>();
  PackOptions options;
  options.compiled_rules = kept;
  const std::string folder = PHENDAU_SOURCE_DIR "/packs/base";
  const auto first = ActivePack::load(posix_env(), folder, options);
  REQUIRE(first);
  CHECK(kept->compiled() == 1);
  const auto pack = ActivePack::load(posix_env(), folder, options);
  REQUIRE(pack);
  CHECK(kept->compiled() == 1);
  CHECK(kept->found() == 1);
  REQUIRE(!pack->plan().rules().empty());
  CHECK(pack->plan().rules().size() == first->plan().rules().size());
  const auto& all = pack->plan().rules();
  const auto& rule = *std::find_if(all.begin(), all.end(),
                                   [](const detect::Rule& one) { return !one.logsource.product.empty(); });
  const auto filters =
      detect::parse_rules("f.yml", "title: f\nlogsource: {product: " + rule.logsource.product +
                                       "}\nfilter:\n  rules: [" + rule.id +
                                       "]\n  s: {user: x}\n  condition: not s\n")
          .filters;
  REQUIRE(filters.size() == 1);
  LiveRules rules(*pack);
  rules.put_filters(filters);
  CHECK(kept->compiled() == 2);
  LiveRules again(*pack);
  again.put_filters(filters);
  CHECK(kept->compiled() == 2);
  CHECK(kept->found() == 2);
  CHECK(again.current()->plan.rules().size() == pack->plan().rules().size());
  const std::vector<std::string> only = {rule.id};
  CHECK(rules.compile(filters, &only).plan.rules().size() == 1);
  CHECK(kept->files.size() == 2);
}

}  // namespace compiled_rules_test
