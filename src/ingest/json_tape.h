// SPDX-License-Identifier: Apache-2.0
// One JSON text, checked as a whole and then read as values. Strings stay as they stand in the text until
// somebody asks for them: most are compared with what is known and never needed. Adapter: json_tape.cpp is
// the only user of simdjson, whose first stage finds quotes, brackets and commas and checks UTF-8; the second
// is ours. Internal to ingest; one object per thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/json_marks.h"

namespace phendau::ingest {

class JsonTape;
template <class Step>
class JsonRange;

enum class JsonKind : std::uint8_t { null, boolean, integer, real, string, array, object };

/// A value of a tape; valid until the tape reads again.
class JsonValue {
 public:
  JsonValue() = default;
  JsonValue(JsonTape& tape, std::uint32_t at) : tape_(&tape), at_(at) {}

  JsonKind kind() const;
  bool is_object() const { return kind() == JsonKind::object; }
  bool is_array() const { return kind() == JsonKind::array; }
  bool is_null() const { return kind() == JsonKind::null; }
  /// Text of a string; other scalars as they are written. Empty for arrays and objects.
  std::string_view text() const;
  /// A scalar's bytes as they stand in the JSON text, without quotes.
  std::string_view written() const;
  /// text() of a string, else empty.
  std::string_view string() const { return kind() == JsonKind::string ? text() : std::string_view(); }

  /// Over the items of an array.
  struct ItemStep;
  JsonRange<ItemStep> items() const;
  /// Over the members of an object.
  struct MemberStep;
  JsonRange<MemberStep> members() const;
  /// The first member of the name; false if there is none or this is no object.
  bool find(std::string_view name, JsonValue& out) const;

 private:
  JsonTape* tape_ = nullptr;
  std::uint32_t at_ = 0;
};

/// What stands before a value, and what kind of value: records of one program differ in values alone.
struct JsonPiece {
  enum class Follows : std::uint8_t { string, other_scalar, nothing };
  std::uint32_t size = 0;  // of the text, with the quote that opens the value
  Follows follows = Follows::nothing;
};

class JsonTape {
 public:
  JsonTape();
  ~JsonTape();

  /// Empty, or the parse_error. Views and values refer to `text` and to this object.
  /// @param text NUL bytes and line ends after the document are not expected; white space is.
  /// @param valid becomes false if bytes that are no UTF-8, or halves of surrogates, were replaced.
  std::string_view read(std::string_view text, bool& valid);
  JsonValue root() { return {*this, 0}; }

  /// The first half of read(): one look at all bytes. Then either build(), or, if somebody knows what stands
  /// there, take_values().
  void look(std::string_view text);
  std::string_view text() const { return text_; }
  const JsonMarks::Summary& summary() const { return marks_.summary(); }
  /// Whether it is UTF-8 without escapes like \u0041, so that values may be taken.
  bool is_plain() const;
  /// Values between pieces that are known; they become the tokens 0, 1, ... False if the text is another.
  /// Whoever asks knows that only the pieces have control characters.
  /// @param pieces the last is followed by nothing
  /// @param fixed their texts, one after another: of a valid document
  bool take_values(std::span<const JsonPiece> pieces, std::string_view fixed);
  /// The second half: what the signs mean.
  std::string_view build(bool& valid);

  /// Whether a text has an escape like \u0041.
  bool has_code_units() const { return has_code_units_; }
  /// Scalars, keys and containers.
  std::size_t tokens() const { return token_count_; }
  /// What flattened names have at most: bytes of the longest key times levels.
  std::size_t path_bytes_max() const { return (key_bytes_max_ + 1) * (depth_max_ + 1); }

 private:
  friend class JsonValue;
  friend struct JsonValue::ItemStep;
  friend struct JsonValue::MemberStep;
  /// A container is followed by what it holds, the members of an object by key and value.
  struct Token {
    std::uint32_t begin = 0;  // in the text, without quotes
    std::uint32_t end = 0;
    /// Of a container the token after it; of a string its place in plain_.
    std::uint32_t next = 0;
    JsonKind kind = JsonKind::null;
    enum class Form : std::uint8_t { as_written, not_looked_at, plain } form = Form::as_written;
    std::uint32_t plain_size = 0;
  };
  struct Index;  // simdjson's
  struct Cursor;

  /// The token after the value.
  std::uint32_t after(std::uint32_t at) const {
    return tokens_[at].kind < JsonKind::array ? at + 1 : tokens_[at].next;
  }
  std::string_view index(bool& valid);
  /// Places of brackets, commas, colons, quotes that open and first bytes of other scalars; beyond them one
  /// more, the size of the text.
  std::span<const std::uint32_t> signs() const;
  std::uint32_t end_of(const std::uint32_t* sign) const;
  bool check_escapes(bool& valid);
  void make_plain(Token& token, std::uint32_t first_escape);
  std::string_view written_of(std::uint32_t at) const {
    const Token& token = tokens_[at];
    return {text_.data() + token.begin, token.end - token.begin};
  }
  std::string_view text_of(std::uint32_t at) {
    Token& token = tokens_[at];
    if (token.form == Token::Form::as_written) return written_of(at);
    if (token.form == Token::Form::not_looked_at) {
      const std::uint32_t first = marks_.next_escape(token.begin, token.end);
      if (first == token.end) {
        token.form = Token::Form::as_written;
        return written_of(at);
      }
      make_plain(token, first);
    }
    return {plain_.get() + token.next, token.plain_size};
  }

  std::unique_ptr<Index> index_;
  std::string_view text_;
  std::string replaced_;  // the text where it had to be changed
  std::vector<Token> tokens_;
  std::size_t token_count_ = 0;
  std::vector<std::uint32_t> open_;  // containers, outermost first
  JsonMarks marks_;
  std::size_t key_bytes_max_ = 0;
  std::size_t depth_max_ = 0;
  bool has_code_units_ = false;
  /// Unescaped texts. Together they are never longer than the text, so that they do not move.
  std::unique_ptr<char[]> plain_;
  std::size_t plain_room_ = 0;
  std::size_t plain_size_ = 0;
};

/// Of the tokens from one to another, with what steps over them.
template <class Step>
class JsonRange {
 public:
  struct Iterator {
    JsonTape* tape;
    std::uint32_t at;
    auto operator*() const { return Step::get(*tape, at); }
    Iterator& operator++() {
      at = Step::after(*tape, at);
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at != other.at; }
  };
  JsonRange(JsonTape& tape, std::uint32_t begin, std::uint32_t end)
      : tape_(&tape), begin_(begin), end_(end) {}
  Iterator begin() const { return {tape_, begin_}; }
  Iterator end() const { return {tape_, end_}; }

 private:
  JsonTape* tape_;
  std::uint32_t begin_;
  std::uint32_t end_;
};

struct JsonValue::ItemStep {
  static JsonValue get(JsonTape& tape, std::uint32_t at) { return {tape, at}; }
  static std::uint32_t after(JsonTape& tape, std::uint32_t at) { return tape.after(at); }
};

/// From key to key.
struct JsonValue::MemberStep {
  struct Member {
    std::string_view key;
    JsonValue value;
  };
  static Member get(JsonTape& tape, std::uint32_t at) { return {tape.text_of(at), {tape, at + 1}}; }
  static std::uint32_t after(JsonTape& tape, std::uint32_t at) { return tape.after(at + 1); }
};

inline JsonKind JsonValue::kind() const { return tape_->tokens_[at_].kind; }
inline std::string_view JsonValue::written() const { return tape_->written_of(at_); }
inline std::string_view JsonValue::text() const { return tape_->text_of(at_); }
inline JsonRange<JsonValue::ItemStep> JsonValue::items() const {
  return {*tape_, at_ + 1, is_array() ? tape_->after(at_) : at_ + 1};
}
inline JsonRange<JsonValue::MemberStep> JsonValue::members() const {
  return {*tape_, at_ + 1, is_object() ? tape_->after(at_) : at_ + 1};
}

}  // namespace phendau::ingest
