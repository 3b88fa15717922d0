// SPDX-License-Identifier: Apache-2.0
// Which matches are one alert: those of one rule about one entity whose times lie within the rule's window.
// And how many alerts a rule may raise in an agency: kOwnAlertsMax within a quarter of an hour; whatever else
// it finds then is collected in one more, so that a flood of matches is ten changes of the ledger, not ten
// thousand. Times of events can be anything: a second limit, on the hour of reception, does not look at
// them. Decided by what the journal holds and by nothing else: reading it again gives the same alerts. Owned
// by Detection, part of its checkpoint. Not thread-safe: its owner's lock guards it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/time.h"

namespace phendau::hub {

inline constexpr std::uint32_t kOwnAlertsMax = 9;  // with the collective one: ten
inline constexpr Duration kOwnAlertsWithin = minutes(15);
inline constexpr std::uint32_t kReceivedAlertsMax = 499;  // a day's backlog of an agent may raise hundreds
inline constexpr Duration kReceivedAlertsWithin = hours(1);
inline constexpr std::size_t kOpenAlertsMax = 100'000;  // groups that may grow; the longest idle go (counted)
inline constexpr std::size_t kAlertRefsMax = 100;       // event references kept per alert
inline constexpr Duration kGroupKept = hours(24);       // after its window: late events find it

struct AlertGroup {
  std::string alert_id;  // empty: a quota that nothing was collected under yet
  UtcTime first_at;      // by the events' own clocks
  UtcTime last_at;
  UtcTime until;  // by the journal's clock: forgotten afterwards
  std::uint64_t count = 0;
  std::uint32_t alerts = 0;  // quotas only: how many were raised
  std::vector<std::string> refs;

  void add(UtcTime at, std::uint64_t events, const std::vector<std::string>& more_refs);
};

class AlertGroups {
 public:
  /// The group of this key that began within `window` of `at`, or null. Groups of one key overlap only as
  /// the matches came; the earliest is taken.
  AlertGroup* find(const std::string& key, UtcTime at, Duration window);
  /// Replaces a group of the same key and time. Valid until tidy(), restore() or clear().
  AlertGroup& add(const std::string& key, UtcTime at, UtcTime until);
  /// Null, and counted, if a rule may raise one more alert in an agency (both are the key); else the group
  /// that collects instead: its alert_id is empty if it has no alert yet.
  AlertGroup* collective(const std::string& key, UtcTime at, UtcTime received);
  /// Forgets what is over at `now`, the journal's time, and what is too much; the number of the latter.
  std::uint64_t tidy(UtcTime now);

  std::size_t size() const { return groups_.size(); }
  Json save() const;
  Result<> restore(const Json& saved);
  void clear() { groups_.clear(); }

 private:
  AlertGroup& quota(const std::string& key, UtcTime at, Duration within, UtcTime received);

  std::map<std::pair<std::string, UtcTime>, AlertGroup> groups_;  // key, when it began
  UtcTime tidy_at_;
};

}  // namespace phendau::hub
