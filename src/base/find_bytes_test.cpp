// SPDX-License-Identifier: Apache-2.0
#include "base/find_bytes.h"

#include <random>
#include <string>

#include <doctest/doctest.h>

namespace phendau::find_bytes_test {

TEST_CASE("find bytes: as string_view::find, at every place and around blocks") {
  std::mt19937 random(3);
  const std::string_view letters("ab\0\xFF", 4);
  const auto text_of = [&](std::size_t bytes) {
    std::string out;
    while (out.size() < bytes) out += letters[random() % letters.size()];
    return out;
  };
  for (int round = 0; round < 4'000; ++round) {
    const std::string text = text_of(random() % 130);
    const std::string wanted = text_of(random() % 9);
    const std::size_t from = random() % 140;
    for (const Lanes lanes : {Lanes::narrow, lanes_of_processor()})
      CHECK(find_bytes(text, wanted, from, lanes) == std::string_view(text).find(wanted, from));
  }
  for (std::size_t size = 1; size <= 40; ++size) {
    for (std::size_t at = 0; at + 3 <= size; ++at) {
      std::string text(size, 'x');
      text.replace(at, 3, "xay");
      CHECK(find_bytes(text, "xay") == at);
      CHECK(!contains_bytes(text.substr(0, at + 2), "xay"));
    }
  }
}

}  // namespace phendau::find_bytes_test
