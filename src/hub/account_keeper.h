// SPDX-License-Identifier: Apache-2.0
// Makes the hub's own accounts follow what registers and the pack in force say of people: who is recorded as
// a leaver is locked on the last day, an officer who moved loses the rights of the old agency, training
// recorded with a person opens the account, and the settings that clauses rest on (accounts.*) tell how it
// stands. Run at start, after a record was written and when a day begins; running it twice changes nothing.
// Thread-safe.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "hub/accounts.h"
#include "hub/services.h"

namespace phendau::hub {

/// Derived rows {value}: settings that their writer keeps, read by hub_settings().
inline constexpr std::string_view kSettingSpace = "hub_setting";

class AccountKeeper {
 public:
  AccountKeeper(Services& services, Accounts& accounts) : services_(services), accounts_(accounts) {}

  /// The access rule with its dates into Accounts (the first call notes since when training is asked), then
  /// apply().
  Result<> open();
  /// Everything once.
  Result<> apply();
  /// apply() when the ledger grew by a record that matters, or a day began. Cheap otherwise; for a loop.
  Result<> look();
  /// `conflict` account.left when a leaver record forbids to unlock this account.
  Result<> check_unlock(const Account& account);

 private:
  Result<> lock_leavers(const std::vector<Account>& accounts);
  Result<> take_training(const std::vector<Account>& accounts);
  Result<> tell_settings(CivilDate today);
  Result<> tell(std::string_view name, bool value);
  Result<CivilDate> training_asked_since(CivilDate today);

  Services& services_;
  Accounts& accounts_;
  std::mutex mu_;  // one pass at a time
  std::uint64_t seen_seq_ = 0;
  CivilDate seen_day_;
};

}  // namespace phendau::hub
