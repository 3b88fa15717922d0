// SPDX-License-Identifier: Apache-2.0
#include "workflow/run.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace phendau::workflow {
namespace {

constexpr std::string_view kVerbNames[] = {"begin", "done", "skip", "reopen", "note", "attach"};

bool is_set(const Json& value) {
  if (value.is_bool()) return value.as_bool();
  if (value.is_string()) return !trim(value.as_string()).empty();
  if (value.is_array() || value.is_object()) return value.size() > 0;
  return !value.is_null();
}

/// A step that is no longer there holds nothing.
bool holds(const CaseState& state, const Condition& condition) {
  const StepState* step = state.find(condition.step);
  if (step == nullptr) return false;
  const Json& value = step->doc[condition.member];
  if (condition.any_of.empty()) return is_set(value);
  return std::find(condition.any_of.begin(), condition.any_of.end(), value) != condition.any_of.end();
}

/// Does anybody still have to do something about it?
bool is_open(const Definition& definition, const CaseState& state, std::size_t index) {
  return !is_finished(state.steps[index]) && applies(state, definition.steps[index]);
}

/// For what has a `when` and an `unless`: a guard, a clock.
template <typename Rule>
bool is_asked(const CaseState& state, const Rule& rule) {
  return all_hold(state, rule.when) && (rule.unless.empty() || !all_hold(state, rule.unless));
}

bool jump_holds(const Jump& jump, const Json& doc) {
  return doc[jump.when] == jump.equals && (jump.needs.empty() || is_set(doc[jump.needs]));
}

/// Is `target` unlocked by a jump from an unfinished earlier step?
bool is_jumped_to(const Definition& definition, const CaseState& state, std::size_t target) {
  for (std::size_t i = 0; i < target; ++i) {
    if (!is_open(definition, state, i)) continue;
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
    // Nobody waits for what may be done at any time.
    if (!is_open(definition, state, i) || definition.steps[i].order == Step::Order::free) continue;
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
  if (!is_asked(state, guard)) return std::nullopt;
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
      if (other != nullptr && !is_open(definition, state, definition.index_of(guard.name)))
        return std::nullopt;
      return error("step '" + guard.name + "' comes first", "workflow.needs_step",
                   {definition.find(guard.name)->title_vi});
    }
    case Guard::Kind::sub_cases_closed: {
      const auto& open = state.open_sub_cases;
      if (open.empty()) return std::nullopt;
      return error("a sub-case is open", "workflow.sub_case_open",
                   {std::to_string(open.size()), open.front()});
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

/// An order without machines asks nobody for anything.
std::optional<Json> taken_values(const CaseState& state, const Effect& effect) {
  Json out = Json::object();
  for (const auto& [name, from] : effect.takes) {
    const std::size_t dot = from.find('.');
    const StepState* step = state.find(from.substr(0, dot));
    const Json value = step == nullptr ? Json() : step->doc[from.substr(dot + 1)];
    if (is_set(value)) out.set(name, name == "devices" && !value.is_array() ? Json::array({value}) : value);
  }
  if (effect.kind == Effect::Kind::order && !out.contains("devices")) return std::nullopt;
  return out;
}

void bring_about(CaseState& state, const std::vector<Effect>& effects, std::string_view step,
                 std::initializer_list<Effect::On> moments) {
  for (const auto& effect : effects) {
    if (std::find(moments.begin(), moments.end(), effect.on) == moments.end()) continue;
    if (!all_hold(state, effect.when)) continue;
    auto values = taken_values(state, effect);
    if (!values) continue;
    state.effects.push_back(
        {effect.id, std::string(step), effect.kind, effect.name, effect.to, std::move(*values)});
  }
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
    PHENDAU_TRY(check_applies());
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
    PHENDAU_TRY(check_applies());
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
  Result<> check_applies() const {
    if (applies(state_, rule_)) return {};
    return fail(ErrorCode::conflict, "this case does without step '" + rule_.id + "'", "workflow.not_needed",
                {rule_.title_vi});
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

std::unexpected<Error> fail_other_definition() {
  return fail(ErrorCode::conflict, "the case runs under another version of its workflow",
              "workflow.other_definition");
}

Result<> check_fits(const Definition& definition, const CaseState& state) {
  bool same = definition.id == state.definition_id && definition.steps.size() == state.steps.size();
  for (std::size_t i = 0; same && i < state.steps.size(); ++i)
    same = state.steps[i].id == definition.steps[i].id;
  if (same) return {};
  return fail_other_definition();
}

Result<> check_room(const CaseState& state) {
  if (state.entries + state.timeline.size() < kTimelineMax) return {};
  return fail(ErrorCode::limit, "more acts in a case than it may have", "workflow.too_much");
}

/// A state must always fit its record with room for the acts that end it.
Result<> check_size(const CaseState& before, const CaseState& after) {
  const std::size_t size = to_json(after).dump().size();
  if (size <= kStateBytesMax || size <= to_json(before).dump().size() + kStateGrowthBytes) return {};
  return fail(ErrorCode::limit, "the forms and files of the case are too large", "workflow.too_much");
}

/// What closing, ending early and opening again have in common.
Result<> check_ending(const CaseState& state, const Actor& actor, const Names& roles,
                      const Definition& definition, std::string_view reason,
                      const std::optional<Names>& names) {
  if (!role_allowed(roles, actor, names)) {
    return fail(ErrorCode::denied, "this role may not do that with the case", "workflow.role_denied",
                {definition.title_vi});
  }
  if (reason.size() > kReasonBytesMax)
    return fail(ErrorCode::limit, "the reason is too long", "workflow.too_much");
  return check_room(state);
}

Result<> need_reason(const Definition& definition, std::string_view reason) {
  if (!trim(reason).empty()) return {};
  return fail(ErrorCode::invalid, "a reason is needed", "workflow.needs_reason", {definition.title_vi});
}

std::unexpected<Error> fail_closed() {
  return fail(ErrorCode::conflict, "the case is closed", "workflow.closed");
}

Result<> check_move(const CaseState& state, const Move& move) {
  if (state.closed) return fail_closed();
  PHENDAU_TRY(check_room(state));
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

bool is_finished(const StepState& step) {
  return step.status == StepStatus::done || step.status == StepStatus::skipped;
}

bool is_named(const Names& roles, const Names& names) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    if (roles.empty()) return name != to_string(Role::agency_head);
    return std::find(roles.begin(), roles.end(), name) != roles.end();
  });
}

Result<CaseState> adopt(const Definition& definition, CaseState state) {
  std::vector<StepState> steps;
  std::size_t taken = 0;
  for (const auto& step : definition.steps) {
    steps.emplace_back();
    steps.back().id = step.id;
    if (taken < state.steps.size() && state.steps[taken].id == step.id)
      steps.back() = std::move(state.steps[taken++]);
  }
  if (taken != state.steps.size() || definition.id != state.definition_id) return fail_other_definition();
  state.steps = std::move(steps);
  return state;
}

UtcTime to_minute(UtcTime at) {
  const std::int64_t minute = minutes(1).ns;
  const std::int64_t rest = ((at.ns % minute) + minute) % minute;
  return UtcTime{at.ns - rest};
}

bool all_hold(const CaseState& state, const Conditions& conditions) {
  return std::all_of(conditions.begin(), conditions.end(),
                     [&](const Condition& one) { return holds(state, one); });
}

bool applies(const CaseState& state, const Step& step) { return all_hold(state, step.when); }

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
  out.detected_at = to_minute(start.detected_at.value_or(now));
  out.context = start.context;
  for (const auto& step : definition.steps) {
    out.steps.emplace_back();
    out.steps.back().id = step.id;
  }
  add_to_timeline(out, by, now, "", "opened", "");
  bring_about(out, definition.effects, "", {Effect::On::opened});
  return out;
}

Result<CaseState> with_entry(CaseState state, TimelineEntry entry, const Actor& actor, UtcTime now) {
  PHENDAU_TRY(check_room(state));
  entry.at = now;
  entry.by = actor.user_id;
  entry.by_name = actor.name;
  entry.role = to_string(actor.role);
  state.timeline.push_back(std::move(entry));
  return state;
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
    PHENDAU_TRY(check_size(state, out));
    using enum Effect::On;
    const auto& effects = definition.steps[index].effects;
    if (move.verb == Verb::begin) bring_about(out, effects, move.step, {begin});
    if (move.verb == Verb::done) bring_about(out, effects, move.step, {begin, done});
  }
  add_to_timeline(out, actor, now, move.step, to_string(move.verb), trim(move.reason));
  return out;
}

std::vector<Error> can_close(const Definition& definition, const CaseState& state) {
  std::vector<Error> out;
  if (auto fits = check_fits(definition, state); !fits) return {fits.error()};
  if (state.closed) return {Error{ErrorCode::conflict, "the case is closed", "workflow.closed", {}}};
  for (std::size_t i = 0; i < state.steps.size(); ++i) {
    if (!is_open(definition, state, i)) continue;
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
  PHENDAU_TRY(check_ending(state, actor, definition.close_roles, definition, reason, names));
  CaseState out = state;
  out.closed = true;
  out.closed_at = now;
  out.closed_by = actor.user_id;
  add_to_timeline(out, actor, now, "", "closed", reason);
  bring_about(out, definition.effects, "", {Effect::On::closed});
  return out;
}

Result<CaseState> stop(const Definition& definition, const CaseState& state, const Actor& actor, UtcTime now,
                       std::string_view reason, const std::optional<Names>& names) {
  PHENDAU_TRY(check_fits(definition, state));
  if (state.closed) return fail_closed();
  if (!definition.stop_roles) {
    return fail(ErrorCode::conflict, "this workflow knows no early end", "workflow.cannot_stop",
                {definition.title_vi});
  }
  PHENDAU_TRY(check_ending(state, actor, *definition.stop_roles, definition, reason, names));
  PHENDAU_TRY(need_reason(definition, reason));
  CaseState out = state;
  out.closed = true;
  out.stopped = true;
  out.stop_reason = trim(reason);
  out.closed_at = now;
  out.closed_by = actor.user_id;
  add_to_timeline(out, actor, now, "", "stopped", trim(reason));
  bring_about(out, definition.effects, "", {Effect::On::stopped});
  return out;
}

Result<CaseState> reopen(const Definition& definition, const CaseState& state, const Actor& actor,
                         UtcTime now, std::string_view reason, const std::optional<Names>& names) {
  PHENDAU_TRY(check_fits(definition, state));
  if (!state.closed) {
    return fail(ErrorCode::conflict, "the case is open", "workflow.not_closed");
  }
  if (!definition.reopen_roles) {
    return fail(ErrorCode::conflict, "this workflow stays closed", "workflow.cannot_reopen",
                {definition.title_vi});
  }
  PHENDAU_TRY(check_ending(state, actor, *definition.reopen_roles, definition, reason, names));
  PHENDAU_TRY(need_reason(definition, reason));
  CaseState out = state;
  out.closed = false;
  out.stopped = false;
  out.stop_reason.clear();
  out.closed_at.reset();
  out.closed_by.clear();
  add_to_timeline(out, actor, now, "", "reopened", trim(reason));
  return out;
}

Result<CaseState> correct_detected(const Definition& definition, const CaseState& state, UtcTime detected_at,
                                   const Actor& actor, UtcTime now, std::string_view reason,
                                   const std::optional<Names>& names) {
  PHENDAU_TRY(check_fits(definition, state));
  if (state.closed) return fail_closed();
  PHENDAU_TRY(check_ending(state, actor, definition.close_roles, definition, reason, names));
  PHENDAU_TRY(need_reason(definition, reason));
  if (detected_at > state.opened_at) {
    return fail(ErrorCode::invalid, "a case is opened after it was detected", "workflow.detected_late");
  }
  CaseState out = state;
  out.detected_at = to_minute(detected_at);
  add_to_timeline(out, actor, now, "", "detected",
                  fmt::format("{} -> {}. {}", format_rfc3339(state.detected_at, kVietnamZone),
                              format_rfc3339(out.detected_at, kVietnamZone), trim(reason)));
  return out;
}

Result<CaseState> note_fact(CaseState state, TimelineEntry entry) {
  PHENDAU_TRY(check_room(state));
  state.timeline.push_back(std::move(entry));
  return state;
}

std::optional<Need> next_needed(const Definition& definition, const CaseState& state) {
  if (!check_fits(definition, state) || state.closed) return std::nullopt;
  std::optional<std::size_t> next;
  bool jumped = false;
  for (std::size_t i = 0; i < state.steps.size(); ++i) {
    if (!is_open(definition, state, i)) continue;
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

std::optional<Due> due_for(const Clock& clock, UtcTime from, ZoneOffset zone, const DueOf& due_of) {
  if (clock.working_days || !clock.regime.empty()) return due_of ? due_of(clock, from) : std::nullopt;
  Due out;
  if (!clock.days) {
    out.at = from + clock.within;
    out.inclusive = true;
    return out;
  }
  const std::int64_t day = days_from_civil(to_civil(from, zone).date);
  out.at = start_of_day(civil_from_days(day + *clock.days + 1), zone);
  return out;
}

std::optional<UtcTime> start_of(const Clock& clock, const CaseState& state) {
  if (clock.from == kFromOpened) return state.opened_at;
  if (clock.from == kFromDetected) return state.detected_at;
  const std::size_t dot = clock.from.find('.');
  const StepState* step = state.find(clock.from.substr(0, dot));
  if (step == nullptr) return std::nullopt;
  if (dot == std::string::npos) return step->finished_at;
  const auto at = parse_rfc3339(step->doc[clock.from.substr(dot + 1)].as_string());
  return at ? std::optional(*at) : std::nullopt;
}

bool is_late(const Due& due, UtcTime at) { return due.at && (due.inclusive ? at > *due.at : at >= *due.at); }

}  // namespace

std::vector<ClockState> clocks(const Definition& definition, const CaseState& state, UtcTime now,
                               ZoneOffset zone, const DueOf& due_of) {
  std::vector<ClockState> out;
  if (!check_fits(definition, state)) return out;
  for (std::size_t i = 0; i < definition.steps.size(); ++i) {
    const StepState& step = state.steps[i];
    if (!applies(state, definition.steps[i])) continue;
    const auto& rules = definition.steps[i].clocks;
    for (std::size_t k = 0; k < rules.size(); ++k) {
      const Clock& clock = rules[k];
      const auto from = start_of(clock, state);
      if (!from || !is_asked(state, clock)) continue;
      auto due = due_for(clock, *from, zone, due_of);
      if (!due) continue;
      const auto ended_at = step.finished_at ? step.finished_at : state.closed_at;
      ClockState entry{step.id, k, clock.label_vi, clock.label_en, *from, std::move(*due), false, false};
      entry.stopped = ended_at.has_value();
      entry.overdue = is_late(entry.due, ended_at.value_or(now));
      out.push_back(std::move(entry));
    }
  }
  const auto key = [](const ClockState& one) {
    return std::pair(!one.due.at, one.due.at.value_or(one.from));
  };
  std::stable_sort(out.begin(), out.end(),
                   [&](const ClockState& a, const ClockState& b) { return key(a) < key(b); });
  return out;
}

namespace {

/// Another end of the clock is another call: people are told anew of it.
EffectCall call_of(const ClockState& clock, const ClockNotice& rule) {
  std::string due = format_rfc3339(*clock.due.at);
  std::erase_if(due, [](char c) { return c == '-' || c == ':'; });
  EffectCall out{fmt::format("clock.{}.{}.{}.{}", clock.step, clock.index, rule.id, due),
                 clock.step,
                 Effect::Kind::notice,
                 rule.notice,
                 rule.to,
                 Json::object()};
  out.values.set("clock", clock.label_vi)
      .set("due_at", format_rfc3339(*clock.due.at))
      .set("inclusive", clock.due.inclusive)
      .set("late", !rule.before);
  return out;
}

}  // namespace

ClockCalls clock_calls(const Definition& definition, const std::vector<ClockState>& clocks, UtcTime now) {
  ClockCalls out;
  for (const auto& clock : clocks) {
    if (clock.stopped || !clock.due.at) continue;
    const ClockNotice* last = nullptr;  // of the reminders whose moment has come
    for (const auto& rule : definition.clock_notices) {
      const UtcTime at = rule.before ? *clock.due.at - rule.distance : *clock.due.at + rule.distance;
      if (rule.before && at <= clock.from) continue;  // said when the clock started
      if (at > now || (!rule.before && !clock.overdue)) {
        const UtcTime when = at > now ? at : *clock.due.at + milliseconds(1);
        if (!out.next_at || when < *out.next_at) out.next_at = when;
      } else if (!rule.before) {
        out.due.push_back(call_of(clock, rule));
      } else if (!is_late(clock.due, now) && (last == nullptr || rule.distance < last->distance)) {
        last = &rule;
      }
    }
    if (last != nullptr) out.due.push_back(call_of(clock, *last));
  }
  return out;
}

}  // namespace phendau::workflow
