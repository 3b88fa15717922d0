// SPDX-License-Identifier: Apache-2.0
// Proves that escapes are found where a reader that goes byte by byte finds them, by both versions.
#include "ingest/json_escapes.h"

#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace json_escapes_test {

using phendau::Lanes;
using phendau::ingest::JsonEscapes;

namespace {

struct Wanted {
  std::vector<std::uint32_t> places;
  bool single = true;
};

Wanted read_plainly(std::string_view text) {
  constexpr std::string_view kSingle = "\"\\/bfnrt";
  Wanted out;
  for (std::uint32_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') continue;
    out.places.push_back(at++);
    if (at == text.size() || kSingle.find(text[at]) == kSingle.npos) out.single = false;
  }
  return out;
}

bool is_right(JsonEscapes& escapes, std::string_view text, Lanes lanes) {
  const Wanted wanted = read_plainly(text);
  if (escapes.mark(text, lanes) != wanted.single) return false;
  const auto end = static_cast<std::uint32_t>(text.size());
  std::vector<std::uint32_t> places;
  for (std::uint32_t at = escapes.next(0, end); at < end; at = escapes.next(at + 1, end))
    places.push_back(at);
  return places == wanted.places;
}

}  // namespace

TEST_CASE("escapes: each sign after a backslash, at each place") {
  JsonEscapes escapes;
  for (int sign = 0; sign < 256; ++sign) {
    for (std::size_t at = 60; at < 70; ++at) {
      std::string text(130, 'x');
      text[at] = '\\';
      text[at + 1] = static_cast<char>(sign);
      if (sign == '\\') text[at + 2] = 'n';
      for (const Lanes lanes : {Lanes::narrow, phendau::lanes_of_processor()}) {
        if (!is_right(escapes, text, lanes)) FAIL_CHECK("sign " << sign << " at " << at);
      }
    }
  }
}

TEST_CASE("escapes: random texts with many backslashes") {
  std::mt19937 random(3);
  JsonEscapes escapes;
  std::size_t with_others = 0;
  for (int round = 0; round < 20'000; ++round) {
    constexpr std::string_view kLetters = "\\\\\\\\\\\"nu/x";
    std::string text;
    for (std::size_t i = 0, size = random() % 300; i < size; ++i) {
      const std::size_t letters = round % 2 == 0 ? kLetters.size() : 7;  // runs, and what may follow them
      text += kLetters[random() % letters];
    }
    with_others += read_plainly(text).single ? 0 : 1;
    for (const Lanes lanes : {Lanes::narrow, phendau::lanes_of_processor()}) {
      if (!is_right(escapes, text, lanes)) FAIL_CHECK("round " << round << ": " << text);
    }
  }
  CHECK(with_others > 5'000);
  CHECK(with_others < 19'000);
}

}  // namespace json_escapes_test
