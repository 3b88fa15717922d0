// SPDX-License-Identifier: Apache-2.0
// Any text: decode_token answers, and what it accepts encodes and decodes to the same token.
#include "wire/token.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto token = phendau::wire::decode_token({reinterpret_cast<const char*>(data), size});
  if (!token) return 0;
  const auto text = phendau::wire::encode_token(*token);
  PHENDAU_ASSERT(text.has_value());
  const auto again = phendau::wire::decode_token(*text);
  PHENDAU_ASSERT(again.has_value() && *again == *token);
  return 0;
}
