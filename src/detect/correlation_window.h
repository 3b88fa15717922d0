// SPDX-License-Identifier: Apache-2.0
// One group of one correlation: its events in time order and what is computed over the trailing window. Used
// by correlation.cpp only. Plain value, one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "detect/rule.h"
#include "model/event_ref.h"

namespace phendau::detect {

struct WindowEntry {
  UtcTime time;
  EventRef ref;
  std::uint32_t slot = 0;  // which of the correlation's rules
  std::string value;       // value_count: the value
  double number = 0;       // value_sum and so on
};

/// Running result over entries [begin, end); entries are added at the end and removed at the begin.
class Aggregate {
 public:
  explicit Aggregate(const CorrelationRule& rule) : rule_(&rule) {}
  void add(const WindowEntry& entry);
  void remove(const WindowEntry& entry);
  void clear();
  /// Number to compare with the condition. Temporal types: distinct rules seen (ordered is judged elsewhere).
  double value() const;
  std::uint64_t count() const { return count_; }

 private:
  double at_fraction(double fraction) const;

  const CorrelationRule* rule_;
  std::uint64_t count_ = 0;
  double sum_ = 0;
  std::map<std::string, std::uint64_t> distinct_;
  std::map<std::uint32_t, std::uint64_t> slots_;
  std::map<double, std::uint64_t> sorted_;
};

struct FiredWindow {
  UtcTime start;
  EventRef first;
  EventRef last;
  std::uint64_t count = 0;
  double value = 0;
  std::vector<EventRef> sample;
};

struct Group {
  std::vector<std::string> key;
  std::deque<WindowEntry> entries;  // by (time, ref)
  std::size_t begin = 0;            // first entry of the trailing window
  Aggregate aggregate;
  std::optional<FiredWindow> fired;
  std::uint64_t last_used = 0;  // tick; for eviction
  UtcTime newest{INT64_MIN};

  explicit Group(const CorrelationRule& rule) : aggregate(rule) {}
};

/// First and last index of entries that satisfy the condition, or nothing.
struct Reached {
  std::size_t first = 0;
  std::size_t last = 0;
  double value = 0;
};

/// Adds the entry in its place and says whether a window now satisfies the rule's condition (lower bounds
/// only).
std::optional<Reached> insert_and_judge(Group& group, const CorrelationRule& rule, WindowEntry entry);
/// Recomputes the trailing window, after the entries were replaced.
void rebuild(Group& group, const CorrelationRule& rule);
/// Drops `count` entries from the front.
void drop_front(Group& group, std::size_t count);

}  // namespace phendau::detect
