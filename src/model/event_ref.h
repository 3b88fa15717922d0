// SPDX-License-Identifier: Apache-2.0
// Names one event for ever: the journal frame that holds its batch, and the row in it. Alerts and evidence
// keep these. Plain value; thread-safe.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text.h"

namespace phendau {

struct EventRef {
  std::uint64_t frame = 0;
  std::uint32_t row = 0;
  friend constexpr auto operator<=>(const EventRef&, const EventRef&) = default;
};

/// "frame.row".
inline std::string to_string(const EventRef& ref) {
  return std::to_string(ref.frame) + "." + std::to_string(ref.row);
}

/// Reads what to_string() wrote; `invalid` otherwise.
inline Result<EventRef> parse_event_ref(std::string_view text) {
  const auto parts = split(text, '.');
  if (parts.size() == 2) {
    const auto frame = parse_int(parts[0]);
    const auto row = parse_int(parts[1]);
    if (frame && row && *frame >= 0 && *row >= 0 && *row <= 0xFFFF'FFFFLL) {
      return EventRef{static_cast<std::uint64_t>(*frame), static_cast<std::uint32_t>(*row)};
    }
  }
  return fail(ErrorCode::invalid, "'" + std::string(text) + "' is not an event reference (frame.row)");
}

}  // namespace phendau
