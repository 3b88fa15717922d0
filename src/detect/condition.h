// SPDX-License-Identifier: Apache-2.0
// The condition of a Sigma rule as a tree: identifiers, and, or, not, parentheses, "1 of", "any of", "all
// of". Source: the Sigma rules specification 2.1, "Condition". Used by rule.cpp, compile.cpp and explain.cpp.
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace phendau::detect {

/// SigmaHQ's longest condition has 700 characters and is 4 deep.
inline constexpr std::size_t kConditionBytesMax = 16'384;
inline constexpr int kConditionDepthMax = 64;

struct ConditionNode {
  enum class Kind : std::uint8_t { identifier, any_of_pattern, all_of_pattern, and_, or_, not_ };
  Kind kind = Kind::identifier;
  std::string name;  // identifier, or the pattern after "of" ("them", "sel*")
  std::vector<ConditionNode> children;
};

/// `invalid` says the column (1-based) within the condition.
Result<ConditionNode> parse_condition(std::string_view text);
/// As one line, fully parenthesised; for explanations and tests.
std::string to_string(const ConditionNode& node);
/// Whether a name belongs to "them" or to a pattern with `*` anywhere; names that begin with `_` only belong
/// to patterns that do as well.
bool name_matches(std::string_view pattern, std::string_view name);

}  // namespace phendau::detect
