// SPDX-License-Identifier: Apache-2.0
// The oracle of the tests: judges one row by walking the rule's tree, with its own string matching. Slow and
// obvious on purpose; shares no code with compile.cpp or matcher.cpp. Never linked into the program.
#pragma once

#include <map>
#include <string>

#include "detect/rule.h"
#include "model/batch.h"

namespace phendau::detect::testing {

/// Whether the rule holds for the row. The log source is not looked at. Modifiers that the oracle does not
/// know (encodings, expand) make it answer false and set `unknown`.
bool row_matches(const Rule& rule, const Batch& batch, std::uint32_t row, bool* unknown = nullptr);
bool selection_matches(const Selection& selection, const Batch& batch, std::uint32_t row,
                       bool* unknown = nullptr);

}  // namespace phendau::detect::testing
