// SPDX-License-Identifier: Apache-2.0
// YAML of any content: aliases, depth and size stay within the limits, and every node has a place.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/yaml.h"

namespace {
void check(const phendau::YamlNode& node) {
  if (node.line < 1 || node.column < 1) __builtin_trap();
  for (const auto& item : node.items) check(item);
  for (const auto& member : node.members) check(member.second);
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau;
  YamlLimits limits;
  limits.nodes_max = 20'000;
  const auto documents = parse_yaml_documents({reinterpret_cast<const char*>(data), size}, limits);
  if (!documents) return 0;
  for (const auto& document : *documents) {
    check(document);
    (void)yaml_to_json(document).dump();
  }
  return 0;
}
