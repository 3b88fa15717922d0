// SPDX-License-Identifier: Apache-2.0
// Whether one of a few words may stand in a text: never wrong when it says no, and as fast as the text can be
// read. Immutable; thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/lanes.h"

namespace phendau::detect {

class KeywordSieve {
 public:
  static constexpr std::size_t kLiteralBytesMin = 2;

  KeywordSieve() = default;  // of no word: always no
  /// @param literals small letters of ASCII; other bytes stand for themselves. None shorter than
  /// kLiteralBytesMin.
  explicit KeywordSieve(const std::vector<std::string>& literals);

  /// Whether one of the literals stands in the text, letters of ASCII compared without case.
  bool finds(std::string_view text, Lanes lanes = lanes_of_processor()) const;

 private:
  static constexpr std::size_t kWindowBytes = 3;  // of a literal, by which it is first seen
  static constexpr std::size_t kNibbles = 16;
  static constexpr std::size_t kBytes = 128;
  static constexpr std::size_t kFound = static_cast<std::size_t>(-1);
  struct Literal {
    std::string text;
    std::size_t window_end = 0;  // in text; beyond it if the literal is shorter than a window
  };
  using Table = std::array<std::uint8_t, 2 * kNibbles>;  // by low nibble, then by high nibble: buckets

  using ByteTable = std::array<std::uint8_t, kBytes>;  // by the byte, but for its highest bit

  void put(std::size_t bucket, const Literal& literal);
  std::uint8_t buckets_at(std::size_t place, unsigned char byte) const {
    return tables_[place][byte % kNibbles] & tables_[place][kNibbles + byte / kNibbles];
  }
  std::size_t find_blocks(std::string_view text) const;
  std::size_t find_wide_blocks(std::string_view text) const;
  std::size_t find_widest_blocks(std::string_view text) const;
  bool stands_in(std::string_view text, std::size_t at, std::uint64_t places,
                 const std::uint8_t* buckets) const;
  bool stands(std::string_view text, std::size_t window_end, std::uint8_t buckets) const;

  std::array<std::vector<Literal>, 8> buckets_;
  std::array<Table, kWindowBytes> tables_{};
  std::array<ByteTable, kWindowBytes> by_byte_{};
};

}  // namespace phendau::detect
