// SPDX-License-Identifier: Apache-2.0
#include "hub/accounts.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "hub/delegations.h"
#include "hub/services.h"
#include "net/address.h"

namespace phendau::hub {
namespace {

constexpr Duration kLocalWaitMax = seconds(5);  // for the last administrator at the machine itself
constexpr std::size_t kUsernameBytesMax = 64;

bool is_username(std::string_view text) {
  if (text.empty() || text.size() > kUsernameBytesMax) return false;
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-_@") == std::string_view::npos;
}

std::unexpected<Error> refused() {
  return fail(ErrorCode::denied, "sign-in refused", "account.sign_in_failed");
}

/// A text member, or its removal.
void set_text(Json& doc, std::string_view name, const std::string& value) {
  if (value.empty())
    doc.erase(name);
  else
    doc.set(name, value);
}

/// What an account adds to the record besides name, role, agencies and lock.
void put_rules_state(Json& doc, const Account& account) {
  set_text(doc, "staff_id", account.staff_id);
  set_text(doc, "basic_training_on", account.basic_training_on);
  set_text(doc, "training_record", account.training_record);
  set_text(doc, "locked_by", account.locked ? account.locked_by : std::string());
  if (account.has_totp)
    doc.set("totp", Json::object({{"recovery_codes_left", account.recovery_codes_left}}));
  else
    doc.erase("totp");
  const TrainingException& exception = account.training_exception;
  if (exception.until.empty())
    doc.erase("training_exception");
  else
    doc.set("training_exception", Json::object({{"until", exception.until}, {"reason", exception.reason}}));
}

}  // namespace

bool belongs_to(const Account& account, std::string_view agency_id) {
  const auto& ids = account.agency_ids;
  return std::find(ids.begin(), ids.end(), agency_id) != ids.end();
}

Account account_from(const ledger::Record& record) {
  Account out;
  out.username = record.id;
  out.full_name = record.doc["full_name"].as_string();
  out.role = role_from(record.doc["role"].as_string()).value_or(Role::staff);
  for (const auto& id : record.doc["agency_ids"].items()) out.agency_ids.push_back(id.as_string());
  out.locked = record.doc["locked"].as_bool();
  out.must_change_password = record.doc["must_change_password"].as_bool();
  if (const auto at = parse_rfc3339(record.doc["password_changed_at"].as_string()))
    out.password_changed_at = *at;
  out.has_totp = record.doc["totp"].is_object();
  out.recovery_codes_left = record.doc["totp"]["recovery_codes_left"].as_int();
  out.staff_id = record.doc["staff_id"].as_string();
  out.basic_training_on = record.doc["basic_training_on"].as_string();
  out.training_record = record.doc["training_record"].as_string();
  out.training_exception = {record.doc["training_exception"]["until"].as_string(),
                            record.doc["training_exception"]["reason"].as_string()};
  out.locked_by = record.doc["locked_by"].as_string();
  out.created_at = record.created_at;
  out.version = record.version;
  return out;
}

Actor actor_of(const Account& account, std::string_view from) {
  Actor actor;
  actor.user_id = account.username;
  actor.name = account.full_name.empty() ? account.username : account.full_name;
  actor.role = account.role;
  actor.agency_ids = account.agency_ids;
  actor.from = from;
  return actor;
}

Accounts::Accounts(Env& env, ledger::Ledger& ledger, const HubConfig& config)
    : env_(env), ledger_(ledger), config_(config), guard_(config.sign_in_failures_max, config.sign_in_wait) {}

void Accounts::set_password_rule(PasswordRule rule) {
  const std::lock_guard lock(mu_);
  rule_ = std::move(rule);
}
PasswordRule Accounts::password_rule() const {
  const std::lock_guard lock(mu_);
  return rule_;
}
void Accounts::set_access_rule(AccessRule rule) {
  guard_.set_limits(rule.sign_in_failures_max, rule.sign_in_wait);
  const std::lock_guard lock(mu_);
  access_ = std::move(rule);
}
AccessRule Accounts::access_rule() const {
  const std::lock_guard lock(mu_);
  return access_;
}
CivilDate Accounts::today() const { return to_civil(env_.now(), kHubZone).date; }
void Accounts::set_unlock_check(std::function<Result<>(const Account&)> check) {
  unlock_check_ = std::move(check);
}
void Accounts::set_observer(std::function<void(const SignInEvent&)> observer) {
  observer_ = std::move(observer);
}

Result<Account> Accounts::load(std::string_view username) {
  return account_from(PHENDAU_TRY(ledger_.get(kUserKind, username, Scope{Scope::Reach::everything, {}, {}})));
}

Result<Account> Accounts::usable(std::string_view username) {
  Account account = PHENDAU_TRY(load(username));
  if (account.locked || account.must_change_password)
    return fail(ErrorCode::not_found, "no such account", "error.not_found");
  return account;
}

Result<Account> Accounts::save(const Actor& actor, const Account& account, const Json& secrets,
                               std::string_view reason) {
  Json agencies = Json::array();
  for (const auto& id : account.agency_ids) agencies.push(id);
  ledger::Write write;
  write.kind = kUserKind;
  write.id = account.username;
  write.agency_id = account.agency_ids.size() == 1 ? account.agency_ids.front() : std::string();
  write.state = account.locked ? "locked" : "active";
  write.reason = reason;
  write.expected_version = account.version;
  Json previous = Json::object();
  if (account.version > 0) {
    previous =
        PHENDAU_TRY(ledger_.get(kUserKind, account.username, Scope{Scope::Reach::everything, {}, {}})).doc;
  }
  previous.set("username", account.username)
      .set("full_name", account.full_name)
      .set("role", to_string(account.role))
      .set("agency_ids", std::move(agencies))
      .set("locked", account.locked)
      .set("must_change_password", account.must_change_password);
  if (account.password_changed_at)
    previous.set("password_changed_at", format_rfc3339(*account.password_changed_at));
  put_rules_state(previous, account);
  for (const auto& [name, value] : secrets.members()) {
    if (value.is_null())
      previous.erase(name);
    else
      previous.set(name, value);
  }
  write.doc = std::move(previous);
  const auto change = PHENDAU_TRY(ledger_.write(write, actor, env_.now()));
  Account out = account;
  out.version = change.version;
  return out;
}

Result<std::optional<std::string>> Accounts::ensure_administrator() {
  ledger::Query query;
  query.kind = kUserKind;
  query.limit = 1;
  const auto page = PHENDAU_TRY(ledger_.list(query, Scope{Scope::Reach::everything, {}, {}}));
  if (!page.records.empty()) return std::optional<std::string>();
  std::string password = make_one_time_password(env_);
  Account account;
  account.username = kFirstAdministrator;
  account.full_name = kFirstAdministrator;
  account.role = Role::administrator;
  account.must_change_password = true;
  account.password_changed_at = env_.now();
  const std::string encoded = PHENDAU_TRY(hash_password(env_, password));
  PHENDAU_TRY(save(system_actor(), account, Json::object({{"password_hash", encoded}}), "first start"));
  return std::optional<std::string>(password);
}

Result<std::string> Accounts::reset_locally(std::string_view username) {
  Account account = PHENDAU_TRY(load(username));
  std::string password = make_one_time_password(env_);
  account.locked = false;
  account.must_change_password = true;
  account.has_totp = false;
  account.password_changed_at = env_.now();
  Json secrets = Json::object({{"totp_secret", Json()}, {"recovery_codes", Json()}});
  secrets.set("password_hash", PHENDAU_TRY(hash_password(env_, password)));
  PHENDAU_TRY(save(system_actor(), account, secrets, "reset at the machine"));
  return password;
}

bool Accounts::is_last_administrator(std::string_view username) {
  const auto accounts = list(system_actor());
  if (!accounts) return false;
  const auto usable = [](const Account& a) { return a.role == Role::administrator && !a.locked; };
  const auto count = std::count_if(accounts->begin(), accounts->end(), usable);
  return count == 1 && std::any_of(accounts->begin(), accounts->end(),
                                   [&](const Account& a) { return usable(a) && a.username == username; });
}

bool Accounts::is_at_machine(std::string_view username, std::string_view from, bool forwarded) {
  return allows_local_sign_in(config_) && !forwarded && net::is_loopback_host(from) &&
         is_last_administrator(username);
}

Result<SignInGuard::Attempt> Accounts::attempt(const std::string& username, std::string_view from,
                                               UtcTime now, Duration wait_max) {
  auto begun = guard_.begin(username, from, now, wait_max);
  if (begun) return std::move(*begun);
  const SignInGuard::Refusal& refusal = begun.error();
  if (observer_ && refusal.report > 0) {
    observer_({username, std::string(from), false, "waiting", refusal.report});
  }
  const std::string left = std::to_string(refusal.wait.ns / 1'000'000'000 + 1);
  return fail(ErrorCode::limit, "too many failed sign-ins; wait " + left + " s", "account.wait", {left});
}

/// Takes the same time for a wrong password, a locked account and a name that nobody has.
bool Accounts::fits(const std::string& username, const Result<Account>& account, std::string_view password) {
  if (!account || account->locked) {
    verify_nothing(password);
    return false;
  }
  const auto encoded = ledger_.get_secret(kUserKind, username, "password_hash");
  return encoded && verify_password(*encoded, password);
}

SignedIn Accounts::open_session(const Account& account, std::string_view from, UtcTime now) {
  const std::string token = to_base64url(env_.random_bytes(32));
  const Held held{account.username, to_base64url(env_.random_bytes(24)), now, now, {}};
  {
    const std::lock_guard lock(mu_);
    if (sessions_.size() >= kSessionsMax) {
      sessions_.erase(std::min_element(sessions_.begin(), sessions_.end(), [](const auto& a, const auto& b) {
        return a.second.seen_at < b.second.seen_at;
      }));
    }
    sessions_[sha256_hex(token)] = held;
  }
  return SignedIn{token, make_session(account, held, from)};
}

Result<SignedIn> Accounts::sign_in(std::string_view username_raw, std::string_view password,
                                   std::string_view from, bool forwarded, std::string_view code) {
  const UtcTime now = env_.now();
  const std::string typed = to_lower_ascii(trim(truncate_utf8(username_raw, kUsernameBytesMax * 2)));
  const std::string username(truncate_utf8(typed, kUsernameBytesMax));
  const auto observe = [&](bool success, std::string reason) {
    if (observer_) observer_({username, std::string(from), success, std::move(reason), 1});
  };
  const bool at_machine = is_at_machine(username, from, forwarded);
  const Duration wait_max = at_machine ? kLocalWaitMax : kWholeWait;
  const SignInGuard::Attempt counted = PHENDAU_TRY(attempt(username, from, now, wait_max));
  // Nobody has such a password: refused for every name alike, before anything is looked up or computed.
  if (password.size() > kPasswordBytesMax) {
    observe(false, "bad_password");
    return refused();
  }
  auto permit = hashes_.enter();
  if (!permit) {
    guard_.undo(counted);
    return std::unexpected(permit.error());
  }
  const Result<Account> account = is_username(typed) ? load(typed) : Result<Account>(refused());
  if (!fits(username, account, password)) {
    observe(false, account && account->locked ? "locked" : "bad_password");
    return refused();
  }
  if (account->has_totp && trim(code).empty()) {
    guard_.undo(counted);  // the first half of every sign-in is no failure
    return fail(ErrorCode::denied, "a one-time code is needed", "account.totp_required");
  }
  if (account->has_totp && !PHENDAU_TRY(use_code(*account, code))) {
    observe(false, "bad_totp");
    return fail(ErrorCode::denied, "the one-time code is wrong", "account.totp_wrong");
  }
  guard_.succeeded(counted, now);
  SignedIn out = open_session(*account, from, now);
  observe(true, "");
  return out;
}

Session Accounts::make_session(const Account& account, const Held& held, std::string_view from) const {
  Session out;
  out.account = account;
  out.actor = actor_of(account, from);
  out.actor.delegations = delegations_of(ledger_, account, today());
  const AccessRule rule = access_rule();
  out.must_enrol_totp = hub::must_enrol_totp(account, rule, today());
  out.lacks_training = hub::lacks_training(account, rule, today());
  if (succession_) out.actor.past_agency_ids = succession_->past_of(account.agency_ids);
  out.csrf_token = held.csrf_token;
  out.must_change_password = account.must_change_password;
  if (account.password_changed_at) {
    const CivilDate changed = to_civil(*account.password_changed_at, kHubZone).date;
    const CivilDate last_good =
        add_months(changed, static_cast<std::int32_t>(password_rule().age_months_max));
    if (today() > last_good) out.must_change_password = true;
  }
  return out;
}

bool Accounts::is_over(const Held& held, UtcTime now) const {
  return now - held.seen_at > config_.session_idle_max || now - held.created_at > config_.session_age_max;
}

Result<> Accounts::check(std::string_view token, std::string_view csrf_token) {
  const UtcTime now = env_.now();
  const std::lock_guard lock(mu_);
  const auto found = sessions_.find(sha256_hex(token));
  if (found == sessions_.end() || is_over(found->second, now)) {
    return fail(ErrorCode::denied, "no session", "account.signed_out");
  }
  if (!equals_constant_time(csrf_token, found->second.csrf_token)) {
    return fail(ErrorCode::denied, "anti-forgery token missing or wrong", "request.csrf");
  }
  return {};
}

Result<Session> Accounts::session(std::string_view token, std::string_view from) {
  const UtcTime now = env_.now();
  const auto signed_out = [] { return fail(ErrorCode::denied, "no session", "account.signed_out"); };
  Held held;
  {
    const std::lock_guard lock(mu_);
    const auto found = sessions_.find(sha256_hex(token));
    if (found == sessions_.end()) return signed_out();
    if (is_over(found->second, now)) {
      sessions_.erase(found);
      return signed_out();
    }
    found->second.seen_at = now;
    held = found->second;
  }
  const auto account = load(held.username);
  if (!account || account->locked) {
    sign_out(token);
    return signed_out();
  }
  return make_session(*account, held, from);
}

bool Accounts::is_alive(std::string_view token) {
  const UtcTime now = env_.now();
  const std::lock_guard lock(mu_);
  const auto found = sessions_.find(sha256_hex(token));
  return found != sessions_.end() && now - found->second.created_at <= config_.session_age_max;
}

void Accounts::sign_out(std::string_view token) {
  const std::lock_guard lock(mu_);
  sessions_.erase(sha256_hex(token));
}

void Accounts::end_sessions_of(std::string_view username) {
  const std::lock_guard lock(mu_);
  std::erase_if(sessions_, [&](const auto& entry) { return entry.second.username == username; });
}

Result<> Accounts::prove_password(const Session& current, std::string_view from, std::string_view password) {
  const std::string& username = current.account.username;
  const UtcTime now = env_.now();
  const auto counted = PHENDAU_TRY(attempt(username, from, now, kWholeWait));
  auto permit = hashes_.enter();
  if (!permit) {
    guard_.undo(counted);
    return std::unexpected(permit.error());
  }
  const std::string encoded = PHENDAU_TRY(ledger_.get_secret(kUserKind, username, "password_hash"));
  if (password.size() > kPasswordBytesMax || !verify_password(encoded, password)) {
    return fail(ErrorCode::invalid, "old password is wrong", "account.old_password_wrong");
  }
  guard_.succeeded(counted, now);
  return {};
}

Result<> Accounts::replace_password(const Session& current, std::string_view from,
                                    std::string_view old_password, std::string_view new_password) {
  Account account = current.account;
  PHENDAU_TRY(prove_password(current, from, old_password));
  const auto permit = PHENDAU_TRY(hashes_.enter());
  const std::string encoded = PHENDAU_TRY(ledger_.get_secret(kUserKind, account.username, "password_hash"));
  if (verify_password(encoded, new_password)) {
    return fail(ErrorCode::invalid, "new password equals the old one", "account.same_password");
  }
  PHENDAU_TRY(check_password(password_rule(), new_password, account.username));
  account.must_change_password = false;
  account.password_changed_at = env_.now();
  const std::string new_hash = PHENDAU_TRY(hash_password(env_, new_password));
  PHENDAU_TRY(save(current.actor, account, Json::object({{"password_hash", new_hash}}), "password changed"));
  return {};
}

Result<Session> Accounts::change_password(std::string_view token, std::string_view old_password,
                                          std::string_view new_password, std::string_view from) {
  const Session current = PHENDAU_TRY(session(token, from));
  PHENDAU_TRY(replace_password(current, from, old_password, new_password));
  end_other_sessions(current, token);
  return session(token, from);
}

/// Of the same account; this one goes on.
void Accounts::end_other_sessions(const Session& current, std::string_view token) {
  const std::lock_guard lock(mu_);
  const std::string own = sha256_hex(token);
  std::erase_if(sessions_, [&](const auto& e) {
    return e.second.username == current.account.username && e.first != own;
  });
}

Result<std::string> Accounts::hash(std::string_view password) {
  const auto permit = PHENDAU_TRY(hashes_.enter());
  return hash_password(env_, password);
}

Result<std::vector<Account>> Accounts::list(const Actor& actor) {
  const Scope scope = authorize(actor, Action::read, Resource::user);
  if (scope.allows_nothing()) return fail(ErrorCode::denied, "not for this role", "error.denied");
  std::vector<Account> out;
  ledger::Query query;
  query.kind = kUserKind;
  PHENDAU_TRY(ledger::each_record(ledger_, ledger::by_id(std::move(query)), scope,
                                  [&](const ledger::Record& record) -> Result<> {
                                    out.push_back(account_from(record));
                                    return {};
                                  }));
  return out;
}

namespace {
Result<> check_agencies(ledger::Ledger& ledger, const Account& account) {
  for (const auto& id : account.agency_ids) {
    const auto agency = living_agency(ledger, id);
    if (!agency && agency.error().code == ErrorCode::conflict) return std::unexpected(agency.error());
    if (!agency) return fail(ErrorCode::invalid, "no agency " + id, "account.no_agency", {id});
  }
  const bool needs_agency = account.role == Role::agency_officer || account.role == Role::agency_head ||
                            account.role == Role::staff;
  if (needs_agency && account.agency_ids.empty()) {
    return fail(ErrorCode::invalid, "this role needs an agency", "account.needs_agency");
  }
  return {};
}

/// Staff record, training and exception; a day must be one, an exception needs a reason.
Result<> merge_rules(ledger::Ledger& ledger, Account& account, const AccountWrite& write) {
  const auto is_day = [](const std::string& text) { return text.empty() || parse_date(text).has_value(); };
  if (write.staff_id) {
    const Scope all{Scope::Reach::everything, {}, {}};
    if (!write.staff_id->empty() && !ledger.get("staff", *write.staff_id, all))
      return fail(ErrorCode::invalid, "no such staff record", "request.invalid", {"staff_id"});
    account.staff_id = *write.staff_id;
  }
  if (write.basic_training_on) {
    if (!is_day(*write.basic_training_on))
      return fail(ErrorCode::invalid, "not a day", "request.invalid", {"basic_training_on"});
    if (account.basic_training_on != *write.basic_training_on) account.training_record.clear();
    account.basic_training_on = *write.basic_training_on;
  }
  if (write.training_exception) {
    const TrainingException& exception = *write.training_exception;
    if (!is_day(exception.until) || (!exception.until.empty() && trim(exception.reason).empty()))
      return fail(ErrorCode::invalid, "a day and a reason are needed", "account.exception_needs");
    account.training_exception = exception;
  }
  return {};
}
}  // namespace

Result<AccountWithPassword> Accounts::create(const Actor& actor, std::string_view username,
                                             const AccountWrite& write) {
  if (authorize(actor, Action::create, Resource::user).reach != Scope::Reach::everything) {
    return fail(ErrorCode::denied, "not for this role", "error.denied");
  }
  if (!is_username(username)) return fail(ErrorCode::invalid, "bad user name", "account.bad_username");
  if (load(username))
    return fail(ErrorCode::conflict, "user exists", "account.exists", {std::string(username)});
  Account account;
  account.username = username;
  account.full_name = write.full_name.value_or(std::string(username));
  account.role = write.role.value_or(Role::staff);
  account.agency_ids = write.agency_ids.value_or(std::vector<std::string>());
  account.must_change_password = true;
  account.password_changed_at = env_.now();
  PHENDAU_TRY(check_agencies(ledger_, account));
  std::string password = make_one_time_password(env_);
  const std::string encoded = PHENDAU_TRY(hash(password));
  PHENDAU_TRY(merge_rules(ledger_, account, write));
  Account made = PHENDAU_TRY(save(actor, account, Json::object({{"password_hash", encoded}}), "created"));
  made.created_at = env_.now();
  return AccountWithPassword{std::move(made), password};
}

Result<> Accounts::keep_an_administrator(const Account& before, const AccountWrite& write) {
  const bool loses = write.locked.value_or(false) || write.role.value_or(before.role) != Role::administrator;
  if (loses && is_last_administrator(before.username)) {
    return fail(ErrorCode::conflict, "the last administrator", "account.last_administrator");
  }
  return {};
}

Result<AccountWithPassword> Accounts::update(const Actor& actor, std::string_view username,
                                             const AccountWrite& write) {
  if (authorize(actor, Action::update, Resource::user).reach != Scope::Reach::everything) {
    return fail(ErrorCode::denied, "not for this role", "error.denied");
  }
  Account account = PHENDAU_TRY(load(username));
  PHENDAU_TRY(keep_an_administrator(account, write));
  PHENDAU_TRY(merge_rules(ledger_, account, write));
  if (account.locked && write.locked == false && unlock_check_) PHENDAU_TRY(unlock_check_(account));
  if (write.full_name) account.full_name = *write.full_name;
  if (write.role) account.role = *write.role;
  if (write.agency_ids) account.agency_ids = *write.agency_ids;
  if (write.locked) account.locked = *write.locked;
  PHENDAU_TRY(check_agencies(ledger_, account));
  AccountWithPassword out;
  Json secrets = Json::object();
  if (write.reset_totp) {
    account.has_totp = false;
    secrets.set("totp_secret", Json()).set("recovery_codes", Json());
  }
  if (write.reset_password) {
    out.one_time_password = make_one_time_password(env_);
    secrets.set("password_hash", PHENDAU_TRY(hash(out.one_time_password)));
    account.must_change_password = true;
    account.password_changed_at = env_.now();
  }
  const std::string_view reason = write.reset_password ? "password reset"
                                  : write.reset_totp   ? "second step reset"
                                                       : "changed";
  out.account = PHENDAU_TRY(save(actor, account, secrets, reason));
  // A changed role or lock takes effect at once; who was reset signs in again.
  const bool ends =
      account.locked || write.reset_password || write.reset_totp || write.role || write.agency_ids;
  if (ends) end_sessions_of(username);
  return out;
}

Result<> Accounts::lock_leaver(std::string_view username, std::string_view record) {
  Account account = PHENDAU_TRY(load(username));
  if (account.locked) return {};
  AccountWrite write;
  write.locked = true;
  PHENDAU_TRY(keep_an_administrator(account, write));
  account.locked = true;
  account.locked_by = record;
  PHENDAU_TRY(save(system_actor(), account, Json::object(), fmt::format("locked: {}", record)));
  end_sessions_of(username);
  if (observer_) observer_({std::string(username), "", false, "left", 1});
  return {};
}

Result<> Accounts::leave_agency(std::string_view username, std::string_view agency_id,
                                std::string_view record) {
  Account account = PHENDAU_TRY(load(username));
  if (account.agency_ids.size() < 2) return lock_leaver(username, record);
  std::erase(account.agency_ids, agency_id);
  PHENDAU_TRY(save(system_actor(), account, Json::object(), fmt::format("left {}: {}", agency_id, record)));
  end_sessions_of(username);
  return {};
}

Result<> Accounts::take_training(std::string_view username, std::string_view day, std::string_view record) {
  Account account = PHENDAU_TRY(load(username));
  account.basic_training_on = day;
  account.training_record = day.empty() ? std::string_view() : record;
  PHENDAU_TRY(save(system_actor(), account, Json::object(), fmt::format("training: {}", record)));
  return {};
}

}  // namespace phendau::hub
