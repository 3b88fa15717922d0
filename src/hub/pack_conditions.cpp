// SPDX-License-Identifier: Apache-2.0
// What ways and triggers say of registers, forms and workflows: fields that exist, values that the schema
// allows, dates where a clock or an age needs one, states.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "hub/pack_reader.h"

namespace phendau::hub {
namespace {

using comply::Condition;
using comply::DeadlineRule;

std::string shown(const Json& value) { return value.is_string() ? value.as_string() : value.dump(); }

/// Of a list what its items are: a condition asks for one of them.
const Json& item_schema(const Json& schema) {
  return schema["type"].as_string() == "array" ? schema["items"] : schema;
}

bool has_type(const Json& value, std::string_view type) {
  if (type == "boolean") return value.is_bool();
  if (type == "integer" || type == "number") return value.is_number();
  if (type == "string") return value.is_string();
  return true;
}

/// A field without a declared type may hold anything, also a date.
bool may_be_date(const Json& schema) {
  const std::string& format = schema["format"].as_string();
  const bool typed = schema.contains("type") || schema.contains("enum");
  return !typed || format == "date" || format == "date-time";
}

/// Two numbers are compared as two dates are.
bool may_be_ordered(const Json& schema) {
  const std::string& type = schema["type"].as_string();
  return type == "integer" || type == "number" || may_be_date(schema);
}

std::vector<std::string> member_names(const Json& schema) {
  std::vector<std::string> out;
  for (const auto& [name, member] : schema["properties"].members()) out.push_back(name);
  return out;
}

/// The schema of a dotted field; `missing` receives the first member that is not declared.
const Json* find_field(const Json& schema, std::string_view field, std::string& missing) {
  static const Json kAny = Json::object();
  const Json* at = &schema;
  for (const auto part : split(field, '.')) {
    const Json& members = (*at)["properties"];
    if (members.is_null()) return &kAny;  // nobody declared what is inside
    if (!members.contains(part)) {
      missing = part;
      return nullptr;
    }
    at = &members[part];
  }
  return at;
}

}  // namespace

const RegisterKind* PackReader::need_register(const comply::Place& at, const std::string& kind) {
  const RegisterKind* out = pack_.reg(kind);
  if (out != nullptr) return out;
  std::vector<std::string> names;
  for (const auto& one : pack_.registers) names.push_back(one.spec.name);
  error(at, fmt::format("no register '{}'{}", kind, did_you_mean(kind, names)));
  return nullptr;
}

const WorkflowRef* PackReader::need_workflow(const comply::Place& at, const std::string& id) {
  std::vector<std::string> names;
  for (const auto& one : pack_.workflows) {
    if (one.id == id) return &one;
    names.push_back(one.id);
  }
  error(at, fmt::format("no workflow '{}'{}", id, did_you_mean(id, names)));
  return nullptr;
}

const Json* PackReader::need_field(const comply::Place& at, const RegisterKind& kind,
                                   const std::string& field) {
  std::string missing;
  const Json* schema = find_field(kind.spec.schema, field, missing);
  if (schema != nullptr) return schema;
  error(at, fmt::format("register '{}' has no field '{}'{}", kind.spec.name, missing,
                        did_you_mean(missing, member_names(kind.spec.schema))));
  return nullptr;
}

void PackReader::need_date(const comply::Place& at, const RegisterKind& kind, const std::string& field) {
  const Json* schema = need_field(at, kind, field);
  if (schema == nullptr || may_be_date(*schema)) return;
  error(at, fmt::format("register '{}': '{}' is no date (format: date or date-time)", kind.spec.name, field));
}

void PackReader::check_condition(const std::string& owner, const Json& schema, const Condition& condition) {
  const Json& item = item_schema(schema);
  const std::string& type = item["type"].as_string();
  const auto& allowed = item["enum"].items();
  std::vector<std::string> names;
  for (const auto& one : allowed) names.push_back(shown(one));
  for (const auto& value : condition.any_of) {
    if (value.is_null() || shown(value) == "*") continue;  // empty, filled in
    if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
      error(condition.place,
            fmt::format("{}: '{}' of '{}' is none of {}{}", owner, shown(value), condition.field,
                        join(names, ", "), did_you_mean(shown(value), names)));
    } else if (!has_type(value, type)) {
      error(condition.place,
            fmt::format("{}: '{}' is a {}, which {} is not", owner, condition.field, type, value.dump()));
    }
  }
  const bool fits =
      condition.asks_age() ? may_be_date(item) : !condition.asks_dates() || may_be_ordered(item);
  if (!fits) {
    error(condition.place,
          fmt::format("{}: '{}' is no date (format: date or date-time)", owner, condition.field));
  }
}

void PackReader::need_fields(const comply::Place& at, const RegisterKind& kind,
                             const std::vector<Condition>& conditions) {
  for (const auto& condition : conditions) {
    const comply::Place& here = condition.place.line > 0 ? condition.place : at;
    const Json* schema = need_field(here, kind, condition.field);
    if (schema == nullptr) continue;
    check_condition(fmt::format("register '{}'", kind.spec.name), *schema, condition);
    const bool numbers = !may_be_date(*schema) && may_be_ordered(*schema);
    for (const auto* other : {&condition.not_after, &condition.before}) {
      if (other->empty()) continue;
      const Json* against = numbers ? need_field(here, kind, *other) : nullptr;
      if (!numbers) need_date(here, kind, *other);
      if (against != nullptr && (may_be_date(*against) || !may_be_ordered(*against)))
        error(here, fmt::format("register '{}': '{}' is no number", kind.spec.name, *other));
    }
  }
}

void PackReader::need_states(const comply::Place& at, const RegisterKind& kind,
                             const std::vector<std::string>& states) {
  for (const auto& state : states) {
    const auto& known = kind.spec.states;
    if (std::find(known.begin(), known.end(), state) != known.end()) continue;
    error(at, fmt::format("register '{}' has no state '{}'{}", kind.spec.name, state,
                          did_you_mean(state, known)));
  }
}

void PackReader::check_records(const comply::Satisfier& satisfier, const RegisterKind& kind) {
  need_fields(satisfier.place, kind, satisfier.where);
  need_fields(satisfier.place, kind, satisfier.every);
  need_states(satisfier.place, kind, satisfier.states);
  if (!satisfier.link.empty()) need_field(satisfier.place, kind, satisfier.link);
}

/// A clock of hours from a date runs from the end of that day: nobody means that.
void PackReader::check_clock(const comply::Trigger& trigger, const RegisterKind& kind) {
  const std::string& field = trigger.from.empty() ? kind.date_field : trigger.from;
  if (field.empty()) return;
  need_date(trigger.place, kind, field);
  const bool elapsed = trigger.within && (trigger.within->kind == DeadlineRule::Kind::hours ||
                                          trigger.within->kind == DeadlineRule::Kind::minutes);
  std::string missing;
  const Json* schema = find_field(kind.spec.schema, field, missing);
  if (!elapsed || schema == nullptr || (*schema)["format"].as_string() != "date") return;
  error(trigger.place,
        fmt::format("'within: {}' counts hours, but '{}' of '{}' is a date without a time: it would run from "
                    "the end of that day; give the field 'format: date-time' or the term in days",
                    to_string(*trigger.within), field, kind.spec.name));
}

/// `STEP.FIELD`: the form of a step. Other members are the case's own.
void PackReader::check_form_conditions(const WorkflowRef& workflow,
                                       const std::vector<Condition>& conditions) {
  for (const auto& condition : conditions) {
    const std::size_t dot = condition.field.find('.');
    const std::string step = condition.field.substr(0, dot);
    const auto form = workflow.forms.find(step);
    if (dot == std::string::npos || form == workflow.forms.end()) continue;
    std::string missing;
    const Json* schema = find_field(form->second, condition.field.substr(dot + 1), missing);
    if (schema == nullptr) {
      error(condition.place, fmt::format("workflow '{}': the form of '{}' has no field '{}'{}", workflow.id,
                                         step, missing, did_you_mean(missing, member_names(form->second))));
    } else {
      check_condition(fmt::format("workflow '{}'", workflow.id), *schema, condition);
    }
  }
}

/// What the case itself must say, and the field that says when.
void PackReader::check_case_occasion(const WorkflowRef& workflow, const comply::Satisfier& satisfier) {
  check_form_conditions(workflow, satisfier.every);
  if (satisfier.done.empty()) return;
  const std::size_t dot = satisfier.done.find('.');
  const auto form = workflow.forms.find(satisfier.done.substr(0, dot));
  std::string missing;
  const Json* schema = dot == std::string::npos || form == workflow.forms.end()
                           ? nullptr
                           : find_field(form->second, satisfier.done.substr(dot + 1), missing);
  if (schema != nullptr && may_be_date(*schema)) return;
  error(satisfier.place, fmt::format("workflow '{}': 'done: {}' is no date in the form of a step",
                                     workflow.id, satisfier.done));
}

void PackReader::check_trigger(const comply::ClausePart& part) {
  const comply::Trigger& trigger = *part.trigger;
  if (!trigger.regime.empty() && !pack_.catalog.regimes.contains(trigger.regime)) {
    std::vector<std::string> names;
    for (const auto& [id, table] : pack_.catalog.regimes) names.push_back(id);
    error(trigger.place, fmt::format("'within: regime:{}': regimes.yaml has no such table{}", trigger.regime,
                                     did_you_mean(trigger.regime, names)));
  }
  if (trigger.source == comply::Trigger::Source::workflow) {
    const WorkflowRef* workflow = need_workflow(trigger.place, trigger.ref);
    if (workflow == nullptr) return;
    check_form_conditions(*workflow, trigger.where);
    for (const auto& satisfier : part.satisfied_by) {
      if (satisfier.kind == comply::SatisfierKind::occasion) check_case_occasion(*workflow, satisfier);
    }
    const bool moment = trigger.from.empty() || trigger.from == "opened" || trigger.from == "closed";
    const auto& steps = workflow->steps;
    if (moment || std::find(steps.begin(), steps.end(), trigger.from) != steps.end()) return;
    return error(trigger.place, fmt::format("workflow '{}' has no step '{}'{}", trigger.ref, trigger.from,
                                            did_you_mean(trigger.from, steps)));
  }
  const RegisterKind* kind = need_register(trigger.place, trigger.ref);
  if (kind == nullptr) return;
  need_fields(trigger.place, *kind, trigger.where);
  need_states(trigger.place, *kind, trigger.states);
  check_clock(trigger, *kind);
  for (const auto& satisfier : part.satisfied_by) {
    const RegisterKind* answers =
        satisfier.kind == comply::SatisfierKind::reg ? pack_.reg(satisfier.ref) : nullptr;
    if (trigger.each && answers != nullptr && answers->subject_field.empty())
      error(satisfier.place, fmt::format("with 'each' register '{}' must say whose a record is: it has no "
                                         "'subject_field'",
                                         satisfier.ref));
    if (satisfier.kind != comply::SatisfierKind::occasion) continue;
    need_fields(satisfier.place, *kind, satisfier.every);
    need_states(satisfier.place, *kind, satisfier.states);
    if (!satisfier.done.empty()) need_date(satisfier.place, *kind, satisfier.done);
  }
}

}  // namespace phendau::hub
