// SPDX-License-Identifier: Apache-2.0
// Sends the spool to the hub in order and commits what the hub acknowledges. Never drops: whatever the hub
// answers, the records stay until it says that it has them. Waits between failures with growing, scattered
// pauses. Called by the agent's talking thread only.
#pragma once

#include "agent/spool.h"
#include "agent/transport.h"
#include "agent/troubles.h"
#include "os/env.h"

namespace phendau::agent {

inline constexpr std::size_t kLeaseBytes = 2u << 20;  // 250 KiB on the wire; seconds on a bad line
inline constexpr std::size_t kLeaseRecords = 8192;
inline constexpr Duration kBackoffFirst = seconds(1);
inline constexpr Duration kBackoffMax =
    minutes(5);  // after an outage the hub hears from everybody within this

/// Pauses between attempts: doubling, each scattered over half to all of its length, so that a thousand
/// agents do not return in the same second.
class Backoff {
 public:
  explicit Backoff(Env& env) : env_(env) {}
  bool is_waiting() const { return env_.monotonic() < until_; }
  void failed();
  void succeeded();
  Duration left() const;

 private:
  Env& env_;
  Duration pause_ = kBackoffFirst;
  Duration until_{};
};

enum class UploadStep : std::uint8_t { sent, idle, waiting, failed };

class Uploader {
 public:
  Uploader(Env& env, Spool& spool, Troubles& troubles)
      : env_(env), spool_(spool), troubles_(troubles), backoff_(env) {}
  /// One batch at most.
  UploadStep step(Transport& transport);

 private:
  UploadStep give_up(std::string_view cause, const Error& error);
  Result<> accept(const wire::RecordBatch& batch, std::string_view body);

  Env& env_;
  Spool& spool_;
  Troubles& troubles_;
  Backoff backoff_;
  std::size_t lease_bytes_ = kLeaseBytes;
};

}  // namespace phendau::agent
