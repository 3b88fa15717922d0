// SPDX-License-Identifier: Apache-2.0
// Clocks and periods of a pack's parts as plain data: the ledger keeps them, so that what began under one
// version of a pack keeps its terms when the next one comes, although the old files are gone. Pure.
#pragma once

#include <optional>

#include "base/json.h"
#include "hub/pack.h"

namespace phendau::hub {

/// `{PART: {"within": "3wd", "ways": [{"kind", "ref", "period", "before", ...}]}}`; "within" only of parts
/// with a trigger, empty without a clock.
Json terms_of(const Pack& pack);
/// The part with these terms: its clock, and those of each way of the same kind and name. nullopt: nothing is
/// known, or the duty had a trigger and has none (or the other way round), so the terms mean nothing for it.
std::optional<comply::ClausePart> with_terms(const comply::ClausePart& part, const Json& terms);

}  // namespace phendau::hub
