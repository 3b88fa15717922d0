// SPDX-License-Identifier: Apache-2.0
// A reader of one source of this machine (a file, the journal). It never keeps state on disk: its position
// travels with the records into the spool. Called by the agent's collecting thread only.
#pragma once

#include <string>
#include <vector>

#include "agent/spool.h"
#include "base/result.h"
#include "base/time.h"
#include "wire/messages.h"
#include "wire/record_batch.h"

namespace phendau::agent {

inline constexpr std::size_t kCollectBytesMax = 512u
                                                << 10;  // per call: below kGroupBytesMax with the last record
inline constexpr std::size_t kCollectRecordsMax = 2048;

struct Collected {
  std::vector<wire::Record> records;
  std::string position;  // after these records
  bool more = false;     // call again at once
};

class Collector {
 public:
  virtual ~Collector() = default;
  /// Key of the bookmark in the spool; never changes.
  virtual std::string source() const = 0;
  /// What is new. Errors are troubles to report; the next call tries again.
  virtual Result<Collected> collect(UtcTime now) = 0;
  /// Goes back to a position from the spool; "" means: this source was never read.
  virtual void rewind(const std::string& position) = 0;
  virtual wire::SourceStatus status() const = 0;
};

}  // namespace phendau::agent
