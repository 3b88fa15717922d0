// SPDX-License-Identifier: Apache-2.0
// Lists of indicators as offices get them: CSV or plain text with one value a line, STIX 2.1 bundles, events
// of MISP. Called by hub/indicators.h. Hostile input: bounded, every value checked (model/indicator.h); what
// cannot be used is listed with its place and reason. Pure; thread-safe. Source: STIX 2.1 (OASIS, 2021),
// sections 4.7 and 9; MISP core format; TLP 2.0 (FIRST, 2022).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/indicator.h"

namespace phendau::report {

inline constexpr std::size_t kIndicatorFileBytesMax = 32u << 20;
inline constexpr std::size_t kIndicatorsMax = 50'000;        // of one file
inline constexpr std::size_t kIndicatorsRefusedShown = 100;  // all are counted

enum class IndicatorFormat : std::uint8_t { lines, stix, misp };
std::string_view to_string(IndicatorFormat format);

struct IndicatorFile {
  struct Refused {
    std::string place;  // the number of the line or attribute, the id of an object of STIX
    std::string value;
    Error reason;
  };
  IndicatorFormat format = IndicatorFormat::lines;
  std::string title;  // of the event or report; may be empty
  std::string tlp;    // "TLP:AMBER"; empty: the file does not say. The strictest that it names
  std::vector<Indicator> indicators;  // each once, by type and value
  std::vector<Refused> refused;
  std::size_t refused_count = 0;
  std::size_t repeated = 0;
};

/// @param now indicators of STIX that were over before are refused.
/// Errors: `invalid` when it is no list at all, `limit` with the limit.
Result<IndicatorFile> read_indicators(std::string_view bytes, UtcTime now);

}  // namespace phendau::report
