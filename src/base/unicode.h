// SPDX-License-Identifier: Apache-2.0
// Unicode by ICU: normalisation, case folding, accent folding for search, Vietnamese order. Adapter:
// unicode.cpp. Not linked into the agent. Pure; thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace phendau {

/// Canonical composition; invalid UTF-8 is returned unchanged.
std::string to_nfc(std::string_view text);
/// Full case folding of NFC text, ASCII fast path. The form in which Sigma strings are compared.
std::string fold_case(std::string_view text);
/// fold_case without accents and with d for the barred d: what search compares when the query has no accents.
std::string fold_accents(std::string_view text);
/// Without control and format characters (line breaks, right-to-left marks and overrides, zero widths): what
/// is shown is what is there. For names of files; invalid UTF-8 becomes U+FFFD.
std::string without_invisible(std::string_view text);
/// <0, 0, >0 in Vietnamese alphabetical order.
int compare_vietnamese(std::string_view a, std::string_view b);

}  // namespace phendau
