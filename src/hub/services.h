// SPDX-License-Identifier: Apache-2.0
// What every use case of the hub works with, made once in hub.cpp. Also the few rules that all use cases
// share: how a missing right is answered, and the scopes of the hub's own work.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "hub/config.h"
#include "hub/live.h"
#include "hub/succession.h"
#include "model/authorize.h"
#include "os/env.h"
#include "store/ledger/ledger.h"

namespace phendau::journal {
class Journal;
}

namespace phendau::hub {

class ActivePack;
class LiveRules;
std::shared_ptr<LiveRules> make_live_rules(const ActivePack& pack);  // live_rules.cpp

struct Services {
  Env& env;
  const HubConfig& config;
  ledger::Ledger& ledger;
  journal::Journal& journal;
  Live& live;
  ActivePack& pack;
  std::shared_ptr<Succession> succession = std::make_shared<Succession>();
  std::shared_ptr<LiveRules> rules = make_live_rules(pack);
};

inline Scope everything() { return Scope{Scope::Reach::everything, {}, {}}; }
/// All of what hangs on something that the actor may read, but for what is sealed for others.
Scope everything_open_to(const Actor& actor);
/// And without anything sealed: for what leaves its circle (papers, exports, packages).
Scope everything_unsealed();

/// Whether the actor works in that agency itself.
bool is_own_body(const Actor& actor, std::string_view agency_id);

/// The scope of this actor for this pair, or `denied` when the role has no reach at all.
Result<Scope> scope_for(const Actor& actor, Action action, Resource resource);
/// As above, and the scope must cover this agency: `not_found` otherwise, so that nobody learns what exists.
Result<Scope> scope_covering(const Actor& actor, Action action, Resource resource,
                             std::string_view agency_id);

/// The hub itself writes records all the time (effects, orders, clocks): what one of its writes overtakes is
/// done anew on what stands there then, a bounded number of times. `act` reads, writes, answers a Result.
template <class Act>
auto anew_when_overtaken(Act&& act) {
  constexpr int kTriesMax = 16;
  for (int i = 1;; ++i) {
    auto done = act();
    if (done || done.error().text_id != "ledger.version_conflict" || i == kTriesMax) return done;
  }
}

/// `invalid` (request.invalid): a member of the body that is missing or not as it must be.
std::unexpected<Error> bad_member(std::string_view member);
/// What a form must have typed: trimmed; bad_member() when it is empty or too long.
Result<std::string> required_text(std::string_view text, std::string_view member, std::size_t bytes_max);

/// Whether the record ("KIND/ID") is of a kind that can be sealed: then its files and papers go with it
/// alone.
bool may_be_sealed(ledger::Ledger& ledger, std::string_view record);

/// "Z" text of an instant, or null.
Json time_or_null(const std::optional<UtcTime>& at);
/// What a list answers: {items, next_cursor}.
Json page_json(Json::Array items, const std::string& next_cursor);

/// Names of agencies by id, as the ledger has them now; the id itself for an unknown one.
std::string agency_name(Services& services, std::string_view agency_id);
/// As it was called on the day of `at`: for papers, closed files and whatever else has a date.
std::string agency_name_at(Services& services, std::string_view agency_id, UtcTime at);

/// Derived rows "KIND/ID" -> {owners: [{agency, until, handed_over_at}]}: whose a record was before acts on
/// organisations handed it over. `until` is the act's day, from which duties count; `handed_over_at` the
/// instant up to which the old agency kept the record. Can be rebuilt from the record's history.
inline constexpr std::string_view kHandoverSpace = "handover";
/// Whose record it was at `at`; `owner` is whose it is now.
std::string owner_at(Services& services, std::string_view kind, std::string_view id, std::string_view owner,
                     UtcTime at);
/// What agencies were called, for one answer with many of them: each is read once.
class AgencyNames {
 public:
  explicit AgencyNames(Services& services) : services_(services) {}
  /// agency_name_at().
  std::string at(const std::string& agency_id, UtcTime at);

 private:
  Services& services_;
  std::map<std::string, Json> docs_;  // by id; null: unknown
};
/// `not_found`, or `conflict` (organisation.ended) when it is no more: nothing new is entered for it.
Result<ledger::Record> living_agency(ledger::Ledger& ledger, std::string_view agency_id);

}  // namespace phendau::hub
