// SPDX-License-Identifier: Apache-2.0
#include "hub/stream_history.h"

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"
#include "hub/config.h"
#include "hub/host_sources.h"

namespace phendau::hub {
namespace {

constexpr char kPartSeparator = '\x1f';
constexpr std::int64_t kHistoryDays = detect::kUsualHistoryDays;
constexpr double kNanosecondsPerHour = 3.6e12;

std::int64_t local_day(UtcTime at) { return days_from_civil(to_civil(at, kHubZone).date); }
UtcTime begin_of(std::int64_t day) { return start_of_day(civil_from_days(day), kHubZone); }

// Eleven bits of number, five of shift: exact up to 2,047, then within a thousandth.
constexpr unsigned kMantissaBits = 11;
constexpr std::uint64_t kMantissaMax = (1u << kMantissaBits) - 1;
constexpr unsigned kShiftMax = 31;

std::uint16_t pack(std::uint64_t count) {
  unsigned shift = 0;
  while (count > kMantissaMax && shift < kShiftMax) {
    count >>= 1;
    ++shift;
  }
  return static_cast<std::uint16_t>(shift << kMantissaBits | std::min(count, kMantissaMax));
}
std::uint64_t unpack(std::uint16_t packed) { return (packed & kMantissaMax) << (packed >> kMantissaBits); }

}  // namespace

StreamHistory::Stream* StreamHistory::stream_of(std::string key, UtcTime received) {
  const auto found = streams_.find(key);
  if (found != streams_.end()) return &found->second;
  if (streams_.size() >= kStreamsMax || name_bytes_ + key.size() > kStreamNameBytesMax) return nullptr;
  name_bytes_ += key.size();
  Stream fresh;
  fresh.first_received = received;
  fresh.last_received = received;
  return &streams_.emplace(std::move(key), fresh).first->second;
}

void StreamHistory::begin_day(std::int64_t day) {
  const auto passed = static_cast<std::size_t>(std::min(day - today_, kHistoryDays));
  for (auto& [key, stream] : streams_) {
    auto& days = stream.days;
    std::move_backward(days.begin(), days.end() - static_cast<std::ptrdiff_t>(passed), days.end());
    std::fill_n(days.begin(), passed, std::uint16_t{0});
    if (day - today_ <= kHistoryDays) days[passed - 1] = pack(stream.today);
    stream.today = 0;
  }
  today_ = day;
  deaf_days_.erase(deaf_days_.begin(), deaf_days_.lower_bound(day - kHistoryDays));
  days_changed_ = true;
}

void StreamHistory::note(const Batch& batch) {
  if (batch.rows() == 0) return;
  const Column& source = *batch.column(kSourceColumn);
  const Column& agency = *batch.column(kAgencyColumn);
  const Column& host = *batch.column(kHostColumn);
  struct Seen {
    std::uint64_t events = 0;
    UtcTime first;
    UtcTime last;
  };
  // Few distinct triples in many rows: names are looked up once for each.
  std::map<std::array<ValueId, 3>, Seen> seen;
  for (std::uint32_t row = 0; row < batch.rows(); ++row) {
    const UtcTime received = batch.received_time(row);
    Seen& one = seen[{source.ids[row], agency.ids[row], host.ids[row]}];
    if (one.events++ == 0) one.first = one.last = received;
    one.first = std::min(one.first, received);
    one.last = std::max(one.last, received);
  }
  // A batch is received within moments: it belongs to one day.
  const UtcTime now = batch.received_time_max();
  const std::int64_t day = local_day(now);
  if (day < today_ - 1) clear();  // the clock was far ahead, and what was counted by it is no measure
  if (today_ == 0) {
    today_ = day;
    since_ = now;
  }
  if (day > today_) begin_day(day);
  const auto text = [](const Column& column, ValueId id) {
    return id == kAbsent ? std::string_view() : truncate_utf8(column.values.text(id), kHostBytesMax);
  };
  for (const auto& [ids, one] : seen) {
    std::string key(text(source, ids[0]));
    key += kPartSeparator;
    key += text(agency, ids[1]);
    key += kPartSeparator;
    key += text(host, ids[2]);
    Stream* stream = stream_of(std::move(key), one.first);
    if (stream == nullptr) continue;
    stream->last_received = std::max(stream->last_received, one.last);
    stream->today += one.events;
  }
}

void StreamHistory::note_deaf(UtcTime from, UtcTime to) {
  if (to - from < kDeafMin) return;
  const std::int64_t last = local_day(to);
  for (std::int64_t day = std::max(local_day(from), last - kHistoryDays); day <= last; ++day)
    deaf_days_.insert(day);
}

/// The day on which a stream was first heard is no whole one.
std::size_t StreamHistory::known_days(const Stream& stream) const {
  const std::int64_t first = local_day(std::max(stream.first_received, since_));
  return static_cast<std::size_t>(std::clamp<std::int64_t>(today_ - 1 - first, 0, kHistoryDays));
}

std::vector<detect::SourceActivity> StreamHistory::activities(bool with_days) const {
  std::vector<detect::SourceActivity> out;
  out.reserve(streams_.size());
  const UtcTime oldest = begin_of(today_ - kHistoryDays);
  for (const auto& [key, stream] : streams_) {
    const auto parts = split(key, kPartSeparator);
    detect::SourceActivity one;
    one.source = parts[0];
    one.agency = parts[1].empty() ? std::string(kUnassignedAgency) : std::string(parts[1]);
    one.host = parts[2];
    one.last_event_time = stream.last_received;
    std::uint64_t events = stream.today;
    for (const std::uint16_t packed : stream.days) events += unpack(packed);
    const Duration span = stream.last_received - std::max({stream.first_received, since_, oldest});
    one.events_per_hour_usual =
        static_cast<double>(events) / std::max(1.0, static_cast<double>(span.ns) / kNanosecondsPerHour);
    if (with_days) {
      const auto end = stream.days.begin() + static_cast<std::ptrdiff_t>(known_days(stream));
      std::transform(stream.days.begin(), end, std::back_inserter(one.day_counts), unpack);
    }
    out.push_back(std::move(one));
  }
  return out;
}

detect::WholeDays StreamHistory::whole_days(const comply::WorkCalendar& calendar) const {
  detect::WholeDays out;
  if (today_ == 0) return out;
  out.ended_at = begin_of(today_);
  for (std::int64_t day = today_ - 1; day >= today_ - kHistoryDays; --day) {
    const CivilDate date = civil_from_days(day);
    out.comparable.push_back(!deaf_days_.contains(day) && !calendar.holidays.contains(date) &&
                             !calendar.extra_working_days.contains(date));
  }
  return out;
}

Json StreamHistory::save() const {
  Json streams = Json::array();
  for (const auto& [key, stream] : streams_) {
    streams.push(Json::object({{"key", to_base64(key)},
                               {"first", stream.first_received.ns},
                               {"last", stream.last_received.ns},
                               {"today", stream.today}}));
  }
  Json deaf = Json::array();
  for (const std::int64_t day : deaf_days_) deaf.push(day);
  return Json::object({{"day", today_},
                       {"since", since_.ns},
                       {"deaf_days", std::move(deaf)},
                       {"streams", std::move(streams)}});
}

Json StreamHistory::save_days() const {
  Json::Object streams;
  for (const auto& [key, stream] : streams_) {
    std::string bytes;
    for (const std::uint16_t packed : stream.days) {
      bytes += static_cast<char>(packed & 0xFF);
      bytes += static_cast<char>(packed >> 8);
    }
    while (!bytes.empty() && bytes.back() == '\0') bytes.pop_back();
    if (!bytes.empty()) streams.emplace_back(to_base64(key), to_base64(bytes));
  }
  return Json::object({{"day", today_}, {"streams", Json::from_unique_members(std::move(streams))}});
}

Result<> StreamHistory::restore(const Json& saved, const Json& days) {
  clear();
  today_ = saved["day"].as_int();
  since_.ns = saved["since"].as_int();
  for (const auto& day : saved["deaf_days"].items()) deaf_days_.insert(day.as_int());
  for (const auto& item : saved["streams"].items()) {
    std::string key = PHENDAU_TRY(from_base64(item["key"].as_string()));
    if (std::count(key.begin(), key.end(), kPartSeparator) < 2)
      return fail(ErrorCode::corrupt, "a stream of events without its parts");
    Stream* stream = stream_of(std::move(key), UtcTime{item["first"].as_int()});
    if (stream == nullptr) continue;
    stream->last_received.ns = item["last"].as_int();
    stream->today = static_cast<std::uint64_t>(item["today"].as_int());
  }
  if (today_ == 0 || days["day"].as_int() != today_) return {};
  for (const auto& [name, packed] : days["streams"].members()) {
    const auto found = streams_.find(PHENDAU_TRY(from_base64(name)));
    const std::string bytes = PHENDAU_TRY(from_base64(packed.as_string()));
    if (found == streams_.end() || bytes.size() > 2 * found->second.days.size()) continue;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const auto byte = static_cast<std::uint8_t>(bytes[i]);
      found->second.days[i / 2] |= static_cast<std::uint16_t>(i % 2 == 0 ? byte : byte << 8);
    }
  }
  return {};
}

}  // namespace phendau::hub
