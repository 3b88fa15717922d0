// SPDX-License-Identifier: Apache-2.0
// The idea: one Reader per document collects mistakes; a document is kept only if it added none.
#include "detect/rule.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <span>

#include <fmt/format.h>

#include "base/text.h"

namespace phendau::detect {
namespace {

constexpr std::string_view kStatuses[] = {"stable", "test", "experimental", "deprecated", "unsupported"};
constexpr std::string_view kLevels[] = {"informational", "low", "medium", "high", "critical"};
constexpr std::string_view kTypes[] = {"event_count", "value_count", "temporal",         "temporal_ordered",
                                       "value_sum",   "value_avg",   "value_percentile", "value_median"};
/// How Sigma 1 made several rules of one file.
constexpr std::string_view kCollectionActions[] = {"global", "repeat", "reset"};
/// Of the `phendau:` block of a silence rule: a key misspelt would make it another rule.
constexpr std::string_view kSilenceKeys[] = {"kind",
                                             "title_vi",
                                             "description_vi",
                                             "features",
                                             "clauses",
                                             "entity",
                                             "window",
                                             "source",
                                             "host",
                                             "timespan",
                                             "events_per_hour_usual_min",
                                             "weeks_min",
                                             "below_share_of_usual"};

Place place_of(const YamlNode& node) { return {node.line, node.column}; }

/// Field names: "Threat Name" is ThreatName in events.
std::string without_spaces(std::string_view text) {
  std::string out(text);
  std::erase(out, ' ');
  return out;
}

SigmaValue value_of(const YamlNode& node) {
  SigmaValue out;
  out.place = place_of(node);
  out.text = node.scalar;
  const Json json = yaml_to_json(node);
  if (json.is_null())
    out.kind = ValueKind::null;
  else if (json.is_bool())
    out.kind = ValueKind::boolean;
  else if (json.is_int())
    out.kind = ValueKind::integer;
  else if (json.is_number())
    out.kind = ValueKind::real;
  if (out.kind == ValueKind::boolean) out.text = json.as_bool() ? "true" : "false";
  return out;
}

/// Of an unquoted hexadecimal number, as readers of YAML 1.1 take it, pySigma's among them.
std::optional<SigmaValue> hex_number_of(const YamlNode& node) {
  std::string_view text = node.scalar;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::uint64_t number = 0;
  if (node.quoted || !text.starts_with("0x")) return std::nullopt;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + 2, end, number, 16);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return SigmaValue{ValueKind::integer, fmt::format("{}{}", negative ? "-" : "", number), place_of(node)};
}

bool has_negation(const ConditionNode& node) {
  return node.kind == ConditionNode::Kind::not_ ||
         std::any_of(node.children.begin(), node.children.end(), has_negation);
}

class Reader {
 public:
  Reader(std::string_view file, std::vector<ContentError>& errors, std::vector<ContentError>& warnings)
      : file_(file), errors_(errors), warnings_(warnings) {}

  void read(const YamlNode& document, RuleFile& out) {
    const std::size_t before = errors_.size();
    if (!document.is_map()) {
      if (!document.is_null()) error(document, "a rule must be a map");
      return;
    }
    const YamlNode* action = document.find("action");
    if (action != nullptr && std::find(std::begin(kCollectionActions), std::end(kCollectionActions),
                                       action->scalar) != std::end(kCollectionActions))
      return error(*action,
                   "collections ('action: global', 'repeat', 'reset') were removed from Sigma; write out "
                   "each rule");
    const YamlNode* phendau = document.find("phendau");
    if (phendau != nullptr && !phendau->is_map()) error(*phendau, "phendau must be a map");
    if (phendau != nullptr && phendau->text("kind") == "silence") {
      auto rule = read_silence(document, *phendau);
      if (errors_.size() == before) out.silences.push_back(std::move(rule));
    } else if (document.find("correlation") != nullptr) {
      auto rule = read_correlation(document);
      (errors_.size() == before ? out.correlations : out.broken_correlations).push_back(std::move(rule));
    } else if (const YamlNode* filter = document.find("filter")) {
      auto rule = read_filter(document, *filter);
      if (errors_.size() == before) out.filters.push_back(std::move(rule));
    } else {
      auto rule = read_rule(document);
      if (errors_.size() == before) out.rules.push_back(std::move(rule));
    }
  }

  Selection read_selection(const YamlNode& node, const YamlNode& key, int depth);

 private:
  void error(const Place& place, std::string reason) {
    errors_.push_back({file_, place.line, place.column, std::move(reason)});
  }
  void error(const YamlNode& node, std::string reason) { error(place_of(node), std::move(reason)); }
  void warn(const YamlNode& node, std::string reason) {
    warnings_.push_back({file_, node.line, node.column, std::move(reason)});
  }

  std::string one_of(const YamlNode& document, std::string_view key,
                     std::span<const std::string_view> allowed) {
    const YamlNode* node = document.find(key);
    if (node == nullptr) return {};
    if (std::find(allowed.begin(), allowed.end(), node->scalar) == allowed.end()) {
      error(*node, fmt::format("{} '{}' is not one of {}", key, node->scalar, fmt::join(allowed, ", ")));
    }
    return node->scalar;
  }

  Duration duration(const YamlNode& parent, std::string_view key, bool required) {
    const YamlNode* node = parent.find(key);
    if (node == nullptr) {
      if (required) error(parent, fmt::format("{} is missing", key));
      return {0};
    }
    const auto parsed = parse_duration(node->scalar);
    if (!parsed) {
      error(*node, fmt::format("{} '{}' is not a time span such as 30s, 5m, 2h or 1d", key, node->scalar));
      return {0};
    }
    return *parsed;
  }

  void read_meta(const YamlNode& document, RuleMeta& meta) {
    meta.file = file_;
    meta.place = place_of(document);
    meta.title = document.text("title");
    meta.id = document.text("id");
    meta.name = document.text("name");
    meta.description = document.text("description");
    meta.author = document.text("author");
    meta.status = one_of(document, "status", kStatuses);
    meta.level = one_of(document, "level", kLevels);
    meta.tags = document.texts("tags");
    meta.falsepositives = document.texts("falsepositives");
    meta.references = document.texts("references");
    if (meta.title.empty()) error(document, "title is missing");
    if (const YamlNode* related = document.find("related")) {
      for (const auto& item : related->items) meta.related.emplace_back(item.text("type"), item.text("id"));
    }
    if (const YamlNode* own = document.find("phendau")) {
      meta.title_vi = own->text("title_vi");
      meta.description_vi = own->text("description_vi");
      meta.features = own->texts("features");
      meta.clauses = own->texts("clauses");
      meta.entity = own->texts("entity");
      meta.window = duration(*own, "window", false);
    }
  }

  void read_logsource(const YamlNode& document, Rule& rule) {
    const YamlNode* logsource = document.find("logsource");
    if (logsource == nullptr || !logsource->is_map())
      return error(logsource != nullptr ? *logsource : document, "logsource is missing or not a map");
    rule.logsource = {logsource->text("product"), logsource->text("category"), logsource->text("service")};
    if (rule.logsource.key() == "//")
      error(*logsource, "logsource names neither product, category nor service");
  }

  Rule read_rule(const YamlNode& document) {
    Rule rule;
    read_meta(document, rule);
    read_logsource(document, rule);
    if (const YamlNode* own = document.find("phendau")) {
      if (const YamlNode* quantifier = own->find("for")) {
        if (quantifier->scalar == "every")
          rule.quantifier = Quantifier::every;
        else if (quantifier->scalar != "any")
          error(*quantifier, "phendau.for must be every or any");
      }
    }
    const YamlNode* detection = document.find("detection");
    if (detection == nullptr || !detection->is_map()) {
      error(detection != nullptr ? *detection : document, "detection is missing or not a map");
      return rule;
    }
    for (const auto& [key, node] : detection->members) {
      if (key.scalar == "condition") continue;
      if (key.scalar == "timeframe" && (node.is_scalar() || node.is_null())) {
        warn(key, "'timeframe' was removed from Sigma and does nothing here; write a correlation rule");
        continue;
      }
      rule.selections.emplace_back(key.scalar, read_selection(node, key, 0));
    }
    if (rule.selections.empty()) error(*detection, "detection has no selection");
    read_conditions(*detection, rule);
    return rule;
  }

  FilterRule read_filter(const YamlNode& document, const YamlNode& filter) {
    FilterRule rule;
    read_meta(document, rule);
    read_logsource(document, rule);
    if (!filter.is_map()) {
      error(filter, "filter must be a map");
      return rule;
    }
    for (const auto& [key, node] : filter.members) {
      if (key.scalar == "condition" || key.scalar == "rules") continue;
      rule.selections.emplace_back(key.scalar, read_selection(node, key, 0));
    }
    if (rule.selections.empty()) error(filter, "filter has no selection");
    const YamlNode* condition = filter.find("condition");
    if (condition != nullptr && condition->is_sequence())
      error(*condition, "a filter has one condition, not a list");
    else
      read_conditions(filter, rule);
    const YamlNode* rules = filter.find("rules");
    rule.every_rule =
        rules != nullptr && rules->is_scalar() && equals_ignore_case_ascii(rules->scalar, "any");
    if (!rule.every_rule) read_references(filter, "filter", rule.rules, rule.rule_places);
    if (!rule.conditions.empty() && !has_negation(rule.conditions.front())) {
      warn(*condition,
           "the filter's condition has no 'not': its rules alert only on events that it selects; to "
           "exclude those, write 'not ...'");
    }
    return rule;
  }

  void read_conditions(const YamlNode& detection, Rule& rule) {
    const YamlNode* node = detection.find("condition");
    if (node == nullptr || node->is_null() || node->is_map()) {
      error(node != nullptr ? *node : detection, "condition is missing");
      return;
    }
    rule.condition_place = place_of(*node);
    const std::vector<YamlNode> single = {*node};
    for (const auto& item : node->is_sequence() ? node->items : single) {
      auto parsed = parse_condition(item.scalar);
      if (!parsed) {
        error(item, "condition, " + parsed.error().message);
        continue;
      }
      check_names(*parsed, rule, item);
      rule.conditions.push_back(std::move(*parsed));
      rule.condition_texts.push_back(item.scalar);
    }
    if (node->is_sequence() && node->items.empty()) error(*node, "the list of conditions is empty");
  }

  void check_names(const ConditionNode& node, const Rule& rule, const YamlNode& where) {
    using Kind = ConditionNode::Kind;
    const bool is_pattern = node.kind == Kind::any_of_pattern || node.kind == Kind::all_of_pattern;
    if (is_pattern || node.kind == Kind::identifier) {
      const bool found =
          std::any_of(rule.selections.begin(), rule.selections.end(), [&](const auto& selection) {
            return is_pattern ? name_matches(node.name, selection.first) : node.name == selection.first;
          });
      if (!found)
        error(where, fmt::format("condition names '{}', which the detection does not have", node.name));
    }
    for (const auto& child : node.children) check_names(child, rule, where);
  }

  FieldItem read_item(const YamlNode& name, const YamlNode& value) {
    FieldItem item;
    item.place = place_of(name);
    const auto parts = split(name.scalar, '|');
    item.field = without_spaces(parts.front());
    for (std::size_t i = 1; i < parts.size(); ++i) item.modifiers.emplace_back(trim(parts[i]));
    read_values(value, name, item);
    const auto is_null = [](const SigmaValue& one) { return one.kind == ValueKind::null; };
    if (item.values.size() > 1 && std::any_of(item.values.begin(), item.values.end(), is_null))
      warn(name,
           fmt::format("'{}' has null in a list, which Sigma does not allow; here it is one of the values",
                       name.scalar));
    const bool all = std::find(item.modifiers.begin(), item.modifiers.end(), "all") != item.modifiers.end();
    if (all && item.values.size() == 1)
      warn(name,
           fmt::format("'{}' asks for all of one value, which Sigma does not allow; 'all' changes nothing",
                       name.scalar));
    return item;
  }

  void read_values(const YamlNode& node, const YamlNode& key, FieldItem& item) {
    if (node.is_map() && key.scalar == "<<")
      return error(key, "merge keys ('<<') are not YAML 1.2; write the fields out");
    if (node.is_map())
      return error(node, fmt::format("'{}' must have a value or a list of values", key.scalar));
    if (!node.is_sequence()) add_value(node, item);
    for (const auto& value : node.items) {
      if (value.is_map() || value.is_sequence()) {
        error(value, fmt::format("the list of '{}' must hold plain values", key.scalar));
        continue;
      }
      add_value(value, item);
    }
    if (item.values.empty()) error(key, fmt::format("the list of '{}' is empty", key.scalar));
    values_ += item.values.size();
    if (values_ > kRuleValuesMax && !values_reported_) {
      values_reported_ = true;
      error(key, fmt::format("a rule may have at most {} values", kRuleValuesMax));
    }
  }

  /// Windows shows such numbers as text, so that both forms may be meant where whole values are compared.
  static void add_value(const YamlNode& node, FieldItem& item) {
    constexpr std::string_view kComparisons[] = {"lt", "lte", "gt", "gte"};
    const bool is_compared =
        std::find_first_of(item.modifiers.begin(), item.modifiers.end(), std::begin(kComparisons),
                           std::end(kComparisons)) != item.modifiers.end();
    const bool is_whole = std::all_of(item.modifiers.begin(), item.modifiers.end(),
                                      [](const std::string& name) { return name == "neq"; });
    auto number = item.field.empty() ? std::nullopt : hex_number_of(node);
    if (!number || !is_compared) item.values.push_back(value_of(node));
    if (number && (is_compared || is_whole)) item.values.push_back(std::move(*number));
  }

  CorrelationRule read_correlation(const YamlNode& document) {
    CorrelationRule rule;
    read_meta(document, rule);
    const YamlNode& node = *document.find("correlation");
    if (!node.is_map()) {
      error(node, "correlation must be a map");
      return rule;
    }
    const std::string type = one_of(node, "type", kTypes);
    const auto found = std::find(std::begin(kTypes), std::end(kTypes), type);
    if (found != std::end(kTypes))
      rule.type = static_cast<CorrelationType>(found - std::begin(kTypes));
    else if (type.empty())
      error(node, "correlation type is missing");
    read_references(node, "correlation", rule.rules, rule.rule_places);
    rule.group_by = node.texts("group-by");
    for (auto& field : rule.group_by) field = without_spaces(field);
    if (rule.group_by.size() > kGroupFieldsMax)
      error(*node.find("group-by"), fmt::format("at most {} fields in group-by", kGroupFieldsMax));
    rule.timespan = duration(node, node.find("timeframe") != nullptr ? "timeframe" : "timespan", true);
    for (const YamlNode* flag : {node.find("generate"), document.find("generate")}) {
      if (flag == nullptr) continue;
      if (flag->scalar != "true" && flag->scalar != "false") error(*flag, "generate must be true or false");
      rule.generate = flag->scalar == "true";
    }
    read_aliases(node, rule);
    read_correlation_condition(node, rule);
    return rule;
  }

  void read_references(const YamlNode& node, std::string_view what, std::vector<std::string>& rules,
                       std::vector<Place>& places) {
    const YamlNode* list = node.find("rules");
    if (list == nullptr) return error(node, fmt::format("{} names no rules", what));
    const std::vector<YamlNode> single = {*list};
    for (const auto& item : list->is_sequence() ? list->items : single) {
      if (!item.is_scalar() || item.scalar.empty()) {
        error(item, "rules must hold ids or names of rules");
        continue;
      }
      rules.push_back(item.scalar);
      places.push_back(place_of(item));
    }
    if (rules.empty()) error(*list, fmt::format("{} names no rules", what));
    if (rules.size() > kReferencesMax)
      error(*list, fmt::format("{} names more than {} rules", what, kReferencesMax));
  }

  void read_aliases(const YamlNode& node, CorrelationRule& rule) {
    const YamlNode* aliases = node.find("aliases");
    if (aliases == nullptr) return;
    if (!aliases->is_map()) return error(*aliases, "aliases must be a map");
    for (const auto& [name, fields] : aliases->members) {
      CorrelationRule::Alias alias{without_spaces(name.scalar), {}};
      for (const auto& [reference, field] : fields.members)
        alias.fields.push_back({reference.scalar, without_spaces(field.scalar), place_of(reference)});
      if (alias.fields.empty()) error(name, fmt::format("alias '{}' has no fields", name.scalar));
      rule.aliases.push_back(std::move(alias));
    }
  }

  void read_correlation_condition(const YamlNode& node, CorrelationRule& rule) {
    const bool temporal =
        rule.type == CorrelationType::temporal || rule.type == CorrelationType::temporal_ordered;
    const bool takes_field = !temporal && rule.type != CorrelationType::event_count;
    const YamlNode* condition = node.find("condition");
    if (condition == nullptr) {
      if (!temporal) return error(node, "condition is missing");
      rule.condition.gte = static_cast<double>(rule.rules.size());  // each of them
      return;
    }
    if (!condition->is_map()) return error(*condition, "condition must be a map such as {gte: 5}");
    bool any = false;
    bool has_percentile = false;
    for (const auto& [key, value] : condition->members) {
      if (key.scalar == "field") {
        read_condition_fields(key, value, takes_field, rule);
      } else if (key.scalar == "percentile") {
        has_percentile = true;
        rule.percentile = parse_double(value.scalar).value_or(-1);
        if (!(rule.percentile >= 0 && rule.percentile <= 100)) error(value, "percentile must be 0 to 100");
        if (rule.type != CorrelationType::value_percentile)
          error(key, fmt::format("{} takes no percentile", to_string(rule.type)));
      } else if (auto* bound = bound_of(rule.condition, key.scalar)) {
        const auto number = parse_double(value.scalar);
        if (!number)
          error(value, fmt::format("{} '{}' is not a number", key.scalar, value.scalar));
        else
          *bound = *number;
        any = true;
      } else {
        error(key, fmt::format("condition '{}' is not one of gt, gte, lt, lte, eq, neq, field, percentile",
                               key.scalar));
      }
    }
    if (!any) error(*condition, "condition compares with nothing");
    if (takes_field && rule.fields.empty())
      error(*condition, fmt::format("{} needs condition.field", to_string(rule.type)));
    if (rule.type == CorrelationType::value_percentile && !has_percentile)
      warn(*condition, "condition.percentile is not given: the median (50) is compared");
  }

  void read_condition_fields(const YamlNode& key, const YamlNode& value, bool allowed,
                             CorrelationRule& rule) {
    if (!allowed) return error(key, fmt::format("{} takes no field", to_string(rule.type)));
    const std::vector<YamlNode> single = {value};
    for (const auto& item : value.is_sequence() ? value.items : single) {
      if (!item.is_scalar() || item.scalar.empty()) return error(item, "field must be the name of a field");
      rule.fields.push_back(without_spaces(item.scalar));
    }
    if (rule.fields.size() > 1 && rule.type != CorrelationType::value_count)
      error(value, fmt::format("{} takes one field; only value_count takes several", to_string(rule.type)));
    if (rule.fields.size() > kGroupFieldsMax) error(value, fmt::format("at most {} fields", kGroupFieldsMax));
  }

  static std::optional<double>* bound_of(CorrelationCondition& condition, std::string_view name) {
    if (name == "gt") return &condition.gt;
    if (name == "gte") return &condition.gte;
    if (name == "lt") return &condition.lt;
    if (name == "lte") return &condition.lte;
    if (name == "eq") return &condition.eq;
    if (name == "neq") return &condition.neq;
    return nullptr;
  }

  SilenceRule read_silence(const YamlNode& document, const YamlNode& own) {
    SilenceRule rule;
    read_meta(document, rule);
    rule.source = own.text("source");
    rule.host = own.text("host");
    rule.timespan = duration(own, "timespan", true);
    const auto number = [&](std::string_view key, double& into, std::string_view wanted, auto&& good) {
      const YamlNode* node = own.find(key);
      if (node == nullptr) return;
      const auto parsed = parse_double(node->scalar);
      if (parsed && good(*parsed))
        into = *parsed;
      else
        error(*node, fmt::format("{} must be {}", key, wanted));
    };
    number("events_per_hour_usual_min", rule.events_per_hour_usual_min, "a number of 0 or more",
           [](double n) { return n >= 0; });
    number("below_share_of_usual", rule.below_share_of_usual, "a number between 0 and 1",
           [](double n) { return n > 0 && n < 1; });
    double weeks = rule.weeks_min;
    number("weeks_min", weeks, fmt::format("a whole number from 1 to {}", kUsualWeeks),
           [](double n) { return n >= 1 && n <= kUsualWeeks && n == std::floor(n); });
    rule.weeks_min = static_cast<std::int32_t>(weeks);
    const bool whole_days = rule.timespan.ns % days(1).ns == 0 && rule.timespan <= days(kUsualDaysMax);
    if (own.find("below_share_of_usual") != nullptr && !whole_days) {
      error(own,
            fmt::format("with below_share_of_usual, timespan must be whole days, at most {}", kUsualDaysMax));
    }
    for (const auto& [key, node] : own.members) {
      if (std::find(std::begin(kSilenceKeys), std::end(kSilenceKeys), key.scalar) == std::end(kSilenceKeys))
        error(key, fmt::format("a rule about silence does not know '{}'", key.scalar));
    }
    return rule;
  }

  std::string file_;
  std::vector<ContentError>& errors_;
  std::vector<ContentError>& warnings_;
  std::size_t values_ = 0;
  bool values_reported_ = false;
};

Selection Reader::read_selection(const YamlNode& node, const YamlNode& key, int depth) {
  Selection out;
  if (depth > kSelectionDepthMax) {
    error(node, "selections are nested too deeply");
    return out;
  }
  if (node.is_map()) {
    out.kind = Selection::Kind::all_of;
    for (const auto& [name, value] : node.members) {
      Selection child;
      child.item = read_item(name, value);
      out.children.push_back(std::move(child));
    }
    if (out.children.empty()) error(key, fmt::format("selection '{}' is empty", key.scalar));
    return out;
  }
  if (node.is_sequence() &&
      std::any_of(node.items.begin(), node.items.end(), [](const auto& item) { return !item.is_scalar(); })) {
    out.kind = Selection::Kind::any_of;
    for (const auto& item : node.items) out.children.push_back(read_selection(item, key, depth + 1));
    return out;
  }
  if (node.is_null()) {
    error(depth == 0 ? key : node,
          depth == 0
              ? fmt::format("selection '{}' is empty", key.scalar)
              : fmt::format("the list of '{}' holds null, which is neither a keyword nor a map", key.scalar));
    return out;
  }
  out.item.place = place_of(node);
  read_values(node, key, out.item);
  return out;
}

}  // namespace

ContentError yaml_error(std::string_view file, const std::string& message) {
  ContentError out{std::string(file), 1, 1, message};
  int consumed = 0;
  if (std::sscanf(message.c_str(), "line %d column %d: %n", &out.line, &out.column, &consumed) == 2 &&
      consumed > 0) {
    out.reason = message.substr(static_cast<std::size_t>(consumed));
  }
  return out;
}

Selection parse_selection(std::string_view file, const YamlNode& node, std::vector<ContentError>& errors) {
  std::vector<ContentError>
      warnings;  // of no interest here: who writes source maps runs the tests of the pack
  return Reader(file, errors, warnings).read_selection(node, node, 0);
}

std::string_view to_string(CorrelationType type) { return kTypes[static_cast<std::size_t>(type)]; }

bool CorrelationCondition::holds(double value) const {
  return !(gt && !(value > *gt)) && !(gte && !(value >= *gte)) && !(lt && !(value < *lt)) &&
         !(lte && !(value <= *lte)) && !(eq && value != *eq) && !(neq && value == *neq);
}

RuleFile parse_rules(std::string_view file, std::string_view text) {
  RuleFile out;
  auto documents = parse_yaml_documents(text);
  if (!documents) {
    out.errors.push_back(yaml_error(file, documents.error().message));
    out.rejected = 1;
    return out;
  }
  if (documents->size() > kRuleDocumentsMax) {
    out.errors.push_back({std::string(file), 1, 1, fmt::format("more than {} documents", kRuleDocumentsMax)});
    out.rejected = documents->size();
    return out;
  }
  for (const auto& document : *documents) {
    const std::size_t before = out.errors.size();
    Reader(file, out.errors, out.warnings).read(document, out);
    if (out.errors.size() > before) ++out.rejected;
  }
  return out;
}

}  // namespace phendau::detect
