// SPDX-License-Identifier: Apache-2.0
// Binary XML compiled into the flat list of fields that it gives. A template of an event log is compiled once
// per chunk; a record then costs its values only. Names are those of Sigma:
//
//   Event/System/Provider/@Name            Provider_Name
//   Event/System/EventID                   EventID
//   Event/EventData/Data[@Name='A b']      Ab
//   Event/EventData/Data                   Data (several values)
//   Event/EventData/@Name                  EventData_Name
//   Event/UserData/Any/X/@Code             X_Code
//   Event/UserData/Any/X/Y                 X.Y
//   Event/RenderingInfo/Message            RenderingInfo.Message
//
// Namespaces are left out; names that a batch gives a meaning of its own get the prefix "event.". Pure; one
// thread. Source: [MS-EVEN6] 2.2.12; J. Metz, "Windows XML Event Log (EVTX) format", 5.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/little_endian.h"
#include "model/batch.h"

namespace phendau::ingest {

/// Where the children of an element stand; decides what their fields are called.
enum class EvtxPlace : std::uint8_t { root, event, system, event_data, user_data, fields };

using EvtxScopeId = std::uint16_t;
using EvtxNameId = std::uint32_t;
inline constexpr EvtxScopeId kRootScope = 0;
inline constexpr EvtxScopeId kNoScope = 0xFFFF;
inline constexpr EvtxNameId kNoName = 0xFFFF'FFFF;

/// What templates of all chunks share: names of fields, literal texts, places. Numbers stay valid until
/// clear().
class EvtxPool {
 public:
  EvtxPool() { clear(); }
  void clear();
  /// Real logs have some hundred names; only a hostile file needs more.
  bool full() const {
    return names_.size() > 50'000 || texts_.size_bytes() > 4u << 20 || scopes_.size() > kScopesMax / 2;
  }

  /// Of a field: spaces are taken out, reserved names get their prefix; kNoName if it is empty or too long.
  EvtxNameId name(std::string_view text);
  std::string_view name_text(EvtxNameId id) const { return names_.text(id); }
  std::uint32_t names() const { return names_.size(); }
  ValueId text(std::string_view bytes) { return texts_.intern(bytes); }
  std::string_view text_of(ValueId id) const { return texts_.text(id); }
  std::uint32_t texts() const { return texts_.size(); }

  struct Scope {
    EvtxPlace place = EvtxPlace::root;
    std::string prefix;  // of the names of fields
  };
  /// kNoScope if there are too many.
  EvtxScopeId scope(EvtxPlace place, std::string_view prefix);
  const Scope& scope_of(EvtxScopeId id) const { return scopes_[id]; }

  /// Members of <System> that a reader asks for; fixed numbers.
  static constexpr EvtxNameId kChannel = 0, kComputer = 1, kEventRecordId = 2, kSystemTime = 3;

 private:
  static constexpr std::size_t kScopesMax = 256;  // a real log has three or four
  Dictionary names_;
  Dictionary texts_;
  std::vector<Scope> scopes_;
  std::string scratch_;
};

/// A part of a field's text: a literal of the pool, or the value of that index of the instance.
struct EvtxPiece {
  std::uint32_t index = 0;
  bool literal = false;
};

struct EvtxSlot {
  enum class Kind : std::uint8_t { literal, value, pieces, null };
  EvtxNameId name = kNoName;  // kNoName: only embedded binary XML counts
  Kind kind = Kind::null;
  bool optional = false;         // value: NULL means that the element is not there
  EvtxScopeId scope = kNoScope;  // value: where embedded binary XML stands
  std::uint32_t first = 0;       // literal or value: its index; pieces: first of EvtxTemplate::pieces
  std::uint32_t count = 0;       // pieces
};

struct EvtxTemplate {
  std::vector<EvtxSlot> slots;
  std::vector<EvtxPiece> pieces;
  bool good = false;
};

/// Compiles the templates of one chunk after another.
class EvtxCompiler {
 public:
  explicit EvtxCompiler(EvtxPool& pool) : pool_(pool) {}
  void begin_chunk(std::string_view chunk);

  /// Fills `out` from the fragment in [begin, end) of the chunk; out.good is false if it is damaged.
  /// @param definition a template definition: only there, elements carry a dependency id.
  void compile(std::size_t begin, std::size_t end, EvtxScopeId scope, bool definition, EvtxTemplate& out);

 private:
  static constexpr std::size_t kNoAttribute = static_cast<std::size_t>(-1);
  /// What an element means for the names in it.
  struct Element {
    std::string field;  // of its text; empty: text means nothing here
    EvtxPlace inside = EvtxPlace::fields;
    std::string prefix;                   // of what is inside
    bool has_attributes = false;          // they are fields
    bool keeps_null = false;              // without content it is a field that is null
    std::size_t named_by = kNoAttribute;  // the attribute that became the name of the field
  };

  /// A piece of an element or attribute that is still being read.
  struct Open {
    EvtxPiece piece;
    bool optional = false;
    bool binary_xml = false;
  };
  struct Attribute {
    ValueId name = 0;  // text of the pool
    std::size_t begin = 0;
    std::size_t end = 0;  // of open_
  };

  bool fragment(EvtxScopeId scope);
  bool element(EvtxPlace place, const std::string& prefix, std::size_t depth);
  bool attributes();
  bool content(const Element& self, std::size_t depth, bool& has_children);
  bool piece(std::uint8_t token);
  bool substitution(bool optional);
  bool counted_text(std::string& out);
  bool processing_instruction(std::uint8_t token);
  ValueId take_name();
  void flush_text();
  Element meaning(EvtxPlace place, const std::string& prefix, std::string_view name,
                  std::size_t attributes_begin) const;
  bool add_attributes(const Element& self, std::size_t begin);
  void add_slots(const Element& self, std::string_view field, std::size_t begin, std::size_t end);

  EvtxPool& pool_;
  std::string_view chunk_;
  ByteCursor cursor_{{}, 0, 0};
  bool definition_ = false;
  EvtxTemplate* out_ = nullptr;
  std::vector<Open> open_;             // a stack: the elements that are open
  std::vector<Attribute> attributes_;  // a stack
  std::string text_;                   // literal text not yet in open_
  std::string scratch_;
  struct KnownName {
    std::uint32_t offset = 0;
    ValueId name = 0;
  };
  std::array<KnownName, 256> known_names_{};  // by offset: "Data" and "Name" are read again and again
};

}  // namespace phendau::ingest
