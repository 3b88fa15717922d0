// SPDX-License-Identifier: Apache-2.0
#include "detect/indicator_rules.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "detect/filter_text.h"

namespace phendau::detect {
namespace {

constexpr std::string_view kExpand = "expand";

bool has_expand(const FieldItem& item) {
  return std::find(item.modifiers.begin(), item.modifiers.end(), kExpand) != item.modifiers.end();
}

/// "before%name%after"; an empty name: there is no placeholder.
struct Slot {
  std::string before, name, after;
};

Slot slot_of(std::string_view text) {
  const std::size_t first = text.find('%');
  const std::size_t last = first == text.npos ? text.npos : text.find('%', first + 1);
  if (last == text.npos) return {};
  return {std::string(text.substr(0, first)), std::string(text.substr(first + 1, last - first - 1)),
          std::string(text.substr(last + 1))};
}

template <class Look>
Result<> each_value(const Selection& selection, const Look& look) {
  for (const auto& child : selection.children) PHENDAU_TRY(each_value(child, look));
  if (selection.kind != Selection::Kind::item || !has_expand(selection.item)) return {};
  for (const auto& value : selection.item.values) PHENDAU_TRY(look(value));
  return {};
}

using Values = std::map<IndicatorType, std::vector<std::string>>;

/// False: nothing is left of it.
bool fill(Selection& selection, const Values& values) {
  if (selection.kind != Selection::Kind::item) {
    const bool every = selection.kind == Selection::Kind::all_of;
    const std::size_t before = selection.children.size();
    std::erase_if(selection.children, [&](Selection& child) { return !fill(child, values); });
    return every ? selection.children.size() == before : !selection.children.empty();
  }
  FieldItem& item = selection.item;
  if (!has_expand(item)) return true;
  std::erase(item.modifiers, kExpand);
  std::vector<SigmaValue> filled;
  for (const auto& value : item.values) {
    const Slot slot = slot_of(value.text);
    const auto type = indicator_type_from(slot.name);
    const auto found = type ? values.find(*type) : values.end();
    if (found == values.end()) continue;
    for (const auto& text : found->second) {
      filled.push_back({value.kind, slot.before + escape_sigma(text) + slot.after, value.place});
    }
  }
  item.values = std::move(filled);
  return !item.values.empty();
}

/// Conditions name selections; what has nothing left is a selection that never holds.
bool fill(Rule& rule, const Values& values) {
  bool any = false;
  for (auto& [name, selection] : rule.selections) {
    if (fill(selection, values)) {
      any = true;
      continue;
    }
    selection = {};
    selection.item.field = "indicator";
    selection.item.values = {{ValueKind::text, std::string(kIndicatorRulePrefix), rule.place}};
  }
  return any;
}

}  // namespace

Result<std::vector<IndicatorType>> types_asked(const Rule& rule) {
  std::vector<IndicatorType> out;
  for (const auto& [name, selection] : rule.selections) {
    PHENDAU_TRY(each_value(selection, [&](const SigmaValue& value) -> Result<> {
      const Slot slot = slot_of(value.text);
      const auto type = indicator_type_from(slot.name);
      if (!type) return fail(ErrorCode::invalid, fmt::format("'%{}%' is no type of indicators", slot.name));
      if (std::find(out.begin(), out.end(), *type) == out.end()) out.push_back(*type);
      return {};
    }));
  }
  if (out.empty()) return fail(ErrorCode::invalid, "a rule for indicators has a field with |expand");
  return out;
}

std::vector<Rule> indicator_rules(const std::vector<Rule>& templates, std::string_view list_id,
                                  std::string_view title, const std::vector<Indicator>& indicators) {
  Values values;
  for (const auto& one : indicators) values[one.type].push_back(one.value);
  std::vector<Rule> out;
  for (const auto& one : templates) {
    Rule rule = one;
    if (!fill(rule, values)) continue;
    rule.id = fmt::format("{}{}.{}", kIndicatorRulePrefix, list_id, one.id);
    rule.name.clear();
    rule.title = fmt::format("{}: {}", one.title, title);
    rule.title_vi = fmt::format("{}: {}", one.title_for_people(), title);
    out.push_back(std::move(rule));
  }
  return out;
}

}  // namespace phendau::detect
