// SPDX-License-Identifier: Apache-2.0
// Many literals in joined texts against a plain search of each text.
#include "detect/multi_pattern.h"

#include <random>
#include <set>
#include <thread>

#include <doctest/doctest.h>

namespace phendau::detect::multi_pattern_test {

namespace {

using Hits = std::set<std::pair<std::uint32_t, std::uint32_t>>;

JoinedTexts join(const std::vector<std::string>& texts) {
  JoinedTexts out;
  for (const auto& text : texts) {
    out.bytes += text;
    out.ends.push_back(static_cast<std::uint32_t>(out.bytes.size()));
  }
  return out;
}

Hits hits_of(const MultiPattern& patterns, const std::vector<std::string>& texts) {
  Hits out;
  patterns.scan(join(texts), [&](std::uint32_t text, std::uint32_t literal) { out.emplace(text, literal); });
  return out;
}

Hits wanted(const std::vector<std::string>& literals, const std::vector<std::string>& texts) {
  Hits out;
  for (std::uint32_t text = 0; text < texts.size(); ++text) {
    for (std::uint32_t i = 0; i < literals.size(); ++i) {
      if (texts[text].find(literals[i]) != std::string::npos) out.emplace(text, i);
    }
  }
  return out;
}

}  // namespace

TEST_CASE("joined texts: what reaches from one text into the next is not found") {
  const std::vector<std::string> literals = {"ab", "abc", "b", "ca", std::string("\0", 1), "\xFF", "aab"};
  const MultiPattern patterns = MultiPattern::build(literals);
  for (const auto& texts : std::vector<std::vector<std::string>>{
           {"a", "b"},
           {"ab", "c", "", "", "a", "b", ""},
           {"", "", "abcab"},
           {"xa", "abx", "aa", "bc"},
           {std::string("\0", 1), "\xFF\xFF", std::string("a\0b", 3), "\xFF"},
           {"", ""},
           {}}) {
    CHECK(hits_of(patterns, texts) == wanted(literals, texts));
  }
  CHECK(hits_of(MultiPattern::build({}), {"a"}).empty());
  CHECK(hits_of(MultiPattern(), {"a"}).empty());
}

TEST_CASE("joined texts: random ones, few and many literals, built and saved") {
  std::mt19937 random(11);
  const std::string_view letters("abc\0\xFF", 5);
  const auto text_of = [&](std::size_t bytes) {
    std::string out;
    while (out.size() < bytes) out += letters[random() % letters.size()];
    return out;
  };
  for (const std::size_t count : {1u, 3u, 20u, 200u}) {
    std::vector<std::string> literals;
    while (literals.size() < count) literals.push_back(text_of(1 + random() % 8));
    literals.push_back("abc");
    const MultiPattern built = MultiPattern::build(literals);
    REQUIRE(!built.save().empty());
    const MultiPattern saved = MultiPattern::build(literals, built.save());
    CHECK(saved.save() == built.save());
    for (int round = 0; round < 30; ++round) {
      std::vector<std::string> texts;
      for (int i = 0; i < 40; ++i) texts.push_back(text_of(random() % 30));
      const Hits expected = wanted(literals, texts);
      CHECK(hits_of(built, texts) == expected);
      CHECK(hits_of(saved, texts) == expected);
      const auto first = static_cast<std::uint32_t>(random() % (texts.size() + 1));
      Hits later, expected_later;
      saved.scan(
          join(texts), [&](std::uint32_t text, std::uint32_t literal) { later.emplace(text, literal); },
          first);
      for (const auto& hit : expected) {
        if (hit.first >= first) expected_later.insert(hit);
      }
      CHECK(later == expected_later);
    }
  }
}

TEST_CASE("joined texts: automata of another shape than their literals say nothing out of range") {
  const MultiPattern many = MultiPattern::build({"aa", "bb", "cc"});
  const MultiPattern fewer = MultiPattern::build({"aa"}, many.save());
  for (const auto& hit : hits_of(fewer, {"aabbcc"})) CHECK(hit.second == 0);
}

TEST_CASE("joined texts: several threads with one automaton") {
  const std::vector<std::string> literals = {"alpha", "beta", "a"};
  const MultiPattern patterns = MultiPattern::build(literals);
  const std::vector<std::string> texts(100, "xalphay");
  const Hits expected = wanted(literals, texts);
  std::vector<Hits> hits(4);
  std::vector<std::thread> threads;
  for (auto& one : hits) threads.emplace_back([&] { one = hits_of(patterns, texts); });
  for (auto& thread : threads) thread.join();
  for (const auto& one : hits) CHECK(one == expected);
}

}  // namespace phendau::detect::multi_pattern_test
