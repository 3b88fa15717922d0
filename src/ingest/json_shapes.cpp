// SPDX-License-Identifier: Apache-2.0
#include "ingest/json_shapes.h"

#include <algorithm>

namespace phendau::ingest {

/// The value, and all that are in it, in order.
/// @param at what of the document is in pieces or values already
void JsonShape::add_value(std::string_view document, JsonValue value, std::size_t& at) {
  if (value.is_object()) {
    for (const auto member : value.members()) add_value(document, member.value, at);
  } else if (value.is_array()) {
    for (const JsonValue item : value.items()) add_value(document, item, at);
  } else {
    const bool is_string = value.kind() == JsonKind::string;
    const auto begin = static_cast<std::size_t>(value.written().data() - document.data());
    pieces_.push_back({static_cast<std::uint32_t>(begin - at),
                       is_string ? JsonPiece::Follows::string : JsonPiece::Follows::other_scalar});
    text_ += document.substr(at, begin - at);
    at = begin + value.written().size();
  }
}

JsonShapes::Id JsonShapes::find(JsonTape& tape) {
  const std::size_t quotes = tape.summary().quotes;
  if (quotes >= by_quotes_.size()) return kNone;
  auto& candidates = by_quotes_[quotes];
  const auto end =
      candidates.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(candidates.size(), kTriesMax));
  const auto found = std::find_if(candidates.begin(), end, [&](Id id) { return shapes_[id]->fits(tape); });
  if (found == end) return kNone;
  std::rotate(candidates.begin(), found, found + 1);
  return candidates.front();
}

JsonShapes::Id JsonShapes::learn(JsonTape& tape) {
  const std::size_t quotes = tape.summary().quotes;
  if (shapes_.size() == kShapesMax || quotes > kQuotesMax || tape.tokens() > 2 * kValuesMax) return kNone;
  auto shape = std::make_unique<JsonShape>();
  std::size_t at = 0;
  for (const auto member : tape.root().members()) {
    shape->members_.push_back({std::string(member.key), static_cast<std::uint32_t>(shape->pieces_.size()),
                               member.value.is_object() || member.value.is_array()});
    shape->add_value(tape.text(), member.value, at);
  }
  const std::string_view rest = tape.text().substr(at);
  shape->pieces_.push_back({static_cast<std::uint32_t>(rest.size()), JsonPiece::Follows::nothing});
  shape->text_ += rest;
  if (shape->text_.size() > kTextBytesMax || shape->text_.find('\\') != std::string::npos) return kNone;
  shape->controls_ = tape.summary().controls;
  const auto id = static_cast<Id>(shapes_.size());
  if (by_quotes_.size() <= quotes) by_quotes_.resize(quotes + 1);
  auto& candidates = by_quotes_[quotes];
  candidates.insert(candidates.begin(), id);
  shapes_.push_back(std::move(shape));
  return id;
}

void JsonShapes::clear() {
  shapes_.clear();
  by_quotes_.clear();
}

}  // namespace phendau::ingest
