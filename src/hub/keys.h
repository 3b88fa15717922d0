// SPDX-License-Identifier: Apache-2.0
// The hub's secrets in DATA/keys (0700): its certificate authority, its server certificate, the key that
// signs journal seals and orders, the key that encrypts secret fields. Made at init, needed at every start,
// never in backups.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "net/pki.h"
#include "os/env.h"

namespace phendau::hub {

struct Keys {
  net::KeyPair ca;
  net::KeyPair server;
  std::string journal_key;  // Ed25519 private key, 32 bytes
  std::string secret_key;   // AES-256 key of secret fields, 32 bytes
};

bool has_keys(Env& env, const std::string& data_dir);
/// Why the keys are not there: `denied` keys.unreadable (another account's folder), `corrupt` keys.gone (the
/// stores exist, so new keys would be wrong), else `not_found` hub.not_initialised.
Error explain_missing_keys(Env& env, const std::string& data_dir);
/// New keys; `conflict` if there are some.
Result<> create_keys(Env& env, const std::string& data_dir, const std::vector<std::string>& server_names);
/// `not_found` and `corrupt` say which file and what to do. A server certificate that runs out within 30
/// days, or that lacks one of `server_names`, is issued anew.
Result<Keys> load_keys(Env& env, const std::string& data_dir, const std::vector<std::string>& server_names);

}  // namespace phendau::hub
