// SPDX-License-Identifier: Apache-2.0
// Decision tables: every combination of answers to a two-test table against the sentence that it stands for,
// what is open when nobody has answered, answers that do not fit, and mistakes with their place.
#include "comply/decision.h"

#include <doctest/doctest.h>

namespace decision_test {

using namespace phendau;
using namespace phendau::comply;

namespace {

constexpr std::string_view kTable = R"(id: severity
title: {vi: a, en: a}
systems: {register: information_system, field: level, answers: level}
questions:
  - {id: level, title: {vi: a, en: a}, kind: number, min: 1, max: 5}
  - {id: listed, title: {vi: a, en: a}, kind: yes_no}
  - id: harm
    title: {vi: a, en: a}
    kind: choices
    choices: [{id: stop, title: {vi: a, en: a}}, {id: leak, title: {vi: a, en: a}}]
  - {id: beyond, title: {vi: a, en: a}, kind: yes_no}
outcomes:
  - id: serious
    title: {vi: a, en: a}
    source: law
    when:
      - {text: {vi: a, en: a}, one_of: [{question: level, at_least: 4}, {question: listed, is: true}]}
      - {text: {vi: a, en: a}, one_of: [{question: harm, any: true}]}
      - {text: {vi: a, en: a}, one_of: [{question: beyond, is: true}]}
  - {id: ordinary, title: {vi: a, en: a}, source: law}
categories: [{id: dos, title: {vi: a, en: a}}]
own: [{value: denial, category: dos}]
into: {step: verify, outcome: serious, reason: why, category: category}
)";

std::vector<std::string> mistakes(std::string_view from, std::string_view to) {
  std::string text(kTable);
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
  std::vector<ContentError> errors;
  CHECK_FALSE(parse_decision(text, "p/classification.yaml", errors).has_value());
  std::vector<std::string> out;
  for (const auto& one : errors) out.push_back(one.to_string());
  return out;
}

DecisionTable table() {
  std::vector<ContentError> errors;
  auto out = parse_decision(kTable, "p/classification.yaml", errors);
  REQUIRE_MESSAGE(out.has_value(), (errors.empty() ? "" : errors[0].to_string()));
  return *out;
}

}  // namespace

TEST_CASE("decision: every combination of answers says what the sentence says") {
  const DecisionTable t = table();
  int open = 0;
  // Each answer is absent, makes its test false, or makes it true; what the sentence says is asked of all
  // ways in which the absent ones could be filled in.
  const auto value = [](int id, int state) -> Json {
    if (state == 0) return {};
    if (id == 0) return state == 1 ? Json(3) : Json(4);
    if (id == 2) return state == 1 ? Json::array() : Json::array({Json("leak")});
    return Json(state == 2);
  };
  const char* const ids[] = {"level", "listed", "harm", "beyond"};
  for (int n = 0; n < 81; ++n) {
    const int states[] = {n % 3, n / 3 % 3, n / 9 % 3, n / 27};
    Json answers = Json::object();
    for (int i = 0; i < 4; ++i) {
      if (states[i] != 0) answers.set(ids[i], value(i, states[i]));
    }
    bool may_serious = false;
    bool may_ordinary = false;
    for (int filled = 0; filled < 16; ++filled) {
      bool holds[4];
      for (int i = 0; i < 4; ++i) holds[i] = states[i] == 0 ? (filled >> i & 1) != 0 : states[i] == 2;
      const bool serious = (holds[0] || holds[1]) && holds[2] && holds[3];
      (serious ? may_serious : may_ordinary) = true;
    }
    const Decided got = decide(t, answers);
    CAPTURE(n);
    if (may_serious && may_ordinary) {
      ++open;
      CHECK(got.outcome == nullptr);
      CHECK_FALSE(got.open.empty());
    } else {
      REQUIRE(got.outcome != nullptr);
      CHECK(got.outcome->id == (may_serious ? "serious" : "ordinary"));
      CHECK(got.open.empty());
    }
  }
  CHECK(open > 0);
}

TEST_CASE("decision: an answer that does not fit its question is named") {
  const DecisionTable t = table();
  const auto wrong = [&](const char* id, Json answer) {
    return wrong_answer(t, Json::object({{id, std::move(answer)}})).value_or("");
  };
  CHECK(wrong("level", Json(6)) == "level");
  CHECK(wrong("level", Json("4")) == "level");
  CHECK(wrong("beyond", Json(1)) == "beyond");
  CHECK(wrong("harm", Json::array({Json("x")})) == "harm");
  CHECK(wrong("x", Json(true)) == "x");
  CHECK(wrong("harm", Json::array()).empty());
  CHECK(wrong("level", Json(5)).empty());
}

TEST_CASE("decision: mistakes of a table have their place") {
  const struct {
    std::string_view from, to, says;
  } cases[] = {
      {"question: beyond, is: true", "question: beyond, any: true", "19:41"},
      {"question: harm,", "question: ham,", "no question 'ham'"},
      {"{id: ordinary, title: {vi: a, en: a}, source: law}",
       "{id: ordinary, title: {vi: a, en: a}, source: law, when: [{text: {vi: a, en: a}, one_of: []}]}",
       "the last outcome"},
      {"category: dos}]", "category: das}]", "no category 'das'"},
      {"answers: level", "answers: harm", "a question for a number"},
      {"{id: leak,", "{id: stop,", "twice"},
      {"into:", "onto:", "unknown key"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.from);
    const auto found = mistakes(one.from, one.to);
    const bool said = std::any_of(found.begin(), found.end(), [&](const std::string& text) {
      return text.find(one.says) != std::string::npos;
    });
    CHECK_MESSAGE(said, (found.empty() ? "nothing" : found[0]));
  }
}

}  // namespace decision_test
