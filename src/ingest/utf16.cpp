// SPDX-License-Identifier: Apache-2.0
#include "ingest/utf16.h"

#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace phendau::ingest {
namespace {

constexpr std::size_t kBytesPerUnitMax = 3;  // a pair of units gives 4 bytes, a single one at most 3

std::uint32_t unit_at(const char* in, std::size_t index) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(in) + 2 * index;
  return static_cast<std::uint32_t>(bytes[0] | bytes[1] << 8);
}

/// Units copied from the start of `in`; stops at the first block that is not ASCII.
std::size_t copy_ascii(const char* in, std::size_t units, char* out) {
  std::size_t done = 0;
#if defined(__SSE2__)
  const __m128i high = _mm_set1_epi16(static_cast<short>(0xFF80));
  for (; done + 8 <= units; done += 8) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + 2 * done));
    const __m128i same = _mm_cmpeq_epi16(_mm_and_si128(block, high), _mm_setzero_si128());
    if (_mm_movemask_epi8(same) != 0xFFFF) break;
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out + done), _mm_packus_epi16(block, block));
  }
#endif
  for (; done < units; ++done) {
    const std::uint32_t unit = unit_at(in, done);
    if (unit >= 0x80) break;
    out[done] = static_cast<char>(unit);
  }
  return done;
}

char* put_code_point(std::uint32_t code, char* out) {
  if (code < 0x80) {
    *out++ = static_cast<char>(code);
  } else if (code < 0x800) {
    *out++ = static_cast<char>(0xC0 | code >> 6);
    *out++ = static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x1'0000) {
    *out++ = static_cast<char>(0xE0 | code >> 12);
    *out++ = static_cast<char>(0x80 | (code >> 6 & 0x3F));
    *out++ = static_cast<char>(0x80 | (code & 0x3F));
  } else {
    *out++ = static_cast<char>(0xF0 | code >> 18);
    *out++ = static_cast<char>(0x80 | (code >> 12 & 0x3F));
    *out++ = static_cast<char>(0x80 | (code >> 6 & 0x3F));
    *out++ = static_cast<char>(0x80 | (code & 0x3F));
  }
  return out;
}

char* convert(const char* in, std::size_t units, char* out) {
  constexpr std::uint32_t kReplacement = 0xFFFD;
  for (std::size_t at = 0; at < units;) {
    const std::size_t ascii = copy_ascii(in + 2 * at, units - at, out);
    at += ascii;
    out += ascii;
    if (at == units) break;
    std::uint32_t code = unit_at(in, at++);
    if (is_high_half(code) && at < units && is_low_half(unit_at(in, at))) {
      code = joined_halves(code, unit_at(in, at++));
    } else if (is_high_half(code) || is_low_half(code)) {
      code = kReplacement;
    }
    out = put_code_point(code, out);
  }
  return out;
}

}  // namespace

void append_utf16le(std::string_view bytes, std::string& out) {
  const std::size_t before = out.size();
  const std::size_t units = bytes.size() / 2;
  out.resize_and_overwrite(before + units * kBytesPerUnitMax, [&](char* data, std::size_t) {
    return static_cast<std::size_t>(convert(bytes.data(), units, data + before) - data);
  });
}

}  // namespace phendau::ingest
