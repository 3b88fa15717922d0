// SPDX-License-Identifier: Apache-2.0
// Proves that what is written reads back the same, that nothing becomes a formula, and that the bytes depend
// on the table alone.
#include "report/xlsx_writer.h"

#include <doctest/doctest.h>

#include "report/table_reader.h"
#include "report/zip_reader.h"

namespace phendau::report::xlsx_writer_test {
namespace {

Workbook sample() {
  Workbook book;
  book.title = "B\u00e1o c\u00e1o";
  Sheet sheet;
  sheet.name =
      "Danh s\u00e1ch [2026]: m\u1ee5c l\u1ee5c r\u1ea5t d\u00e0i, h\u01a1n ba m\u01b0\u01a1i ch\u1eef";
  sheet.titles = {"U\u1ef6 BAN NH\u00c2N D\u00c2N T\u1ec8NH", "Danh s\u00e1ch thi\u1ebft b\u1ecb"};
  sheet.columns = {{"T\u00ean", 0},      {"S\u1ed1 m\u00e1y", 0}, {"Gi\u00e1", 12},
                   {"Ng\u00e0y mua", 0}, {"L\u00fac", 0},         {"C\u00f2n", 0}};
  sheet.rows = {
      {Cell::of_text("=cmd|'/c calc'!A1"), Cell::of_text("000123"), Cell::of_number(1234.5),
       Cell::of_date({2024, 2, 29}), Cell::of_date_time({{2026, 3, 5}, 14, 30, 59, 0}),
       Cell::of_boolean(true)},
      {Cell::of_text("a<b>&\"\x01\n_x0041_ \u1ea1"), Cell{}, Cell::of_number(std::int64_t{-7}),
       Cell::of_date({1899, 1, 1})},
      {Cell::of_text("+84"), Cell::of_number(std::int64_t{9007199254740993}), Cell::of_number(1e300)}};
  book.sheets = {sheet, sheet};
  return book;
}

std::string part(const std::string& bytes, std::string_view name) {
  const auto entries = read_zip(bytes);
  REQUIRE(entries.has_value());
  for (const auto& entry : *entries) {
    if (entry.name == name) return entry.bytes;
  }
  return "";
}

}  // namespace

TEST_CASE("what was written is read back") {
  const auto bytes = write_xlsx(sample());
  REQUIRE(bytes.has_value());
  TableOptions options;
  options.wanted = {{"S\u1ed1 m\u00e1y"}, {"Ng\u00e0y mua"}};
  const auto table = read_table(*bytes, options);
  REQUIRE(table.has_value());
  CHECK(table->header_row == 3);
  CHECK(table->header.size() == 6);
  const auto expected = sample().sheets[0].rows;
  REQUIRE(table->rows.size() == 3);
  CHECK(table->rows[0].cells == expected[0]);
  CHECK(table->rows[1].cells[0].text == "a<b>&\"\x01\n_x0041_ \u1ea1");
  CHECK(table->rows[1].cells[2].text == "-7");
  CHECK(table->rows[1].cells[3].text == "01/01/1899");  // before Excel's calendar: text
  CHECK(table->rows[2].cells[1] ==
        Cell{CellKind::text, "9007199254740993"});  // more digits than a double: text, whole
  CHECK(table->rows[2].cells[2].text == "1e+300");
}

TEST_CASE("bytes are deterministic, texts are no formulas, names are fit for Excel") {
  const std::string bytes = *write_xlsx(sample());
  CHECK(*write_xlsx(sample()) == bytes);
  const std::string sheet = part(bytes, "xl/worksheets/sheet1.xml");
  CHECK(sheet.find("<f") == std::string::npos);
  CHECK(sheet.find("s=\"4\" t=\"inlineStr\"><is><t xml:space=\"preserve\">=cmd") !=
        std::string::npos);  // quoted style
  CHECK(part(bytes, "xl/styles.xml").find("quotePrefix=\"1\"") != std::string::npos);
  CHECK(sheet.find("state=\"frozen\"") != std::string::npos);
  CHECK(sheet.find("<mergeCell ref=\"A1:F1\"/>") != std::string::npos);
  const std::string book = part(bytes, "xl/workbook.xml");
  CHECK(book.find("[2026]") == std::string::npos);
  CHECK(book.find(" 2\" sheetId=\"2\"") != std::string::npos);  // the same name twice
}

TEST_CASE("limits") {
  CHECK(write_xlsx({}).error().code == ErrorCode::invalid);
  Workbook book = sample();
  book.sheets[0].rows[0].resize(7);
  CHECK(write_xlsx(book).error().code == ErrorCode::invalid);
  book = sample();
  book.sheets[0].rows[0][0] = Cell::of_text(std::string(kCellCharactersMax + 1, 'a'));
  const auto error = write_xlsx(book).error();
  CHECK(error.code == ErrorCode::limit);
  CHECK(error.args.at(0) == "4");
  CHECK(has_text(error.text_id));
}

TEST_CASE("CSV of a sheet") {
  const std::string csv = write_csv(sample().sheets[0]);
  CHECK(csv.starts_with("\xEF\xBB\xBF\"T\u00ean\","));
  CHECK(csv.find("\"'=cmd|'/c calc'!A1\",\"000123\",\"1234,5\",\"29/02/2024\",\"05/03/2026 "
                 "14:30:59\",\"true\"\r\n") != std::string::npos);
}

}  // namespace phendau::report::xlsx_writer_test
