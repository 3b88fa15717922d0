// SPDX-License-Identifier: Apache-2.0
// Proves that names of facts are names.
#include "model/fact.h"

#include <doctest/doctest.h>

namespace fact_test {

using namespace phendau;

TEST_CASE("fact: a kind is a name, not a path") {
  Fact fact;
  fact.collected_at = UtcTime{1'764'000'000'000'000'000};
  const auto read = [&](const std::string& kind) {
    fact.kind = kind;
    return fact_from_json(to_json(fact));
  };
  for (const char* good : {"host", "password_policy", "win.defender", "x-y", "a1"}) {
    CAPTURE(good);
    CHECK(read(good));
  }
  for (const char* bad : {"", "../x", "..", ".x", "x.", "x..y", "a/b", "A", "a b", "a\nb", "a:b"}) {
    CAPTURE(bad);
    CHECK(read(bad).error().code == ErrorCode::invalid);
  }
  CHECK(read(std::string(64, 'a')));
  CHECK_FALSE(read(std::string(65, 'a')));
}

}  // namespace fact_test
