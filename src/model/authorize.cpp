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
    case Resource::duty_roster:
      return action == Action::read ? Reach::everything : Reach::nothing;
    case Resource::device:
    case Resource::enrolment_token:
      return action == Action::administer || action == Action::remove ? Reach::nothing : Reach::agencies;
    default:
      return action == Action::administer || action == Action::remove ? Reach::nothing : Reach::agencies;
  }
}

Reach head_reach(Action action, Resource resource) {
  if (resource == Resource::attestation)
    return action == Action::administer || action == Action::remove ? Reach::nothing : Reach::agencies;
  // Decisions of the head are moves of records; what heads create is narrowed by kind (authorize_record); to
  // attest one is to acknowledge it for the own body.
  if (resource == Resource::record &&
      (action == Action::update || action == Action::create || action == Action::attest))
    return Reach::agencies;
  if (resource == Resource::attachment && action == Action::create) return Reach::agencies;  // of a decision
  // Of a case they do the steps that name them; workflow/run.h refuses the others.
  if (resource == Resource::incident && action == Action::update) return Reach::agencies;
  if (action != Action::read) return Reach::nothing;
  switch (resource) {
    case Resource::pack:
    case Resource::duty_roster:
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
  const bool is_open = resource == Resource::pack || resource == Resource::duty_roster;
  if (is_open && action == Action::read) return Reach::everything;
  // Of the own body; what it was asked into: authorize_case().
  if (resource == Resource::incident && action != Action::attest && writes) return Reach::agencies;
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

bool is_provincial(const Actor& actor) {
  return actor.role == Role::administrator || actor.role == Role::province_operator;
}

Actor without_delegations(Actor actor) {
  actor.delegations.clear();
  return actor;
}

bool covers_kind(const Delegation& delegation, std::string_view kind) {
  if (kind.empty() || kind == kDelegationKind) return false;
  const auto& kinds = delegation.kinds;
  return kinds.empty() || std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

bool Scope::covers(std::string_view agency_id) const {
  if (reach == Reach::everything) return true;
  return reach == Reach::agencies &&
         std::find(agency_ids.begin(), agency_ids.end(), agency_id) != agency_ids.end();
}

namespace {

/// By role and own agencies alone.
Scope own_scope(const Actor& actor, Action action, Resource resource) {
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
    if (!scope.agency_ids.empty() && (action == Action::read || action == Action::export_out)) {
      scope.agency_ids.insert(scope.agency_ids.end(), actor.past_agency_ids.begin(),
                              actor.past_agency_ids.end());
    }
    if (scope.agency_ids.empty()) scope.reach = partner_record ? Reach::invited : Reach::nothing;
  }
  const bool also_invited = partner_record && !scope.allows_nothing();
  if (scope.reach == Reach::invited || also_invited) scope.invited_id = actor.user_id;
  if (!actor.system) {
    scope.sealed_for = actor.agency_ids;
    scope.sealed_for->insert(scope.sealed_for->end(), actor.past_agency_ids.begin(),
                             actor.past_agency_ids.end());
  }
  return scope;
}

bool is_among(const std::vector<std::string>& list, std::string_view one) {
  return std::find(list.begin(), list.end(), one) != list.end();
}

/// What the actor's bodies are called by records that are sent to them. Who took an agency's place answers
/// what was sent to it.
std::vector<std::string> bodies_of(const Actor& actor, const RecordRights& rights) {
  std::vector<std::string> out = actor.agency_ids;
  if (out.empty()) return out;
  out.insert(out.end(), actor.past_agency_ids.begin(), actor.past_agency_ids.end());
  for (const auto& [agency, slot] : rights.holders) {
    const std::string name = std::string(kSlotPrefix) + slot;
    if (is_among(actor.agency_ids, agency) && !is_among(out, name)) out.push_back(name);
  }
  return out;
}

/// Whoever works with the records of an agency works with those that are sent to it.
bool acts_as_addressee(const Actor& actor, Action action, const RecordRights& rights) {
  if (!rights.addressed) return false;
  const auto reaches = [&](Action one) {
    return reach_of(actor.role, one, Resource::record) == Reach::agencies;
  };
  if (action == Action::decide) return !rights.final_state && reaches(Action::update);
  return (action == Action::read || action == Action::export_out) && reaches(action);
}

Scope own_record_scope(const Actor& actor, Action action, const RecordRights& rights) {
  Scope scope = own_scope(actor, action, Resource::record);
  if (scope.sealed_for) scope.sealed_for = bodies_of(actor, rights);
  if (acts_as_addressee(actor, action, rights)) scope.addressed = bodies_of(actor, rights);
  if (scope.allows_nothing() && !scope.addressed.empty()) {
    scope.reach = Reach::invited;
    return scope;
  }
  if (scope.allows_nothing()) {
    // Staff read what is meant for everybody, and nothing else.
    const bool reads_notice = rights.everyone_reads && action == Action::read && actor.role == Role::staff;
    if (reads_notice) scope.reach = Reach::everything;
    return scope;
  }
  if (action == Action::read && rights.everyone_reads)
    return Scope{Reach::everything, {}, {}, {}, scope.sealed_for};
  if (action == Action::update && rights.final_state && actor.role != Role::administrator) return {};
  if (action == Action::create && actor.role == Role::agency_head && !rights.head_writes) return {};
  return scope;
}

/// Whoever acts for an agency, as its own people would.
Actor in_place_of(const Actor& actor, const Delegation& delegation) {
  Actor out;
  out.user_id = actor.user_id;
  out.role = delegation.role;
  out.agency_ids = {delegation.agency_id};
  return out;
}

/// What a delegation of some kinds opens besides records. Files obey the record or case that they hang on.
bool covers_resource(const Delegation& delegation, Action action, Resource resource) {
  switch (resource) {
    case Resource::record:
      return true;
    case Resource::agency:
      return action == Action::read;
    case Resource::incident:
      return covers_kind(delegation, "case");
    case Resource::attestation:
      return covers_kind(delegation, "attestation");
    case Resource::obligation:
      return action == Action::read && covers_kind(delegation, "attestation");
    case Resource::attachment:
      return delegation.kinds.empty();
    default:
      return false;
  }
}

/// Bodies from outside and machines act for nobody else.
bool may_hold_delegations(const Actor& actor) {
  return actor.role != Role::partner && actor.role != Role::device;
}

void add_all(std::vector<std::string>& list, const std::vector<std::string>& more) {
  for (const auto& one : more) {
    if (!is_among(list, one)) list.push_back(one);
  }
}

void widen(Scope& scope, const Scope& more) {
  if (scope.sealed_for && more.sealed_for && !more.allows_nothing())
    add_all(*scope.sealed_for, *more.sealed_for);
  if (scope.reach == Reach::everything || more.reach == Reach::everything) return;
  add_all(scope.addressed, more.addressed);
  if (scope.reach == Reach::nothing && !scope.addressed.empty()) scope.reach = Reach::invited;
  if (more.reach != Reach::agencies) return;
  scope.reach = Reach::agencies;
  for (const auto& id : more.agency_ids) {
    if (!scope.covers(id)) scope.agency_ids.push_back(id);
  }
}

}  // namespace

Scope authorize(const Actor& actor, Action action, Resource resource) {
  Scope scope = own_scope(actor, action, resource);
  for (const auto& one : actor.delegations) {
    if (may_hold_delegations(actor) && covers_resource(one, action, resource))
      widen(scope, own_scope(in_place_of(actor, one), action, resource));
  }
  return scope;
}

Scope authorize_record(const Actor& actor, Action action, const RecordRights& rights) {
  Scope scope = own_record_scope(actor, action, rights);
  for (const auto& one : actor.delegations) {
    if (may_hold_delegations(actor) && covers_kind(one, rights.kind))
      widen(scope, own_record_scope(in_place_of(actor, one), action, rights));
  }
  return scope;
}

Scope authorize_addressees(const Actor& actor, const RecordRights& rights, const AddressRights& bodies) {
  Scope scope = authorize_record(actor, Action::update, rights);
  if (scope.reach == Reach::invited) return {};
  if (scope.reach != Reach::agencies) return scope;
  const bool holds = std::any_of(actor.agency_ids.begin(), actor.agency_ids.end(),
                                 [&](const std::string& own) { return is_among(bodies.holders, own); });
  if (holds) scope.reach = Reach::everything;
  add_all(scope.agency_ids, bodies.holders);
  add_all(scope.agency_ids, bodies.related);
  return scope;
}

namespace {

constexpr std::string_view kCaseRightNames[] = {"view",    "timeline", "files", "papers", "evidence",
                                                "notices", "export",   "note",  "act",    "ask"};
static_assert(std::size(kCaseRightNames) == kCaseRights);

Action action_of(CaseRight right) {
  switch (right) {
    case CaseRight::export_out:
      return Action::export_out;
    case CaseRight::note:
    case CaseRight::act:
    case CaseRight::ask:
      return Action::update;
    default:
      return Action::read;
  }
}

/// Whoever does this with the cases of the own body does it for the body in those that it was asked into.
std::vector<std::string> as_parties(const Actor& actor, CaseRight right) {
  std::vector<std::string> out;
  if (is_provincial(actor) || reach_of(actor.role, action_of(right), Resource::incident) != Reach::agencies)
    return out;
  for (const auto* list : {&actor.agency_ids, &actor.past_agency_ids}) {
    if (actor.agency_ids.empty()) break;
    for (const auto& agency : *list) out.push_back(party_name(right, agency));
  }
  return out;
}

}  // namespace

std::string_view to_string(CaseRight right) { return kCaseRightNames[static_cast<std::size_t>(right)]; }

std::optional<CaseRight> case_right_from(std::string_view text) {
  for (std::size_t i = 0; i < kCaseRights; ++i) {
    if (kCaseRightNames[i] == text) return static_cast<CaseRight>(i);
  }
  return std::nullopt;
}

std::string party_name(CaseRight right, std::string_view agency_id) {
  return std::string(to_string(right)) + ":" + std::string(agency_id);
}

Scope authorize_own_case(const Actor& actor, CaseRight right) {
  return authorize(actor, action_of(right), Resource::incident);
}

Scope authorize_case(const Actor& actor, CaseRight right) {
  Scope scope = authorize_own_case(actor, right);
  Scope party;
  party.addressed = as_parties(actor, right);
  widen(scope, party);
  for (const auto& one : actor.delegations) {
    if (!may_hold_delegations(actor) || !covers_resource(one, action_of(right), Resource::incident)) continue;
    party.addressed = as_parties(in_place_of(actor, one), right);
    widen(scope, party);
  }
  return scope;
}

Scope authorize_leader(const Actor& actor, bool holds_committee) {
  const bool leads = actor.role == Role::agency_head || actor.role == Role::partner;
  if (leads && holds_committee) return Scope{Reach::everything, {}, {}, {}, std::vector<std::string>{}};
  const bool reads = actor.role == Role::administrator || actor.role == Role::province_operator ||
                     actor.role == Role::agency_head;
  return reads ? authorize(actor, Action::read, Resource::obligation) : Scope{};
}

const Delegation* delegation_used(const Actor& actor, std::string_view kind, std::string_view agency_id) {
  const Resource resource = kind == "case"          ? Resource::incident
                            : kind == "attestation" ? Resource::attestation
                            : kind == "attachment"  ? Resource::attachment
                                                    : Resource::record;
  const Action action = resource == Resource::attestation  ? Action::attest
                        : resource == Resource::attachment ? Action::create
                                                           : Action::update;
  const Scope own = own_scope(actor, action, resource);
  for (const auto& one : actor.delegations) {
    if (!actor.acting_under.empty() && one.record_id == actor.acting_under) return &one;
  }
  if (own.covers(agency_id)) return nullptr;
  for (const auto& one : actor.delegations) {
    // A file comes with the record or case, which the delegation was asked for.
    const bool covered = resource == Resource::attachment || covers_kind(one, kind);
    if (covered && one.agency_id == agency_id) return &one;
  }
  return nullptr;
}

namespace {
constexpr std::string_view kUnder = " (delegation/";
}

std::string_view delegation_in(std::string_view reason) {
  const std::size_t at = reason.rfind(kUnder);
  if (at == std::string_view::npos || !reason.ends_with(')')) return {};
  const std::size_t begin = at + kUnder.size();
  return reason.substr(begin, reason.size() - 1 - begin);
}

std::string_view without_delegation(std::string_view reason) {
  return delegation_in(reason).empty() ? reason : reason.substr(0, reason.rfind(kUnder));
}

std::string with_delegation(std::string_view reason, const Delegation* used) {
  std::string out(without_delegation(reason));
  if (used != nullptr) out += std::string(kUnder) + used->record_id + ")";
  return out;
}

}  // namespace phendau
