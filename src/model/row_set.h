// SPDX-License-Identifier: Apache-2.0
// A set of row numbers of one batch, as a bitmap. Rule conditions are algebra on these. Plain value, one
// thread.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "base/result.h"

namespace phendau {

class RowSet {
 public:
  explicit RowSet(std::uint32_t rows, bool filled = false)
      : rows_(rows), words_((rows + 63) / 64, filled ? ~std::uint64_t{0} : 0) {
    trim();
  }
  std::uint32_t rows() const { return rows_; }
  void insert(std::uint32_t row) { words_[row / 64] |= std::uint64_t{1} << (row % 64); }
  bool contains(std::uint32_t row) const { return (words_[row / 64] >> (row % 64) & 1) != 0; }
  bool empty() const {
    for (const std::uint64_t word : words_) {
      if (word != 0) return false;
    }
    return true;
  }
  std::uint32_t count() const {
    std::uint32_t total = 0;
    for (const std::uint64_t word : words_) total += static_cast<std::uint32_t>(std::popcount(word));
    return total;
  }
  RowSet& operator&=(const RowSet& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
    return *this;
  }
  RowSet& operator-=(const RowSet& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= ~other.words_[i];
    return *this;
  }
  void clear() { std::fill(words_.begin(), words_.end(), 0); }
  RowSet& operator|=(const RowSet& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
    return *this;
  }
  void invert() {
    for (std::uint64_t& word : words_) word = ~word;
    trim();
  }
  /// Calls `visit(row)` in ascending order.
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (std::uint64_t word = words_[i]; word != 0; word &= word - 1) {
        visit(static_cast<std::uint32_t>(i * 64 + static_cast<std::size_t>(std::countr_zero(word))));
      }
    }
  }
  friend bool operator==(const RowSet&, const RowSet&) = default;

 private:
  void trim() {
    if (rows_ % 64 != 0) words_.back() &= ~std::uint64_t{0} >> (64 - rows_ % 64);
  }
  std::uint32_t rows_;
  std::vector<std::uint64_t> words_;
};

}  // namespace phendau
