// SPDX-License-Identifier: Apache-2.0
// Rankings over a real ledger: points by hand need a file, an appeal corrects, a published sheet stays what
// it was and can be computed again with the criteria of its day, a second one names the first; agencies see
// themselves. And what the year book keeps.
#include "hub/rankings.h"

#include <doctest/doctest.h>

#include <set>

#include "hub/hub_test_folder.h"
#include "hub/obligation_feeds.h"
#include "hub/ranking_input.h"
#include "hub/year_book.h"

namespace rankings_test {

using namespace phendau;
using namespace phendau::hub;

namespace {

Json json(std::string_view text) { return parse_json(text).value(); }

struct World {
  TestHub hub;
  Detection detection{*hub.services};
  Obligations obligations{*hub.services, detection};
  Records records{*hub.services};
  Rankings rankings{*hub.services, obligations, records};
  std::int32_t year = 2026;

  World() {
    hub.env.set_now(*parse_rfc3339("2026-11-20T08:00:00+07:00"));
    for (const char* id : {"a1", "a2", "lead"}) hub.add_agency(id);
    const auto bound =
        records.create(system_actor(), "role_binding",
                       json(R"({"doc":{"slot":"lead_department","agency_id":"lead","from":"2026-01-01"}})"));
    REQUIRE(bound);
  }
  std::string write(const Actor& actor, const char* kind, std::string_view body) {
    const auto made = records.create(actor, kind, json(body));
    CAPTURE(kind);
    REQUIRE(made);
    return (*made)["id"].as_string();
  }
  void attach(const std::string& record) {
    ledger::Write file;
    file.kind = "attachment";
    file.agency_id = "a1";
    file.state = "stored";
    file.doc.set("sha256", std::string(64, 'a'))
        .set("name", "x.pdf")
        .set("size_bytes", 1)
        .set("record", record);
    REQUIRE(hub.ledger->write(file, system_actor(), hub.env.now()));
  }
  Json get(const Actor& actor, Rankings::Query query = {}) {
    const auto got = rankings.get(actor, year, query);
    if (!got) CAPTURE(got.error().message);
    REQUIRE(got);
    return *got;
  }
};

const Json& row_of(const Json& ranking, std::string_view agency) {
  for (const auto& row : ranking["items"].items()) {
    if (row["agency_id"].as_string() == agency) return row;
  }
  static const Json kNone;
  return kNone;
}

std::string points_of(const Json& ranking, std::string_view agency, std::string_view criterion) {
  for (const auto& one : row_of(ranking, agency)["criteria"].items()) {
    if (one["criterion"].as_string() == criterion) return one["points"].as_string();
  }
  return "";
}

}  // namespace

TEST_CASE("rankings: records, points by hand with a file, an appeal that is granted") {
  World world;
  const Actor officer = TestHub::officer("a1");
  world.write(
      officer, "training",
      R"({"doc":{"kind":"course","audience":"staff","held_on":"2026-03-01","attended":9},"state":"done"})");
  const std::string score = world.write(system_actor(), "ranking_score",
                                        R"({"agency_id":"a1","doc":{"year":2026,"ranking":"agency_year",
          "criterion":"inspection","points":7.5,"reason":"Kiem tra thang 5"}})");
  CHECK(points_of(world.get(system_actor()), "a1", "training") == "10.00");
  CHECK(points_of(world.get(system_actor()), "a2", "training") == "0.00");
  CHECK(points_of(world.get(system_actor()), "a1", "inspection") == "0.00");  // no file yet
  CHECK(world.get(system_actor())["ignored"].size() == 1);
  world.attach("ranking_score/" + score);
  CHECK(points_of(world.get(system_actor()), "a1", "inspection") == "7.50");
  // An officer gives no points, and appeals for the own agency only.
  CHECK_FALSE(world.records.create(officer, "ranking_score",
                                   json(
                                       R"({"doc":{"year":2026,"ranking":"agency_year",
              "criterion":"inspection","points":10,"reason":"x"}})")));
  const std::string appeal = world.write(
      officer, "ranking_appeal",
      R"({"doc":{"year":2026,"ranking":"agency_year","criterion":"inspection","reason":"Da khac phuc"}})");
  CHECK(points_of(world.get(system_actor()), "a1", "inspection") == "7.50");
  CHECK_FALSE(world.records.move(officer, "ranking_appeal", appeal,
                                 json(R"({"to":"granted","doc":{"points":10,"answer":"x"}})")));
  REQUIRE(world.records.move(system_actor(), "ranking_appeal", appeal,
                             json(R"({"to":"granted","doc":{"points":9,"answer":"Dong y"}})")));
  CHECK(points_of(world.get(system_actor()), "a1", "inspection") == "9.00");
  const Json sheet = world.get(officer, {.ranking = "", .agency_id = "a1", .publication = ""})["sheet"];
  CHECK(sheet["criteria"].items().back()["computed"].as_string() == "7.50");
  CHECK(sheet["criteria"].items().back()["appeals"].items().front()["state"].as_string() == "granted");
}

TEST_CASE("rankings: what was published stays, is computed again, and is corrected by a new one") {
  World world;
  const Actor officer = TestHub::officer("a1");
  CHECK(world.rankings.publish(officer, 2026, json(R"({"decision_number":"1/QD"})")).error().code ==
        ErrorCode::denied);
  CHECK(world.rankings.publish(system_actor(), 2026, json("{}")).error().code == ErrorCode::invalid);
  CHECK(world.rankings.publish(system_actor(), 2027, json(R"({"decision_number":"1"})")).error().code ==
        ErrorCode::invalid);
  const auto first =
      world.rankings.publish(system_actor(), 2026, json(R"({"decision_number":"12/QD-STTTT"})"));
  REQUIRE(first);
  const std::string id = (*first)["publication"]["id"].as_string();
  CHECK((*first)["publication"]["recomputed"].as_bool());
  CHECK(row_of(*first, "a2")["rank"].as_int() > 0);
  // The province evaluates the year by it.
  CHECK(world.hub.ledger->get("yearly_evaluation", "agency_year-2026", everything())->state == "published");
  // Later records change today's ranking, not that one; nor does a year that goes by.
  world.write(
      officer, "training",
      R"({"doc":{"kind":"course","audience":"staff","held_on":"2026-03-01","attended":9},"state":"done"})");
  world.hub.env.advance(days(400));
  const Json again = world.get(system_actor(), {.ranking = "", .agency_id = "", .publication = id});
  CHECK(again["publication"]["recomputed"].as_bool());
  CHECK(points_of(again, "a1", "training") == "0.00");
  CHECK(points_of(world.get(system_actor()), "a1", "training") == "10.00");
  // The published table is for agencies; today's is not, and the rows of others say no more than the result.
  CHECK(world.get(officer)["items"].size() == 1);
  const Json seen = world.get(officer, {.ranking = "", .agency_id = "", .publication = id});
  CHECK(seen["items"].size() == 3);
  CHECK(row_of(seen, "a2")["criteria"].size() == 0);
  CHECK_FALSE(world.rankings.get(officer, 2026, {.ranking = "", .agency_id = "a2", .publication = id}));
  // A correction needs a reason and names what it replaces.
  CHECK(world.rankings.publish(system_actor(), 2026, json(R"({"decision_number":"13"})")).error().text_id ==
        "ranking.correction_reason");
  const auto second = world.rankings.publish(system_actor(), 2026,
                                             json(R"({"decision_number":"13","reason":"Bo sung dao tao"})"));
  REQUIRE(second);
  CHECK((*second)["publication"]["replaces"].as_string() == id);
  CHECK(world.hub.ledger->get("ranking_sheet", id, everything())->state == "replaced");
  CHECK((*second)["publications"].size() == 2);
  // A file that was changed is noticed.
  auto damaged = *world.hub.ledger->get("ranking_sheet", id, everything());
  damaged.doc.set("sheet_blob", std::string(64, '0'));
  ledger::Write write;
  write.kind = damaged.kind;
  write.id = damaged.id;
  write.state = damaged.state;
  write.doc = damaged.doc;
  REQUIRE(world.hub.ledger->write(write, system_actor(), world.hub.env.now()));
  CHECK_FALSE(world
                  .get(system_actor(),
                       {.ranking = "", .agency_id = "", .publication = id})["publication"]["recomputed"]
                  .as_bool(true));
}

TEST_CASE("rankings: the workbook has the table and the sheet") {
  World world;
  const auto file = world.rankings.workbook(TestHub::officer("a1"), 2026,
                                            {.ranking = "", .agency_id = "a1", .publication = ""});
  REQUIRE(file);
  CHECK(file->name == "xep-hang-2026.xlsx");
  CHECK(file->bytes.starts_with("PK"));
  CHECK_FALSE(world.rankings.workbook(TestHub::officer("a1"), 2026,
                                      {.ranking = "", .agency_id = "a2", .publication = ""}));
  CHECK_FALSE(world.rankings.get(system_actor(), 2025, {}));  // no criteria for that year
}

TEST_CASE("ranking input: reading gives back what was written") {
  comply::RankingInput input;
  input.pack = "p@1";
  input.year = 2026;
  input.as_of = UtcTime{1'764'000'000'123'456'789};
  input.agencies.push_back({"a", "A", json(R"({"level":3,"share":0.1})")});
  comply::RankedObligation duty;
  duty.id = "x|agency:a|2026-01";
  duty.status = Status::excepted;
  duty.has_due = duty.late = true;
  duty.good = 3;
  duty.total = 4;
  duty.evidence = {"record:training/1"};
  duty.features = {"f"};
  input.obligations.push_back(duty);
  input.records.push_back({"training", "r", "a", "done", 2026, json(R"({"kind":"course"})")});
  input.scores.push_back({"s", "g", "c", "a", 2026, 750, "vi", {"ab"}, input.as_of});
  comply::RankingAppeal appeal;
  appeal.state = comply::RankingAppeal::State::refused;
  appeal.record_id = "p";
  appeal.at = input.as_of;
  input.appeals.push_back(appeal);
  const std::string text = to_json(input).dump_canonical();
  const auto back = ranking_input_from(*parse_json(text));
  REQUIRE(back);
  CHECK(to_json(*back).dump_canonical() == text);
  CHECK(back->as_of == input.as_of);
  CHECK(back->obligations[0].status == Status::excepted);
  CHECK_FALSE(ranking_input_from(json("{}")));
}

TEST_CASE("year book: periods that are over and the turn of a year stay") {
  const auto pack = ActivePack::load(posix_env(), PHENDAU_SOURCE_DIR "/packs/ha-giang");
  REQUIRE(pack);
  comply::Board board(pack->pack().catalog);
  const UtcTime known = *parse_rfc3339("2024-06-01T08:00:00+07:00");
  ledger::Record agency;
  agency.kind = "agency";
  agency.id = agency.agency_id = "a1";
  agency.state = "active";
  agency.created_at = agency.updated_at = known;
  agency.doc.set("name", "A");
  feed_record(board, *pack, agency, known);
  const UtcTime now = *parse_rfc3339("2026-12-31T23:00:00+07:00");
  board.settle(now);
  std::vector<ledger::DerivedWrite> turn;
  add_turn(board, pack->pack(), 2026, now, turn);
  REQUIRE_FALSE(turn.empty());
  for (const auto& write : turn) CHECK(write.key.starts_with("2026|"));
  const auto standing = standing_lines(board, pack->pack(), "a1", 2026, now, true);
  const auto has_part = [](const auto& lines, const std::string& end) {
    return std::any_of(lines.begin(), lines.end(), [&](const auto& one) { return one.id.ends_with(end); });
  };
  CHECK(has_part(standing, "|2026-12"));        // the month runs
  CHECK_FALSE(has_part(standing, "|2026-11"));  // it is over
  std::vector<comply::RowView> over;
  comply::Board::Filter all;
  for (const auto& row : board.page(all, 0, SIZE_MAX).rows) {
    if (belongs_to_year_book(row, now)) over.push_back(row);
  }
  REQUIRE_FALSE(over.empty());
  std::vector<ledger::DerivedWrite> lines;
  add_lines(board, pack->pack(), over, now, lines);
  CHECK(lines.size() == over.size());
  std::vector<comply::RankedObligation> read;
  for (const auto& line : lines) read.push_back(ranked_obligation_from(*line.doc));
  CHECK(has_part(read, "|2026-11"));
  CHECK(has_part(read, "|2025"));  // the yearly duty of the year before
  CHECK(std::any_of(read.begin(), read.end(), [](const auto& one) { return one.year == 2025; }));
  CHECK(shares_of(read).at("a1").total > 0);
}

TEST_CASE("year book: periods that ended while the hub was off are in it, each as it was at its end") {
  TestHub hub("ha-giang");
  const auto run_at = [&](std::string_view when) {
    hub.env.set_now(*parse_rfc3339(when));
    Detection detection(*hub.services);
    Obligations obligations(*hub.services, detection);
    REQUIRE(obligations.open());
  };
  hub.env.set_now(*parse_rfc3339("2025-06-01T08:00:00+07:00"));
  hub.add_agency("a1");
  run_at("2026-06-10T08:00:00+07:00");
  run_at("2026-09-20T08:00:00+07:00");
  std::set<std::string> periods;
  const auto closed = lines_of_year(*hub.ledger, 2026, "a1", everything()).value();
  for (const auto& line : closed) periods.insert(line.id.substr(line.id.rfind('|') + 1));
  for (const char* over : {"2026-05", "2026-06", "2026-07", "2026-08", "2026-Q1", "2026-Q2"}) {
    CAPTURE(over);
    CHECK(periods.contains(over));
  }
  CHECK_FALSE(periods.contains("2026-09"));  // it runs
  // Over the turn of a year, too.
  run_at("2027-02-10T08:00:00+07:00");
  periods.clear();
  const auto again = lines_of_year(*hub.ledger, 2026, "a1", everything()).value();
  for (const auto& line : again) periods.insert(line.id.substr(line.id.rfind('|') + 1));
  for (const char* over : {"2026-09", "2026-10", "2026-11", "2026-12", "2026-Q3", "2026", ""}) {
    CAPTURE(over);
    CHECK(periods.contains(over));
  }
}

}  // namespace rankings_test
