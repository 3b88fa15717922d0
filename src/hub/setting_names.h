// SPDX-License-Identifier: Apache-2.0
// The settings of the hub that a clause may name as its proof (kind `setting`). One list for the pack
// validator, `phendau pack list settings` and the obligations that feed them. Plain data.
#pragma once

#include <string_view>

namespace phendau::hub {

struct SettingName {
  std::string_view name;
  std::string_view type;     // bool, number, list of text
  std::string_view meaning;  // what a value says; empty: the name does
};

inline constexpr SettingName kSettingNames[] = {
    {"accounts.default_password_changed", "bool", ""},
    {"accounts.leavers_locked", "bool", "no live account of a recorded leaver"},
    {"accounts.password_age_months_max", "number", ""},
    {"accounts.password_classes", "list of text", "lower, upper, digit, special"},
    {"accounts.password_length_min", "number", ""},
    {"accounts.sign_in_failures_max", "number", ""},
    {"accounts.totp_required", "bool", ""},
    {"accounts.training_gate", "bool", "no work before basic training is recorded"},
    {"backup.last_verified_days", "number", "days since the last backup that was verified"},
    {"exchange.confidential", "bool", "what is for the invited is seen by the invited only"},
    {"hub.tls", "bool", ""},
    {"journal.disk_quota_percent", "number", ""},
    {"journal.retention_days_min", "number", ""},
    {"journal.verified", "bool", "the last verification was clean"},
    {"pack.in_force", "bool", ""},
    {"rights.enforced", "bool", ""},
    {"uploads.secret_guard", "bool", ""},
    {"warnings.receipts", "bool", "every warning to agencies is answered, or its term still runs"},
};

}  // namespace phendau::hub
