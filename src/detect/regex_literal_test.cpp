// SPDX-License-Identifier: Apache-2.0
#include "detect/regex_literal.h"

#include <random>

#include <doctest/doctest.h>

#include "base/regex.h"
#include "base/unicode.h"

namespace phendau::detect::regex_literal_test {

TEST_CASE("regex literal: what is seen, without the last letter") {
  struct Row {
    const char* regex;
    const char* literal;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"abcd", "abc"},
           {"(?i)ABCD", "abc"},
           {"abcde?fghijk*", "fghi"},
           {"abcde*", "abc"},
           {"arp\\s+-a", "arp"},
           {"wxyz\\d{2}", "wxy"},
           {"wxyz\\s*", "wxy"},
           {"wxyz\\W", "wxy"},
           {"abcde+fg", "abcd"},
           {"ab{0,3}wxyz", "wxy"},
           {"abc|defgh", ""},
           {"(abc|d)wxyz", "wxy"},
           {"(a(b|c)[)]\\)d)?wxyz", "wxy"},
           {"[]|abcdef]wxyz", "wxy"},
           {"[^]abcdef]+?wxyz", "wxy"},
           {"\\d{4}\\.exe\\b", ".ex"},
           {"^\\\\pipe\\\\x$", "\\pipe\\"},
           {"wxyz\\x41bcdefg", ""},
           {"wxyz\\1", ""},
           {"\\Qabc|def\\E", ""},
           {"(*ACCEPT)abcdef", ""},
           {"(?x)ab cd ef", ""},
           {"(?i:ab)cdef", "cde"},
           {"(?-x:ab)cdef", ""},
           {"(?#abc)cdef", ""},
           {"(?<!no)cdef(?=x)", "cde"},
           {"[[:alpha:]]wxyz", ""},
           {"\xC3\xA1"
            "bcde\xC3\xA1?fgh",
            "bcd"},
           {"a", ""},
           {"", ""},
           {"abc(", ""},
           {"abc\\", ""},
       }) {
    INFO(row.regex);
    CHECK(required_literal(row.regex) == row.literal);
  }
}

TEST_CASE("regex literal: no text that matches is without it") {
  std::mt19937 random(17);
  const char* const parts[] = {"a",     "b",    "K",     "s",        "a?",  "b*",     "s+",      "(?i)",
                               "(a|b)", "[ak]", "[^a]*", ".",        "\\.", "k{1,2}", "(?:sk)?", "(?i:as)",
                               "\\w*?", "\\s",  "\\w+",  "\xC3\xA9", "a|",  "ks"};
  const char* const texts[] = {"a",
                               "b",
                               "k",
                               "K",
                               "s",
                               "S",
                               ".",
                               "\xC3\xA9",
                               "e\xCC\x81",
                               "a\xCC\x81",
                               "s\xCC\x87",
                               "\xE2\x84\xAA" /* Kelvin */,
                               "\xC5\xBF" /* long s */,
                               "\xFF",
                               " "};
  std::size_t matched = 0;
  for (int round = 0; round < 3'000; ++round) {
    std::string pattern;
    for (std::size_t i = 0; i < 2 + static_cast<std::size_t>(round) % 5; ++i)
      pattern += parts[random() % std::size(parts)];
    const auto regex = Regex::compile(pattern);
    if (!regex) continue;
    const std::string literal = required_literal(pattern);
    for (int i = 0; i < 20; ++i) {
      std::string text;
      for (std::size_t k = random() % 9; k > 0; --k) text += texts[random() % std::size(texts)];
      if (!regex->search(text)) continue;
      ++matched;
      INFO(pattern << " on " << text);
      CHECK(fold_case(text).find(literal) != std::string::npos);
    }
  }
  CHECK(matched > 1'000);
}

}  // namespace phendau::detect::regex_literal_test
