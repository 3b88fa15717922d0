// SPDX-License-Identifier: Apache-2.0
// A workflow as a pack describes it: steps, who may act, forms, guards, clocks. Parsed from YAML, then never
// changed. The keys are documented in docs/reference/workflows.md. Pure; thread-safe: plain values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_schema.h"
#include "base/time.h"
#include "base/yaml.h"
#include "model/authorize.h"

namespace phendau::workflow {

inline constexpr std::size_t kStepsMax = 64;           // Longer procedures are several cases.
inline constexpr std::size_t kRulesPerStepMax = 16;    // Guards, clocks, jumps: each is read by people.
inline constexpr std::size_t kContentErrorsMax = 100;  // Of one file.
inline constexpr std::size_t kDefinitionBytesMax = 1u << 20;

/// What a member of a step's form must be. Several of one `when` must all hold.
struct Condition {
  std::string step;
  std::string member;
  std::vector<Json> any_of;  // empty: any value that is not empty
};
using Conditions = std::vector<Condition>;
/// `STEP.MEMBER` and what is wanted of it: a value, a list of values, or "*" for any that is not empty;
/// nullopt when the name has no dot.
std::optional<Condition> condition_from(std::string_view name, const Json& wanted);

/// Something that must hold before a step is done, or the case is closed.
struct Guard {
  enum class Kind : std::uint8_t {
    all_steps_done_or_skipped,  // close only
    has_attachment,             // this step; for close: any step
    field_set,                  // `name`: a member of this step's form, or STEP.MEMBER; true, or not empty
    after,                      // `name`: that step is done or skipped
    sub_cases_closed,           // close only
  };
  Kind kind = Kind::has_attachment;
  std::string name;
  Conditions when = {};    // otherwise nothing is asked
  Conditions unless = {};  // nor while, if there are any, all of these hold
};

inline constexpr std::string_view kFromOpened = "case_opened";
inline constexpr std::string_view kFromDetected = "detected";

/// How long a step may take. Stops when its step is done or skipped. Exactly one of the four terms is set.
struct Clock {
  std::string label_vi;
  std::string label_en;
  std::string from;    // kFromOpened, kFromDetected, a step (when it is done), or STEP.MEMBER, a date-time
  std::string regime;  // a table of the law: the rule in force where the clock starts gives the term; or
  Duration within;     // elapsed time; or
  std::optional<std::int32_t> days;          // calendar days: due when that local day ends; or
  std::optional<std::int32_t> working_days;  // days that offices work, likewise
  Conditions when = {};                      // it runs while all of these hold
  Conditions unless = {};                    // and, if there are any, not all of these
  int line = 0;                              // in its file
};

/// What the case brings about by itself: people are told, a paper is drafted, an order to machines is
/// proposed. Once in the life of a case, at the first of its moments at which all of `when` holds.
struct Effect {
  enum class On : std::uint8_t { begin, done, opened, closed, stopped };  // begin: also each draft, and done
  enum class Kind : std::uint8_t { notice, paper, order };
  std::string id;  // of its own in the workflow
  On on = On::done;
  Kind kind = Kind::notice;
  std::string name;                                        // of the notice, the paper, the order
  std::vector<std::string> to;                             // notice; empty: whom the notice names
  std::vector<std::pair<std::string, std::string>> takes;  // order: {devices, STEP.MEMBER}, {ordered_by, ...}
  Conditions when = {};
  int line = 0;  // in its file
};
std::string_view to_string(Effect::Kind kind);

/// Who is told how long before a clock of the case ends, or after it did.
struct ClockNotice {
  std::string id;
  bool before = true;
  Duration distance;
  std::string notice;
  std::vector<std::string> to;  // empty: whom the notice names
  int line = 0;
};

/// While `when` holds in this step's form, step `to` may be done before this one.
struct Jump {
  std::string when;  // member of the form that must be true, or equal `equals`
  Json equals = true;
  std::string needs;  // member that must not be empty (the reason); may be ""
  std::string to;
};

/// A question to the journal that is ready on the case's page.
struct Search {
  std::string title_vi;
  std::string title_en;
  std::string query;       // in the language of the journal's search; may be empty with `of_alerts`
  Duration around;         // before and after detection
  bool of_alerts = false;  // only what the entities of the case's alerts did
  int line = 0;            // in its file
};

struct Step {
  enum class Order : std::uint8_t { sequential, free };  // after all earlier steps, or at any time
  std::string id;
  std::string title_vi;
  std::string title_en;
  std::string text_vi;  // advice on the screen
  std::string text_en;
  std::string citation;
  std::vector<std::string> roles;  // hub roles, "role:SLOT"; empty: who may update the case, but heads
  Order order = Order::sequential;
  bool may_skip = false;
  Conditions when = {};        // where they do not hold, the case does without this step
  Json form = Json::object();  // JSON Schema, for the portal
  JsonSchema form_schema;
  std::vector<Guard> guards;
  std::vector<Clock> clocks;
  std::vector<Jump> jumps;
  std::vector<Search> searches;
  std::vector<Effect> effects;  // on begin, done
};

struct Definition {
  std::string id;
  std::string title_vi;
  std::string title_en;
  std::string case_kind;  // record kind of its cases
  std::string clause;     // id of the clause that it carries out; may be empty
  std::vector<Step> steps;
  std::vector<Guard> close_guards;  // all_steps_done_or_skipped is always among them
  std::vector<std::string> close_roles;
  std::optional<std::vector<std::string>> reopen_roles;  // of a closed case; nullopt: it stays closed
  std::optional<std::vector<std::string>> stop_roles;    // to end it early; nullopt: nobody
  std::vector<Effect> effects;                           // on opened, closed, stopped
  std::vector<ClockNotice> clock_notices;                // of every clock

  const Step* find(std::string_view step_id) const;
  /// Who may do the step; of none: who may close the case.
  const std::vector<std::string>& roles_of(std::string_view step_id) const;
  std::size_t index_of(std::string_view step_id) const;  // steps.size() if absent
};

/// The definition, or nullopt and at least one entry in `errors`.
std::optional<Definition> parse_definition(std::string_view yaml, std::string_view file,
                                           std::vector<ContentError>& errors);

}  // namespace phendau::workflow
