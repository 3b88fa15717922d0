// SPDX-License-Identifier: Apache-2.0
// What waits for whom among the records of registers, and fields that only the hub fills.
#include <algorithm>

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

std::vector<std::string> moves_from(const RegisterKind& kind, std::string_view state,
                                    const std::vector<std::string>& names,
                                    const std::function<bool(const workflow::StateMove&)>& wanted) {
  std::vector<std::string> out;
  for (const auto& move : kind.lifecycle.moves) {
    const bool from_here = std::find(move.from.begin(), move.from.end(), state) != move.from.end();
    if (from_here && may_move(move, names) && wanted(move)) out.push_back(move.title_vi);
  }
  return out;
}

}  // namespace

Result<std::vector<Records::Waiting>> Records::waiting_records(
    const Actor& actor, std::size_t per_kind_max,
    const std::function<bool(const workflow::StateMove&)>& wanted) {
  std::vector<Waiting> out;
  const Pack& pack = services_.pack.pack();
  const auto own = own_names(actor);
  for (const auto& kind : pack.registers) {
    if (!kind.is_kept_by_people() || !kind.lifecycle.has_moves()) continue;
    const auto names = all_names(actor, kind, own);
    if (!is_writer(kind, names)) continue;
    ledger::Query query;
    query.kind = kind.spec.name;
    for (const auto& state : kind.lifecycle.waiting) {
      if (!moves_from(kind, state, names, wanted).empty()) query.states.push_back(state);
    }
    query.descending = false;
    query.limit = per_kind_max;
    if (query.states.empty()) continue;
    const Scope scope = record_scope(actor, Action::update, kind, query.states.front());
    if (scope.allows_nothing()) continue;
    for (auto& record : PHENDAU_TRY(services_.ledger.list(query, scope)).records) {
      const auto here = actor.delegations.empty() ? names : names_for(actor, kind, record.agency_id, own);
      auto moves = moves_from(kind, record.state, here, wanted);
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
