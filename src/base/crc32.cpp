// SPDX-License-Identifier: Apache-2.0
// Sixteen bytes a step with sixteen tables ("slicing"): each byte's contribution is looked up on its own, so
// the steps of one block do not wait for each other. Idea: M. Kounavis, F. Berry, "A Systematic Approach to
// Building High Performance Software-Based CRC Generators", 2005.
#include "base/crc32.h"

#include <array>
#include <bit>
#include <cstring>

namespace phendau {
namespace {

constexpr std::size_t kSlices = 16;
using Tables = std::array<std::array<std::uint32_t, 256>, kSlices>;

constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1) != 0 ? value >> 1 ^ 0xEDB8'8320u : value >> 1;
    tables[0][byte] = value;
  }
  for (std::size_t slice = 1; slice < kSlices; ++slice) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t previous = tables[slice - 1][byte];
      tables[slice][byte] = previous >> 8 ^ tables[0][previous & 0xFF];
    }
  }
  return tables;
}
constexpr Tables kTables = make_tables();

static_assert(std::endian::native == std::endian::little, "blocks are loaded as they lie in memory");

}  // namespace

std::uint32_t crc32(std::string_view bytes, std::uint32_t before) {
  std::uint32_t value = ~before;
  while (bytes.size() >= kSlices) {
    std::array<std::uint32_t, kSlices / 4> words;
    std::memcpy(words.data(), bytes.data(), kSlices);
    words[0] ^= value;
    value = 0;
#pragma GCC unroll 4
    for (std::size_t word = 0; word < words.size(); ++word) {
#pragma GCC unroll 4
      for (std::size_t byte = 0; byte < 4; ++byte) {
        value ^= kTables[kSlices - 1 - 4 * word - byte][words[word] >> (8 * byte) & 0xFF];
      }
    }
    bytes.remove_prefix(kSlices);
  }
  for (const char byte : bytes)
    value = value >> 8 ^ kTables[0][(value ^ static_cast<unsigned char>(byte)) & 0xFF];
  return ~value;
}

}  // namespace phendau
