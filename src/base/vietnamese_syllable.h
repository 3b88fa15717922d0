// SPDX-License-Identifier: Apache-2.0
// Inside base: judges words for legacy_vietnamese.cpp. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

namespace phendau::vietnamese {

enum class WordKind : std::uint8_t { other, syllable, common };
/// NFC text of letters, any case. `common` is a syllable that most administrative texts hold.
WordKind judge_word(std::string_view word);
/// The character at `pos`, which moves behind it; U+FFFD for an invalid byte.
char32_t next_character(std::string_view text, std::size_t& pos);

}  // namespace phendau::vietnamese
