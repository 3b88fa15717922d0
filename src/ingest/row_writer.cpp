// SPDX-License-Identifier: Apache-2.0
#include "ingest/row_writer.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "base/text.h"
#include "ingest/parse_error.h"
#include "ingest/timestamp.h"

namespace phendau::ingest {

bool is_utf8(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080'8080'8080'8080u;
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    if ((word & kHighBits) != 0) break;
  }
  return is_valid_utf8(text.substr(at));
}

std::string_view valid_text(std::string_view text, std::string& scratch, bool& valid) {
  if (is_utf8(text)) return text;
  valid = false;
  scratch = to_valid_utf8(text);
  return scratch;
}

std::string_view without_line_end(std::string_view record) {
  while (!record.empty() && (record.back() == '\n' || record.back() == '\r' || record.back() == '\0')) {
    record.remove_suffix(1);
  }
  return record;
}

void begin_row(std::string_view raw, const Provenance& provenance, RowParts parts, BatchBuilder& builder,
               FieldColumns& columns, DecodeCounters& counters) {
  if (parts.quality == TimeQuality::received) parts.time = provenance.received_time;
  parts.quality = judge_skew(parts.time, parts.quality, provenance.received_time, provenance.skew_limit);
  if (parts.quality == TimeQuality::skewed) ++counters.skewed;
  if (provenance.truncated) parts.error = parse_error::kTruncated;
  if (provenance.oversized || raw.size() > kRecordBytesMax) parts.error = parse_error::kOversized;
  if (parts.host.empty()) parts.host = provenance.host.empty() ? provenance.peer : provenance.host;
  ++counters.records;
  if (!parts.error.empty()) counters.count_reason(parts.error);
  columns.follow(builder);
  builder.begin_row({.event_time = parts.time,
                     .received_time = provenance.received_time,
                     .time_quality = parts.quality,
                     .source = provenance.source,
                     .host = parts.host,
                     .agency = provenance.agency,
                     .logsource = parts.logsource,
                     .parse_error = parts.error,
                     .raw = raw.substr(0, provenance.keep_raw ? kRecordBytesMax : 0)});
  if (!provenance.peer.empty()) columns.add(builder, Field::peer_address, provenance.peer);
  if (!provenance.channel.empty()) columns.add(builder, Field::input_channel, provenance.channel);
}

std::string_view windows_logsource(std::string_view channel, const Provenance& provenance) {
  for (const auto& row : provenance.channel_logsources) {
    if (equals_ignore_case_ascii(row.channel, channel)) return row.logsource;
  }
  return provenance.default_logsource.empty() ? kOtherChannelLogsource : provenance.default_logsource;
}

void add_local_time(BatchBuilder& builder, ZoneOffset zone) {
  const CivilTime local = to_civil(builder.current_time(), zone);
  builder.add(to_string(Field::local_hour), std::to_string(local.hour), ValueKind::integer);
  builder.add(to_string(Field::local_weekday), std::to_string(iso_weekday(local.date)), ValueKind::integer);
}

bool is_reserved_field(std::string_view name) {
  static constexpr std::string_view kReserved[] = {
      kSourceColumn, kHostColumn,     kAgencyColumn,  kLogsourceColumn, kParseErrorColumn, "raw",
      "event_time",  "received_time", "time_quality", "peer_address",   "input_channel"};
  return std::find(std::begin(kReserved), std::end(kReserved), name) != std::end(kReserved);
}

void add_fields(const FieldList& fields, BatchBuilder& builder, FieldColumns& columns) {
  for (const FieldValue& item : fields.items()) {
    if (item.field != Field::none) columns.add(builder, item.field, item.value, item.kind);
  }
}

}  // namespace phendau::ingest
