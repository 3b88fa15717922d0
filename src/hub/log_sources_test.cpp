// SPDX-License-Identifier: Apache-2.0
// Proves each log source of the base pack from end to end: records as they are really sent, decoded, routed
// by packs/base/sources, are found by a rule of that log source (tests/data/log_sources.yaml), and by no rule
// of another one. Where SigmaHQ's rules are at hand, the one named there must match too.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/yaml.h"
#include "detect/matcher.h"
#include "hub/active_pack.h"
#include "ingest/line_formats.h"

namespace phendau::hub {
namespace {

namespace fs = std::filesystem;

const std::string kSigma = PHENDAU_SOURCE_DIR "/../shared/corpora/sigma/";

std::string text_of(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

detect::SourceMap base_sources() {
  detect::SourceMap out;
  for (const auto& entry : fs::directory_iterator(PHENDAU_SOURCE_DIR "/packs/base/sources")) {
    const auto errors = out.add(entry.path().filename().string(), text_of(entry.path().string()));
    for (const auto& error : errors) FAIL_CHECK(error.to_string());
  }
  return out;
}

Batch decode(const YamlNode& sample, const detect::SourceMap& sources) {
  const auto channels = channel_table(sources);
  ingest::LineMemory memory;
  ingest::Provenance provenance;
  provenance.received_time = parse_rfc3339("2026-11-24T03:00:00Z").value();
  provenance.source = "test";
  provenance.channel_logsources = channels;
  provenance.memory = &memory;
  const auto decoder = ingest::make_decoder(sample.text("format"));
  REQUIRE(decoder.has_value());
  BatchBuilder builder("test");
  for (const auto& line : sample.texts("lines")) (*decoder)->decode(line, provenance, builder);
  return builder.finish();
}

bool finds(std::vector<detect::Rule> rules, const detect::SourceMap& sources, const Batch& batch) {
  const detect::Plan plan = detect::Plan::compile(std::move(rules), sources);
  for (const auto& error : plan.rejected()) FAIL_CHECK(error.to_string());
  CHECK(plan.rules_without_source().empty());
  return !match(plan, batch).empty();
}

/// A rule with the sample's selection, for its own log source or another.
detect::Rule rule_of(const YamlNode& sample, const LogSource& logsource) {
  std::vector<ContentError> errors;
  detect::Rule rule;
  rule.title = sample.text("name");
  rule.logsource = logsource;
  rule.selections.emplace_back("s",
                               detect::parse_selection("log_sources", *sample.find("selection"), errors));
  detect::ConditionNode condition;
  condition.kind = detect::ConditionNode::Kind::identifier;
  condition.name = "s";
  rule.conditions.push_back(condition);
  for (const auto& error : errors) FAIL_CHECK(error.to_string());
  return rule;
}

}  // namespace

TEST_CASE("log sources: a record of each is decoded, routed and found") {
  const auto document = parse_yaml(text_of(PHENDAU_SOURCE_DIR "/tests/data/log_sources.yaml"));
  REQUIRE(document.has_value());
  const detect::SourceMap sources = base_sources();
  const bool published = fs::exists(kSigma);
  if (!published) MESSAGE("SigmaHQ's rules are not at hand");
  std::size_t count = 0;
  for (const auto& sample : document->find("samples")->items) {
    CAPTURE(sample.text("name"));
    ++count;
    const Batch batch = decode(sample, sources);
    for (std::uint32_t row = 0; row < batch.rows(); ++row)
      CHECK(batch.column(kParseErrorColumn)->text(row) == "");
    const YamlNode& key = *sample.find("logsource");
    const LogSource own{key.text("product"), key.text("category"), key.text("service")};
    CHECK(finds({rule_of(sample, own)}, sources, batch));
    // The same words under a log source that these records are not of.
    const bool windows = own.product == "windows";
    const LogSource other = windows ? LogSource{"windows", "", "bits-client"} : LogSource{"zeek", "", "x509"};
    CHECK_FALSE(finds({rule_of(sample, other)}, sources, batch));
    const std::string path = sample.text("published");
    if (path.empty() || !published) continue;
    auto file = detect::parse_rules(path, text_of(kSigma + path));
    REQUIRE_MESSAGE(file.rules.size() == 1, path);
    CHECK_MESSAGE(finds(std::move(file.rules), sources, batch), path);
  }
  CHECK(count >= 38);
}

}  // namespace phendau::hub
