// SPDX-License-Identifier: Apache-2.0
// Vietnamese in both normal forms, folding, order.
#include "base/unicode.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace unicode_test {

using namespace phendau;

TEST_CASE("capitals of Vietnamese") {
  CHECK(to_upper("s\u1edf khoa h\u1ecdc v\u00e0 \u0111\u00e0o t\u1ea1o") ==
        "S\u1ede KHOA H\u1eccC V\u00c0 \u0110\u00c0O T\u1ea0O");
  CHECK(to_upper("a\xFF") == "a\xFF");
}

TEST_CASE("unicode: normal form, case, accents") {
  const struct {
    const char* text;
    const char* nfc;
    const char* folded;
    const char* bare;
  } kCases[] = {
      {"", "", "", ""},
      {"ABC xyz", "ABC xyz", "abc xyz", "abc xyz"},
      // A composed word with the barred D, a decomposed one, German sharp s, an emoji, invalid bytes.
      {"\xC4\x90\xC6\xB0\xE1\xBB\x9Dng", "\xC4\x90\xC6\xB0\xE1\xBB\x9Dng", "\xC4\x91\xC6\xB0\xE1\xBB\x9Dng",
       "duong"},
      {"TIE\xCC\x82\xCC\x81NG VIE\xCC\xA3\xCC\x82T", "TI\xE1\xBA\xBENG VI\xE1\xBB\x86T",
       "ti\xE1\xBA\xBFng vi\xE1\xBB\x87t", "tieng viet"},
      {"Stra\xC3\x9F"
       "e",
       "Stra\xC3\x9F"
       "e",
       "stra\xC3\x9F"
       "e",
       "strasse"},
      // Capitals beside a byte that is no UTF-8; the Kelvin sign; the dotted capital I has no simple folding.
      {"\xC4\x90\xff\xE1\xBB\x92N", "\xC4\x90\xff\xE1\xBB\x92N", "\xC4\x91\xff\xE1\xBB\x93n",
       "\xC4\x90\xff\xE1\xBB\x92n"},
      {"\xE2\x84\xAA", "K", "k", "k"},
      {"\xC4\xB0", "\xC4\xB0", "\xC4\xB0", "i"},
      {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
      {"A\xff"
       "B",
       "A\xff"
       "B",
       "a\xff"
       "b",
       "a\xff"
       "b"},
  };
  for (const auto& c : kCases) {
    CAPTURE(c.text);
    CHECK(to_nfc(c.text) == c.nfc);
    CHECK(to_nfc(to_nfc(c.text)) == c.nfc);
    CHECK(fold_case(c.text) == c.folded);
    CHECK(fold_case(fold_case(c.text)) == c.folded);
    CHECK(fold_accents(c.text) == c.bare);
  }
}

TEST_CASE("unicode: letters that are folded alone fold as they do beside others") {
  const std::string other = "\xE4\xB8\x80";  // folded by way of ICU, with all that stands beside it
  for (const auto& [first, last] : {std::pair(0x80u, 0x2FFu), std::pair(0x1E00u, 0x1EFFu)}) {
    for (char32_t c = first; c <= last; ++c) {
      std::string text = "X a";
      append_utf8(text, c);
      text += "E";
      CAPTURE(text);
      CHECK(fold_case(text) + other == fold_case(text + other));
    }
  }
}

TEST_CASE("unicode: Vietnamese order") {
  // a, a breve, a circumflex, b, d, barred d, e, e circumflex; tone marks decide only among equal letters.
  std::vector<std::string> words = {"\xC3\xAA", "d", "\xC4\x91", "b", "\xC3\xA2", "e", "\xC4\x83", "a"};
  std::sort(words.begin(), words.end(),
            [](const auto& x, const auto& y) { return compare_vietnamese(x, y) < 0; });
  CHECK(words ==
        std::vector<std::string>{"a", "\xC4\x83", "\xC3\xA2", "b", "d", "\xC4\x91", "e", "\xC3\xAA"});
  CHECK(compare_vietnamese("x", "x") == 0);
  CHECK(compare_vietnamese("ma", "m\xC3\xA0") < 0);
}

TEST_CASE("unicode: names without what is not shown") {
  // A right-to-left override turns "exe.pdf" around, a zero width and a line break hide.
  CHECK(without_invisible("a\xE2\x80\xAE"
                          "fdp.exe") == "afdp.exe");
  CHECK(without_invisible("b\xE2\x80\x8B\n\r\x1b\xC2\x85\xE2\x80\xA8\xEF\xBB\xBF.txt") == "b.txt");
  CHECK(without_invisible("B\xC3\xA1o c\xC3\xA1o \xF0\x9F\x98\x80.pdf") ==
        "B\xC3\xA1o c\xC3\xA1o \xF0\x9F\x98\x80.pdf");
  CHECK(without_invisible("c\xff.txt") == "c\xEF\xBF\xBD.txt");
}

TEST_CASE("unicode: what a reader sees") {
  const struct {
    const char* text;
    const char* seen;
  } kCases[] = {
      {"", ""},
      {"a b\tc\n", "a b\tc\n"},
      {"a\r\nb\rc\x0B"
       "d\x0C"
       "e",
       "a\nb\nc\nd\ne"},
      {"a\xC2\xA0"
       "b\xE3\x80\x80"
       "c\xE2\x80\x89"
       "d",
       "a b c d"},  // no-break, ideographic, thin space
      {"a\xE2\x80\xA8"
       "b\xC2\x85"
       "c",
       "a\nb\nc"},  // line separator, next line
      {"a\xE2\x80\x8B"
       "b\xC2\xAD"
       "c\xEF\xBB\xBF"
       "d\xCD\x8F"
       "e\x01"
       "f",
       "abcdef"},                                       // zero width, soft hyphen, ...
      {"\xEF\xBC\xAD\xEF\xBC\xA1\xEF\xBC\xB4", "MAT"},  // full width
      {"MA\xCC\x82\xCC\xA3T", "M\xE1\xBA\xACT"},
      {"\xFF", "\xFF"},
  };
  for (const auto& c : kCases) {
    CAPTURE(c.text);
    CHECK(to_visible(c.text) == c.seen);
    CHECK(to_visible(to_visible(c.text)) == c.seen);
  }
}

TEST_CASE("unicode: text of before") {
  CHECK(from_tcvn3("m\xC3\x8Bt") == "m\xE1\xBA\xADt");
  CHECK(from_tcvn3("TUY\xC3\x96T m\xC3\x8Bt") == "TUY\xE1\xBB\x86T m\xE1\xBA\xADt");
  CHECK(from_tcvn3("abc") == "abc");
  CHECK(from_charset("M\xC2\xF2T", "windows-1258") == "M\xE1\xBA\xACT");
  CHECK(from_charset(std::string_view("M\0T\0", 4), "utf-16le") == "MT");
  CHECK(from_charset("abc", "no-such-thing").error().code == ErrorCode::not_found);
}

TEST_CASE("unicode: a character as UTF-8, and what is none") {
  const auto utf8 = [](char32_t c) {
    std::string out;
    append_utf8(out, c);
    return out;
  };
  CHECK(utf8('A') == "A");
  CHECK(utf8(0x7FF) == "\xDF\xBF");
  CHECK(utf8(0x1EAD) == "\xE1\xBA\xAD");
  CHECK(utf8(0x1F600) == "\xF0\x9F\x98\x80");
  CHECK(utf8(0xD800) == "\xEF\xBF\xBD");
  CHECK(utf8(0x110000) == "\xEF\xBF\xBD");
}

}  // namespace unicode_test
