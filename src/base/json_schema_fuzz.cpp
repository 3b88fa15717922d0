// SPDX-License-Identifier: Apache-2.0
// {"schema": ..., "document": ...}: compile and validate end, whatever
// they say.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/json_schema.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau;
  const auto value = parse_json({reinterpret_cast<const char*>(data), size});
  if (!value) return 0;
  const auto schema = JsonSchema::compile((*value)["schema"]);
  if (!schema) return 0;
  const auto errors = schema->validate((*value)["document"]);
  if (errors.size() > kSchemaErrorsMax) __builtin_trap();
  for (const auto& error : errors) (void)error.to_text(Lang::vi);
  return 0;
}
