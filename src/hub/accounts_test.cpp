// SPDX-License-Identifier: Apache-2.0
// Proves when sessions end, that a refused sign-in tells nothing (not by its answer, not by its time) and is
// told of in few small events, and who is excepted at the machine itself.
#include "hub/accounts.h"

#include <doctest/doctest.h>

#include <atomic>
#include <ctime>
#include <thread>

#include "hub/hub_test_folder.h"

using namespace phendau;
using namespace phendau::hub;

namespace {

constexpr std::string_view kFrom = "192.0.2.9";

/// What this thread computed: does not grow while others have the machine.
Duration own_time() {
  timespec out{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &out);
  return {out.tv_sec * 1'000'000'000 + out.tv_nsec};
}

struct World : TestHub {
  World() : accounts(env, *ledger, config) {
    accounts.set_observer([this](const SignInEvent& event) { events.push_back(event); });
    add_agency("a1");
    password = accounts.ensure_administrator().value().value();
    AccountWrite write;
    write.role = Role::agency_officer;
    write.agency_ids = {"a1"};
    officer_password = accounts.create(system_actor(), "can.bo", write).value().one_time_password;
  }
  Accounts accounts;
  std::vector<SignInEvent> events;
  std::string password;  // of the first administrator
  std::string officer_password;
};

}  // namespace

TEST_CASE("accounts: a session ends when it is idle, and at its age however busy it is") {
  World w;
  w.config.session_idle_max = minutes(30);
  w.config.session_age_max = hours(12);
  const auto idle = w.accounts.sign_in("can.bo", w.officer_password, kFrom).value();
  w.env.advance(minutes(30));
  CHECK(w.accounts.session(idle.token, kFrom));
  w.env.advance(minutes(30));
  CHECK(w.accounts.check(idle.token, idle.session.csrf_token));
  CHECK(w.accounts.check(idle.token, "x").error().text_id == "request.csrf");
  w.env.advance(seconds(1));
  CHECK(w.accounts.check(idle.token, idle.session.csrf_token).error().text_id == "account.signed_out");
  CHECK(w.accounts.session(idle.token, kFrom).error().text_id == "account.signed_out");

  const auto busy = w.accounts.sign_in("can.bo", w.officer_password, kFrom).value();
  for (int i = 0; i < 48; ++i) {
    w.env.advance(minutes(15));
    CHECK(w.accounts.session(busy.token, kFrom));
  }
  CHECK(w.accounts.is_alive(busy.token));
  w.env.advance(seconds(1));
  CHECK_FALSE(w.accounts.is_alive(busy.token));
  CHECK(w.accounts.check(busy.token, busy.session.csrf_token).error().text_id == "account.signed_out");
  CHECK(w.accounts.session(busy.token, kFrom).error().text_id == "account.signed_out");
}

TEST_CASE("accounts: an over-long password is refused before anything is computed, for everybody") {
  World w;
  const std::string longer(kPasswordBytesMax + 1, 'x');
  for (const char* name : {"can.bo", "khong.co"}) {
    const Duration begin = own_time();
    CHECK(w.accounts.sign_in(name, longer, kFrom).error().text_id == "account.sign_in_failed");
    CHECK(own_time().ns - begin.ns < milliseconds(10).ns);  // an Argon2 hash takes several times as long
  }
  // It counts: five, then waiting.
  for (int i = 0; i < 4; ++i)
    CHECK(w.accounts.sign_in("can.bo", longer, kFrom).error().code == ErrorCode::denied);
  CHECK(w.accounts.sign_in("can.bo", longer, kFrom).error().text_id == "account.wait");
}

TEST_CASE("accounts: bad passwords at the same time are no more than the limit") {
  World w;
  std::vector<std::thread> threads;
  std::atomic<int> looked_at{0};
  w.accounts.set_observer(nullptr);
  for (int i = 0; i < 24; ++i) {
    threads.emplace_back([&] {
      const auto answer = w.accounts.sign_in("can.bo", std::string(kPasswordBytesMax + 1, 'x'), kFrom);
      if (answer.error().text_id == "account.sign_in_failed") ++looked_at;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(looked_at == 5);
}

TEST_CASE("accounts: refused sign-ins are few events, with a short name") {
  World w;
  const std::string huge(1'000'000, 'u');
  CHECK_FALSE(w.accounts.sign_in(huge, "x", kFrom));
  REQUIRE(w.events.size() == 1);
  CHECK(w.events[0].username.size() == 64);
  for (int i = 0; i < 100; ++i) CHECK_FALSE(w.accounts.sign_in(huge, "x", kFrom));
  w.env.advance(minutes(1));
  CHECK_FALSE(w.accounts.sign_in(huge, "x", kFrom));
  // Five looked at, one "waiting" at once, one a minute later that counts the others.
  REQUIRE(w.events.size() == 7);
  CHECK(w.events[5].reason == "waiting");
  CHECK(w.events[5].count == 1);
  CHECK(w.events[6].count == 96);
}

TEST_CASE(
    "accounts: at the machine itself the last administrator waits seconds, unless a proxy may be there") {
  const auto wait_after_failures = [](World& w, bool forwarded) {
    for (int i = 0; i < 5; ++i) CHECK_FALSE(w.accounts.sign_in("admin", "sai", "127.0.0.1", forwarded));
    const auto refused = w.accounts.sign_in("admin", w.password, "127.0.0.1", forwarded);
    REQUIRE_FALSE(refused);
    REQUIRE(refused.error().text_id == "account.wait");
    return std::stoi(refused.error().args.at(0));
  };
  {
    World w;
    CHECK(wait_after_failures(w, false) < 10);
  }
  {
    World w;
    CHECK(wait_after_failures(w, true) > 800);
  }
  {
    World w;
    w.config.local_sign_in = false;
    CHECK(wait_after_failures(w, false) > 800);
  }
  {
    World w;  // reached directly from the network: a loopback peer may be a proxy
    w.config.https_address = "0.0.0.0:8443";
    CHECK(wait_after_failures(w, false) > 800);
    CHECK_FALSE(allows_local_sign_in(w.config));
    w.config.local_sign_in = true;
    CHECK(allows_local_sign_in(w.config));
  }
}

TEST_CASE("accounts: wrong old passwords count like failed sign-ins") {
  World w;
  const auto mine = w.accounts.sign_in("can.bo", w.officer_password, kFrom).value();
  for (int i = 0; i < 5; ++i) {
    CHECK(w.accounts.change_password(mine.token, "sai", "Mat-khau-moi-1!", kFrom).error().text_id ==
          "account.old_password_wrong");
  }
  CHECK(
      w.accounts.change_password(mine.token, w.officer_password, "Mat-khau-moi-1!", kFrom).error().text_id ==
      "account.wait");
  w.env.advance(minutes(16));
  CHECK(w.accounts.change_password(mine.token, w.officer_password, "Mat-khau-moi-1!", kFrom));
}
