// SPDX-License-Identifier: Apache-2.0
// Reads registers/*.yaml: kinds of records with their schema, states, moves and constraints (docs/packs.md,
// "Registers").
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/json_schema.h"
#include "base/text.h"
#include "hub/pack_reader.h"

namespace phendau::hub {
namespace {

using comply::ContentReader;

constexpr std::string_view kGroups[] = {"who", "what", "network", "accounts", "doing", "hub"};

std::optional<comply::SubjectKind> subject_kind_of(std::string_view text) {
  using comply::SubjectKind;
  for (const auto kind : {SubjectKind::system, SubjectKind::account, SubjectKind::person}) {
    if (to_string(kind) == text) return kind;
  }
  return std::nullopt;
}

void read_constraints(ContentReader& reader, const YamlNode& node, RegisterKind& out) {
  const std::string where = reader.text(node, "unique_in", false);
  if (!where.empty() && where != "owner" && where != "province") {
    reader.error(*node.find("unique_in"), "'unique_in' is owner or province");
  }
  if (const YamlNode* unique = reader.list(node, "unique", false)) {
    for (const auto& fields : unique->items) {
      UniqueFields one;
      one.in_province = where == "province";
      if (fields.is_scalar()) one.fields.push_back(fields.scalar);
      for (const auto& field : fields.items) one.fields.push_back(field.scalar);
      if (one.fields.empty()) {
        reader.error(fields, "'unique' holds lists of fields");
        continue;
      }
      const auto& indexed = out.spec.indexed_fields;
      if (std::find(indexed.begin(), indexed.end(), one.fields.front()) == indexed.end()) {
        reader.error(fields, fmt::format("'{}' must be among 'indexed' to be unique", one.fields.front()));
      }
      out.unique.push_back(std::move(one));
    }
  }
  if (const YamlNode* disjoint = reader.map(node, "disjoint", false)) {
    reader.only_keys(*disjoint, {"field"});
    out.disjoint_field = reader.text(*disjoint, "field", true);
  }
  if (const YamlNode* inside = reader.map(node, "inside", false)) {
    reader.only_keys(*inside, {"field", "register", "target"});
    out.inside = InsideRule{reader.text(*inside, "field", true), reader.text(*inside, "register", true),
                            reader.text(*inside, "target", true)};
  }
  if (const YamlNode* locks = reader.map(node, "locks_accounts", false)) {
    reader.only_keys(*locks, {"from", "where", "roles"});
    out.locks.emplace();
    out.locks->on = reader.text(*locks, "from", true);
    if (const YamlNode* which = reader.map(*locks, "where", false))
      out.locks->where = comply::conditions_of(reader, *which, "where");
    out.locks->roles = reader.texts(*locks, "roles", false);
    check_names(reader, *locks, out.locks->roles, false);
  }
  if (const YamlNode* machines = reader.map(node, "machines", false)) {
    reader.only_keys(*machines, {"field", "values", "servers", "name", "device"});
    out.machines = MachineRule{reader.text(*machines, "field", true), reader.texts(*machines, "values", true),
                               reader.texts(*machines, "servers", false),
                               reader.text(*machines, "name", true), reader.text(*machines, "device", false)};
  }
}

/// Every field that the register names must be in its schema, and every field of the schema has a title.
void check_fields(ContentReader& reader, const YamlNode& node, const YamlNode& schema,
                  const RegisterKind& kind) {
  const Json& properties = kind.spec.schema["properties"];
  const auto known = [&](const std::string& field) {
    const std::string top = field.substr(0, field.find('.'));
    if (!top.empty() && !properties.contains(top))
      reader.error(node, fmt::format("the schema has no field '{}'", top));
  };
  const ledger::KindSchema& spec = kind.spec;
  for (const auto* fields : {&spec.indexed_fields, &spec.secret_fields, &spec.personal_fields}) {
    std::for_each(fields->begin(), fields->end(), known);
  }
  for (const auto* field : {&kind.date_field, &kind.period_field, &kind.subject_field, &spec.invited_field,
                            &spec.sealed_field, &kind.disjoint_field, &kind.frozen_field}) {
    known(*field);
  }
  if (kind.inside) known(kind.inside->field);
  if (kind.machines) {
    for (const auto* field :
         {&kind.machines->field, &kind.machines->name_field, &kind.machines->device_field})
      known(*field);
  }
  for (const auto& unique : kind.unique) std::for_each(unique.fields.begin(), unique.fields.end(), known);
  for (const auto& [name, member] : properties.members()) {
    if (member["title"].as_string().empty()) {
      reader.error(schema, fmt::format("field '{}' needs a 'title' (Vietnamese, for forms)", name));
    }
  }
}

void read_names(ContentReader& reader, const YamlNode& node, RegisterKind& out) {
  out.spec.name = reader.text(node, "kind", true);
  if (!out.spec.name.empty() && !comply::is_content_name(out.spec.name)) {
    reader.error(*node.find("kind"), "a register's kind is a-z 0-9 _ -");
  }
  out.title = reader.bi_text(node, "title", true);
  out.spec.title_vi = out.title.vi;
  out.owner = reader.text(node, "owner", true);
  if (!out.owner.empty() && out.owner != "agency" && out.owner != "province") {
    reader.error(*node.find("owner"), "'owner' is agency or province");
  }
  if (const std::string group = reader.text(node, "group", false); !group.empty()) {
    out.group = group;
    if (std::find(std::begin(kGroups), std::end(kGroups), group) == std::end(kGroups))
      reader.error(*node.find("group"), "'group' is who, what, network, accounts, doing or hub");
  }
  const std::string visible = reader.text(node, "visible", false);
  if (visible == "everyone") out.visible = Visibility::everyone;
  if (!visible.empty() && visible != "everyone" && visible != "owner") {
    reader.error(*node.find("visible"), "'visible' is owner or everyone");
  }
  out.writers = reader.texts(node, "writers", false);
  check_names(reader, node, out.writers, false);
  const std::string subject = reader.text(node, "subject_kind", false);
  out.subject_kind = subject_kind_of(subject);
  if (!subject.empty() && !out.subject_kind) {
    reader.error(*node.find("subject_kind"), "'subject_kind' is system, account or person");
  }
}

}  // namespace

std::optional<RegisterKind> PackReader::parse_register(ContentReader& reader, const YamlNode& node) {
  if (!node.is_map()) {
    reader.error(node, "a register must be a map");
    return std::nullopt;
  }
  reader.only_keys(
      node, {"kind",           "title",        "group",         "owner",        "visible",        "writers",
             "date_field",     "period_field", "subject_field", "subject_kind", "derived",        "states",
             "initial",        "live_states",  "moves",         "unique",       "unique_in",      "disjoint",
             "inside",         "indexed",      "secret",        "personal",     "invited_field",  "schema",
             "waiting_states", "frozen",       "addressed",     "machines",     "locks_accounts", "lists",
             "sealed"});
  RegisterKind out;
  out.place = reader.place(node);
  read_names(reader, node, out);
  out.date_field = reader.text(node, "date_field", false);
  out.period_field = reader.text(node, "period_field", false);
  out.subject_field = reader.text(node, "subject_field", false);
  out.derived = reader.boolean(node, "derived", false);
  out.frozen_field = reader.text(node, "frozen", false);
  out.spec.indexed_fields = reader.texts(node, "indexed", false);
  out.spec.secret_fields = reader.texts(node, "secret", false);
  out.spec.personal_fields = reader.texts(node, "personal", false);
  out.spec.invited_field = reader.text(node, "invited_field", false);
  out.spec.sealed_field = reader.text(node, "sealed", false);
  read_constraints(reader, node, out);
  const YamlNode* schema = reader.map(node, "schema", true);
  if (schema == nullptr) return std::nullopt;
  out.spec.schema = yaml_to_json(*schema);
  read_addressees(reader, node, out);
  read_lifecycle(reader, node, out);
  out.spec.states = out.lifecycle.states;
  read_lists(reader, node, out);
  if (const auto compiled = JsonSchema::compile(out.spec.schema); !compiled) {
    reader.error(*schema, compiled.error().message);
  }
  if (out.spec.indexed_fields.size() > ledger::kIndexedFieldsMax)
    reader.error(node, "too many indexed fields");
  check_fields(reader, node, *schema, out);
  return out;
}

void PackReader::read_register(ContentReader& reader, const YamlNode& node) {
  auto out = parse_register(reader, node);
  if (!out) return;
  if (const RegisterKind* other = pack_.reg(out->spec.name)) {
    reader.error(node,
                 fmt::format("register '{}' is defined twice{}", out->spec.name, other_place(other->place)));
    return;
  }
  register_nodes_[out->spec.name] = node;
  pack_.registers.push_back(std::move(*out));
}

void PackReader::read_registers(const std::string& pack_id, const std::string& path,
                                const std::string& text) {
  ContentReader reader(pack_id + "/" + path, errors_);
  const auto document = reader.document(text);
  if (!document) return;
  reader.only_keys(*document, {"registers", "extends", "state_titles"});
  if (const YamlNode* titles = reader.map(*document, "state_titles", false)) {
    for (const auto& [state, title] : titles->members)
      pack_.state_titles[state.scalar] = reader.bi_text(*titles, state.scalar, true);
  }
  const bool has_more = document->find("state_titles") != nullptr || document->find("extends") != nullptr;
  if (const YamlNode* list = reader.list(*document, "registers", !has_more)) {
    for (const auto& node : list->items) read_register(reader, node);
  }
  if (const YamlNode* list = reader.list(*document, "extends", false)) {
    for (const auto& node : list->items) read_extension(reader, node);
  }
}

/// What registers say of each other and of role slots.
void PackReader::check_registers() {
  std::set<std::string, std::less<>> slots;
  for (const auto& role : pack_.roles) slots.insert(role.id);
  for (const auto& kind : pack_.registers) {
    for (const auto& state : kind.lifecycle.states) {
      if (kind.is_kept_by_people() && !pack_.state_titles.contains(state))
        error(kind.place, fmt::format("{}: state '{}' has no title in state_titles", kind.spec.name, state));
    }
    for (const auto& [name, member] : kind.spec.schema["properties"].members()) {
      const std::string& target = member["x-ref"].as_string();
      if (!target.empty() && pack_.reg(target) == nullptr)
        error(kind.place, fmt::format("{}.{}: no register '{}'", kind.spec.name, name, target));
    }
    if (kind.inside && pack_.reg(kind.inside->reg) == nullptr)
      error(kind.place, fmt::format("{}: no register '{}'", kind.spec.name, kind.inside->reg));
    check_addressees(kind);
    check_moves(kind);
    auto names = kind.writers;
    for (const auto& move : kind.lifecycle.moves) names.insert(names.end(), move.by.begin(), move.by.end());
    for (const auto& name : names) {
      if (name.starts_with("role:") && !slots.contains(name.substr(5)))
        error(kind.place, fmt::format("{}: no role slot '{}'", kind.spec.name, name.substr(5)));
    }
  }
}

}  // namespace phendau::hub
