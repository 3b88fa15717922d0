// SPDX-License-Identifier: Apache-2.0
// ULIDs: 26-character sortable identifiers (48-bit milliseconds, 80 random bits, Crockford base 32).
// Pure: time and randomness are arguments. Source: github.com/ulid/spec.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"

namespace phendau {

/// @param random at least 10 random bytes.
std::string make_ulid(UtcTime now, std::string_view random);
/// A deterministic identifier in the same alphabet: the instant plus 80 bits of SHA-256 over `name`.
std::string derive_ulid(UtcTime at, std::string_view name);
bool is_ulid(std::string_view text);

}  // namespace phendau
