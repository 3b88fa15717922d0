// SPDX-License-Identifier: Apache-2.0
// Orders of the hub on this machine: checked, remembered, carried out one at a time by the worker thread,
// told to the hub until it has answered. Kept in orders.json, replaced at each step, so that a kill at any
// point neither loses an order nor has its outcome told as two. Thread-safe: the talking thread takes and
// tells, the worker works.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config.h"
#include "agent/troubles.h"
#include "base/json.h"
#include "base/result.h"
#include "os/env.h"
#include "wire/messages.h"

namespace phendau::agent {

inline constexpr std::size_t kOrdersRememberedMax = 256;  // four full heartbeat replies
inline constexpr Duration kKeepOrdersEvery = seconds(10);

/// Text id of the error by which a hand says that it is to be called again: long work is done in slices, and
/// orders about the isolation go in between. With `unavailable` after a pause, else at once.
inline constexpr std::string_view kOrderGoesOn = "agent.order_goes_on";
/// Carries out one kind of order; what it answers is told to the hub. It may be called again for an order
/// that it was killed in the middle of.
using OrderHand = std::function<Result<Json>(const wire::Order& order)>;
/// Takes what a person did at the machine itself; good once it is remembered for the hub.
using ConsoleReport = std::function<Result<>(wire::OrderResult result)>;

/// What the operating system's side of the agent can do; handed in by main.
struct OrderHands {
  std::map<std::string, OrderHand, std::less<>> kinds;
  /// Keeps in force what was ordered, at each start and every kKeepOrdersEvery. May be empty.
  std::function<Result<>(const ConsoleReport& report)> keep;
  /// May be empty: this machine cannot be isolated.
  std::function<wire::IsolationStatus()> isolation;
};

class Orders {
 public:
  Orders(Env& env, std::string data_folder, OrderHands hands, Troubles& troubles);
  /// Reads what was remembered. `corrupt` for a damaged file: an unread order book must not pass for an empty
  /// one.
  Result<> open();

  /// From a heartbeat's answer. What is refused is told, too; what cannot be remembered is left to the hub.
  void take(const std::vector<wire::Order>& orders, const Identity& identity, UtcTime hub_time);
  /// What the next heartbeat tells: outcomes the hub has not answered, and what is being worked on.
  std::vector<wire::OrderResult> results() const;
  /// The hub has answered a heartbeat that told these.
  void told(const std::vector<wire::OrderResult>& results);
  /// True once after something was finished: the hub should hear of it at once.
  bool take_news() { return news_.exchange(false); }

  /// Keeps what is in force, then carries out the oldest order that waits. True if there was one.
  bool work_step();
  wire::IsolationStatus isolation() const { return hands_.isolation(); }
  bool can_isolate() const { return static_cast<bool>(hands_.isolation); }

 private:
  enum class Phase : std::uint8_t { taken, doing, finished, told };
  struct Entry {
    wire::Order order;  // without its body once it is told
    Phase phase = Phase::taken;
    wire::OrderResult result;  // from `finished` on
  };
  static std::string_view name_of(Phase phase);
  Json to_json(const Entry& entry) const;
  static Entry entry_from(const Json& json);
  Entry* find(std::string_view id);
  Entry* next();
  Result<> save();
  bool make_room();
  void keep();
  /// Why the order is not carried out, although it was taken.
  Result<> still_wanted(const Entry& entry) const;
  void finish(const std::string& id, const Result<Json>& done, bool was_begun);

  Env& env_;
  std::string data_folder_;
  OrderHands hands_;
  Troubles& troubles_;
  std::atomic<bool> news_ = false;
  Duration keep_due_{};  // monotonic; worker only
  mutable std::mutex mu_;
  std::vector<Entry> entries_;    // guarded by mu_; oldest first
  std::string newest_isolation_;  // guarded by mu_: id of the newest isolate or release that was begun
  std::int64_t ahead_ns_ = 0;     // guarded by mu_: the hub's clock minus ours
};

}  // namespace phendau::agent
