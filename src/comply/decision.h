// SPDX-License-Identifier: Apache-2.0
// A decision table of a pack (classification.yaml): questions, and outcomes of which the first that holds is
// the answer. An outcome holds when all its lines hold, a line when one of its tests does. What nobody has
// answered is neither: then the table says which questions are open instead of guessing. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "comply/content.h"

namespace phendau::comply {

struct DecisionChoice {
  std::string id;
  BiText title;
};

struct DecisionQuestion {
  enum class Kind : std::uint8_t { number, yes_no, choices } kind = Kind::yes_no;
  std::string id;
  BiText title;
  std::int64_t min = 0;  // of a number
  std::int64_t max = 0;
  std::vector<DecisionChoice> choices;  // any number of them; an empty list is an answer, too
};

struct DecisionTest {
  std::string question;
  std::optional<std::int64_t> at_least;  // a number
  std::optional<bool> is;                // yes or no
  bool any = false;                      // at least one choice
};

struct DecisionLine {
  BiText text;  // what is asked, as people say it
  std::vector<DecisionTest> one_of;
};

struct DecisionOutcome {
  std::string id;
  BiText title;
  std::string source;
  std::vector<DecisionLine> when;  // empty: whatever is left
};

struct DecisionTable {
  std::string id;
  BiText title;
  std::string reg;          // register whose records are chosen; the number comes from the largest
  std::string reg_field;    // its field
  std::string reg_answers;  // the question that it answers
  std::vector<DecisionQuestion> questions;
  std::vector<DecisionOutcome> outcomes;
  std::vector<DecisionChoice> categories;                              // national ones
  std::vector<std::pair<std::string, std::string>> categories_of_own;  // value of a province's list, category
  /// Where a case's form takes them: step, and members for the outcome, its reason and the own category.
  std::string step;
  std::string outcome_field;
  std::string reason_field;
  std::string category_field;

  const DecisionQuestion* question(std::string_view question_id) const;
  const DecisionOutcome* outcome(std::string_view outcome_id) const;
  bool has_category(std::string_view category_id) const;
};

inline constexpr std::size_t kDecisionItemsMax =
    100;  // questions, choices, outcomes, lines, categories: each

struct Decided {
  const DecisionOutcome* outcome = nullptr;  // nullptr: questions are open
  struct Line {
    const DecisionLine* line = nullptr;
    std::optional<bool> holds;
  };
  std::vector<Line> lines;        // of the outcomes that were asked, in order
  std::vector<std::string> open;  // questions whose answer could change it
};

/// `answers`: by id of a question: a number, true or false, a list of ids.
Decided decide(const DecisionTable& table, const Json& answers);
/// The first answer that does not fit its question, by id; nullopt: all fit.
std::optional<std::string> wrong_answer(const DecisionTable& table, const Json& answers);
/// Mistakes go to the errors of the reader.
std::optional<DecisionTable> parse_decision(std::string_view text, const std::string& file,
                                            std::vector<ContentError>& errors);
Json to_json(const DecisionTable& table);

}  // namespace phendau::comply
