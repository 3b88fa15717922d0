// SPDX-License-Identifier: Apache-2.0
// One thread for what people ask of rules and that takes seconds or minutes: trials over the stored journal,
// one at a time, and compiling when something came into force or ended. Used by rule_filters.h and
// indicators.h. Thread-safe.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace phendau::hub {

inline constexpr std::size_t kReplaysWaitingMax = 16;  // more: `limit`

class RuleWorker {
 public:
  struct Job {
    std::string id;
    UtcTime from;  // events received since
  };

  ~RuleWorker() { stop(); }
  /// Calls `round` now and then, and at once after add() and note_change(). What failed is tried again later.
  void start(std::function<Result<>()> round);
  void stop();

  /// A trial of the record; one that waits already waits on. `limit` (rule_filter.busy) when too many wait.
  Result<> add(const std::string& id, UtcTime from);
  /// Runs the one that waits longest. `trial` calls the function that it gets with the share that is done;
  /// false cancels. A failure is kept for view().
  void run_next(const std::function<Result<>(const Job&, const std::function<bool(double)>&)>& trial);
  bool waits(std::string_view id) const;
  /// {share, failed}, or null when no trial waits, runs or failed.
  Json view(std::string_view id) const;

  void note_change();
  bool take_change();

 private:
  struct Running {
    double share = 0;
    std::string failed;  // in words; empty: waiting or running
  };

  mutable std::mutex mu_;
  std::condition_variable wake_;
  std::deque<Job> waiting_;                           // guarded by mu_
  std::map<std::string, Running, std::less<>> runs_;  // guarded by mu_
  bool changed_ = false;                              // guarded by mu_
  bool stopping_ = false;                             // guarded by mu_
  std::thread thread_;
};

}  // namespace phendau::hub
