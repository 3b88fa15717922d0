// SPDX-License-Identifier: Apache-2.0
// Duties that arise with an event: clocks, what fulfils them, what counts as late, how long they are kept;
// and past periods whose verdict was fixed at their close. Clauses are written as YAML, as in packs.
#include "comply/trigger.h"

#include <doctest/doctest.h>

#include "comply/assess.h"
#include "comply/testing/clauses.h"

namespace trigger_test {

using namespace phendau;
using namespace phendau::comply;

namespace {

const UtcTime kNow = at("2026-11-24T10:00:00+07:00");  // a Tuesday

Catalog catalog_of(const std::string& rest) {
  Catalog out;
  out.clauses = clause_of(rest);
  out.work_calendar.years = {2026};
  return out;
}

Knowledge agencies() {
  Knowledge out;
  for (const char* id : {"a1", "a2"}) {
    Subject agency;
    agency.id = agency.agency_id = id;
    out.put_subject(agency);
  }
  return out;
}

RegisterRecord leaver(std::string id, Json document, std::string state = "open", std::string agency = "a1") {
  RegisterRecord out;
  out.kind = "leaver";
  out.id = std::move(id);
  out.agency_id = std::move(agency);
  out.state = std::move(state);
  out.at = out.entered_at = at("2026-11-20T08:00:00+07:00");
  out.document = std::move(document);
  return out;
}

}  // namespace

TEST_CASE("a clock that runs into a year without a calendar is unknown, and says which year") {
  const Catalog catalog = catalog_of(
      "    trigger: {register: leaver, from: left_on, within: 3wd}\n"
      "    satisfied_by: [{kind: occasion, state: [done], done: locked_at}]\n");
  Knowledge knowledge = agencies();
  Json doc = Json::object({{"left_on", "2027-03-01"}});
  knowledge.put_record(leaver("l1", doc));
  const auto here = [&] { return assess_agency(catalog, knowledge, "a1", kNow)[0]; };
  CHECK(here().status == Status::unknown);
  CHECK(here().reason.text_id == "comply.calendar_missing");
  CHECK(here().reason.args.at(0) == "2027");
  doc.set("locked_at", "2027-03-02");
  knowledge.put_record(leaver("l1", doc, "done"));
  CHECK(here().status == Status::met);
}

TEST_CASE("a regime: what began under a law keeps its clock, and a gap of the law has none") {
  Catalog catalog = catalog_of(
      "    trigger: {register: leaver, from: left_on, within: 'regime:notice'}\n"
      "    satisfied_by: [{kind: occasion, done: locked_at}]\n");
  const auto rule = [](const char* id, CivilDate from, std::optional<CivilDate> until, const char* due) {
    RegimeRule out;
    out.id = id;
    out.from = from;
    out.until = until;
    if (due != nullptr) out.due = *parse_deadline(due);
    return out;
  };
  RegimeTable table;
  table.id = "notice";
  table.rules = {rule("OLD", {2026, 1, 1}, CivilDate{2026, 7, 1}, "5d"),
                 rule("GAP", {2026, 7, 1}, CivilDate{2026, 8, 19}, nullptr),
                 rule("NEW", {2026, 8, 19}, std::nullopt, "24h")};
  catalog.regimes.emplace(table.id, table);
  Knowledge knowledge = agencies();
  const auto due = [&](const char* from) {
    knowledge.put_record(leaver("l1", Json::object({{"left_on", from}})));
    return assess_agency(catalog, knowledge, "a1", at("2026-06-30T12:00:00+07:00"))[0].due_at;
  };
  CHECK(due("2026-06-30T09:00:00+07:00") == at("2026-07-06T00:00:00+07:00"));
  CHECK_FALSE(due("2026-07-01T09:00:00+07:00"));
  CHECK(due("2026-08-19T09:00:00+07:00") == at("2026-08-20T09:00:00+07:00"));
  CHECK_FALSE(due("2025-12-31T09:00:00+07:00"));  // no rule was in force
}

TEST_CASE("what arose before a duty ended is owed, what comes after is not") {
  const Catalog catalog = catalog_of(
      "    from: \"2026-11-16\"\n    until: \"2026-11-21\"\n"
      "    trigger: {register: leaver, from: left_on, within: 3wd}\n"
      "    satisfied_by: [{kind: occasion, done: locked_at}]\n");
  Knowledge knowledge = agencies();
  const auto here = [&] { return assess_agency(catalog, knowledge, "a1", kNow).at(0); };
  for (const char* outside : {"2026-11-15", "2026-11-21"}) {
    knowledge.put_record(leaver("l1", Json::object({{"left_on", outside}})));
    CHECK(here().status == Status::not_applicable);
    CHECK(here().reason.text_id == "comply.duty_ended");
  }
  knowledge.put_record(leaver("l1", Json::object({{"left_on", "2026-11-20"}})));
  CHECK(here().status == Status::due);
  CHECK(here().period_id == "leaver/l1");
}

TEST_CASE("an occasion: none, due, overdue, done, late, kept for a year") {
  const Catalog catalog = catalog_of(
      "    trigger: {register: leaver, from: left_on, within: 3wd}\n"
      "    satisfied_by: [{kind: occasion, state: [done], every: {returned: true}, done: locked_at}]\n");
  Knowledge knowledge = agencies();
  const auto here = [&](UtcTime now = kNow) {
    auto all = assess_agency(catalog, knowledge, "a1", now);
    REQUIRE(!all.empty());
    return all.front();
  };
  CHECK(here().status == Status::no_occasion);
  CHECK(here().period_id.empty());
  knowledge.put_record(leaver("l1", Json::object()));  // no date yet: the duty has not arisen
  CHECK(here().status == Status::no_occasion);
  Json doc = Json::object({{"left_on", "2026-11-20"}});  // a Friday: until Wednesday 25/11
  knowledge.put_record(leaver("l1", doc));
  const Obligation due = here();
  CHECK(due.status == Status::due);
  CHECK(due.period_id == "leaver/l1");
  CHECK(due.id == "t:1|agency:a1|leaver/l1");
  CHECK(due.due_at == at("2026-11-26T00:00:00+07:00"));
  CHECK(due.next_evaluation_at == due.due_at);
  CHECK(due.evidence.at(0).ref == "leaver/l1");
  CHECK(here(*due.due_at).status == Status::overdue);
  CHECK(here(*due.due_at + days(800)).status == Status::overdue);  // not done is never forgotten
  doc.set("returned", true);
  knowledge.put_record(leaver("l1", doc, "done"));
  CHECK(here().status == Status::due);  // nobody says when
  doc.set("locked_at", "2026-11-25T17:00:00+07:00");
  knowledge.put_record(leaver("l1", doc, "done"));
  CHECK(here().status == Status::met);
  CHECK(here().reason.text_id == "comply.occasion_done");
  doc.set("returned", false);
  knowledge.put_record(leaver("l1", doc, "done"));
  CHECK(here().status == Status::due);
  doc.set("returned", true).set("locked_at", "2026-11-26");
  knowledge.put_record(leaver("l1", doc, "done"));
  CHECK(here().status == Status::met);
  CHECK(here().reason.text_id == "comply.occasion_done_late");
  CHECK(here(at("2027-11-26T23:59:59+07:00")).status == Status::met);
  CHECK(here(at("2027-11-27T00:00:00+07:00")).status == Status::no_occasion);  // a year later it is over
  knowledge.put_record(leaver("l2", Json::object({{"left_on", "2026-11-23"}})));
  knowledge.put_record(leaver("l3", Json::object({{"left_on", "2026-11-23"}}), "open", "a2"));
  const auto all = assess(catalog, knowledge, kNow);
  REQUIRE(all.size() == 3);  // two of a1, one of a2
  CHECK(roll_up(all).good == 1);
  CHECK(roll_up(all).total == 3);
  knowledge.drop_record("leaver", "l1");
  knowledge.drop_record("leaver", "l2");
  CHECK(here().status == Status::no_occasion);
}

TEST_CASE(
    "which records are occasions: where, state, the kind's own date, the day of writing, dates in force") {
  Catalog catalog = catalog_of(
      "    trigger: {register: leaver, where: {kind: moved}, state: [open], within: 5d, keep: P30D}\n"
      "    satisfied_by: [{kind: attestation}]\n");
  Knowledge knowledge = agencies();
  const Json moved = Json::object({{"kind", "moved"}});
  knowledge.put_record(leaver("l1", Json::object({{"kind", "retired"}})));
  knowledge.put_record(leaver("l2", moved, "done"));
  CHECK(assess_agency(catalog, knowledge, "a1", kNow)[0].status == Status::no_occasion);
  knowledge.put_record(leaver("l3", moved));
  auto due = assess_agency(catalog, knowledge, "a1", kNow)[0];
  CHECK(due.period_id == "leaver/l3");
  CHECK(due.due_at == at("2026-11-26T00:00:00+07:00"));  // first written on 20/11
  RegisterRecord dated = leaver("l3", moved);
  dated.at = at("2026-11-22T00:00:00+07:00");
  dated.dated = Dated::day;
  knowledge.put_record(dated);
  due = assess_agency(catalog, knowledge, "a1", kNow)[0];
  CHECK(due.due_at == at("2026-11-28T00:00:00+07:00"));
  knowledge.put_attestation({"x", "t:1", "a1", "leaver/other", kNow, {}, "", ""});
  CHECK(assess_agency(catalog, knowledge, "a1", kNow)[0].status == Status::due);
  knowledge.put_attestation({"x", "t:1", "a1", "leaver/l3", kNow, {}, "", ""});
  CHECK(assess_agency(catalog, knowledge, "a1", kNow)[0].status == Status::attested);
  CHECK(assess_agency(catalog, knowledge, "a1", kNow + days(31))[0].status == Status::no_occasion);
  catalog.in_force_from = at("2026-11-23T00:00:00+07:00");
  CHECK(assess_agency(catalog, knowledge, "a1", kNow)[0].status == Status::no_occasion);
}

TEST_CASE("answers: a linked record, any record since, a count, what they must say") {
  const std::string trigger = "    trigger: {register: leaver, from: left_on, within: 24h}\n";
  const Catalog linked = catalog_of(
      trigger + "    satisfied_by: [{kind: register, ref: answer, link: leaver_id, every: {ok: true}}]\n");
  const Catalog since =
      catalog_of(trigger + "    satisfied_by: [{kind: register, ref: answer, at_least: 2}]\n");
  Knowledge knowledge = agencies();
  knowledge.put_record(leaver("l1", Json::object({{"left_on", "2026-11-24T08:00:00+07:00"}})));
  RegisterRecord answer = leaver("x1", Json::object({{"leaver_id", "l2"}, {"ok", true}}));
  answer.kind = "answer";
  answer.at = kNow;
  knowledge.put_record(answer);
  const auto status = [&](const Catalog& catalog, UtcTime now = kNow + hours(1)) {
    return assess_agency(catalog, knowledge, "a1", now)[0];
  };
  CHECK(status(linked).status == Status::due);
  CHECK(status(linked, kNow + hours(22) + seconds(1)).status == Status::overdue);
  answer.document.set("leaver_id", "l1");
  knowledge.put_record(answer);
  CHECK(status(linked).status == Status::met);
  answer.document.set("ok", false);
  knowledge.put_record(answer);
  CHECK(status(linked).status == Status::violated);
  answer.document.set("ok", true);
  answer.at = kNow + hours(23);
  knowledge.put_record(answer);
  CHECK(status(linked, kNow + days(2)).reason.text_id == "comply.occasion_done_late");
  CHECK(status(since, kNow + days(2)).status == Status::overdue);
  RegisterRecord before = answer;
  before.id = "x0";
  before.at = at("2026-11-24T07:59:59+07:00");  // what was done before cannot answer it
  knowledge.put_record(before);
  CHECK(status(since, kNow + days(2)).status == Status::overdue);
  before.at = kNow;
  knowledge.put_record(before);
  CHECK(status(since, kNow + days(2)).status == Status::met);
}

TEST_CASE("each: a new version is owed by every person of the agency, and answered by each alone") {
  const Catalog catalog = catalog_of(
      "    subject: person\n"
      "    trigger: {register: policy, state: in_force, from: issued_on, within: 5d, each: true}\n"
      "    satisfied_by: [{kind: register, ref: read, link: policy_id}]\n");
  Knowledge knowledge = agencies();
  const auto person = [&](const char* id, const char* since) {
    Subject one;
    one.kind = SubjectKind::person;
    one.id = id;
    one.agency_id = "a1";
    one.known_since = at(since);
    knowledge.put_subject(one);
  };
  person("p1", "2025-01-01T00:00:00Z");
  person("p2", "2025-01-01T00:00:00Z");
  RegisterRecord policy = leaver("v1", Json::object({{"issued_on", "2026-11-10"}}), "in_force");
  policy.kind = "policy";
  knowledge.put_record(policy);
  const auto status = [&](const char* who, const char* which) {
    for (const auto& one : assess_agency(catalog, knowledge, "a1", kNow)) {
      if (one.subject_id == who && one.period_id == std::string("policy/") + which) return one.status;
    }
    return Status::not_applicable;
  };
  CHECK(status("p1", "v1") == Status::overdue);
  CHECK(status("p2", "v1") == Status::overdue);
  RegisterRecord read = leaver("r1", Json::object({{"policy_id", "v1"}}));
  read.kind = "read";
  read.subject_id = "p1";
  knowledge.put_record(read);
  CHECK(status("p1", "v1") == Status::met);
  CHECK(status("p2", "v1") == Status::overdue);
  // The next version is owed anew, by who came since then too, from the day they came.
  policy.id = "v2";
  policy.document.set("issued_on", "2026-11-20");
  knowledge.put_record(policy);
  person("p3", "2026-11-23T08:00:00+07:00");
  CHECK(status("p1", "v2") == Status::due);
  CHECK(status("p3", "v1") == Status::due);
  CHECK(status("p3", "v2") == Status::due);
  policy.state = "draft";
  knowledge.put_record(policy);
  CHECK(status("p1", "v2") == Status::not_applicable);
  std::vector<ContentError> errors;
  clause_of("    trigger: {register: policy, each: true}\n    satisfied_by: [{kind: occasion, state: [x]}]\n",
            errors);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].reason.find("'each'") != std::string::npos);
}

TEST_CASE("a case raises duties: of its own steps, of other workflows, from a step, for a role") {
  const Catalog step = catalog_of(
      "    trigger: {workflow: incident, where: {severity: high}, from: opened, within: 24h}\n"
      "    satisfied_by: [{kind: workflow, ref: incident, step: report}]\n");
  const Catalog other = catalog_of(
      "    trigger: {workflow: incident, from: report, within: 5d}\n"
      "    satisfied_by: [{kind: workflow, ref: lesson}]\n");
  const Catalog role = catalog_of(
      "    subject: role:police\n    trigger: {workflow: incident, within: 1d}\n"
      "    satisfied_by: [{kind: attestation}]\n");
  Knowledge knowledge = agencies();
  CaseStep report;
  report.id = "report";
  CaseState run{"c1", "incident", "a1", "Web", kNow, {}, {report}};
  knowledge.put_case(run);
  const auto here = [&](const Catalog& catalog, UtcTime now) {
    return assess_agency(catalog, knowledge, "a1", now)[0];
  };
  CHECK(here(step, kNow).status == Status::no_occasion);  // not severe
  run.document = Json::object({{"severity", "high"}});
  knowledge.put_case(run);
  CHECK(here(step, kNow + hours(1)).status == Status::due);
  CHECK(here(step, kNow + hours(1)).period_id == "incident/c1");
  CHECK(here(step, kNow + hours(24)).status == Status::due);  // the last instant is still good
  CHECK(here(step, kNow + hours(24) + nanoseconds(1)).status == Status::overdue);
  CHECK(here(other, kNow + hours(24)).status == Status::no_occasion);
  run.steps[0].state = CaseStep::State::done;
  run.steps[0].at = kNow + hours(25);
  knowledge.put_case(run);
  CHECK(here(step, kNow + hours(26)).status == Status::met);
  CHECK(here(step, kNow + hours(26)).reason.text_id == "comply.step_done_late");
  CHECK(here(other, kNow + hours(26)).status == Status::due);
  CHECK(here(other, kNow + days(7)).status == Status::overdue);
  knowledge.put_case({"c2", "lesson", "a1", "Lesson", kNow + days(2), {}, {}});
  CHECK(here(other, kNow + days(7)).status == Status::met);
  // The police answer for every agency's case.
  knowledge.put_binding({"b", "police", "a2", kNow - days(1), std::nullopt});
  const auto of_police = assess_agency(role, knowledge, "a2", kNow + hours(1));
  REQUIRE(of_police.size() == 1);
  CHECK(of_police[0].period_id == "incident/c1");
  CHECK(of_police[0].status == Status::due);
  CHECK(assess_agency(role, knowledge, "a1", kNow + hours(1)).empty());
}

TEST_CASE("modality and exceptions hold for occasions too") {
  const std::string rest =
      "    trigger: {register: leaver, from: left_on, within: 1d}\n"
      "    satisfied_by: [{kind: occasion, state: [done]}]\n";
  Knowledge knowledge = agencies();
  knowledge.put_record(leaver("l1", Json::object({{"left_on", "2026-11-01"}})));
  CHECK(assess_agency(catalog_of("    modality: encouraged\n" + rest), knowledge, "a1", kNow)[0].status ==
        Status::no_occasion);
  const Catalog must = catalog_of(rest);
  CHECK(assess_agency(must, knowledge, "a1", kNow)[0].status == Status::overdue);
  knowledge.put_exception({"e", "t:1", "a1", "", kNow - days(1), kNow + days(1), "x"});
  CHECK(assess_agency(must, knowledge, "a1", kNow)[0].status == Status::excepted);
  CHECK(assess_agency(must, knowledge, "a1", kNow + days(1))[0].status == Status::overdue);
}

TEST_CASE("a past period keeps the verdict of its close; what comes later is a visible correction") {
  struct Case {
    const char* done;     // the date on the record
    const char* entered;  // when it was written
    Status now;
    std::optional<Status> closed;
  };
  const Case cases[] = {
      {nullptr, nullptr, Status::overdue, std::nullopt},
      {"2026-10-20T08:00:00+07:00", "2026-10-20T09:00:00+07:00", Status::met, std::nullopt},
      {"2026-10-20T08:00:00+07:00", "2026-11-03T09:00:00+07:00", Status::met, Status::overdue},
      {"2026-11-03T08:00:00+07:00", "2026-11-03T09:00:00+07:00", Status::overdue, std::nullopt},
  };
  for (const bool attested : {false, true}) {
    const Catalog catalog =
        catalog_of(attested ? "    satisfied_by: [{kind: attestation, period: P1M}]\n"
                            : "    satisfied_by: [{kind: register, ref: leaver, period: P1M}]\n");
    for (const Case& c : cases) {
      CAPTURE(attested);
      Knowledge knowledge = agencies();
      if (c.done != nullptr && attested) {
        knowledge.put_attestation({"x", "t:1", "a1", "", at(c.done), {}, "", "", at(c.entered)});
      } else if (c.done != nullptr) {
        RegisterRecord one = leaver("l", Json::object());
        one.at = at(c.done);
        one.entered_at = at(c.entered);
        knowledge.put_record(one);
      }
      const auto all = assess_agency(catalog, knowledge, "a1", kNow);
      REQUIRE(all.size() == 2);
      CHECK(all[0].period_id == "2026-10");
      CHECK(all[0].status == (attested && c.now == Status::met ? Status::attested : c.now));
      CHECK(all[0].closed_status == c.closed);
      CHECK((all[0].reason.text_id == "comply.corrected") == c.closed.has_value());
      if (c.closed)
        CHECK(explain(Lang::en, all[0].reason) == "Corrected after close on 03/11/2026; at close: overdue.");
    }
  }
}

}  // namespace trigger_test
