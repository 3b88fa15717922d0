// SPDX-License-Identifier: Apache-2.0
// Tables as CSV that Excel opens right: UTF-8 with a byte order mark, CR LF, quoted cells, formulas
// neutralised. Deterministic bytes. Called by hub exports. Pure; thread-safe. Source: RFC 4180; OWASP "CSV
// Injection".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace phendau::report {

/// What a CSV file starts with, so that Excel reads it as UTF-8.
inline constexpr std::string_view kCsvByteOrderMark = "\xEF\xBB\xBF";

/// One quoted cell. Text that a spreadsheet would run as a formula gets an apostrophe in front; invalid UTF-8
/// becomes U+FFFD; line breaks stay inside the quotes.
std::string csv_cell(std::string_view text);
/// Cells, commas, CR LF.
std::string csv_row(const std::vector<std::string>& cells);

}  // namespace phendau::report
