// SPDX-License-Identifier: Apache-2.0
#include "hub/access_rule.h"

#include <algorithm>

#include "hub/accounts.h"
#include "hub/config.h"

namespace phendau::hub {
namespace {

CivilDate later(CivilDate date, std::int64_t days) { return civil_from_days(days_from_civil(date) + days); }

std::int64_t number(const Pack& pack, std::string_view name) {
  const PackParameter* parameter = pack.parameter(name);
  return parameter == nullptr ? 0 : std::max<std::int64_t>(parameter->value.as_int(), 0);
}

}  // namespace

AccessRule access_rule_of(const Pack& pack, const HubConfig& config) {
  AccessRule out;
  out.sign_in_failures_max = config.sign_in_failures_max;
  if (const std::int64_t asked = number(pack, "lockout_attempts_max"); asked > 0)
    out.sign_in_failures_max = static_cast<int>(std::min<std::int64_t>(asked, out.sign_in_failures_max));
  out.sign_in_wait = std::max(config.sign_in_wait, seconds(number(pack, "lockout_seconds_min")));
  if (const auto* roles = pack.parameter("totp_roles")) {
    for (const auto& name : roles->value.items()) {
      if (const auto role = role_from(name.as_string())) out.totp_roles.push_back(*role);
    }
  }
  out.totp_grace_days = number(pack, "totp_grace_days");
  if (const auto* gate = pack.parameter("training_gate")) out.training = gate->value.as_bool();
  out.training_grace_days = number(pack, "training_grace_days");
  return out;
}

std::optional<CivilDate> totp_due_on(const Account& account, const AccessRule& rule) {
  const auto& roles = rule.totp_roles;
  if (std::find(roles.begin(), roles.end(), account.role) == roles.end()) return std::nullopt;
  return later(to_civil(account.created_at, kHubZone).date, rule.totp_grace_days);
}

bool must_enrol_totp(const Account& account, const AccessRule& rule, CivilDate today) {
  const auto due = totp_due_on(account, rule);
  return due && *due <= today && !account.has_totp;
}

std::optional<CivilDate> training_gate_on(const AccessRule& rule) {
  if (!rule.training || !rule.training_since) return std::nullopt;
  return later(*rule.training_since, rule.training_grace_days);
}

bool lacks_training(const Account& account, const AccessRule& rule, CivilDate today) {
  const auto closed_on = training_gate_on(rule);
  if (!closed_on || today < *closed_on) return false;
  const auto trained_on = parse_date(account.basic_training_on);
  if (trained_on && *trained_on <= today) return false;
  const auto excepted_until = parse_date(account.training_exception.until);
  return !excepted_until || *excepted_until < today;
}

}  // namespace phendau::hub
