// SPDX-License-Identifier: Apache-2.0
// `extends` of registers/*.yaml: what a pack adds to a register that it imports (docs/packs.md, "Registers").
// The two descriptions are merged as written and read again as one, so that nothing escapes the checks.
#include <algorithm>

#include <fmt/format.h>

#include "hub/pack_reader.h"

namespace phendau::hub {
namespace {

using comply::ContentReader;

YamlNode* member(YamlNode& map, std::string_view key) {
  for (auto& [name, value] : map.members) {
    if (name.scalar == key) return &value;
  }
  return nullptr;
}

void put(YamlNode& map, const YamlMember& one) {
  if (YamlNode* known = member(map, one.first.scalar)) {
    *known = one.second;
  } else {
    map.members.push_back(one);
  }
}

/// A list, or the one item that stands for a list.
std::vector<YamlNode> items_of(const YamlNode& node) {
  return node.is_sequence() ? node.items : std::vector<YamlNode>{node};
}

/// Items of `one` behind those that `map` has under the same key.
void append(YamlNode& map, const YamlMember& one) {
  YamlNode* known = member(map, one.first.scalar);
  if (known == nullptr) return map.members.push_back(one);
  auto items = items_of(*known);
  for (const auto& item : items_of(one.second)) {
    const bool twice =
        item.is_scalar() && std::any_of(items.begin(), items.end(), [&](const YamlNode& other) {
          return other.is_scalar() && other.scalar == item.scalar;
        });
    if (!twice) items.push_back(item);
  }
  known->kind = YamlNode::Kind::sequence;
  known->items = std::move(items);
}

bool is_one_of(std::string_view key, std::initializer_list<std::string_view> keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

class Merge {
 public:
  explicit Merge(ContentReader& reader) : reader_(reader) {}

  void into(YamlNode& base, const YamlNode& patch) {
    base.line = patch.line;
    base.column = patch.column;
    for (const auto& one : patch.members) {
      const std::string& key = one.first.scalar;
      if (key == "kind") continue;
      if (key == "title") {
        put(base, one);
      } else if (key == "moves") {
        add_moves(base, one);
      } else if (key == "schema") {
        add_schema(base, one.second);
      } else if (is_one_of(key, {"states", "live_states", "waiting_states", "writers", "indexed", "personal",
                                 "addressed", "unique", "lists"})) {
        append(base, one);
      } else {
        reader_.error(one.first, fmt::format("'{}' of an imported register cannot be changed", key));
      }
    }
  }

 private:
  /// The move between the same states.
  static YamlNode* same_move(YamlNode& moves, const YamlNode& wanted) {
    const auto from = wanted.texts("from");
    for (auto& move : moves.items) {
      const auto here = move.texts("from");
      const bool all = std::all_of(from.begin(), from.end(), [&](const std::string& state) {
        return std::find(here.begin(), here.end(), state) != here.end();
      });
      if (all && move.text("to") == wanted.text("to")) return &move;
    }
    return nullptr;
  }

  void add_moves(YamlNode& base, const YamlMember& patch) {
    YamlNode* moves = member(base, "moves");
    if (moves == nullptr) return base.members.push_back(patch);
    for (const auto& wanted : patch.second.items) {
      YamlNode* known = same_move(*moves, wanted);
      if (known == nullptr) {
        moves->items.push_back(wanted);
        continue;
      }
      for (const auto& one : wanted.members) {
        const std::string& key = one.first.scalar;
        if (is_one_of(key, {"from", "to"})) continue;
        if (is_one_of(key, {"needs", "needs_when", "needs_records", "fills"})) {
          append(*known, one);
        } else {
          put(*known, one);
        }
      }
    }
  }

  void add_schema(YamlNode& base, const YamlNode& patch) {
    YamlNode* schema = member(base, "schema");
    if (schema == nullptr || !patch.is_map()) return reader_.error(patch, "'schema' must be a map");
    for (const auto& one : patch.members) {
      if (one.first.scalar == "required") {
        append(*schema, one);
      } else if (one.first.scalar == "properties" && one.second.is_map()) {
        YamlNode* properties = member(*schema, "properties");
        if (properties == nullptr) {
          schema->members.push_back(one);
        } else {
          for (const auto& property : one.second.members) add_property(*properties, property);
        }
      } else {
        reader_.error(one.first, "'schema' of an imported register takes 'properties' and 'required'");
      }
    }
  }

  void add_property(YamlNode& properties, const YamlMember& patch) {
    YamlNode* known = member(properties, patch.first.scalar);
    if (known == nullptr) return properties.members.push_back(patch);
    for (const auto& one : patch.second.members) {
      const std::string& key = one.first.scalar;
      YamlNode* here = member(*known, key);
      if (key == "enum" && here != nullptr) {
        append(*known, one);
      } else if (is_one_of(key, {"x-titles-vi", "items"}) && here != nullptr && one.second.is_map()) {
        for (const auto& inner : one.second.members)
          inner.first.scalar == "enum" ? append(*here, inner) : put(*here, inner);
      } else if (is_one_of(key, {"title", "x-title-en", "x-help-vi", "x-titles-vi"})) {
        put(*known, one);
      } else {
        reader_.error(one.first, fmt::format("field '{}' of an imported register keeps its '{}'",
                                             patch.first.scalar, key));
      }
    }
  }

  ContentReader& reader_;
};

}  // namespace

void PackReader::read_extension(ContentReader& reader, const YamlNode& node) {
  if (!node.is_map()) return reader.error(node, "each of 'extends' is a map with 'kind'");
  const std::string kind = reader.text(node, "kind", true);
  const auto known = register_nodes_.find(kind);
  if (known == register_nodes_.end()) {
    if (!kind.empty()) need_register(reader.place(node), kind);
    return;
  }
  Merge(reader).into(known->second, node);
  auto merged = parse_register(reader, known->second);
  for (auto& one : pack_.registers) {
    if (merged && one.spec.name == kind) one = std::move(*merged);
  }
}

}  // namespace phendau::hub
