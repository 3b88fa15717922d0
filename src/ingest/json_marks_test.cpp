// SPDX-License-Identifier: Apache-2.0
// Proves that marks stand where a reader that goes byte by byte finds them, by each version.
#include "ingest/json_marks.h"

#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace json_marks_test {

using phendau::Lanes;
using phendau::ingest::JsonMarks;

namespace {

struct Wanted {
  std::vector<std::uint32_t> escapes;
  std::vector<std::uint32_t> quotes;
  std::uint32_t controls = 0;
  bool single = true;
  bool is_ascii = true;
};

Wanted read_plainly(std::string_view text) {
  constexpr std::string_view kSingle = "\"\\/bfnrt";
  Wanted out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out.controls += byte < ' ' ? 1 : 0;
    out.is_ascii = out.is_ascii && byte < 0x80;
  }
  for (std::uint32_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') out.quotes.push_back(at);
    if (text[at] != '\\') continue;
    out.escapes.push_back(at++);
    if (at == text.size() || kSingle.find(text[at]) == kSingle.npos) out.single = false;
  }
  return out;
}

/// All places that `next` tells from each place on are those wanted.
std::vector<std::uint32_t> places(std::uint32_t end, const auto& next) {
  std::vector<std::uint32_t> out;
  for (std::uint32_t at = next(0); at < end; at = next(at + 1)) out.push_back(at);
  return out;
}

void check(JsonMarks& marks, std::string_view text, const std::string& what) {
  const Wanted wanted = read_plainly(text);
  const auto end = static_cast<std::uint32_t>(text.size());
  for (const Lanes lanes : phendau::all_lanes_of_processor()) {
    const JsonMarks::Summary found = marks.mark(text, lanes);
    const bool right =
        found.single_escapes == wanted.single && found.is_ascii == wanted.is_ascii &&
        found.controls == wanted.controls && found.quotes == wanted.quotes.size() &&
        places(end, [&](std::uint32_t at) { return marks.next_escape(at, end); }) == wanted.escapes &&
        places(end, [&](std::uint32_t at) { return marks.next_quote(at, end); }) == wanted.quotes;
    if (!right) FAIL_CHECK(what << ", lanes " << static_cast<int>(lanes));
  }
}

}  // namespace

TEST_CASE("marks: each sign, also after a backslash, at each place") {
  JsonMarks marks;
  for (int sign = 0; sign < 256; ++sign) {
    for (std::size_t at = 0; at < 129; ++at) {
      std::string text(130, 'x');
      text[at] = static_cast<char>(sign);
      check(marks, text, "sign " + std::to_string(sign) + " at " + std::to_string(at));
      text[at] = '\\';
      text[at + 1] = static_cast<char>(sign);
      if (sign == '\\' && at + 2 < text.size()) text[at + 2] = 'n';
      check(marks, text, "escaped " + std::to_string(sign) + " at " + std::to_string(at));
    }
  }
}

TEST_CASE("marks: random texts with many backslashes") {
  std::mt19937 random(3);
  JsonMarks marks;
  std::size_t with_others = 0;
  for (int round = 0; round < 20'000; ++round) {
    constexpr std::string_view kLetters = "\\\\\\\\\\\"nu/x\"\n\xC3";
    std::string text;
    for (std::size_t i = 0, size = random() % 300; i < size; ++i) {
      const std::size_t letters = round % 2 == 0 ? kLetters.size() : 7;  // runs, and what may follow them
      text += kLetters[random() % letters];
    }
    with_others += read_plainly(text).single ? 0 : 1;
    check(marks, text, "round " + std::to_string(round));
  }
  CHECK(with_others > 5'000);
  CHECK(with_others < 19'000);
}

TEST_CASE("marks: nothing of a text that was longer is left") {
  JsonMarks marks;
  marks.mark(std::string(1'000, '"'));
  check(marks, "", "empty");
  check(marks, std::string(64, 'x'), "a block");
}

}  // namespace json_marks_test
