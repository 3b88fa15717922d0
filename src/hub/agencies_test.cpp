// SPDX-License-Identifier: Apache-2.0
// Proves that an agency's own people cannot take over what belongs to another one, and that networks, parents
// and states are checked for everybody.
#include "hub/agencies.h"

#include <doctest/doctest.h>

#include <map>

#include "hub/hub_test_folder.h"

namespace agencies_test {

using namespace phendau;
using namespace phendau::hub;

namespace {
Json json(std::string_view text) { return parse_json(text).value(); }
}  // namespace

TEST_CASE("agencies: an officer changes the short name and the contact, nothing that decides ownership") {
  TestHub hub;
  hub.add_agency("a1");
  Agencies agencies(*hub.services);
  const Actor officer = hub.officer("a1");
  const auto changed = agencies.update(officer, "a1", json(R"({"short_name":"A","contact":"0219 3"})"));
  REQUIRE(changed);
  CHECK((*changed)["short_name"].as_string() == "A");
  CHECK((*changed)["contact"].as_string() == "0219 3");
  for (const char* body :
       {R"({"addresses":["127.0.0.1/32"]})", R"({"addresses":["0.0.0.0/0"]})", R"({"has_own_system":true})",
        R"({"state":"abolished"})", R"({"state":"x"})", R"({"parent_id":null})",
        R"({"uses_data_centre":true})", R"({"unit_class":"commune"})", R"({"name":"Another"})",
        R"({"short_name":"B","addresses":[]})"}) {
    CAPTURE(body);
    const auto refused = agencies.update(officer, "a1", json(body));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::denied);
    CHECK(refused.error().text_id == "agency.province_only");
  }
  CHECK((*agencies.list(officer))["items"].items().at(0)["short_name"].as_string() == "A");
}

TEST_CASE("agencies: a network belongs to one agency") {
  TestHub hub;
  for (const char* id : {"a1", "a2", "a3"}) hub.add_agency(id);
  hub.config.senders.push_back({Cidr::parse("10.9.0.0/16").value(), "10.9.0.0/16", "a3"});
  Agencies agencies(*hub.services);
  const Actor province = system_actor();
  CHECK(agencies.update(province, "a1", json(R"({"addresses":["10.1.0.0/16","2001:db8::/48"]})")));
  CHECK(agencies.update(province, "a1", json(R"({"addresses":["10.1.0.0/16","2001:db8::/48"]})")));
  // Written differently, still the same network.
  for (const char* body : {R"({"addresses":["10.1.2.3/16"]})", R"({"addresses":["2001:db8:0:1::/48"]})",
                           R"({"addresses":["10.9.0.0/16"]})"}) {
    CAPTURE(body);
    const auto taken = agencies.update(province, "a2", json(body));
    REQUIRE_FALSE(taken);
    CHECK(taken.error().code == ErrorCode::conflict);
    CHECK(taken.error().text_id == "agency.address_taken");
  }
  CHECK(agencies.create(province, json(R"({"name":"N","addresses":["10.1.0.0/16"]})")).error().code ==
        ErrorCode::conflict);
  CHECK(agencies.update(province, "a2", json(R"({"addresses":["10.1.4.0/24"]})")));
  CHECK(agencies.update(province, "a3", json(R"({"addresses":["10.9.0.0/16"]})")));
}

TEST_CASE("agencies: parents exist and make no circle, states and networks are real ones") {
  TestHub hub;
  for (const char* id : {"a1", "a2", "a3"}) hub.add_agency(id);
  Agencies agencies(*hub.services);
  const Actor province = system_actor();
  CHECK(agencies.update(province, "a1", json(R"({"parent_id":"a2"})")));
  CHECK(agencies.update(province, "a2", json(R"({"parent_id":"a3"})")));
  CHECK(agencies.update(province, "a3", json(R"({"state":"ended"})")));
  for (const char* body :
       {R"({"parent_id":"a1"})", R"({"parent_id":"a3"})", R"({"parent_id":"a9"})", R"({"parent_id":7})",
        R"({"parent_id":""})", R"({"state":"any"})", R"({"state":5})", R"({"addresses":["0.0.0.0/0"]})",
        R"({"addresses":["::/0"]})", R"({"addresses":["10.0.0.0/33"]})", R"({"addresses":"10.0.0.0/8"})",
        R"({"has_own_system":"yes"})", R"({"uses_data_centre":1})", R"({"unit_class":3})", R"({"name":""})",
        R"({"name":3})"}) {
    CAPTURE(body);
    const auto refused = agencies.update(province, "a3", json(body));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::invalid);
  }
  CHECK(agencies.create(province, json(R"({"code":"../x","name":"N"})")).error().code == ErrorCode::invalid);
}

TEST_CASE("agencies: what scopes ask of an agency can be entered, and nobody's answer is invented") {
  const std::map<std::string, std::string, std::less<>> members = {{"has_own_systems", "has_own_system"}};
  std::size_t asked = 0;
  for (const char* name : {"ha-giang", "hung-yen", "lao-cai", "son-la", "vinh-long"}) {
    CAPTURE(name);
    TestHub hub(name);
    Agencies agencies(*hub.services);
    REQUIRE(agencies.create(system_actor(), json(R"({"code":"a1","name":"A"})")));
    const auto kept = [&] { return hub.ledger->get("agency", "a1", everything())->doc; };
    CHECK_FALSE(kept().contains("has_own_systems"));
    const RegisterKind* fields = hub.pack->pack().reg("agency");
    REQUIRE(fields != nullptr);
    for (const auto& [id, scope] : hub.pack->pack().catalog.scopes) {
      if (scope.is_composed() || !fields->spec.schema["properties"].contains(scope.attribute)) continue;
      CAPTURE(id);
      ++asked;
      const auto renamed = members.find(scope.attribute);
      const std::string member = renamed == members.end() ? scope.attribute : renamed->second;
      const Json& value = scope.any_of.front();
      const auto changed = agencies.update(system_actor(), "a1", Json::object({{member, value}}));
      REQUIRE(changed);
      CHECK((*changed)[member] == value);
      CHECK(kept()[scope.attribute] == value);
    }
    CHECK(agencies.update(system_actor(), "a1", json(R"({"has_own_system":null,"uses_data_centre":null})")));
    CHECK_FALSE(kept().contains("has_own_systems"));
    CHECK_FALSE(kept().contains("uses_data_centre"));
    if (hub.pack->pack().unit_classes.empty()) continue;
    CHECK_FALSE(agencies.update(system_actor(), "a1", json(R"({"unit_class":"nix"})")));
    CHECK(agencies.update(system_actor(), "a1", json(R"({"unit_class":""})")));
    CHECK_FALSE(kept().contains("unit_class"));
  }
  CHECK(asked >= 12);  // own systems and the data centre five times, two classes of Vinh Long
}

}  // namespace agencies_test
