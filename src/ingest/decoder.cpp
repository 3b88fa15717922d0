// SPDX-License-Identifier: Apache-2.0
#include "ingest/decoder.h"

#include "ingest/journald_decoder.h"
#include "ingest/ndjson_decoder.h"
#include "ingest/parse_error.h"
#include "ingest/row_writer.h"
#include "ingest/syslog_decoder.h"

namespace phendau::ingest {
namespace {

/// The whole line is the message; nothing in it is believed.
class TextDecoder final : public Decoder {
 public:
  std::string_view name() const override { return "text"; }
  void decode(std::string_view record, const Provenance& provenance, BatchBuilder& builder) override {
    const std::string_view line = without_line_end(record.substr(0, kRecordBytesMax));
    bool valid = true;
    const std::string_view text = valid_text(line, scratch_, valid);
    RowParts parts;
    parts.logsource = provenance.default_logsource;
    if (!valid) parts.error = parse_error::kNotUtf8;
    if (text.empty()) parts.error = parse_error::kEmpty;
    begin_row(record, provenance, parts, builder, columns_, counters_);
    if (!text.empty()) columns_.add(builder, Field::message, text);
  }

 private:
  FieldColumns columns_;
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
  return fail(ErrorCode::invalid,
              "unknown log format '" + std::string(format) + "'; use syslog, journald, ndjson or text",
              "ingest.unknown_format", {std::string(format)});
}

}  // namespace phendau::ingest
