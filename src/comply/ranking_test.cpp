// SPDX-License-Identifier: Apache-2.0
// Ranking by table: each kind of source with its edge cases, appeals, ties, classes; the same input in any
// order gives the same bytes; the files that we ship and show are free of mistakes.
#include "comply/ranking.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>

#include <doctest/doctest.h>

#include "base/hash.h"

namespace ranking_test {

using namespace phendau;
using namespace phendau::comply;

namespace {

std::string file_text(const std::string& path) {
  std::ifstream in(std::string(PHENDAU_SOURCE_DIR) + "/" + path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string all_of(const std::vector<ContentError>& errors) {
  std::string out;
  for (const auto& error : errors) out += error.to_string() + "\n";
  return out;
}

/// A ranking with these criteria; the total is the sum of their weights.
Ranking ranking_of(const std::string& criteria, const std::string& total = "100",
                   const std::string& rest = "") {
  std::vector<ContentError> errors;
  const auto rankings = parse_rankings(
      "rankings:\n  - id: r\n    title: {vi: a, en: a}\n    basis: {vi: a, en: a}\n"
      "    years: {from: 2020}\n    total: " +
          total + "\n" + rest + "    criteria:\n" + criteria,
      "trial/ranking.yaml", errors);
  CAPTURE(all_of(errors));
  REQUIRE(errors.empty());
  REQUIRE(rankings.size() == 1);
  return rankings[0];
}

std::string criterion(const std::string& id, const std::string& weight, const std::string& source,
                      const std::string& more = "") {
  return "      - {id: " + id + ", title: {vi: a, en: a}, weight: " + weight + ", source: " + source + more +
         "}\n";
}

RankedObligation duty(const std::string& id, const std::string& part, Status status, bool late = false) {
  RankedObligation out;
  out.id = id;
  out.clause_id = part.substr(0, part.find('#'));
  out.part_id = part;
  out.agency_id = "a";
  out.year = 2026;
  out.status = status;
  out.has_due = true;
  out.late = late;
  out.evidence = {"register/" + id};
  return out;
}

RankedRecord record(const std::string& kind, const std::string& id, const std::string& state = "",
                    Json document = Json::object()) {
  return {kind, id, "a", state, 2026, std::move(document)};
}

RankingInput input_of(std::vector<RankedObligation> obligations, std::vector<RankedRecord> records = {}) {
  RankingInput out;
  out.pack = "trial@0";
  out.year = 2026;
  out.as_of = *parse_rfc3339("2027-01-15T08:00:00+07:00");
  out.agencies = {{"a", "A", Json::object()}};
  out.obligations = std::move(obligations);
  out.records = std::move(records);
  return out;
}

RankingResult run(const Ranking& ranking, const RankingInput& input) {
  auto result = rank_agencies(ranking, input);
  REQUIRE(result);
  return std::move(*result);
}

CriterionResult first(const Ranking& ranking, const RankingInput& input) {
  return run(ranking, input).agencies.at(0).criteria.at(0);
}

}  // namespace

TEST_CASE("points of obligations and of timeliness") {
  using S = Status;
  struct Case {
    const char* what;
    const char* source;
    std::vector<RankedObligation> duties;
    std::int64_t points;
    bool left_out;
    std::uint32_t good;
    std::uint32_t total;
    std::uint32_t open;
  };
  const char* all = "{kind: obligations}";
  const char* time = "{kind: timeliness}";
  const Case cases[] = {
      {"met, attested and excepted are good",
       all,
       {duty("1", "p:1", S::met), duty("2", "p:2", S::attested), duty("3", "p:3", S::excepted)},
       10'000,
       false,
       3,
       3,
       0},
      {"overdue, violated and unknown are not",
       all,
       {duty("1", "p:1", S::met), duty("2", "p:2", S::overdue), duty("3", "p:3", S::violated),
        duty("4", "p:4", S::unknown)},
       2'500,
       false,
       1,
       4,
       0},
      {"two of three, rounded half up",
       all,
       {duty("1", "p:1", S::met), duty("2", "p:2", S::met), duty("3", "p:3", S::overdue)},
       6'667,
       false,
       2,
       3,
       0},
      {"not applicable and no occasion stay outside",
       all,
       {duty("1", "p:1", S::met), duty("2", "p:2", S::not_applicable), duty("3", "p:3", S::no_occasion)},
       10'000,
       false,
       1,
       1,
       0},
      {"due is open, neither good nor bad",
       all,
       {duty("1", "p:1", S::met), duty("2", "p:2", S::due)},
       10'000,
       false,
       1,
       1,
       1},
      {"nothing applies: left out", all, {duty("1", "p:1", S::not_applicable)}, 0, true, 0, 0, 0},
      {"no duty at all: left out", all, {}, 0, true, 0, 0, 0},
      {"unknown may be left out",
       "{kind: obligations, unknown: left_out}",
       {duty("1", "p:1", S::met), duty("2", "p:2", S::unknown)},
       10'000,
       false,
       1,
       1,
       0},
      {"twelve months of one part weigh like one year of another",
       all,
       {duty("01", "p:1", S::overdue), duty("02", "p:1", S::overdue), duty("03", "p:1", S::met),
        duty("04", "p:1", S::met), duty("05", "p:2", S::met)},
       7'500,
       false,
       3,
       5,
       0},
      {"unless each obligation is to weigh alike",
       "{kind: obligations, each: obligation}",
       {duty("01", "p:1", S::overdue), duty("02", "p:1", S::overdue), duty("03", "p:1", S::met),
        duty("04", "p:1", S::met), duty("05", "p:2", S::met)},
       6'000,
       false,
       3,
       5,
       0},
      {"by clause",
       "{kind: obligations, clauses: [\"p:1\"]}",
       {duty("1", "p:1#1", S::met), duty("2", "p:1#2", S::overdue), duty("3", "p:2", S::overdue)},
       5'000,
       false,
       1,
       2,
       0},
      {"by everything below an article",
       "{kind: obligations, clauses: [\"p:3.*\"]}",
       {duty("1", "p:3.1", S::met), duty("2", "p:3.1.a", S::met), duty("3", "p:31", S::overdue),
        duty("4", "p:3", S::overdue)},
       10'000,
       false,
       2,
       2,
       0},
      {"nothing matches",
       "{kind: obligations, clauses: [\"q:*\"]}",
       {duty("1", "p:1", S::met)},
       0,
       true,
       0,
       0,
       0},
      {"late is met but not in time",
       time,
       {duty("1", "p:1", S::met), duty("2", "p:2", S::met, true)},
       5'000,
       false,
       1,
       2,
       0},
      {"overdue is not in time, due is open",
       time,
       {duty("1", "p:1", S::met), duty("2", "p:2", S::overdue), duty("3", "p:3", S::due)},
       5'000,
       false,
       1,
       2,
       1},
      {"late still counts as met", all, {duty("1", "p:1", S::met, true)}, 10'000, false, 1, 1, 0},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const auto got = first(ranking_of(criterion("x", "100", c.source)), input_of(c.duties));
    CHECK(got.points_hundredths == c.points);
    CHECK(got.left_out == c.left_out);
    CHECK(got.good == c.good);
    CHECK(got.total == c.total);
    CHECK(got.open == c.open);
    CHECK(got.evidence.size() == c.total + c.open);
    CHECK(has_text(got.text_id));
  }
}

TEST_CASE("many devices as one obligation, features, other years and agencies, no due time") {
  auto half = duty("1", "p:1", Status::violated);
  half.good = 199;
  half.total = 200;
  auto got = first(ranking_of(criterion("x", "100", "{kind: obligations}")), input_of({half}));
  CHECK(got.points_hundredths == 9'950);
  CHECK(got.evidence.at(0).effect == RankingEvidence::Effect::partly);
  CHECK(got.evidence.at(0).evidence == std::vector<std::string>{"register/1"});
  auto tagged = duty("1", "p:1", Status::met);
  tagged.features = {"backup", "logs"};
  auto other_year = duty("3", "p:3", Status::overdue);
  other_year.year = 2025;
  auto other_agency = duty("4", "p:4", Status::overdue);
  other_agency.agency_id = "b";
  got = first(ranking_of(criterion("x", "40.5", "{kind: obligations, features: [logs]}"), "40.5"),
              input_of({tagged, duty("2", "p:2", Status::overdue), other_year, other_agency}));
  CHECK(got.points_hundredths == 4'050);
  auto timeless = duty("1", "p:1", Status::met);
  timeless.has_due = false;
  got = first(ranking_of(criterion("x", "100", "{kind: timeliness}")), input_of({timeless}));
  CHECK(got.left_out);
}

TEST_CASE("points of records") {
  const auto with = [](const char* field, const char* value) { return Json::object({{field, value}}); };
  const std::vector<RankedRecord> records = {
      record("training", "1", "done", with("kind", "course")),
      record("training", "2", "planned", with("kind", "course")),
      record("training", "3", "done", with("kind", "meeting")),
      record("other", "4"),
  };
  const struct {
    const char* what;
    const char* source;
    std::int64_t points;
    bool left_out;
    std::uint32_t total;
  } cases[] = {
      {"three of four", "{kind: records, register: training, full_at: 4}", 7'500, false, 3},
      {"more than enough", "{kind: records, register: training, full_at: 2}", 10'000, false, 3},
      {"by state", "{kind: records, register: training, state: [done], full_at: 4}", 5'000, false, 2},
      {"by field", "{kind: records, register: training, where: {kind: [course]}, full_at: 4}", 5'000, false,
       2},
      {"none is no points, not nothing", "{kind: records, register: drill, full_at: 1}", 0, false, 0},
      {"fewer is better: none", "{kind: records, register: drill, zero_at: 3}", 10'000, false, 0},
      {"fewer is better: one of three", "{kind: records, register: other, zero_at: 3}", 6'667, false, 1},
      {"fewer is better: all three", "{kind: records, register: training, zero_at: 3}", 0, false, 3},
      {"share", "{kind: record_share, register: training, every: {kind: course}}", 6'667, false, 3},
      {"share of nothing", "{kind: record_share, register: drill, every: {kind: course}}", 0, true, 0},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const auto got = first(ranking_of(criterion("x", "100", c.source)), input_of({}, records));
    CHECK(got.points_hundredths == c.points);
    CHECK(got.left_out == c.left_out);
    CHECK(got.total == c.total);
    CHECK(got.evidence.size() == c.total);
    CHECK(has_text(got.text_id));
  }
}

TEST_CASE("when there is nothing to count") {
  const auto points = [](const char* more) {
    const auto result = run(ranking_of(criterion("x", "60", "{kind: obligations}", more) +
                                       criterion("y", "40", "{kind: records, register: r, full_at: 2}")),
                            input_of({}, {record("r", "1")}));
    return result.agencies.at(0);
  };
  CHECK(points("").score_hundredths == 5'000);  // 20 of 40, scaled to 100
  CHECK(points("").possible_hundredths == 4'000);
  CHECK(points(", when_empty: full").score_hundredths == 8'000);
  CHECK(points(", when_empty: zero").score_hundredths == 2'000);
  const auto empty = run(ranking_of(criterion("x", "100", "{kind: obligations}")), input_of({}));
  CHECK(empty.agencies.at(0).rank == 0);
  CHECK(empty.agencies.at(0).class_id.empty());
}

TEST_CASE("scores by hand need a reason and a file; the newest counts") {
  const Ranking ranking =
      ranking_of(criterion("m", "60", "{kind: manual}") + criterion("x", "40", "{kind: obligations}"));
  const auto score = [](const char* id, std::int64_t points, const char* time) {
    return RankingScore{id, "r", "m", "a", 2026, points, "minutes 12/BB", {"sha"}, *parse_rfc3339(time)};
  };
  RankingInput input = input_of({duty("1", "x:1", Status::met)});
  auto result = run(ranking, input);
  CHECK(result.provisional);
  CHECK(result.agencies[0].criteria[0].text_id == "comply.rank_not_scored");
  CHECK(result.agencies[0].score_hundredths == 4'000);

  input.scores = {score("s1", 3'000, "2026-12-01T00:00:00Z"), score("s2", 4'500, "2026-12-02T00:00:00Z")};
  auto no_file = score("s3", 6'000, "2026-12-03T00:00:00Z");
  no_file.files.clear();
  auto no_reason = score("s4", 6'000, "2026-12-03T00:00:00Z");
  no_reason.reason.clear();
  auto computed = score("s6", 1, "2026-12-03T00:00:00Z");
  computed.criterion = "x";
  auto nowhere = score("s7", 1, "2026-12-03T00:00:00Z");
  nowhere.criterion = "z";
  auto stranger = score("s8", 1, "2026-12-03T00:00:00Z");
  stranger.agency_id = "zz";
  auto last_year = score("s9", 1, "2026-12-03T00:00:00Z");
  last_year.year = 2025;
  for (auto& one : {no_file, no_reason, score("s5", 6'001, "2026-12-03T00:00:00Z"), computed, nowhere,
                    stranger, last_year}) {
    input.scores.push_back(one);
  }
  result = run(ranking, input);
  CHECK_FALSE(result.provisional);
  CHECK(result.agencies[0].criteria[0].points_hundredths == 4'500);
  REQUIRE(result.agencies[0].criteria[0].evidence.size() == 1);
  CHECK(result.agencies[0].criteria[0].evidence[0].ref == "s2");
  std::vector<std::string> ignored;
  for (const auto& one : result.ignored) {
    ignored.push_back(one.record_id + " " + one.text_id);
    CHECK(has_text(one.text_id));
  }
  CHECK(ignored ==
        std::vector<std::string>{"s1 comply.rank_ignored_replaced", "s3 comply.rank_ignored_no_file",
                                 "s4 comply.rank_ignored_no_reason", "s5 comply.rank_ignored_points",
                                 "s6 comply.rank_ignored_computed", "s7 comply.rank_ignored_criterion",
                                 "s8 comply.rank_ignored_agency"});
}

TEST_CASE("appeals: open is provisional, granted replaces with a reason, refused stays visible") {
  const Ranking ranking = ranking_of(criterion("x", "100", "{kind: obligations}"));
  RankingInput input = input_of({duty("1", "p:1", Status::met), duty("2", "p:2", Status::overdue)});
  RankingAppeal appeal{RankingAppeal::State::open,
                       "k1",
                       "r",
                       "x",
                       "a",
                       2026,
                       0,
                       "sent on paper",
                       {"sha"},
                       *parse_rfc3339("2027-01-05T00:00:00Z")};
  input.appeals = {appeal};
  auto result = run(ranking, input);
  CHECK(result.provisional);
  CHECK(result.agencies[0].score_hundredths == 5'000);
  CHECK(result.agencies[0].criteria[0].appeals.size() == 1);

  appeal.state = RankingAppeal::State::refused;
  input.appeals = {appeal};
  result = run(ranking, input);
  CHECK_FALSE(result.provisional);
  CHECK(result.agencies[0].score_hundredths == 5'000);

  RankingAppeal granted = appeal;
  granted.record_id = "k2";
  granted.state = RankingAppeal::State::granted;
  granted.points_hundredths = 9'000;
  granted.at = *parse_rfc3339("2027-01-06T00:00:00Z");
  RankingAppeal second = granted;
  second.record_id = "k3";
  second.points_hundredths = 8'000;
  second.at = *parse_rfc3339("2027-01-07T00:00:00Z");
  RankingAppeal too_much = granted;
  too_much.record_id = "k4";
  too_much.points_hundredths = 10'001;
  RankingAppeal mute = granted;
  mute.record_id = "k5";
  mute.reason.clear();
  input.appeals = {second, appeal, granted, too_much, mute};
  result = run(ranking, input);
  const CriterionResult& got = result.agencies[0].criteria[0];
  CHECK(got.computed_hundredths == 5'000);
  CHECK(got.points_hundredths == 8'000);
  REQUIRE(got.appeals.size() == 3);
  CHECK(got.appeals[2].record_id == "k3");
  CHECK(got.appeals[2].reason == "sent on paper");
  REQUIRE(result.ignored.size() == 2);
  CHECK(result.ignored[0].text_id == "comply.rank_ignored_points");
  CHECK(result.ignored[1].text_id == "comply.rank_ignored_no_reason");
}

TEST_CASE("ranks are shared, classes begin at their minimum, groups take their own") {
  const Ranking ranking =
      ranking_of(criterion("x", "100", "{kind: records, register: r, full_at: 10}"), "100",
                 "    for: {unit_class: [commune, ward]}\n"
                 "    classes:\n      - {id: A, title: {vi: a, en: a}, minimum: 90}\n"
                 "      - {id: B, title: {vi: a, en: a}, minimum: 50}\n"
                 "      - {id: C, title: {vi: a, en: a}, minimum: 0}\n");
  RankingInput input = input_of({});
  input.agencies.clear();
  const auto add = [&](const char* id, const char* unit_class, int records) {
    input.agencies.push_back({id, id, Json::object({{"unit_class", unit_class}})});
    for (int i = 0; i < records; ++i) {
      RankedRecord one = record("r", std::string(id) + std::to_string(i));
      one.agency_id = id;
      input.records.push_back(one);
    }
  };
  add("d", "commune", 4);
  add("b", "ward", 9);
  add("c", "commune", 9);
  add("a", "commune", 5);
  add("e", "department", 10);
  std::vector<std::string> got;
  for (const auto& one : run(ranking, input).agencies) {
    got.push_back(std::to_string(one.rank) + one.agency_id + one.class_id +
                  format_points(one.score_hundredths));
  }
  CHECK(got == std::vector<std::string>{"1bA90.00", "1cA90.00", "3aB50.00", "4dC40.00"});
}

TEST_CASE("the same input in any order gives the same bytes; a past year too") {
  std::vector<ContentError> errors;
  const auto rankings = parse_rankings(file_text("docs/examples/ranking-classes.yaml"), "x", errors);
  REQUIRE(errors.empty());
  std::mt19937 random(7);
  RankingInput input = input_of({});
  input.year = 2024;
  input.agencies.clear();
  for (int agency = 0; agency < 12; ++agency) {
    const std::string id = "agency" + std::to_string(agency);
    input.agencies.push_back({id, id, Json::object()});
    for (int i = 0; i < 60; ++i) {
      auto one = duty(id + "|" + std::to_string(i), "hg-1374:" + std::to_string(i % 17),
                      static_cast<Status>(random() % 9), random() % 4 == 0);
      one.agency_id = id;
      one.year = 2024;
      input.obligations.push_back(one);
      RankedRecord log = record(i % 2 == 0 ? "log_review" : "training", id + std::to_string(i));
      log.agency_id = id;
      log.year = 2024;
      input.records.push_back(log);
    }
    input.scores.push_back({"s" + id, "national_shape", "budget", id, 2024, 300, "why", {"f"}, {}});
  }
  const std::string expected = to_json(run(rankings[0], input), Lang::vi).dump_canonical();
  CHECK(expected.size() > 10'000);
  for (int round = 0; round < 20; ++round) {
    std::shuffle(input.agencies.begin(), input.agencies.end(), random);
    std::shuffle(input.obligations.begin(), input.obligations.end(), random);
    std::shuffle(input.records.begin(), input.records.end(), random);
    std::shuffle(input.scores.begin(), input.scores.end(), random);
    CHECK(to_json(run(rankings[0], input), Lang::vi).dump_canonical() == expected);
  }
}

TEST_CASE("a running year is provisional, a year outside is refused, and years of obligations") {
  const Ranking ranking = ranking_of(criterion("x", "100", "{kind: records, register: r, full_at: 1}"));
  RankingInput input = input_of({}, {record("r", "1")});
  CHECK_FALSE(run(ranking, input).provisional);
  input.as_of = *parse_rfc3339("2026-12-31T23:59:59+07:00");
  CHECK(run(ranking, input).provisional);
  input.year = 2019;
  CHECK(rank_agencies(ranking, input).error().code == ErrorCode::invalid);
  CHECK(has_text(rank_agencies(ranking, input).error().text_id));
  const UtcTime now = *parse_rfc3339("2027-02-01T00:00:00+07:00");
  const UtcTime midnight = *parse_rfc3339("2027-01-01T00:00:00+07:00");
  CHECK(ranking_year("2026-W53", std::nullopt, now, kVietnamZone) == 2026);
  CHECK(ranking_year("2026-Q4", midnight, now, kVietnamZone) == 2026);
  CHECK(ranking_year("leaver/01J", midnight, now, kVietnamZone) == 2026);
  CHECK(ranking_year("", std::nullopt, now, kVietnamZone) == 2027);
}

TEST_CASE("the default and the examples are free of mistakes and can rank") {
  for (const char* path : {"packs/base/ranking.yaml", "docs/examples/ranking-by-group.yaml",
                           "docs/examples/ranking-classes.yaml"}) {
    CAPTURE(path);
    std::vector<ContentError> errors;
    const auto rankings = parse_rankings(file_text(path), path, errors);
    CAPTURE(all_of(errors));
    CHECK(errors.empty());
    REQUIRE_FALSE(rankings.empty());
    for (const auto& ranking : rankings) {
      RankingInput input = input_of({duty("1", "p:1", Status::met)});
      input.year = 2025;
      CHECK(rank_agencies(ranking, input).has_value() == ranking.in_force(2025));
    }
  }
  std::vector<ContentError> errors;
  const auto groups = parse_rankings(file_text("docs/examples/ranking-by-group.yaml"), "x", errors);
  REQUIRE(groups.size() == 3);
  CHECK(groups[0].criteria.size() == 10);
  CHECK(groups[1].criteria.size() == 11);
  CHECK(groups[2].criteria.size() == 4);
}

TEST_CASE("numbers of points") {
  CHECK(points_hundredths(Json(12)) == 1'200);
  CHECK(points_hundredths(Json(12.5)) == 1'250);
  CHECK(points_hundredths(Json(0.07)) == 7);
  CHECK(points_hundredths(Json(0)) == 0);
  for (const Json& wrong :
       {Json(-1), Json(0.001), Json("12"), Json(), Json(1'000'001), Json(1e300), Json(-0.5)}) {
    CHECK_FALSE(points_hundredths(wrong));
  }
  CHECK(format_points(1'250) == "12.50");
  CHECK(format_points(7) == "0.07");
}

TEST_CASE("mistakes in ranking.yaml have a place") {
  const std::string head =
      "rankings:\n  - id: r\n    title: {vi: a, en: a}\n    basis: {vi: a, en: a}\n    years: {from: 2020}\n";
  const auto one = [&](const std::string& source, const std::string& weight = "100") {
    return head + "    criteria:\n" + criterion("x", weight, source);
  };
  const std::string good = one("{kind: manual}");
  const struct {
    std::string text;
    int line;
    const char* reason;
  } cases[] = {
      {"rankings: 1\n", 1, "must be a list"},
      {"rankings: [1]\n", 1, "must be a map"},
      {"colour: red\n", 1, "unknown key"},
      {head, 2, "'criteria' is missing"},
      {head + "    criteria: []\n", 6, "is empty"},
      {head + "    criteria: [1]\n", 6, "must be a map"},
      {good + criterion("x", "1", "{kind: manual}"), 8, "defined twice"},
      {one("{kind: manual}", "99"), 7, "add up to 99.00"},
      {one("{kind: manual}", "0"), 7, "above 0"},
      {one("{kind: manual}", "1.005"), 7, "two decimals"},
      {one("{kind: manual}", "many"), 7, "number"},
      {one("{kind: magic}"), 7, "cannot be 'magic'"},
      {one("{kind: manual, clauses: [a]}"), 7, "unknown key"},
      {one("{kind: obligations, clauses: [\"A b\"]}"), 7, "no clause"},
      {one("{kind: obligations, each: day}"), 7, "cannot be 'day'"},
      {one("{kind: records, register: r}"), 7, "'full_at'"},
      {one("{kind: records, register: r, full_at: 1, zero_at: 1}"), 7, "'full_at'"},
      {one("{kind: records, full_at: 1}"), 7, "'register' is missing"},
      {one("{kind: records, register: R, full_at: 1}"), 7, "a-z 0-9"},
      {one("{kind: records, register: r, full_at: 0}"), 7, "whole number"},
      {one("{kind: record_share, register: r}"), 7, "'every' is missing"},
      {one("{kind: record_share, register: r, every: {a: {b: c}}}"), 7, "value or a list"},
      {good + "    classes: [1]\n", 8, "must be a map"},
      {good + "    classes: [{id: A, title: {vi: a, en: a}, minimum: 10}]\n", 8, "must begin at 0"},
      {good + "    classes:\n      - {id: A, title: {vi: a, en: a}, minimum: 101}\n", 9, "above the total"},
      {good + "    classes:\n      - {id: A, title: {vi: a, en: a}, minimum: 10}\n"
              "      - {id: B, title: {vi: a, en: a}, minimum: 10}\n",
       10, "high to low"},
      {"rankings:\n  - id: R\n    title: {vi: a, en: a}\n    basis: {vi: a, en: a}\n    years: {from: "
       "2020}\n",
       2, "a-z 0-9"},
      {"rankings:\n  - id: r\n    title: {vi: a, en: a}\n    years: {from: 2020, until: 2019}\n", 4,
       "last year"},
      {"rankings:\n  - id: r\n    title: {vi: a, en: a}\n    years: {}\n", 4, "'from' is missing"},
      {"rankings:\n  - id: r\n    title: a\n    years: {from: 2020}\n", 3, "must be a map"},
      {"rankings:\n  - [\n", 3, ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    std::vector<ContentError> errors;
    parse_rankings(c.text, "trial/ranking.yaml", errors);
    const auto hit = std::find_if(errors.begin(), errors.end(), [&](const ContentError& error) {
      return error.line == c.line && error.column > 0 && error.reason.find(c.reason) != std::string::npos;
    });
    CAPTURE(all_of(errors));
    CHECK(hit != errors.end());
  }
}

}  // namespace ranking_test
