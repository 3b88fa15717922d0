// SPDX-License-Identifier: Apache-2.0
// What the agent keeps in its data folder: agent.json (settings, by the administrator or the hub),
// identity.json (who it is, with its key), state.json (what it must remember of its hub); and enrolment,
// which makes the identity. Each file is replaced atomically. Plain functions; one process per data folder
// (the spool's lock).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/spool.h"
#include "agent/transport.h"
#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "os/env.h"
#include "wire/messages.h"

namespace phendau::agent {

inline constexpr std::size_t kFilesMax = 64;                     // tailed files
inline constexpr std::uint64_t kMemoryBytesDefault = 96u << 20;  // resident; about twice a busy agent

struct TailedFile {
  std::string path;
  wire::RecordFormat format = wire::RecordFormat::syslog;
};
enum class JournalUse : std::uint8_t { automatic, always, never };

struct Config {
  std::vector<TailedFile> files;
  /// automatic: the journal if there is one, else the usual files of syslog.
  JournalUse journald = JournalUse::automatic;
  std::string journald_folder;  // "": the journal of this machine
  std::uint64_t spool_bytes_max = kSpoolBytesDefault;
  std::uint64_t memory_bytes_max = kMemoryBytesDefault;
  Duration heartbeat_every = seconds(60);
  Duration facts_every = hours(6);  // a quarter of their validity: three uploads may fail
};
/// `invalid` names the member; unknown members are errors, because a typing error must not pass for a
/// setting.
Result<Config> parse_config(const Json& json);
Json to_json(const Config& config);
/// Defaults if there is no file.
Result<Config> load_config(Env& env, const std::string& data_folder);
/// Merges the hub's changes into agent.json and returns the result; nothing is written if it would be
/// invalid.
Result<Config> change_config(Env& env, const std::string& data_folder, const Json& changes);

struct Identity {
  std::string host;
  std::uint16_t port = 0;
  std::string device_id;
  std::string agency;
  std::string certificate_pem;
  std::string key_pem;
  std::string ca_pem;
  std::string order_key;  // raw Ed25519 public key
};
/// `not_found` when the machine is not enrolled.
Result<Identity> load_identity(Env& env, const std::string& data_folder);
Result<> save_identity(Env& env, const std::string& data_folder, const Identity& identity);
Connection connection_of(const Identity& identity);

/// Makes a key, asks the hub to sign it and stores the identity. The key never leaves the machine. `conflict`
/// if the folder already holds an identity and `again` is false. `denied` when the server is not the token's
/// hub.
Result<Identity> enrol(Env& env, const std::string& data_folder, std::string_view token,
                       const Connector& connect, std::string_view hostname, bool again = false);
/// New key, new certificate, same device.
Result<Identity> renew(Env& env, const std::string& data_folder, const Identity& identity,
                       Transport& transport);

struct RememberedState {
  std::optional<wire::JournalHead> journal_head;
};
RememberedState load_state(Env& env, const std::string& data_folder);
Result<> save_state(Env& env, const std::string& data_folder, const RememberedState& state);

}  // namespace phendau::agent
