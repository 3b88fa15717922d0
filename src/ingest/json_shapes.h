// SPDX-License-Identifier: Apache-2.0
// Shapes of JSON objects: the same text around other values. Programs write few; whether a record has a shape
// that is known is seen by comparing, and then it is known where each member stands without taking the record
// apart. Internal to ingest; one object per thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/json_tape.h"

namespace phendau::ingest {

class JsonShape {
 public:
  /// Of the outermost object.
  struct Member {
    std::string name;
    std::uint32_t token = 0;  // of its value, if it is no container
    bool is_container = false;
  };

  /// Whether the text is a valid document of this shape; its values are the tape's tokens then.
  /// @param tape that looked at a plain text, with as many quotes as this shape has
  bool fits(JsonTape& tape) const {
    return tape.summary().controls == controls_ && tape.take_values(pieces_, text_);
  }
  const std::vector<Member>& members() const { return members_; }

 private:
  friend class JsonShapes;
  void add_value(std::string_view document, JsonValue value, std::size_t& at);

  std::vector<JsonPiece> pieces_;
  std::string text_;  // of the pieces
  std::uint32_t controls_ = 0;
  std::vector<Member> members_;
};

class JsonShapes {
 public:
  using Id = std::uint32_t;
  static constexpr Id kNone = 0xFFFF'FFFF;

  /// The shape of the plain text that was looked at, or kNone.
  Id find(JsonTape& tape);
  /// A new shape; kNone if it is too large, if there are too many, or if names have escapes.
  /// @param tape after build(), which found no error; the root is an object
  Id learn(JsonTape& tape);
  const JsonShape& operator[](Id id) const { return *shapes_[id]; }
  void clear();

 private:
  static constexpr std::size_t kShapesMax = 1'024;
  static constexpr std::size_t kQuotesMax = 1'024;      // of one
  static constexpr std::size_t kValuesMax = 512;        // of one
  static constexpr std::size_t kTextBytesMax = 16'384;  // of one
  static constexpr std::size_t kTriesMax = 16;          // shapes with as many quotes

  std::vector<std::unique_ptr<const JsonShape>> shapes_;
  std::vector<std::vector<Id>> by_quotes_;  // those seen last come first
};

}  // namespace phendau::ingest
