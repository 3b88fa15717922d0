// SPDX-License-Identifier: Apache-2.0
// Batch payloads: decoding arbitrary bytes ends in an error or in a batch that encodes and decodes again.
#include "store/journal/batch_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto batch = phendau::journal::decode_batch(bytes);
  if (!batch) return 0;
  std::string again;
  phendau::journal::encode_batch(again, *batch);
  PHENDAU_ASSERT(phendau::journal::decode_batch(again).has_value());
  return 0;
}
