// SPDX-License-Identifier: Apache-2.0
// Parts are matched from left to right. Only `text` may end at several places: it is tried from the right,
// because what a stranger wrote (a user name) stands left of what the program wrote (the address). Tries are
// bounded, so a match costs at most kSplitTriesMax passes over the text per `text` capture; templates have at
// most two of them.
#include "ingest/message_template.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/result.h"
#include "ingest/limits.h"

namespace phendau::ingest {
namespace {

Capture capture_from(std::string_view name) {
  struct Known {
    std::string_view name;
    Capture capture;
  };
  static constexpr std::array<Known, 7> kKnown = {{{"word", Capture::word},
                                                   {"num", Capture::num},
                                                   {"peer", Capture::peer},
                                                   {"text", Capture::text},
                                                   {"lazy", Capture::lazy},
                                                   {"rest", Capture::rest},
                                                   {"tail", Capture::tail}}};
  for (const auto& known : kKnown) {
    if (known.name == name) return known.capture;
  }
  assertion_failed("capture of a message template is known", __FILE__, __LINE__);
}

Field field_from(std::string_view name) {
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    if (to_string(static_cast<Field>(i)) == name) return static_cast<Field>(i);
  }
  assertion_failed("field of a message template is known", __FILE__, __LINE__);
}

std::size_t word_length(std::string_view text) {
  const std::size_t at = text.find(' ');
  return at == text.npos ? text.size() : at;
}

bool is_ipv4(std::string_view text) {
  int groups = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    int value = 0;
    std::size_t digits = 0;
    for (; at < text.size() && is_digit(text[at]) && digits < 4; ++at, ++digits)
      value = value * 10 + (text[at] - '0');
    if (digits == 0 || digits > 3 || value > 255) return false;
    ++groups;
    if (at == text.size()) break;
    if (text[at] != '.' || at + 1 == text.size()) return false;
    ++at;
  }
  return groups == 4;
}

bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

bool is_ipv6(std::string_view text) {
  text = text.substr(0, text.find('%'));
  int groups = 0;
  bool gap = false;
  std::size_t at = 0;
  if (text.starts_with("::")) {
    gap = true;
    at = 2;
    if (text.size() == 2) return true;
  }
  while (at < text.size()) {
    std::size_t digits = 0;
    while (at + digits < text.size() && is_hex(text[at + digits])) ++digits;
    if (at + digits < text.size() && text[at + digits] == '.') {
      groups += 2;
      return is_ipv4(text.substr(at)) && (gap ? groups < 8 : groups == 8);
    }
    if (digits == 0 || digits > 4) return false;
    ++groups;
    at += digits;
    if (at == text.size()) break;
    if (text[at] != ':') return false;
    ++at;
    if (at < text.size() && text[at] == ':') {
      if (gap) return false;
      gap = true;
      ++at;
      if (at == text.size()) break;
    } else if (at == text.size()) {
      return false;
    }
  }
  return gap ? groups < 8 : groups == 8;
}

/// "" or ": ED25519 SHA256:..." and nothing behind it: a longer tail (certificates) holds text of the peer.
bool match_tail(std::string_view text, FieldList& fields) {
  if (text.empty()) return true;
  if (!text.starts_with(": ")) return false;
  text.remove_prefix(2);
  const std::size_t type = word_length(text);
  if (type == 0 || type == text.size()) return false;
  const std::string_view fingerprint = text.substr(type + 1);
  if (fingerprint.empty() || fingerprint.find(' ') != fingerprint.npos) return false;
  fields.add(Field::key_fingerprint, fingerprint);
  return true;
}

}  // namespace

bool is_address(std::string_view text) {
  if (text.size() < 2 || text.size() > 64) return false;
  return text.find(':') == text.npos ? is_ipv4(text) : is_ipv6(text);
}

MessageTemplate::MessageTemplate(std::string_view pattern) {
  while (!pattern.empty()) {
    Part part;
    // Where a text or lazy capture ends is said by the literal behind it.
    const bool needs_literal =
        !parts_.empty() && (parts_.back().capture == Capture::text || parts_.back().capture == Capture::lazy);
    const std::size_t open = pattern.find('{');
    part.literal = pattern.substr(0, open);
    PHENDAU_ASSERT(!needs_literal || !part.literal.empty());
    if (open == pattern.npos) {
      parts_.push_back(part);
      return;
    }
    const std::size_t close = pattern.find('}', open);
    PHENDAU_ASSERT(close != pattern.npos);
    const std::string_view inside = pattern.substr(open + 1, close - open - 1);
    const std::size_t colon = inside.find(':');
    part.captures = true;
    part.capture = capture_from(inside.substr(0, colon));
    part.field = colon == inside.npos ? Field::none : field_from(inside.substr(colon + 1));
    parts_.push_back(part);
    pattern.remove_prefix(close + 1);
  }
}

bool MessageTemplate::match(std::string_view text, FieldList& fields) const {
  const std::size_t before = fields.size();
  if (match_from(0, text, fields)) return true;
  fields.truncate(before);
  return false;
}

bool MessageTemplate::match_from(std::size_t part, std::string_view text, FieldList& fields) const {
  for (;; ++part) {
    if (part == parts_.size()) return text.empty();
    const Part& now = parts_[part];
    if (!text.starts_with(now.literal)) return false;
    text.remove_prefix(now.literal.size());
    if (!now.captures) return text.empty();
    std::size_t length = 0;
    switch (now.capture) {
      case Capture::word:
        length = word_length(text);
        // "name=bob, UID=1": the word ends where the next literal starts.
        if (part + 1 < parts_.size() && !parts_[part + 1].literal.empty()) {
          length = std::min(length, text.find(parts_[part + 1].literal));
        }
        if (length == 0) return false;
        break;
      case Capture::num:
        while (length < text.size() && is_digit(text[length])) ++length;
        if (length == 0) return false;
        break;
      case Capture::peer: {
        length = word_length(text);
        if (part + 1 < parts_.size() && !parts_[part + 1].literal.starts_with(' ')) {
          length = std::min(length, text.find(parts_[part + 1].literal));
        }
        const std::string_view peer = text.substr(0, length);
        if (!peer.empty()) fields.add(is_address(peer) ? Field::source_ip : Field::source_name, peer);
        text.remove_prefix(length);
        continue;
      }
      case Capture::lazy:
        length = part + 1 < parts_.size() ? text.find(parts_[part + 1].literal) : text.size();
        if (length == text.npos) return false;
        break;
      case Capture::text:
        return match_text(part, text, fields);
      case Capture::tail:
        return match_tail(text, fields);
      case Capture::rest:
        length = text.size();
        break;
    }
    const std::string_view value = text.substr(0, length);
    const bool keep = now.field != Field::none && !(value.empty() && now.capture == Capture::lazy);
    if (keep)
      fields.add(now.field, value, now.capture == Capture::num ? number_kind(value) : ValueKind::text);
    text.remove_prefix(length);
  }
}

/// Tries the ends of a free text from the right.
bool MessageTemplate::match_text(std::size_t part, std::string_view text, FieldList& fields) const {
  const Field field = parts_[part].field;
  const std::size_t before = fields.size();
  if (part + 1 == parts_.size()) {
    if (field != Field::none) fields.add(field, text);
    return true;
  }
  const std::string_view next = parts_[part + 1].literal;
  std::size_t end = text.rfind(next);
  for (int tries = 0; end != text.npos && tries < kSplitTriesMax; ++tries) {
    if (field != Field::none) fields.add(field, text.substr(0, end));
    if (match_from(part + 1, text.substr(end), fields)) return true;
    fields.truncate(before);
    if (end == 0) break;
    end = text.rfind(next, end - 1);
  }
  return false;
}

}  // namespace phendau::ingest
