// SPDX-License-Identifier: Apache-2.0
// Any lines whose format is told by their content, alone and behind a syslog header; and what a whole file is
// taken for.
#include "ingest/testing/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau::ingest;
  static auto text = make_decoder("text");
  static auto syslog = make_decoder("syslog");
  fuzz_lines(**text, data, size);
  fuzz_lines(**syslog, data, size);
  PHENDAU_ASSERT(make_decoder(detect_format({reinterpret_cast<const char*>(data), size})).has_value());
  return 0;
}
