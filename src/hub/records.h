// SPDX-License-Identifier: Apache-2.0
// Registers: records of the kinds that packs declare and people keep. One list, form, history, move and
// undo for all of them; rights, states, uniqueness and references come from the kind. Writes take turns, so
// that a check and its write are one. Thread-safe.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hub/active_pack.h"
#include "hub/services.h"

namespace phendau::hub {

/// What a kind and a state mean for rights; without a state, those of a record that is not decided.
RecordRights rights_of(const RegisterKind& kind, std::string_view state);

class Records {
 public:
  explicit Records(Services& services) : services_(services) {}

  struct Query {
    std::vector<std::string> states;
    std::string agency_id;
    std::string text;
    std::vector<std::pair<std::string, std::string>> equals;  // indexed field, value
    std::string order_by;                                     // "" newest first; "-field" descending
    std::string cursor;
    std::size_t limit = 50;
  };

  /// {items: [...]}: the kinds that the actor may read, with schema, states and moves.
  Result<Json> kinds(const Actor& actor);
  /// {items, next_cursor, total}
  Result<Json> list(const Actor& actor, std::string_view kind, const Query& query);
  /// The record, its files and the moves open to the actor. `at`: as it was then (`not_found` before it was).
  Result<Json> get(const Actor& actor, std::string_view kind, std::string_view id,
                   std::optional<UtcTime> at = std::nullopt);
  /// `body`: RecordCreate of openapi.yaml. `invalid` names the field; `conflict` what it collides with.
  Result<Json> create(const Actor& actor, std::string_view kind, const Json& body);
  /// `body`: RecordUpdate; `conflict` when somebody else changed it meanwhile.
  Result<Json> update(const Actor& actor, std::string_view kind, std::string_view id, const Json& body);
  /// `body`: RecordMove.
  Result<Json> move(const Actor& actor, std::string_view kind, std::string_view id, const Json& body);
  /// Puts back what stood after change `sequence`, as a new change.
  Result<Json> undo(const Actor& actor, std::string_view kind, std::string_view id, const Json& body);
  /// {items}: changes, newest first; `on_behalf` marks what the province entered for an agency.
  Result<Json> history(const Actor& actor, std::string_view kind, std::string_view id);

  /// The body that keeps provincial registers: bound to the slot lead_department; `conflict` when none is.
  Result<std::string> province_agency();

  /// Called with the kind after each write, before the answer. Set before use.
  std::function<void(std::string_view kind)> on_write;

 private:
  struct Draft {
    const RegisterKind* kind = nullptr;
    std::string id;
    std::string agency_id;
    std::string state;
    Json doc;
  };
  Result<const RegisterKind*> kind_of(const Actor& actor, std::string_view kind) const;
  Scope scope_of(const Actor& actor, Action action, const RegisterKind& kind, std::string_view state) const;
  Result<Scope> writable(const Actor& actor, Action action, const RegisterKind& kind, std::string_view state,
                         std::string_view agency_id);
  Result<ledger::Record> record_for(const Actor& actor, Action action, const RegisterKind& kind,
                                    std::string_view id);
  /// What the actor goes by for lists of writers and moves: role and slots, as far as the own rights reach
  /// the agency, and the places that delegations give there.
  std::vector<std::string> names_for(const Actor& actor, const RegisterKind& kind,
                                     std::string_view agency_id);
  /// The same over all agencies: what a form may offer.
  std::vector<std::string> all_names(const Actor& actor, const RegisterKind& kind);
  std::vector<std::string> own_names(const Actor& actor);
  void written(std::string_view kind);
  Result<std::string> owner_of(const Actor& actor, const RegisterKind& kind, const Json& body);
  Result<> check_draft(const Actor& actor, const Draft& draft);
  Result<> check_references(const Actor& actor, const Draft& draft);
  Result<> check_unique(const Draft& draft);
  Result<> check_disjoint(const Draft& draft);
  Result<> check_inside(const Draft& draft);
  Result<std::vector<ledger::Record>> live_records(const RegisterKind& kind,
                                                   std::vector<ledger::FieldFilter> filters);
  Result<Json> files_of(std::string_view kind, std::string_view id);
  Json summary(const RegisterKind& kind, const ledger::Record& record);
  Result<Json> view(const Actor& actor, const RegisterKind& kind, const ledger::Record& record);
  Result<Json> save(const Actor& actor, const RegisterKind& kind, const ledger::Record& record,
                    std::string state, Json doc, const Json& body, std::string reason);

  Services& services_;
  std::mutex mu_;  // held from a check to its write
};

}  // namespace phendau::hub
