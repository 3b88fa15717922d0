// SPDX-License-Identifier: Apache-2.0
// What a record must not collide with before it is written: markings of state secrets in its text, new
// references to nothing, values that belong to another live record, networks that cross. For one record the
// ledger is asked; for many everything is read once, and each accepted record counts for the next ones. Used
// by Records under its lock. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hub/active_pack.h"
#include "hub/services.h"
#include "model/predicate.h"

namespace phendau::hub {

/// A record as it is about to be written.
struct Draft {
  const RegisterKind* kind = nullptr;
  std::string id;
  std::string agency_id;
  std::string state;
  Json doc;
  Json before = {};  // its document as it stands in the ledger; null: a new record
};

/// Whether the register takes writes of somebody who goes by one of these names.
bool is_writer(const RegisterKind& kind, const std::vector<std::string>& names);
/// What a kind and a state mean for rights; without a state, those of a record that is not decided.
RecordRights rights_of(const RegisterKind& kind, std::string_view state);
Scope record_scope(Services& services, const Actor& actor, Action action, const RegisterKind& kind,
                   std::string_view state);
/// Slot -> agencies that hold it today.
using SlotHolders = std::multimap<std::string, std::string, std::less<>>;
Result<SlotHolders> bodies_of_slots(Services& services);
/// The agencies behind addressees: those that are named, and who holds the named slots.
std::vector<std::string> agencies_of(const std::vector<std::string>& addressees, const SlotHolders& holders);
/// Whom the actor may name as addressee in records of this kind; about a case also its owner and parties.
Result<Scope> addressee_scope(Services& services, const Actor& actor, const RegisterKind& kind,
                              std::string_view case_id);
/// Whether this member names agencies that the record is sent to.
bool names_addressees(const RegisterKind& kind, std::string_view member);
/// What the people of a body go by when they make the moves of a record that is addressed to it: kAddressee
/// and the role slots in `decide` (the scope of Action::decide); empty when it is not addressed to them.
std::vector<std::string> names_as_addressee(const RegisterKind& kind, const ledger::Record& record,
                                            const Scope& decide);
/// Whether somebody with these names has a move to make from here.
bool has_move(const RegisterKind& kind, std::string_view state, const std::vector<std::string>& names);
/// Records of the kind in states that count.
Result<std::vector<ledger::Record>> live_records(Services& services, const RegisterKind& kind,
                                                 std::vector<ledger::FieldFilter> filters);

/// Networks of live records by address: what holds one or lies in it is found without looking at the others.
class Networks {
 public:
  struct Entry {
    std::string id;
    std::string text;
    std::string parent;
    Cidr network;
  };
  using Wanted = std::function<bool(const Entry&)>;

  void add(std::string_view id, const Json& doc, std::string_view field);
  const Entry* by_id(std::string_view id) const;
  /// The first wanted one that contains `own`; itself too.
  const Entry* containing(const Cidr& own, const Wanted& wanted) const;
  /// As above, or one inside `own`.
  const Entry* overlapping(const Cidr& own, const Wanted& wanted) const;

 private:
  std::map<std::string, std::vector<Entry>> by_place_;  // family, masked address, prefix length
  std::unordered_map<std::string, std::string> place_of_;
};

class RecordChecks {
 public:
  RecordChecks(Services& services, const Actor& actor, const RegisterKind& kind)
      : services_(services), actor_(actor), kind_(kind) {}

  /// For many drafts. Cost: one look at every record of the kind.
  Result<> read_all();
  /// `invalid`, `conflict`, or `denied` with a text id upload.* for a marking.
  Result<> check(const Draft& draft);
  /// From now on the draft counts as a live record. After read_all().
  void accept(const Draft& draft);

  /// A record of the same agency that the draft repeats: with the same unique values and live, or with the
  /// same document now or when it was first written.
  struct Present {
    std::string id;
    bool differs = false;
  };
  std::optional<Present> present(const Draft& draft) const;

 private:
  struct Holder {
    std::string id;
    std::string agency_id;
  };
  Result<> check_references(const Draft& draft);
  Result<> check_unique(const Draft& draft) const;
  Result<std::optional<Holder>> holder_of(const UniqueFields& unique, std::size_t rule,
                                          const Draft& draft) const;
  Result<> check_disjoint(const Draft& draft);
  Result<> check_inside(const Draft& draft);
  Result<const Networks*> networks_of(std::optional<Networks>& kept, const RegisterKind& kind,
                                      std::string_view field);
  void keep_live(const Draft& draft);

  Services& services_;
  const Actor& actor_;
  const RegisterKind& kind_;
  bool all_read_ = false;
  std::vector<std::unordered_map<std::string, Holder>> by_unique_;  // per rule of the kind
  std::unordered_map<std::string, std::string> by_document_;        // agency and digest -> id
  std::optional<Networks> own_networks_;
  std::optional<Networks> outer_networks_;
  std::unordered_map<std::string, bool> references_;  // "kind/id" that was asked for
};

}  // namespace phendau::hub
