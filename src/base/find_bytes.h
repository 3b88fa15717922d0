// SPDX-License-Identifier: Apache-2.0
// A plain search for short texts in short texts, many times a second: what makes ready for long searches
// costs more than the search. Pure; thread-safe.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/lanes.h"

namespace phendau {

/// Where `wanted` first stands at or after `from`, or npos; an empty text stands everywhere.
std::size_t find_bytes(std::string_view text, std::string_view wanted, std::size_t from = 0,
                       Lanes lanes = lanes_of_processor());
inline bool contains_bytes(std::string_view text, std::string_view wanted) {
  return find_bytes(text, wanted) != std::string_view::npos;
}

}  // namespace phendau
