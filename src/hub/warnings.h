// SPDX-License-Identifier: Apache-2.0
// Warnings to agencies: sent to all, to classes or to chosen agencies by the province, the police or the
// military; each addressee has a receipt (read by whom and when, what was done), and whoever has not answered
// when the term of the pack is over is silent. Readings of staff are records too. Not alerts: those come from
// rules. Thread-safe.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "hub/active_pack.h"
#include "hub/records.h"
#include "hub/services.h"

namespace phendau::hub {

inline constexpr std::size_t kSoftwareLettersMin = 3;
inline constexpr std::size_t kSoftwareUsersMax = 2'000;

class Warnings {
 public:
  Warnings(Services& services, Records& records) : services_(services), records_(records) {}

  /// {items, next_cursor}, newest first. @param box received: what was sent to the actor's agencies; sent:
  /// what they sent; empty: the province sees all, others what they received.
  Result<Json> list(const Actor& actor, std::string_view box, std::string_view cursor, std::size_t limit);
  /// With text, measures and receipts: of everybody for the sender and the province, else of the own
  /// agencies.
  Result<Json> get(const Actor& actor, std::string_view id);
  /// {agencies, classes}: whom a warning may be sent to, by name, for those who may send one. Nothing else of
  /// an agency is told. With `software`, of at least kSoftwareLettersMin letters, also {using: [{agency_id,
  /// what}]}: who has it by those registers (`x-software`) that the actor may read.
  Result<Json> addressees(const Actor& actor, std::string_view software);
  /// `body`: {doc, agency_id}: written and sent at once to `to_agencies`, `to_classes` or everybody.
  Result<Json> send(const Actor& actor, const Json& body);
  /// `body`: {agency_id, measures_taken, done_on}. Staff only say that they have read it.
  Result<Json> acknowledge(const Actor& actor, std::string_view id, const Json& body);

 private:
  Result<ledger::Record> warning_for(const Actor& actor, std::string_view id);
  Result<std::string> addressee_of(const Actor& actor, const ledger::Record& warning, const Json& body);
  Result<> note_reading(const Actor& actor, const std::string& warning, const std::string& agency);
  Result<> note_receipt(const Actor& actor, const std::string& warning, const std::string& agency,
                        const Json& body);

  Services& services_;
  Records& records_;
  std::mutex mu_;  // from looking for a receipt to writing it
};

/// Warnings in force whose term is over and that somebody has not answered: {id, title, agency_id, due_at,
/// silent: [agency ids]}, sent by agencies in `of`. No authorisation: for the hub's settings and the queue.
Result<Json> silent_warnings(const Services& services, UtcTime now, const Scope& of);
/// Whether every warning whose term is over was answered by all; nullopt: none was ever sent.
std::optional<bool> warnings_answered(const Services& services, UtcTime now);

}  // namespace phendau::hub
