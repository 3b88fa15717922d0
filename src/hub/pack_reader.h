// SPDX-License-Identifier: Apache-2.0
// Inside hub/pack: turns the files of a pack into a Pack, and checks what refers to what. Only pack*.cpp
// include this.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "comply/content.h"
#include "hub/pack.h"

namespace phendau::hub {

/// The files of one pack folder, by path relative to it.
struct PackTree {
  std::string id;
  std::map<std::string, std::string> files;
  std::vector<std::string> imports;
  std::uint64_t size_bytes = 0;
  std::vector<ContentError> errors;
};

/// The files of the folder's pack and, before it, of everything it imports. Errors as load_pack().
Result<std::vector<PackTree>> read_pack_trees(Env& env, const std::string& folder);

/// "; did you mean 'a', 'b'?", or nothing.
/// Whom a notice may name besides "role:SLOT".
bool is_told_class(std::string_view to);
std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& names);
/// "; the other one is in FILE:LINE".
std::string other_place(const comply::Place& other);

/// Takes the place of an imported one of its id; a mistake when the same file has it twice. `what` goes
/// before the id in words.
template <class Item>
void put_by_id(comply::ContentReader& reader, const YamlNode& node, std::string_view what,
               std::vector<Item>& list, Item item) {
  const auto at = std::find_if(list.begin(), list.end(), [&](const Item& one) { return one.id == item.id; });
  if (at == list.end()) {
    list.push_back(std::move(item));
  } else if (at->place.file == item.place.file) {
    reader.error(node, fmt::format("{}'{}' is defined twice{}", what, item.id, other_place(at->place)));
  } else {
    *at = std::move(item);
  }
}

// pack_moves.cpp: pieces of a register.
/// Reports names that are neither a hub role nor "role:SLOT", nor, if `addressed`, "addressee".
void check_names(comply::ContentReader& reader, const YamlNode& node, const std::vector<std::string>& names,
                 bool addressed);
/// `addressed`; after the schema.
void read_addressees(comply::ContentReader& reader, const YamlNode& node, RegisterKind& kind);
/// States and moves with what they ask; after `addressed`.
void read_lifecycle(comply::ContentReader& reader, const YamlNode& node, RegisterKind& kind);
void read_lists(comply::ContentReader& reader, const YamlNode& node, RegisterKind& kind);

class PackReader {
 public:
  /// Both outlive the reader.
  PackReader(Pack& pack, std::vector<ContentError>& errors) : pack_(pack), errors_(errors) {}

  enum class Keep : std::uint8_t { source, other };

  /// pack.yaml: of an import its parameters, roles and scopes; of the main pack everything.
  void read_pack_file(const PackTree& tree, const std::string& text, bool is_main);
  void read_calendar(const std::string& pack_id, const std::string& path, const std::string& text);
  /// Values that the installation chose; unknown names and wrong types are mistakes.
  void set_parameters(const Json& values);
  void read_registers(const std::string& pack_id, const std::string& path, const std::string& text);
  void read_clauses(const std::string& pack_id, const std::string& path, const std::string& text);
  /// Templates of rules for lists of indicators.
  void read_indicator_rules(const std::string& pack_id, const std::string& path, const std::string& text);
  void read_rules(const std::string& pack_id, const std::string& path, const std::string& text);
  /// regimes.yaml; a table takes the place of an imported one of its id.
  void read_regimes(const std::string& pack_id, const std::string& path, const std::string& text);
  /// glossary.yaml
  void read_glossary(const std::string& pack_id, const std::string& path, const std::string& text);
  /// notices.yaml; a notice takes the place of an imported one of its id.
  void read_notice_steps(comply::ContentReader& reader, const YamlNode& document);
  void read_notices(const std::string& pack_id, const std::string& path, const std::string& text);
  /// coordination.yaml; parties and triggers take the place of imported ones of their id.
  void read_coordination(const std::string& pack_id, const std::string& path, const std::string& text);
  /// ranking.yaml; takes the place of an imported one.
  void read_rankings(const std::string& pack_id, const std::string& path, const std::string& text);
  void read_workflow(const std::string& pack_id, const std::string& path, const std::string& text);
  void keep(const std::string& pack_id, const std::string& path, const std::string& text, Keep as);
  /// After everything was read.
  void check_references();

 private:
  void keep_workflow(WorkflowRef workflow, PackFile file);
  void read_document(comply::ContentReader& reader, const YamlNode& node);
  void read_roles(comply::ContentReader& reader, const YamlNode& document);
  void read_scopes(comply::ContentReader& reader, const YamlNode& document);
  void read_parameters(comply::ContentReader& reader, const YamlNode& document);
  void read_range(comply::ContentReader& reader, const YamlNode& node, const PackParameter* imported,
                  PackParameter& out);
  void read_unit_classes(comply::ContentReader& reader, const YamlNode& document);
  void read_register(comply::ContentReader& reader, const YamlNode& node);
  /// nullopt after reporting that it cannot be read at all.
  std::optional<RegisterKind> parse_register(comply::ContentReader& reader, const YamlNode& node);
  void read_extension(comply::ContentReader& reader, const YamlNode& node);  // pack_extends.cpp
  void add_posture_rule(detect::Rule rule, const YamlNode& document);
  std::string with_parameters(const std::string& file, const std::string& text);
  void hint_at_parameter(const std::string& filled);
  void check_registers();
  // pack_moves.cpp: what moves and addressees name exists
  void check_moves(const RegisterKind& kind);
  void check_record_need(const RegisterKind& kind, const RecordNeed& need);
  void check_addressees(const RegisterKind& kind);
  void check_rankings();
  void check_notices();
  void check_coordination();
  void check_part(const comply::Clause& clause, const comply::ClausePart& part);
  void check_satisfier(const comply::Satisfier& satisfier);
  void check_trigger(const comply::ClausePart& part);
  // pack_conditions.cpp: what ways and triggers say of registers and forms
  const RegisterKind* need_register(const comply::Place& at, const std::string& kind);
  const WorkflowRef* need_workflow(const comply::Place& at, const std::string& id);
  void check_records(const comply::Satisfier& satisfier, const RegisterKind& kind);
  void check_clock(const comply::Trigger& trigger, const RegisterKind& kind);
  void need_fields(const comply::Place& at, const RegisterKind& kind,
                   const std::vector<comply::Condition>& conditions);
  /// The field's schema; null after reporting that there is none.
  const Json* need_field(const comply::Place& at, const RegisterKind& kind, const std::string& field);
  /// Reports a field that is no date.
  void need_date(const comply::Place& at, const RegisterKind& kind, const std::string& field);
  void check_condition(const std::string& owner, const Json& schema, const comply::Condition& condition);
  void check_form_conditions(const WorkflowRef& workflow, const std::vector<comply::Condition>& conditions);
  void check_case_occasion(const WorkflowRef& workflow, const comply::Satisfier& satisfier);
  void need_states(const comply::Place& at, const RegisterKind& kind, const std::vector<std::string>& states);
  void check_definition(const comply::Definition& definition);
  void check_words();
  void check_scopes();
  void check_scope(const comply::Scope& scope, const std::map<std::string, const Json*>& attributes);
  /// Whether the scope comes back to itself.
  bool goes_in_circles(const comply::Scope& scope, int depth) const;
  void read_in_force(comply::ContentReader& reader, const YamlNode& node);
  void check_reminder_roles(comply::ContentReader& reader, const YamlNode& node);
  void check_parameter_value(const comply::Place& at, const PackParameter& parameter);
  void check_fact_fields(const comply::PostureRule& rule, const comply::Place& at);
  bool has_role(std::string_view id) const;
  std::vector<std::string> role_names() const;
  void fill_catalog();
  void error(const comply::Place& at, std::string reason);
  /// Mistakes that only follow from a missing parameter on their line.
  void drop_echoes();

  Pack& pack_;
  std::vector<ContentError>& errors_;
  std::map<std::string, comply::Place> rule_names_;              // ids and names of detections
  std::set<std::pair<std::string, int>> holes_;                  // lines with a parameter that nobody defined
  std::map<std::string, YamlNode, std::less<>> register_nodes_;  // as written, by kind
  bool clauses_unread_ = false;  // a file could not be read: what names its clauses is not wrong
  std::set<std::string> rule_features_;
};

}  // namespace phendau::hub
