// SPDX-License-Identifier: Apache-2.0
// Checks JSON documents against a small part of JSON Schema 2020-12: record kinds and forms of packs use it.
// A schema is compiled once; what it does not understand it refuses, so that a rule never silently does
// nothing. Known: type, enum, const, required, properties, additionalProperties, items, minItems, maxItems,
// uniqueItems, minLength, maxLength (characters), pattern, minimum, maximum, format (date, date-time, email,
// ipv4, ipv6, cidr, uri), oneOf, anyOf, $defs, $ref ("#" or "#/$defs/NAME"). Annotations without effect:
// title, description, default, examples, $schema, $comment, x-*; sentences use title, and x-titles-vi for the
// values of an enum. Immutable after compile; thread-safe. Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/texts.h"

namespace phendau {

inline constexpr std::size_t kSchemaErrorsMax = 32;        // More than fits on a screen helps nobody.
inline constexpr std::size_t kSchemaNodesMax = 4096;       // A form with more parts than this is a mistake.
inline constexpr std::size_t kSchemaStepsMax = 1'000'000;  // Ends anyOf over recursive references.
inline constexpr int kSchemaDepthMax = 64;  // Of the document and of references; ends reference loops.

struct SchemaError {
  std::string pointer;  // RFC 6901, "" is the whole document
  std::string reason;   // English, for logs and machine output
  std::string text_id;  // the sentence for people; args[0] is the field's title, or its name
  std::vector<std::string> args;

  std::string to_text(Lang lang) const { return tr(lang, text_id, args); }
};

class JsonSchema {
 public:
  /// `invalid` names the place in the schema; `limit` if it has more than kSchemaNodesMax parts.
  static Result<JsonSchema> compile(const Json& schema);

  /// Empty when the document conforms; at most kSchemaErrorsMax entries, in document order of the schema.
  std::vector<SchemaError> validate(const Json& document) const;

 private:
  struct Tree;
  std::shared_ptr<const Tree> tree_;
};

/// One `invalid` Error out of a non-empty list: all reasons as message, the first sentence as text.
Error to_error(std::string_view context, const std::vector<SchemaError>& errors);

/// The textual formats, also of use elsewhere. Source: RFC 4291, RFC 4632, RFC 3986 (scheme and no blanks
/// only).
bool is_ipv4(std::string_view text);
bool is_ipv6(std::string_view text);
bool is_cidr(std::string_view text);
bool is_email(std::string_view text);
bool is_uri(std::string_view text);

}  // namespace phendau
