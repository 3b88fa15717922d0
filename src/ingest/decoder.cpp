// SPDX-License-Identifier: Apache-2.0
#include "ingest/decoder.h"

#include "base/text.h"
#include "ingest/journald_decoder.h"
#include "ingest/key_values.h"
#include "ingest/line_formats.h"
#include "ingest/ndjson_decoder.h"
#include "ingest/parse_error.h"
#include "ingest/row_writer.h"
#include "ingest/syslog_decoder.h"
#include "ingest/timestamp.h"

namespace phendau::ingest {
namespace {

/// Lines of files that no format knows: rules that look for words see them.
constexpr std::string_view kTextLogsource = "linux//text";

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// The date and time that a line begins with ("2026-11-24 10:00:00 install ..." of dpkg.log) or that apt's
/// history states ("Start-Date: 2026-11-24  10:00:00").
std::optional<ParsedTime> leading_time(std::string_view line, ZoneOffset zone) {
  for (const std::string_view label : {"Start-Date: ", "End-Date: "}) {
    if (line.starts_with(label)) line.remove_prefix(label.size());
  }
  if (line.empty() || line[0] < '0' || line[0] > '9') return std::nullopt;
  constexpr std::size_t kDateBytes = 10;
  constexpr std::size_t kDateTimeBytesMax = 40;         // with fraction and zone
  std::string text(line.substr(0, kDateTimeBytesMax));  // apt writes two spaces between date and time
  if (text.find("  ", kDateBytes) == kDateBytes) text.erase(kDateBytes, 1);
  const auto time = parse_iso_time(text, zone);
  if (!time || (time->used < text.size() && is_word(text[time->used]))) return std::nullopt;
  return time;
}

/// A line of a format told by its content, or of one set by name; else the whole line is the message and only
/// a date and time at its beginning is believed.
class TextDecoder final : public Decoder {
 public:
  explicit TextDecoder(std::string_view format = {}) : format_(format) {}
  std::string_view name() const override { return "text"; }
  void decode(std::string_view record, const Provenance& provenance, BatchBuilder& builder) override {
    const std::string_view line = without_line_end(record.substr(0, kRecordBytesMax));
    bool valid = true;
    const std::string_view text = valid_text(line, scratch_, valid);
    RowParts parts;
    parts.logsource = provenance.default_logsource;
    LineMemory& memory = provenance.memory != nullptr ? *provenance.memory : memory_;
    LineMeaning meaning;
    if (read_line(format_, text, provenance, memory, fields_, meaning))
      take(meaning, parts);
    else
      take_text(text, provenance, parts);
    if (!valid) parts.error = parse_error::kNotUtf8;
    if (text.empty()) parts.error = parse_error::kEmpty;
    begin_row(record, provenance, parts, builder, columns_, counters_);
    if (!text.empty()) columns_.add(builder, Field::message, text);
    add_pairs(fields_, builder);
  }

 private:
  static void take(const LineMeaning& meaning, RowParts& parts) {
    if (!meaning.logsource.empty()) parts.logsource = meaning.logsource;
    parts.host = meaning.host;
    parts.error = meaning.error;
    if (!meaning.time) return;
    parts.time = meaning.time->time;
    parts.quality = meaning.time->quality;
  }
  void take_text(std::string_view text, const Provenance& provenance, RowParts& parts) const {
    if (format_ == "w3c")
      parts.error = parse_error::kNoLayout;
    else if (!format_.empty())
      parts.error = parse_error::kBadLine;
    if (parts.logsource.empty()) parts.logsource = kTextLogsource;
    if (const auto time = leading_time(text, provenance.zone)) {
      parts.time = time->time;
      parts.quality = time->quality;
    }
  }

  std::string format_;
  FieldColumns columns_;
  PairList fields_;
  LineMemory memory_;
  std::string scratch_;
};

}  // namespace

void DecodeCounters::count_reason(std::string_view reason) {
  auto found = by_reason.find(reason);
  if (found == by_reason.end()) found = by_reason.emplace(std::string(reason), 0).first;
  ++found->second;
}

DecodeCounters& DecodeCounters::operator+=(const DecodeCounters& other) {
  records += other.records;
  skewed += other.skewed;
  nested += other.nested;
  for (const auto& [reason, count] : other.by_reason) by_reason[reason] += count;
  return *this;
}

Result<std::unique_ptr<Decoder>> make_decoder(std::string_view format) {
  if (format == "syslog") return std::make_unique<SyslogDecoder>();
  if (format == "journald") return std::make_unique<JournaldDecoder>();
  if (format == "ndjson") return std::make_unique<NdjsonDecoder>();
  if (format == "text") return std::make_unique<TextDecoder>();
  if (is_line_format(format)) return std::make_unique<TextDecoder>(format);
  return fail(ErrorCode::invalid,
              "unknown log format '" + std::string(format) + "'; use syslog, journald, ndjson or text",
              "ingest.unknown_format", {std::string(format)});
}

std::string_view detect_format(std::string_view head) {
  const std::string_view start = trim(head);
  if (start.starts_with('{') || start.starts_with('[')) {
    const char next = start.size() > 1 ? start[1] : '{';
    const bool json = start[0] == '{' || std::string_view("{[] \t\r\n").find(next) != std::string_view::npos;
    if (json) return "ndjson";
  }
  const std::string_view line = start.substr(0, start.find('\n'));
  LineMemory memory;
  PairList fields;
  LineMeaning meaning;
  if (!read_line({}, without_line_end(line), {}, memory, fields, meaning)) return "syslog";
  // What a firewall writes is found anywhere in a line: it mostly has a header of syslog in front, with time
  // and host.
  PairList pairs;
  return parse_firewall_line(without_line_end(line), {}, pairs, meaning) ? "syslog" : "text";
}

}  // namespace phendau::ingest
