// SPDX-License-Identifier: Apache-2.0
// The pack's table by which incidents are classified (classification.yaml); the pack's own, else that of its
// imports.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "comply/decision.h"
#include "hub/pack.h"

namespace phendau::hub {

inline constexpr std::string_view kClassificationFile = "classification.yaml";
inline constexpr std::size_t kCaseSystemsMax = 50;  // that one classification names

/// nullopt: the pack has none, or it has mistakes, which are added to `errors`.
std::optional<comply::DecisionTable> classification_of(const Pack& pack, std::vector<ContentError>& errors);

}  // namespace phendau::hub
