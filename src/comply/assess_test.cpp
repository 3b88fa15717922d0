// SPDX-License-Identifier: Apache-2.0
// The obligation engine: each way of satisfying a part moves the status both ways, nothing unknown becomes a
// pass, and time alone changes what it should. Clauses are written as YAML, as in packs.
#include "comply/assess.h"
#include "comply/verdict.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "comply/testing/clauses.h"

namespace assess_test {

using namespace phendau;
using namespace phendau::comply;

namespace {

const UtcTime kNow = at("2026-11-24T10:00:00+07:00");

/// A catalogue of one clause "t:1" whose body is `rest`.
Catalog catalog_of(const std::string& rest) {
  Catalog out;
  out.clauses = clause_of(rest);
  out.scopes["own_systems"] = {"own_systems", {"vi", "en"}, "has_own_systems", {Json(true)}};
  out.scopes["server"] = {"server", {"vi", "en"}, "is_server", {Json(true)}};
  PostureRule rule{"id-1",
                   "rule_one",
                   "t",
                   "password_policy",
                   Quantifier::one,
                   Predicate::atom("min_length", *make_pattern(MatchOp::greater_equal, "8"))};
  out.posture_rules["rule_one"] = rule;
  return out;
}

Knowledge one_agency() {
  Knowledge out;
  Subject agency;
  agency.id = agency.agency_id = "a1";
  agency.known_since = at("2026-11-05T00:00:00+07:00");
  out.put_subject(agency);
  return out;
}

Subject device(std::string id, std::string agency = "a1") {
  Subject out;
  out.kind = SubjectKind::device;
  out.id = std::move(id);
  out.agency_id = std::move(agency);
  return out;
}

Fact policy(std::string device_id, Json rows, UtcTime collected_at = kNow - hours(1)) {
  Fact out;
  out.kind = "password_policy";
  out.device_id = std::move(device_id);
  out.collected_at = collected_at;
  out.rows = rows.items();
  return out;
}

RegisterRecord record(std::string id, std::string_view when, Json document = Json::object()) {
  RegisterRecord out;
  out.kind = "log_review";
  out.id = std::move(id);
  out.agency_id = "a1";
  out.at = at(when);
  out.document = std::move(document);
  return out;
}

/// The one obligation for now (the last one when a past period is there too).
Obligation last_of(const Catalog& catalog, const Knowledge& knowledge, UtcTime now = kNow) {
  auto all = assess(catalog, knowledge, now);
  REQUIRE(!all.empty());
  return all.back();
}

const std::string kPosture = "    subject: device\n    satisfied_by: [{kind: posture_rule, ref: rule_one}]\n";

TEST_CASE("reasons of agents are put into Vietnamese, unknown ones are kept") {
  const auto vi = [](std::string_view english) {
    return explain(Lang::vi, Reason{"comply.unreadable", {"x", agent_reason(english)}});
  };
  CHECK(vi("open /etc/shadow: Permission denied").find("/etc/shadow") != std::string::npos);
  CHECK(vi("open /etc/shadow: Permission denied").find("Permission") == std::string::npos);
  CHECK(vi("no antimalware is installed").find("antimalware") == std::string::npos);
  CHECK(vi("something nobody knows").find("something nobody knows") != std::string::npos);
}

}  // namespace

TEST_CASE("posture: met, violated, unknown in all its ways") {
  const Catalog catalog = catalog_of(kPosture);
  Knowledge knowledge = one_agency();
  CHECK(last_of(catalog, knowledge).reason.text_id == "comply.no_device");
  CHECK(last_of(catalog, knowledge).status == Status::unknown);
  knowledge.put_subject(device("d1"));
  CHECK(last_of(catalog, knowledge).reason.text_id == "comply.no_fact");
  knowledge.put_fact(policy("d1", Json::array({Json::object({{"min_length", 9}})})));
  const Obligation met = last_of(catalog, knowledge);
  CHECK(met.status == Status::met);
  CHECK(met.id == "t:1|device:d1|");
  REQUIRE(met.evidence.size() == 1);
  CHECK(met.evidence[0].ref == "d1/password_policy");
  CHECK(met.evidence[0].summary == "min_length=9");
  REQUIRE(met.next_evaluation_at);
  CHECK(last_of(catalog, knowledge, *met.next_evaluation_at - nanoseconds(1)).status == Status::met);
  const Obligation stale = last_of(catalog, knowledge, *met.next_evaluation_at);
  CHECK(stale.status == Status::unknown);
  CHECK(stale.reason.text_id == "comply.stale");
  REQUIRE(stale.stale_since);
  knowledge.put_fact(policy("d1", Json::array({Json::object({{"min_length", 6}})})));
  const Obligation violated = last_of(catalog, knowledge);
  CHECK(violated.status == Status::violated);
  CHECK(explain(Lang::en, violated.reason) == "minimum password length: found 6, wanted at least 8.");
  knowledge.put_fact(policy("d1", Json::array({Json::object({{"min_length", 9}})}), kNow - hours(3)));
  CHECK(last_of(catalog, knowledge).status ==
        Status::violated);  // an older fact does not replace a newer one
  Fact unreadable = policy("d1", Json::array({Json::object()}));
  unreadable.unreadable.emplace_back("min_length", "needs root");
  knowledge.put_fact(unreadable);
  CHECK(last_of(catalog, knowledge).status == Status::unknown);
  CHECK(explain(Lang::en, last_of(catalog, knowledge).reason) ==
        "minimum password length cannot be read: needs root.");
}

TEST_CASE("lists: every and any with completeness") {
  PostureRule rule{"i",
                   "n",
                   "t",
                   "share",
                   Quantifier::every,
                   Predicate::atom("safe", *make_pattern(MatchOp::equals, "true"))};
  const Json yes = Json::object({{"name", "x"}, {"safe", true}});
  const Json no = Json::object({{"name", "y"}, {"safe", false}});
  const Json missing = Json::object({{"name", "z"}});
  struct Case {
    std::vector<Json> rows;
    bool complete;
    Status every;
    Status any;
  };
  const Case cases[] = {
      {{}, true, Status::met, Status::violated},
      {{}, false, Status::unknown, Status::unknown},
      {{yes}, true, Status::met, Status::met},
      {{yes}, false, Status::unknown, Status::met},
      {{no}, true, Status::violated, Status::violated},
      {{no}, false, Status::violated, Status::unknown},
      {{yes, no}, true, Status::violated, Status::met},
      {{missing}, true, Status::unknown, Status::unknown},
      {{yes, missing}, true, Status::unknown, Status::met},
      {{no, missing}, true, Status::violated, Status::unknown},
  };
  for (const Case& c : cases) {
    CAPTURE(c.rows.size());
    CAPTURE(c.complete);
    Fact fact = policy("d", Json::array(c.rows));
    fact.complete = c.complete;
    rule.quantifier = Quantifier::every;
    CHECK(judge_posture(rule, &fact, kNow).status == c.every);
    rule.quantifier = Quantifier::any;
    CHECK(judge_posture(rule, &fact, kNow).status == c.any);
  }
}

TEST_CASE("register: once, in each period, fresh, every") {
  Knowledge knowledge = one_agency();
  const Catalog once =
      catalog_of("    satisfied_by: [{kind: register, ref: log_review, where: {ok: true}}]\n");
  CHECK(last_of(once, knowledge).status == Status::due);
  knowledge.put_record(record("r1", "2026-11-10T08:00:00+07:00", Json::object({{"ok", false}})));
  CHECK(last_of(once, knowledge).status == Status::due);
  knowledge.put_record(record("r1", "2026-11-10T08:00:00+07:00", Json::object({{"ok", true}})));
  CHECK(last_of(once, knowledge).status == Status::met);
  knowledge.drop_record("log_review", "r1");
  CHECK(last_of(once, knowledge).status == Status::due);

  const Catalog monthly = catalog_of("    satisfied_by: [{kind: register, ref: log_review, period: P1M}]\n");
  Obligation november = last_of(monthly, knowledge);
  CHECK(november.status == Status::due);
  CHECK(november.period_id == "2026-11");
  CHECK(november.due_at == at("2026-12-01T00:00:00+07:00"));
  CHECK(assess(monthly, knowledge, kNow).size() == 1);  // October began before anybody knew the agency
  knowledge.put_record(record("r2", "2026-11-30T23:59:59+07:00"));
  CHECK(last_of(monthly, knowledge, at("2026-11-30T23:59:59+07:00")).status == Status::met);
  const UtcTime january = at("2027-01-01T00:00:00+07:00");
  auto in_january = assess(monthly, knowledge, january);
  REQUIRE(in_january.size() == 2);
  CHECK(in_january[0].period_id == "2026-12");
  CHECK(in_january[0].status == Status::overdue);
  CHECK(in_january[1].status == Status::due);
  RegisterRecord late = record("r3", "2027-01-03T08:00:00+07:00");
  late.period_id = "2026-12";
  knowledge.put_record(late);
  in_january = assess(monthly, knowledge, at("2027-01-04T00:00:00+07:00"));
  CHECK(in_january[0].status == Status::met);
  CHECK(in_january[0].reason.text_id == "comply.corrected");
  CHECK(in_january[0].closed_status == Status::overdue);
  CHECK(in_january[0].details[0].text_id == "comply.done_late");
  CHECK(in_january[1].status == Status::due);

  const Catalog fresh =
      catalog_of("    satisfied_by: [{kind: register, ref: log_review, max_age_days: 10}]\n");
  CHECK(last_of(fresh, knowledge, at("2027-01-12T00:00:00+07:00")).status == Status::met);
  CHECK(last_of(fresh, knowledge, at("2027-01-13T08:00:00+07:00")).status == Status::overdue);

  const Catalog every = catalog_of(
      "    satisfied_by: [{kind: register, ref: log_review, every: {by: '*'}, empty: no_occasion}]\n");
  CHECK(last_of(every, knowledge).status == Status::violated);
  CHECK(last_of(every, one_agency()).status == Status::no_occasion);
  Knowledge other = one_agency();
  other.put_record(record("r", "2026-11-10T08:00:00+07:00", Json::object({{"by", "An"}})));
  CHECK(last_of(every, other).status == Status::met);
}

TEST_CASE("document before 15/11") {
  const Catalog catalog =
      catalog_of("    satisfied_by: [{kind: document, ref: yearly_report, period: P1Y, before: '11-15'}]\n");
  Knowledge knowledge = one_agency();
  const auto status_at = [&](std::string_view when) { return last_of(catalog, knowledge, at(when)).status; };
  CHECK(status_at("2026-11-14T23:59:59+07:00") == Status::due);
  CHECK(status_at("2026-11-15T00:00:00+07:00") == Status::overdue);
  CHECK(last_of(catalog, knowledge, at("2026-11-10T00:00:00+07:00")).reason.args[1] == "14/11/2026");
  RegisterRecord paper = record("p", "2026-11-14T16:00:00+07:00", Json::object({{"type", "other"}}));
  paper.kind = "document";
  knowledge.put_record(paper);
  CHECK(status_at("2026-11-20T00:00:00+07:00") == Status::overdue);
  paper.document.set("type", "yearly_report");
  knowledge.put_record(paper);
  CHECK(status_at("2026-11-20T00:00:00+07:00") == Status::met);
  paper.at = at("2026-11-15T00:00:00+07:00");
  knowledge.put_record(paper);
  CHECK(last_of(catalog, knowledge).reason.text_id == "comply.done_late");
  CHECK(last_of(catalog, knowledge, at("2027-01-01T00:00:00+07:00")).status == Status::due);
}

TEST_CASE("the first period of a body closes like others; who came after its day owes nothing for it") {
  const Catalog catalog =
      catalog_of("    satisfied_by: [{kind: document, ref: yearly_report, period: P1Y, before: '11-15'}]\n");
  const auto closed = [&](std::string_view known_since, SubjectKind kind = SubjectKind::agency) {
    Knowledge knowledge = one_agency();
    Subject subject;
    subject.kind = kind;
    subject.id = kind == SubjectKind::agency ? "a1" : "d1";
    subject.agency_id = "a1";
    subject.known_since = at(known_since);
    knowledge.put_subject(subject);
    Catalog of = catalog;
    of.clauses[0].parts[0].subject = kind;
    const auto all = assess(of, knowledge, at("2027-01-01T00:00:00+07:00"));
    return all.size() == 2 && all[0].period_id == "2026" && all[0].status == Status::overdue;
  };
  CHECK(closed("2025-03-01T00:00:00+07:00"));
  CHECK(closed("2026-07-01T00:00:00+07:00"));  // a commune that was made in the middle of the year
  CHECK(closed("2026-11-14T23:00:00+07:00"));
  CHECK_FALSE(closed("2026-11-15T00:00:00+07:00"));
  CHECK_FALSE(closed("2027-01-01T00:00:00+07:00"));
  // Nothing is known of a machine from before it was admitted.
  CHECK_FALSE(closed("2026-07-01T00:00:00+07:00", SubjectKind::device));
  CHECK(closed("2026-01-01T00:00:00+07:00", SubjectKind::device));
  // A text that came into force in the year binds from then on.
  Catalog young = catalog;
  young.in_force_from = at("2026-05-01T00:00:00+07:00");
  Knowledge knowledge = one_agency();
  CHECK(assess(young, knowledge, at("2027-01-01T00:00:00+07:00")).size() == 2);
  young.in_force_from = at("2026-12-01T00:00:00+07:00");
  CHECK(assess(young, knowledge, at("2027-01-01T00:00:00+07:00")).size() == 1);
}

TEST_CASE("workflow: no occasion, open, done, skipped, late, missing") {
  const Catalog step = catalog_of("    satisfied_by: [{kind: workflow, ref: incident, step: report}]\n");
  const Catalog whole = catalog_of("    satisfied_by: [{kind: workflow, ref: incident}]\n");
  Knowledge knowledge = one_agency();
  CHECK(last_of(step, knowledge).status == Status::no_occasion);
  CaseState one{"c1", "incident", "a1", "Web", kNow - hours(2), {}, {}};
  CaseStep isolate;
  isolate.id = "isolate";
  isolate.state = CaseStep::State::done;
  CaseStep report;
  report.id = "report";
  report.due_at = kNow + hours(1);
  one.steps = {isolate, report};
  const auto both = [&] {
    knowledge.put_case(one);
    const Status a = last_of(step, knowledge).status;
    CHECK(last_of(whole, knowledge).status == a);
    return a;
  };
  CHECK(both() == Status::due);
  CHECK(last_of(step, knowledge).next_evaluation_at == kNow + hours(1));
  CHECK(last_of(step, knowledge, kNow + hours(1)).status == Status::overdue);
  one.steps[1].state = CaseStep::State::done;
  CHECK(both() == Status::met);
  one.steps[1].state = CaseStep::State::skipped;
  one.steps[1].reason = "false alarm";
  CHECK(both() == Status::excepted);
  one.steps[1].state = CaseStep::State::open;
  one.closed_at = kNow;
  CHECK(both() == Status::violated);
  CHECK(last_of(step, knowledge, kNow + days(366)).status == Status::no_occasion);
  one.steps.pop_back();
  knowledge.put_case(one);
  CHECK(last_of(step, knowledge).status == Status::unknown);  // the case has no such step
}

TEST_CASE("detection: in force, fed, and not silent") {
  const Catalog catalog = catalog_of("    satisfied_by: [{kind: detection, ref: rule, silence: 2h}]\n");
  Knowledge knowledge = one_agency();
  DetectionState state{"rule", "a1", false, 0, {}, {}, {}};
  CHECK(last_of(catalog, knowledge).reason.text_id == "comply.detection_off");
  state.in_force = true;
  knowledge.put_detection(state);
  CHECK(last_of(catalog, knowledge).reason.text_id == "comply.detection_no_source");
  state.sources = 1;
  knowledge.put_detection(state);
  CHECK(last_of(catalog, knowledge).reason.text_id == "comply.detection_no_event");
  state.last_event_at = kNow - hours(1);
  knowledge.put_detection(state);
  CHECK(last_of(catalog, knowledge).status == Status::met);
  CHECK(last_of(catalog, knowledge, kNow + hours(1)).status == Status::unknown);
  CHECK(last_of(catalog, knowledge).next_evaluation_at == kNow + hours(1));
}

TEST_CASE("setting and pending") {
  const Catalog catalog =
      catalog_of("    satisfied_by: [{kind: setting, ref: months, minimum: 1, maximum: 3}]\n");
  Knowledge knowledge = one_agency();
  CHECK(last_of(catalog, knowledge).status == Status::unknown);
  knowledge.put_setting("months", 3);
  CHECK(last_of(catalog, knowledge).status == Status::met);
  knowledge.put_setting("months", 4);
  CHECK(last_of(catalog, knowledge).status == Status::violated);
  knowledge.put_setting("months", "3");
  CHECK(last_of(catalog, knowledge).status == Status::violated);
  const Catalog pending = catalog_of("    satisfied_by: [{kind: pending, reason: {vi: cho, en: waits}}]\n");
  CHECK(last_of(pending, knowledge).status == Status::unknown);
  CHECK(explain(Lang::en, last_of(pending, knowledge).reason) == "Nothing checks this yet: waits");
  const Catalog half =
      catalog_of("    satisfied_by: [{kind: attestation}, {kind: pending, reason: {vi: cho, en: waits}}]\n");
  knowledge.put_attestation({"x", "t:1", "a1", "", kNow, {}, "", ""});
  CHECK(last_of(half, knowledge).status == Status::unknown);  // a pending way never lets the whole be met
}

TEST_CASE("attestation: file, period, end of validity") {
  const Catalog catalog = catalog_of("    satisfied_by: [{kind: attestation, period: P1Y, file: true}]\n");
  Knowledge knowledge = one_agency();
  CHECK(last_of(catalog, knowledge).status == Status::due);
  Attestation one{"x", "t:1", "a1", "2026", kNow - days(1), {}, "", ""};
  knowledge.put_attestation(one);
  CHECK(last_of(catalog, knowledge).status == Status::due);
  one.file_sha256 = "ab";
  knowledge.put_attestation(one);
  CHECK(last_of(catalog, knowledge).status == Status::attested);
  CHECK(last_of(catalog, knowledge, at("2027-01-01T00:00:00+07:00")).status == Status::due);
  one.valid_until = kNow + days(2);
  knowledge.put_attestation(one);
  CHECK(last_of(catalog, knowledge, kNow + days(2)).status == Status::overdue);
  one.part_id = "t:2";
  knowledge.put_attestation(one);
  CHECK(last_of(catalog, knowledge).status == Status::due);
}

TEST_CASE("a prohibition is never met") {
  const std::string body =
      "    modality: must_not\n    satisfied_by: [{kind: setting, ref: s, equals: true}]\n";
  const Catalog catalog = catalog_of(body);
  Knowledge knowledge = one_agency();
  knowledge.put_setting("s", true);
  CHECK(last_of(catalog, knowledge).status == Status::no_occasion);
  CHECK(last_of(catalog, knowledge).reason.text_id == "comply.no_breach_known");
  Breach breach{"b", "t:1", "a1", "", kNow, true};
  knowledge.put_breach(breach);
  CHECK(last_of(catalog, knowledge).status == Status::violated);
  breach.open = false;
  knowledge.put_breach(breach);
  CHECK(last_of(catalog, knowledge).status == Status::no_occasion);
}

TEST_CASE("a breach that was found and closed within a period is one of that period for good") {
  const std::string body =
      "    modality: must_not\n    satisfied_by: [{kind: register, ref: log_review, period: P3M}]\n";
  const Catalog catalog = catalog_of(body);
  Knowledge knowledge = one_agency();
  Subject agency = *knowledge.subject(SubjectKind::agency, "a1");
  agency.known_since = at("2026-01-05T00:00:00+07:00");
  knowledge.put_subject(agency);
  Breach breach{"b", "t:1", "a1", "", kNow, true};
  knowledge.put_breach(breach);
  CHECK(last_of(catalog, knowledge).reason.text_id == "comply.breach");
  breach.open = false;
  knowledge.put_breach(breach);
  CHECK(last_of(catalog, knowledge).status == Status::violated);
  CHECK(last_of(catalog, knowledge).reason.text_id == "comply.breach_closed");
  // The next quarter is a new one; the old one keeps it.
  const UtcTime later = period_containing(PeriodKind::quarter, kNow, kVietnamZone).end_at + days(1);
  CHECK(last_of(catalog, knowledge, later).status == Status::due);
  const auto all = assess(catalog, knowledge, later);
  REQUIRE(all.size() == 2);
  CHECK(all.front().status == Status::violated);
  knowledge.drop_breach("b");  // entered by mistake
  CHECK(last_of(catalog, knowledge).status == Status::due);
}

TEST_CASE("encouraged duties never become overdue") {
  const Catalog catalog = catalog_of(
      "    modality: encouraged\n    satisfied_by: [{kind: register, ref: log_review, period: P1M}]\n");
  CHECK(last_of(catalog, one_agency()).status == Status::no_occasion);
}

TEST_CASE("scope: yes, no, not known; and a machine's own attributes") {
  const Catalog catalog = catalog_of("    scope: own_systems\n    satisfied_by: [{kind: attestation}]\n");
  Knowledge knowledge = one_agency();
  CHECK(last_of(catalog, knowledge).status == Status::unknown);
  Subject agency = *knowledge.subject(SubjectKind::agency, "a1");
  agency.attributes.set("has_own_systems", false);
  knowledge.put_subject(agency);
  CHECK(last_of(catalog, knowledge).status == Status::not_applicable);
  agency.attributes.set("has_own_systems", true);
  knowledge.put_subject(agency);
  CHECK(last_of(catalog, knowledge).status == Status::due);

  const Catalog server = catalog_of("    scope: server\n" + kPosture);
  knowledge.put_subject(device("d1"));
  CHECK(last_of(server, knowledge).reason.text_id == "comply.scope_unknown");
  Fact host = policy("d1", Json::array({Json::object({{"is_server", false}})}));
  host.kind = "host";
  knowledge.put_fact(host);
  CHECK(last_of(server, knowledge).status == Status::not_applicable);
}

TEST_CASE("exceptions begin, hold and end") {
  const Catalog catalog = catalog_of("    satisfied_by: [{kind: setting, ref: s, equals: true}]\n");
  Knowledge knowledge = one_agency();
  knowledge.put_setting("s", false);
  knowledge.put_exception({"e", "t:1", "a1", "", kNow + days(1), kNow + days(3), "old machine"});
  CHECK(last_of(catalog, knowledge).status == Status::violated);
  CHECK(last_of(catalog, knowledge).next_evaluation_at == kNow + days(1));
  const Obligation excepted = last_of(catalog, knowledge, kNow + days(1));
  CHECK(excepted.status == Status::excepted);
  CHECK(excepted.excepted_from == Status::violated);
  CHECK(excepted.next_evaluation_at == kNow + days(3));
  CHECK(last_of(catalog, knowledge, kNow + days(3)).status == Status::violated);
  knowledge.drop_exception("e");
  CHECK(last_of(catalog, knowledge, kNow + days(1)).status == Status::violated);
}

TEST_CASE("dates in force") {
  Catalog catalog = catalog_of("    satisfied_by: [{kind: attestation}]\n");
  const Knowledge knowledge = one_agency();
  catalog.in_force_from = kNow + days(1);
  CHECK(last_of(catalog, knowledge).status == Status::not_applicable);
  CHECK(last_of(catalog, knowledge).next_evaluation_at == kNow + days(1));
  CHECK(last_of(catalog, knowledge, kNow + days(1)).status == Status::due);
  catalog.in_force_until = kNow + days(2);
  CHECK(last_of(catalog, knowledge, kNow + days(2)).status == Status::not_applicable);
}

TEST_CASE("a duty begins and ends on a day") {
  const Knowledge knowledge = one_agency();
  const std::string days_of =
      "    from: \"2026-11-25\"\n    until: \"2026-12-01\"\n    satisfied_by: [{kind: attestation}]\n";
  const Catalog standing = catalog_of(days_of);
  const UtcTime begins = at("2026-11-25T00:00:00+07:00");
  const UtcTime ends = at("2026-12-01T00:00:00+07:00");
  const Obligation before = last_of(standing, knowledge);
  CHECK(before.status == Status::not_applicable);
  CHECK(explain(Lang::en, before.reason) == "Has not begun yet; it begins on 25/11/2026.");
  CHECK(before.next_evaluation_at == begins);
  CHECK(last_of(standing, knowledge, begins).status == Status::due);
  CHECK(last_of(standing, knowledge, begins).next_evaluation_at == ends);
  CHECK(last_of(standing, knowledge, ends - nanoseconds(1)).status == Status::due);
  const Obligation after = last_of(standing, knowledge, ends);
  CHECK(after.status == Status::not_applicable);
  CHECK(explain(Lang::en, after.reason) == "Ended on 30/11/2026; it no longer arises.");
  CHECK(explain(Lang::vi, after.reason).find("30/11/2026") != std::string::npos);
  CHECK_FALSE(after.due_at);
}

TEST_CASE("a period that was over before a duty ended is still owed, the one in which it ends is not") {
  const Knowledge knowledge = one_agency();  // known since 05/11
  const auto months = [&](const char* until, const char* when) {
    const Catalog catalog =
        catalog_of("    until: \"" + std::string(until) +
                   "\"\n    satisfied_by: [{kind: register, ref: log_review, period: P1M}]\n");
    std::string out;
    for (const auto& one : assess(catalog, knowledge, at(when)))
      out += std::string(one.period_id) + " " + std::string(to_string(one.status)) + ";";
    return out;
  };
  CHECK(months("2027-01-01", "2026-12-10T10:00:00+07:00") == "2026-11 overdue;2026-12 due;");
  CHECK(months("2026-12-01", "2026-12-10T10:00:00+07:00") == "2026-11 overdue;2026-12 not_applicable;");
  CHECK(months("2026-11-20", "2026-12-10T10:00:00+07:00") == "2026-12 not_applicable;");
  const Catalog young = catalog_of(
      "    from: \"2026-12-01\"\n    satisfied_by: [{kind: register, ref: log_review, period: P1M}]\n");
  CHECK(assess(young, knowledge, at("2026-12-10T10:00:00+07:00")).size() == 1);  // November is not owed
}

TEST_CASE("all and any, roll-up with numerator and denominator, stable order") {
  const std::string ways =
      "    satisfied_by: [{kind: setting, ref: a, equals: true}, {kind: setting, ref: b, equals: true}]\n";
  Knowledge knowledge = one_agency();
  knowledge.put_setting("a", true);
  knowledge.put_setting("b", false);
  CHECK(last_of(catalog_of(ways), knowledge).status == Status::violated);
  CHECK(last_of(catalog_of("    satisfied_when: any\n" + ways), knowledge).status == Status::met);

  const Catalog posture = catalog_of(kPosture);
  for (const char* id : {"d3", "d1", "d2"}) knowledge.put_subject(device(id));
  knowledge.put_fact(policy("d1", Json::array({Json::object({{"min_length", 9}})})));
  knowledge.put_fact(policy("d2", Json::array({Json::object({{"min_length", 5}})})));
  const auto all = assess(posture, knowledge, kNow);
  REQUIRE(all.size() == 3);
  CHECK(all[0].subject_id == "d1");
  CHECK(all[2].subject_id == "d3");
  const RollUp sum = roll_up(all);
  CHECK(sum.status == Status::violated);
  CHECK(sum.good == 1);
  CHECK(sum.total == 3);
  CHECK(roll_up_by_clause_and_agency(all).at({"t:1", "a1"}).total == 3);
  CHECK(to_json(all[1], Lang::en)["status"].as_string() == "violated");
  knowledge.drop_subject(SubjectKind::device, "d2");
  CHECK(knowledge.fact("d2", "password_policy") == nullptr);
  CHECK(knowledge.fact("d1", "password_policy") != nullptr);
}

}  // namespace assess_test
