// SPDX-License-Identifier: Apache-2.0
// Inside hub/pack: turns the files of a pack into a Pack, and checks what refers to what. Only pack*.cpp
// include this.
#pragma once

#include <map>
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
  void read_rules(const std::string& pack_id, const std::string& path, const std::string& text);
  /// glossary.yaml
  void read_glossary(const std::string& pack_id, const std::string& path, const std::string& text);
  /// ranking.yaml; takes the place of an imported one.
  void read_rankings(const std::string& pack_id, const std::string& path, const std::string& text);
  void read_workflow(const std::string& pack_id, const std::string& path, const std::string& text);
  void keep(const std::string& pack_id, const std::string& path, const std::string& text, Keep as);
  /// After everything was read.
  void check_references();

 private:
  void read_document(comply::ContentReader& reader, const YamlNode& node);
  void read_roles(comply::ContentReader& reader, const YamlNode& document);
  void read_scopes(comply::ContentReader& reader, const YamlNode& document);
  void read_parameters(comply::ContentReader& reader, const YamlNode& document);
  void read_range(comply::ContentReader& reader, const YamlNode& node, const PackParameter* imported,
                  PackParameter& out);
  void read_unit_classes(comply::ContentReader& reader, const YamlNode& document);
  void read_register(comply::ContentReader& reader, const YamlNode& node);
  void add_posture_rule(detect::Rule rule, const YamlNode& document);
  std::string with_parameters(const std::string& file, const std::string& text);
  void check_registers();
  void check_rankings();
  void check_part(const comply::Clause& clause, const comply::ClausePart& part);
  void check_satisfier(const comply::Satisfier& satisfier);
  void check_trigger(const comply::ClausePart& part);
  void need_fields(const comply::Place& at, const RegisterKind& kind,
                   const std::vector<comply::Condition>& conditions);
  void need_field(const comply::Place& at, const RegisterKind& kind, const std::string& field);
  void need_states(const comply::Place& at, const RegisterKind& kind, const std::vector<std::string>& states);
  void check_definition(const comply::Definition& definition);
  void check_words();
  void check_scopes();
  void fill_catalog();
  void error(const comply::Place& at, std::string reason);

  Pack& pack_;
  std::vector<ContentError>& errors_;
  std::set<std::string> rule_names_;  // ids and names of detections
  std::set<std::string> rule_features_;
};

}  // namespace phendau::hub
