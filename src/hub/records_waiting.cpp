// SPDX-License-Identifier: Apache-2.0
// Records::waiting(): what lies on somebody's desk, over all registers.
#include <algorithm>

#include "hub/records.h"

namespace phendau::hub {
namespace {

constexpr std::size_t kWaitingPerKind = 1'000;  // beyond that the queue is not the place to work it off

bool is_provincial(const Actor& actor) {
  return actor.role == Role::administrator || actor.role == Role::province_operator;
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

}  // namespace

Result<Json> Records::waiting(const Actor& actor, std::size_t limit) {
  const Pack& pack = services_.pack.pack();
  Json::Array items;
  for (const auto& kind : pack.registers) {
    if (!kind.is_kept_by_people() || !kind.lifecycle.has_moves()) continue;
    const auto names = all_names(actor, kind);
    if (!is_writer(kind, names)) continue;
    for (const auto& state : kind.lifecycle.waiting) {
      const Scope scope = record_scope(actor, Action::update, kind, state);
      if (scope.allows_nothing()) continue;
      Json moves = Json::array();
      for (const auto& move : kind.lifecycle.moves) {
        if (std::find(move.from.begin(), move.from.end(), state) == move.from.end()) continue;
        const bool mine = may_move(move, names) && !(is_provincial(actor) && decides_itself(move));
        if (mine) moves.push(move.title_vi);
      }
      if (moves.size() == 0) continue;
      ledger::Query query;
      query.kind = kind.spec.name;
      query.states = {state};
      query.order_by = "updated_at";
      query.descending = false;
      query.limit = kWaitingPerKind;
      const auto title = pack.state_titles.find(state);
      for (const auto& record : PHENDAU_TRY(services_.ledger.list(query, scope)).records) {
        items.push_back(
            Json::object({{"kind", kind.spec.name},
                          {"kind_title", kind.title.vi},
                          {"id", record.id},
                          {"title", title_of(kind, record.doc)},
                          {"agency_id", record.agency_id},
                          {"agency_name", agency_name(services_, record.agency_id)},
                          {"state_title", title == pack.state_titles.end() ? state : title->second.vi},
                          {"moves", moves},
                          {"since", format_rfc3339(record.updated_at)}}));
      }
    }
  }
  std::stable_sort(items.begin(), items.end(), [](const Json& a, const Json& b) {
    return a["since"].as_string() < b["since"].as_string();
  });
  const std::uint64_t total = items.size();
  if (items.size() > limit) items.resize(limit);
  return Json::object({{"items", Json::array(std::move(items))}, {"total", total}});
}

}  // namespace phendau::hub
