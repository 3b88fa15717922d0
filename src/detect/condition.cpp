// SPDX-License-Identifier: Apache-2.0
// The idea: a recursive descent parser over a flat token list; or < and < not < "x of" < parentheses.
#include "detect/condition.h"

#include <fmt/format.h>

#include "base/text.h"

namespace phendau::detect {
namespace {

struct Token {
  std::string text;    // "(" ")" or a word
  std::size_t at = 0;  // 0-based offset
};

bool is_word_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '_' || c == '-' || c == '*' || c == '.' || byte >= 0x80;
}

Result<std::vector<Token>> tokenize(std::string_view text) {
  std::vector<Token> out;
  std::size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++at;
    } else if (c == '(' || c == ')') {
      out.push_back({std::string(1, c), at++});
    } else if (c == '|') {
      return fail(ErrorCode::invalid,
                  fmt::format("column {}: aggregations after '|' were removed from Sigma; write a "
                              "correlation rule",
                              at + 1));
    } else if (is_word_char(c)) {
      const std::size_t begin = at;
      while (at < text.size() && is_word_char(text[at])) ++at;
      out.push_back({std::string(text.substr(begin, at - begin)), begin});
    } else {
      return fail(ErrorCode::invalid, fmt::format("column {}: unexpected '{}'", at + 1, c));
    }
  }
  return out;
}

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens, std::size_t end) : tokens_(std::move(tokens)), end_(end) {}

  Result<ConditionNode> parse() {
    auto node = PHENDAU_TRY(parse_binary(ConditionNode::Kind::or_, 0));
    if (at_ < tokens_.size()) return error(fmt::format("unexpected '{}'", tokens_[at_].text));
    return node;
  }

 private:
  bool next_is(std::string_view word) const {
    return at_ < tokens_.size() && equals_ignore_case_ascii(tokens_[at_].text, word);
  }
  std::unexpected<Error> error(const std::string& reason) const {
    const std::size_t column = at_ < tokens_.size() ? tokens_[at_].at : end_;
    return fail(ErrorCode::invalid, fmt::format("column {}: {}", column + 1, reason));
  }

  Result<ConditionNode> parse_binary(ConditionNode::Kind kind, int depth) {
    const bool is_or = kind == ConditionNode::Kind::or_;
    const std::string_view word = is_or ? "or" : "and";
    ConditionNode out{kind, {}, {}};
    do {
      out.children.push_back(is_or ? PHENDAU_TRY(parse_binary(ConditionNode::Kind::and_, depth))
                                   : PHENDAU_TRY(parse_not(depth)));
    } while (next_is(word) && ++at_ != 0);
    if (out.children.size() == 1) {
      ConditionNode only = std::move(out.children.front());
      return only;
    }
    return out;
  }

  Result<ConditionNode> parse_not(int depth) {
    if (depth > kConditionDepthMax) return error("nested too deeply");
    if (!next_is("not")) return parse_primary(depth);
    ++at_;
    ConditionNode out{ConditionNode::Kind::not_, {}, {}};
    out.children.push_back(PHENDAU_TRY(parse_not(depth + 1)));
    return out;
  }

  Result<ConditionNode> parse_primary(int depth) {
    if (at_ >= tokens_.size()) return error("the condition ends where a name is expected");
    if (tokens_[at_].text == "(") {
      ++at_;
      auto node = PHENDAU_TRY(parse_binary(ConditionNode::Kind::or_, depth + 1));
      if (!next_is(")")) return error("')' is missing");
      ++at_;
      return node;
    }
    const Token& token = tokens_[at_];
    const bool of_follows = at_ + 1 < tokens_.size() && equals_ignore_case_ascii(tokens_[at_ + 1].text, "of");
    if (of_follows) return parse_quantified();
    for (const std::string_view word : {"and", "or", "of", ")"}) {
      if (next_is(word)) return error(fmt::format("unexpected '{}'", token.text));
    }
    if (token.text.find('*') != std::string::npos)
      return error("a pattern needs '1 of' or 'all of' before it");
    ++at_;
    return ConditionNode{ConditionNode::Kind::identifier, token.text, {}};
  }

  Result<ConditionNode> parse_quantified() {
    ConditionNode out{ConditionNode::Kind::any_of_pattern, {}, {}};
    if (next_is("all")) {
      out.kind = ConditionNode::Kind::all_of_pattern;
    } else if (!next_is("1") && !next_is("any")) {
      return error(fmt::format("'{} of' is not known; use '1 of', 'any of' or 'all of'", tokens_[at_].text));
    }
    at_ += 2;
    if (at_ >= tokens_.size() || next_is("(") || next_is(")"))
      return error("a name, a pattern or 'them' must follow 'of'");
    out.name = tokens_[at_++].text;
    return out;
  }

  std::vector<Token> tokens_;
  std::size_t end_;
  std::size_t at_ = 0;
};

}  // namespace

Result<ConditionNode> parse_condition(std::string_view text) {
  if (text.size() > kConditionBytesMax) {
    return fail(ErrorCode::limit,
                fmt::format("a condition of {} bytes; at most {}", text.size(), kConditionBytesMax));
  }
  return Parser(PHENDAU_TRY(tokenize(text)), text.size()).parse();
}

std::string to_string(const ConditionNode& node) {
  using Kind = ConditionNode::Kind;
  switch (node.kind) {
    case Kind::identifier:
      return node.name;
    case Kind::any_of_pattern:
      return "1 of " + node.name;
    case Kind::all_of_pattern:
      return "all of " + node.name;
    case Kind::not_:
      return "not " + to_string(node.children.front());
    case Kind::and_:
    case Kind::or_:
      break;
  }
  std::vector<std::string> parts;
  for (const auto& child : node.children) parts.push_back(to_string(child));
  return "(" + join(parts, node.kind == Kind::and_ ? " and " : " or ") + ")";
}

bool name_matches(std::string_view pattern, std::string_view name) {
  if (name.starts_with('_') && !pattern.starts_with('_')) return false;
  if (equals_ignore_case_ascii(pattern, "them")) return true;
  const auto pieces = split(pattern, '*');
  if (pieces.size() == 1) return pattern == name;
  if (!name.starts_with(pieces.front())) return false;
  std::size_t at = pieces.front().size();
  for (std::size_t i = 1; i + 1 < pieces.size(); ++i) {
    const std::size_t found = name.find(pieces[i], at);
    if (found == std::string_view::npos) return false;
    at = found + pieces[i].size();
  }
  return name.size() >= at + pieces.back().size() && name.ends_with(pieces.back());
}

}  // namespace phendau::detect
