// SPDX-License-Identifier: Apache-2.0
// The idea: the matches of a batch, in time order, are fed one by one to the correlations that name their
// rule; a correlation that fires is fed on to those that name it. A fired window takes later events by
// itself.
#include "detect/correlation.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "detect/compile.h"
#include "detect/correlation_state.h"
#include "model/predicate.h"

namespace phendau::detect {
namespace {

constexpr std::size_t kSilentRulesShownMax = 5;

Duration lateness_of(const CorrelationRule& rule) { return std::min(rule.timespan, kCorrelationLatenessMax); }

/// What a rule refers to: a Plan rule or a correlation.
struct Target {
  bool is_correlation = false;
  std::uint32_t index = 0;
  friend bool operator==(const Target&, const Target&) = default;
};

template <class Rules>
std::optional<std::uint32_t> find_reference(const Rules& rules, const std::string& reference) {
  for (const bool by_id : {true, false}) {
    for (std::uint32_t i = 0; i < rules.size(); ++i) {
      if ((by_id ? rules[i].id : rules[i].name) == reference) return i;
    }
  }
  return std::nullopt;
}

std::optional<Target> find_target(const Plan& plan, const std::vector<CorrelationRule>& rules,
                                  const std::string& reference) {
  if (const auto rule = find_reference(plan.rules(), reference)) return Target{false, *rule};
  if (const auto correlation = find_reference(rules, reference)) return Target{true, *correlation};
  return std::nullopt;
}

/// Which of the rules that a correlation names do not alert because it is not in force; empty: none.
template <class IsSilent>
std::string silent_rules(const CorrelationRule& rule, const Plan& plan,
                         const std::vector<CorrelationRule>& rules, IsSilent is_silent) {
  std::vector<std::string> shown;
  std::vector<Target> seen;
  for (const auto& reference : rule.rules) {
    const auto target = find_target(plan, rules, reference);
    if (!target || !is_silent(*target) || std::find(seen.begin(), seen.end(), *target) != seen.end())
      continue;
    seen.push_back(*target);
    if (seen.size() > kSilentRulesShownMax) continue;
    const RuleMeta& named = target->is_correlation ? static_cast<const RuleMeta&>(rules[target->index])
                                                   : plan.rules()[target->index];
    shown.push_back(fmt::format("'{}' ({}:{})", named.title, named.file, named.place.line));
  }
  if (seen.empty()) return {};
  if (seen.size() > shown.size()) shown.push_back(fmt::format("and {} more", seen.size() - shown.size()));
  return "until it is mended, what it names does not alert: " + join(shown, ", ");
}

/// Keeps the rules whose references all resolve and do not loop; repeated because a rejected one breaks its
/// users.
class Resolver {
 public:
  Resolver(std::vector<CorrelationRule> rules, const Plan& plan, const CorrelationLimits& limits)
      : rules_(std::move(rules)), plan_(plan), limits_(limits) {}

  /// @param rejected_rules those left out.
  std::vector<CorrelationRule> run(std::vector<ContentError>& rejected,
                                   std::vector<CorrelationRule>& rejected_rules) {
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t i = 0; i < rules_.size(); ++i) {
        Place at = rules_[i].place;
        const std::string reason = problem_of(static_cast<std::uint32_t>(i), at);
        if (reason.empty()) continue;
        rejected.push_back({rules_[i].file, at.line, at.column, reason});
        rejected_rules.push_back(std::move(rules_[i]));
        rules_.erase(rules_.begin() + static_cast<std::ptrdiff_t>(i));
        changed = true;
        break;
      }
    }
    return std::move(rules_);
  }

 private:
  /// Empty: none. `at` receives the place of a wrong reference.
  std::string problem_of(std::uint32_t index, Place& at) const {
    const CorrelationRule& rule = rules_[index];
    for (std::size_t i = 0; i < rule.rules.size(); ++i) {
      if (find_target(plan_, rules_, rule.rules[i])) continue;
      if (i < rule.rule_places.size()) at = rule.rule_places[i];
      return fmt::format("rule '{}' is not known or was rejected", rule.rules[i]);
    }
    for (const auto& alias : rule.aliases) {
      for (const auto& field : alias.fields) {
        if (is_among(rule, field.rule)) continue;
        at = field.place;
        return fmt::format("alias '{}' names rule '{}', which is not in rules", alias.name, field.rule);
      }
    }
    const double wanted = std::max(rule.condition.gte.value_or(0), rule.condition.gt.value_or(0));
    const bool counts =
        rule.type == CorrelationType::event_count || rule.type == CorrelationType::value_count;
    if (counts && wanted >= static_cast<double>(limits_.entries_per_group_max)) {
      return fmt::format("a count of {} is over the limit of {}", wanted, limits_.entries_per_group_max);
    }
    return depth_of(index, 0) > kCorrelationChainMax
               ? "the correlation refers to itself or the chain is too long"
               : "";
  }
  /// By id or name, whichever of both `rules` has.
  bool is_among(const CorrelationRule& rule, const std::string& reference) const {
    const auto target = find_target(plan_, rules_, reference);
    return target && std::any_of(rule.rules.begin(), rule.rules.end(), [&](const std::string& other) {
             return find_target(plan_, rules_, other) == target;
           });
  }
  int depth_of(std::uint32_t index, int so_far) const {
    if (so_far > kCorrelationChainMax) return so_far;
    int deepest = so_far;
    for (const auto& reference : rules_[index].rules) {
      if (find_reference(plan_.rules(), reference)) continue;
      const auto next = find_reference(rules_, reference);
      if (next) deepest = std::max(deepest, depth_of(*next, so_far + 1));
      if (deepest > kCorrelationChainMax) break;
    }
    return deepest;
  }

  std::vector<CorrelationRule> rules_;
  const Plan& plan_;
  const CorrelationLimits& limits_;
};

/// Fills State::column_names and says where each slot of a correlation finds its values.
class FieldFinder {
 public:
  FieldFinder(Correlator::State& state, const Plan& plan) : state_(state), plan_(plan) {}

  std::vector<SlotFields> fields_of(const CorrelationRule& rule) {
    std::vector<SlotFields> out(rule.rules.size());
    for (std::size_t slot = 0; slot < rule.rules.size(); ++slot) {
      for (const auto& name : rule.group_by) out[slot].group.push_back(choice(rule, slot, name));
      for (const auto& name : rule.fields) out[slot].values.push_back(choice(rule, slot, name));
    }
    return out;
  }

 private:
  FieldChoice choice(const CorrelationRule& rule, std::size_t slot, const std::string& name) {
    FieldChoice out{name, {}};
    const auto target = find_target(plan_, state_.rules, rule.rules[slot]);
    for (const auto& alias : rule.aliases) {
      if (alias.name != name) continue;
      for (const auto& field : alias.fields) {
        if (find_target(plan_, state_.rules, field.rule) == target) out.name = field.field;
      }
    }
    add_columns(out, *target, 0);
    return out;
  }

  /// A chained correlation hands on the last event of one of its rules.
  void add_columns(FieldChoice& choice, const Target& target, int depth) {
    if (!target.is_correlation) {
      for (const auto& name : plan_.field_names(target.index, choice.name)) add_column(choice, name);
    } else if (depth <= kCorrelationChainMax) {
      for (const auto& reference : state_.rules[target.index].rules)
        add_columns(choice, *find_target(plan_, state_.rules, reference), depth + 1);
    }
  }
  void add_column(FieldChoice& choice, const std::string& name) {
    auto& names = state_.column_names;
    const auto found = std::find(names.begin(), names.end(), name);
    const auto index = static_cast<std::uint32_t>(found - names.begin());
    if (found == names.end()) names.push_back(name);
    if (std::find(choice.columns.begin(), choice.columns.end(), index) == choice.columns.end())
      choice.columns.push_back(index);
  }

  Correlator::State& state_;
  const Plan& plan_;
};

}  // namespace

void append_key(std::string& out, std::string_view value) {
  char size[24];
  const auto written = std::to_chars(size, size + sizeof size, value.size());
  out.append(size, written.ptr);
  out += ':';
  out += value;
  out += ';';
}

std::string join_key(const std::vector<std::string>& values) {
  std::string out;
  for (const auto& value : values) append_key(out, value);
  return out;
}

Group& Correlator::State::use_group(std::uint32_t correlation, const std::string& joined, bool& added) {
  Running& run = running[correlation];
  const auto [found, is_new] = run.groups.try_emplace(joined, rules[correlation]);
  Group& group = found->second;
  added = is_new;
  if (is_new) {
    group.joined = &found->first;
    group.use = run.by_use.insert(run.by_use.end(), &group);
  } else {
    run.by_use.splice(run.by_use.end(), run.by_use, group.use);
  }
  return group;
}

void Correlator::State::forget_oldest(std::uint32_t correlation) {
  Running& run = running[correlation];
  const Group& group = *run.by_use.front();
  run.entries -= group.entries.size();
  run.by_use.pop_front();
  run.groups.erase(run.groups.find(*group.joined));
}

/// Forgets groups that can no longer matter, then, over the limits, those idle longest.
void Correlator::State::trim(std::uint32_t correlation) {
  Running& run = running[correlation];
  const CorrelationRule& rule = rules[correlation];
  const Duration keep{rule.timespan.ns * 2 + lateness_of(rule).ns};
  while (!run.by_use.empty()) {
    const Group& group = *run.by_use.front();
    const bool waits = !rule.condition.only_lower_bounds() && !group.entries.empty();
    const bool done = !waits && run.newest - group.newest > keep;
    const bool over = run.groups.size() > limits.groups_max || run.entries > limits.entries_max;
    if (!done && !over) break;
    if (!done) {
      ++stats.groups_evicted;
      stats.entries_evicted += group.entries.size();
    }
    forget_oldest(correlation);
  }
}

/// Puts what a group's fired window looks like now into the output: in place if this call reported it
/// already.
void Correlator::State::report(std::uint32_t correlation, Group& group, const CorrelationStep& step,
                               bool update, std::vector<CorrelationMatch>& out) {
  const FiredWindow& window = *group.fired;
  const bool again = update && group.reported_call == call;
  if (!again) {
    group.reported_call = call;
    group.reported_at = out.size();
    CorrelationMatch match;
    match.update = update;
    match.correlation_index = correlation;
    match.group = group.key;
    match.window_start = window.start;
    match.window_end = window.start + rules[correlation].timespan;
    match.first_event = window.first;
    match.alerts = correlation_alerts[correlation];
    out.push_back(std::move(match));
  }
  CorrelationMatch& match = out[group.reported_at];
  match.last_event = window.last;
  match.last_time = again ? std::max(match.last_time, step.time) : step.time;
  match.count = window.count;
  match.value = window.value;
  if (match.sample.size() != window.sample.size()) match.sample = window.sample;
}

/// The window that begins with entry `first` has fired: its events move into it, older ones are spent.
void Correlator::State::fire(std::uint32_t correlation, Group& group, std::size_t first, double value,
                             const CorrelationStep& step, std::vector<CorrelationMatch>& out) {
  const CorrelationRule& rule = rules[correlation];
  FiredWindow window;
  window.start = group.entries[first].time;
  window.first = group.entries[first].ref;
  window.value = value;
  std::size_t spent = first;
  CorrelationStep last = step;
  while (spent < group.entries.size() && group.entries[spent].time - window.start <= rule.timespan) {
    window.last = group.entries[spent].ref;
    last.time = group.entries[spent].time;
    if (window.sample.size() < kCorrelationSampleMax) window.sample.push_back(window.last);
    ++spent;
  }
  window.count = spent - first;
  drop_front(group, spent);
  running[correlation].entries -= spent;
  const EventRef reached_event = window.last;
  group.fired = std::move(window);
  report(correlation, group, last, false, out);
  out[group.reported_at].reached_event = reached_event;
  std::vector<std::pair<std::string, std::string>> inherited;
  for (std::size_t i = 0; i < rule.group_by.size(); ++i)
    inherited.emplace_back(rule.group_by[i], group.key[i]);
  CorrelationStep next = step;
  next.inherited = &inherited;
  for (const Feed& user : correlation_feeds[correlation]) feed(user, next, out);
}

/// True if the event was taken by the group's fired window or is too old to be used.
bool Correlator::State::belongs_to_past(std::uint32_t correlation, Group& group, const CorrelationStep& step,
                                        std::vector<CorrelationMatch>& out) {
  const CorrelationRule& rule = rules[correlation];
  if (group.fired) {
    const Duration since = step.time - group.fired->start;
    if (since >= Duration{0} && since <= rule.timespan) {
      FiredWindow& window = *group.fired;
      ++window.count;
      window.last = std::max(window.last, step.ref);
      const bool is_count = rule.type == CorrelationType::event_count;
      if (is_count) window.value = static_cast<double>(window.count);
      if (window.sample.size() < kCorrelationSampleMax) window.sample.push_back(step.ref);
      report(correlation, group, step, true, out);
      return true;
    }
    // Windows do not overlap: what lies less than a timespan before a fired one is spent.
    if (since < Duration{0} && Duration{-since.ns} <= rule.timespan) {
      ++stats.late;
      return true;
    }
  }
  const Duration kept{rule.timespan.ns + lateness_of(rule).ns};
  if (group.newest.ns != INT64_MIN && group.newest - step.time > kept) {
    ++stats.late;
    return true;
  }
  return false;
}

/// The values of the first column that has one, but for null.
template <class Use>
void Correlator::State::each_value_of(const CorrelationStep& step, const FieldChoice& field, Use use) const {
  if (step.inherited != nullptr) {
    for (const auto& entry : *step.inherited) {
      if (entry.first == field.name) return use(std::string_view(entry.second));
    }
  }
  if (!step.has_event) return;
  for (const std::uint32_t index : field.columns) {
    const Column* column = columns[index];
    if (column == nullptr || !column->has(step.ref.row)) continue;
    bool any = false;
    const auto take = [&](ValueId id) {
      if (column->values.kind(id) == ValueKind::null) return;
      any = true;
      use(column->values.text(id));
    };
    take(column->ids[step.ref.row]);
    if (!column->more.empty()) {
      const auto before = [](const Column::More& one, std::uint32_t row) { return one.row < row; };
      auto more = std::lower_bound(column->more.begin(), column->more.end(), step.ref.row, before);
      for (; more != column->more.end() && more->row == step.ref.row; ++more) take(more->id);
    }
    if (any) return;
  }
}

/// Of each field the different values, as many as are used; empty if one has none.
std::vector<std::vector<std::string_view>> Correlator::State::values_of(
    const CorrelationStep& step, const std::vector<FieldChoice>& fields) {
  std::vector<std::vector<std::string_view>> out(fields.size());
  bool cut = false;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    each_value_of(step, fields[i], [&](std::string_view value) {
      if (std::find(out[i].begin(), out[i].end(), value) != out[i].end()) return;
      cut = cut || out[i].size() == kCorrelationValuesMax;
      if (out[i].size() < kCorrelationValuesMax) out[i].push_back(value);
    });
    if (out[i].empty()) return {};
  }
  stats.cut += cut ? 1 : 0;
  return out;
}

/// Every way to choose one value of each field, the last field's first.
template <class Use>
void Correlator::State::each_combination(const std::vector<std::vector<std::string_view>>& values, Use use) {
  std::vector<std::size_t> at(values.size());
  std::vector<std::string_view> chosen(values.size());
  for (std::size_t made = 0;; ++made) {
    if (made == kCorrelationValuesMax) {
      ++stats.cut;
      return;
    }
    for (std::size_t i = 0; i < at.size(); ++i) chosen[i] = values[i][at[i]];
    use(chosen);
    std::size_t turn = at.size();
    while (turn > 0 && ++at[turn - 1] == values[turn - 1].size()) at[--turn] = 0;
    if (turn == 0) return;
  }
}

/// With what value_count counts; nothing if a field has no value.
std::optional<WindowEntry> Correlator::State::counted(const CorrelationStep& step,
                                                      const std::vector<FieldChoice>& fields,
                                                      WindowEntry entry) {
  if (fields.size() == 1) {  // mostly one value, which needs no list
    std::size_t found = 0;
    each_value_of(step, fields[0], [&](std::string_view value) {
      if (found++ == 0) entry.value = value;
    });
    if (found == 0) return std::nullopt;
    if (found == 1) return entry;
    entry.value.clear();
  }
  const auto values = values_of(step, fields);
  if (values.empty()) return std::nullopt;
  std::vector<std::string> joined;
  each_combination(values, [&](const std::vector<std::string_view>& chosen) {
    std::string& text = joined.emplace_back();
    if (chosen.size() == 1)
      text = chosen[0];
    else
      for (const auto value : chosen) append_key(text, value);
  });
  return WindowEntry::of_values(std::move(entry), joined);
}

/// With the numbers of value_sum and its kin; nothing if there is none. The same number twice is two numbers.
std::optional<WindowEntry> Correlator::State::measured(const CorrelationStep& step,
                                                       const std::vector<FieldChoice>& fields,
                                                       WindowEntry entry) {
  std::vector<double> more;
  std::size_t found = 0;
  bool cut = false;
  each_value_of(step, fields[0], [&](std::string_view value) {
    const auto number = parse_double(phendau::trim(value));
    if (!number) return;
    if (++found == 1) {
      entry.number = *number;
      return;
    }
    if (more.empty()) more.push_back(entry.number);
    cut = cut || more.size() == kCorrelationValuesMax;
    if (!cut) more.push_back(*number);
  });
  if (found == 0) return std::nullopt;
  stats.cut += cut ? 1 : 0;
  return more.empty() ? entry : WindowEntry::of_numbers(std::move(entry), more);
}

void Correlator::State::feed(const Feed& feed, const CorrelationStep& step,
                             std::vector<CorrelationMatch>& out) {
  const CorrelationRule& rule = rules[feed.correlation];
  const SlotFields& fields = running[feed.correlation].fields[feed.slot];
  key_buffer.clear();
  key_values.clear();
  bool several = false;
  for (const auto& field : fields.group) {
    const std::size_t before = key_values.size();
    each_value_of(step, field, [&](std::string_view value) {
      if (key_values.size() == before)
        key_values.push_back(value);
      else
        several = true;
    });
    if (key_values.size() == before) {
      ++stats.ungrouped;
      return;
    }
    append_key(key_buffer, key_values.back());
  }
  std::optional<WindowEntry> entry = WindowEntry{step.time, step.ref, feed.slot, false, {}, 0};
  if (rule.type == CorrelationType::value_count)
    entry = counted(step, fields.values, std::move(*entry));
  else if (!fields.values.empty())
    entry = measured(step, fields.values, std::move(*entry));
  if (!entry) {
    ++stats.not_a_value;
    return;
  }
  running[feed.correlation].newest = std::max(running[feed.correlation].newest, step.time);
  if (!several) return feed_group(feed.correlation, key_buffer, key_values, step, std::move(*entry), out);
  const auto values = values_of(step, fields.group);
  each_combination(values, [&](const std::vector<std::string_view>& chosen) {
    std::string joined;
    for (const auto value : chosen) append_key(joined, value);
    feed_group(feed.correlation, joined, chosen, step, *entry, out);
  });
}

void Correlator::State::feed_group(std::uint32_t correlation, const std::string& joined,
                                   const std::vector<std::string_view>& key, const CorrelationStep& step,
                                   WindowEntry entry, std::vector<CorrelationMatch>& out) {
  const CorrelationRule& rule = rules[correlation];
  Running& run = running[correlation];
  bool added = false;
  Group& group = use_group(correlation, joined, added);
  if (added) group.key.assign(key.begin(), key.end());
  if (belongs_to_past(correlation, group, step, out)) return;
  const std::size_t before = group.entries.size();
  const auto reached = insert_and_judge(group, rule, std::move(entry));
  run.entries += group.entries.size() - before;
  if (reached) {
    // `fire` may feed this correlation's users only, never this one: references do not loop.
    fire(correlation, group, reached->first, reached->value, step, out);
  } else {
    drop_old(correlation, group);
  }
  trim(correlation);
}

/// Entries that no window, late events included, can use any more: the latest event that is still taken looks
/// back by one timespan; then those over the limit.
void Correlator::State::drop_old(std::uint32_t correlation, Group& group) {
  const CorrelationRule& rule = rules[correlation];
  const Duration kept{rule.timespan.ns * 2 + lateness_of(rule).ns};
  std::size_t spent = 0;
  const bool until_advance = !rule.condition.only_lower_bounds();
  while (!until_advance && spent < group.entries.size() && group.newest - group.entries[spent].time > kept)
    ++spent;
  const std::size_t left = group.entries.size() - spent;
  if (left > limits.entries_per_group_max) {
    stats.entries_evicted += left - limits.entries_per_group_max;
    spent += left - limits.entries_per_group_max;
  }
  drop_front(group, spent);
  running[correlation].entries -= spent;
}

/// Windows with an upper bound that have ended by `now`, one after the other.
void Correlator::State::judge_ended(std::uint32_t correlation, Group& group, UtcTime now,
                                    std::vector<CorrelationMatch>& out) {
  const CorrelationRule& rule = rules[correlation];
  while (!group.entries.empty() && now - group.entries.front().time > rule.timespan) {
    const Reached window = first_window(group, rule);
    if (rule.condition.holds(window.value)) {
      const UtcTime end = group.entries.front().time + rule.timespan;
      const CorrelationStep step{end, group.entries[window.last - 1].ref, false, nullptr};
      fire(correlation, group, 0, window.value, step, out);
    } else {
      drop_front(group, window.last);
      running[correlation].entries -= window.last;
    }
  }
}

Correlator::Correlator(std::unique_ptr<State> state) : state_(std::move(state)) {}
Correlator::~Correlator() = default;
Correlator::Correlator(Correlator&&) noexcept = default;
Correlator& Correlator::operator=(Correlator&&) noexcept = default;

Correlator Correlator::compile(std::vector<CorrelationRule> rules, const Plan& plan,
                               const CorrelationLimits& limits, const std::vector<CorrelationRule>& broken) {
  auto state = std::make_unique<State>();
  state->limits = limits;
  std::vector<CorrelationRule> left_out;
  state->rules = Resolver(std::move(rules), plan, limits).run(state->rejected, left_out);
  const std::size_t count = state->rules.size();
  state->rule_feeds.resize(plan.rules().size());
  state->correlation_feeds.resize(count);
  state->running.resize(count);
  std::vector<bool> rule_used(plan.rules().size());
  std::vector<bool> rule_generates(plan.rules().size());
  std::vector<bool> used(count);
  std::vector<bool> generates(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const CorrelationRule& rule = state->rules[i];
    state->running[i].fields = FieldFinder(*state, plan).fields_of(rule);
    for (std::uint32_t slot = 0; slot < rule.rules.size(); ++slot) {
      const auto event_rule = find_reference(plan.rules(), rule.rules[slot]);
      const std::uint32_t index = event_rule ? *event_rule : *find_reference(state->rules, rule.rules[slot]);
      (event_rule ? state->rule_feeds : state->correlation_feeds)[index].push_back({i, slot});
      (event_rule ? rule_used : used)[index] = true;
      if (rule.generate) (event_rule ? rule_generates : generates)[index] = true;
    }
  }
  // The building blocks of a correlation that is not in force do not alert in its place.
  const std::size_t left_out_count = left_out.size();
  left_out.insert(left_out.end(), broken.begin(), broken.end());
  const std::vector<bool> rule_counted = rule_used;
  const std::vector<bool> counted = used;
  for (const auto& rule : left_out) {
    for (const auto& reference : rule.rules) {
      const auto target = find_target(plan, state->rules, reference);
      if (!target) continue;
      (target->is_correlation ? used : rule_used)[target->index] = true;
      if (rule.generate) (target->is_correlation ? generates : rule_generates)[target->index] = true;
    }
  }
  for (std::size_t i = 0; i < rule_used.size(); ++i)
    state->rule_alerts.push_back(!rule_used[i] || rule_generates[i]);
  for (std::size_t i = 0; i < count; ++i) state->correlation_alerts.push_back(!used[i] || generates[i]);
  const auto is_silent_for_it = [&](const Target& target) {
    return target.is_correlation ? !counted[target.index] && !generates[target.index]
                                 : !rule_counted[target.index] && !rule_generates[target.index];
  };
  for (std::size_t i = 0; i < left_out.size(); ++i) {
    const CorrelationRule& rule = left_out[i];
    const std::string silent = silent_rules(rule, plan, state->rules, is_silent_for_it);
    if (silent.empty()) continue;
    if (i < left_out_count)
      state->rejected[i].reason += "; " + silent;
    else
      state->rejected.push_back({rule.file, rule.place.line, rule.place.column,
                                 fmt::format("the correlation '{}' has mistakes; {}", rule.title, silent)});
  }
  return Correlator(std::move(state));
}

const std::vector<CorrelationRule>& Correlator::rules() const { return state_->rules; }
const std::vector<ContentError>& Correlator::rejected() const { return state_->rejected; }
const std::vector<bool>& Correlator::rule_alerts() const { return state_->rule_alerts; }

std::vector<CorrelationMatch> Correlator::observe(const Batch& batch, std::uint64_t frame,
                                                  const std::vector<Match>& matches) {
  struct Event {
    UtcTime time;
    std::uint32_t row;
    std::uint32_t rule;
    auto operator<=>(const Event&) const = default;
  };
  std::vector<Event> events;
  for (const Match& match : matches) {
    if (match.rule_index >= state_->rule_feeds.size() || state_->rule_feeds[match.rule_index].empty())
      continue;
    // A clock that runs ahead must not push everybody else out of the window.
    const bool ahead = batch.time_quality(match.row) == TimeQuality::skewed &&
                       batch.event_time(match.row) > batch.received_time(match.row);
    const UtcTime time = ahead ? batch.received_time(match.row) : batch.event_time(match.row);
    events.push_back(
        {std::clamp(time, kCorrelationTimeMin, kCorrelationEventTimeMax), match.row, match.rule_index});
  }
  std::sort(events.begin(), events.end());
  state_->columns.clear();
  for (const auto& name : state_->column_names) state_->columns.push_back(batch.column(name));
  ++state_->call;
  std::vector<CorrelationMatch> out;
  for (const Event& event : events) {
    ++state_->stats.events;
    const CorrelationStep step{event.time, EventRef{frame, event.row}, true, nullptr};
    for (const Feed& feed : state_->rule_feeds[event.rule]) state_->feed(feed, step, out);
  }
  return out;
}

std::vector<CorrelationMatch> Correlator::advance(UtcTime now) {
  ++state_->call;
  now = std::clamp(now, kCorrelationTimeMin, kCorrelationTimeMax);
  std::vector<CorrelationMatch> out;
  for (std::uint32_t i = 0; i < state_->rules.size(); ++i) {
    if (state_->rules[i].condition.only_lower_bounds()) continue;
    for (Group* group : state_->running[i].by_use) state_->judge_ended(i, *group, now, out);
    state_->trim(i);
  }
  return out;
}

CorrelationStats Correlator::stats() const {
  CorrelationStats out = state_->stats;
  for (const auto& run : state_->running) {
    out.groups += run.groups.size();
    out.entries += run.entries;
  }
  return out;
}

}  // namespace phendau::detect
