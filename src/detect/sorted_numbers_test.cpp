// SPDX-License-Identifier: Apache-2.0
// Proves the blocks against a plain sorted vector.
#include "detect/sorted_numbers.h"

#include <random>

#include <doctest/doctest.h>

namespace phendau::detect::sorted_numbers_test {
namespace {

TEST_CASE("sorted numbers: says what a sorted vector says") {
  std::mt19937 random(20261126);
  for (const int distinct : {1, 3, 100'000}) {
    CAPTURE(distinct);
    SortedNumbers numbers;
    std::vector<double> plain;
    const auto check = [&] {
      REQUIRE(numbers.size() == plain.size());
      for (std::size_t rank = 0; rank < plain.size(); rank += 1 + plain.size() / 7)
        REQUIRE(numbers.at(rank) == plain[rank]);
      if (!plain.empty()) REQUIRE(numbers.at(plain.size() - 1) == plain.back());
    };
    for (int i = 0; i < 9'000; ++i) {
      // Grows, shrinks to nothing, grows again.
      const bool add = i < 3'000 || (i >= 6'500 && random() % 4 != 0);
      const double number = static_cast<double>(static_cast<int>(random() % 200'000) % distinct) / 4;
      if (add) {
        numbers.add(number);
        plain.insert(std::upper_bound(plain.begin(), plain.end(), number), number);
      } else if (!plain.empty()) {
        const double taken = plain[random() % plain.size()];
        numbers.remove(taken);
        plain.erase(std::lower_bound(plain.begin(), plain.end(), taken));
      }
      numbers.remove(-1);  // is not there
      if (i % 10 == 0 || plain.size() < 3) check();
    }
  }
}

}  // namespace
}  // namespace phendau::detect::sorted_numbers_test
