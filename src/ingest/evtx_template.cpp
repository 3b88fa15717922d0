// SPDX-License-Identifier: Apache-2.0
#include "ingest/evtx_template.h"

#include <algorithm>

#include "base/text.h"
#include "ingest/evtx_value.h"
#include "ingest/limits.h"
#include "ingest/row_writer.h"
#include "ingest/utf16.h"

namespace phendau::ingest {
namespace {

namespace token {
constexpr std::uint8_t kMore = 0x40;  // bit: attributes follow, or more of the same
constexpr std::uint8_t kEnd = 0x00;
constexpr std::uint8_t kOpenStart = 0x01;
constexpr std::uint8_t kCloseStart = 0x02;
constexpr std::uint8_t kCloseEmpty = 0x03;
constexpr std::uint8_t kEndElement = 0x04;
constexpr std::uint8_t kValue = 0x05;
constexpr std::uint8_t kAttribute = 0x06;
constexpr std::uint8_t kCdata = 0x07;
constexpr std::uint8_t kCharReference = 0x08;
constexpr std::uint8_t kEntityReference = 0x09;
constexpr std::uint8_t kInstructionTarget = 0x0A;
constexpr std::uint8_t kInstructionData = 0x0B;
constexpr std::uint8_t kSubstitution = 0x0D;
constexpr std::uint8_t kOptionalSubstitution = 0x0E;
constexpr std::uint8_t kFragment = 0x0F;
}  // namespace token

constexpr std::size_t kNameUnitsMax = 512;

std::string_view entity_text(std::string_view name) {
  if (name == "amp") return "&";
  if (name == "lt") return "<";
  if (name == "gt") return ">";
  if (name == "quot") return "\"";
  if (name == "apos") return "'";
  return {};
}

bool is_namespace(std::string_view attribute) { return attribute.starts_with("xmlns"); }

bool is_space(std::string_view text) { return text.find_first_not_of(" \t\r\n") == text.npos; }

}  // namespace

// ---------------------------------------------------------------- EvtxPool

void EvtxPool::clear() {
  names_ = {};
  texts_ = {};
  scopes_.assign(1, {});
  for (const char* known : {"Channel", "Computer", "EventRecordID", "TimeCreated_SystemTime"}) name(known);
}

EvtxNameId EvtxPool::name(std::string_view text) {
  const bool spaced = text.find(' ') != text.npos;
  if (spaced || is_reserved_field(text)) {
    scratch_ = text;
    std::erase(scratch_, ' ');
    if (is_reserved_field(scratch_)) scratch_.insert(0, kReservedPrefix);
    text = scratch_;
  }
  return text.empty() || text.size() > kFieldNameBytesMax ? kNoName : names_.intern(text);
}

EvtxScopeId EvtxPool::scope(EvtxPlace place, std::string_view prefix) {
  const auto same = [&](const Scope& scope) { return scope.place == place && scope.prefix == prefix; };
  const auto found = std::find_if(scopes_.begin(), scopes_.end(), same);
  if (found != scopes_.end()) return static_cast<EvtxScopeId>(found - scopes_.begin());
  if (scopes_.size() >= kScopesMax) return kNoScope;
  scopes_.push_back({place, std::string(prefix)});
  return static_cast<EvtxScopeId>(scopes_.size() - 1);
}

// ---------------------------------------------------------------- EvtxCompiler

void EvtxCompiler::begin_chunk(std::string_view chunk) {
  chunk_ = chunk;
  known_names_.fill({});
}

void EvtxCompiler::compile(std::size_t begin, std::size_t end, EvtxScopeId scope, bool definition,
                           EvtxTemplate& out) {
  out.slots.clear();
  out.pieces.clear();
  out_ = &out;
  open_.clear();
  attributes_.clear();
  text_.clear();
  definition_ = definition;
  cursor_ = ByteCursor(chunk_, begin, end);
  out.good = fragment(scope) && !cursor_.failed();
}

bool EvtxCompiler::fragment(EvtxScopeId scope) {
  const EvtxPool::Scope place = pool_.scope_of(scope);  // a copy: the pool grows
  while (cursor_.left() > 0 && cursor_.peek() != token::kEnd) {
    const auto next = static_cast<std::uint8_t>(cursor_.peek() & ~token::kMore);
    if (next == token::kFragment) {
      cursor_.skip(4);  // token, version, flags
    } else if (next == token::kOpenStart) {
      if (!element(place.place, place.prefix, 0)) return false;
    } else if (next == token::kInstructionTarget || next == token::kInstructionData) {
      if (!processing_instruction(next)) return false;
    } else {
      return false;
    }
  }
  return true;
}

bool EvtxCompiler::element(EvtxPlace place, const std::string& prefix, std::size_t depth) {
  if (depth > kXmlDepthMax || prefix.size() > kFieldNameBytesMax) return false;
  const auto first = cursor_.take<std::uint8_t>();
  if (definition_) cursor_.skip(2);
  cursor_.skip(4);  // size; the tokens end by themselves
  const ValueId name = take_name();
  if (name == kAbsent) return false;
  const std::size_t attributes_begin = attributes_.size();
  const std::size_t open_begin = open_.size();
  if ((first & token::kMore) != 0 && !attributes()) return false;
  Element self = meaning(place, prefix, pool_.text_of(name), attributes_begin);
  const bool attributed = add_attributes(self, attributes_begin);
  attributes_.resize(attributes_begin);
  open_.resize(open_begin);
  bool has_children = false;
  switch (cursor_.take<std::uint8_t>()) {
    case token::kCloseEmpty:
      break;
    case token::kCloseStart:
      if (!content(self, depth, has_children)) return false;
      break;
    default:
      return false;
  }
  if (attributed || has_children) self.keeps_null = false;
  // White space between elements is layout.
  const bool only_layout = has_children && open_.size() == open_begin + 1 && open_.back().piece.literal &&
                           is_space(pool_.text_of(open_.back().piece.index));
  if (!only_layout) add_slots(self, self.field, open_begin, open_.size());
  open_.resize(open_begin);
  return true;
}

bool EvtxCompiler::attributes() {
  cursor_.skip(4);  // size
  while ((cursor_.peek() & ~token::kMore) == token::kAttribute) {
    cursor_.skip(1);
    Attribute attribute;
    attribute.name = take_name();
    attribute.begin = open_.size();
    if (attribute.name == kAbsent) return false;
    for (;;) {
      const auto next = static_cast<std::uint8_t>(cursor_.peek() & ~token::kMore);
      if (next == token::kAttribute || next == token::kCloseStart || next == token::kCloseEmpty) break;
      if (!piece(next)) return false;
    }
    flush_text();
    attribute.end = open_.size();
    attributes_.push_back(attribute);
  }
  return !cursor_.failed();
}

bool EvtxCompiler::content(const Element& self, std::size_t depth, bool& has_children) {
  while (!cursor_.failed()) {
    const auto next = static_cast<std::uint8_t>(cursor_.peek() & ~token::kMore);
    if (next == token::kEndElement) {
      cursor_.skip(1);
      flush_text();
      return true;
    }
    if (next == token::kOpenStart) {
      flush_text();
      has_children = true;
      if (!element(self.inside, self.prefix, depth + 1)) return false;
    } else if (next == token::kInstructionTarget || next == token::kInstructionData) {
      if (!processing_instruction(next)) return false;
    } else if (!piece(next)) {
      return false;
    }
  }
  return false;
}

/// A part of a text. Literal ones are joined in text_.
bool EvtxCompiler::piece(std::uint8_t token) {
  switch (token) {
    case token::kValue:
      cursor_.skip(1);
      return cursor_.take<std::uint8_t>() == evtx_type::kString && counted_text(text_);
    case token::kCdata:
      cursor_.skip(1);
      return counted_text(text_);
    case token::kCharReference:
      cursor_.skip(1);
      append_utf16le(cursor_.skip(2), text_);
      return !cursor_.failed();
    case token::kEntityReference: {
      cursor_.skip(1);
      const ValueId name = take_name();
      if (name == kAbsent) return false;
      const std::string_view known = entity_text(pool_.text_of(name));
      text_ += known.empty() ? "&" + std::string(pool_.text_of(name)) + ";" : std::string(known);
      return true;
    }
    case token::kSubstitution:
    case token::kOptionalSubstitution:
      return substitution(token == token::kOptionalSubstitution);
    default:
      return false;
  }
}

bool EvtxCompiler::substitution(bool optional) {
  flush_text();
  cursor_.skip(1);
  Open open;
  open.piece.index = cursor_.take<std::uint16_t>();
  open.optional = optional;
  open.binary_xml = cursor_.take<std::uint8_t>() == evtx_type::kBinXml;
  open_.push_back(open);
  return !cursor_.failed();
}

bool EvtxCompiler::counted_text(std::string& out) {
  const auto units = cursor_.take<std::uint16_t>();
  append_utf16le(cursor_.skip(std::size_t{2} * units), out);
  return !cursor_.failed();
}

bool EvtxCompiler::processing_instruction(std::uint8_t token) {
  cursor_.skip(1);
  if (token == token::kInstructionTarget) return take_name() != kAbsent;
  const auto units = cursor_.take<std::uint16_t>();
  cursor_.skip(std::size_t{2} * units);
  return !cursor_.failed();
}

/// A name is stored where it occurs first in the chunk; later elements point there.
ValueId EvtxCompiler::take_name() {
  constexpr std::size_t kHeadBytes = 8;  // next name, hash, count
  const auto offset = cursor_.take<std::uint32_t>();
  const std::size_t units = load<std::uint16_t>(chunk_, std::size_t{offset} + kHeadBytes - 2);
  if (offset == cursor_.at()) cursor_.skip(kHeadBytes + 2 * units + 2);  // a NUL ends it
  if (cursor_.failed() || offset == 0) return kAbsent;
  KnownName& known = known_names_[(offset >> 1) % known_names_.size()];
  if (known.offset == offset) return known.name;
  if (units > kNameUnitsMax || offset + kHeadBytes + 2 * units > chunk_.size()) return kAbsent;
  scratch_.clear();
  append_utf16le(chunk_.substr(offset + kHeadBytes, 2 * units), scratch_);
  known = {offset, pool_.text(scratch_)};
  return known.name;
}

void EvtxCompiler::flush_text() {
  if (text_.empty()) return;
  open_.push_back({.piece = {pool_.text(text_), true}});
  text_.clear();
}

EvtxCompiler::Element EvtxCompiler::meaning(EvtxPlace place, const std::string& prefix, std::string_view name,
                                            std::size_t attributes_begin) const {
  // Elements that only hold others: their own text and attributes mean nothing.
  const auto within = [](EvtxPlace inside) {
    Element holder;
    holder.inside = inside;
    return holder;
  };
  Element self;
  self.field = name;
  self.prefix = std::string(name) + ".";
  self.has_attributes = true;
  switch (place) {
    case EvtxPlace::root:
      if (name == "Event") return within(EvtxPlace::event);
      [[fallthrough]];
    case EvtxPlace::event:
      if (name == "System") return within(EvtxPlace::system);
      if (name == "EventData") self.inside = EvtxPlace::event_data;
      if (name == "UserData") self.inside = EvtxPlace::user_data;
      if (self.inside != EvtxPlace::fields) self.prefix.clear();
      break;
    case EvtxPlace::system:
      break;
    case EvtxPlace::user_data:
      self.prefix.clear();
      break;
    case EvtxPlace::event_data:
    case EvtxPlace::fields:
      self.field = prefix;
      self.field += name;
      for (std::size_t i = attributes_begin; name == "Data" && i < attributes_.size(); ++i) {
        const Attribute& attribute = attributes_[i];
        const bool literal = attribute.end == attribute.begin + 1 && open_[attribute.begin].piece.literal;
        if (!literal || pool_.text_of(attribute.name) != "Name") continue;
        self.field = prefix;
        self.field += pool_.text_of(open_[attribute.begin].piece.index);
        self.named_by = i;
      }
      self.prefix = self.field + ".";
      self.keeps_null = true;
      break;
  }
  return self;
}

/// Whether there were any.
bool EvtxCompiler::add_attributes(const Element& self, std::size_t begin) {
  bool any = false;
  for (std::size_t i = begin; self.has_attributes && i < attributes_.size(); ++i) {
    const Attribute attribute = attributes_[i];
    const std::string name(pool_.text_of(attribute.name));
    if (i == self.named_by || is_namespace(name)) continue;
    // Not kept as null: an attribute without value is not there.
    add_slots(Element(), self.field + "_" + name, attribute.begin, attribute.end);
    any = true;
  }
  return any;
}

void EvtxCompiler::add_slots(const Element& self, std::string_view field, std::size_t begin,
                             std::size_t end) {
  const EvtxNameId name = pool_.name(field);
  EvtxSlot slot;
  slot.name = name;
  slot.first = static_cast<std::uint32_t>(out_->pieces.size());
  const Open* only = nullptr;
  for (std::size_t i = begin; i < end; ++i) {
    const Open& open = open_[i];
    if (open.binary_xml) {
      out_->slots.push_back({.name = name,
                             .kind = EvtxSlot::Kind::value,
                             .optional = open.optional || !self.keeps_null,
                             .scope = pool_.scope(self.inside, self.prefix),
                             .first = open.piece.index});
      continue;
    }
    only = &open;
    out_->pieces.push_back(open.piece);
  }
  slot.count = static_cast<std::uint32_t>(out_->pieces.size()) - slot.first;
  if (name == kNoName || (slot.count == 0 && (begin != end || !self.keeps_null))) return;
  if (slot.count > 1) slot.kind = EvtxSlot::Kind::pieces;
  if (slot.count == 1) {
    slot.kind = only->piece.literal ? EvtxSlot::Kind::literal : EvtxSlot::Kind::value;
    slot.optional = only->optional || !self.keeps_null;
    slot.first = only->piece.index;
    out_->pieces.pop_back();
  }
  out_->slots.push_back(slot);
}

}  // namespace phendau::ingest
