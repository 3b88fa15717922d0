// SPDX-License-Identifier: Apache-2.0
// Each mistake in a definition is found, with its line; a complete one is read as written.
#include "workflow/definition.h"

#include <doctest/doctest.h>

#include "base/text.h"

namespace definition_test {

using namespace phendau;
using namespace phendau::workflow;

namespace {
constexpr std::string_view kGood = R"(id: w
title_vi: v
title_en: e
case_kind: incident
steps:
  - id: a
    title_vi: v
    title_en: e
    form: {type: object, properties: {ok: {type: boolean}, why: {type: string}}}
    jumps: [{when: ok, needs: why, to: c}]
    clocks: [{from: case_opened, within: 2h, label_vi: v, label_en: e},
             {from: b, days: 3, label_vi: v, label_en: e}]
  - {id: b, title_vi: v, title_en: e, order: free, required: false, roles: [partner, staff],
     searches: [{title_vi: v, title_en: e, query: a, around: 24h},
                {title_vi: v, title_en: e, around: 30m, of: alerts}]}
  - {id: c, title_vi: v, title_en: e, may_skip: true, guards: [has_attachment, {field_set: a.ok}, {after: b}]}
close: {roles: [agency_head], guards: [{field_set: a.why}]}
)";
}

TEST_CASE("workflow definition: read as written") {
  std::vector<ContentError> errors;
  const auto definition = parse_definition(kGood, "w.yaml", errors);
  REQUIRE_MESSAGE(definition.has_value(), errors.front().to_string());
  REQUIRE(definition->steps.size() == 3);
  CHECK(definition->steps[0].order == Step::Order::sequential);
  CHECK_FALSE(definition->steps[0].may_skip);
  CHECK(definition->steps[0].clocks[0].within == hours(2));
  CHECK(definition->steps[0].clocks[1].days == 3);
  CHECK(definition->steps[0].jumps[0].equals.as_bool());
  CHECK(definition->steps[1].order == Step::Order::free);
  CHECK(definition->steps[1].may_skip);
  CHECK(definition->steps[1].roles.size() == 2);
  CHECK(definition->steps[2].guards.size() == 3);
  CHECK(definition->close_guards.size() == 2);  // all_steps_done_or_skipped is added
}

TEST_CASE("workflow definition: a clock is written as other terms are") {
  const auto clock_of = [](const char* term) {
    std::vector<ContentError> errors;
    const std::string text = replace_all(kGood, "within: 2h", "within: " + std::string(term));
    const auto definition = parse_definition(text, "w.yaml", errors);
    REQUIRE_MESSAGE(definition.has_value(), errors.front().to_string());
    return definition->steps[0].clocks[0];
  };
  CHECK(clock_of("30m").within == minutes(30));
  CHECK(clock_of("3d").days == 3);
  CHECK(clock_of("0d").days == 0);
  CHECK(clock_of("5wd").working_days == 5);
  CHECK_FALSE(clock_of("5wd").days);
}

TEST_CASE("workflow definition: mistakes are named with their line") {
  const struct {
    const char* from;
    const char* to;
    const char* reason;
  } kCases[] = {
      {"id: w", "id: W", "lower case"},
      {"case_kind: incident", "kind: incident", "unknown key 'kind'"},
      {"title_vi: v\ntitle_en", "title_en", "'title_vi' is required"},
      {"order: free", "order: random", "sequential or free"},
      {"required: false", "required: maybe", "true or false"},
      {"[partner, staff]", "[partner, boss]", "'boss' is not a role"},
      {"[partner, staff]", "[partner, device]", "'device' is not a role"},
      {"[partner, staff]", "[partner, 'role:']", "'role:' is not a role"},
      {"id: b,", "id: a,", "defined twice"},
      {"id: b,", "id: case_opened,", "reserved"},
      {"type: object, prop", "type: thing, prop", "form: schema"},
      {"{after: b}", "{after: z}", "no other step 'z'"},
      {"{after: b}", "{after: c}", "no other step 'c'"},
      {"{after: b}", "{after: b, field_set: a.ok}", "one rule"},
      {"{after: b}", "{after: b, when: {c.x: 1}}", "has no field 'x'"},
      {"{after: b}", "{after: b, unless: {c.x: 1}}", "has no field 'x'"},
      {"required: false", "required: false, when: {z.ok: 1}", "no step 'z'"},
      {"required: false", "required: false, when: {ok: 1}", "STEP.MEMBER is needed"},
      {"required: false", "required: false, when: {}", "a map of at most"},
      {"within: 2h", "within: 'regime:'", "a term like"},
      {"from: b", "from: a.why", "is no date-time"},
      {"id: b,", "id: detected,", "reserved"},
      {"{after: b}", "all_steps_done_or_skipped", "guards:"},
      {"a.ok", "a.none", "has no field 'none'"},
      {"a.ok", "z.ok", "no step 'z'"},
      {"query: a, ", "", "has a 'query'"},
      {"of: alerts", "of: hosts", "only 'alerts'"},
      {"around: 30m", "around: long", "around:"},
      {"when: ok", "when: no", "has no field 'no'"},
      {"to: c", "to: a", "no later step 'a'"},
      {"from: b", "from: z", "no step 'z'"},
      {"within: 2h", "within: soon", "a term like"},
      {"within: 2h", "within: 99999wd", "a term like"},
      {"within: 2h", "within: 2h, days: 1", "either"},
      {"days: 3", "days: 0", "1 to 3660"},
      {"close: {roles: [agency_head], ", "close: {who: 1, ", "unknown key 'who'"},
      {"close: {roles: [agency_head]", "stop: {guards: []}\nclose: {roles: [agency_head]",
       "unknown key 'guards'"},
      {"id: b,", "id: b, effects: [{id: x, on: begin}],", "one of notice, paper, order"},
      {"id: b,", "id: b, effects: [{id: x, on: closed, paper: p}],", "begin or done"},
      {"id: b,", "id: b, effects: [{id: x, on: done, paper: p}, {id: x, on: done, paper: q}],", "of its own"},
      {"id: b,", "id: b, effects: [{id: x, on: done, order: isolate}],", "takes its 'devices'"},
      {"id: b,", "id: b, effects: [{id: x, on: done, order: isolate, takes: {devices: a.none}}],",
       "no field 'none'"},
      {"case_kind: incident", "case_kind: incident\neffects: [{id: x, on: done, paper: p}]",
       "opened, closed or stopped"},
      {"case_kind: incident", "case_kind: incident\nclock_notices: [{id: x, notice: n}]",
       "'before' or 'after'"},
      {"case_kind: incident", "case_kind: incident\nclock_notices: [{id: x, notice: n, before: soon}]",
       "a time like"},
      {"close: {roles: [agency_head]", "reopen: soon\nclose: {roles: [agency_head]", "reopen: must be a map"},
  };
  for (const auto& c : kCases) {
    CAPTURE(c.to);
    const std::string text = replace_all(kGood, c.from, c.to);
    REQUIRE(text != kGood);
    std::vector<ContentError> errors;
    CHECK_FALSE(parse_definition(text, "w.yaml", errors).has_value());
    REQUIRE_FALSE(errors.empty());
    CHECK_MESSAGE(errors[0].reason.find(c.reason) != std::string::npos, errors[0].reason);
    CHECK(errors[0].file == "w.yaml");
    CHECK(errors[0].line > 0);
  }
  for (const char* text : {"", "[]", "id: w", "id: w\nsteps: []", "a: [", "\xff", "steps: 3", "steps: [3]"}) {
    std::vector<ContentError> errors;
    CHECK_FALSE(parse_definition(text, "w.yaml", errors).has_value());
    CHECK_FALSE(errors.empty());
  }
}

TEST_CASE("workflow definition: too many steps") {
  std::string text = "id: w\ntitle_vi: v\ntitle_en: e\ncase_kind: k\nsteps:\n";
  for (int i = 0; i < 65; ++i) text += "  - {id: s" + std::to_string(i) + ", title_vi: v, title_en: e}\n";
  std::vector<ContentError> errors;
  CHECK_FALSE(parse_definition(text, "w.yaml", errors).has_value());
}

}  // namespace definition_test
