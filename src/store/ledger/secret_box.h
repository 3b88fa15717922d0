// SPDX-License-Identifier: Apache-2.0
// Encrypts the secret fields of records: AES-256-GCM with a fresh nonce and the field's address as associated
// data, so that a ciphertext moved to another record does not open. Adapter: secret_box.cpp is the only user
// of libcrypto here. Pure; thread-safe. Source: NIST SP 800-38D.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace phendau::ledger {

inline constexpr std::size_t kSecretKeyBytes = 32;
inline constexpr std::size_t kSecretNonceBytes = 12;
inline constexpr std::size_t kSecretTagBytes = 16;

/// @return nonce, ciphertext, tag. @param key 32 bytes. @param nonce 12 fresh random bytes, never used twice.
Result<std::string> seal_secret(std::string_view key, std::string_view nonce, std::string_view address,
                                std::string_view clear);
/// `corrupt` when the key is another one or the bytes or the address were changed.
Result<std::string> open_secret(std::string_view key, std::string_view address, std::string_view sealed);

}  // namespace phendau::ledger
