// SPDX-License-Identifier: Apache-2.0
// Keeps what is known up to date, asks the obligation engine, and answers what the portal asks about clauses.
// Statuses are derived: rebuilt at start, re-judged when a fact, record, alert or case changes and when time
// passes; only transitions are kept (derived rows). Thread-safe.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "comply/assess.h"
#include "hub/active_pack.h"
#include "hub/detection.h"
#include "hub/services.h"

namespace phendau::hub {

inline constexpr std::string_view kFactSpace = "fact";
inline constexpr std::size_t kTransitionsShown = 50;

class Obligations {
 public:
  Obligations(Services& services, const Detection& detection);
  ~Obligations();
  /// Reads everything once and judges everything once.
  Result<> open();
  void start();
  void stop();

  // ---- what happened ----
  Result<> put_facts(const Actor& device, const std::vector<Fact>& facts);
  /// Ledger changes up to now are read and their agencies judged again.
  Result<> follow_ledger();
  void mark_agency(std::string_view agency_id);
  /// Judges what is marked or due. For tests and the own thread.
  void assess_due(UtcTime now);

  // ---- what people ask ----
  struct Filter {
    std::string clause;
    std::string part;
    std::string agency_id;
    std::string device_id;
    std::vector<std::string> statuses;
    std::size_t offset = 0;
    std::size_t limit = 50;
  };
  Result<Json> list(const Actor& actor, const Filter& filter);
  Result<Json> matrix(const Actor& actor, std::string_view agency_id);
  Result<Json> clause(const Actor& actor, std::string_view id);
  Result<Json> attest(const Actor& actor, const Json& body);
  Result<Json> facts_of(const Actor& actor, std::string_view device_id);
  /// status -> count, of one agency or of one device; no authorisation: callers ask for what they may see.
  Json counts_of_agency(std::string_view agency_id) const;
  Json counts_of_device(std::string_view device_id) const;

 private:
  void run();
  Result<> load_all();
  void put_record(const ledger::Record& record);
  void put_device(const ledger::Record& record);
  void refresh_detections(std::string_view agency_id);
  void assess_agency(std::string_view agency_id, UtcTime now);
  Json view(const comply::Obligation& obligation) const;
  Json clause_view(const comply::Clause& clause) const;
  std::string subject_name(const comply::Obligation& obligation) const;

  Services& services_;
  const Detection& detection_;
  mutable std::mutex mu_;
  comply::Knowledge knowledge_;  // guarded by mu_, as is the rest
  std::map<std::string, std::vector<comply::Obligation>, std::less<>> by_agency_;
  std::map<std::string, UtcTime, std::less<>> evaluated_at_;
  std::map<std::string, UtcTime, std::less<>> due_;  // next evaluation per agency
  std::set<std::string, std::less<>> marked_;
  std::map<std::string, Status> last_status_;  // by obligation id
  std::set<std::string> detection_refs_;       // rules that clauses name
  std::uint64_t ledger_seq_ = 0;
  bool stopping_ = false;
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace phendau::hub
