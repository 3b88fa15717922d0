// SPDX-License-Identifier: Apache-2.0
// Tests of the decoders read a batch as text through this: one value or all values of a field of a row.
// Only tests include it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ingest/decoder.h"
#include "model/batch.h"

namespace phendau::ingest {

/// 2026-11-24T03:00:00Z, 10:00 in Viet Nam.
inline constexpr UtcTime kTestNow{1'795'489'200'000'000'000};

inline Provenance test_provenance() {
  Provenance provenance;
  provenance.received_time = kTestNow;
  provenance.source = "test";
  provenance.agency = "so-tttt";
  return provenance;
}

inline Batch decode_one(Decoder& decoder, std::string_view record,
                        const Provenance& provenance = test_provenance()) {
  BatchBuilder builder{std::string(decoder.name())};
  decoder.decode(record, provenance, builder);
  return builder.finish();
}

/// First value; "<absent>" if the row has none.
inline std::string field_of(const Batch& batch, std::string_view field, std::uint32_t row = 0) {
  const Column* column = batch.column(field);
  if (column == nullptr || !column->has(row)) return "<absent>";
  return std::string(column->text(row));
}

inline std::vector<std::string> values_of(const Batch& batch, std::string_view field, std::uint32_t row = 0) {
  std::vector<std::string> out;
  const Column* column = batch.column(field);
  if (column == nullptr || !column->has(row)) return out;
  out.emplace_back(column->text(row));
  for (const auto& more : column->more) {
    if (more.row == row) out.emplace_back(column->values.text(more.id));
  }
  return out;
}

inline ValueKind kind_of(const Batch& batch, std::string_view field, std::uint32_t row = 0) {
  const Column* column = batch.column(field);
  return column->values.kind(column->ids[row]);
}

/// "name=value" for each fixed field of the list that the row has, in the order asked; for table-driven
/// tests.
inline std::string fields_of(const Batch& batch, const std::vector<std::string>& names,
                             std::uint32_t row = 0) {
  std::string out;
  for (const auto& name : names) {
    const std::string value = field_of(batch, name, row);
    if (value == "<absent>") continue;
    if (!out.empty()) out += "|";
    out += name + "=" + value;
  }
  return out;
}

}  // namespace phendau::ingest
