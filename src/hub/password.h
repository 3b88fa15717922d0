// SPDX-License-Identifier: Apache-2.0
// Passwords of portal accounts: Argon2id, one-time passwords, and the strictest rule of the active packs.
// Adapter of libargon2: password.cpp only. Pure apart from the Env's randomness; thread-safe. Hashing takes
// about 60 ms and 19 MiB.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/env.h"

namespace phendau::hub {

/// Cost of one hash. Source: OWASP Password Storage Cheat Sheet (m = 19 MiB, t = 2, p = 1).
inline constexpr std::uint32_t kArgonMemoryKib = 19'456;
inline constexpr std::uint32_t kArgonPasses = 2;
inline constexpr std::size_t kPasswordBytesMax = 1'024;

/// The encoded form "$argon2id$v=19$m=...".
Result<std::string> hash_password(Env& env, std::string_view password);
/// True if the password fits; same cost for a wrong password. An unreadable hash never fits.
bool verify_password(std::string_view encoded, std::string_view password);
/// Takes as long as verify_password: called for unknown users, so that time does not tell who exists.
void verify_nothing(std::string_view password);

/// What a new password must satisfy. Values come from the packs in force: the strictest of them.
struct PasswordRule {
  std::int64_t length_min = 8;
  std::vector<std::string> classes{"lower", "digit", "special"};  // of lower, upper, digit, special
  std::int64_t age_months_max = 3;
};
/// `invalid` with a sentence that names everything that is missing.
Result<> check_password(const PasswordRule& rule, std::string_view password, std::string_view username);
/// 16 characters that satisfy any rule of the four classes; no look-alikes (0 O 1 l I).
std::string make_one_time_password(Env& env);

}  // namespace phendau::hub
