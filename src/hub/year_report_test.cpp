// SPDX-License-Identifier: Apache-2.0
// Figures of periodic papers: incidents of the year at +07 without exercises, reports that have arrived, and
// nobody but the province sees the province's.
#include "hub/year_report.h"

#include <doctest/doctest.h>

#include "base/texts.h"
#include "hub/hub_test_folder.h"

namespace year_report_test {

using namespace phendau;
using namespace phendau::hub;

namespace {

struct World {
  TestHub hub{"ha-giang"};
  Detection detection{*hub.services};
  Obligations obligations{*hub.services, detection};
  Records records{*hub.services};
  Rankings rankings{*hub.services, obligations, records};
  YearReport report{*hub.services, obligations, rankings};

  World() {
    hub.env.set_now(*parse_rfc3339("2026-11-20T08:00:00+07:00"));
    for (const char* id : {"a1", "b1"}) hub.add_agency(id);
  }
  void add_case(const std::string& agency, std::string_view found_at, bool exercise = false) {
    ledger::Write write;
    write.kind = "case";
    write.agency_id = agency;
    write.state = "open";
    write.doc.set("workflow", "incident").set("title", "web").set("detected_at", found_at);
    if (exercise) write.doc.set("exercise", true);
    REQUIRE(hub.ledger->write(write, system_actor(), hub.env.now()));
  }
  Result<Json> figures(const Actor& actor, std::string_view root, const std::string& agency = "a1",
                       std::string period = {}) {
    PaperOrigin origin;
    origin.agency_id = agency;
    origin.period = std::move(period);
    return report.figures(actor, root, origin);
  }
};

}  // namespace

TEST_CASE("an agency's year counts its incidents at +07, without exercises") {
  World w;
  w.add_case("a1", "2025-12-31T17:00:00Z");  // 1 January 2026 here
  w.add_case("a1", "2025-12-31T16:59:00Z");  // still 2025
  w.add_case("a1", "2026-03-01T01:00:00Z", true);
  w.add_case("b1", "2026-03-01T01:00:00Z");
  const auto got = w.figures(TestHub::officer("a1"), "year");
  REQUIRE(got);
  CHECK((*got)["incident_count"].as_string() == "1");
  CHECK((*got)["incidents"].items()[0]["at"].as_string() == "01/01/2026 00:00");
  CHECK((*got)["chart_incidents"]["bars"].items()[0]["value"].as_int() == 1);
  CHECK((*got)["chart_incidents"]["bars"].size() == 11);
  CHECK((*got)["duties"].size() == 4);
  CHECK_FALSE(w.figures(TestHub::officer("b1"), "year", "a1"));
}

TEST_CASE("figures of a quarter, half a year, a month or own days count those days at +07 alone") {
  World w;
  for (const char* at : {"2025-12-31T16:59:00Z", "2026-03-31T16:59:00Z", "2026-03-31T17:00:00Z",
                         "2026-06-30T17:00:00Z", "2026-09-14T10:00:00Z", "2026-11-19T10:00:00Z"})
    w.add_case("a1", at);
  struct Row {
    const char* period;
    const char* count;
    std::size_t bars;
    const char* first;
    const char* last;
  };
  for (const Row& row :
       {Row{"", "5", 11, "01/01/2026", "20/11/2026"}, Row{"2025", "1", 12, "01/01/2025", "31/12/2025"},
        Row{"2026-H1", "2", 6, "01/01/2026", "30/06/2026"},
        Row{"2026-Q1", "1", 3, "01/01/2026", "31/03/2026"},
        Row{"2026-Q4", "1", 2, "01/10/2026", "20/11/2026"},
        Row{"2026-07", "1", 1, "01/07/2026", "31/07/2026"},
        Row{"2025-12-15/2026-09-14", "5", 10, "15/12/2025", "14/09/2026"}}) {
    CAPTURE(row.period);
    const auto got = w.figures(TestHub::officer("a1"), "year", "a1", row.period);
    REQUIRE(got);
    CHECK((*got)["incident_count"].as_string() == row.count);
    CHECK((*got)["categories"].items().back()["count"].as_string() == row.count);
    CHECK((*got)["period"].as_string() == tr(Lang::vi, "paper.period", {row.first, row.last}));
    CHECK((*got)["chart_incidents"]["bars"].size() == row.bars);
    CHECK((*w.figures(system_actor(), "province", "", row.period))["incident_count"].as_string() ==
          row.count);
  }
  for (const char* wrong : {"2027", "2026-Q5", "quarter 3", "2026-12-01/2026-12-31", "2026-09-14/2026-07-01",
                            "1999", "2020-01-01/2026-01-01", "2026-07-01/", "/"})
    CHECK(w.figures(TestHub::officer("a1"), "year", "a1", wrong).error().code == ErrorCode::invalid);
  CHECK(figure_span("2026-Q3", {2026, 11, 20})->name ==
        tr(Lang::vi, "paper.period.quarter", {"2026", "III"}));
  CHECK(figure_span("2025-H2", {2026, 11, 20})->name ==
        tr(Lang::vi, "paper.period.second_half", {"2025", ""}));
}

TEST_CASE(
    "incidents of the year by category and severity, unclassified ones by themselves, never exercises") {
  World w;
  const auto add = [&](std::string_view category, std::string_view outcome, bool exercise) {
    ledger::Write write;
    write.kind = "case";
    write.agency_id = "a1";
    write.state = "open";
    write.doc.set("workflow", "incident").set("title", "x").set("detected_at", "2026-03-01T01:00:00Z");
    if (!category.empty())
      write.doc.set("classification", Json::object({{"category", category}, {"outcome", outcome}}));
    if (exercise) write.doc.set("exercise", true);
    const auto written = w.hub.ledger->write(write, system_actor(), w.hub.env.now());
    REQUIRE(written);
    return written->record_id;
  };
  const std::string helped = add("malware", "serious", false);
  add("malware", "ordinary", false);
  add("malware", "serious", true);
  add("", "", false);
  for (const char* to : {"police", "national_cert"}) {
    ledger::Write request;
    request.kind = "coordination_request";
    request.agency_id = "a1";
    request.state = "answered";
    request.doc = *parse_json(
        R"({"wanted":"support","channel":"phone","sent_at":"2026-03-01T02:00:00Z","content":"x"})");
    request.doc.set("case_id", helped).set("to_body", to);
    REQUIRE(w.hub.ledger->write(request, system_actor(), w.hub.env.now()));
  }
  const Json got = *w.figures(TestHub::officer("a1"), "year");
  const auto row = [&](std::size_t at) {
    const Json& one = got["categories"].items()[at];
    return one["count"].as_string() + one["serious"].as_string() + one["own"].as_string() +
           one["helped"].as_string() + one["national"].as_string();
  };
  REQUIRE(got["categories"].size() == 12);  // ten in the order of the table, unclassified, sum
  CHECK(row(2) == "21111");                 // malware
  CHECK(row(0) == "00000");
  CHECK(row(10) == "10100");
  CHECK(row(11) == "31211");
  std::vector<std::string> counts;
  for (const auto& one : got["severities"].items()) counts.push_back(one["count"].as_string());
  CHECK(counts == std::vector<std::string>{"1", "1", "1", "3"});
  CHECK((*w.figures(system_actor(), "province"))["categories"] == got["categories"]);
}

TEST_CASE("only the province sees the figures of all agencies") {
  World w;
  w.add_case("a1", "2026-03-01T01:00:00Z");
  w.add_case("b1", "2026-04-01T01:00:00Z");
  REQUIRE(w.records.create(system_actor(), "document",
                           Json::object({{"agency_id", "b1"},
                                         {"doc", Json::object({{"type", "yearly_report"},
                                                               {"sent_on", "2026-11-10"},
                                                               {"number", "01/BC"},
                                                               {"period", "2026"}})}})));
  for (const char* root : {"province", "late", "ranking"}) {
    CHECK_FALSE(w.figures(TestHub::officer("a1"), root));
    CHECK(w.figures(system_actor(), root));
  }
  const Json got = *w.figures(system_actor(), "province");
  CHECK(got["agency_count"].as_string() == "2");
  CHECK(got["reported"].as_string() == "1");
  CHECK(got["not_reported"].as_string() == "1");
  CHECK(got["incident_count"].as_string() == "2");
  CHECK(got["rows"].items()[0]["incidents"].as_string() == "1");
}

}  // namespace year_report_test
