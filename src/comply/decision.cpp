// SPDX-License-Identifier: Apache-2.0
#include "comply/decision.h"

#include <algorithm>

#include <fmt/format.h>

namespace phendau::comply {
namespace {

using Asked = DecisionQuestion::Kind;

/// nullopt: nobody has answered.
std::optional<bool> test_holds(const DecisionTest& test, const Json& answers) {
  const Json& answer = answers[test.question];
  if (answer.is_null()) return std::nullopt;
  if (test.at_least) return answer.as_int() >= *test.at_least;
  if (test.is) return answer.as_bool() == *test.is;
  return answer.size() > 0;
}

std::optional<bool> line_holds(const DecisionLine& line, const Json& answers) {
  bool open = false;
  for (const auto& test : line.one_of) {
    const auto one = test_holds(test, answers);
    if (one && *one) return true;
    open = open || !one;
  }
  return open ? std::nullopt : std::optional(false);
}

bool is_choice(const std::vector<DecisionChoice>& choices, std::string_view id) {
  return std::any_of(choices.begin(), choices.end(), [&](const auto& one) { return one.id == id; });
}

bool answer_fits(const DecisionQuestion& question, const Json& answer) {
  if (answer.is_null()) return true;
  if (question.kind == Asked::yes_no) return answer.is_bool();
  if (question.kind == Asked::number)
    return answer.is_int() && answer.as_int() >= question.min && answer.as_int() <= question.max;
  return answer.is_array() && std::all_of(answer.items().begin(), answer.items().end(), [&](const Json& one) {
           return is_choice(question.choices, one.as_string());
         });
}

class DecisionReader {
 public:
  DecisionReader(const std::string& file, std::vector<ContentError>& errors) : reader_(file, errors) {}

  std::optional<DecisionTable> read(std::string_view text) {
    const auto document = reader_.document(text);
    if (!document) return std::nullopt;
    reader_.only_keys(*document,
                      {"id", "title", "systems", "questions", "outcomes", "categories", "own", "into"});
    out_.id = reader_.text(*document, "id", true);
    out_.title = reader_.bi_text(*document, "title", true);
    each(*document, "questions", true, [&](const YamlNode& node) { read_question(node); });
    each(*document, "outcomes", true, [&](const YamlNode& node) { read_outcome(node); });
    out_.categories = choices_of(*document, "categories", true);
    each(*document, "own", false, [&](const YamlNode& node) { read_own(node); });
    if (const YamlNode* systems = reader_.map(*document, "systems", false)) {
      reader_.only_keys(*systems, {"register", "field", "answers"});
      out_.reg = reader_.text(*systems, "register", true);
      out_.reg_field = reader_.text(*systems, "field", true);
      out_.reg_answers = reader_.text(*systems, "answers", true);
      const auto* question = out_.question(out_.reg_answers);
      if (question == nullptr || question->kind != Asked::number)
        reader_.error(*systems, "'answers' must name a question for a number");
    }
    if (const YamlNode* into = reader_.map(*document, "into", true)) {
      reader_.only_keys(*into, {"step", "outcome", "reason", "category"});
      out_.step = reader_.text(*into, "step", true);
      out_.outcome_field = reader_.text(*into, "outcome", true);
      out_.reason_field = reader_.text(*into, "reason", true);
      out_.category_field = reader_.text(*into, "category", true);
    }
    if (!out_.outcomes.empty() && !out_.outcomes.back().when.empty())
      reader_.error(*document->find("outcomes"), "the last outcome must hold whatever is left: no 'when'");
    return out_;
  }

 private:
  template <class Read>
  void each(const YamlNode& map, std::string_view key, bool required, Read read) {
    const YamlNode* list = reader_.list(map, key, required);
    if (list == nullptr) return;
    if (list->items.size() > kDecisionItemsMax)
      return reader_.error(*list, fmt::format("at most {} items", kDecisionItemsMax));
    for (const auto& node : list->items) {
      if (node.is_map()) {
        read(node);
      } else {
        reader_.error(node, "must be a map");
      }
    }
  }

  std::vector<DecisionChoice> choices_of(const YamlNode& map, std::string_view key, bool required) {
    std::vector<DecisionChoice> out;
    each(map, key, required, [&](const YamlNode& node) {
      reader_.only_keys(node, {"id", "title"});
      DecisionChoice one{reader_.text(node, "id", true), reader_.bi_text(node, "title", true)};
      if (is_choice(out, one.id)) reader_.error(node, "'" + one.id + "' is there twice");
      out.push_back(std::move(one));
    });
    return out;
  }

  void read_question(const YamlNode& node) {
    reader_.only_keys(node, {"id", "title", "kind", "min", "max", "choices"});
    constexpr std::string_view kAskedKinds[] = {"number", "yes_no", "choices"};
    DecisionQuestion one;
    one.id = reader_.text(node, "id", true);
    one.title = reader_.bi_text(node, "title", true);
    const std::string kind = reader_.text(node, "kind", true);
    const auto* const known = std::find(std::begin(kAskedKinds), std::end(kAskedKinds), kind);
    if (known == std::end(kAskedKinds)) return reader_.error(node, "'kind' is number, yes_no or choices");
    one.kind = static_cast<Asked>(known - std::begin(kAskedKinds));
    if (one.kind == Asked::number) {
      one.min = reader_.integer(node, "min", 0, 0, 1'000'000);
      one.max = reader_.integer(node, "max", 0, 0, 1'000'000);
    }
    if (one.kind == Asked::choices) one.choices = choices_of(node, "choices", true);
    if (out_.question(one.id) != nullptr) reader_.error(node, "'" + one.id + "' is there twice");
    out_.questions.push_back(std::move(one));
  }

  void read_outcome(const YamlNode& node) {
    reader_.only_keys(node, {"id", "title", "source", "when"});
    DecisionOutcome one{reader_.text(node, "id", true),
                        reader_.bi_text(node, "title", true),
                        reader_.text(node, "source", true),
                        {}};
    each(node, "when", false, [&](const YamlNode& line) {
      reader_.only_keys(line, {"text", "one_of"});
      DecisionLine read{reader_.bi_text(line, "text", true), {}};
      each(line, "one_of", true, [&](const YamlNode& test) { read.one_of.push_back(test_of(test)); });
      one.when.push_back(std::move(read));
    });
    if (out_.outcome(one.id) != nullptr) reader_.error(node, "'" + one.id + "' is there twice");
    out_.outcomes.push_back(std::move(one));
  }

  DecisionTest test_of(const YamlNode& node) {
    reader_.only_keys(node, {"question", "at_least", "is", "any"});
    DecisionTest out;
    out.question = reader_.text(node, "question", true);
    if (node.find("at_least") != nullptr) out.at_least = reader_.integer(node, "at_least", 0, 0, 1'000'000);
    if (node.find("is") != nullptr) out.is = reader_.boolean(node, "is", true);
    out.any = reader_.boolean(node, "any", false);
    const auto* question = out_.question(out.question);
    if (question == nullptr) {
      reader_.error(node, "no question '" + out.question + "'");
    } else if ((question->kind == Asked::number) != out.at_least.has_value() ||
               (question->kind == Asked::yes_no) != out.is.has_value() ||
               (question->kind == Asked::choices) != out.any) {
      reader_.error(node, "a number takes 'at_least', yes_no takes 'is', choices take 'any'");
    }
    return out;
  }

  void read_own(const YamlNode& node) {
    reader_.only_keys(node, {"value", "category"});
    const std::string category = reader_.text(node, "category", true);
    if (!is_choice(out_.categories, category)) reader_.error(node, "no category '" + category + "'");
    out_.categories_of_own.emplace_back(reader_.text(node, "value", true), category);
  }

  ContentReader reader_;
  DecisionTable out_;
};

Json choices_json(const std::vector<DecisionChoice>& choices) {
  Json out = Json::array();
  for (const auto& one : choices) out.push(Json::object({{"id", one.id}, {"title", one.title.vi}}));
  return out;
}

}  // namespace

const DecisionQuestion* DecisionTable::question(std::string_view question_id) const {
  const auto found = std::find_if(questions.begin(), questions.end(),
                                  [&](const auto& one) { return one.id == question_id; });
  return found == questions.end() ? nullptr : &*found;
}

const DecisionOutcome* DecisionTable::outcome(std::string_view outcome_id) const {
  const auto found =
      std::find_if(outcomes.begin(), outcomes.end(), [&](const auto& one) { return one.id == outcome_id; });
  return found == outcomes.end() ? nullptr : &*found;
}

bool DecisionTable::has_category(std::string_view category_id) const {
  return is_choice(categories, category_id);
}

Decided decide(const DecisionTable& table, const Json& answers) {
  Decided out;
  for (const auto& outcome : table.outcomes) {
    bool open = false;
    bool fails = false;
    const std::size_t begin = out.lines.size();
    for (const auto& line : outcome.when) {
      const auto holds = line_holds(line, answers);
      out.lines.push_back({&line, holds});
      open = open || !holds;
      fails = fails || (holds && !*holds);
    }
    if (fails) continue;
    if (!open) {
      out.outcome = &outcome;
      return out;
    }
    for (std::size_t i = begin; i < out.lines.size(); ++i) {
      if (out.lines[i].holds) continue;
      for (const auto& test : out.lines[i].line->one_of) {
        if (answers[test.question].is_null()) out.open.push_back(test.question);
      }
    }
    return out;
  }
  return out;
}

std::optional<std::string> wrong_answer(const DecisionTable& table, const Json& answers) {
  for (const auto& [id, answer] : answers.members()) {
    const auto* question = table.question(id);
    if (question == nullptr || !answer_fits(*question, answer)) return id;
  }
  return std::nullopt;
}

std::optional<DecisionTable> parse_decision(std::string_view text, const std::string& file,
                                            std::vector<ContentError>& errors) {
  const std::size_t before = errors.size();
  auto out = DecisionReader(file, errors).read(text);
  if (errors.size() != before) return std::nullopt;
  return out;
}

Json to_json(const DecisionTable& table) {
  constexpr std::string_view kAskedKinds[] = {"number", "yes_no", "choices"};
  Json questions = Json::array();
  for (const auto& one : table.questions) {
    questions.push(Json::object({{"id", one.id},
                                 {"title", one.title.vi},
                                 {"kind", kAskedKinds[static_cast<std::size_t>(one.kind)]},
                                 {"min", one.min},
                                 {"max", one.max},
                                 {"choices", choices_json(one.choices)}}));
  }
  Json outcomes = Json::array();
  for (const auto& one : table.outcomes)
    outcomes.push(Json::object({{"id", one.id}, {"title", one.title.vi}, {"source", one.source}}));
  return Json::object({{"id", table.id},
                       {"title", table.title.vi},
                       {"register", table.reg},
                       {"answers", table.reg_answers},
                       {"questions", std::move(questions)},
                       {"outcomes", std::move(outcomes)},
                       {"categories", choices_json(table.categories)}});
}

}  // namespace phendau::comply
