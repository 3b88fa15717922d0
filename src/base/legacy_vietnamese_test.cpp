// SPDX-License-Identifier: Apache-2.0
// Proves that text in each old encoding is recognised and comes back without a lost accent, on phrases that
// use all 134 accented letters. The encoders here are written from rules (shape x tone) and from iconv, not
// from the tables of the program.
#include "base/legacy_vietnamese.h"

#include <doctest/doctest.h>
#include <iconv.h>

#include <fstream>
#include <functional>
#include <map>
#include <set>

#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include "base/text.h"
#include "base/unicode.h"

namespace phendau::legacy_vietnamese_test {
namespace {

std::vector<std::string> phrases() {
  std::ifstream in(PHENDAU_SOURCE_DIR "/tests/data/vietnamese/phrases.txt");
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

icu::UnicodeString decomposed(const std::string& text) {
  UErrorCode status = U_ZERO_ERROR;
  const auto* nfd = icu::Normalizer2::getNFDInstance(status);
  return nfd->normalize(icu::UnicodeString::fromUTF8(text), status);
}

std::string utf8(const icu::UnicodeString& text) {
  std::string out;
  text.toUTF8String(out);
  return out;
}

/// A letter taken apart: base, shape (circumflex, breve, horn, stroke) and tone (1 grave, 2 hook, 3 tilde,
/// 4 acute, 5 dot).
struct Part {
  char32_t base = 0;
  char32_t shape = 0;
  int tone = 0;
};

std::vector<Part> parts_of(const std::string& text) {
  const icu::UnicodeString wide = decomposed(text);
  std::vector<Part> out;
  for (std::int32_t i = 0; i < wide.length(); i = wide.moveIndex32(i, 1)) {
    const auto c = static_cast<char32_t>(wide.char32At(i));
    constexpr char32_t kTones[] = {0, 0x300, 0x309, 0x303, 0x301, 0x323};
    const auto* tone = std::find(std::begin(kTones) + 1, std::end(kTones), c);
    if (tone != std::end(kTones)) {
      out.back().tone = static_cast<int>(tone - std::begin(kTones));
    } else if (c == 0x302 || c == 0x306 || c == 0x31B) {
      out.back().shape = c;
    } else {
      out.push_back({c, 0, 0});
    }
  }
  return out;
}

bool is_capital(char32_t c) { return (c >= 'A' && c <= 'Z') || c == 0x110; }

/// VNI by its own logic: the mark that follows is one of a grid of shape and tone; i and the dotted y have
/// bytes of their own. Capitals of marks are 0x20 lower.
std::string to_vni(const std::string& text) {
  const std::map<std::pair<char32_t, int>, int> marks = {
      {{0, 4}, 0xF9},     {{0, 1}, 0xF8},     {{0, 2}, 0xFB},     {{0, 3}, 0xF5},     {{0, 5}, 0xEF},
      {{0x302, 0}, 0xE2}, {{0x302, 4}, 0xE1}, {{0x302, 1}, 0xE0}, {{0x302, 2}, 0xE5}, {{0x302, 3}, 0xE3},
      {{0x302, 5}, 0xE4}, {{0x306, 0}, 0xEA}, {{0x306, 4}, 0xE9}, {{0x306, 1}, 0xE8}, {{0x306, 2}, 0xFA},
      {{0x306, 3}, 0xFC}, {{0x306, 5}, 0xEB}};
  constexpr int kI[] = {'i', 0xEC, 0xE6, 0xF3, 0xED, 0xF2};
  std::string out;
  for (const Part& part : parts_of(text)) {
    const int down = is_capital(part.base) ? 0x20 : 0;
    const auto lower = static_cast<int>(part.base) + down;
    const auto put = [&](int byte) { out += static_cast<char>(byte - down); };
    if (part.base == 0x110 || part.base == 0x111) {
      out += static_cast<char>(part.base == 0x110 ? 0xD1 : 0xF1);
    } else if (lower == 'i') {
      put(kI[part.tone]);
    } else if (lower == 'y' && part.tone == 5) {
      put(0xEE);
    } else if (part.shape == 0x31B) {
      put(lower == 'o' ? 0xF4 : 0xF6);
      if (part.tone != 0) put(marks.at({0, part.tone}));
    } else {
      out += static_cast<char>(part.base);
      if (part.shape != 0 || part.tone != 0) put(marks.at({part.shape, part.tone}));
    }
  }
  return out;
}

/// RFC 1456 by its own logic; a mark of the sentence behind a vowel is escaped.
std::string to_viqr(const std::string& text) {
  std::string out;
  bool vowel_before = false;
  for (const Part& part : parts_of(text)) {
    const auto c = static_cast<char>(part.base);
    if (part.base == 0x110 || part.base == 0x111) {
      out += part.base == 0x110 ? "DD" : "dd";
      vowel_before = false;
      continue;
    }
    if (vowel_before && std::string_view("`?~'.(^+").find(c) != std::string_view::npos) out += '\\';
    out += c;
    if (part.shape != 0) out += part.shape == 0x302 ? '^' : part.shape == 0x306 ? '(' : '+';
    if (part.tone != 0) out += " `?~'."[part.tone];
    vowel_before = std::string_view("aeiouyAEIOUY").find(c) != std::string_view::npos;
  }
  return out;
}

std::string by_iconv(const std::string& text, const char* target) {
  const iconv_t converter = iconv_open(target, "UTF-8");
  if (converter == reinterpret_cast<iconv_t>(-1)) return {};
  std::string in = text;
  std::string out(text.size() * 4 + 16, '\0');
  char* from = in.data();
  char* to = out.data();
  std::size_t left = in.size();
  std::size_t room = out.size();
  const bool good = iconv(converter, &from, &left, &to, &room) != static_cast<std::size_t>(-1) &&
                    iconv(converter, nullptr, nullptr, &to, &room) != static_cast<std::size_t>(-1);
  iconv_close(converter);
  out.resize(good ? static_cast<std::size_t>(to - out.data()) : 0);
  return out;
}

std::string letter_of(const Part& part, bool with_tone) {
  constexpr UChar kTones[] = {0, 0x300, 0x309, 0x303, 0x301, 0x323};
  icu::UnicodeString wide;
  wide.append(static_cast<UChar32>(part.base));
  if (part.shape != 0) wide.append(static_cast<UChar32>(part.shape));
  if (with_tone && part.tone != 0) wide.append(kTones[part.tone]);
  return to_nfc(utf8(wide));
}

/// iconv's table is TCVN 5712 VN1. ABC fonts have VN3: small letters with tones, few capitals; other capitals
/// are the letter and a tone byte.
std::string to_tcvn3(const std::string& text) {
  std::string out;
  for (const Part& part : parts_of(text)) {
    const std::string byte = by_iconv(letter_of(part, true), "TCVN5712-1");
    const auto value = byte.empty() ? 0 : static_cast<unsigned char>(byte[0]);
    if (byte.size() == 1 && ((value >= 0xA1) || (value < 0x80 && (value >= 0x20 || part.base < 0x20)))) {
      out += byte;
    } else {
      out += by_iconv(letter_of(part, false), "TCVN5712-1");
      out += static_cast<char>(0xB0 + part.tone - 1);
    }
  }
  return out;
}

std::string to_utf16(const std::string& text, bool little) {
  const icu::UnicodeString wide = icu::UnicodeString::fromUTF8(text);
  std::string out = little ? "\xFF\xFE" : "\xFE\xFF";
  for (std::int32_t i = 0; i < wide.length(); ++i) {
    const unsigned unit = wide.charAt(i);
    const char pair[2] = {static_cast<char>(unit & 0xFF), static_cast<char>(unit >> 8)};
    out += pair[little ? 0 : 1];
    out += pair[little ? 1 : 0];
  }
  return out;
}

/// What Excel stores when the bytes were typed as characters of code page 1252.
std::string as_unicode(const std::string& bytes) {
  icu::UnicodeString wide;
  for (const char c : bytes) wide.append(static_cast<UChar>(static_cast<unsigned char>(c)));
  return utf8(wide);
}

std::string lower_case(const std::string& text) { return utf8(icu::UnicodeString::fromUTF8(text).toLower()); }
std::string upper_case(const std::string& text) { return utf8(icu::UnicodeString::fromUTF8(text).toUpper()); }

/// TCVN3 text as typed: a phrase of capitals is small letters in a font that ends in H.
bool all_capitals(const std::string& text) { return text == upper_case(text); }

struct Form {
  std::string name;
  TextEncoding encoding;
  bool in_unicode = false;
  std::function<std::string(const std::string&)> encode;
};

std::vector<Form> forms() {
  const auto tcvn3 = [](const std::string& text) {
    return to_tcvn3(all_capitals(text) ? lower_case(text) : text);
  };
  return {
      {"tcvn3", TextEncoding::tcvn3, false, tcvn3},
      {"tcvn3 in unicode", TextEncoding::tcvn3, true,
       [=](const std::string& t) { return as_unicode(tcvn3(t)); }},
      {"vni", TextEncoding::vni_windows, false, to_vni},
      {"vni in unicode", TextEncoding::vni_windows, true,
       [](const std::string& t) { return as_unicode(to_vni(t)); }},
      {"viqr", TextEncoding::viqr, false, to_viqr},
      {"windows-1258", TextEncoding::windows_1258, false,
       [](const std::string& t) { return by_iconv(t, "WINDOWS-1258"); }},
      {"nfc", TextEncoding::utf8, false, [](const std::string& t) { return t; }},
      {"nfd", TextEncoding::utf8_nfd, false, [](const std::string& t) { return utf8(decomposed(t)); }},
      {"utf-16le", TextEncoding::utf16_le, false, [](const std::string& t) { return to_utf16(t, true); }},
      {"utf-16be", TextEncoding::utf16_be, false, [](const std::string& t) { return to_utf16(t, false); }},
  };
}

std::string expected_of(const Form& form, const std::string& phrase) {
  return form.encoding == TextEncoding::tcvn3 && all_capitals(phrase) ? lower_case(phrase) : phrase;
}

std::string text_of(std::string_view bytes, TextEncoding encoding, bool in_unicode = false) {
  const auto out = convert_to_utf8(bytes, encoding, in_unicode);
  REQUIRE(out.has_value());
  return out->text;
}

}  // namespace

TEST_CASE("the labelled phrases use every accented letter") {
  std::set<char32_t> seen;
  const auto all = phrases();
  CHECK(all.size() >= 300);
  for (const auto& phrase : all) {
    const icu::UnicodeString wide = icu::UnicodeString::fromUTF8(phrase);
    for (std::int32_t i = 0; i < wide.length(); ++i) {
      if (wide.charAt(i) > 0x7F) seen.insert(wide.charAt(i));
    }
  }
  CHECK(seen.size() == 134);
}

TEST_CASE("each encoding is recognised in at least 99 of 100 phrases and loses no accent") {
  const auto all = phrases();
  for (const Form& form : forms()) {
    std::size_t recognised = 0;
    std::size_t tried = 0;
    for (const auto& phrase : all) {
      const std::string bytes = form.encode(phrase);
      REQUIRE(!bytes.empty());
      ++tried;
      const auto detected = detect_encoding(bytes);
      const bool right = detected.encoding == form.encoding && detected.in_unicode == form.in_unicode;
      recognised += right ? 1 : 0;
      if (!right) {
        MESSAGE(form.name << ": " << phrase << " taken for " << to_string(detected.encoding) << " "
                          << detected.confidence);
      }
      const auto converted = convert_to_utf8(bytes, form.encoding, form.in_unicode);
      REQUIRE(converted.has_value());
      CHECK(converted->text == expected_of(form, phrase));
      CHECK(converted->undecodable == 0);
    }
    INFO(form.name << ": " << recognised << " of " << tried);
    CHECK(tried >= 290);
    CHECK(recognised * 100 >= tried * 99);
  }
}

TEST_CASE("a whole file of each encoding is recognised and comes back letter by letter") {
  std::string text;
  for (const auto& phrase : phrases()) {
    if (!all_capitals(phrase)) text += phrase + "\r\n";
  }
  for (const Form& form : forms()) {
    const std::string bytes = form.encode(text);
    REQUIRE(!bytes.empty());
    const auto detected = detect_encoding(bytes);
    CHECK(to_string(detected.encoding) == to_string(form.encoding));
    CHECK(detected.in_unicode == form.in_unicode);
    CHECK(detected.confidence > 0.85);
    CHECK(text_of(bytes, detected.encoding, detected.in_unicode) == text);
    for (const auto& reason : detected.reasons) CHECK(has_text(reason.text_id));
  }
}

TEST_CASE("capitals of TCVN3: the font decides, marks of their own combine") {
  const std::string heading = to_tcvn3("\u0111\u1ed9c l\u1eadp");
  CHECK(text_of(heading, TextEncoding::tcvn3_upper) == "\u0110\u1ed8C L\u1eacP");
  CHECK(text_of("A\xB3", TextEncoding::tcvn3) == "\u00c1");  // A + acute
  CHECK(encoding_of_font(".VnTimeH") == TextEncoding::tcvn3_upper);
  CHECK(encoding_of_font(".VnArial Narrow") == TextEncoding::tcvn3);
  CHECK(encoding_of_font("VNI-Times") == TextEncoding::vni_windows);
  CHECK(encoding_of_font("Times New Roman") == TextEncoding::utf8);
}

TEST_CASE("every letter alone survives TCVN3, VNI, VIQR and code page 1258") {
  for (const auto& phrase : phrases()) {
    for (const auto& part : parts_of(phrase)) {
      const std::string letter = letter_of(part, true);
      CHECK(text_of(to_tcvn3(letter), TextEncoding::tcvn3) == letter);
      CHECK(text_of(to_vni(letter), TextEncoding::vni_windows) == letter);
      CHECK(text_of(to_viqr(letter), TextEncoding::viqr) == letter);
      CHECK(text_of(by_iconv(letter, "WINDOWS-1258"), TextEncoding::windows_1258) == letter);
    }
  }
}

TEST_CASE("ordinary text is left alone") {
  for (const std::string_view text :
       {"Plain English text. Isn't it? See www.example.org/a+b (page 3).", "user@hagiang.gov.vn; so.vn",
        "name,address,middle\r\nadd,odd,ladder", "1.234,5; 12/03/2026", "", "C++ (o+o) a^b"}) {
    const auto detected = detect_encoding(text);
    CHECK(detected.encoding == TextEncoding::utf8);
    CHECK(text_of(text, detected.encoding) == text);
  }
  // Accents that Latin-1 has too, in honest UTF-8.
  const std::string honest = "H\u00e0 Giang, c\u00f4 Th\u00ea, xe \u00f4 t\u00f4";
  CHECK(detect_encoding(honest).encoding == TextEncoding::utf8);
  CHECK_FALSE(detect_encoding(honest).in_unicode);
}

TEST_CASE("nothing is lost silently") {
  CHECK(convert_to_utf8("a\x81z", TextEncoding::tcvn3)->undecodable == 1);
  CHECK(convert_to_utf8("\xF9x", TextEncoding::vni_windows)->undecodable == 1);
  CHECK(convert_to_utf8("\x9E", TextEncoding::windows_1258)->undecodable == 1);
  CHECK(convert_to_utf8("a\xC3", TextEncoding::utf8)->undecodable == 1);
  CHECK(convert_to_utf8(std::string("\xFF\xFE\x00\xD8\x41", 5), TextEncoding::utf16_le)->undecodable == 2);
  const auto unknown = detect_encoding("\x81\x8D\x8F\x90\x9D\x81 \xE0\xE1\xE2\xE3");
  CHECK(unknown.encoding == TextEncoding::unknown);
  CHECK(has_text(unknown.reasons.at(0).text_id));
  CHECK(convert_to_utf8(std::string(kLegacyTextBytesMax + 1, 'a'), TextEncoding::utf8).error().code ==
        ErrorCode::limit);
}

TEST_CASE("syllables") {
  for (const std::string_view word :
       {"nghi\u00eam", "Qu\u1ed1c", "gi\u1eefa", "g\u00ec", "khuya", "\u0110\u1eafk", "Nguy\u1ec5n",
        "ho\u1eb7c", "quy\u1ebft", "\u01b0\u1edbc"})
    CHECK(is_vietnamese_syllable(word));
  for (const std::string_view word : {"address", "S\u00eb", "v\u00e0c", "h\u00e0\u00e1", "\u00b5", "ng"})
    CHECK_FALSE(is_vietnamese_syllable(word));
  for (const auto encoding : {TextEncoding::tcvn3, TextEncoding::viqr, TextEncoding::unknown})
    CHECK(text_encoding_of(to_string(encoding)) == encoding);
}

}  // namespace phendau::legacy_vietnamese_test
