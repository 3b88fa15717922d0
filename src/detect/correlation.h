// SPDX-License-Identifier: Apache-2.0
// Sigma correlation over the matches of a Plan, on event time, with bounded state that survives a restart.
// Pure and deterministic: the same matches in the same order give the same results. One thread per
// Correlator. Source: Sigma correlation rules specification 2.1.
//
// Windows slide: a window holds events not more than `timespan` apart, both ends included. A group fires when
// its condition is first reached; that window lasts from its first event for one timespan. Further events in
// it only raise the count (one update per observe()). The group can fire again with events after the window,
// so windows never overlap. Conditions with an upper bound (lt, lte, eq, neq) are judged when the window that
// began with a group's first event has ended. Events without a group-by field are counted in
// `stats().ungrouped` and not used. An event with several values in such a field belongs to the group of
// each; each of its counted values counts. A late event is put in its place and every window that holds it is
// judged. Cost per event: O(1) for counts and sums, O(log n) and a shift of numbers for percentiles; a late
// event costs what came after it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "detect/matcher.h"
#include "detect/rule.h"
#include "model/event_ref.h"

namespace phendau::detect {

inline constexpr std::size_t kCorrelationGroupsMax = 100'000;  // per rule; the longest idle group goes first
inline constexpr std::size_t kCorrelationEntriesPerGroupMax = 200'000;  // the oldest entry goes first
inline constexpr std::size_t kCorrelationEntriesMax = 2'000'000;        // per rule, about 200 MB at worst
/// Values of one event: of a field, and ways to choose one of each field.
inline constexpr std::size_t kCorrelationValuesMax = 64;
inline constexpr std::size_t kCorrelationSampleMax = 100;         // event references in a match
inline constexpr Duration kCorrelationLatenessMax = minutes(10);  // later events are counted as late
inline constexpr int kCorrelationChainMax = 16;
/// Times of events outside of these are taken for these: differences and windows stay within 64 bits.
inline constexpr UtcTime kCorrelationTimeMin{0};                     // 1970
inline constexpr UtcTime kCorrelationEventTimeMax{days(65'700).ns};  // 2149; a timespan is at most 100 years
inline constexpr UtcTime kCorrelationTimeMax{days(104'000).ns};      // 2254: after the end of every window

struct CorrelationLimits {
  std::size_t groups_max = kCorrelationGroupsMax;
  std::size_t entries_per_group_max = kCorrelationEntriesPerGroupMax;
  std::size_t entries_max = kCorrelationEntriesMax;
};

struct CorrelationMatch {
  std::uint32_t correlation_index = 0;  // in Correlator::rules()
  std::vector<std::string> group;       // values of group_by, in its order
  UtcTime window_start;                 // time of the first event
  UtcTime window_end;                   // start + timespan
  EventRef first_event;                 // with rule and group: the alert's identity
  EventRef reached_event;        // the last of the window when its condition was reached; not of updates
  EventRef last_event;           // so far
  UtcTime last_time;             // of the last event, by its own clock
  std::uint64_t count = 0;       // events in the window so far
  double value = 0;              // what the condition was compared with
  std::vector<EventRef> sample;  // the first events, at most kCorrelationSampleMax
  bool update = false;           // true: the same window again, with a higher count
  bool alerts = true;            // false: only a step of another correlation (generate)
};

struct CorrelationStats {
  std::uint64_t events = 0;
  std::uint64_t late = 0;         // older than their group's lateness allows, or before a fired window
  std::uint64_t ungrouped = 0;    // no value for a group-by field
  std::uint64_t not_a_value = 0;  // value_* without a usable field
  std::uint64_t cut = 0;          // had more than kCorrelationValuesMax values: the first ones are used
  std::uint64_t groups_evicted = 0;
  std::uint64_t entries_evicted = 0;
  std::uint64_t groups = 0;   // now
  std::uint64_t entries = 0;  // now
};

/// When the event happened as windows see it: a clock that runs ahead must not push everybody else out.
UtcTime correlation_time(const Batch& batch, std::uint32_t row);

class Correlator {
 public:
  /// @param rules references are resolved against Plan::rules() of `plan` and among themselves, by id, then
  /// name. A rule that refers to nothing, or to itself, is left out and listed in rejected().
  /// @param broken correlations with mistakes in their own text, which are listed elsewhere. What they, and
  /// those left out, name does not alert in their place; rejected() says which rules are silent so.
  static Correlator compile(std::vector<CorrelationRule> rules, const Plan& plan,
                            const CorrelationLimits& limits = {},
                            const std::vector<CorrelationRule>& broken = {});
  ~Correlator();
  Correlator(Correlator&&) noexcept;
  Correlator& operator=(Correlator&&) noexcept;

  const std::vector<CorrelationRule>& rules() const;
  const std::vector<ContentError>& rejected() const;
  /// By Plan rule index: false if the rule only feeds correlations and must not alert alone (`generate`).
  const std::vector<bool>& rule_alerts() const;

  /// Whether matches of the Plan rule are looked at, and the columns that are read of their events.
  bool uses(std::uint32_t rule_index) const;
  const std::vector<std::string>& columns() const;

  /// Takes the matches of one batch, which is journal frame `frame`. Frames come in order.
  std::vector<CorrelationMatch> observe(const Batch& batch, std::uint64_t frame,
                                        const std::vector<Match>& matches);
  /// Judges windows that have ended by `now` (conditions with an upper bound). Call it with the event time
  /// that has safely passed, also when no events come; with kCorrelationTimeMax at the end of the input.
  std::vector<CorrelationMatch> advance(UtcTime now);

  CorrelationStats stats() const;

  /// Versioned bytes with a checksum. restore() keeps the state of rules whose definition is unchanged and
  /// drops the rest; `corrupt` if the bytes are damaged (the state is then empty).
  std::string save() const;
  Result<void> restore(std::string_view bytes);

  struct State;  // correlation_state.h: for correlation.cpp and correlation_save.cpp only

 private:
  explicit Correlator(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace phendau::detect
