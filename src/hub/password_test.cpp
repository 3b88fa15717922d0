// SPDX-License-Identifier: Apache-2.0
// Proves that password hashes verify only their password and that the rule of the pack is enforced in full.
#include "hub/password.h"

#include <doctest/doctest.h>

#include "os/testing/fake_env.h"

namespace phendau::hub::password_test {

TEST_CASE("a hash verifies its own password only, and two hashes of one password differ") {
  FakeEnv env;
  const auto first = hash_password(env, "Mat-khau-7");
  const auto second = hash_password(env, "Mat-khau-7");
  REQUIRE(first.has_value());
  REQUIRE(second.has_value());
  CHECK(first->starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
  CHECK(*first != *second);
  CHECK(verify_password(*first, "Mat-khau-7"));
  CHECK_FALSE(verify_password(*first, "Mat-khau-8"));
  CHECK_FALSE(verify_password("", "Mat-khau-7"));
  CHECK_FALSE(verify_password("$argon2id$broken", "Mat-khau-7"));
}

TEST_CASE("the rule names each thing that is missing") {
  const PasswordRule rule{8, {"lower", "digit", "special"}, 3};
  const struct {
    const char* password;
    bool ok;
  } cases[] = {{"abc123!@", true},           {"abc123!", false},  {"abcdefgh1", false},
               {"ABCDEFG1!", false},         {"abcdefg!", false}, {"quantri-2026!", false},
               {"c\u1ed9ng-h\u00f2a7", true}};
  for (const auto& c : cases) {
    CAPTURE(c.password);
    CHECK(check_password(rule, c.password, "quantri").has_value() == c.ok);
  }
  CHECK(check_password(rule, "abc1!", "x").error().text_id == "password.weak");
  CHECK(check_password(rule, "quantri-2026!", "quantri").error().text_id == "password.contains_name");
}

TEST_CASE("one-time passwords satisfy all four classes and do not repeat") {
  FakeEnv env;
  const PasswordRule rule{12, {"lower", "upper", "digit", "special"}, 3};
  std::string last;
  for (int i = 0; i < 200; ++i) {
    const std::string password = make_one_time_password(env);
    CHECK(check_password(rule, password, "").has_value());
    CHECK(password != last);
    last = password;
  }
}

}  // namespace phendau::hub::password_test
