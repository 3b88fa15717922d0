// SPDX-License-Identifier: Apache-2.0
// The running agent: collectors -> spool -> hub, facts, heartbeat, renewal, orders. Knows no operating
// system: readers, fact collectors, what carries out orders and the transport are handed in. Three threads:
// the caller of run() collects, a second one talks, a third one carries out orders.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/collector.h"
#include "agent/config.h"
#include "agent/orders.h"
#include "agent/spool.h"
#include "agent/transport.h"
#include "agent/troubles.h"
#include "agent/uploader.h"
#include "model/fact.h"
#include "os/env.h"

namespace phendau::agent {

inline constexpr Duration kSkewMax = minutes(2);  // beyond this, times in reports mislead
inline constexpr Duration kMemoryPatience =
    minutes(10);  // above the cap for so long: stop, the service restarts us
inline constexpr Duration kCollectPause = milliseconds(500);
inline constexpr Duration kBeatWithinMin = seconds(5);  // however soon the hub wants the next heartbeat
inline constexpr int kGroupsPerStepMax = 64;            // then other sources get their turn

struct AgentParts {
  std::string data_folder;
  Config config;
  Identity identity;
  std::vector<std::unique_ptr<Collector>> collectors;
  Connector connect;
  /// Kinds that can be collected, and one of them now. `log_source` is made by the agent itself.
  std::vector<std::string> fact_kinds;
  std::function<Fact(std::string_view kind)> collect_fact;
  std::function<std::uint64_t()> memory_bytes;  // resident; may be empty
  OrderHands order_hands;                       // besides `collect_facts`, which the agent does itself
};

class Agent {
 public:
  static Result<std::unique_ptr<Agent>> create(Env& env, AgentParts parts);

  /// Runs until `wait` answers true (stop). `wait` blocks for the given time or until a stop signal. `limit`
  /// when memory stayed above its cap: the service must be restarted.
  Result<> run(const std::function<bool(Duration)>& wait);

  /// One turn of each side, for run() and for tests. True if there is more to do at once.
  bool collect_step();
  bool talk_step();
  bool order_step() { return orders_->work_step(); }
  /// Measures one kind of fact that is due; true if there was one.
  bool survey_step();

  wire::Heartbeat heartbeat() const;
  Spool& spool() { return *spool_; }
  const Troubles& troubles() const { return troubles_; }
  bool must_restart() const { return must_restart_; }
  const Config& config() const { return config_; }

 private:
  Agent(Env& env, AgentParts parts);
  bool collect_one(Collector& collector);
  void store(Collector& collector, const Collected& collected);
  void watch_memory();
  Result<Transport*> transport();
  void send_heartbeat(Transport& transport);
  void take_reply(const wire::HeartbeatReply& reply, UtcTime asked_at, UtcTime answered_at);
  void remember_head(const wire::JournalHead& head);
  Duration heartbeat_pause() const;
  void send_facts(Transport& transport);
  Fact log_source_fact() const;
  void renew_if_due(Transport& transport);
  void write_status();

  Env& env_;
  AgentParts parts_;
  Config config_;
  Identity identity_;
  std::unique_ptr<Spool> spool_;
  Troubles troubles_;
  std::unique_ptr<Uploader> uploader_;
  std::unique_ptr<Transport> transport_;
  Backoff facts_backoff_;
  RememberedState state_;
  std::unique_ptr<Orders> orders_;
  std::atomic<bool> facts_asked_ = false;  // by an order: measure everything again
  std::optional<Duration> beat_within_;    // as the hub's last answer wished
  bool reconnect_ = false;                 // the connection failed: the hub may be reached another way now
  std::atomic<std::int64_t> facts_every_ns_;
  std::map<std::string, Fact> facts_to_send_;  // newest per kind; guarded by mu_
  std::map<std::string, Duration> fact_due_;   // monotonic
  Duration heartbeat_due_{};
  Duration renew_after_{};
  bool renew_asked_ = false;
  std::atomic<std::int64_t> clock_skew_ms_ = 0;
  Duration memory_high_since_{};
  bool memory_high_ = false;
  std::atomic<bool> must_restart_ = false;
  mutable std::mutex mu_;
  std::vector<wire::SourceStatus> sources_;  // guarded by mu_: written by collecting, read by talking
};

}  // namespace phendau::agent
