// SPDX-License-Identifier: Apache-2.0
#include "base/yaml.h"

#include <algorithm>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "base/text.h"

namespace phendau {
namespace {

struct LimitReached {
  std::string reason;
  int line = 0;
  int column = 0;
};

/// Turns yaml-cpp's events into our tree, judging size, depth and duplicate keys on the way.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::vector<YamlNode>& documents, const YamlLimits& limits)
      : documents_(documents), limits_(limits) {}

  void OnDocumentStart(const YAML::Mark&) override { anchors_.clear(); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(make(mark, YamlNode::Kind::null), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      throw LimitReached{"alias of a node that is not complete", mark.line + 1, mark.column + 1};
    count(found->second, mark);  // before the copy is made
    add(found->second, 0);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node = make(mark, YamlNode::Kind::scalar);
    node.quoted = tag == "!";
    node.scalar = value;
    if (!node.quoted &&
        (value == "~" || value == "null" || value == "Null" || value == "NULL" || value.empty())) {
      node.kind = YamlNode::Kind::null;
      node.scalar.clear();
    }
    add(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(make(mark, YamlNode::Kind::sequence), anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(make(mark, YamlNode::Kind::map), anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    YamlNode node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
    YamlNode key;
    std::set<std::string> keys;
  };

  YamlNode make(const YAML::Mark& mark, YamlNode::Kind kind) {
    if (++nodes_ > limits_.nodes_max) throw LimitReached{"too many nodes", mark.line + 1, mark.column + 1};
    YamlNode node;
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }
  void count(const YamlNode& node, const YAML::Mark& mark) {
    if (++nodes_ > limits_.nodes_max) throw LimitReached{"too many nodes", mark.line + 1, mark.column + 1};
    // Nodes alone do not bound an alias of one long text.
    alias_bytes_ += node.scalar.size();
    if (alias_bytes_ > limits_.size_bytes_max)
      throw LimitReached{"aliases expand to too much text", mark.line + 1, mark.column + 1};
    for (const auto& item : node.items) count(item, mark);
    for (const auto& member : node.members) count(member.second, mark);
  }
  void open(YamlNode node, YAML::anchor_t anchor) {
    if (static_cast<int>(stack_.size()) >= limits_.depth_max)
      throw LimitReached{"nested too deeply", node.line, node.column};
    stack_.push_back(Open{std::move(node), anchor, false, {}, {}});
  }
  void close() {
    Open done = std::move(stack_.back());
    stack_.pop_back();
    add(std::move(done.node), done.anchor);
  }
  void add(YamlNode node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = node;
    if (stack_.empty()) {
      documents_.push_back(std::move(node));
      return;
    }
    Open& top = stack_.back();
    if (top.node.is_sequence()) {
      top.node.items.push_back(std::move(node));
    } else if (!top.has_key) {
      if (node.is_sequence() || node.is_map())
        throw LimitReached{"a key must be plain text", node.line, node.column};
      if (!top.keys.insert(node.scalar).second) {
        throw LimitReached{"duplicate key '" + node.scalar + "'", node.line, node.column};
      }
      top.key = std::move(node);
      top.has_key = true;
    } else {
      top.node.members.emplace_back(std::move(top.key), std::move(node));
      top.has_key = false;
    }
  }

  std::vector<YamlNode>& documents_;
  const YamlLimits& limits_;
  std::size_t nodes_ = 0;
  std::size_t alias_bytes_ = 0;
  std::vector<Open> stack_;
  std::map<YAML::anchor_t, YamlNode> anchors_;
};

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const auto& member : members) {
    if (member.first.scalar == key) return &member.second;
  }
  return nullptr;
}

std::string YamlNode::text(std::string_view key, std::string_view fallback) const {
  const YamlNode* node = find(key);
  return node != nullptr && node->is_scalar() ? node->scalar : std::string(fallback);
}

std::vector<std::string> YamlNode::texts(std::string_view key) const {
  std::vector<std::string> out;
  const YamlNode* node = find(key);
  if (node == nullptr) return out;
  if (node->is_scalar()) out.push_back(node->scalar);
  for (const auto& item : node->items) {
    if (item.is_scalar()) out.push_back(item.scalar);
  }
  return out;
}

std::string ContentError::to_string() const {
  std::string out = fmt::format("{}:{}:{}: {}", file, line, column, reason);
  // A reason names what stands in the file, which may be several lines, or move the cursor of a terminal.
  std::replace_if(out.begin(), out.end(), [](unsigned char c) { return c < ' ' || c == 0x7F; }, ' ');
  return out;
}

Result<std::vector<YamlNode>> parse_yaml_documents(std::string_view text, const YamlLimits& limits) {
  if (text.size() > limits.size_bytes_max) {
    return fail(ErrorCode::limit,
                fmt::format("YAML of {} bytes; at most {}", text.size(), limits.size_bytes_max));
  }
  if (!is_valid_utf8(text)) return fail(ErrorCode::invalid, "YAML is not valid UTF-8");
  std::vector<YamlNode> documents;
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    TreeBuilder builder(documents, limits);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const LimitReached& error) {
    return fail(ErrorCode::invalid,
                fmt::format("line {} column {}: {}", error.line, error.column, error.reason));
  } catch (const YAML::Exception& error) {
    return fail(ErrorCode::invalid,
                fmt::format("line {} column {}: {}", error.mark.line + 1, error.mark.column + 1, error.msg));
  } catch (const std::exception& error) {
    return fail(ErrorCode::invalid, fmt::format("not YAML: {}", error.what()));
  }
  return documents;
}

Result<YamlNode> parse_yaml(std::string_view text, const YamlLimits& limits) {
  auto documents = PHENDAU_TRY(parse_yaml_documents(text, limits));
  if (documents.size() != 1) {
    return fail(ErrorCode::invalid, fmt::format("expected one YAML document, found {}", documents.size()));
  }
  return std::move(documents.front());
}

Json yaml_to_json(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null:
      return {};
    case YamlNode::Kind::sequence: {
      Json out = Json::array();
      for (const auto& item : node.items) out.push(yaml_to_json(item));
      return out;
    }
    case YamlNode::Kind::map: {
      Json out = Json::object();
      for (const auto& member : node.members) out.set(member.first.scalar, yaml_to_json(member.second));
      return out;
    }
    case YamlNode::Kind::scalar:
      break;
  }
  if (node.quoted) return node.scalar;
  if (node.scalar == "true" || node.scalar == "True" || node.scalar == "TRUE") return true;
  if (node.scalar == "false" || node.scalar == "False" || node.scalar == "FALSE") return false;
  const bool leading_zero = node.scalar.size() > 1 && node.scalar[0] == '0' && node.scalar[1] != '.';
  if (!leading_zero) {
    if (const auto integer = parse_int(node.scalar)) return *integer;
    if (node.scalar.find_first_of("0123456789") == 0 || node.scalar.starts_with('-')) {
      if (const auto real = parse_double(node.scalar)) return *real;
    }
  }
  return node.scalar;
}

}  // namespace phendau
