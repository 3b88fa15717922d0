// SPDX-License-Identifier: Apache-2.0
// Clauses for tests, written as YAML, as in packs. Plain functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "base/time.h"
#include "comply/clause.h"

namespace phendau::comply {

inline UtcTime at(std::string_view text) { return *parse_rfc3339(text); }

/// One clause "t:1" whose body is `rest`; its mistakes go to `errors`.
inline std::vector<Clause> clause_of(const std::string& rest, std::vector<ContentError>& errors) {
  return parse_clauses(
      "clauses:\n  - id: t:1\n    citation: x\n    title: {vi: a, en: a}\n    duty: {vi: a, en: a}\n    "
      "bound: [staff]\n    kind: process\n" +
          rest,
      "t.yaml", errors);
}

/// The same without mistakes: each fails the test.
inline std::vector<Clause> clause_of(const std::string& rest) {
  std::vector<ContentError> errors;
  auto out = clause_of(rest, errors);
  for (const auto& error : errors) FAIL_CHECK(error.to_string());
  return out;
}

}  // namespace phendau::comply
