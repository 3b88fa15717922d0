// SPDX-License-Identifier: Apache-2.0
// From records of the ledger to what the obligation engine knows: agencies, devices, slots, subjects of
// registers, records, cases, attestations, exceptions, breaches. Used by obligations.cpp only; the caller
// holds the board's lock.
#pragma once

#include <optional>

#include "comply/board.h"
#include "hub/active_pack.h"
#include "store/ledger/ledger.h"

namespace phendau::hub {

/// Puts one record, as it is now, into the board. Kinds that no clause asks about are left out. `now`: for
/// the clocks of cases.
/// `handover`: when and from whom the record came by an act on organisations.
struct Handover {
  UtcTime at;
  std::string from;
};
void feed_record(comply::Board& board, const ActivePack& pack, const ledger::Record& record, UtcTime now,
                 const Handover* handover = nullptr);

/// The instant of a date or date with time; of a date its start, or its end with `end_of_day`.
std::optional<UtcTime> time_of(const Json& value, bool end_of_day = false);

}  // namespace phendau::hub
