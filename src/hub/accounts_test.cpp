// SPDX-License-Identifier: Apache-2.0
// Proves when sessions end, that a refused sign-in tells nothing (not by its answer, not by its time) and is
// told of in few small events, and who is excepted at the machine itself.
#include "hub/accounts.h"

#include <doctest/doctest.h>

#include <atomic>
#include <ctime>
#include <thread>

#include "base/text.h"
#include "hub/hub_test_folder.h"
#include "hub/totp.h"

namespace accounts_test {

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

namespace {
/// What the person's phone would show, some steps from now.
std::string code_of(World& w, const std::string& username, std::int64_t steps = 0) {
  const std::string secret = from_hex(w.ledger->get_secret("user", username, "totp_secret").value()).value();
  return totp_code(secret, totp_step(w.env.now()) + steps);
}

std::vector<std::string> enrol(World& w, const std::string& token) {
  const auto offer = w.accounts.begin_totp(token, w.officer_password, kFrom).value();
  CHECK(offer.uri.find(offer.secret) != std::string::npos);
  CHECK(offer.qr.size() > 20);
  CHECK(w.accounts.confirm_totp(token, "000000", kFrom).error().text_id == "account.totp_wrong_code");
  // The secret is known to the person only, so the test reads it from what was shown.
  std::string secret;
  unsigned group = 0;
  int bits = 0;
  for (const char c : offer.secret) {
    group = group << 5 | static_cast<unsigned>(c >= 'A' ? c - 'A' : c - '2' + 26);
    if ((bits += 5) >= 8) secret += static_cast<char>(group >> (bits -= 8) & 0xFF);
  }
  return w.accounts.confirm_totp(token, totp_code(secret, totp_step(w.env.now())), kFrom)
      .value()
      .recovery_codes;
}
}  // namespace

TEST_CASE("accounts: a second step is asked for after the password, its codes are good once") {
  World w;
  const auto mine = w.accounts.sign_in("can.bo", w.officer_password, kFrom).value();
  const auto other = w.accounts.sign_in("can.bo", w.officer_password, kFrom).value();
  CHECK(w.accounts.begin_totp(mine.token, "sai", kFrom).error().text_id == "account.old_password_wrong");
  CHECK(w.accounts.confirm_totp(mine.token, "123456", kFrom).error().text_id == "account.totp_not_begun");
  const auto recovery = enrol(w, mine.token);
  CHECK(recovery.size() == kRecoveryCodes);
  CHECK(w.accounts.is_alive(mine.token));
  CHECK_FALSE(w.accounts.is_alive(other.token));
  CHECK(w.accounts.begin_totp(mine.token, w.officer_password, kFrom).error().text_id ==
        "account.totp_exists");

  const auto sign_in = [&](const std::string& code) {
    return w.accounts.sign_in("can.bo", w.officer_password, kFrom, false, code);
  };
  CHECK(sign_in("").error().text_id == "account.totp_required");
  CHECK(sign_in(code_of(w, "can.bo")).error().text_id == "account.totp_wrong");  // used by the enrolment
  CHECK(sign_in(code_of(w, "can.bo", 1)));
  CHECK(sign_in(code_of(w, "can.bo", 1)).error().text_id == "account.totp_wrong");
  w.env.advance(minutes(5));
  CHECK(sign_in(code_of(w, "can.bo")));
  CHECK(sign_in(code_of(w, "can.bo", -1)).error().text_id == "account.totp_wrong");
  // A restart forgets nothing of it.
  Accounts again(w.env, *w.ledger, w.config);
  CHECK(again.sign_in("can.bo", w.officer_password, kFrom, false, code_of(w, "can.bo")).error().text_id ==
        "account.totp_wrong");
  // A recovery code is good once, however it is typed.
  CHECK(sign_in(to_lower_ascii(recovery[3]) + " "));
  CHECK(sign_in(recovery[3]).error().text_id == "account.totp_wrong");
  CHECK(w.accounts.list(system_actor()).value()[1].recovery_codes_left == 9);
  // A right code does not help a wrong password.
  w.env.advance(minutes(5));
  CHECK(w.accounts.sign_in("can.bo", "sai", kFrom, false, code_of(w, "can.bo")).error().text_id ==
        "account.sign_in_failed");
}

TEST_CASE("accounts: wrong codes count like wrong passwords, a missing one does not") {
  World w;
  const auto mine = w.accounts.sign_in("can.bo", w.officer_password, kFrom).value();
  enrol(w, mine.token);
  const auto sign_in = [&](std::string_view code) {
    return w.accounts.sign_in("can.bo", w.officer_password, kFrom, false, code).error().text_id;
  };
  for (int i = 0; i < 10; ++i) CHECK(sign_in("") == "account.totp_required");
  for (int i = 0; i < 5; ++i) CHECK(sign_in("12345") == "account.totp_wrong");
  CHECK(sign_in(code_of(w, "can.bo", 1)) == "account.wait");
  CHECK(sign_in("") == "account.wait");
}

TEST_CASE(
    "accounts: the second step is removed by its owner with a code, by an administrator, at the machine") {
  World w;
  auto mine = w.accounts.sign_in("can.bo", w.officer_password, kFrom).value();
  const auto recovery = enrol(w, mine.token);
  CHECK(w.accounts.remove_totp(mine.token, "123", kFrom).error().text_id == "account.totp_wrong_code");
  CHECK(w.accounts.remove_totp(mine.token, recovery[0], kFrom));
  CHECK_FALSE(w.ledger->get_secret("user", "can.bo", "totp_secret"));
  CHECK_FALSE(w.ledger->get_secret("user", "can.bo", "recovery_codes"));
  w.env.advance(minutes(5));
  enrol(w, mine.token);
  AccountWrite reset;
  reset.reset_totp = true;
  REQUIRE(w.accounts.update(system_actor(), "can.bo", reset));
  CHECK_FALSE(w.accounts.is_alive(mine.token));
  mine = w.accounts.sign_in("can.bo", w.officer_password, kFrom).value();
  w.env.advance(minutes(5));
  enrol(w, mine.token);
  const std::string password = w.accounts.reset_locally("can.bo").value();
  CHECK(w.accounts.sign_in("can.bo", password, kFrom));
}

TEST_CASE("accounts: the secret of the second step is in no record, no history and not in clear on disk") {
  World w;
  const auto mine = w.accounts.sign_in("can.bo", w.officer_password, kFrom).value();
  const auto recovery = enrol(w, mine.token);
  const std::string hex = w.ledger->get_secret("user", "can.bo", "totp_secret").value();
  const std::string raw = from_hex(hex).value();
  std::string all = w.ledger->get("user", "can.bo", everything()).value().doc.dump();
  const auto history = w.ledger->history("user", "can.bo", everything()).value();
  for (const auto& entry : history) all += entry.doc.dump();
  for (const auto& file : std::filesystem::recursive_directory_iterator(w.root + "/ledger")) {
    if (file.is_regular_file()) all += read_file(posix_env(), file.path().string()).value();
  }
  CHECK(all.size() > 10'000);
  for (const std::string& secret : {hex, raw, to_base32(raw), recovery[0], recovery_digest(recovery[0])})
    CHECK(all.find(secret) == std::string::npos);
}

}  // namespace accounts_test
