// SPDX-License-Identifier: Apache-2.0
// Decoders per encoding over the tables, and detection by trial: each candidate decodes a sample; the one
// whose words are Vietnamese syllables wins. Code pages alone cannot tell: nearly every byte means something
// in each.
#include "base/legacy_vietnamese.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_map>

#include <fmt/format.h>

#include "base/legacy_vietnamese_tables.h"
#include "base/text.h"
#include "base/unicode.h"
#include "base/vietnamese_syllable.h"

namespace phendau {
namespace {

using namespace vietnamese;

constexpr char16_t kReplacement = 0xFFFD;
/// Below this share of syllables an encoding is not recognised.
constexpr double kShareMin = 0.5;
/// What a common syllable adds to a valid one, to break ties.
constexpr double kCommonBonus = 0.25;

struct Name {
  TextEncoding encoding;
  std::string_view name;
};
constexpr Name kNames[] = {{TextEncoding::unknown, "unknown"},
                           {TextEncoding::utf8, "utf8"},
                           {TextEncoding::utf8_nfd, "utf8_nfd"},
                           {TextEncoding::utf16_le, "utf16_le"},
                           {TextEncoding::utf16_be, "utf16_be"},
                           {TextEncoding::tcvn3, "tcvn3"},
                           {TextEncoding::tcvn3_upper, "tcvn3_upper"},
                           {TextEncoding::vni_windows, "vni_windows"},
                           {TextEncoding::viqr, "viqr"},
                           {TextEncoding::windows_1258, "windows_1258"}};

std::uint8_t byte_at(std::string_view bytes, std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); }

/// Bytes to characters, 0 where the byte has no meaning of its own.
using ByteTable = std::array<char16_t, 256>;

ByteTable windows_1252() {
  ByteTable table{};
  for (std::size_t i = 0; i < 256; ++i) table[i] = static_cast<char16_t>(i);
  for (std::size_t i = 0; i < 32; ++i) table[0x80 + i] = kWindowsPunctuation[i];
  return table;
}

const ByteTable& tcvn3_table(bool upper) {
  const auto make = [](bool capitals) {
    ByteTable table = windows_1252();
    for (std::size_t i = 0xA1; i < 256; ++i) table[i] = 0;
    for (const auto& [byte, character] : kTcvn3Capitals) table[byte] = character;
    for (std::size_t i = 0; i < 5; ++i)
      table[kTcvn3ToneFirst + i] = static_cast<char16_t>(kCombiningTones[i]);
    table[kTcvn3DLower] = capitals ? kDUpper : kDLower;
    for (const auto& vowel : kVowels) {
      for (std::size_t tone = 0; tone < 6; ++tone) {
        table[vowel.tcvn3[tone]] = capitals ? vowel.upper[tone] : vowel.lower[tone];
      }
    }
    for (std::size_t c = 'a'; capitals && c <= 'z'; ++c) table[c] = static_cast<char16_t>(c - 0x20);
    return table;
  };
  static const ByteTable lower = make(false);
  static const ByteTable capital = make(true);
  return upper ? capital : lower;
}

const ByteTable& windows_1258_table() {
  static const ByteTable table = [] {
    ByteTable made = windows_1252();
    for (const auto& [byte, character] : kWindows1258) made[byte] = character;
    made[0x8A] = made[0x8E] = made[0x9A] = made[0x9E] = 0;
    return made;
  }();
  return table;
}

struct VniTables {
  ByteTable single{};
  std::unordered_map<std::uint32_t, char16_t> pairs;  // first byte << 8 | second
};

void add_vni_vowel(VniTables& tables, const Vowel& vowel) {
  for (std::size_t tone = 0; tone < 6; ++tone) {
    const std::uint8_t code = vowel.vni[tone];
    if (vowel.vni_base == 0) {  // i: one byte each
      if (code == 0) continue;
      tables.single[code] = vowel.lower[tone];
      tables.single[code - kVniUpperOffset] = vowel.upper[tone];
      continue;
    }
    const auto base = static_cast<std::uint32_t>(vowel.vni_base);
    if (code == 0) {
      if (tone != 0) continue;
      tables.single[base] = vowel.lower[0];
      tables.single[base - kVniUpperOffset] = vowel.upper[0];
      continue;
    }
    // People switch capitals late: both forms of the mark follow both forms of the letter.
    for (const std::uint32_t mark : {std::uint32_t{code}, std::uint32_t{code} - kVniUpperOffset}) {
      tables.pairs[base << 8 | mark] = vowel.lower[tone];
      tables.pairs[(base - kVniUpperOffset) << 8 | mark] = vowel.upper[tone];
    }
  }
}

const VniTables& vni_tables() {
  static const VniTables tables = [] {
    VniTables made;
    made.single = windows_1252();
    for (std::size_t i = 0xC0; i < 256; ++i) made.single[i] = 0;
    for (const auto& vowel : kVowels) add_vni_vowel(made, vowel);
    made.single[kVniDLower] = kDLower;
    made.single[kVniDUpper] = kDUpper;
    made.single[kVniYDotLower] = 0x1EF5;
    made.single[kVniYDotUpper] = 0x1EF4;
    return made;
  }();
  return tables;
}

void append_meaning(ConvertedText& out, char16_t character, std::uint8_t byte) {
  if (character == 0 && byte != 0) {
    ++out.undecodable;
    character = kReplacement;
  }
  append_utf8(out.text, character);
}

ConvertedText decode_single_bytes(std::string_view bytes, const ByteTable& table) {
  ConvertedText out;
  out.text.reserve(bytes.size() * 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::uint8_t byte = byte_at(bytes, i);
    append_meaning(out, table[byte], byte);
  }
  return out;
}

ConvertedText decode_vni(std::string_view bytes) {
  const VniTables& tables = vni_tables();
  ConvertedText out;
  out.text.reserve(bytes.size() * 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::uint8_t byte = byte_at(bytes, i);
    if (i + 1 < bytes.size() && byte_at(bytes, i + 1) >= 0xC0) {
      const auto found = tables.pairs.find(static_cast<std::uint32_t>(byte) << 8 | byte_at(bytes, i + 1));
      if (found != tables.pairs.end()) {
        append_utf8(out.text, found->second);
        ++i;
        continue;
      }
    }
    append_meaning(out, tables.single[byte], byte);
  }
  return out;
}

ConvertedText decode_utf8(std::string_view bytes) {
  ConvertedText out;
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  out.text.reserve(bytes.size());
  for (std::size_t pos = 0; pos < bytes.size();) {
    const std::size_t length = utf8_sequence_length(bytes, pos);
    if (length == 0) {
      ++out.undecodable;
      out.text += "\xEF\xBF\xBD";
    } else {
      out.text.append(bytes, pos, length);
    }
    pos += std::max<std::size_t>(1, length);
  }
  return out;
}

ConvertedText decode_utf16(std::string_view bytes, bool little) {
  const auto unit = [&](std::size_t at) -> char32_t {
    const unsigned first = byte_at(bytes, at);
    const unsigned second = byte_at(bytes, at + 1);
    return little ? second << 8 | first : first << 8 | second;
  };
  ConvertedText out;
  std::size_t at = bytes.size() >= 2 && unit(0) == 0xFEFF ? 2 : 0;
  for (; at + 1 < bytes.size(); at += 2) {
    char32_t c = unit(at);
    if (c >= 0xD800 && c < 0xDC00 && at + 3 < bytes.size() && unit(at + 2) >= 0xDC00 &&
        unit(at + 2) < 0xE000) {
      c = 0x10000 + ((c - 0xD800) << 10) + (unit(at + 2) - 0xDC00);
      at += 2;
    } else if (c >= 0xD800 && c < 0xE000) {
      ++out.undecodable;
      c = kReplacement;
    }
    append_utf8(out.text, c);
  }
  if (at < bytes.size()) {
    ++out.undecodable;
    append_utf8(out.text, kReplacement);
  }
  return out;
}

// --- VIQR (RFC 1456) ---

bool is_viqr_mark(char c) { return std::string_view("`?~'.(^+\\").find(c) != std::string_view::npos; }
bool is_ascii_letter(char c) { return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'; }

const Vowel* vowel_of(char base, char shape) {
  for (const auto& vowel : kVowels) {
    if (vowel.base == ascii_lower(base) && vowel.shape == shape) return &vowel;
  }
  return nullptr;
}

struct ViqrWord {
  std::string text;
  bool shaped = false;  // holds what ordinary text does not: a^ o+ dd
  bool toned = false;
};

/// Reads one run of letters and marks by the letter of the RFC: each vowel takes at most one shape and one
/// tone; a backslash keeps the next mark as it is.
ViqrWord read_viqr(std::string_view run) {
  ViqrWord out;
  for (std::size_t i = 0; i < run.size(); ++i) {
    const char c = run[i];
    if (c == '\\' && i + 1 < run.size()) {
      out.text += run[++i];
      continue;
    }
    if ((c == 'd' || c == 'D') && i + 1 < run.size() && ascii_lower(run[i + 1]) == 'd') {
      append_utf8(out.text, c == 'd' ? kDLower : kDUpper);
      out.shaped = true;
      ++i;
      continue;
    }
    const char shape = i + 1 < run.size() ? run[i + 1] : '\0';
    const Vowel* vowel = shape == '(' || shape == '^' || shape == '+' ? vowel_of(c, shape) : nullptr;
    if (vowel != nullptr) {
      out.shaped = true;
      ++i;
    } else {
      vowel = vowel_of(c, '\0');
    }
    if (vowel == nullptr) {
      out.text += c;
      continue;
    }
    std::size_t tone = i + 1 < run.size() ? kToneMarks.find(run[i + 1]) : std::string_view::npos;
    tone = tone == std::string_view::npos ? 0 : tone + 1;
    if (tone > 0) {
      out.toned = true;
      ++i;
    }
    append_utf8(out.text, ascii_lower(c) == c ? vowel->lower[tone] : vowel->upper[tone]);
  }
  return out;
}

/// What happens to one run. Sentences end in marks too, and addresses hold dots: a run becomes Vietnamese
/// when it is a syllable then, perhaps without its last mark, or when it holds a shape.
struct ViqrReading {
  std::string text;
  bool strong = false;  // nothing but VIQR explains it
  bool broken = false;  // marks inside, and no syllable
};

ViqrReading read_viqr_run(std::string_view run) {
  ViqrReading out;
  const auto strip = [](std::string_view text) {
    while (!text.empty() && std::string_view("`?~'.(^+\\").find(text.back()) != std::string_view::npos)
      text.remove_suffix(1);
    return text;
  };
  const ViqrWord word = read_viqr(run);
  const std::string_view letters = strip(word.text);
  if (judge_word(letters) != WordKind::other) {
    out.text = word.text;
    const char last = run.back();
    out.strong = word.shaped || (word.toned && (last != '.' && last != '?' && last != '\''));
    return out;
  }
  const std::string_view cut = run.substr(0, run.size() - 1);
  if (std::string_view(".?'").find(run.back()) != std::string_view::npos && !cut.empty()) {
    const ViqrWord shorter = read_viqr(cut);
    if (judge_word(strip(shorter.text)) != WordKind::other) {
      out.text = shorter.text + run.back();
      out.strong = shorter.shaped;
      return out;
    }
  }
  const bool escaped = run.find('\\') != std::string_view::npos;
  out.broken = !escaped && std::any_of(run.begin(), run.end() - 1, is_viqr_mark);
  // Without a vowel it is an abbreviation ("QDD").
  const bool abbreviation = run.find_first_of("aeiouyAEIOUY") == std::string_view::npos;
  const bool shape_only = word.shaped && (abbreviation || run.find_first_of("^(+") != std::string_view::npos);
  out.text = shape_only || escaped ? word.text : std::string(run);
  return out;
}

struct ViqrStatistics {
  std::size_t words = 0;
  std::size_t strong = 0;
  std::size_t broken = 0;
};

/// Source: RFC 1456. Text other than runs of letters and marks is copied.
std::string decode_viqr(std::string_view bytes, ViqrStatistics& statistics) {
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t i = 0; i < bytes.size();) {
    if (!is_ascii_letter(bytes[i]) && bytes[i] != '\\') {
      out += bytes[i++];
      continue;
    }
    std::size_t end = i;
    while (end < bytes.size() &&
           (is_ascii_letter(bytes[end]) || is_viqr_mark(bytes[end]) || bytes[end] == '@'))
      ++end;
    const std::string_view run = bytes.substr(i, end - i);
    ++statistics.words;
    if (run.find('@') != std::string_view::npos) {
      ++statistics.broken;
      out += run;
    } else {
      const ViqrReading reading = read_viqr_run(run);
      statistics.strong += reading.strong ? 1 : 0;
      statistics.broken += reading.broken ? 1 : 0;
      out += reading.text;
    }
    i = end;
  }
  return out;
}

// --- characters that stand for bytes ---

/// The byte that a character of code page 1252 or 1258 was.
std::optional<std::uint8_t> byte_of(char32_t c) {
  static const auto table = [] {
    std::unordered_map<char32_t, std::uint8_t> made;
    for (std::size_t i = 0; i < 32; ++i) {
      made[static_cast<char32_t>(0x80 + i)] = static_cast<std::uint8_t>(0x80 + i);
      if (kWindowsPunctuation[i] != 0) made[kWindowsPunctuation[i]] = static_cast<std::uint8_t>(0x80 + i);
    }
    for (const auto& [byte, character] : kWindows1258) made[character] = byte;
    return made;
  }();
  if (c < 0x80 || (c >= 0xA0 && c <= 0xFF)) return static_cast<std::uint8_t>(c);
  const auto found = table.find(c);
  if (found == table.end()) return std::nullopt;
  return found->second;
}

/// The bytes behind Unicode text, or nullopt when a character cannot have been one.
std::optional<std::string> bytes_behind(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t pos = 0; pos < text.size();) {
    const auto byte = byte_of(next_character(text, pos));
    if (!byte) return std::nullopt;
    out += static_cast<char>(*byte);
  }
  return out;
}

ConvertedText decode(std::string_view bytes, TextEncoding encoding) {
  switch (encoding) {
    case TextEncoding::tcvn3:
      return decode_single_bytes(bytes, tcvn3_table(false));
    case TextEncoding::tcvn3_upper:
      return decode_single_bytes(bytes, tcvn3_table(true));
    case TextEncoding::windows_1258:
      return decode_single_bytes(bytes, windows_1258_table());
    case TextEncoding::vni_windows:
      return decode_vni(bytes);
    case TextEncoding::utf16_le:
      return decode_utf16(bytes, true);
    case TextEncoding::utf16_be:
      return decode_utf16(bytes, false);
    case TextEncoding::viqr: {
      ConvertedText out = decode_utf8(bytes);
      ViqrStatistics ignored;
      out.text = decode_viqr(out.text, ignored);
      return out;
    }
    default:
      return decode_utf8(bytes);
  }
}

/// Unicode that holds the bytes of `encoding`; a character that is no byte stays as it is.
ConvertedText decode_in_unicode(std::string_view text, TextEncoding encoding) {
  const ConvertedText unicode = decode_utf8(text);
  ConvertedText out;
  out.undecodable = unicode.undecodable;
  std::string bytes;
  const auto flush = [&] {
    const ConvertedText part = decode(bytes, encoding);
    out.text += part.text;
    out.undecodable += part.undecodable;
    bytes.clear();
  };
  const std::string& from = unicode.text;
  for (std::size_t pos = 0; pos < from.size();) {
    const std::size_t start = pos;
    if (const auto byte = byte_of(next_character(from, pos))) {
      bytes += static_cast<char>(*byte);
    } else {
      flush();
      out.text.append(from, start, pos - start);
    }
  }
  flush();
  return out;
}

// --- detection ---

/// Spaces and marks between words; anything else belongs to one, so that a sign in the middle of a word
/// counts against the encoding that put it there.
bool separates_words(char32_t c) {
  if (c < 0x80) return !is_ascii_letter(static_cast<char>(c));
  return c == 0xA0 || c == 0xAB || c == 0xBB || (c >= 0x2010 && c <= 0x2027) || c == 0x2039 || c == 0x203A;
}

struct Score {
  std::size_t words = 0;  // with a character beyond ASCII
  std::size_t valid = 0;
  std::size_t common = 0;
  double share() const { return words == 0 ? 0 : static_cast<double>(valid) / static_cast<double>(words); }
  double rank() const {
    return words == 0 ? 0 : share() + kCommonBonus * static_cast<double>(common) / static_cast<double>(words);
  }
};

Score score(std::string_view text) {
  Score out;
  std::size_t begin = 0;
  bool beyond_ascii = false;
  const auto close = [&](std::size_t end) {
    if (beyond_ascii) {
      const WordKind kind = judge_word(text.substr(begin, end - begin));
      ++out.words;
      out.valid += kind != WordKind::other ? 1 : 0;
      out.common += kind == WordKind::common ? 1 : 0;
    }
    beyond_ascii = false;
  };
  for (std::size_t pos = 0; pos < text.size();) {
    const std::size_t start = pos;
    const char32_t c = next_character(text, pos);
    if (separates_words(c)) {
      close(start);
      begin = pos;
    } else if (c >= 0x80) {
      beyond_ascii = true;
    }
  }
  close(text.size());
  return out;
}

/// Lines with a byte beyond ASCII (all lines if there is none), up to the limit.
std::string sample_of(std::string_view bytes) {
  if (bytes.size() <= kDetectionSampleBytesMax) return std::string(bytes);
  std::string telling;
  for (std::size_t begin = 0; begin < bytes.size() && telling.size() < kDetectionSampleBytesMax;) {
    std::size_t end = std::min(bytes.find('\n', begin), bytes.size());
    end = std::min(end + 1, begin + kDetectionSampleBytesMax);
    end = std::min(end, bytes.size());
    const std::string_view line = bytes.substr(begin, end - begin);
    if (std::any_of(line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }))
      telling += line;
    begin = end;
  }
  return telling.empty() ? std::string(bytes.substr(0, kDetectionSampleBytesMax)) : telling;
}

std::string percent(double share) { return fmt::format("{}", std::lround(share * 100)); }

struct Candidate {
  TextEncoding encoding = TextEncoding::unknown;
  Score score;
};

/// The single-byte encodings by rank. On a tie the earlier of the list stays in front.
std::vector<Candidate> try_bytes(std::string_view bytes) {
  std::vector<Candidate> out;
  for (const auto encoding : {TextEncoding::tcvn3, TextEncoding::vni_windows, TextEncoding::windows_1258}) {
    out.push_back({encoding, score(to_nfc(decode(bytes, encoding).text))});
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Candidate& a, const Candidate& b) { return a.score.rank() > b.score.rank(); });
  return out;
}

EncodingDetection found(TextEncoding encoding, double confidence, std::string text_id,
                        std::vector<std::string> args = {}) {
  EncodingDetection out;
  out.encoding = encoding;
  out.confidence = confidence;
  out.reasons.push_back({std::move(text_id), std::move(args)});
  return out;
}

EncodingDetection detect_ascii(std::string_view sample) {
  ViqrStatistics statistics;
  decode_viqr(sample, statistics);
  const std::size_t strong = statistics.strong;
  const bool many = strong >= 3 || strong * 4 >= statistics.words;
  if (strong > 0 && many && strong > statistics.broken) {
    const double confidence = static_cast<double>(strong) / static_cast<double>(strong + statistics.broken);
    return found(TextEncoding::viqr, confidence, "encoding.viqr_words", {std::to_string(strong)});
  }
  return found(TextEncoding::utf8, 1, "encoding.ascii");
}

EncodingDetection detect_unicode(std::string_view text) {
  const std::string composed = to_nfc(text);
  EncodingDetection out = found(TextEncoding::utf8, 1, "encoding.valid_utf8");
  if (composed.size() < text.size() && composed != text) {
    out = found(TextEncoding::utf8_nfd, 1, "encoding.separate_accents");
  }
  const auto bytes = bytes_behind(text);
  if (!bytes) return out;
  const Score plain = score(composed);
  const auto candidates = try_bytes(*bytes);
  const Candidate& best = candidates.front();
  if (plain.words == 0 || best.score.share() < kShareMin || best.score.rank() <= plain.rank()) return out;
  out = found(best.encoding, best.score.share() - plain.share() / 2, "encoding.in_unicode",
              {percent(best.score.share()), percent(plain.share())});
  out.in_unicode = true;
  return out;
}

}  // namespace

std::string_view to_string(TextEncoding encoding) {
  for (const auto& one : kNames) {
    if (one.encoding == encoding) return one.name;
  }
  return "unknown";
}

TextEncoding text_encoding_of(std::string_view name) {
  for (const auto& one : kNames) {
    if (one.name == name) return one.encoding;
  }
  return TextEncoding::unknown;
}

EncodingDetection detect_encoding(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xFE")) return found(TextEncoding::utf16_le, 1, "encoding.byte_order_mark");
  if (bytes.starts_with("\xFE\xFF")) return found(TextEncoding::utf16_be, 1, "encoding.byte_order_mark");
  const bool marked = bytes.starts_with("\xEF\xBB\xBF");
  if (marked) bytes.remove_prefix(3);
  const std::string sample = sample_of(bytes);
  if (sample.find('\0') != std::string::npos) {
    std::size_t zeros[2] = {0, 0};
    for (std::size_t i = 0; i < sample.size(); ++i) zeros[i % 2] += sample[i] == '\0' ? 1 : 0;
    // Latin letters in UTF-16 have a zero byte; Vietnamese has a few in three without.
    if (zeros[1] * 5 > sample.size()) return found(TextEncoding::utf16_le, 0.9, "encoding.zero_bytes");
    if (zeros[0] * 5 > sample.size()) return found(TextEncoding::utf16_be, 0.9, "encoding.zero_bytes");
  }
  const bool ascii =
      std::all_of(bytes.begin(), bytes.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (ascii) return detect_ascii(sample);
  if (is_valid_utf8(bytes)) return detect_unicode(is_valid_utf8(sample) ? sample : to_valid_utf8(sample));
  const auto candidates = try_bytes(sample);
  const Candidate& best = candidates[0];
  if (best.score.share() >= kShareMin && !marked) {
    return found(best.encoding, best.score.share() - candidates[1].score.share() / 2, "encoding.syllables",
                 {percent(best.score.share()), percent(candidates[1].score.share())});
  }
  const ConvertedText as_utf8 = decode_utf8(bytes);
  if (marked || as_utf8.undecodable * 20 < as_utf8.text.size()) {
    if (marked || score(as_utf8.text).share() > best.score.share()) {
      return found(TextEncoding::utf8, 0.5, "encoding.damaged_utf8", {std::to_string(as_utf8.undecodable)});
    }
  }
  return found(TextEncoding::unknown, 0, "encoding.unknown", {percent(best.score.share())});
}

Result<ConvertedText> convert_to_utf8(std::string_view bytes, TextEncoding encoding, bool in_unicode) {
  if (bytes.size() > kLegacyTextBytesMax) {
    return fail(ErrorCode::limit,
                fmt::format("text of {} bytes, at most {}", bytes.size(), kLegacyTextBytesMax),
                "encoding.too_large", {std::to_string(kLegacyTextBytesMax >> 20)});
  }
  ConvertedText out = in_unicode ? decode_in_unicode(bytes, encoding) : decode(bytes, encoding);
  out.text = to_nfc(out.text);
  return out;
}

TextEncoding encoding_of_font(std::string_view font_name) {
  const std::string name = to_lower_ascii(trim(font_name));
  if (name.starts_with(".vn")) return name.ends_with('h') ? TextEncoding::tcvn3_upper : TextEncoding::tcvn3;
  if (name.starts_with("vni-") || name.starts_with("vni ")) return TextEncoding::vni_windows;
  return TextEncoding::utf8;
}

double vietnamese_share(std::string_view text) {
  const Score one = score(text);
  return one.words == 0 ? 1 : one.share();
}

bool is_vietnamese_syllable(std::string_view word) { return judge_word(word) != WordKind::other; }

}  // namespace phendau
