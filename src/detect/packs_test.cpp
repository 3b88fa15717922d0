// SPDX-License-Identifier: Apache-2.0
// Every rule shipped in packs/base proves itself on the samples beside it (format: docs/reference/rules.md).
#include <filesystem>

#include <doctest/doctest.h>

#include "detect/samples.h"
#include "detect/testing/batches.h"

using namespace phendau;
using namespace phendau::detect;
namespace fs = std::filesystem;

namespace {

/// Defaults of the pack's parameters, as rules take them under |expand.
CompileOptions parameters_of(const std::string& file) {
  CompileOptions out;
  const auto document = parse_yaml(testing::read_text_file(file));
  REQUIRE(document.has_value());
  for (const auto& parameter : document->find("parameters")->items)
    out.placeholders[parameter.text("name")] = parameter.texts("default");
  return out;
}

}  // namespace

TEST_CASE("the base pack's rules fire and stay silent as their samples say") {
  const std::string pack = PHENDAU_SOURCE_DIR "/packs/base/";
  SourceMap sources;
  for (const auto& entry : fs::directory_iterator(pack + "sources")) {
    const auto errors =
        sources.add(entry.path().filename().string(), testing::read_text_file(entry.path().string()));
    for (const auto& error : errors) FAIL_CHECK(error.to_string());
  }
  const CompileOptions options = parameters_of(pack + "pack.yaml");
  std::size_t files = 0;
  std::size_t samples = 0;
  std::vector<std::string> ids;
  for (const auto& entry : fs::recursive_directory_iterator(pack + "rules")) {
    if (entry.path().extension() != ".yml") continue;
    if (entry.path().parent_path().filename() == "posture")
      continue;  // Judged on facts: the tests of comply.
    ++files;
    const RuleFile file = parse_rules(entry.path().string(), testing::read_text_file(entry.path().string()));
    for (const auto& error : file.errors) FAIL_CHECK(error.to_string());
    const auto check_meta = [&](const RuleMeta& rule) {
      INFO(rule.title);
      CHECK(rule.id.size() == 36);
      CHECK(std::find(ids.begin(), ids.end(), rule.id) == ids.end());
      ids.push_back(rule.id);
      CHECK(!rule.title_vi.empty());
      CHECK(!rule.description_vi.empty());
      CHECK(!rule.features.empty());
      CHECK(!rule.level.empty());
      CHECK(!rule.status.empty());
    };
    for (const auto& rule : file.rules) check_meta(rule);
    for (const auto& rule : file.correlations) check_meta(rule);
    for (const auto& rule : file.silences) check_meta(rule);
    if (file.rules.empty()) continue;
    auto path = entry.path();
    path.replace_extension(".samples.yaml");
    const std::string text = testing::read_text_file(path.string());
    REQUIRE_MESSAGE(!text.empty(), path.string());
    for (const auto& error : run_samples(file, sources, path.string(), text, samples, options))
      FAIL_CHECK(error.to_string());
  }
  CHECK(files >= 20);
  CHECK(samples >= 80);
}

TEST_CASE("samples that come out differently are named with their line") {
  const RuleFile rules = parse_rules("x.yml", R"(
title: t
name: t
logsource: {product: linux}
detection: {s: {k: a}, condition: s}
)");
  const SourceMap sources;
  std::size_t count = 0;
  const auto errors = run_samples(rules, sources, "x.samples.yaml", R"(logsource: linux//sshd
fire:
  - events: [{fields: {k: a}}]
  - events: [{fields: {k: b}}]
  - {events: [{fields: {k: a}}], rules: [other]}
silent:
  - events: [{fields: {k: a}, repeat: 2}]
  - events: [{fields: {k: b}, at: soon}]
  - {}
)",
                                  count);
  std::vector<int> lines;
  for (const auto& error : errors) lines.push_back(error.line);
  CHECK(lines == std::vector<int>{4, 5, 7, 8, 9});
  CHECK(count == 6);
  CHECK(run_samples(rules, sources, "x", "colour: red\n", count).size() == 1);
  CHECK(run_samples(rules, sources, "x", "fire: [\n", count).size() == 1);
}
