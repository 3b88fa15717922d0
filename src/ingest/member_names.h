// SPDX-License-Identifier: Apache-2.0
// What an NDJSON decoder remembers of the members of its records. Names: records of one program have the same
// ones in the same order, so that a name is mostly the one that followed last time, and its column is known.
// Values: most come again within a batch, and what is written alike needs neither be unescaped nor looked up.
// Internal to ingest; one thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ascii.h"
#include "ingest/json_tape.h"
#include "model/batch.h"

namespace phendau::ingest {

class MemberNames {
 public:
  using Id = std::uint32_t;
  static constexpr Id kNone = 0xFFFF'FFFF;

  /// Names that came after one, the newest first: kinds of records differ in a few places.
  using Followers = std::array<Id, 3>;
  static constexpr Followers kNoFollowers = {kNone, kNone, kNone};

  struct Name {
    std::string_view text;  // a key of ids_
    Followers next = kNoFollowers;
    std::uint8_t told = 0;    // told_of()
    Id inside = kNone;        // without spaces: names of what is flattened begin so
    Id field = kNone;         // the name of its field
    bool asked = false;       // asks_windows_field()
    std::uint32_t batch = 0;  // for which `column` holds
    std::size_t column = 0;
  };

  /// @param told_of what a member of the name says of the record, as the caller counts it
  explicit MemberNames(std::uint8_t (*told_of)(std::string_view)) : told_of_(told_of) {}

  /// Call before each record, as FieldColumns::follow(). Names may be many, if somebody wants that.
  void follow(const BatchBuilder& builder) {
    if (names_.size() > kNamesMax || text_bytes_ > kTextBytesMax) {
      const std::uint32_t next = generation_ + 1;
      *this = MemberNames(told_of_);
      generation_ = next;
    }
    if (builder.rows() != rows_ || &builder != builder_ || rows_ == 0) {
      ++batch_;
      written_.clear();
    }
    builder_ = &builder;
    rows_ = builder.rows() + 1;
    last_ = kNone;
  }
  /// Names one after another, as they stand in the record.
  Id next(std::string_view text) {
    Followers& guess = last_ == kNone ? first_ : names_[last_].next;
    for (const Id id : guess) {
      if (id != kNone && equal_bytes(names_[id].text, text)) return last_ = id;
    }
    const Id known = id_of(text);  // may move what `guess` refers to
    Followers& followers = last_ == kNone ? first_ : names_[last_].next;
    std::rotate(followers.begin(), followers.end() - 1, followers.end());
    followers.front() = known;
    return last_ = known;
  }
  Id id_of(std::string_view text);
  /// Changes when all names are forgotten: ids mean other names then.
  std::uint32_t generation() const { return generation_; }
  std::size_t size() const { return names_.size(); }
  const Name& operator[](Id id) const { return names_[id]; }
  std::size_t column(Id id, BatchBuilder& builder) {
    Name& name = names_[id];
    if (name.batch != batch_) {
      name.column = builder.column_index(name.text);
      name.batch = batch_;
      values_[id] = {};
    }
    return name.column;
  }

  /// Value of the name's column that was written so, or kAbsent. Call column() before, for both.
  ValueId find_value(Id name, std::string_view written, JsonKind kind) {
    Values& values = values_[name];
    const Value& known = values.slots[slot_of(written)];
    const bool same = known.id != kAbsent && known.kind == kind && known.size == written.size() &&
                      equal_bytes(written_.data() + known.begin, written.data(), written.size());
    ++(same ? values.found : values.missed);
    return same ? known.id : kAbsent;
  }
  void keep_value(Id name, std::string_view written, JsonKind kind, ValueId id) {
    Values& values = values_[name];
    // A member that seldom repeats itself, as a message with a time in it, is not worth the copying.
    if (values.missed > kMissesMin && values.found < values.missed / 8) return;
    if (written.size() > kValueBytesMax || written_.size() + written.size() > kWrittenBytesMax) return;
    values.slots[slot_of(written)] = {id, static_cast<std::uint32_t>(written_.size()),
                                      static_cast<std::uint32_t>(written.size()), kind};
    written_ += written;
  }

 private:
  struct Value {
    ValueId id = kAbsent;
    std::uint32_t begin = 0;  // in written_
    std::uint32_t size = 0;
    JsonKind kind = JsonKind::null;
  };
  static constexpr int kSlotBits = 4;  // values kept per name; a clash forgets the older one
  struct Values {
    std::array<Value, 1u << kSlotBits> slots;
    std::uint32_t found = 0;
    std::uint32_t missed = 0;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  static constexpr std::size_t kNamesMax = 4'096;
  static constexpr std::size_t kTextBytesMax = 4u << 20;  // of names; one may be as long as a record
  static constexpr std::uint32_t kMissesMin = 64;
  static constexpr std::size_t kValueBytesMax = 2'048;
  static constexpr std::size_t kWrittenBytesMax = 4u << 20;

  static std::size_t slot_of(std::string_view text) {
    constexpr std::uint64_t kMix = 0x9E37'79B9'7F4A'7C15u;
    std::uint64_t end = 0;  // numbers and paths differ there
    if (text.size() >= sizeof end)
      std::memcpy(&end, text.data() + text.size() - sizeof end, sizeof end);
    else
      for (const char c : text) end = end << 8 | static_cast<unsigned char>(c);
    return (end * kMix + text.size() * kMix) >> (64 - kSlotBits);
  }

  std::uint8_t (*told_of_)(std::string_view);
  std::unordered_map<std::string, Id, Hash, std::equal_to<>> ids_;
  std::size_t text_bytes_ = 0;  // of all ids_
  std::vector<Name> names_;
  std::vector<Values> values_;  // by name
  std::string written_;
  Followers first_ = kNoFollowers;
  Id last_ = kNone;
  const BatchBuilder* builder_ = nullptr;
  std::uint32_t rows_ = 0;
  std::uint32_t batch_ = 0;
  std::uint32_t generation_ = 0;
};

}  // namespace phendau::ingest
