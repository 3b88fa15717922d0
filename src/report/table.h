// SPDX-License-Identifier: Apache-2.0
// Tables as values: what spreadsheets are written from (xlsx_writer.h, csv.h) and what reading them gives
// (table_reader.h). A cell keeps its text exactly: numbers stay decimal notation, leading zeros stay. Plain
// values; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace phendau::report {

/// Limits of the XLSX format; CSV holds to them too, so that one table fits both.
inline constexpr std::size_t kRowsMax = 1'048'576;
inline constexpr std::size_t kColumnsMax = 16'384;
inline constexpr std::size_t kCellCharactersMax = 32'767;

enum class CellKind : std::uint8_t { empty, text, number, date, date_time, boolean, error };
std::string_view to_string(CellKind kind);

/// One cell. `text` by kind: text as it is; number "-1234.5" (a point, no groups, perhaps an exponent); date
/// "YYYY-MM-DD"; date_time "YYYY-MM-DDTHH:MM:SS", local; boolean "true" or "false"; error "#N/A" and such.
struct Cell {
  CellKind kind = CellKind::empty;
  std::string text;

  static Cell of_text(std::string text);  // an empty text is an empty cell
  static Cell of_number(std::int64_t value);
  static Cell of_number(double value);
  static Cell of_date(CivilDate date);
  static Cell of_date_time(const CivilTime& time);
  static Cell of_boolean(bool value);
  friend bool operator==(const Cell&, const Cell&) = default;
};
/// Empty, or nothing but space.
bool is_blank(const Cell& cell);
/// As people in Viet Nam read it: dates dd/mm/yyyy, decimal comma.
std::string to_display(const Cell& cell);

struct Column {
  std::string title;
  double width_characters = 0;  // 0: from the content
};
struct Sheet {
  std::string name;                 // made fit for Excel when written
  std::vector<std::string> titles;  // lines above the table, over its whole width
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  // shorter rows end in empty cells; longer ones are an error
};
struct Workbook {
  std::string title;   // of the document's properties
  std::string author;  // idem
  std::vector<Sheet> sheets;
};

/// As UTF-8 with a byte order mark for Excel: header and rows, no title lines. Dates are dd/mm/yyyy.
std::string write_csv(const Sheet& sheet);

}  // namespace phendau::report
