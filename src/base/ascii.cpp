// SPDX-License-Identifier: Apache-2.0
#include "base/ascii.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace phendau {
namespace {

constexpr std::size_t kWord = 8;
constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101u;
constexpr std::uint64_t kHighBits = kOnes * 0x80;

std::uint64_t word_at(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, kWord);
  return word;
}

/// Per byte, without a carry into the next: bit 7 says "from A" and "beyond Z"; bit 5 makes a letter small.
std::uint64_t lowered(std::uint64_t word) {
  const std::uint64_t low = word & ~kHighBits;
  const std::uint64_t from_a = low + kOnes * (0x80 - 'A');
  const std::uint64_t beyond_z = low + kOnes * (0x7F - 'Z');
  const std::uint64_t capital = ~word & kHighBits & (from_a ^ beyond_z);
  return word | (capital >> 2);
}

/// What a vector register holds; other processors get the same in pieces.
constexpr std::size_t kBlock = 16;
using Block = unsigned char __attribute__((vector_size(kBlock)));

void lower_block(const char* from, char* to, Block& seen) {
  Block block;
  std::memcpy(&block, from, kBlock);
  seen |= block;
  const Block from_a = block - 'A';
  block |= static_cast<Block>(from_a <= 'Z' - 'A') & 0x20;
  std::memcpy(to, &block, kBlock);
}

}  // namespace

std::size_t ascii_end(std::string_view text, std::size_t at) {
  for (; at + 4 * kWord <= text.size(); at += 4 * kWord) {
    const char* const bytes = text.data() + at;
    const std::uint64_t any =
        word_at(bytes) | word_at(bytes + kWord) | word_at(bytes + 2 * kWord) | word_at(bytes + 3 * kWord);
    if ((any & kHighBits) != 0) break;
  }
  while (at + kWord <= text.size() && (word_at(text.data() + at) & kHighBits) == 0) at += kWord;
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
  return at;
}

bool lower_ascii_into(std::string_view text, char* out) {
  std::uint64_t seen = 0;
  std::size_t at = 0;
  if (text.size() >= kBlock) {
    Block seen_blocks = {};
    for (; at + kBlock <= text.size(); at += kBlock) lower_block(text.data() + at, out + at, seen_blocks);
    // The last one overlaps: a small letter stays one.
    at = text.size();
    lower_block(text.data() + at - kBlock, out + at - kBlock, seen_blocks);
    std::uint64_t halves[2];
    std::memcpy(halves, &seen_blocks, sizeof halves);
    return ((halves[0] | halves[1]) & kHighBits) == 0;
  }
  for (; at + kWord <= text.size(); at += kWord) {
    const std::uint64_t word = word_at(text.data() + at);
    const std::uint64_t small = lowered(word);
    seen |= word;
    std::memcpy(out + at, &small, kWord);
  }
  if (at == text.size()) return (seen & kHighBits) == 0;
  std::uint64_t rest = 0;
  std::memcpy(&rest, text.data() + at, text.size() - at);
  seen |= rest;
  rest = lowered(rest);
  std::memcpy(out + at, &rest, text.size() - at);
  return (seen & kHighBits) == 0;
}

}  // namespace phendau
