// SPDX-License-Identifier: Apache-2.0
// The idea: between two signs that simdjson's first stage reports there is either one string with its closing
// quote, or one other scalar, and white space. So a string costs nothing but the look at where it ends; only
// those with a backslash are looked at byte by byte, and the places of all backslashes are found in one pass.
#include "ingest/json_tape.h"

#include <algorithm>
#include <array>
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
constexpr std::uint32_t kBeyond = 0xFFFF'FFFF;  // all texts

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

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
  constexpr std::size_t kDigitsThatFit = 18;
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

/// Of what is neither string nor container; false if it is nothing.
bool scalar_kind_of(std::string_view text, JsonKind& kind) {
  if (text == "true" || text == "false") {
    kind = JsonKind::boolean;
    return true;
  }
  return text == "null" || number_kind_of(text, kind);
}

}  // namespace

struct JsonTape::Index {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;
};

JsonTape::JsonTape() : index_(std::make_unique<Index>()) {}
JsonTape::~JsonTape() = default;

/// Signs of the text; invalid UTF-8 is replaced first. Empty, or the parse_error.
std::string_view JsonTape::index(std::string_view text, bool& valid) {
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
  text_ = text;
  simdjson::error_code error = run();
  if (error == simdjson::UTF8_ERROR) {
    valid = false;
    replaced_ = to_valid_utf8(text);
    text_ = replaced_;
    error = run();
  }
  return error ? parse_error::kBadJson : std::string_view();
}

std::string_view JsonTape::read(std::string_view text, bool& valid) {
  if (text.empty()) return parse_error::kEmpty;
  if (const auto error = index(text, valid); !error.empty()) return error;
  if (backslashes_room_ < text_.size() + kPlacesBeyond) {
    backslashes_room_ = std::max(text_.size() + kPlacesBeyond, 2 * backslashes_room_);
    backslashes_.reset(new std::uint32_t[backslashes_room_]);
  }
  backslashes_[find_each(text_, '\\', backslashes_.get())] = kBeyond;
  if (plain_room_ < text_.size() + kLane) {
    plain_room_ = std::max(text_.size() + kLane, 2 * plain_room_);
    plain_.reset(new char[plain_room_]);
  }
  plain_size_ = 0;
  has_code_units_ = false;
  return build(valid);
}

/// Where we are in the signs, and in the backslashes.
struct JsonTape::Cursor {
  const char* text;
  const std::uint32_t* signs;        // one beyond the last is the size of the text
  const std::uint32_t* end;          // of the signs
  const std::uint32_t* backslashes;  // of the first that no string had
  Token* out;
  bool has_halves = false;

  bool is_at(char c) const { return signs < end && text[*signs] == c; }
  /// Where what begins at this sign ends: before the next one, without white space.
  std::uint32_t end_of_this() const {
    std::uint32_t at = signs[1];
    while (text[at - 1] <= ' ' && is_space(text[at - 1])) --at;
    return at;
  }
};

/// Tokens of the whole text; empty, or the parse_error.
std::string_view JsonTape::build(bool& valid) {
  const auto& stage = *index_->stage;
  const std::uint32_t* signs = stage.structural_indexes.get();
  if (tokens_.size() < stage.n_structural_indexes) tokens_.resize(stage.n_structural_indexes);
  Cursor cursor{text_.data(), signs, signs + stage.n_structural_indexes, backslashes_.get(), tokens_.data()};
  open_.clear();
  depth_max_ = 0;
  std::uint32_t key_bytes_max = 0;
  const auto take_string = [&] {
    const std::uint32_t begin = *cursor.signs + 1;
    Token& token = *cursor.out++;
    token = {begin, cursor.end_of_this() - 1, 0, JsonKind::string};
    ++cursor.signs;
    return *cursor.backslashes >= token.end || take_escapes(cursor, token);
  };
  const auto take_key = [&] {
    if (!cursor.is_at('"') || !take_string() || !cursor.is_at(':')) return false;
    key_bytes_max = std::max(key_bytes_max, cursor.out[-1].end - cursor.out[-1].begin);
    ++cursor.signs;
    return true;
  };
  for (;;) {
    if (cursor.signs == cursor.end) return parse_error::kBadJson;
    const char first = text_[*cursor.signs];
    if (first == '"') {
      if (!take_string()) return parse_error::kBadJson;
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
      const std::uint32_t end = cursor.end_of_this();
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
        if (cursor.has_halves) valid = false;
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

/// Each backslash of the string begins an escape.
bool JsonTape::take_escapes(Cursor& cursor, Token& token) {
  token.form = Token::Form::escaped;
  token.next = static_cast<std::uint32_t>(cursor.backslashes - backslashes_.get());
  const std::uint32_t* next = cursor.backslashes;
  while (*next < token.end) {
    const std::uint32_t at = *next++;
    std::uint32_t size = 2;  // The closing quote comes after, so that there is a byte.
    if (kPlainOfEscape[static_cast<unsigned char>(text_[at + 1])] == 0) {
      const Escape escape = read_escape(text_.substr(at, token.end - at));
      if (escape.size == 0) return false;
      has_code_units_ = true;
      cursor.has_halves = cursor.has_halves || escape.half;
      size = escape.size;
    }
    while (*next < at + size) ++next;
  }
  cursor.backslashes = next;
  return true;
}

void JsonTape::make_plain(Token& token) {
  const char* const beyond = text_.data() + text_.size();
  char* const begin = plain_.get() + plain_size_;
  char* out = begin;
  std::uint32_t at = token.begin;
  for (const std::uint32_t* next = backslashes_.get() + token.next;;) {
    const std::uint32_t end = std::min(*next, token.end);
    out = copy_short(text_.data() + at, end - at, out, beyond);
    if (end == token.end) break;
    at = end + 2;
    const char simple = kPlainOfEscape[static_cast<unsigned char>(text_[end + 1])];
    if (simple != 0) {
      *out++ = simple;
    } else {
      const Escape escape = read_escape(text_.substr(end, token.end - end));
      std::string character;
      append_utf8(character, escape.character);
      out = std::copy(character.begin(), character.end(), out);
      at = end + escape.size;
    }
    while (*next < at) ++next;
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
