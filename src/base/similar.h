// SPDX-License-Identifier: Apache-2.0
// Which known names somebody may have meant who wrote another one. Pure; for short names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace phendau {

/// Up to three of `names`, nearest first; none when nothing is near.
std::vector<std::string> similar_names(std::string_view wanted, const std::vector<std::string>& names);

}  // namespace phendau
