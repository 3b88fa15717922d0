// SPDX-License-Identifier: Apache-2.0
// The register of equipment of a large province: 200 agencies, a table of 10,000 rows imported as its upload
// imports it (rights, schema, uniqueness, guard, ledger), then 50,000 things in lists. Prints absolute
// numbers, and for lists the time of one look at every record of the kind in the same run.
#include <cstdio>

#include <fmt/format.h>

#include "bench/bench.h"
#include "hub/hub_test_folder.h"
#include "hub/record_tables.h"
#include "hub/records.h"
#include "report/xlsx_writer.h"

namespace phendau::bench {
namespace {

constexpr int kAgencies = 200;
constexpr int kImportRows = 10'000;
constexpr int kThings = 50'000;
constexpr int kSamples = 100;
constexpr std::size_t kPerWrite = 1'000;
constexpr const char* kKind = "asset";

using hub::Records;

std::string agency_id(int i) { return fmt::format("01HZAGENCY000000000000{:04}", i); }

template <class T>
T must(Result<T>&& result) {
  if (!result) give_up(result.error().message);
  return std::move(*result);
}

/// A list as offices keep it: a title above, and in every fiftieth row a kind that does not exist.
std::string table() {
  report::Sheet sheet;
  sheet.name = "Danh m\u1ee5c";
  sheet.titles = {"DANH M\u1ee4C THI\u1ebeT B\u1eca"};
  for (const char* title : {"C\u01a1 quan", "T\u00ean thi\u1ebft b\u1ecb", "Lo\u1ea1i", "S\u1ed1 m\u00e1y",
                            "Ng\u01b0\u1eddi gi\u1eef", "D\u00f9ng t\u1eeb ng\u00e0y"})
    sheet.columns.push_back({title, 0});
  for (int i = 0; i < kImportRows; ++i) {
    sheet.rows.push_back({report::Cell::of_text("Agency " + agency_id(i % kAgencies)),
                          report::Cell::of_text(fmt::format("M\u00e1y s\u1ed1 {}", i)),
                          report::Cell::of_text(i % 50 == 0 ? "m\u00e1y may" : "M\u00e1y x\u00e1ch tay"),
                          report::Cell::of_text(fmt::format("T{:08}", i)),
                          report::Cell::of_text(fmt::format("Nguy\u1ec5n Th\u1ecb H\u1ed3ng {}", i % 2'000)),
                          report::Cell::of_date(civil_from_days(18'000 + i % 2'000))});
  }
  return must(report::write_xlsx({"", "", {std::move(sheet)}}));
}

void fill(hub::TestHub& hub) {
  static constexpr const char* kStates[] = {"in_use", "in_use", "in_use", "spare", "in_repair"};
  static constexpr const char* kKinds[] = {"workstation", "laptop", "printer", "server", "ups"};
  ledger::WriteBatch batch;
  for (int i = kImportRows; i < kThings; ++i) {
    ledger::Write write;
    write.kind = kKind;
    write.id = new_ulid(hub.env);
    write.agency_id = agency_id(i % kAgencies);
    write.state = kStates[i % 5];
    write.doc = Json::object({{"name", fmt::format("M\u00e1y s\u1ed1 {}", i)},
                              {"kind", kKinds[i % 5]},
                              {"serial", fmt::format("T{:08}", i)},
                              {"holder", fmt::format("Tr\u1ea7n V\u0103n {}", i % 2'000)}});
    write.reason = "bench";
    batch.writes.push_back(std::move(write));
    if (batch.writes.size() < kPerWrite && i + 1 < kThings) continue;
    must(hub.ledger->write_batch(std::exchange(batch, {}), system_actor(), hub.env.now()));
  }
}

void print_list(const char* name, double base, const std::function<void(int)>& work) {
  const Sampled took = sample(kSamples, work);
  std::printf("  %-44s median %8.2f ms   p95 %8.2f ms   %.4f x a look at every record\n", name,
              took.median * 1e3, took.p95 * 1e3, took.median / base);
  std::fflush(stdout);
}

void lists(hub::TestHub& hub, Records& records) {
  const double base = seconds_of([&] {
    ledger::Query query;
    query.kind = kKind;
    keep(must(ledger::all_records(*hub.ledger, ledger::by_id(query), hub::everything())).size());
  });
  std::printf("  a look at every record                       %8.0f ms\n", base * 1e3);
  const Actor province = system_actor();
  const auto page = [&](const Actor& actor, const Records::Query& query) {
    const Json found = must(records.list(actor, kKind, query));
    keep(found["items"].size());
    return found["next_cursor"].string_or("");
  };
  const auto one = [&](const char* name, const std::function<Records::Query(int)>& query) {
    print_list(name, base, [&](int i) { page(province, query(i)); });
  };
  one("province, newest first", [](int) { return Records::Query{}; });
  Records::Query walk;
  print_list("province, the next page, 100 pages deep", base,
             [&](int) { walk.cursor = page(province, walk); });
  for (const char* field : {"name", "-serial", "state", "agency_id"}) {
    one(fmt::format("province, by {}", field).c_str(), [&](int) {
      Records::Query query;
      query.order_by = field;
      return query;
    });
  }
  one("province, one state", [](int) {
    Records::Query query;
    query.states = {"spare"};
    return query;
  });
  one("province, one agency", [](int i) {
    Records::Query query;
    query.agency_id = agency_id(i);
    return query;
  });
  one("province, one kind of equipment", [](int) {
    Records::Query query;
    query.equals = {{"kind", "server"}};
    return query;
  });
  one("province, a serial number", [](int i) {
    Records::Query query;
    query.equals = {{"serial", fmt::format("T{:08}", 20'000 + i * 7)}};
    return query;
  });
  one("province, words that many have", [](int) {
    Records::Query query;
    query.text = "may so";
    return query;
  });
  one("province, words that few have", [](int i) {
    Records::Query query;
    query.text = fmt::format("van {}", i + 900);
    return query;
  });
  one("province, a word that nobody has", [](int i) {
    Records::Query query;
    query.text = fmt::format("khong co {}", i);
    return query;
  });
  print_list("an agency's officer, newest first", base,
             [&](int i) { page(hub::TestHub::officer(agency_id(i)), {}); });
}

}  // namespace

void registers_report() {
  hub::TestHub hub;
  for (int i = 0; i < kAgencies; ++i) hub.add_agency(agency_id(i));
  Records records(*hub.services);
  must(records.create(system_actor(), "role_binding",
                      Json::object({{"doc", Json::object({{"slot", "lead_department"},
                                                          {"agency_id", agency_id(0)},
                                                          {"from", "2020-01-01"}})}})));
  hub::RecordTables tables(*hub.services, records);
  hub::RecordTables::Options options;
  options.file_name = "t.xlsx";
  options.good_rows_only = true;
  const std::string bytes = table();
  Json report;
  const double preview =
      seconds_of([&] { report = must(tables.preview(system_actor(), kKind, options, bytes)); });
  const double import =
      seconds_of([&] { report = must(tables.import(system_actor(), kKind, options, bytes)); });
  const double again = seconds_of(
      [&] { keep(must(tables.import(system_actor(), kKind, options, bytes))["written"].as_int()); });
  if (report["written"].as_int() != kImportRows - kImportRows / 50) give_up("the import lost rows");
  std::printf("registers: %d rows of XLSX, one in fifty wrong: preview %.1f s, import %.1f s, again %.1f s\n",
              kImportRows, preview, import, again);
  std::printf("registers: %d things of %d agencies filled in %.1f s\n", kThings, kAgencies,
              seconds_of([&] { fill(hub); }));
  lists(hub, records);
}

}  // namespace phendau::bench
