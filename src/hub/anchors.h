// SPDX-License-Identifier: Apache-2.0
// Each store keeps a copy of the other one's head: the journal's lies in the ledger (a setting, at first
// start, at every seal and at stop), the ledger's is an event of the journal. So a store that was removed,
// replaced by an older copy or cut is seen at the next start, by `admin doctor` and by `journal verify`. Also
// the check of the key that opens secrets. Source: design, section 6. Called by hub.cpp and the command line.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "store/journal/journal.h"
#include "store/ledger/ledger.h"

namespace phendau::hub {

inline constexpr std::string_view kOwnSource = "phendau-hub";  // of events that the hub itself writes

/// The journal's head as the ledger knows it; nullopt before the first start.
Result<std::optional<journal::Head>> anchored_journal_head(ledger::Ledger& ledger);
/// The ledger's head as the journal's newest anchor event knows it.
Result<std::optional<ledger::Head>> anchored_ledger_head(journal::Journal& journal);

/// `corrupt` anchor.journal_gone or anchor.ledger_gone when a store is not the one, or older than the one,
/// that the other remembers.
Result<> check_anchors(ledger::Ledger& ledger, journal::Journal& journal);
/// Writes the journal's head into the ledger unless it is there already.
Result<> anchor_journal(ledger::Ledger& ledger, const journal::Head& head, std::string_view reason,
                        UtcTime now);
/// The event that anchors the ledger's head; the caller stores it.
Json ledger_anchor_event(const ledger::Head& head, UtcTime now);

/// `corrupt` keys.other_secret when `secret_key` is not the one that this ledger's secrets were sealed with.
/// The first start leaves the mark.
Result<> check_secret_key(ledger::Ledger& ledger, std::string_view secret_key, UtcTime now);

}  // namespace phendau::hub
