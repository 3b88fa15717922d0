// SPDX-License-Identifier: Apache-2.0
// Sigma 2.1 files as trees: rules, correlation rules, filters, and our silence rules. One mistake = one
// ContentError with line and column; a file may have several, and its other documents still load. What is
// allowed but looks unlike what was meant is a warning. Pure; plain values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "base/yaml.h"
#include "detect/condition.h"
#include "model/batch.h"

namespace phendau::detect {

inline constexpr std::size_t kRuleValuesMax = 50'000;     // SigmaHQ's largest list has 4,432
inline constexpr std::size_t kRuleDocumentsMax = 10'000;  // one file may be a whole collection
inline constexpr int kSelectionDepthMax = 16;
inline constexpr std::size_t kReferencesMax = 10'000;  // rules that one filter or correlation names
inline constexpr std::size_t kGroupFieldsMax = 32;
inline constexpr std::int32_t kUsualWeeks = 4;    // before the judged days
inline constexpr std::int32_t kUsualDaysMax = 7;  // a judged span; longer ones would overlap
inline constexpr std::int32_t kUsualHistoryDays = 7 * kUsualWeeks + kUsualDaysMax;  // that judging looks at

/// Where something stands in its file, 1-based.
struct Place {
  int line = 0;
  int column = 0;
};

/// One value of a field item, as written.
struct SigmaValue {
  ValueKind kind = ValueKind::text;
  std::string text;
  Place place;
};

/// `field|modifier|...: values`. An empty field means keywords: any value of the event.
struct FieldItem {
  std::string field;  // spaces removed, as the specification says
  std::vector<std::string> modifiers;
  std::vector<SigmaValue> values;  // one or more
  Place place;
};

/// A search identifier's content: a map is all_of, a list any_of.
struct Selection {
  enum class Kind : std::uint8_t { item, all_of, any_of } kind = Kind::item;
  FieldItem item;
  std::vector<Selection> children;
};

/// What all kinds of rules have.
struct RuleMeta {
  std::string file;
  Place place;
  std::string title;
  std::string id;
  std::string name;
  std::string status;  // stable, test, experimental, deprecated, unsupported or empty
  std::string level;   // informational, low, medium, high, critical or empty
  std::string description;
  std::string author;
  std::vector<std::string> tags;
  std::vector<std::string> falsepositives;
  std::vector<std::string> references;
  std::vector<std::pair<std::string, std::string>> related;  // type, id
  // The `phendau:` block.
  std::string title_vi;
  std::string description_vi;
  std::vector<std::string> features;  // of /packs: what the rule serves; clauses name features
  std::vector<std::string> clauses;
  std::vector<std::string> entity;  // fields that name whom an alert is about
  Duration window{0};               // alerts of one entity within it are one; 0 = the hub's default

  /// Whether `text` is its id or its name; an empty text calls no rule.
  bool is_called(std::string_view text) const { return !text.empty() && (text == id || text == name); }
  /// title_vi, else title.
  const std::string& title_for_people() const { return title_vi.empty() ? title : title_vi; }
};

/// How many rows of a fact list must satisfy a posture rule.
enum class Quantifier : std::uint8_t { any, every };

struct Rule : RuleMeta {
  LogSource logsource;
  std::vector<std::pair<std::string, Selection>> selections;  // in file order
  std::vector<ConditionNode> conditions;                      // any of them
  std::vector<std::string> condition_texts;
  Place condition_place;
  Quantifier quantifier = Quantifier::any;  // phendau.for
};

enum class CorrelationType : std::uint8_t {
  event_count,
  value_count,
  temporal,
  temporal_ordered,
  value_sum,
  value_avg,
  value_percentile,
  value_median,
};
std::string_view to_string(CorrelationType type);

/// All that are set must hold.
struct CorrelationCondition {
  std::optional<double> gt;
  std::optional<double> gte;
  std::optional<double> lt;
  std::optional<double> lte;
  std::optional<double> eq;
  std::optional<double> neq;
  bool holds(double value) const;
  /// True if a larger value never turns yes into no: such a window can be judged before it ends.
  bool only_lower_bounds() const { return !lt && !lte && !eq && !neq; }
};

struct CorrelationRule : RuleMeta {
  CorrelationType type = CorrelationType::event_count;
  std::vector<std::string> rules;  // ids or names
  std::vector<Place> rule_places;
  std::vector<std::string> group_by;  // empty: one group for all
  Duration timespan{0};
  CorrelationCondition condition;
  std::vector<std::string> fields;  // value_* only; several for value_count: their values together
  double percentile = 50;           // value_percentile only
  struct AliasField {
    std::string rule;  // id or name
    std::string field;
    Place place;
  };
  struct Alias {
    std::string name;
    std::vector<AliasField> fields;
  };
  std::vector<Alias> aliases;
  bool generate = false;  // true: the referred rules alert on their own too
};

/// `phendau: {kind: silence, ...}`: a source that sent nothing for `timespan`, or, with below_share_of_usual,
/// far less than in the same days of the weeks before.
struct SilenceRule : RuleMeta {
  std::string source;  // glob over source ids; empty = all
  std::string host;    // glob over hosts; empty = all
  Duration timespan{0};
  double events_per_hour_usual_min = 0;  // quieter sources are left alone
  double below_share_of_usual = 0;       // 0: nothing came at all; else in (0, 1), `timespan` whole days
  std::int32_t weeks_min = 2;            // that must say what is usual, of kUsualWeeks
};

/// A Sigma filter: its condition is added by "and" to that of the rules that it names (decision 17). As a
/// Rule it has one condition over its own selections; its log source says which rules it fits.
struct FilterRule : Rule {
  bool every_rule = false;         // `rules: any`
  std::vector<std::string> rules;  // ids or names
  std::vector<Place> rule_places;
};

struct RuleFile {
  std::vector<Rule> rules;
  std::vector<CorrelationRule> correlations;
  std::vector<CorrelationRule> broken_correlations;  // have mistakes: what is known of them (Correlator)
  std::vector<SilenceRule> silences;
  std::vector<FilterRule> filters;
  std::vector<ContentError> errors;
  std::vector<ContentError> warnings;
  std::size_t rejected = 0;  // documents with errors (one may have several); 1 if the file is no YAML
};

/// Parses every document of the text; a document with a mistake is left out and its mistakes are listed.
RuleFile parse_rules(std::string_view file, std::string_view text);

/// One selection alone ("conditions" of a source map entry); mistakes are added to `errors`.
Selection parse_selection(std::string_view file, const YamlNode& node, std::vector<ContentError>& errors);
/// The position that base/yaml puts in front of its message, taken apart.
ContentError yaml_error(std::string_view file, const std::string& message);

}  // namespace phendau::detect
