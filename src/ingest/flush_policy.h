// SPDX-License-Identifier: Apache-2.0
// Says when a BatchBuilder must be flushed: at N rows, B bytes or T after its first row, whichever comes
// first, so that many quiet sources share a batch and a busy one does not wait. Pure: time is an argument.
// One thread, one builder.
#pragma once

#include <optional>

#include "ingest/limits.h"
#include "model/batch.h"

namespace phendau::ingest {

class FlushPolicy {
 public:
  struct Limits {
    std::uint32_t rows_max = kBatchRowsMax;
    std::size_t bytes_max = kBatchBytesMax;
    Duration delay_max = kFlushDelayMax;
  };
  FlushPolicy() = default;
  explicit FlushPolicy(Limits limits) : limits_(limits) {}

  /// True if the builder must be finished now. Call after every decode and when deadline() has come; the
  /// first call that sees rows starts the clock.
  bool due(const BatchBuilder& builder, UtcTime now) {
    if (builder.rows() == 0) {
      first_row_at_.reset();
      return false;
    }
    // A clock that was set back must not hold rows for longer than the delay.
    if (!first_row_at_ || now < *first_row_at_) first_row_at_ = now;
    return builder.full() || builder.rows() >= limits_.rows_max ||
           builder.size_bytes() >= limits_.bytes_max || now - *first_row_at_ >= limits_.delay_max;
  }
  /// When due() will be true at the latest; nullopt while the builder is empty.
  std::optional<UtcTime> deadline() const {
    if (!first_row_at_) return std::nullopt;
    return *first_row_at_ + limits_.delay_max;
  }
  /// The builder was finished.
  void flushed() { first_row_at_.reset(); }

 private:
  Limits limits_;
  std::optional<UtcTime> first_row_at_;
};

}  // namespace phendau::ingest
