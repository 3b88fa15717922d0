// SPDX-License-Identifier: Apache-2.0
// The idea: a filter's selections join those of the rule under names that no condition can write, so neither
// "them" nor a pattern of the rule reaches them; the filter's own patterns are resolved before.
#include "detect/filter.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

namespace phendau::detect {
namespace {

using Kind = ConditionNode::Kind;

bool fits(const LogSource& filter, const LogSource& rule) {
  const auto part = [](const std::string& wanted, const std::string& given) {
    return wanted.empty() || wanted == given;
  };
  return part(filter.product, rule.product) && part(filter.category, rule.category) &&
         part(filter.service, rule.service);
}

/// The filter's condition over names that begin with `prefix`, without patterns.
ConditionNode resolved(const ConditionNode& node, const FilterRule& filter, const std::string& prefix) {
  ConditionNode out{node.kind, {}, {}};
  if (node.kind == Kind::identifier) {
    out.name = prefix + node.name;
    return out;
  }
  for (const auto& child : node.children) out.children.push_back(resolved(child, filter, prefix));
  if (node.kind != Kind::any_of_pattern && node.kind != Kind::all_of_pattern) return out;
  out.kind = node.kind == Kind::all_of_pattern ? Kind::and_ : Kind::or_;
  for (const auto& [name, selection] : filter.selections) {
    if (name_matches(node.name, name)) out.children.push_back({Kind::identifier, prefix + name, {}});
  }
  return out;
}

void add_to(Rule& rule, const FilterRule& filter, const std::string& prefix, const ConditionNode& condition) {
  for (const auto& [name, selection] : filter.selections)
    rule.selections.emplace_back(prefix + name, selection);
  for (auto& node : rule.conditions) {
    if (node.kind != Kind::and_) {
      ConditionNode both{Kind::and_, {}, {}};
      both.children.push_back(std::move(node));
      node = std::move(both);
    }
    node.children.push_back(condition);
  }
}

class Applier {
 public:
  Applier(std::vector<Rule>& rules, FilterReport& report) : rules_(rules), report_(report) {
    for (std::size_t i = 0; i < rules.size(); ++i) {
      if (!rules[i].id.empty()) by_name_[rules[i].id].push_back(i);
      if (!rules[i].name.empty() && rules[i].name != rules[i].id) by_name_[rules[i].name].push_back(i);
    }
  }

  void apply(const FilterRule& filter, const std::string& prefix) {
    const ConditionNode condition = resolved(filter.conditions.front(), filter, prefix);
    std::vector<std::size_t> wanted;
    for (std::size_t i = 0; filter.every_rule && i < rules_.size(); ++i) wanted.push_back(i);
    for (std::size_t i = 0; i < filter.rules.size(); ++i) find(filter, i, wanted);
    std::sort(wanted.begin(), wanted.end());
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    std::erase_if(wanted, [&](std::size_t i) { return !fits(filter.logsource, rules_[i].logsource); });
    for (const std::size_t i : wanted) add_to(rules_[i], filter, prefix, condition);
    report_.applied += wanted.size();
    if (filter.every_rule && wanted.empty())
      warn(filter, filter.place, "the filter fits the log source of no rule");
  }

 private:
  void find(const FilterRule& filter, std::size_t reference, std::vector<std::size_t>& wanted) {
    const std::string& name = filter.rules[reference];
    const auto found = by_name_.find(name);
    if (found == by_name_.end())
      return warn(filter, filter.rule_places[reference],
                  fmt::format("the filter names rule '{}', which is not among the rules for events", name));
    for (const std::size_t i : found->second) {
      wanted.push_back(i);
      if (fits(filter.logsource, rules_[i].logsource)) continue;
      warn(filter, filter.rule_places[reference],
           fmt::format("rule '{}' is for log source {}, the filter for {}: it changes nothing", name,
                       rules_[i].logsource.key(), filter.logsource.key()));
    }
  }
  void warn(const FilterRule& filter, const Place& at, std::string reason) {
    report_.warnings.push_back({filter.file, at.line, at.column, std::move(reason)});
  }

  std::vector<Rule>& rules_;
  FilterReport& report_;
  std::unordered_map<std::string, std::vector<std::size_t>> by_name_;
};

}  // namespace

FilterReport apply_filters(std::vector<Rule>& rules, const std::vector<FilterRule>& filters,
                           const CompileOptions& options) {
  FilterReport out;
  Applier applier(rules, out);
  for (std::size_t i = 0; i < filters.size(); ++i) {
    // Judged alone first, so that its mistakes are its own and not those of each rule.
    const Compiled compiled = compile_rule(filters[i], options);
    out.errors.insert(out.errors.end(), compiled.errors.begin(), compiled.errors.end());
    if (compiled.errors.empty())
      applier.apply(filters[i], fmt::format("_filter {}: ", i + 1));
    else
      ++out.rejected;
  }
  return out;
}

}  // namespace phendau::detect
