// SPDX-License-Identifier: Apache-2.0
// The matrix of clauses and agencies as JSON text, from the counts that the board keeps: seventy thousand cells
// are too many for a tree of values. Pure; the caller holds the board's lock.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "comply/board.h"

namespace phendau::hub {

/// @param agencies (id, name) in the order of the columns.
/// @param clauses_json what the portal knows about each clause, ready made. Clauses that nobody has to do
/// anything for get no cells. O(agencies x clauses).
std::string matrix_json(const comply::Board& board, std::string_view pack_reference,
                        std::string_view clauses_json,
                        const std::vector<std::pair<std::string, std::string>>& agencies);

}  // namespace phendau::hub
