// SPDX-License-Identifier: Apache-2.0
// Known encodings, order by time, and what is not an identifier.
#include "base/ulid.h"

#include <doctest/doctest.h>

namespace ulid_test {

using namespace phendau;

TEST_CASE("ulid: encoding") {
  const std::string zeros(10, '\0');
  const std::string ones(10, '\xff');
  CHECK(make_ulid(UtcTime{0}, zeros) == "00000000000000000000000000");
  CHECK(make_ulid(UtcTime{1'000'000}, ones) == "0000000001ZZZZZZZZZZZZZZZZ");
  CHECK(make_ulid(UtcTime{-5}, zeros) == make_ulid(UtcTime{0}, zeros));
  CHECK(make_ulid(UtcTime{1'469'918'176'385 * 1'000'000}, zeros)
            .starts_with("01ARYZ6S41"));  // the example of the specification
  const std::string one_bit = std::string(9, '\0') + '\x01';
  CHECK(make_ulid(UtcTime{0}, one_bit).back() == '1');
}

TEST_CASE("ulid: order and derivation") {
  std::string previous;
  for (int i = 0; i < 100; ++i) {
    const std::string id =
        make_ulid(UtcTime{milliseconds(i * 37).ns}, std::string(10, static_cast<char>(255 - i)));
    CHECK(is_ulid(id));
    CHECK(previous < id);
    previous = id;
  }
  CHECK(derive_ulid(UtcTime{5}, "a") == derive_ulid(UtcTime{5}, "a"));
  CHECK(derive_ulid(UtcTime{5}, "a") != derive_ulid(UtcTime{5}, "b"));
  CHECK(is_ulid(derive_ulid(UtcTime{5}, "a")));
}

TEST_CASE("ulid: recognition") {
  for (const char* bad :
       {"", "0000000000000000000000000", "000000000000000000000000000", "0000000000000000000000000I",
        "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "0000000000000000000000000a", "0000000000000000000000000 "}) {
    CHECK_FALSE(is_ulid(bad));
  }
  CHECK(is_ulid("7ZZZZZZZZZZZZZZZZZZZZZZZZZ"));
}

}  // namespace ulid_test
