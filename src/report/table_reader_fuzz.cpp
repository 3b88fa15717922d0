// SPDX-License-Identifier: Apache-2.0
// Any bytes as a file, and as the parts of a workbook (split at byte 1: sheet, shared texts, styles): a table
// whose cells are valid UTF-8 and whose rows are as long as the header, or an error with a text. What was
// read goes through import_rows and back through the XLSX writer.
#include "base/text.h"
#include "report/import_rows.h"
#include "report/xlsx_writer.h"
#include "report/zip_writer.h"

namespace {

using namespace phendau;

std::string workbook(std::string_view bytes) {
  auto parts = split(bytes, '\x01');
  parts.resize(3);
  constexpr std::string_view kLinks =
      "<Relationships><Relationship Id=\"a\" Type=\"x/worksheet\" Target=\"s.xml\"/><Relationship Id=\"b\" "
      "Type=\"x/sharedStrings\" Target=\"t.xml\"/><Relationship Id=\"c\" Type=\"x/styles\" "
      "Target=\"y.xml\"/></Relationships>";
  auto zip = report::write_zip({{"xl/workbook.xml", "<workbook><sheet name=\"S\" id=\"a\"/></workbook>"},
                                {"xl/_rels/workbook.xml.rels", std::string(kLinks)},
                                {"xl/s.xml", std::string(parts[0])},
                                {"xl/t.xml", std::string(parts[1])},
                                {"xl/y.xml", std::string(parts[2])}});
  PHENDAU_ASSERT(zip.has_value());
  return std::move(*zip);
}

void check(std::string_view file, const report::TableOptions& options,
           const std::vector<report::WantedColumn>& columns) {
  const auto table = report::read_table(file, options);
  if (!table) {
    PHENDAU_ASSERT(has_text(table.error().text_id));
    return;
  }
  for (const auto& row : table->rows) {
    PHENDAU_ASSERT(row.cells.size() == std::max<std::size_t>(1, table->header.size()));
    for (const auto& cell : row.cells) PHENDAU_ASSERT(is_valid_utf8(cell.text));
  }
  if (const auto imported = report::import_rows(*table, columns)) {
    PHENDAU_ASSERT(imported->rows.size() + imported->rows_wrong + imported->rows_skipped.size() ==
                   table->rows.size());
  }
  report::Workbook book{"", "", {{"S", {}, {}, {}}}};
  for (const auto& title : table->header) book.sheets[0].columns.push_back({title, 0});
  if (book.sheets[0].columns.empty()) return;
  for (const auto& row : table->rows) book.sheets[0].rows.push_back(row.cells);
  static_cast<void>(report::write_xlsx(book).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  using Type = report::ColumnType;
  static const std::vector<report::WantedColumn> columns = {
      {"a", {"ngay"}, Type::date, {}, false},   {"b", {"ten"}, Type::text, {}, true},
      {"c", {"so"}, Type::number, {}, false},   {"d", {"luc"}, Type::date_time, {}, false},
      {"e", {"dat"}, Type::boolean, {}, false}, {"f", {"nhom"}, Type::texts, {}, false}};
  for (const auto& options : {report::TableOptions{}, report::options_for(columns)}) {
    check(bytes, options, columns);
    check(workbook(bytes), options, columns);
  }
  return 0;
}
