// SPDX-License-Identifier: Apache-2.0
// What waits to leave the hub by one channel (mail, a gateway for short messages), and the threads that hand
// it over. A delivery is a record of kind `delivery`, evidence of who was told; beside it two derived rows
// work: its progress, and its place in the order of due times. Before anything goes out the progress says
// `sending`: after a crash such a delivery goes out again, with the same number, and is marked as possibly
// received twice, because a lost statutory notice is worse. What an address puts off moves all of that
// address behind the others; a server that cannot be reached makes the channel pause. Thread-safe.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "hub/services.h"
#include "net/send_reply.h"

namespace phendau::hub {

inline constexpr std::string_view kDeliveryKind = "delivery";
inline constexpr std::string_view kOutboxSpace = "outbox";         // CHANNEL/ID: progress
inline constexpr std::string_view kOutboxDueSpace = "outbox_due";  // CHANNEL/TIME|ID: order
inline constexpr int kSendTriesMax = 10;                           // answers of the server to this one
inline constexpr Duration kSendAgeMax = days(5);                   // RFC 5321 4.5.4.1: four to five days
inline constexpr Duration kSendRetryMax = hours(6);
inline constexpr Duration kServerPauseMax = minutes(15);

/// What is handed over.
struct Parcel {
  std::string id;
  std::string address;
  std::string subject;
  std::string text;
  UtcTime at;
};

struct OutboxCounts {
  std::uint64_t sent = 0;      // since start
  std::uint64_t failed = 0;    // tries that went wrong
  std::uint64_t given_up = 0;  // deliveries that became dead
};

struct OutboxOptions {
  std::string channel;
  std::size_t threads = 1;  // one address is never served by two
  Duration retry_first = minutes(1);
};

/// States of a record that still waits to go out, for the first time or again.
inline constexpr std::string_view kOpenDeliveries[] = {"waiting", "failed"};
inline bool is_open_delivery(std::string_view state) {
  return std::find(std::begin(kOpenDeliveries), std::end(kOpenDeliveries), state) !=
         std::end(kOpenDeliveries);
}
inline std::vector<std::string> open_delivery_states() {
  return {std::begin(kOpenDeliveries), std::end(kOpenDeliveries)};
}

class Outbox {
 public:
  using Carry = std::function<net::SendReply(const Parcel&, const std::atomic<bool>& stop)>;
  Outbox(Services& services, OutboxOptions options, Carry carry);
  ~Outbox();
  /// What was being sent when the hub ended waits again; rows that are missing are made from the records.
  Result<> open();
  void start();
  void stop();
  const std::string& channel() const { return options_.channel; }
  /// The rows that make a new delivery wait from `due` on, for the batch that writes its record. Then poke().
  static void add_rows(ledger::WriteBatch& batch, std::string_view channel, std::string_view id,
                       std::string_view address, UtcTime due, bool twice = false);
  void poke();
  /// Hands over what is due; the time of the next try, if anything waits. For the own threads and tests.
  Result<std::optional<UtcTime>> run_once();
  OutboxCounts counts() const;
  /// {tries, next_at, sending, twice, end, answer} of a delivery that waits; null otherwise.
  Json progress(std::string_view id);
  std::set<std::string> sending() const;

 private:
  struct Job {
    std::string id;
    std::string due_key;
    std::string to;  // digest of the address
    Json row;        // progress
  };
  struct Verdict {
    std::string state;  // of the record; empty: it waits until `again`
    UtcTime again;
    Json row;
  };
  void run();
  Result<std::optional<Job>> claim(std::optional<UtcTime>& next);
  Result<> carry(Job job);
  Verdict judge(const Job& job, const net::SendReply& reply, UtcTime now);
  /// Writes what came of it; tried again later when the ledger cannot take it.
  Result<> settle(const Job& job, const Verdict& verdict);
  Result<> settle_unsaved();
  Result<> rest_others(const Job& job, const Verdict& verdict);
  Result<> mend_progress(ledger::WriteBatch& batch);
  Result<> mend_missing(ledger::WriteBatch& batch);
  void release(const Job& job);

  Services& services_;
  OutboxOptions options_;
  Carry carry_;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mu_;
  OutboxCounts counts_;                              // guarded by mu_
  std::set<std::string> busy_;                       // guarded by mu_; addresses (digests) being served
  std::set<std::string> held_;                       // guarded by mu_; ids being sent or not yet written
  std::map<std::string, int, std::less<>> put_off_;  // guarded by mu_; times in a row, by address
  std::vector<std::pair<Job, Verdict>> unsaved_;     // guarded by mu_
  UtcTime pause_until_;                              // guarded by mu_; of the whole channel
  int unreached_ = 0;                                // guarded by mu_; times in a row
  std::uint64_t pokes_ = 0;                          // guarded by mu_
  std::condition_variable wake_;
  std::vector<std::thread> threads_;
};

}  // namespace phendau::hub
