// SPDX-License-Identifier: Apache-2.0
// Truth tables of the two silences: nothing at all, and far less than in the same days of the weeks before,
// for machines that never sleep, that sleep at night and that rest at weekends.
#include "detect/silence.h"

#include <doctest/doctest.h>

namespace phendau::detect::silence_test {

namespace {

std::vector<SilenceRule> rules_of(std::string_view keys) {
  const auto file = parse_rules("s.yml", "title: t\nphendau: {kind: silence, " + std::string(keys) + "}\n");
  for (const auto& error : file.errors) FAIL_CHECK(error.to_string());
  return file.silences;
}

UtcTime now() { return parse_rfc3339("2026-11-26T09:00:00+07:00").value(); }

/// A stream that is heard right now; counts of whole days, newest first.
SourceActivity stream(std::vector<std::uint64_t> day_counts) {
  return {"sv-1", "x", "h", now(), 100, std::move(day_counts)};
}

WholeDays all_days() {
  return {parse_rfc3339("2026-11-26T00:00:00+07:00").value(), std::vector<bool>(kUsualHistoryDays, true)};
}

/// `weeks` weeks of five days of `count` and two of nothing, the newest whole day a Wednesday.
std::vector<std::uint64_t> office(std::uint64_t count, std::size_t weeks) {
  std::vector<std::uint64_t> out;
  for (std::size_t i = 0; i < 7 * weeks; ++i) {
    const bool weekend = i % 7 == 3 || i % 7 == 4;  // Wednesday, Tuesday, Monday, Sunday, Saturday, ...
    out.push_back(weekend ? 0 : count);
  }
  return out;
}

}  // namespace

TEST_CASE("silence: nothing came") {
  const auto rules = rules_of("source: 'sv-*', timespan: 30m, events_per_hour_usual_min: 10");
  REQUIRE(rules.size() == 1);
  const std::vector<SourceActivity> sources = {
      {"sv-1", "x", "h", now() - minutes(30), 100},
      {"sv-1", "x", "h", now() - minutes(29), 100},
      {"sv-2", "x", "h", now() - hours(3), 9},
      {"pc-1", "x", "h", now() - hours(3), 100},
  };
  const auto found = evaluate_silence(rules, sources, now());
  REQUIRE(found.size() == 1);
  CHECK(found[0].silent_for == minutes(30));
  CHECK_FALSE(found[0].less);
}

TEST_CASE("silence: less than usual, in one day") {
  const auto rules =
      rules_of("timespan: 24h, below_share_of_usual: 0.2, events_per_hour_usual_min: 4, weeks_min: 2");
  using Days = std::vector<std::uint64_t>;
  const auto changed = [](Days days, std::size_t day, std::uint64_t count) {
    days.at(day) = count;
    return days;
  };
  Days monday(office(1'000, 5));  // the newest day is taken for a Sunday: all days move by three
  monday.erase(monday.begin(), monday.begin() + 3);
  const struct {
    const char* what;
    Days days;
    bool alerts;
  } table[] = {
      {"as ever", office(1'000, 5), false},
      {"a fifth is not below a fifth", changed(office(1'000, 5), 0, 200), false},
      {"just below", changed(office(1'000, 5), 0, 199), true},
      {"nothing at all", changed(office(1'000, 5), 0, 0), true},
      {"a quiet Sunday of an office", monday, false},
      {"the days around do not count", changed(office(1'000, 5), 1, 50'000), false},
      {"usually 96 a day", changed(office(96, 5), 0, 0), true},
      {"usually 95 a day: left alone", changed(office(95, 5), 0, 0), false},
      {"one loud Wednesday long ago", changed(office(100, 5), 21, 1'000'000), false},
      {"one Wednesday without anything", changed(changed(office(1'000, 5), 7, 0), 0, 199), true},
      {"two weeks and the day", changed(Days(15, 1'000), 0, 10), true},
      {"a day less than two weeks", changed(Days(14, 1'000), 0, 10), false},
      {"first day", {10}, false},
      {"unknown", {}, false},
  };
  for (const auto& row : table) {
    CAPTURE(row.what);
    const auto found = evaluate_silence(rules, {stream(row.days)}, now(), all_days());
    CHECK(found.size() == (row.alerts ? 1u : 0u));
  }
  const auto found =
      evaluate_silence(rules, {stream(changed(changed(office(1'000, 5), 7, 400), 0, 10))}, now(), all_days());
  REQUIRE(found.size() == 1);
  REQUIRE(found[0].less);
  CHECK(found[0].less->came == 10);
  CHECK(found[0].less->usual == 1'000);  // the median of 400 and three times 1,000
  CHECK(found[0].less->weeks == 4);
  CHECK(format_rfc3339(found[0].less->from, kVietnamZone) == "2026-11-25T00:00:00+07:00");
  CHECK(found[0].less->to == all_days().ended_at);
}

TEST_CASE("silence: less than usual, over several days") {
  const auto rules = rules_of("timespan: 7d, below_share_of_usual: 0.5, weeks_min: 1");
  std::vector<std::uint64_t> days = office(1'000, 2);
  CHECK(evaluate_silence(rules, {stream(days)}, now(), all_days()).empty());
  for (std::size_t i = 0; i < 7; ++i) days[i] /= 3;
  const auto found = evaluate_silence(rules, {stream(days)}, now(), all_days());
  REQUIRE(found.size() == 1);
  CHECK(found[0].less->came == 1'665);
  CHECK(found[0].less->usual == 5'000);
  days.pop_back();
  CHECK(evaluate_silence(rules, {stream(days)}, now(), all_days()).empty());
}

TEST_CASE("silence: days that measure nothing") {
  const auto rules = rules_of("timespan: 1d, below_share_of_usual: 0.2, weeks_min: 3");
  std::vector<std::uint64_t> counts = office(1'000, 5);
  counts[0] = 10;
  const auto found = [&](const WholeDays& days) {
    return evaluate_silence(rules, {stream(counts)}, now(), days).size();
  };
  CHECK(found(all_days()) == 1);
  WholeDays deaf = all_days();
  deaf.comparable[0] = false;  // the judged day itself
  CHECK(found(deaf) == 0);
  deaf = all_days();
  deaf.comparable[1] = false;  // another one
  deaf.comparable[14] = false;
  CHECK(found(deaf) == 1);  // three Wednesdays are left
  deaf.comparable[28] = false;
  CHECK(found(deaf) == 0);
  CHECK(found({}) == 0);
}

TEST_CASE("silence: a silent stream is not also said to send less") {
  auto rules = rules_of("timespan: 1d, below_share_of_usual: 0.2");
  rules.push_back(rules_of("timespan: 30m, events_per_hour_usual_min: 10").front());
  std::vector<std::uint64_t> counts = office(1'000, 5);
  counts[0] = 0;
  SourceActivity one = stream(counts);
  one.last_event_time = now() - days(2);
  auto found = evaluate_silence(rules, {one}, now(), all_days());
  REQUIRE(found.size() == 1);
  CHECK(found[0].rule_index == 1);
  one.events_per_hour_usual = 9;  // too quiet for the other rule
  found = evaluate_silence(rules, {one}, now(), all_days());
  REQUIRE(found.size() == 1);
  CHECK(found[0].rule_index == 0);
}

TEST_CASE("silence: rules that cannot be honoured") {
  for (const char* keys : {
           "timespan: 24h, below_share_of_usual: 0",
           "timespan: 24h, below_share_of_usual: 1",
           "timespan: 24h, below_share_of_usual: much",
           "timespan: 25h, below_share_of_usual: 0.5",
           "timespan: 8d, below_share_of_usual: 0.5",
           "timespan: 24h, below_share_of_usual: 0.5, weeks_min: 5",
           "timespan: 24h, below_share_of_usual: 0.5, weeks_min: 1.5",
           "timespan: 24h, below_share_of_usal: 0.5",
           "below_share_of_usual: 0.5",
       }) {
    CAPTURE(keys);
    const auto file = parse_rules("s.yml", "title: t\nphendau: {kind: silence, " + std::string(keys) + "}\n");
    CHECK(file.errors.size() >= 1);
    CHECK(file.silences.empty());
  }
}

}  // namespace phendau::detect::silence_test
