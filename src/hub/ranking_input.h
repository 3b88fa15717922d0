// SPDX-License-Identifier: Apache-2.0
// What a ranking counts, as JSON: kept beside a published ranking, so that it can be computed again in any
// later year with the criteria of its time. Reading gives back exactly what was written. Pure; thread-safe.
#pragma once

#include "base/json.h"
#include "comply/ranking.h"

namespace phendau::hub {

Json to_json(const comply::RankedObligation& obligation);
/// Missing members keep their defaults.
comply::RankedObligation ranked_obligation_from(const Json& json);

Json to_json(const comply::RankingInput& input);
/// `corrupt` when it was not written by to_json().
Result<comply::RankingInput> ranking_input_from(const Json& json);

}  // namespace phendau::hub
