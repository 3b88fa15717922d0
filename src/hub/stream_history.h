// SPDX-License-Identifier: Apache-2.0
// How much each stream (source, agency, host) sent: today so far and in the whole days before, for rules
// about silence (detect/silence.h). Days are those of the hub's zone by the time of reception, and begin when
// the first event of the day is read, so that reading the journal again gives the same counts. Owned by
// Detection and part of its checkpoint: what changes with every event is save(), the whole days, which change
// once a day, are a row of their own. Not thread-safe: its owner's lock guards it.
//
// Limits: 50,000 streams whose names have 64 bytes on average; new ones beyond are not watched. A count of a
// day is two bytes (three digits are kept): 70 bytes a stream, 3.5 MB in memory, and at most 10 MB of the 16
// that a row of the ledger holds.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "comply/calendar.h"
#include "detect/silence.h"
#include "model/batch.h"

namespace phendau::hub {

inline constexpr std::size_t kStreamsMax = 50'000;
inline constexpr std::size_t kStreamNameBytesMax = 64 * kStreamsMax;
inline constexpr Duration kDeafMin = hours(1);  // a shorter stop of the hub leaves a day comparable

class StreamHistory {
 public:
  void note(const Batch& batch);
  /// The hub was off in [from, to): the days that this touches measure nothing.
  void note_deaf(UtcTime from, UtcTime to);
  /// @param with_days fills day_counts too.
  std::vector<detect::SourceActivity> activities(bool with_days = false) const;
  /// Holidays and days in lieu are no measure for common days.
  detect::WholeDays whole_days(const comply::WorkCalendar& calendar) const;

  Json save() const;
  Json save_days() const;
  /// Whether save_days() differs from what was last saved or restored.
  bool days_changed() const { return days_changed_; }
  void days_saved() { days_changed_ = false; }
  /// Checkpoints of older versions have no days: they fill as events come.
  Result<> restore(const Json& saved, const Json& days);
  void clear() { *this = StreamHistory(); }

 private:
  struct Stream {
    UtcTime first_received;
    UtcTime last_received;
    std::uint64_t today = 0;
    std::array<std::uint16_t, detect::kUsualHistoryDays> days{};  // packed; yesterday first
  };
  Stream* stream_of(std::string key, UtcTime received);
  void begin_day(std::int64_t day);
  std::size_t known_days(const Stream& stream) const;

  std::map<std::string, Stream> streams_;  // source \x1f agency \x1f host
  std::size_t name_bytes_ = 0;
  std::int64_t today_ = 0;  // since 1970, in the hub's zone; 0 before the first event
  UtcTime since_;           // first event counted
  std::set<std::int64_t> deaf_days_;
  bool days_changed_ = false;
};

}  // namespace phendau::hub
