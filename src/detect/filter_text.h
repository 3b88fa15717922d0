// SPDX-License-Identifier: Apache-2.0
// Writes Sigma filters: what a person ticks on an event that alerted wrongly becomes text that parse_rules()
// reads, so that it can be looked at, exported and used by other tools. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "detect/rule.h"

namespace phendau::detect {

/// The field has one of these values, whole; nothing in them is a wildcard.
struct FilterCondition {
  std::string field;
  std::vector<std::string> values;
};

/// One document for each log source of the rules: events for which all conditions hold alert no more.
/// @param rules each has an id or a name.
std::string filter_text(std::string_view title, std::string_view description,
                        const std::vector<const Rule*>& rules,
                        const std::vector<FilterCondition>& conditions);
/// Literal text as a Sigma value: `*`, `?` and `\` with a backslash before them.
std::string escape_sigma(std::string_view text);

}  // namespace phendau::detect
