// SPDX-License-Identifier: Apache-2.0
#include "ingest/json_told.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/text.h"
#include "ingest/json_scalar.h"
#include "ingest/pairs.h"
#include "ingest/parse_error.h"
#include "ingest/timestamp.h"

namespace phendau::ingest {
namespace {

/// In which object each stands for those who flatten nothing; kToldCount: in none.
constexpr std::array<std::uint8_t, kToldCount> kOuterOfTold = [] {
  std::array<std::uint8_t, kToldCount> out{};
  for (std::size_t i = 0; i < kToldCount; ++i) {
    out[i] = kToldCount;
    for (const Told outer : {kHost, kWinlog, kEvent}) {
      const std::string_view name = kToldNames[outer];
      if (kToldNames[i].starts_with(name) && kToldNames[i].size() > name.size() &&
          kToldNames[i][name.size()] == '.')
        out[i] = outer;
    }
  }
  return out;
}();

bool find_member(JsonValue object, std::string_view name, JsonValue& out) {
  if (object.find(name, out)) return true;
  const std::size_t dot = name.find('.');
  JsonValue inner;
  return dot != name.npos && object.find(name.substr(0, dot), inner) &&
         find_member(inner, name.substr(dot + 1), out);
}

/// First string of a string or an array.
std::string_view first_text(JsonValue value) {
  for (const JsonValue item : value.items()) return item.string();
  return value.string();
}

/// RFC 3339, ISO without zone, epoch, or .NET's "/Date(1588388126000)/".
std::optional<ParsedTime> parse_any_time(JsonValue value, ZoneOffset zone) {
  if (value.is_object()) {
    JsonValue inner;
    for (const std::string_view name : {"SystemTime", "@SystemTime", "#attributes.SystemTime"}) {
      if (find_member(value, name, inner)) return parse_any_time(inner, zone);
    }
    return std::nullopt;
  }
  std::array<char, 40> buffer;
  const Scalar scalar = scalar_of(value, buffer);
  std::string_view text = scalar.text;
  if (scalar.kind == ValueKind::real) {
    // The shortest form may be exponential; seconds with a fraction are what occurs.
    const auto number = parse_double(value.text());
    if (!number) return std::nullopt;
    const auto done = fmt::format_to_n(buffer.data(), buffer.size(), "{:.6f}", *number);
    if (done.size > buffer.size()) return std::nullopt;
    text = std::string_view(buffer.data(), done.size);
  } else if (scalar.kind != ValueKind::text && scalar.kind != ValueKind::integer) {
    return std::nullopt;
  }
  constexpr std::string_view kDotNet = "/Date(";
  if (text.starts_with(kDotNet) && text.ends_with(")/")) {
    text = text.substr(kDotNet.size(), text.size() - kDotNet.size() - 2);
  }
  if (auto iso = parse_iso_time(text, zone); iso && iso->used == text.size()) return iso;
  if (const auto epoch = parse_epoch(text)) return ParsedTime{*epoch, TimeQuality::exact, text.size()};
  return std::nullopt;
}

/// Events of Windows: collectors put their own name into "host", the machine is in Computer or Hostname.
bool is_windows(const LookedUp& record) {
  JsonValue value;
  return record.find(kChannel, value) || record.find(kEventId, value) || record.find(kWinlogChannel, value) ||
         record.find(kEventChannel, value);
}

}  // namespace

std::uint8_t told_of(std::string_view name) {
  const auto* const found = std::find(kToldNames.begin(), kToldNames.end(), name);
  return static_cast<std::uint8_t>(found - kToldNames.begin());
}

bool LookedUp::find(Told told, JsonValue& out) const {
  if (has(told)) {
    out = members_[told];
    return true;
  }
  const std::uint8_t outer = kOuterOfTold[told];
  return outer != kToldCount && has(outer) && members_[outer].is_object() &&
         find_member(members_[outer], kToldNames[told].substr(kToldNames[outer].size() + 1), out);
}

std::string_view KnownChannels::of(std::span<const ChannelLogsource> table, std::string_view channel) {
  if (table.data() != table_) *this = KnownChannels();
  table_ = table.data();
  const std::size_t last = channel.empty() ? 0 : static_cast<unsigned char>(channel.back());
  Known& known = known_[(channel.size() + last) % known_.size()];
  if (known.is_set && equal_bytes(known.channel, channel)) return known.logsource;
  known = {true, std::string(channel), {}};
  for (const auto& row : table) {
    if (!equals_ignore_case_ascii(row.channel, channel)) continue;
    known.logsource = row.logsource;
    break;
  }
  return known.logsource;
}

void find_time(const LookedUp& record, const Provenance& provenance, RowParts& parts) {
  bool seen = false;
  JsonValue value;
  for (const Told told : {kAtTimestamp, kTimestamp, kTime, kEventTime, kTimeCreated, kUnderscoreTime, kTs,
                          kEventTimeCreated, kEventTimeAttributes}) {
    if (!record.find(told, value)) continue;
    seen = true;
    if (const auto time = parse_any_time(value, provenance.zone)) {
      parts.time = time->time;
      parts.quality = time->quality;
      return;
    }
  }
  if (seen) parts.error = parse_error::kBadTimestamp;
}

std::string_view find_host(const LookedUp& record, std::string_view& member) {
  static constexpr Told kPlain[] = {kHost, kHostName, kHostname, kComputer};
  static constexpr Told kWindows[] = {kComputer, kEventComputer, kWinlogComputer, kCapitalHostname,
                                      kHost,     kHostName,      kHostname};
  JsonValue value;
  for (const Told told : is_windows(record) ? std::span<const Told>(kWindows) : std::span(kPlain)) {
    if (!record.find(told, value)) continue;
    if (const std::string_view text = first_text(value); !text.empty()) {
      if (told == kHost) member = kHostColumn;
      return text;
    }
  }
  return {};
}

std::string_view find_logsource(const LookedUp& record, const Provenance& provenance, KnownChannels& channels,
                                std::string& made) {
  JsonValue value;
  bool has_channel = false;
  for (const Told told : {kChannel, kWinlogChannel, kEventChannel}) {
    if (!record.find(told, value)) continue;
    has_channel = true;
    const std::string_view known = channels.of(provenance.channel_logsources, value.string());
    if (!known.empty()) return known;
    if (!provenance.channel_logsources.empty() && is_windows(record)) return kOtherChannelLogsource;
  }
  if (!has_channel && record.find(kEventId, value)) {
    for (const Told told : {kProviderName, kShortProviderName, kProvider, kSourceName, kSmallSourceName}) {
      if (!record.find(told, value)) continue;
      const std::string_view known = channels.of(provenance.channel_logsources, value.string());
      if (!known.empty()) return known;
    }
  }
  const auto made_of = [&](std::string_view product, Told member, Told beside) {
    if (!record.has(member) || !record.has(beside)) return false;
    const std::string_view service = record[member].string();
    if (!is_pair_name(service) || service.find('/') != service.npos) return false;
    made = fmt::format("{}//{}", product, service);
    return true;
  };
  if (made_of("suricata", kEventType, kTimestamp) || made_of("zeek", kPath, kTs)) return made;
  return provenance.default_logsource;
}

}  // namespace phendau::ingest
