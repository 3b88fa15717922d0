// SPDX-License-Identifier: Apache-2.0
// Any bytes as a piece of evidence; what is read is written back the same.
#include "wire/evidence_part.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau::wire;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  static_cast<void>(decode_evidence_answer(body).has_value());
  if (const auto part = decode_evidence_part(body))
    PHENDAU_ASSERT(decode_evidence_part(encode_evidence_part(*part)).has_value());
  return 0;
}
