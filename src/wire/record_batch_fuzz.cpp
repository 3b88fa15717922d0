// SPDX-License-Identifier: Apache-2.0
// Any bytes as a batch, and as an unpacked batch behind a right checksum (so that the fuzzer gets past it).
#include "base/hash.h"
#include "wire/bytes.h"
#include "wire/compress.h"
#include "wire/record_batch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static_cast<void>(wire::decode_batch(bytes).has_value());
  std::string framed = "PHDB";
  wire::put_uint(framed, 1, 1);
  wire::put_uint(framed, 0, 3);
  wire::put_uint(framed, hash64(bytes), 8);
  framed += wire::compress(bytes);
  const auto batch = wire::decode_batch(framed);
  if (!batch) return 0;
  const auto encoded = wire::encode_batch(*batch);
  PHENDAU_ASSERT(encoded.has_value());
  const auto again = wire::decode_batch(*encoded);
  PHENDAU_ASSERT(again.has_value() && *again == *batch);
  return 0;
}
