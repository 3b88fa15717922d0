// SPDX-License-Identifier: Apache-2.0
// Carries out what an act on organisations hands over: records, machines, people, bindings and references of
// an agency that ends (or gives something away) get their new owner, in one transaction of the ledger or,
// when there is too much for one, in a series that bears the act's id and goes on after a crash. Used by
// organisations.cpp only; one at a time.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "hub/active_pack.h"
#include "hub/organisation_tree.h"
#include "hub/services.h"

namespace phendau::hub {

inline constexpr std::string_view kActKind = "organisation_act";
inline constexpr std::string_view kCloseKind = "organisation_close";

/// What stays with an agency that is no more: what it answered for itself.
bool stays_with_past(std::string_view kind, const Json& doc);
/// Kinds of the ledger of which something may be handed over.
std::vector<std::string> kinds_that_move(const ledger::Ledger& ledger);

class OrganisationMoves {
 public:
  /// @param act the act's record; its document says in_force, handover [{from, to}], assign [{kind, id, to}].
  OrganisationMoves(Services& services, ledger::Record act, const Actor& actor);

  /// Goes into the first transaction, before everything else.
  void begin(std::vector<ledger::Write> writes);
  /// Everything; `conflict` when somebody wrote meanwhile: nothing of the last transaction happened, call
  /// anew.
  Result<> run();
  std::uint64_t moved() const { return moved_; }

 private:
  Result<> move_records();
  Result<> move_assigned();
  Result<> give(const ledger::Record& record, const std::string& to);
  Result<> move_users();
  Result<> move_bindings();
  Result<> move_references();
  Result<> hand_over(const ledger::Record& record, const std::string& to);
  Result<> move_facts(const std::string& device_id, const std::string& to);
  ledger::Write& draft(const ledger::Record& record);
  Result<> flush(bool last);
  /// A page of a query after the other; `each` gets every record.
  Result<> each_record(ledger::Query query, const std::function<Result<>(const ledger::Record&)>& each);

  Services& services_;
  ledger::Record act_;
  const Actor& actor_;
  std::string day_;
  std::string reason_;
  std::map<std::string, std::string, std::less<>> heir_of_;  // agency -> who takes its things
  std::vector<ledger::Write> head_;
  std::map<std::string, ledger::Write, std::less<>> pending_;  // by KIND/ID
  std::vector<ledger::DerivedWrite> derived_;
  std::uint64_t moved_ = 0;
};

}  // namespace phendau::hub
