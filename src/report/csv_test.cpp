// SPDX-License-Identifier: Apache-2.0
// Proves that no cell can break out of its quotes or become a formula.
#include "report/csv.h"

#include <doctest/doctest.h>

namespace phendau::report::csv_test {

TEST_CASE("cells are quoted, formulas neutralised, bytes valid") {
  const struct {
    std::string_view in;
    std::string_view out;
  } cases[] = {{"abc", "\"abc\""},
               {"", "\"\""},
               {"a\"b", "\"a\"\"b\""},
               {"=1+1", "\"'=1+1\""},
               {"+84", "\"'+84\""},
               {"-1", "\"'-1\""},
               {"@sum", "\"'@sum\""},
               {"\t=1", "\"'\t=1\""},
               {"a\r\nb", "\"a\r\nb\""},
               {"x\xFFy", "\"x\xEF\xBF\xBDy\""},
               {"S\u1edf N\u1ed9i v\u1ee5", "\"S\u1edf N\u1ed9i v\u1ee5\""}};
  for (const auto& c : cases) CHECK(csv_cell(c.in) == c.out);
  CHECK(csv_row({"a", "=b"}) == "\"a\",\"'=b\"\r\n");
}

}  // namespace phendau::report::csv_test
