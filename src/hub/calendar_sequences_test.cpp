// SPDX-License-Identifier: Apache-2.0
// The sequence of a deadline rises when its day moves, and only then; what is long past is forgotten.
#include "hub/calendar_sequences.h"

#include <doctest/doctest.h>

#include "hub/hub_test_folder.h"

namespace calendar_sequences_test {

using namespace phendau;
using namespace phendau::hub;

namespace {

DeadlineEvent event(std::string agency, std::string key, CivilDate day) {
  DeadlineEvent out;
  out.agency_id = std::move(agency);
  out.event.key = std::move(key);
  out.event.day = day;
  return out;
}

}  // namespace

TEST_CASE("calendar sequences: a day that moves counts up, for each deadline and agency by itself") {
  TestHub hub;
  const UtcTime now = *parse_rfc3339("2026-11-20T08:00:00+07:00");
  const auto sequences = [&](std::vector<DeadlineEvent> events, UtcTime at) {
    REQUIRE(number_events(*hub.ledger, events, at));
    std::vector<std::int32_t> out;
    for (const auto& one : events) out.push_back(one.event.sequence);
    return out;
  };
  const auto both = [&](CivilDate a, CivilDate b) {
    return std::vector<DeadlineEvent>{event("a1", "k|2026", a), event("a2", "k|2026", b),
                                      event("", "k|2026", a)};
  };
  CHECK(sequences(both({2026, 11, 14}, {2026, 11, 14}), now) == std::vector<std::int32_t>{0, 0, 0});
  CHECK(sequences(both({2026, 11, 14}, {2026, 11, 14}), now) == std::vector<std::int32_t>{0, 0, 0});
  CHECK(sequences(both({2026, 12, 14}, {2026, 11, 14}), now) == std::vector<std::int32_t>{1, 0, 1});
  CHECK(sequences(both({2026, 11, 14}, {2026, 11, 14}), now) ==
        std::vector<std::int32_t>{2, 0, 2});  // back again
  CHECK(sequences(both({2026, 11, 14}, {2026, 11, 14}), now) == std::vector<std::int32_t>{2, 0, 2});

  CHECK(hub.ledger->list_derived("calendar_sequence", "", everything(), 10)->size() == 3);
  CHECK(sequences({event("a1", "k|2028", {2028, 1, 31})}, now + days(500)) == std::vector<std::int32_t>{0});
  const auto kept = hub.ledger->list_derived("calendar_sequence", "a1/", everything(), 10);
  REQUIRE(kept->size() == 1);
  CHECK(kept->front().key == "a1/k|2028");
}

}  // namespace calendar_sequences_test
