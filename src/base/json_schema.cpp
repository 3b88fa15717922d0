// SPDX-License-Identifier: Apache-2.0
// A schema becomes an array of nodes that refer to each other by number; $ref is one more number, so
// recursion in schemas costs nothing and is bounded by depth when documents are judged.
#include "base/json_schema.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/regex.h"
#include "base/text.h"
#include "base/time.h"

namespace phendau {
namespace {

constexpr int kNone = -1;

struct Node {
  std::string title;
  bool refuses_all = false;  // the schema `false`
  std::vector<std::string> types;
  std::optional<Json::Array> allowed;  // enum
  Json titles;                         // x-titles-vi: words of its values, of a list those of its items
  std::optional<Json> constant;
  std::vector<std::string> required;
  std::vector<std::pair<std::string, int>> properties;
  bool closed = false;  // additionalProperties: false
  int additional = kNone;
  int items = kNone;
  std::optional<std::int64_t> items_min, items_max, length_min, length_max;
  bool unique = false;
  std::optional<Regex> pattern;
  std::string pattern_text;
  std::optional<double> minimum, maximum;
  std::string format;
  std::vector<int> any_of, one_of;
  int reference = kNone;
};

bool is_annotation(std::string_view key) {
  return key == "title" || key == "description" || key == "default" || key == "examples" ||
         key == "$comment" || key.starts_with("x-");
}

bool one_of_texts(std::string_view text, std::initializer_list<std::string_view> known) {
  return std::find(known.begin(), known.end(), text) != known.end();
}

std::string escape_pointer(std::string_view token) {
  return replace_all(replace_all(token, "~", "~0"), "/", "~1");
}

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t pos = 0; pos < text.size(); ++count)
    pos += std::max<std::size_t>(1, utf8_sequence_length(text, pos));
  return count;
}

std::string number_text(double value) { return fmt::format("{}", value); }

}  // namespace

struct JsonSchema::Tree {
  std::vector<Node> nodes;
};

namespace {

/// Turns the JSON of a schema into nodes. References are resolved after everything was read.
class Compiler {
 public:
  explicit Compiler(std::vector<Node>& nodes) : nodes_(nodes) {}

  Result<> run(const Json& schema) {
    PHENDAU_TRY(add(schema, "#", 0));
    for (const auto& [index, target] : references_) {
      const auto found = definitions_.find(target);
      if (target == "#") {
        nodes_[static_cast<std::size_t>(index)].reference = 0;
      } else if (found != definitions_.end()) {
        nodes_[static_cast<std::size_t>(index)].reference = found->second;
      } else {
        return fail(ErrorCode::invalid,
                    fmt::format("schema: $ref '{}' names nothing; only # and #/$defs/NAME", target));
      }
    }
    return {};
  }

 private:
  std::unexpected<Error> wrong(const std::string& place, std::string_view key, std::string_view wanted) {
    return fail(ErrorCode::invalid, fmt::format("schema: {}/{}: must be {}", place, key, wanted));
  }

  Result<int> add(const Json& schema, const std::string& place, int depth) {
    if (nodes_.size() >= kSchemaNodesMax) return fail(ErrorCode::limit, "schema: more than 4096 parts");
    if (depth > kSchemaDepthMax) return fail(ErrorCode::limit, "schema: nested too deeply");
    const int index = static_cast<int>(nodes_.size());
    nodes_.emplace_back();
    if (schema.is_bool()) {
      nodes_.back().refuses_all = !schema.as_bool();
      return index;
    }
    if (!schema.is_object())
      return fail(ErrorCode::invalid, fmt::format("schema: {} is not an object", place));
    // `nodes_` grows while children are added: fill a local node and store it at the end.
    Node node;
    for (const auto& [key, value] : schema.members()) {
      bool known = PHENDAU_TRY(read_simple(node, key, value, place));
      known = PHENDAU_TRY(read_bounds(node, key, value, place)) || known;
      known = PHENDAU_TRY(read_children(node, index, key, value, place, depth)) || known;
      if (!known)
        return fail(ErrorCode::invalid, fmt::format("schema: {}: unknown keyword '{}'", place, key));
    }
    for (const auto& name : node.required) {
      const bool described = std::any_of(node.properties.begin(), node.properties.end(),
                                         [&](const auto& property) { return property.first == name; });
      if (!described && node.closed)
        return wrong(place, "required", fmt::format("a property that exists ('{}')", name));
    }
    if (node.items != kNone && nodes_[static_cast<std::size_t>(node.items)].titles.is_null())
      nodes_[static_cast<std::size_t>(node.items)].titles = node.titles;
    nodes_[static_cast<std::size_t>(index)] = std::move(node);
    return index;
  }

  Result<bool> read_simple(Node& node, const std::string& key, const Json& value, const std::string& place) {
    if (key == "title") node.title = value.as_string();
    if (key == "x-titles-vi") node.titles = value;
    if (is_annotation(key)) return true;
    if (key == "$schema") {
      if (value.as_string() != "https://json-schema.org/draft/2020-12/schema")
        return wrong(place, key, "draft 2020-12");
    } else if (key == "type") {
      PHENDAU_TRY(read_texts(node.types, key, value.is_string() ? Json::array({value}) : value, place));
      for (const auto& type : node.types) {
        if (!one_of_texts(type, {"string", "integer", "number", "boolean", "array", "object", "null"})) {
          return wrong(place, key, "a known type");
        }
      }
    } else if (key == "enum") {
      if (!value.is_array() || value.items().empty()) return wrong(place, key, "a non-empty list");
      node.allowed = value.items();
    } else if (key == "const") {
      node.constant = value;
    } else if (key == "required") {
      PHENDAU_TRY(read_texts(node.required, key, value, place));
    } else if (key == "uniqueItems") {
      if (!value.is_bool()) return wrong(place, key, "true or false");
      node.unique = value.as_bool();
    } else if (key == "format") {
      node.format = value.as_string();
      if (!one_of_texts(node.format, {"date", "date-time", "email", "ipv4", "ipv6", "cidr", "uri"})) {
        return wrong(place, key, "date, date-time, email, ipv4, ipv6, cidr or uri");
      }
    } else if (key == "pattern") {
      if (!value.is_string()) return wrong(place, key, "a text");
      auto compiled = Regex::compile(value.as_string());
      if (!compiled) return wrong(place, key, "a regular expression: " + compiled.error().message);
      node.pattern = std::move(*compiled);
      node.pattern_text = value.as_string();
    } else {
      return false;
    }
    return true;
  }

  Result<bool> read_bounds(Node& node, const std::string& key, const Json& value, const std::string& place) {
    const struct {
      std::string_view name;
      std::optional<std::int64_t>& bound;
    } kCounts[] = {{"minItems", node.items_min},
                   {"maxItems", node.items_max},
                   {"minLength", node.length_min},
                   {"maxLength", node.length_max}};
    for (const auto& count : kCounts) {
      if (key != count.name) continue;
      if (!value.is_int() || value.as_int() < 0) return wrong(place, key, "a whole number of at least 0");
      count.bound = value.as_int();
      return true;
    }
    if (key != "minimum" && key != "maximum") return false;
    if (!value.is_number()) return wrong(place, key, "a number");
    (key == "minimum" ? node.minimum : node.maximum) = value.as_double();
    return true;
  }

  Result<bool> read_children(Node& node, int index, const std::string& key, const Json& value,
                             const std::string& place, int depth) {
    const std::string here = place + "/" + key;
    if (key == "properties" || key == "$defs") {
      if (!value.is_object()) return wrong(place, key, "an object");
      if (key == "$defs" && place != "#") return wrong(place, key, "at the top of the schema");
      for (const auto& [name, child] : value.members()) {
        const int added = PHENDAU_TRY(add(child, here + "/" + name, depth + 1));
        if (key == "$defs")
          definitions_["#/$defs/" + name] = added;
        else
          node.properties.emplace_back(name, added);
      }
    } else if (key == "additionalProperties") {
      node.closed = value.is_bool() && !value.as_bool();
      if (!value.is_bool()) node.additional = PHENDAU_TRY(add(value, here, depth + 1));
    } else if (key == "items") {
      node.items = PHENDAU_TRY(add(value, here, depth + 1));
    } else if (key == "anyOf" || key == "oneOf") {
      if (!value.is_array() || value.items().empty()) return wrong(place, key, "a non-empty list");
      for (const auto& child : value.items()) {
        const int added = PHENDAU_TRY(add(child, here, depth + 1));
        (key == "anyOf" ? node.any_of : node.one_of).push_back(added);
      }
    } else if (key == "$ref") {
      if (!value.is_string()) return wrong(place, key, "a text");
      references_.emplace_back(index, value.as_string());
    } else {
      return false;
    }
    return true;
  }

  Result<> read_texts(std::vector<std::string>& out, const std::string& key, const Json& value,
                      const std::string& place) {
    if (!value.is_array()) return wrong(place, key, "a list of texts");
    for (const auto& item : value.items()) {
      if (!item.is_string()) return wrong(place, key, "a list of texts");
      out.push_back(item.as_string());
    }
    return {};
  }

  std::vector<Node>& nodes_;
  std::map<std::string, int> definitions_;
  std::vector<std::pair<int, std::string>> references_;
};

bool has_type(const Json& value, std::string_view type) {
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_bool();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  if (type == "null") return value.is_null();
  if (type == "number") return value.is_number();
  return value.is_int() || (value.is_number() && value.as_double() == std::floor(value.as_double()));
}

bool has_format(std::string_view text, std::string_view format) {
  if (format == "date") return parse_date(text).has_value();
  if (format == "date-time") return parse_rfc3339(text).has_value();
  if (format == "email") return is_email(text);
  if (format == "ipv4") return is_ipv4(text);
  if (format == "ipv6") return is_ipv6(text);
  if (format == "cidr") return is_cidr(text);
  return is_uri(text);
}

/// Numbers are equal by value: 1 and 1.0 are the same to JSON Schema.
bool same_value(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number() && a.is_int() != b.is_int()) return a.as_double() == b.as_double();
  return a == b;
}

/// One walk over document and schema together; collects what does not fit.
class Judge {
 public:
  Judge(const std::vector<Node>& nodes, std::vector<SchemaError>& errors, std::size_t& steps)
      : nodes_(nodes), errors_(errors), steps_(steps) {}

  void judge(int index, const Json& value, const std::string& pointer, const std::string& name, int depth) {
    if (errors_.size() >= kSchemaErrorsMax) return;
    const Node& node = nodes_[static_cast<std::size_t>(index)];
    const std::string label = node.title.empty() ? name : node.title;
    if (depth > kSchemaDepthMax || ++steps_ > kSchemaStepsMax) {
      return add(pointer, "nested too deeply", "schema.depth", {label});
    }
    if (node.refuses_all) return add(pointer, "not allowed here", "schema.additional", {label});
    if (node.reference != kNone) judge(node.reference, value, pointer, label, depth + 1);
    if (!judge_type(node, value, pointer, label)) return;
    judge_values(node, value, pointer, label);
    if (value.is_string()) judge_text(node, value.as_string(), pointer, label);
    if (value.is_number()) judge_number(node, value.as_double(), pointer, label);
    if (value.is_array()) judge_items(node, value, pointer, label, depth);
    if (value.is_object()) judge_members(node, value, pointer, depth);
    judge_choices(node, value, pointer, label, depth);
  }

 private:
  void add(const std::string& pointer, std::string reason, std::string text_id,
           std::vector<std::string> args) {
    if (errors_.size() < kSchemaErrorsMax) {
      errors_.push_back({pointer, std::move(reason), std::move(text_id), std::move(args)});
    }
  }

  bool judge_type(const Node& node, const Json& value, const std::string& pointer, const std::string& label) {
    if (node.types.empty()) return true;
    for (const auto& type : node.types) {
      if (has_type(value, type)) return true;
    }
    const std::string text_id =
        node.types.size() == 1 ? "schema.type_" + node.types[0] : "schema.type_several";
    add(pointer, "must be of type " + join(node.types, " or "), text_id, {label});
    return false;
  }

  void judge_values(const Node& node, const Json& value, const std::string& pointer,
                    const std::string& label) {
    if (node.constant && !same_value(*node.constant, value)) {
      add(pointer, "must be " + node.constant->dump(), "schema.const", {label, shown(*node.constant)});
    }
    if (!node.allowed) return;
    std::vector<std::string> names;
    std::vector<std::string> titles;  // as people know them
    for (const auto& option : *node.allowed) {
      if (same_value(option, value)) return;
      names.push_back(shown(option));
      titles.push_back(node.titles[names.back()].string_or(names.back()));
    }
    add(pointer, "must be one of " + join(names, ", "), "schema.enum", {label, join(titles, ", ")});
  }

  void judge_text(const Node& node, std::string_view text, const std::string& pointer,
                  const std::string& label) {
    const auto length = static_cast<std::int64_t>(count_characters(text));
    if (node.length_min && length < *node.length_min) {
      add(pointer, fmt::format("shorter than {} characters", *node.length_min), "schema.length_min",
          {label, std::to_string(*node.length_min)});
    }
    if (node.length_max && length > *node.length_max) {
      add(pointer, fmt::format("longer than {} characters", *node.length_max), "schema.length_max",
          {label, std::to_string(*node.length_max)});
    }
    if (node.pattern && !node.pattern->search(text)) {
      add(pointer, "does not match " + node.pattern_text, "schema.pattern", {label, node.pattern_text});
    }
    if (!node.format.empty() && !has_format(text, node.format)) {
      add(pointer, "is not a valid " + node.format, "schema.format_" + replace_all(node.format, "-", "_"),
          {label});
    }
  }

  void judge_number(const Node& node, double number, const std::string& pointer, const std::string& label) {
    if (node.minimum && number < *node.minimum) {
      add(pointer, "less than " + number_text(*node.minimum), "schema.minimum",
          {label, number_text(*node.minimum)});
    }
    if (node.maximum && number > *node.maximum) {
      add(pointer, "more than " + number_text(*node.maximum), "schema.maximum",
          {label, number_text(*node.maximum)});
    }
  }

  void judge_items(const Node& node, const Json& value, const std::string& pointer, const std::string& label,
                   int depth) {
    const auto count = static_cast<std::int64_t>(value.items().size());
    if (node.items_min && count < *node.items_min) {
      add(pointer, fmt::format("fewer than {} items", *node.items_min), "schema.items_min",
          {label, std::to_string(*node.items_min)});
    }
    if (node.items_max && count > *node.items_max) {
      add(pointer, fmt::format("more than {} items", *node.items_max), "schema.items_max",
          {label, std::to_string(*node.items_max)});
      return;
    }
    if (node.unique) {
      std::set<std::string> seen;
      for (const auto& item : value.items()) {
        if (!seen.insert(item.dump_canonical()).second) {
          add(pointer, "has the same item twice", "schema.items_unique", {label});
          break;
        }
      }
    }
    if (node.items == kNone) return;
    for (std::size_t i = 0; i < value.items().size(); ++i) {
      judge(node.items, value.items()[i], fmt::format("{}/{}", pointer, i),
            fmt::format("{} {}", label, i + 1), depth + 1);
    }
  }

  void judge_members(const Node& node, const Json& value, const std::string& pointer, int depth) {
    for (const auto& name : node.required) {
      if (value.contains(name)) continue;
      add(pointer + "/" + escape_pointer(name), "is required", "schema.required", {title_of(node, name)});
    }
    for (const auto& [name, index] : node.properties) {
      if (value.contains(name))
        judge(index, value[name], pointer + "/" + escape_pointer(name), name, depth + 1);
    }
    if (!node.closed && node.additional == kNone) return;
    for (const auto& [name, member] : value.members()) {
      if (property(node, name) != kNone) continue;
      const std::string at = pointer + "/" + escape_pointer(name);
      if (node.closed)
        add(at, "is not a known field", "schema.additional", {std::string(truncate_utf8(name, 80))});
      else
        judge(node.additional, member, at, name, depth + 1);
    }
  }

  void judge_choices(const Node& node, const Json& value, const std::string& pointer,
                     const std::string& label, int depth) {
    const auto fitting = [&](const std::vector<int>& options) {
      return std::count_if(options.begin(), options.end(), [&](int option) {
        std::vector<SchemaError> scratch;
        Judge(nodes_, scratch, steps_).judge(option, value, pointer, label, depth + 1);
        return scratch.empty();
      });
    };
    if (!node.any_of.empty() && fitting(node.any_of) == 0) {
      add(pointer, "fits none of the allowed forms", "schema.any_of", {label});
    }
    if (!node.one_of.empty() && fitting(node.one_of) != 1) {
      add(pointer, "must fit exactly one of the allowed forms", "schema.any_of", {label});
    }
  }

  static std::string shown(const Json& value) { return value.is_string() ? value.as_string() : value.dump(); }
  static int property(const Node& node, std::string_view name) {
    for (const auto& entry : node.properties) {
      if (entry.first == name) return entry.second;
    }
    return kNone;
  }
  std::string title_of(const Node& node, const std::string& name) const {
    const int index = property(node, name);
    const std::string& title = index == kNone ? name : nodes_[static_cast<std::size_t>(index)].title;
    return title.empty() ? name : title;
  }

  const std::vector<Node>& nodes_;
  std::vector<SchemaError>& errors_;
  std::size_t& steps_;
};

}  // namespace

Result<JsonSchema> JsonSchema::compile(const Json& schema) {
  auto tree = std::make_shared<Tree>();
  PHENDAU_TRY(Compiler(tree->nodes).run(schema));
  JsonSchema out;
  out.tree_ = std::move(tree);
  return out;
}

std::vector<SchemaError> JsonSchema::validate(const Json& document) const {
  std::vector<SchemaError> errors;
  std::size_t steps = 0;
  if (tree_) Judge(tree_->nodes, errors, steps).judge(0, document, "", "/", 0);
  return errors;
}

Error to_error(std::string_view context, const std::vector<SchemaError>& errors) {
  PHENDAU_ASSERT(!errors.empty());
  std::string message(context);
  for (std::size_t i = 0; i < errors.size(); ++i) {
    message += fmt::format("{}{} {}", i == 0 ? ": " : "; ",
                           errors[i].pointer.empty() ? "/" : errors[i].pointer, errors[i].reason);
  }
  return Error{ErrorCode::invalid, std::move(message), errors[0].text_id, errors[0].args};
}

bool is_ipv4(std::string_view text) {
  const auto parts = split(text, '.');
  if (parts.size() != 4) return false;
  return std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
    if (part.empty() || part.size() > 3 || part.find_first_not_of("0123456789") != std::string_view::npos)
      return false;
    if (part.size() > 1 && part[0] == '0')
      return false;  // 010 is octal to some programs: ambiguous, refused.
    return *parse_int(part) <= 255;
  });
}

bool is_ipv6(std::string_view text) {
  if (text.find(':') == std::string_view::npos || text.find(":::") != std::string_view::npos) return false;
  const std::size_t gap = text.find("::");
  if (gap != std::string_view::npos && text.find("::", gap + 1) != std::string_view::npos) return false;
  const auto groups_of = [](std::string_view part, bool last) -> int {
    if (part.empty()) return 0;
    int count = 0;
    const auto groups = split(part, ':');
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (last && i + 1 == groups.size() && groups[i].find('.') != std::string_view::npos) {
        if (!is_ipv4(groups[i])) return -100;
        count += 2;
      } else if (groups[i].empty() || groups[i].size() > 4 ||
                 groups[i].find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos) {
        return -100;
      } else {
        ++count;
      }
    }
    return count;
  };
  if (gap == std::string_view::npos) return groups_of(text, true) == 8;
  const int before = groups_of(text.substr(0, gap), false);
  const int after = groups_of(text.substr(gap + 2), true);
  return before >= 0 && after >= 0 && before + after <= 7;
}

bool is_cidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view length = text.substr(slash + 1);
  if (length.empty() || length.size() > 3 || length.find_first_not_of("0123456789") != std::string_view::npos)
    return false;
  const std::string_view address = text.substr(0, slash);
  return (is_ipv4(address) && *parse_int(length) <= 32) || (is_ipv6(address) && *parse_int(length) <= 128);
}

bool is_email(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos || at == 0 || at > 64 || text.size() > 254) return false;
  if (text.find_first_of(" \t\r\n\"<>,;:()[]\\") != std::string_view::npos) return false;
  const std::string_view domain = text.substr(at + 1);
  if (domain.find('@') != std::string_view::npos || domain.find('.') == std::string_view::npos) return false;
  const auto labels = split(domain, '.');
  return std::all_of(labels.begin(), labels.end(), [](std::string_view label) {
    return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-';
  });
}

bool is_uri(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return false;
  if (ascii_lower(text[0]) < 'a' || ascii_lower(text[0]) > 'z') return false;
  for (const char c : text.substr(0, colon)) {
    const char low = ascii_lower(c);
    if (!((low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.'))
      return false;
  }
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; }) &&
         text.find_first_of("<>\"\\^`{|}") == std::string_view::npos;
}

}  // namespace phendau
