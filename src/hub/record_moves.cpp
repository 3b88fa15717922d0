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

std::vector<std::string> states_waiting(const RegisterKind& kind, const std::vector<std::string>& names) {
  std::vector<std::string> out;
  for (const auto& state : kind.lifecycle.waiting) {
    const auto& moves = kind.lifecycle.moves;
    const bool any = std::any_of(moves.begin(), moves.end(), [&](const workflow::StateMove& move) {
      return std::find(move.from.begin(), move.from.end(), state) != move.from.end() && may_move(move, names);
    });
    if (any) out.push_back(state);
  }
  return out;
}

}  // namespace

Result<Json> Records::waiting_for(const Actor& actor) {
  std::vector<std::pair<UtcTime, Json>> found;
  for (const auto& kind : services_.pack.pack().registers) {
    if (!kind.is_kept_by_people() || !kind.lifecycle.has_moves()) continue;
    const auto names = all_names(actor, kind);
    if (!is_writer(kind, names)) continue;
    ledger::Query query;
    query.kind = kind.spec.name;
    query.states = states_waiting(kind, names);
    query.order_by = "updated_at";
    query.descending = false;
    query.limit = kWaitingPerKindMax;
    if (query.states.empty()) continue;
    const Scope scope = record_scope(actor, Action::update, kind, query.states.front());
    if (scope.allows_nothing()) continue;
    for (const auto& record : PHENDAU_TRY(services_.ledger.list(query, scope)).records) {
      const auto here = actor.delegations.empty() ? names : names_for(actor, kind, record.agency_id);
      Json moves = Json::array();
      for (const auto& move : kind.lifecycle.moves) {
        const bool from_here = std::find(move.from.begin(), move.from.end(), record.state) != move.from.end();
        if (from_here && may_move(move, here)) moves.push(move.title_vi);
      }
      if (moves.size() == 0) continue;
      const auto& titles = services_.pack.pack().state_titles;
      const auto title = titles.find(record.state);
      found.emplace_back(record.updated_at,
                         Json::object({{"register", kind.spec.name},
                                       {"register_title", kind.title.vi},
                                       {"id", record.id},
                                       {"name", name_of(kind, record.doc)},
                                       {"agency_id", record.agency_id},
                                       {"agency_name", agency_name(services_, record.agency_id)},
                                       {"state", title == titles.end() ? record.state : title->second.vi},
                                       {"moves", std::move(moves)},
                                       {"since", format_rfc3339(record.updated_at)}}));
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  Json out = Json::array();
  for (auto& [at, one] : found) {
    if (out.size() == kWaitingMax) break;
    out.push(std::move(one));
  }
  return out;
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
