// SPDX-License-Identifier: Apache-2.0
// What the decoders share: writing a row with its provenance, choosing one parse_error, and UTF-8 checks that
// are fast on ASCII. Internal to ingest; one thread.
#pragma once

#include <string>
#include <string_view>

#include "ingest/decoder.h"
#include "ingest/fields.h"

namespace phendau::ingest {

/// is_valid_utf8 with eight ASCII bytes at a time.
bool is_utf8(std::string_view text);

/// `text` if it is valid UTF-8; else `scratch` filled with its valid form, and `valid` becomes false.
std::string_view valid_text(std::string_view text, std::string& scratch, bool& valid);

/// Without line end and NUL at the end: senders leave them in datagrams and octet-counted messages.
std::string_view without_line_end(std::string_view record);

struct RowParts {
  UtcTime time;
  TimeQuality quality = TimeQuality::received;
  std::string_view host;
  std::string_view logsource;
  std::string_view error;  // first that applies; oversized and truncated of the provenance go before it
};

/// Begins the row: skew, provenance, counters. Fields follow.
void begin_row(std::string_view raw, const Provenance& provenance, RowParts parts, BatchBuilder& builder,
               FieldColumns& columns, DecodeCounters& counters);

/// Of an event of Windows, by its channel.
std::string_view windows_logsource(std::string_view channel, const Provenance& provenance);

/// Hour (0 to 23) and weekday (1 = Monday) of the row's time in the zone of its source, for sign-ins: rules
/// about working hours read them as fields.
void add_local_time(BatchBuilder& builder, ZoneOffset zone);

/// Names that a batch gives a meaning of its own: a record must not be able to claim another agency or
/// source. Its field of that name gets kReservedPrefix.
bool is_reserved_field(std::string_view name);
inline constexpr std::string_view kReservedPrefix = "event.";

/// Adds the list to the row just begun; entries whose field is `none` are left out.
void add_fields(const FieldList& fields, BatchBuilder& builder, FieldColumns& columns);

}  // namespace phendau::ingest
