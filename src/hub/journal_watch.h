// SPDX-License-Identifier: Apache-2.0
// Verifies the whole journal again and again, slowly: every byte is read once per period, never faster than
// the set rate, beside the work of the hub. What was found stands as setting journal.verified and in the log;
// a bad result counts only when a second look says the same, for files move while segments are sealed. One
// thread of its own.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "hub/services.h"

namespace phendau::hub {

class JournalWatch {
 public:
  /// @param public_key of the journal's seals.
  JournalWatch(Services& services, std::string folder, std::string public_key);
  ~JournalWatch();
  void start();
  void stop();
  /// One verification if it is due; true: it was, and its result is kept. For tests and the own thread.
  Result<bool> look();

  /// Passes every call on; reading takes its time, and ends when the watch stops.
  class SlowEnv;

 private:
  Result<bool> is_clean();

  Services& services_;
  std::string folder_;
  std::string public_key_;
  std::atomic<bool> stopping_{false};
  std::unique_ptr<SlowEnv> slow_;
  std::thread thread_;
};

}  // namespace phendau::hub
