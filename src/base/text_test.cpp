// SPDX-License-Identifier: Apache-2.0
// UTF-8, splitting, numbers and byte encodings, with the inputs that usually go wrong.
#include "base/text.h"

#include <doctest/doctest.h>

namespace text_test {

using namespace phendau;

TEST_CASE("text: UTF-8 validity") {
  const struct {
    const char* text;
    bool valid;
    const char* repaired;
  } kCases[] = {
      {"", true, ""},
      {"abc", true, "abc"},
      {"\xC4\x91", true, "\xC4\x91"},
      {"\xE1\xBB\x87", true, "\xE1\xBB\x87"},
      {"\xF0\x9F\x98\x80", true, "\xF0\x9F\x98\x80"},
      {"\xF4\x8F\xBF\xBF", true, "\xF4\x8F\xBF\xBF"},
      {"\x80", false, "\xEF\xBF\xBD"},
      {"a\xC4", false, "a\xEF\xBF\xBD"},
      {"\xC0\x80", false, "\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xE0\x80\x80", false, nullptr},
      {"\xED\xA0\x80", false, nullptr},
      {"\xF4\x90\x80\x80", false, nullptr},
      {"\xF5\x80\x80\x80", false, nullptr},
      {"\xF0\x80\x80\x80", false, nullptr},
      {"\xC4z", false, "\xEF\xBF\xBDz"},
  };
  for (const auto& c : kCases) {
    CHECK(is_valid_utf8(c.text) == c.valid);
    CHECK(is_valid_utf8(to_valid_utf8(c.text)));
    if (c.repaired != nullptr) CHECK(to_valid_utf8(c.text) == c.repaired);
  }
  const std::string_view word = "a\xE1\xBB\x87z";
  const struct {
    std::size_t at_most;
    std::size_t gives;
  } kCuts[] = {{0, 0}, {1, 1}, {2, 1}, {3, 1}, {4, 4}, {5, 5}, {9, 5}};
  for (const auto& c : kCuts) CHECK(truncate_utf8(word, c.at_most).size() == c.gives);
}

TEST_CASE("text: splitting, trimming, replacing") {
  CHECK(split("", ',') == std::vector<std::string_view>{""});
  CHECK(split("a,,b,", ',') == std::vector<std::string_view>{"a", "", "b", ""});
  CHECK(join({}, ",") == "");
  CHECK(join({"a", "", "b"}, ", ") == "a, , b");
  CHECK(trim(" \t\r\n a b \v\f") == "a b");
  CHECK(trim("   ") == "");
  CHECK(replace_all("aaa", "a", "aa") == "aaaaaa");
  CHECK(replace_all("abc", "x", "y") == "abc");
  CHECK(replace_all("a.b.", ".", "") == "ab");
  CHECK(to_lower_ascii("AbZ\xC4\x90") == "abz\xC4\x90");
  CHECK(equals_ignore_case_ascii("HeLLo", "hEllO"));
  CHECK_FALSE(equals_ignore_case_ascii("a", "ab"));
  CHECK(starts_with_ignore_case_ascii("Content-Type", "content-"));
  CHECK_FALSE(starts_with_ignore_case_ascii("co", "content"));
  CHECK(starts_with_ignore_case_ascii("", ""));
}

TEST_CASE("text: numbers are whole texts") {
  CHECK(*parse_int("-9223372036854775808") == INT64_MIN);
  CHECK(*parse_int("007") == 7);
  for (const char* bad : {"", " 1", "1 ", "+1", "1.0", "0x1", "9223372036854775808", "-", "--1"})
    CHECK_FALSE(parse_int(bad).has_value());
  CHECK(*parse_double("-1.5e3") == -1500);
  CHECK(*parse_double("7") == 7);
  for (const char* bad : {"", "1,5", "1.5 ", "1e999", "inf", "-inf", "nan", "infinity", "e5"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_double(bad).has_value());
  }
}

TEST_CASE("text: hexadecimal and base64") {
  // RFC 4648, section 10.
  const struct {
    const char* clear;
    const char* base64;
    const char* hex;
  } kCases[] = {
      {"", "", ""},
      {"f", "Zg==", "66"},
      {"fo", "Zm8=", "666f"},
      {"foo", "Zm9v", "666f6f"},
      {"foob", "Zm9vYg==", "666f6f62"},
      {"fooba", "Zm9vYmE=", "666f6f6261"},
      {"foobar", "Zm9vYmFy", "666f6f626172"},
  };
  for (const auto& c : kCases) {
    CHECK(to_base64(c.clear) == c.base64);
    CHECK(*from_base64(c.base64) == c.clear);
    CHECK(*from_base64(to_base64url(c.clear)) == c.clear);
    CHECK(to_hex(c.clear) == c.hex);
    CHECK(*from_hex(c.hex) == c.clear);
  }
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  CHECK(*from_base64(to_base64(all)) == all);
  CHECK(*from_base64(to_base64url(all)) == all);
  CHECK(to_base64url("\xff\xfe\xfd").find_first_of("+/=") == std::string::npos);
  CHECK(*from_hex(to_hex(all)) == all);
  CHECK(*from_hex("AbCd") == "\xab\xcd");
  for (const char* bad : {"a", "zz", "0x", "0 "}) CHECK_FALSE(from_hex(bad).has_value());
  for (const char* bad : {"A", "A===", "Zg==x", "Z g=", "Zm9v\n", "Z*=="})
    CHECK_FALSE(from_base64(bad).has_value());
}

TEST_CASE("text: constant-time comparison") {
  CHECK(equals_constant_time("", ""));
  CHECK(equals_constant_time("secret", "secret"));
  for (const char* other : {"", "secre", "secret1", "secreT", "secretsecret"})
    CHECK_FALSE(equals_constant_time("secret", other));
  CHECK_FALSE(equals_constant_time("", "x"));
}

}  // namespace text_test
