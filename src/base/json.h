// SPDX-License-Identifier: Apache-2.0
// JSON values for settings, records and the API: one small value type, a bounded parser with error positions,
// and a deterministic writer. The hot path (NDJSON events) uses simdjson inside ingest/ instead. Adapter:
// json.cpp is the only file that includes nlohmann-json. Thread-safe: plain values.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace phendau {

class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  /// Members in the order they were added; keys are unique (set() replaces, a parsed duplicate is an error).
  using Object = std::vector<Member>;

  // Members that make or end the variant live in json.cpp: compiled once, not in every file.
  Json() = default;               // null
  Json(std::nullptr_t) noexcept;  // NOLINT(google-explicit-constructor): values read like JSON
  Json(bool value);               // NOLINT(google-explicit-constructor)
  Json(int value);                // NOLINT(google-explicit-constructor)
  Json(std::int64_t value);       // NOLINT(google-explicit-constructor)
  Json(std::uint64_t value);      // NOLINT(google-explicit-constructor)
  Json(std::uint32_t value);      // NOLINT(google-explicit-constructor)
  Json(double value);             // NOLINT(google-explicit-constructor)
  Json(const char* value);        // NOLINT(google-explicit-constructor)
  Json(std::string_view value);   // NOLINT(google-explicit-constructor)
  Json(std::string value);        // NOLINT(google-explicit-constructor)
  Json(std::vector<Json> value);  // NOLINT(google-explicit-constructor)
  Json(const Json& other);
  Json(Json&& other) noexcept;
  Json& operator=(const Json& other);
  Json& operator=(Json&& other) noexcept;
  ~Json();

  static Json array(Array items = {});
  static Json object(std::initializer_list<Member> members = {});
  /// Takes members whose keys the caller knows to be unique: for parsers, where set() would cost a search
  /// each.
  static Json from_unique_members(Object members);

  bool is_null() const { return value_.index() == 0; }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_int() const { return std::holds_alternative<std::int64_t>(value_); }
  bool is_number() const { return is_int() || std::holds_alternative<double>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }

  /// Value, or the fallback when the kind differs. Never throw.
  bool as_bool(bool fallback = false) const;
  std::int64_t as_int(std::int64_t fallback = 0) const;
  double as_double(double fallback = 0) const;
  const std::string& as_string() const;  // "" when not a string
  std::string string_or(std::string_view fallback) const;
  const Array& items() const;     // empty when not an array
  const Object& members() const;  // empty when not an object

  /// Member by key, or a shared null. O(members).
  const Json& operator[](std::string_view key) const;
  /// Nested member: at_path("a.b.c").
  const Json& at_path(std::string_view dotted) const;
  bool contains(std::string_view key) const;
  std::size_t size() const;

  /// Turn null into an object or array as needed; assert on other kinds.
  Json& set(std::string_view key, Json value);
  void erase(std::string_view key);
  Json& push(Json value);
  Json* find(std::string_view key);

  friend bool operator==(const Json& a, const Json& b);  // objects compare without regard to order

  /// Compact, members in insertion order, non-ASCII as UTF-8, invalid UTF-8 bytes as U+FFFD.
  std::string dump() const;
  std::string dump_pretty() const;
  /// Members sorted by key: the form that digests are taken of. Source: the idea of RFC 8785, without its
  /// numbers.
  std::string dump_canonical() const;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

struct JsonLimits {
  std::size_t size_bytes_max = 16u << 20;
  int depth_max = 64;
};
/// Parses one value; `invalid` says line and column, `limit` says which limit.
Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});
/// A list of texts, and back: an item that is no text becomes an empty one, what is no list has no items.
Json texts_json(const std::vector<std::string>& texts);
std::vector<std::string> texts_from(const Json& json);
/// Appends `text` as a JSON string with quotes.
void append_json_string(std::string& out, std::string_view text);

}  // namespace phendau

extern template class std::vector<phendau::Json>;
extern template struct std::pair<std::string, phendau::Json>;
extern template class std::vector<std::pair<std::string, phendau::Json>>;
