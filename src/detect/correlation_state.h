// SPDX-License-Identifier: Apache-2.0
// Inside of a Correlator, shared by correlation.cpp (the running) and correlation_save.cpp (the bytes). One
// thread.
#pragma once

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "detect/correlation.h"
#include "detect/correlation_window.h"

namespace phendau::detect {

/// A correlation's rule slot that some rule feeds.
struct Feed {
  std::uint32_t correlation = 0;
  std::uint32_t slot = 0;
};

/// Where a slot finds a value: the name, and the columns that may hold it, the best first (a rule's field may
/// have another name in the events of one of its sources).
struct FieldChoice {
  std::string name;
  std::vector<std::uint32_t> columns;  // in State::column_names
};
struct SlotFields {
  std::vector<FieldChoice> group;   // for each group_by
  std::vector<FieldChoice> values;  // for each of the condition's fields
};

/// One event on its way through the correlations.
struct CorrelationStep {
  UtcTime time;
  EventRef ref;
  bool has_event = false;  // false when a window closed without an event: there are no columns to look at
  const std::vector<std::pair<std::string, std::string>>* inherited = nullptr;  // group of the one that fired
};

struct Correlator::State {
  struct Running {
    std::unordered_map<std::string, Group> groups;  // by joined key
    std::list<Group*> by_use;                       // the first is the longest idle
    std::size_t entries = 0;
    UtcTime newest{INT64_MIN};
    std::vector<SlotFields> fields;  // by slot
  };
  std::vector<CorrelationRule> rules;
  std::vector<ContentError> rejected;
  std::vector<bool> rule_alerts;
  std::vector<bool> correlation_alerts;
  std::vector<std::vector<Feed>> rule_feeds;         // by Plan rule index
  std::vector<std::vector<Feed>> correlation_feeds;  // by correlation index
  std::vector<Running> running;
  CorrelationLimits limits;
  CorrelationStats stats;
  std::vector<std::string> column_names;
  std::vector<const Column*> columns;  // of the batch at hand, by column name; null: it has none
  std::string key_buffer;
  std::vector<std::string_view> key_values;
  std::uint64_t call = 0;  // of observe() and advance(): a window appears once in what one call reports

  Group& use_group(std::uint32_t correlation, const std::string& joined, bool& added);
  void forget_oldest(std::uint32_t correlation);
  void trim(std::uint32_t correlation);
  void drop_old(std::uint32_t correlation, Group& group);
  template <class Use>
  void each_value_of(const CorrelationStep& step, const FieldChoice& field, Use use) const;
  std::vector<std::vector<std::string_view>> values_of(const CorrelationStep& step,
                                                       const std::vector<FieldChoice>& fields);
  template <class Use>
  void each_combination(const std::vector<std::vector<std::string_view>>& values, Use use);
  std::optional<WindowEntry> counted(const CorrelationStep& step, const std::vector<FieldChoice>& fields,
                                     WindowEntry entry);
  std::optional<WindowEntry> measured(const CorrelationStep& step, const std::vector<FieldChoice>& fields,
                                      WindowEntry entry);
  void report(std::uint32_t correlation, Group& group, const CorrelationStep& step, bool update,
              std::vector<CorrelationMatch>& out);
  void fire(std::uint32_t correlation, Group& group, std::size_t first, double value,
            const CorrelationStep& step, std::vector<CorrelationMatch>& out);
  bool belongs_to_past(std::uint32_t correlation, Group& group, const CorrelationStep& step,
                       std::vector<CorrelationMatch>& out);
  void feed(const Feed& feed, const CorrelationStep& step, std::vector<CorrelationMatch>& out);
  void feed_group(std::uint32_t correlation, const std::string& joined,
                  const std::vector<std::string_view>& key, const CorrelationStep& step, WindowEntry entry,
                  std::vector<CorrelationMatch>& out);
  void judge_ended(std::uint32_t correlation, Group& group, UtcTime now, std::vector<CorrelationMatch>& out);
};

/// Adds a value to a joined key, so that different lists give different texts.
void append_key(std::string& out, std::string_view value);
std::string join_key(const std::vector<std::string>& values);

}  // namespace phendau::detect
