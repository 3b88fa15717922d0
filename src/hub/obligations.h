// SPDX-License-Identifier: Apache-2.0
// Keeps the board of the obligation engine up to date and answers what the portal asks about clauses.
// Statuses are derived: judged at start, and again where a fact, record, alert or case changes and when time
// passes. Kept (derived rows): the statuses of each part in each agency, so that a restart knows what changed
// meanwhile, and the transitions. Thread-safe.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <thread>

#include "comply/board.h"
#include "comply/ranking.h"
#include "hub/active_pack.h"
#include "hub/computers.h"
#include "hub/detection.h"
#include "hub/obligation_feeds.h"
#include "hub/services.h"

namespace phendau::hub {

inline constexpr std::string_view kFactSpace = "fact";
inline constexpr std::size_t kTransitionsShown = 50;
inline constexpr std::size_t kOscalObligationsMax = 20'000;  // of one document: about 40 MB
inline constexpr std::size_t kDutySubjectsMax = 5;           // named; the rest is a number
inline constexpr std::size_t kDutyRowsMax = 2'000'000;  // looked at in one call; a province has 400,000 open

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
  /// Ledger changes up to now are read; what depends on them is marked.
  Result<> follow_ledger();
  /// Its detections may have changed (alerts).
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
  /// The body of the answer, as JSON text.
  Result<std::string> matrix(const Actor& actor, std::string_view agency_id);
  /// The active document to read, with what the actor may see of how it stands, there or (empty) everywhere.
  Result<Json> document(const Actor& actor, std::string_view pack_id, std::string_view agency_id) const;
  /// `agency_id` narrows the history; empty: all that the actor may see.
  Result<Json> clause(const Actor& actor, std::string_view id, std::string_view agency_id = {});
  /// Assessment results in OSCAL 1.2: as of the last settling, within the actor's scope. `period` ("2026-Q3",
  /// "KIND/ID"): that round only. `limit` over kOscalObligationsMax. obligation_oscal.cpp.
  Result<Json> oscal(const Actor& actor, std::string_view agency_id, std::string_view period);
  Result<Json> attest(const Actor& actor, const Json& body);
  /// {better, worse, items, more}: transitions since then within the scope, of each clause the newest fifty.
  Result<Json> changes_since(const Scope& scope, UtcTime from, std::size_t limit);
  Result<Json> facts_of(const Actor& actor, std::string_view device_id);
  /// One part in one agency and period, with all its subjects of one status: what a person owes, or misses.
  struct Duty {
    const comply::Clause* clause = nullptr;  // of the pack
    const comply::ClausePart* part = nullptr;
    std::string agency_id;
    std::string period_id;
    Status status = Status::unknown;
    UtcTime due_at = comply::kNever;  // the earliest
    comply::SubjectKind subject_kind = comply::SubjectKind::agency;
    std::vector<std::pair<std::string, std::string>> subjects;  // id, name; at most kDutySubjectsMax
    std::uint32_t subjects_total = 0;
    std::string reason;   // of the first subject; only when asked for
    std::string missing;  // what would change it; likewise
    /// "PART|AGENCY|PERIOD": the same duty tomorrow and after a restart.
    std::string id() const { return part->id + "|" + agency_id + "|" + period_id; }
  };
  /// Duties with one of these statuses (bit per Status) that must or must not be done; no authorisation.
  std::vector<Duty> duties(const std::function<bool(std::string_view)>& covers, std::uint16_t statuses) const;
  /// Fills reason and missing.
  void explain_duties(std::span<Duty> duties) const;
  /// status -> count, of one agency or of one device; no authorisation: callers ask for what they may see.
  Json counts_of_agency(std::string_view agency_id) const;
  Json counts_of_device(std::string_view device_id) const;
  /// {PART: {PERIOD: {STATUS: count}}} of an agency as it is now: kept when it ends. Periods of occasions are
  /// one.
  Json close_of(std::string_view agency_id);
  /// What counts for `year` and is not in the year book (year_book.h); no authorisation, as above.
  std::vector<comply::RankedObligation> standing(std::string_view agency_id, std::int32_t year,
                                                 bool evidence) const;

 private:
  void run();
  Result<> load_handovers();
  /// mu_ held.
  void feed(const ledger::Record& record, UtcTime now);
  Result<> load_records();
  Result<> load_facts();
  Result<> restore_statuses();
  Result<> open_year_book();
  void catch_up(UtcTime now);
  void refresh_settings(UtcTime now);
  void refresh_detections(std::string_view agency_id);
  void settle(UtcTime now);
  /// What settle() found, as rows to keep; `changed`: clauses per agency.
  std::vector<ledger::DerivedWrite> writes_of(const comply::Board::Settled& settled, UtcTime now,
                                              std::map<std::string, std::set<std::string>>& changed);
  Result<> keep(std::vector<ledger::DerivedWrite> writes, UtcTime now);
  Json evidence_view(const comply::EvidenceItem& item) const;
  Result<> own_file(const Actor& actor, const std::string& sha256);
  Json view(const comply::Obligation& obligation) const;
  Json clause_view(const comply::Clause& clause) const;
  std::string subject_name(comply::SubjectKind kind, std::string_view id) const;

  Services& services_;
  const Detection& detection_;
  std::set<std::string> detection_refs_;  // rules that clauses name
  std::string clauses_json_;              // of the matrix; does not change
  std::mutex follow_mu_;                  // one reader of the ledger at a time; taken before mu_
  std::uint64_t ledger_seq_ = 0;          // guarded by follow_mu_
  mutable std::mutex mu_;
  comply::Board board_;  // guarded by mu_, as is the rest
  Computers computers_;
  std::map<std::string, Handover, std::less<>> handovers_;  // by KIND/ID
  std::set<std::string, std::less<>> marked_;               // agencies whose detections are read again
  std::int32_t book_year_ = 0;  // standing duties of earlier years are in the year book; 0: none was kept yet
  std::string book_day_;        // the last day on which something was settled; empty: none was kept yet
  bool stopping_ = false;
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace phendau::hub
