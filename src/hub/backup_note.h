// SPDX-License-Identifier: Apache-2.0
// What `admin backup` leaves in the data folder: when the newest backup was made that was read back and
// verified. A file, because the command runs beside the hub, which owns the ledger. Holds no secret.
#pragma once

#include <optional>
#include <string>

#include "store/ledger/ledger.h"

namespace phendau::hub {

std::string backup_note_path(const std::string& data_dir);
Result<> note_backup(Env& env, const std::string& data_dir, const ledger::Backup& verified, UtcTime now);
/// When the noted backup was made; nullopt: none is known.
std::optional<UtcTime> noted_backup(Env& env, const std::string& data_dir);

}  // namespace phendau::hub
