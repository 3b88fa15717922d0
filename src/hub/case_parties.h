// SPDX-License-Identifier: Apache-2.0
// Bodies that take part in another body's case because they were asked in: which they are, and what each may
// do there (coordination.yaml of the pack, as it was when they came in). They stand in the case's document:
// `parties` [{agency_id, kind, may, request_id, since}], and `party_names`, by which the ledger finds them
// (party_name()). Who may what: authorize_case(). Pure but for party names. Thread-safe.
#pragma once

#include <set>

#include "hub/pack.h"
#include "hub/services.h"

namespace phendau::hub {

inline constexpr std::size_t kCasePartiesMax = ledger::kAddresseesMax / kCaseRights;

/// Adds a party, or gives one that is there this kind's rights besides its own; `limit` over
/// kCasePartiesMax.
Result<> add_party(Json& doc, std::string_view agency_id, const PartyKind& kind, std::string_view request_id,
                   UtcTime now);
/// Takes out who came in by this request alone.
void remove_party(Json& doc, std::string_view request_id);
/// [{agency_id, agency_name, kind, title, may, since, request_id}]
Json parties_view(Services& services, const ledger::Record& record);
/// Agencies that see the case as parties: for live updates.
std::vector<std::string> party_agencies(const ledger::Record& record, CaseRight right);

/// What the actor may do in this case, as owner or party.
std::set<CaseRight> case_rights(const Actor& actor, const ledger::Record& record);
/// Whether the actor is there as a party only.
bool is_party_only(const Actor& actor, CaseRight right, const ledger::Record& record);

}  // namespace phendau::hub
