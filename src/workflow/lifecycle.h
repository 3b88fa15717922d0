// SPDX-License-Identifier: Apache-2.0
// The states of a kind of record and the moves between them, as a pack declares them: who may make a move and
// what must be filled in or attached before. The small form of a workflow, for registers whose process is one
// decision after the other. Made by hub/pack from registers/*.yaml, asked by hub/records. Pure; thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace phendau::workflow {

/// In `by`: the people of the body that the record is addressed to.
inline constexpr std::string_view kAddressee = "addressee";

struct StateMove {
  std::vector<std::string> from;
  std::string to;
  std::string title_vi;
  std::string title_en;
  std::vector<std::string> by;     // hub roles, "role:SLOT", kAddressee; empty: who may update the record
  std::vector<std::string> needs;  // dotted members of the document that must not be empty
  bool attachment = false;         // at least one file must be attached
  std::vector<std::string> fills = {};  // what may be filled in besides
};

struct Lifecycle {
  std::vector<std::string> states;
  std::string initial;               // of a new record; empty: the first state, or none
  std::vector<std::string> live;     // states in which a record counts: duties, uniqueness, subjects
  std::vector<StateMove> moves;      // empty: any state may follow any
  std::vector<std::string> waiting;  // states in which somebody has to make the next move

  bool has_moves() const { return !moves.empty(); }
  /// States that no move leaves: what is decided stays as it is.
  bool is_final(std::string_view state) const;
  /// A kind without states has live records only.
  bool is_live(std::string_view state) const;
  const StateMove* find(std::string_view from, std::string_view to) const;
};

/// The names that an actor goes by: its hub role, "role:SLOT" for each slot its agencies are bound to,
/// kAddressee.
bool may_move(const StateMove& move, std::span<const std::string> names);
/// `conflict` (no such move from here), `denied` (not for these names), `invalid` (what is missing, by the
/// titles of the schema); nothing else.
Result<const StateMove*> check_move(const Lifecycle& lifecycle, std::string_view from, std::string_view to,
                                    const Json& schema, const Json& document, bool has_attachment,
                                    std::span<const std::string> names);

}  // namespace phendau::workflow
