// SPDX-License-Identifier: Apache-2.0
// Any lines as each of the web formats; W3C with what directives before them announced.
#include "ingest/testing/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto w3c = phendau::ingest::make_decoder("w3c");
  static auto ncsa = phendau::ingest::make_decoder("ncsa");
  static auto squid = phendau::ingest::make_decoder("squid");
  static auto error = phendau::ingest::make_decoder("web_error");
  for (auto* decoder : {&w3c, &ncsa, &squid, &error}) phendau::ingest::fuzz_lines(***decoder, data, size);
  return 0;
}
