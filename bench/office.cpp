// SPDX-License-Identifier: Apache-2.0
// A province's list of equipment, invented: what an import and an export of a register cost. An "event" is a
// row here.
#include <fmt/format.h>

#include "base/json_schema.h"
#include "base/legacy_vietnamese.h"
#include "bench/bench.h"
#include "report/import_rows.h"
#include "report/xlsx_writer.h"
#include "report/zip_reader.h"

namespace phendau::bench {
namespace {

constexpr std::uint64_t kImportRows = 10'000;
constexpr std::uint64_t kExportRows = 100'000;

report::Workbook equipment(std::uint64_t rows) {
  report::Sheet sheet;
  sheet.name = "Danh m\u1ee5c";
  sheet.titles = {"\u1ee6Y BAN NH\u00c2N D\u00c2N T\u1ec8NH", "DANH M\u1ee4C THI\u1ebeT B\u1eca"};
  for (const char* title : {"STT", "T\u00ean thi\u1ebft b\u1ecb", "\u0110\u01a1n v\u1ecb", "S\u1ed1 m\u00e1y",
                            "Ng\u00e0y mua", "Gi\u00e1", "T\u00ecnh tr\u1ea1ng", "Ng\u01b0\u1eddi gi\u1eef",
                            "\u0110i\u1ec7n tho\u1ea1i", "Ghi ch\u00fa"})
    sheet.columns.push_back({title, 0});
  for (std::uint64_t i = 0; i < rows; ++i) {
    const auto n = static_cast<std::int64_t>(i);
    sheet.rows.push_back(
        {report::Cell::of_number(n + 1),
         report::Cell::of_text(fmt::format("M\u00e1y t\u00ednh x\u00e1ch tay s\u1ed1 {}", i)),
         report::Cell::of_text(fmt::format("\u1ee6y ban nh\u00e2n d\u00e2n x\u00e3 s\u1ed1 {}", i % 200)),
         report::Cell::of_text(fmt::format("{:08}", i * 7919)),
         report::Cell::of_date(civil_from_days(18'000 + n % 2'000)),
         report::Cell::of_number(n % 97 * 1'250'000 + 500),
         report::Cell::of_text(i % 5 == 0 ? "h\u1ecfng" : "\u0111ang d\u00f9ng"),
         report::Cell::of_text(fmt::format("Nguy\u1ec5n Th\u1ecb H\u1ed3ng {}", i % 2'000)),
         report::Cell::of_text(fmt::format("09{:08}", i)),
         // One row in fifty has a mistake that the import must tell.
         report::Cell::of_text(i % 50 == 0 ? "31/02/2024" : "05/03/2024")});
  }
  return {"", "", {std::move(sheet)}};
}

std::vector<report::WantedColumn> columns() {
  using Type = report::ColumnType;
  return {{"name", {"T\u00ean thi\u1ebft b\u1ecb"}, Type::text, {}, true},
          {"agency", {"\u0110\u01a1n v\u1ecb"}, Type::text, {}, true},
          {"serial", {"S\u1ed1 m\u00e1y"}, Type::text, {}, false},
          {"bought_on", {"Ng\u00e0y mua"}, Type::date, {}, false},
          {"price", {"Gi\u00e1"}, Type::integer, {}, false},
          {"state",
           {"T\u00ecnh tr\u1ea1ng"},
           Type::text,
           {{"in_use", {"\u0111ang d\u00f9ng"}}, {"broken", {"h\u1ecfng"}}},
           false},
          {"holder", {"Ng\u01b0\u1eddi gi\u1eef"}, Type::text, {}, false},
          {"phone", {"\u0110i\u1ec7n tho\u1ea1i"}, Type::text, {}, false},
          {"checked_on", {"Ghi ch\u00fa"}, Type::date, {}, false}};
}

void import(const std::string& bytes) {
  const auto wanted = columns();
  const auto table = report::read_table(bytes, report::options_for(wanted));
  if (!table) give_up(table.error().message);
  const auto result = report::import_rows(*table, wanted);
  if (!result || result->rows.size() + result->errors_total != kImportRows ||
      result->errors_total != kImportRows / 50)
    give_up("the import lost rows");
  keep(result->rows.size());
}

}  // namespace

std::vector<Pair> office_pairs() {
  const auto book = std::make_shared<report::Workbook>(equipment(kImportRows));
  const auto big = std::make_shared<report::Workbook>(equipment(kExportRows));
  auto written = report::write_xlsx(*book);
  if (!written) give_up(written.error().message);
  const auto xlsx = std::make_shared<std::string>(std::move(*written));
  const auto csv = std::make_shared<std::string>(report::write_csv(book->sheets[0]));
  return {{.name = "office import, XLSX",
           .baseline = "unpacking the ZIP",
           .events = kImportRows,
           .ours = [xlsx] { import(*xlsx); },
           .base = [xlsx] { keep(report::read_zip(*xlsx)->size()); }},
          {.name = "office import, CSV",
           .baseline = "decoding UTF-8",
           .events = kImportRows,
           .ours = [csv] { import(*csv); },
           .base = [csv] { keep(convert_to_utf8(*csv, TextEncoding::utf8)->text.size()); }},
          {.name = "office export, XLSX",
           .baseline = "the same as CSV",
           .events = kExportRows,
           .pairs = 3,
           .ours = [big] { keep(report::write_xlsx(*big)->size()); },
           .base = [big] { keep(report::write_csv(big->sheets[0]).size()); }}};
}

}  // namespace phendau::bench
