// SPDX-License-Identifier: Apache-2.0
// Any lines as records of audit events.
#include "ingest/testing/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto decoder = phendau::ingest::make_decoder("auditd");
  phendau::ingest::fuzz_lines(**decoder, data, size);
  return 0;
}
