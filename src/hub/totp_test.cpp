// SPDX-License-Identifier: Apache-2.0
// The published examples of RFC 6238, the window, replay, and recovery codes.
#include "hub/totp.h"

#include <doctest/doctest.h>

#include <set>

#include "os/testing/fake_env.h"

namespace totp_test {

using namespace phendau;
using namespace phendau::hub;

namespace {
constexpr std::string_view kSecret = "12345678901234567890";
UtcTime at(std::int64_t unix_seconds) { return UtcTime{} + seconds(unix_seconds); }
}  // namespace

TEST_CASE("totp: the examples of RFC 6238, appendix B, cut to six digits") {
  struct Example {
    std::int64_t unix_seconds;
    const char* code;
  };
  for (const Example& one : {Example{59, "287082"}, Example{1'111'111'109, "081804"},
                             Example{1'111'111'111, "050471"}, Example{1'234'567'890, "005924"},
                             Example{2'000'000'000, "279037"}, Example{20'000'000'000, "353130"}}) {
    CAPTURE(one.unix_seconds);
    // Instants end in 2262; the step counts.
    CHECK(totp_code(kSecret, one.unix_seconds / 30) == one.code);
  }
}

TEST_CASE("totp: one step before and after is good, a used step and older ones are not") {
  const UtcTime now = at(1'111'111'109);
  const std::int64_t step = totp_step(now);
  for (std::int64_t off = -3; off <= 3; ++off) {
    const auto matched = match_totp(kSecret, totp_code(kSecret, step + off), now, 0);
    CHECK(matched.has_value() == (off >= -1 && off <= 1));
    if (matched) CHECK(*matched == step + off);
  }
  CHECK(match_totp(kSecret, "081 804", now, step - 1));
  CHECK_FALSE(match_totp(kSecret, "081804", now, step));
  CHECK_FALSE(match_totp(kSecret, totp_code(kSecret, step - 1), now, step));
  CHECK(match_totp(kSecret, totp_code(kSecret, step + 1), now, step));
  for (const char* wrong : {"", "081805", "81804", "0818044", "abcdef"})
    CHECK_FALSE(match_totp(kSecret, wrong, now, 0));
}

TEST_CASE("totp: the address that authenticator programs read") {
  CHECK(totp_uri("can.bo", kSecret) ==
        "otpauth://totp/Phen%20Dau:can.bo?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Phen%20Dau");
}

TEST_CASE("totp: recovery codes differ and are known however they are typed") {
  FakeEnv env;
  const auto codes = make_recovery_codes(env);
  CHECK(std::set<std::string>(codes.begin(), codes.end()).size() == kRecoveryCodes);
  for (const auto& code : codes) CHECK(code.size() == 19);
  CHECK(recovery_digest("ABCD efgh-ijkl MNOP") == recovery_digest("abcd-efgh-ijkl-mnop"));
  CHECK(recovery_digest(codes[0]) != recovery_digest(codes[1]));
}

}  // namespace totp_test
