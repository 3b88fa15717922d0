// SPDX-License-Identifier: Apache-2.0
// What stands in front of the password check: how often a name may be tried from where, and how many hashes
// are computed at once. An attempt is counted before its password is looked at, so that attempts at the same
// time cannot pass the limit together. In memory; thread-safe. Used by Accounts only.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <expected>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/time.h"

namespace phendau::hub {

/// Keys that are remembered; of more, those quiet for longest are forgotten.
inline constexpr std::size_t kFailureKeysMax = 50'000;
/// An address may fail for several people behind it.
inline constexpr int kAddressFailuresFactor = 4;
/// Nobody can keep a person out for longer than this by guessing from elsewhere.
inline constexpr Duration kUserDelayMax = minutes(1);
/// One refusal of a waiting key is reported per this time, with the count of those before.
inline constexpr Duration kWaitingReportEvery = minutes(1);

/// For `wait_max`: nothing shortens the wait.
inline constexpr Duration kWholeWait = days(366);

/// Counts attempts by (name, sender), by sender and by name. A sender is an address, of IPv6 its /64.
/// - (name, sender): `failures_max` failures, then `wait`.
/// - sender: kAddressFailuresFactor times as many, then `wait`.
/// - name: from `failures_max` failures on, wherever they came from, one attempt per 1, 2, 4, ... seconds, at
///   most kUserDelayMax. Does not hold for senders from which the name signed in before.
class SignInGuard {
 public:
  SignInGuard(int failures_max, Duration wait) : failures_max_(failures_max), wait_(wait) {}
  void set_limits(int failures_max, Duration wait);

  struct Attempt {
    std::string pair, sender, user;  // keys
  };
  struct Refusal {
    Duration wait;
    std::int64_t report = 0;  // refusals of this key to be told of now; 0: told of within the last minute
  };
  /// Counts the attempt as failed until undo() or succeeded().
  /// @param wait_max shortens the wait of (name, sender): for the last administrator at the machine itself.
  std::expected<Attempt, Refusal> begin(std::string_view user, std::string_view from, UtcTime now,
                                        Duration wait_max);
  /// The attempt did not take place.
  void undo(const Attempt& attempt);
  void succeeded(const Attempt& attempt, UtcTime now);

 private:
  struct Entry {
    int count = 0;
    UtcTime last_at;
    std::int64_t refused = 0;
    UtcTime reported_at;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;
  Duration wait_of(const std::string& key, int failures_max, UtcTime now, Duration wait_max);  // mu_ held
  Duration delay_of(const Attempt& attempt, UtcTime now);                                      // mu_ held
  void count(const std::string& key, UtcTime now);                                             // mu_ held
  void uncount(const std::string& key);                                                        // mu_ held

  std::mutex mu_;
  int failures_max_;                                    // guarded by mu_
  Duration wait_;                                       // guarded by mu_
  Entries entries_;                                     // guarded by mu_
  std::map<std::string, UtcTime, std::less<>> proved_;  // pairs that signed in; guarded by mu_
};

/// Lets few password hashes run at once: each takes 19 MiB and a core for a while, and the workers that wait
/// for them serve nobody else.
class HashGate {
 public:
  HashGate(std::size_t running_max, std::size_t waiting_max)
      : running_max_(running_max), waiting_max_(waiting_max) {}

  class Permit {
   public:
    explicit Permit(HashGate& gate) : gate_(&gate) {}
    Permit(Permit&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Permit& operator=(Permit&&) = delete;
    ~Permit() {
      if (gate_ != nullptr) gate_->leave();
    }

   private:
    HashGate* gate_;
  };
  /// Waits for its turn; `unavailable` (account.busy) when too many wait already.
  Result<Permit> enter();

 private:
  void leave();

  const std::size_t running_max_;
  const std::size_t waiting_max_;
  std::mutex mu_;
  std::condition_variable turn_;
  std::size_t running_ = 0;  // guarded by mu_
  std::size_t waiting_ = 0;  // guarded by mu_
};

}  // namespace phendau::hub
