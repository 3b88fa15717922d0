// SPDX-License-Identifier: Apache-2.0
#include "detect/source_map.h"

#include <algorithm>
#include <initializer_list>

#include <fmt/format.h>

#include "base/text.h"
#include "detect/compile.h"

namespace phendau::detect {
namespace {

/// Mistakes of one file, with the place of a node.
class Mistakes {
 public:
  Mistakes(std::string_view file, std::vector<ContentError>& errors) : file_(file), errors_(errors) {}
  void add(const YamlNode& node, std::string reason) {
    errors_.push_back({file_, node.line, node.column, std::move(reason)});
  }
  void unknown_keys(const YamlNode& map, std::initializer_list<std::string_view> known) {
    for (const auto& [key, value] : map.members) {
      if (std::find(known.begin(), known.end(), key.scalar) == known.end())
        add(key, fmt::format("unknown key '{}'", key.scalar));
    }
  }
  std::size_t size() const { return errors_.size(); }

 private:
  std::string file_;
  std::vector<ContentError>& errors_;
};

bool is_key(std::string_view text) { return split(text, '/').size() == 3; }

/// The log source of an entry; a mistake is noted where there is none.
LogSource read_logsource(const YamlNode& entry, Mistakes& mistakes) {
  const YamlNode* logsource = entry.find("logsource");
  if (logsource == nullptr || !logsource->is_map()) {
    mistakes.add(entry, "logsource is missing or not a map");
    return {};
  }
  mistakes.unknown_keys(*logsource, {"product", "category", "service"});
  return {logsource->text("product"), logsource->text("category"), logsource->text("service")};
}

SourceRoute read_route(std::string_view file, const YamlNode& entry, std::vector<ContentError>& errors) {
  SourceRoute route;
  const auto error = [&](const YamlNode& node, std::string reason) {
    errors.push_back({std::string(file), node.line, node.column, std::move(reason)});
  };
  const YamlNode* covered = entry.find("covers");
  route.covers = entry.texts("covers");
  if (route.covers.empty()) error(covered != nullptr ? *covered : entry, "covers is missing or empty");
  for (const auto& key : route.covers) {
    if (!is_key(key)) error(*covered, fmt::format("'{}' is not product/category/service", key));
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

bool same_parts(const LogSource& a, const LogSource& b) {
  return a.product == b.product && a.category == b.category && a.service == b.service;
}

int parts_given(const LogSource& source) {
  return static_cast<int>(!source.product.empty()) + static_cast<int>(!source.category.empty()) +
         static_cast<int>(!source.service.empty());
}

}  // namespace

bool covers(std::string_view pattern, std::string_view key) {
  if (key.empty()) key = kNoLogsource;
  for (int part = 0; part < 3; ++part) {
    const std::size_t wanted_end = pattern.find('/');
    const std::size_t end = key.find('/');
    const bool last = part == 2;
    if ((wanted_end == std::string_view::npos) != last || (end == std::string_view::npos) != last)
      return false;
    const std::string_view wanted = pattern.substr(0, wanted_end);
    if (wanted != "*" && wanted != key.substr(0, end)) return false;
    if (last) break;
    pattern.remove_prefix(wanted_end + 1);
    key.remove_prefix(end + 1);
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
  Mistakes mistakes(file, errors);
  mistakes.unknown_keys(*document, {"sources", "channels", "not_covered"});
  const YamlNode* sources = document->find("sources");
  if (sources == nullptr || !sources->is_sequence()) {
    mistakes.add(*document, "sources must be a list");
    return errors;
  }
  for (const auto& node : sources->items) {
    const std::size_t before = errors.size();
    if (entries_.size() >= kSourceEntriesMax) {
      mistakes.add(node, "too many sources");
      break;
    }
    Entry entry;
    entry.logsource = read_logsource(node, mistakes);
    mistakes.unknown_keys(node, {"logsource", "covers", "conditions", "fields"});
    if (errors.size() == before) entry.route = read_route(file, node, errors);
    if (errors.size() == before) entries_.push_back(std::move(entry));
  }
  if (const YamlNode* channels = document->find("channels")) {
    if (!channels->is_map()) mistakes.add(*channels, "channels must be a map");
    for (const auto& [channel, key] : channels->members) {
      if (!key.is_scalar() || !is_key(key.scalar))
        mistakes.add(key, fmt::format("'{}' is not product/category/service", key.scalar));
      else if (channels_.size() < kSourceEntriesMax)
        channels_.push_back({channel.scalar, key.scalar});
    }
  }
  if (const YamlNode* list = document->find("not_covered")) {
    if (!list->is_sequence()) mistakes.add(*list, "not_covered must be a list");
    for (const auto& node : list->items) {
      NotCovered one;
      one.logsource = read_logsource(node, mistakes);
      mistakes.unknown_keys(node, {"logsource", "reason"});
      const YamlNode* reason = node.find("reason");
      if (reason != nullptr) {
        one.vi = reason->text("vi");
        one.en = reason->text("en");
      }
      if (one.vi.empty() || one.en.empty()) mistakes.add(node, "reason needs vi and en");
      if (not_covered_.size() < kSourceEntriesMax) not_covered_.push_back(std::move(one));
    }
  }
  return errors;
}

std::string SourceMap::reason_not_covered(const LogSource& logsource, Lang lang) const {
  // The other way round than for routes: an entry for a product stands for all that the product has.
  for (const auto& one : not_covered_) {
    if (has_parts(logsource, one.logsource)) return lang == Lang::vi ? one.vi : one.en;
  }
  return {};
}

SourceRoutes SourceMap::routes(const LogSource& logsource) const {
  SourceRoutes out;
  for (const auto& entry : entries_) {
    if (same_parts(entry.logsource, logsource)) out.routes.push_back(entry.route);
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
    own.covers = {
        or_any(logsource.product) + "/" + or_any(logsource.category) + "/" + or_any(logsource.service),
        std::string(kNoLogsource)};
    out.routes.push_back(std::move(own));
  }
  return out;
}

}  // namespace phendau::detect
