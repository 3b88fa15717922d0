// SPDX-License-Identifier: Apache-2.0
// Who may do what: the one function that every use case of the hub asks. Pure; thread-safe.
// The answer is a Scope that the caller must push into its ledger and journal queries; there is no yes/no
// form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace phendau {

/// Functions of people and machines inside the product. Offices and bodies are data (role slots of a pack).
enum class Role : std::uint8_t {
  administrator,      // runs the installation
  province_operator,  // watches everything, handles incidents
  agency_officer,     // own agency: devices, tasks, incidents
  agency_head,        // own agency: reads, signs
  partner,            // police, military, telecom: only cases that they are asked into
  staff,              // reports incidents of the own agency, acknowledges
  device,             // an enrolled agent
};
std::string_view to_string(Role role);
std::optional<Role> role_from(std::string_view text);

/// The right to act for an agency in the place of its own people: granted there, for kinds and days, by a
/// record of kind `delegation`. The days are judged by whoever loads it.
struct Delegation {
  std::string record_id;
  std::string agency_id;
  Role role = Role::agency_officer;  // in whose place: its officer, or its head
  std::vector<std::string> kinds;    // kinds of records, "case", "attestation"; empty: all of them
};
/// No delegation can be passed on by who holds it.
inline constexpr std::string_view kDelegationKind = "delegation";

struct Actor {
  std::string user_id;  // user or device id; "system" for the hub itself
  std::string name;
  Role role = Role::staff;
  std::vector<std::string> agency_ids;
  std::string from;                     // address the request came from
  bool system = false;                  // the hub's own work: detection, clocks
  std::vector<Delegation> delegations;  // in force when the request came
  std::string acting_under;  // the delegation without which this act would not be allowed; set by use cases
  /// Agencies that are no more and whose place the own ones took: their past may be read, never changed.
  std::vector<std::string> past_agency_ids;
};
Actor system_actor();

/// Administrators and operators work for the whole province.
bool is_provincial(const Actor& actor);

enum class Action : std::uint8_t {
  read,
  create,
  update,
  remove,
  triage,
  decide,
  attest,
  export_out,
  administer
};

/// What the action is on.
enum class Resource : std::uint8_t {
  event,  // journal
  alert,
  incident,  // cases
  device,
  fact,
  obligation,
  agency,
  record,  // any other register record
  attachment,
  attestation,
  pack,
  rule,
  user,
  setting,
  enrolment_token,
  ledger_history,
  own_account,
  storage,      // journal and ledger health
  duty_roster,  // whom to call: focal points, response team, who is on duty
};
inline constexpr std::size_t kResources = static_cast<std::size_t>(Resource::duty_roster) + 1;

/// `everything`, or only rows owned by these agencies, or only records that name the actor (invited), or
/// nothing.
struct Scope {
  enum class Reach : std::uint8_t { nothing, invited, agencies, everything } reach = Reach::nothing;
  std::vector<std::string> agency_ids;
  std::string invited_id;  // reach invited; reach agencies: besides the agencies, if not empty
  /// Reach invited or agencies: besides, records that are addressed to one of these: an agency id, or
  /// "role:SLOT".
  std::vector<std::string> addressed = {};
  /// However far it reaches, sealed records only of these or addressed to one of them: agency ids,
  /// "role:SLOT". nullopt: the hub's own work, which sees them all.
  std::optional<std::vector<std::string>> sealed_for = std::nullopt;

  bool allows_nothing() const { return reach == Reach::nothing; }
  bool covers(std::string_view agency_id) const;
};

/// Delegations widen it. For Resource::record they do so whatever their kinds are: what may be done with a
/// record is asked of authorize_record().
Scope authorize(const Actor& actor, Action action, Resource resource);

/// What the rights to a register's record depend on besides the actor; from the pack.
struct RecordRights {
  bool everyone_reads = false;  // warnings, guidance: whoever reads records at all reads these
  bool final_state = false;     // decided: only an administrator corrects it
  bool head_writes = false;     // the kind names heads among its writers: they create such records
  std::string kind;             // for delegations; empty: none covers it
  bool addressed = false;       // its records name bodies that they are sent to
  /// Of a kind that is addressed: which role slots agencies hold today, as (agency id, slot).
  std::vector<std::pair<std::string, std::string>> holders = {};
};
/// How a role slot is written among the names of bodies and of people.
inline constexpr std::string_view kSlotPrefix = "role:";
/// As authorize(actor, action, Resource::record), narrowed or widened by kind and state. The people of a body
/// that a record is addressed to read it, take it out, and decide on it (the moves that name them); they
/// never update it.
Scope authorize_record(const Actor& actor, Action action, const RecordRights& rights);

/// To whom records go by name, besides the own bodies.
struct AddressRights {
  std::vector<std::string> holders;  // of a role slot: they have to do with everybody
  std::vector<std::string> related;  // above and below the own ones, or in the case that it is about
};
/// Agencies that the actor may name as addressee of a record of its own: the province's people and holders of
/// slots every one; the others their own, holders and related ones. Nothing for who writes no such record.
Scope authorize_addressees(const Actor& actor, const RecordRights& rights, const AddressRights& bodies);

/// What a body may do in another body's case that it was asked into; the pack says which of these each kind
/// of party has.
enum class CaseRight : std::uint8_t {
  view,        // that it is there, its head and steps
  timeline,    // what was done and noted
  files,       // attachments
  papers,      // papers made of it
  evidence,    // the list of what was taken in
  notices,     // being told of it
  export_out,  // taking it out for exchange
  note,        // adding notes and files
  act,         // the steps that name its role slot, taking evidence in
  ask,         // requests of its own about it
};
inline constexpr std::size_t kCaseRights = 10;
std::string_view to_string(CaseRight right);
std::optional<CaseRight> case_right_from(std::string_view text);
/// How a case is addressed to a party for one right.
std::string party_name(CaseRight right, std::string_view agency_id);
/// As authorize(actor, ..., Resource::incident), and besides the cases that name one of the actor's bodies as
/// a party with this right.
Scope authorize_case(const Actor& actor, CaseRight right);
/// The same without what the actor may do as a party.
Scope authorize_own_case(const Actor& actor, CaseRight right);

/// Whether it was granted for this kind.
bool covers_kind(const Delegation& delegation, std::string_view kind);
/// The person alone, who stands in for nobody.
Actor without_delegations(Actor actor);
/// The delegation without which the actor could not write this kind (a register's, "case", "attestation",
/// "attachment") in this agency; nullptr: by own right.
const Delegation* delegation_used(const Actor& actor, std::string_view kind, std::string_view agency_id);
/// The reason of a change with the delegation it was made under (typed words that look like one go), and
/// back: the record's id, or "".
std::string with_delegation(std::string_view reason, const Delegation* used);
std::string_view delegation_in(std::string_view reason);
std::string_view without_delegation(std::string_view reason);
/// Who sees the leader page, and of what: the province all of it, heads their own agencies, and whoever
/// stands for the provincial committee the whole province. The page holds counts and titles only.
Scope authorize_leader(const Actor& actor, bool holds_committee);

}  // namespace phendau
