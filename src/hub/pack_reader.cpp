// SPDX-License-Identifier: Apache-2.0
#include "hub/pack_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json_schema.h"
#include "base/similar.h"
#include "base/text.h"
#include "comply/limits.h"
#include "detect/compile.h"
#include "detect/indicator_rules.h"
#include "hub/fact_names.h"

namespace phendau::hub {
namespace {

using comply::ContentReader;

constexpr std::string_view kFactCategory = "fact";
constexpr std::string_view kProduct = "phendau";
constexpr std::size_t kQuoteBytesMax = 80;  // a term of the original may stand in quotes, a sentence may not

bool is_posture(const detect::Rule& rule) {
  return rule.logsource.product == kProduct && rule.logsource.category == kFactCategory;
}

/// A parameter's value as YAML flow text: what stands in the rule in place of '%name%'.
std::string as_yaml(const Json& value) {
  if (value.is_array()) {
    std::vector<std::string> items;
    for (const auto& item : value.items()) items.push_back(as_yaml(item));
    return "[" + join(items, ", ") + "]";
  }
  return value.dump();  // JSON scalars are YAML scalars
}

bool is_plain(const Json& value) {
  if (value.is_array()) {
    return std::all_of(value.items().begin(), value.items().end(),
                       [](const Json& item) { return !item.is_array() && is_plain(item); });
  }
  return value.is_bool() || value.is_number() || value.is_string();
}

bool same_type(const Json& a, const Json& b) {
  if (a.is_number()) return b.is_number();
  return a.is_bool() == b.is_bool() && a.is_string() == b.is_string() && a.is_array() == b.is_array();
}

/// A long passage in quotation marks is most likely the original; clauses say it in own words.
bool quotes_at_length(std::string_view text) {
  constexpr std::string_view kOpen = "\xE2\x80\x9C";
  constexpr std::string_view kClose = "\xE2\x80\x9D";
  for (const auto& [open, close] :
       {std::pair{kOpen, kClose}, std::pair{std::string_view("\""), std::string_view("\"")}}) {
    std::size_t at = 0;
    while ((at = text.find(open, at)) != std::string_view::npos) {
      const std::size_t end = text.find(close, at + open.size());
      if (end == std::string_view::npos) break;
      if (end - at > kQuoteBytesMax) return true;
      at = end + close.size();
    }
  }
  return false;
}

}  // namespace

std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& names) {
  const auto near = similar_names(wanted, names);
  return near.empty() ? std::string() : fmt::format("; did you mean '{}'?", join(near, "', '"));
}

std::string other_place(const comply::Place& other) {
  return fmt::format("; the other one is in {}:{}", other.file, other.line);
}

void PackReader::error(const comply::Place& at, std::string reason) {
  errors_.push_back({at.file, at.line, at.column, std::move(reason)});
}

void PackReader::drop_echoes() {
  std::erase_if(errors_, [&](const ContentError& one) {
    return holes_.contains({one.file, one.line}) && !one.reason.starts_with("no parameter '");
  });
}

bool PackReader::has_role(std::string_view id) const {
  return std::any_of(pack_.roles.begin(), pack_.roles.end(),
                     [&](const RoleSlot& one) { return one.id == id; });
}

std::vector<std::string> PackReader::role_names() const {
  std::vector<std::string> out;
  for (const auto& one : pack_.roles) out.push_back(one.id);
  return out;
}

void PackReader::read_document(ContentReader& reader, const YamlNode& node) {
  reader.only_keys(node, {"title", "number", "issuer", "date", "prefix"});
  PackDocument out;
  out.title = reader.bi_text(node, "title", true);
  out.number = reader.text(node, "number", true);
  out.issuer = reader.text(node, "issuer", true);
  if (const auto day = reader.day(node, "date", false)) out.date = format_date(*day);
  out.prefix = reader.text(node, "prefix", true);
  pack_.document = std::move(out);
}

void PackReader::read_roles(ContentReader& reader, const YamlNode& document) {
  const YamlNode* list = reader.list(document, "roles", false);
  if (list == nullptr) return;
  for (const auto& node : list->items) {
    reader.only_keys(node, {"id", "title"});
    RoleSlot slot{reader.text(node, "id", true), reader.bi_text(node, "title", true)};
    const auto same = [&](const RoleSlot& one) { return one.id == slot.id; };
    const auto at = std::find_if(pack_.roles.begin(), pack_.roles.end(), same);
    if (at != pack_.roles.end()) {
      *at = std::move(slot);  // a pack may give an imported slot its own words
    } else {
      pack_.roles.push_back(std::move(slot));
    }
  }
}

void PackReader::read_scopes(ContentReader& reader, const YamlNode& document) {
  const YamlNode* list = reader.list(document, "scopes", false);
  if (list == nullptr) return;
  for (const auto& node : list->items) {
    reader.only_keys(
        node, {"id", "title", "attribute", "values", "minimum", "maximum", "older_than", "any", "all"});
    comply::Scope scope;
    scope.place = reader.place(node);
    scope.id = reader.text(node, "id", true);
    scope.title = reader.bi_text(node, "title", true);
    scope.any_scopes = reader.texts(node, "any", false);
    scope.all_scopes = reader.texts(node, "all", false);
    scope.attribute = reader.text(node, "attribute", !scope.is_composed());
    for (const auto& [key, target] :
         {std::pair{"minimum", &scope.minimum}, std::pair{"maximum", &scope.maximum}}) {
      const YamlNode* bound = node.find(key);
      if (bound == nullptr) continue;
      const Json value = yaml_to_json(*bound);
      if (value.is_number()) {
        *target = value.as_double();
      } else {
        reader.error(*bound, fmt::format("'{}' must be a number", key));
      }
    }
    if (const std::string span = reader.text(node, "older_than", false); !span.empty()) {
      const auto parsed = comply::parse_span(span);
      if (!parsed)
        reader.error(*node.find("older_than"), fmt::format("'{}' is no span: P1Y P6M P2W P90D", span));
      scope.older_than = parsed.value_or(comply::Span{});
    }
    if (const YamlNode* values = reader.list(node, "values", false))
      scope.any_of = yaml_to_json(*values).items();
    const auto has = [&](std::string_view key) { return node.find(key) != nullptr; };
    const int ways = int{has("values")} + int{has("minimum") || has("maximum")} + int{has("older_than")} +
                     int{has("any")} + int{has("all")};
    if (ways != 1 || (scope.is_composed() && !scope.attribute.empty())) {
      reader.error(node,
                   "a scope has an 'attribute' with one of 'values', 'minimum'/'maximum' and "
                   "'older_than', or one of 'any' and 'all'");
    }
    std::string id = scope.id;
    pack_.catalog.scopes.insert_or_assign(std::move(id), std::move(scope));
  }
}

/// Posture rules understand some words only; the mistake belongs to who wrote the value.
void PackReader::check_parameter_value(const comply::Place& at, const PackParameter& parameter) {
  if (parameter.allowed.empty()) return;
  std::vector<std::string> names;
  for (const auto& one : parameter.allowed) names.push_back(one.is_string() ? one.as_string() : one.dump());
  const auto check = [&](const Json& value) {
    if (std::find(parameter.allowed.begin(), parameter.allowed.end(), value) != parameter.allowed.end())
      return;
    const std::string text = value.is_string() ? value.as_string() : value.dump();
    error(at, fmt::format("parameter '{}': '{}' is none of {}{}", parameter.name, text, join(names, ", "),
                          did_you_mean(text, names)));
  };
  if (!parameter.value.is_array()) return check(parameter.value);
  for (const auto& item : parameter.value.items()) check(item);
}

/// What an office may set instead of the default; an importing pack that says nothing keeps the range.
void PackReader::read_range(ContentReader& reader, const YamlNode& node, const PackParameter* imported,
                            PackParameter& out) {
  if (imported != nullptr) {
    out.minimum = imported->minimum;
    out.maximum = imported->maximum;
    out.allowed = imported->allowed;
  }
  for (const auto& [key, target] : {std::pair{"minimum", &out.minimum}, std::pair{"maximum", &out.maximum}}) {
    const YamlNode* bound = node.find(key);
    if (bound == nullptr) continue;
    const Json value = yaml_to_json(*bound);
    if (value.is_number() && out.value.is_number()) {
      *target = value.as_double();
    } else {
      reader.error(*bound, fmt::format("'{}' is a number, for a number", key));
    }
  }
  if (const YamlNode* values = reader.list(node, "values", false))
    out.allowed = yaml_to_json(*values).items();
  const std::size_t before = errors_.size();
  const YamlNode* value = node.find("default");
  check_parameter_value(reader.place(value != nullptr ? *value : node), out);
  if (errors_.size() > before) return;
  if (const auto fits = check_parameter(out, out.value); !fits)
    reader.error(node, "the default is outside what is allowed: " + fits.error().message);
}

void PackReader::read_parameters(ContentReader& reader, const YamlNode& document) {
  const YamlNode* list = reader.list(document, "parameters", false);
  if (list == nullptr) return;
  for (const auto& node : list->items) {
    if (!node.is_map()) {
      reader.error(node, "a parameter must be a map");
      continue;
    }
    reader.only_keys(node, {"name", "title", "default", "values", "minimum", "maximum", "unit", "reason",
                            "set_in", "clauses"});
    PackParameter out;
    out.place = reader.place(node);
    out.name = reader.text(node, "name", true);
    if (!out.name.empty() && !comply::is_content_name(out.name))
      reader.error(node, "a parameter's name is a-z 0-9 _ -");
    const PackParameter* imported = pack_.parameter(out.name);
    out.title = reader.bi_text(node, "title", imported == nullptr);
    out.reason = reader.bi_text(node, "reason", true);
    out.set_in = reader.bi_text(node, "set_in", imported == nullptr);
    out.unit = reader.text(node, "unit", false);
    out.clauses = reader.texts(node, "clauses", false);
    const YamlNode* value = node.find("default");
    if (value != nullptr) out.value = yaml_to_json(*value);
    if (value == nullptr || !is_plain(out.value)) {
      reader.error(value != nullptr ? *value : node,
                   "'default' must be a number, text, true, false or a list of them");
    }
    out.pack_value = out.value;
    read_range(reader, node, imported, out);
    if (imported == nullptr) {
      pack_.parameters.push_back(std::move(out));
      continue;
    }
    auto& target = pack_.parameters[static_cast<std::size_t>(imported - pack_.parameters.data())];
    if (!same_type(target.value, out.value))
      reader.error(node, "the value has another type than in the imported pack");
    if (out.title.empty()) out.title = target.title;
    if (out.set_in.empty()) out.set_in = target.set_in;
    if (out.unit.empty()) out.unit = target.unit;
    target = std::move(out);
  }
}

void PackReader::read_pack_file(const PackTree& tree, const std::string& text, bool is_main) {
  ContentReader reader(tree.id + "/pack.yaml", errors_);
  const auto document = reader.document(text);
  if (!document) return;
  reader.only_keys(*document, {"id", "title", "document", "in_force", "imports", "roles", "scopes",
                               "parameters", "unit_classes", "known_from", "reminders"});
  const std::string id = reader.text(*document, "id", true);
  if (!id.empty() && id != tree.id) {
    reader.error(*document->find("id"), fmt::format("the id must be the folder's name, '{}'", tree.id));
  }
  read_roles(reader, *document);
  read_scopes(reader, *document);
  read_parameters(reader, *document);
  read_unit_classes(reader, *document);
  if (const YamlNode* node = reader.map(*document, "reminders", false)) {
    pack_.reminders = comply::read_reminders(reader, *node);
    check_reminder_roles(reader, *node);
  }
  pack_.catalog.packs.push_back(tree.id);
  const comply::BiText known_from = reader.bi_text(*document, "known_from", false);
  const comply::BiText title = reader.bi_text(*document, "title", true);
  if (!is_main) {
    pack_.import_ids.push_back(tree.id);
    return;
  }
  pack_.id = tree.id;
  pack_.title = title;
  pack_.known_from = known_from;
  if (const YamlNode* node = reader.map(*document, "document", false)) read_document(reader, *node);
  if (const YamlNode* node = reader.map(*document, "in_force", false)) read_in_force(reader, *node);
}

void PackReader::read_in_force(ContentReader& reader, const YamlNode& node) {
  reader.only_keys(node, {"from", "until"});
  for (const auto& [key, target] :
       {std::pair{"from", &pack_.catalog.in_force_from}, std::pair{"until", &pack_.catalog.in_force_until}}) {
    const auto day = reader.day(node, key, false);
    if (day) *target = start_of_day(*day, pack_.catalog.zone);
  }
  const auto& from = pack_.catalog.in_force_from;
  const auto& until = pack_.catalog.in_force_until;
  if (from && until && *until <= *from) {
    reader.error(*node.find("until"),
                 "'until' is the first day without the document: it must be after 'from'");
  }
}

void PackReader::check_reminder_roles(ContentReader& reader, const YamlNode& node) {
  const auto check = [&](const YamlNode& at, const std::vector<std::string>& names) {
    for (const auto& name : names) {
      const std::string id = name.starts_with("role:") ? name.substr(5) : name;
      if (has_role(id)) continue;
      reader.error(at, fmt::format("no role slot '{}'{}", id, did_you_mean(id, role_names())));
    }
  };
  if (const YamlNode* to = node.find("to")) check(*to, pack_.reminders.to);
  const YamlNode* escalate = node.find("escalate");
  if (escalate == nullptr || !pack_.reminders.escalate) return;
  if (const YamlNode* to = escalate->find("to")) check(*to, pack_.reminders.escalate->to);
}

void PackReader::read_calendar(const std::string& pack_id, const std::string& path, const std::string& text) {
  comply::parse_calendar(text, pack_id + "/" + path, pack_.catalog.work_calendar, errors_);
}

void PackReader::read_regimes(const std::string& pack_id, const std::string& path, const std::string& text) {
  for (auto& table : comply::parse_regimes(text, pack_id + "/" + path, errors_)) {
    std::string id = table.id;
    pack_.catalog.regimes.insert_or_assign(std::move(id), std::move(table));
  }
}

void PackReader::set_parameters(const Json& values) {
  for (const auto& [name, value] : values.members()) {
    const auto same = [&, key = std::string_view(name)](const PackParameter& one) { return one.name == key; };
    const auto at = std::find_if(pack_.parameters.begin(), pack_.parameters.end(), same);
    if (at == pack_.parameters.end()) {
      errors_.push_back({"settings", 1, 1, fmt::format("the pack has no parameter '{}'", name)});
    } else if (const auto fits = check_parameter(*at, value); !fits) {
      errors_.push_back({"settings", 1, 1, fits.error().message});
    } else {
      at->value = value;
    }
  }
}

void PackReader::read_clauses(const std::string& pack_id, const std::string& path, const std::string& text) {
  const std::string file = pack_id + "/" + path;
  const std::string filled = with_parameters(file, text);
  const std::size_t before = errors_.size();
  auto clauses = comply::parse_clauses(filled, file, errors_);
  if (clauses.empty() && errors_.size() > before) {
    clauses_unread_ = true;
    hint_at_parameter(filled);
  }
  std::move(clauses.begin(), clauses.end(), std::back_inserter(pack_.catalog.clauses));
}

/// A file that is no YAML because of a bare %name%: says how it is written.
void PackReader::hint_at_parameter(const std::string& filled) {
  const auto lines = split(filled, '\n');
  ContentError& last = errors_.back();
  const auto line = static_cast<std::size_t>(last.line);
  if (line >= 1 && line <= lines.size() && lines[line - 1].find('%') != std::string_view::npos)
    last.reason += "; a parameter stands in quotes: '%name%'";
}

/// Replaces '%name%' (with its quotes) by the parameter's value. Lines stay lines, so places in errors stay
/// right.
std::string PackReader::with_parameters(const std::string& file, const std::string& text) {
  std::string out;
  int line = 1;
  std::size_t line_begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '\n') {
      ++line;
      line_begin = at + 1;
    }
    const bool opens = (text[at] == '\'' || text[at] == '"') && at + 1 < text.size() && text[at + 1] == '%';
    const std::size_t end = opens ? text.find('%', at + 2) : std::string::npos;
    const bool closes = end != std::string::npos && end + 1 < text.size() && text[end + 1] == text[at];
    const std::string name = closes ? text.substr(at + 2, end - at - 2) : std::string();
    if (!comply::is_content_name(name)) {
      out += text[at++];
      continue;
    }
    if (const PackParameter* parameter = pack_.parameter(name)) {
      out += as_yaml(parameter->value);
    } else {
      std::vector<std::string> names;
      for (const auto& one : pack_.parameters) names.push_back(one.name);
      errors_.push_back({file, line, static_cast<int>(at - line_begin) + 1,
                         fmt::format("no parameter '{}'{}", name, did_you_mean(name, names))});
      holes_.emplace(file, line);
      out += "0";
    }
    at = end + 2;
  }
  return out;
}

void PackReader::add_posture_rule(detect::Rule rule, const YamlNode& document) {
  const comply::Place at{rule.file, rule.place.line, rule.place.column};
  auto compiled = detect::compile_rule(rule);
  errors_.insert(errors_.end(), compiled.errors.begin(), compiled.errors.end());
  if (compiled.predicate == nullptr) return;
  if (rule.name.empty()) error(at, "a posture rule needs a 'name'");
  comply::PostureRule out;
  out.id = rule.id;
  out.name = rule.name;
  out.title = rule.title_for_people();
  out.fact_kind = rule.logsource.service;
  if (out.fact_kind.empty()) error(at, "a posture rule needs 'service': the kind of fact");
  out.predicate = compiled.predicate;
  if (const YamlNode* own = document.find("phendau"); own != nullptr && own->find("for") != nullptr) {
    const bool every = rule.quantifier == detect::Quantifier::every;
    out.quantifier = every ? comply::Quantifier::every : comply::Quantifier::any;
  }
  check_fact_fields(out, at);
  for (const std::string& key : {rule.id, rule.name}) {
    if (key.empty() || pack_.catalog.posture_rules.emplace(key, out).second) continue;
    comply::Place other;
    for (const auto& one : pack_.posture_rules) {
      if (one.is_called(key)) other = {one.file, one.place.line, one.place.column};
    }
    error(at, fmt::format("rule '{}' is defined twice{}", key, other_place(other)));
  }
  pack_.posture_rules.push_back(std::move(rule));
}

/// A rule about a fact that no agent measures would stay unknown for ever.
void PackReader::check_fact_fields(const comply::PostureRule& rule, const comply::Place& at) {
  if (rule.fact_kind.empty()) return;
  std::vector<std::string> kinds;
  const FactKind* kind = nullptr;
  for (const FactKind& one : kFactKinds) {
    kinds.emplace_back(one.name);
    if (one.name == rule.fact_kind) kind = &one;
  }
  if (kind == nullptr) {
    return error(at,
                 fmt::format("no kind of fact '{}'{}", rule.fact_kind, did_you_mean(rule.fact_kind, kinds)));
  }
  std::vector<std::string> known;
  for (const FactField& one : kind->fields) known.emplace_back(one.name);
  std::vector<std::string> used;
  bool keywords = false;
  collect_fields(*rule.predicate, used, keywords);
  for (const auto& field : used) {
    if (std::find(known.begin(), known.end(), field) != known.end()) continue;
    error(at,
          fmt::format("fact '{}' has no field '{}'{}", rule.fact_kind, field, did_you_mean(field, known)));
  }
}

void PackReader::read_indicator_rules(const std::string& pack_id, const std::string& path,
                                      const std::string& text) {
  const std::string file = pack_id + "/" + path;
  detect::RuleFile parsed = detect::parse_rules(file, text);
  errors_.insert(errors_.end(), parsed.errors.begin(), parsed.errors.end());
  pack_.rule_files.push_back({pack_id, path, text});
  // Filled with a value of each type, a template is a rule like others.
  std::vector<Indicator> trial;
  for (const IndicatorType type : kIndicatorTypes)
    trial.push_back({type, type == IndicatorType::network ? "192.0.2.0/24" : "192.0.2.1", {}});
  for (auto& rule : parsed.rules) {
    const comply::Place here{file, rule.place.line, rule.place.column};
    if (const auto types = detect::types_asked(rule); !types) {
      error(here, types.error().message);
      continue;
    }
    for (const auto& filled : detect::indicator_rules({rule}, "trial", "trial", trial)) {
      const auto compiled = detect::compile_rule(filled);
      errors_.insert(errors_.end(), compiled.errors.begin(), compiled.errors.end());
    }
    const auto& all = pack_.indicator_rules;
    const bool twice =
        std::any_of(all.begin(), all.end(), [&](const auto& other) { return other.id == rule.id; });
    if (rule.id.empty() || twice) error(here, "a rule for indicators needs an id of its own");
    pack_.indicator_rules.push_back(std::move(rule));
  }
}

void PackReader::read_rules(const std::string& pack_id, const std::string& path, const std::string& text) {
  const std::string file = pack_id + "/" + path;
  const std::string filled = path.starts_with("rules/posture/") ? with_parameters(file, text) : text;
  detect::RuleFile parsed = detect::parse_rules(file, filled);
  pack_.rule_files.push_back({pack_id, path, filled});
  errors_.insert(errors_.end(), parsed.errors.begin(), parsed.errors.end());
  const auto documents = parse_yaml_documents(filled);
  const auto document_of = [&](const detect::Rule& rule) -> YamlNode {
    if (documents) {
      for (const auto& one : *documents) {
        if (one.line == rule.place.line && one.column == rule.place.column) return one;
      }
    }
    return {};
  };
  const auto remember = [&](const detect::RuleMeta& meta) {
    rule_features_.insert(meta.features.begin(), meta.features.end());
    for (const std::string& key : {meta.id, meta.name}) {
      const comply::Place here{file, meta.place.line, meta.place.column};
      if (key.empty()) continue;
      const auto [other, is_new] = rule_names_.emplace(key, here);
      if (!is_new) error(here, fmt::format("rule '{}' is defined twice{}", key, other_place(other->second)));
    }
  };
  for (auto& rule : parsed.rules) {
    if (is_posture(rule)) {
      const YamlNode document = document_of(rule);
      add_posture_rule(std::move(rule), document);
      continue;
    }
    remember(rule);
    pack_.rules.rules.push_back(std::move(rule));
  }
  for (auto& rule : parsed.correlations) {
    remember(rule);
    pack_.rules.correlations.push_back(std::move(rule));
  }
  for (auto& rule : parsed.silences) {
    remember(rule);
    pack_.rules.silences.push_back(std::move(rule));
  }
  for (auto& filter : parsed.filters) {
    remember(filter);
    pack_.rules.filters.push_back(std::move(filter));
  }
  std::move(parsed.warnings.begin(), parsed.warnings.end(), std::back_inserter(pack_.rules.warnings));
}

void PackReader::read_workflow(const std::string& pack_id, const std::string& path, const std::string& text) {
  const std::string file = pack_id + "/" + path;
  const std::string filled = with_parameters(file, text);
  ContentReader reader(file, errors_);
  const auto document = reader.document(filled);
  if (!document) return hint_at_parameter(filled);
  WorkflowRef out;
  const YamlNode* id = document->find("id");
  out.place = reader.place(id != nullptr ? *id : *document);
  out.id = reader.text(*document, "id", true);
  if (const YamlNode* steps = reader.list(*document, "steps", true)) {
    for (const auto& step : steps->items) {
      out.steps.push_back(reader.text(step, "id", true));
      const YamlNode* form = step.find("form");
      if (form != nullptr && form->is_map()) out.forms.emplace(out.steps.back(), yaml_to_json(*form));
    }
  }
  out.pack_id = pack_id;
  keep_workflow(std::move(out), {pack_id, path, filled});
}

/// A province's procedure replaces the one of this id that it imports; within one pack that is a mistake.
void PackReader::keep_workflow(WorkflowRef workflow, PackFile file) {
  const auto known = std::find_if(pack_.workflows.begin(), pack_.workflows.end(),
                                  [&](const WorkflowRef& one) { return one.id == workflow.id; });
  if (known == pack_.workflows.end()) {
    pack_.workflows.push_back(std::move(workflow));
    pack_.workflow_files.push_back(std::move(file));
    return;
  }
  const comply::Place& at = workflow.place;
  if (known->pack_id == workflow.pack_id)
    return error(at, fmt::format("workflow '{}' is defined twice, also in {}", known->id, known->place.file));
  pack_.notes.push_back({at.file, at.line, at.column,
                         fmt::format("workflow '{}' replaces that of {}", known->id, known->place.file)});
  pack_.workflow_files[static_cast<std::size_t>(known - pack_.workflows.begin())] = std::move(file);
  *known = std::move(workflow);
}

void PackReader::keep(const std::string& pack_id, const std::string& path, const std::string& text, Keep as) {
  auto& list = as == Keep::source ? pack_.source_files : pack_.other_files;
  list.push_back({pack_id, path, text});
}

void PackReader::check_satisfier(const comply::Satisfier& satisfier) {
  using comply::SatisfierKind;
  const comply::Place& at = satisfier.place;
  const std::string& ref = satisfier.ref;
  switch (satisfier.kind) {
    case SatisfierKind::posture_rule: {
      if (pack_.catalog.posture_rules.contains(ref)) return;
      std::vector<std::string> names;
      for (const auto& one : pack_.posture_rules) names.push_back(one.name);
      return error(at, fmt::format("no posture rule '{}'{}", ref, did_you_mean(ref, names)));
    }
    case SatisfierKind::detection: {
      if (rule_names_.contains(ref) || rule_features_.contains(ref)) return;
      std::vector<std::string> names(rule_features_.begin(), rule_features_.end());
      for (const auto& [name, place] : rule_names_) names.push_back(name);
      return error(at, fmt::format("no detection rule or feature '{}'{}", ref, did_you_mean(ref, names)));
    }
    case SatisfierKind::reg:
      if (const RegisterKind* kind = need_register(at, ref)) check_records(satisfier, *kind);
      return;
    case SatisfierKind::document: {
      const RegisterKind* kind = pack_.reg("document");
      if (kind == nullptr) return error(at, "the pack has no register 'document'");
      comply::Condition type{"type", {Json(ref)}};
      type.place = at;
      need_fields(at, *kind, {type});
      return check_records(satisfier, *kind);
    }
    case SatisfierKind::workflow: {
      const WorkflowRef* workflow = need_workflow(at, ref);
      if (workflow == nullptr || satisfier.step.empty()) return;
      const auto& steps = workflow->steps;
      if (std::find(steps.begin(), steps.end(), satisfier.step) != steps.end()) return;
      return error(at, fmt::format("workflow '{}' has no step '{}'{}", ref, satisfier.step,
                                   did_you_mean(satisfier.step, steps)));
    }
    case SatisfierKind::pack:
      if (!comply::is_content_name(ref)) error(at, fmt::format("'{}' is no name of a pack", ref));
      return;
    case SatisfierKind::setting:
    case SatisfierKind::attestation:
    case SatisfierKind::occasion:
    case SatisfierKind::pending:
      return;
  }
}

void PackReader::check_part(const comply::Clause& clause, const comply::ClausePart& part) {
  for (const auto& scope : part.scopes) {
    if (pack_.catalog.scopes.contains(scope)) continue;
    std::vector<std::string> names;
    for (const auto& [id, one] : pack_.catalog.scopes) names.push_back(id);
    error(part.place, fmt::format("no scope '{}'{}", scope, did_you_mean(scope, names)));
  }
  if (part.subject == comply::SubjectKind::role && !has_role(part.role)) {
    error(part.place, fmt::format("no role slot '{}'{}", part.role, did_you_mean(part.role, role_names())));
  }
  if (part.subject == comply::SubjectKind::record) {
    const RegisterKind* kind = need_register(part.place, part.role);
    if (kind != nullptr && kind->owner != "agency")
      error(part.place,
            fmt::format("records of '{}' belong to the province: an agency has no duty about each "
                        "of them",
                        part.role));
  }
  for (const std::string* text : {&part.duty.vi, &part.duty.en, &clause.duty.vi, &clause.duty.en}) {
    if (text->size() > kDutyBytesMax || quotes_at_length(*text)) {
      error(part.place, "say the duty in own words and briefly; do not quote the document at length");
      break;
    }
  }
  const auto starts = [&](const std::optional<CivilDate>& day) {
    return day ? std::optional(start_of_day(*day, pack_.catalog.zone)) : std::nullopt;
  };
  const auto& in_force_from = pack_.catalog.in_force_from;
  const auto& in_force_until = pack_.catalog.in_force_until;
  if ((part.until && in_force_from && *starts(part.until) <= *in_force_from) ||
      (part.from && in_force_until && *starts(part.from) >= *in_force_until)) {
    error(part.place, "'from' and 'until' leave no day on which the document is in force");
  }
  for (const auto& satisfier : part.satisfied_by) check_satisfier(satisfier);
  for (const auto& definition : part.defines) check_definition(definition);
  if (part.trigger) check_trigger(part);
}

void PackReader::check_references() {
  check_registers();
  check_rankings();
  check_notices();
  check_coordination();
  fill_catalog();
  check_words();
  check_scopes();
  std::map<std::string, comply::Place> ids;
  for (const auto& clause : pack_.catalog.clauses) {
    const auto [other, is_new] = ids.emplace(clause.id, clause.place);
    if (!clause.id.empty() && !is_new) {
      error(clause.place,
            fmt::format("clause '{}' is defined twice{}", clause.id, other_place(other->second)));
    }
    if (pack_.document && !clause.id.starts_with(pack_.document->prefix + ":")) {
      error(clause.place, fmt::format("clause ids of this pack start with '{}:'", pack_.document->prefix));
    }
    for (const auto& body : clause.bound) {
      if (has_role(body)) continue;
      error(clause.place, fmt::format("bound: no role slot '{}'{}", body, did_you_mean(body, role_names())));
    }
    for (const auto& part : clause.parts) check_part(clause, part);
  }
  for (const auto& parameter : pack_.parameters) {
    for (const auto& id : parameter.clauses) {
      if (pack_.document && !ids.contains(id) && !clauses_unread_) {
        error(parameter.place,
              fmt::format("parameter '{}' names clause '{}', which does not exist", parameter.name, id));
      }
    }
  }
  drop_echoes();
}

}  // namespace phendau::hub
