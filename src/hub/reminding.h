// SPDX-License-Identifier: Apache-2.0
// Sends what comply/reminders.h says is due: to whom by role, each notice once, whatever happens in between.
// A notice and the memory that it was sent are one write. A notice that nobody can receive yet waits. Called
// from the hub's maintenance thread; run() takes turns.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "comply/reminders.h"
#include "hub/accounts.h"
#include "hub/active_pack.h"
#include "hub/deliveries.h"
#include "hub/notices.h"
#include "hub/obligations.h"
#include "hub/records.h"

namespace phendau::hub {

inline constexpr std::string_view kSentSpace = "reminder_sent";
/// Notices of accounts and sentences of mails, written at once; what is left goes out with the next run.
inline constexpr std::size_t kNoticesPerRun = 2'000;
/// How long a notice is remembered after its duty is gone, in case the duty comes back.
inline constexpr std::int64_t kSentKeptDays = 400;

class Reminding {
 public:
  Reminding(Services& services, Obligations& obligations, Records& records, Accounts& accounts,
            Notices& notices, Deliveries& deliveries)
      : services_(services),
        obligations_(obligations),
        records_(records),
        accounts_(accounts),
        notices_(notices),
        deliveries_(deliveries) {}
  /// Reads what was sent before.
  Result<> open();
  /// Sends what is due at `now`; the number of notices (one per person).
  Result<std::size_t> run(UtcTime now);
  std::size_t notices_per_run = kNoticesPerRun;  // tests have fewer people; before use

 private:
  struct People;
  struct Mail {
    DeliveryWrite write;
    std::vector<std::string> sentences;
  };
  Result<std::vector<NoticeWrite>> send(const std::vector<comply::Notice>& due, UtcTime now);
  std::vector<std::string> readers_of(const comply::Notice& notice, const People& people);
  /// Addresses that the body of the notice registered for this role, as mails without text.
  std::vector<DeliveryWrite> addresses_of(const comply::Notice& notice, const People& people);
  using Mails = std::map<std::pair<std::string, std::string>, Mail>;  // by address and body
  Result<> add_mails(Mails& mails, UtcTime now, ledger::WriteBatch& batch);
  void forget(const std::set<std::string, std::less<>>& open_duties, UtcTime now);

  Services& services_;
  Obligations& obligations_;
  Records& records_;
  Accounts& accounts_;
  Notices& notices_;
  Deliveries& deliveries_;
  std::mutex mu_;
  std::set<std::string, std::less<>> sent_;  // guarded by mu_
};

}  // namespace phendau::hub
