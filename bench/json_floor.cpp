// SPDX-License-Identifier: Apache-2.0
// The only file here that sees simdjson.
#include <simdjson.h>

#include "bench/bench.h"

namespace phendau::bench {
namespace {

std::uint64_t walk(const simdjson::dom::element& value) {
  std::uint64_t seen = 1;
  if (value.is_object()) {
    for (const auto& [key, member] : simdjson::dom::object(value)) seen += key.size() + walk(member);
  } else if (value.is_string()) {
    seen += std::string_view(value).size();
  }
  return seen;
}

}  // namespace

std::uint64_t walk_json(const std::vector<std::string>& lines) {
  simdjson::dom::parser parser;
  std::uint64_t seen = 0;
  for (const auto& line : lines) seen += walk(parser.parse(line));
  return seen;
}

}  // namespace phendau::bench
