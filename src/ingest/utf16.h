// SPDX-License-Identifier: Apache-2.0
// UTF-16 (little-endian, as Windows writes it) to UTF-8. Eight ASCII characters at a time on x86-64, because
// event logs are nearly all ASCII. Pure; thread-safe. Internal to ingest.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace phendau::ingest {

/// Surrogates: the first and the second half of a character beyond 16 bits, and the character.
inline bool is_high_half(std::uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
inline bool is_low_half(std::uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }
inline std::uint32_t joined_halves(std::uint32_t high, std::uint32_t low) {
  return 0x1'0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

/// Appends the text; lone surrogates become U+FFFD, an odd last byte is left out.
void append_utf16le(std::string_view bytes, std::string& out);

}  // namespace phendau::ingest
