// SPDX-License-Identifier: Apache-2.0
#include "detect/testing/row_evaluator.h"

#include <algorithm>

#include "base/regex.h"
#include "base/text.h"
#include "base/unicode.h"
#include "model/predicate.h"

namespace phendau::detect::testing {
namespace {

struct FieldValue {
  std::string text;
  ValueKind kind = ValueKind::text;
};

void append_values(const Column& column, std::uint32_t row, std::vector<FieldValue>& out) {
  if (column.ids[row] == kAbsent) return;
  out.push_back({std::string(column.values.text(column.ids[row])), column.values.kind(column.ids[row])});
  for (const auto& more : column.more) {
    if (more.row == row)
      out.push_back({std::string(column.values.text(more.id)), column.values.kind(more.id)});
  }
}

std::vector<FieldValue> values_of(const std::string& field, const Batch& batch, std::uint32_t row) {
  std::vector<FieldValue> out;
  for (const auto& column : batch.columns()) {
    const bool routing = column.name == "source" || column.name == "agency" || column.name == "logsource" ||
                         column.name == "parse_error";
    if (field.empty() ? !routing : column.name == field) append_values(column, row, out);
  }
  return out;
}

/// Sigma text against a value, both folded already; recursive over the pattern as written.
bool glob(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    for (std::size_t skip = 0; skip <= text.size(); ++skip) {
      if (glob(pattern.substr(1), text.substr(skip))) return true;
    }
    return false;
  }
  if (text.empty()) return false;
  if (pattern[0] == '?')
    return glob(pattern.substr(1), text.substr(std::max<std::size_t>(1, utf8_sequence_length(text, 0))));
  const bool escape = pattern.size() > 1 && pattern[0] == '\\' &&
                      (pattern[1] == '*' || pattern[1] == '?' || pattern[1] == '\\');
  if (escape) pattern.remove_prefix(1);
  return pattern[0] == text[0] && glob(pattern.substr(1), text.substr(1));
}

struct Flags {
  bool contains = false, starts = false, ends = false, all = false, cased = false, neq = false, re = false;
  bool i = false, m = false, s = false, cidr = false, exists = false, same = false, windash = false;
  std::string number;
  bool unknown = false;
};

Flags flags_of(const FieldItem& item) {
  Flags f;
  for (const auto& name : item.modifiers) {
    if (name == "contains")
      f.contains = true;
    else if (name == "startswith")
      f.starts = true;
    else if (name == "endswith")
      f.ends = true;
    else if (name == "all")
      f.all = true;
    else if (name == "cased")
      f.cased = true;
    else if (name == "neq")
      f.neq = true;
    else if (name == "re")
      f.re = true;
    else if (name == "i")
      f.i = true;
    else if (name == "m")
      f.m = true;
    else if (name == "s")
      f.s = true;
    else if (name == "cidr")
      f.cidr = true;
    else if (name == "exists")
      f.exists = true;
    else if (name == "fieldref")
      f.same = true;
    else if (name == "lt" || name == "lte" || name == "gt" || name == "gte")
      f.number = name;
    else
      f.unknown = true;
  }
  return f;
}

bool compare(const std::string& op, double value, double wanted) {
  if (op == "lt") return value < wanted;
  if (op == "lte") return value <= wanted;
  if (op == "gt") return value > wanted;
  return value >= wanted;
}

bool text_matches(const FieldItem& item, const Flags& f, const SigmaValue& wanted, const FieldValue& found) {
  if (found.kind == ValueKind::null) return false;
  if (f.re) {
    const auto regex = Regex::compile(wanted.text, {.ignore_case = f.i, .multiline = f.m, .dot_all = f.s});
    return regex && regex->search(found.text);
  }
  if (f.cidr) {
    const auto network = Cidr::parse(wanted.text);
    return network && network->contains(found.text);
  }
  if (!f.number.empty()) {
    const auto a = parse_double(trim(found.text));
    const auto b = parse_double(trim(wanted.text));
    return a && b && compare(f.number, *a, *b);
  }
  const bool plain = !f.contains && !f.starts && !f.ends;
  if (plain && !item.field.empty() && (found.kind == ValueKind::integer || found.kind == ValueKind::real)) {
    const auto a = parse_double(found.text);
    const auto b = parse_double(trim(wanted.text));
    if (a && b) return *a == *b;
  }
  std::string pattern = wanted.text;
  if (f.contains || f.ends || (plain && item.field.empty())) pattern = "*" + pattern;
  if (f.contains || f.starts || (plain && item.field.empty())) {
    // A backslash at the end is literal and must not swallow the star.
    if (pattern.ends_with('\\') && !pattern.ends_with("\\\\")) pattern += '\\';
    pattern += "*";
  }
  return f.cased ? glob(pattern, found.text) : glob(fold_case(pattern), fold_case(found.text));
}

bool value_matches(const FieldItem& item, const Flags& f, const SigmaValue& wanted, const Batch& batch,
                   std::uint32_t row) {
  const auto found = values_of(item.field, batch, row);
  if (f.exists) return found.empty() == (wanted.text == "false");
  if (wanted.kind == ValueKind::null) {
    return found.empty() || found.front().kind == ValueKind::null;
  }
  if (f.same) {
    const auto other = values_of(wanted.text, batch, row);
    if (found.empty() || other.empty()) return false;
    if (found[0].kind == ValueKind::null || other[0].kind == ValueKind::null) return false;
    return f.cased ? found[0].text == other[0].text : fold_case(found[0].text) == fold_case(other[0].text);
  }
  return std::any_of(found.begin(), found.end(),
                     [&](const FieldValue& value) { return text_matches(item, f, wanted, value); });
}

bool item_matches(const FieldItem& item, const Batch& batch, std::uint32_t row, bool* unknown) {
  const Flags f = flags_of(item);
  if (f.unknown) {
    if (unknown != nullptr) *unknown = true;
    return false;
  }
  const auto holds = [&](const SigmaValue& wanted) { return value_matches(item, f, wanted, batch, row); };
  const bool result = f.all ? std::all_of(item.values.begin(), item.values.end(), holds)
                            : std::any_of(item.values.begin(), item.values.end(), holds);
  return result != f.neq;
}

bool condition_matches(const ConditionNode& node, const Rule& rule, const Batch& batch, std::uint32_t row,
                       bool* unknown) {
  using Kind = ConditionNode::Kind;
  bool any = false;
  bool all = true;
  for (const auto& child : node.children) {
    const bool yes = condition_matches(child, rule, batch, row, unknown);
    any = any || yes;
    all = all && yes;
  }
  if (node.kind == Kind::not_) return !any;
  if (node.kind == Kind::and_) return all;
  if (node.kind == Kind::or_) return any;
  for (const auto& [name, selection] : rule.selections) {
    const bool named = node.kind == Kind::identifier ? name == node.name : name_matches(node.name, name);
    if (!named) continue;
    const bool yes = selection_matches(selection, batch, row, unknown);
    any = any || yes;
    all = all && yes;
  }
  return node.kind == Kind::all_of_pattern ? all : any;
}

}  // namespace

bool selection_matches(const Selection& selection, const Batch& batch, std::uint32_t row, bool* unknown) {
  if (selection.kind == Selection::Kind::item) return item_matches(selection.item, batch, row, unknown);
  const auto holds = [&](const Selection& child) { return selection_matches(child, batch, row, unknown); };
  return selection.kind == Selection::Kind::all_of
             ? std::all_of(selection.children.begin(), selection.children.end(), holds)
             : std::any_of(selection.children.begin(), selection.children.end(), holds);
}

bool row_matches(const Rule& rule, const Batch& batch, std::uint32_t row, bool* unknown) {
  return std::any_of(rule.conditions.begin(), rule.conditions.end(), [&](const ConditionNode& condition) {
    return condition_matches(condition, rule, batch, row, unknown);
  });
}

}  // namespace phendau::detect::testing
