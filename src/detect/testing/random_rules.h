// SPDX-License-Identifier: Apache-2.0
// Rules and events made of choices: from a seed in the differential test, from the fuzzer's bytes in the
// differential fuzzer. Tests only.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "detect/matcher.h"
#include "detect/source_map.h"

namespace phendau::detect::testing {

/// Answers "which of n?"; n is 1 or more.
using Chooser = std::function<std::size_t(std::size_t n)>;

/// One rule document that compiles, for log source product "test": every modifier in every legal chain.
std::string random_rule(const Chooser& choose, int index);
/// A row for such rules: every kind of value, several values, absent fields.
Json random_event(const Chooser& choose);
/// A row that comes close to a rule: fields that it names, with values made from its own.
Json event_near(const Rule& rule, const Chooser& choose);
/// The value lists that random rules expand.
CompileOptions random_rule_options();

/// One entry per distinct log source, covering everything: for comparisons of rules, not of routing.
SourceMap everything_for(const std::vector<Rule>& rules);

/// What the oracle says of every rule on every row, ordered as match() orders.
std::vector<Match> oracle_matches(const Plan& plan, const Batch& batch, const CompileOptions& options = {});

}  // namespace phendau::detect::testing
