// SPDX-License-Identifier: Apache-2.0
// Ages, the order of two dates, scopes put together, records as subjects, windows of a year and counted
// occurrences: each judged on both sides of the instant at which time alone changes it.
#include "comply/condition.h"

#include <doctest/doctest.h>

#include "comply/assess.h"
#include "comply/testing/clauses.h"

namespace condition_test {

using namespace phendau;
using namespace phendau::comply;

namespace {

const UtcTime kNow = at("2026-11-24T10:00:00+07:00");

Catalog catalog_of(const std::string& rest) {
  Catalog out;
  out.clauses = clause_of(rest);
  return out;
}

Knowledge agencies() {
  Knowledge out;
  for (const char* id : {"a1", "a2"}) {
    Subject agency;
    agency.id = agency.agency_id = id;
    agency.attributes = Json::object({{"unit_class", id[1] == '1' ? "commune" : "school"}});
    out.put_subject(std::move(agency));
  }
  return out;
}

RegisterRecord record(std::string kind, std::string id, Json document, std::string agency = "a1") {
  RegisterRecord out;
  out.kind = std::move(kind);
  out.id = std::move(id);
  out.agency_id = std::move(agency);
  out.at = out.entered_at = kNow - days(1);
  out.document = std::move(document);
  return out;
}

void put_with_subject(Knowledge& knowledge, RegisterRecord one) {
  Subject subject;
  subject.kind = SubjectKind::record;
  subject.id = one.id;
  subject.agency_id = one.agency_id;
  subject.role = one.kind;
  subject.attributes = one.document;
  knowledge.put_subject(std::move(subject));
  knowledge.put_record(std::move(one));
}

Condition condition(std::string field) {
  Condition out;
  out.field = std::move(field);
  return out;
}

}  // namespace

TEST_CASE("ages: more than a span means from the day after the anniversary on") {
  const Json computer = Json::object({{"bought_on", "2020-11-24"}, {"seen", "2026-02-28T23:30:00+07:00"}});
  Condition old = condition("bought_on");
  old.older_than = *parse_span("P6Y");
  AgeClock before{at("2026-11-24T23:59:59+07:00")};
  CHECK_FALSE(holds(old, computer, before));
  CHECK(before.next_at == at("2026-11-25T00:00:00+07:00"));
  AgeClock after{*before.next_at};
  CHECK(holds(old, computer, after));
  CHECK_FALSE(after.next_at);
  Condition fresh = condition("seen");
  fresh.not_older_than = *parse_span("P1M");
  AgeClock good{at("2026-03-28T23:00:00+07:00")};
  CHECK(holds(fresh, computer, good));
  AgeClock stale{*good.next_at};
  CHECK(stale.now == at("2026-03-29T00:00:00+07:00"));
  CHECK_FALSE(holds(fresh, computer, stale));
  for (Condition* one : {&old, &fresh}) {  // nobody wrote the date down: neither
    one->field = "missing";
    CHECK_FALSE(holds(*one, computer, stale));
  }
  for (const char* bad : {"6Y", "P0Y", "P101Y", "P1H", "PY", "P"}) CHECK_FALSE(parse_span(bad));
  CHECK(parse_span("P2W")->days == 14);
}

TEST_CASE("within: past, or at most so far ahead") {
  Condition soon = condition("until");
  soon.within = *parse_span("P60D");
  const Json token = Json::object({{"until", "2026-12-31"}});
  AgeClock before{at("2026-10-31T23:59:59+07:00")};
  CHECK_FALSE(holds(soon, token, before));
  CHECK(before.next_at == at("2026-11-01T00:00:00+07:00"));
  AgeClock first{*before.next_at};
  CHECK(holds(soon, token, first));
  AgeClock late{at("2027-06-01T00:00:00+07:00")};
  CHECK(holds(soon, token, late));
  soon.within = *parse_span("P1M");
  AgeClock month{at("2026-11-29T12:00:00+07:00")};
  CHECK_FALSE(holds(soon, token, month));
  CHECK(month.next_at == at("2026-11-30T00:00:00+07:00"));
  CHECK_FALSE(holds(soon, Json::object(), late));
}

TEST_CASE("the order of two dates: by instants, or by days where one has no time") {
  Condition order = condition("approved");
  order.not_after = "done";
  Condition strict = condition("approved");
  strict.before = "done";
  AgeClock clock{kNow};
  const auto says = [&](const Condition& one, const char* approved, const char* done) {
    return holds(one, Json::object({{"approved", approved}, {"done", done}}), clock);
  };
  CHECK(says(order, "2026-11-24T09:00:00+07:00", "2026-11-24T10:00:00+07:00"));
  CHECK_FALSE(says(order, "2026-11-24T10:00:01+07:00", "2026-11-24T10:00:00+07:00"));
  CHECK(says(order, "2026-11-24", "2026-11-24T08:00:00+07:00"));
  CHECK_FALSE(says(strict, "2026-11-24", "2026-11-24T08:00:00+07:00"));
  CHECK(says(strict, "2026-11-23", "2026-11-24"));
  CHECK_FALSE(says(order, "2026-11-25", "2026-11-24"));
  CHECK_FALSE(says(order, "", "2026-11-24"));
  CHECK_FALSE(says(order, "2026-11-24", "soon"));
}

TEST_CASE("the order of two numbers") {
  Condition order = condition("targeted");
  order.not_after = "reached";
  Condition strict = condition("targeted");
  strict.before = "reached";
  AgeClock clock{kNow};
  const auto says = [&](const Condition& one, const Json& targeted, const Json& reached) {
    return holds(one, Json::object({{"targeted", targeted}, {"reached", reached}}), clock);
  };
  CHECK(says(order, 40, 40));
  CHECK(says(order, 40, 41.5));
  CHECK_FALSE(says(order, 40, 39));
  CHECK(says(strict, 40, 41));
  CHECK_FALSE(says(strict, 40, 40));
  CHECK_FALSE(says(order, 40, "2026-11-24"));
  CHECK_FALSE(says(order, Json(), 40));
}

TEST_CASE("each record of a register is a subject; a scope by age; it is about itself") {
  Catalog catalog = catalog_of(
      "    subject: record:computer\n    scope: [connected, old]\n    none: no_occasion\n"
      "    satisfied_by: [{kind: register, ref: computer, where: {inspected_on: \"*\"}}]\n");
  catalog.scopes["connected"] = {"connected", {"a", "b"}, "connected", {Json(true)}};
  catalog.scopes["old"] = {"old", {"a", "b"}, "bought_on", {}};
  catalog.scopes["old"].older_than = *parse_span("P6Y");
  catalog.registers["computer"] = {"May", "Computers"};
  Knowledge knowledge = agencies();
  const auto of = [&](std::string_view id, UtcTime now = kNow) {
    for (auto& one : assess_agency(catalog, knowledge, "a1", now)) {
      if (one.subject_id == id) return one;
    }
    FAIL_CHECK("no obligation of ", id);
    return Obligation{};
  };
  const Obligation none = of("a1");
  CHECK(none.status == Status::no_occasion);
  CHECK(explain(Lang::en, none.reason).find("Computers") != std::string::npos);
  const auto computer = [](const char* bought, bool connected) {
    return Json::object({{"bought_on", bought}, {"connected", connected}});
  };
  put_with_subject(knowledge, record("computer", "k1", computer("2020-11-24", true)));
  put_with_subject(knowledge, record("computer", "k2", computer("2015-01-01", false)));
  put_with_subject(knowledge, record("computer", "k3", Json::object({{"connected", true}})));
  put_with_subject(knowledge, record("router", "k4", computer("2015-01-01", true)));
  const Obligation young = of("k1");
  CHECK(young.status == Status::not_applicable);
  REQUIRE(young.next_evaluation_at == at("2026-11-25T00:00:00+07:00"));
  CHECK(of("k1", *young.next_evaluation_at).status == Status::due);
  CHECK(of("k2").status == Status::not_applicable);
  CHECK(of("k3").status == Status::unknown);
  Json inspected = computer("2020-11-24", true);
  inspected.set("inspected_on", "2026-11-20");
  put_with_subject(knowledge, record("computer", "k1", inspected));
  CHECK(of("k1", *young.next_evaluation_at).status == Status::met);
  CHECK(assess_agency(catalog, knowledge, "a1", kNow).size() == 3);  // the router is not asked
  CHECK(assess_agency(catalog, knowledge, "a2", kNow)[0].status == Status::no_occasion);
}

TEST_CASE("scopes put together: any, all, and what nobody knows") {
  Catalog catalog = catalog_of("    scope: mixed\n    satisfied_by: [{kind: attestation}]\n");
  catalog.scopes["commune"] = {"commune", {"a", "b"}, "unit_class", {Json("commune")}};
  catalog.scopes["own"] = {"own", {"a", "b"}, "own", {Json(true)}};
  catalog.scopes["mixed"] = {"mixed", {"a", "b"}, "", {}};
  Scope& mixed = catalog.scopes["mixed"];
  Knowledge knowledge = agencies();
  const auto status = [&](std::string_view agency) {
    return assess_agency(catalog, knowledge, agency, kNow)[0].status;
  };
  mixed.any_scopes = {"commune", "own"};
  CHECK(status("a1") == Status::due);      // a commune: what else it is does not matter
  CHECK(status("a2") == Status::unknown);  // a school: does it have a system of its own?
  Subject school;
  school.id = school.agency_id = "a2";
  school.attributes = Json::object({{"unit_class", "school"}, {"own", true}});
  knowledge.put_subject(school);
  CHECK(status("a2") == Status::due);
  std::swap(mixed.any_scopes, mixed.all_scopes);
  CHECK(status("a1") == Status::unknown);
  CHECK(status("a2") == Status::not_applicable);
  mixed.all_scopes = {"own", "mixed"};  // a circle: the reader refuses it, the engine ends
  CHECK(status("a2") == Status::unknown);
}

TEST_CASE("a window in the year: nothing before it counts, nothing is owed before it") {
  const Catalog catalog = catalog_of(
      "    satisfied_by: [{kind: register, ref: list, period: P1Y, not_before: \"09-01\", before: "
      "\"10-01\"}]\n");
  Knowledge knowledge = agencies();
  const auto here = [&](const char* now) { return assess_agency(catalog, knowledge, "a1", at(now)).back(); };
  const Obligation early = here("2026-08-31T23:00:00+07:00");
  CHECK(early.status == Status::no_occasion);
  CHECK_FALSE(early.due_at);
  CHECK(early.next_evaluation_at == at("2026-09-01T00:00:00+07:00"));
  RegisterRecord list = record("list", "l1", Json::object());
  list.at = at("2026-08-20T00:00:00+07:00");
  knowledge.put_record(list);
  const Obligation open = here("2026-09-01T00:00:00+07:00");
  CHECK(open.status == Status::due);
  CHECK(open.due_at == at("2026-10-01T00:00:00+07:00"));
  CHECK(here("2026-10-01T00:00:00+07:00").status == Status::overdue);
  list.at = at("2026-09-01T00:00:00+07:00");
  knowledge.put_record(list);
  CHECK(here("2026-09-02T00:00:00+07:00").status == Status::met);
}

TEST_CASE("a trigger that counts: the second in a calendar year, of each agency by itself") {
  const Catalog catalog = catalog_of(
      "    subject: role:lead\n    trigger: {register: incident, where: {severe: true}, from: on, at_least: "
      "2, "
      "in: P1Y, within: 10d}\n    satisfied_by: [{kind: attestation}]\n");
  Knowledge knowledge = agencies();
  knowledge.put_binding({"b", "lead", "a2", kNow - days(900), std::nullopt});
  const auto incident = [&](const char* id, const char* on, const char* agency, bool severe = true) {
    knowledge.put_record(record("incident", id, Json::object({{"on", on}, {"severe", severe}}), agency));
  };
  const auto periods = [&] {
    std::vector<std::string> out;
    for (const auto& one : assess_agency(catalog, knowledge, "a2", kNow)) out.push_back(one.period_id);
    return out;
  };
  incident("i1", "2025-12-31", "a1");
  incident("i2", "2026-01-02", "a1");
  incident("i3", "2026-03-01", "a2");
  incident("i4", "2026-03-02", "a1", false);
  CHECK(periods() == std::vector<std::string>{""});
  incident("i5", "2026-11-20", "a1");
  CHECK(periods() == std::vector<std::string>{"incident/i5"});
  incident("i6", "2026-11-22", "a1");  // the third raises nothing new
  CHECK(periods() == std::vector<std::string>{"incident/i5"});
  incident("i0", "2026-01-01", "a1");  // an older one that is written down later moves it
  CHECK(periods() == std::vector<std::string>{"incident/i2"});
}

TEST_CASE("conditions and windows are read with their mistakes") {
  std::vector<ContentError> errors;
  const auto read = [&](const std::string& rest) {
    errors.clear();
    parse_clauses(
        "clauses:\n  - id: t:1\n    citation: x\n    title: {vi: a, en: a}\n    duty: {vi: a, en: a}\n"
        "    bound: [staff]\n    kind: process\n" +
            rest,
        "t.yaml", errors);
    return errors.empty() ? std::string() : errors.front().reason;
  };
  const std::string way = "    satisfied_by: [{kind: register, ref: r, ";
  const std::string attested = "    satisfied_by: [{kind: attestation}]\n";
  CHECK(read(way + "where: {a: {older_than: P6Y}}}]\n").empty());
  CHECK(read(way + "where: {a: {older_than: 6Y}}}]\n").find("no span") != std::string::npos);
  CHECK(read(way + "where: {a: {younger: P6Y}}}]\n").find("unknown key 'younger'") != std::string::npos);
  CHECK(read(way + "where: {a: {}}}]\n").find("map of tests") != std::string::npos);
  CHECK(read(way + "not_before: \"09-01\"}]\n").find("'not_before' needs") != std::string::npos);
  CHECK(read(way + "period: P1Y, not_before: \"09-01\", before: \"08-01\"}]\n").find("a day before") !=
        std::string::npos);
  CHECK(read("    trigger: {register: r, at_least: 2}\n" + attested).find("belong together") !=
        std::string::npos);
  CHECK(read("    trigger: {register: r, at_least: 2, in: P2Y}\n" + attested).find("no calendar period") !=
        std::string::npos);
  CHECK(read("    subject: record\n" + attested).find("record:REGISTER") != std::string::npos);
  CHECK(read("    trigger: {register: r, within: 0m}\n" + attested).find("count from 1") !=
        std::string::npos);
}

}  // namespace condition_test
