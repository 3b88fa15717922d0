// SPDX-License-Identifier: Apache-2.0
// Writes tables as XLSX that an office opens without questions: title lines over the table, a frozen header
// with filters, A4 landscape with the header on every page. Text stays text: leading zeros are kept, what
// looks like a formula cannot become one. The same workbook gives the same bytes. Called by hub exports.
// Pure; thread-safe. Source: ECMA-376-1:2016, SpreadsheetML.
#pragma once

#include <string>

#include "report/table.h"

namespace phendau::report {

inline constexpr std::size_t kSheetsMax = 64;

/// `limit` names the limit that a sheet, row or cell breaks; `invalid` for a row that is longer than the
/// header. Cost: the unpacked sheets in memory (about 80 bytes a cell), a second per million cells.
Result<std::string> write_xlsx(const Workbook& workbook);

}  // namespace phendau::report
