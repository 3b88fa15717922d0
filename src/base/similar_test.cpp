// SPDX-License-Identifier: Apache-2.0
#include "base/similar.h"

#include <doctest/doctest.h>

namespace similar_test {

using namespace phendau;

TEST_CASE("similar names: slips of the pen and pieces of a name, nearest first") {
  const std::vector<std::string> names = {"posture_login_lockout", "posture_backup_recent", "upper", "lower"};
  CHECK(similar_names("uper", names) == std::vector<std::string>{"upper"});
  CHECK(similar_names("login_lockout", names) == std::vector<std::string>{"posture_login_lockout"});
  CHECK(similar_names("posture_bakcup_recent", names) == std::vector<std::string>{"posture_backup_recent"});
  CHECK(similar_names("upepr", names) == std::vector<std::string>{"upper"});
  CHECK(similar_names("wireless", names).empty());
  CHECK(similar_names("", names).empty());
  CHECK(similar_names("aa", {"ab", "ac", "ad", "ae"}).size() == 3);
}

}  // namespace similar_test
