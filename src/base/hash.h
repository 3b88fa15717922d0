// SPDX-License-Identifier: Apache-2.0
// Digests, message authentication and Ed25519 signatures. Adapter of libcrypto and xxHash: hash.cpp only.
// Pure; thread-safe. Keys are raw bytes; random bytes come from os/env.h.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace phendau {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(std::string_view bytes);
std::string sha256_hex(std::string_view bytes);
std::string sha512_hex(std::string_view bytes);
Sha256 hmac_sha256(std::string_view key, std::string_view bytes);
/// 20 bytes. For one-time codes (RFC 6238) only: authenticator programs know nothing else.
std::string hmac_sha1(std::string_view key, std::string_view bytes);
std::string to_hex(const Sha256& digest);
inline std::string_view as_bytes(const Sha256& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// Streaming SHA-256 for files.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;
  void update(std::string_view bytes);
  Sha256 finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Digests by the names that manifests of files use ("sha256"). MD5 and SHA-1 only to read what others wrote:
/// nobody relies on them any more.
enum class DigestKind : std::uint8_t { md5, sha1, sha224, sha256, sha384, sha512 };
std::string_view to_string(DigestKind kind);
std::optional<DigestKind> digest_kind_from(std::string_view name);
std::size_t digest_size_bytes(DigestKind kind);

/// Streaming digest of any kind, as lower-case hex.
class DigestStream {
 public:
  explicit DigestStream(DigestKind kind);
  ~DigestStream();
  DigestStream(DigestStream&&) noexcept;
  DigestStream& operator=(DigestStream&&) noexcept;
  void update(std::string_view bytes);
  std::string finish_hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Fast non-cryptographic 64-bit hash (XXH3), seeded.
std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);

/// Ed25519 (RFC 8032). Private key: 32-byte seed; public key: 32 bytes; signature: 64 bytes.
Result<std::string> ed25519_public_key(std::string_view private_key);
Result<std::string> ed25519_sign(std::string_view private_key, std::string_view message);
bool ed25519_verify(std::string_view public_key, std::string_view message, std::string_view signature);

}  // namespace phendau
