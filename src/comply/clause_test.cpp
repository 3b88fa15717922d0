// SPDX-License-Identifier: Apache-2.0
// The grammar of clauses: what is read, and that every mistake is named with its line, column and reason.
#include "comply/clause.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "comply/testing/clauses.h"

namespace clause_test {

using namespace phendau;
using namespace phendau::comply;

TEST_CASE("triggers, links, occasions and definitions are read") {
  std::vector<ContentError> errors;
  const auto clauses = clause_of(
      "    subject: person\n"
      "    none: no_occasion\n"
      "    trigger: {register: leaver, where: {kind: [left, moved]}, state: [open], from: left_on, within: "
      "3wd, keep: P6M, of: all}\n"
      "    parts:\n"
      "      - id: t:1#1\n"
      "        duty: {vi: a, en: a}\n"
      "        satisfied_by:\n"
      "          - {kind: occasion, every: {returned: '*'}, state: [done], done: locked_at}\n"
      "          - {kind: register, ref: hand_over, link: leaver_id}\n"
      "      - id: t:1#2\n"
      "        duty: {vi: a, en: a}\n"
      "        subject: role:police\n"
      "        none: not_applicable\n"
      "        trigger: {workflow: incident, from: opened, within: 24h}\n"
      "        satisfied_by: [{kind: pack, ref: decree-85}, {kind: pending, waits_for: probe, reason: {vi: "
      "a, en: a}}]\n"
      "      - id: t:1#3\n"
      "        duty: {vi: a, en: a}\n"
      "        defines: ['glossary:cipher', 'unit_class:a', 'scope:b', 'role:c', profile]\n",
      errors);
  for (const auto& error : errors) FAIL_CHECK(error.to_string());
  REQUIRE(clauses.size() == 1);
  REQUIRE(clauses[0].parts.size() == 3);
  const ClausePart& one = clauses[0].parts[0];
  CHECK(one.subject == SubjectKind::person);
  CHECK(one.none == NoneMeans::no_occasion);
  REQUIRE(one.trigger);
  CHECK(one.trigger->ref == "leaver");
  CHECK(one.trigger->where.at(0).any_of.size() == 2);
  CHECK(one.trigger->from == "left_on");
  CHECK(one.trigger->within == *parse_term("3wd"));
  CHECK(one.trigger->keep_months == 6);
  CHECK(one.trigger->whose == Trigger::Whose::all);
  CHECK(one.satisfied_by[0].kind == SatisfierKind::occasion);
  CHECK(one.satisfied_by[0].done == "locked_at");
  CHECK(one.satisfied_by[1].link == "leaver_id");
  const ClausePart& two = clauses[0].parts[1];
  CHECK(two.role == "police");
  CHECK(two.none == NoneMeans::not_applicable);
  CHECK(two.trigger->source == Trigger::Source::workflow);
  CHECK(two.trigger->within == *parse_term("24h"));
  CHECK(two.trigger->keep_months == 12);
  CHECK(two.satisfied_by[0].kind == SatisfierKind::pack);
  CHECK(two.satisfied_by[1].waits_for == "probe");
  const ClausePart& three = clauses[0].parts[2];
  CHECK(three.defines.size() == 5);
  CHECK(three.defines[0].id == "cipher");
  CHECK(three.defines[4].kind == "profile");
  CHECK(three.satisfied_by.empty());
}

TEST_CASE("every mistake has a line, a column and a reason") {
  struct Case {
    const char* text;
    int line;  // counted from the clause's own keys
    const char* reason;
  };
  const Case cases[] = {
      {"    satisfied_by: [{kind: occasion, state: [x]}]\n", 1, "needs a 'trigger'"},
      {"    trigger: {register: r}\n    satisfied_by: [{kind: occasion}]\n", 2, "'every', 'state' or 'done'"},
      {"    trigger: {register: r, workflow: w}\n    satisfied_by: [{kind: attestation}]\n", 1,
       "a 'register' or a 'workflow'"},
      {"    trigger: {within: 3d}\n    satisfied_by: [{kind: attestation}]\n", 1,
       "a 'register' or a 'workflow'"},
      {"    trigger: {register: r, within: 3}\n    satisfied_by: [{kind: attestation}]\n", 1, ""},
      {"    trigger: {register: r, keep: 1Y}\n    satisfied_by: [{kind: attestation}]\n", 1, "no span"},
      {"    trigger: {register: r, of: mine}\n    satisfied_by: [{kind: attestation}]\n", 1,
       "cannot be 'mine'"},
      {"    trigger: {register: r, when: x}\n    satisfied_by: [{kind: attestation}]\n", 1,
       "unknown key 'when'"},
      {"    trigger: leaver\n    satisfied_by: [{kind: attestation}]\n", 1, "must be a map"},
      {"    trigger: {register: r}\n    satisfied_by: [{kind: register, ref: x, period: P1M}]\n", 2,
       "no 'period'"},
      {"    trigger: {register: r}\n    satisfied_by: [{kind: register, ref: x, max_age_days: 3}]\n", 2,
       "no 'max_age_days'"},
      {"    subject: system\n    trigger: {workflow: w}\n    satisfied_by: [{kind: attestation}]\n", 2,
       "a case belongs to an agency"},
      {"    satisfied_by: [{kind: register, ref: x, link: y}]\n", 1, "'link' names an occasion"},
      {"    none: nothing\n    satisfied_by: [{kind: attestation}]\n", 1, "cannot be 'nothing'"},
      {"    defines: [glossary]\n", 1, "defines nothing"},
      {"    defines: ['colour:red']\n", 1, "defines nothing"},
      {"    defines: ['profile:x']\n", 1, "defines nothing"},
      {"    defines: [profile]\n    satisfied_by: [{kind: attestation}]\n", 2, "has no duty"},
      {"    satisfied_by: [{kind: pending, waits_for: rain, reason: {vi: a, en: a}}]\n", 1,
       "cannot be 'rain'"},
      {"    satisfied_by: [{kind: pack}]\n", 1, "'ref' is missing"},
      {"    satisfied_by: [{kind: attestation, link: x}]\n", 1, "unknown key 'link'"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    std::vector<ContentError> errors;
    clause_of(c.text, errors);
    std::string all;
    for (const auto& error : errors) all += error.to_string() + "\n";
    CAPTURE(all);
    const bool hit = std::any_of(errors.begin(), errors.end(), [&](const ContentError& error) {
      return error.line == c.line + 7 && error.column > 0 && error.reason.find(c.reason) != std::string::npos;
    });
    CHECK(hit);
  }
}

}  // namespace clause_test
