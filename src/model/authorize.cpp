// SPDX-License-Identifier: Apache-2.0
// The truth table. A cell says how far an actor's reach goes; what is not listed is `nothing`.
#include "model/authorize.h"

#include <algorithm>

namespace phendau {
namespace {

constexpr std::string_view kRoleNames[] = {
    "administrator", "province_operator", "agency_officer", "agency_head", "partner", "staff", "device"};
using Reach = Scope::Reach;

Reach administrator_reach(Action, Resource) { return Reach::everything; }

Reach operator_reach(Action action, Resource resource) {
  switch (resource) {
    case Resource::user:
    case Resource::setting:
      return action == Action::read ? Reach::everything : Reach::nothing;
    case Resource::pack:
      return action == Action::read || action == Action::export_out ? Reach::everything : Reach::nothing;
    default:
      return action == Action::administer ? Reach::nothing : Reach::everything;
  }
}

Reach officer_reach(Action action, Resource resource) {
  switch (resource) {
    case Resource::pack:
    case Resource::rule:
      return action == Action::read ? Reach::everything : Reach::nothing;
    case Resource::user:
    case Resource::setting:
    case Resource::storage:
    case Resource::ledger_history:
      return Reach::nothing;
    case Resource::device:
    case Resource::enrolment_token:
      return action == Action::administer || action == Action::remove ? Reach::nothing : Reach::agencies;
    default:
      return action == Action::administer || action == Action::remove ? Reach::nothing : Reach::agencies;
  }
}

Reach head_reach(Action action, Resource resource) {
  if (resource == Resource::attestation) return Reach::agencies;
  // Decisions of the head are moves of records; to attest one is to acknowledge it for the own body.
  if (resource == Resource::record && (action == Action::update || action == Action::attest))
    return Reach::agencies;
  if (action != Action::read) return Reach::nothing;
  switch (resource) {
    case Resource::pack:
      return Reach::everything;
    case Resource::alert:
    case Resource::incident:
    case Resource::device:
    case Resource::obligation:
    case Resource::agency:
    case Resource::record:
    case Resource::attachment:
    case Resource::fact:
      return Reach::agencies;
    default:
      return Reach::nothing;
  }
}

Reach partner_reach(Action action, Resource resource) {
  // What they opened themselves belongs to their own body; what they were asked into names them.
  const bool writes = action == Action::read || action == Action::create || action == Action::update ||
                      action == Action::export_out || action == Action::attest;
  if (resource == Resource::record && writes) return Reach::agencies;
  if (resource == Resource::attachment && (action == Action::read || action == Action::create))
    return Reach::agencies;
  if (resource == Resource::attestation || resource == Resource::obligation) {
    return action == Action::read || action == Action::create || action == Action::attest ? Reach::agencies
                                                                                          : Reach::nothing;
  }
  if (resource == Resource::agency && action == Action::read) return Reach::agencies;
  if (resource == Resource::pack && action == Action::read) return Reach::everything;
  if (resource == Resource::incident && (action == Action::read || action == Action::update))
    return Reach::invited;
  return Reach::nothing;
}

Reach staff_reach(Action action, Resource resource) {
  if (resource == Resource::incident && action == Action::create) return Reach::agencies;
  if (resource == Resource::record && action == Action::attest) return Reach::agencies;  // "I have read it"
  if (resource == Resource::pack && action == Action::read) return Reach::everything;
  return Reach::nothing;
}

Reach device_reach(Action action, Resource resource) {
  const bool writes = action == Action::create && (resource == Resource::event || resource == Resource::fact);
  return writes ? Reach::agencies : Reach::nothing;
}

Reach reach_of(Role role, Action action, Resource resource) {
  switch (role) {
    case Role::administrator:
      return administrator_reach(action, resource);
    case Role::province_operator:
      return operator_reach(action, resource);
    case Role::agency_officer:
      return officer_reach(action, resource);
    case Role::agency_head:
      return head_reach(action, resource);
    case Role::partner:
      return partner_reach(action, resource);
    case Role::staff:
      return staff_reach(action, resource);
    case Role::device:
      return device_reach(action, resource);
  }
  return Reach::nothing;
}

}  // namespace

std::string_view to_string(Role role) { return kRoleNames[static_cast<std::size_t>(role)]; }

std::optional<Role> role_from(std::string_view text) {
  for (std::size_t i = 0; i < std::size(kRoleNames); ++i) {
    if (kRoleNames[i] == text) return static_cast<Role>(i);
  }
  return std::nullopt;
}

Actor system_actor() {
  Actor actor;
  actor.user_id = "system";
  actor.name = "system";
  actor.role = Role::administrator;
  actor.system = true;
  return actor;
}

bool Scope::covers(std::string_view agency_id) const {
  if (reach == Reach::everything) return true;
  return reach == Reach::agencies &&
         std::find(agency_ids.begin(), agency_ids.end(), agency_id) != agency_ids.end();
}

Scope authorize(const Actor& actor, Action action, Resource resource) {
  Scope scope;
  // Everybody who can sign in may read and change the own account.
  if (resource == Resource::own_account && actor.role != Role::device) {
    scope.reach = Reach::everything;
    return scope;
  }
  scope.reach = reach_of(actor.role, action, resource);
  const bool partner_record =
      actor.role == Role::partner && (resource == Resource::record || resource == Resource::attachment);
  if (scope.reach == Reach::agencies) {
    scope.agency_ids = actor.agency_ids;
    if (scope.agency_ids.empty()) scope.reach = partner_record ? Reach::invited : Reach::nothing;
  }
  if (scope.reach == Reach::invited || partner_record) scope.invited_id = actor.user_id;
  return scope;
}

Scope authorize_leader(const Actor& actor, bool holds_committee) {
  const bool leads = actor.role == Role::agency_head || actor.role == Role::partner;
  if (leads && holds_committee) return Scope{Reach::everything, {}, {}};
  const bool reads = actor.role == Role::administrator || actor.role == Role::province_operator ||
                     actor.role == Role::agency_head;
  return reads ? authorize(actor, Action::read, Resource::obligation) : Scope{};
}

Scope authorize_record(const Actor& actor, Action action, const RecordRights& rights) {
  Scope scope = authorize(actor, action, Resource::record);
  if (scope.allows_nothing()) {
    // Staff read what is meant for everybody, and nothing else.
    const bool reads_notice = rights.everyone_reads && action == Action::read && actor.role == Role::staff;
    if (reads_notice) scope.reach = Reach::everything;
    return scope;
  }
  if (action == Action::read && rights.everyone_reads) return Scope{Reach::everything, {}, {}};
  if (action == Action::update && rights.final_state && actor.role != Role::administrator) return {};
  return scope;
}

}  // namespace phendau
