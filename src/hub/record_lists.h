// SPDX-License-Identifier: Apache-2.0
// Derived lists of a register (docs/packs.md, "Derived lists"): which records a list holds today. No index
// knows that, so the records of the scope are walked, at most kWalkedRecordsMax. Thread-safe: reads only.
#pragma once

#include <cstdint>
#include <string_view>

#include "hub/pack.h"
#include "hub/services.h"

namespace phendau::hub {

inline constexpr std::uint64_t kWalkedRecordsMax = 50'000;

/// Puts the list into `query`. `not_found` for a list that the register does not have, `limit` when the
/// query, or a register that the list compares with, holds too many records to look at each.
Result<> narrow_to_list(Services& services, const RegisterKind& kind, std::string_view list_id,
                        const Scope& scope, ledger::Query& query);

}  // namespace phendau::hub
