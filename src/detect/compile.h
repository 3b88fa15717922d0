// SPDX-License-Identifier: Apache-2.0
// From the tree of a Sigma rule to a model Predicate: value forms, escapes, wildcards, modifiers, conditions.
// Used by plan.cpp (events), comply by way of the hub (posture rules) and explain.cpp. Pure; thread-safe.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.h"
#include "detect/rule.h"
#include "model/predicate.h"

namespace phendau::detect {

struct CompileOptions {
  /// Rule field -> field of the event; a field not named keeps its name.
  std::map<std::string, std::string> fields;
  /// Values for `%name%` under `|expand`, by name or by the name in lower case. A placeholder that is not
  /// here rejects the rule.
  std::map<std::string, std::vector<std::string>> placeholders;
};

struct Compiled {
  PredicatePtr predicate;            // null if there are errors
  std::vector<ContentError> errors;  // with the rule's file
};

/// The whole rule: its conditions over its selections.
Compiled compile_rule(const Rule& rule, const CompileOptions& options = {});
/// One selection or one item of it; for explanations.
Compiled compile_selection(const Rule& rule, const Selection& selection, const CompileOptions& options = {});
Compiled compile_item(const Rule& rule, const FieldItem& item, const CompileOptions& options = {});

/// Sigma's string form: `*`, `?` and the escapes `\*`, `\?`, `\\`; any other backslash is itself. Literals as
/// written.
std::vector<Pattern::GlobPart> parse_sigma_string(std::string_view text);
/// A pattern from parts: equals, contains, starts_with or ends_with where possible, else glob. Folds unless
/// `cased`.
Pattern pattern_of_parts(const std::vector<Pattern::GlobPart>& parts, bool cased, bool accent_blind = false);

/// One row of the table of modifiers, for documentation and completion.
struct ModifierDoc {
  std::string_view name;
  std::string_view doc;
};
std::vector<ModifierDoc> modifier_docs();

}  // namespace phendau::detect
