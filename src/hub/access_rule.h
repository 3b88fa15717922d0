// SPDX-License-Identifier: Apache-2.0
// What the pack in force asks of the hub's own accounts besides the password: how many failures lock how
// long, a second step (TOTP) for some roles, basic training before access, each with its date. Pure: day and
// account are arguments.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "hub/pack.h"
#include "model/authorize.h"

namespace phendau::hub {

struct Account;
struct HubConfig;

/// From pack parameters; `since` is kept by the ledger.
struct AccessRule {
  int sign_in_failures_max = 5;  // the stricter of the pack's lockout and of hub.json
  Duration sign_in_wait = minutes(15);
  std::vector<Role> totp_roles;
  std::int64_t totp_grace_days = 0;  // from the account's making
  bool training = false;
  std::int64_t training_grace_days = 0;     // from the day on which a pack in force first asked
  std::optional<CivilDate> training_since;  // that day
};
AccessRule access_rule_of(const Pack& pack, const HubConfig& config);

/// The first day on which the account can do nothing before it has a second step; nullopt: never.
std::optional<CivilDate> totp_due_on(const Account& account, const AccessRule& rule);
bool must_enrol_totp(const Account& account, const AccessRule& rule, CivilDate today);

/// The first day on which nobody works without training; nullopt: the pack does not ask.
std::optional<CivilDate> training_gate_on(const AccessRule& rule);
/// True: no training is recorded, no exception holds, and the gate is closed.
bool lacks_training(const Account& account, const AccessRule& rule, CivilDate today);

}  // namespace phendau::hub
