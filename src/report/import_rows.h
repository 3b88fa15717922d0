// SPDX-License-Identifier: Apache-2.0
// From a table that people made to documents of a register kind: columns by their Vietnamese titles, dates
// dd/mm/yyyy, numbers 1.234,5, yes and no in Vietnamese, words for enumerations; leading zeros stay. Every
// mistake is a sentence with row and column, and every row is looked at, so that a dry run is this function
// without what follows. Called by hub imports. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/json_schema.h"
#include "base/result.h"
#include "base/texts.h"
#include "report/table_reader.h"

namespace phendau::report {

inline constexpr std::size_t kImportErrorsMax =
    1'000;  // More than anybody corrects at once; all are counted.

enum class ColumnType : std::uint8_t { text, integer, number, boolean, date, date_time, texts };

/// A value of an enumeration and the words that people write for it.
struct EnumWord {
  std::string value;
  std::vector<std::string> words;
};

struct WantedColumn {
  std::string key;                  // member of the document
  std::vector<std::string> titles;  // the first is shown to people, the others are accepted too
  ColumnType type = ColumnType::text;
  std::vector<EnumWord> words;  // not empty: one of these (of text and texts)
  bool required = false;
  bool beside = false;       // not a member of the document: ImportedRow::beside
  bool other_words = false;  // with words: any other text, too
};

/// Columns of a record kind's JSON Schema: titles from `title`, `x-title-en`, `x-import-titles` and the key;
/// types from `type` and `format`; words from `enum` and `x-titles-vi` (also of a list's items; without an
/// `enum` other texts are fine, too). Members that no cell can hold (objects, arrays of objects) are left
/// out.
std::vector<WantedColumn> columns_of_schema(const Json& schema);
/// What read_table() needs to find the header.
TableOptions options_for(const std::vector<WantedColumn>& columns);
/// The empty form that an office fills in: header, one sheet.
Sheet import_template(std::string_view name, const std::vector<WantedColumn>& columns);

/// "Row 17, column Date: ...". args[0] is the row, args[1] the column's title, args[2] what stands there.
struct ImportError {
  std::uint32_t row = 0;
  std::string key;      // of the column; empty: the row as a whole
  std::string text_id;  // of import.json
  std::vector<std::string> args;
  SchemaError schema;  // of import.schema: what the schema says, becomes the last argument

  std::string to_text(Lang lang) const;
};

struct ImportedRow {
  std::uint32_t row = 0;
  Json document = Json::object();
  Json beside = Json::object();
};

struct ImportResult {
  std::vector<ImportedRow> rows;    // without mistakes, in the order of the table
  std::vector<ImportError> errors;  // at most kImportErrorsMax
  std::size_t errors_total = 0;
  std::size_t rows_wrong = 0;
  std::vector<std::uint32_t> rows_skipped;        // sums
  std::vector<std::optional<std::size_t>> taken;  // per wanted column: the table's
  std::vector<std::string> unknown_titles;        // columns that nobody asked for ("F": without a title)
};

struct ImportOptions {
  const JsonSchema* schema = nullptr;  // each document is checked against it too
};

/// Errors: `invalid` when a required column is missing or two columns have the same meaning. Mistakes in rows
/// are in the result. Cost: about 1 microsecond a cell.
Result<ImportResult> import_rows(const Table& table, const std::vector<WantedColumn>& columns,
                                 const ImportOptions& options = {});

/// The ways in which Vietnamese offices write values; `invalid` otherwise. Dates: d/m/yyyy with / - or ., the
/// ISO form, the form of letters ("day 5 month 3 year 2024" in Vietnamese). Numbers: 1.234,5 | 1234.5 | 1
/// 234; "1.234" is 1234.
Result<CivilDate> parse_date_vietnamese(std::string_view text);
Result<double> parse_number_vietnamese(std::string_view text);

}  // namespace phendau::report
