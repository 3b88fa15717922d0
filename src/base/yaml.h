// SPDX-License-Identifier: Apache-2.0
// YAML as a tree with line and column, for packs and rules. Adapter: yaml.cpp is the only user of yaml-cpp.
// Aliases are expanded up to a limit; tags other than the core ones are ignored. Thread-safe: plain values.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace phendau {

struct YamlMember;
struct YamlNode {
  enum class Kind : std::uint8_t { null, scalar, sequence, map };
  Kind kind = Kind::null;
  bool quoted = false;  // scalar in quotes or a block: never a number, boolean or null
  int line = 0;         // 1-based
  int column = 0;       // 1-based
  std::string scalar;
  std::vector<YamlNode> items;
  std::vector<YamlMember> members;  // keys are scalars, unique

  bool is_null() const { return kind == Kind::null; }
  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_sequence() const { return kind == Kind::sequence; }
  bool is_map() const { return kind == Kind::map; }
  /// Member by key, or nullptr.
  const YamlNode* find(std::string_view key) const;
  /// Scalar member's text, or the fallback.
  std::string text(std::string_view key, std::string_view fallback = "") const;
  /// Items of a sequence of scalars, or the one scalar; anything else is left out.
  std::vector<std::string> texts(std::string_view key) const;
};

/// A type of its own: std::pair asks whether YamlNode can be constructed while YamlNode is not complete
/// (Clang refuses).
struct YamlMember {
  YamlNode first;   // key
  YamlNode second;  // value
};

/// "file:line:column: reason": one mistake in a content file.
struct ContentError {
  std::string file;
  int line = 0;
  int column = 0;
  std::string reason;
  std::string to_string() const;
};

struct YamlLimits {
  std::size_t size_bytes_max = 4u << 20;
  std::size_t nodes_max = 500'000;
  int depth_max = 64;
};
/// All documents of a stream. `invalid` names line and column; `limit` names the limit.
Result<std::vector<YamlNode>> parse_yaml_documents(std::string_view text, const YamlLimits& limits = {});
/// Exactly one document.
Result<YamlNode> parse_yaml(std::string_view text, const YamlLimits& limits = {});
/// YAML 1.2 core schema: unquoted null, true/false, decimal integers and floats get their type; all else is
/// text.
Json yaml_to_json(const YamlNode& node);

}  // namespace phendau
