// SPDX-License-Identifier: Apache-2.0
#include "wire/token.h"

#include <fmt/format.h>

#include "base/text.h"
#include "wire/bytes.h"

namespace phendau::wire {
namespace {

constexpr std::size_t kChecksumBytes =
    4;  // 1 of 4 billion typing errors passes; the hub would refuse it anyway.

std::string checksum(std::string_view payload) {
  const Sha256 digest = sha256(std::string("phendau token 1\n") + std::string(payload));
  return std::string(as_bytes(digest).substr(0, kChecksumBytes));
}

bool is_host_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
         c == '_' || c == ':';  // ':' for IPv6 addresses
}

Result<> check(const EnrolToken& token) {
  if (token.host.empty() || token.host.size() > kTokenHostBytesMax) {
    return fail(ErrorCode::invalid, "the token's hub name is empty or longer than 253 letters",
                "wire.token.host");
  }
  for (const char c : token.host) {
    if (!is_host_char(c)) {
      return fail(ErrorCode::invalid, "the token's hub name has a letter that no host name has",
                  "wire.token.host");
    }
  }
  if (token.port == 0) return fail(ErrorCode::invalid, "the token's port is 0", "wire.token.host");
  if (token.secret.size() != kTokenSecretBytes)
    return fail(ErrorCode::invalid, "the token's secret is not 128 bits");
  return {};
}

}  // namespace

Result<std::string> encode_token(const EnrolToken& token) {
  PHENDAU_TRY(check(token));
  std::string payload;
  put_uint(payload, token.host.size(), 1);
  payload += token.host;
  put_uint(payload, token.port, 2);
  payload += as_bytes(token.ca_key_sha256);
  payload += token.secret;
  payload += checksum(payload);
  return std::string(kTokenPrefix) + to_base64url(payload);
}

Result<EnrolToken> decode_token(std::string_view text) {
  if (text.size() > kTokenBytesMax) {
    return fail(ErrorCode::limit, "the token is longer than a token can be", "wire.token.long");
  }
  std::string clean;
  for (const char c : text) {
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') clean += c;
  }
  if (!clean.starts_with(kTokenPrefix)) {
    return fail(ErrorCode::invalid, "this is not an enrolment token: it must begin with 'phd1.'",
                "wire.token.prefix");
  }
  for (std::size_t i = kTokenPrefix.size(); i < clean.size(); ++i) {
    const char c = clean[i];
    const bool known =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!known) {
      return fail(ErrorCode::invalid, fmt::format("character {} of the token cannot be in a token", i + 1),
                  "wire.token.letter", {std::to_string(i + 1)});
    }
  }
  const auto payload = from_base64(std::string_view(clean).substr(kTokenPrefix.size()));
  const std::size_t size_min = 1 + 1 + 2 + 32 + kTokenSecretBytes + kChecksumBytes;
  if (!payload || payload->size() < size_min) {
    return fail(ErrorCode::invalid, "the token is cut off: copy all of it", "wire.token.cut");
  }
  const std::string_view body = std::string_view(*payload).substr(0, payload->size() - kChecksumBytes);
  if (!equals_constant_time(std::string_view(*payload).substr(body.size()), checksum(body))) {
    return fail(ErrorCode::invalid, "the token has a wrong or missing letter: copy it again",
                "wire.token.checksum");
  }
  ByteReader reader(body);
  EnrolToken token;
  token.host = std::string(reader.bytes(static_cast<std::size_t>(reader.uint(1))));
  token.port = static_cast<std::uint16_t>(reader.uint(2));
  const std::string_view digest = reader.bytes(32);
  token.secret = std::string(reader.bytes(kTokenSecretBytes));
  if (!reader.ok() || !reader.at_end())
    return fail(ErrorCode::invalid, "the token is malformed", "wire.token.cut");
  std::copy(digest.begin(), digest.end(), token.ca_key_sha256.begin());
  PHENDAU_TRY(check(token));
  return token;
}

std::string hash_secret(std::string_view secret) {
  return sha256_hex(std::string("phendau token secret 1\n") + std::string(secret));
}

}  // namespace phendau::wire
