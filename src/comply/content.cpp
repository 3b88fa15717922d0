// SPDX-License-Identifier: Apache-2.0
#include "comply/content.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "comply/limits.h"

namespace phendau::comply {
namespace {

/// base/yaml says "line 3 column 7: reason"; we want the parts.
ContentError from_yaml_error(const std::string& file, const std::string& message) {
  ContentError out{file, 1, 1, message};
  constexpr std::string_view kLine = "line ";
  constexpr std::string_view kColumn = " column ";
  const std::size_t column = message.find(kColumn);
  const std::size_t colon = message.find(": ", column == std::string::npos ? 0 : column);
  if (!message.starts_with(kLine) || column == std::string::npos || colon == std::string::npos) return out;
  const auto line_number = parse_int(std::string_view(message).substr(kLine.size(), column - kLine.size()));
  const std::size_t digits = column + kColumn.size();
  const auto column_number = parse_int(std::string_view(message).substr(digits, colon - digits));
  if (!line_number || !column_number) return out;
  return {file, static_cast<int>(*line_number), static_cast<int>(*column_number), message.substr(colon + 2)};
}

}  // namespace

Json to_json(const BiText& text) { return Json::object({{"vi", text.vi}, {"en", text.en}}); }

bool is_content_name(std::string_view text) {
  if (text.empty() || text.size() > 64 || text[0] < 'a' || text[0] > 'z') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

void ContentReader::error(const YamlNode& at, std::string reason) {
  errors_.push_back({file_, at.line, at.column, std::move(reason)});
}

void ContentReader::error(const Place& at, std::string reason) {
  errors_.push_back({at.file, at.line, at.column, std::move(reason)});
}

std::optional<YamlNode> ContentReader::document(std::string_view text) {
  auto parsed = parse_yaml(text);
  if (!parsed) {
    errors_.push_back(from_yaml_error(file_, parsed.error().message));
    return std::nullopt;
  }
  if (!parsed->is_map()) {
    error(*parsed, "the file must be a map (key: value)");
    return std::nullopt;
  }
  return std::move(*parsed);
}

void ContentReader::only_keys(const YamlNode& map, std::initializer_list<std::string_view> allowed) {
  for (const auto& member : map.members) {
    const std::string& key = member.first.scalar;
    if (std::find(allowed.begin(), allowed.end(), key) != allowed.end()) continue;
    std::vector<std::string> names(allowed.begin(), allowed.end());
    error(member.first, fmt::format("unknown key '{}'; known here: {}", key, join(names, ", ")));
  }
}

const YamlNode* ContentReader::map(const YamlNode& parent, std::string_view key, bool required) {
  const YamlNode* node = parent.find(key);
  if (node == nullptr) {
    if (required) error(parent, fmt::format("'{}' is missing", key));
    return nullptr;
  }
  if (node->is_map()) return node;
  error(*node, fmt::format("'{}' must be a map", key));
  return nullptr;
}

const YamlNode* ContentReader::list(const YamlNode& parent, std::string_view key, bool required) {
  const YamlNode* node = parent.find(key);
  if (node == nullptr) {
    if (required) error(parent, fmt::format("'{}' is missing", key));
    return nullptr;
  }
  if (node->is_sequence()) return node;
  error(*node, fmt::format("'{}' must be a list", key));
  return nullptr;
}

std::string ContentReader::text(const YamlNode& parent, std::string_view key, bool required) {
  const YamlNode* node = parent.find(key);
  if (node == nullptr) {
    if (required) error(parent, fmt::format("'{}' is missing", key));
    return {};
  }
  if (!node->is_scalar() || trim(node->scalar).empty()) {
    error(*node, fmt::format("'{}' must be a text", key));
    return {};
  }
  if (node->scalar.size() > kTextBytesMax) {
    error(*node, fmt::format("'{}' is longer than {} bytes", key, kTextBytesMax));
    return {};
  }
  return node->scalar;
}

std::optional<CivilDate> ContentReader::day(const YamlNode& parent, std::string_view key, bool required) {
  const std::string written = text(parent, key, required);
  if (written.empty()) return std::nullopt;
  const auto day = parse_date(written);
  if (day) return *day;
  error(*parent.find(key), fmt::format("'{}' must be YYYY-MM-DD", key));
  return std::nullopt;
}

std::vector<std::string> ContentReader::texts(const YamlNode& parent, std::string_view key, bool required) {
  const YamlNode* node = parent.find(key);
  if (node == nullptr) {
    if (required) error(parent, fmt::format("'{}' is missing", key));
    return {};
  }
  for (const auto& item : node->items) {
    if (!item.is_scalar()) error(item, fmt::format("'{}' must hold texts only", key));
  }
  if (node->is_map() || node->is_null()) error(*node, fmt::format("'{}' must be a list of texts", key));
  return parent.texts(key);
}

BiText ContentReader::bi_text(const YamlNode& parent, std::string_view key, bool required) {
  const YamlNode* node = map(parent, key, required);
  if (node == nullptr) return {};
  only_keys(*node, {"vi", "en"});
  BiText out{text(*node, "vi", true), text(*node, "en", true)};
  for (std::string* part : {&out.vi, &out.en}) {
    *part = std::string(trim(replace_all(*part, "\n", " ")));
  }
  return out;
}

std::int64_t ContentReader::integer(const YamlNode& parent, std::string_view key, std::int64_t fallback,
                                    std::int64_t min, std::int64_t max) {
  const YamlNode* node = parent.find(key);
  if (node == nullptr) return fallback;
  const Json value = yaml_to_json(*node);
  if (value.is_int() && value.as_int() >= min && value.as_int() <= max) return value.as_int();
  error(*node, fmt::format("'{}' must be a whole number from {} to {}", key, min, max));
  return fallback;
}

bool ContentReader::boolean(const YamlNode& parent, std::string_view key, bool fallback) {
  const YamlNode* node = parent.find(key);
  if (node == nullptr) return fallback;
  const Json value = yaml_to_json(*node);
  if (value.is_bool()) return value.as_bool();
  error(*node, fmt::format("'{}' must be true or false", key));
  return fallback;
}

}  // namespace phendau::comply
