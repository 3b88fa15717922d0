// SPDX-License-Identifier: Apache-2.0
// Leavers are locked on their day and named by the change, training opens accounts, delegations begin and
// end, and the settings that clauses rest on follow, both ways.
#include "hub/account_keeper.h"

#include <doctest/doctest.h>

#include "base/hash.h"
#include "hub/backup_note.h"
#include "hub/delegations.h"
#include "hub/hub_settings.h"
#include "hub/hub_test_folder.h"
#include "hub/journal_watch.h"
#include "hub/totp.h"

namespace account_keeper_test {

using namespace phendau;
using namespace phendau::hub;

namespace {

constexpr std::string_view kFrom = "192.0.2.9";

struct World : TestHub {
  World() : accounts(env, *ledger, config), keeper(*services, accounts) {
    add_agency("a1");
    add_agency("a2");
    first_password = accounts.ensure_administrator().value().value();
    REQUIRE(keeper.open());
  }
  std::string person(std::string_view username, std::string name, Role role = Role::agency_officer,
                     std::string agency = "a1") {
    AccountWrite write;
    write.full_name = std::move(name);
    write.role = role;
    write.agency_ids = {std::move(agency)};
    return accounts.create(system_actor(), username, write).value().one_time_password;
  }
  std::string put(std::string_view kind, Json doc, std::string_view agency = "a1", std::string_view id = "",
                  std::string_view state = "") {
    ledger::Write write;
    write.kind = kind;
    write.id = id;
    write.agency_id = agency;
    write.state = state.empty() ? pack->pack().reg(kind)->lifecycle.initial : std::string(state);
    write.doc = std::move(doc);
    return ledger->write(write, system_actor(), env.now()).value().record_id;
  }
  std::string day(std::int64_t from_today) {
    return format_date(to_civil(env.now() + days(from_today), kHubZone).date);
  }
  Account account(std::string_view username) {
    const auto all = accounts.list(system_actor()).value();
    for (const auto& one : all) {
      if (one.username == username) return one;
    }
    return {};
  }
  Json setting(const std::string& name) { return hub_settings(*services, env.now())[name]; }

  Accounts accounts;
  AccountKeeper keeper;
  std::string first_password;
};

}  // namespace

TEST_CASE("keeper: a leaver is locked on the last day, sessions end, and the change names the record") {
  World w;
  const std::string password = w.person("can.bo", "Nguy\u1ec5n  V\u0103n A");
  w.person("can.bo.hai", "Nguy\u1ec5n V\u0103n \u00c1");
  w.person("cung.ten", "Nguy\u1ec5n V\u0103n A", Role::agency_officer, "a2");
  const auto session = w.accounts.sign_in("can.bo", password, kFrom).value();
  const std::string id =
      w.put("leaver", Json::object({{"full_name", "nguy\u1ec5n v\u0103n a "}, {"left_on", w.day(2)}}));
  REQUIRE(w.keeper.look());
  CHECK_FALSE(w.account("can.bo").locked);
  CHECK(w.setting("accounts.leavers_locked") == Json(true));
  w.env.advance(days(2));
  REQUIRE(w.keeper.look());
  CHECK(w.account("can.bo").locked);
  CHECK(w.account("can.bo").locked_by == "leaver/" + id);
  CHECK_FALSE(w.account("can.bo.hai").locked);
  CHECK_FALSE(w.account("cung.ten").locked);
  CHECK_FALSE(w.accounts.is_alive(session.token));
  CHECK(w.ledger->history("user", "can.bo", everything()).value().front().reason == "locked: leaver/" + id);

  AccountWrite unlock;
  unlock.locked = false;
  CHECK(w.accounts.update(system_actor(), "can.bo", unlock).error().text_id == "account.left");
  // A mistake is corrected where it was made.
  w.put("leaver", Json::object({{"full_name", "Tran Van C"}, {"left_on", w.day(0)}}), "a1", id);
  CHECK(w.accounts.update(system_actor(), "can.bo", unlock));
  REQUIRE(w.keeper.look());
  CHECK_FALSE(w.account("can.bo").locked);
}

TEST_CASE(
    "keeper: an officer who moved loses the old agency; a new duty, or a new agency, opens the account") {
  World w;
  w.person("can.bo", "Nguyen Van A");
  w.person("cung.ten", "Nguyen Van A", Role::staff);
  w.person("hai.noi", "Tran Van B");
  AccountWrite both;
  both.agency_ids = {"a1", "a2"};
  REQUIRE(w.accounts.update(system_actor(), "hai.noi", both));
  const auto moved = [&](const char* name, const char* change) {
    return w.put("mover", Json::object({{"full_name", name}, {"change", change}, {"changed_on", w.day(0)}}));
  };
  moved("Tran Van B", "duty");
  REQUIRE(w.keeper.look());
  CHECK(w.account("hai.noi").agency_ids.size() == 2);
  moved("Tran Van B", "it_officer_moved");
  const std::string id = moved("Nguyen Van A", "it_officer_moved");
  REQUIRE(w.keeper.look());
  CHECK(w.account("hai.noi").agency_ids == std::vector<std::string>{"a2"});
  CHECK_FALSE(w.account("hai.noi").locked);
  CHECK(w.account("can.bo").locked_by == "mover/" + id);
  CHECK_FALSE(w.account("cung.ten").locked);
  AccountWrite unlock;
  unlock.locked = false;
  CHECK(w.accounts.update(system_actor(), "can.bo", unlock).error().text_id == "account.left");
  AccountWrite elsewhere;
  elsewhere.agency_ids = {"a2"};
  REQUIRE(w.accounts.update(system_actor(), "can.bo", elsewhere));
  CHECK(w.accounts.update(system_actor(), "can.bo", unlock));
  REQUIRE(w.keeper.look());
  CHECK_FALSE(w.account("can.bo").locked);
}

TEST_CASE("keeper: a staff record tells people of one name apart, and who came back from who left") {
  World w;
  w.person("a.mot", "Le Thi B");
  w.person("a.hai", "Le Thi B");
  const std::string staff =
      w.put("staff",
            Json::object({{"full_name", "Le Thi B"}, {"personnel_code", "B1"}, {"joined_on", "2020-01-01"}}));
  const std::string id = w.put("leaver", Json::object({{"full_name", "Le Thi B"}, {"left_on", w.day(0)}}));
  REQUIRE(w.keeper.look());
  // Which of the two is not known: nobody is locked, and the setting does not claim it.
  CHECK_FALSE(w.account("a.mot").locked);
  CHECK_FALSE(w.account("a.hai").locked);
  CHECK(w.setting("accounts.leavers_locked") == Json(false));
  AccountWrite link;
  link.staff_id = staff;
  REQUIRE(w.accounts.update(system_actor(), "a.mot", link));
  w.put("leaver", Json::object({{"full_name", "Le Thi B"}, {"staff_id", staff}, {"left_on", w.day(0)}}), "a1",
        id);
  REQUIRE(w.keeper.look());
  CHECK(w.account("a.mot").locked);
  CHECK_FALSE(w.account("a.hai").locked);
  CHECK(w.setting("accounts.leavers_locked") == Json(true));

  w.env.advance(days(30));
  w.put("staff", Json::object({{"full_name", "Le Thi B"}, {"personnel_code", "B1"}, {"joined_on", w.day(0)}}),
        "a1", staff);
  AccountWrite unlock;
  unlock.locked = false;
  CHECK(w.accounts.update(system_actor(), "a.mot", unlock));
}

TEST_CASE("keeper: the last administrator is not locked, and the setting says so") {
  World w;
  AccountWrite agency;
  agency.agency_ids = {"a1"};
  agency.full_name = "Quan Tri";
  REQUIRE(w.accounts.update(system_actor(), "admin", agency));
  w.put("leaver", Json::object({{"full_name", "Quan Tri"}, {"left_on", w.day(0)}}));
  REQUIRE(w.keeper.look());
  CHECK_FALSE(w.account("admin").locked);
  CHECK(w.setting("accounts.leavers_locked") == Json(false));
  AccountWrite second;
  second.role = Role::administrator;
  REQUIRE(w.accounts.create(system_actor(), "admin.hai", second));
  REQUIRE(w.keeper.look());
  CHECK(w.account("admin").locked);
  CHECK(w.setting("accounts.leavers_locked") == Json(true));
}

TEST_CASE("keeper: without training nobody works once the gate is closed; record or exception opens it") {
  World w;
  AccessRule rule;
  rule.training = true;
  rule.training_grace_days = 30;
  rule.training_since = to_civil(w.env.now(), kHubZone).date;
  w.accounts.set_access_rule(rule);
  const std::string password = w.person("can.bo", "Nguyen Van A");
  const auto lacks = [&] {
    return w.accounts.sign_in("can.bo", password, kFrom).value().session.lacks_training;
  };
  CHECK_FALSE(lacks());
  REQUIRE(w.keeper.apply());
  CHECK(w.setting("accounts.training_gate") == Json(false));
  w.env.advance(days(30));
  REQUIRE(w.keeper.look());
  CHECK(w.setting("accounts.training_gate") == Json(true));
  CHECK(lacks());

  AccountWrite exception;
  exception.training_exception = TrainingException{w.day(7), ""};
  CHECK(w.accounts.update(system_actor(), "can.bo", exception).error().text_id == "account.exception_needs");
  exception.training_exception->reason = "lop mo tuan sau";
  REQUIRE(w.accounts.update(system_actor(), "can.bo", exception));
  CHECK_FALSE(lacks());
  w.env.advance(days(8));
  CHECK(lacks());

  const std::string staff =
      w.put("staff", Json::object({{"full_name", "Nguyen Van A"}, {"personnel_code", "A1"}}));
  AccountWrite link;
  link.staff_id = "khong-co";
  CHECK_FALSE(w.accounts.update(system_actor(), "can.bo", link));
  link.staff_id = staff;
  REQUIRE(w.accounts.update(system_actor(), "can.bo", link));
  REQUIRE(w.keeper.look());
  CHECK(lacks());
  w.put("staff",
        Json::object(
            {{"full_name", "Nguyen Van A"}, {"personnel_code", "A1"}, {"basic_training_on", w.day(0)}}),
        "a1", staff);
  REQUIRE(w.keeper.look());
  CHECK_FALSE(lacks());
  CHECK(w.account("can.bo").training_record == "staff/" + staff);
  w.put("staff", Json::object({{"full_name", "Nguyen Van A"}, {"personnel_code", "A1"}}), "a1", staff);
  REQUIRE(w.keeper.look());
  CHECK(lacks());
}

TEST_CASE("keeper: the second step is required of the roles that the pack names, after the days it gives") {
  World w;
  AccessRule rule;
  rule.totp_roles = {Role::administrator};
  rule.totp_grace_days = 14;
  w.accounts.set_access_rule(rule);
  REQUIRE(w.keeper.apply());
  CHECK(w.setting("accounts.totp_required") == Json(false));  // one may still work without
  CHECK_FALSE(w.accounts.sign_in("admin", w.first_password, kFrom).value().session.must_enrol_totp);
  w.env.advance(days(14));
  REQUIRE(w.keeper.look());
  CHECK(w.setting("accounts.totp_required") == Json(true));
  CHECK(w.accounts.sign_in("admin", w.first_password, kFrom).value().session.must_enrol_totp);
  rule.totp_roles.clear();
  w.accounts.set_access_rule(rule);
  REQUIRE(w.keeper.apply());
  CHECK(w.setting("accounts.totp_required") == Json(false));
}

TEST_CASE("settings: the age of the newest verified backup, from the note that the command leaves") {
  World w;
  w.config.data_dir = "/data";
  REQUIRE(w.env.make_dirs("/data", 0700));
  CHECK(w.setting("backup.last_verified_days").is_null());
  ledger::Backup made;
  made.made_at = w.env.now();
  REQUIRE(note_backup(w.env, "/data", made, w.env.now()));
  CHECK(w.setting("backup.last_verified_days") == Json(0));
  w.env.advance(days(9));
  CHECK(w.setting("backup.last_verified_days") == Json(9));
  made.made_at = w.env.now();
  REQUIRE(note_backup(w.env, "/data", made, w.env.now()));
  CHECK(w.setting("backup.last_verified_days") == Json(0));
}

TEST_CASE("settings: the journal is verified when its time has come, and a changed byte is seen") {
  World w;
  w.config.journal_verify_every = days(7);
  w.config.journal_verify_bytes_per_second = 1 << 30;
  JournalWatch watch(*w.services, "/journal", ed25519_public_key(std::string(32, 'j')).value());
  CHECK(w.setting("journal.verified").is_null());
  CHECK(watch.look().value());
  CHECK(w.setting("journal.verified") == Json(true));
  CHECK_FALSE(watch.look().value());
  w.env.advance(days(7));
  REQUIRE(write_file_atomic(w.env, "/journal/foreign.bin", "x"));
  CHECK(watch.look().value());
  CHECK(w.setting("journal.verified") == Json(false));
  w.env.advance(days(7));
  REQUIRE(w.env.remove_file("/journal/foreign.bin"));
  CHECK(watch.look().value());
  CHECK(w.setting("journal.verified") == Json(true));
}

TEST_CASE("delegations: from a day until a day, for whom it fits, gone when revoked") {
  World w;
  w.person("ben.kia", "Pham Van D", Role::agency_officer, "a2");
  w.person("cap.pho", "Hoang Van E", Role::staff, "a1");
  w.person("cong.an", "Cong an", Role::partner, "a2");
  const auto doc = [&](const char* username, const char* place, std::int64_t from, std::int64_t until) {
    return Json::object({{"username", username},
                         {"place", place},
                         {"from", w.day(from)},
                         {"until", w.day(until)},
                         {"reason", "nghi phep"}});
  };
  CHECK(check_delegation(*w.ledger, doc("ben.kia", "officer", 0, 5), "a1"));
  CHECK(check_delegation(*w.ledger, doc("cap.pho", "head", 0, 5), "a1"));
  for (const Json& wrong : {doc("ben.kia", "head", 0, 5), doc("cong.an", "officer", 0, 5),
                            doc("khong.co", "officer", 0, 5), doc("ben.kia", "officer", 5, 0)})
    CHECK_FALSE(check_delegation(*w.ledger, wrong, "a1"));

  const auto held = [&] {
    return delegations_of(*w.ledger, w.account("ben.kia"), to_civil(w.env.now(), kHubZone).date);
  };
  const std::string id = w.put("delegation", doc("ben.kia", "officer", 1, 3));
  CHECK(held().empty());
  w.env.advance(days(1));
  REQUIRE(held().size() == 1);
  CHECK(held().front().agency_id == "a1");
  CHECK(held().front().record_id == id);
  w.env.advance(days(2));
  CHECK(held().size() == 1);
  w.env.advance(days(1));
  CHECK(held().empty());
  w.put("delegation", doc("ben.kia", "officer", 0, 9), "a1", id);
  CHECK(held().size() == 1);
  w.put("delegation", doc("ben.kia", "officer", 0, 9), "a1", id, "revoked");
  CHECK(held().empty());
}

}  // namespace account_keeper_test
