// SPDX-License-Identifier: Apache-2.0
// Old Vietnamese encodings to NFC UTF-8: TCVN3 (ABC fonts), VNI-Windows, VIQR, Windows-1258, decomposed
// Unicode and UTF-16. Detection converts a sample by every candidate and asks how many of the words with
// accents are then Vietnamese syllables. Used by report/table_reader.h. Pure; thread-safe. Tables: TCVN
// 5712:1993, RFC 1456 (VIQR), Microsoft code page 1258, the VNI-Windows fonts; own copies of the facts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/texts.h"

namespace phendau {

/// Larger files are not tables that a person made.
inline constexpr std::size_t kLegacyTextBytesMax = 64u << 20;
/// What detection looks at: lines that can tell encodings apart, from the whole text.
inline constexpr std::size_t kDetectionSampleBytesMax = 128u << 10;

enum class TextEncoding : std::uint8_t {
  unknown,
  utf8,      // ASCII is UTF-8 too
  utf8_nfd,  // letters and accents as separate characters
  utf16_le,
  utf16_be,
  tcvn3,        // ABC, fonts .VnTime
  tcvn3_upper,  // the same bytes in a font that ends in H (.VnTimeH): it shows small letters as capitals
  vni_windows,  // fonts VNI-Times
  viqr,         // "Vie^.t Nam"
  windows_1258,
};
std::string_view to_string(TextEncoding encoding);
/// The enumerator of this name; unknown when there is none.
TextEncoding text_encoding_of(std::string_view name);

/// A sentence by id, for people.
struct DetectionReason {
  std::string text_id;
  std::vector<std::string> args;
};

struct EncodingDetection {
  TextEncoding encoding = TextEncoding::unknown;
  /// The text is Unicode whose characters stand for the bytes of `encoding`: what Excel stores when somebody
  /// types in an old font.
  bool in_unicode = false;
  double confidence = 0;  // 0..1
  std::vector<DetectionReason> reasons;
};

/// Never fails: what nobody recognises is `unknown` (convert it as Windows-1258 or ask). Capitals of .VnTimeH
/// cannot be seen in bytes: `tcvn3_upper` is never the answer, a font's name is (encoding_of_font()).
EncodingDetection detect_encoding(std::string_view bytes);

struct ConvertedText {
  std::string text;             // valid UTF-8 in NFC, without a byte order mark
  std::size_t undecodable = 0;  // how many became U+FFFD
};
/// `limit` over kLegacyTextBytesMax; otherwise always converts and counts what it could not.
/// `unknown` is read as UTF-8.
Result<ConvertedText> convert_to_utf8(std::string_view bytes, TextEncoding encoding, bool in_unicode = false);

/// What text typed in this font is: ".VnTimeH" -> tcvn3_upper, ".VnArial" -> tcvn3, "VNI-Times" ->
/// vni_windows, others utf8.
TextEncoding encoding_of_font(std::string_view font_name);

/// Share of Vietnamese syllables among the words of NFC text that hold a character beyond ASCII; 1 when there
/// is none. For people who want to know whether a conversion made sense.
double vietnamese_share(std::string_view text);
/// Whether this word (NFC, any case) can be a Vietnamese syllable.
bool is_vietnamese_syllable(std::string_view word);

}  // namespace phendau
