// SPDX-License-Identifier: Apache-2.0
// What a pack and its imports offer to whoever writes clauses: names with titles, fields and types, for
// `phendau pack list` (docs/packs.md). Pure.
#pragma once

#include <optional>
#include <string_view>

#include "base/json.h"
#include "hub/pack.h"

namespace phendau::hub {

/// What can be listed: rules, registers, settings, facts, parameters, roles, scopes, workflows.
inline constexpr std::string_view kPackLists[] = {"rules",      "registers", "settings", "facts",
                                                  "parameters", "roles",     "scopes",   "workflows"};
/// A list of objects, each with `name`, `title` (vi, en) and what its kind has besides: fields as {name,
/// type, title}, states, moves, values. nullopt: no such list.
std::optional<Json> list_of(const Pack& pack, std::string_view what);

}  // namespace phendau::hub
