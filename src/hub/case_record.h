// SPDX-License-Identifier: Apache-2.0
// What a case consists of in the ledger: its record (state and a small summary), the definition that it began
// with (kind workflow_definition, by digest, never changed) and its timeline (kind case_entry, one record an
// entry). Records of before had the timeline in the state and no definition: they are read as they are, and
// written anew at the next act. Thread-safe.
#pragma once

#include <memory>
#include <mutex>

#include "hub/active_pack.h"
#include "hub/services.h"

namespace phendau::hub {

inline constexpr std::string_view kCaseKind = "case";
inline constexpr std::string_view kCaseEntryKind = "case_entry";
inline constexpr std::string_view kCaseEffectKind = "case_effect";
inline constexpr std::string_view kWorkflowDefinitionKind = "workflow_definition";
inline constexpr std::size_t kDefinitionsParsedMax = 64;  // kept in memory
inline constexpr std::size_t kTimelineShown = 100;        // the newest ones; the rest is paged

/// The definition of one case, and under which name it is kept.
struct CaseDefinition {
  std::shared_ptr<const workflow::Definition> definition;
  std::string name;                   // "incident.0123456789abcdef"
  std::optional<ledger::Write> keep;  // not kept yet: goes into the batch of the next act
};

class CaseDefinitions {
 public:
  explicit CaseDefinitions(Services& services) : services_(services) {}
  /// The case with its state. `conflict` (workflow.other_definition) for a case from before whose steps the
  /// pack has no more.
  struct Opened {
    workflow::CaseState state;
    CaseDefinition definition;
  };
  Result<Opened> open(const ledger::Record& record);
  /// For a case that opens now.
  Result<CaseDefinition> current(std::string_view workflow_id);

 private:
  /// What a case follows: what it names; else what the pack said when it was opened. `corrupt`
  /// (incident.no_workflow) when neither is there.
  Result<CaseDefinition> of(const ledger::Record& record, UtcTime opened_at);
  CaseDefinition of_pack(const KnownWorkflow& known) const;

  Services& services_;
  std::mutex mu_;
  std::map<std::string, std::shared_ptr<const workflow::Definition>, std::less<>> parsed_;  // under mu_
};

/// Puts state, definition and summary into the case's document and its new entries into the batch; what acts
/// and clocks brought about as records that wait to be carried out (kind case_effect, hub/case_effects.h).
void put_state(ledger::WriteBatch& batch, ledger::Write write, const CaseDefinition& definition,
               const workflow::CaseState& state, const ActivePack& pack, UtcTime now);

/// An entry of the hub's own in a case's timeline, open or closed.
struct CaseFact {
  std::string what;  // "order", "effect", "evidence", "part", "paper"
  std::string text;
  std::string step = {};
  std::string by_name = {};  // empty: the hub
};
/// Into a batch with other writes, of a case as it was read.
Result<> put_fact(ledger::WriteBatch& batch, Services& services, CaseDefinitions& definitions,
                  const Actor& actor, const ledger::Record& record, const CaseFact& fact);
/// Writes it with `also` in one transaction, against whoever writes the case meanwhile. Where the case takes
/// none (it is full, or cannot be read), `also` alone.
Result<> note_in_case(Services& services, CaseDefinitions& definitions, const Actor& actor,
                      std::string_view case_id, const CaseFact& fact, std::vector<ledger::Write> also);

/// The summary: {steps_done, steps_total, current, open: [{step, title, roles, due_at}], close_roles, titles:
/// {STEP: title}, clocks: [{step, label, from, due_at, inclusive, stopped, rule, form, to, source}]}. `open`
/// is what could be done now; nothing: the case may be closed. As it stands in the record, else made from the
/// pack; null where that cannot be.
Json case_progress(const ActivePack& pack, const ledger::Record& record, UtcTime now);
/// Whether a clock of the summary that still runs is late.
bool is_clock_overdue(const Json& clock, UtcTime now);

/// Cases that are exercises, or those that are none: what lists and counts ask.
ledger::Query cases_query(bool exercises);
/// Whether a record is of an exercise: its case, or itself. It says so wherever it is shown or sent.
bool is_of_exercise(Services& services, const Json& doc);

/// A page of cases with what case_progress() and lists show of them, without the forms of their steps.
Result<ledger::Page> case_summaries(ledger::Ledger& ledger, ledger::Query query, const Scope& scope);

/// Entries of a case whose reading was allowed, newest first: {items, next_cursor}.
/// @param scope everything_open_to() whom they are shown to.
Result<Json> case_entries(ledger::Ledger& ledger, std::string_view case_id, std::string_view cursor,
                          std::size_t limit, const Scope& scope);
Result<std::uint64_t> case_entries_count(ledger::Ledger& ledger, std::string_view case_id,
                                         const Scope& scope);
Json entry_view(const workflow::TimelineEntry& entry);
/// An entry of a case as it is shown, in words for papers: "Hoan thanh Buoc 1: ..." or what it says.
std::string entry_words(const Json& case_view, const Json& entry);

}  // namespace phendau::hub
