// SPDX-License-Identifier: Apache-2.0
// Unicode by ICU: normalisation, case folding, accent folding for search, Vietnamese order. Adapter:
// unicode.cpp. Not linked into the agent. Pure; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace phendau {

/// One character as UTF-8; what is none (surrogates, beyond U+10FFFF) becomes U+FFFD.
void append_utf8(std::string& out, char32_t character);
/// Canonical composition; invalid UTF-8 is returned unchanged.
std::string to_nfc(std::string_view text);
/// Simple case folding of NFC text (one letter stays one letter), ASCII fast path. The form in which Sigma
/// strings are compared. Bytes that are no UTF-8 stay as they are.
std::string fold_case(std::string_view text);
/// Capitals of Vietnamese; invalid UTF-8 is returned unchanged.
std::string to_upper(std::string_view text);
/// fold_case without accents and with d for the barred d: what search compares when the query has no accents.
std::string fold_accents(std::string_view text);
/// Without control and format characters (line breaks, right-to-left marks and overrides, zero widths): what
/// is shown is what is there. For names of files; invalid UTF-8 becomes U+FFFD.
std::string without_invisible(std::string_view text);
/// What a reader sees: compatibility composition (full-width letters become plain ones), every kind of space
/// is ' ' and every kind of line end '\n' (tabs stay), invisible and control characters are gone. Invalid
/// UTF-8 is returned unchanged.
std::string to_visible(std::string_view text);
/// Text of the TCVN3 (ABC) fonts, whose letters lie where Latin-1 has others, as real Vietnamese. A word
/// whose plain letters are all capitals becomes capitals, as those fonts have few capitals of their own.
std::string from_tcvn3(std::string_view text);
/// Bytes of a named character set ("windows-1258", "utf-16le") as UTF-8; `not_found` for an unknown name.
Result<std::string> from_charset(std::string_view bytes, const std::string& charset);
/// <0, 0, >0 in Vietnamese alphabetical order.
int compare_vietnamese(std::string_view a, std::string_view b);

}  // namespace phendau
