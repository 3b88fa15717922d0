// SPDX-License-Identifier: Apache-2.0
// The search language of the portal and of `phendau search`: text -> Predicate. Reference:
// docs/reference/search.md. Pure; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/predicate.h"

namespace phendau::detect {

inline constexpr std::size_t kQueryBytesMax = 8'192;
inline constexpr int kQueryDepthMax = 64;
inline constexpr std::size_t kQueryTermsMax = 256;

/// `invalid` says what is wrong; its text is "detect.query.REASON" with the column (1-based, in characters)
/// as argument 0. An empty query selects everything. Select with `with_raw = true`.
Result<PredicatePtr> parse_query(std::string_view text);

}  // namespace phendau::detect
