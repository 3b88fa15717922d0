// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"

template class std::vector<phendau::Json>;
template struct std::pair<std::string, phendau::Json>;
template class std::vector<std::pair<std::string, phendau::Json>>;

namespace phendau {
namespace {

const Json kNull;
const std::string kEmptyString;
const Json::Array kEmptyArray;
const Json::Object kEmptyObject;

/// Builds our values from nlohmann's events, so that depth and duplicate keys are judged while parsing.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Builder(int depth_max) : depth_max_(depth_max) {}

  bool null() override { return add(Json()); }
  bool boolean(bool value) override { return add(Json(value)); }
  bool number_integer(number_integer_t value) override { return add(Json(value)); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<number_unsigned_t>(INT64_MAX)) return add(Json(static_cast<double>(value)));
    return add(Json(static_cast<std::int64_t>(value)));
  }
  bool number_float(number_float_t value, const string_t&) override { return add(Json(value)); }
  bool string(string_t& value) override { return add(Json(std::move(value))); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(true); }
  bool start_array(std::size_t) override { return open(false); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& value) override {
    Open& top = stack_.back();
    if (!top.seen.insert(value).second) {
      error =
          Error{ErrorCode::invalid, fmt::format("duplicate key '{}'", value), "json.duplicate_key", {value}};
      return false;
    }
    top.key = std::move(value);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    error_at = position;
    return false;
  }

  Json result;
  Error error{ErrorCode::invalid, "", {}, {}};
  std::size_t error_at = 0;

 private:
  /// A container that is being filled. Keys are checked in a hash set: searching the members for each would
  /// let one hostile object of many keys cost hours.
  struct Open {
    bool is_object = false;
    Json::Object members;
    Json::Array items;
    std::string key;
    std::unordered_set<std::string> seen;
  };

  bool open(bool is_object) {
    if (static_cast<int>(stack_.size()) >= depth_max_) {
      error = Error{ErrorCode::limit,
                    fmt::format("nested deeper than {} levels", depth_max_),
                    "json.too_deep",
                    {std::to_string(depth_max_)}};
      return false;
    }
    stack_.emplace_back();
    stack_.back().is_object = is_object;
    return true;
  }
  bool close() {
    Open done = std::move(stack_.back());
    stack_.pop_back();
    return add(done.is_object ? Json::from_unique_members(std::move(done.members))
                              : Json::array(std::move(done.items)));
  }
  bool add(Json value) {
    if (stack_.empty()) {
      result = std::move(value);
    } else if (stack_.back().is_object) {
      stack_.back().members.emplace_back(std::move(stack_.back().key), std::move(value));
    } else {
      stack_.back().items.push_back(std::move(value));
    }
    return true;
  }

  int depth_max_;
  std::vector<Open> stack_;
};

void append_number(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
  } else if (value == std::floor(value) && std::fabs(value) < 1e15) {
    out += fmt::format("{:.1f}", value);
  } else {
    out += fmt::format("{}", value);
  }
}

enum class Style { compact, pretty, canonical };

void write(std::string& out, const Json& json, Style style, int depth);

void line_break(std::string& out, Style style, int depth) {
  if (style != Style::pretty) return;
  out += '\n';
  out.append(static_cast<std::size_t>(depth) * 2, ' ');
}

void write_object(std::string& out, const Json& json, Style style, int depth) {
  std::vector<const Json::Member*> order;
  for (const auto& member : json.members()) order.push_back(&member);
  if (style == Style::canonical) {
    std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  }
  out += '{';
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i > 0) out += ',';
    line_break(out, style, depth + 1);
    append_json_string(out, order[i]->first);
    out += style == Style::pretty ? ": " : ":";
    write(out, order[i]->second, style, depth + 1);
  }
  if (!order.empty()) line_break(out, style, depth);
  out += '}';
}

void write(std::string& out, const Json& json, Style style, int depth) {
  if (json.is_null()) {
    out += "null";
  } else if (json.is_bool()) {
    out += json.as_bool() ? "true" : "false";
  } else if (json.is_int()) {
    out += fmt::format("{}", json.as_int());
  } else if (json.is_number()) {
    append_number(out, json.as_double());
  } else if (json.is_string()) {
    append_json_string(out, json.as_string());
  } else if (json.is_object()) {
    write_object(out, json, style, depth);
  } else {
    out += '[';
    for (std::size_t i = 0; i < json.items().size(); ++i) {
      if (i > 0) out += ',';
      line_break(out, style, depth + 1);
      write(out, json.items()[i], style, depth + 1);
    }
    if (!json.items().empty()) line_break(out, style, depth);
    out += ']';
  }
}

/// Line and column, 1-based.
std::pair<std::size_t, std::size_t> place_of(std::string_view text, std::size_t position) {
  std::size_t line = 1;
  std::size_t column = 1;
  for (std::size_t i = 0; i + 1 < position && i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++line;
      column = 1;
    } else {
      ++column;
    }
  }
  return {line, column};
}

}  // namespace

Json::Json(std::nullptr_t) noexcept {}
Json::Json(bool value) : value_(value) {}
Json::Json(int value) : value_(std::int64_t{value}) {}
Json::Json(std::int64_t value) : value_(value) {}
Json::Json(std::uint64_t value) : value_(static_cast<std::int64_t>(value)) {}
Json::Json(std::uint32_t value) : value_(std::int64_t{value}) {}
Json::Json(double value) : value_(value) {}
Json::Json(const char* value) : value_(std::string(value)) {}
Json::Json(std::string_view value) : value_(std::string(value)) {}
Json::Json(std::string value) : value_(std::move(value)) {}
Json::Json(std::vector<Json> value) : value_(std::move(value)) {}
Json::Json(const Json& other) = default;
Json::Json(Json&& other) noexcept = default;
Json& Json::operator=(const Json& other) = default;
Json& Json::operator=(Json&& other) noexcept = default;
Json::~Json() = default;

Json Json::array(Array items) { return Json(std::move(items)); }

Json Json::object(std::initializer_list<Member> members) {
  Json out;
  out.value_ = Object();
  for (const auto& member : members) out.set(member.first, member.second);
  return out;
}

Json Json::from_unique_members(Object members) {
  Json out;
  out.value_ = std::move(members);
  return out;
}

bool Json::as_bool(bool fallback) const { return is_bool() ? std::get<bool>(value_) : fallback; }
std::int64_t Json::as_int(std::int64_t fallback) const {
  if (is_int()) return std::get<std::int64_t>(value_);
  if (const auto* number = std::get_if<double>(&value_)) {
    if (*number >= -9e18 && *number <= 9e18) return static_cast<std::int64_t>(*number);
  }
  return fallback;
}
double Json::as_double(double fallback) const {
  if (is_int()) return static_cast<double>(std::get<std::int64_t>(value_));
  const auto* number = std::get_if<double>(&value_);
  return number != nullptr ? *number : fallback;
}
const std::string& Json::as_string() const {
  return is_string() ? std::get<std::string>(value_) : kEmptyString;
}
std::string Json::string_or(std::string_view fallback) const {
  return is_string() ? as_string() : std::string(fallback);
}
const Json::Array& Json::items() const { return is_array() ? std::get<Array>(value_) : kEmptyArray; }
const Json::Object& Json::members() const { return is_object() ? std::get<Object>(value_) : kEmptyObject; }

const Json& Json::operator[](std::string_view key) const {
  for (const auto& member : members()) {
    if (member.first == key) return member.second;
  }
  return kNull;
}

const Json& Json::at_path(std::string_view dotted) const {
  const Json* at = this;
  for (const std::string_view part : split(dotted, '.')) at = &(*at)[part];
  return *at;
}

bool Json::contains(std::string_view key) const {
  return std::any_of(members().begin(), members().end(),
                     [&](const Member& member) { return member.first == key; });
}

std::size_t Json::size() const { return is_array() ? items().size() : members().size(); }

Json* Json::find(std::string_view key) {
  if (!is_object()) return nullptr;
  for (auto& member : std::get<Object>(value_)) {
    if (member.first == key) return &member.second;
  }
  return nullptr;
}

Json& Json::set(std::string_view key, Json value) {
  if (is_null()) value_ = Object();
  PHENDAU_ASSERT(is_object());
  if (Json* existing = find(key)) {
    *existing = std::move(value);
  } else {
    std::get<Object>(value_).emplace_back(std::string(key), std::move(value));
  }
  return *this;
}

void Json::erase(std::string_view key) {
  if (is_object())
    std::erase_if(std::get<Object>(value_), [&](const Member& member) { return member.first == key; });
}

Json& Json::push(Json value) {
  if (is_null()) value_ = Array();
  PHENDAU_ASSERT(is_array());
  std::get<Array>(value_).push_back(std::move(value));
  return *this;
}

bool operator==(const Json& a, const Json& b) {
  if (a.is_object() && b.is_object()) {
    return a.size() == b.size() &&
           std::all_of(a.members().begin(), a.members().end(), [&](const Json::Member& member) {
             return b.contains(member.first) && b[member.first] == member.second;
           });
  }
  return a.value_ == b.value_;
}

std::string Json::dump() const {
  std::string out;
  write(out, *this, Style::compact, 0);
  return out;
}
std::string Json::dump_pretty() const {
  std::string out;
  write(out, *this, Style::pretty, 0);
  return out;
}
std::string Json::dump_canonical() const {
  std::string out;
  write(out, *this, Style::canonical, 0);
  return out;
}

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.size_bytes_max) {
    return fail(ErrorCode::limit,
                fmt::format("JSON of {} bytes; at most {}", text.size(), limits.size_bytes_max),
                "json.too_large", {std::to_string(limits.size_bytes_max)});
  }
  Builder builder(limits.depth_max);
  if (nlohmann::json::sax_parse(text, &builder)) return std::move(builder.result);
  if (!builder.error.message.empty()) return std::unexpected(builder.error);
  const auto [line, column] = place_of(text, builder.error_at);
  return fail(ErrorCode::invalid, fmt::format("JSON syntax error at line {} column {}", line, column),
              "json.syntax", {std::to_string(line), std::to_string(column)});
}

void append_json_string(std::string& out, std::string_view text) {
  const auto is_plain = [](char c) {
    return static_cast<signed char>(c) >= 0x20 && c != 0x7f && c != '"' && c != '\\';
  };
  out += '"';
  for (std::size_t pos = 0; pos < text.size();) {
    std::size_t end = pos;
    while (end < text.size() && is_plain(text[end])) ++end;
    out.append(text, pos, end - pos);
    pos = end;
    if (pos == text.size()) break;
    const auto c = static_cast<unsigned char>(text[pos]);
    if (c >= 0x80) {
      const std::size_t length = utf8_sequence_length(text, pos);
      if (length == 0)
        out += "\xEF\xBF\xBD";
      else
        out.append(text, pos, length);
      pos += std::max<std::size_t>(1, length);
      continue;
    }
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    }
    ++pos;
  }
  out += '"';
}

Json texts_json(const std::vector<std::string>& texts) {
  Json out = Json::array();
  for (const auto& text : texts) out.push(text);
  return out;
}

std::vector<std::string> texts_from(const Json& json) {
  std::vector<std::string> out;
  for (const auto& item : json.items()) out.push_back(item.as_string());
  return out;
}

}  // namespace phendau
