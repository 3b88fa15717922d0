// SPDX-License-Identifier: Apache-2.0
// False alarms: from an event that alerted wrongly a Sigma filter is made, tried on the stored journal, and
// only then put in force, by a person who answers for it and until a day. Records of kind `rule_filter`;
// what they say is in LiveRules. One worker thread replays, compiles and ends what is over. Thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hub/active_pack.h"
#include "hub/rule_replay.h"
#include "hub/rule_worker.h"
#include "hub/services.h"

namespace phendau::hub {

inline constexpr std::string_view kRuleFilterKind = "rule_filter";
inline constexpr std::size_t kRuleFiltersMax = 2'000;    // drafts and in force
inline constexpr std::size_t kFilterConditionsMax = 20;  // of one filter
inline constexpr std::size_t kFilterValuesMax = 100;     // of one condition
inline constexpr std::int64_t kRuleFilterDaysMax = 366;  // longer than a year needs a better rule

class RuleFilters {
 public:
  explicit RuleFilters(Services& services) : services_(services) {}
  /// Puts in force what the ledger says, before detection reads its first frame.
  Result<> open();
  void start() {
    worker_.start([this] { return work_once(); });
  }
  void stop() { worker_.stop(); }

  /// {items}: RuleFilter of openapi.yaml, newest first. @param states draft, in_force, ended; empty: all.
  Result<Json> list(const Actor& actor, const std::vector<std::string>& states);
  Result<Json> get(const Actor& actor, std::string_view id);
  /// `body`: RuleFilterWrite. The draft is replayed at once.
  Result<Json> create(const Actor& actor, const Json& body);
  /// `body`: {days}. `limit` when too many wait.
  Result<Json> replay(const Actor& actor, std::string_view id, const Json& body);
  /// `conflict` (rule_filter.not_replayed) unless its replay is done.
  Result<Json> enforce(const Actor& actor, std::string_view id);
  /// `body`: {reason}. A draft is dropped, a filter in force ends.
  Result<Json> end(const Actor& actor, std::string_view id, const Json& body);

  /// One round of the worker: ends what is over, compiles what changed, replays one. For tests and run().
  Result<> work_once();

 private:
  Result<> end_what_is_over();
  Result<> compile_in_force();
  Result<> replay_one(const RuleWorker::Job& job, const std::function<bool(double)>& progress);
  Result<Json> replay_alerts(const ledger::Record& record, UtcTime from);
  Result<> queue_replay(const std::string& id, std::int64_t days);
  Result<ledger::Record> change(const Actor& actor, const ledger::Record& record, std::string_view state,
                                std::string_view reason, Json doc);
  Result<ledger::Record> record_of(const Actor& actor, Action action, std::string_view id);
  Result<std::vector<ledger::Record>> records_in(const std::vector<std::string>& states);
  Json view(const ledger::Record& record);

  Services& services_;
  RuleWorker worker_;
};

/// Nothing that a person puts over the rules stays for longer than a year without somebody looking again.
Result<CivilDate> last_day_from(const Json& text, UtcTime now);

}  // namespace phendau::hub
