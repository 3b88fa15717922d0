// SPDX-License-Identifier: Apache-2.0
#include "workflow/run.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace phendau::workflow {
namespace {

constexpr std::string_view kVerbNames[] = {"begin", "done", "skip", "reopen", "note", "attach"};

bool is_finished(const StepState& step) {
  return step.status == StepStatus::done || step.status == StepStatus::skipped;
}

bool is_set(const Json& value) {
  if (value.is_bool()) return value.as_bool();
  if (value.is_string()) return !trim(value.as_string()).empty();
  if (value.is_array() || value.is_object()) return value.size() > 0;
  return !value.is_null();
}

bool jump_holds(const Jump& jump, const Json& doc) {
  return doc[jump.when] == jump.equals && (jump.needs.empty() || is_set(doc[jump.needs]));
}

/// Is `target` unlocked by a jump from an unfinished earlier step?
bool is_jumped_to(const Definition& definition, const CaseState& state, std::size_t target) {
  for (std::size_t i = 0; i < target; ++i) {
    if (is_finished(state.steps[i])) continue;
    for (const auto& jump : definition.steps[i].jumps) {
      if (jump.to == definition.steps[target].id && jump_holds(jump, state.steps[i].doc)) return true;
    }
  }
  return false;
}

/// First step that must be finished before this one, or the step's own index.
std::size_t first_before(const Definition& definition, const CaseState& state, std::size_t index) {
  if (definition.steps[index].order == Step::Order::free) return index;
  // A jump passes over the step that it starts from and those after it, not over earlier ones.
  std::size_t from = index;
  for (std::size_t i = 0; i < index; ++i) {
    if (is_finished(state.steps[i])) continue;
    const auto& jumps = definition.steps[i].jumps;
    const bool jumps_here = std::any_of(jumps.begin(), jumps.end(), [&](const Jump& jump) {
      return definition.index_of(jump.to) <= index && jump_holds(jump, state.steps[i].doc) &&
             (jump.to == definition.steps[index].id ||
              is_finished(state.steps[definition.index_of(jump.to)]));
    });
    if (jumps_here) return index;
    from = std::min(from, i);
  }
  return from;
}

std::optional<Error> judge_guard(const Definition& definition, const CaseState& state, const Guard& guard,
                                 const StepState* own) {
  const auto error = [](std::string message, std::string text_id, std::vector<std::string> args) {
    return Error{ErrorCode::conflict, std::move(message), std::move(text_id), std::move(args)};
  };
  switch (guard.kind) {
    case Guard::Kind::all_steps_done_or_skipped:
      return std::nullopt;  // can_close names each step itself
    case Guard::Kind::has_attachment: {
      const bool has = own != nullptr
                           ? !own->attachments.empty()
                           : std::any_of(state.steps.begin(), state.steps.end(),
                                         [](const StepState& step) { return !step.attachments.empty(); });
      if (has) return std::nullopt;
      return error("an attachment is needed", "workflow.needs_attachment",
                   {own != nullptr ? definition.find(own->id)->title_vi : definition.title_vi});
    }
    case Guard::Kind::after: {
      const StepState* other = state.find(guard.name);
      if (other != nullptr && is_finished(*other)) return std::nullopt;
      return error("step '" + guard.name + "' comes first", "workflow.needs_step",
                   {definition.find(guard.name)->title_vi});
    }
    case Guard::Kind::field_set:
      break;
  }
  const std::size_t dot = guard.name.find('.');
  const StepState* of = dot == std::string::npos ? own : state.find(guard.name.substr(0, dot));
  const std::string member = dot == std::string::npos ? guard.name : guard.name.substr(dot + 1);
  // A step that was skipped with a reason owes no field.
  if (of != nullptr && (of->status == StepStatus::skipped || is_set(of->doc[member]))) return std::nullopt;
  const Step* step = of == nullptr ? nullptr : definition.find(of->id);
  const Json& title = step == nullptr ? Json() : step->form.at_path("properties")[member]["title"];
  return error("field '" + guard.name + "' must be set", "workflow.needs_field", {title.string_or(member)});
}

bool role_allowed(const Names& roles, const Actor& actor, const std::optional<Names>& names) {
  if (actor.system) return true;
  return is_named(roles, names ? *names : Names{std::string(to_string(actor.role))});
}

void add_to_timeline(CaseState& state, const Actor& actor, UtcTime now, std::string_view step,
                     std::string_view what, std::string_view text) {
  state.timeline.push_back({now, actor.user_id, actor.name, std::string(to_string(actor.role)),
                            std::string(step), std::string(what), std::string(text)});
}

/// One act on one step; members are what the verbs share.
class Stepper {
 public:
  Stepper(const Definition& definition, CaseState& state, std::size_t index, const Move& move,
          const Actor& actor, UtcTime now)
      : definition_(definition),
        state_(state),
        index_(index),
        move_(move),
        actor_(actor),
        now_(now),
        rule_(definition.steps[index]),
        step_(state.steps[index]) {}

  Result<> run() {
    switch (move_.verb) {
      case Verb::begin:
        return begin();
      case Verb::done:
        return done();
      case Verb::skip:
        return skip();
      case Verb::reopen:
        return reopen();
      case Verb::attach:
        return attach();
      case Verb::note:
        return {};
    }
    return {};
  }

 private:
  Result<> begin() {
    PHENDAU_TRY(check_unfinished());
    PHENDAU_TRY(check_order());
    if (move_.doc) {
      auto errors = rule_.form_schema.validate(*move_.doc);
      std::erase_if(errors, [](const SchemaError& error) {
        return error.text_id == "schema.required" ||
               error.text_id == "schema.any_of";  // a draft may be incomplete
      });
      if (!errors.empty()) return std::unexpected(to_error(rule_.id, errors));
      step_.doc = *move_.doc;
    }
    mark_begun();
    return add_attachments();
  }

  Result<> done() {
    PHENDAU_TRY(check_unfinished());
    PHENDAU_TRY(check_order());
    if (move_.doc) step_.doc = *move_.doc;
    const auto errors = rule_.form_schema.validate(step_.doc);
    if (!errors.empty()) return std::unexpected(to_error(rule_.id, errors));
    PHENDAU_TRY(add_attachments());
    for (const auto& guard : rule_.guards) {
      if (auto error = judge_guard(definition_, state_, guard, &step_))
        return std::unexpected(std::move(*error));
    }
    mark_begun();
    finish(StepStatus::done);
    return {};
  }

  Result<> skip() {
    PHENDAU_TRY(check_unfinished());
    if (!rule_.may_skip) {
      return fail(ErrorCode::conflict, "step '" + rule_.id + "' must not be skipped", "workflow.cannot_skip",
                  {rule_.title_vi});
    }
    PHENDAU_TRY(check_reason());
    PHENDAU_TRY(check_order());
    step_.skip_reason = trim(move_.reason);
    finish(StepStatus::skipped);
    return {};
  }

  Result<> reopen() {
    if (!is_finished(step_)) {
      return fail(ErrorCode::conflict, "step '" + rule_.id + "' is not finished", "workflow.not_finished",
                  {rule_.title_vi});
    }
    PHENDAU_TRY(check_reason());
    step_.status = StepStatus::in_progress;
    step_.finished_at.reset();
    step_.finished_by.clear();
    step_.finished_by_name.clear();
    step_.skip_reason.clear();
    return {};
  }

  Result<> attach() {
    if (move_.attachments.empty())
      return fail(ErrorCode::invalid, "nothing to attach", "workflow.needs_attachment", {rule_.title_vi});
    return add_attachments();
  }

  Result<> check_unfinished() const {
    if (!is_finished(step_)) return {};
    return fail(ErrorCode::conflict, "step '" + rule_.id + "' is finished already",
                "workflow.already_finished", {rule_.title_vi});
  }
  Result<> check_order() const {
    const std::size_t first = first_before(definition_, state_, index_);
    if (first == index_) return {};
    return fail(ErrorCode::conflict,
                fmt::format("step '{}' comes before '{}'", definition_.steps[first].id, rule_.id),
                "workflow.needs_step", {definition_.steps[first].title_vi});
  }
  Result<> check_reason() const {
    if (!trim(move_.reason).empty()) return {};
    return fail(ErrorCode::invalid, "a reason is needed", "workflow.needs_reason", {rule_.title_vi});
  }

  Result<> add_attachments() {
    std::size_t count = move_.attachments.size();
    for (const auto& step : state_.steps) count += step.attachments.size();
    if (count > kAttachmentsMax)
      return fail(ErrorCode::limit, "more than 1000 attachments in a case", "workflow.too_much");
    for (Attachment attachment : move_.attachments) {
      const bool is_digest = attachment.sha256.size() == 64 &&
                             attachment.sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
      if (!is_digest || attachment.name.empty() || attachment.name.size() > 255) {
        return fail(ErrorCode::invalid, "an attachment needs a name and the SHA-256 of its bytes",
                    "workflow.bad_attachment");
      }
      attachment.by = actor_.user_id;
      attachment.at = now_;
      step_.attachments.push_back(std::move(attachment));
    }
    return {};
  }

  void mark_begun() {
    if (step_.status == StepStatus::pending) step_.status = StepStatus::in_progress;
    if (step_.began_at) return;
    step_.began_at = now_;
    step_.began_by = actor_.user_id;
  }
  void finish(StepStatus status) {
    step_.status = status;
    step_.finished_at = now_;
    step_.finished_by = actor_.user_id;
    step_.finished_by_name = actor_.name;
  }

  const Definition& definition_;
  CaseState& state_;
  const std::size_t index_;
  const Move& move_;
  const Actor& actor_;
  const UtcTime now_;
  const Step& rule_;
  StepState& step_;
};

Result<> check_fits(const Definition& definition, const CaseState& state) {
  bool same = definition.id == state.definition_id && definition.steps.size() == state.steps.size();
  for (std::size_t i = 0; same && i < state.steps.size(); ++i)
    same = state.steps[i].id == definition.steps[i].id;
  if (same) return {};
  return fail(ErrorCode::conflict, "the case runs under another version of its workflow",
              "workflow.other_definition");
}

Result<> check_move(const CaseState& state, const Move& move) {
  if (state.closed) return fail(ErrorCode::conflict, "the case is closed", "workflow.closed");
  if (state.timeline.size() >= kTimelineMax)
    return fail(ErrorCode::limit, "more than 5000 acts in a case", "workflow.too_much");
  if (move.reason.size() > kReasonBytesMax || (move.doc && move.doc->dump().size() > kFormBytesMax)) {
    return fail(ErrorCode::limit, "reason or form is too long", "workflow.too_much");
  }
  if (move.doc && !move.doc->is_object())
    return fail(ErrorCode::invalid, "a form is an object", "workflow.bad_form");
  if (move.verb == Verb::note && trim(move.reason).empty()) {
    return fail(ErrorCode::invalid, "a note needs a text", "workflow.empty_note");
  }
  return {};
}

}  // namespace

bool is_named(const Names& roles, const Names& names) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    if (roles.empty()) return name != to_string(Role::agency_head);
    return std::find(roles.begin(), roles.end(), name) != roles.end();
  });
}

std::string_view to_string(Verb verb) { return kVerbNames[static_cast<std::size_t>(verb)]; }

std::optional<Verb> verb_from(std::string_view text) {
  for (std::size_t i = 0; i < std::size(kVerbNames); ++i) {
    if (kVerbNames[i] == text) return static_cast<Verb>(i);
  }
  return std::nullopt;
}

const StepState* CaseState::find(std::string_view step_id) const {
  const auto found =
      std::find_if(steps.begin(), steps.end(), [&](const StepState& step) { return step.id == step_id; });
  return found == steps.end() ? nullptr : &*found;
}

CaseState start(const Definition& definition, const Start& start, const Actor& by, UtcTime now) {
  CaseState out;
  out.case_id = start.case_id;
  out.definition_id = definition.id;
  out.pack = start.pack;
  out.opened_at = now;
  out.opened_by = by.user_id;
  out.context = start.context;
  for (const auto& step : definition.steps) {
    out.steps.emplace_back();
    out.steps.back().id = step.id;
  }
  add_to_timeline(out, by, now, "", "opened", "");
  return out;
}

Result<CaseState> act(const Definition& definition, const CaseState& state, const Move& move,
                      const Actor& actor, UtcTime now) {
  PHENDAU_TRY(check_fits(definition, state));
  PHENDAU_TRY(check_move(state, move));
  const std::size_t index = definition.index_of(move.step);
  const bool on_case = move.step.empty() && move.verb == Verb::note;
  if (index == definition.steps.size() && !on_case) {
    return fail(ErrorCode::invalid, "no step '" + move.step + "'", "workflow.no_step", {move.step});
  }
  CaseState out = state;
  if (!on_case) {
    // Notes and attachments are open to everybody who may update the case: partners add what they found.
    const bool open = move.verb == Verb::note || move.verb == Verb::attach;
    if (!open && !role_allowed(definition.steps[index].roles, actor, move.names)) {
      return fail(ErrorCode::denied,
                  fmt::format("role {} may not act on step '{}'", to_string(actor.role), move.step),
                  "workflow.role_denied", {definition.steps[index].title_vi});
    }
    PHENDAU_TRY(Stepper(definition, out, index, move, actor, now).run());
  }
  add_to_timeline(out, actor, now, move.step, to_string(move.verb), trim(move.reason));
  return out;
}

std::vector<Error> can_close(const Definition& definition, const CaseState& state) {
  std::vector<Error> out;
  if (auto fits = check_fits(definition, state); !fits) return {fits.error()};
  if (state.closed) return {Error{ErrorCode::conflict, "the case is closed", "workflow.closed", {}}};
  for (std::size_t i = 0; i < state.steps.size(); ++i) {
    if (is_finished(state.steps[i])) continue;
    out.push_back({ErrorCode::conflict,
                   "step '" + state.steps[i].id + "' is neither done nor skipped",
                   "workflow.step_open",
                   {definition.steps[i].title_vi}});
  }
  for (const auto& guard : definition.close_guards) {
    if (auto error = judge_guard(definition, state, guard, nullptr)) out.push_back(std::move(*error));
  }
  return out;
}

Result<CaseState> close(const Definition& definition, const CaseState& state, const Actor& actor, UtcTime now,
                        std::string_view reason, const std::optional<Names>& names) {
  const auto errors = can_close(definition, state);
  if (!errors.empty()) return std::unexpected(errors.front());
  if (!role_allowed(definition.close_roles, actor, names)) {
    return fail(ErrorCode::denied, "this role may not close the case", "workflow.role_denied",
                {definition.title_vi});
  }
  if (reason.size() > kReasonBytesMax)
    return fail(ErrorCode::limit, "the reason is too long", "workflow.too_much");
  CaseState out = state;
  out.closed = true;
  out.closed_at = now;
  out.closed_by = actor.user_id;
  add_to_timeline(out, actor, now, "", "closed", reason);
  return out;
}

std::optional<Need> next_needed(const Definition& definition, const CaseState& state) {
  if (!check_fits(definition, state) || state.closed) return std::nullopt;
  std::optional<std::size_t> next;
  bool jumped = false;
  for (std::size_t i = 0; i < state.steps.size(); ++i) {
    if (is_finished(state.steps[i])) continue;
    if (!next) next = i;
    if (!jumped && is_jumped_to(definition, state, i) && first_before(definition, state, i) == i) {
      next = i;
      jumped = true;
    }
  }
  if (!next) return std::nullopt;
  const Step& step = definition.steps[*next];
  Need out{step.id, step.title_vi, step.title_en, jumped, step.form_schema.validate(state.steps[*next].doc),
           {}};
  for (const auto& guard : step.guards) {
    if (auto error = judge_guard(definition, state, guard, &state.steps[*next]))
      out.guards.push_back(std::move(*error));
  }
  return out;
}

namespace {

std::optional<UtcTime> due_of(const Clock& clock, UtcTime from, ZoneOffset zone,
                              const WorkingDays& working_days) {
  if (clock.working_days) return working_days ? working_days(from, *clock.working_days) : std::nullopt;
  if (!clock.days) return from + clock.within;
  const std::int64_t day = days_from_civil(to_civil(from, zone).date);
  return start_of_day(civil_from_days(day + *clock.days + 1), zone);
}

}  // namespace

std::vector<ClockState> clocks(const Definition& definition, const CaseState& state, UtcTime now,
                               ZoneOffset zone, const WorkingDays& working_days) {
  std::vector<ClockState> out;
  if (!check_fits(definition, state)) return out;
  for (std::size_t i = 0; i < definition.steps.size(); ++i) {
    for (const auto& clock : definition.steps[i].clocks) {
      std::optional<UtcTime> from = state.opened_at;
      if (clock.from != "case_opened") from = state.find(clock.from)->finished_at;
      if (!from) continue;
      const auto due_at = due_of(clock, *from, zone, working_days);
      if (!due_at) continue;
      ClockState entry{definition.steps[i].id, clock.label_vi, clock.label_en, *due_at, false, false};
      entry.stopped = is_finished(state.steps[i]);
      const UtcTime until = entry.stopped ? *state.steps[i].finished_at : now;
      entry.overdue = until >= entry.due_at;
      out.push_back(std::move(entry));
    }
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const ClockState& a, const ClockState& b) { return a.due_at < b.due_at; });
  return out;
}

}  // namespace phendau::workflow
