// SPDX-License-Identifier: Apache-2.0
// Who may do what: the one function that every use case of the hub asks. Pure; thread-safe.
// The answer is a Scope that the caller must push into its ledger and journal queries; there is no yes/no
// form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
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

struct Actor {
  std::string user_id;  // user or device id; "system" for the hub itself
  std::string name;
  Role role = Role::staff;
  std::vector<std::string> agency_ids;
  std::string from;     // address the request came from
  bool system = false;  // the hub's own work: detection, clocks
};
Actor system_actor();

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
  storage,  // journal and ledger health
};

/// `everything`, or only rows owned by these agencies, or only records that name the actor (invited), or
/// nothing.
struct Scope {
  enum class Reach : std::uint8_t { nothing, invited, agencies, everything } reach = Reach::nothing;
  std::vector<std::string> agency_ids;
  std::string invited_id;  // reach invited; reach agencies: besides the agencies, if not empty

  bool allows_nothing() const { return reach == Reach::nothing; }
  bool covers(std::string_view agency_id) const;
};

Scope authorize(const Actor& actor, Action action, Resource resource);

/// What the rights to a register's record depend on besides the actor; from the pack.
struct RecordRights {
  bool everyone_reads = false;  // warnings, guidance: whoever reads records at all reads these
  bool final_state = false;     // decided: only an administrator corrects it
};
/// As authorize(actor, action, Resource::record), narrowed or widened by kind and state.
Scope authorize_record(const Actor& actor, Action action, const RecordRights& rights);

/// Who sees the leader page, and of what: the province all of it, heads their own agencies, and whoever
/// stands for the provincial committee the whole province. The page holds counts and titles only.
Scope authorize_leader(const Actor& actor, bool holds_committee);

}  // namespace phendau
