// SPDX-License-Identifier: Apache-2.0
// Registers: records of the kinds that packs declare and people keep. One list, form, history, move and
// undo for all of them; rights, states, uniqueness and references come from the kind. Writes take turns, so
// that a check and its write are one. What a record must not collide with: record_checks.h. Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hub/active_pack.h"
#include "hub/record_checks.h"
#include "hub/services.h"

namespace phendau::hub {

inline constexpr std::size_t kWaitingPerKindMax = 20;
inline constexpr std::size_t kQueuedPerKindMax =
    1'000;  // beyond that the queue is not the place to work it off
inline constexpr std::size_t kWaitingMax = 100;

class Records {
 public:
  explicit Records(Services& services) : services_(services) {}

  struct Query {
    std::vector<std::string> states;
    std::string agency_id;
    std::string text;
    std::vector<std::pair<std::string, std::string>> equals;  // indexed field, value
    std::string list;                                         // id of a derived list; "": all records
    std::string order_by;                                     // "" newest first; "-field" descending
    std::string cursor;
    std::size_t limit = 50;
  };

  /// {items: [...]}: the kinds that the actor may read, with schema, states and moves.
  Result<Json> kinds(const Actor& actor);
  /// {items: [{id, name}]}, in Vietnamese order: whom the actor's records of this kind may name as addressee.
  Result<Json> addressees(const Actor& actor, std::string_view kind, std::string_view case_id);
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

  // ---- for tables (record_tables.h) ----
  /// `not_found` for a kind that people do not keep, `denied` for one that the role does not read.
  Result<const RegisterKind*> kind_of(const Actor& actor, std::string_view kind) const;
  /// `denied` with the reason why this actor adds nothing to this register.
  Result<> check_may_create(const Actor& actor, const RegisterKind& kind);
  /// The records of the list, without cursor and limit: in the order of ids. `limit` over `records_max`.
  Result<std::vector<ledger::Record>> all(const Actor& actor, const RegisterKind& kind, const Query& query,
                                          std::size_t records_max);

  struct NewRecord {
    std::string id;         // a new ULID
    std::string agency_id;  // "" as in create()
    std::string state;      // idem
    Json doc;               // conforms to the schema
    std::string reason;
  };
  struct Outcome {
    enum class Fate : std::uint8_t { added, present, wrong } fate = Fate::added;
    Draft draft;
    RecordChecks::Present present;  // fate present: may also be a record of the same batch
    std::optional<Error> error;     // fate wrong
  };
  enum class Writing : std::uint8_t { nothing, all_or_nothing, good_ones };
  struct Added {
    std::vector<Outcome> outcomes;  // one for each record, in order
    std::size_t written = 0;
  };
  /// Many records as create() would take them one after the other, written in one transaction. What is there
  /// already is not written again. Fails as a whole: `denied` (upload.*) when a text carries a marking,
  /// `limit` over ledger::kBatchWritesMax new records. Cost: one look at every record of the kind.
  Result<Added> create_many(const Actor& actor, const RegisterKind& kind, std::vector<NewRecord> records,
                            Writing writing);
  /// Live records whose next move is the actor's, oldest first: TaskRecord of openapi.yaml.
  Result<Json> waiting_for(const Actor& actor);
  /// What fills the frozen field of a kind (RegisterKind::frozen_field); set before use.
  std::function<Result<Json>(std::string_view agency_id)> figures;
  /// {items, total}: records in states in which somebody has to decide (`waiting_states`) and this
  /// actor may, oldest first. The province gets what no agency decides for itself.
  Result<Json> waiting(const Actor& actor, std::size_t limit);
  /// Names that moves and writers use for the actor: its role, and "role:SLOT" for each slot it holds today.
  std::vector<std::string> own_names(const Actor& actor);

  /// The body that keeps provincial registers: bound to the slot lead_department; `conflict` when none is.
  Result<std::string> province_agency();

  /// What a record brings with it: writes of the same transaction, and whom to tell of them.
  struct Company {
    std::vector<ledger::Write> writes;
    std::vector<LiveMessage> messages;
  };
  /// Asked before each write of one record (create, update, move, undo). Set before use.
  std::function<Result<Company>(const Actor&, const Draft&, std::string_view state_before)> company;
  /// Called with the kind after each write, before the answer. Set before use.
  std::function<void(std::string_view kind)> on_write;

 private:
  /// How somebody stands to one record.
  struct Standing {
    std::vector<std::string> names;  // that moves may name
    bool may_update = false;         // its agency's people, the province, who has a delegation there
    std::vector<std::string> names_as_addressee;  // empty: it is not addressed to the actor's bodies
    bool may_make(const workflow::StateMove& move) const;
    /// By the addressee's right alone.
    bool only_as_addressee(const workflow::StateMove& move) const;
  };
  /// @param own what own_names() says. @param decide the scope of Action::decide for this kind.
  Standing standing(const Actor& actor, const RegisterKind& kind, const ledger::Record& record,
                    const std::vector<std::string>& own, const Scope& decide) const;
  struct Waiting {
    const RegisterKind* kind = nullptr;
    ledger::Record record;
    std::string state_title;
    Json moves;  // titles of those that the actor may make
  };
  /// Records in waiting states with a wanted move that the actor may make, oldest first.
  Result<std::vector<Waiting>> waiting_records(const Actor& actor, std::size_t per_kind_max,
                                               const std::function<bool(const workflow::StateMove&)>& wanted);
  Result<Scope> writable(const Actor& actor, Action action, const RegisterKind& kind, std::string_view state,
                         std::string_view agency_id);
  Result<ledger::Record> record_for(const Actor& actor, Action action, const RegisterKind& kind,
                                    std::string_view id);
  /// What the actor goes by for lists of writers and moves: role and slots, as far as the own rights reach
  /// the agency, and the places that delegations give there.
  /// @param own what own_names() says.
  std::vector<std::string> names_for(const Actor& actor, const RegisterKind& kind, std::string_view agency_id,
                                     const std::vector<std::string>& own) const;
  /// The same over all agencies: what a form may offer.
  std::vector<std::string> all_names(const Actor& actor, const RegisterKind& kind,
                                     std::vector<std::string> own) const;
  /// The delegation under which the actor makes a move that its own names do not allow; "" for none.
  std::string delegation_for(const Actor& actor, const RegisterKind& kind, const ledger::Record& record,
                             const workflow::StateMove& move, const std::vector<std::string>& own) const;
  /// An addressee fills in what its move asks for, nothing else of somebody else's record.
  Result<> check_filled(const RegisterKind& kind, const workflow::StateMove& move,
                        const ledger::Record& record, const Json& patch) const;
  /// Agencies besides the owner that a record with this state and document is addressed to.
  std::vector<std::string> agencies_addressed(const RegisterKind& kind, std::string_view state,
                                              const Json& doc) const;
  /// With what it brings.
  Result<> write_one(const Actor& actor, const Draft& draft, std::string_view state_before,
                     const ledger::Write& write);
  void written(std::string_view kind);
  Result<std::string> owner_of(const Actor& actor, const RegisterKind& kind, const Json& body);
  Result<ledger::Query> query_of(const RegisterKind& kind, const Query& wanted, const Scope& scope) const;
  ledger::Write write_of(const Draft& draft, const Scope& scope, std::string reason) const;
  Result<> freeze(const RegisterKind& kind, std::string_view agency_id, std::string_view state,
                  const Json& patch, Json& doc);
  Result<Json> files_of(std::string_view kind, std::string_view id);
  Json summary(const RegisterKind& kind, const ledger::Record& record);
  Result<Json> view(const Actor& actor, const RegisterKind& kind, const ledger::Record& record);
  Result<Json> save(const Actor& actor, const RegisterKind& kind, const ledger::Record& record,
                    std::string state, Json doc, const Json& body, std::string reason);

  Services& services_;
  std::mutex mu_;  // held from a check to its write
};

}  // namespace phendau::hub
