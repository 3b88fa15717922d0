// SPDX-License-Identifier: Apache-2.0
// Any bytes, wrappers taken apart or not: the documents do not depend on where the stream was cut, and none
// is larger than a record.
#include <algorithm>
#include <vector>

#include "base/result.h"
#include "ingest/json_framing.h"

namespace {

std::vector<std::string> documents(std::string_view text, std::size_t piece, bool unwrap) {
  phendau::ingest::JsonFramer framer;
  if (unwrap) framer.unwrap();
  std::vector<std::string> out;
  const auto take = [&](const phendau::ingest::JsonFramer::Document& document) {
    PHENDAU_ASSERT(document.bytes.size() <= phendau::ingest::kRecordBytesMax);
    out.emplace_back(document.bytes);
  };
  for (std::size_t at = 0; at < text.size(); at += piece) framer.push(text.substr(at, piece), take);
  framer.finish(take);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const bool unwrap : {false, true})
    PHENDAU_ASSERT(documents(text, std::max<std::size_t>(size, 1), unwrap) == documents(text, 3, unwrap));
  return 0;
}
