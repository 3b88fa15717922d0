// SPDX-License-Identifier: Apache-2.0
#include "ingest/json_scalar.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace phendau::ingest {

Scalar scalar_of(JsonValue value, NumberBuffer& buffer) {
  switch (value.kind()) {
    case JsonKind::string:
      return {value.text(), ValueKind::text};
    case JsonKind::integer:
      return {value.text() == "-0" ? "0" : value.text(), ValueKind::integer};
    case JsonKind::real: {
      const auto number = parse_double(value.text());
      if (!number) return {value.text(), ValueKind::real};  // no double holds it
      const auto done = fmt::format_to_n(buffer.data(), buffer.size(), "{}", *number);
      return {std::string_view(buffer.data(), std::min<std::size_t>(done.size, buffer.size())),
              ValueKind::real};
    }
    case JsonKind::boolean:
      return {value.text(), ValueKind::boolean};
    case JsonKind::null:
    case JsonKind::array:
    case JsonKind::object:
      return {};
  }
  return {};
}

}  // namespace phendau::ingest
