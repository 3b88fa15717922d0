// SPDX-License-Identifier: Apache-2.0
// Proves that the documents are the same for the same input and say what the statuses mean. That they are
// valid is proved against NIST's schemas by tests/scenario/oscal.py, which takes the sample from here.
#include "report/oscal.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <set>

namespace phendau::report::oscal_test {
namespace {

OscalSource source() {
  OscalSource out;
  out.pack_id = "mau";
  out.digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  out.title = {"Quy ch\u1ebf m\u1eabu", "Sample regulation"};
  out.document_number = "1/Q\u0110-UBND";
  out.issuer = "\u1ee6y ban nh\u00e2n d\u00e2n";
  out.issued_on = "2026-01-02";
  out.roles = {{"lead_department", {"S\u1edf", "Department"}}};
  out.written_at = UtcTime{1'700'000'000'000'000'000};
  return out;
}

std::vector<OscalControl> controls() {
  OscalControl one;
  one.id = "m-1:3.1.b";
  one.citation = "\u0110i\u1ec1u 3";
  one.kind = "technical_control";
  one.modality = "must";
  one.title = {"M\u1eadt kh\u1ea9u\n m\u1ea1nh", "Strong passwords"};
  one.duty = {"D\u00e0i t\u1eeb 8 k\u00fd t\u1ef1.", "At least 8 characters."};
  one.bound = {"staff"};
  one.open_terms = {"th\u01b0\u1eddng xuy\u00ean"};
  one.parameters = {{"min_length", {"min_length", ""}, {"8"}, {}}};
  one.related = {"m-1:2.1"};
  one.parts = {{"m-1:3.1.b#1",
                {"\u0110\u1ed9 d\u00e0i.", "Length."},
                "device",
                "must",
                {{"TEST", "posture_rule", "r1"}}},
               {"m-1:3.1.b#2", {"", "Changed."}, "agency", "must", {}}};
  OscalControl definition;
  definition.id = "m-1:2.1";
  definition.title = {"\u0110\u1ecbnh ngh\u0129a", ""};
  definition.duty = {"Kh\u00e1i ni\u1ec7m.", ""};
  definition.no_duty = {"Ch\u1ec9 l\u00e0 \u0111\u1ecbnh ngh\u0129a.", "A definition."};
  return {definition, one};
}

OscalRound round() {
  OscalRound out;
  out.title = {"K\u1ef3 th\u00e1ng 11", ""};
  out.started_at = out.ended_at = UtcTime{1'700'000'000'000'000'000};
  out.agencies = {{"snv", "S\u1edf N\u1ed9i v\u1ee5"}};
  OscalStatus status;
  status.id = "m-1:3.1.b#1|device:d1|";
  status.control_id = "m-1:3.1.b";
  status.part_id = "m-1:3.1.b#1";
  status.subject_kind = "device";
  status.subject_id = "d1";
  status.subject_name = "may-01";
  status.agency_id = "snv";
  status.status = Status::violated;
  status.reason = {"Qu\u00e1 ng\u1eafn", "Too short"};
  status.evidence = {{"fact", "d1/password_policy", "min_length=6", out.ended_at, "/api/v1/devices/d1"}};
  status.fresh_until = out.ended_at;
  status.due_at = out.ended_at;
  status.method = "TEST";
  out.statuses = {status};
  for (const Status other : {Status::met, Status::attested, Status::excepted, Status::due, Status::unknown,
                             Status::overdue, Status::no_occasion, Status::not_applicable}) {
    status.status = other;
    status.id = "m-1:3.1.b|agency:snv|" + std::string(to_string(other));
    status.part_id = "m-1:3.1.b";
    status.subject_kind = "agency";
    status.subject_id = "snv";
    status.subject_name = "S\u1edf N\u1ed9i v\u1ee5";
    status.period_id = "2026";
    status.evidence.clear();
    status.reason = {};
    out.statuses.push_back(status);
  }
  return out;
}

}  // namespace

TEST_CASE("oscal: tokens and UUIDs") {
  CHECK(oscal_token("hg-1374:3.1.b#1") == "hg-1374_3.1.b_1");
  CHECK(oscal_token("3.1") == "_3.1");
  CHECK(oscal_token("") == "_");
  const std::string uuid = stable_uuid("d", "control", "a");
  CHECK(uuid.size() == 36);
  CHECK(uuid[14] == '5');
  CHECK(std::string("89ab").find(uuid[19]) != std::string::npos);
  CHECK(uuid == stable_uuid("d", "control", "a"));
  CHECK(uuid != stable_uuid("d", "control", "b"));
  CHECK(uuid != stable_uuid("e", "control", "a"));
}

TEST_CASE("oscal: catalog and profile") {
  const std::vector<OscalParameter> parameters = {
      {"min_length", {"\u0110\u1ed9 d\u00e0i", "Length"}, {"8"}, {"V\u0103n b\u1ea3n n\u00eau 8.", ""}}};
  const Json catalog = write_oscal_catalog(source(), controls(), parameters);
  CHECK(catalog.dump() == write_oscal_catalog(source(), controls(), parameters).dump());
  const Json& groups = catalog["catalog"]["groups"];
  REQUIRE(groups.size() == 2);
  const Json& control = groups.items()[1]["controls"].items()[0];
  CHECK(control["id"].as_string() == "m-1_3.1.b");
  CHECK(control["title"].as_string() == "M\u1eadt kh\u1ea9u m\u1ea1nh");  // one line
  CHECK(control["parts"].items()[0]["parts"].size() == 3);                // translation and two items
  const Json profile = write_oscal_profile(source(), controls(), parameters, "mau-catalog.json");
  const Json& ids = profile["profile"]["imports"].items()[0]["include-controls"].items()[0]["with-ids"];
  REQUIRE(ids.size() == 1);  // the definition asks for nothing
  CHECK(ids.items()[0].as_string() == "m-1_3.1.b");
}

TEST_CASE("oscal: results say satisfied only for met and attested") {
  const Json results = write_oscal_results(source(), round());
  const Json& result = results["assessment-results"]["results"].items()[0];
  CHECK(result["observations"].size() == 9);
  REQUIRE(result["findings"].size() == 7);  // not no_occasion, not not_applicable
  int satisfied = 0;
  std::set<std::string> uuids;
  for (const auto& finding : result["findings"].items()) {
    satisfied += finding["target"]["status"]["state"].as_string() == "satisfied" ? 1 : 0;
    uuids.insert(finding["uuid"].as_string());
  }
  CHECK(satisfied == 2);
  CHECK(uuids.size() == 7);
  CHECK(result["findings"].items()[0]["target"]["target-id"].as_string() == "m-1_3.1.b_1");
  CHECK(result["local-definitions"]["inventory-items"].size() == 1);
  if (const char* path = std::getenv("PHENDAU_OSCAL_SAMPLE")) std::ofstream(path) << results.dump_pretty();
}

}  // namespace phendau::report::oscal_test
