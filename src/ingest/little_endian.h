// SPDX-License-Identifier: Apache-2.0
// Little-endian numbers out of bytes that may end anywhere. Pure; internal to ingest.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace phendau::ingest {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they lie in memory");

/// The number at `at`; 0 where the bytes end before it.
template <class Number>
Number load(std::string_view bytes, std::size_t at) {
  Number value{};
  if (at <= bytes.size() && bytes.size() - at >= sizeof(Number)) {
    std::memcpy(&value, bytes.data() + at, sizeof(Number));
  }
  return value;
}

/// Reads forward through a part of some bytes. Reading past the end gives 0 and sets failed().
class ByteCursor {
 public:
  ByteCursor(std::string_view bytes, std::size_t begin, std::size_t end)
      : bytes_(bytes.substr(0, end)), at_(begin), failed_(end > bytes.size() || begin > end) {}

  std::size_t at() const { return at_; }
  std::size_t left() const { return failed_ ? 0 : bytes_.size() - at_; }
  bool failed() const { return failed_; }

  template <class Number>
  Number take() {
    Number value{};
    const std::string_view from = skip(sizeof(Number));
    if (!failed_) std::memcpy(&value, from.data(), sizeof(Number));
    return value;
  }
  /// The next byte without taking it; 0 at the end.
  std::uint8_t peek() const { return left() == 0 ? std::uint8_t{0} : static_cast<std::uint8_t>(bytes_[at_]); }
  /// The bytes passed over.
  std::string_view skip(std::size_t count) {
    if (count > left()) {
      failed_ = true;
      return {};
    }
    at_ += count;
    return bytes_.substr(at_ - count, count);
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace phendau::ingest
