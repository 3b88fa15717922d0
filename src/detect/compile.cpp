// SPDX-License-Identifier: Apache-2.0
// The idea: an item becomes an ItemState (values as glob parts, an operation, flags); each modifier of the
// chain is one row of kModifiers with a function that changes the state or refuses; then the state becomes a
// Predicate.
#include "detect/compile.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "base/unicode.h"

namespace phendau::detect {
namespace {

using Part = Pattern::GlobPart;
using Parts = std::vector<Part>;

enum class Compare : std::uint8_t {
  plain,
  contains,
  starts_with,
  ends_with,
  regex,
  cidr,
  number,
  exists,
  same_as
};

struct Text {
  Parts parts;
  std::size_t value = 0;  // index of the value that it came from
};

struct ItemState {
  std::vector<SigmaValue> values;
  std::vector<Text> texts;  // one or more per value: transforms may multiply them
  Compare compare = Compare::plain;
  MatchOp number_op = MatchOp::less;
  bool all = false;
  bool cased = false;
  bool negated = false;
  bool encoded = false;  // wide, base64: the bytes are no longer what was written
  RegexFlags flags;
  const CompileOptions* options = nullptr;
};

void append_literal(Parts& parts, std::string_view text) {
  if (text.empty()) return;
  if (parts.empty() || parts.back().kind != Part::Kind::literal) parts.push_back({Part::Kind::literal, {}});
  parts.back().literal += text;
}

bool has_wildcard(const Parts& parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [](const Part& part) { return part.kind != Part::Kind::literal; });
}

std::string literal_of(const Parts& parts) { return parts.empty() ? std::string() : parts.front().literal; }

Result<void> refuse(std::string reason) { return fail(ErrorCode::invalid, std::move(reason)); }

Result<void> set_compare(ItemState& state, Compare compare, std::string_view name) {
  if (state.compare != Compare::plain)
    return refuse(fmt::format("modifier '{}' contradicts one before it", name));
  state.compare = compare;
  return {};
}

Result<void> apply_contains(ItemState& state) { return set_compare(state, Compare::contains, "contains"); }
Result<void> apply_startswith(ItemState& state) {
  return set_compare(state, Compare::starts_with, "startswith");
}
Result<void> apply_endswith(ItemState& state) { return set_compare(state, Compare::ends_with, "endswith"); }
Result<void> apply_all(ItemState& state) {
  state.all = true;
  return {};
}
Result<void> apply_cased(ItemState& state) {
  state.cased = true;
  return {};
}
Result<void> apply_neq(ItemState& state) {
  state.negated = true;
  return {};
}
Result<void> apply_re(ItemState& state) {
  if (state.encoded) return refuse("modifier 're' cannot follow an encoding");
  return set_compare(state, Compare::regex, "re");
}
Result<void> apply_regex_flag(ItemState& state, bool RegexFlags::* flag, std::string_view name) {
  if (state.compare != Compare::regex) return refuse(fmt::format("modifier '{}' needs 're' before it", name));
  state.flags.*flag = true;
  return {};
}
Result<void> apply_i(ItemState& state) { return apply_regex_flag(state, &RegexFlags::ignore_case, "i"); }
Result<void> apply_m(ItemState& state) { return apply_regex_flag(state, &RegexFlags::multiline, "m"); }
Result<void> apply_s(ItemState& state) { return apply_regex_flag(state, &RegexFlags::dot_all, "s"); }
Result<void> apply_cidr(ItemState& state) { return set_compare(state, Compare::cidr, "cidr"); }
Result<void> apply_exists(ItemState& state) { return set_compare(state, Compare::exists, "exists"); }
Result<void> apply_fieldref(ItemState& state) { return set_compare(state, Compare::same_as, "fieldref"); }

Result<void> apply_number(ItemState& state, MatchOp op, std::string_view name) {
  state.number_op = op;
  return set_compare(state, Compare::number, name);
}
Result<void> apply_lt(ItemState& state) { return apply_number(state, MatchOp::less, "lt"); }
Result<void> apply_lte(ItemState& state) { return apply_number(state, MatchOp::less_equal, "lte"); }
Result<void> apply_gt(ItemState& state) { return apply_number(state, MatchOp::greater, "gt"); }
Result<void> apply_gte(ItemState& state) { return apply_number(state, MatchOp::greater_equal, "gte"); }

/// Encodings work on literal text: a wildcard has no encoded form.
Result<void> check_encodable(const ItemState& state, std::string_view name) {
  if (state.compare == Compare::regex)
    return refuse(fmt::format("modifier '{}' does not apply to 're'", name));
  for (const auto& text : state.texts) {
    if (has_wildcard(text.parts)) return refuse(fmt::format("modifier '{}' does not take wildcards", name));
  }
  return {};
}

Result<std::string> to_utf16(std::string_view text, bool big_endian) {
  std::string out;
  const auto put = [&](std::uint32_t unit) {
    const char high = static_cast<char>(unit >> 8);
    const char low = static_cast<char>(unit & 0xFF);
    out += big_endian ? high : low;
    out += big_endian ? low : high;
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_sequence_length(text, at);
    if (length == 0)
      return fail(ErrorCode::invalid, "UTF-16 modifiers need text, not bytes of another encoding");
    std::uint32_t code = static_cast<unsigned char>(text[at]);
    if (length > 1) code &= 0x7Fu >> length;
    for (std::size_t i = 1; i < length; ++i)
      code = code << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3Fu);
    at += length;
    if (code < 0x10000) {
      put(code);
    } else {
      put(0xD800 + ((code - 0x10000) >> 10));
      put(0xDC00 + ((code - 0x10000) & 0x3FF));
    }
  }
  return out;
}

Result<void> encode_utf16(ItemState& state, std::string_view name, bool big_endian, std::string_view mark) {
  PHENDAU_TRY(check_encodable(state, name));
  for (auto& text : state.texts) {
    const std::string encoded = PHENDAU_TRY(to_utf16(literal_of(text.parts), big_endian));
    text.parts.clear();
    append_literal(text.parts, std::string(mark) + encoded);
  }
  state.encoded = true;
  return {};
}
Result<void> apply_utf16le(ItemState& state) { return encode_utf16(state, "utf16le", false, ""); }
Result<void> apply_utf16be(ItemState& state) { return encode_utf16(state, "utf16be", true, ""); }
Result<void> apply_utf16(ItemState& state) { return encode_utf16(state, "utf16", false, "\xFF\xFE"); }

Result<void> apply_base64(ItemState& state) {
  PHENDAU_TRY(check_encodable(state, "base64"));
  for (auto& text : state.texts) {
    const std::string encoded = to_base64(literal_of(text.parts));
    text.parts.clear();
    append_literal(text.parts, encoded);
  }
  state.encoded = true;
  return {};
}

/// The three forms that the text takes inside a longer base64 text, without the characters that neighbours
/// share.
Result<void> apply_base64offset(ItemState& state) {
  PHENDAU_TRY(check_encodable(state, "base64offset"));
  constexpr std::size_t kSkip[] = {0, 2, 3};
  constexpr std::size_t kCut[] = {0, 3, 2};
  std::vector<Text> out;
  for (const auto& text : state.texts) {
    const std::string bytes = literal_of(text.parts);
    for (std::size_t offset = 0; offset < 3; ++offset) {
      const std::string encoded = to_base64(std::string(offset, ' ') + bytes);
      const std::size_t end = encoded.size() - kCut[(bytes.size() + offset) % 3];
      if (end <= kSkip[offset]) return refuse("'base64offset' needs a longer value");
      Parts variant;
      append_literal(variant, std::string_view(encoded).substr(kSkip[offset], end - kSkip[offset]));
      out.push_back({std::move(variant), text.value});
    }
  }
  state.texts = std::move(out);
  state.encoded = true;
  return {};
}

bool is_word_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '_' || byte >= 0x80;
}

/// All variants of one literal in which each option dash (`-x` or `/x` after a non-word) is one of the five
/// dashes.
std::vector<std::string> windash_variants(std::string_view text) {
  constexpr std::string_view kDashes[] = {"-", "/", "\xE2\x80\x93", "\xE2\x80\x94", "\xE2\x80\x95"};
  std::vector<std::string> out = {""};
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool is_option = (text[at] == '-' || text[at] == '/') && (at == 0 || !is_word_byte(text[at - 1])) &&
                           at + 1 < text.size() && is_word_byte(text[at + 1]);
    if (!is_option || out.size() * 5 > kVariantsPerValueMax) {
      for (auto& variant : out) variant += text[at];
      continue;
    }
    std::vector<std::string> grown;
    for (const auto& variant : out) {
      for (const auto dash : kDashes) grown.push_back(variant + std::string(dash));
    }
    out = std::move(grown);
  }
  return out;
}

Result<void> apply_windash(ItemState& state) {
  if (state.compare == Compare::regex || state.encoded) return refuse("modifier 'windash' needs plain text");
  std::vector<Text> out;
  for (const auto& text : state.texts) {
    std::vector<Parts> variants = {{}};
    for (const auto& part : text.parts) {
      const auto choices =
          part.kind == Part::Kind::literal ? windash_variants(part.literal) : std::vector<std::string>{""};
      if (variants.size() * choices.size() > kVariantsPerValueMax)
        return refuse("'windash' makes too many variants");
      std::vector<Parts> grown;
      for (const auto& variant : variants) {
        for (const auto& choice : choices) {
          grown.push_back(variant);
          grown.back().push_back(part.kind == Part::Kind::literal ? Part{part.kind, choice} : part);
        }
      }
      variants = std::move(grown);
    }
    for (auto& variant : variants) out.push_back({std::move(variant), text.value});
  }
  state.texts = std::move(out);
  return {};
}

/// `%name%` at or after `from`; npos if there is none. `\%` is no placeholder.
std::size_t find_placeholder(std::string_view text, std::size_t from, std::string& name) {
  for (std::size_t at = from; (at = text.find('%', at)) != std::string_view::npos; ++at) {
    if (at > 0 && text[at - 1] == '\\') continue;
    const std::size_t end = text.find('%', at + 1);
    if (end == std::string_view::npos) return end;
    name = text.substr(at + 1, end - at - 1);
    const bool valid = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return is_word_byte(c) || c == '-' || c == '.';
    });
    if (valid) return at;
  }
  return std::string_view::npos;
}

Result<void> apply_expand(ItemState& state) {
  if (state.compare == Compare::regex || state.encoded) return refuse("modifier 'expand' needs plain text");
  struct Open {
    std::string text;
    std::size_t value = 0;
  };
  std::vector<Text> out;
  std::vector<Open> open;
  for (std::size_t i = 0; i < state.values.size(); ++i) open.push_back({state.values[i].text, i});
  while (!open.empty()) {
    const Open next = std::move(open.back());
    open.pop_back();
    std::string name;
    const std::size_t at = find_placeholder(next.text, 0, name);
    if (at == std::string::npos) {
      out.push_back({parse_sigma_string(replace_all(next.text, "\\%", "%")), next.value});
      if (out.size() > kVariantsPerValueMax) return refuse("'expand' makes too many values");
      continue;
    }
    const auto found = state.options->placeholders.find(name);
    if (found == state.options->placeholders.end()) {
      return refuse(fmt::format("no values are given for placeholder '%{}%'", name));
    }
    for (const auto& value : found->second) {
      // A value may hold wildcards but no further placeholders: escaping its percent signs ends the
      // expansion.
      open.push_back(
          {next.text.substr(0, at) + replace_all(value, "%", "\\%") + next.text.substr(at + name.size() + 2),
           next.value});
    }
    if (open.size() > kVariantsPerValueMax) return refuse("'expand' makes too many values");
  }
  std::reverse(out.begin(), out.end());
  if (out.empty()) return refuse("the placeholder has no values");
  state.texts = std::move(out);
  return {};
}

Result<void> apply_time(ItemState&) { return refuse("time modifiers are not supported yet"); }

#define SIGMA_DOC "https://sigmahq.io/sigma-specification/specification/sigma-appendix-modifiers.html#"
struct ModifierRow {
  std::string_view name;
  Result<void> (*apply)(ItemState& state);
  std::string_view doc;
};
constexpr ModifierRow kModifiers[] = {
    {"all", apply_all, SIGMA_DOC "all"},
    {"base64", apply_base64, SIGMA_DOC "base64-base64offset"},
    {"base64offset", apply_base64offset, SIGMA_DOC "base64-base64offset"},
    {"cased", apply_cased, SIGMA_DOC "cased"},
    {"cidr", apply_cidr, SIGMA_DOC "cidr"},
    {"contains", apply_contains, SIGMA_DOC "contains"},
    {"day", apply_time, SIGMA_DOC "time-modifiers"},
    {"dotall", apply_s, SIGMA_DOC "re"},
    {"endswith", apply_endswith, SIGMA_DOC "endswith"},
    {"exists", apply_exists, SIGMA_DOC "exists"},
    {"expand", apply_expand, SIGMA_DOC "expand"},
    {"fieldref", apply_fieldref, SIGMA_DOC "fieldref"},
    {"gt", apply_gt, SIGMA_DOC "lt-lte-gt-gte"},
    {"gte", apply_gte, SIGMA_DOC "lt-lte-gt-gte"},
    {"hour", apply_time, SIGMA_DOC "time-modifiers"},
    {"i", apply_i, SIGMA_DOC "re"},
    {"ignorecase", apply_i, SIGMA_DOC "re"},
    {"lt", apply_lt, SIGMA_DOC "lt-lte-gt-gte"},
    {"lte", apply_lte, SIGMA_DOC "lt-lte-gt-gte"},
    {"m", apply_m, SIGMA_DOC "re"},
    {"minute", apply_time, SIGMA_DOC "time-modifiers"},
    {"month", apply_time, SIGMA_DOC "time-modifiers"},
    {"multiline", apply_m, SIGMA_DOC "re"},
    {"neq", apply_neq, SIGMA_DOC "neq"},
    {"re", apply_re, SIGMA_DOC "re"},
    {"s", apply_s, SIGMA_DOC "re"},
    {"startswith", apply_startswith, SIGMA_DOC "startswith"},
    {"utf16", apply_utf16, SIGMA_DOC "encodings"},
    {"utf16be", apply_utf16be, SIGMA_DOC "encodings"},
    {"utf16le", apply_utf16le, SIGMA_DOC "encodings"},
    {"week", apply_time, SIGMA_DOC "time-modifiers"},
    {"wide", apply_utf16le, SIGMA_DOC "encodings"},
    {"windash", apply_windash, SIGMA_DOC "windash"},
    {"year", apply_time, SIGMA_DOC "time-modifiers"},
};
#undef SIGMA_DOC

bool is_text_compare(Compare compare) { return compare <= Compare::ends_with; }

Pattern text_pattern(const ItemState& state, Parts parts, bool keyword) {
  const bool open_begin = state.compare == Compare::contains || state.compare == Compare::ends_with ||
                          (keyword && state.compare == Compare::plain);
  const bool open_end = state.compare == Compare::contains || state.compare == Compare::starts_with ||
                        (keyword && state.compare == Compare::plain);
  if (open_begin) parts.insert(parts.begin(), Part{Part::Kind::any_many, {}});
  if (open_end) parts.push_back(Part{Part::Kind::any_many, {}});
  return pattern_of_parts(parts, state.cased);
}

Result<Pattern> regex_pattern(const ItemState& state, const SigmaValue& value) {
  // The flags go into the text too, so that two atoms are the same exactly when their texts are.
  std::string prefix;
  if (state.flags.ignore_case) prefix += 'i';
  if (state.flags.multiline) prefix += 'm';
  if (state.flags.dot_all) prefix += 's';
  if (!prefix.empty()) prefix = "(?" + prefix + ")";
  return make_pattern(MatchOp::regex, prefix + value.text, true);
}

PredicatePtr presence(const std::string& field, MatchOp op, std::string_view value) {
  Pattern pattern;
  pattern.op = op;
  pattern.value = value;
  return Predicate::atom(field, std::move(pattern));
}

Result<PredicatePtr> value_predicate(const ItemState& state, const std::string& field,
                                     const SigmaValue& value) {
  switch (state.compare) {
    case Compare::exists:
      if (value.text != "true" && value.text != "false")
        return fail(ErrorCode::invalid, "'exists' takes true or false");
      if (field.empty()) return fail(ErrorCode::invalid, "'exists' needs a field");
      return presence(field, MatchOp::exists, value.text);
    case Compare::same_as: {
      if (field.empty()) return fail(ErrorCode::invalid, "'fieldref' needs a field");
      std::string other = value.text;
      std::erase(other, ' ');
      const auto renamed = state.options->fields.find(other);
      Pattern pattern;
      pattern.op = MatchOp::same_as_field;
      pattern.cased = state.cased;
      pattern.value = renamed == state.options->fields.end() ? other : renamed->second;
      return Predicate::atom(field, std::move(pattern));
    }
    case Compare::regex:
      return Predicate::atom(field, PHENDAU_TRY(regex_pattern(state, value)));
    case Compare::cidr:
      return Predicate::atom(field, PHENDAU_TRY(make_pattern(MatchOp::cidr, value.text)));
    case Compare::number:
      return Predicate::atom(field, PHENDAU_TRY(make_pattern(state.number_op, value.text)));
    case Compare::plain:
    case Compare::contains:
    case Compare::starts_with:
    case Compare::ends_with:
      break;
  }
  return fail(ErrorCode::bug, "text values are compiled elsewhere");
}

class Compiler {
 public:
  Compiler(const Rule& rule, const CompileOptions& options) : rule_(rule), options_(options) {}

  PredicatePtr item(const FieldItem& item) {
    ItemState state;
    state.options = &options_;
    state.values = item.values;
    for (std::size_t i = 0; i < item.values.size(); ++i) {
      state.texts.push_back({parse_sigma_string(item.values[i].text), i});
    }
    for (const auto& name : item.modifiers) {
      const auto* row = std::find_if(std::begin(kModifiers), std::end(kModifiers),
                                     [&](const ModifierRow& candidate) { return candidate.name == name; });
      if (row == std::end(kModifiers))
        return error(item.place, fmt::format("modifier '{}' is not known", name));
      const auto applied = row->apply(state);
      if (!applied) return error(item.place, fmt::format("{}: {}", name_of(item), applied.error().message));
    }
    if (state.cased && !is_text_compare(state.compare) && state.compare != Compare::same_as) {
      return error(item.place, fmt::format("{}: 'cased' applies to text only", name_of(item)));
    }
    const auto renamed = options_.fields.find(item.field);
    const std::string field = renamed == options_.fields.end() ? item.field : renamed->second;
    PredicatePtr out =
        is_text_compare(state.compare) ? texts(item, state, field) : others(item, state, field);
    return state.negated && out ? Predicate::negation(std::move(out)) : out;
  }

  PredicatePtr selection(const Selection& selection) {
    if (selection.kind == Selection::Kind::item) return item(selection.item);
    std::vector<PredicatePtr> children;
    for (const auto& child : selection.children) {
      if (auto predicate = this->selection(child)) children.push_back(std::move(predicate));
    }
    return selection.kind == Selection::Kind::all_of ? Predicate::all_of(std::move(children))
                                                     : Predicate::any_of(std::move(children));
  }

  PredicatePtr condition(const ConditionNode& node) {
    using Kind = ConditionNode::Kind;
    std::vector<PredicatePtr> children;
    for (const auto& child : node.children) children.push_back(condition(child));
    switch (node.kind) {
      case Kind::identifier:
        return named(node.name);
      case Kind::not_:
        return Predicate::negation(children.front());
      case Kind::and_:
        return Predicate::all_of(std::move(children));
      case Kind::or_:
        return Predicate::any_of(std::move(children));
      case Kind::any_of_pattern:
      case Kind::all_of_pattern:
        break;
    }
    for (const auto& entry : rule_.selections) {
      if (name_matches(node.name, entry.first)) children.push_back(named(entry.first));
    }
    return node.kind == Kind::all_of_pattern ? Predicate::all_of(std::move(children))
                                             : Predicate::any_of(std::move(children));
  }

  Compiled finish(PredicatePtr predicate) {
    if (!errors_.empty()) predicate = nullptr;
    return {std::move(predicate), std::move(errors_)};
  }

  /// Compiles each selection once, also those that the condition does not name: their mistakes count too.
  void compile_selections() {
    for (const auto& entry : rule_.selections) selections_[entry.first] = selection(entry.second);
  }

 private:
  static std::string name_of(const FieldItem& item) { return item.field + "|" + join(item.modifiers, "|"); }
  PredicatePtr error(const Place& place, std::string reason) {
    errors_.push_back({rule_.file, place.line, place.column, std::move(reason)});
    return nullptr;
  }
  PredicatePtr named(const std::string& name) {
    const auto found = selections_.find(name);
    return found == selections_.end() || !found->second ? Predicate::always(false) : found->second;
  }
  static PredicatePtr linked(const ItemState& state, std::vector<PredicatePtr> children) {
    return state.all ? Predicate::all_of(std::move(children)) : Predicate::any_of(std::move(children));
  }

  PredicatePtr texts(const FieldItem& item, const ItemState& state, const std::string& field) {
    std::vector<PredicatePtr> children;
    std::vector<PredicatePtr> variants;  // of one value: alternatives even where `all` asks for every value
    for (std::size_t i = 0; i < state.texts.size(); ++i) {
      const SigmaValue& value = item.values[state.texts[i].value];
      PredicatePtr made;
      if (value.kind == ValueKind::null) {
        if (state.compare != Compare::plain || state.encoded || field.empty()) {
          return error(value.place, fmt::format("{} does not take null", name_of(item)));
        }
        made = presence(field, MatchOp::is_null, "");
      } else {
        made = Predicate::atom(field, text_pattern(state, state.texts[i].parts, field.empty()));
      }
      variants.push_back(std::move(made));
      const bool last = i + 1 == state.texts.size() || state.texts[i + 1].value != state.texts[i].value;
      if (last) children.push_back(Predicate::any_of(std::exchange(variants, {})));
    }
    return linked(state, std::move(children));
  }

  PredicatePtr others(const FieldItem& item, const ItemState& state, const std::string& field) {
    std::vector<PredicatePtr> children;
    for (const auto& value : item.values) {
      if (value.kind == ValueKind::null)
        return error(value.place, fmt::format("{} does not take null", name_of(item)));
      auto made = value_predicate(state, field, value);
      if (!made) {
        error(value.place, fmt::format("{}: {}", name_of(item), made.error().message));
        continue;
      }
      children.push_back(std::move(*made));
    }
    return linked(state, std::move(children));
  }

  const Rule& rule_;
  const CompileOptions& options_;
  std::map<std::string, PredicatePtr> selections_;
  std::vector<ContentError> errors_;
};

std::string fold(std::string_view text, bool cased, bool accent_blind) {
  if (accent_blind) return fold_accents(text);
  return cased ? std::string(text) : fold_case(text);
}

}  // namespace

std::vector<Pattern::GlobPart> parse_sigma_string(std::string_view text) {
  Parts out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    if (c == '\\' && (next == '*' || next == '?' || next == '\\')) {
      append_literal(out, text.substr(++at, 1));
    } else if (c == '*') {
      if (out.empty() || out.back().kind != Part::Kind::any_many) out.push_back({Part::Kind::any_many, {}});
    } else if (c == '?') {
      out.push_back({Part::Kind::any_one, {}});
    } else {
      append_literal(out, text.substr(at, 1));
    }
  }
  return out;
}

Pattern pattern_of_parts(const std::vector<Pattern::GlobPart>& parts, bool cased, bool accent_blind) {
  Parts tidy;
  for (const auto& part : parts) {
    if (part.kind == Part::Kind::literal)
      append_literal(tidy, part.literal);
    else if (part.kind == Part::Kind::any_one || tidy.empty() || tidy.back().kind != Part::Kind::any_many)
      tidy.push_back(part);
  }
  const auto is_many = [&](std::size_t i) { return tidy[i].kind == Part::Kind::any_many; };
  const auto is_literal = [&](std::size_t i) { return tidy[i].kind == Part::Kind::literal; };
  Pattern out;
  out.cased = cased;
  out.accent_blind = accent_blind;
  std::optional<std::size_t> literal;
  if (tidy.empty()) {
    out.op = MatchOp::equals;
    return out;
  }
  if (tidy.size() == 1 && is_literal(0)) {
    out = make_pattern(MatchOp::equals, tidy[0].literal, cased).value();
    out.accent_blind = accent_blind;
    literal = 0;
  } else if (tidy.size() == 2 && is_literal(0) && is_many(1)) {
    out.op = MatchOp::starts_with;
    literal = 0;
  } else if (tidy.size() == 2 && is_many(0) && is_literal(1)) {
    out.op = MatchOp::ends_with;
    literal = 1;
  } else if (tidy.size() == 3 && is_many(0) && is_literal(1) && is_many(2)) {
    out.op = MatchOp::contains;
    literal = 1;
  }
  if (literal) {
    out.value = fold(tidy[*literal].literal, cased, accent_blind);
    return out;
  }
  out.op = MatchOp::glob;
  for (auto& part : tidy) {
    if (part.kind == Part::Kind::literal) part.literal = fold(part.literal, cased, accent_blind);
    const std::string escaped =
        replace_all(replace_all(replace_all(part.literal, "\\", "\\\\"), "*", "\\*"), "?", "\\?");
    out.value += part.kind == Part::Kind::literal ? escaped : part.kind == Part::Kind::any_one ? "?" : "*";
  }
  out.glob = std::move(tidy);
  return out;
}

Compiled compile_item(const Rule& rule, const FieldItem& item, const CompileOptions& options) {
  Compiler compiler(rule, options);
  auto predicate = compiler.item(item);
  return compiler.finish(std::move(predicate));
}

Compiled compile_selection(const Rule& rule, const Selection& selection, const CompileOptions& options) {
  Compiler compiler(rule, options);
  auto predicate = compiler.selection(selection);
  return compiler.finish(std::move(predicate));
}

Compiled compile_rule(const Rule& rule, const CompileOptions& options) {
  Compiler compiler(rule, options);
  compiler.compile_selections();
  std::vector<PredicatePtr> any;
  for (const auto& condition : rule.conditions) any.push_back(compiler.condition(condition));
  return compiler.finish(Predicate::any_of(std::move(any)));
}

std::vector<ModifierDoc> modifier_docs() {
  std::vector<ModifierDoc> out;
  for (const auto& row : kModifiers) out.push_back({row.name, row.doc});
  return out;
}

}  // namespace phendau::detect
