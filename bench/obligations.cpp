// SPDX-License-Identifier: Apache-2.0
// The obligation engine at the size of a large province: all five packs at once, 200 agencies, 2,000
// officers, 50,000 devices with 20 facts each, one year of records. Prints absolute numbers and, for each,
// the same work done without the board in the same run: judging whole agencies again.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include <fmt/format.h>

#include "bench/bench.h"
#include "comply/board.h"
#include "hub/obligation_matrix.h"
#include "hub/pack.h"
#include "os/env.h"

namespace phendau::bench {
namespace {

constexpr int kAgencies = 200;
constexpr int kOfficers = 2'000;
constexpr int kDevices = 50'000;
constexpr int kFactsPerDevice = 20;
constexpr int kRecordsPerKind = 12;  // per agency: one a month
constexpr int kSamples = 300;
const UtcTime kNow = *parse_rfc3339("2026-11-24T10:00:00+07:00");
const std::string kPacks = PHENDAU_SOURCE_DIR "/packs";

double resident_mb() {
  std::ifstream in("/proc/self/statm");
  long pages = 0;
  in >> pages >> pages;
  return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

std::string agency_id(int i) { return fmt::format("01HZAGENCY000000000000{:04}", i); }
std::string device_id(int i) { return fmt::format("01HZDEVICE00000000{:08}", i); }

/// What all packs ask, in one catalogue.
comply::Catalog all_packs(std::vector<Fact>& facts) {
  comply::Catalog out;
  std::set<std::string> kinds;
  for (const auto& entry : std::filesystem::directory_iterator(kPacks)) {
    auto pack = hub::load_valid_pack(posix_env(), entry.path().string());
    if (!pack) give_up(pack.error().message);
    std::move(pack->catalog.clauses.begin(), pack->catalog.clauses.end(), std::back_inserter(out.clauses));
    out.scopes.merge(pack->catalog.scopes);
    out.posture_rules.merge(pack->catalog.posture_rules);
    out.work_calendar = pack->catalog.work_calendar;
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kPacks + "/base/rules")) {
    std::vector<ContentError> errors;
    if (!entry.path().string().ends_with(".tests.yaml")) continue;
    const std::string text = *read_file(posix_env(), entry.path().string());
    for (const auto& one : hub::parse_posture_examples(text, entry.path().string(), errors)) {
      if (one.fact && one.expected == Status::met && !one.fact->rows.empty() &&
          kinds.insert(one.fact->kind).second)
        facts.push_back(*one.fact);
    }
  }
  for (std::size_t i = 0; facts.size() < kFactsPerDevice; ++i) {  // kinds that no clause asks for yet
    Fact more = facts[i];
    more.kind += "_more";
    facts.push_back(std::move(more));
  }
  return out;
}

void put_devices(comply::Board& board, const std::vector<Fact>& facts) {
  for (int i = 0; i < kDevices; ++i) {
    comply::Subject device;
    device.kind = comply::SubjectKind::device;
    device.id = device_id(i);
    device.agency_id = agency_id(i % kAgencies);
    device.name = fmt::format("PC-{}", i);
    device.attributes =
        Json::object({{"hostname", device.name}, {"os", "linux"}, {"is_server", i % 10 == 0}});
    board.put_subject(std::move(device));
    for (Fact fact : facts) {
      fact.device_id = device_id(i);
      fact.collected_at = kNow - minutes(i % 600);
      board.put_fact(std::move(fact));
    }
  }
}

void put_records(comply::Board& board, const comply::Catalog& catalog) {
  std::set<std::string> kinds;
  std::set<std::string> triggers;
  for (const auto& clause : catalog.clauses) {
    for (const auto& part : clause.parts) {
      if (part.trigger && part.trigger->source == comply::Trigger::Source::reg)
        triggers.insert(part.trigger->ref);
      for (const auto& way : part.satisfied_by) {
        if (way.kind == comply::SatisfierKind::reg) kinds.insert(way.ref);
      }
    }
  }
  kinds.insert(triggers.begin(), triggers.end());
  kinds.insert("document");
  for (int a = 0; a < kAgencies; ++a) {
    for (const auto& kind : kinds) {
      for (int i = 0; i < kRecordsPerKind; ++i) {
        comply::RegisterRecord one;
        one.kind = kind;
        one.id = fmt::format("{}-{}-{}", kind, a, i);
        one.agency_id = agency_id(a);
        one.state = "done";
        one.at = one.entered_at = kNow - days(30 * i + 1);
        one.document = Json::object({{"name", one.id}, {"left_on", format_rfc3339(one.at)}, {"by", "An"}});
        board.put_record(std::move(one));
      }
    }
    board.put_case({fmt::format("case-{}", a), "incident", agency_id(a), "x", kNow - days(a % 300), {}, {}});
  }
}

void put_province(comply::Board& board, const comply::Catalog& catalog, const std::vector<Fact>& facts) {
  for (int i = 0; i < kAgencies; ++i) {
    comply::Subject agency;
    agency.id = agency.agency_id = agency_id(i);
    agency.name = fmt::format("UBND {}", i);
    agency.attributes = Json::object({{"has_own_systems", true}, {"unit_class", "commune"}});
    board.put_subject(std::move(agency));
  }
  for (int i = 0; i < kOfficers; ++i) {
    comply::Subject person;
    person.kind = comply::SubjectKind::person;
    person.id = fmt::format("01HZPERSON00000000{:08}", i);
    person.agency_id = agency_id(i % kAgencies);
    board.put_subject(std::move(person));
  }
  put_records(board, catalog);
  put_devices(board, facts);
}

void print(std::string_view what, double ours, std::string_view unit, std::string_view baseline,
           double base) {
  std::printf("%-44s %10.2f %-4s %-44s %10.2f %-4s ours takes %8.5f x its time\n", std::string(what).c_str(),
              ours, std::string(unit).c_str(), std::string(baseline).c_str(), base, std::string(unit).c_str(),
              ours / base);
  std::fflush(stdout);
}

void run_reads(const comply::Board& board) {
  std::vector<std::pair<std::string, std::string>> columns;
  for (int i = 0; i < kAgencies; ++i) columns.emplace_back(agency_id(i), fmt::format("UBND {}", i));
  std::size_t bytes = 0;
  const Sampled matrix =
      sample(60, [&](int) { bytes = hub::matrix_json(board, "p@0", "[]", columns).size(); });
  const double recount = seconds_of([&] {
    std::map<std::pair<std::string_view, std::string_view>, comply::RollUp> cells;
    for (const auto& row : board.page({}, 0, SIZE_MAX).rows)
      cells[{row.clause->id, row.agency_id}].add(row.status);
    keep(cells.size());
  });
  print(fmt::format("matrix p95 ({:.1f} MB of JSON)", static_cast<double>(bytes) / 1e6), matrix.p95 * 1e3,
        "ms", "counting every row for it", recount * 1e3);
  const std::size_t rows = board.row_count();
  const auto list = [&](comply::Board::Filter filter, std::size_t offset) {
    for (const auto& one : board.details(board.page(filter, offset, 50).rows, kNow))
      keep(to_json(one, Lang::vi).size());
  };
  std::mt19937 random(1);
  const Sampled any = sample(kSamples, [&](int) { list({}, random() % rows); });
  const Sampled first = sample(kSamples, [&](int) { list({}, 0); });
  const Sampled filtered = sample(kSamples, [&](int i) {
    comply::Board::Filter filter;
    const std::string agency = agency_id(i % kAgencies);
    filter.agency_id = agency;
    filter.clause_id =
        board.catalog().clauses[static_cast<std::size_t>(i) % board.catalog().clauses.size()].id;
    list(filter, 0);
  });
  const Sampled by_clause = sample(kSamples, [&](int i) {
    comply::Board::Filter filter;
    filter.clause_id =
        board.catalog().clauses[static_cast<std::size_t>(i) % board.catalog().clauses.size()].id;
    list(filter, 0);
  });
  const double sorted = seconds_of([&] {
    auto all = board.page({}, 0, SIZE_MAX).rows;
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
      return comply::severity(a.status) < comply::severity(b.status);
    });
    keep(all.size());
  });
  print("list p95, any page of the whole province", any.p95 * 1e3, "ms", "sorting every row", sorted * 1e3);
  print("list p95, first page", first.p95 * 1e3, "ms", "sorting every row", sorted * 1e3);
  print("list p95, one clause, all agencies", by_clause.p95 * 1e3, "ms", "sorting every row", sorted * 1e3);
  print("list p95, one clause, one agency", filtered.p95 * 1e3, "ms", "sorting every row", sorted * 1e3);
  const Sampled device = sample(kSamples, [&](int i) {
    keep(board.counts_of_subject(comply::SubjectKind::device, device_id(i * 7))[0]);
  });
  std::printf("counts of one device: p95 %.1f us\n", device.p95 * 1e6);
}

}  // namespace

void obligations_report() {
  std::vector<Fact> facts;
  const comply::Catalog catalog = all_packs(facts);
  std::size_t parts = 0;
  std::size_t device_parts = 0;
  for (const auto& clause : catalog.clauses) {
    parts += clause.parts.size();
    for (const auto& part : clause.parts) device_parts += part.subject == comply::SubjectKind::device ? 1 : 0;
  }
  std::printf(
      "obligations: %zu clauses, %zu parts (%zu about devices), %d agencies, %d officers, %d devices x %zu "
      "facts\n",
      catalog.clauses.size(), parts, device_parts, kAgencies, kOfficers, kDevices, facts.size());
  const double before = resident_mb();
  comply::Board board(catalog);
  const double put = seconds_of([&] { put_province(board, catalog, facts); });
  const double known = resident_mb();
  const double full = seconds_of([&] { board.settle(kNow); });
  std::printf(
      "put in: %.1f s; rows: %zu of %zu bytes; resident: %.0f MB with what is known, %.0f MB with the "
      "board\n",
      put, board.row_count(), sizeof(comply::BoardRow), known - before, resident_mb() - before);
  const int some = 10;
  std::size_t judged = 0;
  const double heavy = seconds_of([&] {
    for (int i = 0; i < some; ++i)
      judged += assess_agency(catalog, board.knowledge(), agency_id(i * 19), kNow).size();
  });
  keep(judged);
  print("full evaluation", full, "s", "all agencies with reasons, nothing kept", heavy * kAgencies / some);

  std::mt19937 random(7);
  const Sampled changed = sample(2'000, [&](int i) {
    Fact fact = facts[static_cast<std::size_t>(i) % facts.size()];
    fact.device_id = device_id(static_cast<int>(random() % kDevices));
    fact.collected_at = kNow;
    board.put_fact(std::move(fact));
    keep(board.settle(kNow).judged);
  });
  print("one changed fact, median", changed.median * 1e6, "us", "judging its agency again",
        heavy / some * 1e6);
  print("one changed fact, p95", changed.p95 * 1e6, "us", "judging its agency again", heavy / some * 1e6);
  const Sampled record = sample(500, [&](int i) {
    comply::RegisterRecord one;
    one.kind = "log_review";
    one.id = fmt::format("new-{}", i);
    one.agency_id = agency_id(i % kAgencies);
    one.at = kNow;
    board.put_record(std::move(one));
    keep(board.settle(kNow).judged);
  });
  print("one new record, p95", record.p95 * 1e6, "us", "judging its agency again", heavy / some * 1e6);
  const double stale = seconds_of([&] { keep(board.settle(kNow + days(2)).transitions.size()); });
  std::printf("two days without a word (every fact grows stale): %.2f s\n", stale);
  run_reads(board);
}

}  // namespace phendau::bench
