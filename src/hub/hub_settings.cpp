// SPDX-License-Identifier: Apache-2.0
#include "hub/hub_settings.h"

#include "hub/account_keeper.h"
#include "hub/active_pack.h"
#include "hub/backup_note.h"
#include "hub/warnings.h"
#include "store/journal/journal.h"

namespace phendau::hub {
namespace {

/// The journal deletes nothing: no retention rule is set and nobody may delete (hub.cpp).
constexpr int kKeptForEverDays = 36'500;
constexpr std::size_t kKeptSettingsMax = 100;

void add_password_rule(std::map<std::string, Json>& out, const PasswordRule& rule) {
  out["accounts.password_age_months_max"] = rule.age_months_max;
  out["accounts.password_length_min"] = rule.length_min;
  Json classes = Json::array();
  for (const auto& name : rule.classes) classes.push(name);
  out["accounts.password_classes"] = std::move(classes);
}

}  // namespace

std::map<std::string, Json> hub_settings(const Services& services, UtcTime now) {
  std::map<std::string, Json> out;
  out["journal.disk_quota_percent"] = services.config.disk_quota_percent;
  out["journal.retention_days_min"] = kKeptForEverDays;
  // Settings that others keep: AccountKeeper, JournalWatch.
  if (const auto kept = services.ledger.list_derived(kSettingSpace, "", everything(), kKeptSettingsMax)) {
    for (const auto& row : *kept) out[row.key] = row.doc["value"];
  }
  if (services.journal.stat().damaged) out["journal.verified"] = false;
  if (const auto made_at = noted_backup(services.env, services.config.data_dir))
    out["backup.last_verified_days"] = (now - *made_at).ns / days(1).ns;
  out["accounts.sign_in_failures_max"] =
      access_rule_of(services.pack.pack(), services.config).sign_in_failures_max;
  add_password_rule(out, services.pack.password_rule());
  const auto first = services.ledger.get("user", kFirstAdministrator, everything());
  if (first) out["accounts.default_password_changed"] = !first->doc["must_change_password"].as_bool();
  // True by construction: one function decides every right (model/authorize), and the hub speaks TLS only.
  out["rights.enforced"] = true;
  out["exchange.confidential"] = true;
  out["hub.tls"] = true;
  const UploadPolicy& uploads = services.pack.upload_policy();
  out["uploads.secret_guard"] = !uploads.marking_lines.empty() || !uploads.marking_words.empty();
  if (const auto answered = warnings_answered(services, now)) out["warnings.receipts"] = *answered;
  const comply::Catalog& catalog = services.pack.pack().catalog;
  out["pack.in_force"] = (!catalog.in_force_from || *catalog.in_force_from <= now) &&
                         (!catalog.in_force_until || now < *catalog.in_force_until);
  return out;
}

}  // namespace phendau::hub
