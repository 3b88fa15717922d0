// SPDX-License-Identifier: Apache-2.0
// Section and table numbers are those of ISO/IEC 18004:2015.
#include "report/qr_code.h"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <limits>

namespace phendau::report {
namespace {

/// Table 9, level M, by version: check bytes of each block, and how many blocks.
struct Blocks {
  int check_bytes;
  int count;
};
constexpr std::array<Blocks, kQrVersionMax + 1> kBlocks = {{{0, 0},
                                                            {10, 1},
                                                            {16, 1},
                                                            {26, 1},
                                                            {18, 2},
                                                            {24, 2},
                                                            {16, 4},
                                                            {18, 4},
                                                            {22, 4},
                                                            {22, 5},
                                                            {26, 5},
                                                            {30, 5},
                                                            {22, 8},
                                                            {22, 9},
                                                            {24, 9},
                                                            {24, 10}}};
/// Table 1: all bytes of a symbol, data and checks.
constexpr std::array<int, kQrVersionMax + 1> kTotalBytes = {0,   26,  44,  70,  100, 134, 172, 196,
                                                            242, 292, 346, 404, 466, 532, 581, 655};
constexpr unsigned kLevelM = 0;           // table 12
constexpr unsigned kFormatMask = 0x5412;  // section 7.9.1
constexpr unsigned kByteMode = 4;
constexpr int kMasks = 8;

using Bytes = std::vector<std::uint8_t>;

int data_bytes(int version) {
  const Blocks& blocks = kBlocks[static_cast<std::size_t>(version)];
  return kTotalBytes[static_cast<std::size_t>(version)] - blocks.check_bytes * blocks.count;
}
int length_bits(int version) { return version < 10 ? 8 : 16; }

/// Product in the field of 256 elements with polynomial 0x11D.
std::uint8_t multiply(std::uint8_t a, std::uint8_t b) {
  unsigned out = 0;
  for (int bit = 7; bit >= 0; --bit) {
    out = (out << 1) ^ ((out >> 7) * 0x11D);
    if ((b >> bit & 1) != 0) out ^= a;
  }
  return static_cast<std::uint8_t>(out);
}

/// Remainder of the data divided by the generator with roots 2^0 .. 2^(count-1).
Bytes check_bytes(const Bytes& data, int count) {
  Bytes generator(static_cast<std::size_t>(count), 0);  // without its leading 1
  generator.back() = 1;
  std::uint8_t root = 1;
  for (int i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < generator.size(); ++j) {
      generator[j] = multiply(generator[j], root);
      if (j + 1 < generator.size()) generator[j] ^= generator[j + 1];
    }
    root = multiply(root, 2);
  }
  Bytes rest(static_cast<std::size_t>(count), 0);
  for (const std::uint8_t byte : data) {
    const std::uint8_t factor = byte ^ rest.front();
    rest.erase(rest.begin());
    rest.push_back(0);
    for (std::size_t j = 0; j < rest.size(); ++j) rest[j] ^= multiply(generator[j], factor);
  }
  return rest;
}

class BitWriter {
 public:
  explicit BitWriter(Bytes& out) : out_(out) {}
  void put(unsigned value, int bits) {
    for (int bit = bits - 1; bit >= 0; --bit) {
      if (used_ % 8 == 0) out_.push_back(0);
      if ((value >> bit & 1) != 0) out_.back() |= static_cast<std::uint8_t>(0x80 >> (used_ % 8));
      ++used_;
    }
  }

 private:
  Bytes& out_;
  int used_ = 0;
};

/// Section 7.4: mode, length, bytes, terminator, padding.
Bytes data_of(std::string_view text, int version) {
  Bytes out;
  BitWriter writer(out);
  writer.put(kByteMode, 4);
  writer.put(static_cast<unsigned>(text.size()), length_bits(version));
  for (const char c : text) writer.put(static_cast<unsigned char>(c), 8);
  const auto wanted = static_cast<std::size_t>(data_bytes(version));
  writer.put(0, 4);  // mode and length leave half a byte: the terminator always fits
  for (bool odd = true; out.size() < wanted; odd = !odd) out.push_back(odd ? 0xEC : 0x11);
  return out;
}

/// Section 7.6: blocks of nearly equal length, their bytes in turn, then their checks in turn.
Bytes interleaved(const Bytes& data, int version) {
  const Blocks& shape = kBlocks[static_cast<std::size_t>(version)];
  const auto count = static_cast<std::size_t>(shape.count);
  const std::size_t shorter = data.size() / count;
  const std::size_t longer_from = count - data.size() % count;
  std::vector<Bytes> blocks;
  std::vector<Bytes> checks;
  auto at = data.begin();
  for (std::size_t i = 0; i < count; ++i) {
    const auto end = at + static_cast<std::ptrdiff_t>(shorter + (i >= longer_from ? 1 : 0));
    blocks.emplace_back(at, end);
    checks.push_back(check_bytes(blocks.back(), shape.check_bytes));
    at = end;
  }
  Bytes out;
  for (const auto* part : {&blocks, &checks}) {
    for (std::size_t i = 0; i < part->back().size(); ++i) {
      for (const auto& block : *part) {
        if (i < block.size()) out.push_back(block[i]);
      }
    }
  }
  return out;
}

/// Value with the remainder of its division by a generator appended (BCH codes of format and version).
unsigned with_remainder(unsigned value, unsigned generator, int bits) {
  unsigned rest = value;
  for (int i = 0; i < bits; ++i) rest = (rest << 1) ^ ((rest >> (bits - 1) & 1) * generator);
  return value << bits | (rest & ((1U << bits) - 1));
}

class Symbol {
 public:
  explicit Symbol(int version)
      : version_(version),
        size_(17 + 4 * version),
        dark_(static_cast<std::size_t>(size_ * size_)),
        fixed_(dark_.size()) {
    put_patterns();
  }

  void put_data(const Bytes& bytes);
  /// Turns the data squares of a mask over (twice: as before) and writes its format.
  void mask(int number);
  void put_format(int mask);
  int penalty() const;
  std::vector<std::string> rows() const;

 private:
  std::size_t index(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(size_) + static_cast<std::size_t>(x);
  }
  bool at(int x, int y) const { return dark_[index(x, y)]; }
  void fix(int x, int y, bool dark) {
    dark_[index(x, y)] = dark;
    fixed_[index(x, y)] = true;
  }
  void put_square(int x, int y, int reach);
  void put_patterns();
  void put_alignment();
  void put_version();
  template <class Get>
  int line_penalty(Get get) const;

  int version_;
  int size_;
  std::vector<bool> dark_;
  std::vector<bool> fixed_;
};

/// Rings around a centre: finder patterns (reach 4, its outermost ring light) and alignment (reach 2).
void Symbol::put_square(int x, int y, int reach) {
  for (int dy = -reach; dy <= reach; ++dy) {
    for (int dx = -reach; dx <= reach; ++dx) {
      const int ring = std::max(std::abs(dx), std::abs(dy));
      const bool inside = x + dx >= 0 && x + dx < size_ && y + dy >= 0 && y + dy < size_;
      const bool dark = reach == 4 ? ring != 2 && ring != 4 : ring != 1;
      if (inside) fix(x + dx, y + dy, dark);
    }
  }
}

void Symbol::put_patterns() {
  for (int i = 0; i < size_; ++i) {
    fix(6, i, i % 2 == 0);
    fix(i, 6, i % 2 == 0);
  }
  put_square(3, 3, 4);
  put_square(size_ - 4, 3, 4);
  put_square(3, size_ - 4, 4);
  put_alignment();
  put_format(0);  // keeps the place
  put_version();
}

/// Annex E: evenly spaced from the far edge, the first always at 6.
void Symbol::put_alignment() {
  if (version_ == 1) return;
  const int count = version_ / 7 + 2;
  const int step = (version_ * 8 + count * 3 + 5) / (count * 4 - 4) * 2;
  std::vector<int> places = {6};
  for (int i = count - 2; i >= 0; --i) places.push_back(size_ - 7 - i * step);
  const int last = places.back();
  for (const int y : places) {
    for (const int x : places) {
      const bool corner = (x == 6 && y == 6) || (x == 6 && y == last) || (x == last && y == 6);
      if (!corner) put_square(x, y, 2);
    }
  }
}

void Symbol::put_format(int mask) {
  const unsigned bits = with_remainder(kLevelM << 3 | static_cast<unsigned>(mask), 0x537, 10) ^ kFormatMask;
  const auto bit = [&](int i) { return (bits >> i & 1) != 0; };
  for (int i = 0; i < 6; ++i) fix(8, i, bit(i));
  fix(8, 7, bit(6));
  fix(8, 8, bit(7));
  fix(7, 8, bit(8));
  for (int i = 9; i < 15; ++i) fix(14 - i, 8, bit(i));
  for (int i = 0; i < 8; ++i) fix(size_ - 1 - i, 8, bit(i));
  for (int i = 8; i < 15; ++i) fix(8, size_ - 15 + i, bit(i));
  fix(8, size_ - 8, true);
}

void Symbol::put_version() {
  if (version_ < 7) return;
  const unsigned bits = with_remainder(static_cast<unsigned>(version_), 0x1F25, 12);
  for (int i = 0; i < 18; ++i) {
    const bool dark = (bits >> i & 1) != 0;
    fix(size_ - 11 + i % 3, i / 3, dark);
    fix(i / 3, size_ - 11 + i % 3, dark);
  }
}

/// Section 7.7.3: two columns at a time from the right, up and down in turn; the column of the timing pattern
/// is passed over.
void Symbol::put_data(const Bytes& bytes) {
  std::size_t bit = 0;
  bool up = true;
  for (int right = size_ - 1; right > 0; right -= 2) {
    if (right == 6) right = 5;
    for (int i = 0; i < size_; ++i) {
      const int y = up ? size_ - 1 - i : i;
      for (const int x : {right, right - 1}) {
        if (fixed_[index(x, y)]) continue;
        dark_[index(x, y)] = bit < bytes.size() * 8 && (bytes[bit / 8] >> (7 - bit % 8) & 1) != 0;
        ++bit;
      }
    }
    up = !up;
  }
}

void Symbol::mask(int number) {
  const auto turns = [number](int x, int y) {  // table 10
    switch (number) {
      case 0:
        return (x + y) % 2 == 0;
      case 1:
        return y % 2 == 0;
      case 2:
        return x % 3 == 0;
      case 3:
        return (x + y) % 3 == 0;
      case 4:
        return (x / 3 + y / 2) % 2 == 0;
      case 5:
        return x * y % 2 + x * y % 3 == 0;
      case 6:
        return (x * y % 2 + x * y % 3) % 2 == 0;
      default:
        return ((x + y) % 2 + x * y % 3) % 2 == 0;
    }
  };
  for (int y = 0; y < size_; ++y) {
    for (int x = 0; x < size_; ++x) {
      if (!fixed_[index(x, y)] && turns(x, y)) dark_[index(x, y)] = !dark_[index(x, y)];
    }
  }
  put_format(number);
}

/// Runs of one colour, and what looks like a finder pattern, along all lines that `get` gives.
template <class Get>
int Symbol::line_penalty(Get get) const {
  constexpr unsigned kFinderBefore = 0b10111010000;
  constexpr unsigned kFinderAfter = 0b00001011101;
  int out = 0;
  for (int line = 0; line < size_; ++line) {
    int run = 0;
    unsigned seen = 0;
    for (int i = 0; i < size_; ++i) {
      run = i > 0 && get(line, i) == get(line, i - 1) ? run + 1 : 1;
      if (run == 5) out += 3;
      if (run > 5) ++out;
      seen = (seen << 1 | (get(line, i) ? 1U : 0U)) & 0x7FF;
      if (i >= 10 && (seen == kFinderBefore || seen == kFinderAfter)) out += 40;
    }
  }
  return out;
}

/// Section 7.8.3.
int Symbol::penalty() const {
  int out = line_penalty([this](int line, int i) { return at(i, line); }) +
            line_penalty([this](int line, int i) { return at(line, i); });
  int dark = 0;
  for (int y = 0; y < size_; ++y) {
    for (int x = 0; x < size_; ++x) {
      if (at(x, y)) ++dark;
      if (x == 0 || y == 0) continue;
      const bool one = at(x, y);
      if (at(x - 1, y) == one && at(x, y - 1) == one && at(x - 1, y - 1) == one) out += 3;
    }
  }
  const int off_percent = std::abs(dark * 100 / (size_ * size_) - 50);
  return out + off_percent / 5 * 10;
}

std::vector<std::string> Symbol::rows() const {
  std::vector<std::string> out;
  for (int y = 0; y < size_; ++y) {
    std::string row;
    for (int x = 0; x < size_; ++x) row += at(x, y) ? '1' : '0';
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace

Result<std::vector<std::string>> qr_code(std::string_view bytes) {
  int version = 1;
  const auto fits = [&](int v) {
    return 4 + length_bits(v) + 8 * static_cast<int>(bytes.size()) + 4 <= 8 * data_bytes(v);
  };
  if (bytes.size() > kQrBytesMax) return fail(ErrorCode::limit, "too many bytes for a QR code");
  while (version < kQrVersionMax && !fits(version)) ++version;
  Symbol symbol(version);
  symbol.put_data(interleaved(data_of(bytes, version), version));
  int best = 0;
  int least = std::numeric_limits<int>::max();
  for (int number = 0; number < kMasks; ++number) {
    symbol.mask(number);
    if (const int penalty = symbol.penalty(); penalty < least) {
      least = penalty;
      best = number;
    }
    symbol.mask(number);
  }
  symbol.mask(best);
  return symbol.rows();
}

}  // namespace phendau::report
