// SPDX-License-Identifier: Apache-2.0
// Whom a duty binds: every kind of subject, slots that change hands or are held by nobody, registers that are
// empty, scopes with bounds, definitions and other packs. Clauses are written as YAML, as in packs.
#include <doctest/doctest.h>

#include "comply/assess.h"
#include "comply/testing/clauses.h"

namespace subjects_test {

using namespace phendau;
using namespace phendau::comply;

namespace {

const UtcTime kNow = at("2026-11-24T10:00:00+07:00");

Catalog catalog_of(const std::string& rest) {
  Catalog out;
  out.clauses = clause_of(rest);
  out.roles["police"] = {"Cong an", "Police"};
  out.subject_registers[SubjectKind::system] = {"So he thong", "Information systems"};
  return out;
}

Subject subject(SubjectKind kind, std::string id, std::string agency, Json attributes = Json::object()) {
  Subject out;
  out.kind = kind;
  out.id = std::move(id);
  out.agency_id = std::move(agency);
  out.attributes = std::move(attributes);
  return out;
}

Knowledge two_agencies() {
  Knowledge out;
  out.put_subject(subject(SubjectKind::agency, "a1", "a1", Json::object({{"unit_class", "commune"}})));
  out.put_subject(subject(SubjectKind::agency, "a2", "a2", Json::object({{"unit_class", "department"}})));
  return out;
}

RegisterRecord record(std::string kind, std::string id, std::string agency, Json document = Json::object()) {
  RegisterRecord out;
  out.kind = std::move(kind);
  out.id = std::move(id);
  out.agency_id = std::move(agency);
  out.at = kNow - days(1);
  out.document = std::move(document);
  return out;
}

Obligation of(const std::vector<Obligation>& all, std::string_view subject_id) {
  for (const auto& one : all) {
    if (one.subject_id == subject_id) return one;
  }
  FAIL_CHECK("no obligation of ", subject_id);
  return {};
}

const std::string kOnce = "    satisfied_by: [{kind: register, ref: r}]\n";

}  // namespace

TEST_CASE("things of registers are subjects, each judged in its agency") {
  for (const auto& [word, kind] :
       {std::pair{"system", SubjectKind::system}, std::pair{"account", SubjectKind::account},
        std::pair{"person", SubjectKind::person}}) {
    CAPTURE(word);
    const std::string about = std::string("    subject: ") + word + "\n";
    const Catalog by_subject = catalog_of(about + kOnce);
    const Catalog by_link = catalog_of(about + "    satisfied_by: [{kind: register, ref: r, link: about}]\n");
    Knowledge knowledge = two_agencies();
    knowledge.put_subject(subject(kind, "x", "a1"));
    knowledge.put_subject(subject(kind, "y", "a1"));
    RegisterRecord direct = record("r", "1", "a1", Json::object({{"about", Json::array({"y", "z"})}}));
    direct.subject_id = "x";
    knowledge.put_record(direct);
    auto all = assess(by_subject, knowledge, kNow);
    REQUIRE(all.size() == 3);
    CHECK(of(all, "x").status == Status::met);
    CHECK(of(all, "y").status == Status::due);
    CHECK(of(all, "a2").status == Status::unknown);  // it has none, and that is said once
    CHECK(of(all, "a2").reason.text_id == "comply.no_subject");
    all = assess(by_link, knowledge, kNow);
    CHECK(of(all, "x").status == Status::due);
    CHECK(of(all, "y").status == Status::met);  // a list of people names each of them
    knowledge.drop_record("r", "1");
    CHECK(of(assess(by_subject, knowledge, kNow), "x").status == Status::due);
    knowledge.drop_subject(kind, "x");
    CHECK(assess(by_subject, knowledge, kNow).size() == 2);
  }
}

TEST_CASE("no subject: what it means is data") {
  struct Case {
    const char* word;
    Status status;
  };
  for (const Case& c : {Case{"unknown", Status::unknown}, Case{"no_occasion", Status::no_occasion},
                        Case{"not_applicable", Status::not_applicable}}) {
    const Catalog catalog =
        catalog_of(std::string("    subject: system\n    none: ") + c.word + "\n" + kOnce);
    const auto all = assess_agency(catalog, two_agencies(), "a1", kNow);
    REQUIRE(all.size() == 1);
    CHECK(all[0].status == c.status);
    CHECK(explain(Lang::en, all[0].reason).find("Information systems") != std::string::npos);
    CHECK(assess_part(catalog, two_agencies(), catalog.clauses[0], catalog.clauses[0].parts[0],
                      *two_agencies().subject(SubjectKind::agency, "a1"), kNow)[0]
              .status == c.status);
  }
}

TEST_CASE("a role: bound to nobody, bound, handed over, held by an agency that is merged away") {
  const Catalog catalog = catalog_of("    subject: role:police\n" + kOnce);
  Knowledge knowledge = two_agencies();
  auto all = assess(catalog, knowledge, kNow);
  REQUIRE(all.size() == 1);
  CHECK(all[0].agency_id.empty());
  CHECK(all[0].status == Status::unknown);
  CHECK(all[0].reason.text_id == "comply.slot_unbound");
  CHECK(explain(Lang::en, all[0].reason).find("Police") != std::string::npos);

  knowledge.put_binding({"b1", "police", "a1", kNow - days(100), kNow + days(1)});
  knowledge.put_binding({"b2", "police", "a2", kNow + days(1), std::nullopt});
  all = assess(catalog, knowledge, kNow);
  REQUIRE(all.size() == 1);
  CHECK(all[0].subject_id == "police@a1");
  CHECK(all[0].agency_id == "a1");
  CHECK(all[0].status == Status::due);
  knowledge.put_record(record("r", "own", "a1"));
  CHECK(assess(catalog, knowledge, kNow)[0].status == Status::met);
  knowledge.drop_record("r", "own");
  knowledge.put_record(record("r", "province", ""));  // a register of the province has no owner
  CHECK(assess(catalog, knowledge, kNow)[0].status == Status::met);
  knowledge.drop_record("r", "province");
  knowledge.put_record(record("r", "other", "a2"));
  CHECK(assess(catalog, knowledge, kNow)[0].status == Status::due);

  all = assess(catalog, knowledge, kNow + days(1));
  REQUIRE(all.size() == 1);
  CHECK(all[0].subject_id == "police@a2");
  CHECK(all[0].status == Status::met);
  knowledge.drop_subject(SubjectKind::agency, "a2");  // merged into another
  all = assess(catalog, knowledge, kNow + days(1));
  REQUIRE(all.size() == 1);
  CHECK(all[0].reason.text_id == "comply.slot_unbound");
}

TEST_CASE("a role that was bound during the period before does not owe it") {
  const Catalog catalog =
      catalog_of("    subject: role:police\n    satisfied_by: [{kind: register, ref: r, period: P1M}]\n");
  Knowledge knowledge = two_agencies();
  knowledge.put_binding({"b1", "police", "a1", at("2026-10-15T00:00:00+07:00"), std::nullopt});
  CHECK(assess(catalog, knowledge, kNow).size() == 1);
  knowledge.put_binding({"b0", "police", "a1", at("2026-01-01T00:00:00+07:00"),
                         at("2026-10-15T00:00:00+07:00")});  // prolonged: one holding
  CHECK(assess(catalog, knowledge, kNow).size() == 2);
}

TEST_CASE("the hub itself is a subject of the province") {
  const Catalog catalog =
      catalog_of("    subject: hub\n    satisfied_by: [{kind: setting, ref: hub.tls, equals: true}]\n");
  Knowledge knowledge = two_agencies();
  CHECK(assess(catalog, knowledge, kNow)[0].status == Status::unknown);
  knowledge.put_setting("hub.tls", true);
  const auto all = assess(catalog, knowledge, kNow);
  REQUIRE(all.size() == 1);
  CHECK(all[0].agency_id.empty());
  CHECK(all[0].id == "t:1|hub:hub|");
  CHECK(all[0].status == Status::met);
  knowledge.put_setting("hub.tls", false);
  CHECK(assess(catalog, knowledge, kNow)[0].status == Status::violated);
}

TEST_CASE("an agency that is merged away owes nothing; its things are judged where they went") {
  const Catalog catalog =
      catalog_of("    subject: system\n    satisfied_by: [{kind: setting, ref: s, equals: true}]\n");
  Knowledge knowledge = two_agencies();
  knowledge.put_subject(subject(SubjectKind::system, "x", "a1"));
  CHECK(of(assess(catalog, knowledge, kNow), "x").agency_id == "a1");
  knowledge.put_subject(subject(SubjectKind::system, "x", "a2"));
  knowledge.drop_subject(SubjectKind::agency, "a1");
  const auto all = assess(catalog, knowledge, kNow);
  REQUIRE(all.size() == 1);
  CHECK(all[0].agency_id == "a2");
  CHECK(knowledge.subjects_in(SubjectKind::system, "a1").empty());
}

TEST_CASE("scopes: bounds, lists, the level of a system, the class of its agency") {
  Catalog catalog =
      catalog_of("    subject: system\n    scope: high\n    satisfied_by: [{kind: attestation}]\n");
  catalog.scopes["high"] = {"high", {"vi", "en"}, "level", {}, 3.0, 5.0, {}};
  Knowledge knowledge = two_agencies();
  const auto status_with = [&](Json level) {
    knowledge.put_subject(
        subject(SubjectKind::system, "x", "a1", Json::object({{"level", std::move(level)}})));
    return of(assess(catalog, knowledge, kNow), "x").status;
  };
  CHECK(status_with(2) == Status::not_applicable);
  CHECK(status_with(3) == Status::due);
  CHECK(status_with(5) == Status::due);
  CHECK(status_with(6) == Status::not_applicable);
  CHECK(status_with("3") == Status::not_applicable);
  CHECK(status_with(Json()) == Status::unknown);
  CHECK(status_with(Json::array({1, 4})) == Status::due);
  catalog.scopes["high"] = {"high", {"vi", "en"}, "unit_class", {Json("commune")}, {}, {}, {}};
  CHECK(status_with(1) == Status::due);  // the agency's attribute counts where the system has none
}

TEST_CASE("definitions have no duty; another document is judged where it is loaded") {
  const Catalog defines = catalog_of("    defines: ['glossary:cipher', profile]\n");
  const Obligation one = assess(defines, two_agencies(), kNow)[0];
  CHECK(one.status == Status::not_applicable);
  CHECK(one.reason.text_id == "comply.defines");
  CHECK(explain(Lang::en, one.reason).find("cipher, profile") != std::string::npos);

  Catalog other = catalog_of("    satisfied_by: [{kind: pack, ref: decree-85}]\n");
  CHECK(assess(other, two_agencies(), kNow)[0].status == Status::unknown);
  CHECK(assess(other, two_agencies(), kNow)[0].reason.text_id == "comply.pack_missing");
  other.packs = {"t", "decree-85"};
  CHECK(assess(other, two_agencies(), kNow)[0].status == Status::not_applicable);
  CHECK(assess(other, two_agencies(), kNow)[0].reason.text_id == "comply.pack_judges");
}

}  // namespace subjects_test
