// SPDX-License-Identifier: Apache-2.0
// Inside of a Correlator, shared by correlation.cpp (the running) and correlation_save.cpp (the bytes). One
// thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "detect/correlation.h"
#include "detect/correlation_window.h"

namespace phendau::detect {

/// A correlation's rule slot that some rule feeds.
struct Feed {
  std::uint32_t correlation = 0;
  std::uint32_t slot = 0;
};

/// One event on its way through the correlations.
struct CorrelationStep {
  UtcTime time;
  EventRef ref;
  const Batch* batch = nullptr;  // null when a window closed without an event
  const std::vector<std::pair<std::string, std::string>>* inherited = nullptr;  // group of the one that fired
};

/// What one call reports; a window appears once per call.
struct CorrelationOutput {
  std::vector<CorrelationMatch> matches;
  std::map<std::pair<std::uint32_t, std::string>, std::size_t> reported;
};

struct Correlator::State {
  struct Running {
    std::map<std::string, Group> groups;          // by joined key: a deterministic order
    std::map<std::uint64_t, std::string> by_use;  // tick -> key; the first is the longest idle
    std::size_t entries = 0;
    UtcTime newest{INT64_MIN};
    std::vector<std::vector<std::string>> fields;  // by slot: the field for each group_by
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
  std::uint64_t tick = 0;

  Group& use_group(std::uint32_t correlation, const std::vector<std::string>& key);
  void forget(std::uint32_t correlation, const std::string& joined);
  void trim(std::uint32_t correlation);
  void drop_old(std::uint32_t correlation, Group& group);
  void report(std::uint32_t correlation, const Group& group, bool update, CorrelationOutput& out);
  void fire(std::uint32_t correlation, Group& group, std::size_t first, double value,
            const CorrelationStep& step, CorrelationOutput& out);
  bool belongs_to_past(std::uint32_t correlation, Group& group, const CorrelationStep& step,
                       CorrelationOutput& out);
  void feed(const Feed& feed, const CorrelationStep& step, CorrelationOutput& out);
};

/// Values joined so that different lists give different texts.
std::string join_key(const std::vector<std::string>& values);

}  // namespace phendau::detect
