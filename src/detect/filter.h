// SPDX-License-Identifier: Apache-2.0
// Sigma filters put into the rules that they are for, before a Plan is compiled. What a filter means is
// decision 17: the rule's condition *and* the filter's. Pure.
#pragma once

#include <vector>

#include "base/yaml.h"
#include "detect/compile.h"
#include "detect/rule.h"

namespace phendau::detect {

struct FilterReport {
  std::vector<ContentError> errors;    // filters that cannot be honoured; they change no rule
  std::vector<ContentError> warnings;  // filters, or references of them, that change nothing
  std::size_t applied = 0;             // pairs of filter and rule
  std::size_t rejected = 0;            // filters with errors
};

/// Adds the filters to the rules that they name and whose log source fits: each part that the filter gives
/// equals the rule's. Correlation rules have no filters; filter the rules that they count.
FilterReport apply_filters(std::vector<Rule>& rules, const std::vector<FilterRule>& filters,
                           const CompileOptions& options = {});

}  // namespace phendau::detect
