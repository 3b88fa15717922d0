// SPDX-License-Identifier: Apache-2.0
// The second step of accounts: enrolment, the look at a code, recovery codes, removal. The secret is a secret
// field of the record (encrypted, never in history); the last used step is a derived row, so that no code is
// good twice, not even after a restart.
#include "base/hash.h"
#include "base/text.h"
#include "hub/accounts.h"
#include "hub/totp.h"
#include "report/qr_code.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kUsedSpace = "totp_used";
constexpr std::string_view kSecret = "totp_secret";
constexpr std::string_view kRecovery = "recovery_codes";  // digests, one a line

}  // namespace

Result<bool> Accounts::use_code(const Account& account, std::string_view code) {
  const std::lock_guard turn(codes_mu_);
  const UtcTime now = env_.now();
  const std::string secret =
      PHENDAU_TRY(from_hex(PHENDAU_TRY(ledger_.get_secret(kUserKind, account.username, kSecret))));
  const auto used = PHENDAU_TRY(ledger_.get_derived(kUsedSpace, account.username));
  const auto step = match_totp(secret, code, now, used ? used->doc["step"].as_int() : 0);
  if (!step) return use_recovery_code(account, code);
  PHENDAU_TRY(ledger_.put_derived(kUsedSpace, account.username, "", Json::object({{"step", *step}}), now));
  return true;
}

Result<bool> Accounts::use_recovery_code(const Account& account, std::string_view code) {
  const auto kept = ledger_.get_secret(kUserKind, account.username, kRecovery);
  if (!kept) return false;
  const std::string wanted = recovery_digest(code);
  std::vector<std::string> left;
  for (const auto line : split(*kept, '\n')) {
    if (!equals_constant_time(line, wanted)) left.emplace_back(line);
  }
  if (left.size() == split(*kept, '\n').size()) return false;
  // As it is now: somebody else may have changed the record since the password was looked at.
  Account current = PHENDAU_TRY(load(account.username));
  current.recovery_codes_left = static_cast<std::int64_t>(left.size());
  const Json secrets =
      Json::object({{std::string(kRecovery), left.empty() ? Json() : Json(join(left, "\n"))}});
  PHENDAU_TRY(save(actor_of(account, ""), current, secrets, "recovery code used"));
  return true;
}

Result<> Accounts::prove_code(const Account& account, std::string_view code, std::string_view from) {
  const UtcTime now = env_.now();
  const auto counted = PHENDAU_TRY(attempt(account.username, from, now, kWholeWait));
  if (!PHENDAU_TRY(use_code(account, code)))
    return fail(ErrorCode::invalid, "the one-time code is wrong", "account.totp_wrong_code");
  guard_.succeeded(counted, now);
  return {};
}

Result<TotpOffer> Accounts::begin_totp(std::string_view token, std::string_view password,
                                       std::string_view from) {
  const Session current = PHENDAU_TRY(session(token, from));
  if (current.account.has_totp)
    return fail(ErrorCode::conflict, "there is a second step already", "account.totp_exists");
  PHENDAU_TRY(prove_password(current, from, password));
  const std::string secret = env_.random_bytes(kTotpSecretBytes);
  {
    const std::lock_guard lock(mu_);
    const auto found = sessions_.find(sha256_hex(token));
    if (found == sessions_.end()) return fail(ErrorCode::denied, "no session", "account.signed_out");
    found->second.offered_totp = secret;
  }
  const std::string uri = totp_uri(current.account.username, secret);
  return TotpOffer{to_base32(secret), uri, PHENDAU_TRY(report::qr_code(uri))};
}

Result<TotpEnrolled> Accounts::confirm_totp(std::string_view token, std::string_view code,
                                            std::string_view from) {
  const Session current = PHENDAU_TRY(session(token, from));
  const UtcTime now = env_.now();
  std::string secret;
  {
    const std::lock_guard lock(mu_);
    const auto found = sessions_.find(sha256_hex(token));
    if (found != sessions_.end()) secret = found->second.offered_totp;
  }
  if (secret.empty() || current.account.has_totp)
    return fail(ErrorCode::conflict, "no enrolment under way", "account.totp_not_begun");
  const auto step = match_totp(secret, code, now, 0);
  if (!step) return fail(ErrorCode::invalid, "the one-time code is wrong", "account.totp_wrong_code");
  TotpEnrolled out;
  out.recovery_codes = make_recovery_codes(env_);
  std::vector<std::string> digests;
  for (const auto& one : out.recovery_codes) digests.push_back(recovery_digest(one));
  Account account = current.account;
  account.has_totp = true;
  account.recovery_codes_left = static_cast<std::int64_t>(digests.size());
  const Json secrets = Json::object({{std::string(kSecret), to_hex(std::string_view(secret))},
                                     {std::string(kRecovery), join(digests, "\n")}});
  {
    const std::lock_guard turn(codes_mu_);
    PHENDAU_TRY(save(current.actor, account, secrets, "second step enrolled"));
    PHENDAU_TRY(ledger_.put_derived(kUsedSpace, account.username, "", Json::object({{"step", *step}}), now));
  }
  {
    const std::lock_guard lock(mu_);
    const auto found = sessions_.find(sha256_hex(token));
    if (found != sessions_.end()) found->second.offered_totp.clear();
  }
  end_other_sessions(current, token);
  out.session = PHENDAU_TRY(session(token, from));
  return out;
}

Result<Session> Accounts::remove_totp(std::string_view token, std::string_view code, std::string_view from) {
  const Session current = PHENDAU_TRY(session(token, from));
  if (!current.account.has_totp)
    return fail(ErrorCode::conflict, "there is no second step", "account.totp_not_begun");
  PHENDAU_TRY(prove_code(current.account, code, from));
  Account account = PHENDAU_TRY(load(current.account.username));
  account.has_totp = false;
  const Json secrets = Json::object({{std::string(kSecret), Json()}, {std::string(kRecovery), Json()}});
  PHENDAU_TRY(save(current.actor, account, secrets, "second step removed"));
  end_other_sessions(current, token);
  return session(token, from);
}

}  // namespace phendau::hub
