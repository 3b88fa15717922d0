// SPDX-License-Identifier: Apache-2.0
// The idea: a run of backslashes that begins at an even place is cleared by adding its first bit, one that
// begins at an odd place is not; then the escapes of the former begin at even places, of the latter at odd
// ones. Sixty-four bytes at a time.
#include "ingest/json_marks.h"

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
constexpr std::string_view kSingles = "\"\\/bfnrt";  // may follow a backslash; u, too, but not alone

/// Of a block, a bit per byte.
struct Block {
  std::uint64_t backslashes = 0;
  std::uint64_t quotes = 0;
  std::uint64_t controls = 0;
  std::uint64_t not_singles = 0;
};

/// Takes blocks one after another. Passed by value, so that it stays in registers.
class Marker {
 public:
  Marker(std::uint64_t* starts, std::uint64_t* quotes) : starts_(starts), quotes_(quotes) {}

  /// Part of the functions below, for the instructions that they may use.
  [[gnu::always_inline]] void add(const Block& block) {
    std::uint64_t runs = block.backslashes;
    std::uint64_t escaped = 0;
    // A branch, because it is seldom taken: else each block would have to wait for the one before.
    if (before_ >> (kBlock - 1) != 0) [[unlikely]] {
      escaped = starts_before_ >> (kBlock - 1);
      before_ = runs;
      runs &= ~escaped;
    } else {
      before_ = runs;
    }
    const std::uint64_t firsts = runs & ~(runs << 1);
    const std::uint64_t odd = runs & (runs + (firsts & kEven));
    const std::uint64_t starts = (odd & ~kEven) | (runs & ~odd & kEven);
    escaped |= starts << 1;
    const std::uint64_t quotes = block.quotes & ~escaped;
    not_single_ |= escaped & block.not_singles;
    quote_count_ += static_cast<std::uint32_t>(std::popcount(quotes));
    control_count_ += static_cast<std::uint32_t>(std::popcount(block.controls));
    *starts_++ = starts_before_ = starts;
    *quotes_++ = quotes;
  }

  /// Also of blocks: a bit for each byte beyond ASCII, wherever it stands.
  void add_high(std::uint64_t bits) { high_ |= bits; }

  JsonMarks::Summary summary() const {
    const bool ends_in_escape = starts_before_ >> (kBlock - 1) != 0;
    return {quote_count_, control_count_, not_single_ == 0 && !ends_in_escape, high_ == 0};
  }

 private:
  std::uint64_t* starts_;
  std::uint64_t* quotes_;
  std::uint64_t before_ = 0;  // backslashes of the block before
  std::uint64_t starts_before_ = 0;
  std::uint64_t not_single_ = 0;
  std::uint64_t high_ = 0;
  std::uint32_t quote_count_ = 0;
  std::uint32_t control_count_ = 0;
};

#ifdef __SSSE3__
/// Signs are told by their two halves: those with the same upper half share a bit of the tables.
alignas(16) constexpr std::uint8_t kOfLower[] = {0, 0, 1 | 4 | 8, 0, 8, 0, 4, 0, 0, 0, 0, 0, 2, 0, 4, 1};
alignas(16) constexpr std::uint8_t kOfUpper[] = {0, 0, 1, 0, 0, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0};

Marker mark_narrow(const char* bytes, std::size_t blocks, Marker marker) {
  constexpr std::size_t kLane = 16;
  const __m128i of_lower = _mm_load_si128(reinterpret_cast<const __m128i*>(kOfLower));
  const __m128i of_upper = _mm_load_si128(reinterpret_cast<const __m128i*>(kOfUpper));
  const __m128i half = _mm_set1_epi8(0x0F);
  const __m128i last_control = _mm_set1_epi8(' ' - 1);
  __m128i any = _mm_setzero_si128();
  for (; blocks > 0; --blocks, bytes += kBlock) {
    Block block;
    for (std::size_t i = 0; i < kBlock; i += kLane) {
      const auto bits = [i](__m128i lane) {
        return std::uint64_t{static_cast<std::uint32_t>(_mm_movemask_epi8(lane))} << i;
      };
      const __m128i lane = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + i));
      const __m128i lower = _mm_shuffle_epi8(of_lower, _mm_and_si128(lane, half));
      const __m128i upper = _mm_shuffle_epi8(of_upper, _mm_and_si128(_mm_srli_epi16(lane, 4), half));
      block.backslashes |= bits(_mm_cmpeq_epi8(lane, _mm_set1_epi8('\\')));
      block.quotes |= bits(_mm_cmpeq_epi8(lane, _mm_set1_epi8('"')));
      block.controls |= bits(_mm_cmpeq_epi8(_mm_max_epu8(lane, last_control), last_control));
      block.not_singles |= bits(_mm_cmpeq_epi8(_mm_and_si128(lower, upper), _mm_setzero_si128()));
      any = _mm_or_si128(any, lane);
    }
    marker.add(block);
  }
  marker.add_high(static_cast<std::uint32_t>(_mm_movemask_epi8(any)));
  return marker;
}

PHENDAU_AVX2 Marker mark_wide(const char* bytes, std::size_t blocks, Marker marker) {
  constexpr std::size_t kLane = 32;
  const __m256i of_lower =
      _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(kOfLower)));
  const __m256i of_upper =
      _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(kOfUpper)));
  const __m256i half = _mm256_set1_epi8(0x0F);
  const __m256i last_control = _mm256_set1_epi8(' ' - 1);
  __m256i any = _mm256_setzero_si256();
  for (; blocks > 0; --blocks, bytes += kBlock) {
    Block block;
    for (std::size_t i = 0; i < kBlock; i += kLane) {
      const auto bits = [i](__m256i lane) PHENDAU_AVX2 {
        return std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(lane))} << i;
      };
      const __m256i lane = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes + i));
      const __m256i lower = _mm256_shuffle_epi8(of_lower, _mm256_and_si256(lane, half));
      const __m256i upper = _mm256_shuffle_epi8(of_upper, _mm256_and_si256(_mm256_srli_epi16(lane, 4), half));
      block.backslashes |= bits(_mm256_cmpeq_epi8(lane, _mm256_set1_epi8('\\')));
      block.quotes |= bits(_mm256_cmpeq_epi8(lane, _mm256_set1_epi8('"')));
      block.controls |= bits(_mm256_cmpeq_epi8(_mm256_max_epu8(lane, last_control), last_control));
      block.not_singles |= bits(_mm256_cmpeq_epi8(_mm256_and_si256(lower, upper), _mm256_setzero_si256()));
      any = _mm256_or_si256(any, lane);
    }
    marker.add(block);
  }
  marker.add_high(static_cast<std::uint32_t>(_mm256_movemask_epi8(any)));
  return marker;
}

/// By the seven lower bits of a byte: its highest bit is not set for one of kSingles.
alignas(64) constexpr std::array<std::uint8_t, 128> kNotSingle = [] {
  std::array<std::uint8_t, 128> out{};
  out.fill(0x80);
  for (const char c : kSingles) out[static_cast<unsigned char>(c)] = 0;
  return out;
}();

PHENDAU_AVX512 Marker mark_widest(const char* bytes, std::size_t blocks, Marker marker) {
  const __m512i not_single = _mm512_load_si512(kNotSingle.data());
  const __m512i not_single_too = _mm512_load_si512(kNotSingle.data() + 64);
  __m512i any = _mm512_setzero_si512();
  for (; blocks > 0; --blocks, bytes += kBlock) {
    const __m512i lane = _mm512_loadu_si512(bytes);
    any = _mm512_or_si512(any, lane);
    Block block;
    block.backslashes = _mm512_cmpeq_epi8_mask(lane, _mm512_set1_epi8('\\'));
    block.quotes = _mm512_cmpeq_epi8_mask(lane, _mm512_set1_epi8('"'));
    block.controls = _mm512_cmplt_epu8_mask(lane, _mm512_set1_epi8(' '));
    block.not_singles = _mm512_movepi8_mask(
        _mm512_or_si512(lane, _mm512_permutex2var_epi8(not_single, lane, not_single_too)));
    marker.add(block);
  }
  marker.add_high(_mm512_movepi8_mask(any));
  return marker;
}
#else
std::uint64_t bits_of(const char* bytes, const auto& is_wanted) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    if (is_wanted(bytes[i])) out |= std::uint64_t{1} << i;
  }
  return out;
}
Marker mark_narrow(const char* bytes, std::size_t blocks, Marker marker) {
  for (; blocks > 0; --blocks, bytes += kBlock) {
    Block block;
    block.backslashes = bits_of(bytes, [](char c) { return c == '\\'; });
    block.quotes = bits_of(bytes, [](char c) { return c == '"'; });
    block.controls = bits_of(bytes, [](char c) { return static_cast<unsigned char>(c) < ' '; });
    block.not_singles = bits_of(bytes, [](char c) { return kSingles.find(c) == kSingles.npos; });
    marker.add(block);
    marker.add_high(bits_of(bytes, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }));
  }
  return marker;
}
Marker mark_wide(const char* bytes, std::size_t blocks, Marker marker) {
  return mark_narrow(bytes, blocks, marker);
}
Marker mark_widest(const char* bytes, std::size_t blocks, Marker marker) {
  return mark_narrow(bytes, blocks, marker);
}
#endif

}  // namespace

const JsonMarks::Summary& JsonMarks::mark(std::string_view text, Lanes lanes) {
  const std::size_t blocks = text.size() / kBlock;
  if (room_ < blocks + 2) {
    room_ = std::max(blocks + 2, 2 * room_);
    starts_.reset(new std::uint64_t[room_]);
    quotes_.reset(new std::uint64_t[room_]);
  }
  const auto mark_blocks = lanes == Lanes::widest ? mark_widest
                           : lanes == Lanes::wide ? mark_wide
                                                  : mark_narrow;
  const Marker marker = mark_blocks(text.data(), blocks, Marker(starts_.get(), quotes_.get()));
  std::array<char, kBlock> rest;
  rest.fill(' ');
  std::memcpy(rest.data(), text.data() + blocks * kBlock, text.size() - blocks * kBlock);
  starts_[blocks + 1] = quotes_[blocks + 1] = 0;
  return summary_ = mark_blocks(rest.data(), 1, marker).summary();
}

}  // namespace phendau::ingest
