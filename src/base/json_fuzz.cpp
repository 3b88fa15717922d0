// SPDX-License-Identifier: Apache-2.0
// Request bodies of any content: what parses must survive being written and parsed again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau;
  const auto value = parse_json({reinterpret_cast<const char*>(data), size});
  if (!value) return 0;
  const auto again = parse_json(value->dump());
  if (!again || again->dump() != value->dump()) __builtin_trap();
  if (!parse_json(value->dump_pretty()) || !parse_json(value->dump_canonical())) __builtin_trap();
  (void)value->at_path("a.b.c");
  return 0;
}
