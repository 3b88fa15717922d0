// SPDX-License-Identifier: Apache-2.0
// Proves how cells become values, that every mistake names row and column, and that what is good is taken.
#include "report/import_rows.h"

#include <doctest/doctest.h>

namespace phendau::report::import_rows_test {
namespace {

Json schema() {
  return *parse_json(R"({
    "type": "object", "required": ["name", "agency"], "additionalProperties": false,
    "properties": {
      "name": {"type": "string", "title": "H\u1ecd v\u00e0 t\u00ean", "x-title-en": "Name", "minLength": 3},
      "agency": {"type": "string", "title": "\u0110\u01a1n v\u1ecb", "x-import-titles": ["C\u01a1 quan"]},
      "born_on": {"type": "string", "format": "date", "title": "Ng\u00e0y sinh"},
      "seen_at": {"type": "string", "format": "date-time", "title": "L\u1ea7n cu\u1ed1i"},
      "phone": {"type": "string", "title": "\u0110i\u1ec7n tho\u1ea1i"},
      "machines": {"type": "integer", "title": "S\u1ed1 m\u00e1y", "minimum": 0},
      "share": {"type": "number", "title": "H\u1ec7 s\u1ed1"},
      "trained": {"type": "boolean", "title": "T\u1eadp hu\u1ea5n"},
      "level": {"type": "string", "enum": ["basic", "deep"], "title": "M\u1ee9c",
                "x-titles-vi": {"basic": "c\u01a1 b\u1ea3n", "deep": "chuy\u00ean s\u00e2u"}},
      "skills": {"type": "array", "items": {"type": "string"}, "title": "K\u1ef9 n\u0103ng"},
      "nested": {"type": "object"}
    }})");
}

Table table_of(std::vector<std::string> header, std::vector<std::vector<Cell>> rows) {
  Table table;
  table.header = std::move(header);
  std::uint32_t number = 16;
  for (auto& row : rows) {
    row.resize(table.header.size());
    table.rows.push_back({++number, std::move(row)});
  }
  return table;
}

Cell text(std::string value) { return Cell::of_text(std::move(value)); }

}  // namespace

TEST_CASE("columns come from the schema") {
  const auto columns = columns_of_schema(schema());
  REQUIRE(columns.size() == 10);  // not the object
  CHECK(columns[0].required);
  CHECK(columns[0].titles == std::vector<std::string>{"H\u1ecd v\u00e0 t\u00ean", "Name", "name"});
  CHECK(columns[2].type == ColumnType::date);
  CHECK(columns[8].words.at(1).words.at(0) == "chuy\u00ean s\u00e2u");
  CHECK(columns[9].type == ColumnType::texts);
  const Sheet form = import_template("M\u1eabu", columns);
  CHECK(form.columns[0].title == "H\u1ecd v\u00e0 t\u00ean (*)");
  CHECK(fold_title(form.columns[0].title) == "ho va ten");  // the form itself can be imported
}

TEST_CASE("good rows become documents") {
  const auto columns = columns_of_schema(schema());
  const auto compiled = JsonSchema::compile(schema());
  REQUIRE(compiled.has_value());
  const Table table =
      table_of({"STT", "HO VA TEN", "C\u01a1 quan:", "Ng\u00e0y sinh (dd/mm/yyyy)", "L\u1ea7n cu\u1ed1i",
                "\u0110i\u1ec7n tho\u1ea1i", "S\u1ed1 m\u00e1y", "H\u1ec7 s\u1ed1", "T\u1eadp hu\u1ea5n",
                "M\u1ee9c", "K\u1ef9 n\u0103ng", "M\u00e0u \u00e1o"},
               {{text("1"), text(" Nguy\u1ec5n V\u0103n A "), text("S\u1edf N\u1ed9i v\u1ee5"),
                 text("5/3/1991"), text("05/03/2026 14h30"), text("0987"), text("1.234"), text("1.234,5"),
                 text("x"), text("Chuy\u00ean S\u00e2u"), text("m\u1ea1ng; m\u00e1y ch\u1ee7"), text("xanh")},
                {text("2"), text("L\u00f2 Th\u1ecb B"), text("UBND"), Cell::of_date({1980, 2, 29}),
                 Cell::of_date({2026, 1, 2}), Cell::of_number(std::int64_t{987}),
                 Cell::of_number(std::int64_t{3}), Cell::of_number(0.5), Cell{}, text("basic"), Cell{}},
                {Cell{}, text("T\u1ed5ng c\u1ed9ng"), Cell{}, Cell{}, Cell{}, Cell{},
                 Cell::of_number(std::int64_t{9})}});
  const auto result = import_rows(table, columns, {&*compiled});
  REQUIRE(result.has_value());
  for (const auto& error : result->errors) MESSAGE(error.to_text(Lang::en));
  REQUIRE(result->rows.size() == 2);
  CHECK(result->rows[0].row == 17);
  const Json& first = result->rows[0].document;
  CHECK(first["name"].as_string() == "Nguy\u1ec5n V\u0103n A");
  CHECK(first["born_on"].as_string() == "1991-03-05");
  CHECK(first["seen_at"].as_string() == "2026-03-05T14:30:00+07:00");
  CHECK(first["phone"].as_string() == "0987");
  CHECK(first["machines"].as_int() == 1234);
  CHECK(first["share"].as_double() == 1234.5);
  CHECK(first["trained"].as_bool());
  CHECK(first["level"].as_string() == "deep");
  CHECK(first["skills"].size() == 2);
  const Json& second = result->rows[1].document;
  CHECK(second["born_on"].as_string() == "1980-02-29");
  CHECK(second["phone"].as_string() == "987");
  CHECK(second["trained"] == Json(false));  // a column of ticks: empty says no
  CHECK_FALSE(second.contains("skills"));
  CHECK(result->rows_skipped == std::vector<std::uint32_t>{19});
  CHECK(result->unknown_titles == std::vector<std::string>{"M\u00e0u \u00e1o"});
}

TEST_CASE("columns beside the document, words of a list, and the apostrophe of our own CSV") {
  auto columns = columns_of_schema(*parse_json(R"({"type": "object", "additionalProperties": false,
      "properties": {"phone": {"type": "string", "title": "Phone"},
                     "roles": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]},
                               "title": "Roles", "x-titles-vi": {"a": "First", "b": "Second"}}}})"));
  columns.push_back({"$owner", {"Owner"}, ColumnType::text, {}, false, true});
  const Table table =
      table_of({"Phone", "Roles", "Owner"},
               {{text("'+84 1"), text("Second; first"), text("X")}, {text("'s"), text("a"), Cell{}}});
  const auto result = import_rows(table, columns);
  REQUIRE(result.has_value());
  REQUIRE(result->rows.size() == 2);
  CHECK(result->rows[0].document.dump() == R"({"phone":"+84 1","roles":["b","a"]})");
  CHECK(result->rows[0].beside.dump() == R"({"$owner":"X"})");
  CHECK(result->rows[1].document["phone"].as_string() == "'s");
}

TEST_CASE("words without an enumeration: known ones become their values, others stay") {
  const auto columns = columns_of_schema(*parse_json(R"({"type": "object", "required": ["type"],
      "properties": {"type": {"type": "string", "title": "Type",
                              "x-titles-vi": {"yearly_report": "Yearly"}}}})"));
  REQUIRE(columns.size() == 1);
  CHECK(columns[0].words.size() == 1);
  const auto result =
      import_rows(table_of({"Type"}, {{text("yearly")}, {text("yearly_report")}, {text("Letter")}}), columns);
  REQUIRE(result.has_value());
  REQUIRE(result->rows.size() == 3);
  CHECK(result->rows[0].document["type"].as_string() == "yearly_report");
  CHECK(result->rows[1].document["type"].as_string() == "yearly_report");
  CHECK(result->rows[2].document["type"].as_string() == "Letter");
}

TEST_CASE("each mistake names its row and column in Vietnamese and English") {
  const auto columns = columns_of_schema(schema());
  const auto compiled = JsonSchema::compile(schema());
  const Table table =
      table_of({"H\u1ecd v\u00e0 t\u00ean", "\u0110\u01a1n v\u1ecb", "Ng\u00e0y sinh", "S\u1ed1 m\u00e1y",
                "H\u1ec7 s\u1ed1", "T\u1eadp hu\u1ea5n", "M\u1ee9c", "L\u1ea7n cu\u1ed1i"},
               {{text("Nguy\u1ec5n"), Cell{}, text("31/02/2024"), text("12,5"), text("nhi\u1ec1u"),
                 text("c\u00f3 th\u1ec3"), text("cao"), text("25:00 01/01/2026")},
                {text("ab"), text("S\u1edf"), text("01/02/24"), Cell::of_number(std::int64_t{1}),
                 Cell{CellKind::error, "#REF!"}},
                {text("ab"), text("S\u1edf"), Cell{}, Cell::of_number(std::int64_t{-1})},
                {text("\u0110\u00fang"), text("S\u1edf"), Cell::of_number(std::int64_t{45356})}});
  const auto result = import_rows(table, columns, {&*compiled});
  REQUIRE(result.has_value());
  CHECK(result->rows.size() == 1);
  CHECK(result->rows[0].document["born_on"].as_string() == "2024-03-05");  // a serial that lost its format
  CHECK(result->rows_wrong == 3);
  REQUIRE(result->errors.size() == 11);
  std::vector<std::string> ids;
  for (const auto& error : result->errors) {
    ids.push_back(std::to_string(error.row) + " " + error.key + " " + error.text_id);
    CHECK(has_text(error.text_id));
  }
  CHECK(ids == std::vector<std::string>{
                   "17 agency import.required", "17 born_on import.date", "17 seen_at import.date_time",
                   "17 machines import.integer", "17 share import.number", "17 trained import.boolean",
                   "17 level import.word", "18 born_on import.date_short_year",
                   "18 share import.formula_error", "19 name import.schema", "19 machines import.schema"});
  CHECK(result->errors[1].to_text(Lang::vi).starts_with(
      "D\u00f2ng 17, c\u1ed9t Ng\u00e0y sinh: \"31/02/2024\""));
  CHECK(result->errors[6].to_text(Lang::en).find("c\u01a1 b\u1ea3n, chuy\u00ean s\u00e2u") !=
        std::string::npos);
  CHECK(result->errors[9].to_text(Lang::vi).find("3") != std::string::npos);
}

TEST_CASE("the header decides: what is missing, what is there twice") {
  const auto columns = columns_of_schema(schema());
  const auto missing = import_rows(table_of({"H\u1ecd v\u00e0 t\u00ean"}, {}), columns);
  REQUIRE(!missing);
  CHECK(missing.error().text_id == "import.missing_columns");
  CHECK(missing.error().args.at(0) == "\u0110\u01a1n v\u1ecb");
  const auto untitled =
      import_rows(table_of({"H\u1ecd v\u00e0 t\u00ean", "\u0110\u01a1n v\u1ecb", "", ""},
                           {{text("Nguy\u1ec5n"), text("S\u1edf"), Cell{}, text("th\u1eeba")}}),
                  columns);
  REQUIRE(untitled.has_value());
  CHECK(untitled->unknown_titles == std::vector<std::string>{"D"});
  const auto twice =
      import_rows(table_of({"H\u1ecd v\u00e0 t\u00ean", "Name", "\u0110\u01a1n v\u1ecb"}, {}), columns);
  REQUIRE(!twice);
  CHECK(twice.error().text_id == "import.column_twice");
}

TEST_CASE("dates and numbers as offices write them") {
  const struct {
    const char* text;
    const char* date;
  } dates[] = {{"5/3/2024", "2024-03-05"},
               {"05-03-2024", "2024-03-05"},
               {"05.03.2024", "2024-03-05"},
               {"2024-03-05", "2024-03-05"},
               {"ng\u00e0y 5 th\u00e1ng 3 n\u0103m 2024", "2024-03-05"},
               {"29/02/2023", ""},
               {"12/31/2024", ""},
               {"03/2024", ""},
               {"5/3/24", ""},
               {"5/3/2024x", ""},
               {"", ""},
               {"1/1/1899", ""}};
  for (const auto& one : dates) {
    const auto date = parse_date_vietnamese(one.text);
    CHECK((date ? format_date(*date) : "") == one.date);
  }
  const struct {
    const char* text;
    double value;
  } numbers[] = {{"1.234,5", 1234.5},    {"1,234.5", 1234.5},    {"1.234", 1234},          {"1,5", 1.5},
                 {"1.5", 1.5},           {"0.500", 0.5},         {"1 234 567", 1234567},   {"-12", -12},
                 {"1.234.567", 1234567}, {"1,234,567", 1234567}, {"1234,5678", 1234.5678}, {"007", 7}};
  for (const auto& one : numbers) CHECK(parse_number_vietnamese(one.text).value_or(-99) == one.value);
  for (const char* text : {"", "-", "1.2.3", "1,2,3", "12 kg", "1..2", ",5", "5,", "1.23,4.5", "1.2345.678"})
    CHECK_FALSE(parse_number_vietnamese(text));
}

TEST_CASE("slow: ten thousand rows with mistakes") {
  const auto columns = columns_of_schema(schema());
  std::vector<std::vector<Cell>> rows;
  for (int i = 0; i < 10'000; ++i)
    rows.push_back({text("Nguy\u1ec5n V\u0103n " + std::to_string(i)), text("S\u1edf"),
                    text(i % 3 == 0 ? "31/02/2024" : "01/02/2024")});
  const auto result = import_rows(
      table_of({"H\u1ecd v\u00e0 t\u00ean", "\u0110\u01a1n v\u1ecb", "Ng\u00e0y sinh"}, std::move(rows)),
      columns);
  REQUIRE(result.has_value());
  CHECK(result->rows_wrong == 3'334);
  CHECK(result->errors_total == 3'334);
  CHECK(result->errors.size() == kImportErrorsMax);
}

}  // namespace phendau::report::import_rows_test
