// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <xxhash.h>

#include "base/text.h"

namespace phendau {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

struct KeyDeleter {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, KeyDeleter>;
using Context = std::unique_ptr<EVP_MD_CTX, ContextDeleter>;

Key private_key_from(std::string_view seed) {
  return Key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(seed), seed.size()));
}

}  // namespace

Sha256 sha256(std::string_view bytes) {
  Sha256 out{};
  SHA256(bytes_of(bytes), bytes.size(), out.data());
  return out;
}

std::string sha256_hex(std::string_view bytes) { return to_hex(sha256(bytes)); }

std::string sha512_hex(std::string_view bytes) {
  unsigned char out[SHA512_DIGEST_LENGTH];
  SHA512(bytes_of(bytes), bytes.size(), out);
  return to_hex(std::string_view(reinterpret_cast<const char*>(out), sizeof out));
}

Sha256 hmac_sha256(std::string_view key, std::string_view bytes) {
  Sha256 out{};
  unsigned length = 0;
  // A null pointer as key would mean "the key of before" to OpenSSL.
  const auto* done = HMAC(EVP_sha256(), key.empty() ? "" : key.data(), static_cast<int>(key.size()),
                          bytes_of(bytes), bytes.size(), out.data(), &length);
  PHENDAU_ASSERT(done != nullptr && length == out.size());
  return out;
}

std::string hmac_sha1(std::string_view key, std::string_view bytes) {
  std::string out(SHA_DIGEST_LENGTH, '\0');
  unsigned length = 0;
  const auto* done =
      HMAC(EVP_sha1(), key.empty() ? "" : key.data(), static_cast<int>(key.size()), bytes_of(bytes),
           bytes.size(), reinterpret_cast<unsigned char*>(out.data()), &length);
  PHENDAU_ASSERT(done != nullptr && length == out.size());
  return out;
}

std::string to_hex(const Sha256& digest) { return to_hex(as_bytes(digest)); }

struct Sha256Stream::State {
  Context context{EVP_MD_CTX_new()};
};
Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) {
  PHENDAU_ASSERT(EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) == 1);
}
Sha256Stream::~Sha256Stream() = default;
Sha256Stream::Sha256Stream(Sha256Stream&&) noexcept = default;
Sha256Stream& Sha256Stream::operator=(Sha256Stream&&) noexcept = default;
void Sha256Stream::update(std::string_view bytes) {
  PHENDAU_ASSERT(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}
Sha256 Sha256Stream::finish() {
  Sha256 out{};
  unsigned length = 0;
  PHENDAU_ASSERT(EVP_DigestFinal_ex(state_->context.get(), out.data(), &length) == 1 && length == out.size());
  return out;
}

namespace {
struct DigestEntry {
  DigestKind kind;
  std::string_view name;
  std::size_t size_bytes;
  const EVP_MD* (*method)();
};
constexpr DigestEntry kDigests[] = {
    {DigestKind::md5, "md5", 16, EVP_md5},          {DigestKind::sha1, "sha1", 20, EVP_sha1},
    {DigestKind::sha224, "sha224", 28, EVP_sha224}, {DigestKind::sha256, "sha256", 32, EVP_sha256},
    {DigestKind::sha384, "sha384", 48, EVP_sha384}, {DigestKind::sha512, "sha512", 64, EVP_sha512},
};
const DigestEntry& entry_of(DigestKind kind) { return kDigests[static_cast<std::size_t>(kind)]; }
}  // namespace

std::string_view to_string(DigestKind kind) { return entry_of(kind).name; }
std::optional<DigestKind> digest_kind_from(std::string_view name) {
  for (const auto& entry : kDigests) {
    if (entry.name == name) return entry.kind;
  }
  return std::nullopt;
}
std::size_t digest_size_bytes(DigestKind kind) { return entry_of(kind).size_bytes; }

struct DigestStream::State {
  Context context{EVP_MD_CTX_new()};
};
DigestStream::DigestStream(DigestKind kind) : state_(std::make_unique<State>()) {
  PHENDAU_ASSERT(EVP_DigestInit_ex(state_->context.get(), entry_of(kind).method(), nullptr) == 1);
}
DigestStream::~DigestStream() = default;
DigestStream::DigestStream(DigestStream&&) noexcept = default;
DigestStream& DigestStream::operator=(DigestStream&&) noexcept = default;
void DigestStream::update(std::string_view bytes) {
  PHENDAU_ASSERT(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}
std::string DigestStream::finish_hex() {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  PHENDAU_ASSERT(EVP_DigestFinal_ex(state_->context.get(), out, &length) == 1);
  return to_hex(std::string_view(reinterpret_cast<const char*>(out), length));
}

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

Result<std::string> ed25519_public_key(std::string_view private_key) {
  const Key key = private_key_from(private_key);
  std::string out(32, '\0');
  std::size_t length = out.size();
  if (!key ||
      EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(out.data()), &length) != 1) {
    return fail(ErrorCode::invalid, "not an Ed25519 private key of 32 bytes");
  }
  return out;
}

Result<std::string> ed25519_sign(std::string_view private_key, std::string_view message) {
  const Key key = private_key_from(private_key);
  const Context context(EVP_MD_CTX_new());
  std::string out(64, '\0');
  std::size_t length = out.size();
  if (!key || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &length, bytes_of(message),
                     message.size()) != 1) {
    return fail(ErrorCode::invalid, "not an Ed25519 private key of 32 bytes");
  }
  return out;
}

bool ed25519_verify(std::string_view public_key, std::string_view message, std::string_view signature) {
  const Key key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(public_key), public_key.size()));
  const Context context(EVP_MD_CTX_new());
  return key && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message),
                          message.size()) == 1;
}

}  // namespace phendau
