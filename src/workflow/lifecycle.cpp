// SPDX-License-Identifier: Apache-2.0
#include "workflow/lifecycle.h"

#include <algorithm>

#include "base/text.h"

namespace phendau::workflow {
namespace {

bool contains(std::span<const std::string> list, std::string_view one) {
  return std::find(list.begin(), list.end(), one) != list.end();
}

bool is_empty(const Json& value) {
  return value.is_null() || (value.is_string() && trim(value.as_string()).empty()) ||
         ((value.is_array() || value.is_object()) && value.size() == 0);
}

/// What people call a member: the title in the schema, else its own name.
std::string title_of(const Json& schema, const std::string& member) {
  const Json* at = &schema;
  for (const auto name : split(member, '.')) at = &(*at)["properties"][name];
  return (*at)["title"].string_or(member);
}

}  // namespace

bool Lifecycle::is_final(std::string_view state) const {
  return has_moves() && std::none_of(moves.begin(), moves.end(),
                                     [&](const StateMove& move) { return contains(move.from, state); });
}

bool Lifecycle::is_live(std::string_view state) const { return states.empty() || contains(live, state); }

const StateMove* Lifecycle::find(std::string_view from, std::string_view to) const {
  for (const auto& move : moves) {
    if (move.to == to && contains(move.from, from)) return &move;
  }
  return nullptr;
}

bool may_move(const StateMove& move, std::span<const std::string> names) {
  return move.by.empty() ||
         std::any_of(names.begin(), names.end(), [&](const auto& name) { return contains(move.by, name); });
}

Result<const StateMove*> check_move(const Lifecycle& lifecycle, std::string_view from, std::string_view to,
                                    const Json& schema, const Json& document, bool has_attachment,
                                    std::span<const std::string> names) {
  const StateMove* move = lifecycle.find(from, to);
  if (move == nullptr) {
    return fail(ErrorCode::conflict, "no move leads from this state to that one", "record.no_move",
                {std::string(from), std::string(to)});
  }
  if (!may_move(*move, names)) {
    return fail(ErrorCode::denied, "this move is for others", "record.move_denied", {move->title_vi});
  }
  std::vector<std::string> missing;
  for (const auto& member : move->needs) {
    if (is_empty(document.at_path(member))) missing.push_back(title_of(schema, member));
  }
  if (!missing.empty()) {
    const std::string list = join(missing, ", ");
    return fail(ErrorCode::invalid, "members are missing: " + list, "record.needs", {move->title_vi, list});
  }
  if (move->attachment && !has_attachment) {
    return fail(ErrorCode::invalid, "a file is missing", "record.needs_file", {move->title_vi});
  }
  return move;
}

}  // namespace phendau::workflow
