// SPDX-License-Identifier: Apache-2.0
// Proves that days are counted in the hub's zone, that what is kept has a limit, and what a restart finds.
#include "hub/stream_history.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace phendau::hub::stream_history_test {
namespace {

UtcTime at(std::string_view text) { return parse_rfc3339(text).value(); }

Batch heard(UtcTime received, const std::vector<std::string>& hosts, std::size_t times = 1) {
  BatchBuilder builder("test");
  for (const auto& host : hosts) {
    for (std::size_t i = 0; i < times; ++i) {
      BatchBuilder::Row row;
      row.event_time = row.received_time = received;
      row.source = "syslog";
      row.agency = "a1";
      row.host = host;
      builder.begin_row(row);
    }
  }
  return builder.finish();
}

std::vector<std::uint64_t> counts_of(const StreamHistory& history) {
  const auto activities = history.activities(true);
  REQUIRE(activities.size() == 1);
  return activities[0].day_counts;
}

StreamHistory restored(const StreamHistory& history) {
  StreamHistory out;
  // Through text, as the ledger keeps it.
  const Json saved = parse_json(history.save().dump(), {.size_bytes_max = 16u << 20}).value();
  const Json days = parse_json(history.save_days().dump(), {.size_bytes_max = 16u << 20}).value();
  REQUIRE(out.restore(saved, days));
  return out;
}

}  // namespace

TEST_CASE("stream history: whole days of the hub's zone, the first one not counted") {
  using Days = std::vector<std::uint64_t>;
  StreamHistory history;
  history.note(heard(at("2026-10-01T10:00:00+07:00"), {"h"}, 7));
  history.note(heard(at("2026-10-01T23:59:00+07:00"), {"h"}, 7));
  CHECK(counts_of(history).empty());
  CHECK_FALSE(history.days_changed());
  history.note(heard(at("2026-10-02T00:01:00+07:00"), {"h"}, 3));
  CHECK(counts_of(history).empty());
  CHECK(history.days_changed());
  history.note(heard(at("2026-10-03T08:00:00+07:00"), {"h"}, 5));
  CHECK(counts_of(history) == Days{3});
  history.note(heard(at("2026-10-05T08:00:00+07:00"), {"h"}, 6'000));
  CHECK(counts_of(history) == Days{0, 5, 3});
  CHECK(counts_of(restored(history)) == Days{0, 5, 3});
  history.note(heard(at("2026-10-06T08:00:00+07:00"), {"h"}));
  CHECK(counts_of(history) == Days{6'000, 0, 5, 3});
  CHECK(counts_of(restored(history)) == Days{6'000, 0, 5, 3});
  history.note(heard(at("2026-12-06T08:00:00+07:00"), {"h"}));
  CHECK(counts_of(history) == Days(detect::kUsualHistoryDays, 0));
}

TEST_CASE("stream history: usual is what came in the last five weeks") {
  StreamHistory history;
  history.note(heard(at("2026-01-05T08:00:00+07:00"), {"h"}, 60'000));
  history.note(heard(at("2026-01-06T08:00:00+07:00"), {"h"}, 24));
  CHECK(history.activities()[0].events_per_hour_usual == doctest::Approx(60'024 / 24.0).epsilon(0.01));
  for (int day = 1; day <= 28; ++day)
    history.note(heard(at(fmt::format("2026-02-{:02}T08:00:00+07:00", day)), {"h"}, 24));
  CHECK(history.activities()[0].events_per_hour_usual == doctest::Approx(1).epsilon(0.3));
  history.note(heard(at("2026-03-01T08:00:00+07:00"), {"other"}));
  history.note(heard(at("2026-09-01T08:00:00+07:00"), {"other"}));
  CHECK(history.activities()[0].events_per_hour_usual == 0);
}

TEST_CASE("stream history: large counts to three digits, a clock that was ahead") {
  StreamHistory history;
  history.note(heard(at("2026-10-01T10:00:00+07:00"), {"h"}));
  for (int i = 0; i < 20; ++i) history.note(heard(at("2026-10-02T10:00:00+07:00"), {"h"}, 61'234));
  history.note(heard(at("2026-10-03T10:00:00+07:00"), {"h"}));
  REQUIRE(counts_of(history).size() == 1);
  CHECK(static_cast<double>(counts_of(history)[0]) == doctest::Approx(20 * 61'234).epsilon(0.001));
  history.note(heard(at("2036-10-03T10:00:00+07:00"), {"h"}));
  history.note(heard(at("2026-10-04T10:00:00+07:00"), {"h"}));
  CHECK(counts_of(history).empty());  // counted anew
  history.note(heard(at("2026-10-03T23:59:59+07:00"), {"h"}));
  history.note(heard(at("2026-10-06T10:00:00+07:00"), {"h"}));
  CHECK(counts_of(history) == std::vector<std::uint64_t>{0});
}

TEST_CASE("stream history: days that measure nothing") {
  StreamHistory history;
  comply::WorkCalendar calendar;
  calendar.holidays = {{2026, 9, 2}};
  calendar.extra_working_days = {{2026, 8, 29}};
  CHECK(history.whole_days(calendar).comparable.empty());
  history.note_deaf(at("2026-09-04T22:30:00+07:00"), at("2026-09-05T00:10:00+07:00"));
  history.note_deaf(at("2026-09-06T08:00:00+07:00"), at("2026-09-06T08:59:59+07:00"));
  history.note_deaf(at("2020-01-01T08:00:00+07:00"), at("2020-02-06T08:59:59+07:00"));
  history.note(heard(at("2026-09-07T10:00:00+07:00"), {"h"}));
  const auto days = restored(history).whole_days(calendar);
  CHECK(days.ended_at == at("2026-09-07T00:00:00+07:00"));
  REQUIRE(days.comparable.size() == detect::kUsualHistoryDays);
  for (std::size_t i = 0; i < days.comparable.size(); ++i) {
    CAPTURE(i);
    const bool wanted = i != 1 && i != 2 && i != 4 && i != 8;  // 05/09, 04/09, 02/09, 29/08
    CHECK(days.comparable[i] == wanted);
  }
}

TEST_CASE("slow: stream history: what is kept has a limit") {
  StreamHistory history;
  std::vector<std::string> hosts;
  for (std::size_t i = 0; i < kStreamsMax + 9; ++i) hosts.push_back(fmt::format("{:0>53}", i));
  for (int day = 1; day <= 3; ++day) {
    const UtcTime received = at("2026-10-01T10:00:00+07:00") + days(day * 35);
    history.note(heard(received, hosts));
  }
  CHECK(history.activities().size() == kStreamsMax);
  CHECK(history.save_days().dump().size() < (10u << 20));
  CHECK(restored(history).activities(true)[7].day_counts == history.activities(true)[7].day_counts);

  StreamHistory long_names;
  for (auto& host : hosts) host += std::string(100, 'x');
  long_names.note(heard(at("2026-10-01T10:00:00+07:00"), hosts));
  CHECK(long_names.activities().size() < kStreamsMax / 2);
}

TEST_CASE("stream history: a checkpoint of an older version, and damaged ones") {
  StreamHistory history;
  const Json older = parse_json(R"({"streams":[{"key":"cx9hH2g=","first":1,"last":5,"events":70}]})").value();
  REQUIRE(history.restore(older, {}));
  REQUIRE(history.activities(true).size() == 1);
  CHECK(history.activities()[0].last_event_time == UtcTime{5});
  CHECK(history.activities()[0].host == "h");
  history.note(heard(at("2026-10-01T10:00:00+07:00"), {"h"}));
  for (const char* damaged : {R"({"streams":[{"key":"cx9h"}]})", R"({"streams":[{"key":"*"}]})"}) {
    CAPTURE(damaged);
    CHECK_FALSE(history.restore(parse_json(damaged).value(), {}));
  }
  const Json today = parse_json(R"({"day":20000,"streams":[{"key":"cx9hH2g="}]})").value();
  const std::string too_long(200, 'A');
  const Json days = Json::object({{"day", 20'000}, {"streams", Json::object({{"cx9hH2g=", too_long}})}});
  CHECK(history.restore(today, days));  // left out
}

}  // namespace phendau::hub::stream_history_test
