// SPDX-License-Identifier: Apache-2.0
// What a warning says to look for: an address, a name, the hash of a file. Values are brought into the one
// form in which they are compared, whatever form a list uses ("hxxp://1[.]2[.]3[.]4"). Written by
// report/indicator_reader.h, read by detect/indicator_rules.h and by the hub. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace phendau {

inline constexpr std::size_t kIndicatorBytesMax = 2'000;  // of one value

enum class IndicatorType : std::uint8_t { ip, network, domain, url, md5, sha1, sha256, email, file_name };
inline constexpr IndicatorType kIndicatorTypes[] = {
    IndicatorType::ip,     IndicatorType::network, IndicatorType::domain,
    IndicatorType::url,    IndicatorType::md5,     IndicatorType::sha1,
    IndicatorType::sha256, IndicatorType::email,   IndicatorType::file_name};
std::string_view to_string(IndicatorType type);
std::optional<IndicatorType> indicator_type_from(std::string_view name);

struct Indicator {
  IndicatorType type = IndicatorType::ip;
  std::string value;  // as indicator_from() writes it
  std::string note;   // what the list says of it; may be empty
  bool operator==(const Indicator&) const = default;
};

/// `value` as an indicator of this type. `invalid` says why it cannot be one: it is malformed, or would match
/// nearly everything (an address of the machine itself, a network as wide as a continent, a name without a
/// dot).
Result<Indicator> indicator_from(IndicatorType type, std::string_view value);
/// The type is told by the form. A name of a file cannot be told from a domain: it is one when its ending is
/// that of a program or document.
Result<Indicator> indicator_from(std::string_view value);

}  // namespace phendau
