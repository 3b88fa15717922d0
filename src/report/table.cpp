// SPDX-License-Identifier: Apache-2.0
#include "report/table.h"

#include <cmath>

#include <fmt/format.h>

#include "base/text.h"
#include "report/csv.h"

namespace phendau::report {

std::string_view to_string(CellKind kind) {
  switch (kind) {
    case CellKind::empty:
      return "empty";
    case CellKind::text:
      return "text";
    case CellKind::number:
      return "number";
    case CellKind::date:
      return "date";
    case CellKind::date_time:
      return "date_time";
    case CellKind::boolean:
      return "boolean";
    case CellKind::error:
      return "error";
  }
  return "empty";
}

Cell Cell::of_text(std::string text) { return text.empty() ? Cell{} : Cell{CellKind::text, std::move(text)}; }
Cell Cell::of_number(std::int64_t value) { return {CellKind::number, std::to_string(value)}; }
Cell Cell::of_number(double value) {
  if (!std::isfinite(value)) return {CellKind::error, "#NUM!"};
  // Whole numbers up to 2^53 without an exponent, as people wrote them.
  if (value == std::floor(value) && std::fabs(value) < 9.007199254740992e15) {
    return {CellKind::number, fmt::format("{:.0f}", value)};
  }
  return {CellKind::number, fmt::format("{}", value)};
}
Cell Cell::of_date(CivilDate date) { return {CellKind::date, format_date(date)}; }
Cell Cell::of_date_time(const CivilTime& time) {
  return {CellKind::date_time,
          fmt::format("{}T{:02}:{:02}:{:02}", format_date(time.date), time.hour, time.minute, time.second)};
}
Cell Cell::of_boolean(bool value) { return {CellKind::boolean, value ? "true" : "false"}; }

bool is_blank(const Cell& cell) { return cell.kind == CellKind::empty || trim(cell.text).empty(); }

std::string to_display(const Cell& cell) {
  const std::string& text = cell.text;
  switch (cell.kind) {
    case CellKind::date:
    case CellKind::date_time:
      if (text.size() < 10) return text;
      return text.substr(8, 2) + "/" + text.substr(5, 2) + "/" + text.substr(0, 4) +
             (text.size() > 11 ? " " + text.substr(11) : "");
    case CellKind::number:
      return replace_all(text, ".", ",");
    default:
      return text;
  }
}

std::string write_csv(const Sheet& sheet) {
  std::string out(kCsvByteOrderMark);
  std::vector<std::string> cells;
  for (const auto& column : sheet.columns) cells.push_back(column.title);
  out += csv_row(cells);
  for (const auto& row : sheet.rows) {
    cells.clear();
    for (const auto& cell : row) cells.push_back(to_display(cell));
    cells.resize(std::max(cells.size(), sheet.columns.size()));
    out += csv_row(cells);
  }
  return out;
}

}  // namespace phendau::report
