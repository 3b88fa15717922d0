// SPDX-License-Identifier: Apache-2.0
// What every decoder looks like: one record of bytes in, exactly one row of a BatchBuilder out, whatever the
// bytes are. Called by the hub, by `phendau scan` and `journal import`. A decoder is pure and belongs to one
// thread. A builder is filled by one decoder between two finish() calls (its shape is the decoder's name).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "ingest/flush_policy.h"
#include "model/batch.h"
#include "model/projection.h"

namespace phendau::ingest {

class LineMemory;  // line_formats.h

/// Of events whose channel no pack names.
inline constexpr std::string_view kOtherChannelLogsource = "windows//";

/// A Windows channel, or a provider for events that do not name theirs, and the log source key that its
/// events get. The table is data of packs/base/sources.
struct ChannelLogsource {
  std::string_view channel;    // compared without case
  std::string_view logsource;  // LogSource::key()
};

/// What is known about a record besides its bytes. Views live as long as the call.
struct Provenance {
  UtcTime received_time;
  std::string_view source;         // configured source id
  std::string_view agency;         // owner by listener, certificate or address
  ZoneOffset zone = kVietnamZone;  // of times without a zone
  Duration skew_limit = hours(1);  // 0 = do not judge
  std::string_view peer;     // address text of the sender; host of records that name none; field peer_address
  std::string_view channel;  // "udp/514", a file name, ...; field input_channel
  std::string_view host;     // host that the agent vouches for; records that name none get it
  std::string_view default_logsource;                    // LogSource::key() of what the decoder cannot tell
  std::span<const ChannelLogsource> channel_logsources;  // ndjson: by channel or provider
  LineMemory* memory = nullptr;  // shared between decoders; without it each decoder has its own
  bool oversized = false;        // Frame::oversized
  bool truncated = false;        // Frame::truncated
  bool keep_raw = true;          // false: whoever reads the batch does not look at Batch::raw()
  /// ndjson: what whoever reads the batch looks at; null: everything.
  const Projection* projection = nullptr;
};

struct DecodeCounters {
  std::uint64_t records = 0;
  std::uint64_t skewed = 0;
  std::uint64_t nested = 0;                                     // rows whose inner header won
  std::map<std::string, std::uint64_t, std::less<>> by_reason;  // parse_error -> rows

  void count_reason(std::string_view reason);
  DecodeCounters& operator+=(const DecodeCounters& other);
};

class Decoder {
 public:
  virtual ~Decoder() = default;
  /// Name of the format; the shape of its batches.
  virtual std::string_view name() const = 0;
  /// Appends exactly one row.
  virtual void decode(std::string_view record, const Provenance& provenance, BatchBuilder& builder) = 0;
  const DecodeCounters& counters() const { return counters_; }

 protected:
  DecodeCounters counters_;
};

/// "syslog", "journald", "ndjson" (also Suricata EVE) or "text": a line of any format that line_formats.h
/// knows by its content, else the line is the message and a date and time at its beginning is the event's. A
/// name of line_formats.h ("cef", "auditd", "w3c", "ncsa", "squid", "web_error", "exim", "firewall",
/// "key_value") takes only that. `invalid` for another name.
Result<std::unique_ptr<Decoder>> make_decoder(std::string_view format);

/// Format of a file by its first lines: "ndjson", "text" or "syslog".
std::string_view detect_format(std::string_view head);

}  // namespace phendau::ingest
