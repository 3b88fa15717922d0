// SPDX-License-Identifier: Apache-2.0
// The idea: sixteen places at a time are compared with the first and the last byte of what is wanted; only
// where both are there is the rest looked at.
#include "base/find_bytes.h"

#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace phendau {

std::size_t find_bytes(std::string_view text, std::string_view wanted, std::size_t from) {
  if (from > text.size() || wanted.size() > text.size() - from) return std::string_view::npos;
  if (wanted.empty()) return from;
  std::size_t at = from;
#if defined(__SSE2__)
  constexpr std::size_t kBlock = 16;
  const std::size_t last = wanted.size() - 1;
  const __m128i first_byte = _mm_set1_epi8(wanted.front());
  const __m128i last_byte = _mm_set1_epi8(wanted.back());
  for (; at + last + kBlock <= text.size(); at += kBlock) {
    __m128i firsts;
    __m128i lasts;
    std::memcpy(&firsts, text.data() + at, kBlock);
    std::memcpy(&lasts, text.data() + at + last, kBlock);
    const __m128i both = _mm_and_si128(_mm_cmpeq_epi8(firsts, first_byte), _mm_cmpeq_epi8(lasts, last_byte));
    for (auto places = static_cast<std::uint32_t>(_mm_movemask_epi8(both)); places != 0;
         places &= places - 1) {
      const std::size_t place = at + static_cast<std::size_t>(std::countr_zero(places));
      if (std::memcmp(text.data() + place, wanted.data(), wanted.size()) == 0) return place;
    }
  }
#endif
  const std::size_t places_end = text.size() - wanted.size() + 1;
  for (; at < places_end; ++at) {
    if (text[at] == wanted.front() && std::memcmp(text.data() + at, wanted.data(), wanted.size()) == 0)
      return at;
  }
  return std::string_view::npos;
}

}  // namespace phendau
