// SPDX-License-Identifier: Apache-2.0
// Portal accounts, sign-in with its second step, and sessions. Called by api (with what the request carries)
// and by `phendau admin`. Thread-safe. Sessions live in memory: a restart signs everybody out, and a stolen
// database holds none.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "hub/access_rule.h"
#include "hub/config.h"
#include "hub/password.h"
#include "hub/sign_in_guard.h"
#include "hub/succession.h"
#include "model/authorize.h"
#include "os/env.h"
#include "store/ledger/ledger.h"

namespace phendau::hub {

inline constexpr std::string_view kUserKind = "user";  // of the ledger

inline constexpr std::size_t kSessionsMax = 10'000;  // the oldest gives way (policy drop_oldest)
/// Hashes that run and that wait at once: half of the API's workers stay free for everybody else.
inline constexpr std::size_t kHashesRunningMax = 2;
inline constexpr std::size_t kHashesWaitingMax = 2;
inline constexpr std::string_view kFirstAdministrator = "admin";

/// Access without training, by an administrator's decision.
struct TrainingException {
  std::string until;  // last day, YYYY-MM-DD; empty: there is none
  std::string reason;
};

struct Account {
  std::string username;  // the record's id
  std::string full_name;
  Role role = Role::staff;
  std::vector<std::string> agency_ids;
  bool locked = false;
  bool must_change_password = false;
  std::optional<UtcTime> password_changed_at;
  bool has_totp = false;
  std::int64_t recovery_codes_left = 0;
  std::string staff_id;           // record of the register `staff`
  std::string basic_training_on;  // YYYY-MM-DD
  std::string training_record;    // "staff/ID" when the day was taken from there
  TrainingException training_exception;
  std::string locked_by;  // "leaver/ID" of the record that locked it
  UtcTime created_at;
  std::int64_t version = 0;
};
bool belongs_to(const Account& account, std::string_view agency_id);
Account account_from(const ledger::Record& record);
Actor actor_of(const Account& account, std::string_view from);

struct Session {
  Account account;
  Actor actor;
  std::string csrf_token;
  bool must_change_password = false;  // one-time or expired password: nothing else is open
  bool must_enrol_totp = false;       // then nothing but enrolment is open
  bool lacks_training = false;        // then nothing but the own account is open
};
struct SignedIn {
  std::string token;  // goes into the cookie; only its SHA-256 is kept
  Session session;
};

struct AccountWrite {
  std::optional<std::string> full_name;
  std::optional<Role> role;
  std::optional<std::vector<std::string>> agency_ids;
  std::optional<bool> locked;
  std::optional<std::string> staff_id;
  std::optional<std::string> basic_training_on;
  std::optional<TrainingException> training_exception;
  bool reset_password = false;
  bool reset_totp = false;
};
/// What an authenticator program needs, shown once.
struct TotpOffer {
  std::string secret;  // base32
  std::string uri;
  std::vector<std::string> qr;  // rows of '1' and '0'
};
struct TotpEnrolled {
  Session session;
  std::vector<std::string> recovery_codes;  // shown once
};
struct AccountWithPassword {
  Account account;
  std::string one_time_password;  // empty unless one was made
};

/// What happened at the door; the hub journals it as events of its own.
struct SignInEvent {
  std::string username;  // at most 64 bytes of what was typed
  std::string from;
  bool success = false;
  std::string reason;      // bad_password, locked, waiting, signed_out, ...
  std::int64_t count = 1;  // refusals of a waiting key since the last such event
};

class Accounts {
 public:
  Accounts(Env& env, ledger::Ledger& ledger, const HubConfig& config);

  /// The strictest rule of the packs in force.
  void set_password_rule(PasswordRule rule);
  PasswordRule password_rule() const;
  void set_access_rule(AccessRule rule);
  AccessRule access_rule() const;
  void set_observer(std::function<void(const SignInEvent&)> observer);
  /// Asked before an account is unlocked; an error refuses it.
  void set_unlock_check(std::function<Result<>(const Account&)> check);
  /// Whose past the people of an agency may read; before use.
  void set_succession(std::shared_ptr<const Succession> succession) { succession_ = std::move(succession); }

  /// Creates the first administrator if there is no account; its one-time password, to be shown once.
  Result<std::optional<std::string>> ensure_administrator();
  /// For a person at the machine itself: a new one-time password, unlocked, without a second step.
  Result<std::string> reset_locally(std::string_view username);

  /// `denied` (account.sign_in_failed) without saying which part was wrong; `limit` (account.wait) with the
  /// seconds to wait; `unavailable` (account.busy). The last administrator is slowed, never shut out, when
  /// signing in at the machine itself (setting local_sign_in).
  /// With a second step: `denied` account.totp_required while `code` is empty, account.totp_wrong when it is
  /// wrong (it counts like a wrong password); a recovery code is good once.
  /// @param forwarded the request says that a proxy passed it on: then nobody is at the machine itself.
  Result<SignedIn> sign_in(std::string_view username, std::string_view password, std::string_view from,
                           bool forwarded = false, std::string_view code = {});
  /// `denied` (account.signed_out) for an unknown, idle or old session. Renews the idle clock.
  Result<Session> session(std::string_view token, std::string_view from);
  /// Whether the session still lasts; does not renew its idle clock. For streams, before each message.
  bool is_alive(std::string_view token);
  /// Whether this session lasts and the anti-forgery token is its own; renews nothing and reads no database.
  Result<> check(std::string_view token, std::string_view csrf_token);
  void sign_out(std::string_view token);
  Result<Session> change_password(std::string_view token, std::string_view old_password,
                                  std::string_view new_password, std::string_view from);

  /// A new secret for this session's account, good until it is confirmed, replaced or the session ends.
  Result<TotpOffer> begin_totp(std::string_view token, std::string_view password, std::string_view from);
  /// The first code proves that the person has the secret. Other sessions of the account end.
  Result<TotpEnrolled> confirm_totp(std::string_view token, std::string_view code, std::string_view from);
  Result<Session> remove_totp(std::string_view token, std::string_view code, std::string_view from);

  /// An account that may sign in: neither locked nor waiting for its first password; else `not_found`.
  Result<Account> usable(std::string_view username);
  Result<std::vector<Account>> list(const Actor& actor);
  Result<AccountWithPassword> create(const Actor& actor, std::string_view username,
                                     const AccountWrite& write);
  Result<AccountWithPassword> update(const Actor& actor, std::string_view username,
                                     const AccountWrite& write);
  /// The hub's own work (AccountKeeper): `record` is "KIND/ID". `conflict` for the last administrator.
  Result<> lock_leaver(std::string_view username, std::string_view record);
  /// The account no longer belongs to this agency; locked if it belongs to no other.
  Result<> leave_agency(std::string_view username, std::string_view agency_id, std::string_view record);
  /// As the staff record says; an empty day takes back what was taken from there.
  Result<> take_training(std::string_view username, std::string_view day, std::string_view record);

 private:
  struct Held {
    std::string username;
    std::string csrf_token;
    UtcTime created_at;
    UtcTime seen_at;
    std::string offered_totp;  // secret of an enrolment under way, raw bytes
  };
  Result<Account> load(std::string_view username);
  /// `secrets`: password_hash, totp_secret, recovery_codes; null removes one, absent keeps it.
  Result<Account> save(const Actor& actor, const Account& account, const Json& secrets,
                       std::string_view reason);
  Session make_session(const Account& account, const Held& held, std::string_view from) const;
  CivilDate today() const;
  bool is_over(const Held& held, UtcTime now) const;
  bool is_at_machine(std::string_view username, std::string_view from, bool forwarded);
  bool fits(const std::string& username, const Result<Account>& account, std::string_view password);
  Result<SignInGuard::Attempt> attempt(const std::string& username, std::string_view from, UtcTime now,
                                       Duration wait_max);
  SignedIn open_session(const Account& account, std::string_view from, UtcTime now);
  Result<> replace_password(const Session& current, std::string_view from, std::string_view old_password,
                            std::string_view new_password);
  Result<std::string> hash(std::string_view password);
  /// The password of a session's own account again; counts like a sign-in.
  Result<> prove_password(const Session& current, std::string_view from, std::string_view password);
  /// Uses the code up; false: wrong, too old or used before.
  Result<bool> use_code(const Account& account, std::string_view code);
  Result<bool> use_recovery_code(const Account& account, std::string_view code);
  Result<> prove_code(const Account& account, std::string_view code, std::string_view from);
  void end_other_sessions(const Session& current, std::string_view token);
  bool is_last_administrator(std::string_view username);
  void end_sessions_of(std::string_view username);
  Result<> keep_an_administrator(const Account& before, const AccountWrite& write);

  Env& env_;
  ledger::Ledger& ledger_;
  const HubConfig& config_;
  mutable std::mutex mu_;
  PasswordRule rule_;                                     // guarded by mu_
  AccessRule access_;                                     // guarded by mu_
  std::function<void(const SignInEvent&)> observer_;      // set before use
  std::function<Result<>(const Account&)> unlock_check_;  // set before use
  std::mutex codes_mu_;                           // held from the look at a code to the note that it was used
  std::map<std::string, Held> sessions_;          // guarded by mu_; key: SHA-256 of the token
  std::shared_ptr<const Succession> succession_;  // set before use; null: nobody's
  SignInGuard guard_;
  HashGate hashes_{kHashesRunningMax, kHashesWaitingMax};
};

}  // namespace phendau::hub
