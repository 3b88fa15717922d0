// SPDX-License-Identifier: Apache-2.0
// ASCII many bytes at a time: what runs over every byte of every event. Pure; thread-safe.
#pragma once

#include <string_view>

namespace phendau {

/// Where the ASCII that begins at `at` ends.
std::size_t ascii_end(std::string_view text, std::size_t at = 0);
inline bool is_all_ascii(std::string_view text) { return ascii_end(text) == text.size(); }
/// ASCII letters become small; `out` has room for the text. False if a byte is not ASCII.
bool lower_ascii_into(std::string_view text, char* out);

}  // namespace phendau
