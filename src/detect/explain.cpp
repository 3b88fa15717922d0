// SPDX-License-Identifier: Apache-2.0
#include "detect/explain.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "base/text.h"
#include "base/unicode.h"

namespace phendau::detect {
namespace {

template <class Visit>
bool any_value(const Column& column, std::uint32_t row, Visit visit) {
  if (!column.has(row)) return false;
  if (visit(column.ids[row])) return true;
  const auto more = column.more_of(row);
  return std::any_of(more.begin(), more.end(), [&](const Column::More& one) { return visit(one.id); });
}

bool atom_holds(const Predicate& atom, const Batch& batch, std::uint32_t row) {
  const auto holds_in = [&](const Column& column) {
    return any_value(column, row, [&](ValueId id) {
      return matches(atom.pattern, column.values.text(id), column.values.kind(id));
    });
  };
  const auto is_null = [&](const Column& column) {
    return column.values.kind(column.ids[row]) == ValueKind::null;
  };
  if (atom.field.empty()) {
    return std::any_of(batch.columns().begin(), batch.columns().end(), [&](const Column& column) {
      return is_keyword_column(column.name) && holds_in(column);
    });
  }
  const Column* column = batch.column(atom.field);
  const bool present = column != nullptr && column->has(row);
  if (atom.pattern.op == MatchOp::exists) return present == (atom.pattern.value != "false");
  if (atom.pattern.op == MatchOp::is_null) return !present || is_null(*column);
  if (!present) return false;
  if (!is_field_reference(atom.pattern.op)) return holds_in(*column);
  const Column* other = batch.column(atom.pattern.value);
  if (other == nullptr || !other->has(row) || is_null(*column) || is_null(*other)) return false;
  const MatchOp op = atom.pattern.op;
  return atom.pattern.cased ? texts_relate(op, column->text(row), other->text(row))
                            : texts_relate(op, fold_case(column->text(row)), fold_case(other->text(row)));
}

std::string found_in(const std::string& field, const Batch& batch, std::uint32_t row) {
  const Column* column = batch.column(field);
  if (field.empty() || column == nullptr) return {};
  std::vector<std::string> values;
  any_value(*column, row, [&](ValueId id) {
    std::string text;
    if (column->values.kind(id) == ValueKind::text)
      append_json_string(text, column->values.text(id));
    else
      text = column->values.kind(id) == ValueKind::null ? "null" : std::string(column->values.text(id));
    values.push_back(std::move(text));
    return false;
  });
  return values.size() > 1 ? "[" + join(values, ", ") + "]" : join(values, "");
}

class Explainer {
 public:
  Explainer(const Rule& rule, const CompileOptions& options, const Batch& batch, std::uint32_t row)
      : rule_(rule), options_(options), batch_(batch), row_(row) {}

  Explanation condition(const ConditionNode& node) const {
    using Kind = ConditionNode::Kind;
    Explanation out{Explanation::Kind::condition, to_string(node), {}, false, {}};
    for (const auto& child : node.children) out.children.push_back(condition(child));
    const bool quantified = node.kind == Kind::any_of_pattern || node.kind == Kind::all_of_pattern;
    for (const auto& [name, selection] : rule_.selections) {
      if (node.kind == Kind::identifier && node.name == name) return this->selection(name, selection);
      if (quantified && name_matches(node.name, name))
        out.children.push_back(this->selection(name, selection));
    }
    const auto yes = [](const Explanation& child) { return child.yes; };
    const bool any = std::any_of(out.children.begin(), out.children.end(), yes);
    const bool all = std::all_of(out.children.begin(), out.children.end(), yes);
    const bool needs_all = node.kind == Kind::and_ || node.kind == Kind::all_of_pattern;
    out.yes = node.kind == Kind::not_ ? !any : needs_all ? all : any;
    return out;
  }

 private:
  Explanation selection(const std::string& label, const Selection& selection) const {
    const bool is_item = selection.kind == Selection::Kind::item;
    if (is_item && label.empty()) return item(selection.item);
    const bool all_of = selection.kind == Selection::Kind::all_of;
    using Kind = Explanation::Kind;
    Explanation out{!label.empty() ? Kind::selection
                    : all_of       ? Kind::all_of
                                   : Kind::one_of,
                    label,
                    {},
                    false,
                    {}};
    if (is_item) out.children.push_back(item(selection.item));
    for (const auto& child : selection.children) out.children.push_back(this->selection("", child));
    const auto yes = [](const Explanation& child) { return child.yes; };
    out.yes = all_of ? std::all_of(out.children.begin(), out.children.end(), yes)
                     : std::any_of(out.children.begin(), out.children.end(), yes);
    return out;
  }

  Explanation item(const FieldItem& item) const {
    const auto renamed = options_.fields.find(item.field);
    Explanation out{Explanation::Kind::item, item.field, {}, holds(item), {}};
    out.found = found_in(renamed == options_.fields.end() ? item.field : renamed->second, batch_, row_);
    for (const auto& modifier : item.modifiers) out.label += "|" + modifier;
    for (const auto& value : item.values) {
      FieldItem single = item;
      single.values = {value};
      const std::string text = value.kind == ValueKind::null ? "null" : "'" + value.text + "'";
      out.children.push_back({Explanation::Kind::value, text, {}, holds(single), {}});
    }
    return out;
  }

  bool holds(const FieldItem& item) const {
    const Compiled compiled = compile_item(rule_, item, options_);
    return compiled.predicate != nullptr && row_satisfies(*compiled.predicate, batch_, row_);
  }

  const Rule& rule_;
  const CompileOptions& options_;
  const Batch& batch_;
  std::uint32_t row_;
};

/// Enough to see what a value is; a command line may have 32,000 characters, a field of an attacker millions.
std::string shortened(std::string_view text) {
  constexpr std::size_t kShownBytesMax = 300;
  if (text.size() <= kShownBytesMax) return std::string(text);
  return std::string(truncate_utf8(text, kShownBytesMax)) + "...";
}

std::string line_of(const Explanation& node, Lang lang) {
  using Kind = Explanation::Kind;
  if (node.kind == Kind::all_of) return tr(lang, "explain.all_of");
  if (node.kind == Kind::one_of) return tr(lang, "explain.one_of");
  if (node.kind == Kind::logsource) return tr(lang, "explain.logsource", {node.label, node.found});
  if (node.kind != Kind::item) return shortened(node.label);
  if (node.label.empty() || node.label.starts_with('|')) return tr(lang, "explain.any_field") + node.label;
  if (node.found.empty()) return tr(lang, "explain.no_field", {node.label});
  return node.label + " = " + shortened(node.found);
}

void append_text(const Explanation& node, Lang lang, int depth, std::string& out) {
  out.append(static_cast<std::size_t>(depth) * 2, ' ');
  out += node.yes ? "+ " : "- ";
  out += line_of(node, lang);
  out += '\n';
  for (const auto& child : node.children) append_text(child, lang, depth + 1, out);
}

std::string_view kind_name(Explanation::Kind kind) {
  constexpr std::string_view kNames[] = {"rule",   "logsource", "condition", "selection",
                                         "all_of", "one_of",    "item",      "value"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace

bool row_satisfies(const Predicate& predicate, const Batch& batch, std::uint32_t row) {
  const auto holds = [&](const PredicatePtr& child) { return row_satisfies(*child, batch, row); };
  switch (predicate.kind) {
    case Predicate::Kind::constant:
      return predicate.constant;
    case Predicate::Kind::atom:
      return atom_holds(predicate, batch, row);
    case Predicate::Kind::negation:
      return !holds(predicate.children.front());
    case Predicate::Kind::all_of:
      return std::all_of(predicate.children.begin(), predicate.children.end(), holds);
    case Predicate::Kind::any_of:
      return std::any_of(predicate.children.begin(), predicate.children.end(), holds);
  }
  return false;
}

Explanation explain(const Rule& rule, const SourceMap& sources, const Batch& batch, std::uint32_t row,
                    const CompileOptions& options) {
  Explanation out{Explanation::Kind::rule, rule.title_for_people(), {}, false, {}};
  const std::string key(batch.column(kLogsourceColumn)->has(row) ? batch.column(kLogsourceColumn)->text(row)
                                                                 : kNoLogsource);
  const SourceRoutes routes = sources.routes(rule.logsource);
  Explanation routed{Explanation::Kind::logsource, rule.logsource.key(), key, false, {}};
  CompileOptions with_fields = options;
  for (const auto& route : routes.routes) {
    const bool covered = std::any_of(route.covers.begin(), route.covers.end(),
                                     [&](const std::string& pattern) { return covers(pattern, key); });
    if (!covered || (route.conditions && !row_satisfies(*route.conditions, batch, row))) continue;
    if (!routed.yes) with_fields.fields.insert(route.fields.begin(), route.fields.end());
    routed.yes = true;
  }
  bool any = false;
  std::vector<Explanation> conditions;
  for (const auto& condition : rule.conditions) {
    conditions.push_back(Explainer(rule, with_fields, batch, row).condition(condition));
    any = any || conditions.back().yes;
  }
  out.yes = routed.yes && any;
  out.children.push_back(std::move(routed));
  std::move(conditions.begin(), conditions.end(), std::back_inserter(out.children));
  return out;
}

Json to_json(const Explanation& explanation) {
  Json out = Json::object(
      {{"kind", kind_name(explanation.kind)}, {"label", explanation.label}, {"yes", explanation.yes}});
  if (!explanation.found.empty()) out.set("found", explanation.found);
  Json children = Json::array();
  for (const auto& child : explanation.children) children.push(to_json(child));
  if (!explanation.children.empty()) out.set("children", std::move(children));
  return out;
}

std::string to_text(const Explanation& explanation, Lang lang) {
  std::string out;
  append_text(explanation, lang, 0, out);
  return out;
}

}  // namespace phendau::detect
