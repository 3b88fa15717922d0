// SPDX-License-Identifier: Apache-2.0
// Any bytes as a chunk: no crash, bounded rows and bytes, only valid UTF-8 in the fields, an id for each row.
#include "base/text.h"
#include "ingest/evtx_reader.h"
#include "ingest/limits.h"
#include "ingest/testing/rows.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau;
  using namespace phendau::ingest;
  static EvtxReader reader;
  const std::string_view chunk(reinterpret_cast<const char*>(data), size);
  BatchBuilder builder("evtx");
  std::vector<std::uint64_t> ids;
  reader.read_chunk(chunk, test_provenance(), builder, ids);
  const Batch batch = builder.finish();
  PHENDAU_ASSERT(batch.rows() == ids.size() && batch.rows() <= kEvtxChunkBytes / 28);
  std::size_t bytes = 0;
  for (const Column& column : batch.columns()) {
    bytes += column.values.size_bytes();
    for (ValueId id = 0; id < column.values.size(); ++id)
      PHENDAU_ASSERT(is_valid_utf8(column.values.text(id)));
  }
  PHENDAU_ASSERT(bytes <= 4 * kEvtxOutputBytesMax);
  return 0;
}
