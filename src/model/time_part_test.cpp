// SPDX-License-Identifier: Apache-2.0
// Numbers of dates: as written, ISO weeks at the turn of the year, what is no date.
#include "model/time_part.h"

#include <doctest/doctest.h>

using namespace phendau;

TEST_CASE("parts of a date as it is written") {
  struct Row {
    const char* text;
    int minute, hour, day, week, month, year;  // -1: none
  };
  const Row rows[] = {
      {"2026-11-24T23:30:59.123+07:00", 30, 23, 24, 48, 11, 2026},
      {"2026-11-24t05:07Z", 7, 5, 24, 48, 11, 2026},
      {" 2026/02/01 00:00:00 ", 0, 0, 1, 5, 2, 2026},
      {"2026-11-24", -1, -1, 24, 48, 11, 2026},
      {"2027-01-01", -1, -1, 1, 53, 1, 2027},
      {"2024-12-30", -1, -1, 30, 1, 12, 2024},
      {"2021-01-03", -1, -1, 3, 53, 1, 2021},
      {"1732435200", 0, 8, 24, 47, 11, 2024},
      {"1732435200.75", 0, 8, 24, 47, 11, 2024},
      {"1732435200123", 0, 8, 24, 47, 11, 2024},
      {"1732435200123456", 0, 8, 24, 47, 11, 2024},
      {"1732435200123456789", 0, 8, 24, 47, 11, 2024},
      {"133769088000000000", 0, 8, 24, 47, 11, 2024},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    const int wanted[] = {row.minute, row.hour, row.day, row.week, row.month, row.year};
    for (int i = 0; i < 6; ++i)
      CHECK(time_part_of(static_cast<TimePart>(i), row.text).value_or(-1) == wanted[i]);
  }
  for (const char* none : {"", "x", "2026-13-01", "2026-02-29", "2026-11/24", "2026-11-24T24:00:00",
                           "2026-11-24T23:60", "2026-11-24T23:300", "2026-11-24x23:30", "20261124",
                           "99999999", "1e300", "-1732435200", "24/11/2026", "2026-1-1"}) {
    INFO(none);
    CHECK(!time_part_of(TimePart::year, none));
  }
}
