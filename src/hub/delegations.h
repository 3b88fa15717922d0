// SPDX-License-Identifier: Apache-2.0
// Who may act for an agency in the place of its people ("nhap thay"): records of kind `delegation`, granted
// by its head or an administrator, from a day until a day, withdrawn by a move. Read at every request, so
// that withdrawal takes effect at once. Thread-safe: reads the ledger only.
#pragma once

#include <vector>

#include "hub/accounts.h"

namespace phendau::hub {

inline constexpr std::size_t kDelegationsMax = 100;  // of one person at a time

/// Those in force today that fit the account: an officer's place is taken by people of offices and the
/// province, a head's by people of the same agency.
std::vector<Delegation> delegations_of(ledger::Ledger& ledger, const Account& account, CivilDate today);
/// `invalid` when the record could never be in force: unknown person, a role that cannot, days that are
/// wrong.
Result<> check_delegation(ledger::Ledger& ledger, const Json& doc, std::string_view agency_id);

}  // namespace phendau::hub
