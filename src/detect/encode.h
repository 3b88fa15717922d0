// SPDX-License-Identifier: Apache-2.0
// What the transformation modifiers of Sigma make of a literal text: UTF-16, base64 at an offset, the dashes
// of Windows options. Used by compile.cpp. Pure; thread-safe. Source: Sigma modifiers appendix 2.1.0.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace phendau::detect {

/// Each dash of a `windash` value becomes five; five dashes are 3,125 variants.
inline constexpr std::size_t kVariantsPerValueMax = 3'125;

/// UTF-16 bytes without a mark; `invalid` for bytes that are no UTF-8.
Result<std::string> to_utf16(std::string_view text, bool big_endian);

/// The three forms that the bytes take inside a longer base64 text, without the characters that neighbours
/// share; `invalid` if nothing would be left.
Result<std::vector<std::string>> base64_offsets(std::string_view bytes);

/// All variants of one literal in which each option dash (`-x` or `/x`, or x after an en dash, an em dash or
/// a horizontal bar, not after a word character) is one of the five. Dashes that would make more than
/// kVariantsPerValueMax stay.
std::vector<std::string> windash_variants(std::string_view text);

}  // namespace phendau::detect
