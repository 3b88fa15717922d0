// SPDX-License-Identifier: Apache-2.0
// Where escapes begin in a JSON text, found for all of it in one pass, a bit per byte: of a run of
// backslashes every second one. Whether each is one of a single sign (\n, \") is seen in the same pass.
// Internal to ingest; one object per thread.
#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/lanes.h"

namespace phendau::ingest {

class JsonEscapes {
 public:
  /// True if all escapes are of a single sign; others are \u, or none. The text is below 4 GiB.
  bool mark(std::string_view text, Lanes lanes = lanes_of_processor());
  /// The first at or after `at` and before `end`, else `end`. Both lie in the text.
  std::uint32_t next(std::uint32_t at, std::uint32_t end) const {
    if (at >= end) return end;
    std::uint64_t left = starts_[at / kBits] >> (at % kBits);
    if (left != 0) return earlier(at + static_cast<std::uint32_t>(std::countr_zero(left)), end);
    for (std::uint32_t word = at / kBits + 1; word * kBits < end; ++word) {
      left = starts_[word];
      if (left != 0) return earlier(word * kBits + static_cast<std::uint32_t>(std::countr_zero(left)), end);
    }
    return end;
  }

 private:
  static constexpr std::uint32_t kBits = 64;
  static std::uint32_t earlier(std::uint32_t a, std::uint32_t b) { return a < b ? a : b; }

  std::unique_ptr<std::uint64_t[]> starts_;
  std::unique_ptr<std::uint64_t[]> singles_;  // signs that may follow a backslash, but for u
  std::size_t room_ = 0;                      // words, of each
};

}  // namespace phendau::ingest
