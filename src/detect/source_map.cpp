// SPDX-License-Identifier: Apache-2.0
#include "detect/source_map.h"

#include <fmt/format.h>

#include "base/text.h"
#include "detect/compile.h"

namespace phendau::detect {
namespace {

SourceRoute read_route(std::string_view file, const YamlNode& entry, std::vector<ContentError>& errors) {
  SourceRoute route;
  const auto error = [&](const YamlNode& node, std::string reason) {
    errors.push_back({std::string(file), node.line, node.column, std::move(reason)});
  };
  const YamlNode* covered = entry.find("covers");
  route.covers = entry.texts("covers");
  if (route.covers.empty()) error(covered != nullptr ? *covered : entry, "covers is missing or empty");
  for (const auto& key : route.covers) {
    if (split(key, '/').size() != 3)
      error(*covered, fmt::format("'{}' is not product/category/service", key));
  }
  if (const YamlNode* conditions = entry.find("conditions")) {
    const std::size_t before = errors.size();
    Rule owner;
    owner.file = file;
    const Selection selection = parse_selection(file, *conditions, errors);
    if (errors.size() == before) {
      Compiled compiled = compile_selection(owner, selection);
      route.conditions = compiled.predicate;
      errors.insert(errors.end(), compiled.errors.begin(), compiled.errors.end());
    }
  }
  if (const YamlNode* fields = entry.find("fields")) {
    if (!fields->is_map()) error(*fields, "fields must be a map");
    for (const auto& [from, to] : fields->members) {
      if (!to.is_scalar() || to.scalar.empty()) error(to, "a field name must be text");
      std::string name = from.scalar;
      std::erase(name, ' ');
      route.fields[name] = to.scalar;
    }
  }
  return route;
}

/// Whether the entry has every part that the rule gives.
bool has_parts(const LogSource& entry, const LogSource& rule) {
  return (rule.product.empty() || rule.product == entry.product) &&
         (rule.category.empty() || rule.category == entry.category) &&
         (rule.service.empty() || rule.service == entry.service);
}

int parts_given(const LogSource& source) {
  return static_cast<int>(!source.product.empty()) + static_cast<int>(!source.category.empty()) +
         static_cast<int>(!source.service.empty());
}

}  // namespace

bool covers(std::string_view pattern, std::string_view key) {
  const auto wanted = split(pattern, '/');
  const auto parts = split(key, '/');
  if (wanted.size() != 3 || parts.size() != 3) return false;
  for (std::size_t i = 0; i < 3; ++i) {
    if (wanted[i] != "*" && wanted[i] != parts[i]) return false;
  }
  return true;
}

std::vector<ContentError> SourceMap::add(std::string_view file, std::string_view text) {
  std::vector<ContentError> errors;
  const auto document = parse_yaml(text);
  if (!document) {
    errors.push_back(yaml_error(file, document.error().message));
    return errors;
  }
  const YamlNode* sources = document->find("sources");
  if (sources == nullptr || !sources->is_sequence()) {
    errors.push_back({std::string(file), document->line, document->column, "sources must be a list"});
    return errors;
  }
  for (const auto& node : sources->items) {
    const std::size_t before = errors.size();
    const YamlNode* logsource = node.find("logsource");
    if (logsource == nullptr || !logsource->is_map()) {
      errors.push_back({std::string(file), node.line, node.column, "logsource is missing or not a map"});
      continue;
    }
    if (entries_.size() >= kSourceEntriesMax) {
      errors.push_back({std::string(file), node.line, node.column, "too many sources"});
      break;
    }
    Entry entry;
    entry.logsource = {logsource->text("product"), logsource->text("category"), logsource->text("service")};
    entry.route = read_route(file, node, errors);
    if (errors.size() == before) entries_.push_back(std::move(entry));
  }
  return errors;
}

SourceRoutes SourceMap::routes(const LogSource& logsource) const {
  SourceRoutes out;
  for (const auto& entry : entries_) {
    if (entry.logsource.key() == logsource.key()) out.routes.push_back(entry.route);
  }
  if (out.routes.empty() && parts_given(logsource) == 1) {
    for (const auto& entry : entries_) {
      if (has_parts(entry.logsource, logsource)) out.routes.push_back(entry.route);
    }
  }
  out.known = !out.routes.empty();
  const auto or_any = [](const std::string& part) { return part.empty() ? std::string("*") : part; };
  if (!out.known) {
    SourceRoute own;
    own.covers = {or_any(logsource.product) + "/" + or_any(logsource.category) + "/" +
                  or_any(logsource.service)};
    out.routes.push_back(std::move(own));
  }
  return out;
}

}  // namespace phendau::detect
