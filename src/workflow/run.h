// SPDX-License-Identifier: Apache-2.0
// Running a workflow: pure functions from (definition, state, act, time) to the next state. The hub keeps the
// state in the document of a case record. Nothing here reads a clock or decides who may see a case: the hub
// did that before. Thread-safe: plain values.
#pragma once

#include <functional>

#include "workflow/definition.h"

namespace phendau::workflow {

inline constexpr std::size_t kTimelineMax = 50'000;         // A case with more acts is being flooded.
inline constexpr std::size_t kAttachmentsMax = 1000;        // Of one case.
inline constexpr std::size_t kReasonBytesMax = 8192;        // A page of text.
inline constexpr std::size_t kFormBytesMax = 64u << 10;     // Of one step.
inline constexpr std::size_t kStateBytesMax = 768u << 10;   // Of all steps: a state fits a record.
inline constexpr std::size_t kStateGrowthBytes = 2u << 10;  // What finishing a step may still add above that.

struct Attachment {
  std::string sha256;  // of a blob in the ledger
  std::string name;
  std::uint64_t size_bytes = 0;
  std::string by;  // user id
  UtcTime at;
  friend bool operator==(const Attachment&, const Attachment&) = default;
};

enum class StepStatus : std::uint8_t { pending, in_progress, done, skipped };
std::string_view to_string(StepStatus status);

struct StepState {
  std::string id;
  StepStatus status = StepStatus::pending;
  Json doc = Json::object();  // the form, a draft until done
  std::optional<UtcTime> began_at;
  std::string began_by;                // user id
  std::optional<UtcTime> finished_at;  // done or skipped
  std::string finished_by;
  std::string finished_by_name;
  std::string skip_reason;
  std::vector<Attachment> attachments;
  friend bool operator==(const StepState&, const StepState&) = default;
};
/// Done, or skipped with a reason.
bool is_finished(const StepState& step);

/// Hub roles, "role:SLOT".
using Names = std::vector<std::string>;

enum class Verb : std::uint8_t { begin, done, skip, reopen, note, attach };
std::string_view to_string(Verb verb);
std::optional<Verb> verb_from(std::string_view text);

struct TimelineEntry {
  UtcTime at;
  std::string by;  // user id
  std::string by_name;
  std::string role;
  std::string step;  // "" for the case itself
  std::string what;  // a verb, "opened", "closed", "stopped", "reopened", "detected", "request", "party"
  std::string text;  // reason or note
  std::string sealed_by = {};                // the body whose note it is; empty: not sealed
  std::vector<std::string> sealed_for = {};  // other bodies that may read what is sealed
  friend bool operator==(const TimelineEntry&, const TimelineEntry&) = default;
};

/// What an act brought about, or a clock: whoever writes the state keeps each once by its id.
struct EffectCall {
  std::string id;    // in the case
  std::string step;  // "" for the case itself
  Effect::Kind kind = Effect::Kind::notice;
  std::string name;
  Names to;
  Json values = Json::object();  // of an order: devices, ordered_by, weighed; of a clock: clock, due_at, late
  friend bool operator==(const EffectCall&, const EffectCall&) = default;
};

struct CaseState {
  std::string case_id;
  std::string definition_id;
  std::string pack;  // pack@digest that it was started under; stays when the pack changes
  bool closed = false;
  bool stopped = false;  // closed early: what is unfinished stays so
  std::string stop_reason;
  UtcTime opened_at;
  std::string opened_by;
  UtcTime detected_at;  // to the minute; the law's clocks run from here
  std::optional<UtcTime> closed_at;
  std::string closed_by;
  Json context = Json::object();            // what the case is about: alert, device, ...; the hub's
  std::vector<StepState> steps;             // as in the definition
  std::size_t entries = 0;                  // of the timeline, that are kept beside the state already
  std::vector<TimelineEntry> timeline;      // those that are not: acts since it was read, all of an old state
  std::vector<EffectCall> effects;          // what acts since it was read brought about
  std::vector<std::string> open_sub_cases;  // their titles; told by the hub each time, not kept

  const StepState* find(std::string_view step_id) const;
  friend bool operator==(const CaseState&, const CaseState&) = default;
};
/// Without the timeline: whoever writes it keeps those entries beside it, and it says how many there are.
Json to_json(const CaseState& state);
/// `corrupt` if it is not a state.
Result<CaseState> from_json(const Json& json);

struct Start {
  std::string case_id;
  std::string pack;
  Json context = Json::object();
  std::optional<UtcTime> detected_at = std::nullopt;  // default: now
};

struct Move {
  std::string step;  // may be empty for `note`
  Verb verb = Verb::note;
  std::optional<Json>
      doc;             // begin: a draft, required fields may be missing; done: the form, default the draft
  std::string reason;  // needed for skip, reopen, note
  std::vector<Attachment> attachments;        // by and at are filled in here
  std::optional<Names> names = std::nullopt;  // what the actor goes by here; nullopt: its hub role
};
/// Whether one of these names is among `roles`. No roles: everybody, but heads, who
/// act where they are named.
bool is_named(const Names& roles, const Names& names);

/// What stands between a case and its end.
struct Need {
  std::string step;
  std::string title_vi;
  std::string title_en;
  bool jumped = false;              // unlocked by a jump before earlier steps are finished
  std::vector<SchemaError> fields;  // of its form
  std::vector<Error> guards;
};

/// When a clock is due, and by which rule.
struct Due {
  std::optional<UtcTime> at;  // nullopt: the rule gives no number ("at once")
  bool inclusive = false;     // `at` itself is still good (24 hours); a day has ended when it is late
  std::string rule;           // of a regime: its id, form, recipient and source
  std::string form;
  std::string to;
  std::string source;
};
/// What the engine cannot know: working days and tables of the law. nullopt: no such clock.
using DueOf = std::function<std::optional<Due>(const Clock& clock, UtcTime from)>;

struct ClockState {
  std::string step;
  std::size_t index = 0;  // among the step's clocks
  std::string label_vi;
  std::string label_en;
  UtcTime from;
  Due due;
  bool stopped = false;  // the step is done or skipped, or the case ended
  bool overdue = false;  // stopped late, or running and past due
};

CaseState start(const Definition& definition, const Start& start, const Actor& by, UtcTime now);
/// The next state. `invalid` (form, reason, unknown step), `denied` (role), `conflict` (order, status, guard,
/// closed), `limit`; each with a text for people.
Result<CaseState> act(const Definition& definition, const CaseState& state, const Move& move,
                      const Actor& actor, UtcTime now);
/// Adds an entry to the timeline of a state that nothing else changes: notes under seal, requests.
/// `limit` when it is full.
Result<CaseState> with_entry(CaseState state, TimelineEntry entry, const Actor& actor, UtcTime now);
/// A state from when cases did not keep their definition, under one that has more steps: those are pending.
/// `conflict` (workflow.other_definition) where it lacks a step of the state or has them in another order.
Result<CaseState> adopt(const Definition& definition, CaseState state);
/// Whether this case needs the step at all.
bool applies(const CaseState& state, const Step& step);
/// Of the forms as they stand, drafts too; a step that is no longer there holds nothing.
bool all_hold(const CaseState& state, const Conditions& conditions);
/// All reasons why it cannot be closed yet; empty: it can.
std::vector<Error> can_close(const Definition& definition, const CaseState& state);
Result<CaseState> close(const Definition& definition, const CaseState& state, const Actor& actor, UtcTime now,
                        std::string_view reason = {}, const std::optional<Names>& names = std::nullopt);
/// Ends an open case whose steps will not be done; `reopen` opens a closed one again. Both need a reason.
/// `conflict` where the definition names nobody who may.
Result<CaseState> stop(const Definition& definition, const CaseState& state, const Actor& actor, UtcTime now,
                       std::string_view reason, const std::optional<Names>& names = std::nullopt);
Result<CaseState> reopen(const Definition& definition, const CaseState& state, const Actor& actor,
                         UtcTime now, std::string_view reason,
                         const std::optional<Names>& names = std::nullopt);
/// Says anew when it was detected, with a reason: clocks follow, the timeline keeps both. For who may close
/// the case.
Result<CaseState> correct_detected(const Definition& definition, const CaseState& state, UtcTime detected_at,
                                   const Actor& actor, UtcTime now, std::string_view reason,
                                   const std::optional<Names>& names = std::nullopt);
/// The minute that `at` lies in.
UtcTime to_minute(UtcTime at);
/// The step to work on next, a jump's target first; nullopt when all are finished.
std::optional<Need> next_needed(const Definition& definition, const CaseState& state);
/// A fact that the hub adds to a case, open or closed. `limit` when its timeline is full.
Result<CaseState> note_fact(CaseState state, TimelineEntry entry);
/// Clocks that have started, by due time; those without a term last.
std::vector<ClockState> clocks(const Definition& definition, const CaseState& state, UtcTime now,
                               ZoneOffset zone = kVietnamZone, const DueOf& due_of = {});

/// What clocks bring about.
struct ClockCalls {
  std::vector<EffectCall> due;     // now or before; of one clock's reminders the last, none once it is late
  std::optional<UtcTime> next_at;  // the next moment after now
};
ClockCalls clock_calls(const Definition& definition, const std::vector<ClockState>& clocks, UtcTime now);

}  // namespace phendau::workflow
