// SPDX-License-Identifier: Apache-2.0
// What a move asks beyond who makes it and what is filled in (MoveRule, docs/packs.md, "Moves"): values of
// the record, and what other records say. Used by Records under its lock. Thread-safe: reads the ledger only.
#pragma once

#include <string>
#include <vector>

#include "hub/pack.h"
#include "hub/services.h"

namespace phendau::hub {

/// What other records must name to be looked at for this need; empty: there is none.
std::vector<Json> linked_values(const RecordNeed& need, const ledger::Record& record, const Json& doc);
/// Whether the other records say what the need asks. @param others those that name a linked value.
bool is_answered(const RecordNeed& need, const ledger::Record& record, const Json& doc,
                 const std::vector<const ledger::Record*>& others, comply::AgeClock& clock);

/// Whether the move is there for this record: false only when a field that is filled in says otherwise.
bool is_offered(const MoveRule& rule, const Json& doc, UtcTime now);
/// `doc` is what the record will say. `invalid` names the fields and what they must hold, or what another
/// record must say; one sentence.
Result<> check_rule(Services& services, const RegisterKind& kind, const workflow::StateMove& move,
                    const ledger::Record& record, const Json& doc);
/// For a change within a state: what the move into it asked of values still holds, if it held before.
Result<> check_kept(Services& services, const RegisterKind& kind, const ledger::Record& before,
                    const Json& doc);
/// Members `when`, `must`, `also`, `records` and `fills` of RegisterMove (openapi.yaml). With a record each
/// of `records` also says whether it is met.
void add_rule(Services& services, const RegisterKind& kind, const workflow::StateMove& move,
              const ledger::Record* record, Json& out);
/// Every field that the move may set: what it needs, what it asks about and what may be filled in besides.
std::vector<std::string> fields_of_move(const RegisterKind& kind, const workflow::StateMove& move);

}  // namespace phendau::hub
