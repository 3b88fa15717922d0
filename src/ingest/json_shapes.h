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
    std::uint32_t sign = 0;  // of its value
    bool is_container = false;
  };

  /// Whether the text is a valid document of this shape.
  /// @param tape with the signs of a text; as many as this shape has
  bool fits(const JsonTape& tape) const;
  const std::vector<Member>& members() const { return members_; }

 private:
  friend class JsonShapes;
  /// What stands between two values: `,"name":"`. The quote that opens the next value is part of it, the one
  /// that closes the value before is not.
  struct Run {
    std::uint32_t sign = 0;  // its first
    std::uint32_t count = 0;
    std::uint32_t begin = 0;  // in text_
    std::uint32_t size = 0;
    bool scalar_follows = false;  // a number, true, false or null; its sign is the run's last
  };
  std::vector<Run> runs_;
  std::string text_;
  std::vector<std::uint32_t> distances_;  // by sign, from the first of its run
  std::vector<Member> members_;
};

class JsonShapes {
 public:
  using Id = std::uint32_t;
  static constexpr Id kNone = 0xFFFF'FFFF;

  /// The shape of the text whose signs were read, or kNone.
  Id find(const JsonTape& tape);
  /// A new shape; kNone if it is too large, if there are too many, or if names have escapes.
  /// @param tape after build(), which found no error; the root is an object
  Id learn(const JsonTape& tape);
  const JsonShape& operator[](Id id) const { return *shapes_[id]; }
  void clear();

 private:
  static constexpr std::size_t kShapesMax = 1'024;
  static constexpr std::size_t kSignsMax = 1'024;       // of one
  static constexpr std::size_t kTextBytesMax = 16'384;  // of one
  static constexpr std::size_t kTriesMax = 16;          // shapes with as many signs

  std::vector<std::unique_ptr<const JsonShape>> shapes_;
  std::vector<std::vector<Id>> by_count_;  // of signs; those seen last come first
};

}  // namespace phendau::ingest
