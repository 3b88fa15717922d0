// SPDX-License-Identifier: Apache-2.0
// Tells people when a record comes into a state that notices.yaml of the pack names: a new case, a request, a
// warning. Follows the ledger with a position of its own, so that whatever writes records needs to know
// nothing of it, a crash loses nothing, and what is told twice has one key. Who may not read the record, and
// every short message, gets the short words. Thread-safe.
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

 private:
  struct People;
  struct Reader;
  Result<People> people_now();
  /// What one notice writes; `key` is what brought it about.
  Result<> tell(const NoticeRule& rule, const ledger::Record& record, std::string_view key, People& people,
                std::vector<DeliveryWrite>& out, const Marks& more = {});
  Result<> tell_changes(const std::vector<ledger::Change>& changes, std::vector<DeliveryWrite>& out);
  Result<std::vector<Reader>> readers_of(const NoticeRule& rule, const ledger::Record& record,
                                         People& people);
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
  Repeated worker_;
};

}  // namespace phendau::hub
