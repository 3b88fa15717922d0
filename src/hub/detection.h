// SPDX-License-Identifier: Apache-2.0
// Reads committed batches in order, matches and correlates, raises alerts. One thread. Its position,
// correlation state and open alerts form a checkpoint in the ledger's derived rows; alert ids are made from
// rule, entity, window and first event, so that replay after a crash raises the same alerts and the ledger
// ignores those that it has.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "comply/assess.h"
#include "detect/correlation.h"
#include "hub/active_pack.h"
#include "hub/alert_groups.h"
#include "hub/host_sources.h"
#include "hub/live_rules.h"
#include "hub/services.h"
#include "hub/stream_history.h"
#include "store/journal/journal.h"

namespace phendau::hub {

inline constexpr Duration kAlertWindowDefault = hours(1);
inline constexpr std::size_t kEntityBytesMax = 1'000;  // of one value; what machines say may have no end
inline constexpr std::string_view kActivitySpace = "alert_activity";
inline constexpr std::string_view kDetectionSpace = "detection";  // derived row with the checkpoint
inline constexpr std::string_view kCheckpointKey = "checkpoint";
inline constexpr std::string_view kStreamDaysKey = "stream_days";  // beside it; written once a day

struct DetectionCounts {
  std::uint64_t frames = 0;
  std::uint64_t events = 0;
  std::uint64_t matches = 0;
  std::uint64_t alerts = 0;
  std::uint64_t collected = 0;  // findings that went into the collective alert of their rule
  std::uint64_t groups_evicted = 0;
  std::uint64_t position = 0;
};

class Detection {
 public:
  explicit Detection(Services& services);
  ~Detection();
  /// Restores the checkpoint; a damaged one starts over at the beginning (ids make that harmless).
  Result<> open();
  void start();
  void stop();  // writes a checkpoint
  /// Handles what is committed now; the number of frames. For tests and for start().
  Result<std::size_t> run_once();
  /// Judges silent sources at `now`.
  Result<> check_silence(UtcTime now);
  DetectionCounts counts() const;
  /// What a clause can know about a rule (id, name or feature) for an agency.
  comply::DetectionState state_of(std::string_view rule_ref, std::string_view agency_id) const;
  std::vector<detect::SourceActivity> activities() const;
  /// {log_sources, rules, blind}: what the host sends, how many rules are meant for such a machine, and those
  /// of them that see nothing of it, counted by the log source that they need.
  Json coverage_of(std::string_view agency_id, std::string_view host) const;
  /// Called after alerts were raised, with the agencies they belong to; not under our lock.
  std::function<void(const std::set<std::string>&)> on_alerts;

 private:
  /// What a rule found, whatever kind of rule it is.
  struct Finding {
    const detect::RuleMeta& rule;
    std::string agency;
    Json entity;
    std::string host;
    std::string key;       // of its group
    std::string alert_id;  // if it gets an alert of its own
    UtcTime at;
    UtcTime received;
    Duration window;
    std::vector<std::string> refs;
    Json detail = {};  // {vi, en}; null: the rule's title says it all
  };
  struct Feed {  // per agency and log source
    UtcTime last_event;
    std::set<std::string> sources;
  };
  struct Pending {
    std::vector<ledger::Write> alerts;
    std::map<const AlertGroup*, std::string> touched;  // with the agency; until show_touched()
    std::map<std::string, Json> activity;              // alert id -> document
    std::map<std::string, std::string> agency_of;      // alert id -> agency
  };

  void run();
  /// Goes over to the rules now in force; correlations keep what they have counted.
  void follow_rules();
  void handle(const journal::CommittedBatch& committed, Pending& pending);
  void handle_match(const journal::CommittedBatch& committed, const detect::Match& match, Pending& pending);
  void handle_correlation(const journal::CommittedBatch& committed, const detect::CorrelationMatch& match,
                          Pending& pending);
  void handle_silence(const detect::SilenceRule& rule, const detect::SilenceMatch& match, UtcTime now,
                      Pending& pending);
  void note_streams(const Batch& batch);
  /// The group that grows by this finding: its own, a new one with an alert, or the rule's collective alert.
  AlertGroup& group_of(const Finding& finding, Pending& pending);
  void add_alert(const Finding& finding, const std::string& id, Json entity, const std::string& host,
                 Json detail, Pending& pending);
  void show_touched(Pending& pending);
  Result<> commit(Pending& pending, bool with_checkpoint);
  Result<> write_part(ledger::WriteBatch& part, UtcTime now);
  Result<> save_checkpoint(UtcTime now);
  Json checkpoint(UtcTime now) const;
  Result<> recall_alerts();
  Result<> restore(const Json& checkpoint);

  Services& services_;
  std::shared_ptr<const RulesInForce> rules_;  // guarded by mu_; changed by the own thread only
  detect::Correlator correlator_;              // guarded by mu_
  mutable std::mutex mu_;
  AlertGroups groups_;                                         // guarded by mu_
  StreamHistory streams_;                                      // guarded by mu_
  std::map<std::pair<std::string, std::string>, Feed> feeds_;  // guarded by mu_; agency, log source
  HostSources hosts_;                                          // guarded by mu_
  std::map<std::pair<std::string, std::string>, std::pair<UtcTime, std::string>>
      last_alerts_;             // rule, agency
  DetectionCounts counts_;      // guarded by mu_
  std::uint64_t position_ = 0;  // own thread
  UtcTime checkpoint_at_;       // own thread
  std::atomic<bool> stopping_{false};
  UtcTime opened_at_;  // set by open()
  std::thread thread_;
};

}  // namespace phendau::hub
