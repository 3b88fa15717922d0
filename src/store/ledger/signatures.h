// SPDX-License-Identifier: Apache-2.0
// What the ledger says about itself to somebody outside: its head, and the list of files of a backup, signed
// with the hub's Ed25519 key. Byte forms: docs/formats/ledger.md. Used by the hub and the command line;
// thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "os/env.h"
#include "store/ledger/ledger.h"

namespace phendau::ledger {

inline constexpr std::string_view kManifestSignatureName = "manifest.sig";

/// "At this time the chain ended so": whoever keeps it can prove later that the history was not rewritten.
struct SignedHead {
  Head head;
  UtcTime at;
  std::string public_key;  // 32 bytes
  std::string signature;
};
Result<SignedHead> sign_head(const Head& head, UtcTime at, std::string_view private_key);
Json to_json(const SignedHead& head);
/// `corrupt` (ledger.bad_signature) unless the signature holds by the key it names; `invalid` for another
/// form. Whose key that is, the caller judges.
Result<SignedHead> signed_head_from(const Json& json);

/// Writes manifest.sig into the folder of a finished backup.
Result<> sign_backup(Env& env, const std::string& folder, std::string_view private_key, UtcTime now);
/// The public key (32 bytes) that signed the backup's list of files; empty when nobody did. `corrupt` when
/// the signature does not hold.
Result<std::string> backup_signer(Env& env, const std::string& folder);

}  // namespace phendau::ledger
