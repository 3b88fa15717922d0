// SPDX-License-Identifier: Apache-2.0
// The typed values of binary XML as text with a kind. Where Windows offers several spellings, the one of
// evtx_dump's JSON is taken, so that a log gives the same fields as EVTX and as JSON: GUIDs in capitals
// without braces, times with microseconds, bytes as hexadecimal digits, texts without white space at their
// end. Pure; one scratch buffer per thread. Source: [MS-EVEN6] 2.2.12.3 and 3.1.4.7; J. Metz, "Windows XML
// Event Log (EVTX) format", 5.2.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "model/batch.h"

namespace phendau::ingest {

namespace evtx_type {
inline constexpr std::uint8_t kNull = 0x00;
inline constexpr std::uint8_t kString = 0x01;
inline constexpr std::uint8_t kAnsiString = 0x02;
inline constexpr std::uint8_t kFileTime = 0x11;
inline constexpr std::uint8_t kBinXml = 0x21;
inline constexpr std::uint8_t kArray = 0x80;  // bit
}  // namespace evtx_type

struct EvtxText {
  std::string_view text;  // in `scratch` or static; valid until the next call
  ValueKind kind = ValueKind::text;
};

/// One value that is no array. A value whose size does not fit its type comes as hexadecimal digits.
EvtxText evtx_text(std::uint8_t type, std::string_view bytes, std::string& scratch);

/// The first element of an array value; `bytes` loses it. Strings end at NUL, the others have a fixed size (a
/// remainder comes as a last element).
std::string_view next_evtx_element(std::uint8_t array_type, std::string_view& bytes);

/// FILETIME (100 ns since 1601) as an instant; false if it is outside the years 1678 to 2261.
bool instant_of_filetime(std::uint64_t ticks, UtcTime& out);

}  // namespace phendau::ingest
