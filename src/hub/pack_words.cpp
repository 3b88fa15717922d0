// SPDX-License-Identifier: Apache-2.0
// What a document brings into being besides duties: unit classes, terms, scopes, slots; and the checks of
// what names them, of triggers, and of fields and states of registers.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "hub/pack_reader.h"

namespace phendau::hub {
namespace {

template <class T>
bool has_id(const std::vector<T>& list, std::string_view id) {
  return std::any_of(list.begin(), list.end(), [&](const T& one) { return one.id == id; });
}

constexpr std::string_view kUnitClass = "unit_class";

}  // namespace

void PackReader::read_unit_classes(comply::ContentReader& reader, const YamlNode& document) {
  const YamlNode* list = reader.list(document, "unit_classes", false);
  if (list == nullptr) return;
  for (const auto& node : list->items) {
    if (!node.is_map()) {
      reader.error(node, "a unit class must be a map");
      continue;
    }
    reader.only_keys(node, {"id", "title", "clause"});
    UnitClass out{reader.text(node, "id", true), reader.bi_text(node, "title", true),
                  reader.text(node, "clause", false), reader.place(node)};
    const auto at = std::find_if(pack_.unit_classes.begin(), pack_.unit_classes.end(),
                                 [&](const UnitClass& one) { return one.id == out.id; });
    if (at == pack_.unit_classes.end()) {
      pack_.unit_classes.push_back(std::move(out));
    } else if (at->place.file == out.place.file) {
      reader.error(node, fmt::format("unit class '{}' is defined twice", out.id));
    } else {
      *at = std::move(out);  // a pack may give an imported class its own words
    }
  }
}

void PackReader::read_glossary(const std::string& pack_id, const std::string& path, const std::string& text) {
  comply::ContentReader reader(pack_id + "/" + path, errors_);
  const auto document = reader.document(text);
  if (!document) return;
  reader.only_keys(*document, {"terms"});
  const YamlNode* list = reader.list(*document, "terms", true);
  if (list == nullptr) return;
  for (const auto& node : list->items) {
    if (!node.is_map()) {
      reader.error(node, "a term must be a map");
      continue;
    }
    reader.only_keys(node, {"id", "term", "meaning", "clause"});
    GlossaryTerm out{reader.text(node, "id", true), reader.bi_text(node, "term", true),
                     reader.bi_text(node, "meaning", true), reader.text(node, "clause", false),
                     reader.place(node)};
    const auto at = std::find_if(pack_.terms.begin(), pack_.terms.end(),
                                 [&](const GlossaryTerm& one) { return one.id == out.id; });
    if (at == pack_.terms.end()) {
      pack_.terms.push_back(std::move(out));
    } else if (at->place.file == out.place.file) {
      reader.error(node, fmt::format("term '{}' is defined twice", out.id));
    } else {
      *at = std::move(out);
    }
  }
}

/// What the engine needs to know by name.
void PackReader::fill_catalog() {
  for (const auto& slot : pack_.roles) pack_.catalog.roles.insert_or_assign(slot.id, slot.title);
  for (const auto& kind : pack_.registers) {
    if (kind.subject_kind) pack_.catalog.subject_registers.insert_or_assign(*kind.subject_kind, kind.title);
  }
}

void PackReader::check_words() {
  std::set<std::string> ids;
  for (const auto& clause : pack_.catalog.clauses) ids.insert(clause.id);
  const auto check = [&](const std::string& clause, const comply::Place& at) {
    // Words of an imported pack may name clauses of any document.
    if (clause.empty() || !pack_.document || !clause.starts_with(pack_.document->prefix + ":")) return;
    if (!ids.contains(clause)) error(at, fmt::format("no clause '{}'", clause));
  };
  for (const auto& one : pack_.unit_classes) check(one.clause, one.place);
  for (const auto& one : pack_.terms) check(one.clause, one.place);
}

void PackReader::check_scopes() {
  if (pack_.unit_classes.empty()) return;
  for (const auto& [id, scope] : pack_.catalog.scopes) {
    if (scope.attribute != kUnitClass) continue;
    for (const auto& value : scope.any_of) {
      if (has_id(pack_.unit_classes, value.as_string())) continue;
      error(scope.place, fmt::format("scope '{}': no unit class '{}'", id, value.as_string()));
    }
  }
}

void PackReader::check_definition(const comply::Definition& one) {
  const bool known = one.kind == "glossary"     ? has_id(pack_.terms, one.id)
                     : one.kind == "unit_class" ? has_id(pack_.unit_classes, one.id)
                     : one.kind == "scope"      ? pack_.catalog.scopes.contains(one.id)
                     : one.kind == "role"       ? has_id(pack_.roles, one.id)
                                                : pack_.document.has_value();
  if (!known) {
    error(one.place, one.id.empty() ? "'profile' needs a 'document' in pack.yaml"
                                    : fmt::format("defines: no {} '{}'", one.kind, one.id));
  }
}

void PackReader::need_field(const comply::Place& at, const RegisterKind& kind, const std::string& field) {
  const std::string top = field.substr(0, field.find('.'));
  if (kind.spec.schema["properties"].contains(top)) return;
  error(at, fmt::format("register '{}' has no field '{}'", kind.spec.name, top));
}

void PackReader::need_fields(const comply::Place& at, const RegisterKind& kind,
                             const std::vector<comply::Condition>& conditions) {
  for (const auto& condition : conditions) need_field(at, kind, condition.field);
}

void PackReader::need_states(const comply::Place& at, const RegisterKind& kind,
                             const std::vector<std::string>& states) {
  for (const auto& state : states) {
    const auto& known = kind.spec.states;
    if (std::find(known.begin(), known.end(), state) != known.end()) continue;
    error(at, fmt::format("register '{}' has no state '{}'", kind.spec.name, state));
  }
}

void PackReader::check_trigger(const comply::ClausePart& part) {
  const comply::Trigger& trigger = *part.trigger;
  if (trigger.source == comply::Trigger::Source::workflow) {
    const auto at = std::find_if(pack_.workflows.begin(), pack_.workflows.end(),
                                 [&](const WorkflowRef& one) { return one.id == trigger.ref; });
    if (at == pack_.workflows.end()) {
      return error(trigger.place, fmt::format("no workflow '{}'", trigger.ref));
    }
    const bool moment = trigger.from.empty() || trigger.from == "opened" || trigger.from == "closed";
    if (!moment && std::find(at->steps.begin(), at->steps.end(), trigger.from) == at->steps.end()) {
      error(trigger.place, fmt::format("workflow '{}' has no step '{}'", trigger.ref, trigger.from));
    }
    return;
  }
  const RegisterKind* kind = pack_.reg(trigger.ref);
  if (kind == nullptr) return error(trigger.place, fmt::format("no register '{}'", trigger.ref));
  need_fields(trigger.place, *kind, trigger.where);
  need_states(trigger.place, *kind, trigger.states);
  if (!trigger.from.empty()) need_field(trigger.place, *kind, trigger.from);
  for (const auto& satisfier : part.satisfied_by) {
    if (satisfier.kind != comply::SatisfierKind::occasion) continue;
    need_fields(satisfier.place, *kind, satisfier.every);
    need_states(satisfier.place, *kind, satisfier.states);
    if (!satisfier.done.empty()) need_field(satisfier.place, *kind, satisfier.done);
  }
}

}  // namespace phendau::hub
