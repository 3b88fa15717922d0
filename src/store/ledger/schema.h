// SPDX-License-Identifier: Apache-2.0
// The tables of ledger.db and the steps from one version of them to the next. Called when a ledger is opened.
#pragma once

#include "store/ledger/sqlite_db.h"

namespace phendau::ledger {

inline constexpr std::int64_t kSchemaVersion = 3;
inline constexpr std::int64_t kApplicationId =
    0x50446c31;  // "PDl1": what `file` and we recognise a ledger by

/// Makes the tables in an empty file, or upgrades an older one, each step in one transaction. `invalid` with
/// text ledger.newer_version, or ledger.not_a_ledger. @param may_write false: an older version is refused,
/// too.
/// @return whether an older file was upgraded: what is derived from its documents must be made again.
Result<bool> prepare_schema(Database& db, bool may_write);
/// For a file to be read only, of any version up to ours; else as above. `corrupt`
/// ledger.foreign_schema when the file holds a trigger, view, table or index that is not ours: a file from
/// elsewhere must not act by itself.
Result<> check_schema(Database& db);

}  // namespace phendau::ledger
