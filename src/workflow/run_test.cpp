// SPDX-License-Identifier: Apache-2.0
// Cases run through the five steps of the pack, straight, by the jump, and against every refusal.
#include "workflow/run.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

#include "base/text.h"
#include "base/texts.h"

namespace run_test {

using namespace phendau;
using namespace phendau::workflow;

namespace {

constexpr UtcTime kOpened{1'764'000'000'000'000'000};

Definition incident(bool report_any_time = true) {
  std::ifstream in(PHENDAU_SOURCE_DIR "/packs/ha-giang/workflows/incident.yaml");
  std::ostringstream text;
  text << in.rdbuf();
  std::string filled = text.str();  // the pack's parameters, as the hub fills them in
  for (const auto& [name, value] :
       {std::pair{"isolate_within", "1h"}, std::pair{"classify_within", "24h"},
        std::pair{"incident_notice_within", "24h"}, std::pair{"case_escalate_after", "4h"}})
    filled = replace_all(filled, "'%" + std::string(name) + "%'", value);
  if (!report_any_time) filled = replace_all(filled, "    order: free\n", "");
  std::vector<ContentError> errors;
  auto definition = parse_definition(filled, "incident.yaml", errors);
  REQUIRE_MESSAGE(definition.has_value(), errors.front().to_string());
  return *definition;
}

Actor actor(Role role) {
  Actor out;
  out.user_id = "u-1";
  out.name = "Officer";
  out.role = role;
  return out;
}
const Actor kOfficer = actor(Role::agency_officer);

Json json(std::string_view text) {
  auto parsed = parse_json(text);
  REQUIRE_MESSAGE(parsed.has_value(), text);
  return *parsed;
}

const char* kIsolate =
    R"({"ordered_by":"Head","cut":"web server","cut_at":"2025-11-24T23:05:00+07:00","still_powered":true})";
const char* kVerify =
    R"({"state":"page replaced","severity":"high","scope":"one server","category":"defacement"})";
const char* kCollect = R"({"copies":[{"what":"web logs","where":"disk 3",
  "sha256":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}]})";
const char* kReport = R"({"head_at":"2025-11-24T23:10:00+07:00","head_channel":"phone",
  "department_at":"2025-11-24T23:20:00+07:00","department_channel":"document","document_number":"12/BC"})";
const char* kRestore =
    R"({"backup":"nightly 23/11","tested_on":"2025-11-01","restored_at":"2025-11-25T08:00:00+07:00",
  "file_kept":true})";

/// As a state is when it comes from its record: the timeline lies beside it.
CaseState stored(CaseState state) {
  state.entries += state.timeline.size();
  state.timeline.clear();
  state.effects.clear();
  return state;
}

Definition parsed(std::string_view yaml) {
  std::vector<ContentError> errors;
  auto definition = parse_definition(yaml, "w.yaml", errors);
  REQUIRE_MESSAGE(definition.has_value(), errors.front().to_string());
  return *definition;
}

CaseState must(const Result<CaseState>& result) {
  REQUIRE_MESSAGE(result.has_value(), result.error().message);
  return *result;
}
CaseState finish(const Definition& d, const CaseState& state, const char* step, const char* doc, int hour) {
  return must(act(d, state, {step, Verb::done, json(doc), "", {}}, kOfficer, kOpened + hours(hour)));
}

}  // namespace

TEST_CASE("workflow: the five steps in order, then the case closes") {
  const Definition d = incident();
  REQUIRE(d.steps.size() == 7);  // two of them only where the law asks
  CaseState state = start(d, {"c-1", "ha-giang@abc", Json::object({{"alert", "al-1"}})}, kOfficer, kOpened);
  CHECK(can_close(d, state).size() == 6);
  const struct {
    const char* step;
    const char* doc;
  } kWalk[] = {{"isolate", kIsolate},
               {"verify", kVerify},
               {"collect", kCollect},
               {"report", kReport},
               {"restore", kRestore}};
  int hour = 0;
  for (const auto& w : kWalk) {
    CAPTURE(w.step);
    const auto need = next_needed(d, state);
    REQUIRE(need.has_value());
    CHECK(need->step == w.step);
    CHECK_FALSE(need->jumped);
    const bool asks = !need->fields.empty() || !need->guards.empty();
    CHECK(asks);
    CHECK_FALSE(close(d, state, kOfficer, kOpened).has_value());
    state = finish(d, state, w.step, w.doc, ++hour);
    CHECK(*from_json(to_json(state)) == stored(state));
    CHECK(*from_json(*parse_json(to_json(state).dump())) == stored(state));
  }
  CHECK_FALSE(next_needed(d, state).has_value());
  CHECK(can_close(d, state).empty());
  CHECK(close(d, state, actor(Role::staff), kOpened).error().code == ErrorCode::denied);
  state = must(close(d, state, kOfficer, kOpened + hours(9), "done"));
  CHECK(state.closed);
  CHECK(state.timeline.size() == 7);
  CHECK(state.timeline.back().what == "closed");
  CHECK(state.steps[2].finished_by_name == "Officer");
  CHECK(act(d, state, {"", Verb::note, {}, "late", {}}, kOfficer, kOpened).error().text_id ==
        "workflow.closed");
  CHECK(close(d, state, kOfficer, kOpened).error().text_id == "workflow.closed");
}

TEST_CASE("workflow: a complex case goes to step 4 at once and comes back to step 3") {
  const Definition d = incident(false);
  CaseState state = start(d, {"c-1", "p", {}}, kOfficer, kOpened);
  state = finish(d, state, "isolate", kIsolate, 1);
  state = finish(d, state, "verify", kVerify, 1);
  const Move report{"report", Verb::done, json(kReport), "", {}};
  CHECK(act(d, state, report, kOfficer, kOpened).error().text_id == "workflow.needs_step");
  // The mark alone is not enough: the reason is missing.
  CaseState marked =
      must(act(d, state, {"collect", Verb::begin, json(R"({"complex":true})"), "", {}}, kOfficer, kOpened));
  CHECK(act(d, marked, report, kOfficer, kOpened).error().text_id == "workflow.needs_step");
  CHECK(next_needed(d, marked)->step == "collect");
  state = must(
      act(d, state,
          {"collect", Verb::begin, json(R"({"complex":true,"complex_reason":"unknown rootkit"})"), "", {}},
          kOfficer, kOpened));
  CHECK(next_needed(d, state)->step == "report");
  CHECK(next_needed(d, state)->jumped);
  state = must(act(d, state, report, kOfficer, kOpened + hours(2)));
  CHECK(next_needed(d, state)->step == "collect");
  CHECK(can_close(d, state).size() == 2);
  CHECK(act(d, state, {"collect", Verb::skip, {}, "  ", {}}, kOfficer, kOpened).error().text_id ==
        "workflow.needs_reason");
  state = must(act(d, state, {"collect", Verb::skip, {}, "the CERT copied the disks", {}}, kOfficer,
                   kOpened + hours(3)));
  CHECK(state.find("collect")->skip_reason == "the CERT copied the disks");
  state = finish(d, state, "restore", kRestore, 4);
  CHECK(close(d, state, kOfficer, kOpened + hours(5)).has_value());
}

TEST_CASE("workflow: heads act where a step names them, whoever goes by a name acts under it") {
  const Definition d = incident();
  const CaseState fresh = start(d, {"c-1", "p", {}}, kOfficer, kOpened);
  const Move isolate{"isolate", Verb::done, json(kIsolate), "", {}};
  CHECK(act(d, fresh, isolate, actor(Role::agency_head), kOpened).error().code == ErrorCode::denied);
  const CaseState jumped =
      must(act(d, finish(d, finish(d, fresh, "isolate", kIsolate, 1), "verify", kVerify, 1),
               {"collect", Verb::begin, json(R"({"complex":true,"complex_reason":"rootkit"})"), "", {}},
               kOfficer, kOpened));
  CHECK(act(d, jumped, {"report", Verb::done, json(kReport), "", {}}, actor(Role::agency_head), kOpened));
  Move named = isolate;
  named.names = {"agency_officer"};
  CHECK(act(d, fresh, named, actor(Role::staff), kOpened));
  named.names = Names{};
  CHECK(act(d, fresh, named, kOfficer, kOpened).error().code == ErrorCode::denied);
  CHECK(is_named({}, {"agency_officer"}));
  CHECK_FALSE(is_named({}, {"agency_head"}));
  CHECK(is_named({"role:response_team"}, {"partner", "role:response_team"}));
}

TEST_CASE("workflow: what is refused, with a sentence for people") {
  const Definition d = incident();
  const CaseState fresh = start(d, {"c-1", "p", {}}, kOfficer, kOpened);
  const CaseState one = finish(d, fresh, "isolate", kIsolate, 1);
  const CaseState two = finish(d, one, "verify", kVerify, 1);
  Attachment bad;
  bad.name = "x.log";
  bad.sha256 = "short";
  struct Case {
    const char* what;
    const CaseState& state;
    Move move;
    Role role;
    ErrorCode code;
    const char* text_id;
  };
  const Case kCases[] = {
      {"no step",
       fresh,
       {"none", Verb::done, {}, "", {}},
       Role::agency_officer,
       ErrorCode::invalid,
       "workflow.no_step"},
      {"role",
       fresh,
       {"isolate", Verb::done, json(kIsolate), "", {}},
       Role::staff,
       ErrorCode::denied,
       "workflow.role_denied"},
      {"head may not isolate",
       fresh,
       {"isolate", Verb::begin, {}, "", {}},
       Role::agency_head,
       ErrorCode::denied,
       "workflow.role_denied"},
      {"order",
       fresh,
       {"verify", Verb::done, json(kVerify), "", {}},
       Role::agency_officer,
       ErrorCode::conflict,
       "workflow.needs_step"},
      {"order of begin",
       fresh,
       {"restore", Verb::begin, {}, "", {}},
       Role::agency_officer,
       ErrorCode::conflict,
       "workflow.needs_step"},
      {"form incomplete",
       fresh,
       {"isolate", Verb::done, json("{}"), "", {}},
       Role::agency_officer,
       ErrorCode::invalid,
       "schema.required"},
      {"form missing",
       fresh,
       {"isolate", Verb::done, {}, "", {}},
       Role::agency_officer,
       ErrorCode::invalid,
       "schema.required"},
      {"draft with a wrong value",
       fresh,
       {"isolate", Verb::begin, json(R"({"cut_at":"noon"})"), "", {}},
       Role::agency_officer,
       ErrorCode::invalid,
       "schema.format_date_time"},
      {"form not an object",
       fresh,
       {"isolate", Verb::done, Json::array(), "", {}},
       Role::agency_officer,
       ErrorCode::invalid,
       "workflow.bad_form"},
      {"required step skipped",
       fresh,
       {"isolate", Verb::skip, {}, "no time", {}},
       Role::agency_officer,
       ErrorCode::conflict,
       "workflow.cannot_skip"},
      {"done twice",
       one,
       {"isolate", Verb::done, json(kIsolate), "", {}},
       Role::agency_officer,
       ErrorCode::conflict,
       "workflow.already_finished"},
      {"reopen what is open",
       one,
       {"verify", Verb::reopen, {}, "r", {}},
       Role::agency_officer,
       ErrorCode::conflict,
       "workflow.not_finished"},
      {"reopen without reason",
       one,
       {"isolate", Verb::reopen, {}, "", {}},
       Role::agency_officer,
       ErrorCode::invalid,
       "workflow.needs_reason"},
      {"category unknown",
       one,
       {"verify",
        Verb::done,
        json(R"({"state":"st","severity":"high","scope":"sc","category":"alien"})"),
        "",
        {}},
       Role::agency_officer,
       ErrorCode::invalid,
       "schema.enum"},
      {"guard",
       two,
       {"collect", Verb::done, json("{}"), "", {}},
       Role::agency_officer,
       ErrorCode::conflict,
       "workflow.needs_field"},
      {"empty note",
       fresh,
       {"", Verb::note, {}, " ", {}},
       Role::agency_officer,
       ErrorCode::invalid,
       "workflow.empty_note"},
      {"nothing attached",
       fresh,
       {"isolate", Verb::attach, {}, "", {}},
       Role::agency_officer,
       ErrorCode::invalid,
       "workflow.needs_attachment"},
      {"bad attachment",
       fresh,
       {"isolate", Verb::attach, {}, "", {bad}},
       Role::agency_officer,
       ErrorCode::invalid,
       "workflow.bad_attachment"},
      {"long reason",
       fresh,
       {"", Verb::note, {}, std::string(9000, 'x'), {}},
       Role::agency_officer,
       ErrorCode::limit,
       "workflow.too_much"},
  };
  for (const auto& c : kCases) {
    CAPTURE(c.what);
    const auto result = act(d, c.state, c.move, actor(c.role), kOpened);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == c.code);
    CHECK(result.error().text_id == c.text_id);
    CHECK(has_text(result.error().text_id));
    CHECK(explain(Lang::vi, result.error()) != result.error().text_id);
  }
  CaseState other = fresh;
  other.steps.pop_back();
  CHECK(act(d, other, {"", Verb::note, {}, "n", {}}, kOfficer, kOpened).error().text_id ==
        "workflow.other_definition");
  CHECK(can_close(d, other).front().text_id == "workflow.other_definition");
}

TEST_CASE("workflow: notes, attachments, reopening") {
  const Definition d = incident();
  CaseState state = start(d, {"c-1", "p", {}}, kOfficer, kOpened);
  Attachment photo;
  photo.name = "photo.jpg";
  photo.sha256 = std::string(64, 'b');
  photo.by = "forged";
  state = must(
      act(d, state, {"restore", Verb::attach, {}, "", {photo}}, actor(Role::partner), kOpened + minutes(5)));
  CHECK(state.find("restore")->attachments[0].by == "u-1");
  CHECK(state.find("restore")->attachments[0].at == kOpened + minutes(5));
  CHECK(state.find("restore")->status == StepStatus::pending);
  state = must(act(d, state, {"", Verb::note, {}, " seen on TV ", {}}, actor(Role::partner), kOpened));
  CHECK(state.timeline.back().text == "seen on TV");
  CHECK(state.timeline.back().role == "partner");
  state = finish(d, state, "isolate", kIsolate, 1);
  state = must(act(d, state, {"isolate", Verb::reopen, {}, "wrong time", {}}, kOfficer, kOpened + hours(2)));
  CHECK(state.find("isolate")->status == StepStatus::in_progress);
  CHECK(next_needed(d, state)->fields.empty());  // the form is still there
  state = must(act(d, state, {"isolate", Verb::done, {}, "", {}}, system_actor(), kOpened + hours(3)));
  CHECK(state.find("isolate")->finished_at == kOpened + hours(3));
  CHECK(*from_json(to_json(state)) == stored(state));
  for (const Verb verb : {Verb::begin, Verb::done, Verb::skip, Verb::reopen, Verb::note, Verb::attach}) {
    CHECK(verb_from(to_string(verb)) == verb);
  }
  CHECK_FALSE(verb_from("erase").has_value());
  for (const char* bad :
       {"{}", "[]", R"({"status":"open"})", R"({"status":"open","opened_at":"x"})",
        R"({"status":"open","opened_at":"2025-01-01T00:00:00Z","steps":[{"id":"a","status":"new"}]})",
        R"({"status":"open","opened_at":"2025-01-01T00:00:00Z","steps":[{"id":"a","status":"done"}]})"}) {
    CHECK(from_json(json(bad)).error().code == ErrorCode::corrupt);
  }
}

TEST_CASE("workflow: guards and clocks") {
  std::vector<ContentError> errors;
  const auto d = parse_definition(R"(
id: w
title_vi: v
title_en: e
case_kind: k
steps:
  - {id: a, title_vi: A, title_en: A, form: {properties: {n: {title: Number}}}, guards: [has_attachment]}
  - {id: b, title_vi: B, title_en: B, order: free, guards: [{after: a}, {field_set: a.n}],
     clocks: [{from: case_opened, within: 2h, label_vi: l1, label_en: l1},
              {from: a, days: 3, label_vi: l2, label_en: l2},
              {from: case_opened, within: 2wd, label_vi: l3, label_en: l3}]}
close: {guards: [has_attachment]}
)",
                                  "w.yaml", errors);
  REQUIRE_MESSAGE(d.has_value(), errors.front().to_string());
  // 2025-11-24T16:00:00Z is 23:00 in Viet Nam.
  CaseState state = start(*d, {"c", "p", {}}, kOfficer, kOpened);
  CHECK(act(*d, state, {"b", Verb::done, {}, "", {}}, kOfficer, kOpened).error().text_id ==
        "workflow.needs_step");
  CHECK(act(*d, state, {"a", Verb::done, {}, "", {}}, kOfficer, kOpened).error().text_id ==
        "workflow.needs_attachment");
  auto running = clocks(*d, state, kOpened + hours(2));
  REQUIRE(running.size() == 1);
  CHECK(running[0].due.at == kOpened + hours(2));
  CHECK_FALSE(running[0].overdue);  // the instant itself is still good
  CHECK(clocks(*d, state, kOpened + hours(2) + nanoseconds(1))[0].overdue);
  Attachment file;
  file.name = "f";
  file.sha256 = std::string(64, 'c');
  state = must(act(*d, state, {"a", Verb::done, {}, "", {file}}, kOfficer, kOpened + minutes(10)));
  const auto missing = act(*d, state, {"b", Verb::done, {}, "", {}}, kOfficer, kOpened);
  CHECK(missing.error().text_id == "workflow.needs_field");
  CHECK(missing.error().args[0] == "Number");
  running = clocks(*d, state, kOpened);
  REQUIRE(running.size() == 2);
  CHECK(running[1].due.at == *parse_rfc3339("2025-11-28T00:00:00+07:00"));
  CHECK(clocks(*d, state, *running[1].due.at)[1].overdue);  // a day has ended
  state = must(act(*d, state, {"a", Verb::reopen, {}, "r", {}}, kOfficer, kOpened));
  state = must(act(*d, state, {"a", Verb::done, json(R"({"n":1})"), "", {}}, kOfficer, kOpened));
  state = must(act(*d, state, {"b", Verb::done, {}, "", {}}, kOfficer, kOpened + hours(3)));
  running = clocks(*d, state, kOpened + hours(100));
  CHECK(running[0].stopped);
  CHECK(running[0].overdue);  // it was done, but late
  CHECK_FALSE(running[1].overdue);
  CHECK(close(*d, state, kOfficer, kOpened + hours(4)).has_value());
  // Working days are for somebody who knows the holidays; without an answer no clock runs.
  const DueOf calendar = [](const Clock& clock, UtcTime from) {
    return std::optional(Due{from + hours(100 * *clock.working_days), false, "", "", "", ""});
  };
  running = clocks(*d, state, kOpened, kVietnamZone, calendar);
  REQUIRE(running.size() == 3);
  CHECK(running[2].due.at == kOpened + hours(200));
  CHECK(running[2].label_en == "l3");
  CHECK(clocks(*d, state, kOpened, kVietnamZone, [](const Clock&, UtcTime) {
          return std::optional<Due>();
        }).size() == 2);
}

TEST_CASE("workflow: branches run beside each other, meet, and a case ends after its parts") {
  std::vector<ContentError> errors;
  const auto d = parse_definition(R"(
id: w
title_vi: v
title_en: e
case_kind: k
steps:
  - {id: clean, title_vi: Clean, title_en: e, order: free}
  - {id: check, title_vi: Check, title_en: e, order: free, guards: [{after: clean}]}
  - {id: tell, title_vi: Tell, title_en: e, order: free}
  - {id: restore, title_vi: v, title_en: e, order: free, guards: [{after: check}, {after: tell}]}
close: {guards: [sub_cases_closed]}
)",
                                  "w.yaml", errors);
  REQUIRE_MESSAGE(d.has_value(), errors.front().to_string());
  const CaseState begun = start(*d, {"c", "p", {}}, kOfficer, kOpened);
  const auto refused = [&](const CaseState& state, const char* step) {
    const auto done = act(*d, state, {step, Verb::done, {}, "", {}}, kOfficer, kOpened);
    return done ? std::string() : done.error().args.at(0);
  };
  CHECK(refused(begun, "check") == "Clean");
  CHECK(refused(begun, "restore") == "Check");
  // Either branch first.
  CaseState state = finish(*d, finish(*d, begun, "clean", "{}", 1), "check", "{}", 2);
  CHECK(refused(state, "restore") == "Tell");
  state = finish(*d, state, "tell", "{}", 3);
  state = finish(*d, state, "restore", "{}", 4);
  CHECK(finish(*d, finish(*d, begun, "tell", "{}", 1), "clean", "{}", 2).steps[2].finished_at);
  state.open_sub_cases = {"Part"};
  const auto held = close(*d, state, kOfficer, kOpened);
  REQUIRE_FALSE(held);
  CHECK(held.error().text_id == "workflow.sub_case_open");
  CHECK(held.error().args == std::vector<std::string>{"1", "Part"});
  CHECK(to_json(state).dump().find("Part") == std::string::npos);
  state.open_sub_cases.clear();
  CHECK(close(*d, state, kOfficer, kOpened));
}

TEST_CASE("workflow: what may be done at any time holds nobody up") {
  const Definition d = incident();
  CaseState state = start(d, {"c-1", "p", {}}, kOfficer, kOpened);
  state = finish(d, state, "report", kReport, 1);
  CHECK(next_needed(d, state)->step == "isolate");
  for (const auto& [step, doc] :
       {std::pair{"isolate", kIsolate}, std::pair{"verify", kVerify}, std::pair{"collect", kCollect}})
    state = finish(d, state, step, doc, 2);
  state = must(act(d, state, {"report", Verb::reopen, {}, "wrong number", {}}, kOfficer, kOpened));
  CHECK(next_needed(d, state)->step == "report");
  CHECK(act(d, state, {"restore", Verb::done, json(kRestore), "", {}}, kOfficer, kOpened + hours(3)));
}

TEST_CASE("workflow: steps and guards that only some cases need") {
  const Definition d = incident();
  CaseState state = finish(d, start(d, {"c-1", "p", {}}, kOfficer, kOpened), "isolate", kIsolate, 1);
  const char* kDetailed = R"({"reported_at":"2025-11-25T08:00:00+07:00","to":"CERT"})";
  CHECK(act(d, state, {"detailed_report", Verb::done, json(kDetailed), "", {}}, kOfficer, kOpened)
            .error()
            .text_id == "workflow.not_needed");
  Json verify = json(kVerify);
  verify.set("serious", "ordinary");
  CHECK(act(d, state, {"verify", Verb::done, verify, "", {}}, kOfficer, kOpened).error().text_id ==
        "workflow.needs_field");
  verify.set("serious", "serious");
  state = must(act(d, state, {"verify", Verb::done, verify, "", {}}, kOfficer, kOpened));
  CHECK(applies(state, *d.find("detailed_report")));
  CHECK_FALSE(applies(state, *d.find("personal_data_notice")));
  CHECK(act(d, state, {"detailed_report", Verb::done, json(kDetailed), "", {}}, kOfficer, kOpened));
  state = finish(d, state, "collect", kCollect, 2);
  state = finish(d, state, "report", kReport, 2);
  // From a backup that was never tried: with a reason and who decided it, so that nothing has to stop.
  Json untested = json(kRestore);
  untested.erase("tested_on");
  CHECK(act(d, state, {"restore", Verb::done, untested, "", {}}, kOfficer, kOpened).error().text_id ==
        "workflow.needs_field");
  untested.set("untested_reason", "the only one");
  CHECK_FALSE(act(d, state, {"restore", Verb::done, untested, "", {}}, kOfficer, kOpened));
  untested.set("untested_by", "Head");
  CHECK(act(d, state, {"restore", Verb::done, untested, "", {}}, kOfficer, kOpened));
  state = finish(d, state, "restore", kRestore, 3);
  REQUIRE(can_close(d, state).size() == 1);
  CHECK(next_needed(d, state)->step == "detailed_report");
}

TEST_CASE("workflow: a case is closed, opened again, ended early; each with a reason and by whom it names") {
  const Definition d = incident();
  CaseState state = start(d, {"c-1", "p", {}}, kOfficer, kOpened);
  CHECK(reopen(d, state, kOfficer, kOpened, "r").error().text_id == "workflow.not_closed");
  CHECK(stop(d, state, kOfficer, kOpened, " ").error().text_id == "workflow.needs_reason");
  CHECK(stop(d, state, actor(Role::agency_head), kOpened, "false alarm").error().code == ErrorCode::denied);
  state = must(stop(d, state, kOfficer, kOpened + hours(1), "false alarm"));
  CHECK(state.closed);
  CHECK(state.stopped);
  CHECK(state.stop_reason == "false alarm");
  CHECK(*from_json(to_json(state)) == stored(state));
  CHECK(stop(d, state, kOfficer, kOpened, "again").error().text_id == "workflow.closed");
  CHECK(correct_detected(d, state, kOpened, kOfficer, kOpened, "r").error().text_id == "workflow.closed");
  CHECK_FALSE(clocks(d, state, kOpened + hours(90))[0].overdue);  // it stopped with the case
  CHECK(reopen(d, state, kOfficer, kOpened, "").error().text_id == "workflow.needs_reason");
  CHECK(reopen(d, state, actor(Role::staff), kOpened, "r").error().code == ErrorCode::denied);
  state = must(reopen(d, state, kOfficer, kOpened + hours(2), "it was real"));
  CHECK_FALSE(state.closed);
  CHECK_FALSE(state.stopped);
  CHECK_FALSE(state.closed_at);
  CHECK(clocks(d, state, kOpened + hours(90))[0].overdue);
  CHECK(finish(d, state, "isolate", kIsolate, 3).steps[0].status == StepStatus::done);
  CHECK(state.timeline.size() == 3);
  Definition silent = d;
  silent.reopen_roles.reset();
  silent.stop_roles.reset();
  CHECK(stop(silent, state, kOfficer, kOpened, "r").error().text_id == "workflow.cannot_stop");
  state.closed = true;
  CHECK(reopen(silent, state, kOfficer, kOpened, "r").error().text_id == "workflow.cannot_reopen");
}

TEST_CASE("workflow: clocks of detection follow what is said of it, and what a form says") {
  const Definition d = parsed(R"(
id: w
title_vi: v
title_en: e
case_kind: k
steps:
  - id: a
    title_vi: A
    title_en: A
    form: {type: object, properties: {grave: {type: string}, lost_at: {type: string, format: date-time}}}
    clocks: [{from: detected, within: 24h, unless: {a.grave: "no"}, label_vi: l1, label_en: l1},
             {from: a.lost_at, within: 72h, when: {a.lost_at: "*"}, label_vi: l2, label_en: l2},
             {from: detected, within: regime:notice, when: {a.grave: ["yes", "no"]},
              label_vi: l3, label_en: l3}]
)");
  CaseState state = start(d, {"c", "p", {}, kOpened - hours(5) - seconds(20)}, kOfficer, kOpened);
  CHECK(state.detected_at == to_minute(kOpened - hours(5) - seconds(20)));
  CHECK(state.detected_at.ns % minutes(1).ns == 0);
  REQUIRE(clocks(d, state, kOpened).size() == 1);
  CHECK(clocks(d, state, kOpened)[0].due.at == state.detected_at + hours(24));
  const auto said = [&](const char* doc) {
    return must(act(d, state, {"a", Verb::begin, json(doc), "", {}}, kOfficer, kOpened));
  };
  CHECK(clocks(d, said(R"({"grave":"no"})"), kOpened).empty());
  const CaseState lost = said(R"({"lost_at":"2025-11-24T10:00:00+07:00"})");
  REQUIRE(clocks(d, lost, kOpened).size() == 2);
  CHECK(clocks(d, lost, kOpened)[1].due.at == *parse_rfc3339("2025-11-27T10:00:00+07:00"));
  const DueOf law = [](const Clock& clock, UtcTime from) -> std::optional<Due> {
    if (clock.regime != "notice") return std::nullopt;
    if (from < kOpened - hours(48)) return Due{from + hours(120), false, "OLD", "", "", ""};
    return Due{std::nullopt, false, "GAP", "", "", ""};
  };
  const auto yes = clocks(d, said(R"({"grave":"yes"})"), kOpened + days(9), kVietnamZone, law);
  REQUIRE(yes.size() == 2);
  CHECK(yes[1].due.rule == "GAP");  // no number: last, and never overdue
  CHECK_FALSE(yes[1].due.at);
  CHECK_FALSE(yes[1].overdue);
  CHECK(correct_detected(d, state, kOpened + hours(1), kOfficer, kOpened, "r").error().text_id ==
        "workflow.detected_late");
  CHECK(correct_detected(d, state, kOpened - days(3), kOfficer, kOpened, " ").error().text_id ==
        "workflow.needs_reason");
  CHECK(correct_detected(d, state, kOpened - days(3), actor(Role::agency_head), kOpened, "r").error().code ==
        ErrorCode::denied);
  const CaseState earlier =
      must(correct_detected(d, state, kOpened - days(3), kOfficer, kOpened + hours(1), "seen in the log"));
  CHECK(earlier.timeline.back().what == "detected");
  CHECK(earlier.timeline.back().text.ends_with("seen in the log"));
  CHECK(clocks(d, earlier, kOpened)[0].due.at == to_minute(kOpened - days(3)) + hours(24));
  CHECK(*from_json(to_json(earlier)) == stored(earlier));
}

namespace {

std::vector<std::string> ids_of(const std::vector<EffectCall>& calls) {
  std::vector<std::string> out;
  for (const auto& call : calls) out.push_back(call.id);
  return out;
}

}  // namespace

TEST_CASE("workflow: acts bring about the effects whose conditions hold, orders only with machines") {
  const Definition definition = incident();
  CaseState state = start(definition, {"C", "p", Json::object(), {}}, kOfficer, kOpened);
  CHECK(state.effects.empty());
  const auto go = [&](const char* step, Verb verb, const char* doc) {
    const auto next = act(definition, stored(state), {step, verb, json(doc), "", {}}, kOfficer, kOpened);
    REQUIRE(next);
    state = *next;
    return ids_of(state.effects);
  };
  CHECK(go("isolate", Verb::begin, R"({"method":"agent"})").empty());
  CHECK(go("isolate", Verb::begin, R"({"device_id":"d1","method":"cable"})").empty());
  CHECK(go("isolate", Verb::begin, R"({"device_id":"d1","method":"agent","ordered_by":"An"})") ==
        std::vector<std::string>{"isolate_order"});
  CHECK(state.effects[0].values == json(R"({"devices":["d1"],"ordered_by":"An"})"));
  CHECK(state.effects[0].name == "isolate");
  CHECK(go("report", Verb::begin, "{}") == std::vector<std::string>{"initial_report"});
  CHECK(go("report", Verb::done, kReport) == std::vector<std::string>{"initial_report", "reported"});
  CHECK(go("isolate", Verb::done, kIsolate).empty());
  CHECK(go("verify", Verb::begin, R"({"beyond_ability":true})") ==
        std::vector<std::string>{"beyond_ability"});
  const auto again =
      act(definition, stored(state), {"verify", Verb::note, {}, "seen", {}}, kOfficer, kOpened);
  REQUIRE(again);
  CHECK(again->effects.empty());
  CHECK(from_json(to_json(state))->effects.empty());
}

TEST_CASE("workflow: clocks call before and after their end, once for each end") {
  const char* kText = R"(id: w
title_vi: v
title_en: e
case_kind: case
steps:
  - id: a
    title_vi: v
    title_en: e
    clocks: [{from: case_opened, within: 3h, label_vi: v, label_en: e}]
clock_notices:
  - {id: day, before: 1d, notice: soon}
  - {id: hours, before: 2h, notice: soon}
  - {id: last, before: 15m, notice: soon}
  - {id: late, after: 0, notice: late}
  - {id: up, after: 4h, notice: late, to: [agency_head]}
)";
  std::vector<ContentError> errors;
  const auto definition = parse_definition(kText, "w.yaml", errors);
  REQUIRE_MESSAGE(definition.has_value(), errors.front().to_string());
  CaseState state = start(*definition, {"C", "p", Json::object(), {}}, kOfficer, kOpened);
  struct Row {
    Duration since;
    std::vector<std::string> rules;  // that have called
    std::optional<Duration> next;
  };
  const Row kRows[] = {
      {minutes(59), {}, hours(1)},  // a day before the end is before the start
      {hours(1), {"hours"}, minutes(165)},
      {minutes(170), {"last"}, hours(3)},
      {hours(3), {"last"}, milliseconds(10800001)},  // the end itself is still good
      {milliseconds(10800001), {"late"}, hours(7)},
      {hours(8), {"late", "up"}, std::nullopt},
  };
  for (const auto& row : kRows) {
    CAPTURE(format_duration(row.since));
    const UtcTime now = kOpened + row.since;
    const auto calls = clock_calls(*definition, clocks(*definition, state, now), now);
    std::vector<std::string> rules;
    for (const auto& call : calls.due) rules.emplace_back(split(call.id, '.').at(3));
    CHECK(rules == row.rules);
    CHECK(calls.next_at == (row.next ? std::optional(kOpened + *row.next) : std::nullopt));
  }
  const auto done = act(*definition, state, {"a", Verb::done, {}, "", {}}, kOfficer, kOpened + hours(5));
  REQUIRE(done);
  const auto stopped =
      clock_calls(*definition, clocks(*definition, *done, kOpened + hours(9)), kOpened + hours(9));
  CHECK(stopped.due.empty());
  CHECK_FALSE(stopped.next_at);
}

TEST_CASE("workflow: a state always fits its record, and one from before brings its timeline along") {
  std::string yaml = "id: w\ntitle_vi: v\ntitle_en: e\ncase_kind: k\nsteps:\n";
  for (int i = 0; i < 20; ++i)
    yaml += "  - {id: s" + std::to_string(i) + ", title_vi: v, title_en: e, order: free}\n";
  const Definition d = parsed(yaml);
  CaseState state = start(d, {"c", "p", {}}, kOfficer, kOpened);
  const Json large = Json::object({{"text", std::string(60'000, 'x')}});
  std::string refused;
  for (const auto& step : d.steps) {
    const auto next = act(d, state, {step.id, Verb::begin, large, "", {}}, kOfficer, kOpened);
    if (!next && refused.empty()) refused = step.id;
    if (next) state = *next;
  }
  CHECK(refused == "s13");
  CHECK(to_json(state).dump().size() <= kStateBytesMax);
  for (const auto& step : d.steps)
    state = must(act(d, state, {step.id, Verb::done, {}, "", {}}, kOfficer, kOpened));
  CHECK(can_close(d, state).empty());
  CHECK(to_json(state).dump().size() < (1u << 20));
  Json before = to_json(state);
  before.set(
      "timeline",
      json(
          R"([{"at":"2025-01-01T00:00:00Z","by":"u","by_name":"n","role":"staff","step":"","what":"opened",
              "text":""}])"));
  before.erase("entries");
  before.erase("detected_at");
  const auto read = from_json(before);
  REQUIRE(read);
  CHECK(read->entries == 0);
  REQUIRE(read->timeline.size() == 1);
  CHECK(read->detected_at == read->opened_at);
  CHECK(to_json(*read)["entries"].as_int() == 1);
}

TEST_CASE("workflow: a state of before takes on the steps that were added since, and no others") {
  const Definition d = incident();
  CaseState state = finish(d, start(d, {"c-1", "p", {}}, kOfficer, kOpened), "isolate", kIsolate, 1);
  CaseState before = state;
  std::erase_if(before.steps,
                [](const StepState& step) { return step.id == "collect" || step.id == "detailed_report"; });
  CHECK(next_needed(d, before) == std::nullopt);
  CHECK(must(adopt(d, before)) == state);
  CHECK(must(adopt(d, state)) == state);
  std::swap(before.steps[0], before.steps[1]);
  CHECK(adopt(d, before).error().text_id == "workflow.other_definition");
  before.steps[0].id = "gone";
  CHECK(adopt(d, before).error().text_id == "workflow.other_definition");
}

}  // namespace run_test
