// SPDX-License-Identifier: Apache-2.0
// The judgement of streams of events: one that sends nothing, and one that sends far less than it did. Pure.
//
// "Less" compares whole days with the same days one to four weeks before and takes their median: when within
// a day a machine sleeps does not matter, a Sunday is measured by Sundays, and one odd week changes nothing.
// Days on which nobody listened, and holidays, measure nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "detect/rule.h"

namespace phendau::detect {

/// What the hub knows about one stream of events.
struct SourceActivity {
  std::string source;
  std::string agency;
  std::string host;
  UtcTime last_event_time;  // received time
  double events_per_hour_usual = 0;
  std::vector<std::uint64_t> day_counts = {};  // whole days since it is known, newest first
};

/// The whole days that `day_counts` speak of.
struct WholeDays {
  UtcTime ended_at;              // end of the newest one
  std::vector<bool> comparable;  // newest first: neither a holiday nor a day on which nobody listened
};

struct LessThanUsual {
  std::uint64_t came = 0;
  double usual = 0;
  UtcTime from;  // [from, to)
  UtcTime to;
  std::int32_t weeks = 0;  // that say what is usual
};
struct SilenceMatch {
  std::uint32_t rule_index = 0;
  SourceActivity source;
  Duration silent_for{0};
  std::optional<LessThanUsual> less;  // set by rules with below_share_of_usual
};

/// Streams that have been silent for at least a rule's timespan (identity of an alert: rule, source, host,
/// last event), and those that sent less than a rule's share of what is usual. A stream that is silent by
/// one rule is not also said to send less.
std::vector<SilenceMatch> evaluate_silence(const std::vector<SilenceRule>& rules,
                                           const std::vector<SourceActivity>& sources, UtcTime now,
                                           const WholeDays& days = {});

}  // namespace phendau::detect
