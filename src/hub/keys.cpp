// SPDX-License-Identifier: Apache-2.0
#include "hub/keys.h"

#include <algorithm>

#include "base/hash.h"
#include "base/log.h"

namespace phendau::hub {
namespace {

constexpr int kCaDays = 3'650;
constexpr int kServerDays = 397;  // what browsers accept at most
constexpr std::size_t kKeyBytes = 32;

std::string folder_of(const std::string& data_dir) { return path_join(data_dir, "keys"); }

Result<> write_pair(Env& env, const std::string& folder, const std::string& name, const net::KeyPair& pair) {
  PHENDAU_TRY(write_file_atomic(env, path_join(folder, name + ".key.pem"), pair.key_pem));
  return write_file_atomic(env, path_join(folder, name + ".cert.pem"), pair.certificate_pem);
}

Result<std::string> read_key_file(Env& env, const std::string& folder, const std::string& name) {
  const std::string path = path_join(folder, name);
  auto bytes = read_file(env, path, 1u << 20);
  if (!bytes) {
    return fail(bytes.error().code, "key file: " + bytes.error().message, "keys.missing", {path});
  }
  return bytes;
}

Result<net::KeyPair> read_pair(Env& env, const std::string& folder, const std::string& name) {
  net::KeyPair pair;
  pair.key_pem = PHENDAU_TRY(read_key_file(env, folder, name + ".key.pem"));
  pair.certificate_pem = PHENDAU_TRY(read_key_file(env, folder, name + ".cert.pem"));
  if (!net::key_matches(pair)) {
    return fail(ErrorCode::corrupt, name + ": key and certificate do not belong together", "keys.corrupt",
                {path_join(folder, name + ".key.pem")});
  }
  return pair;
}

}  // namespace

bool has_keys(Env& env, const std::string& data_dir) {
  return env.exists(path_join(folder_of(data_dir), "secret.key"));
}

Error explain_missing_keys(Env& env, const std::string& data_dir) {
  for (const auto& folder : {data_dir, folder_of(data_dir)}) {
    const auto listed = env.list(folder);
    if (!listed && listed.error().code == ErrorCode::denied)
      return {ErrorCode::denied, listed.error().message, "keys.unreadable", {folder}};
  }
  for (const auto* store : {"journal", "ledger"}) {
    if (env.exists(path_join(data_dir, store)))
      return {ErrorCode::corrupt, folder_of(data_dir) + " is missing beside stores", "keys.gone", {data_dir}};
  }
  return {ErrorCode::not_found, data_dir + " is not set up", "hub.not_initialised", {data_dir}};
}

Result<> create_keys(Env& env, const std::string& data_dir, const std::vector<std::string>& server_names) {
  if (has_keys(env, data_dir)) return fail(ErrorCode::conflict, "keys exist in " + folder_of(data_dir));
  if (Error why = explain_missing_keys(env, data_dir); why.code != ErrorCode::not_found)
    return std::unexpected(std::move(why));
  const std::string folder = folder_of(data_dir);
  PHENDAU_TRY(env.make_dirs(folder, 0700));
  const net::KeyPair ca = PHENDAU_TRY(net::create_ca(env, "Phen Dau CA", kCaDays));
  const net::KeyPair server = PHENDAU_TRY(net::issue_server_certificate(env, ca, server_names, kServerDays));
  PHENDAU_TRY(write_pair(env, folder, "ca", ca));
  PHENDAU_TRY(write_pair(env, folder, "server", server));
  PHENDAU_TRY(write_file_atomic(env, path_join(folder, "journal.key"), env.random_bytes(kKeyBytes)));
  // Last: has_keys() looks for this one, so that an interrupted init starts over.
  return write_file_atomic(env, path_join(folder, "secret.key"), env.random_bytes(kKeyBytes));
}

Result<Keys> load_keys(Env& env, const std::string& data_dir, const std::vector<std::string>& server_names) {
  const std::string folder = folder_of(data_dir);
  Keys out;
  out.ca = PHENDAU_TRY(read_pair(env, folder, "ca"));
  out.server = PHENDAU_TRY(read_pair(env, folder, "server"));
  out.journal_key = PHENDAU_TRY(read_key_file(env, folder, "journal.key"));
  out.secret_key = PHENDAU_TRY(read_key_file(env, folder, "secret.key"));
  if (out.journal_key.size() != kKeyBytes || out.secret_key.size() != kKeyBytes) {
    return fail(ErrorCode::corrupt, "a key file has the wrong length", "keys.corrupt", {folder});
  }
  const auto facts = PHENDAU_TRY(net::parse_certificate(out.server.certificate_pem));
  const bool names_ok = std::all_of(server_names.begin(), server_names.end(), [&](const std::string& name) {
    return std::find(facts.names.begin(), facts.names.end(), name) != facts.names.end();
  });
  if (!names_ok || facts.not_after < env.now() + days(30)) {
    out.server = PHENDAU_TRY(net::issue_server_certificate(env, out.ca, server_names, kServerDays));
    PHENDAU_TRY(write_pair(env, folder, "server", out.server));
    PHENDAU_LOG(info, "server_certificate_issued", {"not_after_days", kServerDays});
  }
  return out;
}

}  // namespace phendau::hub
