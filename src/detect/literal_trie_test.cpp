// SPDX-License-Identifier: Apache-2.0
// The trie against starts_with and ends_with.
#include "detect/literal_trie.h"

#include <algorithm>
#include <random>

#include <doctest/doctest.h>

namespace phendau::detect::literal_trie_test {

namespace {

std::vector<std::uint32_t> found_by(const LiteralTrie& trie, std::string_view text) {
  std::vector<std::uint32_t> out;
  trie.find(text, [&](std::uint32_t index) { out.push_back(index); });
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::uint32_t> wanted(const std::vector<std::string>& literals, std::string_view text,
                                  LiteralTrie::Side side) {
  std::vector<std::uint32_t> out;
  for (std::uint32_t i = 0; i < literals.size(); ++i) {
    if (side == LiteralTrie::Side::begin ? text.starts_with(literals[i]) : text.ends_with(literals[i]))
      out.push_back(i);
  }
  return out;
}

std::string random_text(std::mt19937& random, std::size_t bytes_max, std::string_view letters) {
  std::string out;
  for (std::size_t size = random() % (bytes_max + 1); out.size() < size;)
    out += letters[random() % letters.size()];
  return out;
}

}  // namespace

TEST_CASE("literal trie: one literal in another, the same twice, all bytes") {
  const std::vector<std::string> literals = {
      "\\cmd.exe", "cmd.exe", ".exe", "exe", "e", ".exe", std::string("\0\xFF", 2), "powershell.exe"};
  for (const auto side : {LiteralTrie::Side::begin, LiteralTrie::Side::end}) {
    const LiteralTrie trie = LiteralTrie::build(literals, side);
    for (const std::string& text :
         {std::string("c:\\cmd.exe"), std::string("\\cmd.exe"), std::string("exe"), std::string("e"),
          std::string(), std::string("xe"), std::string("\0\xFF", 2), std::string("\xFF", 1),
          std::string("powershell.exe"), std::string("powershel.exe"), std::string("ershell.exe")}) {
      CHECK(found_by(trie, text) == wanted(literals, text, side));
    }
  }
  CHECK(found_by(LiteralTrie::build({}, LiteralTrie::Side::end), "x").empty());
  CHECK(found_by(LiteralTrie(), "x").empty());
}

TEST_CASE("literal trie: what literals share, texts that end inside of it") {
  const std::vector<std::string> literals = {"c:\\windows\\system32\\a", "c:\\windows\\system32\\b",
                                             "c:\\windows\\", "c:\\windows\\system32\\a"};
  for (const auto side : {LiteralTrie::Side::begin, LiteralTrie::Side::end}) {
    const LiteralTrie trie = LiteralTrie::build(literals, side);
    const std::string text = "c:\\windows\\system32\\a";
    for (std::size_t size = 0; size <= text.size(); ++size) {
      for (const auto& part : {text.substr(0, size), text.substr(size), text.substr(0, size) + "x"})
        CHECK(found_by(trie, part) == wanted(literals, part, side));
    }
  }
}

TEST_CASE("literal trie: random literals and texts") {
  std::mt19937 random(5);
  const std::string_view letters("ab\0\xFF", 4);
  for (int round = 0; round < 60; ++round) {
    std::vector<std::string> literals;
    for (std::size_t count = random() % 30; literals.size() < count;)
      literals.push_back("a" + random_text(random, 6, letters));
    const auto side = round % 2 == 0 ? LiteralTrie::Side::begin : LiteralTrie::Side::end;
    const LiteralTrie trie = LiteralTrie::build(literals, side);
    for (int i = 0; i < 200; ++i) {
      const std::string text = random_text(random, 9, letters);
      CHECK(found_by(trie, text) == wanted(literals, text, side));
    }
  }
}

}  // namespace phendau::detect::literal_trie_test
