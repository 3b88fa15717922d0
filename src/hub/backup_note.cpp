// SPDX-License-Identifier: Apache-2.0
#include "hub/backup_note.h"

#include "base/json.h"
#include "base/text.h"

namespace phendau::hub {
namespace {
constexpr std::uint64_t kNoteBytesMax = 4u << 10;
}

std::string backup_note_path(const std::string& data_dir) { return path_join(data_dir, "last_backup.json"); }

Result<> note_backup(Env& env, const std::string& data_dir, const ledger::Backup& verified, UtcTime now) {
  const Json note = Json::object({{"made_at", format_rfc3339(verified.made_at)},
                                  {"verified_at", format_rfc3339(now)},
                                  {"ledger_changes", verified.head.seq},
                                  {"files", verified.files},
                                  {"bytes", verified.bytes}});
  return write_file_atomic(env, backup_note_path(data_dir), note.dump() + "\n");
}

std::optional<UtcTime> noted_backup(Env& env, const std::string& data_dir) {
  const auto text = read_file(env, backup_note_path(data_dir), kNoteBytesMax);
  if (!text) return std::nullopt;
  const auto note = parse_json(*text);
  if (!note) return std::nullopt;
  const auto made_at = parse_rfc3339((*note)["made_at"].as_string());
  return made_at ? std::optional<UtcTime>(*made_at) : std::nullopt;
}

}  // namespace phendau::hub
