// SPDX-License-Identifier: Apache-2.0
// The board says what assess() says, after any change and at any time, while judging only what depends on the
// change. Proved by random changes against the engine, and by counting what was judged.
#include "comply/board.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>

namespace board_test {

using namespace phendau;
using namespace phendau::comply;

namespace {

UtcTime at(std::string_view text) { return *parse_rfc3339(text); }
const UtcTime kNow = at("2026-11-24T10:00:00+07:00");

constexpr const char* kClauses = R"(clauses:
  - {id: t:1, citation: x, title: {vi: a, en: a}, duty: {vi: a, en: a}, bound: [staff],
     kind: process, subject: device,
     scope: server, satisfied_by: [{kind: posture_rule, ref: rule_a}]}
  - {id: t:2, citation: x, title: {vi: a, en: a}, duty: {vi: a, en: a}, bound: [staff],
     kind: process, subject: device,
     satisfied_by: [{kind: posture_rule, ref: rule_b}]}
  - {id: t:3, citation: x, title: {vi: a, en: a}, duty: {vi: a, en: a}, bound: [staff], kind: process,
     satisfied_by: [{kind: register, ref: r, period: P1M}]}
  - {id: t:4, citation: x, title: {vi: a, en: a}, duty: {vi: a, en: a}, bound: [staff], kind: process,
     trigger: {register: leaver, from: left_on, within: 3wd},
     satisfied_by: [{kind: occasion, state: [done], done: on}]}
  - {id: t:5, citation: x, title: {vi: a, en: a}, duty: {vi: a, en: a}, bound: [staff], kind: process,
     subject: role:police, satisfied_by: [{kind: register, ref: r}]}
  - {id: t:6, citation: x, title: {vi: a, en: a}, duty: {vi: a, en: a}, bound: [staff],
     kind: process, subject: person,
     satisfied_by: [{kind: register, ref: training, link: person_id, max_age_days: 30}]}
  - {id: t:7, citation: x, title: {vi: a, en: a}, duty: {vi: a, en: a}, bound: [staff], kind: prohibition,
     modality: must_not, subject: hub, satisfied_by: [{kind: setting, ref: s, equals: true}]}
  - {id: t:8, citation: x, title: {vi: a, en: a}, duty: {vi: a, en: a}, bound: [staff], kind: process,
     parts: [{id: "t:8#1", duty: {vi: a, en: a}, satisfied_by: [{kind: attestation, period: P1Y}]},
             {id: "t:8#2", duty: {vi: a, en: a}, satisfied_by: [{kind: detection, ref: d, silence: 2h}]},
             {id: "t:8#3", duty: {vi: a, en: a}, subject: role:police,
              trigger: {workflow: incident, within: 24h}, satisfied_by: [{kind: workflow, ref: incident}]}]}
  - {id: t:9, citation: x, title: {vi: a, en: a}, duty: {vi: a, en: a}, bound: [staff], kind: process,
     scope: server, satisfied_by: [{kind: register, ref: r, period: P1M}]}
)";

/// What time alone changes: ages, windows, counts; and records that are subjects.
constexpr const char* kTimedClauses = R"(clauses:
  - id: t:9
    citation: x
    title: {vi: a, en: a}
    duty: {vi: a, en: a}
    bound: [staff]
    kind: process
    parts:
      - {id: "t:9#1", duty: {vi: a, en: a}, subject: "record:computer", scope: old,
         satisfied_by: [{kind: register, ref: computer, every: {on: {not_after: left_on}}}]}
      - {id: "t:9#2", duty: {vi: a, en: a}, satisfied_by: [{kind: attestation}],
         trigger: {register: leaver, at_least: 2, in: P1M, from: left_on, within: 5d, of: all}}
      - {id: "t:9#3", duty: {vi: a, en: a},
         satisfied_by: [{kind: register, ref: r, where: {left_on: {older_than: P10D}}}]}
      - {id: "t:9#4", duty: {vi: a, en: a},
         satisfied_by: [{kind: register, ref: leaver, every: {left_on: {not_older_than: P20D}}}]}
      - {id: "t:9#5", duty: {vi: a, en: a},
         satisfied_by: [{kind: register, ref: r, period: P1Y, not_before: "12-01", before: "12-20"}]}
      - {id: "t:9#6", duty: {vi: a, en: a}, satisfied_by: [{kind: occasion, every: {on: "*"}, done: on}],
         trigger: {register: leaver, where: {left_on: {older_than: P15D}}, within: 30d, keep: P10D}}
      - {id: "t:9#7", duty: {vi: a, en: a}, subject: "record:computer", scope: mixed,
         satisfied_by: [{kind: register, ref: training, link: computer_id, at_least: 2}]}
)";

Catalog catalog(const char* clauses = kClauses) {
  std::vector<ContentError> errors;
  Catalog out;
  out.clauses = parse_clauses(clauses, "t.yaml", errors);
  for (const auto& error : errors) FAIL_CHECK(error.to_string());
  out.work_calendar.years = {2026, 2027};
  out.scopes["server"] = {"server", {"vi", "en"}, "is_server", {Json(true)}};
  out.scopes["old"] = {"old", {"vi", "en"}, "left_on", {}};
  out.scopes["old"].older_than = {1, 0};
  out.scopes["done"] = {"done", {"vi", "en"}, "finished", {Json(true)}};
  out.scopes["mixed"] = {"mixed", {"vi", "en"}, "", {}};
  out.scopes["mixed"].any_scopes = {"old", "done"};
  for (const char* name : {"rule_a", "rule_b"}) {
    out.posture_rules[name] = {name,
                               name,
                               name,
                               std::string("fact_") + name[5],
                               Quantifier::one,
                               Predicate::atom("n", *make_pattern(MatchOp::greater_equal, "8"))};
  }
  return out;
}

Subject subject(SubjectKind kind, std::string id, std::string agency) {
  Subject out;
  out.kind = kind;
  out.id = std::move(id);
  out.agency_id = std::move(agency);
  return out;
}

Fact fact(const std::string& device, const std::string& kind, Json row, UtcTime when) {
  Fact out;
  out.kind = kind;
  out.device_id = device;
  out.collected_at = when;
  out.rows = {std::move(row)};
  return out;
}

using Statuses = std::map<std::string, Status>;

Statuses engine_says(const Board& board, UtcTime now) {
  Statuses out;
  for (const auto& one : assess(board.catalog(), board.knowledge(), now))
    out[one.id + "@" + one.agency_id] = one.status;
  return out;
}

Statuses board_says(const Board& board) {
  Statuses out;
  for (const auto& row : board.page({}, 0, 100'000).rows) {
    out[row.part->id + "|" + std::string(to_string(row.subject_kind)) + ":" + std::string(row.subject_id) +
        "|" + std::string(row.period_id) + "@" + std::string(row.agency_id)] = row.status;
  }
  return out;
}

/// Counts must follow the rows.
void check_counts(const Board& board) {
  std::map<std::pair<std::string, std::string>, StatusCounts> wanted;
  for (const auto& row : board.page({}, 0, 100'000).rows) {
    ++wanted[{std::string(row.agency_id), row.clause->id}][static_cast<std::size_t>(row.status)];
  }
  for (const auto agency : board.agencies()) {
    const auto& counts = board.counts_by_clause(agency);
    StatusCounts all{};
    for (std::size_t i = 0; i < counts.size(); ++i) {
      CHECK(counts[i] == wanted[{std::string(agency), board.catalog().clauses[i].id}]);
      for (std::size_t s = 0; s < all.size(); ++s) all[s] += counts[i][s];
    }
    CHECK(all == board.counts_of_agency(agency));
  }
}

class Changes {
 public:
  explicit Changes(std::uint32_t seed) : random_(seed) {}

  void one(Board& board, UtcTime now) {
    switch (pick(15)) {
      case 0: {
        Subject agency = subject(SubjectKind::agency, agency_id(), "");
        agency.agency_id = agency.id;
        agency.known_since = now - days(pick(90));
        return board.put_subject(std::move(agency));
      }
      case 1:
        return pick(4) == 0 ? board.drop_subject(SubjectKind::agency, agency_id()) : (void)0;
      case 2:
        return board.put_subject(subject(SubjectKind::device, id("d"), agency_id()));
      case 3:
        return board.put_fact(
            fact(id("d"), "fact_a", Json::object({{"n", pick(16)}}), now - hours(pick(30))));
      case 4:
        return board.put_fact(fact(id("d"), "fact_b", Json::object({{"n", pick(16)}}), now));
      case 5:
        return board.put_fact(fact(id("d"), "host", Json::object({{"is_server", pick(2) == 0}}), now));
      case 6:
        return record(board, "r", now);
      case 7:
        return record(board, "leaver", now);
      case 8:
        return record(board, "training", now);
      case 9:
        return board.put_binding(
            {id("b"), "police", agency_id(), now - days(pick(9)) + days(2), now + days(pick(20))});
      case 10:
        return pick(2) == 0 ? board.put_subject(subject(SubjectKind::person, id("p"), agency_id()))
                            : board.drop_subject(SubjectKind::person, id("p"));
      case 11:
        board.put_setting("s", pick(2) == 0);
        return board.put_attestation({id("x"), "t:8#1", agency_id(), "", now - days(pick(30)), {}, "", ""});
      case 12:
        board.put_exception(
            {id("e"), pick(2) == 0 ? "t:8" : "t:3", agency_id(), "", now, now + days(pick(9)), ""});
        return board.put_breach({id("v"), "t:7", "", "", now, pick(2) == 0});
      case 13:
        return computer(board, now);
      default: {
        board.put_detection({"d", agency_id(), true, 1, now - hours(pick(4)), {}, {}});
        CaseStep step;
        step.id = "one";
        step.at = now;
        if (pick(2) == 0) step.state = CaseStep::State::done;
        return board.put_case({id("c"), "incident", agency_id(), "", now - hours(pick(40)), {}, {step}});
      }
    }
  }

  int pick(int below) { return static_cast<int>(random_() % static_cast<std::uint32_t>(below)); }

 private:
  /// A record that is a subject while it is live.
  void computer(Board& board, UtcTime now) {
    const std::string name = id("k");
    Json document =
        Json::object({{"left_on", format_date(to_civil(now - days(pick(60)), kVietnamZone).date)}});
    if (pick(2) == 0) document.set("on", format_date(to_civil(now - days(pick(60)), kVietnamZone).date));
    if (pick(2) == 0) document.set("finished", pick(2) == 0);
    RegisterRecord one;
    one.kind = "computer";
    one.id = name;
    one.agency_id = agency_id();
    one.at = one.entered_at = now;
    one.document = document;
    Subject as_subject = subject(SubjectKind::record, name, one.agency_id);
    as_subject.role = "computer";
    as_subject.attributes = document;
    if (pick(4) == 0) {
      board.drop_subject(SubjectKind::record, name);
    } else {
      board.put_subject(std::move(as_subject));
    }
    pick(6) == 0 ? board.drop_record("computer", name) : board.put_record(std::move(one));
  }
  std::string agency_id() { return "a" + std::to_string(pick(3)); }
  std::string id(const char* prefix) { return prefix + std::to_string(pick(5)); }
  void record(Board& board, const char* kind, UtcTime now) {
    if (pick(4) == 0) return board.drop_record(kind, id(kind));
    RegisterRecord one;
    one.kind = kind;
    one.id = id(kind);
    one.agency_id = pick(5) == 0 ? std::string() : agency_id();
    one.state = pick(2) == 0 ? "done" : "open";
    one.at = now - days(pick(40));
    one.entered_at = now - days(pick(10));
    one.document = Json::object({{"left_on", format_date(to_civil(one.at, kVietnamZone).date)},
                                 {"on", format_date(to_civil(now, kVietnamZone).date)},
                                 {"computer_id", id("k")},
                                 {"person_id", Json::array({id("p"), id("p")})}});
    board.put_record(std::move(one));
  }
  std::mt19937 random_;
};

void check_against_engine(const Catalog& of) {
  for (std::uint32_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    Changes changes(seed);
    Board board(of);
    UtcTime now = kNow;
    for (int round = 0; round < 120; ++round) {
      for (int i = changes.pick(4); i >= 0; --i) changes.one(board, now);
      now = now + (changes.pick(5) == 0 ? days(changes.pick(20)) : minutes(changes.pick(300)));
      const auto before = board_says(board);
      const auto settled = board.settle(now);
      const auto after = board_says(board);
      REQUIRE(after == engine_says(board, now));
      std::size_t moved = 0;
      for (const auto& [id, status] : after) {
        const auto old = before.find(id);
        if (old != before.end() && old->second != status) ++moved;
      }
      CHECK(settled.transitions.size() == moved);
      CHECK(board.settle(now).judged == 0);
    }
    check_counts(board);
    const auto rows = board.page({}, 0, 100'000).rows;
    const auto details = board.details(rows, now);
    REQUIRE(details.size() == rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) CHECK(details[i].status == rows[i].status);
  }
}

}  // namespace

TEST_CASE("after any change and at any time the board says what the engine says") {
  check_against_engine(catalog());
}

TEST_CASE("also where time alone moves ages, windows and counts, and where records are subjects") {
  check_against_engine(catalog(kTimedClauses));
}

TEST_CASE("a changed fact touches only the parts of its device that ask for it") {
  const Catalog of = catalog();
  Board board(of);
  board.put_subject(subject(SubjectKind::agency, "a0", "a0"));
  for (int i = 0; i < 100; ++i) {
    const std::string id = "d" + std::to_string(i);
    board.put_subject(subject(SubjectKind::device, id, "a0"));
    board.put_fact(fact(id, "host", Json::object({{"is_server", true}}), kNow));
    board.put_fact(fact(id, "fact_a", Json::object({{"n", 9}}), kNow));
    board.put_fact(fact(id, "fact_b", Json::object({{"n", 9}}), kNow));
  }
  board.settle(kNow);
  board.put_fact(fact("d7", "fact_b", Json::object({{"n", 3}}), kNow + hours(1)));
  auto settled = board.settle(kNow + hours(1));
  CHECK(settled.judged == 1);
  REQUIRE(settled.transitions.size() == 1);
  CHECK(settled.transitions[0].from == Status::met);
  CHECK(settled.transitions[0].row.subject_id == "d7");
  CHECK(settled.transitions[0].row.status == Status::violated);
  board.put_fact(fact("d7", "software", Json::object(), kNow + hours(1)));  // nobody asks
  CHECK_FALSE(board.has_marks());
  board.put_fact(fact("d7", "host", Json::object({{"is_server", false}}), kNow + hours(1)));
  settled = board.settle(kNow + hours(1));
  CHECK(settled.judged == 1);  // only the part with a scope
  CHECK(settled.transitions[0].row.status == Status::not_applicable);
  board.put_subject(subject(SubjectKind::device, "d7", "a0"));  // as before
  CHECK_FALSE(board.has_marks());
  // Time alone: each fact grows stale once.
  REQUIRE(board.next_at() == kNow + hours(24) + nanoseconds(1));
  settled = board.settle(board.next_at());
  CHECK(settled.transitions.size() == 198);
  CHECK(board.counts_of_subject(SubjectKind::device, "d7")[static_cast<std::size_t>(Status::violated)] == 1);
}

TEST_CASE("pages: worst first, whole agencies skipped, filters, only what may be seen") {
  const Catalog of = catalog();
  Board board(of);
  for (const char* agency : {"a0", "a1"}) {
    board.put_subject(subject(SubjectKind::agency, agency, agency));
    for (int i = 0; i < 10; ++i) {
      const std::string id = std::string(agency) + "d" + std::to_string(i);
      board.put_subject(subject(SubjectKind::device, id, agency));
      board.put_fact(fact(id, "fact_b", Json::object({{"n", i}}), kNow));
    }
  }
  board.settle(kNow);
  const auto all = board.page({}, 0, 1'000);
  CHECK_FALSE(all.more);
  CHECK(all.rows.size() == board.row_count());
  CHECK(std::is_sorted(all.rows.begin(), all.rows.end(), [](const RowView& a, const RowView& b) {
    return severity(a.status) < severity(b.status);
  }));
  for (std::size_t offset = 0; offset < all.rows.size(); offset += 7) {
    const auto some = board.page({}, offset, 7);
    CHECK(some.more == (offset + 7 < all.rows.size()));
    for (std::size_t i = 0; i < some.rows.size(); ++i) {
      CHECK(some.rows[i].subject_id == all.rows[offset + i].subject_id);
      CHECK(some.rows[i].part == all.rows[offset + i].part);
    }
  }
  Board::Filter filter;
  filter.covers = [](std::string_view agency) { return agency == "a1"; };
  filter.statuses = 1U << static_cast<unsigned>(Status::violated);
  CHECK(board.page(filter, 0, 100).rows.size() == 8);
  CHECK(board.page(filter, 8, 100).rows.empty());
  filter.agency_id = "a0";
  CHECK(board.page(filter, 0, 100).rows.empty());
  filter = {};
  filter.subject_kind = SubjectKind::device;
  filter.subject_id = "a0d9";
  CHECK(board.page(filter, 0, 100).rows.size() == 2);
  filter = {};
  filter.clause_id = "t:8";
  filter.part_id = "t:8#2";
  CHECK(board.page(filter, 0, 100).rows.size() == 2);
}

TEST_CASE("the verdict of a close stays when records, exceptions or breaches change later") {
  const Catalog of = catalog();
  const UtcTime november = at("2026-11-20T10:00:00+07:00"), december = at("2026-12-02T10:00:00+07:00");
  const auto in_november = [](const Board& board) {
    for (const auto& one : board.details(board.page({}, 0, 1'000).rows, board.settled_at())) {
      if (one.part_id == "t:3" && one.period_id == "2026-11") return one;
    }
    return Obligation{};
  };
  Board board(of);
  Subject agency = subject(SubjectKind::agency, "a0", "a0");
  agency.known_since = at("2026-09-01T00:00:00+07:00");
  board.put_subject(agency);
  RegisterRecord record{"r", "1", "a0", {}, {}, november, {}, Json::object(), november};
  board.put_record(record);
  board.settle(november);
  board.settle(december);
  CHECK(in_november(board).status == Status::met);
  CHECK_FALSE(in_november(board).closed_status);
  record.at = at("2026-12-01T10:00:00+07:00");  // it was dated wrongly
  board.put_record(record);
  board.settle(december);
  CHECK(in_november(board).status == Status::overdue);
  CHECK(in_november(board).closed_status == Status::met);
  CHECK(in_november(board).reason.text_id == "comply.changed_since_close");
  // A restart knows it from what was kept.
  Board again(of);
  again.put_subject(agency);
  again.put_record(record);
  again.restore("a0", "t:3", SubjectKind::agency, "a0", "2026-11", Status::overdue, Status::met);
  again.settle(december);
  CHECK(in_november(again).closed_status == Status::met);
  // Excused at the close, and after the exception has run out.
  board.drop_record("r", "1");
  board.put_exception({"e", "t:3", "a0", {}, november, at("2026-12-01T00:00:00+07:00"), "x"});
  board.settle(december);
  CHECK(in_november(board).status == Status::excepted);
}

TEST_CASE("after a restart the board says what changed meanwhile") {
  const Catalog of = catalog();
  Board board(of);
  board.put_subject(subject(SubjectKind::agency, "a0", "a0"));
  board.put_subject(subject(SubjectKind::device, "d0", "a0"));
  board.put_fact(fact("d0", "fact_b", Json::object({{"n", 3}}), kNow));
  board.restore("a0", "t:2", SubjectKind::device, "d0", "", Status::met);
  board.restore("a0", "t:3", SubjectKind::agency, "a0", "2026-11", Status::due);
  board.restore("a0", "t:99", SubjectKind::agency, "a0", "", Status::met);
  board.restore("a9", "t:3", SubjectKind::agency, "a9", "", Status::met);
  const auto settled = board.settle(kNow);
  REQUIRE(settled.transitions.size() == 1);
  CHECK(settled.transitions[0].row.part->id == "t:2");
  CHECK(settled.transitions[0].from == Status::met);
  CHECK(settled.transitions[0].row.status == Status::violated);
  CHECK(board_says(board) == engine_says(board, kNow));
  check_counts(board);
}

}  // namespace board_test
