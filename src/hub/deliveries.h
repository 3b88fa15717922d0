// SPDX-License-Identifier: Apache-2.0
// Who was told what, by which way, and what became of it: a record of kind `delivery` for each recipient and
// channel, so that it can be proved a year later. Writes them, lists them for the people of their agency and
// of the province, sends again what did not arrive. What leaves the hub goes through an Outbox (outbox.h).
// Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hub/outbox.h"
#include "hub/services.h"

namespace phendau::hub {

inline constexpr std::string_view kPortalChannel = "portal";
inline constexpr std::string_view kMailChannel = "mail";
inline constexpr std::string_view kSmsChannel = "sms";
inline constexpr std::string_view kZaloChannel = "zalo";
inline constexpr std::string_view kPhoneChannel = "phone";  // a person calls and notes what came of it
inline constexpr std::size_t kMailThreads = 4;
inline constexpr std::size_t kCallsMax = 20;         // of one delivery
inline constexpr std::size_t kTestsPerHourMax = 10;  // of one person
inline constexpr std::size_t kReceiptBytesMax = 4u << 10;
inline constexpr std::string_view kChoiceSpace = "notice_choice";

/// The number as a gateway takes it, digits and one plus; as it was written for people who call; empty: none.
std::string phone_number(std::string_view text, std::string_view channel);

/// How a person wants to be told besides in the portal.
struct NoticeChoice {
  std::string email;
  std::string phone;
  std::vector<std::string> ways;  // mail, sms, zalo
};

struct DeliveryWrite {
  std::string key;  // the same key is the same delivery
  std::string channel;
  std::string agency_id;  // whose people are told
  std::string to_user;    // account; may be empty
  std::string person;     // "officer/ID": the record that names the address; may be empty
  std::string name;
  std::string address;
  std::string notice;  // reminder, test, ...
  std::string about;   // "KIND/ID"; may be empty
  std::string subject;
  std::string text;
  std::string round;  // what brought it about: all that were told then have one
  std::string step;   // of the pack's `unanswered`; empty: told at first
};

class Deliveries {
 public:
  explicit Deliveries(Services& services);
  /// For tests: `carry` in the place of the mail server and of the gateway for SMS.
  Deliveries(Services& services, Outbox::Carry carry);
  Result<> open();
  void start();
  void stop();

  bool has(std::string_view channel) const { return outboxes_.contains(channel); }
  Outbox* outbox(std::string_view channel);
  /// Adds the record and what makes it wait to the batch. A key that was written before adds nothing. After
  /// the batch: poke(). The id of the record.
  Result<std::string> add(ledger::WriteBatch& batch, const DeliveryWrite& delivery, UtcTime now);
  void poke();

  struct Filter {
    std::vector<std::string> states;  // waiting, sending, failed, sent, dead, ...
    std::string channel;
    std::string agency_id;
    std::string about;  // "KIND/ID"
    std::string cursor;
    std::size_t limit = 50;
  };
  /// {items, next_cursor, total, dead}, newest first.
  Result<Json> list(const Actor& actor, const Filter& filter);
  /// With the text and its history.
  Result<Json> get(const Actor& actor, std::string_view id);
  /// What is dead or waits for its next try goes out at once, to the address that is registered now.
  /// `conflict` (delivery.not_open) for what has arrived or is on its way.
  Result<Json> resend(const Actor& actor, std::string_view id);
  /// A call by this person: {outcome: answered, no_answer, wrong_number, not_needed; note}.
  Result<Json> note_call(const Actor& actor, std::string_view id, const Json& body);
  /// Somebody of the agency says that it was received and understood.
  Result<Json> confirm(const Actor& actor, std::string_view id);
  /// What a gateway says later of a short message that it took (docs/reference/webhook.md): {id, status:
  /// delivered | failed, at, detail}. Authorised by its signature alone; the same again changes nothing.
  Result<> receipt(std::string_view channel, std::string_view signature, std::string_view body);
  /// A notice in the portal was opened by whom it was sent to.
  void note_read(const Actor& actor, const std::vector<std::string>& ids);

  NoticeChoice choice_of(std::string_view user_id);
  /// {email, phone, ways, available}: the actor's own.
  Result<Json> own_choice(const Actor& actor);
  Result<Json> choose(const Actor& actor, const Json& body);
  /// `body`: {channel}. Sends a test to the actor; `limit` (delivery.tests) after ten in an hour.
  Result<Json> test(const Actor& actor, const Json& body);
  /// {on, sent, failed, given_up, waiting} of mails, for the overview.
  Result<Json> mail_counts();

 private:
  void add_outbox(OutboxOptions options, Outbox::Carry carry);
  Json view_of(const ledger::Record& record, bool with_text);
  Result<ledger::Record> for_update(const Actor& actor, std::string_view id, Scope& scope);
  Result<Json> rewrite(const Actor& actor, ledger::Write write, const Scope& scope);
  Result<std::uint64_t> count_of(std::vector<std::string> states, std::string_view channel,
                                 const Scope& scope);
  std::string address_now(const ledger::Record& delivery);

  Services& services_;
  std::map<std::string, std::unique_ptr<Outbox>, std::less<>> outboxes_;
};

}  // namespace phendau::hub
