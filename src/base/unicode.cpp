// SPDX-License-Identifier: Apache-2.0
#include "base/unicode.h"

#include <algorithm>
#include <memory>

#include <unicode/coll.h>
#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/ucnv.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include "base/ascii.h"
#include "base/text.h"

namespace phendau {
namespace {

/// TCVN 5712:1993, upper half from 0xA0.
constexpr char16_t kTcvn3[] = {
    0x00a0, 0x0102, 0x00c2, 0x00ca, 0x00d4, 0x01a0, 0x01af, 0x0110, 0x0103, 0x00e2, 0x00ea, 0x00f4,
    0x01a1, 0x01b0, 0x0111, 0x1eb0, 0x0300, 0x0309, 0x0303, 0x0301, 0x0323, 0x00e0, 0x1ea3, 0x00e3,
    0x00e1, 0x1ea1, 0x1eb2, 0x1eb1, 0x1eb3, 0x1eb5, 0x1eaf, 0x1eb4, 0x1eae, 0x1ea6, 0x1ea8, 0x1eaa,
    0x1ea4, 0x1ec0, 0x1eb7, 0x1ea7, 0x1ea9, 0x1eab, 0x1ea5, 0x1ead, 0x00e8, 0x1ec2, 0x1ebb, 0x1ebd,
    0x00e9, 0x1eb9, 0x1ec1, 0x1ec3, 0x1ec5, 0x1ebf, 0x1ec7, 0x00ec, 0x1ec9, 0x1ec4, 0x1ebe, 0x1ed2,
    0x0129, 0x00ed, 0x1ecb, 0x00f2, 0x1ed4, 0x1ecf, 0x00f5, 0x00f3, 0x1ecd, 0x1ed3, 0x1ed5, 0x1ed7,
    0x1ed1, 0x1ed9, 0x1edd, 0x1edf, 0x1ee1, 0x1edb, 0x1ee3, 0x00f9, 0x1ed6, 0x1ee7, 0x0169, 0x00fa,
    0x1ee5, 0x1eeb, 0x1eed, 0x1eef, 0x1ee9, 0x1ef1, 0x1ef3, 0x1ef7, 0x1ef9, 0x00fd, 0x1ef5, 0x1ed0,
};

icu::UnicodeString from_utf8(std::string_view text) {
  return icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
}

std::string to_utf8(const icu::UnicodeString& text) {
  std::string out;
  text.toUTF8String(out);
  return out;
}

icu::UnicodeString normalised(const icu::UnicodeString& text, bool compose) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer =
      compose ? icu::Normalizer2::getNFCInstance(status) : icu::Normalizer2::getNFDInstance(status);
  icu::UnicodeString out = normalizer->normalize(text, status);
  return U_SUCCESS(status) ? out : text;
}

}  // namespace

std::string to_upper(std::string_view text) {
  if (!is_valid_utf8(text)) return std::string(text);
  return to_utf8(from_utf8(text).toUpper(icu::Locale("vi")));
}

std::string to_nfc(std::string_view text) {
  if (is_all_ascii(text) || !is_valid_utf8(text)) return std::string(text);
  return to_utf8(normalised(from_utf8(text), true));
}

namespace {

/// Letters that are folded one by one, because none of them combines with another: all below the combining
/// marks, and those of Vietnamese.
bool stands_alone(UChar32 c) { return c < 0x300 || (c >= 0x1E00 && c <= 0x1EFF); }

/// False if the text has others; `out` is without meaning then.
bool fold_alone(std::string_view text, std::string& out) {
  std::string lowered(text.size(), '\0');
  lower_ascii_into(text, lowered.data());
  out.reserve(text.size());
  std::size_t begin = 0;  // of what was not appended yet
  for (std::size_t at = 0; (at = ascii_end(text, at)) < text.size();) {
    std::size_t next = at;
    UChar32 c = 0;
    U8_NEXT_UNSAFE(text.data(), next, c);
    if (!stands_alone(c)) return false;
    char bytes[U8_MAX_LENGTH];
    std::size_t size = 0;
    U8_APPEND_UNSAFE(bytes, size, u_foldCase(c, U_FOLD_CASE_DEFAULT));
    out.append(lowered, begin, at - begin).append(bytes, size);
    begin = at = next;
  }
  out.append(lowered, begin);
  return true;
}

std::string fold_valid(std::string_view text) {
  if (is_all_ascii(text)) return to_lower_ascii(text);
  if (std::string out; fold_alone(text, out)) return out;
  const icu::UnicodeString composed = normalised(from_utf8(text), true);
  icu::UnicodeString out;
  for (std::int32_t i = 0; i < composed.length(); i = composed.moveIndex32(i, 1))
    out.append(u_foldCase(composed.char32At(i), U_FOLD_CASE_DEFAULT));
  return to_utf8(normalised(out, true));
}

}  // namespace

std::string fold_case(std::string_view text) {
  if (is_valid_utf8(text)) return fold_valid(text);
  // One stray byte must not hide the rest of a value: what is UTF-8 between such bytes is folded all the
  // same.
  std::string out;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_sequence_length(text, at);
    if (length != 0) {
      at += length;
      continue;
    }
    out += fold_valid(text.substr(begin, at - begin));
    out += text[at++];
    begin = at;
  }
  return out + fold_valid(text.substr(begin));
}

std::string fold_accents(std::string_view text) {
  if (is_all_ascii(text) || !is_valid_utf8(text)) return to_lower_ascii(text);
  icu::UnicodeString wide = from_utf8(text);
  wide.foldCase();
  wide = normalised(wide, false);
  icu::UnicodeString out;
  for (std::int32_t i = 0; i < wide.length(); i = wide.moveIndex32(i, 1)) {
    const UChar32 c = wide.char32At(i);
    if (u_charType(c) == U_NON_SPACING_MARK) continue;
    out.append(c == 0x0111 ? static_cast<UChar32>('d') : c);
  }
  return to_utf8(out);
}

std::string without_invisible(std::string_view text) {
  const icu::UnicodeString wide = from_utf8(to_valid_utf8(text));
  icu::UnicodeString out;
  for (std::int32_t i = 0; i < wide.length(); i = wide.moveIndex32(i, 1)) {
    const UChar32 c = wide.char32At(i);
    switch (u_charType(c)) {
      case U_CONTROL_CHAR:
      case U_FORMAT_CHAR:
      case U_LINE_SEPARATOR:
      case U_PARAGRAPH_SEPARATOR:
      case U_SURROGATE:
        break;
      default:
        out.append(c);
    }
  }
  return to_utf8(out);
}

namespace {

/// What stands for `c` in visible text; -1 for nothing.
UChar32 visible(UChar32 c) {
  if (c == '\n' || c == '\t') return c;
  if (c == '\r' || c == 0x0B || c == 0x0C || c == 0x85 || c == 0x2028 || c == 0x2029) return '\n';
  if (u_charType(c) == U_SPACE_SEPARATOR) return ' ';
  const bool hidden = u_charType(c) == U_FORMAT_CHAR || u_charType(c) == U_CONTROL_CHAR ||
                      u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) != 0;
  return hidden ? -1 : c;
}

}  // namespace

std::string to_visible(std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7F) || c == '\n' ||
           c == '\t';
  });
  if (plain || !is_valid_utf8(text)) return std::string(text);
  const icu::UnicodeString wide = from_utf8(text);
  icu::UnicodeString kept;
  for (std::int32_t i = 0; i < wide.length(); i = wide.moveIndex32(i, 1)) {
    const UChar32 c = visible(wide.char32At(i));
    if (c == '\n' && wide.char32At(i) == '\r' && wide.charAt(i + 1) == '\n') continue;
    if (c >= 0) kept.append(c);
  }
  UErrorCode status = U_ZERO_ERROR;
  const icu::UnicodeString out = icu::Normalizer2::getNFKCInstance(status)->normalize(kept, status);
  return to_utf8(U_SUCCESS(status) ? out : kept);
}

void append_utf8(std::string& out, char32_t character) {
  char32_t c = character;
  if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) c = 0xFFFD;
  if (c < 0x80) {
    out += static_cast<char>(c);
    return;
  }
  const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;  // bytes after the first
  out += static_cast<char>((0xFF00U >> (more + 1) & 0xFFU) | c >> (6 * more));
  for (int i = more - 1; i >= 0; --i) out += static_cast<char>(0x80U | (c >> (6 * i) & 0x3FU));
}

std::string from_tcvn3(std::string_view text) {
  if (is_all_ascii(text) || !is_valid_utf8(text)) return std::string(text);
  const icu::UnicodeString wide = from_utf8(text);
  icu::UnicodeString out;
  for (std::int32_t at = 0; at < wide.length();) {
    icu::UnicodeString word;
    bool small = false;
    bool capital = false;
    for (; at < wide.length() && wide.charAt(at) > ' '; ++at) {
      const char16_t c = wide.charAt(at);
      small = small || (c >= 'a' && c <= 'z');
      capital = capital || (c >= 'A' && c <= 'Z');
      word.append(c >= 0xA0 && c <= 0xFF ? kTcvn3[c - 0xA0] : c);
    }
    if (capital && !small) word.toUpper(icu::Locale("vi"));
    out.append(word);
    if (at < wide.length()) out.append(wide.charAt(at++));
  }
  return to_utf8(normalised(out, true));
}

Result<std::string> from_charset(std::string_view bytes, const std::string& charset) {
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<UConverter, decltype(&ucnv_close)> converter(ucnv_open(charset.c_str(), &status),
                                                                     &ucnv_close);
  if (U_FAILURE(status)) return fail(ErrorCode::not_found, "unknown character set " + charset);
  const icu::UnicodeString wide(bytes.data(), static_cast<std::int32_t>(bytes.size()), converter.get(),
                                status);
  if (U_FAILURE(status)) return fail(ErrorCode::invalid, "text is not " + charset);
  return to_utf8(normalised(wide, true));
}

int compare_vietnamese(std::string_view a, std::string_view b) {
  thread_local const std::unique_ptr<icu::Collator> collator = [] {
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::Collator> made(icu::Collator::createInstance(icu::Locale("vi"), status));
    return U_SUCCESS(status) ? std::move(made) : nullptr;
  }();
  if (!collator) return a.compare(b);
  UErrorCode status = U_ZERO_ERROR;
  return collator->compareUTF8(icu::StringPiece(a.data(), static_cast<std::int32_t>(a.size())),
                               icu::StringPiece(b.data(), static_cast<std::int32_t>(b.size())), status);
}

}  // namespace phendau
