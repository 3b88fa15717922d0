// SPDX-License-Identifier: Apache-2.0
// The oracle of the tests: judges one row by walking the rule's tree, with its own reading of every modifier.
// Slow and obvious on purpose: values become lists of tokens that each modifier of the chain rewrites in
// turn, matching is a table. Shares no code with compile.cpp, encode.cpp or matcher.cpp. Never used by the
// program.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "detect/compile.h"
#include "detect/rule.h"
#include "model/batch.h"

namespace phendau::detect::testing {

/// One row under judgement; what the row holds is read and folded once.
class RowEvaluator {
 public:
  RowEvaluator(const Batch& batch, std::uint32_t row, const CompileOptions& options = {});

  /// Whether the rule holds. The log source is not looked at. The rule is one that compiles: what a chain
  /// that compile.cpp refuses would mean is nobody's question.
  bool matches(const Rule& rule);
  bool matches(const Selection& selection);

 private:
  struct Value {
    std::string text;
    std::string folded;
    ValueKind kind = ValueKind::text;
  };
  const std::vector<Value>& values_of(const std::string& field);
  bool item_holds(const FieldItem& item);
  bool value_holds(const FieldItem& item, const SigmaValue& wanted);
  bool condition_holds(const ConditionNode& node, const Rule& rule);
  std::string event_field(const std::string& field) const;

  const Batch& batch_;
  std::uint32_t row_;
  CompileOptions options_;
  std::map<std::string, std::vector<Value>> values_;  // "" for keywords
};

/// One rule on one row.
bool row_matches(const Rule& rule, const Batch& batch, std::uint32_t row, const CompileOptions& options = {});

}  // namespace phendau::detect::testing
