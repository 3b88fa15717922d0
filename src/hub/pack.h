// SPDX-License-Identifier: Apache-2.0
// Packs: a folder of data that says what a document asks and how it is checked (docs/packs.md). load_pack()
// reads a folder and what it imports, checks everything against everything, and returns all mistakes at once
// with file, line and column. A loaded pack is immutable and known by its digest. Used by the hub, `phendau
// check` and `phendau pack`.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/yaml.h"
#include "comply/assess.h"
#include "comply/clause.h"
#include "comply/ranking.h"
#include "comply/reminders.h"
#include "detect/rule.h"
#include "os/env.h"
#include "store/ledger/ledger.h"
#include "workflow/definition.h"
#include "workflow/lifecycle.h"

namespace phendau::hub {

inline constexpr std::size_t kPackFilesMax = 10'000;  // all of SigmaHQ has 3,100 rules
inline constexpr std::uint64_t kPackFileBytesMax =
    4u << 20;  // the largest public rule collection file is 1.5 MB
inline constexpr std::uint64_t kPackBytesMax = 256u << 20;
inline constexpr int kPackDepthMax = 6;  // rules/<product>/<category>/file and some air
inline constexpr std::size_t kPackImportsMax = 8;
inline constexpr std::size_t kDutyBytesMax = 900;  // longer duties tend to quote the original

/// A value that a text leaves open, or that a province may tighten. Rules take it as '%name%'.
struct PackParameter {
  std::string name;
  comply::BiText title;
  Json value;       // what is in force: the pack's default, or what the installation put in its place
  Json pack_value;  // the default of the pack (an importing pack's own, if it has one)
  std::optional<double> minimum;  // of a number
  std::optional<double> maximum;
  std::string unit;
  comply::BiText reason;  // why this default
  comply::BiText set_in;  // where an office changes it
  std::vector<std::string> clauses;
  std::vector<Json> allowed;  // the value, or each item of a list, is one of these; empty: any
  comply::Place place;
};

/// A body that duties bind: provincial committee, lead department, police, ...
struct RoleSlot {
  std::string id;
  comply::BiText title;
};

/// A class of agencies that a document names: duties differ by it (attribute unit_class of an agency).
struct UnitClass {
  std::string id;
  comply::BiText title;
  std::string clause;
  comply::Place place;
};

/// A term of a document in own words.
struct GlossaryTerm {
  std::string id;
  comply::BiText term;
  comply::BiText meaning;
  std::string clause;
  comply::Place place;
};

/// Fields whose values together belong to one live record only, of the owner or of the whole province.
struct UniqueFields {
  std::vector<std::string> fields;  // the first is indexed
  bool in_province = false;
};
/// An address or network that must lie within one that a live record of another kind names.
struct InsideRule {
  std::string field;
  std::string reg;
  std::string target;
};

inline constexpr std::string_view kTestsSuffix = ".tests.yaml";       // examples of a posture rule
inline constexpr std::string_view kRoleBindingKind = "role_binding";  // who holds a role slot
inline constexpr std::string_view kIdField = "id";  // a link of a RecordNeed may name the record itself

/// What another record must say before a move (docs/packs.md, "Moves").
struct RecordNeed {
  std::string reg;
  std::string their_field;  // "id" or an indexed field of `reg`, which must equal
  std::string own_field;    // "id" or a field of the record that moves
  std::vector<std::pair<std::string, std::string>> also_same;  // their field, ours: further ones
  /// Together their values of the first field hold all of ours of the second; empty: one such record is
  /// enough.
  std::pair<std::string, std::string> covers;
  std::vector<comply::Condition> where;
  std::vector<std::string> states;
  bool in_province = false;             // any agency's; otherwise the same agency's
  bool none = false;                    // there must be none; otherwise at least one
  std::vector<comply::Condition> when;  // asked only then
  comply::BiText title;                 // what is missing, in words; empty: made from the above
  comply::Place place;
};
/// What a move asks besides what workflow::StateMove says.
struct MoveRule {
  std::vector<comply::Condition> when;  // the move is there only for such records
  std::vector<comply::Condition> must;  // what its needs must say
  struct Also {
    std::vector<comply::Condition> when;
    std::vector<std::string> needs;
    std::vector<comply::Condition> must;
  };
  std::vector<Also> also;
  std::vector<RecordNeed> records;
  comply::Place place;
};

/// Records of a register that somebody looks for again and again: what expires, what lacks something.
struct DerivedList {
  std::string id;
  comply::BiText title;
  std::vector<std::string> states;                     // empty: live ones
  std::vector<std::vector<comply::Condition>> any_of;  // one of these holds; empty: the rest decides
  std::vector<RecordNeed> records;                     // all of these hold
  comply::Place place;
};

/// A register whose records end accounts of the hub (account_keeper.h).
struct LocksRule {
  std::string on;                        // the date from which on
  std::vector<comply::Condition> where;  // which of them
  std::vector<std::string> roles;        // only accounts with these roles; empty: all
};

/// Records of this kind are computers when `field` has one of these values: they count among "all computers".
struct MachineRule {
  std::string field;
  std::vector<std::string> values;
  std::vector<std::string> servers;  // which of them are servers
  std::string name_field;
  std::string device_field;  // names the enrolled machine; may be empty
};

/// Who sees the records of a kind besides the owner: nobody, or everybody (warnings, guidance).
enum class Visibility : std::uint8_t { owner, everyone };

/// A kind of record with what lists and forms need to know besides the ledger's part.
struct RegisterKind {
  ledger::KindSchema spec;
  comply::BiText title;
  std::string group = "hub";  // which menu: who, what, network, accounts, doing; hub: the hub's own
  std::string owner;          // agency or province
  Visibility visible = Visibility::owner;
  std::vector<std::string> writers;  // hub roles and "role:SLOT"; empty: who may write records at all
  std::string date_field;  // when what it records was done (RegisterRecord::at); empty: when it was written
  std::string period_field;
  std::string subject_field;                        // device_id, ...; empty: the agency itself
  std::optional<comply::SubjectKind> subject_kind;  // its live records are subjects of duties
  workflow::Lifecycle lifecycle;
  std::vector<MoveRule> move_rules;  // of lifecycle.moves, in step
  std::vector<DerivedList> lists;
  std::vector<UniqueFields> unique;
  std::string disjoint_field;  // networks of live records do not overlap, except nested under `parent`
  std::optional<InsideRule> inside;
  bool derived = false;      // written by the hub only
  std::string frozen_field;  // filled by the hub with the figures of the moment; nobody types them
  std::optional<MachineRule> machines;
  std::optional<LocksRule> locks;
  comply::Place place;

  /// Written through the registers' use cases; the hub's own kinds have use cases of their own.
  bool is_kept_by_people() const { return group != "hub" && !derived; }
  const DerivedList* list(std::string_view id) const {
    const auto found =
        std::find_if(lists.begin(), lists.end(), [&](const auto& one) { return one.id == id; });
    return found == lists.end() ? nullptr : &*found;
  }
  const MoveRule& rule_of(const workflow::StateMove& move) const {
    return move_rules[static_cast<std::size_t>(&move - lifecycle.moves.data())];
  }
};

/// Who is told, by which ways and in which words, when a record comes into one of these states.
struct NoticeRule {
  std::string id;
  comply::BiText title;
  std::string reg;
  std::vector<std::string> states;
  std::string agencies;         // member that names the agencies whose people are told; empty: the owner
  std::vector<std::string> to;  // it_officer, agency_head, province_operator, addressee, "role:SLOT"
  std::vector<std::string> channels;  // portal, mail, sms, zalo, phone
  comply::BiText text;                // for who may read the record: {title} {agency} {number} {level}
  comply::BiText short_text;          // for everybody else and for short messages: {number} {level}
  comply::Place place;
  /// Its text has {clock} or {due}: only who sends it knows them.
  bool is_of_clock() const;
};

inline constexpr Duration kNoticeStepMax = days(2);
/// Who is told next when nobody of an agency has read or confirmed a notice.
struct NoticeStep {
  std::string id;
  std::vector<std::string> of;  // ids of notices; empty: every one
  Duration after;               // since the agency was told
  /// deputy, out_of_hours, it_officer, agency_head, province_operator, "role:SLOT"
  std::vector<std::string> to;
  std::vector<std::string> channels;  // empty: those of the notice and a call
  comply::Place place;
};

/// What a kind of body may do in another body's case that it was asked into (coordination.yaml).
struct PartyKind {
  std::string id;
  comply::BiText title;
  std::string slot;  // the role slot whose holder it is; empty: every other body
  std::vector<CaseRight> may;
  comply::Place place;
};
/// Which requests make their addressee a party: when they are sent, or when they were accepted.
struct JoinRule {
  std::vector<std::string> wanted;
  bool on_acceptance = false;
  comply::Place place;
};
/// What a case's forms say, and which requests the document then asks for.
struct CoordinationTrigger {
  std::string id;
  comply::BiText title;
  std::string clause;
  workflow::Conditions when;
  std::string within;  // a term from when the case said so; empty: none
  struct Proposal {
    std::string to_body;
    std::string wanted;
    comply::BiText content;
  };
  std::vector<Proposal> proposals;
  comply::Place place;
};
inline constexpr std::string_view kIncidentWorkflow = "incident";
inline constexpr std::string_view kRequestKind = "coordination_request";
struct Coordination {
  std::vector<PartyKind> parties;
  std::vector<JoinRule> joins;
  std::string answer_within;  // a term ("3wd"); empty: none
  comply::Place answer_place;
  std::vector<workflow::ClockNotice> answer_notices;  // of that term, as a workflow's clock_notices
  std::vector<CoordinationTrigger> triggers;
  /// Of the slot, else that of every other body; nullptr: the pack lets nobody in.
  const PartyKind* party_of(std::string_view slot) const;
  const PartyKind* party(std::string_view id) const;
};

/// A file that another module reads: workflows, sources, document templates, upload guard.
struct PackFile {
  std::string pack_id;
  std::string path;  // relative to that pack's folder
  std::string text;
};

struct PackDocument {
  comply::BiText title;
  std::string number;
  std::string issuer;
  std::string date;    // YYYY-MM-DD; empty: not known
  std::string prefix;  // of clause ids
};

struct WorkflowRef {
  std::string id;
  std::string pack_id;
  std::vector<std::string> steps;
  std::map<std::string, Json, std::less<>> forms;  // JSON Schemas, by step
  comply::Place place;
};

struct Pack {
  std::string id;
  comply::BiText title;
  std::optional<PackDocument> document;
  std::string digest;  // SHA-256 of the canonical tree, imports included
  std::vector<std::string> import_ids;
  std::vector<PackParameter> parameters;
  std::vector<RoleSlot> roles;
  std::vector<UnitClass> unit_classes;
  std::vector<GlossaryTerm> terms;
  comply::BiText known_from;              // why the text is only partly known; empty: all of it is
  comply::ReminderPlan reminders;         // who is told when; the imported plan if the pack has none
  std::vector<comply::Ranking> rankings;  // the imported ones if the pack has none
  std::vector<NoticeRule> notices;        // an imported one gives way to one of its id
  std::vector<NoticeStep> notice_steps;   // likewise
  Coordination coordination;              // idem
  PackFile ranking_file;                  // what they were read from
  /// What rankings may call a part by: features of the rules that check it, and what else its ways name
  /// (registers, documents, workflows), with - for _.
  std::map<std::string, std::vector<std::string>, std::less<>> part_features;
  std::vector<RegisterKind> registers;
  std::map<std::string, comply::BiText, std::less<>> state_titles;  // of records, for people
  comply::Catalog catalog;  // clauses, scopes, compiled posture rules, calendar
  detect::RuleFile rules;   // detections: what goes into the plan (posture rules are not among them)
  std::vector<detect::Rule> posture_rules;    // as read, for people
  std::vector<detect::Rule> indicator_rules;  // templates: detect/indicator_rules.h
  std::vector<WorkflowRef> workflows;
  std::vector<PackFile> workflow_files;  // in the same order
  /// As they were before a parameter was changed, oldest first: cases opened before `until` keep their
  /// clocks.
  struct EarlierWorkflows {
    UtcTime until;
    std::vector<PackFile> files;
  };
  std::vector<EarlierWorkflows> earlier_workflows;
  std::vector<PackFile> source_files;
  std::vector<PackFile> rule_files;   // texts of all rules, for people
  std::vector<PackFile> other_files;  // documents/*, upload_guard.yaml, ...
  std::vector<ContentError> notes;    // no mistakes: what an author should know, like replaced workflows

  const PackParameter* parameter(std::string_view name) const;
  const RegisterKind* reg(std::string_view kind) const;
  const comply::Clause* clause(std::string_view id) const;
  const NoticeRule* notice(std::string_view id) const;
  /// "ha-giang@3f2a...": what obligations, cases and papers store.
  std::string reference() const { return id + "@" + digest; }
};

/// What kind of value the parameter takes, as its default shows: number, flag, list, term ("3wd"), period
/// ("P1M") or text.
std::string_view kind_of(const PackParameter& parameter);
/// `invalid` with a sentence for people when the value has another kind or lies outside what the pack allows.
Result<> check_parameter(const PackParameter& parameter, const Json& value);

struct LoadedPack {
  Pack pack;
  std::vector<ContentError> errors;  // sorted by file, line, column; empty: the pack can be used
  bool ok() const { return errors.empty(); }
};

class CompiledRules;

struct PackOptions {
  /// Values of parameters that the installation set (an object by name).
  Json parameters = Json::object();
  /// What they were before, oldest first: duties that began then keep those terms.
  struct Earlier {
    UtcTime until;
    Json parameters;
    Json terms = {};  // instead of parameters: what another version of the pack said (pack_terms.h)
  };
  std::vector<Earlier> earlier = {};
  /// Values from registers that detections see under a parameter's name besides the parameter's own.
  std::map<std::string, std::vector<std::string>> register_values = {};
  /// Where compiled rules are kept; null: nowhere.
  std::shared_ptr<CompiledRules> compiled_rules = {};
};

/// Reads `folder`; imports are its sibling folders. Fails only when the folder cannot be read at all
/// (`not_found`, `io`) or is too large (`limit`); every mistake in the content is in `errors`.
Result<LoadedPack> load_pack(Env& env, const std::string& folder, const PackOptions& options = {});
/// As load_pack, but mistakes make it fail with `invalid` and the first ten of them.
Result<Pack> load_valid_pack(Env& env, const std::string& folder, const PackOptions& options = {});

/// How each clause and part is satisfied.
struct CoverageRow {
  std::string clause;
  std::string part;
  std::string subject;
  struct By {
    std::string kind;
    std::string ref;
    bool working = false;  // false: pending
    std::string test;
    std::string waits_for;  // of what is pending: agent, probe, incident
    comply::BiText reason;
  };
  std::vector<By> satisfied_by;
  comply::BiText no_duty;
  bool working() const;  // no pending way that is needed
};
struct Coverage {
  std::vector<CoverageRow> rows;
  std::size_t clauses = 0;
  std::size_t clauses_without_pending = 0;
  std::size_t parts_working = 0;
  std::size_t parts_pending = 0;
};
Coverage coverage(const Pack& pack);
/// {"pack","digest","clauses":[{"id","parts","satisfied_by":[{"kind","ref","state","test"}],
/// "no_duty_reason"}],"counts"}
Json to_json(const Coverage& coverage, const Pack& pack);

/// A posture rule's examples (rules/posture/*.tests.yaml): one fact each and the status that must follow.
struct PostureExample {
  std::string rule;
  std::string name;
  std::optional<Fact> fact;  // absent: the machine never reported
  UtcTime now;
  Status expected = Status::unknown;
  comply::Place place;
};
std::vector<PostureExample> parse_posture_examples(std::string_view text, const std::string& file,
                                                   std::vector<ContentError>& errors);
/// The examples of the folder and its imports that come out differently, as mistakes; `count` receives how
/// many ran.
Result<std::vector<ContentError>> run_posture_examples(Env& env, const std::string& folder,
                                                       std::size_t& count);

}  // namespace phendau::hub
