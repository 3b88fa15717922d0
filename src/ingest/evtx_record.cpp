// SPDX-License-Identifier: Apache-2.0
#include "ingest/evtx_record.h"

#include "ingest/limits.h"

namespace phendau::ingest {
namespace {

constexpr std::uint8_t kFragmentToken = 0x0F;
constexpr std::uint8_t kInstanceToken = 0x0C;
constexpr std::size_t kDefinitionHeadBytes = 24;  // next definition, GUID, size
constexpr std::size_t kFormsMax = 512;            // in 64 KiB; real chunks have 10 to 20

}  // namespace

void EvtxRecord::begin_chunk(std::string_view chunk) {
  chunk_ = chunk;
  compiler_.begin_chunk(chunk);
  forms_used_ = 0;
  template_budget_ = kEvtxTemplateBytesMax;
  output_budget_ = kEvtxOutputBytesMax;
}

EvtxRecord::Outcome EvtxRecord::collect(std::size_t begin, std::size_t end) {
  values_.clear();
  fields_.clear();
  fields_.reserve(kJsonFieldsMax);  // known_ points into it
  text_bytes_ = 0;
  known_ = {};
  cut_ = false;
  limit_ = false;
  // What was written out in the record before is not met again.
  while (forms_used_ > 0 && forms_[forms_used_ - 1].offset == 0) --forms_used_;
  if (fragment(begin, end, kRootScope, 0) && (cut_ || !fields_.empty())) return Outcome::good;
  return limit_ ? Outcome::limit : Outcome::damaged;
}

void EvtxRecord::copy_text(const Field* field, std::string& scratch, std::string& out) const {
  out.clear();
  if (field == nullptr) return;
  each_text(*field, scratch, [&](EvtxText value) {
    if (out.empty()) out = value.text;
  });
}

bool EvtxRecord::spend(std::size_t& budget, std::size_t cost) {
  limit_ = limit_ || cost > budget;
  if (limit_) return false;
  budget -= cost;
  return true;
}

bool EvtxRecord::fragment(std::size_t begin, std::size_t end, EvtxScopeId scope, std::size_t depth) {
  if (depth > kXmlEmbeddedMax) return false;
  ByteCursor cursor(chunk_, begin, end);
  while (cursor.peek() == kFragmentToken) cursor.skip(4);
  if (cursor.failed()) return false;
  if (cursor.peek() == 0) return true;  // nothing in it
  if (cursor.peek() == kInstanceToken) return instance(cursor, end, scope, depth);
  return element(cursor.at(), end, scope, depth);
}

/// A fragment that is written out instead of being made from a template.
bool EvtxRecord::element(std::size_t begin, std::size_t end, EvtxScopeId scope, std::size_t depth) {
  if (forms_used_ == kFormsMax) limit_ = true;
  if (!spend(template_budget_, end - begin)) return false;
  Form& form = next_form();
  form.offset = 0;
  compiler_.compile(begin, end, scope, false, form.compiled);
  return form.compiled.good && emit(forms_used_ - 1, values_.size(), 0, depth);
}

bool EvtxRecord::instance(ByteCursor cursor, std::size_t end, EvtxScopeId scope, std::size_t depth) {
  cursor.skip(6);  // token, one unknown byte, id
  const auto offset = cursor.take<std::uint32_t>();
  if (offset == cursor.at()) {  // the definition stands here, in the middle of its first instance
    cursor.skip(kDefinitionHeadBytes - 4);
    cursor.skip(cursor.take<std::uint32_t>());
  }
  const std::size_t count = cursor.take<std::uint32_t>();
  if (cursor.failed() || count > cursor.left() / 4) return false;
  if (!spend(output_budget_, count * sizeof(Value) + forms_used_)) return false;
  const std::size_t first = values_.size();
  std::size_t at = cursor.at() + 4 * count;
  for (std::size_t i = 0; i < count; ++i) {
    Value value{static_cast<std::uint32_t>(at), cursor.take<std::uint16_t>(), cursor.take<std::uint8_t>()};
    cursor.skip(1);
    values_.push_back(value);
    at += value.size;
  }
  if (at > end) return false;
  const std::size_t form = form_of(offset, scope);
  return form < forms_used_ && emit(form, first, count, depth);
}

std::size_t EvtxRecord::form_of(std::uint32_t offset, EvtxScopeId scope) {
  for (std::size_t i = 0; i < forms_used_; ++i) {
    const Form& form = forms_[i];
    if (form.offset == offset && form.scope == scope) return form.compiled.good ? i : forms_used_;
  }
  const std::size_t begin = std::size_t{offset} + kDefinitionHeadBytes;
  const std::size_t size = load<std::uint32_t>(chunk_, begin - 4);
  if (offset == 0 || begin > chunk_.size() || size > chunk_.size() - begin) return forms_used_;
  if (forms_used_ == kFormsMax) limit_ = true;
  if (!spend(template_budget_, size + kDefinitionHeadBytes)) return forms_used_;
  Form& form = next_form();
  form.offset = offset;
  form.scope = scope;
  compiler_.compile(begin, begin + size, scope, true, form.compiled);
  return form.compiled.good ? forms_used_ - 1 : forms_used_;
}

EvtxRecord::Form& EvtxRecord::next_form() {
  if (forms_used_ == forms_.size()) forms_.emplace_back();
  return forms_[forms_used_++];
}

bool EvtxRecord::emit(std::size_t form, std::size_t first_value, std::size_t values, std::size_t depth) {
  const std::size_t slots = forms_[form].compiled.slots.size();
  if (!spend(output_budget_, (slots + 1) * sizeof(Field))) return false;
  for (std::size_t i = 0; i < slots; ++i) {
    const EvtxSlot slot = forms_[form].compiled.slots[i];  // a copy: forms_ may grow
    switch (slot.kind) {
      case EvtxSlot::Kind::null:
        add({slot.name, slot.kind}, 0);
        break;
      case EvtxSlot::Kind::literal:
        add({slot.name, slot.kind, slot.first}, pool_.text_of(slot.first).size());
        break;
      case EvtxSlot::Kind::value:
        if (!emit_value(slot, first_value, values, depth)) return false;
        break;
      case EvtxSlot::Kind::pieces: {
        std::size_t bytes = 0;
        for (std::size_t p = slot.first; p < slot.first + slot.count; ++p) {
          const EvtxPiece& piece = forms_[form].compiled.pieces[p];
          if (piece.literal)
            bytes += pool_.text_of(piece.index).size();
          else if (piece.index < values)
            bytes += values_[first_value + piece.index].size;
          else
            return false;
        }
        add({slot.name, slot.kind, static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(first_value),
             static_cast<std::uint32_t>(form)},
            bytes);
        break;
      }
    }
  }
  return !limit_;
}

bool EvtxRecord::emit_value(const EvtxSlot& slot, std::size_t first_value, std::size_t values,
                            std::size_t depth) {
  if (slot.first >= values) return false;
  const std::size_t index = first_value + slot.first;
  const Value value = values_[index];
  if (value.type == evtx_type::kBinXml) {
    return slot.scope == kNoScope || fragment(value.at, value.at + value.size, slot.scope, depth + 1);
  }
  if (slot.name == kNoName) return true;
  if (value.type == evtx_type::kNull) {
    if (!slot.optional) add({slot.name, EvtxSlot::Kind::null}, 0);
    return true;
  }
  add({slot.name, slot.kind, static_cast<std::uint32_t>(index)}, value.size);
  return true;
}

void EvtxRecord::add(const Field& field, std::size_t text_bytes) {
  text_bytes_ += text_bytes;
  if (fields_.size() >= kJsonFieldsMax || text_bytes_ > kRecordBytesMax) {
    cut_ = true;
    return;
  }
  if (!spend(output_budget_, text_bytes)) return;
  fields_.push_back(field);
  if (field.name <= EvtxPool::kSystemTime) note_system(fields_.back());
}

/// The first field of a name counts: <System> stands before what the program that logged may choose.
void EvtxRecord::note_system(const Field& field) {
  const Value* value = field.kind == EvtxSlot::Kind::value ? &values_[field.index] : nullptr;
  const bool wide = value != nullptr && value->size == sizeof(std::uint64_t);
  switch (field.name) {
    case EvtxPool::kChannel:
      if (known_.channel == nullptr) known_.channel = &field;
      break;
    case EvtxPool::kComputer:
      if (known_.computer == nullptr) known_.computer = &field;
      break;
    case EvtxPool::kEventRecordId:
      if (wide && !known_.has_record_id) {
        known_.record_id = load<std::uint64_t>(bytes_of(*value), 0);
        known_.has_record_id = true;
      } else if (known_.record_id_text == nullptr) {
        known_.record_id_text = &field;
      }
      break;
    case EvtxPool::kSystemTime:
      if (wide && value->type == evtx_type::kFileTime && known_.time_ticks == 0) {
        known_.time_ticks = load<std::uint64_t>(bytes_of(*value), 0);
      } else if (known_.time_text == nullptr) {
        known_.time_text = &field;
      }
      break;
    default:
      break;
  }
}

void EvtxRecord::join_pieces(const Field& field, std::string& out) const {
  const EvtxTemplate& compiled = forms_[field.form].compiled;
  const EvtxSlot& slot = compiled.slots[field.index];
  std::string joined, scratch;
  for (std::size_t p = slot.first; p < slot.first + slot.count; ++p) {
    const EvtxPiece& piece = compiled.pieces[p];
    if (piece.literal) {
      joined += pool_.text_of(piece.index);
    } else {
      const Value& value = values_[field.values + piece.index];
      joined += evtx_text(value.type, bytes_of(value), scratch).text;
    }
  }
  out = std::move(joined);
}

}  // namespace phendau::ingest
