// SPDX-License-Identifier: Apache-2.0
// The Traffic Light Protocol: who may be told. One table for all formats. Source: TLP 2.0 (FIRST, 2022);
// STIX 2.1 and its extension for TLP 2.0; RFC 7970, section 3.3.1.
#pragma once

#include <string>
#include <string_view>

namespace phendau::report {

struct TlpLevel {
  std::string_view label;  // as on papers
  std::string_view stix_id;
  std::string_view stix_word;
  std::string_view iodef_restriction;
};

/// From the widest circle to the narrowest.
inline constexpr TlpLevel kTlpLevels[] = {
    {"TLP:CLEAR", "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", "clear", "white"},
    {"TLP:GREEN", "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "green", "green"},
    {"TLP:AMBER", "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", "amber", "amber"},
    {"TLP:AMBER+STRICT", "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", "amber+strict", "amber"},
    {"TLP:RED", "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", "red", "red"},
};

/// What is told to us or by us without a label stays with those who need it.
inline constexpr std::string_view kTlpUnsaid = "TLP:AMBER";

/// The label from "tlp:amber", "TLP:WHITE" (which is CLEAR now), ...; empty: it is none.
std::string tlp_label(std::string_view text);

}  // namespace phendau::report
