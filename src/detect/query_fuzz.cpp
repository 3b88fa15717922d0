// SPDX-License-Identifier: Apache-2.0
// Any text as a search, run over a small batch; select() and the row by row answer must agree.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "detect/explain.h"
#include "detect/query.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau;
  const auto predicate = detect::parse_query({reinterpret_cast<const char*>(data), size});
  if (!predicate) return 0;
  BatchBuilder builder("fuzz");
  builder.begin_row({});
  builder.add("user", "root");
  builder.add("n", "10", ValueKind::integer);
  builder.begin_row({});
  const Batch batch = builder.finish();
  const RowSet rows = select(**predicate, batch);
  for (std::uint32_t row = 0; row < batch.rows(); ++row) {
    if (rows.contains(row) != detect::row_satisfies(**predicate, batch, row)) std::abort();
  }
  return 0;
}
