// SPDX-License-Identifier: Apache-2.0
// CRC-32 of RFC 1952, section 8, as event log files use it. Pure; thread-safe. Internal to ingest.
#pragma once

#include <cstdint>
#include <string_view>

namespace phendau::ingest {

/// @param before the result for the bytes that come before these, or 0.
std::uint32_t crc32(std::string_view bytes, std::uint32_t before = 0);

}  // namespace phendau::ingest
