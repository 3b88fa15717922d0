// SPDX-License-Identifier: Apache-2.0
// A rule set as bytes: what is kept on disk so that the next start reads no YAML and builds no automaton.
// Used by cli/rule_loader.cpp and hub/compiled_rules.h. Pure; thread-safe.
//
// The bytes are in the order of this processor and go with the program that wrote them: whoever keeps them
// keys them by rule_set_version(), by the program, and by everything that the rules were made from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.h"
#include "detect/compile.h"
#include "detect/plan.h"
#include "detect/rule.h"
#include "detect/source_map.h"

namespace phendau::detect {

/// Rules made ready, with what was said about them.
struct RuleSet {
  Plan plan;
  SourceMap sources;
  std::vector<CorrelationRule> correlations;
  std::vector<CorrelationRule> broken_correlations;
  std::vector<ContentError> rejected;  // mistakes, several of a rule
  std::size_t rules_rejected = 0;      // rules, correlations and filters that have them
  std::vector<ContentError> warnings;
  std::vector<std::string> fact_rule_files;  // with rules that judge facts, which are left out
};

/// What saved bytes depend on besides the rules: their layout, Vectorscan's version and the processor.
std::string rule_set_version();

/// Names what Plan::compile() makes of these: SHA-256 in hex, of rule_set_version() too.
std::string rule_set_key(const std::vector<Rule>& rules, const SourceMap& sources,
                         const CompileOptions& options);

/// @param set its plan is a compiled one.
std::string save_rule_set(const RuleSet& set);

enum class Automata : std::uint8_t { saved, rebuilt };
/// `corrupt` for bytes that are damaged, cut or of another layout.
/// Whatever the bytes are, what comes back can be used: every index, shape and pattern is checked. The one
/// exception are the automata. Vectorscan checks that theirs are undamaged and fit the processor, not that
/// nobody made them up; so with Automata::saved the bytes must come from this program (the cache's folder is
/// ours alone), and with Automata::rebuilt they may come from anywhere.
Result<RuleSet> load_rule_set(std::string_view bytes, Automata automata = Automata::saved);

}  // namespace phendau::detect
