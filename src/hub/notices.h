// SPDX-License-Identifier: Apache-2.0
// Notices to one person in the portal: list, unread count, marked as read; a live update for the person
// alone. Derived rows: what they say can be read elsewhere too. The newest kNoticesKeptMax per person are
// kept. Thread-safe.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "hub/services.h"

namespace phendau::hub {

inline constexpr std::string_view kNoticeSpace = "notice";
inline constexpr std::size_t kNoticesKeptMax = 200;  // per person; older ones are dropped

struct NoticeWrite {
  std::string user_id;
  std::string key;   // the same key again replaces nothing and adds nothing within one instant
  std::string kind;  // before, overdue, escalation, notice
  std::string text;
  std::string task;  // Duty::id of what it is about
  std::string agency_id;
  std::string about = {};     // "KIND/ID" of a record
  std::string delivery = {};  // the record that proves it
};

class Notices {
 public:
  explicit Notices(Services& services) : services_(services) {}

  /// {items, unread}: newest first; `limit` 0: the count only.
  Result<Json> list(const Actor& actor, std::size_t limit);
  /// Told which deliveries were read by this person; set before use.
  std::function<void(const Actor&, const std::vector<std::string>&)> on_read;
  /// `body`: {ids} or {all: true}. Answers {unread}.
  Result<Json> mark_read(const Actor& actor, const Json& body);

  /// The rows of a notice, for a batch that also remembers that it was sent.
  static ledger::DerivedWrite row_of(const NoticeWrite& notice, UtcTime now);
  /// After the batch: tells the people's open pages, drops what is too old.
  void delivered(const std::vector<NoticeWrite>& notices);

 private:
  Result<std::vector<ledger::Derived>> rows_of(std::string_view user_id);

  Services& services_;
  std::mutex mu_;  // reading marks against dropping
};

}  // namespace phendau::hub
