// SPDX-License-Identifier: Apache-2.0
// Portal accounts, sign-in and sessions. Called by api (with what the request carries) and by `phendau
// admin`. Thread-safe. Sessions live in memory: a restart signs everybody out, and a stolen database holds
// none.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "hub/config.h"
#include "hub/password.h"
#include "hub/sign_in_guard.h"
#include "model/authorize.h"
#include "os/env.h"
#include "store/ledger/ledger.h"

namespace phendau::hub {

inline constexpr std::size_t kSessionsMax = 10'000;  // the oldest gives way (policy drop_oldest)
/// Hashes that run and that wait at once: half of the API's workers stay free for everybody else.
inline constexpr std::size_t kHashesRunningMax = 2;
inline constexpr std::size_t kHashesWaitingMax = 2;
inline constexpr std::string_view kFirstAdministrator = "admin";

struct Account {
  std::string username;  // the record's id
  std::string full_name;
  Role role = Role::staff;
  std::vector<std::string> agency_ids;
  bool locked = false;
  bool must_change_password = false;
  std::optional<UtcTime> password_changed_at;
  std::int64_t version = 0;
};
Actor actor_of(const Account& account, std::string_view from);

struct Session {
  Account account;
  Actor actor;
  std::string csrf_token;
  bool must_change_password = false;  // one-time or expired password: nothing else is open
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
  bool reset_password = false;
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
  void set_observer(std::function<void(const SignInEvent&)> observer);

  /// Creates the first administrator if there is no account; its one-time password, to be shown once.
  Result<std::optional<std::string>> ensure_administrator();
  /// For a person at the machine itself: a new one-time password, unlocked.
  Result<std::string> reset_locally(std::string_view username);

  /// `denied` (account.sign_in_failed) without saying which part was wrong; `limit` (account.wait) with the
  /// seconds to wait; `unavailable` (account.busy). The last administrator is slowed, never shut out, when
  /// signing in at the machine itself (setting local_sign_in).
  /// @param forwarded the request says that a proxy passed it on: then nobody is at the machine itself.
  Result<SignedIn> sign_in(std::string_view username, std::string_view password, std::string_view from,
                           bool forwarded = false);
  /// `denied` (account.signed_out) for an unknown, idle or old session. Renews the idle clock.
  Result<Session> session(std::string_view token, std::string_view from);
  /// Whether the session still lasts; does not renew its idle clock. For streams, before each message.
  bool is_alive(std::string_view token);
  /// Whether this session lasts and the anti-forgery token is its own; renews nothing and reads no database.
  Result<> check(std::string_view token, std::string_view csrf_token);
  void sign_out(std::string_view token);
  Result<Session> change_password(std::string_view token, std::string_view old_password,
                                  std::string_view new_password, std::string_view from);

  /// An account that may sign in: neither locked nor waiting for its first password; else `not_found`.
  Result<Account> usable(std::string_view username);
  Result<std::vector<Account>> list(const Actor& actor);
  Result<AccountWithPassword> create(const Actor& actor, std::string_view username,
                                     const AccountWrite& write);
  Result<AccountWithPassword> update(const Actor& actor, std::string_view username,
                                     const AccountWrite& write);

 private:
  struct Held {
    std::string username;
    std::string csrf_token;
    UtcTime created_at;
    UtcTime seen_at;
  };
  Result<Account> load(std::string_view username);
  Result<Account> save(const Actor& actor, const Account& account, std::string_view password_hash,
                       std::string_view reason);
  Session make_session(const Account& account, const Held& held, std::string_view from) const;
  bool is_over(const Held& held, UtcTime now) const;
  bool is_at_machine(std::string_view username, std::string_view from, bool forwarded);
  bool fits(const std::string& username, const Result<Account>& account, std::string_view password);
  Result<SignInGuard::Attempt> attempt(const std::string& username, std::string_view from, UtcTime now,
                                       Duration wait_max);
  SignedIn open_session(const Account& account, std::string_view from, UtcTime now);
  Result<> replace_password(const Session& current, std::string_view from, std::string_view old_password,
                            std::string_view new_password);
  Result<std::string> hash(std::string_view password);
  bool is_last_administrator(std::string_view username);
  void end_sessions_of(std::string_view username);
  Result<> keep_an_administrator(const Account& before, const AccountWrite& write);

  Env& env_;
  ledger::Ledger& ledger_;
  const HubConfig& config_;
  mutable std::mutex mu_;
  PasswordRule rule_;                                 // guarded by mu_
  std::function<void(const SignInEvent&)> observer_;  // set before use
  std::map<std::string, Held> sessions_;              // guarded by mu_; key: SHA-256 of the token
  SignInGuard guard_;
  HashGate hashes_{kHashesRunningMax, kHashesWaitingMax};
};

}  // namespace phendau::hub
