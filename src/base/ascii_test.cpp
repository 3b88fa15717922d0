// SPDX-License-Identifier: Apache-2.0
// Many bytes at a time against one: every byte at every place, all lengths around words and blocks.
#include "base/ascii.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/text.h"

namespace ascii_test {

using namespace phendau;

TEST_CASE("ascii: small letters") {
  for (int byte = 0; byte < 256; ++byte) {
    for (std::size_t size = 1; size <= 50; size += size < 17 ? 1 : 5) {
      for (std::size_t at = 0; at < size; ++at) {
        std::string text(size, 'Z');
        text[at] = static_cast<char>(byte);
        std::string wanted(size, 'z');
        wanted[at] = ascii_lower(text[at]);
        std::string out(size, '?');
        const bool ascii = lower_ascii_into(text, out.data());
        if (out != wanted || ascii != (byte < 0x80)) FAIL_CHECK("byte " << byte << " at " << at);
      }
    }
  }
  CHECK(lower_ascii_into("", nullptr));
}

TEST_CASE("ascii: where it ends") {
  for (std::size_t size = 0; size <= 70; ++size) {
    const std::string text(size, 'a');
    CHECK(ascii_end(text + "\xC3") == size);
    CHECK(ascii_end("\xC3" + text, 1) == size + 1);
    CHECK(is_all_ascii(text));
  }
}

TEST_CASE("ascii: equal bytes") {
  for (std::size_t size = 0; size <= 130; ++size) {
    const std::string text(size, 'a');
    std::string other = text;
    if (!equal_bytes(text, other) || equal_bytes(text, other + "a")) FAIL_CHECK("size " << size);
    for (std::size_t at = 0; at < size; ++at) {
      other[at] = 'b';
      if (equal_bytes(text, other)) FAIL_CHECK("size " << size << " at " << at);
      other[at] = 'a';
    }
  }
}

}  // namespace ascii_test
