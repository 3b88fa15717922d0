// SPDX-License-Identifier: Apache-2.0
// Bytes many at a time: what runs over every byte of every event. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace phendau {

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Where the ASCII that begins at `at` ends.
std::size_t ascii_end(std::string_view text, std::size_t at = 0);
inline bool is_all_ascii(std::string_view text) { return ascii_end(text) == text.size(); }
/// ASCII letters become small; `out` has room for the text. False if a byte is not ASCII.
bool lower_ascii_into(std::string_view text, char* out);
/// std::memcmp(a, b, size) == 0, without a call for what is short or differs early.
inline bool equal_bytes(const char* a, const char* b, std::size_t size) {
  const auto differ = [&]<class Word>(Word, std::size_t at) {
    Word left;
    Word right;
    std::memcpy(&left, a + at, sizeof left);
    std::memcpy(&right, b + at, sizeof right);
    return left ^ right;
  };
  constexpr std::uint64_t kEight = 0;
  constexpr std::uint32_t kFour = 0;
  constexpr std::size_t kCallFrom = 64;
  if (size >= 8) {
    if ((differ(kEight, size - 8) | differ(kEight, 0)) != 0) return false;
    if (size >= kCallFrom) return std::memcmp(a + 8, b + 8, size - 16) == 0;
    if (size <= 16) return true;
    if (size <= 32) return (differ(kEight, 8) | differ(kEight, size - 16)) == 0;
    std::uint64_t seen = 0;
    for (std::size_t at = 8; at + 8 < size; at += 8) seen |= differ(kEight, at);
    return seen == 0;
  }
  if (size >= 4) return (differ(kFour, 0) | differ(kFour, size - 4)) == 0;
  for (std::size_t at = 0; at < size; ++at) {
    if (a[at] != b[at]) return false;
  }
  return true;
}
inline bool equal_bytes(std::string_view a, std::string_view b) {
  return a.size() == b.size() && equal_bytes(a.data(), b.data(), a.size());
}

}  // namespace phendau
