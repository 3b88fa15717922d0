// SPDX-License-Identifier: Apache-2.0
#include "detect/filter_text.h"

#include <map>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"

namespace phendau::detect {
namespace {

/// A JSON string is a YAML string, too, whatever it holds.
std::string quoted(std::string_view text) { return Json(to_valid_utf8(text)).dump(); }

void add_list(std::string& out, std::string_view indent, const std::vector<std::string>& items) {
  for (const auto& item : items) out += fmt::format("{}- {}\n", indent, quoted(item));
}

}  // namespace

std::string escape_sigma(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '*' || c == '?' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string filter_text(std::string_view title, std::string_view description,
                        const std::vector<const Rule*>& rules,
                        const std::vector<FilterCondition>& conditions) {
  std::map<std::string, std::vector<std::string>> by_source;
  for (const Rule* rule : rules) {
    by_source[rule->logsource.key()].push_back(rule->id.empty() ? rule->name : rule->id);
  }
  std::string out;
  for (const auto& [source_key, names] : by_source) {
    const LogSource source = LogSource::from_key(source_key);
    if (!out.empty()) out += "---\n";
    out += fmt::format("title: {}\n", quoted(title));
    if (!description.empty()) out += fmt::format("description: {}\n", quoted(description));
    out += "logsource:\n";
    for (const auto& [key, value] : {std::pair{"product", &source.product},
                                     {"category", &source.category},
                                     {"service", &source.service}}) {
      if (!value->empty()) out += fmt::format("  {}: {}\n", key, quoted(*value));
    }
    out += "filter:\n  rules:\n";
    add_list(out, "    ", names);
    out += "  known:\n";
    for (const auto& one : conditions) {
      std::vector<std::string> values;
      for (const auto& value : one.values) values.push_back(escape_sigma(value));
      out += fmt::format("    {}:\n", quoted(one.field));
      add_list(out, "      ", values);
    }
    out += "  condition: not known\n";
  }
  return out;
}

}  // namespace phendau::detect
