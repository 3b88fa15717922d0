// SPDX-License-Identifier: Apache-2.0
// The idea: of each literal three bytes that are rare together are looked for, in sixteen places at once: two
// tables of nibbles per byte say which buckets of literals have it there; where all three agree the literals
// of the bucket are compared. Source: the "Teddy" literal matcher as described by its authors (G. Langdale).
#include "detect/keyword_sieve.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#ifdef __SSSE3__
#include <immintrin.h>
#endif

#include "base/text.h"

namespace phendau::detect {
namespace {

/// How often a small letter or sign stands in logs, roughly, in thousandths; what is not named hardly does.
int commonness(char byte) {
  struct Row {
    std::string_view bytes;
    int per_thousand;
  };
  constexpr Row kRows[] = {{"\"e", 85},       {"tors:0", 45}, {"nicda2\\", 32}, {",-mu 51", 20},
                           {"lypv3fg84", 13}, {"wh69.b7", 8}, {"kj{}x", 3}};
  for (const auto& row : kRows) {
    if (row.bytes.find(byte) != row.bytes.npos) return row.per_thousand;
  }
  return 1;
}

/// Of the bytes at [begin, end), as if they did not know of each other; but signs are seldom doubled.
double commonness(std::string_view text, std::size_t begin, std::size_t end) {
  double out = 1;
  for (std::size_t i = begin; i < end; ++i) {
    const bool letter = text[i] >= 'a' && text[i] <= 'z';
    out *= i > begin && text[i] == text[i - 1] && !letter ? 1 : commonness(text[i]);
  }
  return out;
}

char capital_letter(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

}  // namespace

KeywordSieve::KeywordSieve(const std::vector<std::string>& literals) {
  std::vector<Literal> all;
  for (const auto& text : literals) {
    Literal literal{text, kWindowBytes};
    double best = std::numeric_limits<double>::max();
    for (std::size_t end = kWindowBytes; end <= text.size(); ++end) {
      const double score = commonness(text, end - kWindowBytes, end);
      if (score >= best) continue;
      best = score;
      literal.window_end = end;
    }
    all.push_back(std::move(literal));
  }
  // Those that look alike share a bucket: its tables let less through then.
  const auto window = [](const Literal& literal) {
    return std::string_view(literal.text).substr(literal.window_end - kWindowBytes, kWindowBytes);
  };
  std::sort(all.begin(), all.end(),
            [&](const Literal& a, const Literal& b) { return window(a) < window(b); });
  for (std::size_t i = 0; i < all.size(); ++i) put(i * buckets_.size() / all.size(), all[i]);
}

void KeywordSieve::put(std::size_t bucket, const Literal& literal) {
  const auto bit = static_cast<std::uint8_t>(1u << bucket);
  const auto add = [&](std::size_t place, unsigned char byte) {
    tables_[place][byte % kNibbles] |= bit;
    tables_[place][kNibbles + byte / kNibbles] |= bit;
    by_byte_[place][byte % kBytes] |= bit;
  };
  for (std::size_t place = 0; place < kWindowBytes; ++place) {
    const std::size_t at = literal.window_end - kWindowBytes + place;
    if (at >= literal.text.size()) {  // too short: any byte
      for (auto& buckets : tables_[place]) buckets |= bit;
      for (auto& buckets : by_byte_[place]) buckets |= bit;
      continue;
    }
    const char byte = literal.text[at];
    add(place, static_cast<unsigned char>(byte));
    add(place, static_cast<unsigned char>(capital_letter(byte)));
  }
  buckets_[bucket].push_back(literal);
}

bool KeywordSieve::stands(std::string_view text, std::size_t window_end, std::uint8_t buckets) const {
  for (unsigned left = buckets; left != 0; left &= left - 1) {
    for (const auto& literal : buckets_[static_cast<std::size_t>(std::countr_zero(left))]) {
      if (window_end < literal.window_end) continue;
      const std::string_view there = text.substr(window_end - literal.window_end, literal.text.size());
      if (equals_ignore_case_ascii(there, literal.text)) return true;
    }
  }
  return false;
}

bool KeywordSieve::finds(std::string_view text, [[maybe_unused]] Lanes lanes) const {
#ifdef __SSSE3__
  const std::size_t at = lanes == Lanes::widest ? find_widest_blocks(text)
                         : lanes == Lanes::wide ? find_wide_blocks(text)
                                                : find_blocks(text);
#else
  const std::size_t at = 0;
#endif
  if (at == kFound) return true;
  // A literal of two bytes may be the last ones: its window is longer.
  const auto byte_at = [&](std::size_t place) {
    return place < text.size() ? static_cast<unsigned char>(text[place]) : static_cast<unsigned char>(0);
  };
  for (std::size_t last = std::max(at, kWindowBytes - 1); last <= text.size(); ++last) {
    const auto buckets = static_cast<std::uint8_t>(
        buckets_at(0, byte_at(last - 2)) & buckets_at(1, byte_at(last - 1)) & buckets_at(2, byte_at(last)));
    if (buckets != 0 && stands(text, last + 1, buckets)) return true;
  }
  return false;
}

/// Of a block of the text the places where windows end, and the buckets seen there.
bool KeywordSieve::stands_in(std::string_view text, std::size_t at, std::uint64_t places,
                             const std::uint8_t* buckets) const {
  for (; places != 0; places &= places - 1) {
    const auto place = static_cast<std::size_t>(std::countr_zero(places));
    if (stands(text, at + place + 1, buckets[place])) return true;
  }
  return false;
}

#ifdef __SSSE3__
/// Windows that end in whole pairs of blocks; where the first byte is that no such pair has, or kFound.
std::size_t KeywordSieve::find_blocks(std::string_view text) const {
  constexpr std::size_t kBlock = 16;
  const auto load = [](const void* bytes) { return _mm_loadu_si128(static_cast<const __m128i*>(bytes)); };
  __m128i low[kWindowBytes];
  __m128i high[kWindowBytes];
  for (std::size_t i = 0; i < kWindowBytes; ++i) {
    low[i] = load(tables_[i].data());
    high[i] = load(tables_[i].data() + kNibbles);
  }
  const __m128i nibble = _mm_set1_epi8(0x0F);
  const __m128i none = _mm_setzero_si128();
  __m128i first_before = none;
  __m128i second_before = none;
  /// By byte the buckets of which a window ends there: it began two bytes before, perhaps in another block.
  const auto seen = [&](const char* bytes) {
    const __m128i block = load(bytes);
    const __m128i lows = _mm_and_si128(block, nibble);
    const __m128i highs = _mm_and_si128(_mm_srli_epi16(block, 4), nibble);
    const auto buckets = [&](std::size_t place) {
      return _mm_and_si128(_mm_shuffle_epi8(low[place], lows), _mm_shuffle_epi8(high[place], highs));
    };
    const __m128i first = buckets(0);
    const __m128i second = buckets(1);
    const __m128i out =
        _mm_and_si128(buckets(2), _mm_and_si128(_mm_alignr_epi8(second, second_before, kBlock - 1),
                                                _mm_alignr_epi8(first, first_before, kBlock - 2)));
    first_before = first;
    second_before = second;
    return out;
  };
  const auto check = [&](std::size_t at, __m128i seen_there) {
    std::uint8_t buckets[kBlock];
    std::memcpy(buckets, &seen_there, kBlock);
    const auto empty = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(seen_there, none)));
    return stands_in(text, at, 0xFFFFu ^ empty, buckets);
  };
  std::size_t at = 0;
  for (; at + 2 * kBlock <= text.size(); at += 2 * kBlock) {
    const __m128i left = seen(text.data() + at);
    const __m128i right = seen(text.data() + at + kBlock);
    const __m128i any = _mm_or_si128(left, right);
    if (_mm_movemask_epi8(_mm_cmpeq_epi8(any, none)) == 0xFFFF) continue;
    if (check(at, left) || check(at + kBlock, right)) return kFound;
  }
  return at;
}

/// The same, one wide block at a time. Instructions move bytes within halves of it only: the bytes before
/// come from the other half of the block, or of the one before.
PHENDAU_AVX2 std::size_t KeywordSieve::find_wide_blocks(std::string_view text) const {
  constexpr std::size_t kBlock = 32;
  constexpr int kHalf = 16;
  __m256i low[kWindowBytes];
  __m256i high[kWindowBytes];
  for (std::size_t i = 0; i < kWindowBytes; ++i) {
    const auto* const table = reinterpret_cast<const __m128i*>(tables_[i].data());
    low[i] = _mm256_broadcastsi128_si256(_mm_loadu_si128(table));
    high[i] = _mm256_broadcastsi128_si256(_mm_loadu_si128(table + 1));
  }
  const __m256i nibble = _mm256_set1_epi8(0x0F);
  __m256i first_before = _mm256_setzero_si256();
  __m256i second_before = first_before;
  std::size_t at = 0;
  for (; at + kBlock <= text.size(); at += kBlock) {
    const __m256i block = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text.data() + at));
    const __m256i lows = _mm256_and_si256(block, nibble);
    const __m256i highs = _mm256_and_si256(_mm256_srli_epi16(block, 4), nibble);
    const __m256i first =
        _mm256_and_si256(_mm256_shuffle_epi8(low[0], lows), _mm256_shuffle_epi8(high[0], highs));
    const __m256i second =
        _mm256_and_si256(_mm256_shuffle_epi8(low[1], lows), _mm256_shuffle_epi8(high[1], highs));
    const __m256i third =
        _mm256_and_si256(_mm256_shuffle_epi8(low[2], lows), _mm256_shuffle_epi8(high[2], highs));
    constexpr int kUpperThenLower = 0x21;
    const __m256i of_first =
        _mm256_alignr_epi8(first, _mm256_permute2x128_si256(first_before, first, kUpperThenLower), kHalf - 2);
    const __m256i of_second = _mm256_alignr_epi8(
        second, _mm256_permute2x128_si256(second_before, second, kUpperThenLower), kHalf - 1);
    const __m256i seen = _mm256_and_si256(third, _mm256_and_si256(of_first, of_second));
    first_before = first;
    second_before = second;
    if (_mm256_testz_si256(seen, seen) != 0) continue;
    std::uint8_t buckets[kBlock];
    std::memcpy(buckets, &seen, kBlock);
    const auto empty =
        static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(seen, _mm256_setzero_si256())));
    if (stands_in(text, at, ~empty, buckets)) return kFound;
  }
  return at;
}

/// The same, one widest block at a time. Tables are asked by the byte itself but for its highest bit; the
/// bytes before are read again, which costs less than moving them.
PHENDAU_AVX512 std::size_t KeywordSieve::find_widest_blocks(std::string_view text) const {
  constexpr std::size_t kBlock = 64;
  constexpr std::size_t kBefore = kWindowBytes - 1;
  __m512i low[kWindowBytes];
  __m512i high[kWindowBytes];
  for (std::size_t i = 0; i < kWindowBytes; ++i) {
    low[i] = _mm512_loadu_si512(by_byte_[i].data());
    high[i] = _mm512_loadu_si512(by_byte_[i].data() + kBlock);
  }
  if (text.size() < kBefore + kBlock) return 0;
  for (std::size_t at = kBefore; at < text.size(); at += kBlock) {
    at = std::min(at, text.size() - kBlock);  // the last block begins where it is full
    const char* const bytes = text.data() + at - kBefore;
    const __m512i first = _mm512_permutex2var_epi8(low[0], _mm512_loadu_si512(bytes), high[0]);
    const __m512i second = _mm512_permutex2var_epi8(low[1], _mm512_loadu_si512(bytes + 1), high[1]);
    const __m512i third = _mm512_permutex2var_epi8(low[2], _mm512_loadu_si512(bytes + 2), high[2]);
    const __m512i seen = _mm512_and_si512(third, _mm512_and_si512(first, second));
    const std::uint64_t places = _mm512_test_epi8_mask(seen, seen);
    if (places == 0) continue;
    std::uint8_t buckets[kBlock];
    std::memcpy(buckets, &seen, kBlock);
    if (stands_in(text, at, places, buckets)) return kFound;
  }
  return text.size();
}
#endif

}  // namespace phendau::detect
