// SPDX-License-Identifier: Apache-2.0
// Proves on the base pack that derived lists say what they are called, for today and within the scope, in
// pages whose total is right.
#include "hub/record_lists.h"

#include <doctest/doctest.h>

#include <set>

#include "hub/hub_test_folder.h"
#include "hub/records.h"

namespace record_lists_test {

using namespace phendau;
using namespace phendau::hub;

namespace {

struct World : TestHub {
  World() : records(*services) {
    for (const char* id : {"a1", "a2"}) add_agency(id);
  }
  std::string add(const char* agency, std::string_view kind, const std::string& doc, const char* state = "") {
    Json body = Json::object({{"doc", parse_json(doc).value()}});
    if (*state != 0) body.set("state", state);
    const auto made = records.create(officer(agency), kind, body);
    REQUIRE_MESSAGE(made, made.error().message);
    return (*made)["id"].as_string();
  }
  Records::Query query(const char* list) const {
    Records::Query out;
    out.list = list;
    return out;
  }
  std::set<std::string> ids(const Actor& actor, std::string_view kind, const Records::Query& query) {
    const auto found = records.list(actor, kind, query);
    REQUIRE_MESSAGE(found, found.error().message);
    std::set<std::string> out;
    for (const auto& item : (*found)["items"].items()) out.insert(item["id"].as_string());
    return out;
  }
  std::string day(std::int64_t from_today) {
    return format_rfc3339(services->env.now() + days(from_today), kVietnamZone).substr(0, 10);
  }
  std::string token(const char* agency, const std::string& serial, std::int64_t left) {
    return add(agency, "signature_token",
               R"({"serial":")" + serial + R"(","holder":"x","issued_on":"2020-01-01","valid_until":")" +
                   day(left) + R"("})");
  }
  std::string account(const char* name, const std::string& rest) {
    return add("a1", "shared_account",
               R"({"account":")" + std::string(name) +
                   R"(","system":"S","issued_on":"2026-01-01","default_password_changed":true)" + rest + "}");
  }
  Records records;
};

}  // namespace

TEST_CASE("lists: what expires soon, of the own agency, in pages, without what is over") {
  World w;
  std::set<std::string> soon;
  for (int i = 0; i < 5; ++i) soon.insert(w.token("a1", "s" + std::to_string(i), 60 - 30 * i));
  w.token("a1", "later", 62);
  const std::string other = w.token("a2", "other", 1);
  const std::string back = w.token("a1", "back", 1);
  REQUIRE(w.records.move(
      World::officer("a1"), "signature_token", back,
      *parse_json(R"({"to":"returned","doc":{"handed_over_to":"x","handed_over_on":"2026-01-01"}})")));
  CHECK(w.ids(World::officer("a1"), "signature_token", w.query("expiring")) == soon);
  CHECK(w.ids(system_actor(), "signature_token", w.query("expiring")).size() == 6);
  CHECK(w.ids(World::officer("a2"), "signature_token", w.query("expiring")) == std::set{other});
  Records::Query paged = w.query("expiring");
  paged.limit = 2;
  std::set<std::string> seen;
  std::size_t pages = 0;
  do {
    const Json page = w.records.list(World::officer("a1"), "signature_token", paged).value();
    CHECK(page["total"].as_int() == 5);
    for (const auto& item : page["items"].items()) CHECK(seen.insert(item["id"].as_string()).second);
    paged.cursor = page["next_cursor"].as_string();
    ++pages;
  } while (!paged.cursor.empty());
  CHECK(seen == soon);
  CHECK(pages == 3);
  Records::Query returned = w.query("expiring");
  returned.states = {"returned"};
  CHECK(w.ids(World::officer("a1"), "signature_token", returned).empty());
  CHECK(w.records.list(World::officer("a1"), "signature_token", w.query("nothing")).error().code ==
        ErrorCode::not_found);
}

TEST_CASE("lists: one of several maps") {
  World w;
  const auto asset = [&](const char* rest) {
    return w.add("a1", "asset", std::string(R"({"name":"x",)") + rest + "}");
  };
  const std::set<std::string> due = {asset(R"("kind":"server","in_use_since":"2010-01-01","holder":"x")"),
                                     asset(R"("kind":"printer","support_until":"2020-01-01")")};
  const std::string young = asset(R"("kind":"printer","in_use_since":"2010-01-01")");
  const Actor officer = World::officer("a1");
  CHECK(w.ids(officer, "asset", w.query("to_replace")) == due);
  CHECK(w.ids(officer, "asset", w.query("no_holder")).contains(young));
  CHECK(w.ids(officer, "asset", w.query("no_holder")).size() == 2);
  CHECK(w.ids(officer, "asset", w.query("not_proposed")) == due);
  w.add("a1", "upgrade_candidate",
        R"({"asset_id":")" + *due.begin() + R"(","what":"x","reason":"age","proposed_on":"2026-01-01"})");
  CHECK(w.ids(officer, "asset", w.query("not_proposed")) == std::set{*due.rbegin()});
}

TEST_CASE("lists: rights held that the role matrix does not give to the duty on the system") {
  World w;
  const auto matrix = [&](const char* agency, const char* duty, const char* rights) {
    w.add(agency, "role_matrix",
          std::string(R"({"system":"S","duty":")") + duty + R"(","rights":)" + rights +
              R"(,"approved_by":"x","approved_on":"2026-01-01"})");
  };
  matrix("a1", "clerk", R"(["read","write"])");
  matrix("a2", "clerk", R"(["read","write","admin"])");
  matrix("a1", "head", R"(["admin"])");
  w.account("fine", R"(,"duty":"clerk","rights":["write","read"])");
  w.account("none", R"(,"duty":"clerk")");
  const std::set<std::string> beyond = {w.account("more", R"(,"duty":"clerk","rights":["read","admin"])"),
                                        w.account("nobody", R"(,"rights":["read"])"),
                                        w.account("unknown", R"(,"duty":"cook","rights":["read"])")};
  CHECK(w.ids(World::officer("a1"), "shared_account", w.query("beyond_matrix")) == beyond);
}

TEST_CASE("lists: a room is checked by its check") {
  World w;
  const std::string yes =
      R"("entry_controlled":true,"secure_area":true,"dry":true,"air_conditioned":true,"stable_power":true,)"
      R"("backup_power":true,"fire_protection":true,"lightning_protection":true,"working_rules":true)";
  const std::string room = w.add("a1", "server_room", R"({"name":"x","separate":true,)" + yes + "}");
  const Actor officer = World::officer("a1");
  CHECK(w.ids(officer, "server_room", w.query("not_checked")) == std::set{room});
  const auto check = [&](const std::string& on) {
    return w.add("a1", "server_room_check",
                 R"({"room_id":")" + room + R"(","checked_by":"x","checked_on":")" + on + "\"," + yes + "}");
  };
  check(w.day(-400));
  CHECK(w.ids(officer, "server_room", w.query("not_checked")) == std::set{room});
  check(w.day(-300));
  CHECK(w.ids(officer, "server_room", w.query("not_checked")).empty());
}

}  // namespace record_lists_test
