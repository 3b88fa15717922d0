// SPDX-License-Identifier: Apache-2.0
#include "hub/totp.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kIssuer = "Phen%20Dau";
constexpr std::size_t kRecoveryBytes = 10;
constexpr std::size_t kRecoveryGroup = 4;
constexpr std::uint32_t kCodeModulus = 1'000'000;

std::string without(std::string_view text, std::string_view unwanted) {
  std::string out;
  for (const char c : text) {
    if (unwanted.find(c) == std::string_view::npos) out += c;
  }
  return out;
}

}  // namespace

std::int64_t totp_step(UtcTime now) { return now.ns / kTotpStep.ns; }

std::string totp_code(std::string_view secret, std::int64_t step) {
  std::string counter(8, '\0');
  for (std::size_t i = 0; i < counter.size(); ++i) {
    counter[i] = static_cast<char>(static_cast<std::uint64_t>(step) >> (8 * (7 - i)) & 0xFF);
  }
  const std::string digest = hmac_sha1(secret, counter);
  // Dynamic truncation: RFC 4226, section 5.3.
  const std::size_t offset = static_cast<unsigned char>(digest.back()) & 0xF;
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | static_cast<unsigned char>(digest[offset + i]);
  return fmt::format("{:06}", (number & 0x7FFF'FFFF) % kCodeModulus);
}

std::optional<std::int64_t> match_totp(std::string_view secret, std::string_view typed, UtcTime now,
                                       std::int64_t used_step) {
  const std::string code = without(typed, " ");
  if (code.size() != kTotpDigits) return std::nullopt;
  std::optional<std::int64_t> out;
  for (std::int64_t step = totp_step(now) - kTotpWindow; step <= totp_step(now) + kTotpWindow; ++step) {
    if (equals_constant_time(totp_code(secret, step), code) && step > used_step) out = step;
  }
  return out;
}

std::string totp_uri(std::string_view username, std::string_view secret) {
  return fmt::format("otpauth://totp/{0}:{1}?secret={2}&issuer={0}", kIssuer, username, to_base32(secret));
}

std::vector<std::string> make_recovery_codes(Env& env) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < kRecoveryCodes; ++i) {
    const std::string letters = to_lower_ascii(to_base32(env.random_bytes(kRecoveryBytes)));
    std::vector<std::string> groups;
    for (std::size_t at = 0; at < letters.size(); at += kRecoveryGroup)
      groups.push_back(letters.substr(at, kRecoveryGroup));
    out.push_back(join(groups, "-"));
  }
  return out;
}

std::string recovery_digest(std::string_view typed) {
  return sha256_hex(to_lower_ascii(without(typed, " -")));
}

}  // namespace phendau::hub
