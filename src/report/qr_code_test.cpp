// SPDX-License-Identifier: Apache-2.0
// Symbols that another program's reader and another program's writer agreed with when they were pinned: one
// in full, others (version and format blocks, several blocks of bytes) by digest.
#include "report/qr_code.h"

#include <doctest/doctest.h>

#include "base/hash.h"

namespace qr_code_test {

using namespace phendau;

namespace {

std::string lines(std::string_view text) {
  std::string out;
  const auto rows = report::qr_code(text).value();
  for (const auto& row : rows) out += row + "\n";
  return out;
}

std::string sample(std::size_t size_bytes) {
  std::string out = "otpauth://totp/Phen%20Dau:can.bo?secret=";
  while (out.size() < size_bytes) out += "ABCDEFGH";
  return out.substr(0, size_bytes);
}

}  // namespace

TEST_CASE("qr code: a small symbol, square by square") {
  CHECK(lines("otpauth://totp/Phe") == R"(1111111011110111101111111
1000001001000100001000001
1011101001100011101011101
1011101010001000101011101
1011101011111011101011101
1000001011000000001000001
1111111010101010101111111
0000000011101101100000000
1000101111101100111111001
0000100100011110100110010
0011001111000001001111100
0000110000010010001110110
1000011111110111011100111
1101000010101001010110010
0011101101011111100010100
0000000011010101110010101
1111111010001100111111110
0000000010100111100011000
1111111011000000101010100
1000001001101010100010111
1011101011110110111111101
1011101000101000011001011
1011101001011110111001110
1000001000110100001000110
1111111010001101010100111
)");
}

TEST_CASE("qr code: larger symbols") {
  CHECK(sha256_hex(lines(sample(130))) == "b061d09371fcf3a182760e3c519f1fd7500fdda1ad9d687a37df8ff9c95d4730");
  CHECK(sha256_hex(lines(sample(200))) == "4ec2001b18a862641cb8aa77a2373c2eed16a65d379317491923b93a5a112f1d");
  CHECK(sha256_hex(lines(sample(412))) == "40b6293c7cb82ac2d79c8a425b5adc03f8b3758839260dd0762949d196c4411b");
}

TEST_CASE("qr code: the smallest symbol that holds the bytes, up to the limit") {
  CHECK(report::qr_code("").value().size() == 21);
  CHECK(report::qr_code(std::string(14, 'x')).value().size() == 21);
  CHECK(report::qr_code(std::string(15, 'x')).value().size() == 25);
  CHECK(report::qr_code(std::string(report::kQrBytesMax, 'x')).value().size() == 77);
  CHECK(report::qr_code(std::string(report::kQrBytesMax + 1, 'x')).error().code == ErrorCode::limit);
}

}  // namespace qr_code_test
