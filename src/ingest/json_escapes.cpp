// SPDX-License-Identifier: Apache-2.0
// The idea: a run of backslashes that begins at an even place is cleared by adding its first bit, one that
// begins at an odd place is not; then the escapes of the former begin at even places, of the latter at odd
// ones. Sixty-four bytes at a time.
#include "ingest/json_escapes.h"

#include <algorithm>
#include <array>
#include <cstring>

#ifdef __SSSE3__
#include <immintrin.h>
#endif

namespace phendau::ingest {
namespace {

constexpr std::uint64_t kEven = 0x5555'5555'5555'5555u;
constexpr std::size_t kBlock = 64;

// Each writes, for so many blocks, a bit per byte: backslashes, and signs that may follow one (but for u).

#ifdef __SSSE3__
/// Signs are told by their two halves: those with the same upper half share a bit of the tables.
alignas(16) constexpr std::uint8_t kOfLower[] = {0, 0, 1 | 4 | 8, 0, 8, 0, 4, 0, 0, 0, 0, 0, 2, 0, 4, 1};
alignas(16) constexpr std::uint8_t kOfUpper[] = {0, 0, 1, 0, 0, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0};

void find_narrow(const char* bytes, std::size_t blocks, std::uint64_t* backslashes, std::uint64_t* singles) {
  constexpr std::size_t kLane = 16;
  const __m128i of_lower = _mm_load_si128(reinterpret_cast<const __m128i*>(kOfLower));
  const __m128i of_upper = _mm_load_si128(reinterpret_cast<const __m128i*>(kOfUpper));
  const __m128i half = _mm_set1_epi8(0x0F);
  const __m128i backslash = _mm_set1_epi8('\\');
  for (; blocks > 0; --blocks, bytes += kBlock) {
    std::uint64_t found = 0;
    std::uint64_t others = 0;
    for (std::size_t i = 0; i < kBlock; i += kLane) {
      const __m128i lane = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + i));
      const __m128i lower = _mm_shuffle_epi8(of_lower, _mm_and_si128(lane, half));
      const __m128i upper = _mm_shuffle_epi8(of_upper, _mm_and_si128(_mm_srli_epi16(lane, 4), half));
      const __m128i is_other = _mm_cmpeq_epi8(_mm_and_si128(lower, upper), _mm_setzero_si128());
      const __m128i is_found = _mm_cmpeq_epi8(lane, backslash);
      others |= std::uint64_t{static_cast<std::uint32_t>(_mm_movemask_epi8(is_other))} << i;
      found |= std::uint64_t{static_cast<std::uint32_t>(_mm_movemask_epi8(is_found))} << i;
    }
    *backslashes++ = found;
    *singles++ = ~others;
  }
}

PHENDAU_AVX2 void find_wide(const char* bytes, std::size_t blocks, std::uint64_t* backslashes,
                            std::uint64_t* singles) {
  constexpr std::size_t kLane = 32;
  const __m256i of_lower =
      _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(kOfLower)));
  const __m256i of_upper =
      _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(kOfUpper)));
  const __m256i half = _mm256_set1_epi8(0x0F);
  const __m256i backslash = _mm256_set1_epi8('\\');
  for (; blocks > 0; --blocks, bytes += kBlock) {
    std::uint64_t found = 0;
    std::uint64_t others = 0;
    for (std::size_t i = 0; i < kBlock; i += kLane) {
      const __m256i lane = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes + i));
      const __m256i lower = _mm256_shuffle_epi8(of_lower, _mm256_and_si256(lane, half));
      const __m256i upper = _mm256_shuffle_epi8(of_upper, _mm256_and_si256(_mm256_srli_epi16(lane, 4), half));
      const __m256i is_other = _mm256_cmpeq_epi8(_mm256_and_si256(lower, upper), _mm256_setzero_si256());
      const __m256i is_found = _mm256_cmpeq_epi8(lane, backslash);
      others |= std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(is_other))} << i;
      found |= std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(is_found))} << i;
    }
    *backslashes++ = found;
    *singles++ = ~others;
  }
}
#else
std::uint64_t bits_of(const char* bytes, std::string_view wanted) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    if (wanted.find(bytes[i]) != wanted.npos) out |= std::uint64_t{1} << i;
  }
  return out;
}
void find_narrow(const char* bytes, std::size_t blocks, std::uint64_t* backslashes, std::uint64_t* singles) {
  for (; blocks > 0; --blocks, bytes += kBlock) {
    *backslashes++ = bits_of(bytes, "\\");
    *singles++ = bits_of(bytes, "\"\\/bfnrt");
  }
}
void find_wide(const char* bytes, std::size_t blocks, std::uint64_t* backslashes, std::uint64_t* singles) {
  find_narrow(bytes, blocks, backslashes, singles);
}
#endif

}  // namespace

bool JsonEscapes::mark(std::string_view text, Lanes lanes) {
  const std::size_t blocks = text.size() / kBlock;
  if (room_ < blocks + 1) {
    room_ = std::max(blocks + 1, 2 * room_);
    starts_.reset(new std::uint64_t[room_]);
    singles_.reset(new std::uint64_t[room_]);
  }
  const auto find = lanes == Lanes::wide ? find_wide : find_narrow;
  find(text.data(), blocks, starts_.get(), singles_.get());
  std::array<char, kBlock> rest{};
  std::memcpy(rest.data(), text.data() + blocks * kBlock, text.size() - blocks * kBlock);
  find(rest.data(), 1, starts_.get() + blocks, singles_.get() + blocks);
  std::uint64_t not_single = 0;
  std::uint64_t before = 0;  // backslashes of the block before
  for (std::size_t i = 0; i <= blocks; ++i) {
    std::uint64_t runs = starts_[i];
    std::uint64_t escaped = 0;
    // A branch, because it is seldom taken: else each block would have to wait for the one before.
    if (before >> (kBlock - 1) != 0) [[unlikely]] {
      escaped = starts_[i - 1] >> (kBlock - 1);
      before = runs;
      runs &= ~escaped;
    } else {
      before = runs;
    }
    const std::uint64_t firsts = runs & ~(runs << 1);
    const std::uint64_t odd = runs & (runs + (firsts & kEven));
    const std::uint64_t starts = (odd & ~kEven) | (runs & ~odd & kEven);
    not_single |= (escaped | starts << 1) & ~singles_[i];
    starts_[i] = starts;
  }
  return not_single == 0 && starts_[blocks] >> (kBlock - 1) == 0;
}

}  // namespace phendau::ingest
