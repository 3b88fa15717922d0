// SPDX-License-Identifier: Apache-2.0
// The idea: in order, an event moves the trailing window by one step. A late event is rare: then the window
// is walked again over the kept entries, and every window that contains the late event is judged.
#include "detect/correlation_window.h"

#include <algorithm>
#include <cmath>

namespace phendau::detect {
namespace {

bool is_temporal(CorrelationType type) {
  return type == CorrelationType::temporal || type == CorrelationType::temporal_ordered;
}

/// Latest chain rule 0, rule 1, ... in entries [begin, last] that ends at `last`; its first index.
std::optional<std::size_t> ordered_chain(const Group& group, const CorrelationRule& rule, std::size_t last) {
  const std::size_t steps = rule.rules.size();
  if (group.entries[last].slot != steps - 1) return std::nullopt;
  std::size_t wanted = steps - 1;
  for (std::size_t i = last + 1; i-- > group.begin;) {
    if (group.entries[i].slot != wanted) continue;
    if (wanted == 0) return i;
    --wanted;
  }
  return std::nullopt;
}

std::optional<Reached> judge_at(const Group& group, const CorrelationRule& rule, std::size_t last) {
  if (rule.type == CorrelationType::temporal_ordered) {
    const auto first = ordered_chain(group, rule, last);
    if (!first) return std::nullopt;
    return Reached{*first, last, static_cast<double>(rule.rules.size())};
  }
  const double value = group.aggregate.value();
  if (rule.type == CorrelationType::temporal) {
    if (value < static_cast<double>(rule.rules.size())) return std::nullopt;
  } else if (!rule.condition.holds(value)) {
    return std::nullopt;
  }
  return Reached{group.begin, last, value};
}

/// Makes `last` the end of the trailing window.
void step_to(Group& group, const CorrelationRule& rule, std::size_t last) {
  group.aggregate.add(group.entries[last]);
  while (group.entries[last].time - group.entries[group.begin].time > rule.timespan) {
    group.aggregate.remove(group.entries[group.begin++]);
  }
}

bool before(const WindowEntry& a, const WindowEntry& b) {
  return a.time != b.time ? a.time < b.time : a.ref < b.ref;
}

}  // namespace

void Aggregate::add(const WindowEntry& entry) {
  ++count_;
  switch (rule_->type) {
    case CorrelationType::value_count:
      ++distinct_[entry.value];
      break;
    case CorrelationType::temporal:
      ++slots_[entry.slot];
      break;
    case CorrelationType::value_sum:
    case CorrelationType::value_avg:
      sum_ += entry.number;
      break;
    case CorrelationType::value_percentile:
    case CorrelationType::value_median:
      ++sorted_[entry.number];
      break;
    default:
      break;
  }
}

void Aggregate::remove(const WindowEntry& entry) {
  const auto less = [](auto& counts, const auto& key) {
    const auto found = counts.find(key);
    if (found != counts.end() && --found->second == 0) counts.erase(found);
  };
  --count_;
  switch (rule_->type) {
    case CorrelationType::value_count:
      less(distinct_, entry.value);
      break;
    case CorrelationType::temporal:
      less(slots_, entry.slot);
      break;
    case CorrelationType::value_sum:
    case CorrelationType::value_avg:
      sum_ = count_ == 0 ? 0 : sum_ - entry.number;
      break;
    case CorrelationType::value_percentile:
    case CorrelationType::value_median:
      less(sorted_, entry.number);
      break;
    default:
      break;
  }
}

void Aggregate::clear() {
  count_ = 0;
  sum_ = 0;
  distinct_.clear();
  slots_.clear();
  sorted_.clear();
}

/// Linear interpolation between the closest ranks, as most statistics tools do by default.
double Aggregate::at_fraction(double fraction) const {
  if (count_ == 0) return 0;
  const double rank = fraction * static_cast<double>(count_ - 1);
  const auto low = static_cast<std::uint64_t>(std::floor(rank));
  std::uint64_t seen = 0;
  double low_value = 0;
  bool have_low = false;
  for (const auto& [number, times] : sorted_) {
    seen += times;
    if (!have_low && seen > low) {
      low_value = number;
      have_low = true;
    }
    if (have_low && seen > low + 1)
      return low_value + (number - low_value) * (rank - static_cast<double>(low));
  }
  return low_value;
}

double Aggregate::value() const {
  switch (rule_->type) {
    case CorrelationType::value_count:
      return static_cast<double>(distinct_.size());
    case CorrelationType::temporal:
      return static_cast<double>(slots_.size());
    case CorrelationType::value_sum:
      return sum_;
    case CorrelationType::value_avg:
      return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
    case CorrelationType::value_percentile:
      return at_fraction(rule_->percentile / 100);
    case CorrelationType::value_median:
      return at_fraction(0.5);
    default:
      return static_cast<double>(count_);
  }
}

std::optional<Reached> insert_and_judge(Group& group, const CorrelationRule& rule, WindowEntry entry) {
  group.newest = std::max(group.newest, entry.time);
  const bool decided_later = !is_temporal(rule.type) && !rule.condition.only_lower_bounds();
  auto& entries = group.entries;
  const auto at = std::upper_bound(entries.begin(), entries.end(), entry, before);
  const auto index = static_cast<std::size_t>(at - entries.begin());
  const UtcTime time = entry.time;
  entries.insert(at, std::move(entry));
  if (index + 1 == entries.size()) {
    step_to(group, rule, index);
    return decided_later ? std::nullopt : judge_at(group, rule, index);
  }
  group.aggregate.clear();
  group.begin = 0;
  std::optional<Reached> reached;
  for (std::size_t last = 0; last < entries.size(); ++last) {
    step_to(group, rule, last);
    const bool contains_it = last >= index && entries[group.begin].time <= time;
    if (!reached && contains_it && !decided_later) reached = judge_at(group, rule, last);
  }
  return reached;
}

void rebuild(Group& group, const CorrelationRule& rule) {
  group.aggregate.clear();
  group.begin = 0;
  for (std::size_t last = 0; last < group.entries.size(); ++last) step_to(group, rule, last);
}

void drop_front(Group& group, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (group.begin == 0)
      group.aggregate.remove(group.entries.front());
    else
      --group.begin;
    group.entries.pop_front();
  }
}

}  // namespace phendau::detect
