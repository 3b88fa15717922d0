// SPDX-License-Identifier: Apache-2.0
#include "detect/keyword_sieve.h"

#include <random>

#include <doctest/doctest.h>

#include "base/text.h"

namespace keyword_sieve_test {

using phendau::Lanes;
using phendau::to_lower_ascii;
using phendau::detect::KeywordSieve;

namespace {

/// All versions that the processor has say the same.
bool finds(const KeywordSieve& sieve, std::string_view text) {
  const bool found = sieve.finds(text, Lanes::narrow);
  for (const Lanes lanes : phendau::all_lanes_of_processor()) {
    if (sieve.finds(text, lanes) != found) FAIL_CHECK("lanes " << static_cast<int>(lanes) << ": " << text);
  }
  return found;
}

bool stands(const std::vector<std::string>& words, const std::string& text) {
  const std::string small = to_lower_ascii(text);
  for (const auto& word : words) {
    if (small.find(word) != small.npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a word is found wherever it stands, whatever its case") {
  for (const std::string word : {"kiwi", "::", "\xC5\xBF", "mimikatz mimikatz mimikatz", "abc"}) {
    const KeywordSieve sieve({word});
    for (std::size_t size = word.size(); size < 100; ++size) {
      for (std::size_t at = 0; at + word.size() <= size; ++at) {
        std::string text(size, 'x');
        text.replace(at, word.size(), word);
        if (!finds(sieve, text)) FAIL_CHECK(word << " at " << at << " of " << size);
        if (text[at] >= 'a') text[at] = static_cast<char>(text[at] - 'a' + 'A');
        if (!finds(sieve, text)) FAIL_CHECK(word << " at " << at << " of " << size << " with a capital");
        text[at + 1] = '#';
        if (finds(sieve, text)) FAIL_CHECK(word << " is not there");
      }
    }
  }
}

TEST_CASE("no words: nothing is found") {
  CHECK_FALSE(KeywordSieve().finds(std::string(100, 'a')));
  CHECK_FALSE(KeywordSieve(std::vector<std::string>()).finds("a"));
  CHECK_FALSE(KeywordSieve({"abc"}).finds(""));
}

TEST_CASE("random words in random texts are found as a plain search finds them") {
  std::mt19937 random(1);
  const auto text_of = [&](std::size_t size) {
    constexpr std::string_view kLetters = "abABk:.1 \xC3\xBF";
    std::string out;
    for (std::size_t i = 0; i < size; ++i) out += kLetters[random() % kLetters.size()];
    return out;
  };
  std::size_t found = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::string> words;
    for (std::size_t i = 0, count = 1 + random() % 20; i < count; ++i)
      words.push_back(to_lower_ascii(text_of(2 + random() % 7)));
    const KeywordSieve sieve(words);
    const std::string text = text_of(random() % 90);
    const bool wanted = stands(words, text);
    found += wanted ? 1 : 0;
    if (finds(sieve, text) != wanted) FAIL_CHECK("round " << round << ": " << text);
  }
  CHECK(found > 2'000);
  CHECK(found < 18'000);
}

}  // namespace keyword_sieve_test
