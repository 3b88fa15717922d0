// SPDX-License-Identifier: Apache-2.0
// What one pass over a JSON text finds: where quotes stand and where escapes begin, a bit per byte (of a run
// of backslashes every second one); and what is to be known of the whole text before it is compared with
// others. Internal to ingest; one object per thread.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/lanes.h"

namespace phendau::ingest {

class JsonMarks {
 public:
  struct Summary {
    std::uint32_t quotes = 0;     // that begin or end a string
    std::uint32_t controls = 0;   // bytes that no string may have
    bool single_escapes = false;  // all are of a single sign (\n, \"); others are \u, or none
    bool is_ascii = false;
  };

  /// The text is below 4 GiB.
  const Summary& mark(std::string_view text, Lanes lanes = lanes_of_processor());
  const Summary& summary() const { return summary_; }
  /// The first escape, or quote that is not escaped, at or after `at` and before `end`, else `end`. Both lie
  /// in the text.
  std::uint32_t next_escape(std::uint32_t at, std::uint32_t end) const {
    return next(starts_.get(), at, end);
  }
  std::uint32_t next_quote(std::uint32_t at, std::uint32_t end) const { return next(quotes_.get(), at, end); }

 private:
  static constexpr std::uint32_t kBits = 64;
  static std::uint32_t next(const std::uint64_t* words, std::uint32_t at, std::uint32_t end) {
    static_assert(std::endian::native == std::endian::little, "bits are read from any byte on");
    const auto* const bytes = reinterpret_cast<const char*>(words);
    for (std::uint32_t byte = at / 8, shift = at % 8; byte * 8 < end; byte += sizeof *words, shift = 0) {
      std::uint64_t left = 0;
      std::memcpy(&left, bytes + byte, sizeof left);
      left >>= shift;
      if (left != 0)
        return std::min(byte * 8 + shift + static_cast<std::uint32_t>(std::countr_zero(left)), end);
    }
    return end;
  }

  std::unique_ptr<std::uint64_t[]> starts_;  // of escapes
  std::unique_ptr<std::uint64_t[]> quotes_;
  std::size_t room_ = 0;  // words, of each; the last one is none of the text
  Summary summary_;
};

}  // namespace phendau::ingest
