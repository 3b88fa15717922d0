// SPDX-License-Identifier: Apache-2.0
#include "detect/samples.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "detect/correlation.h"
#include "detect/filter.h"
#include "detect/matcher.h"

namespace phendau::detect {
namespace {

constexpr std::string_view kStart = "2026-11-24T01:00:00Z";  // any instant: samples say distances, not dates

void add_field(BatchBuilder& builder, const std::string& name, const Json& value) {
  for (const auto& [inner, member] : value.members()) add_field(builder, name + "." + inner, member);
  for (const auto& item : value.items()) add_field(builder, name, item);
  if (value.is_object() || value.is_array()) return;
  const ValueKind kind = value.is_null()     ? ValueKind::null
                         : value.is_bool()   ? ValueKind::boolean
                         : value.is_int()    ? ValueKind::integer
                         : value.is_number() ? ValueKind::real
                                             : ValueKind::text;
  builder.add(name, value.is_string() ? value.as_string() : value.is_null() ? "" : value.dump(), kind);
}

class SampleRunner {
 public:
  SampleRunner(const RuleFile& rules, const SourceMap& sources, const CompileOptions& options,
               std::string_view file, std::vector<ContentError>& errors)
      : rules_(rules),
        plan_(Plan::compile(filtered(rules, options), sources, options)),
        file_(file),
        errors_(errors) {}

  std::size_t run(const YamlNode& document) {
    std::size_t count = 0;
    const std::string logsource = document.text("logsource");
    for (const bool fire : {true, false}) {
      const YamlNode* list = document.find(fire ? "fire" : "silent");
      if (list == nullptr) continue;
      for (const auto& sample : list->items) {
        ++count;
        judge(sample, fire, logsource);
      }
    }
    return count;
  }

 private:
  static std::vector<Rule> filtered(const RuleFile& file, const CompileOptions& options) {
    std::vector<Rule> out = file.rules;
    (void)apply_filters(out, file.filters, options);  // What is wrong with them is listed with the file.
    return out;
  }
  void error(const YamlNode& at, std::string reason) {
    errors_.push_back({std::string(file_), at.line, at.column, std::move(reason)});
  }

  void judge(const YamlNode& sample, bool fire, const std::string& logsource) {
    const YamlNode* events = sample.find("events");
    if (events == nullptr || !events->is_sequence()) return error(sample, "a sample needs 'events'");
    const std::size_t before = errors_.size();
    const Batch batch = batch_of(*events, logsource);
    if (errors_.size() > before) return;
    const std::vector<std::string> alerts = alerts_of(batch);
    if (alerts.empty() && fire) error(sample, "this sample raises no alert");
    if (!alerts.empty() && !fire)
      error(sample, fmt::format("this sample must stay silent: {}", join(alerts, ", ")));
    for (const auto& wanted : sample.texts("rules")) {
      if (std::find(alerts.begin(), alerts.end(), wanted) == alerts.end()) {
        error(sample, fmt::format("rule '{}' does not alert on this sample", wanted));
      }
    }
  }

  Batch batch_of(const YamlNode& events, const std::string& logsource) {
    BatchBuilder builder("sample");
    const UtcTime start = *parse_rfc3339(kStart);
    for (const auto& node : events.items) {
      const Json event = yaml_to_json(node);
      const auto at = parse_duration(event["at"].string_or("1ms"));
      const auto step = parse_duration(event["step"].string_or("1s"));
      const std::int64_t repeat = event["repeat"].as_int(1);
      const bool zero = event["at"].as_string() == "0s";
      if ((!at && !zero) || !step || repeat < 1 || repeat > kSampleRepeatMax) {
        error(node, "'at' and 'step' are times like 12s, 'repeat' a number");
        continue;
      }
      const std::string host = event["host"].string_or("sv1");
      const std::string key = event["logsource"].string_or(logsource);
      for (std::int64_t i = 0; i < repeat; ++i) {
        BatchBuilder::Row row;
        row.event_time = start + at.value_or(Duration{0}) + Duration{step->ns * i};
        row.received_time = row.event_time;
        row.logsource = key;
        row.host = host;
        builder.begin_row(row);
        for (const auto& [name, value] : event["fields"].members()) add_field(builder, name, value);
      }
    }
    return builder.finish();
  }

  /// Names (or titles) of the rules that alert.
  std::vector<std::string> alerts_of(const Batch& batch) const {
    Correlator correlator = Correlator::compile(rules_.correlations, plan_, {}, rules_.broken_correlations);
    const auto matches = match(plan_, batch);
    std::vector<std::string> out;
    const auto add = [&](const RuleMeta& rule) { out.push_back(rule.name.empty() ? rule.title : rule.name); };
    for (const auto& found : matches) {
      if (correlator.rule_alerts()[found.rule_index]) add(plan_.rules()[found.rule_index]);
    }
    for (const bool at_end : {false, true}) {
      for (const auto& found :
           at_end ? correlator.advance(kCorrelationTimeMax) : correlator.observe(batch, 1, matches)) {
        if (found.alerts) add(correlator.rules()[found.correlation_index]);
      }
    }
    return out;
  }

  const RuleFile& rules_;
  Plan plan_;
  std::string_view file_;
  std::vector<ContentError>& errors_;
};

}  // namespace

std::vector<ContentError> run_samples(const RuleFile& rules, const SourceMap& sources, std::string_view file,
                                      std::string_view text, std::size_t& count,
                                      const CompileOptions& options) {
  std::vector<ContentError> errors;
  const auto document = parse_yaml(text);
  if (!document) {
    errors.push_back(yaml_error(file, document.error().message));
    return errors;
  }
  if (!document->is_map()) {
    errors.push_back({std::string(file), document->line, document->column, "samples are a map"});
    return errors;
  }
  for (const auto& [key, value] : document->members) {
    if (key.scalar == "logsource") continue;
    if (key.scalar != "fire" && key.scalar != "silent") {
      errors.push_back(
          {std::string(file), key.line, key.column, fmt::format("unknown key '{}'", key.scalar)});
    } else if (!value.is_sequence()) {
      errors.push_back(
          {std::string(file), value.line, value.column, fmt::format("'{}' must be a list", key.scalar)});
    }
  }
  if (errors.empty()) count += SampleRunner(rules, sources, options, file, errors).run(*document);
  return errors;
}

}  // namespace phendau::detect
