// SPDX-License-Identifier: Apache-2.0
// The obligation engine: clause part x subject x period -> status, with the evidence and the reason. Pure:
// what is known comes in as values, `now` is an argument, the same input gives the same output in the same
// order. The hub keeps a Knowledge, changes it as facts and records come, and asks again for what depends on
// the change or for what is due at `next_evaluation_at`. Knowledge is not synchronised: one writer, or the
// caller's lock.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/texts.h"
#include "base/time.h"
#include "comply/calendar.h"
#include "comply/clause.h"
#include "model/fact.h"
#include "model/predicate.h"
#include "model/status.h"

namespace phendau::comply {

// ---- what the pack says
// ------------------------------------------------------------------------------------------

/// `one`: the fact is one row. `every`, `any`: the fact is a list, judged with its completeness.
enum class Quantifier : std::uint8_t { one, every, any };

struct PostureRule {
  std::string id;
  std::string name;
  std::string title;
  std::string fact_kind;
  Quantifier quantifier = Quantifier::one;
  PredicatePtr predicate;               // what is compliant
  std::string row_name_field = "name";  // names a row of a list in reasons and evidence
};

/// "units with systems of their own": an attribute of the subject, else of its agency, has one of these
/// values.
struct Scope {
  std::string id;
  BiText title;
  std::string attribute;
  std::vector<Json> any_of;
};

/// The active pack, ready to be judged. hub/pack makes it.
struct Catalog {
  std::string pack_id;
  std::string pack_digest;
  ZoneOffset zone = kVietnamZone;
  std::optional<UtcTime> in_force_from;
  std::optional<UtcTime> in_force_until;
  std::vector<Clause> clauses;  // in the document's order
  std::map<std::string, Scope, std::less<>> scopes;
  std::map<std::string, PostureRule, std::less<>> posture_rules;  // by id and, a second time, by name
  WorkCalendar work_calendar;
};

// ---- what is known
// -----------------------------------------------------------------------------------------------

struct Subject {
  SubjectKind kind = SubjectKind::agency;
  std::string id;
  std::string agency_id;  // of an agency: its own id
  std::string name;
  std::string role;                  // kind role: the slot
  Json attributes = Json::object();  // has_own_systems, is_server, unit_class, ...
  UtcTime known_since;               // no duty of a period that began before is counted as missed
};

struct RegisterRecord {
  std::string kind;
  std::string id;
  std::string agency_id;
  std::string subject_id;  // of a device, account, ...; empty: of the agency
  std::string state;
  UtcTime at;             // when what it records was done
  std::string period_id;  // the period it stands for; empty: the one that contains `at`
  Json document = Json::object();
};

struct DetectionState {
  std::string rule;  // id or name, as clauses say it
  std::string agency_id;
  bool in_force = false;      // loaded in the running plan
  std::uint32_t sources = 0;  // of this agency that feed it
  std::optional<UtcTime> last_event_at;
  std::optional<UtcTime> last_alert_at;
  std::string last_alert_id;
};

struct CaseStep {
  enum class State : std::uint8_t { open, done, skipped } state = State::open;
  std::string id;
  std::optional<UtcTime> at;      // done or skipped
  std::optional<UtcTime> due_at;  // its clock, if it has one
  std::string reason;             // why it was skipped
};
struct CaseState {
  std::string id;
  std::string workflow;
  std::string agency_id;
  std::string title;
  UtcTime opened_at;
  std::optional<UtcTime> closed_at;
  std::vector<CaseStep> steps;
};

struct Attestation {
  std::string record_id;
  std::string part_id;
  std::string agency_id;
  std::string period_id;
  UtcTime at;
  std::optional<UtcTime> valid_until;
  std::string file_sha256;
  std::string statement;
};

/// A setting of the hub, and since when it is so.
struct Setting {
  Json value;
  UtcTime at;
};

/// An approved deviation. `scope_id` is a clause or a part; `subject_id` empty means the whole agency.
struct Exception {
  std::string record_id;
  std::string scope_id;
  std::string agency_id;
  std::string subject_id;
  UtcTime from;
  UtcTime until;
  std::string reason;
};

/// A recorded breach of a prohibition.
struct Breach {
  std::string record_id;
  std::string scope_id;  // clause or part
  std::string agency_id;
  std::string subject_id;
  UtcTime at;
  bool open = true;
};

/// Everything that can change a status. put_* replaces what has the same key; drop_* forgets.
class Knowledge {
 public:
  void put_subject(Subject subject);
  void drop_subject(SubjectKind kind, std::string_view id);
  /// Keeps the newer of two facts of one device and kind.
  void put_fact(Fact fact);
  void put_record(RegisterRecord record);
  void drop_record(std::string_view kind, std::string_view id);
  void put_detection(DetectionState state);
  void put_case(CaseState state);
  void put_attestation(Attestation attestation);
  void drop_attestation(std::string_view record_id);
  void put_exception(Exception exception);
  void drop_exception(std::string_view record_id);
  void put_breach(Breach breach);
  void put_setting(std::string name, Json value, UtcTime at = {});

  const Subject* subject(SubjectKind kind, std::string_view id) const;
  const std::map<std::string, Subject, std::less<>>& subjects(SubjectKind kind) const;
  const Fact* fact(std::string_view device_id, std::string_view kind) const;
  /// In the order of their ids.
  std::vector<const RegisterRecord*> records(std::string_view kind, std::string_view agency_id) const;
  const DetectionState* detection(std::string_view rule, std::string_view agency_id) const;
  std::vector<const CaseState*> cases(std::string_view workflow, std::string_view agency_id) const;
  const std::map<std::string, Attestation, std::less<>>& attestations() const { return attestations_; }
  const std::map<std::string, Exception, std::less<>>& exceptions() const { return exceptions_; }
  const std::map<std::string, Breach, std::less<>>& breaches() const { return breaches_; }
  const Setting* setting(std::string_view name) const;

 private:
  using Key = std::pair<std::string, std::string>;
  static constexpr std::size_t kSubjectKinds = 7;
  std::array<std::map<std::string, Subject, std::less<>>, kSubjectKinds> subjects_;
  std::map<Key, Fact> facts_;                                                  // device, kind
  std::map<Key, std::map<std::string, RegisterRecord, std::less<>>> records_;  // kind, agency -> id
  std::map<Key, std::string> record_agency_;                                   // kind, id -> agency
  std::map<Key, DetectionState> detections_;                                   // rule, agency
  std::map<Key, std::map<std::string, CaseState, std::less<>>> cases_;         // workflow, agency -> id
  std::map<std::string, Attestation, std::less<>> attestations_;  // by record id, as are the next two
  std::map<std::string, Exception, std::less<>> exceptions_;
  std::map<std::string, Breach, std::less<>> breaches_;
  std::map<std::string, Setting, std::less<>> settings_;
};

// ---- what follows
// ------------------------------------------------------------------------------------------------

/// A sentence for people: an id of src/texts/comply.json and its arguments.
struct Reason {
  std::string text_id;
  std::vector<std::string> args;
  friend bool operator==(const Reason&, const Reason&) = default;
};
std::string explain(Lang lang, const Reason& reason);

struct EvidenceItem {
  enum class Kind : std::uint8_t {
    fact,
    record,
    setting,
    detection,
    workflow_run,
    attestation
  } kind = Kind::fact;
  std::string ref;  // "DEVICE/KIND" of a fact; "KIND/ID" of a record; a name or id otherwise
  UtcTime at;
  std::string summary;  // the values that count, language-neutral ("min_length=6"); may be empty
};
std::string_view to_string(EvidenceItem::Kind kind);

struct Obligation {
  std::string id;  // "PART|SUBJECT_KIND:SUBJECT|PERIOD": stable
  std::string clause_id;
  std::string part_id;
  SubjectKind subject_kind = SubjectKind::agency;
  std::string subject_id;
  std::string agency_id;
  std::string period_id;  // empty: now
  Status status = Status::unknown;
  std::optional<Status> excepted_from;  // what it would be without the exception
  Reason reason;
  std::vector<Reason> details;
  std::vector<EvidenceItem> evidence;  // at most kEvidenceMax
  std::uint32_t evidence_total = 0;
  std::optional<UtcTime> fresh_until;  // until when the evidence carries the status
  std::optional<UtcTime> stale_since;
  std::optional<UtcTime> due_at;
  std::optional<UtcTime> next_evaluation_at;  // when time alone changes something
};
/// `{"id","clause","part","subject","subject_kind","agency","period","status","reason","details",...}`
/// with the sentences in `lang`. `subject` is the id.
Json to_json(const Obligation& obligation, Lang lang);

/// All obligations: clauses in order, parts, agencies by id, subjects by id, past period before the current
/// one.
std::vector<Obligation> assess(const Catalog& catalog, const Knowledge& knowledge, UtcTime now);
/// One agency with everything in it; empty if it is unknown. assess() is this for each.
std::vector<Obligation> assess_agency(const Catalog& catalog, const Knowledge& knowledge,
                                      std::string_view agency_id, UtcTime now);
/// One part for one subject: one obligation, or two when a past period counts too.
std::vector<Obligation> assess_part(const Catalog& catalog, const Knowledge& knowledge, const Clause& clause,
                                    const ClausePart& part, const Subject& subject, UtcTime now);
/// One posture rule on one fact, without a hub: `phendau check` and the packs' own tests.
/// Only status, reason, details, evidence, freshness are set. `fact` may be null.
Obligation judge_posture(const PostureRule& rule, const Fact* fact, UtcTime now);

/// What a status can depend on, so that a change touches only that.
enum class Dependency : std::uint8_t { fact, reg, workflow, detection, setting, attestation };
/// @param name fact kind, register kind ("document" for papers), workflow, rule, setting; ignored for
/// attestation.
bool depends_on(const Catalog& catalog, const ClausePart& part, Dependency dependency, std::string_view name);

/// Several statuses as one, with the count behind it. Not applicable and no occasion are outside the
/// denominator.
struct RollUp {
  Status status = Status::not_applicable;
  std::uint32_t good = 0;                 // met, attested, excepted
  std::uint32_t total = 0;                // all that apply
  std::array<std::uint32_t, 9> counts{};  // by Status
  void add(Status one);
};
RollUp roll_up(std::span<const Obligation> obligations);
/// By (clause, agency): the matrix.
std::map<std::pair<std::string, std::string>, RollUp> roll_up_by_clause_and_agency(
    std::span<const Obligation> obligations);
Json to_json(const RollUp& roll_up);

}  // namespace phendau::comply
