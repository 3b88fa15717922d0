// SPDX-License-Identifier: Apache-2.0
// Running a workflow: pure functions from (definition, state, act, time) to the next state. The hub keeps the
// state in the document of a case record. Nothing here reads a clock or decides who may see a case: the hub
// did that before. Thread-safe: plain values.
#pragma once

#include <functional>

#include "workflow/definition.h"

namespace phendau::workflow {

inline constexpr std::size_t kTimelineMax = 5000;        // A case with more acts is being flooded.
inline constexpr std::size_t kAttachmentsMax = 1000;     // Of one case.
inline constexpr std::size_t kReasonBytesMax = 8192;     // A page of text.
inline constexpr std::size_t kFormBytesMax = 64u << 10;  // Of one step; 64 steps and a timeline fit a record.

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

enum class Verb : std::uint8_t { begin, done, skip, reopen, note, attach };
std::string_view to_string(Verb verb);
std::optional<Verb> verb_from(std::string_view text);

struct TimelineEntry {
  UtcTime at;
  std::string by;  // user id
  std::string by_name;
  std::string role;
  std::string step;  // "" for the case itself
  std::string what;  // a verb, "opened" or "closed"
  std::string text;  // reason or note
  friend bool operator==(const TimelineEntry&, const TimelineEntry&) = default;
};

struct CaseState {
  std::string case_id;
  std::string definition_id;
  std::string pack;  // pack@digest that it was started under; stays when the pack changes
  bool closed = false;
  UtcTime opened_at;
  std::string opened_by;
  std::optional<UtcTime> closed_at;
  std::string closed_by;
  Json context = Json::object();  // what the case is about: alert, device, ...; the hub's
  std::vector<StepState> steps;   // as in the definition
  std::vector<TimelineEntry> timeline;

  const StepState* find(std::string_view step_id) const;
  friend bool operator==(const CaseState&, const CaseState&) = default;
};
Json to_json(const CaseState& state);
/// `corrupt` if it is not a state.
Result<CaseState> from_json(const Json& json);

struct Start {
  std::string case_id;
  std::string pack;
  Json context = Json::object();
};

using Names = std::vector<std::string>;  // hub roles, "role:SLOT"

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

struct ClockState {
  std::string step;
  std::string label_vi;
  std::string label_en;
  UtcTime due_at;        // the first instant that is late
  bool stopped = false;  // the step is done or skipped
  bool overdue = false;  // stopped late, or running and past due
};

CaseState start(const Definition& definition, const Start& start, const Actor& by, UtcTime now);
/// The next state. `invalid` (form, reason, unknown step), `denied` (role), `conflict` (order, status, guard,
/// closed), `limit`; each with a text for people.
Result<CaseState> act(const Definition& definition, const CaseState& state, const Move& move,
                      const Actor& actor, UtcTime now);
/// All reasons why it cannot be closed yet; empty: it can.
std::vector<Error> can_close(const Definition& definition, const CaseState& state);
Result<CaseState> close(const Definition& definition, const CaseState& state, const Actor& actor, UtcTime now,
                        std::string_view reason = {}, const std::optional<Names>& names = std::nullopt);
/// The step to work on next, a jump's target first; nullopt when all are finished.
std::optional<Need> next_needed(const Definition& definition, const CaseState& state);
/// When the last of so many working days after `from` ends; nullopt: nobody knows the holidays of that year.
using WorkingDays = std::function<std::optional<UtcTime>(UtcTime from, std::int32_t count)>;
/// Clocks that have started, by due time. A clock in working days needs `working_days`; where that knows no
/// answer there is no clock.
std::vector<ClockState> clocks(const Definition& definition, const CaseState& state, UtcTime now,
                               ZoneOffset zone = kVietnamZone, const WorkingDays& working_days = {});

}  // namespace phendau::workflow
