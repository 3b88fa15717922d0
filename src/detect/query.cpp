// SPDX-License-Identifier: Apache-2.0
// The idea: recursive descent directly over the characters; or < and (also by juxtaposition) < not < term. A
// term is [field:]value where the value's first characters say what kind of comparison it is.
#include "detect/query.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "base/texts.h"
#include "base/unicode.h"
#include "detect/compile.h"

namespace phendau::detect {
namespace {

enum class Word : std::uint8_t { none, and_, or_, not_ };

/// Operators in capitals only where Vietnamese words could be meant; English ones in any case, as Sigma has
/// them.
Word operator_of(std::string_view word) {
  if (equals_ignore_case_ascii(word, "and") || word == "V\xC3\x80" || word == "VA\xCC\x80") return Word::and_;
  if (equals_ignore_case_ascii(word, "or") || word ==
                                                  "HO\xE1\xBA\xB6"
                                                  "C")
    return Word::or_;
  if (equals_ignore_case_ascii(word, "not") || word == "KH\xC3\x94NG") return Word::not_;
  return Word::none;
}

bool has_accents(std::string_view text) { return fold_case(text) != fold_accents(text); }

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<PredicatePtr> parse() {
    skip_space();
    if (at_ == text_.size()) return Predicate::always(true);
    auto out = PHENDAU_TRY(parse_or(0));
    if (at_ < text_.size()) return error(at_, "unexpected", std::string(1, text_[at_]));
    return out;
  }

 private:
  /// @param reason end of a text id; its sentence has the column as {0} and `what` as {1}.
  std::unexpected<Error> error(std::size_t at, const std::string& reason, std::string what = "",
                               const std::string& detail = "") const {
    std::size_t column = 1;
    for (std::size_t i = 0; i < at && i < text_.size(); ++i) {
      if ((static_cast<unsigned char>(text_[i]) & 0xC0) != 0x80) ++column;
    }
    const std::string id = "detect.query." + reason;
    std::vector<std::string> args = {std::to_string(column), std::move(what)};
    std::string message = tr(Lang::en, id, args);
    if (!detail.empty()) message += " (" + detail + ")";
    return fail(ErrorCode::invalid, std::move(message), id, std::move(args));
  }

  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }
  static bool ends_word(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '(' || c == ')' || c == '"';
  }
  std::string_view peek_word() const {
    std::size_t end = at_;
    while (end < text_.size() && !ends_word(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }
  bool take_operator(Word wanted) {
    skip_space();
    const std::string_view word = peek_word();
    if (operator_of(word) != wanted) return false;
    at_ += word.size();
    skip_space();
    return true;
  }
  bool term_follows() {
    skip_space();
    if (at_ == text_.size() || text_[at_] == ')') return false;
    return operator_of(peek_word()) == Word::none || operator_of(peek_word()) == Word::not_;
  }

  Result<PredicatePtr> parse_or(int depth) {
    std::vector<PredicatePtr> parts;
    do {
      parts.push_back(PHENDAU_TRY(parse_and(depth)));
    } while (take_operator(Word::or_));
    return Predicate::any_of(std::move(parts));
  }

  Result<PredicatePtr> parse_and(int depth) {
    std::vector<PredicatePtr> parts;
    do {
      parts.push_back(PHENDAU_TRY(parse_not(depth)));
    } while (take_operator(Word::and_) || term_follows());
    return Predicate::all_of(std::move(parts));
  }

  Result<PredicatePtr> parse_not(int depth) {
    if (depth > kQueryDepthMax) return error(at_, "too_deep");
    skip_space();
    if (take_operator(Word::not_)) return Predicate::negation(PHENDAU_TRY(parse_not(depth + 1)));
    if (at_ + 1 < text_.size() && text_[at_] == '-' && !ends_word_but_open(text_[at_ + 1])) {
      ++at_;
      return Predicate::negation(PHENDAU_TRY(parse_not(depth + 1)));
    }
    return parse_term(depth);
  }
  static bool ends_word_but_open(char c) { return ends_word(c) && c != '(' && c != '"'; }

  Result<PredicatePtr> parse_term(int depth) {
    skip_space();
    if (at_ == text_.size()) return error(at_, "word_expected");
    if (++terms_ > kQueryTermsMax) return error(at_, "too_many", std::to_string(kQueryTermsMax));
    const std::size_t begin = at_;
    if (text_[at_] == '(') {
      ++at_;
      auto inner = PHENDAU_TRY(parse_or(depth + 1));
      skip_space();
      if (at_ == text_.size() || text_[at_] != ')') return error(begin, "not_closed", "(");
      ++at_;
      return inner;
    }
    if (text_[at_] == ')') return error(at_, "unexpected", ")");
    if (text_[at_] == '"') return word_term(PHENDAU_TRY(parse_quoted()), true);
    const std::string_view word = peek_word();
    if (operator_of(word) != Word::none) return error(at_, "word_before", std::string(word));
    const std::size_t colon = word.find(':');
    if (colon == std::string_view::npos || colon == 0 || !is_field_name(word.substr(0, colon))) {
      at_ += word.size();
      return word_term(std::string(word), false);
    }
    at_ += colon + 1;
    return parse_field(std::string(word.substr(0, colon)));
  }

  /// "12:30:01" and "http://x" are words, not fields.
  bool is_field_name(std::string_view name) const {
    const std::string_view rest = text_.substr(at_ + name.size() + 1, 2);
    return !(name[0] >= '0' && name[0] <= '9') && rest != "//" &&
           std::all_of(name.begin(), name.end(), [](char c) {
             return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-' ||
                    static_cast<unsigned char>(c) >= 0x80;
           });
  }

  Result<std::string> parse_quoted() {
    const std::size_t begin = at_++;
    std::string out;
    while (at_ < text_.size() && text_[at_] != '"') {
      const bool escape =
          text_[at_] == '\\' && at_ + 1 < text_.size() && (text_[at_ + 1] == '"' || text_[at_ + 1] == '\\');
      if (escape) ++at_;
      out += text_[at_++];
    }
    if (at_ == text_.size()) return error(begin, "not_closed", "\"");
    ++at_;
    return out;
  }

  static PredicatePtr word_term(const std::string& word, bool quoted) {
    std::vector<Pattern::GlobPart> parts;
    if (quoted)
      parts.push_back({Pattern::GlobPart::Kind::literal, word});
    else
      parts = parse_sigma_string(word);
    const Pattern::GlobPart many{Pattern::GlobPart::Kind::any_many, {}};
    parts.insert(parts.begin(), many);
    parts.push_back(many);
    return Predicate::atom("", pattern_of_parts(parts, false, !has_accents(word)));
  }

  Result<PredicatePtr> parse_field(const std::string& field) {
    const std::size_t begin = at_;
    if (at_ < text_.size() && text_[at_] == '"') {
      const std::string value = PHENDAU_TRY(parse_quoted());
      return Predicate::atom(
          field, pattern_of_parts({{Pattern::GlobPart::Kind::literal, value}}, false, !has_accents(value)));
    }
    if (at_ < text_.size() && text_[at_] == '/') return parse_field_regex(field);
    if (at_ < text_.size() && text_[at_] == '(') return parse_field_list(field);
    const std::string value(peek_word());
    at_ += value.size();
    if (value.empty()) return error(begin, "value_expected", field);
    for (const auto& [sign, op] :
         {std::pair{">=", MatchOp::greater_equal}, std::pair{"<=", MatchOp::less_equal},
          std::pair{">", MatchOp::greater}, std::pair{"<", MatchOp::less}}) {
      if (!value.starts_with(sign)) continue;
      auto pattern = make_pattern(op, std::string_view(value).substr(std::string_view(sign).size()));
      if (!pattern) return error(begin, "no_number", value, pattern.error().message);
      return Predicate::atom(field, std::move(*pattern));
    }
    if (value == "*") {
      Pattern pattern;
      pattern.op = MatchOp::exists;
      pattern.value = "true";
      return Predicate::atom(field, std::move(pattern));
    }
    if (const auto network = network_of(value)) return Predicate::atom(field, *network);
    return Predicate::atom(field, pattern_of_parts(parse_sigma_string(value), false, !has_accents(value)));
  }

  static std::optional<Pattern> network_of(const std::string& value) {
    if (value.find('/') == std::string::npos) return std::nullopt;
    auto pattern = make_pattern(MatchOp::cidr, value);
    if (!pattern) return std::nullopt;
    return std::move(*pattern);
  }

  Result<PredicatePtr> parse_field_regex(const std::string& field) {
    const std::size_t begin = at_++;
    std::string source;
    while (at_ < text_.size() && text_[at_] != '/') {
      const bool escape = text_[at_] == '\\' && at_ + 1 < text_.size();
      if (escape && text_[at_ + 1] == '/') {
        ++at_;
      } else if (escape) {
        source += text_[at_++];
      }
      source += text_[at_++];
    }
    if (at_ == text_.size()) return error(begin, "not_closed", "/");
    ++at_;
    if (at_ < text_.size() && text_[at_] == 'i') {
      ++at_;
      source = "(?i)" + source;
    }
    auto pattern = make_pattern(MatchOp::regex, source, true);
    if (!pattern) return error(begin, "bad_regex", source, pattern.error().message);
    return Predicate::atom(field, std::move(*pattern));
  }

  /// field:(a b "c d"): any of the values.
  Result<PredicatePtr> parse_field_list(const std::string& field) {
    const std::size_t begin = at_++;
    std::vector<PredicatePtr> values;
    for (skip_space(); at_ < text_.size() && text_[at_] != ')'; skip_space()) {
      if (++terms_ > kQueryTermsMax) return error(at_, "too_many", std::to_string(kQueryTermsMax));
      if (text_[at_] == '(') return error(at_, "list_in_list");
      if (operator_of(peek_word()) == Word::or_ && !values.empty()) {
        at_ += peek_word().size();
        continue;
      }
      values.push_back(PHENDAU_TRY(parse_field(field)));
    }
    if (at_ == text_.size()) return error(begin, "not_closed", "(");
    if (values.empty()) return error(begin, "list_empty");
    ++at_;
    return Predicate::any_of(std::move(values));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t terms_ = 0;
};

}  // namespace

Result<PredicatePtr> parse_query(std::string_view text) {
  if (text.size() > kQueryBytesMax) {
    return fail(ErrorCode::limit,
                fmt::format("a search of {} bytes; at most {}", text.size(), kQueryBytesMax),
                "detect.query_too_long", {std::to_string(kQueryBytesMax)});
  }
  if (!is_valid_utf8(text))
    return fail(ErrorCode::invalid, "the search is not valid UTF-8", "detect.query_not_utf8");
  return Parser(text).parse();
}

}  // namespace phendau::detect
