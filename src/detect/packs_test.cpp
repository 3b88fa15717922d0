// SPDX-License-Identifier: Apache-2.0
// Every rule shipped in packs/base proves itself on the samples beside it (format: docs/reference/rules.md).
#include <filesystem>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/text.h"
#include "detect/correlation.h"
#include "detect/matcher.h"
#include "detect/testing/batches.h"

using namespace phendau;
using namespace phendau::detect;
namespace fs = std::filesystem;

namespace {

constexpr const char* kStart = "2026-11-24T01:00:00Z";

Json events_of(const YamlNode& sample, const std::string& logsource) {
  Json out = Json::array();
  const UtcTime start = parse_rfc3339(kStart).value();
  for (const auto& node : sample.find("events")->items) {
    const Json event = yaml_to_json(node);
    const auto at = parse_duration(event["at"].string_or("1ms")).value_or(Duration{0});
    const auto step = parse_duration(event["step"].string_or("1s")).value();
    for (std::int64_t i = 0; i < std::max<std::int64_t>(1, event["repeat"].as_int()); ++i) {
      Json row = event["fields"];
      row.set("time", format_rfc3339(start + at + Duration{step.ns * i}));
      row.set("host", event["host"].string_or("sv1"));
      row.set("logsource", event["logsource"].string_or(logsource));
      out.push(std::move(row));
    }
  }
  return out;
}

/// Names (or titles) of the file's rules that alert on the sample.
std::vector<std::string> alerts_of(const RuleFile& file, const SourceMap& sources, const Json& events) {
  const Plan plan = Plan::compile(file.rules, sources);
  for (const auto& error : plan.rejected()) FAIL(error.to_string());
  Correlator correlator = Correlator::compile(file.correlations, plan);
  for (const auto& error : correlator.rejected()) FAIL(error.to_string());
  const Batch batch = testing::batch_of(events.items());
  const auto matches = match(plan, batch);
  std::vector<std::string> out;
  const auto add = [&](const RuleMeta& rule) { out.push_back(rule.name.empty() ? rule.title : rule.name); };
  for (const auto& m : matches) {
    if (correlator.rule_alerts()[m.rule_index]) add(plan.rules()[m.rule_index]);
  }
  for (const auto& m : correlator.observe(batch, 1, matches)) {
    if (m.alerts) add(correlator.rules()[m.correlation_index]);
  }
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
    const auto document = parse_yaml(testing::read_text_file(path.string()));
    REQUIRE_MESSAGE(document, path.string());
    for (const bool fire : {true, false}) {
      const YamlNode* list = document->find(fire ? "fire" : "silent");
      REQUIRE(list != nullptr);
      for (const auto& sample : list->items) {
        ++samples;
        INFO(path.string() << ":" << sample.line);
        const auto alerts = alerts_of(file, sources, events_of(sample, document->text("logsource")));
        CHECK_MESSAGE(alerts.empty() != fire, join(alerts, ", "));
        for (const auto& wanted : sample.texts("rules")) {
          CHECK_MESSAGE(std::find(alerts.begin(), alerts.end(), wanted) != alerts.end(), wanted);
        }
      }
    }
  }
  CHECK(files >= 9);
  CHECK(samples >= 40);
}
