// SPDX-License-Identifier: Apache-2.0
#include "cli/scan_output.h"

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"

namespace phendau::cli {
namespace {

constexpr std::size_t kTableRowsPerPart = 1'000;

Json value_of(const Column& column, ValueId id) {
  const std::string text = to_valid_utf8(column.values.text(id));
  switch (column.values.kind(id)) {
    case ValueKind::null:
      return {};
    case ValueKind::boolean:
      return text == "true";
    case ValueKind::integer: {
      const auto number = parse_int(text);
      return number ? Json(*number) : Json(text);
    }
    case ValueKind::real: {
      const auto number = parse_double(text);
      return number ? Json(*number) : Json(text);
    }
    case ValueKind::text:
      break;
  }
  return text;
}

/// The row's fields; several values as an array.
Json event_of(const Batch& batch, std::uint32_t row) {
  Json out = Json::object();
  for (const auto& column : batch.columns()) {
    if (!column.has(row) || column.name == kSourceColumn || column.name == kAgencyColumn) continue;
    auto more =
        std::lower_bound(column.more.begin(), column.more.end(), row,
                         [](const Column::More& entry, std::uint32_t wanted) { return entry.row < wanted; });
    Json value = value_of(column, column.ids[row]);
    if (more != column.more.end() && more->row == row) {
      value = Json::array({std::move(value)});
      for (; more != column.more.end() && more->row == row; ++more) value.push(value_of(column, more->id));
    }
    out.set(column.name, std::move(value));
  }
  return out;
}

}  // namespace

void ScanOutput::write(const detect::RuleMeta& rule, const Batch& batch, std::uint32_t row,
                       const std::string& path, std::uint64_t position) {
  ++matches_;
  const std::string title = globals_.lang == Lang::vi ? rule.title_for_people() : rule.title;
  const std::string time = format_rfc3339(batch.event_time(row));
  if (globals_.format == "table") {
    table_.push_back({time, rule.level, title, std::string(batch.column(kHostColumn)->text(row)), path,
                      std::to_string(position)});
    if (table_.size() >= kTableRowsPerPart) write_table_part();
    return;
  }
  Json out = Json::object({{"rule_id", rule.id},
                           {"title", title},
                           {"level", rule.level},
                           {"time", time},
                           {"path", path},
                           {"record", position}});
  if (with_event_) out.set("event", event_of(batch, row));
  if (globals_.json()) print(matches_ == 1 ? "[\n" : ",\n");
  print(out.dump());
  if (!globals_.json()) print("\n");
}

void ScanOutput::finish() {
  if (globals_.format == "table" && (!table_.empty() || matches_ == 0)) write_table_part();
  if (globals_.json()) print_line(matches_ == 0 ? "[]" : "\n]");
}

void ScanOutput::write_table_part() {
  table_.insert(table_.begin(), {"TIME", "LEVEL", "RULE", "HOST", "PATH", "RECORD"});
  print_table(table_);
  table_.clear();
}

}  // namespace phendau::cli
