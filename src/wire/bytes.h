// SPDX-License-Identifier: Apache-2.0
// Little-endian integers in byte strings, and a bounds-checked reader. Used by wire and by the agent's spool,
// so that both read foreign bytes in the same careful way. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace phendau::wire {

inline void put_uint(std::string& out, std::uint64_t value, int size_bytes) {
  for (int i = 0; i < size_bytes; ++i) out += static_cast<char>((value >> (8 * i)) & 0xFF);
}

/// Text of at most 65,535 bytes behind its 16-bit length. Asserts on longer text.
inline void put_short_text(std::string& out, std::string_view text) {
  PHENDAU_ASSERT(text.size() <= 0xFFFF);
  put_uint(out, text.size(), 2);
  out += text;
}

/// Reads from the front; after the first short read everything is zero and `ok()` is false.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  std::uint64_t uint(int size_bytes) {
    const std::string_view part = bytes(static_cast<std::size_t>(size_bytes));
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < part.size(); ++i) {
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(part[i])) << (8 * i);
    }
    return value;
  }
  std::string_view bytes(std::size_t size_bytes) {
    if (!ok_ || bytes_.size() - at_ < size_bytes) {
      ok_ = false;
      return {};
    }
    at_ += size_bytes;
    return bytes_.substr(at_ - size_bytes, size_bytes);
  }
  std::string_view short_text() { return bytes(static_cast<std::size_t>(uint(2))); }
  bool ok() const { return ok_; }
  bool at_end() const { return at_ == bytes_.size(); }
  std::size_t position() const { return at_; }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace phendau::wire
