// SPDX-License-Identifier: Apache-2.0
// How somebody stands to a record (its agency's people, deputies, the body that it is addressed to), what
// waits for whom, and fields that only the hub fills.
#include <algorithm>

#include "base/text.h"
#include "hub/record_rules.h"
#include "hub/records.h"

namespace phendau::hub {
namespace {

/// What people call a record: the first member that every record of the kind has and that is a text.
std::string name_of(const RegisterKind& kind, const Json& doc) {
  for (const auto& field : kind.spec.schema["required"].items()) {
    const std::string& type = kind.spec.schema["properties"][field.as_string()]["type"].as_string();
    const Json& member = kind.spec.schema["properties"][field.as_string()];
    const bool is_name = type == "string" && !member.contains("enum") && !member.contains("format") &&
                         !member.contains("x-ref");
    if (is_name && !doc[field.as_string()].as_string().empty()) return doc[field.as_string()].as_string();
  }
  return kind.title.vi;
}

bool decides_itself(const workflow::StateMove& move) {
  const auto named = [&](std::string_view role) {
    return std::find(move.by.begin(), move.by.end(), role) != move.by.end();
  };
  return move.by.empty() || named("agency_head") || named("agency_officer");
}

/// What people would call the record: its first text that is not one of a few fixed words or a date.
std::string title_of(const RegisterKind& kind, const Json& doc) {
  for (const auto& [name, member] : kind.spec.schema["properties"].members()) {
    const bool is_word = member.contains("enum") || member.contains("format") || member.contains("x-ref");
    if (!is_word && doc[name].is_string() && !doc[name].as_string().empty()) return doc[name].as_string();
  }
  return kind.title.vi;
}

using Wanted = std::function<bool(const workflow::StateMove&)>;

/// Titles of the moves from this state that are wanted.
std::vector<std::string> moves_from(const RegisterKind& kind, std::string_view state, const Wanted& wanted) {
  std::vector<std::string> out;
  for (const auto& move : kind.lifecycle.moves) {
    const bool from_here = std::find(move.from.begin(), move.from.end(), state) != move.from.end();
    if (from_here && wanted(move)) out.push_back(move.title_vi);
  }
  return out;
}

/// Somebody who has nothing but this delegation.
Actor with_only(const Delegation& delegation) {
  Actor out;
  out.role = Role::staff;
  out.delegations = {delegation};
  return out;
}

bool gives(const Delegation& delegation, const RegisterKind& kind) {
  return authorize_record(with_only(delegation), Action::update, rights_of(kind, ""))
      .covers(delegation.agency_id);
}

}  // namespace

std::vector<std::string> Records::names_for(const Actor& actor, const RegisterKind& kind,
                                            std::string_view agency_id,
                                            const std::vector<std::string>& own) const {
  std::vector<std::string> out;
  for (const auto& one : actor.delegations) {
    if (one.agency_id == agency_id && gives(one, kind)) out.emplace_back(to_string(one.role));
  }
  const Scope scope = record_scope(services_, without_delegations(actor), Action::update, kind, "");
  if (!out.empty() && !scope.covers(agency_id)) return out;
  out.insert(out.end(), own.begin(), own.end());
  return out;
}

std::vector<std::string> Records::all_names(const Actor& actor, const RegisterKind& kind,
                                            std::vector<std::string> own) const {
  for (const auto& one : actor.delegations) {
    if (gives(one, kind)) own.emplace_back(to_string(one.role));
  }
  return own;
}

bool Records::Standing::may_make(const workflow::StateMove& move) const {
  return (may_update && may_move(move, names)) || (!move.by.empty() && may_move(move, names_as_addressee));
}

bool Records::Standing::only_as_addressee(const workflow::StateMove& move) const {
  return !may_update || !may_move(move, names);
}

Records::Standing Records::standing(const Actor& actor, const RegisterKind& kind,
                                    const ledger::Record& record, const std::vector<std::string>& own,
                                    const Scope& decide) const {
  Standing out;
  out.names = names_for(actor, kind, record.agency_id, own);
  out.may_update =
      record_scope(services_, actor, Action::update, kind, record.state).covers(record.agency_id) &&
      is_writer(kind, out.names);
  // Roles of the hub speak of the people of the record's own agency.
  if (!out.may_update) out.names.clear();
  out.names_as_addressee = hub::names_as_addressee(kind, record, decide);
  return out;
}

std::string Records::delegation_for(const Actor& actor, const RegisterKind& kind,
                                    const ledger::Record& record, const workflow::StateMove& move,
                                    const std::vector<std::string>& own) const {
  const Actor self = without_delegations(actor);
  const bool may_update =
      record_scope(services_, self, Action::update, kind, record.state).covers(record.agency_id);
  const auto as_addressee = [&](const Actor& who) {
    const Scope decide = record_scope(services_, who, Action::decide, kind, record.state);
    return !move.by.empty() && may_move(move, hub::names_as_addressee(kind, record, decide));
  };
  if ((may_update && may_move(move, own)) || as_addressee(self)) return {};
  for (const auto& one : actor.delegations) {
    const std::string place(to_string(one.role));
    const bool here = one.agency_id == record.agency_id && gives(one, kind) && may_move(move, {&place, 1});
    if (here || as_addressee(with_only(one))) return one.record_id;
  }
  return {};
}

Result<> Records::check_filled(const RegisterKind& kind, const workflow::StateMove& move,
                               const ledger::Record& record, const Json& patch) const {
  const auto open = fields_of_move(kind, move);
  for (const auto& [name, value] : patch.members()) {
    const bool allowed = std::any_of(open.begin(), open.end(), [&](const std::string& field) {
      return field == name || field.starts_with(name + ".");
    });
    if (allowed || record.doc[name] == value) continue;
    std::vector<std::string> titles;
    for (const auto& field : open)
      titles.push_back(kind.spec.schema["properties"][field]["title"].string_or(field));
    return fail(ErrorCode::denied, name + " is not the addressee's to fill in", "record.addressee_fields",
                {move.title_vi, join(titles, ", ")});
  }
  return {};
}

std::vector<std::string> Records::agencies_addressed(const RegisterKind& kind, std::string_view state,
                                                     const Json& doc) const {
  const auto addressees = ledger::addressees_of(kind.spec, state, doc);
  if (addressees.empty()) return {};
  return agencies_of(addressees, bodies_of_slots(services_).value_or(SlotHolders()));
}

Result<std::vector<Records::Waiting>> Records::waiting_records(
    const Actor& actor, std::size_t per_kind_max,
    const std::function<bool(const workflow::StateMove&)>& wanted) {
  std::vector<Waiting> out;
  const Pack& pack = services_.pack.pack();
  const auto own = own_names(actor);
  const UtcTime now = services_.env.now();
  for (const auto& kind : pack.registers) {
    if (!kind.is_kept_by_people() || !kind.lifecycle.has_moves()) continue;
    Standing at_best;  // to any record of the kind
    at_best.names = all_names(actor, kind, own);
    at_best.may_update = is_writer(kind, at_best.names);
    const Scope decide =
        kind.spec.addressees.empty() ? Scope() : record_scope(services_, actor, Action::decide, kind, "");
    for (const auto& body : decide.addressed) {
      if (at_best.names_as_addressee.empty()) at_best.names_as_addressee.emplace_back(workflow::kAddressee);
      if (body.starts_with(kSlotPrefix)) at_best.names_as_addressee.push_back(body);
    }
    ledger::Query query;
    query.kind = kind.spec.name;
    for (const auto& state : kind.lifecycle.waiting) {
      const auto could = [&](const auto& move) { return at_best.may_make(move) && wanted(move); };
      if (!moves_from(kind, state, could).empty()) query.states.push_back(state);
    }
    query.descending = false;
    query.limit = per_kind_max;
    if (query.states.empty()) continue;
    Scope scope = at_best.may_update
                      ? record_scope(services_, actor, Action::update, kind, query.states.front())
                      : Scope();
    scope.addressed = decide.addressed;
    if (scope.allows_nothing() && !scope.addressed.empty()) scope.reach = Scope::Reach::invited;
    if (scope.allows_nothing()) continue;
    for (auto& record : PHENDAU_TRY(services_.ledger.list(query, scope)).records) {
      const Standing here = standing(actor, kind, record, own, decide);
      auto moves = moves_from(kind, record.state, [&](const auto& move) {
        return here.may_make(move) && is_offered(kind.rule_of(move), record.doc, now) && wanted(move);
      });
      if (moves.empty()) continue;
      const auto title = pack.state_titles.find(record.state);
      std::string state = title == pack.state_titles.end() ? record.state : title->second.vi;
      out.push_back({&kind, std::move(record), std::move(state), texts_json(moves)});
    }
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.record.updated_at < b.record.updated_at; });
  return out;
}

Result<Json> Records::waiting_for(const Actor& actor) {
  Json out = Json::array();
  for (const auto& one :
       PHENDAU_TRY(waiting_records(actor, kWaitingPerKindMax, [](const auto&) { return true; }))) {
    if (out.size() == kWaitingMax) break;
    out.push(Json::object({{"register", one.kind->spec.name},
                           {"register_title", one.kind->title.vi},
                           {"id", one.record.id},
                           {"name", name_of(*one.kind, one.record.doc)},
                           {"agency_id", one.record.agency_id},
                           {"agency_name", agency_name(services_, one.record.agency_id)},
                           {"state", one.state_title},
                           {"moves", one.moves},
                           {"since", format_rfc3339(one.record.updated_at)}}));
  }
  return out;
}

Result<Json> Records::waiting(const Actor& actor, std::size_t limit) {
  const auto found = PHENDAU_TRY(waiting_records(actor, kQueuedPerKindMax, [&](const auto& move) {
    return !(is_provincial(actor) && decides_itself(move));
  }));
  Json items = Json::array();
  for (const auto& one : found) {
    if (items.size() == limit) break;
    items.push(Json::object({{"kind", one.kind->spec.name},
                             {"kind_title", one.kind->title.vi},
                             {"id", one.record.id},
                             {"title", title_of(*one.kind, one.record.doc)},
                             {"agency_id", one.record.agency_id},
                             {"agency_name", agency_name(services_, one.record.agency_id)},
                             {"state_title", one.state_title},
                             {"moves", one.moves},
                             {"since", format_rfc3339(one.record.updated_at)}}));
  }
  return Json::object({{"items", std::move(items)}, {"total", std::uint64_t{found.size()}}});
}

/// Nobody types what the hub counts. While the record is in its first state each writing counts anew.
Result<> Records::freeze(const RegisterKind& kind, std::string_view agency_id, std::string_view state,
                         const Json& patch, Json& doc) {
  if (kind.frozen_field.empty()) return {};
  if (patch.contains(kind.frozen_field)) {
    const Json& member = kind.spec.schema["properties"][kind.frozen_field];
    return fail(ErrorCode::denied, "the hub fills " + kind.frozen_field, "record.frozen",
                {member["title"].string_or(kind.frozen_field)});
  }
  if (state == kind.lifecycle.initial && figures) doc.set(kind.frozen_field, PHENDAU_TRY(figures(agency_id)));
  return {};
}

}  // namespace phendau::hub
