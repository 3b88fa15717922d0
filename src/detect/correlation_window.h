// SPDX-License-Identifier: Apache-2.0
// One group of one correlation: its events in time order and what is computed over the trailing window. Used
// by correlation.cpp and correlation_save.cpp only. Plain value, one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "detect/rule.h"
#include "detect/sorted_numbers.h"
#include "model/event_ref.h"

namespace phendau::detect {

struct WindowEntry {
  UtcTime time;
  EventRef ref;
  std::uint32_t slot = 0;  // which of the correlation's rules
  bool several = false;    // `value` packs several values or numbers of one event
  std::string value;       // value_count: the value, or the values of several fields joined
  double number = 0;       // value_sum and so on

  /// Several values of one event in one entry.
  static WindowEntry of_values(WindowEntry entry, const std::vector<std::string>& values);
  static WindowEntry of_numbers(WindowEntry entry, const std::vector<double>& numbers);
  /// Whether a packed value is whole; for what was read from disk.
  bool is_whole(bool is_count) const;
};

/// A sum that forgets what is taken away again: the error of each step is kept (Neumaier, 1974).
class ExactSum {
 public:
  void add(double number);
  double value() const { return sum_ + carry_; }

 private:
  double sum_ = 0;
  double carry_ = 0;
};

/// Running result over a set of entries; the order in which they come and go does not matter.
class Aggregate {
 public:
  explicit Aggregate(const CorrelationRule& rule) : rule_(&rule) {}
  void add(const WindowEntry& entry);
  void remove(const WindowEntry& entry);
  /// Number to compare with the condition. Temporal: distinct rules seen. temporal_ordered is judged
  /// elsewhere.
  double value() const;

 private:
  double at_fraction(double fraction) const;

  const CorrelationRule* rule_;
  std::uint64_t count_ = 0;
  std::uint64_t numbers_ = 0;  // an event may have several
  ExactSum sum_;
  std::unordered_map<std::string, std::uint64_t> distinct_;
  std::vector<std::uint64_t> slots_;  // events by slot
  SortedNumbers sorted_;
};

/// temporal_ordered: the latest chain rule 0, rule 1, ... that ends at one rule, by the number of its first
/// entry. One event cannot be two steps of a chain, so the chain before its own steps is kept too.
struct ChainStep {
  static constexpr std::uint64_t kNone = UINT64_MAX;
  std::uint64_t start = kNone;
  std::uint64_t before_last = kNone;  // `start` without the steps of event `last`
  EventRef last;
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
  const std::string* joined = nullptr;  // the key in the map of groups
  std::list<Group*>::iterator use;      // its place in the order of use
  std::deque<WindowEntry> entries;      // by (time, ref)
  std::uint64_t dropped = 0;            // entries that were in front: entry i has number dropped + i
  std::size_t begin = 0;                // first entry of the trailing window
  Aggregate aggregate;
  std::vector<ChainStep> chain;
  std::optional<FiredWindow> fired;
  UtcTime newest{INT64_MIN};
  UtcTime seen{INT64_MIN};          // the newest event of all groups when this one had its last
  std::uint64_t reported_call = 0;  // the call that reported this group last, and where
  std::size_t reported_at = 0;

  explicit Group(const CorrelationRule& rule) : aggregate(rule) {}
};

/// First and last index of entries that satisfy the condition.
struct Reached {
  std::size_t first = 0;
  std::size_t last = 0;
  double value = 0;
};

/// Adds the entry in its place and says whether a window that holds it now satisfies the rule's condition;
/// the earliest if several do. Nothing for conditions that are judged when the window has ended.
std::optional<Reached> insert_and_judge(Group& group, const CorrelationRule& rule, WindowEntry entry);
/// Entries [0, size) of the window that begins with the group's first entry, and the number for the
/// condition.
Reached first_window(const Group& group, const CorrelationRule& rule);
/// Recomputes the trailing window, after the entries were replaced.
void rebuild(Group& group, const CorrelationRule& rule);
/// Drops `count` entries from the front.
void drop_front(Group& group, std::size_t count);

}  // namespace phendau::detect
