// SPDX-License-Identifier: Apache-2.0
// `phendau pack validate` lists what only turns up when a pack is made ready, each with its place.
#include "hub/pack_validate.h"

#include <algorithm>
#include <span>

#include <doctest/doctest.h>

#include "hub/active_pack.h"
#include "os/testing/fake_env.h"

namespace pack_validate_test {

using namespace phendau;
using namespace phendau::hub;

namespace {

void put(FakeEnv& env, const std::string& path, std::string_view text) {
  const std::string full = "/packs/trial/" + path;
  REQUIRE(env.make_dirs(full.substr(0, full.rfind('/')), 0700));
  REQUIRE(write_file_atomic(env, full, text));
}

constexpr const char* kDetections =
    "title: t\nname: failed\nid: 11111111-1111-4111-8111-111111111111\nlogsource: {product: linux, service: "
    "sshd}\n"
    "detection: {s: {action: login}, condition: s}\n";

/// A small pack without any mistake.
void put_good(FakeEnv& env) {
  put(env, "pack.yaml",
      "id: trial\ntitle: {vi: a, en: b}\nroles:\n  - {id: staff, title: {vi: a, en: b}}\n"
      "scopes: []\nparameters: []\n");
  put(env, "upload_guard.yaml", "extensions: [txt]\nmarking_lines: [MAT]\nmarking_words: [TOI MAT]\n");
  put(env, "sources/linux.yaml",
      "sources:\n  - logsource: {product: linux, service: sshd}\n    covers: [linux//sshd]\n");
  put(env, "workflows/w.yaml",
      "id: w\ntitle_vi: a\ntitle_en: b\ncase_kind: case\nsteps:\n  - {id: one, title_vi: a, title_en: b}\n");
  put(env, "rules/linux/failed.yml", kDetections);
  put(env, "rules/linux/failed.samples.yaml",
      "logsource: linux//sshd\nfire:\n  - events: [{fields: {action: login}}]\nsilent:\n  - events: "
      "[{fields: {action: "
      "logout}}]\n");
  put(env, "documents/paper.html", "<p>abc</p>");
}

std::string notice_with(std::string_view to, std::string_view text, std::string_view brief) {
  return "notices:\n  - id: n\n    title: {vi: a, en: b}\n    register: thing\n    states: [open]\n    " +
         std::string(to) + "\n    text: {vi: '" + std::string(text) + "', en: b}\n    short: {vi: '" +
         std::string(brief) + "', en: b}\n    channels: [portal]\n";
}

std::string clause_with(std::string_view way) {
  return "clauses:\n  - id: tr-1:1.a\n    citation: x\n    title: {vi: a, en: b}\n    duty: {vi: a, en: b}\n"
         "    bound: [staff]\n    kind: process\n    satisfied_by:\n      - " +
         std::string(way) + "\n";
}

std::string clause_of(std::string_view rest) {
  const std::string text = clause_with("x");
  return text.substr(0, text.find("    satisfied_by:")) + std::string(rest);
}

/// Registers with fields of every kind that conditions and clocks ask for.
void put_registers(FakeEnv& env) {
  put(env, "registers/r.yaml",
      "state_titles: {open: {vi: a, en: b}}\nregisters:\n"
      "  - kind: check\n    title: {vi: a, en: b}\n    group: doing\n    owner: agency\n    date_field: "
      "done_on\n"
      "    states: [open]\n    schema:\n      type: object\n      properties:\n"
      "        done_on: {type: string, format: date, title: x}\n"
      "        found_at: {type: string, format: date-time, title: x}\n"
      "        result: {type: string, enum: [good, bad], title: x}\n"
      "        topics: {type: array, items: {type: string, enum: [wan, lan]}, title: x}\n"
      "        fine: {type: boolean, title: x}\n        who: {type: string, title: x}\n"
      "  - kind: document\n    title: {vi: a, en: b}\n    owner: agency\n"
      "    schema: {type: object, properties: {type: {type: string, enum: [report], title: x}, number: "
      "{title: x}}}\n"
      "  - kind: agency\n    title: {vi: a, en: b}\n    owner: agency\n"
      "    schema: {type: object, properties: {own: {type: boolean, title: x}, since: {type: string, format: "
      "date, title: x}}}\n"
      "  - kind: line\n    title: {vi: a, en: b}\n    owner: province\n    schema: {type: object}\n");
  put(env, "workflows/w.yaml",
      "id: w\ntitle_vi: a\ntitle_en: b\ncase_kind: case\nsteps:\n  - id: one\n    title_vi: a\n    title_en: "
      "b\n"
      "    form: {type: object, properties: {grave: {type: boolean, title: x}}}\n");
}

std::string pack_with(std::string_view rest) {
  return "id: trial\ntitle: {vi: a, en: b}\nroles:\n  - {id: staff, title: {vi: a, en: b}}\n" +
         std::string(rest);
}

struct Mistake {
  const char* file;
  std::string text;
  int line;
  const char* reason;
};

/// Each mistake is the only one, and is where it stands.
void check_mistakes(std::span<const Mistake> mistakes) {
  for (const Mistake& one : mistakes) {
    CAPTURE(one.file);
    CAPTURE(one.text);
    FakeEnv env;
    put_good(env);
    put_registers(env);
    put(env, one.file, one.text);
    const auto report = validate_pack(env, "/packs/trial");
    REQUIRE(report);
    std::string all;
    for (const auto& error : report->errors) all += error.to_string() + "\n";
    CAPTURE(all);
    REQUIRE(report->errors.size() == 1);
    const ContentError& error = report->errors.front();
    CHECK(error.file == "trial/" + std::string(one.file));
    CHECK(error.line == one.line);
    CHECK(error.column > 0);
    CHECK(error.reason.find(one.reason) != std::string::npos);
  }
}

std::string workflow_with(const std::string& effect) {
  return "id: w\ntitle_vi: a\ntitle_en: b\ncase_kind: case\neffects:\n  - " + effect +
         "\nsteps:\n  - {id: one, title_vi: a, title_en: b}\n";
}

}  // namespace

TEST_CASE("validate: the packs that ship, and a small good one") {
  for (const char* name : {"base", "ha-giang"}) {
    CAPTURE(name);
    const auto report = validate_pack(posix_env(), std::string(PHENDAU_SOURCE_DIR) + "/packs/" + name);
    REQUIRE(report);
    for (const auto& error : report->errors) FAIL_CHECK(error.to_string());
    CHECK(report->examples > 100);
  }
  FakeEnv env;
  put_good(env);
  const auto report = validate_pack(env, "/packs/trial");
  REQUIRE(report);
  for (const auto& error : report->errors) FAIL_CHECK(error.to_string());
  CHECK(report->examples == 2);
}

TEST_CASE("validate: every mistake is listed with its place") {
  const std::string correlation =
      "---\ntitle: many\nid: 22222222-2222-4222-8222-222222222222\ncorrelation:\n  type: event_count\n  "
      "rules:\n"
      "    - failed\n    - nobody\n  timespan: 1m\n  condition: {gte: 3}\n";
  struct Case {
    const char* file;
    std::string text;
    int line;
    const char* reason;
  };
  const Case cases[] = {
      {"workflows/w.yaml",
       "id: w\ntitle_vi: a\ntitle_en: b\ncase_kind: case\nsteps:\n  - {id: one, title_vi: a, title_en: b, "
       "colour: red}\n",
       6, "colour"},
      {"workflows/w.yaml", "id: w\ntitle_vi: a\n  title_en: [\n", 3, ""},
      {"workflows/w.yaml", "id: w\ntitle_vi: a\n  title_en: %soon%\n", 3, "'%name%'"},
      {"workflows/w.yaml",
       "id: w\ntitle_vi: a\ntitle_en: b\ncase_kind: case\nsteps:\n  - id: one\n    title_vi: a\n    "
       "title_en: b\n"
       "    clocks:\n      - {from: case_opened, within: '%soon%', label_vi: a, label_en: b}\n",
       10, "no parameter 'soon'"},
      {"workflows/w.yaml", workflow_with("{id: x, on: closed, notice: nobody}"), 6,
       "no notice 'nobody' of the kind 'case'"},
      {"workflows/w.yaml", workflow_with("{id: x, on: closed, paper: poem}"), 6, "no paper 'poem'"},
      {"sources/linux.yaml", "sources:\n  - logsource: {product: linux}\n    covers: [linux]\n", 3,
       "product/category/service"},
      {"sources/linux.yaml", "sources: 1\n", 1, "must be a list"},
      {"classification.yaml", "id: severity\nquestion: x\n", 2, "unknown key"},
      {"notices.yaml", notice_with("to: [it_officer]", "a {title}", "b {title}"), 8,
       "'{title}' cannot stand in 'short'"},
      {"notices.yaml", "unanswered:\n  - {id: a, of: [none], after: 30m, to: [deputy]}\nnotices: []\n", 2,
       "no notice 'none'"},
      {"notices.yaml", "unanswered:\n  - {id: a, after: 30m, to: [addressee]}\nnotices: []\n", 2,
       "takes deputy, out_of_hours"},
      {"notices.yaml", "unanswered:\n  - {id: a, after: soon, to: [deputy]}\nnotices: []\n", 2,
       "'after' is a time"},
      {"notices.yaml", notice_with("to: [it_officer]", "a {colour}", "b"), 7,
       "'{colour}' cannot stand in 'text'"},
      {"notices.yaml", notice_with("to: [it_officer]", "a {clock}", "b"), 7, "without 'states'"},
      {"notices.yaml", notice_with("to: [cook]", "a", "b"), 2, "'to' takes it_officer"},
      {"notices.yaml", notice_with("to: [\"role:cook\"]", "a", "b"), 2, "no role slot 'cook'"},
      {"notices.yaml", notice_with("to: [it_officer]", "a", "b"), 2, "no register 'thing'"},
      {"notices.yaml", notice_with("to: [it_officer]\n    colour: red", "a", "b"), 7, "unknown key"},
      {"coordination.yaml", "parties:\n  - {id: a, title: {vi: a, en: b}, may: [everything]}\n", 2,
       "'may' takes view"},
      {"coordination.yaml", "parties:\n  - {id: a, title: {vi: a, en: b}, slot: cook, may: [view]}\n", 2,
       "no role slot 'cook'"},
      {"coordination.yaml", "joins:\n  - {wanted: [join], on: later}\n", 2, "'on' is sent or accepted"},
      {"coordination.yaml", "joins:\n  - {wanted: [join], on: sent}\n", 2,
       "no register 'coordination_request'"},
      {"coordination.yaml", "answer_within: soon\n", 1, "soon"},
      {"coordination.yaml",
       "triggers:\n  - {id: a, title: {vi: a, en: b}, when: {verify: true}, requests: []}\n", 2,
       "STEP.MEMBER"},
      {"upload_guard.yaml", "extensions: [txt]\nmarking_lines: MAT\nmarking_words: [TOI MAT]\n", 2,
       "must be a list"},
      {"upload_guard.yaml", "extensions: [txt]\nmarking_lines: [MAT]\n", 1, "'marking_words' is missing"},
      {"upload_guard.yaml",
       "extensions: [txt]\nmarking_lines: [MAT]\nmarking_words: [TOI MAT]\nsize_bytes_max: many\n", 4,
       "number"},
      {"upload_guard.yaml", "extensions: [txt]\nmarking_lines: [MAT]\nmarking_words: [X]\ncolour: red\n", 4,
       "unknown key"},
      {"upload_guard.yaml", "extensions: [\n", 2, ""},
      {"rules/linux/many.yml", correlation, 8, "rule 'nobody' is not known"},
      {"rules/linux/failed.samples.yaml",
       "logsource: linux//sshd\nfire:\n  - events: [{fields: {action: logout}}]\n", 3, "raises no alert"},
      {"rules/linux/failed.samples.yaml",
       "logsource: linux//sshd\nsilent:\n  - events: [{fields: {action: login}}]\n", 3, "must stay silent"},
      {"rules/linux/other.samples.yaml", "fire: []\n", 1, "there is no rule file"},
      {"clauses/a.yaml", clause_with("{kind: setting, ref: hub.colour, equals: red}"), 9,
       "no setting 'hub.colour'"},
      {"clauses/a.yaml", clause_with("{kind: attestation, test: nobody.tests.yaml}"), 9,
       "there is no file 'nobody.tests.yaml'"},
      {"rules/linux/failed.yaml", kDetections, 1, "rules are .yml"},
      {"clause/a.yaml", "a: b\n", 1, "no folder 'clause'"},
      {"clauses/a.txt", "abc", 1, "are .yaml"},
      {"packs.yaml", "a: b\n", 1, "no such file"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.file);
    CAPTURE(c.text);
    FakeEnv env;
    put_good(env);
    put(env, c.file, c.text);
    const auto report = validate_pack(env, "/packs/trial");
    REQUIRE(report);
    const auto hit =
        std::find_if(report->errors.begin(), report->errors.end(), [&](const ContentError& error) {
          return error.file == "trial/" + std::string(c.file) && error.line == c.line && error.column > 0 &&
                 error.reason.find(c.reason) != std::string::npos;
        });
    std::string all;
    for (const auto& error : report->errors) all += error.to_string() + "\n";
    CAPTURE(all);
    CHECK(hit != report->errors.end());
  }
  FakeEnv env;
  put_good(env);
  put(env, "clauses/a.yaml",
      clause_with("{kind: setting, ref: hub.tls, equals: true, test: failed.samples.yaml}"));
  CHECK(validate_pack(env, "/packs/trial")->errors.empty());
  REQUIRE(env.remove_file("/packs/trial/upload_guard.yaml"));
  const auto report = validate_pack(env, "/packs/trial");
  REQUIRE(report->errors.size() == 1);
  CHECK(report->errors[0].reason.find("upload_guard.yaml") != std::string::npos);
}

TEST_CASE("validate: what conditions and clocks ask of registers and forms") {
  const auto on = [](std::string_view where) {
    return clause_with("{kind: register, ref: check, where: " + std::string(where) + "}");
  };
  const auto trigger = [](std::string_view rest, std::string_view way = "{kind: attestation}") {
    return clause_of("    trigger: {" + std::string(rest) + "}\n    satisfied_by: [" + std::string(way) +
                     "]\n");
  };
  const char* file = "clauses/a.yaml";
  const Mistake mistakes[] = {
      {file, on("{result: goood}"), 9, "'goood' of 'result' is none of good, bad; did you mean 'good'?"},
      {file, on("{topics: [lan, man]}"), 9, "'man' of 'topics' is none of wan, lan"},
      {file, on("{fine: \"no\"}"), 9, "'fine' is a boolean, which \"no\" is not"},
      {file, on("{who: 5}"), 9, "'who' is a string, which 5 is not"},
      {file, on("{resul: good}"), 9, "no field 'resul'; did you mean 'result'?"},
      {file, on("{who: {older_than: P1Y}}"), 9, "'who' is no date"},
      {file, on("{done_on: {not_after: who}}"), 9, "'who' is no date"},
      {file, on("{done_on: {before: found}}"), 9, "no field 'found'; did you mean 'found_at'?"},
      {file, clause_with("{kind: register, ref: check, every: {result: wrong}}"), 9, "is none of good, bad"},
      {file, clause_with("{kind: register, ref: check, state: [opn]}"), 9, "did you mean 'open'?"},
      {file, clause_with("{kind: register, ref: chekc}"), 9, "no register 'chekc'; did you mean 'check'?"},
      {file, clause_with("{kind: document, ref: reprt}"), 9, "'reprt' of 'type' is none of report"},
      {file, clause_with("{kind: document, ref: report, where: {nmber: \"*\"}}"), 9, "no field 'nmber'"},
      {file, clause_with("{kind: setting, ref: hub.tsl, equals: true}"), 9, "did you mean 'hub.tls'?"},
      {file, trigger("register: check, from: who"), 8, "'who' is no date"},
      {file, trigger("register: check, from: done_on, within: 4h"), 8, "counts hours"},
      {file, trigger("register: check, within: 30m"), 8, "'done_on' of 'check' is a date without a time"},
      {file, trigger("register: check, from: found_at", "{kind: occasion, done: who}"), 9,
       "'who' is no date"},
      {file, trigger("register: check, where: {result: no}"), 8, "is none of good, bad"},
      {file, trigger("register: check, within: 0m"), 8, "minutes and hours count from 1"},
      {file, trigger("workflow: w, where: {one.grave: 3}"), 8, "'one.grave' is a boolean"},
      {file, trigger("workflow: w, where: {one.brave: true}"), 8, "no field 'brave'; did you mean 'grave'?"},
      {file, trigger("workflow: w", "{kind: occasion, every: {one.brave: true}}"), 9, "no field 'brave'"},
      {file, trigger("workflow: w", "{kind: occasion, done: one.grave}"), 9,
       "is no date in the form of a step"},
      {file, trigger("workflow: w, from: on"), 8, "no step 'on'; did you mean 'one'?"},
      {file, clause_of("    subject: record:chek\n    satisfied_by: [{kind: attestation}]\n"), 2,
       "no register 'chek'"},
      {file, clause_of("    subject: record:line\n    satisfied_by: [{kind: attestation}]\n"), 2,
       "belong to the province"},
      {file, clause_of("    subject: role:staf\n    satisfied_by: [{kind: attestation}]\n"), 2,
       "no role slot 'staf'; did you mean 'staff'?"},
      {file, clause_of("    until: soon\n    satisfied_by: [{kind: attestation}]\n"), 8,
       "'until' must be YYYY-MM-DD"},
      {file,
       clause_of("    from: 2026-03-01\n    until: 2026-03-01\n    satisfied_by: [{kind: attestation}]\n"), 9,
       "must be after 'from'"},
      // A parameter that is not there is one mistake, not also what stands in its place.
      {file, trigger("register: check, from: found_at, within: '%soon%'"), 8, "no parameter 'soon'"},
      {file, "clauses:\n  - id: tr-1:1\n   within: %soon%\n", 3, "'%name%'"},
  };
  check_mistakes(mistakes);
  FakeEnv env;
  put_good(env);
  put_registers(env);
  put(env, file,
      trigger(
          "register: check, where: {result: good, topics: [lan, wan], fine: true, who: null}, from: "
          "found_at, "
          "within: 4h",
          "{kind: occasion, every: {done_on: {not_after: found_at, not_older_than: P1Y}}, done: done_on}"));
  const auto good = validate_pack(env, "/packs/trial");
  for (const auto& error : good->errors) FAIL_CHECK(error.to_string());
}

TEST_CASE("validate: derived lists") {
  const auto list = [](std::string_view rest) {
    return "registers:\n  - kind: extra\n    title: {vi: a, en: b}\n    owner: agency\n    indexed: [code]\n"
           "    schema: {type: object, properties: {code: {type: string, title: x}, day: {type: string, "
           "format: "
           "date, title: x}}}\n    lists:\n      - {id: l, title: {vi: a, en: b}, " +
           std::string(rest) + "}\n";
  };
  const char* file = "registers/s.yaml";
  const Mistake mistakes[] = {
      {file, list("where: {day: null}, state: [open]"), 8, "no state 'open'"},
      {file, list("needs: x, where: {day: null}"), 8, "needs"},
      {file, list("where: {cde: x}"), 8, "no field 'cde'; did you mean 'code'?"},
      {file, list("where: [{day: {within: 60}}]"), 8, "is no span"},
      {file, list("where: {code: {within: P60D}}"), 8, "'code' is no date"},
      {file, list("where: x"), 8, "'where' is a map of fields"},
      {file, list("needs_records: [{register: chek, link: {who: code}}]"), 8, "no register 'chek'"},
      {file, list("needs_records: [{register: extra, link: {code: code, dy: day}}]"), 8, "no field 'dy'"},
      {file, list("needs_records: [{register: extra, link: {code: code}, covers: {code: cod}}]"), 8,
       "no field 'cod'"},
      {file, list("where: {day: \"*\"}}\n      - {id: l, title: {vi: a, en: b}, where: {day: null}"), 9,
       "list 'l' is defined twice"},
  };
  check_mistakes(mistakes);
}

TEST_CASE("validate: scopes, dates in force, reminders, parameters, facts, calendars, regimes") {
  const auto scope = [](std::string_view rest) {
    return pack_with("scopes: [{id: s, title: {vi: a, en: b}, " + std::string(rest) + "}]\n");
  };
  const auto posture = [](std::string_view fact, std::string_view field) {
    return "title: t\nname: p\nlogsource: {product: phendau, category: fact, service: " + std::string(fact) +
           "}\ndetection: {s: {" + std::string(field) + ": true}, condition: s}\n";
  };
  const auto year = [](std::string_view rest) {
    return "years:\n  - {year: 2028, basis: minimum, holidays: [\"2028-01-26\"], " + std::string(rest) +
           "}\n";
  };
  const char* pack = "pack.yaml";
  const Mistake mistakes[] = {
      {pack, scope("attribute: onw, values: [true]"), 5, "no attribute 'onw'; did you mean 'own'?"},
      {pack, scope("attribute: own, values: [yes_]"), 5, "'own' is a boolean"},
      {pack, scope("attribute: own, values: [true], minimum: 1"), 5, "one of 'values', 'minimum'"},
      {pack, scope("attribute: own"), 5, "one of 'values', 'minimum'"},
      {pack, scope("attribute: own, older_than: P6Y"), 5, "'own' is no date"},
      {pack, scope("attribute: since, older_than: 6"), 5, "is no span"},
      {pack, scope("any: [s]"), 5, "made of itself"},
      {pack, scope("all: [nobody]"), 5, "no scope 'nobody'"},
      {pack, pack_with("in_force: {from: \"2026-03-01\", until: \"2026-03-01\"}\n"), 5, "after 'from'"},
      {pack, pack_with("reminders: {before_days: [1], overdue_days: [0], to: [stuff]}\n"), 5,
       "no role slot 'stuff'; did you mean 'staff'?"},
      {pack,
       pack_with("reminders:\n  before_days: [1]\n  overdue_days: [0]\n  to: [staff]\n"
                 "  escalate: {after_days: 3, to: [head]}\n"),
       9, "no role slot 'head'"},
      {pack,
       pack_with("parameters:\n  - {name: p, title: {vi: a, en: b}, default: [uper], values: [upper, lower], "
                 "reason: {vi: a, en: b}, set_in: {vi: a, en: b}}\n"),
       6, "'uper' is none of upper, lower; did you mean 'upper'?"},
      {"rules/posture/p.yml", posture("hots", "is_server"), 1,
       "no kind of fact 'hots'; did you mean 'host'?"},
      {"rules/posture/p.yml", posture("host", "is_servr"), 1,
       "no field 'is_servr'; did you mean 'is_server'?"},
      {"calendar.yaml", year("extra_working_days: [\"2028-02-02\"]"), 2, "is a working day anyway"},
      {"regimes.yaml", "regimes: 1\n", 1, "must be a list"},
      {"registers/s.yaml",
       "registers:\n  - kind: check\n    title: {vi: a, en: b}\n    owner: agency\n    schema: {type: "
       "object}\n",
       2, "'check' is defined twice; the other one is in trial/registers/r.yaml:3"},
  };
  check_mistakes(mistakes);
  FakeEnv env;
  put_good(env);
  put(env, "calendar.yaml", year("extra_working_days: [\"2028-02-05\", \"2028-01-26\"]"));
  CHECK(validate_pack(env, "/packs/trial")->errors.empty());
  CHECK(validate_pack(env, "/packs/trial")->warnings.empty());
  put(env, "calendar.yaml", "years:\n  - {year: 2028, basis: minimum, holidays: [\"2028-01-29\"]}\n");
  const auto report = validate_pack(env, "/packs/trial");
  CHECK(report->errors.empty());
  REQUIRE(report->warnings.size() == 1);
  CHECK(report->warnings[0].line == 2);
  CHECK(report->warnings[0].reason.find("is a weekend") != std::string::npos);
}

}  // namespace pack_validate_test
