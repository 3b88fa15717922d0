// SPDX-License-Identifier: Apache-2.0
// What a document brings into being besides duties: unit classes, terms, scopes, slots; and the checks of
// what names them.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "comply/limits.h"
#include "hub/fact_names.h"
#include "hub/pack_reader.h"

namespace phendau::hub {
namespace {

template <class T>
bool has_id(const std::vector<T>& list, std::string_view id) {
  return std::any_of(list.begin(), list.end(), [&](const T& one) { return one.id == id; });
}

constexpr std::string_view kUnitClass = "unit_class";
constexpr std::string_view kHostFact = "host";  // its row holds attributes of a machine

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
      reader.error(node, fmt::format("unit class '{}' is defined twice{}", out.id, other_place(at->place)));
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
      reader.error(node, fmt::format("term '{}' is defined twice{}", out.id, other_place(at->place)));
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
  for (const auto& clause : pack_.catalog.clauses) {
    for (const auto& part : clause.parts) {
      if (part.subject != comply::SubjectKind::record) continue;
      if (const RegisterKind* kind = pack_.reg(part.role))
        pack_.catalog.registers.insert_or_assign(part.role, kind->title);
    }
  }
}

void PackReader::check_words() {
  std::set<std::string> ids;
  for (const auto& clause : pack_.catalog.clauses) ids.insert(clause.id);
  const auto check = [&](const std::string& clause, const comply::Place& at) {
    // Words of an imported pack may name clauses of any document.
    if (clause.empty() || !pack_.document || !clause.starts_with(pack_.document->prefix + ":")) return;
    if (!ids.contains(clause) && !clauses_unread_) error(at, fmt::format("no clause '{}'", clause));
  };
  for (const auto& one : pack_.unit_classes) check(one.clause, one.place);
  for (const auto& one : pack_.terms) check(one.clause, one.place);
}

/// What scopes may ask for: members of agencies and machines, of what machines report, and of registers
/// whose records are subjects.
void PackReader::check_scopes() {
  static const Json kAny = Json::object();
  std::map<std::string, const Json*> attributes;
  std::set<std::string, std::less<>> subjects = {"agency", "device"};
  for (const auto& kind : pack_.registers) {
    if (kind.subject_kind || pack_.catalog.registers.contains(kind.spec.name))
      subjects.insert(kind.spec.name);
  }
  for (const auto& name : subjects) {
    const RegisterKind* kind = pack_.reg(name);
    if (kind == nullptr) continue;
    for (const auto& [field, schema] : kind->spec.schema["properties"].members()) {
      const auto [at, fresh] = attributes.emplace(field, &schema);
      if (!fresh && at->second != &schema) at->second = &kAny;  // registers mean different things by it
    }
  }
  attributes.emplace("state", &kAny);  // of a record
  for (const FactKind& fact : kFactKinds) {
    if (fact.name != kHostFact) continue;
    for (const FactField& field : fact.fields) attributes.emplace(std::string(field.name), &kAny);
  }
  for (const auto& [id, scope] : pack_.catalog.scopes) check_scope(scope, attributes);
}

bool PackReader::goes_in_circles(const comply::Scope& scope, int depth) const {
  if (depth > comply::kScopeDepthMax) return true;
  for (const auto* list : {&scope.any_scopes, &scope.all_scopes}) {
    for (const auto& id : *list) {
      const auto at = pack_.catalog.scopes.find(id);
      if (at != pack_.catalog.scopes.end() && goes_in_circles(at->second, depth + 1)) return true;
    }
  }
  return false;
}

void PackReader::check_scope(const comply::Scope& scope,
                             const std::map<std::string, const Json*>& attributes) {
  for (const auto* list : {&scope.any_scopes, &scope.all_scopes}) {
    for (const auto& id : *list) {
      if (pack_.catalog.scopes.contains(id)) continue;
      error(scope.place, fmt::format("scope '{}': no scope '{}'", scope.id, id));
    }
  }
  if (goes_in_circles(scope, 0)) {
    return error(scope.place, fmt::format("scope '{}' is made of itself, or of more than {} layers of scopes",
                                          scope.id, comply::kScopeDepthMax));
  }
  if (scope.is_composed() || scope.attribute.empty()) return;
  if (scope.attribute == kUnitClass && !pack_.unit_classes.empty()) {
    std::vector<std::string> classes;
    for (const auto& one : pack_.unit_classes) classes.push_back(one.id);
    for (const auto& value : scope.any_of) {
      if (has_id(pack_.unit_classes, value.as_string())) continue;
      error(scope.place, fmt::format("scope '{}': no unit class '{}'{}", scope.id, value.as_string(),
                                     did_you_mean(value.as_string(), classes)));
    }
    return;
  }
  if (pack_.reg("agency") == nullptr) return;  // a pack that imports nothing: nobody knows
  const auto at = attributes.find(scope.attribute);
  if (at == attributes.end()) {
    std::vector<std::string> names;
    for (const auto& [name, schema] : attributes) names.push_back(name);
    return error(scope.place, fmt::format("scope '{}': no attribute '{}'{}", scope.id, scope.attribute,
                                          did_you_mean(scope.attribute, names)));
  }
  comply::Condition condition{scope.attribute, scope.any_of};
  condition.older_than = scope.older_than;
  condition.place = scope.place;
  check_condition(fmt::format("scope '{}'", scope.id), *at->second, condition);
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

}  // namespace phendau::hub
