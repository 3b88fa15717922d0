// SPDX-License-Identifier: Apache-2.0
// The enrolment token: one line of text that an administrator copies from the portal to a machine. It says
// where the hub is, which CA to trust, and carries a one-time secret. Made by the hub, read by the agent.
// Pure; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/result.h"

namespace phendau::wire {

inline constexpr std::string_view kTokenPrefix = "phd1.";
inline constexpr std::size_t kTokenSecretBytes = 16;    // 128 bits
inline constexpr std::size_t kTokenHostBytesMax = 253;  // RFC 1035 name length
inline constexpr std::size_t kTokenBytesMax = 512;

struct EnrolToken {
  std::string host;  // name or address, without brackets
  std::uint16_t port = 0;
  Sha256 ca_key_sha256{};  // of the CA's SubjectPublicKeyInfo in DER
  std::string secret;      // kTokenSecretBytes raw bytes
  friend bool operator==(const EnrolToken&, const EnrolToken&) = default;
};

/// `invalid` for an empty or too long host, port 0, or a secret of another size.
Result<std::string> encode_token(const EnrolToken& token);
/// White space around and inside (a line broken by a terminal) is ignored. `invalid` says what is wrong: the
/// prefix, an unusable letter and its position, a cut, or a mistyped letter (checksum).
Result<EnrolToken> decode_token(std::string_view text);
/// What the hub stores in place of the secret: SHA-256 in hex.
std::string hash_secret(std::string_view secret);

}  // namespace phendau::wire
