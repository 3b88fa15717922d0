// SPDX-License-Identifier: Apache-2.0
// The idea: sixteen or 32 places at a time are compared with the first and the last byte of what is wanted;
// only where both are there is the rest looked at. The last block overlaps the one before.
#include "base/find_bytes.h"

#include <algorithm>
#include <bit>
#include <cstdint>

#include "base/ascii.h"
#include "base/lanes.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace phendau {
namespace {

constexpr std::size_t kNowhere = std::string_view::npos;

bool stands_at(std::string_view text, std::size_t place, std::string_view wanted) {
  return equal_bytes(text.data() + place, wanted.data(), wanted.size());
}

std::size_t find_single(std::string_view text, std::string_view wanted, std::size_t from,
                        std::size_t places_end) {
  for (std::size_t at = from; at < places_end; ++at) {
    if (text[at] == wanted.front() && stands_at(text, at, wanted)) return at;
  }
  return kNowhere;
}

#if defined(__SSE2__)
/// The first of the places, bits from `at` on, where all of it stands.
std::size_t first_of(std::string_view text, std::size_t at, std::uint32_t places, std::string_view wanted) {
  for (; places != 0; places &= places - 1) {
    const std::size_t place = at + static_cast<std::size_t>(std::countr_zero(places));
    if (stands_at(text, place, wanted)) return place;
  }
  return kNowhere;
}

constexpr std::size_t kBlock = 16;
constexpr std::size_t kWideBlock = 32;

/// At least kBlock places.
std::size_t find_blocks(std::string_view text, std::string_view wanted, std::size_t from,
                        std::size_t places_end) {
  const std::size_t last = wanted.size() - 1;
  const __m128i first_byte = _mm_set1_epi8(wanted.front());
  const __m128i last_byte = _mm_set1_epi8(wanted.back());
  for (std::size_t at = from;;) {
    const __m128i firsts = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const __m128i lasts = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at + last));
    const __m128i both = _mm_and_si128(_mm_cmpeq_epi8(firsts, first_byte), _mm_cmpeq_epi8(lasts, last_byte));
    const auto places = static_cast<std::uint32_t>(_mm_movemask_epi8(both));
    if (const std::size_t found = first_of(text, at, places, wanted); found != kNowhere) return found;
    if (at + kBlock >= places_end) return kNowhere;
    at = std::min(at + kBlock, places_end - kBlock);
  }
}

/// The same with at least kWideBlock places.
PHENDAU_AVX2 std::size_t find_wide_blocks(std::string_view text, std::string_view wanted, std::size_t from,
                                          std::size_t places_end) {
  const std::size_t last = wanted.size() - 1;
  const __m256i first_byte = _mm256_set1_epi8(wanted.front());
  const __m256i last_byte = _mm256_set1_epi8(wanted.back());
  for (std::size_t at = from;;) {
    const __m256i firsts = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text.data() + at));
    const __m256i lasts = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text.data() + at + last));
    const __m256i both =
        _mm256_and_si256(_mm256_cmpeq_epi8(firsts, first_byte), _mm256_cmpeq_epi8(lasts, last_byte));
    const auto places = static_cast<std::uint32_t>(_mm256_movemask_epi8(both));
    if (const std::size_t found = first_of(text, at, places, wanted); found != kNowhere) return found;
    if (at + kWideBlock >= places_end) return kNowhere;
    at = std::min(at + kWideBlock, places_end - kWideBlock);
  }
}
#endif

}  // namespace

std::size_t find_bytes(std::string_view text, std::string_view wanted, std::size_t from,
                       [[maybe_unused]] Lanes lanes) {
  if (from > text.size() || wanted.size() > text.size() - from) return kNowhere;
  if (wanted.empty()) return from;
  const std::size_t places_end = text.size() - wanted.size() + 1;
#if defined(__SSE2__)
  if (lanes == Lanes::wide && places_end - from >= kWideBlock)
    return find_wide_blocks(text, wanted, from, places_end);
  if (places_end - from >= kBlock) return find_blocks(text, wanted, from, places_end);
#endif
  return find_single(text, wanted, from, places_end);
}

}  // namespace phendau
