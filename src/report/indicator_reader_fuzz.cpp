// SPDX-License-Identifier: Apache-2.0
#include "report/indicator_reader.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau;
  const auto out = report::read_indicators({reinterpret_cast<const char*>(data), size}, UtcTime{});
  if (!out) return 0;
  // What was taken is in the one form in which it is compared.
  for (const auto& one : out->indicators) {
    const auto again = one.type == IndicatorType::url ? indicator_from("http://" + one.value)
                                                      : indicator_from(one.type, one.value);
    PHENDAU_ASSERT(again && again->value == one.value);
  }
  return 0;
}
