// SPDX-License-Identifier: Apache-2.0
// The settings of the hub that a clause may name as its proof (kind `setting`). One list for the pack
// validator, the obligations that feed them and the documentation (docs/packs.md). Plain data.
#pragma once

#include <string_view>

namespace phendau::hub {

inline constexpr std::string_view kSettingNames[] = {
    "accounts.default_password_changed",  // true or false
    "accounts.leavers_locked",            // true: no live account of a recorded leaver
    "accounts.password_age_months_max",
    "accounts.password_classes",
    "accounts.password_length_min",
    "accounts.sign_in_failures_max",
    "accounts.totp_required",
    "accounts.training_gate",     // true: no work before basic training is recorded
    "backup.last_verified_days",  // since the last backup that was verified
    "exchange.confidential",      // true: what is for the invited is seen by the invited only
    "hub.tls",
    "journal.disk_quota_percent",
    "journal.retention_days_min",
    "journal.verified",  // true: the last verification was clean
    "pack.in_force",
    "rights.enforced",
    "uploads.secret_guard",
    "warnings.receipts",  // true: every warning to agencies is answered, or its term still runs
};

}  // namespace phendau::hub
