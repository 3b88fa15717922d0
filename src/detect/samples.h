// SPDX-License-Identifier: Apache-2.0
// Proof samples of rules: events beside a rule file that must raise an alert, and events that must not
// (format: docs/reference/rules.md, "Proof samples"). Used by `phendau pack validate` and by the tests. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "detect/plan.h"
#include "detect/rule.h"

namespace phendau::detect {

inline constexpr std::int64_t kSampleRepeatMax = 100'000;  // events of one entry

/// @param rules of the file that the samples lie beside; only these take part.
/// @param file,text the samples.
/// @param count is raised by the samples that ran.
/// @return the samples that come out differently, and mistakes in the file, each with its place.
std::vector<ContentError> run_samples(const RuleFile& rules, const SourceMap& sources, std::string_view file,
                                      std::string_view text, std::size_t& count,
                                      const CompileOptions& options = {});

}  // namespace phendau::detect
