// SPDX-License-Identifier: Apache-2.0
// Which spools (epochs) each device has begun: a machine begins one when its spool is new, damaged or a copy.
// One that begins them without end would fill the journal's table of producers and push out others. Derived
// rows of the ledger, one per device; a cache in front. Used by the pipeline; thread-safe.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "hub/services.h"

namespace phendau::hub {

/// A repaired or copied disk takes one or two; beyond this the machine waits until the day is over.
inline constexpr std::size_t kSpoolsPerDayMax = 16;
/// The newest that are remembered of a device; an older one counts as new again.
inline constexpr std::size_t kSpoolsKept = 32;

class SpoolBook {
 public:
  explicit SpoolBook(Services& services) : services_(services) {}
  /// Notes a new epoch before its first batch is stored. `unavailable` (device.too_many_spools) when the
  /// device began kSpoolsPerDayMax within 24 hours: the agent keeps its records and tries again.
  Result<> admit(std::string_view device_id, std::string_view agency_id, std::string_view epoch, UtcTime now);
  std::uint64_t refused() const { return refused_; }

 private:
  struct Spool {
    std::string epoch;
    UtcTime first_at;
  };
  Result<std::vector<Spool>> load(const std::string& device_id);

  Services& services_;
  std::atomic<std::uint64_t> refused_{0};
  std::mutex mu_;
  std::map<std::string, std::vector<Spool>> devices_;  // oldest first; guarded by mu_
};

}  // namespace phendau::hub
