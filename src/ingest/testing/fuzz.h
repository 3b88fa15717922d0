// SPDX-License-Identifier: Apache-2.0
// What holds for every decoder and any bytes: exactly one row per record, the raw bytes kept, valid UTF-8 in
// the fields, no claim on the columns that name the owner. Only fuzzers include it.
#pragma once

#include <cstdint>

#include "base/text.h"
#include "ingest/limits.h"
#include "ingest/testing/rows.h"

namespace phendau::ingest {

/// Each line of the input is a record: formats that remember what came before are reached too.
inline void fuzz_lines(Decoder& decoder, const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Provenance provenance = test_provenance();
  for (const std::string_view record : split(text, '\n')) {
    const Batch batch = decode_one(decoder, record, provenance);
    PHENDAU_ASSERT(batch.rows() == 1);
    PHENDAU_ASSERT(batch.raw(0) == record.substr(0, kRecordBytesMax));
    PHENDAU_ASSERT(values_of(batch, kAgencyColumn).size() == 1);
    PHENDAU_ASSERT(values_of(batch, kSourceColumn).size() == 1);
    for (const Column& column : batch.columns()) {
      for (ValueId id = 0; id < column.values.size(); ++id)
        PHENDAU_ASSERT(is_valid_utf8(column.values.text(id)));
    }
  }
}

}  // namespace phendau::ingest
