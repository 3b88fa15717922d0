// SPDX-License-Identifier: Apache-2.0
// Tells people when a record comes into a state that notices.yaml of the pack names: a new case, a request, a
// warning. Follows the ledger with a position of its own, so that whatever writes records needs to know
// nothing of it, a crash loses nothing, and what is told twice has one key. Who may not read the record, and
// every short message, gets the short words. What nobody reads or confirms goes on to deputies and
// out-of-hours numbers. Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "hub/accounts.h"
#include "hub/active_pack.h"
#include "hub/deliveries.h"
#include "hub/notices.h"
#include "hub/repeated.h"

namespace phendau::hub {

inline constexpr Duration kTellNextEvery = seconds(10);
inline constexpr Duration kTellNextAgeMax = days(3);           // older notices go to nobody else
inline constexpr std::size_t kDeliveriesLookedAtMax = 20'000;  // at a time, the newest

class Telling {
 public:
  Telling(Services& services, Accounts& accounts, Notices& notices, Deliveries& deliveries)
      : services_(services), accounts_(accounts), notices_(notices), deliveries_(deliveries) {}
  /// Begins with what happens from now on, or goes on where it was.
  Result<> open();
  void start();
  void stop() { worker_.stop(); }
  /// Words for {marks} of a notice that only its caller knows.
  using Marks = std::vector<std::pair<std::string_view, std::string>>;
  /// One notice of the pack about a record because somebody says so (a step of a case, a clock), to `to` or,
  /// if empty, to whom the notice names; how many deliveries that is, made now or before. The same `key`
  /// tells nobody twice. `not_found` for a notice that the pack does not have.
  Result<std::size_t> tell_now(std::string_view notice, const ledger::Record& record, std::string_view key,
                               std::vector<std::string> to = {}, const Marks& more = {});
  /// Tells what happened since; the number of deliveries. For the own thread and tests.
  Result<std::size_t> look();
  /// Tells those that the pack's `unanswered` names next of what nobody of an agency has read or confirmed;
  /// the number of deliveries. What an agency was told and by which step stands in the deliveries themselves:
  /// a kill in between tells nobody twice. For the own thread and tests.
  Result<std::size_t> tell_next();

 private:
  struct People;
  struct Reader;
  struct Round;
  Result<People> people_now();
  /// What one notice writes; `key` is what brought it about. `next`: once more, by that step, to that agency.
  struct Next {
    const NoticeStep& step;
    const Round& round;
  };
  Result<> tell(const NoticeRule& rule, const ledger::Record& record, std::string_view key, People& people,
                std::vector<DeliveryWrite>& out, const Marks& more = {}, const Next* next = nullptr);
  Result<std::vector<Round>> rounds_since(UtcTime from);
  Result<> tell_round(const Round& round, std::optional<People>& people, UtcTime now,
                      std::vector<DeliveryWrite>& out);
  Result<> add_next(const std::string& to, const std::string& agency, const People& people,
                    std::vector<Reader>& out);
  Result<> tell_changes(const std::vector<ledger::Change>& changes, std::vector<DeliveryWrite>& out);
  Result<std::vector<Reader>> readers_of(const NoticeRule& rule, const ledger::Record& record,
                                         const std::vector<std::string>& agencies, People& people);
  Reader reader_of(const Account& account, std::string_view agency_id);
  Result<> add_registered(std::string_view agency_id, std::string_view reg, Role role,
                          std::vector<Reader>& out);
  bool may_read(const Reader& reader, const ledger::Record& record);
  std::optional<std::string> read_as(const Reader& reader, const ledger::Record& record);
  Result<> write(const std::vector<DeliveryWrite>& deliveries);

  Services& services_;
  Accounts& accounts_;
  Notices& notices_;
  Deliveries& deliveries_;
  std::mutex mu_;          // from the position to what was written
  std::uint64_t seq_ = 0;  // guarded by mu_
  UtcTime next_look_;      // of the own thread; when tell_next() is due again
  Repeated worker_;
};

}  // namespace phendau::hub
