// SPDX-License-Identifier: Apache-2.0
#include "hub/password.h"

#include <argon2.h>

#include "base/text.h"
#include "base/unicode.h"

namespace phendau::hub {
namespace {

constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kHashBytes = 32;

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

bool has_class(std::string_view password, std::string_view name) {
  for (const char c : password) {
    const auto byte = static_cast<unsigned char>(c);
    const bool lower = c >= 'a' && c <= 'z';
    const bool upper = c >= 'A' && c <= 'Z';
    const bool digit = c >= '0' && c <= '9';
    if (name == "lower" && lower) return true;
    if (name == "upper" && upper) return true;
    if (name == "digit" && digit) return true;
    if (name == "special" && byte > 0x20 && byte < 0x7F && !lower && !upper && !digit) return true;
  }
  return false;
}

}  // namespace

Result<std::string> hash_password(Env& env, std::string_view password) {
  if (password.size() > kPasswordBytesMax)
    return fail(ErrorCode::limit, "password too long", "password.too_long");
  const std::string salt = env.random_bytes(kSaltBytes);
  std::string encoded(argon2_encodedlen(kArgonPasses, kArgonMemoryKib, 1, kSaltBytes, kHashBytes, Argon2_id),
                      '\0');
  const int rc = argon2id_hash_encoded(kArgonPasses, kArgonMemoryKib, 1, password.data(), password.size(),
                                       salt.data(), salt.size(), kHashBytes, encoded.data(), encoded.size());
  if (rc != ARGON2_OK) return fail(ErrorCode::bug, argon2_error_message(rc));
  encoded.resize(std::char_traits<char>::length(encoded.c_str()));
  return encoded;
}

bool verify_password(std::string_view encoded, std::string_view password) {
  if (password.size() > kPasswordBytesMax) return false;
  return argon2id_verify(std::string(encoded).c_str(), password.data(), password.size()) == ARGON2_OK;
}

void verify_nothing(std::string_view password) {
  std::string hash(kHashBytes, '\0');
  const std::string salt(kSaltBytes, 's');
  argon2id_hash_raw(kArgonPasses, kArgonMemoryKib, 1, password.data(),
                    std::min(password.size(), kPasswordBytesMax), salt.data(), salt.size(), hash.data(),
                    hash.size());
}

Result<> check_password(const PasswordRule& rule, std::string_view password, std::string_view username) {
  std::vector<std::string> missing;
  if (count_characters(password) < static_cast<std::size_t>(rule.length_min)) {
    missing.push_back(std::to_string(rule.length_min) + "+");
  }
  for (const auto& name : rule.classes) {
    if (!has_class(password, name)) missing.push_back(name);
  }
  if (password.size() > kPasswordBytesMax)
    return fail(ErrorCode::limit, "password too long", "password.too_long");
  if (!missing.empty()) {
    std::string classes;
    for (const auto& name : rule.classes) classes += (classes.empty() ? "" : ", ") + name;
    return fail(ErrorCode::invalid, "password too weak: missing " + join(missing, ", "), "password.weak",
                {std::to_string(rule.length_min)});
  }
  if (username.size() >= 3 && fold_accents(password).find(fold_accents(username)) != std::string::npos) {
    return fail(ErrorCode::invalid, "password contains the user name", "password.contains_name");
  }
  return {};
}

std::string make_one_time_password(Env& env) {
  constexpr std::string_view kLetterGroups[] = {"abcdefghijkmnpqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ",
                                                "23456789", "!@#%+=?-"};
  // Every group appears four times in a random order, so any class rule holds.
  const std::string random = env.random_bytes(64);
  std::string out;
  for (std::size_t i = 0; i < 16; ++i) {
    const std::string_view group = kLetterGroups[i % 4];
    out += group[static_cast<unsigned char>(random[i]) % group.size()];
  }
  for (std::size_t i = out.size(); i > 1; --i) {
    std::swap(out[i - 1], out[static_cast<unsigned char>(random[16 + i]) % i]);
  }
  return out;
}

}  // namespace phendau::hub
