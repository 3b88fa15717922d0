// SPDX-License-Identifier: Apache-2.0
// Both JSON decoders. The tape checks the whole document before the first field is written; its buffers are
// reused, so a record costs no allocation once they have grown.
#include <array>
#include <charconv>
#include <cstring>
#include <unordered_map>

#include <fmt/format.h>

#include "base/text.h"
#include "ingest/auth_messages.h"
#include "ingest/journald_decoder.h"
#include "ingest/json_tape.h"
#include "ingest/limits.h"
#include "ingest/line_formats.h"
#include "ingest/member_names.h"
#include "ingest/ndjson_decoder.h"
#include "ingest/pairs.h"
#include "ingest/parse_error.h"
#include "ingest/row_writer.h"
#include "ingest/timestamp.h"
#include "ingest/windows_fields.h"
#include "model/batch.h"

namespace phendau::ingest {
namespace {

/// Text and kind of a scalar; `buffer` holds numbers.
struct Scalar {
  std::string_view text;
  ValueKind kind = ValueKind::null;
};

Scalar scalar_of(JsonValue value, std::array<char, 40>& buffer) {
  switch (value.kind()) {
    case JsonKind::string:
      return {value.text(), ValueKind::text};
    case JsonKind::integer:
      return {value.text() == "-0" ? "0" : value.text(), ValueKind::integer};
    case JsonKind::real: {
      const auto number = parse_double(value.text());
      if (!number) return {value.text(), ValueKind::real};  // no double holds it
      const auto done = fmt::format_to_n(buffer.data(), buffer.size(), "{}", *number);
      return {std::string_view(buffer.data(), std::min<std::size_t>(done.size, buffer.size())),
              ValueKind::real};
    }
    case JsonKind::boolean:
      return {value.text(), ValueKind::boolean};
    case JsonKind::null:
    case JsonKind::array:
    case JsonKind::object:
      return {};
  }
  return {};
}

}  // namespace

// ---------------------------------------------------------------- journald

struct JournaldDecoder::Impl {
  JsonTape tape;
  FieldColumns columns;
  FieldList fields;
  /// A member's values as text. Byte arrays are decoded into `bytes`.
  struct Member {
    std::string_view name;
    std::string_view text;
  };
  std::vector<Member> kept;        // members that go into the row under their own name
  std::vector<std::string> bytes;  // owners of decoded byte arrays; reserved so that views stay
  PairList pairs;                  // of a message in a format of its own
  LineMemory memory;
  bool valid = true;

  std::string_view hold(std::string_view raw) {
    if (bytes.size() == kBytesMax) return {};
    if (!is_utf8(raw)) valid = false;
    bytes.push_back(is_utf8(raw) ? std::string(raw) : to_valid_utf8(raw));
    return bytes.back();
  }

  /// Calls `sink` with each value: a string, a byte array (journalctl prints unprintable text so), or an
  /// array of both.
  template <class Sink>
  void each_value(JsonValue value, const Sink& sink, bool nested = false) {
    if (value.is_array()) {
      if (take_bytes(value, sink) || nested) return;
      for (const JsonValue item : value.items()) each_value(item, sink, true);
      return;
    }
    std::array<char, 40> buffer;
    const Scalar scalar = scalar_of(value, buffer);
    if (scalar.kind == ValueKind::text)
      sink(scalar.text);
    else if (scalar.kind != ValueKind::null)
      sink(hold(scalar.text));
  }

  template <class Sink>
  bool take_bytes(JsonValue array, const Sink& sink) {
    std::string raw;
    for (const JsonValue item : array.items()) {
      if (item.kind() != JsonKind::integer) return false;
      const auto byte = parse_int(item.text());
      if (!byte || *byte < 0 || *byte > 0xFF) return false;
      raw += static_cast<char>(*byte);
    }
    if (raw.empty()) return false;
    sink(hold(raw));
    return true;
  }

  static constexpr std::size_t kBytesMax =
      64;  // members with byte arrays in one record; real ones have one or two
  static constexpr std::size_t kKeptMax = 64;
};

JournaldDecoder::JournaldDecoder() : impl_(std::make_unique<Impl>()) {
  impl_->bytes.reserve(Impl::kBytesMax);
}
JournaldDecoder::~JournaldDecoder() = default;

namespace {

/// Members whose value becomes a field of the same name.
constexpr std::string_view kJournalNames[] = {"_SYSTEMD_UNIT", "_COMM", "_EXE",      "_CMDLINE",
                                              "_UID",          "_GID",  "_TRANSPORT"};

constexpr std::array<std::string_view, 24> kFacilities = {
    "kern",   "user",   "mail",     "daemon", "auth",   "syslog",   "lpr",     "news",
    "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "security", "console", "solaris-cron",
    "local0", "local1", "local2",   "local3", "local4", "local5",   "local6",  "local7"};
constexpr std::array<std::string_view, 8> kSeverities = {"emerg",   "alert",  "crit", "err",
                                                         "warning", "notice", "info", "debug"};

/// Name at the index that `digits` says; empty if there is none.
template <std::size_t N>
std::string_view name_at(const std::array<std::string_view, N>& names, std::string_view digits) {
  std::size_t index = N;
  const auto done = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  return done.ec == std::errc() && done.ptr == digits.data() + digits.size() && index < N
             ? names[index]
             : std::string_view();
}

struct JournalHeader {
  std::string_view time, host, identifier, comm, pid, syslog_pid, priority, facility, transport;
  std::string_view audit_type, audit_id;
  std::vector<std::string_view> messages;
};

/// Place of a header member, or nullptr.
std::string_view* header_slot(JournalHeader& header, std::string_view name) {
  if (name == "__REALTIME_TIMESTAMP") return &header.time;
  if (name == "_HOSTNAME") return &header.host;
  if (name == "SYSLOG_IDENTIFIER") return &header.identifier;
  if (name == "_COMM") return &header.comm;
  if (name == "_PID") return &header.pid;
  if (name == "SYSLOG_PID") return &header.syslog_pid;
  if (name == "PRIORITY") return &header.priority;
  if (name == "SYSLOG_FACILITY") return &header.facility;
  if (name == "_TRANSPORT") return &header.transport;
  if (name == "_AUDIT_TYPE_NAME") return &header.audit_type;
  if (name == "_AUDIT_ID") return &header.audit_id;
  return nullptr;
}

bool is_kept(std::string_view name) {
  return std::find(std::begin(kJournalNames), std::end(kJournalNames), name) != std::end(kJournalNames);
}

}  // namespace

namespace {

/// What a message in a format of its own says (line_formats.h); journald takes audit records apart itself.
LineMeaning read_content(const JournalHeader& header, std::string_view program, std::string_view message,
                         const Provenance& provenance, LineMemory& own, PairList& pairs) {
  LineMemory& memory = provenance.memory != nullptr ? *provenance.memory : own;
  LineMeaning meaning;
  if (header.transport == "audit" && is_pair_name(header.audit_type)) {
    const std::string_view body = message.substr(std::min(message.find(' '), message.size()));
    memory.parse_audit_parts(header.audit_type, header.audit_id, body, provenance.source, pairs, meaning);
  } else {
    read_message(program, message, provenance, memory, pairs, meaning);
  }
  return meaning;
}

}  // namespace

void JournaldDecoder::decode(std::string_view record, const Provenance& provenance, BatchBuilder& builder) {
  Impl& impl = *impl_;
  impl.fields.clear();
  impl.kept.clear();
  impl.bytes.clear();
  impl.valid = true;
  const std::string_view text = without_line_end(record.substr(0, kRecordBytesMax));
  RowParts parts;
  parts.error = impl.tape.read(text, impl.valid);
  if (parts.error.empty() && !impl.tape.root().is_object()) parts.error = parse_error::kNotObject;
  const bool readable = parts.error.empty();
  JournalHeader header;
  if (readable) {
    for (const auto field : impl.tape.root().members()) {
      const std::string_view name = field.key;
      std::string_view* slot = header_slot(header, name);
      const bool message = name == "MESSAGE";
      const bool kept = is_kept(name);
      if (slot == nullptr && !message && !kept) continue;
      impl.each_value(field.value, [&](std::string_view value) {
        if (slot != nullptr && slot->empty()) *slot = value;
        if (message && header.messages.size() < Impl::kKeptMax) header.messages.push_back(value);
        if (kept && impl.kept.size() < Impl::kKeptMax) impl.kept.push_back({name, value});
      });
    }
  }
  std::string_view program = header.identifier.empty() ? header.comm : header.identifier;
  if (program.empty() && header.transport == "kernel") program = "kernel";
  MessageMeaning meaning;
  const std::string_view message = header.messages.empty() ? std::string_view() : header.messages.front();
  LineMeaning content;
  impl.pairs.clear();
  if (readable) meaning = parse_auth_message(program, message, impl.fields);
  if (readable && !meaning.understood)
    content = read_content(header, program, message, provenance, impl.memory, impl.pairs);
  std::int64_t microseconds = 0;
  const auto time =
      std::from_chars(header.time.data(), header.time.data() + header.time.size(), microseconds);
  constexpr std::int64_t kMicrosecondsMax = 9'200'000'000'000'000;
  if (!header.time.empty() && time.ec == std::errc() && microseconds > 0 && microseconds < kMicrosecondsMax) {
    parts.time = UtcTime{microseconds * 1'000};
    parts.quality = TimeQuality::exact;
  } else if (readable) {
    parts.error = parse_error::kBadTimestamp;
  }
  if (!impl.valid) parts.error = parse_error::kNotUtf8;
  parts.host = header.host;
  const bool use_default = meaning.speaker == Speaker::other && !provenance.default_logsource.empty();
  parts.logsource = use_default ? provenance.default_logsource : logsource_of(meaning.speaker);
  if (!content.logsource.empty()) parts.logsource = content.logsource;
  if (!content.error.empty()) parts.error = content.error;
  begin_row(record, provenance, parts, builder, impl.columns, counters_);
  const auto add = [&](Field field, std::string_view value) {
    if (!value.empty())
      impl.columns.add(builder, field, value, field == Field::pid ? number_kind(value) : ValueKind::text);
  };
  add(Field::facility, name_at(kFacilities, header.facility));
  add(Field::severity, name_at(kSeverities, header.priority));
  add(Field::program, program);
  add(Field::pid, header.pid.empty() ? header.syslog_pid : header.pid);
  for (const std::string_view value : header.messages) add(Field::message, value);
  for (const auto& member : impl.kept) builder.add(member.name, member.text);
  add_fields(impl.fields, builder, impl.columns);
  add_pairs(impl.pairs, builder);
  if (impl.fields.text(Field::action) == "login" || impl.pairs.find("action") == "login")
    add_local_time(builder, provenance.zone);
}

// ---------------------------------------------------------------- ndjson

namespace {

/// Members of a record that say what it is and when and where it happened; also all below `Event.` and the
/// like, which some programs flatten.
bool is_looked_up(std::string_view name) {
  static constexpr std::string_view kNames[] = {
      "@timestamp", "timestamp", "time",     "EventTime", "TimeCreated", "_time",      "ts",
      "Channel",    "EventID",   "Computer", "Hostname",  "hostname",    "event_type", "_path"};
  static constexpr std::string_view kObjects[] = {"Event", "winlog", "host"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames) ||
         std::any_of(std::begin(kObjects), std::end(kObjects), [&](std::string_view object) {
           return name.starts_with(object) && (name.size() == object.size() || name[object.size()] == '.');
         });
}

/// Those of one record, in its order.
class LookedUp {
 public:
  void clear() { members_.clear(); }
  void add(std::string_view name, JsonValue value) { members_.emplace_back(name, value); }
  /// The first of the name; false if there is none.
  bool at(std::string_view name, JsonValue& out) const {
    for (const auto& [key, value] : members_) {
      if (key != name) continue;
      out = value;
      return true;
    }
    return false;
  }

 private:
  std::vector<std::pair<std::string_view, JsonValue>> members_;
};

bool find_member(JsonValue object, std::string_view name, JsonValue& out) {
  if (object.find(name, out)) return true;
  const std::size_t dot = name.find('.');
  JsonValue inner;
  return dot != name.npos && object.find(name.substr(0, dot), inner) &&
         find_member(inner, name.substr(dot + 1), out);
}

/// Member of the record by name; "a.b" also means the member b of the object a. All names that are asked for
/// are such as is_looked_up() knows.
bool find_member(const LookedUp& record, std::string_view name, JsonValue& out) {
  if (record.at(name, out)) return true;
  const std::size_t dot = name.find('.');
  JsonValue inner;
  return dot != name.npos && record.at(name.substr(0, dot), inner) &&
         find_member(inner, name.substr(dot + 1), out);
}

/// First string of a string or an array.
std::string_view first_text(JsonValue value) {
  for (const JsonValue item : value.items()) return item.string();
  return value.string();
}

/// RFC 3339, ISO without zone, epoch, or .NET's "/Date(1588388126000)/".
std::optional<ParsedTime> parse_any_time(JsonValue value, ZoneOffset zone) {
  if (value.is_object()) {
    JsonValue inner;
    for (const std::string_view name : {"SystemTime", "@SystemTime", "#attributes.SystemTime"}) {
      if (find_member(value, name, inner)) return parse_any_time(inner, zone);
    }
    return std::nullopt;
  }
  std::array<char, 40> buffer;
  const Scalar scalar = scalar_of(value, buffer);
  std::string_view text = scalar.text;
  if (scalar.kind == ValueKind::real) {
    // The shortest form may be exponential; seconds with a fraction are what occurs.
    const auto number = parse_double(value.text());
    if (!number) return std::nullopt;
    const auto done = fmt::format_to_n(buffer.data(), buffer.size(), "{:.6f}", *number);
    if (done.size > buffer.size()) return std::nullopt;
    text = std::string_view(buffer.data(), done.size);
  } else if (scalar.kind != ValueKind::text && scalar.kind != ValueKind::integer) {
    return std::nullopt;
  }
  constexpr std::string_view kDotNet = "/Date(";
  if (text.starts_with(kDotNet) && text.ends_with(")/")) {
    text = text.substr(kDotNet.size(), text.size() - kDotNet.size() - 2);
  }
  if (auto iso = parse_iso_time(text, zone); iso && iso->used == text.size()) return iso;
  if (const auto epoch = parse_epoch(text)) return ParsedTime{*epoch, TimeQuality::exact, text.size()};
  return std::nullopt;
}

/// Who reads events of each kind, asked once of the projection.
class Readers {
 public:
  /// null: everything is read
  struct Reader {
    std::unique_ptr<const Audience> audience;
    std::vector<std::uint8_t> reads;  // by name: kUnknown, or whether the member is read
  };
  static constexpr std::uint8_t kUnknown = 2;

  /// For one projection at a time; names count anew with each generation.
  void follow(const Projection* projection, std::uint32_t generation) {
    if (projection == projection_ && generation == generation_) return;
    projection_ = projection;
    generation_ = generation;
    readers_.clear();
    last_ = nullptr;
  }
  /// @param kind null: the record has none
  Reader* of(std::string_view logsource, const Projection::Kind* kind) {
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
  std::string made_logsource;
  MemberNames names{is_looked_up};
  struct Member {
    MemberNames::Id name = 0;
    JsonValue value;
  };
  std::vector<Member> taken;  // members of the record
  LookedUp looked_up;
  Readers readers;

  /// Leaves out the members that nobody reads; whether keywords may stand in the record.
  /// @param parts with the log source
  bool project(std::string_view record, const Provenance& provenance, std::string_view logsource) {
    // What is flattened has other names, and what the provenance adds is not in the record.
    if (is_windows_xml || !provenance.peer.empty() || !provenance.channel.empty() || !provenance.host.empty())
      return true;
    readers.follow(provenance.projection, names.generation());
    const MemberNames::Id kind_field = names.id_of(provenance.projection->kind_field());
    std::array<char, 40> buffer;
    Projection::Kind kind;
    std::size_t kinds = 0;
    JsonValue event_id;
    const bool has_event_id = looked_up.at("EventID", event_id);
    for (const Member& member : taken) {
      if (member.name != kind_field) continue;
      if (++kinds > 1 || member.value.is_array() || member.value.is_object()) return true;
      const Scalar value = scalar_of(member.value, buffer);
      kind = {value.text, value.kind};
    }
    Readers::Reader* const reader = readers.of(logsource, kinds == 0 ? nullptr : &kind);
    if (reader == nullptr) return true;
    const bool adds_fields = has_event_id && has_windows_fields(event_id.text());
    if (tape.has_code_units() || reader->audience->may_hold_keyword(record)) return true;
    if (reader->reads.size() < names.size()) reader->reads.resize(names.size(), Readers::kUnknown);
    const auto is_read = [&](const Member& member) {
      std::uint8_t& known = reader->reads[member.name];
      if (known == Readers::kUnknown) {
        const auto& name = names[member.name];
        known = !name.plain || reader->audience->reads(name.text);
      }
      return known != 0 || (adds_fields && names[member.name].asked);
    };
    std::erase_if(taken, [&](const Member& member) { return !is_read(member); });
    return adds_fields;  // of keywords, too
  }

  /// Takes the record apart, one level deep.
  void take_members(JsonValue object) {
    taken.clear();
    looked_up.clear();
    for (const auto field : object.members()) {
      const MemberNames::Id name = names.next(field.key);
      taken.push_back({name, field.value});
      if (names[name].looked_up) looked_up.add(field.key, field.value);
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

namespace {

void find_time(const LookedUp& record, const Provenance& provenance, RowParts& parts) {
  bool seen = false;
  JsonValue value;
  for (const std::string_view name :
       {"@timestamp", "timestamp", "time", "EventTime", "TimeCreated", "_time", "ts",
        "Event.System.TimeCreated", "Event.System.TimeCreated_attributes"}) {
    if (!find_member(record, name, value)) continue;
    seen = true;
    if (const auto time = parse_any_time(value, provenance.zone)) {
      parts.time = time->time;
      parts.quality = time->quality;
      return;
    }
  }
  if (seen) parts.error = parse_error::kBadTimestamp;
}

/// Events of Windows: collectors put their own name into "host", the machine is in Computer or Hostname.
bool is_windows(const LookedUp& record) {
  JsonValue value;
  for (const std::string_view name : {"Channel", "EventID", "winlog.channel", "Event.System.Channel"}) {
    if (find_member(record, name, value)) return true;
  }
  return false;
}

/// The host; `member` becomes its name if it is the plain member "host", which then is not repeated as a
/// field.
std::string_view find_host(const LookedUp& record, std::string_view& member) {
  static constexpr std::string_view kPlain[] = {"host", "host.name", "hostname", "Computer"};
  static constexpr std::string_view kWindows[] = {
      "Computer", "Event.System.Computer", "winlog.computer_name", "Hostname", "host", "host.name",
      "hostname"};
  const auto names = is_windows(record) ? std::span<const std::string_view>(kWindows) : std::span(kPlain);
  JsonValue value;
  for (const std::string_view name : names) {
    if (!find_member(record, name, value)) continue;
    if (const std::string_view text = first_text(value); !text.empty()) {
      if (name == kHostColumn) member = name;
      return text;
    }
  }
  return {};
}

/// By the Windows channel, else by what the writer of the record is: Suricata's event_type, Zeek's _path.
std::string_view find_logsource(const LookedUp& record, const Provenance& provenance, std::string& made) {
  JsonValue value;
  for (const std::string_view name : {"Channel", "winlog.channel", "Event.System.Channel"}) {
    if (!find_member(record, name, value)) continue;
    const std::string_view channel = value.string();
    for (const auto& row : provenance.channel_logsources) {
      if (equals_ignore_case_ascii(row.channel, channel)) return row.logsource;
    }
    if (!provenance.channel_logsources.empty() && is_windows(record)) return kOtherChannelLogsource;
  }
  const auto made_of = [&](std::string_view product, std::string_view member, std::string_view beside) {
    JsonValue other;
    if (!record.at(member, value) || !record.at(beside, other)) return false;
    const std::string_view service = value.string();
    if (!is_pair_name(service) || service.find('/') != service.npos) return false;
    made = fmt::format("{}//{}", product, service);
    return true;
  };
  if (made_of("suricata", "event_type", "timestamp") || made_of("zeek", "_path", "ts")) return made;
  return provenance.default_logsource;
}

}  // namespace

void NdjsonDecoder::decode(std::string_view record, const Provenance& provenance, BatchBuilder& builder) {
  Impl& impl = *impl_;
  impl.cut = false;
  impl.host_member = {};
  RowParts parts;
  bool valid = true;
  if (record.size() > kRecordBytesMax) {
    parts.error = parse_error::kOversized;
  } else {
    parts.error = impl.tape.read(without_line_end(record), valid);
    if (parts.error.empty() && !impl.tape.root().is_object()) parts.error = parse_error::kNotObject;
  }
  const bool readable = parts.error.empty();
  impl.is_windows_xml = false;
  impl.names.follow(builder);
  if (readable) {
    impl.take_members(impl.tape.root());
    JsonValue system;
    impl.is_windows_xml = find_member(impl.looked_up, "Event.System", system) &&
                          impl.looked_up.at("Event", impl.windows) && impl.windows.is_object();
    find_time(impl.looked_up, provenance, parts);
    parts.host = find_host(impl.looked_up, impl.host_member);
    parts.logsource = find_logsource(impl.looked_up, provenance, impl.made_logsource);
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
    builder.set_projected(!readable || impl.project(record, provenance, parts.logsource));
  if (!readable) return;
  std::string renamed;
  std::array<char, 40> buffer;
  const auto write = [&](std::string_view name, JsonValue element) {
    const Scalar value = scalar_of(element, buffer);
    if (name.find(' ') != name.npos) {  // Sigma: "Threat Name" is ThreatName
      renamed.assign(name);
      std::erase(renamed, ' ');
      name = renamed;
    }
    if (is_reserved_field(name)) {
      if (name == impl.host_member && value.text == parts.host) return;
      renamed = std::string(kReservedPrefix) + std::string(name);  // name may be a part of it
      name = renamed;
    }
    if (name.empty()) return;
    builder.add(impl.names.column(impl.names.id_of(name), builder), value.text, value.kind);
  };
  const auto write_plain = [&](MemberNames::Id id, JsonValue element) {
    const auto& name = impl.names[id];
    if (!name.plain || name.text.empty()) return write(name.text, element);
    const std::size_t column = impl.names.column(id, builder);
    const std::string_view written = element.written();
    ValueId known = impl.names.find_value(id, written, element.kind());
    if (known == kAbsent) {
      const Scalar value = scalar_of(element, buffer);
      known = builder.intern(column, value.text, value.kind);
      impl.names.keep_value(id, written, element.kind(), known);
    }
    builder.add_known(column, known);
  };
  impl.walk_members(write_plain, write);
  add_windows_fields(builder, provenance.zone);
}

}  // namespace phendau::ingest
