// SPDX-License-Identifier: Apache-2.0
// The first bytes choose where the stream is cut and the limit; the messages must not depend on the cuts.
#include <algorithm>
#include <string>
#include <vector>

#include "base/result.h"
#include "ingest/framing.h"

namespace {

std::vector<std::string> run(std::string_view stream, std::size_t step, std::size_t message_bytes_max) {
  phendau::ingest::Deframer deframer({.message_bytes_max = message_bytes_max, .octet_counting = true});
  std::vector<std::string> out;
  const auto drain = [&] {
    while (const auto frame = deframer.next()) {
      PHENDAU_ASSERT(frame->record.size() <= message_bytes_max);
      out.emplace_back(frame->record);
      out.back() += frame->oversized ? 'O' : frame->truncated ? 'T' : '.';
    }
  };
  for (std::size_t at = 0; at < stream.size(); at += step) {
    const std::string chunk(stream.substr(at, step));
    deframer.push(chunk);
    drain();
  }
  deframer.finish();
  deframer.push({});
  drain();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t step = data[0] % 17u + 1u;
  const std::size_t max = data[1] % 64u + 12u;
  PHENDAU_ASSERT(run(stream, std::max<std::size_t>(stream.size(), 1), max) == run(stream, step, max));
  return 0;
}
