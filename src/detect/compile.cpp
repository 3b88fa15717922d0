// SPDX-License-Identifier: Apache-2.0
// The idea: an item becomes an ItemState (values as glob parts and as raw text, an operation, flags); each
// modifier of the chain is one row of kModifiers with a function that changes the state or refuses; then the
// state becomes a Predicate.
#include "detect/compile.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "base/text.h"
#include "base/unicode.h"
#include "detect/encode.h"

namespace phendau::detect {
namespace {

using Part = Pattern::GlobPart;
using Parts = std::vector<Part>;

enum class Compare : std::uint8_t { plain, contains, starts_with, ends_with, regex, cidr, number, exists };

bool is_text_compare(Compare compare) { return compare <= Compare::ends_with; }

/// One alternative of a value: transforms may multiply them.
template <class T>
struct Alternative {
  T what;
  std::size_t value = 0;  // index of the value that it came from
};

struct ItemState {
  std::vector<Alternative<Parts>> texts;  // for comparisons of text
  std::vector<Alternative<std::string>>
      raws;  // the same values as written: regex, cidr, numbers, field names
  Compare compare = Compare::plain;
  MatchOp number_op = MatchOp::less;
  std::optional<TimePart> time_part;
  bool reference = false;  // the value names a field
  bool all = false;
  bool cased = false;
  bool negated = false;
  bool expanded = false;
  std::string_view transform;  // the last modifier that rewrote the text (windash, wide, base64)
  bool encoded = false;        // by wide or base64: the bytes are no longer what was written
  RegexFlags flags;
  Compare regex_place = Compare::plain;  // contains, starts_with or ends_with after `re`
  const CompileOptions* options = nullptr;
};

void append_literal(Parts& parts, std::string_view text) {
  if (text.empty()) return;
  if (parts.empty() || parts.back().kind != Part::Kind::literal) parts.push_back({Part::Kind::literal, {}});
  parts.back().literal += text;
}

/// Literals side by side become one: what looks at neighbours (windash) must see them.
void append_part(Parts& parts, const Part& part) {
  if (part.kind == Part::Kind::literal)
    append_literal(parts, part.literal);
  else
    parts.push_back(part);
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

/// Of text, or where a regular expression has to stand.
Result<void> set_place(ItemState& state, Compare place, std::string_view name) {
  if (state.compare != Compare::regex || state.regex_place != Compare::plain)
    return set_compare(state, place, name);
  state.regex_place = place;
  return {};
}
Result<void> apply_contains(ItemState& state) { return set_place(state, Compare::contains, "contains"); }
Result<void> apply_startswith(ItemState& state) {
  return set_place(state, Compare::starts_with, "startswith");
}
Result<void> apply_endswith(ItemState& state) { return set_place(state, Compare::ends_with, "endswith"); }
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
  if (state.expanded) return refuse("modifier 're' must come before 'expand'");
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
Result<void> apply_fieldref(ItemState& state) {
  state.reference = true;
  return {};
}

Result<void> apply_number(ItemState& state, MatchOp op, std::string_view name) {
  state.number_op = op;
  return set_compare(state, Compare::number, name);
}
Result<void> apply_lt(ItemState& state) { return apply_number(state, MatchOp::less, "lt"); }
Result<void> apply_lte(ItemState& state) { return apply_number(state, MatchOp::less_equal, "lte"); }
Result<void> apply_gt(ItemState& state) { return apply_number(state, MatchOp::greater, "gt"); }
Result<void> apply_gte(ItemState& state) { return apply_number(state, MatchOp::greater_equal, "gte"); }

Result<void> apply_time(ItemState& state, TimePart part) {
  if (state.time_part)
    return refuse(
        fmt::format("modifier '{}' contradicts '{}'", to_string(part), to_string(*state.time_part)));
  state.time_part = part;
  return {};
}
Result<void> apply_minute(ItemState& state) { return apply_time(state, TimePart::minute); }
Result<void> apply_hour(ItemState& state) { return apply_time(state, TimePart::hour); }
Result<void> apply_day(ItemState& state) { return apply_time(state, TimePart::day); }
Result<void> apply_week(ItemState& state) { return apply_time(state, TimePart::week); }
Result<void> apply_month(ItemState& state) { return apply_time(state, TimePart::month); }
Result<void> apply_year(ItemState& state) { return apply_time(state, TimePart::year); }

Result<void> begin_transform(ItemState& state, std::string_view name) {
  if (!is_text_compare(state.compare))
    return refuse(fmt::format("modifier '{}' applies to plain text only", name));
  state.transform = name;
  return {};
}

/// UTF-16 of the literal parts; `*` may stand between them, `?` may not: a letter has two bytes or four.
Result<void> encode_utf16(ItemState& state, std::string_view name, bool big_endian, std::string_view mark) {
  PHENDAU_TRY(begin_transform(state, name));
  if (!mark.empty() && state.compare != Compare::plain)
    return refuse(fmt::format("modifier '{}' must come before contains, startswith, endswith", name));
  for (auto& text : state.texts) {
    for (auto& part : text.what) {
      if (part.kind == Part::Kind::any_one)
        return refuse(fmt::format("modifier '{}' does not take '?'", name));
      if (part.kind == Part::Kind::literal) part.literal = PHENDAU_TRY(to_utf16(part.literal, big_endian));
    }
    if (!mark.empty()) text.what.insert(text.what.begin(), Part{Part::Kind::literal, std::string(mark)});
  }
  state.encoded = true;
  return {};
}
Result<void> apply_utf16le(ItemState& state) { return encode_utf16(state, "utf16le", false, ""); }
Result<void> apply_utf16be(ItemState& state) { return encode_utf16(state, "utf16be", true, ""); }
Result<void> apply_utf16(ItemState& state) { return encode_utf16(state, "utf16", false, "\xFF\xFE"); }

/// Base64 of whole values: a wildcard, also one that `contains` puts around, has no encoded form.
Result<void> begin_base64(ItemState& state, std::string_view name) {
  PHENDAU_TRY(begin_transform(state, name));
  if (state.compare != Compare::plain)
    return refuse(fmt::format("modifier '{}' must come before contains, startswith, endswith", name));
  for (auto& text : state.texts) {
    if (has_wildcard(text.what)) return refuse(fmt::format("modifier '{}' does not take wildcards", name));
    Parts joined;
    for (const auto& part : text.what) append_literal(joined, part.literal);
    text.what = std::move(joined);
  }
  state.encoded = true;
  return {};
}

Result<void> apply_base64(ItemState& state) {
  PHENDAU_TRY(begin_base64(state, "base64"));
  for (auto& text : state.texts) {
    const std::string encoded = to_base64(literal_of(text.what));
    text.what.clear();
    append_literal(text.what, encoded);
  }
  return {};
}

Result<void> apply_base64offset(ItemState& state) {
  PHENDAU_TRY(begin_base64(state, "base64offset"));
  std::vector<Alternative<Parts>> out;
  for (const auto& text : state.texts) {
    for (const auto& encoded : PHENDAU_TRY(base64_offsets(literal_of(text.what))))
      out.push_back({Parts{Part{Part::Kind::literal, encoded}}, text.value});
  }
  state.texts = std::move(out);
  return {};
}

/// Every way to replace each literal part by one of its `choices`, which are lists of parts.
template <class Choices>
Result<std::vector<Parts>> all_choices(const Parts& parts, std::string_view name, Choices choices) {
  std::vector<Parts> variants(1);
  for (const auto& part : parts) {
    std::vector<Parts> options(1, Parts{part});
    if (part.kind == Part::Kind::literal) options = PHENDAU_TRY(choices(part.literal));
    if (options.size() > kVariantsPerValueMax / variants.size())
      return fail(ErrorCode::invalid, fmt::format("'{}' makes too many variants", name));
    std::vector<Parts> grown;
    for (const auto& variant : variants) {
      for (const auto& option : options) {
        grown.push_back(variant);
        for (const auto& one : option) append_part(grown.back(), one);
      }
    }
    variants = std::move(grown);
  }
  return variants;
}

Result<void> apply_windash(ItemState& state) {
  if (state.encoded) return refuse("modifier 'windash' must come before an encoding");
  PHENDAU_TRY(begin_transform(state, "windash"));
  std::vector<Alternative<Parts>> out;
  for (const auto& text : state.texts) {
    auto variants = PHENDAU_TRY(
        all_choices(text.what, "windash", [](const std::string& literal) -> Result<std::vector<Parts>> {
          std::vector<Parts> options;
          for (auto& variant : windash_variants(literal))
            options.push_back(Parts{Part{Part::Kind::literal, std::move(variant)}});
          return options;
        }));
    for (auto& variant : variants) out.push_back({std::move(variant), text.value});
  }
  state.texts = std::move(out);
  return {};
}

bool is_name_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '_' || c == '-' || c == '.' || byte >= 0x80;
}

/// `%name%` at or after `from`; npos if there is none. `\%` is no placeholder.
std::size_t find_placeholder(std::string_view text, std::size_t from, std::string& name) {
  for (std::size_t at = from; (at = text.find('%', at)) != std::string_view::npos; ++at) {
    if (at > 0 && text[at - 1] == '\\') continue;
    const std::size_t end = text.find('%', at + 1);
    if (end == std::string_view::npos) return end;
    name = text.substr(at + 1, end - at - 1);
    if (!name.empty() && std::all_of(name.begin(), name.end(), is_name_byte)) return at;
  }
  return std::string_view::npos;
}

/// Every text that `text` stands for: `insert` turns a value of a list into what stands in its place.
template <class T, class Insert, class Append>
Result<std::vector<T>> expansions(std::string_view text, const CompileOptions& options, Insert insert,
                                  Append append) {
  std::vector<T> out(1);
  std::size_t begin = 0;
  for (;;) {
    std::string name;
    const std::size_t at = find_placeholder(text, begin, name);
    const std::string plain = replace_all(text.substr(begin, at - begin), "\\%", "%");
    for (auto& one : out) append(one, plain);
    if (at == std::string_view::npos) return out;
    // Names of lists are lower case in packs; the standard placeholders of Sigma begin with capitals.
    auto found = options.placeholders.find(name);
    if (found == options.placeholders.end()) found = options.placeholders.find(to_lower_ascii(name));
    if (found == options.placeholders.end())
      return fail(ErrorCode::invalid, fmt::format("no values are given for placeholder '%{}%'", name));
    if (found->second.empty())
      return fail(ErrorCode::invalid, fmt::format("the list of placeholder '%{}%' is empty", name));
    if (found->second.size() > kVariantsPerValueMax / out.size())
      return fail(ErrorCode::invalid, "'expand' makes too many values");
    std::vector<T> grown;
    for (const auto& one : out) {
      for (const auto& value : found->second) {
        grown.push_back(one);
        insert(grown.back(), value);
      }
    }
    out = std::move(grown);
    begin = at + name.size() + 2;
  }
}

/// A value of a list inside a regular expression: its wildcards keep their meaning, all else is literal.
std::string regex_of_value(const std::string& value) {
  std::string out;
  for (const auto& part : parse_sigma_string(value)) {
    if (part.kind == Part::Kind::literal)
      out += regex_escape(part.literal);
    else
      out += part.kind == Part::Kind::any_one ? "." : ".*";
  }
  return out;
}

Result<void> expand_raws(ItemState& state) {
  const bool regex = state.compare == Compare::regex;
  std::vector<Alternative<std::string>> out;
  for (const auto& raw : state.raws) {
    auto made = PHENDAU_TRY(expansions<std::string>(
        raw.what, *state.options,
        [&](std::string& text, const std::string& value) { text += regex ? regex_of_value(value) : value; },
        [](std::string& text, const std::string& plain) { text += plain; }));
    for (auto& text : made) out.push_back({std::move(text), raw.value});
  }
  state.raws = std::move(out);
  return {};
}

Result<void> apply_expand(ItemState& state) {
  if (state.encoded) return refuse("modifier 'expand' must come before an encoding");
  if (state.compare == Compare::exists) return refuse("modifier 'expand' does not apply to 'exists'");
  PHENDAU_TRY(expand_raws(state));
  const auto insert = [](Parts& parts, const std::string& value) {
    for (const auto& part : parse_sigma_string(value)) append_part(parts, part);
  };
  const auto expand_literal = [&](const std::string& literal) {
    return expansions<Parts>(literal, *state.options, insert, append_literal);
  };
  std::vector<Alternative<Parts>> out;
  for (const auto& text : state.texts) {
    for (auto& made : PHENDAU_TRY(all_choices(text.what, "expand", expand_literal)))
      out.push_back({std::move(made), text.value});
  }
  state.texts = std::move(out);
  state.expanded = true;
  return {};
}

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
    {"day", apply_day, SIGMA_DOC "time-modifiers"},
    {"dotall", apply_s, SIGMA_DOC "re"},
    {"endswith", apply_endswith, SIGMA_DOC "endswith"},
    {"exists", apply_exists, SIGMA_DOC "exists"},
    {"expand", apply_expand, SIGMA_DOC "expand"},
    {"fieldref", apply_fieldref, SIGMA_DOC "fieldref"},
    {"gt", apply_gt, SIGMA_DOC "lt-lte-gt-gte"},
    {"gte", apply_gte, SIGMA_DOC "lt-lte-gt-gte"},
    {"hour", apply_hour, SIGMA_DOC "time-modifiers"},
    {"i", apply_i, SIGMA_DOC "re"},
    {"ignorecase", apply_i, SIGMA_DOC "re"},
    {"lt", apply_lt, SIGMA_DOC "lt-lte-gt-gte"},
    {"lte", apply_lte, SIGMA_DOC "lt-lte-gt-gte"},
    {"m", apply_m, SIGMA_DOC "re"},
    {"minute", apply_minute, SIGMA_DOC "time-modifiers"},
    {"month", apply_month, SIGMA_DOC "time-modifiers"},
    {"multiline", apply_m, SIGMA_DOC "re"},
    {"neq", apply_neq, SIGMA_DOC "neq"},
    {"re", apply_re, SIGMA_DOC "re"},
    {"s", apply_s, SIGMA_DOC "re"},
    {"startswith", apply_startswith, SIGMA_DOC "startswith"},
    {"utf16", apply_utf16, SIGMA_DOC "encodings"},
    {"utf16be", apply_utf16be, SIGMA_DOC "encodings"},
    {"utf16le", apply_utf16le, SIGMA_DOC "encodings"},
    {"week", apply_week, SIGMA_DOC "time-modifiers"},
    {"wide", apply_utf16le, SIGMA_DOC "encodings"},
    {"windash", apply_windash, SIGMA_DOC "windash"},
    {"year", apply_year, SIGMA_DOC "time-modifiers"},
};
#undef SIGMA_DOC

/// `{0CCE9210-69AE-11D9-BED3-505054503030}` as a whole. Windows shows GUIDs in braces; event logs hold them
/// as numbers, which we and other readers write without.
bool is_braced_guid(const Parts& parts) {
  constexpr std::string_view kShape = "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}";
  if (parts.size() != 1 || has_wildcard(parts)) return false;
  return std::equal(kShape.begin(), kShape.end(), parts[0].literal.begin(), parts[0].literal.end(),
                    [](char shape, char c) {
                      return shape == 'x' ? std::isxdigit(static_cast<unsigned char>(c)) != 0 : shape == c;
                    });
}

Parts without_ends(Parts parts) {
  parts[0].literal = parts[0].literal.substr(1, parts[0].literal.size() - 2);
  return parts;
}

Pattern text_pattern(const ItemState& state, Parts parts, bool keyword) {
  const bool open_begin = state.compare == Compare::contains || state.compare == Compare::ends_with ||
                          (keyword && state.compare == Compare::plain);
  const bool open_end = state.compare == Compare::contains || state.compare == Compare::starts_with ||
                        (keyword && state.compare == Compare::plain);
  if (open_begin) parts.insert(parts.begin(), Part{Part::Kind::any_many, {}});
  if (open_end) parts.push_back(Part{Part::Kind::any_many, {}});
  return pattern_of_parts(parts, state.cased);
}

Result<Pattern> regex_pattern(const ItemState& state, const std::string& text) {
  // The flags go into the text too, so that two atoms are the same exactly when their texts are.
  std::string prefix;
  if (state.flags.ignore_case) prefix += 'i';
  if (state.flags.multiline) prefix += 'm';
  if (state.flags.dot_all) prefix += 's';
  if (!prefix.empty()) prefix = "(?" + prefix + ")";
  auto anywhere = make_pattern(MatchOp::regex, prefix + text, true);
  const bool at_begin = state.regex_place == Compare::starts_with;
  const bool at_end = state.regex_place == Compare::ends_with;
  if (!anywhere || (!at_begin && !at_end)) return anywhere;
  // Without need there is no group: what must stand in the value is looked for outside of groups only.
  const bool whole = text.find('|') == text.npos && text.find("(?") == text.npos;
  const std::string grouped = whole ? text : "(?:" + text + ")";
  return make_pattern(MatchOp::regex, prefix + (at_begin ? "\\A" + grouped : grouped + "\\z"), true);
}

Result<Pattern> reference_pattern(const ItemState& state, std::string_view text) {
  constexpr MatchOp kOps[] = {MatchOp::same_as_field, MatchOp::contains_field, MatchOp::starts_with_field,
                              MatchOp::ends_with_field};
  const Parts parts = parse_sigma_string(text);
  if (has_wildcard(parts)) return fail(ErrorCode::invalid, "'fieldref' names one field, without wildcards");
  std::string other = literal_of(parts);
  std::erase(other, ' ');
  if (other.empty()) return fail(ErrorCode::invalid, "'fieldref' needs the name of a field");
  const auto renamed = state.options->fields.find(other);
  Pattern pattern;
  pattern.op = kOps[static_cast<std::size_t>(state.compare)];
  pattern.cased = state.cased;
  pattern.value = renamed == state.options->fields.end() ? other : renamed->second;
  return pattern;
}

Result<Pattern> presence_pattern(MatchOp op, std::string_view value) {
  if (op == MatchOp::exists && value != "true" && value != "false")
    return fail(ErrorCode::invalid, "'exists' takes true or false");
  Pattern pattern;
  pattern.op = op;
  pattern.value = value;
  return pattern;
}

/// As Sigma's reference has it: a network, not an address in one. For what rules themselves say.
Result<Pattern> network_pattern(const std::string& text) {
  Pattern pattern = PHENDAU_TRY(make_pattern(MatchOp::cidr, text));
  const Cidr& network = *pattern.cidr;
  int network_bits = network.prefix_bits;
  for (const std::uint8_t byte : network.address) {
    if ((byte & 0xFF >> std::clamp(network_bits, 0, 8)) != 0)
      return fail(ErrorCode::invalid,
                  fmt::format("'{}' is an address in a network; write the network's first address", text));
    network_bits -= 8;
  }
  return pattern;
}

/// What is judged on the value as written.
Result<Pattern> raw_pattern(const ItemState& state, const std::string& text) {
  if (state.reference) return reference_pattern(state, text);
  const MatchOp op = state.compare == Compare::number ? state.number_op : MatchOp::equals;
  if (state.time_part) return make_time_pattern(*state.time_part, op, text);
  switch (state.compare) {
    case Compare::exists:
      return presence_pattern(MatchOp::exists, text);
    case Compare::regex:
      return regex_pattern(state, text);
    case Compare::cidr:
      return state.expanded ? make_pattern(MatchOp::cidr, text) : network_pattern(text);
    default:
      return make_pattern(op, text);
  }
}

bool takes_raw(const ItemState& state) {
  return state.reference || state.time_part || !is_text_compare(state.compare);
}

/// Modifiers that are fine alone and mean nothing together. Empty: none.
std::string contradiction_in(const ItemState& state, bool keyword) {
  const bool text = is_text_compare(state.compare);
  if (state.cased && takes_raw(state) && !state.reference) return "modifier 'cased' applies to text only";
  if (!state.transform.empty() && takes_raw(state))
    return fmt::format("modifier '{}' applies to plain text only", state.transform);
  if (state.reference && (!text || state.time_part))
    return "modifier 'fieldref' goes with startswith, endswith, contains, cased, neq and all only";
  if (state.time_part && state.compare != Compare::plain && state.compare != Compare::number)
    return fmt::format("modifier '{}' goes with lt, lte, gt, gte, neq and all only",
                       to_string(*state.time_part));
  if (keyword && state.reference) return "'fieldref' needs a field";
  if (keyword && state.compare == Compare::exists) return "'exists' needs a field";
  return {};
}

class Compiler {
 public:
  Compiler(const Rule& rule, const CompileOptions& options) : rule_(rule), options_(options) {}

  PredicatePtr item(const FieldItem& item) {
    ItemState state;
    state.options = &options_;
    for (std::size_t i = 0; i < item.values.size(); ++i) {
      state.texts.push_back({parse_sigma_string(item.values[i].text), i});
      state.raws.push_back({item.values[i].text, i});
    }
    for (const auto& name : item.modifiers) {
      const auto* row = std::find_if(std::begin(kModifiers), std::end(kModifiers),
                                     [&](const ModifierRow& candidate) { return candidate.name == name; });
      if (row == std::end(kModifiers))
        return error(item.place, fmt::format("modifier '{}' is not known", name));
      const auto applied = row->apply(state);
      if (!applied) return error(item.place, fmt::format("{}: {}", name_of(item), applied.error().message));
    }
    const std::string contradiction = contradiction_in(state, item.field.empty());
    if (!contradiction.empty()) return error(item.place, fmt::format("{}: {}", name_of(item), contradiction));
    const auto renamed = options_.fields.find(item.field);
    const std::string field = renamed == options_.fields.end() ? item.field : renamed->second;
    PredicatePtr out = takes_raw(state) ? raws(item, state, field) : texts(item, state, field);
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

  /// Alternatives of one value are joined by or, even where `all` asks for every value. `make` returns null
  /// after reporting a mistake.
  template <class T, class Make>
  static PredicatePtr joined(const ItemState& state, const std::vector<Alternative<T>>& alternatives,
                             Make make) {
    std::vector<PredicatePtr> children;
    std::vector<PredicatePtr> variants;
    bool good = true;
    for (std::size_t i = 0; i < alternatives.size(); ++i) {
      auto made = make(alternatives[i]);
      good = good && made;
      variants.push_back(std::move(made));
      const bool last = i + 1 == alternatives.size() || alternatives[i + 1].value != alternatives[i].value;
      if (last && good) children.push_back(Predicate::any_of(std::exchange(variants, {})));
    }
    if (!good) return nullptr;
    return state.all ? Predicate::all_of(std::move(children)) : Predicate::any_of(std::move(children));
  }

  PredicatePtr texts(const FieldItem& item, const ItemState& state, const std::string& field) {
    return joined(state, state.texts, [&](const Alternative<Parts>& text) -> PredicatePtr {
      const SigmaValue& value = item.values[text.value];
      if (value.kind != ValueKind::null) {
        auto as_written = Predicate::atom(field, text_pattern(state, text.what, field.empty()));
        if (field.empty() || state.compare != Compare::plain || !is_braced_guid(text.what)) return as_written;
        std::vector<PredicatePtr> either = {std::move(as_written)};
        either.push_back(Predicate::atom(field, text_pattern(state, without_ends(text.what), false)));
        return Predicate::any_of(std::move(either));
      }
      const bool plain = state.compare == Compare::plain && state.transform.empty() && !field.empty();
      if (!plain) return error(value.place, fmt::format("{} does not take null", name_of(item)));
      return Predicate::atom(field, presence_pattern(MatchOp::is_null, "").value());
    });
  }

  PredicatePtr raws(const FieldItem& item, const ItemState& state, const std::string& field) {
    return joined(state, state.raws, [&](const Alternative<std::string>& raw) -> PredicatePtr {
      const SigmaValue& value = item.values[raw.value];
      if (value.kind == ValueKind::null)
        return error(value.place, fmt::format("{} does not take null", name_of(item)));
      auto pattern = raw_pattern(state, raw.what);
      if (!pattern) return error(value.place, fmt::format("{}: {}", name_of(item), pattern.error().message));
      return Predicate::atom(field, std::move(*pattern));
    });
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
