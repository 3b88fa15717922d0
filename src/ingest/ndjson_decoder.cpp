// SPDX-License-Identifier: Apache-2.0
// A record is taken apart by the tape, which checks all of it before the first field is written, or, for a
// projection, compared with the shapes of records before. Buffers are reused, so a record costs no allocation
// once they have grown.
#include "ingest/ndjson_decoder.h"

#include <algorithm>
#include <unordered_map>

#include "base/text.h"
#include "ingest/json_scalar.h"
#include "ingest/json_shapes.h"
#include "ingest/json_tape.h"
#include "ingest/json_told.h"
#include "ingest/limits.h"
#include "ingest/member_names.h"
#include "ingest/parse_error.h"
#include "ingest/row_writer.h"
#include "ingest/windows_fields.h"
#include "model/batch.h"

namespace phendau::ingest {
namespace {

/// Who reads events of each kind, asked once of the projection.
class Readers {
 public:
  /// null: everything is read
  struct Reader {
    std::unique_ptr<const Audience> audience;
    std::vector<std::uint8_t> reads;  // by name: kUnknown, or whether the member is read
  };
  static constexpr std::uint8_t kUnknown = 2;

  /// For one projection at a time; names count anew with each generation. Whether all are new.
  bool follow(const Projection* projection, std::uint32_t generation) {
    if (projection == projection_ && generation == generation_) return false;
    projection_ = projection;
    generation_ = generation;
    readers_.clear();
    last_ = nullptr;
    return true;
  }
  /// @param kind null: the record has none
  Reader* of(std::string_view logsource, const Projection::Kind* kind) {
    if (kind != nullptr && kind->text.size() > kKindBytesMax) return nullptr;
    key_.assign(logsource);
    key_ += kind == nullptr ? '-' : static_cast<char>('a' + static_cast<int>(kind->kind));
    if (kind != nullptr) key_ += kind->text;
    if (last_ != nullptr && key_ == last_->first) return &last_->second;
    auto found = readers_.find(key_);
    if (found == readers_.end()) {
      if (readers_.size() >= kReadersMax) return nullptr;
      found = readers_.try_emplace(key_, Reader{projection_->audience_of(logsource, kind), {}}).first;
    }
    last_ = &*found;
    return &found->second;
  }

 private:
  static constexpr std::size_t kReadersMax = 4'096;  // kinds of events; those beyond are taken whole
  static constexpr std::size_t kKindBytesMax = 256;  // of a kind; longer ones, too
  const Projection* projection_ = nullptr;
  std::uint32_t generation_ = 0;
  std::string key_;
  std::unordered_map<std::string, Reader> readers_;
  std::pair<const std::string, Reader>* last_ = nullptr;
};

}  // namespace

struct NdjsonDecoder::Impl {
  JsonTape tape;
  FieldColumns columns;
  std::string path;
  std::size_t field_count = 0;
  bool cut = false;  // a limit was reached
  std::string_view host_member;
  JsonValue windows;  // the member Event, if the record is an event of Windows as evtx_dump writes it
  bool is_windows_xml = false;
  KnownChannels channels;
  std::string made_logsource;
  MemberNames names{told_of};
  struct Member {
    MemberNames::Id name = 0;
    JsonValue value;
  };
  std::vector<Member> taken;  // members of the record
  LookedUp looked_up;
  Readers readers;

  /// A record whose shape is known: where its members stand.
  struct KnownShape {
    bool usable = false;  // no objects or arrays where we look
    struct Told {
      std::uint8_t told = 0;
      std::uint32_t member = 0;
    };
    std::vector<Told> told;
    std::vector<MemberNames::Id> members;
    std::size_t kind_members = 0;   // of the projection's kind field
    std::uint32_t kind_member = 0;  // the last of them
    bool kind_is_event_id = false;
    // Of the reader asked for last:
    const Readers::Reader* reader = nullptr;
    bool adds_fields = false;
    bool reads_containers = false;
    std::vector<std::uint32_t> read;  // members
  };
  JsonShapes shapes;
  std::vector<KnownShape> known_shapes;  // by JsonShapes::Id
  bool shape_is_new = false;             // of the record

  /// Whether the projection may leave out members of what comes from there: what the provenance adds is not
  /// in the record, and who reads that is not asked.
  bool may_project(const Provenance& provenance) {
    if (provenance.projection == nullptr || !provenance.peer.empty() || !provenance.channel.empty() ||
        !provenance.host.empty() || is_reserved_field(provenance.projection->kind_field()))
      return false;
    if (readers.follow(provenance.projection, names.generation())) {
      shapes.clear();
      known_shapes.clear();
    }
    return true;
  }

  /// Who reads events of the kind; nullptr: everything is read.
  /// @param value of the kind field, or null
  Readers::Reader* reader_of(std::string_view logsource, const JsonValue* value) {
    if (value == nullptr) return readers.of(logsource, nullptr);
    NumberBuffer buffer;
    const Scalar scalar = scalar_of(*value, buffer);
    const Projection::Kind kind{scalar.text, scalar.kind};
    return readers.of(logsource, &kind);
  }
  /// Whether the value of EventID is one of an event that add_windows_fields() adds to.
  static bool adds_windows_fields(JsonValue event_id) {
    NumberBuffer buffer;
    return has_windows_fields(scalar_of(event_id, buffer).text);
  }
  bool is_read(Readers::Reader& reader, MemberNames::Id id, bool adds_fields) {
    if (reader.reads.size() < names.size()) reader.reads.resize(names.size(), Readers::kUnknown);
    std::uint8_t& known = reader.reads[id];
    const auto& name = names[id];
    if (known == Readers::kUnknown) {
      const Audience& audience = *reader.audience;
      known = audience.reads(names[name.field].text) || audience.reads(names[name.inside].text);
    }
    return known != 0 || (adds_fields && names[name.field].asked);
  }
  /// Whether an object or array of the name may become the field.
  bool may_hold(MemberNames::Id container, MemberNames::Id field) const {
    const auto& name = names[container];
    const std::string_view inside = names[name.inside].text;
    const std::string_view wanted = names[field].text;
    return name.text.empty() || name.field == field ||
           (wanted.starts_with(inside) && wanted.substr(inside.size()).starts_with('.'));
  }

  /// Leaves out the members that nobody reads; whether keywords may stand in the record. Ask may_project()
  /// before.
  bool project(std::string_view record, const Provenance& provenance, std::string_view logsource) {
    if (is_windows_xml) return true;  // what is flattened has other names
    const MemberNames::Id kind_field = names.id_of(provenance.projection->kind_field());
    const MemberNames::Id event_id = names.id_of(kToldNames[kEventId]);
    const Member* kind = nullptr;
    bool adds_fields = false;
    for (const Member& member : taken) {
      const MemberNames::Id field = names[member.name].field;
      if (member.value.is_array() || member.value.is_object()) {
        if (may_hold(member.name, kind_field) || may_hold(member.name, event_id)) return true;
        continue;
      }
      adds_fields = adds_fields || (field == event_id && adds_windows_fields(member.value));
      if (field != kind_field) continue;
      if (kind != nullptr) return true;
      kind = &member;
    }
    if (adds_fields && kind_field != event_id) return true;  // the kind may be what is added
    Readers::Reader* const reader = reader_of(logsource, kind == nullptr ? nullptr : &kind->value);
    if (reader == nullptr || tape.has_code_units() || reader->audience->may_hold_keyword(record)) return true;
    std::erase_if(taken, [&](const Member& member) { return !is_read(*reader, member.name, adds_fields); });
    return adds_fields;  // of keywords, too
  }

  /// Remembers the shape of the record that was just taken apart.
  void learn_shape(const Provenance& provenance) {
    if (tape.tokens() > kJsonFieldsMax || tape.path_bytes_max() > kFieldNameBytesMax) return;
    const JsonShapes::Id id = shapes.learn(tape);
    if (id == JsonShapes::kNone) return;
    KnownShape& known = known_shapes.emplace_back();
    known.usable = !is_windows_xml;
    const MemberNames::Id kind_field = names.id_of(provenance.projection->kind_field());
    const MemberNames::Id event_id = names.id_of(kToldNames[kEventId]);
    known.kind_is_event_id = kind_field == event_id;
    const auto& members = shapes[id].members();
    for (std::uint32_t i = 0; i < members.size(); ++i) {
      const MemberNames::Id name = names.id_of(members[i].name);
      const MemberNames::Id field = names[name].field;
      const bool is_told = names[name].told != kToldCount;
      known.members.push_back(name);
      if (members[i].is_container && (is_told || may_hold(name, kind_field) || may_hold(name, event_id)))
        known.usable = false;
      if (field == event_id && names[name].told != kEventId) known.usable = false;
      if (is_told) known.told.push_back({names[name].told, i});
      if (field != kind_field) continue;
      ++known.kind_members;
      known.kind_member = i;
    }
    if (known.kind_members > 1) known.usable = false;
  }

  JsonValue value_of(const JsonShape& shape, std::uint32_t member) {
    return {tape, shape.members()[member].token};
  }

  /// Writes a record of a known shape, without taking it apart: the same row as the long way makes. False if
  /// the record needs that; nothing was written then.
  /// @param record plain, and looked at
  bool write_known(std::string_view record, const Provenance& provenance, DecodeCounters& counters,
                   BatchBuilder& builder) {
    const JsonShapes::Id id = shapes.find(tape);
    shape_is_new = id == JsonShapes::kNone;
    if (shape_is_new || !known_shapes[id].usable) return false;
    KnownShape& known = known_shapes[id];
    const JsonShape& shape = shapes[id];
    looked_up.clear();
    for (const auto& [told, member] : known.told) looked_up.add(told, value_of(shape, member));
    RowParts parts;
    find_time(looked_up, provenance, parts);
    parts.host = find_host(looked_up, host_member);
    parts.logsource = find_logsource(looked_up, provenance, channels, made_logsource);
    const bool adds_fields = looked_up.has(kEventId) && adds_windows_fields(looked_up[kEventId]);
    if (adds_fields && !known.kind_is_event_id) return false;
    JsonValue kind;
    if (known.kind_members > 0) kind = value_of(shape, known.kind_member);
    Readers::Reader* const reader = reader_of(parts.logsource, known.kind_members == 0 ? nullptr : &kind);
    if (reader == nullptr || reader->audience->may_hold_keyword(record)) return false;
    if (known.reader != reader || known.adds_fields != adds_fields) {
      known.reader = reader;
      known.adds_fields = adds_fields;
      known.reads_containers = false;
      known.read.clear();
      for (std::uint32_t i = 0; i < known.members.size(); ++i) {
        if (!is_read(*reader, known.members[i], adds_fields)) continue;
        known.read.push_back(i);
        known.reads_containers = known.reads_containers || shape.members()[i].is_container;
      }
    }
    if (known.reads_containers) return false;
    begin_row(record, provenance, parts, builder, columns, counters);
    builder.set_projected(adds_fields);
    for (const std::uint32_t i : known.read)
      write_plain(known.members[i], value_of(shape, i), parts.host, builder);
    if (adds_fields) add_windows_fields(builder, provenance.zone);
    return true;
  }

  /// Whether it is the member that became the row's host, which is not repeated as a field.
  bool is_host(std::string_view name, std::string_view text, std::string_view host) const {
    return name == host_member && text == host;
  }
  /// A value from wherever it stands in the record.
  void write(std::string_view name, JsonValue element, std::string_view host, BatchBuilder& builder) {
    NumberBuffer buffer;
    const Scalar value = scalar_of(element, buffer);
    const MemberNames::Id id = names.id_of(name);
    const MemberNames::Id field = names[id].field;
    if (names[field].text.empty() || (field != id && is_host(name, value.text, host))) return;
    builder.add(names.column(field, builder), value.text, value.kind);
  }
  /// A member of the record; most have a value that was there before.
  void write_plain(MemberNames::Id id, JsonValue element, std::string_view host, BatchBuilder& builder) {
    const MemberNames::Id field = names[id].field;
    if (names[field].text.empty() || (field != id && is_host(names[id].text, element.text(), host))) return;
    const std::size_t column = names.column(field, builder);
    const std::string_view written = element.written();
    ValueId known = names.find_value(field, written, element.kind());
    if (known == kAbsent) {
      NumberBuffer buffer;
      const Scalar value = scalar_of(element, buffer);
      known = builder.intern(column, value.text, value.kind);
      names.keep_value(field, written, element.kind(), known);
    }
    builder.add_known(column, known);
  }

  /// Takes the record apart, one level deep.
  void take_members(JsonValue object) {
    taken.clear();
    looked_up.clear();
    for (const auto field : object.members()) {
      const MemberNames::Id name = names.next(field.key);
      taken.push_back({name, field.value});
      if (names[name].told != kToldCount) looked_up.add(names[name].told, field.value);
    }
  }

  /// Calls plain(name, scalar element) for each member that is one, and sink(name, scalar element) for each
  /// value inside of others; false when kJsonFieldsMax was reached.
  bool walk_members(const auto& plain, const auto& sink) {
    field_count = 0;
    path.clear();
    for (const Member& member : taken) {
      const std::string_view key = names[member.name].text;
      if (is_windows_xml && key == "Event") {
        if (!walk_windows(sink)) return false;
      } else if (member.value.is_object() || member.value.is_array() || key.size() > kFieldNameBytesMax) {
        if (!walk_member(key, member.value, sink)) return false;
      } else {
        if (field_count == kJsonFieldsMax) {
          cut = true;
          return false;
        }
        ++field_count;
        plain(member.name, member.value);
      }
    }
    return true;
  }

  /// Calls sink(name, scalar element) for each value; false when kJsonFieldsMax was reached.
  bool walk(JsonValue value, const auto& sink) {
    if (value.is_object()) return walk_object(value, sink);
    if (value.is_array()) {
      for (const JsonValue item : value.items()) {
        if (!walk(item, sink)) return false;
      }
      return true;
    }
    if (field_count == kJsonFieldsMax) {
      cut = true;
      return false;
    }
    ++field_count;
    sink(std::string_view(path), value);
    return true;
  }

  bool walk_object(JsonValue object, const auto& sink) {
    for (const auto field : object.members()) {
      if (!walk_member(field.key, field.value, sink)) return false;
    }
    return true;
  }

  // {"Event": {"System": ..., "EventData": ...}}: the names that evtx_template.h gives to the same event.

  bool walk_windows(const auto& sink) {
    for (const auto part : windows.members()) {
      const std::string_view name = part.key;
      const bool is_object = part.value.is_object();
      bool more = true;
      if (name == "System" && is_object) {
        for (const auto field : part.value.members()) {
          if (more && !field.value.is_null()) more = walk_part("", field.key, field.value, sink);
        }
      } else if (name == "UserData" && is_object) {
        more = walk_inside("", name, part.value, sink, true);
      } else if (name == "EventData" && is_object) {
        more = walk_inside("", name, part.value, sink, false);
      } else if (!name.starts_with('#') && !part.value.is_null()) {
        more = walk_element(name, part.value, sink);
      }
      if (!more) return false;
    }
    return true;
  }

  /// An element whose field is called `name`.
  bool walk_element(std::string_view name, JsonValue value, const auto& sink) {
    if (value.is_object()) return walk_inside(std::string(name) + ".", name, value, sink, false);
    if (value.is_array()) {
      for (const JsonValue item : value.items()) {
        if (!walk_element(name, item, sink)) return false;
      }
      return true;
    }
    if (name.size() > kFieldNameBytesMax || field_count == kJsonFieldsMax) {
      cut = true;
      return name.size() > kFieldNameBytesMax;
    }
    ++field_count;
    sink(name, value);
    return true;
  }

  /// The members of the element `name`. Attributes get its name; other members get `prefix`, or, in UserData,
  /// are the element whose members have no prefix.
  bool walk_inside(const std::string& prefix, std::string_view name, JsonValue members, const auto& sink,
                   bool user_data) {
    for (const auto member : members.members()) {
      const std::string_view key = member.key;
      const bool is_object = member.value.is_object();
      bool more = true;
      if (key == "#attributes" && is_object) {
        more = walk_attributes(name, member.value, sink);
      } else if (key == "#text") {
        more = walk_element(name, member.value, sink);
      } else if (user_data && is_object) {
        more = walk_inside("", key, member.value, sink, false);
      } else if (!user_data || !member.value.is_null()) {
        more = walk_part(prefix, key, member.value, sink);
      }
      if (!more) return false;
    }
    return true;
  }

  /// A member; some programs write the attributes of X beside it as X_attributes.
  bool walk_part(const std::string& prefix, std::string_view key, JsonValue value, const auto& sink) {
    constexpr std::string_view kAttributes = "_attributes";
    if (!key.ends_with(kAttributes) || !value.is_object())
      return walk_element(prefix + std::string(key), value, sink);
    return walk_attributes(prefix + std::string(key.substr(0, key.size() - kAttributes.size())), value, sink);
  }

  bool walk_attributes(std::string_view name, JsonValue attributes, const auto& sink) {
    for (const auto attribute : attributes.members()) {
      const std::string_view key = attribute.key;
      if (key.starts_with("xmlns")) continue;
      if (!walk_element(std::string(name) + "_" + std::string(key), attribute.value, sink)) return false;
    }
    return true;
  }

  bool walk_member(std::string_view key, JsonValue value, const auto& sink) {
    const std::size_t before = path.size();
    if (before > 0) path += '.';
    path += key;
    bool more = true;
    if (path.size() > kFieldNameBytesMax)
      cut = true;
    else
      more = walk(value, sink);
    path.resize(before);
    return more;
  }
};

NdjsonDecoder::NdjsonDecoder() : impl_(std::make_unique<Impl>()) {}
NdjsonDecoder::~NdjsonDecoder() = default;

void NdjsonDecoder::decode(std::string_view record, const Provenance& provenance, BatchBuilder& builder) {
  Impl& impl = *impl_;
  impl.cut = false;
  impl.host_member = {};
  impl.is_windows_xml = false;
  impl.names.follow(builder);
  RowParts parts;
  bool valid = true;
  const bool may_project = impl.may_project(provenance);
  if (record.size() > kRecordBytesMax) {
    parts.error = parse_error::kOversized;
  } else {
    impl.tape.look(without_line_end(record));
    impl.shape_is_new = false;
    if (may_project && impl.tape.is_plain() && impl.write_known(record, provenance, counters_, builder))
      return;
    parts.error = impl.tape.build(valid);
    if (parts.error.empty() && !impl.tape.root().is_object()) parts.error = parse_error::kNotObject;
  }
  const bool readable = parts.error.empty();
  if (readable) {
    impl.take_members(impl.tape.root());
    JsonValue system;
    impl.is_windows_xml = impl.looked_up.find(kEventSystem, system) && impl.looked_up.has(kEvent) &&
                          impl.looked_up[kEvent].is_object();
    if (impl.is_windows_xml) impl.windows = impl.looked_up[kEvent];
    if (impl.shape_is_new) impl.learn_shape(provenance);
    find_time(impl.looked_up, provenance, parts);
    parts.host = find_host(impl.looked_up, impl.host_member);
    parts.logsource = find_logsource(impl.looked_up, provenance, impl.channels, impl.made_logsource);
    // Limits are judged before the row begins, because its parse_error is written first.
    const bool may_be_cut =
        impl.tape.tokens() > kJsonFieldsMax || impl.tape.path_bytes_max() > kFieldNameBytesMax;
    if (may_be_cut) impl.walk_members([](MemberNames::Id, JsonValue) {}, [](std::string_view, JsonValue) {});
    if (impl.cut) parts.error = parse_error::kTooManyFields;
    if (!valid) parts.error = parse_error::kNotUtf8;
  } else {
    parts.logsource = provenance.default_logsource;
  }
  begin_row(record, provenance, parts, builder, impl.columns, counters_);
  if (provenance.projection != nullptr)
    builder.set_projected(!readable || impl.cut || !may_project ||
                          impl.project(record, provenance, parts.logsource));
  if (!readable) return;
  const auto write = [&](std::string_view name, JsonValue element) {
    impl.write(name, element, parts.host, builder);
  };
  const auto write_plain = [&](MemberNames::Id id, JsonValue element) {
    impl.write_plain(id, element, parts.host, builder);
  };
  impl.walk_members(write_plain, write);
  add_windows_fields(builder, provenance.zone);
}

}  // namespace phendau::ingest
