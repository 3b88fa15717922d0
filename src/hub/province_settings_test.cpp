// SPDX-License-Identifier: Apache-2.0
// Values that the province sets: refused outside what the pack allows, in force at the next start, back to
// the pack's again; and duties that began before keep their terms.
#include "hub/province_settings.h"

#include <doctest/doctest.h>

#include "hub/hub_test_folder.h"

namespace province_settings_test {

using namespace phendau;
using namespace phendau::hub;

namespace {

Json json(std::string_view text) { return parse_json(text).value(); }

const Json& parameter(const Json& settings, std::string_view name) {
  for (const auto& one : settings["parameters"].items()) {
    if (one["name"].as_string() == name) return one;
  }
  static const Json kNone;
  return kNone;
}

}  // namespace

TEST_CASE("province settings: checked by kind and range, waiting for a start, with reason and author") {
  TestHub hub;
  ProvinceSettings settings(*hub.services);
  const Actor admin = system_actor();
  for (const auto& [name, body] : {std::pair{"password_min_length", R"({"value":"10","reason":"x"})"},
                                   std::pair{"password_min_length", R"({"value":2,"reason":"x"})"},
                                   std::pair{"password_min_length", R"({"value":10})"},
                                   std::pair{"password_classes", R"({"value":["letter"],"reason":"x"})"},
                                   std::pair{"warning_reply_within", R"({"value":"soon","reason":"x"})"},
                                   std::pair{"log_review_period", R"({"value":"P5M","reason":"x"})"},
                                   std::pair{"no_such", R"({"value":1,"reason":"x"})"}}) {
    CAPTURE(body);
    CHECK_FALSE(settings.set(admin, name, json(body)));
  }
  Actor watcher = TestHub::officer("a1");
  watcher.role = Role::province_operator;
  CHECK(settings.set(watcher, "password_min_length", json(R"({"value":10,"reason":"x"})")).error().code ==
        ErrorCode::denied);
  CHECK_FALSE(settings.get(TestHub::officer("a1")));
  const auto set =
      settings.set(admin, "password_min_length", json(R"({"value":12,"reason":"Nghi quyet 5"})"));
  REQUIRE(set);
  CHECK((*set)["waits_for_restart"].as_bool());
  CHECK((*set)["value"].as_int() == 8);
  CHECK((*set)["set"]["reason"].as_string() == "Nghi quyet 5");
  CHECK((*settings.get(watcher))["waits_for_restart"].as_bool());
  // The next start.
  const std::string folder = std::string(PHENDAU_SOURCE_DIR) + "/packs/base";
  auto options = pack_options_of(*hub.ledger, hub.pack->pack(), hub.env.now());
  REQUIRE(options);
  CHECK(options->parameters["password_min_length"].as_int() == 12);
  auto started = ActivePack::load(posix_env(), folder, *options);
  REQUIRE(started);
  CHECK(started->password_rule().length_min == 12);
  CHECK(started->pack().digest == hub.pack->pack().digest);
  Services services{hub.env, hub.config, *hub.ledger, *hub.journal, hub.live, *started};
  ProvinceSettings after(services);
  CHECK_FALSE(parameter(*after.get(admin), "password_min_length")["waits_for_restart"].as_bool(true));
  CHECK(parameter(*after.get(admin), "password_min_length")["default"].as_int() == 8);
  // Back to the pack's.
  REQUIRE(after.set(admin, "password_min_length", json(R"({"value":null,"reason":"Thoi"})")));
  options = pack_options_of(*hub.ledger, hub.pack->pack(), hub.env.now());
  REQUIRE(options);
  CHECK(options->parameters.size() == 0);
  CHECK(options->earlier.size() == 2);
}

TEST_CASE("province settings: what began before a change keeps its clock and its period") {
  const std::string folder = std::string(PHENDAU_SOURCE_DIR) + "/packs/ha-giang";
  const UtcTime changed = *parse_rfc3339("2026-11-10T08:00:00+07:00");
  PackOptions options;
  options.parameters = json(R"({"request_answer_within":"1d","log_review_period":"P3M"})");
  options.earlier.push_back({changed, Json::object()});
  const auto pack = load_valid_pack(posix_env(), folder, options);
  REQUIRE(pack);
  const comply::Clause* asked = pack->clause("hg-1374:7.6");
  REQUIRE(asked != nullptr);
  const auto part = std::find_if(asked->parts.begin(), asked->parts.end(),
                                 [](const auto& one) { return one.trigger && one.earlier; });
  REQUIRE(part != asked->parts.end());
  REQUIRE(part->trigger->ref == "coordination_request");
  comply::Knowledge knowledge;
  comply::Subject lead;
  lead.id = lead.agency_id = "lead";
  lead.known_since = changed - days(400);
  knowledge.put_subject(lead);
  knowledge.put_binding({"b", "lead_department", "lead", changed - days(400), std::nullopt});
  const auto ask = [&](const char* id, UtcTime at) {
    comply::RegisterRecord record;
    record.kind = "coordination_request";
    record.id = id;
    record.agency_id = "lead";
    record.state = "sent";
    record.at = record.entered_at = at;
    for (const auto& condition : part->trigger->where)
      record.document.set(condition.field, condition.any_of.front());
    record.document.set("sent_at", format_rfc3339(at));
    knowledge.put_record(record);
  };
  ask("before", changed - hours(2));
  ask("after", changed + hours(2));
  std::map<std::string, UtcTime> due;
  for (const auto& one : comply::assess_agency(pack->catalog, knowledge, "lead", changed + hours(3))) {
    if (one.part_id == part->id && one.due_at) due[one.period_id] = *one.due_at;
  }
  REQUIRE(due.size() == 2);
  CHECK(due["coordination_request/before"] ==
        *parse_rfc3339("2026-11-14T00:00:00+07:00"));  // three working days
  CHECK(due["coordination_request/after"] == *parse_rfc3339("2026-11-12T00:00:00+07:00"));  // one day
}

TEST_CASE("province settings: clocks of cases follow them, a case that runs keeps its own") {
  const std::string folder = std::string(PHENDAU_SOURCE_DIR) + "/packs/ha-giang";
  const UtcTime changed = *parse_rfc3339("2026-11-10T08:00:00+07:00");  // a Tuesday
  PackOptions options;
  options.parameters = json(R"({"isolate_within":"30m","incident_notice_within":"2wd"})");
  options.earlier.push_back({changed, Json::object()});
  const auto pack = ActivePack::load(posix_env(), folder, options);
  REQUIRE(pack);
  Actor officer;
  officer.role = Role::agency_officer;
  const auto due_of_case = [&](UtcTime opened) {
    const auto* incident = pack->known_workflow("incident", opened);
    REQUIRE(incident != nullptr);
    const auto state = workflow::start(*incident->definition, {"c", "p", {}}, officer, opened);
    std::map<std::string, UtcTime> due;
    for (const auto& clock : pack->clocks_of(*incident->definition, state, opened)) {
      if (clock.due.at && clock.due.rule.empty()) due[clock.step] = *clock.due.at;
    }
    return due;
  };
  auto after = due_of_case(changed);
  CHECK(after["isolate"] == changed + minutes(30));
  CHECK(after["report"] == *parse_rfc3339("2026-11-13T00:00:00+07:00"));
  auto before = due_of_case(changed - minutes(1));
  CHECK(before["isolate"] == changed + minutes(59));
  CHECK(before["report"] == changed - minutes(1) + hours(24));
}

}  // namespace province_settings_test
