// SPDX-License-Identifier: Apache-2.0
// One-time codes of authenticator programs by RFC 6238 (HMAC-SHA-1, 30 s, six digits), and recovery codes for
// who lost the device. Pure apart from the Env's randomness; thread-safe. Used by Accounts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "os/env.h"

namespace phendau::hub {

inline constexpr Duration kTotpStep = seconds(30);
inline constexpr std::int64_t kTotpWindow = 1;  // steps before and after now that are good as well
inline constexpr std::size_t kTotpDigits = 6;
inline constexpr std::size_t kTotpSecretBytes = 20;  // RFC 4226, section 4
inline constexpr std::size_t kRecoveryCodes = 10;

/// The number of the step that `now` lies in.
std::int64_t totp_step(UtcTime now);
std::string totp_code(std::string_view secret, std::int64_t step);
/// The step whose code was typed, within the window and later than `used_step`; spaces are left out.
std::optional<std::int64_t> match_totp(std::string_view secret, std::string_view typed, UtcTime now,
                                       std::int64_t used_step);
/// What the QR code holds: otpauth://totp/...
std::string totp_uri(std::string_view username, std::string_view secret);

/// 80 random bits each, as "abcd-efgh-ijkl-mnop".
std::vector<std::string> make_recovery_codes(Env& env);
/// What is kept of a recovery code; case, spaces and hyphens of what was typed do not matter.
std::string recovery_digest(std::string_view typed);

}  // namespace phendau::hub
