// SPDX-License-Identifier: Apache-2.0
// CRC-32 of RFC 1952, section 8, as event logs of Windows and ZIP use it. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

namespace phendau {

/// @param before the result for the bytes that come before these, or 0.
std::uint32_t crc32(std::string_view bytes, std::uint32_t before = 0);

}  // namespace phendau
