// SPDX-License-Identifier: Apache-2.0
// Incidents: cases of the pack's incident workflow, and the files attached to them. The workflow engine
// decides what may be done; here are the record, the scope, the alert behind it, the upload guard.
// Thread-safe: a lost race is `conflict`.
#pragma once

#include "comply/decision.h"
#include "hub/alerts.h"
#include "hub/case_record.h"
#include "hub/services.h"

namespace phendau::hub {

inline constexpr std::size_t kCaseAlertsMax = 500;   // of one case
inline constexpr std::size_t kCaseReportsMax = 200;  // and of cases merged into one
inline constexpr std::size_t kSubCasesMax = 50;      // of one case

/// Who acts in a case, and by which names.
struct CaseStanding {
  Actor actor;                     // acting_under is set when only a delegation gives the names
  std::vector<std::string> names;  // hub roles, "role:SLOT"
};
/// How an actor stands to what these `roles` may do in a case of this agency: by its own role and slots, or
/// under the delegation that does it.
CaseStanding names_in_case(Services& services, const Actor& actor, std::string_view agency_id,
                           const std::vector<std::string>& roles);

class Incidents {
 public:
  Incidents(Services& services, Alerts& alerts)
      : services_(services), alerts_(alerts), definitions_(services) {}
  struct Filter {
    std::string status = {};  // open, closed or empty
    std::string agency_id = {};
    std::string text = {};
    bool exercise = false;  // exercises and nothing else; without it everything but them
    /// due: by the nearest clock, what has none is left out; urgent: what has none after it, in one page.
    enum class Order : std::uint8_t { newest, due, urgent } order = Order::newest;
    std::string cursor = {};
    std::size_t limit = 50;
  };
  /// A page, and how many there are in all.
  Result<Json> list(const Actor& actor, const Filter& filter);
  Result<Json> get(const Actor& actor, std::string_view id);
  Result<Json> create(const Actor& actor, const Json& body);
  struct Opened {
    Json view;
    bool created = false;  // false: the alert already has this case
  };
  Result<Opened> open_from_alert(const Actor& actor, std::string_view alert_id);
  /// `body`: StepAct of openapi.yaml.
  Result<Json> act(const Actor& actor, std::string_view id, std::string_view step, const Json& body);
  Result<Json> close(const Actor& actor, std::string_view id, std::string_view summary);
  /// An early end, and opening again what was closed: each with a reason, by whom the workflow names.
  Result<Json> stop(const Actor& actor, std::string_view id, std::string_view reason);
  Result<Json> reopen(const Actor& actor, std::string_view id, std::string_view reason);
  /// `body`: {detected_at, reason}.
  Result<Json> correct_detected(const Actor& actor, std::string_view id, const Json& body);
  // ---- case_links.cpp ----
  /// `body`: {alert_ids, reason}: alerts of the same agency that are in no case.
  Result<Json> add_alerts(const Actor& actor, std::string_view id, const Json& body);
  /// `body`: {into, reason}. This open case ends, naming the one that goes on, which takes over its alerts
  /// and reports; its own timeline, evidence and papers stay with it. For who may end it early.
  Result<Json> merge(const Actor& actor, std::string_view id, const Json& body);

  // ---- case_classification.cpp ----
  /// The pack's table: questions, outcomes, categories. `not_found` (case.no_classification) without one.
  Result<Json> classification(const Actor& actor);
  /// `body`: Classify of openapi.yaml. With `dry_run` what the table says; else the case afterwards. An
  /// outcome other than the table's needs a reason.
  Result<Json> classify(const Actor& actor, std::string_view id, const Json& body);

  /// get() with every entry of the timeline, oldest first, and nothing that is sealed: for papers and
  /// packages.
  Result<Json> whole(const Actor& actor, std::string_view id);
  /// The timeline, newest first.
  Result<Json> entries(const Actor& actor, std::string_view id, std::string_view cursor, std::size_t limit);
  /// `body`: {text, sealed_for}: a note that the actor's body and the named ones read, and nobody else.
  Result<Json> note_sealed(const Actor& actor, std::string_view id, const Json& body);

  /// `body`: {record, reason}: a sealed note or file of the case ("case_entry/ID", "attachment/ID") is for
  /// all who read the case from now on. By whose seal it is, else `denied`; who may not read it: `not_found`.
  Result<Json> lift_seal(const Actor& actor, std::string_view id, const Json& body);

  struct Upload {
    std::string name;
    std::string case_id;  // or
    std::string record;   // "KIND/ID" of a register, or
    std::string agency_id;
    std::string_view bytes;
    bool sealed = false;  // of a case: for the actor's body and the named ones alone
    std::vector<std::string> sealed_for = {};
  };
  /// Through the upload guard; a refusal leaves no byte on disk.
  Result<Json> attach(const Actor& actor, const Upload& upload);
  struct Download {
    std::string name;
    std::string media_type;
    std::unique_ptr<File> file;
  };
  Result<Download> download(const Actor& actor, std::string_view sha256);

  struct Opening {
    std::string agency_id;
    std::string title;
    std::string description;
    Json alert_ids = Json::array();
    Json report_ids = Json::array();
    std::optional<UtcTime> detected_at;
    bool exercise = false;
    std::string parent_id = {};  // of a part of another case
  };
  /// `also` is written with the case and gets its id, `with` as it is; who may do so was asked before.
  Result<Json> start(const Actor& actor, const Opening& opening, std::vector<ledger::Write> also,
                     ledger::WriteBatch with = {});
  /// The moment in `detected_at` of a body, not after `now`; nullopt where there is none.
  static Result<std::optional<UtcTime>> detected_from(const Json& body, UtcTime now);
  /// An alert of `agency_id` that is in no case, marked as taken on; not covered by the actor: `not_found`.
  Result<ledger::Write> alert_for_case(const Actor& actor, std::string_view alert_id,
                                       std::string_view agency_id);
  /// A note on a case whose changing was allowed, in a batch with other writes: `more` goes into its
  /// document.
  Result<> note_in(ledger::WriteBatch& batch, const Actor& actor, const ledger::Record& record,
                   const std::string& text, const Json& more);
  void published(const ledger::Record& record);

 private:
  /// A case as it was read for somebody who may change it.
  struct Loaded {
    Scope scope;
    ledger::Record record;
    workflow::CaseState state;
    CaseDefinition definition;
  };
  Result<Loaded> load(const Actor& actor, std::string_view id, CaseRight right);
  struct Change {
    Actor by;
    workflow::CaseState state;
    std::string reason;
    Json more = Json::object();    // into the document
    ledger::WriteBatch with = {};  // written in the same transaction
  };
  /// Reads, lets it be changed and saves, again when the hub wrote the case meanwhile.
  Result<Json> change(const Actor& actor, std::string_view id, CaseRight right,
                      const std::function<Result<Change>(const Loaded&)>& made_of);
  struct Seal {
    std::string by;
    std::vector<std::string> for_bodies;
  };
  Result<Seal> seal_of(const Actor& actor, const ledger::Record& record, std::vector<std::string> for_bodies);
  Result<Json> save(const Actor& actor, const Loaded& loaded, const Change& change);
  Json summary(const ledger::Record& record, const workflow::CaseState* state, AgencyNames& names);
  /// @param shown of what hangs on the case: everything_open_to() or everything_unsealed().
  Result<Json> view(const Actor& actor, const ledger::Record& record, const Scope& shown);
  /// The case as it ends: requests that nobody has answered stand in its timeline.
  Result<workflow::CaseState> ending(const Loaded& loaded, const Actor& by);
  Result<Change> classified(const Actor& actor, const Loaded& loaded, const comply::DecisionTable& table,
                            const Json& classification, const std::string& why);
  Result<Change> merged_into(const Actor& actor, const Loaded& ends, const ledger::Record& goes_on,
                             const std::string& reason);
  /// A part of `parent_id` begins: the opening becomes one, and the parent's timeline says so.
  Result<ledger::WriteBatch> as_part(const Actor& actor, Opening& opening);
  /// Titles of its parts that are open, where its procedure asks.
  Result<std::vector<std::string>> open_parts(const CaseDefinition& definition, std::string_view case_id);
  /// What the end or the new beginning of a part writes into its parent.
  Result<> tell_parent(const Actor& actor, const Loaded& loaded, const workflow::CaseState& after,
                       ledger::WriteBatch& batch);
  /// Other cases and reports that this one names, as far as the actor may read them.
  Json links_view(const Actor& actor, const ledger::Record& record);
  Result<Json> timeline(const ledger::Record& record, const workflow::CaseState& state, const Scope& shown);
  Result<Json> entries(const ledger::Record& record, std::string_view cursor, std::size_t limit,
                       const Scope& shown);
  Result<ledger::Record> record_named(const Actor& actor, Action action, std::string_view name);
  Result<ledger::Record> record_to_attach(const Actor& actor, std::string_view name);
  bool may_read_file(const Actor& actor, const ledger::Record& file);
  std::vector<workflow::Attachment> attachments_named(const Json& digests, std::string_view case_id);

  Services& services_;
  Alerts& alerts_;
  CaseDefinitions definitions_;
};

}  // namespace phendau::hub
