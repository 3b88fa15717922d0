// SPDX-License-Identifier: Apache-2.0
// Reads every key or complains with its line: a key that is misspelt must not be a rule that silently does
// not hold.
#include "workflow/definition.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/regex.h"
#include "base/text.h"

namespace phendau::workflow {
namespace {

constexpr std::int64_t kClockDaysMax = 3660;
constexpr std::string_view kRegime = "regime:";
constexpr std::string_view kMoments[] = {"begin", "done", "opened", "closed", "stopped"};  // Effect::On
constexpr std::size_t kStepMoments = 2;
constexpr std::string_view kEffectKinds[] = {"notice", "paper", "order"};

bool is_id(std::string_view text) {
  static const Regex kId = *Regex::compile("^[a-z][a-z0-9_]{0,63}$");
  return kId.search(text);
}

class Parser {
 public:
  Parser(std::string_view file, std::vector<ContentError>& errors) : file_(file), errors_(errors) {}

  Definition read(const YamlNode& root) {
    Definition out;
    if (!root.is_map()) {
      wrong(root, "a workflow is a map");
      return out;
    }
    allow_keys(root, {"id", "title_vi", "title_en", "case_kind", "clause", "steps", "close", "reopen", "stop",
                      "effects", "clock_notices"});
    out.id = need_text(root, "id");
    if (!out.id.empty() && !is_id(out.id))
      wrong(*root.find("id"), "id: lower case letters, digits and _ only");
    out.title_vi = need_text(root, "title_vi");
    out.title_en = need_text(root, "title_en");
    out.case_kind = need_text(root, "case_kind");
    out.clause = text(root, "clause");
    const YamlNode* steps = root.find("steps");
    if (steps == nullptr || !steps->is_sequence() || steps->items.empty()) {
      wrong(steps == nullptr ? root : *steps, "steps: a list of at least one step is needed");
      return out;
    }
    if (steps->items.size() > kStepsMax) {
      wrong(*steps, fmt::format("steps: at most {}", kStepsMax));
      return out;
    }
    for (const auto& item : steps->items) read_step(out, item);
    read_close(out, root.find("close"));
    out.reopen_roles = read_end(root, "reopen");
    out.stop_roles = read_end(root, "stop");
    for (const auto& item : list(root, "effects")) read_effect(out.effects, item, false);
    for (const auto& item : list(root, "clock_notices")) read_clock_notice(out.clock_notices, item);
    check_references(out, *steps);
    return out;
  }

 private:
  void wrong(const YamlNode& at, std::string reason) {
    if (errors_.size() >= kContentErrorsMax) return;
    errors_.push_back({std::string(file_), at.line, at.column, std::move(reason)});
  }

  void allow_keys(const YamlNode& map, std::initializer_list<std::string_view> known) {
    for (const auto& [key, value] : map.members) {
      if (std::find(known.begin(), known.end(), key.scalar) == known.end())
        wrong(key, "unknown key '" + key.scalar + "'");
    }
  }

  std::string text(const YamlNode& map, std::string_view key) {
    const YamlNode* node = map.find(key);
    if (node == nullptr || node->is_null()) return {};
    if (!node->is_scalar()) wrong(*node, fmt::format("{}: must be a text", key));
    return node->scalar;
  }
  std::string need_text(const YamlNode& map, std::string_view key) {
    std::string out = text(map, key);
    if (out.empty()) wrong(map, fmt::format("'{}' is required", key));
    return out;
  }
  bool flag(const YamlNode& map, std::string_view key, bool fallback) {
    const YamlNode* node = map.find(key);
    if (node == nullptr) return fallback;
    const Json value = yaml_to_json(*node);
    if (!value.is_bool()) wrong(*node, fmt::format("{}: must be true or false", key));
    return value.as_bool(fallback);
  }
  const std::vector<YamlNode>& list(const YamlNode& map, std::string_view key) {
    static const std::vector<YamlNode> kEmpty;
    const YamlNode* node = map.find(key);
    if (node == nullptr || node->is_null()) return kEmpty;
    if (!node->is_sequence() || node->items.size() > kRulesPerStepMax) {
      wrong(*node, fmt::format("{}: must be a list of at most {}", key, kRulesPerStepMax));
      return kEmpty;
    }
    return node->items;
  }

  std::vector<std::string> read_roles(const YamlNode& map, std::string_view key) {
    std::vector<std::string> out;
    for (const auto& item : list(map, key)) {
      const auto role = role_from(item.scalar);
      const bool person = role && *role != Role::device;
      const bool slot = item.scalar.starts_with(kSlotPrefix) && item.scalar.size() > kSlotPrefix.size();
      if (item.is_scalar() && (person || slot))
        out.push_back(item.scalar);
      else
        wrong(item, fmt::format("{}: '{}' is not a role", key, item.scalar));
    }
    return out;
  }

  /// STEP.MEMBER: a value, a list of values, or "*" for any that is not empty.
  Conditions read_conditions(const YamlNode& map, std::string_view key) {
    Conditions out;
    const YamlNode* node = map.find(key);
    if (node == nullptr) return out;
    if (!node->is_map() || node->members.empty() || node->members.size() > kRulesPerStepMax) {
      wrong(*node, fmt::format("{}: must be a map of at most {} conditions", key, kRulesPerStepMax));
      return out;
    }
    for (const auto& [name, value] : node->members) {
      auto one = condition_from(name.scalar, yaml_to_json(value));
      if (!one) {
        wrong(name, fmt::format("{}: STEP.MEMBER is needed, not '{}'", key, name.scalar));
        continue;
      }
      conditions_at_.emplace_back(one->step + "." + one->member, name);
      out.push_back(std::move(*one));
    }
    return out;
  }

  /// `reopen: {roles: [...]}`, `stop: {...}`: who may; nullopt: the key is not there.
  std::optional<std::vector<std::string>> read_end(const YamlNode& root, std::string_view key) {
    const YamlNode* node = root.find(key);
    if (node == nullptr) return std::nullopt;
    if (!node->is_map()) {
      wrong(*node, fmt::format("{}: must be a map", key));
      return std::nullopt;
    }
    allow_keys(*node, {"roles"});
    return read_roles(*node, "roles");
  }

  void read_step(Definition& out, const YamlNode& node) {
    if (!node.is_map()) return wrong(node, "a step is a map");
    allow_keys(node,
               {"id", "title_vi", "title_en", "text_vi", "text_en", "citation", "roles", "order", "required",
                "may_skip", "when", "form", "guards", "clocks", "jumps", "searches", "effects"});
    Step step;
    step.id = need_text(node, "id");
    if (!step.id.empty() && !is_id(step.id))
      wrong(*node.find("id"), "id: lower case letters, digits and _ only");
    if (step.id == kFromOpened || step.id == kFromDetected)
      wrong(*node.find("id"), "id: '" + step.id + "' is reserved");
    if (out.find(step.id) != nullptr) wrong(node, "step '" + step.id + "' is defined twice");
    step.title_vi = need_text(node, "title_vi");
    step.title_en = need_text(node, "title_en");
    step.text_vi = text(node, "text_vi");
    step.text_en = text(node, "text_en");
    step.citation = text(node, "citation");
    step.roles = read_roles(node, "roles");
    const std::string order = node.find("order") == nullptr ? "sequential" : text(node, "order");
    if (order != "sequential" && order != "free") wrong(*node.find("order"), "order: sequential or free");
    step.order = order == "free" ? Step::Order::free : Step::Order::sequential;
    step.may_skip = flag(node, "may_skip", !flag(node, "required", true));
    step.when = read_conditions(node, "when");
    read_form(step, node);
    for (const auto& item : list(node, "guards")) read_guard(step.guards, item, false);
    for (const auto& item : list(node, "clocks")) read_clock(step, item);
    for (const auto& item : list(node, "jumps")) read_jump(step, item);
    for (const auto& item : list(node, "searches")) read_search(step, item);
    for (const auto& item : list(node, "effects")) read_effect(step.effects, item, true);
    out.steps.push_back(std::move(step));
  }

  void read_form(Step& step, const YamlNode& node) {
    const YamlNode* form = node.find("form");
    if (form != nullptr) step.form = yaml_to_json(*form);
    auto schema = JsonSchema::compile(step.form);
    if (!schema) return wrong(*form, "form: " + schema.error().message);
    step.form_schema = std::move(*schema);
  }

  void read_guard(std::vector<Guard>& out, const YamlNode& node, bool for_close) {
    Guard guard;
    std::string kind = node.scalar;
    if (node.is_map()) {
      guard.when = read_conditions(node, "when");
      guard.unless = read_conditions(node, "unless");
      for (const auto& [key, value] : node.members) {
        if (key.scalar == "when" || key.scalar == "unless") continue;
        if (!kind.empty() || !value.is_scalar())
          return wrong(node, "a guard is one rule, with or without 'when' and 'unless'");
        kind = key.scalar;
        guard.name = value.scalar;
      }
    }
    if (kind == "has_attachment" && guard.name.empty())
      guard.kind = Guard::Kind::has_attachment;
    else if (kind == "all_steps_done_or_skipped" && guard.name.empty() && for_close)
      guard.kind = Guard::Kind::all_steps_done_or_skipped;
    else if (kind == "sub_cases_closed" && guard.name.empty() && for_close)
      guard.kind = Guard::Kind::sub_cases_closed;
    else if (kind == "field_set" && !guard.name.empty())
      guard.kind = Guard::Kind::field_set;
    else if (kind == "after" && !guard.name.empty() && !for_close)
      guard.kind = Guard::Kind::after;
    else
      return wrong(node,
                   "guards: has_attachment, field_set: NAME, after: STEP (steps), "
                   "all_steps_done_or_skipped and sub_cases_closed (close)");
    out.push_back(std::move(guard));
  }

  void read_search(Step& step, const YamlNode& node) {
    if (!node.is_map()) return wrong(node, "a search is a map");
    allow_keys(node, {"title_vi", "title_en", "query", "around", "of"});
    Search search;
    search.line = node.line;
    search.title_vi = need_text(node, "title_vi");
    search.title_en = need_text(node, "title_en");
    search.query = text(node, "query");
    const std::string of = text(node, "of");
    if (!of.empty() && of != "alerts") wrong(*node.find("of"), "of: only 'alerts' is known");
    search.of_alerts = of == "alerts";
    if (search.query.empty() && !search.of_alerts) wrong(node, "a search has a 'query', or is 'of: alerts'");
    const auto around = parse_duration(need_text(node, "around"));
    if (!around || around->ns <= 0) return wrong(node, "around: a term like 30m or 24h is needed");
    search.around = *around;
    step.searches.push_back(std::move(search));
  }

  void read_clock(Step& step, const YamlNode& node) {
    if (!node.is_map()) return wrong(node, "a clock is a map");
    allow_keys(node, {"from", "within", "days", "when", "unless", "label_vi", "label_en"});
    Clock clock;
    clock.line = node.line;
    clock.from = need_text(node, "from");
    clock.label_vi = need_text(node, "label_vi");
    clock.label_en = need_text(node, "label_en");
    clock.when = read_conditions(node, "when");
    clock.unless = read_conditions(node, "unless");
    const bool has_within = node.find("within") != nullptr;
    if (has_within == (node.find("days") != nullptr))
      return wrong(node, "a clock has either 'within' or 'days'");
    if (has_within) {
      if (!read_term(clock, text(node, "within"))) {
        return wrong(*node.find("within"),
                     "within: a term like 30m, 24h, 3d or 5wd, or regime:TABLE is needed");
      }
    } else {
      const auto count = parse_int(text(node, "days"));
      if (!count || *count < 1 || *count > kClockDaysMax) return wrong(*node.find("days"), "days: 1 to 3660");
      clock.days = static_cast<std::int32_t>(*count);
    }
    step.clocks.push_back(std::move(clock));
  }

  /// "30m" and "24h" run through nights; "3d" and "5wd" end with a day. As deadlines of clauses are written.
  static bool read_term(Clock& clock, std::string_view term) {
    if (term.starts_with(kRegime)) {
      clock.regime = term.substr(kRegime.size());
      return is_id(clock.regime);
    }
    const bool working = term.ends_with("wd");
    if (!working && !term.ends_with('d')) {
      const auto duration = parse_duration(term);
      if (duration) clock.within = *duration;
      return duration.has_value();
    }
    const auto count = parse_int(term.substr(0, term.size() - (working ? 2 : 1)));
    if (!count || *count < 0 || *count > kClockDaysMax) return false;
    (working ? clock.working_days : clock.days) = static_cast<std::int32_t>(*count);
    return true;
  }

  void read_jump(Step& step, const YamlNode& node) {
    if (!node.is_map()) return wrong(node, "a jump is a map");
    allow_keys(node, {"when", "equals", "needs", "to"});
    Jump jump;
    jump.when = need_text(node, "when");
    jump.to = need_text(node, "to");
    jump.needs = text(node, "needs");
    if (const YamlNode* equals = node.find("equals")) jump.equals = yaml_to_json(*equals);
    step.jumps.push_back(std::move(jump));
  }

  /// `{id, on, notice: N, to: [...]}`, `{id, on, paper: P}` or `{id, on, order: O, takes: {devices: S.M}}`.
  void read_effect(std::vector<Effect>& out, const YamlNode& node, bool of_step) {
    if (!node.is_map()) return wrong(node, "an effect is a map");
    allow_keys(node, {"id", "on", "notice", "paper", "order", "to", "takes", "when"});
    Effect effect;
    effect.line = node.line;
    effect.id = need_text(node, "id");
    if (!is_id(effect.id) || !effect_ids_.insert(effect.id).second)
      wrong(node, "id: lower case letters, digits and _ only, of its own in the workflow");
    const std::string on = need_text(node, "on");
    const auto moment = std::find(std::begin(kMoments), std::end(kMoments), on);
    const auto index = static_cast<std::size_t>(moment - std::begin(kMoments));
    if (index >= (of_step ? kStepMoments : std::size(kMoments)) || (!of_step && index < kStepMoments))
      wrong(node, of_step ? "on: begin or done" : "on: opened, closed or stopped");
    else
      effect.on = static_cast<Effect::On>(index);
    int kinds = 0;
    for (const auto kind : {Effect::Kind::notice, Effect::Kind::paper, Effect::Kind::order}) {
      if (node.find(to_string(kind)) == nullptr) continue;
      ++kinds;
      effect.kind = kind;
      effect.name = need_text(node, to_string(kind));
    }
    if (kinds != 1) wrong(node, "an effect is one of notice, paper, order");
    for (const auto& item : list(node, "to")) effect.to.push_back(item.scalar);
    read_takes(effect, node);
    effect.when = read_conditions(node, "when");
    out.push_back(std::move(effect));
  }

  void read_takes(Effect& effect, const YamlNode& node) {
    const YamlNode* takes = node.find("takes");
    const bool is_order = effect.kind == Effect::Kind::order;
    if (is_order != (takes != nullptr) ||
        (is_order && (!takes->is_map() || takes->find("devices") == nullptr)))
      return wrong(node, "an order takes its 'devices' from STEP.MEMBER, and nothing else takes anything");
    if (!is_order) return;
    for (const auto& [name, from] : takes->members) {
      static constexpr std::string_view kTakes[] = {"devices", "ordered_by", "weighed"};
      const std::size_t dot = from.scalar.find('.');
      if (std::find(std::begin(kTakes), std::end(kTakes), name.scalar) == std::end(kTakes) ||
          dot == std::string::npos)
        return wrong(name, "takes: devices, ordered_by, weighed, each from STEP.MEMBER");
      conditions_at_.emplace_back(from.scalar, from);
      effect.takes.emplace_back(name.scalar, from.scalar);
    }
  }

  void read_clock_notice(std::vector<ClockNotice>& out, const YamlNode& node) {
    if (!node.is_map()) return wrong(node, "a notice of clocks is a map");
    allow_keys(node, {"id", "before", "after", "notice", "to"});
    ClockNotice one;
    one.line = node.line;
    one.id = need_text(node, "id");
    if (!is_id(one.id) || !effect_ids_.insert(one.id).second)
      wrong(node, "id: lower case letters, digits and _ only, of its own in the workflow");
    one.notice = need_text(node, "notice");
    for (const auto& item : list(node, "to")) one.to.push_back(item.scalar);
    one.before = node.find("before") != nullptr;
    const std::string_view key = one.before ? "before" : "after";
    if (one.before == (node.find("after") != nullptr))
      return wrong(node, "a notice of clocks is 'before' or 'after' their end");
    const std::string distance = text(node, key);
    const auto parsed = parse_duration(distance);
    if (parsed)
      one.distance = *parsed;
    else if (one.before || distance != "0")
      return wrong(*node.find(key), "a time like 30m, 4h or 1d is needed (after: also 0)");
    out.push_back(std::move(one));
  }

  void read_close(Definition& out, const YamlNode* close) {
    if (close != nullptr && !close->is_map()) {
      wrong(*close, "close: must be a map");
    } else if (close != nullptr) {
      allow_keys(*close, {"guards", "roles"});
      for (const auto& item : list(*close, "guards")) read_guard(out.close_guards, item, true);
      out.close_roles = read_roles(*close, "roles");
    }
    const bool named = std::any_of(out.close_guards.begin(), out.close_guards.end(), [](const Guard& guard) {
      return guard.kind == Guard::Kind::all_steps_done_or_skipped;
    });
    if (!named)
      out.close_guards.insert(out.close_guards.begin(), Guard{Guard::Kind::all_steps_done_or_skipped, {}});
  }

  /// Names of steps and form members; positions are those of the step, which is near enough to find it.
  void check_references(const Definition& out, const YamlNode& steps) {
    for (std::size_t i = 0; i < out.steps.size() && i < steps.items.size(); ++i) {
      const Step& step = out.steps[i];
      const YamlNode& at = steps.items[i];
      for (const auto& clock : step.clocks) {
        check_start(out, clock, at);
      }
      for (const auto& guard : step.guards) check_guard(out, guard, step.id, at);
      for (const auto& jump : step.jumps) {
        if (out.index_of(jump.to) == out.steps.size() || out.index_of(jump.to) <= i)
          wrong(at, "jump: no later step '" + jump.to + "'");
        check_member(step, jump.when, at);
        if (!jump.needs.empty()) check_member(step, jump.needs, at);
      }
    }
    for (const auto& guard : out.close_guards) check_guard(out, guard, "", steps);
    for (const auto& [name, at] : conditions_at_) {
      const Step* step = out.find(name.substr(0, name.find('.')));
      if (step == nullptr)
        wrong(at, "no step '" + name.substr(0, name.find('.')) + "'");
      else
        check_member(*step, name.substr(name.find('.') + 1), at);
    }
  }

  void check_start(const Definition& out, const Clock& clock, const YamlNode& at) {
    if (clock.from == kFromOpened || clock.from == kFromDetected) return;
    const std::size_t dot = clock.from.find('.');
    const Step* step = out.find(clock.from.substr(0, dot));
    if (step == nullptr) return wrong(at, "clock: no step '" + clock.from.substr(0, dot) + "'");
    if (dot == std::string::npos) return;
    const std::string member = clock.from.substr(dot + 1);
    if (step->form.at_path("properties")[member]["format"].as_string() != "date-time")
      wrong(at, fmt::format("clock: '{}' is no date-time in the form of '{}'", member, step->id));
  }

  void check_guard(const Definition& out, const Guard& guard, const std::string& own, const YamlNode& at) {
    if (guard.kind == Guard::Kind::after) {
      if (out.find(guard.name) == nullptr || guard.name == own)
        wrong(at, "guard after: no other step '" + guard.name + "'");
    } else if (guard.kind == Guard::Kind::field_set) {
      const std::size_t dot = guard.name.find('.');
      const std::string of = dot == std::string::npos ? own : guard.name.substr(0, dot);
      const Step* step = out.find(of);
      if (step == nullptr)
        wrong(at, "guard field_set: no step '" + of + "'");
      else
        check_member(*step, guard.name.substr(dot == std::string::npos ? 0 : dot + 1), at);
    }
  }

  void check_member(const Step& step, const std::string& member, const YamlNode& at) {
    if (!step.form["properties"].contains(member))
      wrong(at, fmt::format("the form of '{}' has no field '{}'", step.id, member));
  }

  std::string_view file_;
  std::vector<ContentError>& errors_;
  std::vector<std::pair<std::string, YamlNode>> conditions_at_;  // STEP.MEMBER, to be looked up at the end
  std::set<std::string, std::less<>> effect_ids_;                // of effects and notices of clocks
};

}  // namespace

std::string_view to_string(Effect::Kind kind) { return kEffectKinds[static_cast<std::size_t>(kind)]; }

const Step* Definition::find(std::string_view step_id) const {
  const std::size_t index = index_of(step_id);
  return index == steps.size() ? nullptr : &steps[index];
}

const std::vector<std::string>& Definition::roles_of(std::string_view step_id) const {
  const Step* step = find(step_id);
  return step == nullptr ? close_roles : step->roles;
}

std::size_t Definition::index_of(std::string_view step_id) const {
  const auto found =
      std::find_if(steps.begin(), steps.end(), [&](const Step& step) { return step.id == step_id; });
  return static_cast<std::size_t>(found - steps.begin());
}

std::optional<Condition> condition_from(std::string_view name, const Json& wanted) {
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  Condition out{std::string(name.substr(0, dot)), std::string(name.substr(dot + 1)), {}};
  if (wanted.is_array())
    out.any_of = wanted.items();
  else if (!wanted.is_string() || wanted.as_string() != "*")
    out.any_of.push_back(wanted);
  return out;
}

std::optional<Definition> parse_definition(std::string_view yaml, std::string_view file,
                                           std::vector<ContentError>& errors) {
  const std::size_t before = errors.size();
  YamlLimits limits;
  limits.size_bytes_max = kDefinitionBytesMax;
  const auto root = parse_yaml(yaml, limits);
  if (!root) {
    errors.push_back({std::string(file), 1, 1, root.error().message});
    return std::nullopt;
  }
  Definition out = Parser(file, errors).read(*root);
  if (errors.size() != before) return std::nullopt;
  return out;
}

}  // namespace phendau::workflow
