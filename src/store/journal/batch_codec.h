// SPDX-License-Identifier: Apache-2.0
// Batch <-> bytes: the payload of write-ahead frames, and the column encoding that sealed segments share.
// docs/formats/journal.md, "Batch" and "Column". Pure; thread-safe. Decoding trusts nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/batch.h"
#include "model/row_set.h"
#include "store/journal/bytes.h"

namespace phendau::journal {

void encode_batch(std::string& out, const Batch& batch);
/// `corrupt` says what is wrong and at which offset of `bytes`. All bytes must be used.
Result<Batch> decode_batch(std::string_view bytes);

/// A decoded column whose texts are views into the block that it was read from.
struct ColumnView {
  std::string_view name;
  std::vector<std::string_view> values;
  std::vector<ValueKind> kinds;
  std::vector<ValueId> ids;
  std::vector<Column::More> more;
};
void encode_column(std::string& out, const Column& column);
Result<ColumnView> decode_column(ByteReader& reader, std::uint32_t rows);

/// Times, qualities and raw bytes of the rows that `assemble` puts together with the columns.
struct RowParts {
  std::vector<UtcTime> event_time;
  std::vector<UtcTime> received_time;
  std::vector<TimeQuality> time_quality;
  std::vector<std::string_view> raw;  // empty: every raw is empty
};
/// A Batch of the rows in `only` (null: all), in order.
Batch assemble(std::string_view shape, const RowParts& rows, const std::vector<ColumnView>& columns,
               const RowSet* only = nullptr);
/// Copies one row of `from` to `to`, every column and value.
void copy_row(const Batch& from, std::uint32_t row, BatchBuilder& to);

}  // namespace phendau::journal
