// SPDX-License-Identifier: Apache-2.0
// What a filter, or a rule that is not in force yet, would have done. Of a filter: the rules that it touches,
// over the stored journal, once without and once with it. Reads frames in order, holds a bounded answer; the
// caller decides in which thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "detect/rule.h"
#include "hub/live_rules.h"
#include "model/event_ref.h"

namespace phendau::journal {
class Journal;
}

namespace phendau::hub {

inline constexpr std::size_t kReplayRefsMax = 20;  // examples of each kind
inline constexpr std::int64_t kReplayDaysMax = 3'660;
inline constexpr std::int64_t kReplayDaysDefault = 30;

struct ReplayAsk {
  std::vector<std::string> rules;            // that the filter names
  std::vector<detect::FilterRule> in_force;  // others
  std::vector<detect::FilterRule> filter;    // what is tried: its documents
  UtcTime from;                              // received
};

struct ReplayCounts {
  std::uint64_t matches = 0;       // of the rules
  std::uint64_t correlations = 0;  // alerts of correlation rules that count them
};

struct ReplayResult {
  UtcTime from, to;  // received; from the first to the last frame that was read
  std::uint64_t events = 0;
  ReplayCounts without;
  ReplayCounts with;
  std::vector<EventRef> silenced;  // the newest matches that are gone
  std::vector<EventRef> kept;      // the newest that stay
};

/// @param progress gets the share that is done, 0 to 1, now and then; false cancels.
/// Errors: those of the journal; `unavailable` when cancelled.
Result<ReplayResult> replay_filter(journal::Journal& journal, const ActivePack& pack, const LiveRules& rules,
                                   const ReplayAsk& ask, const std::function<bool(double)>& progress);
Json to_json(const ReplayResult& result);

struct HuntResult {
  UtcTime from, to;  // received; from the first to the last frame that was read
  std::uint64_t events = 0;
  std::uint64_t matches = 0;                                    // events that a rule matches
  std::map<std::string, std::uint64_t, std::less<>> by_agency;  // of them
  std::vector<EventRef> newest;                                 // at most kReplayRefsMax
};

/// Rules that are not in force yet over what is stored.
/// @param progress as above. Errors: as above.
Result<HuntResult> hunt(journal::Journal& journal, const detect::Plan& plan, UtcTime from,
                        const std::function<bool(double)>& progress);
Json to_json(const HuntResult& result);

}  // namespace phendau::hub
