// SPDX-License-Identifier: Apache-2.0
// Proves how long a record may have waited in an agent's spool before its event time counts as skewed.
#include "hub/ingest_pipeline.h"

#include <doctest/doctest.h>

namespace ingest_pipeline_test {

using namespace phendau;
using namespace phendau::hub;

TEST_CASE("skew is judged from the moment of reading, and only a believable one") {
  const UtcTime now = parse_rfc3339("2026-11-25T10:00:00Z").value();
  const Duration most = minutes(10);
  CHECK(skew_limit_for(now, now, most) == most);
  CHECK(skew_limit_for(now - hours(5), now, most) == minutes(310));
  CHECK(skew_limit_for(now - days(31), now, most) == most);
  CHECK(skew_limit_for(now + hours(5), now, most) == most);
  // A clock two days late, read and sent at once: its stamp alone would excuse the two days.
  const Duration ahead{-days(2).ns};
  const UtcTime stamp = now - days(2);
  CHECK(skew_limit_for(stamp, now, most) == minutes(10 + 2 * 24 * 60));
  CHECK(skew_limit_for(stamp - ahead, now, most) == most);
}

}  // namespace ingest_pipeline_test
