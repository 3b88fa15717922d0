// SPDX-License-Identifier: Apache-2.0
// Runs a Plan over a Batch. The only matcher: hub, scan and retro-hunt use it. Pure; any number of threads
// may match different batches with one Plan.
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

#include "detect/plan.h"
#include "model/batch.h"

namespace phendau::detect {

struct Match {
  std::uint32_t rule_index = 0;  // in Plan::rules()
  std::uint32_t row = 0;
  friend constexpr auto operator<=>(const Match&, const Match&) = default;
};

/// What the rules say about the batch, ordered by rule, then row; each pair once.
std::vector<Match> match(const Plan& plan, const Batch& batch);

}  // namespace phendau::detect
