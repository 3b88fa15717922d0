// SPDX-License-Identifier: Apache-2.0
#include "hub/active_pack.h"

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"
#include "detect/filter.h"
#include "detect/query.h"
#include "hub/classification.h"
#include "hub/compiled_rules.h"
#include "hub/pack_reader.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kUploadGuardFile = "upload_guard.yaml";

std::unexpected<Error> content_error(const std::vector<ContentError>& errors) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < errors.size() && i < 10; ++i) lines.push_back(errors[i].to_string());
  return fail(ErrorCode::invalid, "pack: " + join(lines, "; "), "hub.pack_invalid",
              {lines.empty() ? "" : lines[0]});
}

/// What '%name%' stands for in detections.
detect::CompileOptions compile_options_of(const Pack& pack, const PackOptions& given) {
  detect::CompileOptions options;
  const auto text_of = [](const Json& value) { return value.is_string() ? value.as_string() : value.dump(); };
  for (const auto& parameter : pack.parameters) {
    std::vector<std::string>& values = options.placeholders[parameter.name];
    if (!parameter.value.is_array()) values.push_back(text_of(parameter.value));
    for (const auto& item : parameter.value.items()) values.push_back(text_of(item));
    const auto more = given.register_values.find(parameter.name);
    if (more != given.register_values.end())
      values.insert(values.end(), more->second.begin(), more->second.end());
  }
  return options;
}

}  // namespace

namespace {

/// What the table names must be there: the form that takes the outcome, the register of the systems.
void check_classification(const comply::DecisionTable& table, const Pack& pack,
                          const workflow::Definition* workflow, std::vector<ContentError>& errors) {
  const auto wrong = [&](std::string reason) {
    errors.push_back({pack.id + "/" + std::string(kClassificationFile), 1, 1, std::move(reason)});
  };
  if (!table.reg.empty()) {
    const RegisterKind* kind = pack.reg(table.reg);
    if (kind == nullptr || !kind->spec.schema["properties"].contains(table.reg_field))
      wrong("no register '" + table.reg + "' with '" + table.reg_field + "'");
  }
  const auto* step = workflow == nullptr ? nullptr : workflow->find(table.step);
  if (step == nullptr) return;  // a procedure of the province's own need not ask
  const Json& values = step->form["properties"][table.outcome_field]["enum"];
  for (const auto& outcome : table.outcomes) {
    const auto& known = values.items();
    if (values.is_array() && std::find(known.begin(), known.end(), Json(outcome.id)) == known.end())
      wrong("'" + outcome.id + "' is no value of " + table.step + "." + table.outcome_field);
  }
}

}  // namespace

ActivePack ActivePack::build(Pack pack, std::vector<ContentError>& errors, const PackOptions& options) {
  ActivePack out;
  out.pack_ = std::move(pack);
  const bool complete = errors.empty();
  const auto has_mistakes = [&](const std::string& file) {
    return std::any_of(errors.begin(), errors.end(),
                       [&](const ContentError& one) { return one.file == file; });
  };
  for (const auto& file : out.pack_.source_files) {
    const auto mistakes = out.sources_.add(file.pack_id + "/" + file.path, file.text);
    errors.insert(errors.end(), mistakes.begin(), mistakes.end());
  }
  for (const auto& file : out.pack_.workflow_files) {
    const std::string name = file.pack_id + "/" + file.path;
    if (has_mistakes(name)) continue;  // they are listed already, in other words
    read_workflow(file.text, name, out.workflows_, errors);
  }
  for (const auto& earlier : out.pack_.earlier_workflows) {
    std::vector<ContentError> of_then;  // what was wrong then matters to nobody now
    Workflows known;
    for (const auto& file : earlier.files) read_workflow(file.text, file.path, known, of_then);
    out.earlier_workflows_.emplace_back(earlier.until, std::move(known));
  }
  out.options_ = compile_options_of(out.pack_, options);
  std::vector<detect::Rule> rules = out.pack_.rules.rules;
  const auto filtered = detect::apply_filters(rules, out.pack_.rules.filters, out.options_);
  out.rejected_ = filtered.errors;
  out.compiled_rules_ = options.compiled_rules;
  out.plan_ = out.compile(std::move(rules), out.rejected_);
  out.warnings_ = out.pack_.rules.warnings;
  out.warnings_.insert(out.warnings_.end(), filtered.warnings.begin(), filtered.warnings.end());
  out.correlations_ = out.pack_.rules.correlations;
  for (auto& rule : out.correlations_) {
    rule.group_by.insert(rule.group_by.begin(), std::string(kAgencyColumn));
  }
  out.papers_ = read_paper_templates(out.pack_.other_files, errors);
  out.check_workflows(errors);
  if (const auto table = classification_of(out.pack_, errors))
    check_classification(*table, out.pack_, out.workflow(table->id), errors);
  bool guarded = false;
  for (const auto& file : out.pack_.other_files) {
    if (file.path != kUploadGuardFile) continue;
    guarded = true;
    const std::string name = file.pack_id + "/" + file.path;
    const auto node = parse_yaml(file.text);
    if (!node) {
      errors.push_back(detect::yaml_error(name, node.error().message));
    } else {
      out.upload_policy_ = read_upload_policy(*node, name, errors);
    }
  }
  if (complete && !guarded) {
    errors.push_back(
        {out.pack_.id + "/pack.yaml", 1, 1, "neither the pack nor its imports have upload_guard.yaml"});
  }
  return out;
}

detect::Plan ActivePack::compile(std::vector<detect::Rule> rules, std::vector<ContentError>& rejected) const {
  if (compiled_rules_ != nullptr)
    return compiled_rules_->plan_of(std::move(rules), sources_, options_, rejected);
  auto plan = detect::Plan::compile(std::move(rules), sources_, options_);
  rejected.insert(rejected.end(), plan.rejected().begin(), plan.rejected().end());
  return plan;
}

Result<ActivePack> ActivePack::load(Env& env, const std::string& folder, const PackOptions& options) {
  std::vector<ContentError> errors;
  ActivePack out = build(PHENDAU_TRY(load_valid_pack(env, folder, options)), errors, options);
  if (!errors.empty()) return content_error(errors);
  return out;
}

std::string definition_name(std::string_view workflow_id, std::string_view text) {
  constexpr std::size_t kDigits = 16;
  return std::string(workflow_id) + "." + sha256_hex(text).substr(0, kDigits);
}

void ActivePack::read_workflow(const std::string& text, const std::string& file, Workflows& into,
                               std::vector<ContentError>& errors) {
  auto definition = workflow::parse_definition(text, file, errors);
  if (!definition) return;
  const std::string id = definition->id;
  into.emplace(id, KnownWorkflow{std::make_shared<const workflow::Definition>(std::move(*definition)), text,
                                 definition_name(id, text)});
}

void ActivePack::check_workflows(std::vector<ContentError>& errors) const {
  std::vector<std::string> names;
  for (const auto& [id, table] : pack_.catalog.regimes) names.push_back(id);
  for (const auto& file : pack_.workflow_files) {
    const auto known = std::find_if(workflows_.begin(), workflows_.end(),
                                    [&](const auto& one) { return one.second.text == file.text; });
    if (known == workflows_.end()) continue;
    check_effects(file, *known->second.definition, errors);
    for (const auto& step : known->second.definition->steps) {
      for (const auto& clock : step.clocks) {
        if (clock.regime.empty() || pack_.catalog.regimes.contains(clock.regime)) continue;
        errors.push_back(
            {file.pack_id + "/" + file.path, clock.line, 1,
             "no table '" + clock.regime + "' in regimes.yaml" + did_you_mean(clock.regime, names)});
      }
      for (const auto& search : step.searches) {
        if (const auto query = detect::parse_query(search.query); !query)
          errors.push_back(
              {file.pack_id + "/" + file.path, search.line, 1, "query: " + query.error().message});
      }
    }
  }
}

/// What its effects name must be there, and a paper must begin from a case.
void ActivePack::check_effects(const PackFile& file, const workflow::Definition& definition,
                               std::vector<ContentError>& errors) const {
  const auto wrong = [&](int line, std::string reason) {
    errors.push_back({file.pack_id + "/" + file.path, line, 1, std::move(reason)});
  };
  const auto check_notice = [&](const std::string& id, const std::vector<std::string>& to, int line) {
    const NoticeRule* notice = pack_.notice(id);
    if (notice == nullptr || notice->reg != definition.case_kind)
      wrong(line, "no notice '" + id + "' of the kind '" + definition.case_kind + "'");
    for (const auto& one : to) {
      const bool is_slot = one.starts_with(kSlotPrefix) &&
                           std::any_of(pack_.roles.begin(), pack_.roles.end(), [&](const RoleSlot& role) {
                             return role.id == one.substr(kSlotPrefix.size());
                           });
      if (!is_slot && !is_told_class(one)) wrong(line, "to: nobody is '" + one + "'");
    }
  };
  const auto check = [&](const workflow::Effect& effect) {
    using enum workflow::Effect::Kind;
    if (effect.kind == notice) check_notice(effect.name, effect.to, effect.line);
    const PaperTemplate* found = effect.kind == paper ? this->paper(effect.name) : nullptr;
    if (effect.kind == paper && (found == nullptr || !found->begins_from("case")))
      wrong(effect.line, "no paper '" + effect.name + "' that begins from a case");
    const RegisterKind* orders = effect.kind == order ? pack_.reg("device_order") : nullptr;
    if (effect.kind == order &&
        (orders == nullptr ||
         !orders->spec.schema.at_path("properties.order.x-titles-vi").contains(effect.name)))
      wrong(effect.line, "no order '" + effect.name + "'");
  };
  for (const auto& effect : definition.effects) check(effect);
  for (const auto& step : definition.steps) {
    for (const auto& effect : step.effects) check(effect);
  }
  for (const auto& one : definition.clock_notices) check_notice(one.notice, one.to, one.line);
}

const workflow::Definition* ActivePack::workflow(std::string_view id) const {
  const KnownWorkflow* found = known_workflow(id);
  return found == nullptr ? nullptr : found->definition.get();
}

const KnownWorkflow* ActivePack::known_workflow(std::string_view id, std::optional<UtcTime> opened_at) const {
  for (const auto& [until, known] : earlier_workflows_) {
    if (!opened_at || *opened_at >= until) continue;
    const auto then = known.find(id);
    if (then != known.end()) return &then->second;
    break;
  }
  const auto found = workflows_.find(id);
  return found == workflows_.end() ? nullptr : &found->second;
}

std::optional<workflow::Due> ActivePack::due_of(const workflow::Clock& clock, UtcTime from) const {
  const comply::Catalog& catalog = pack_.catalog;
  const auto start = comply::TermStart::instant(from, catalog.zone);
  if (clock.regime.empty()) {
    comply::DeadlineRule rule;
    rule.kind = comply::DeadlineRule::Kind::working_days;
    rule.count = clock.working_days.value_or(0);
    const auto due = comply::due_of(rule, start, catalog.work_calendar, catalog.zone);
    if (!due) return std::nullopt;
    return workflow::Due{due->due_at, due->inclusive, "", "", "", ""};
  }
  const auto table = catalog.regimes.find(clock.regime);
  if (table == catalog.regimes.end()) return std::nullopt;
  const auto answer = comply::regime_due(table->second, start, catalog.work_calendar, catalog.zone);
  if (!answer || answer->rule == nullptr) return std::nullopt;
  const comply::RegimeRule& rule = *answer->rule;
  workflow::Due out{std::nullopt, false, rule.id, rule.form, rule.to.vi, rule.source};
  if (answer->due) {
    out.at = answer->due->due_at;
    out.inclusive = answer->due->inclusive;
  }
  return out;
}

std::vector<workflow::ClockState> ActivePack::clocks_of(const workflow::Definition& definition,
                                                        const workflow::CaseState& state, UtcTime now) const {
  return workflow::clocks(definition, state, now, pack_.catalog.zone,
                          [this](const workflow::Clock& clock, UtcTime from) { return due_of(clock, from); });
}

const PaperTemplate* ActivePack::paper(std::string_view id) const {
  const auto found =
      std::find_if(papers_.begin(), papers_.end(), [&](const PaperTemplate& one) { return one.id == id; });
  return found == papers_.end() ? nullptr : &*found;
}

PasswordRule ActivePack::password_rule() const {
  PasswordRule rule;
  if (const auto* length = pack_.parameter("password_min_length")) rule.length_min = length->value.as_int(8);
  if (const auto* classes = pack_.parameter("password_classes")) {
    rule.classes.clear();
    for (const auto& name : classes->value.items()) rule.classes.push_back(name.as_string());
  }
  if (const auto* age = pack_.parameter("password_max_age_months"))
    rule.age_months_max = age->value.as_int(3);
  return rule;
}

const detect::RuleMeta* ActivePack::rule(std::string_view id) const {
  for (const auto& rule : pack_.rules.rules) {
    if (rule.is_called(id)) return &rule;
  }
  for (const auto& rule : pack_.rules.correlations) {
    if (rule.is_called(id)) return &rule;
  }
  for (const auto& rule : pack_.rules.silences) {
    if (rule.is_called(id)) return &rule;
  }
  for (const auto& rule : pack_.posture_rules) {
    if (rule.is_called(id)) return &rule;
  }
  return nullptr;
}

std::string ActivePack::rule_source(std::string_view id) const {
  const detect::RuleMeta* found = rule(id);
  if (found == nullptr) return "";
  for (const auto& file : pack_.rule_files) {
    if (found->file == file.path || found->file.ends_with("/" + file.path)) return file.text;
  }
  return "";
}

std::vector<ingest::ChannelLogsource> channel_table(const detect::SourceMap& sources) {
  std::vector<ingest::ChannelLogsource> out;
  for (const auto& one : sources.channels()) out.push_back({one.channel, one.logsource});
  return out;
}

}  // namespace phendau::hub
