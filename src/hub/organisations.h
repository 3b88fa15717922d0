// SPDX-License-Identifier: Apache-2.0
// Acts on organisations: rename, move under another parent, merge, split, abolish, each with its day in force
// and decision. On its day an act changes the agencies and hands over what an ended one had, so that nothing
// is left without an owner; the past stays under the old name. An act that is entered before its day waits,
// and may be withdrawn. Provincial rights only; agencies see their own. Thread-safe.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hub/organisation_tree.h"
#include "hub/services.h"

namespace phendau::hub {

inline constexpr std::size_t kActsPlannedMax = 200;
inline constexpr std::size_t kActsShownMax = 200;

class Organisations {
 public:
  explicit Organisations(Services& services) : services_(services) {}

  /// The duties of an agency at this moment, for its close; and what to do once owners have changed. Before
  /// use.
  std::function<Json(std::string_view agency_id)> close_of;
  std::function<void()> on_changed;

  /// {at, items, days}: the agencies of a day with the names and parents of that day; days on which something
  /// changed or will. A day to come shows what the acts that are planned will make of it.
  Result<Json> tree(const Actor& actor, const std::optional<CivilDate>& at);
  /// {items}: acts, newest day first, as far as they concern the actor.
  Result<Json> acts(const Actor& actor);
  /// {moves, children, agencies}: what the act would hand over, counted. `body`: OrganisationActWrite.
  Result<Json> preview(const Actor& actor, const Json& body);
  /// Plans the act; one whose day has come is carried out at once.
  Result<Json> create(const Actor& actor, const Json& body);
  /// `conflict` (organisation.in_force) once it was carried out.
  Result<Json> withdraw(const Actor& actor, std::string_view id, const Json& body);

  /// Reads who succeeds whom, finishes what a crash left, carries out what is due. At start and now and then.
  Result<> open();
  void carry_out_due();

 private:
  Result<Json> document_of(const Actor& actor, const Json& body);
  Result<Json> parts_of(const Json& body, const AgencyMap& all);
  Result<Json> assigned_of(const Json& body, const Json& doc);
  Result<AgencyMap> agencies();
  /// Agencies as they are on a day once the acts planned until then are carried out.
  Result<AgencyMap> agencies_on(std::string_view day);
  Result<std::vector<ledger::Record>> acts_in(const std::vector<std::string>& states);
  /// mu_ held.
  Result<> carry_out(const std::string& id, const Actor& actor);
  Result<> carry_out_once(ledger::Record act, const Actor& actor);
  Result<std::vector<ledger::Write>> first_writes(const ledger::Record& act, const ActEffect& effect);
  void note_problem(const std::string& id, const Error& error);
  Json act_view(const ledger::Record& record, const AgencyMap& all) const;
  /// [{kind, title, count}]: what an agency has and an act may hand over.
  Result<Json> belongings_of(const std::string& agency_id, const AgencyMap& all);
  Result<Json> moves_view(const ActEffect& effect, const Json& doc, const AgencyMap& all);
  std::string today() const;

  Services& services_;
  std::mutex mu_;  // one act at a time
};

/// For `admin doctor`: what belongs to an agency that is no more or never was, and acts that stopped
/// half-way. Sentences, at most `limit`.
Result<std::vector<std::string>> find_orphans(ledger::Ledger& ledger, std::size_t limit);

}  // namespace phendau::hub
