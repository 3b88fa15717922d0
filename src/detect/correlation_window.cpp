// SPDX-License-Identifier: Apache-2.0
// The idea: in order, an event moves the trailing window by one step. A late event is put in its place; then
// the window is moved back, step by step, to the one that ends with the late event and judged on the way, and
// moved forward again: the cost is what came after the late event, not what the group holds. Chains of
// temporal_ordered cannot be taken apart; there a late event walks the group again.
#include "detect/correlation_window.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace phendau::detect {
namespace {

bool is_ordered(const CorrelationRule& rule) { return rule.type == CorrelationType::temporal_ordered; }

/// temporal_ordered as it usually is: every rule must have its turn.
bool wants_whole_chain(const CorrelationRule& rule) {
  const auto steps = static_cast<double>(rule.rules.size());
  const CorrelationCondition& condition = rule.condition;
  return is_ordered(rule) && condition.only_lower_bounds() && condition.gte.value_or(0) == steps &&
         condition.gt.value_or(0) < steps;
}

/// Steps of the longest chain of rules in their order, each by an event of its own, in entries [first, last].
std::size_t longest_chain(const Group& group, const CorrelationRule& rule, std::size_t first,
                          std::size_t last) {
  std::vector<std::size_t> ending_at(rule.rules.size());
  std::vector<std::pair<std::uint32_t, std::size_t>> of_one_event;
  for (std::size_t i = first; i <= last;) {
    of_one_event.clear();
    const EventRef ref = group.entries[i].ref;
    for (; i <= last && group.entries[i].ref == ref; ++i) {
      const std::uint32_t slot = group.entries[i].slot;
      const auto earlier = std::max_element(ending_at.begin(), ending_at.begin() + slot);
      of_one_event.emplace_back(slot, slot == 0 ? 1 : *earlier + 1);
    }
    for (const auto& [slot, length] : of_one_event) ending_at[slot] = std::max(ending_at[slot], length);
  }
  return *std::max_element(ending_at.begin(), ending_at.end());
}

void extend_chain(Group& group, const CorrelationRule& rule, std::size_t index) {
  group.chain.resize(rule.rules.size());
  const WindowEntry& entry = group.entries[index];
  std::uint64_t start = group.dropped + index;
  if (entry.slot > 0) {
    const ChainStep& before = group.chain[entry.slot - 1];
    start = before.last == entry.ref ? before.before_last : before.start;
  }
  if (start == ChainStep::kNone) return;
  ChainStep& step = group.chain[entry.slot];
  if (step.last != entry.ref) {
    step.before_last = step.start;
    step.last = entry.ref;
  }
  step.start = start;
}

double value_of(const Group& group, const CorrelationRule& rule, const Aggregate& aggregate,
                std::size_t first, std::size_t last) {
  return is_ordered(rule) ? static_cast<double>(longest_chain(group, rule, first, last)) : aggregate.value();
}

/// The window [first, last], of which the aggregate holds the entries.
std::optional<Reached> judge(const Group& group, const CorrelationRule& rule, std::size_t first,
                             std::size_t last) {
  if (wants_whole_chain(rule)) {
    const ChainStep& step = group.chain.back();
    const bool ends_here = step.start != ChainStep::kNone && step.last == group.entries[last].ref;
    if (!ends_here || step.start < group.dropped + first) return std::nullopt;
    return Reached{static_cast<std::size_t>(step.start - group.dropped), last,
                   static_cast<double>(rule.rules.size())};
  }
  const double value = value_of(group, rule, group.aggregate, first, last);
  if (!rule.condition.holds(value)) return std::nullopt;
  return Reached{first, last, value};
}

/// Makes `last` the end of the trailing window.
void step_to(Group& group, const CorrelationRule& rule, std::size_t last) {
  group.aggregate.add(group.entries[last]);
  if (wants_whole_chain(rule)) extend_chain(group, rule, last);
  while (group.entries[last].time - group.entries[group.begin].time > rule.timespan) {
    group.aggregate.remove(group.entries[group.begin++]);
  }
}

void restart(Group& group, const CorrelationRule& rule) {
  group.aggregate = Aggregate(rule);
  group.chain.clear();
  group.begin = 0;
}

/// Every window that holds entry `index`, from the last one back; the aggregate is as it was at the end.
std::optional<Reached> judge_late(Group& group, const CorrelationRule& rule, std::size_t index) {
  const auto& entries = group.entries;
  std::optional<Reached> earliest;
  std::size_t first = group.begin;
  std::size_t last = entries.size() - 1;
  for (;;) {
    if (first <= index) {
      if (auto reached = judge(group, rule, first, last)) earliest = reached;
    }
    if (last == index) break;
    group.aggregate.remove(entries[last--]);
    while (first > 0 && entries[last].time - entries[first - 1].time <= rule.timespan)
      group.aggregate.add(entries[--first]);
  }
  while (last + 1 < entries.size()) {
    group.aggregate.add(entries[++last]);
    while (entries[last].time - entries[first].time > rule.timespan) group.aggregate.remove(entries[first++]);
  }
  return earliest;
}

std::optional<Reached> walk_again(Group& group, const CorrelationRule& rule, std::size_t index) {
  restart(group, rule);
  std::optional<Reached> earliest;
  for (std::size_t last = 0; last < group.entries.size(); ++last) {
    step_to(group, rule, last);
    const bool holds_it = last >= index && group.begin <= index;
    if (holds_it && !earliest) earliest = judge(group, rule, group.begin, last);
  }
  return earliest;
}

bool before(const WindowEntry& a, const WindowEntry& b) {
  return a.time != b.time ? a.time < b.time : a.ref < b.ref;
}

void count_down(std::unordered_map<std::string, std::uint64_t>& counts, const std::string& key) {
  const auto found = counts.find(key);
  if (found != counts.end() && --found->second == 0) counts.erase(found);
}

/// Packed: each value after its size.
template <class Use>
void each_value(const WindowEntry& entry, Use use) {
  if (!entry.several) return use(entry.value);
  for (std::size_t at = 0; at < entry.value.size();) {
    std::uint32_t size = 0;
    std::memcpy(&size, entry.value.data() + at, sizeof size);
    use(entry.value.substr(at + sizeof size, size));
    at += sizeof size + size;
  }
}

template <class Use>
void each_number(const WindowEntry& entry, Use use) {
  if (!entry.several) return use(entry.number);
  for (std::size_t at = 0; at < entry.value.size(); at += sizeof(double)) {
    double number = 0;
    std::memcpy(&number, entry.value.data() + at, sizeof number);
    use(number);
  }
}

}  // namespace

WindowEntry WindowEntry::of_values(WindowEntry entry, const std::vector<std::string>& values) {
  entry.several = values.size() > 1;
  if (!entry.several) {
    entry.value = values.front();
    return entry;
  }
  for (const auto& value : values) {
    const auto size = static_cast<std::uint32_t>(value.size());
    entry.value.append(reinterpret_cast<const char*>(&size), sizeof size);
    entry.value += value;
  }
  return entry;
}

WindowEntry WindowEntry::of_numbers(WindowEntry entry, const std::vector<double>& numbers) {
  entry.several = numbers.size() > 1;
  entry.number = numbers.front();
  for (const double number : entry.several ? numbers : std::vector<double>())
    entry.value.append(reinterpret_cast<const char*>(&number), sizeof number);
  return entry;
}

bool WindowEntry::is_whole(bool is_count) const {
  if (!several) return true;
  if (!is_count) return value.size() % sizeof(double) == 0;
  std::size_t at = 0;
  while (value.size() - at >= sizeof(std::uint32_t)) {
    std::uint32_t size = 0;
    std::memcpy(&size, value.data() + at, sizeof size);
    at += sizeof size;
    if (size > value.size() - at) return false;
    at += size;
  }
  return at == value.size();
}

void ExactSum::add(double number) {
  const double next = sum_ + number;
  carry_ += std::fabs(sum_) >= std::fabs(number) ? (sum_ - next) + number : (number - next) + sum_;
  sum_ = next;
}

void Aggregate::add(const WindowEntry& entry) {
  ++count_;
  switch (rule_->type) {
    case CorrelationType::value_count:
      each_value(entry, [&](const std::string& value) { ++distinct_[value]; });
      break;
    case CorrelationType::temporal:
      slots_.resize(rule_->rules.size());
      ++slots_[entry.slot];
      break;
    case CorrelationType::value_sum:
    case CorrelationType::value_avg:
      each_number(entry, [&](double number) {
        sum_.add(number);
        ++numbers_;
      });
      break;
    case CorrelationType::value_percentile:
    case CorrelationType::value_median:
      each_number(entry, [&](double number) { sorted_.add(number); });
      break;
    default:
      break;
  }
}

void Aggregate::remove(const WindowEntry& entry) {
  --count_;
  switch (rule_->type) {
    case CorrelationType::value_count:
      each_value(entry, [&](const std::string& value) { count_down(distinct_, value); });
      break;
    case CorrelationType::temporal:
      --slots_[entry.slot];
      break;
    case CorrelationType::value_sum:
    case CorrelationType::value_avg:
      each_number(entry, [&](double number) {
        sum_.add(-number);
        --numbers_;
      });
      if (count_ == 0) sum_ = {};
      break;
    case CorrelationType::value_percentile:
    case CorrelationType::value_median:
      each_number(entry, [&](double number) { sorted_.remove(number); });
      break;
    default:
      break;
  }
}

/// Linear interpolation between the closest ranks, as most statistics tools do by default.
double Aggregate::at_fraction(double fraction) const {
  if (sorted_.size() == 0) return 0;
  const double rank = fraction * static_cast<double>(sorted_.size() - 1);
  const auto low = static_cast<std::size_t>(std::floor(rank));
  const double below = sorted_.at(low);
  if (low + 1 >= sorted_.size()) return below;
  return below + (sorted_.at(low + 1) - below) * (rank - static_cast<double>(low));
}

double Aggregate::value() const {
  switch (rule_->type) {
    case CorrelationType::value_count:
      return static_cast<double>(distinct_.size());
    case CorrelationType::temporal:
      return static_cast<double>(
          std::count_if(slots_.begin(), slots_.end(), [](std::uint64_t events) { return events > 0; }));
    case CorrelationType::value_sum:
      return sum_.value();
    case CorrelationType::value_avg:
      return numbers_ == 0 ? 0 : sum_.value() / static_cast<double>(numbers_);
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
  const bool decided_later = !rule.condition.only_lower_bounds();
  auto& entries = group.entries;
  if (entries.empty() || !before(entry, entries.back())) {
    entries.push_back(std::move(entry));
    step_to(group, rule, entries.size() - 1);
    return decided_later ? std::nullopt : judge(group, rule, group.begin, entries.size() - 1);
  }
  const auto at = std::upper_bound(entries.begin(), entries.end(), entry, before);
  const auto index = static_cast<std::size_t>(at - entries.begin());
  entries.insert(at, std::move(entry));
  if (wants_whole_chain(rule)) return walk_again(group, rule, index);
  if (entries.back().time - entries[index].time <= rule.timespan)
    group.aggregate.add(entries[index]);
  else
    ++group.begin;
  return decided_later ? std::nullopt : judge_late(group, rule, index);
}

Reached first_window(const Group& group, const CorrelationRule& rule) {
  Aggregate aggregate(rule);
  Reached out;
  const UtcTime start = group.entries.front().time;
  while (out.last < group.entries.size() && group.entries[out.last].time - start <= rule.timespan)
    aggregate.add(group.entries[out.last++]);
  out.value = value_of(group, rule, aggregate, 0, out.last - 1);
  return out;
}

void rebuild(Group& group, const CorrelationRule& rule) {
  restart(group, rule);
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
  group.dropped += count;
}

}  // namespace phendau::detect
