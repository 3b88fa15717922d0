// SPDX-License-Identifier: Apache-2.0
// Write-ahead files, chain files and lists of a seal from arbitrary bytes.
#include "store/journal/chain.h"
#include "store/journal/wal.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau::journal;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  WalScan scan = scan_wal_bytes(bytes);
  PHENDAU_ASSERT(scan.committed_bytes <= size);
  for (const auto& frame : scan.frames) PHENDAU_ASSERT(frame.offset_bytes + frame.size_bytes <= size);
  cut_torn_tail(scan, 0);
  PHENDAU_ASSERT(scan_chain(bytes).good_bytes <= size);
  (void)decode_sealed_frames(bytes, 1).has_value();
  (void)decode_producers(bytes).has_value();
  (void)parse_seal(bytes).has_value();
  (void)parse_tombstone(bytes).has_value();
  return 0;
}
