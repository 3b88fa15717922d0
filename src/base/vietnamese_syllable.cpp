// SPDX-License-Identifier: Apache-2.0
// Whether a word can be a Vietnamese syllable: an initial, a rhyme and a tone that the rhyme allows. A rhyme
// that ends in c, ch, p or t takes the acute or the dot only. Source: the usual description of the
// orthography; names of the highlands get the final k.
#include "base/vietnamese_syllable.h"

#include <algorithm>
#include <unordered_set>

#include "base/legacy_vietnamese_tables.h"
#include "base/text.h"

namespace phendau::vietnamese {
namespace {

constexpr std::size_t kLetterEnd = 0x1F00;
constexpr std::size_t kSyllableBytesMax = 24;  // the longest, in VIQR, has 11

struct Letter {
  char base = 0;  // 0: not a letter of Vietnamese
  char shape = 0;
  std::uint8_t tone = 0;
};

const std::vector<Letter>& letters() {
  static const std::vector<Letter> table = [] {
    std::vector<Letter> made(kLetterEnd);
    for (char c = 'a'; c <= 'z'; ++c) {
      made[static_cast<std::size_t>(c)].base = c;
      made[static_cast<std::size_t>(c) - 'a' + 'A'].base = c;
    }
    for (const auto& vowel : kVowels) {
      for (std::size_t tone = 0; tone < 6; ++tone) {
        const Letter letter{vowel.base, vowel.shape, static_cast<std::uint8_t>(tone)};
        made[vowel.lower[tone]] = letter;
        made[vowel.upper[tone]] = letter;
      }
    }
    made[kDLower] = made[kDUpper] = {'d', 'd', 0};
    return made;
  }();
  return table;
}

std::unordered_set<std::string_view> words_of(std::string_view list) {
  std::unordered_set<std::string_view> out;
  for (const auto word : split(list, ' ')) out.insert(word);
  return out;
}

bool tone_fits(std::string_view rhyme, int tone) {
  const char last = rhyme.back();
  const bool stopped = last == 'c' || last == 'p' || last == 't' || rhyme.ends_with("ch");
  return !stopped || tone == 4 || tone == 5;
}

}  // namespace

char32_t next_character(std::string_view text, std::size_t& pos) {
  const std::size_t length = utf8_sequence_length(text, pos);
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[pos + i]); };
  char32_t out = 0xFFFD;
  if (length == 1) out = byte(0);
  if (length == 2) out = static_cast<char32_t>((byte(0) & 0x1Fu) << 6 | (byte(1) & 0x3Fu));
  if (length == 3)
    out = static_cast<char32_t>((byte(0) & 0x0Fu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu));
  if (length == 4) {
    out = static_cast<char32_t>((byte(0) & 0x07u) << 18 | (byte(1) & 0x3Fu) << 12 | (byte(2) & 0x3Fu) << 6 |
                                (byte(3) & 0x3Fu));
  }
  pos += std::max<std::size_t>(1, length);
  return out;
}

WordKind judge_word(std::string_view word) {
  std::string plain;
  std::string full;
  int tone = 0;
  for (std::size_t pos = 0; pos < word.size();) {
    const char32_t c = next_character(word, pos);
    if (c >= kLetterEnd || letters()[c].base == 0 || plain.size() > kSyllableBytesMax) return WordKind::other;
    const Letter& letter = letters()[c];
    plain += letter.base;
    full += letter.base;
    if (letter.shape != 0) plain += letter.shape, full += letter.shape;
    if (letter.tone != 0) {
      if (tone != 0) return WordKind::other;
      tone = letter.tone;
      full += kToneMarks[static_cast<std::size_t>(tone) - 1];
    }
  }
  static const auto rhymes = words_of(kRhymes);
  static const auto common = words_of(kCommon);
  const auto fits = [&](std::string_view rhyme) { return rhymes.contains(rhyme) && tone_fits(rhyme, tone); };
  bool valid = fits(plain);
  for (const auto initial : kInitials) {
    if (valid) break;
    valid = plain.starts_with(initial) && fits(std::string_view(plain).substr(initial.size()));
  }
  if (!valid) return WordKind::other;
  return common.contains(full) ? WordKind::common : WordKind::syllable;
}

}  // namespace phendau::vietnamese
