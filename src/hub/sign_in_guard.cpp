// SPDX-License-Identifier: Apache-2.0
#include "hub/sign_in_guard.h"

#include <algorithm>
#include <vector>

#include "net/address.h"

namespace phendau::hub {
namespace {

constexpr Duration kDelayFirst = seconds(1);

std::string sender_of(std::string_view from) {
  const auto address = net::parse_ip(from);
  return address ? address->sender().ip_text() : std::string(from);
}

/// Forgets a tenth, the quiet ones first, when there is no room for another key.
template <class Map, class TimeOf>
void make_room(Map& map, TimeOf time_of) {
  if (map.size() < kFailureKeysMax) return;
  std::vector<UtcTime> times;
  times.reserve(map.size());
  for (const auto& [key, value] : map) times.push_back(time_of(value));
  const auto edge = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 10);
  std::nth_element(times.begin(), edge, times.end());
  std::erase_if(map, [&, limit = *edge](const auto& item) { return time_of(item.second) <= limit; });
}

}  // namespace

void SignInGuard::set_limits(int failures_max, Duration wait) {
  const std::lock_guard lock(mu_);
  failures_max_ = failures_max;
  wait_ = wait;
}

Duration SignInGuard::wait_of(const std::string& key, int failures_max, UtcTime now, Duration wait_max) {
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.count < failures_max) return {};
  const Duration left = found->second.last_at + std::min(wait_, wait_max) - now;
  if (left.ns > 0) return left;
  // The wait is over: the next failures count anew, except for who waits less than the others.
  if (wait_max >= wait_) entries_.erase(found);
  return {};
}

Duration SignInGuard::delay_of(const Attempt& attempt, UtcTime now) {
  const auto found = entries_.find(attempt.user);
  if (found == entries_.end()) return {};
  const Entry& entry = found->second;
  if (now - entry.last_at >= std::max(wait_, kUserDelayMax)) {
    entries_.erase(found);
    return {};
  }
  if (entry.count < failures_max_ || proved_.contains(attempt.pair)) return {};
  const int doublings = std::min(entry.count - failures_max_, 30);
  const Duration delay = std::min(Duration{kDelayFirst.ns << doublings}, kUserDelayMax);
  return std::max(entry.last_at + delay - now, Duration{});
}

void SignInGuard::count(const std::string& key, UtcTime now) {
  make_room(entries_, [](const Entry& entry) { return entry.last_at; });
  Entry& entry = entries_[key];
  ++entry.count;
  entry.last_at = now;
}

void SignInGuard::uncount(const std::string& key) {
  const auto found = entries_.find(key);
  if (found != entries_.end() && --found->second.count <= 0) entries_.erase(found);
}

std::expected<SignInGuard::Attempt, SignInGuard::Refusal> SignInGuard::begin(std::string_view user,
                                                                             std::string_view from,
                                                                             UtcTime now, Duration wait_max) {
  const std::string sender = sender_of(from);
  Attempt attempt{"pair:" + std::string(user) + "@" + sender, "from:" + sender, "user:" + std::string(user)};
  const std::lock_guard lock(mu_);
  const std::pair<const std::string*, Duration> waits[] = {
      {&attempt.pair, wait_of(attempt.pair, failures_max_, now, wait_max)},
      {&attempt.sender, wait_of(attempt.sender, failures_max_ * kAddressFailuresFactor, now, wait_max)},
      {&attempt.user, delay_of(attempt, now)}};
  const auto longest = std::max_element(std::begin(waits), std::end(waits),
                                        [](const auto& a, const auto& b) { return a.second < b.second; });
  if (longest->second.ns > 0) {
    Entry& entry = entries_.find(*longest->first)->second;
    ++entry.refused;
    Refusal refusal{longest->second, 0};
    if (entry.reported_at == UtcTime{} || now - entry.reported_at >= kWaitingReportEvery) {
      refusal.report = std::exchange(entry.refused, 0);
      entry.reported_at = now;
    }
    return std::unexpected(refusal);
  }
  count(attempt.pair, now);
  count(attempt.sender, now);
  count(attempt.user, now);
  return attempt;
}

void SignInGuard::undo(const Attempt& attempt) {
  const std::lock_guard lock(mu_);
  uncount(attempt.pair);
  uncount(attempt.sender);
  uncount(attempt.user);
}

void SignInGuard::succeeded(const Attempt& attempt, UtcTime now) {
  const std::lock_guard lock(mu_);
  entries_.erase(attempt.pair);
  uncount(attempt.sender);
  uncount(attempt.user);
  make_room(proved_, [](UtcTime at) { return at; });
  proved_[attempt.pair] = now;
}

Result<HashGate::Permit> HashGate::enter() {
  std::unique_lock lock(mu_);
  if (running_ >= running_max_) {
    if (waiting_ >= waiting_max_) {
      return fail(ErrorCode::unavailable, "too many passwords are being checked", "account.busy");
    }
    ++waiting_;
    turn_.wait(lock, [this] { return running_ < running_max_; });
    --waiting_;
  }
  ++running_;
  return Permit(*this);
}

void HashGate::leave() {
  const std::lock_guard lock(mu_);
  --running_;
  turn_.notify_one();
}

}  // namespace phendau::hub
