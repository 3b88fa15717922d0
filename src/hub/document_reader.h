// SPDX-License-Identifier: Apache-2.0
// The active document as people read it: clauses in order, beside each what it asks of whom, how it is
// satisfied, what is still missing and, for those who may see it, how it stands. Pure: the roll-ups are
// given.
#pragma once

#include <vector>

#include "comply/assess.h"
#include "hub/active_pack.h"

namespace phendau::hub {

/// How the clauses stand over the agencies that were asked for.
struct DocumentStanding {
  std::vector<comply::RollUp> clauses;  // as the catalogue orders them
};

/// `standing` null: the reader may not see obligations; the text is for everybody.
Json document_json(const ActivePack& active, const DocumentStanding* standing);

}  // namespace phendau::hub
