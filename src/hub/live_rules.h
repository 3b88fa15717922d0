// SPDX-License-Identifier: Apache-2.0
// The rules in force: the pack's, with the filters that people put on top of them while the hub runs
// (rule_filters.h). A set is compiled beside the one in use and swapped whole; Detection takes the new one
// between two frames, so no event is lost or judged by half a set. Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.h"
#include "detect/plan.h"
#include "detect/silence.h"

namespace phendau::hub {

class ActivePack;

/// One compiled set. Immutable.
struct RulesInForce {
  struct SilenceFilter {
    std::vector<std::string> rules;  // ids or names
    PredicatePtr still_alerts;       // over {source, host, agency}
  };
  detect::Plan plan;
  std::vector<SilenceFilter> silences;
  std::vector<ContentError> problems;  // of filters: those that are wrong or change nothing

  /// Whether a filter keeps this silence rule from alerting about the source.
  bool is_filtered(const detect::SilenceRule& rule, const detect::SourceActivity& source) const;
};

class LiveRules {
 public:
  /// Begins with the rules of the pack alone. The pack outlives it.
  explicit LiveRules(const ActivePack& pack);
  std::shared_ptr<const RulesInForce> current() const;
  /// Compiles the pack's rules with these filters and the rules of put_indicators() (seconds for thousands of
  /// rules), then swaps.
  void put_filters(std::vector<detect::FilterRule> filters);
  /// Rules made from lists of indicators, in place of those before.
  void put_indicators(std::vector<detect::Rule> rules);
  /// The pack's rules with these filters; only the rules named, if any are: for replays.
  RulesInForce compile(const std::vector<detect::FilterRule>& filters,
                       const std::vector<std::string>* only_rules = nullptr,
                       const std::vector<detect::Rule>& indicator_rules = {}) const;
  /// These rules alone, for hunts.
  detect::Plan compile_alone(std::vector<detect::Rule> rules) const;

 private:
  void swap_in();

  const ActivePack& pack_;
  std::mutex put_mu_;                          // one set is compiled at a time
  std::vector<detect::FilterRule> filters_;    // guarded by put_mu_
  std::vector<detect::Rule> indicator_rules_;  // guarded by put_mu_
  mutable std::mutex mu_;
  std::shared_ptr<const RulesInForce> current_;  // guarded by mu_
};

}  // namespace phendau::hub
