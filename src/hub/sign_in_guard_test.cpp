// SPDX-License-Identifier: Apache-2.0
// Proves that attempts at the same time cannot pass the limit together, that a stranger cannot keep a person
// out, that IPv6 addresses of one line count as one, and that few hashes run at once.
#include "hub/sign_in_guard.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace sign_in_guard_test {

using namespace phendau;
using namespace phendau::hub;

namespace {

constexpr UtcTime kStart{1'764'000'000'000'000'000};
constexpr Duration kWait = minutes(15);

/// How many of `attempts` may look at their password.
int let_through(SignInGuard& guard, const char* user, const char* from, UtcTime now, int attempts) {
  int out = 0;
  for (int i = 0; i < attempts; ++i) out += guard.begin(user, from, now, kWait).has_value() ? 1 : 0;
  return out;
}

}  // namespace

TEST_CASE("sign-in guard: attempts at the same time do not pass the limit together") {
  SignInGuard guard(5, kWait);
  std::atomic<int> through{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 24; ++i) {
    threads.emplace_back([&] { through += let_through(guard, "an", "192.0.2.1", kStart, 1); });
  }
  for (auto& thread : threads) thread.join();
  CHECK(through == 5);
}

TEST_CASE("sign-in guard: after the wait failures count anew, success and undo leave nothing") {
  SignInGuard guard(5, kWait);
  CHECK(let_through(guard, "an", "192.0.2.1", kStart, 9) == 5);
  const auto refused = guard.begin("an", "192.0.2.1", kStart + minutes(1), kWait);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().wait == minutes(14));
  CHECK(let_through(guard, "an", "192.0.2.1", kStart + minutes(15), 9) == 5);

  for (int i = 0; i < 50; ++i) {
    const auto attempt = guard.begin("binh", "192.0.2.2", kStart, kWait);
    REQUIRE(attempt);
    if (i % 2 == 0)
      guard.undo(*attempt);
    else
      guard.succeeded(*attempt, kStart);
  }
}

TEST_CASE("sign-in guard: stricter limits hold from when they are set") {
  SignInGuard guard(20, seconds(4));
  CHECK(let_through(guard, "an", "192.0.2.1", kStart, 3) == 3);
  guard.set_limits(5, minutes(5));
  CHECK(let_through(guard, "an", "192.0.2.1", kStart, 9) == 2);
  CHECK(let_through(guard, "an", "192.0.2.1", kStart + minutes(4), 9) == 0);
  CHECK(let_through(guard, "an", "192.0.2.1", kStart + minutes(5), 1) == 1);
}

TEST_CASE("sign-in guard: a stranger does not keep a person out") {
  SignInGuard guard(5, kWait);
  const UtcTime later = kStart + hours(1);
  guard.succeeded(guard.begin("an", "192.0.2.1", kStart, kWait).value(), kStart);
  // From 200 addresses somebody guesses the passwords of two people.
  int through = 0;
  for (int i = 0; i < 200; ++i) {
    const std::string from = "203.0.113." + std::to_string(i);
    through += let_through(guard, "an", from.c_str(), later, 1);
    through += let_through(guard, "binh", from.c_str(), later, 1);
  }
  CHECK(through == 10);
  // Who signed in from here before is not slowed; who did not waits a minute at most.
  CHECK(guard.begin("an", "192.0.2.1", later, kWait));
  const auto slowed = guard.begin("binh", "192.0.2.1", later, kWait);
  REQUIRE_FALSE(slowed);
  CHECK(slowed.error().wait <= kUserDelayMax);
  UtcTime now = later;
  for (int i = 0; i < 50; ++i) {
    now = now + kUserDelayMax;
    CHECK(guard.begin("binh", ("198.51.100." + std::to_string(i)).c_str(), now, kWait));
  }
  CHECK(guard.begin("binh", "192.0.2.1", now + kUserDelayMax, kWait));
}

TEST_CASE("sign-in guard: an address waits for all names, and a /64 is one address") {
  SignInGuard guard(5, kWait);
  int through = 0;
  for (int i = 0; i < 100; ++i) {
    const std::string from = "2001:db8:1:2::" + std::to_string(i);
    through += let_through(guard, ("u" + std::to_string(i)).c_str(), from.c_str(), kStart, 1);
  }
  CHECK(through == 5 * kAddressFailuresFactor);
  CHECK(guard.begin("u", "2001:db8:1:3::1", kStart, kWait));
}

TEST_CASE("sign-in guard: refusals are told once a minute, with their count") {
  SignInGuard guard(5, kWait);
  let_through(guard, "an", "192.0.2.1", kStart, 5);
  CHECK(guard.begin("an", "192.0.2.1", kStart, kWait).error().report == 1);
  for (int i = 0; i < 39; ++i)
    CHECK(guard.begin("an", "192.0.2.1", kStart + seconds(i), kWait).error().report == 0);
  CHECK(guard.begin("an", "192.0.2.1", kStart + seconds(60), kWait).error().report == 40);
}

TEST_CASE("hash gate: two at once, two wait, the next is told to come back") {
  HashGate gate(2, 2);
  auto first = gate.enter();
  auto second = gate.enter();
  REQUIRE(first);
  REQUIRE(second);
  std::atomic<int> inside{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto permit = gate.enter();
      if (permit)
        ++inside;
      else
        ++refused;
    });
  }
  while (refused < 6) std::this_thread::yield();
  CHECK(inside == 0);
  CHECK(gate.enter().error().text_id == "account.busy");
  CHECK(gate.enter().error().code == ErrorCode::unavailable);
  {
    const auto leaving = std::move(*first);
  }
  {
    const auto leaving = std::move(*second);
  }
  for (auto& thread : threads) thread.join();
  CHECK(inside == 2);
  CHECK(gate.enter());
}

}  // namespace sign_in_guard_test
