// SPDX-License-Identifier: Apache-2.0
// A rule set made ready for matching: rules routed by log source, atoms shared between rules, one
// multi-pattern automaton per field. Immutable after compile(); share one Plan between threads and swap it
// whole.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "detect/compile.h"
#include "detect/rule.h"
#include "detect/source_map.h"

namespace phendau::detect {

inline constexpr std::size_t kPlanRulesMax = 100'000;  // SigmaHQ has under 4,000

struct PlanLayout;  // plan_layout.h: for plan.cpp, plan_cache.cpp and matcher.cpp only

struct PlanStats {
  std::size_t rules = 0;
  std::size_t rejected = 0;
  std::size_t without_source = 0;
  std::size_t atoms = 0;
  std::size_t fields = 0;
  std::size_t always_judged = 0;  // routed rules that no required atom can rule out
};

class Plan {
 public:
  /// Never fails as a whole: a rule that cannot be honoured is left out and its mistakes are in rejected().
  static Plan compile(std::vector<Rule> rules, const SourceMap& sources, const CompileOptions& options = {});

  /// Rules in force; Match::rule_index counts in this vector.
  const std::vector<Rule>& rules() const;
  const std::vector<ContentError>& rejected() const;
  /// Indexes of rules whose log source no entry of the source map names ("no source known"). They are in
  /// force for events that carry exactly their log source.
  const std::vector<std::uint32_t>& rules_without_source() const;
  /// Log source keys ("linux//sshd", parts may be "*") whose events the rule sees; for "blind on this host".
  std::vector<std::string> covers(std::uint32_t rule_index) const;
  /// What a field of the rule is called in events: its own name, then those that its sources give it.
  std::vector<std::string> field_names(std::uint32_t rule_index, const std::string& field) const;
  PlanStats stats() const;

  const PlanLayout& layout() const { return *layout_; }

 private:
  friend struct SavedForm;  // plan_cache.cpp
  std::shared_ptr<const PlanLayout> layout_;
};

}  // namespace phendau::detect
