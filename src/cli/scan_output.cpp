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
    Json value = value_of(column, column.ids[row]);
    if (const auto more = column.more_of(row); !more.empty()) {
      value = Json::array({std::move(value)});
      for (const auto& one : more) value.push(value_of(column, one.id));
    }
    out.set(column.name, std::move(value));
  }
  return out;
}

std::string title_of(const detect::RuleMeta& rule, Lang lang) {
  return lang == Lang::vi ? rule.title_for_people() : rule.title;
}

/// A member of a JSON object, with the comma that follows.
void append_member(std::string& out, std::string_view name, std::string_view text) {
  out += '"';
  out += name;
  out += "\":";
  append_json_string(out, text);
  out += ',';
}

}  // namespace

ShownEvent ScanOutput::shown(const Batch& batch, std::uint32_t row, const std::string& path,
                             std::uint64_t position) const {
  const bool is_table = globals_.format == "table";
  return {batch.event_time(row), position, std::string(batch.column(kHostColumn)->text(row)), path,
          with_event_ && !is_table ? event_of(batch, row).dump() : std::string()};
}

void ScanOutput::write(const detect::RuleMeta& rule, const ShownEvent& event) {
  if (globals_.format == "table")
    return put_row(rule, event.time, event.host, event.path, std::to_string(event.position));
  std::string out = start_of(rule, event.time);
  append_member(out, "path", event.path);
  out += "\"record\":" + std::to_string(event.position);
  if (with_event_) out += ",\"event\":" + event.event;
  out += '}';
  put(out);
}

void ScanOutput::write_past(const detect::RuleMeta& rule, UtcTime time) {
  if (globals_.format == "table") return put_row(rule, time, "", "", "");
  put(start_of(rule, time) + R"("path":null,"record":null)" + (with_event_ ? R"(,"event":null})" : "}"));
}

/// Written as it comes: an object made first would take longer than finding the match.
std::string ScanOutput::start_of(const detect::RuleMeta& rule, UtcTime time) const {
  std::string out = "{";
  append_member(out, "rule_id", rule.id);
  append_member(out, "title", title_of(rule, globals_.lang));
  append_member(out, "level", rule.level);
  append_member(out, "time", format_rfc3339(time));
  return out;
}

void ScanOutput::put(std::string_view match) {
  ++matches_;
  clear_progress();
  if (globals_.json()) print(matches_ == 1 ? "[\n" : ",\n");
  print(match);
  if (!globals_.json()) print("\n");
}

void ScanOutput::put_row(const detect::RuleMeta& rule, UtcTime time, std::string_view host,
                         const std::string& path, const std::string& record) {
  ++matches_;
  table_.push_back(
      {format_rfc3339(time), rule.level, title_of(rule, globals_.lang), std::string(host), path, record});
  if (table_.size() >= kTableRowsPerPart) write_table_part();
}

void ScanOutput::finish() {
  if (globals_.format == "table" && (!table_.empty() || matches_ == 0)) write_table_part();
  if (globals_.json()) print_line(matches_ == 0 ? "[]" : "\n]");
}

void ScanOutput::write_table_part() {
  clear_progress();
  table_.insert(table_.begin(), {"TIME", "LEVEL", "RULE", "HOST", "PATH", "RECORD"});
  print_table(table_);
  table_.clear();
}

}  // namespace phendau::cli
