// SPDX-License-Identifier: Apache-2.0
// Reads the tables of offices: XLSX, CSV and TSV, with whatever stands above the header, in whatever encoding
// or old font. The header is the row whose titles fit what is wanted best; merged title rows above it, rows
// of numbers (1) (2) (3) under it and empty rows are left out; cells merged downwards are repeated. Called by
// register imports (import_rows.h). Hostile input: bounded in time and memory, no entities, no formulas.
// Pure; thread-safe. Source: ECMA-376-1:2016; RFC 4180.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/legacy_vietnamese.h"
#include "base/result.h"
#include "report/table.h"

namespace phendau::report {

// Each limit breaks with ErrorCode::limit and a sentence that names it.
inline constexpr std::size_t kTableFileBytesMax = 32u << 20;       // as received
inline constexpr std::size_t kTableUnpackedBytesMax = 192u << 20;  // what a ZIP bomb may cost
inline constexpr std::size_t kTableRowsMax = 100'000;              // rows with something in them
inline constexpr std::size_t kTableColumnsMax = 256;
inline constexpr std::size_t kTableCellsMax = 3'000'000;
inline constexpr std::size_t kTableTextBytesMax = 48u << 20;
inline constexpr std::size_t kHeaderRowsMax = 60;  // a header further down is not looked for
inline constexpr std::size_t kEncodingSamplesMax = 12;

struct TableOptions {
  /// Per wanted column the titles by which it may be called. Empty: the first row with two texts is the
  /// header.
  std::vector<std::vector<std::string>> wanted;
  std::string sheet;                     // by name; empty: the one that fits best
  std::optional<TextEncoding> encoding;  // chosen by a person; absent: detected
};

struct TableRow {
  std::uint32_t number = 0;  // as Excel counts, from 1
  std::vector<Cell> cells;   // as many as the header has
};

/// A cell before and after conversion, for the preview.
struct EncodingSample {
  std::uint32_t row = 0;
  std::uint32_t column = 0;  // from 1
  std::string before;
  std::string after;
};

struct Table {
  std::string sheet;                // "" for CSV
  std::vector<std::string> sheets;  // all visible ones
  std::vector<std::string> header;  // line breaks are spaces; "" where cells have no title
  std::uint32_t header_row = 0;     // the last row of the header
  std::vector<TableRow> rows;
  EncodingDetection encoding;       // what the text was
  std::size_t converted_cells = 0;  // changed by conversion
  std::size_t undecodable = 0;      // characters that became U+FFFD
  std::vector<EncodingSample> samples;
};

/// Errors: `invalid` (no table, damaged, an old .xls, a password: the text says what to do), `not_found` (no
/// row fits the wanted titles; no such sheet), `limit`.
Result<Table> read_table(std::string_view bytes, const TableOptions& options);

/// The form in which titles are compared: no accents, no case, no signs, no "(...)" at the end.
std::string fold_title(std::string_view title);

/// Internal, here for its tests and fuzzer: records of a CSV text in UTF-8. `invalid` with row and column for
/// a quote that is never closed.
Result<std::vector<TableRow>> parse_csv(std::string_view text, char separator,
                                        std::size_t rows_max = kTableRowsMax);

}  // namespace phendau::report
