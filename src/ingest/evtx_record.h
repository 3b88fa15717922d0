// SPDX-License-Identifier: Apache-2.0
// One record of a chunk as a list of fields that point into the chunk: templates are compiled when first met,
// values are only looked at. Internal to ingest; one thread. Source: as evtx_reader.h.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/evtx_template.h"
#include "ingest/evtx_value.h"

namespace phendau::ingest {

class EvtxRecord {
 public:
  explicit EvtxRecord(EvtxPool& pool) : pool_(pool), compiler_(pool) {}

  /// The chunk must live until the next begin_chunk().
  void begin_chunk(std::string_view chunk);

  enum class Outcome : std::uint8_t { good, damaged, limit };
  /// Collects the fields of the binary XML in [begin, end) of the chunk.
  Outcome collect(std::size_t begin, std::size_t end);

  struct Field {
    EvtxNameId name = kNoName;
    EvtxSlot::Kind kind = EvtxSlot::Kind::null;
    std::uint32_t index = 0;   // literal: text of the pool; value: of values_; pieces: slot of the template
    std::uint32_t values = 0;  // pieces: first value of the instance
    std::uint32_t form = 0;    // pieces: the template
  };
  std::span<const Field> fields() const { return fields_; }
  /// More fields or text than a record may have: what came later is missing.
  bool cut() const { return cut_; }

  /// What <System> says, as far as it does.
  struct Known {
    const Field* channel = nullptr;
    const Field* computer = nullptr;
    std::uint64_t record_id = 0;
    bool has_record_id = false;
    std::uint64_t time_ticks = 0;  // FILETIME; 0: none
    // The same as text: in logs that a program wrote from XML, values have no types.
    const Field* record_id_text = nullptr;
    const Field* time_text = nullptr;
  };
  const Known& known() const { return known_; }

  /// Calls sink(EvtxText) for each value of the field.
  template <class Sink>
  void each_text(const Field& field, std::string& scratch, const Sink& sink) const {
    if (field.kind == EvtxSlot::Kind::null) {
      sink(EvtxText{{}, ValueKind::null});
    } else if (field.kind == EvtxSlot::Kind::literal) {
      sink(EvtxText{pool_.text_of(field.index)});
    } else if (field.kind == EvtxSlot::Kind::pieces) {
      join_pieces(field, scratch);
      sink(EvtxText{scratch});
    } else {
      const Value& value = values_[field.index];
      std::string_view bytes = bytes_of(value);
      if ((value.type & evtx_type::kArray) == 0) return sink(evtx_text(value.type, bytes, scratch));
      const auto type = static_cast<std::uint8_t>(value.type & ~evtx_type::kArray);
      while (!bytes.empty()) sink(evtx_text(type, next_evtx_element(value.type, bytes), scratch));
    }
  }
  /// Type and bytes of a field of kind value.
  std::pair<std::uint8_t, std::string_view> raw_value(const Field& field) const {
    return {values_[field.index].type, bytes_of(values_[field.index])};
  }
  /// First value's text; empty for nullptr.
  void copy_text(const Field* field, std::string& scratch, std::string& out) const;

 private:
  struct Value {
    std::uint32_t at = 0;
    std::uint16_t size = 0;
    std::uint8_t type = 0;
  };
  /// A template that was compiled; it is compiled again where it stands in another place.
  struct Form {
    std::uint32_t offset = 0;  // of the definition; 0: written out in the record
    EvtxScopeId scope = kNoScope;
    EvtxTemplate compiled;
  };

  bool fragment(std::size_t begin, std::size_t end, EvtxScopeId scope, std::size_t depth);
  bool instance(ByteCursor cursor, std::size_t end, EvtxScopeId scope, std::size_t depth);
  bool element(std::size_t begin, std::size_t end, EvtxScopeId scope, std::size_t depth);
  /// Index in forms_, or forms_.size().
  std::size_t form_of(std::uint32_t offset, EvtxScopeId scope);
  Form& next_form();
  bool emit(std::size_t form, std::size_t first_value, std::size_t values, std::size_t depth);
  bool emit_value(const EvtxSlot& slot, std::size_t first_value, std::size_t values, std::size_t depth);
  void add(const Field& field, std::size_t text_bytes);
  void note_system(const Field& field);
  void join_pieces(const Field& field, std::string& out) const;
  std::string_view bytes_of(const Value& value) const { return chunk_.substr(value.at, value.size); }
  bool spend(std::size_t& budget, std::size_t cost);

  EvtxPool& pool_;
  EvtxCompiler compiler_;
  std::string_view chunk_;
  std::vector<Form> forms_;  // the first forms_used_ are of this chunk; the others keep their memory
  std::size_t forms_used_ = 0;
  std::size_t template_budget_ = 0;
  std::size_t output_budget_ = 0;

  // Of the record:
  std::vector<Value> values_;
  std::vector<Field> fields_;
  std::size_t text_bytes_ = 0;
  Known known_;
  bool cut_ = false;
  bool limit_ = false;
};

}  // namespace phendau::ingest
