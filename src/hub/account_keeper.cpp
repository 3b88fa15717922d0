// SPDX-License-Identifier: Apache-2.0
#include "hub/account_keeper.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/log.h"
#include "base/text.h"
#include "base/unicode.h"
#include "hub/active_pack.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kStaff = "staff";
constexpr std::string_view kGateNote = "training_gate";  // of kind `setting`
constexpr std::size_t kChangesPerLook = 1'000;

/// A person or a duty that ended, by a record of a register that says `locks_accounts`.
struct Leaver {
  std::string record;  // "KIND/ID"
  std::string title;   // of the register
  const LocksRule* rule = nullptr;
  std::string agency_id;
  std::string staff_id;
  std::string name;     // as compared
  std::string account;  // user name in the staff record
  std::string left_on;
};

/// "  Nguyen  Van A " and "nguyen van a" are one name; accents count.
std::string name_key(std::string_view name) {
  std::string out;
  const std::string folded = fold_case(to_nfc(name));
  for (const auto word : split(folded, ' ')) {
    if (!word.empty()) out += (out.empty() ? "" : " ") + std::string(word);
  }
  return out;
}

Result<> add_leavers(ledger::Ledger& ledger, const RegisterKind& kind, UtcTime now,
                     std::vector<Leaver>& out) {
  const LocksRule& rule = *kind.locks;
  const std::string day = format_date(to_civil(now, kHubZone).date);
  comply::AgeClock clock{now, kHubZone};
  ledger::Query query;
  query.kind = kind.spec.name;
  query.order_by = "id";
  return ledger::each_record(ledger, query, everything(), [&](const ledger::Record& record) -> Result<> {
    Leaver one{kind.spec.name + "/" + record.id,
               kind.title.vi,
               &rule,
               record.agency_id,
               record.doc["staff_id"].as_string(),
               name_key(record.doc["full_name"].as_string()),
               "",
               record.doc[rule.on].as_string()};
    if (one.left_on.empty() || day < one.left_on) return {};
    if (!comply::all_hold(rule.where, record.doc, clock)) return {};
    if (!one.staff_id.empty()) {
      const auto staff = ledger.get(kStaff, one.staff_id, everything());
      if (staff && one.left_on < staff->doc["joined_on"].as_string()) return {};
      if (staff) one.account = to_lower_ascii(staff->doc["account_name"].as_string());
    }
    out.push_back(std::move(one));
    return {};
  });
}

/// Who has left by now. Who came back later (`joined_on` of the staff record) has not.
Result<std::vector<Leaver>> leavers_of(Services& services) {
  std::vector<Leaver> out;
  for (const auto& kind : services.pack.pack().registers) {
    if (kind.locks) PHENDAU_TRY(add_leavers(services.ledger, kind, services.env.now(), out));
  }
  return out;
}

/// A duty that ended at one agency: whoever has another one now, or is elsewhere by now, keeps the account.
bool still_on_duty(const Leaver& leaver, const Account& account) {
  const auto& roles = leaver.rule->roles;
  return belongs_to(account, leaver.agency_id) &&
         std::find(roles.begin(), roles.end(), to_string(account.role)) != roles.end();
}

enum class Match : std::uint8_t { no, by_name, sure };

Match match(const Leaver& leaver, const Account& account) {
  // Made after that day: somebody else, or the same person hired again.
  if (leaver.left_on < format_date(to_civil(account.created_at, kHubZone).date)) return Match::no;
  if (!leaver.rule->roles.empty() && !still_on_duty(leaver, account)) return Match::no;
  if (!leaver.staff_id.empty() && !account.staff_id.empty())
    return leaver.staff_id == account.staff_id ? Match::sure : Match::no;
  if (!belongs_to(account, leaver.agency_id)) return Match::no;
  if (!leaver.account.empty() && leaver.account == account.username) return Match::sure;
  return leaver.name == name_key(account.full_name) ? Match::by_name : Match::no;
}

/// Accounts of a leaver; several people of one name are told apart by the staff record only, so none is
/// `sure`.
struct Concerned {
  std::vector<const Account*> accounts;
  bool ambiguous = false;
};
Concerned concerned_by(const Leaver& leaver, const std::vector<Account>& accounts) {
  Concerned out;
  std::vector<const Account*> named;
  for (const auto& account : accounts) {
    const Match found = match(leaver, account);
    if (found == Match::sure) out.accounts.push_back(&account);
    if (found == Match::by_name) named.push_back(&account);
  }
  if (!out.accounts.empty()) return out;
  out.ambiguous = named.size() > 1;
  out.accounts = std::move(named);
  return out;
}

}  // namespace

Result<CivilDate> AccountKeeper::training_asked_since(CivilDate today) {
  const auto known = services_.ledger.get("setting", kGateNote, everything());
  if (known) {
    if (const auto since = parse_date(known->doc["value"]["since"].as_string())) return *since;
  }
  ledger::Write write;
  write.kind = "setting";
  write.id = kGateNote;
  write.state = "active";
  write.reason = "a pack in force asks for training before access";
  write.doc.set("value", Json::object({{"since", format_date(today)}}));
  write.pack = services_.pack.pack().reference();
  PHENDAU_TRY(services_.ledger.write(write, system_actor(), services_.env.now()));
  return today;
}

Result<> AccountKeeper::open() {
  AccessRule rule = access_rule_of(services_.pack.pack(), services_.config);
  const CivilDate today = to_civil(services_.env.now(), kHubZone).date;
  if (rule.training) rule.training_since = PHENDAU_TRY(training_asked_since(today));
  accounts_.set_access_rule(std::move(rule));
  accounts_.set_unlock_check([this](const Account& account) { return check_unlock(account); });
  return apply();
}

Result<> AccountKeeper::lock_leavers(const std::vector<Account>& accounts) {
  for (const auto& leaver : PHENDAU_TRY(leavers_of(services_))) {
    const Concerned concerned = concerned_by(leaver, accounts);
    if (concerned.ambiguous) continue;
    for (const Account* account : concerned.accounts) {
      if (account->locked) continue;
      const auto locked = leaver.rule->roles.empty()
                              ? accounts_.lock_leaver(account->username, leaver.record)
                              : accounts_.leave_agency(account->username, leaver.agency_id, leaver.record);
      if (!locked)
        PHENDAU_LOG(warn, "leaver_not_locked", {"user", account->username},
                    {"error", locked.error().message});
    }
  }
  return {};
}

Result<> AccountKeeper::take_training(const std::vector<Account>& accounts) {
  for (const auto& account : accounts) {
    if (account.staff_id.empty()) continue;
    const auto staff = services_.ledger.get(kStaff, account.staff_id, everything());
    const std::string day = staff ? staff->doc["basic_training_on"].as_string() : std::string();
    const bool from_there = !account.training_record.empty();
    // What an administrator entered with the account stands until the staff record has a day of its own.
    if (day == account.basic_training_on || (day.empty() && !from_there)) continue;
    PHENDAU_TRY(accounts_.take_training(account.username, day, "staff/" + account.staff_id));
  }
  return {};
}

Result<> AccountKeeper::tell(std::string_view name, bool value) {
  const auto known = PHENDAU_TRY(services_.ledger.get_derived(kSettingSpace, name));
  if (known && known->doc["value"] == Json(value)) return {};
  return services_.ledger.put_derived(kSettingSpace, name, "", Json::object({{"value", value}}),
                                      services_.env.now());
}

Result<> AccountKeeper::tell_settings(CivilDate today) {
  const auto accounts = PHENDAU_TRY(accounts_.list(system_actor()));
  bool leavers_locked = true;
  for (const auto& leaver : PHENDAU_TRY(leavers_of(services_))) {
    for (const Account* account : concerned_by(leaver, accounts).accounts)
      leavers_locked = leavers_locked && account->locked;
  }
  const AccessRule rule = accounts_.access_rule();
  const bool totp =
      !rule.totp_roles.empty() && std::all_of(accounts.begin(), accounts.end(), [&](const Account& account) {
        return account.locked || account.has_totp || !totp_due_on(account, rule) ||
               must_enrol_totp(account, rule, today);
      });
  const auto gate = training_gate_on(rule);
  PHENDAU_TRY(tell("accounts.leavers_locked", leavers_locked));
  PHENDAU_TRY(tell("accounts.totp_required", totp));
  return tell("accounts.training_gate", gate && *gate <= today);
}

Result<> AccountKeeper::apply() {
  const std::lock_guard lock(mu_);
  const CivilDate today = to_civil(services_.env.now(), kHubZone).date;
  const std::uint64_t seq = PHENDAU_TRY(services_.ledger.head()).seq;
  PHENDAU_TRY(take_training(PHENDAU_TRY(accounts_.list(system_actor()))));
  PHENDAU_TRY(lock_leavers(PHENDAU_TRY(accounts_.list(system_actor()))));
  PHENDAU_TRY(tell_settings(today));
  seen_seq_ = seq;
  seen_day_ = today;
  return {};
}

Result<> AccountKeeper::look() {
  bool matters = false;
  {
    const std::lock_guard lock(mu_);
    matters = to_civil(services_.env.now(), kHubZone).date != seen_day_;
    while (!matters) {
      const auto changes = PHENDAU_TRY(services_.ledger.changes_since(seen_seq_, kChangesPerLook));
      if (changes.empty()) return {};
      seen_seq_ = changes.back().seq;
      matters = std::any_of(changes.begin(), changes.end(), [&](const ledger::Change& change) {
        const RegisterKind* kind = services_.pack.pack().reg(change.kind);
        return change.kind == kStaff || change.kind == "user" || (kind != nullptr && kind->locks);
      });
    }
  }
  return apply();
}

Result<> AccountKeeper::check_unlock(const Account& account) {
  const auto accounts = PHENDAU_TRY(accounts_.list(system_actor()));
  for (const auto& leaver : PHENDAU_TRY(leavers_of(services_))) {
    const Concerned concerned = concerned_by(leaver, accounts);
    const bool this_one = std::any_of(concerned.accounts.begin(), concerned.accounts.end(),
                                      [&](const Account* one) { return one->username == account.username; });
    if (!this_one || concerned.ambiguous) continue;
    const auto date = parse_date(leaver.left_on);
    return fail(ErrorCode::conflict, leaver.record + " says that this person left", "account.left",
                {date ? format_vietnamese(start_of_day(*date, kHubZone)).substr(0, 10) : leaver.left_on,
                 leaver.title});
  }
  return {};
}

}  // namespace phendau::hub
