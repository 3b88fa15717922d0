// SPDX-License-Identifier: Apache-2.0
// Incidents: cases of the pack's incident workflow, and the files attached to them. The workflow engine
// decides what may be done; here are the record, the scope, the alert behind it, the upload guard.
// Thread-safe: a lost race is `conflict`.
#pragma once

#include "hub/alerts.h"
#include "hub/case_record.h"
#include "hub/services.h"

namespace phendau::hub {

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
  /// `status` open, closed or empty.
  Result<Json> list(const Actor& actor, std::string_view status, std::string_view agency_id,
                    std::string_view cursor, std::size_t limit);
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
  /// get() with every entry of the timeline, oldest first, and nothing that is sealed: for papers and
  /// packages.
  Result<Json> whole(const Actor& actor, std::string_view id);
  /// The timeline, newest first.
  Result<Json> entries(const Actor& actor, std::string_view id, std::string_view cursor, std::size_t limit);
  /// `body`: {text, sealed_for}: a note that the actor's body and the named ones read, and nobody else.
  Result<Json> note_sealed(const Actor& actor, std::string_view id, const Json& body);

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
    std::string bytes;
  };
  Result<Download> download(const Actor& actor, std::string_view sha256);

 private:
  struct Opening {
    std::string agency_id;
    std::string title;
    std::string description;
    Json alert_ids = Json::array();
    std::optional<UtcTime> detected_at;
  };
  Result<Json> start(const Actor& actor, const Opening& opening, std::vector<ledger::Write> also);
  /// A case as it was read for somebody who may change it.
  struct Loaded {
    Scope scope;
    ledger::Record record;
    workflow::CaseState state;
    CaseDefinition definition;
  };
  Result<Loaded> load(const Actor& actor, std::string_view id, CaseRight right);
  struct Seal {
    std::string by;
    std::vector<std::string> for_bodies;
  };
  Result<Seal> seal_of(const Actor& actor, const ledger::Record& record, std::vector<std::string> for_bodies);
  Result<Json> save(const Actor& actor, const Loaded& loaded, const workflow::CaseState& state,
                    std::string reason, const Json& more = Json::object());
  Json summary(const ledger::Record& record, const workflow::CaseState* state);
  /// @param shown of what hangs on the case: everything_open_to() or everything_unsealed().
  Result<Json> view(const Actor& actor, const ledger::Record& record, const Scope& shown);
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
