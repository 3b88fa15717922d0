// SPDX-License-Identifier: Apache-2.0
#include "base/ulid.h"

#include "base/hash.h"

namespace phendau {
namespace {
constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
}

std::string make_ulid(UtcTime now, std::string_view random) {
  PHENDAU_ASSERT(random.size() >= 10);
  const auto milliseconds_total = static_cast<std::uint64_t>(now.ns < 0 ? 0 : now.ns / 1'000'000);
  std::string out(26, '0');
  for (std::size_t i = 0; i < 10; ++i) out[i] = kAlphabet[milliseconds_total >> (45 - 5 * i) & 31];
  std::uint64_t bits = 0;
  int available = 0;
  std::size_t next = 0;
  for (std::size_t i = 10; i < 26; ++i) {
    if (available < 5) {
      bits = bits << 8 | static_cast<unsigned char>(random[next++]);
      available += 8;
    }
    available -= 5;
    out[i] = kAlphabet[bits >> available & 31];
  }
  return out;
}

std::string derive_ulid(UtcTime at, std::string_view name) { return make_ulid(at, as_bytes(sha256(name))); }

bool is_ulid(std::string_view text) {
  return text.size() == 26 && text[0] <= '7' && text.find_first_not_of(kAlphabet) == std::string_view::npos;
}

}  // namespace phendau
