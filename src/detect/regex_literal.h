// SPDX-License-Identifier: Apache-2.0
// What a regular expression cannot match without. Pure; thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace phendau::detect {

/// A folded ASCII text that stands in fold_case() of every text in which the expression (PCRE) is found, the
/// longest that is easily seen; empty if none is.
std::string required_literal(std::string_view regex);

}  // namespace phendau::detect
