// SPDX-License-Identifier: Apache-2.0
// The idea: between two signs that simdjson's first stage reports there is either one string with its closing
// quote, or one other scalar, and white space. So a string costs nothing but the look at where it ends; all
// escapes are found and checked in one pass, and only strings that somebody asks for are unescaped.
#include "ingest/json_tape.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>

#include <simdjson.h>

#include "base/ascii.h"
#include "base/text.h"
#include "base/unicode.h"
#include "ingest/limits.h"
#include "ingest/parse_error.h"
#include "ingest/utf16.h"

namespace phendau::ingest {
namespace {

constexpr std::uint32_t kNoCodeUnit = 0xFFFF'FFFF;
constexpr std::size_t kLane = 16;
constexpr std::size_t kDigitsThatFit = 18;  // into an integer

/// Four hexadecimal digits, or kNoCodeUnit.
std::uint32_t code_unit(std::string_view digits) {
  if (digits.size() < 4) return kNoCodeUnit;
  std::uint32_t value = 0;
  const auto done = std::from_chars(digits.data(), digits.data() + 4, value, 16);
  return done.ec == std::errc() && done.ptr == digits.data() + 4 ? value : kNoCodeUnit;
}

/// By the sign after the backslash; 0 for \u and for what is no escape.
constexpr std::array<char, 256> kPlainOfEscape = [] {
  std::array<char, 256> out{};
  out['"'] = '"';
  out['\\'] = '\\';
  out['/'] = '/';
  out['b'] = '\b';
  out['f'] = '\f';
  out['n'] = '\n';
  out['r'] = '\r';
  out['t'] = '\t';
  return out;
}();

/// Copies so many bytes; parts of paths are short, so that a call would take longer. Both sides have room for
/// kLane bytes, but what is read ends at `beyond`.
char* copy_short(const char* from, std::size_t size, char* to, const char* beyond) {
  if (size <= kLane && from + kLane <= beyond)
    std::memcpy(to, from, kLane);
  else
    std::memcpy(to, from, size);
  return to + size;
}

/// What \u begins: its bytes in the text, and the character.
struct Escape {
  std::uint32_t size = 0;  // 0: no escape
  char32_t character = 0;
  bool half = false;  // of a surrogate, without the other: character is U+FFFD
};

Escape read_escape(std::string_view text) {
  if (text.size() < 6 || text[1] != 'u') return {};
  const std::uint32_t unit = code_unit(text.substr(2));
  if (unit == kNoCodeUnit) return {};
  if (!is_high_half(unit) && !is_low_half(unit)) return {6, static_cast<char32_t>(unit), false};
  if (is_high_half(unit) && text.size() >= 12 && text[6] == '\\' && text[7] == 'u') {
    const std::uint32_t low = code_unit(text.substr(8));
    if (is_low_half(low)) return {12, static_cast<char32_t>(joined_halves(unit, low)), false};
  }
  return {6, U'\uFFFD', true};
}

bool fits_integer(std::string_view text) {
  std::uint64_t positive = 0;
  std::int64_t negative = 0;
  const char* end = text.data() + text.size();
  return (text.starts_with('-') ? std::from_chars(text.data(), end, negative).ec
                                : std::from_chars(text.data(), end, positive).ec) == std::errc();
}

/// False if it is no number by JSON's grammar, which is narrower than that of from_chars.
bool number_kind_of(std::string_view text, JsonKind& kind) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const auto digits = [&] {
    const std::size_t begin = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - begin;
  };
  const bool begins_with_zero = at < text.size() && text[at] == '0';
  const std::size_t whole = digits();
  if (whole == 0 || (begins_with_zero && whole > 1)) return false;
  if (at == text.size()) {
    kind = whole <= kDigitsThatFit || fits_integer(text) ? JsonKind::integer : JsonKind::real;
    return true;
  }
  kind = JsonKind::real;
  if (text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Of what is neither string nor container; false if it is nothing.
bool scalar_kind_of(std::string_view text, JsonKind& kind) {
  if (text == "true" || text == "false") {
    kind = JsonKind::boolean;
    return true;
  }
  return text == "null" || number_kind_of(text, kind);
}

/// How many digits the text begins with.
std::uint32_t digits_of(std::string_view text) {
  std::uint32_t size = 0;
  std::uint64_t word = 0;
  if (text.size() >= sizeof word) {
    constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101u;
    std::memcpy(&word, text.data(), sizeof word);
    word ^= kOnes * '0';  // digits are below 10 now
    const std::uint64_t others = (word | (word + kOnes * (0x80 - 10))) & (kOnes * 0x80);
    if (others != 0) return static_cast<std::uint32_t>(std::countr_zero(others) / 8);
  }
  while (size < text.size() && is_digit(text[size])) ++size;
  return size;
}

/// Bytes of the scalar, but for a string, that the text begins with, and its kind; zero if it begins with
/// none, or with what is none.
std::uint32_t take_scalar(std::string_view text, JsonKind& kind) {
  const auto is_in_scalar = [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '+' || c == 'E';
  };
  std::uint32_t size = digits_of(text);
  const bool is_short = size > 0 && size <= kDigitsThatFit && size < text.size() && !is_in_scalar(text[size]);
  if (is_short && (size == 1 || text[0] != '0')) {
    kind = JsonKind::integer;
    return size;
  }
  while (size < text.size() && is_in_scalar(text[size])) ++size;
  return scalar_kind_of(text.substr(0, size), kind) ? size : 0;
}

}  // namespace

struct JsonTape::Index {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;
};

JsonTape::JsonTape() : index_(std::make_unique<Index>()) {}
JsonTape::~JsonTape() = default;

/// Signs of the text; invalid UTF-8 is replaced first. Empty, or the parse_error.
std::string_view JsonTape::index(bool& valid) {
  constexpr std::size_t kBytesAtFirst = 64u << 10;
  auto& stage = index_->stage;
  const auto run = [&] {
    if (stage == nullptr || stage->capacity() < text_.size()) {
      const std::size_t room = std::max(text_.size(), kBytesAtFirst);
      if (simdjson::get_active_implementation()->create_dom_parser_implementation(room, kJsonDepthMax, stage))
        return simdjson::MEMALLOC;
    }
    return stage->stage1(reinterpret_cast<const std::uint8_t*>(text_.data()), text_.size(),
                         simdjson::stage1_mode::regular);
  };
  simdjson::error_code error = run();
  if (error == simdjson::UTF8_ERROR) {
    valid = false;
    replaced_ = to_valid_utf8(text_);
    look(replaced_);
    error = run();
  }
  return error ? parse_error::kBadJson : std::string_view();
}

std::string_view JsonTape::read(std::string_view text, bool& valid) {
  look(text);
  return build(valid);
}

void JsonTape::look(std::string_view text) {
  text_ = text;
  marks_.mark(text_);
  if (plain_room_ >= text_.size() + kLane) return;
  plain_room_ = std::max(text_.size() + kLane, 2 * plain_room_);
  plain_.reset(new char[plain_room_]);
}

bool JsonTape::is_plain() const {
  return summary().single_escapes &&
         (summary().is_ascii || simdjson::validate_utf8(text_.data(), text_.size()));
}

bool JsonTape::take_values(std::span<const JsonPiece> pieces, std::string_view fixed) {
  const char* const text = text_.data();
  const auto size = static_cast<std::uint32_t>(text_.size());
  if (tokens_.size() < pieces.size()) tokens_.resize(pieces.size());
  plain_size_ = 0;
  const char* wanted = fixed.data();
  Token* out = tokens_.data();
  std::uint32_t at = 0;
  for (const JsonPiece& piece : pieces) {
    if (piece.size > size - at || !equal_bytes(text + at, wanted, piece.size)) return false;
    at += piece.size;
    wanted += piece.size;
    const std::uint32_t begin = at;
    if (piece.follows == JsonPiece::Follows::string) {
      at = marks_.next_quote(begin, size);
      *out++ = {begin, at, 0, JsonKind::string, Token::Form::not_looked_at};
    } else if (piece.follows == JsonPiece::Follows::other_scalar) {
      JsonKind kind = JsonKind::null;
      at += take_scalar(text_.substr(begin), kind);
      if (at == begin) return false;
      *out++ = {begin, at, 0, kind};
    }
  }
  return at == size;
}

std::span<const std::uint32_t> JsonTape::signs() const {
  return {index_->stage->structural_indexes.get(), index_->stage->n_structural_indexes};
}

/// Whether each is one; a backslash outside of a string is an error that build() finds.
bool JsonTape::check_escapes(bool& valid) {
  const auto end = static_cast<std::uint32_t>(text_.size());
  for (std::uint32_t at = marks_.next_escape(0, end); at < end; at = marks_.next_escape(at + 1, end)) {
    if (at + 1 < end && kPlainOfEscape[static_cast<unsigned char>(text_[at + 1])] != 0) continue;
    const Escape escape = read_escape(text_.substr(at));
    if (escape.size == 0) return false;
    has_code_units_ = true;
    if (escape.half) valid = false;
    at += escape.size - 1;
  }
  return true;
}

/// Where what begins at this sign ends: before the next one, without white space.
std::uint32_t JsonTape::end_of(const std::uint32_t* sign) const {
  std::uint32_t at = sign[1];
  while (is_space(text_[at - 1])) --at;
  return at;
}

/// Where we are in the signs.
struct JsonTape::Cursor {
  const char* text;
  const std::uint32_t* signs;  // one beyond the last is the size of the text
  const std::uint32_t* end;    // of the signs
  Token* out;

  bool is_at(char c) const { return signs < end && text[*signs] == c; }
};

/// Tokens of the whole text; empty, or the parse_error.
std::string_view JsonTape::build(bool& valid) {
  if (text_.empty()) return parse_error::kEmpty;
  if (const auto error = index(valid); !error.empty()) return error;
  has_code_units_ = false;
  if (!summary().single_escapes && !check_escapes(valid)) return parse_error::kBadJson;
  const auto all = signs();
  if (tokens_.size() < all.size()) tokens_.resize(all.size());
  Cursor cursor{text_.data(), all.data(), all.data() + all.size(), tokens_.data()};
  plain_size_ = 0;
  open_.clear();
  depth_max_ = 0;
  std::uint32_t key_bytes_max = 0;
  const auto take_string = [&] {
    *cursor.out++ = {*cursor.signs + 1, end_of(cursor.signs) - 1, 0, JsonKind::string,
                     Token::Form::not_looked_at};
    ++cursor.signs;
  };
  const auto take_key = [&] {
    if (!cursor.is_at('"')) return false;
    take_string();
    if (!cursor.is_at(':')) return false;
    key_bytes_max = std::max(key_bytes_max, cursor.out[-1].end - cursor.out[-1].begin);
    ++cursor.signs;
    return true;
  };
  for (;;) {
    if (cursor.signs == cursor.end) return parse_error::kBadJson;
    const char first = text_[*cursor.signs];
    if (first == '"') {
      take_string();
    } else if (first == '{' || first == '[') {
      const bool object = first == '{';
      open_.push_back(static_cast<std::uint32_t>(cursor.out - tokens_.data()));
      *cursor.out++ = {*cursor.signs, *cursor.signs, 0, object ? JsonKind::object : JsonKind::array};
      ++cursor.signs;
      if (!cursor.is_at(object ? '}' : ']')) {
        if (open_.size() > kJsonDepthMax) return parse_error::kTooDeep;
        depth_max_ = std::max(depth_max_, open_.size());
        if (object && !take_key()) return parse_error::kBadJson;
        continue;
      }
    } else {
      const std::uint32_t begin = *cursor.signs;
      const std::uint32_t end = end_of(cursor.signs);
      ++cursor.signs;
      JsonKind kind = JsonKind::null;
      if (!scalar_kind_of(text_.substr(begin, end - begin), kind)) return parse_error::kBadJson;
      *cursor.out++ = {begin, end, 0, kind};
    }
    // After a value: what it is in may end, too.
    for (;; ++cursor.signs) {
      if (open_.empty()) {
        token_count_ = static_cast<std::size_t>(cursor.out - tokens_.data());
        key_bytes_max_ = key_bytes_max;
        return cursor.signs == cursor.end ? std::string_view() : parse_error::kBadJson;
      }
      Token& container = tokens_[open_.back()];
      const bool object = container.kind == JsonKind::object;
      if (cursor.is_at(',')) {
        ++cursor.signs;
        if (object && !take_key()) return parse_error::kBadJson;
        break;
      }
      if (!cursor.is_at(object ? '}' : ']')) return parse_error::kBadJson;
      container.next = static_cast<std::uint32_t>(cursor.out - tokens_.data());
      open_.pop_back();
    }
  }
}

void JsonTape::make_plain(Token& token, std::uint32_t first_escape) {
  const char* const beyond = text_.data() + text_.size();
  char* const begin = plain_.get() + plain_size_;
  char* out = begin;
  std::uint32_t at = token.begin;
  for (std::uint32_t next = first_escape;; next = marks_.next_escape(at, token.end)) {
    out = copy_short(text_.data() + at, next - at, out, beyond);
    if (next == token.end) break;
    at = next + 2;
    const char simple = kPlainOfEscape[static_cast<unsigned char>(text_[next + 1])];
    if (simple != 0) {
      *out++ = simple;
    } else {
      const Escape escape = read_escape(text_.substr(next, token.end - next));
      std::string character;
      append_utf8(character, escape.character);
      out = std::copy(character.begin(), character.end(), out);
      at = next + escape.size;
    }
  }
  token.next = static_cast<std::uint32_t>(plain_size_);
  token.plain_size = static_cast<std::uint32_t>(out - begin);
  token.form = Token::Form::plain;
  plain_size_ += token.plain_size;
}

bool JsonValue::find(std::string_view name, JsonValue& out) const {
  for (const auto& member : members()) {
    if (member.key != name) continue;
    out = member.value;
    return true;
  }
  return false;
}

}  // namespace phendau::ingest
