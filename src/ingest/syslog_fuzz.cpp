// SPDX-License-Identifier: Apache-2.0
// Any bytes give exactly one row per record, with the raw bytes kept and only valid UTF-8 in the fields.
#include "base/text.h"
#include "ingest/testing/rows.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau;
  static auto decoder = ingest::make_decoder("syslog");
  const std::string_view record(reinterpret_cast<const char*>(data), size);
  const Batch batch = ingest::decode_one(**decoder, record);
  PHENDAU_ASSERT(batch.rows() == 1);
  PHENDAU_ASSERT(batch.raw(0) == record.substr(0, 1u << 20));
  for (const Column& column : batch.columns()) {
    PHENDAU_ASSERT(column.ids.size() == 1);
    for (ValueId id = 0; id < column.values.size(); ++id)
      PHENDAU_ASSERT(is_valid_utf8(column.values.text(id)));
  }
  return 0;
}
