// SPDX-License-Identifier: Apache-2.0
// What a JSON record says of itself: when and where it happened and who wrote it, by the names that
// collectors and programs use. Internal to ingest; pure.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "ingest/decoder.h"
#include "ingest/json_tape.h"
#include "ingest/row_writer.h"

namespace phendau::ingest {

/// Members of a record that say what it is and when and where it happened; what is inside of some of them is
/// flattened by some programs.
enum Told : std::uint8_t {
  kAtTimestamp,
  kTimestamp,
  kTime,
  kEventTime,
  kTimeCreated,
  kUnderscoreTime,
  kTs,
  kChannel,
  kProviderName,
  kShortProviderName,
  kProvider,
  kSourceName,
  kSmallSourceName,
  kEventId,
  kComputer,
  kCapitalHostname,
  kHostname,
  kEventType,
  kPath,
  kHost,
  kHostName,
  kWinlog,
  kWinlogChannel,
  kWinlogComputer,
  kEvent,
  kEventSystem,
  kEventChannel,
  kEventComputer,
  kEventTimeCreated,
  kEventTimeAttributes,
  kToldCount
};
inline constexpr std::array<std::string_view, kToldCount> kToldNames = {
    "@timestamp",
    "timestamp",
    "time",
    "EventTime",
    "TimeCreated",
    "_time",
    "ts",
    "Channel",
    "Provider_Name",
    "ProviderName",
    "Provider",
    "SourceName",
    "source_name",
    "EventID",
    "Computer",
    "Hostname",
    "hostname",
    "event_type",
    "_path",
    "host",
    "host.name",
    "winlog",
    "winlog.channel",
    "winlog.computer_name",
    "Event",
    "Event.System",
    "Event.System.Channel",
    "Event.System.Computer",
    "Event.System.TimeCreated",
    "Event.System.TimeCreated_attributes"};

/// A Told, or kToldCount for other names.
std::uint8_t told_of(std::string_view name);

/// Those of one record.
class LookedUp {
 public:
  void clear() { seen_ = 0; }
  /// The first of a name counts.
  void add(std::uint8_t told, JsonValue value) {
    if (has(told)) return;
    members_[told] = value;
    seen_ |= 1u << told;
  }
  bool has(std::uint8_t told) const { return (seen_ >> told & 1) != 0; }
  JsonValue operator[](std::uint8_t told) const { return members_[told]; }
  /// Member by name; "a.b" also means the member b of the object a.
  bool find(Told told, JsonValue& out) const;

 private:
  std::array<JsonValue, kToldCount> members_;
  std::uint32_t seen_ = 0;
};
static_assert(kToldCount <= 32);

/// Log sources of channels seen lately: the table is long, and is compared without case.
class KnownChannels {
 public:
  /// Empty if the table has none.
  std::string_view of(std::span<const ChannelLogsource> table, std::string_view channel);

 private:
  struct Known {
    bool is_set = false;
    std::string channel;
    std::string_view logsource;  // of the table
  };
  std::array<Known, 16> known_;
  const ChannelLogsource* table_ = nullptr;
};

/// Time and its quality, or the parse_error of one that cannot be read.
void find_time(const LookedUp& record, const Provenance& provenance, RowParts& parts);
/// The host; `member` becomes its name if it is the plain member "host", which then is not repeated as a
/// field.
std::string_view find_host(const LookedUp& record, std::string_view& member);
/// By the Windows channel, or the provider where a numbered event has none; else by what the writer of the
/// record is: Suricata's event_type, Zeek's _path.
/// @param made where a name is put together
std::string_view find_logsource(const LookedUp& record, const Provenance& provenance, KnownChannels& channels,
                                std::string& made);

}  // namespace phendau::ingest
