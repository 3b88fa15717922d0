// SPDX-License-Identifier: Apache-2.0
#include "store/ledger/signatures.h"

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"

namespace phendau::ledger {
namespace {

constexpr std::string_view kHeadFormat = "phendau-ledger-head/1";
constexpr std::string_view kBackupFormat = "phendau-backup-signature/1";
constexpr std::size_t kManifestBytesMax = 1u << 30;
constexpr std::size_t kSignatureBytesMax = 4'096;

std::string number_bytes(std::uint64_t number) {
  std::string out;
  for (int i = 0; i < 8; ++i) out += static_cast<char>(number >> (8 * i) & 0xFF);
  return out;
}

std::string head_bytes(const Head& head, UtcTime at) {
  return "phendau.ledger.head.1\n" + number_bytes(head.seq) +
         number_bytes(static_cast<std::uint64_t>(at.ns)) + std::string(as_bytes(head.hash));
}

std::string backup_bytes(std::string_view manifest, UtcTime at) {
  return "phendau.backup.1\n" + number_bytes(static_cast<std::uint64_t>(at.ns)) +
         std::string(as_bytes(sha256(manifest)));
}

std::unexpected<Error> broken(const std::string& what) {
  return fail(ErrorCode::corrupt, what + ": the signature does not hold", "ledger.bad_signature", {what});
}

struct Signed {
  UtcTime at;
  std::string public_key;
  std::string signature;
};
Result<Signed> signed_from(const Json& json, std::string_view format) {
  const auto at = parse_rfc3339(json["at"].as_string());
  const auto key = from_hex(json["public_key"].as_string());
  const auto signature = from_hex(json["signature"].as_string());
  if (json["format"].as_string() != format || !at || !key || key->size() != 32 || !signature)
    return fail(ErrorCode::invalid, "not of format " + std::string(format), "ledger.not_signed_form",
                {std::string(format)});
  return Signed{*at, *key, *signature};
}

}  // namespace

Result<SignedHead> sign_head(const Head& head, UtcTime at, std::string_view private_key) {
  SignedHead out{head, at, PHENDAU_TRY(ed25519_public_key(private_key)), {}};
  out.signature = PHENDAU_TRY(ed25519_sign(private_key, head_bytes(head, at)));
  return out;
}

Json to_json(const SignedHead& head) {
  return Json::object({{"format", kHeadFormat},
                       {"seq", head.head.seq},
                       {"hash", to_hex(head.head.hash)},
                       {"at", format_rfc3339(head.at)},
                       {"public_key", to_hex(std::string_view(head.public_key))},
                       {"signature", to_hex(std::string_view(head.signature))}});
}

Result<SignedHead> signed_head_from(const Json& json) {
  const Signed read = PHENDAU_TRY(signed_from(json, kHeadFormat));
  const auto hash = from_hex(json["hash"].as_string());
  SignedHead out{
      {static_cast<std::uint64_t>(json["seq"].as_int()), {}}, read.at, read.public_key, read.signature};
  if (!hash || hash->size() != out.head.hash.size() || json["seq"].as_int(-1) < 0)
    return fail(ErrorCode::invalid, "no head in it", "ledger.not_signed_form", {std::string(kHeadFormat)});
  std::copy(hash->begin(), hash->end(), reinterpret_cast<char*>(out.head.hash.data()));
  if (!ed25519_verify(out.public_key, head_bytes(out.head, out.at), out.signature))
    return broken("head " + std::to_string(out.head.seq));
  return out;
}

Result<> sign_backup(Env& env, const std::string& folder, std::string_view private_key, UtcTime now) {
  const std::string manifest =
      PHENDAU_TRY(read_file(env, path_join(folder, "manifest.json"), kManifestBytesMax));
  const std::string key = PHENDAU_TRY(ed25519_public_key(private_key));
  const std::string signature = PHENDAU_TRY(ed25519_sign(private_key, backup_bytes(manifest, now)));
  const Json json = Json::object({{"format", kBackupFormat},
                                  {"at", format_rfc3339(now)},
                                  {"public_key", to_hex(std::string_view(key))},
                                  {"signature", to_hex(std::string_view(signature))}});
  return write_file_atomic(env, path_join(folder, kManifestSignatureName), json.dump_pretty());
}

Result<std::string> backup_signer(Env& env, const std::string& folder) {
  const std::string path = path_join(folder, kManifestSignatureName);
  if (!env.exists(path)) return std::string();
  const auto json = parse_json(PHENDAU_TRY(read_file(env, path, kSignatureBytesMax)));
  const auto read = json ? signed_from(*json, kBackupFormat) : Result<Signed>(std::unexpected(json.error()));
  if (!read) return broken(path);
  const std::string manifest =
      PHENDAU_TRY(read_file(env, path_join(folder, "manifest.json"), kManifestBytesMax));
  if (!ed25519_verify(read->public_key, backup_bytes(manifest, read->at), read->signature))
    return broken(path);
  return read->public_key;
}

}  // namespace phendau::ledger
