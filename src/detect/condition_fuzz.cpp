// SPDX-License-Identifier: Apache-2.0
// Any text as a condition: a parsed one must print to a text that parses to the same tree.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "detect/condition.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau::detect;
  const auto parsed = parse_condition({reinterpret_cast<const char*>(data), size});
  if (!parsed) return 0;
  const std::string printed = to_string(*parsed);
  const auto again = parse_condition(printed);
  // Printing adds parentheses, which may cross the limit of depth or size; otherwise it is the same.
  if (again && to_string(*again) != printed) std::abort();
  return 0;
}
