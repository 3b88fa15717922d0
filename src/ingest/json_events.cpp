// SPDX-License-Identifier: Apache-2.0
// Both JSON decoders. simdjson's DOM is used because it checks the whole document before the first field is
// written; its buffers are reused, so a record costs no allocation once they have grown.
#include <array>
#include <charconv>
#include <cstring>
#include <unordered_map>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/text.h"
#include "ingest/auth_messages.h"
#include "ingest/journald_decoder.h"
#include "ingest/limits.h"
#include "ingest/line_formats.h"
#include "ingest/ndjson_decoder.h"
#include "ingest/pairs.h"
#include "ingest/parse_error.h"
#include "ingest/row_writer.h"
#include "ingest/timestamp.h"
#include "ingest/windows_fields.h"
#include "model/batch.h"

namespace phendau::ingest {
namespace {

namespace dom = simdjson::dom;

/// A parser with its padded input buffer.
class JsonReader {
 public:
  /// The object, or the parse_error. Valid until the next call. `valid` is false if invalid UTF-8 was
  /// replaced.
  std::string_view read(std::string_view text, dom::object& out, bool& valid) {
    if (text.empty()) return parse_error::kEmpty;
    std::string_view checked = text;
    if (!simdjson::validate_utf8(text)) checked = valid_text(text, scratch_, valid);
    padded_.assign(checked);
    padded_.append(simdjson::SIMDJSON_PADDING, '\0');
    if (parser_.max_depth() != kJsonDepthMax + 1 || parser_.capacity() < checked.size()) {
      if (parser_.allocate(std::max<std::size_t>(checked.size(), 64u << 10), kJsonDepthMax + 1)) {
        return parse_error::kBadJson;
      }
    }
    dom::element root;
    const auto error = parser_.parse(padded_.data(), checked.size(), false).get(root);
    if (error == simdjson::DEPTH_ERROR) return parse_error::kTooDeep;
    if (error) return parse_error::kBadJson;
    if (root.get(out)) return parse_error::kNotObject;
    return {};
  }

 private:
  dom::parser parser_;
  std::string padded_;
  std::string scratch_;
};

/// Text and kind of a scalar; `buffer` holds numbers.
struct Scalar {
  std::string_view text;
  ValueKind kind = ValueKind::null;
};

Scalar scalar_of(dom::element value, std::array<char, 40>& buffer) {
  const auto number = [&](auto n, ValueKind kind) {
    const auto done = fmt::format_to_n(buffer.data(), buffer.size(), "{}", n);
    return Scalar{std::string_view(buffer.data(), std::min<std::size_t>(done.size, buffer.size())), kind};
  };
  const auto whole = [&](auto n) {
    const char* end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), n).ptr;
    return Scalar{std::string_view(buffer.data(), end), ValueKind::integer};
  };
  switch (value.type()) {
    case dom::element_type::STRING:
      return {std::string_view(value.get_string().value_unsafe()), ValueKind::text};
    case dom::element_type::INT64:
      return whole(value.get_int64().value_unsafe());
    case dom::element_type::UINT64:
      return whole(value.get_uint64().value_unsafe());
    case dom::element_type::DOUBLE:
      return number(value.get_double().value_unsafe(), ValueKind::real);
    case dom::element_type::BOOL:
      return {value.get_bool().value_unsafe() ? std::string_view("true") : std::string_view("false"),
              ValueKind::boolean};
    case dom::element_type::NULL_VALUE:
    case dom::element_type::ARRAY:
    case dom::element_type::OBJECT:
      return {};
  }
  return {};
}

std::string_view string_of(dom::element value) {
  std::string_view text;
  if (value.get(text)) return {};
  return text;
}

}  // namespace

// ---------------------------------------------------------------- journald

struct JournaldDecoder::Impl {
  JsonReader reader;
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
  void each_value(dom::element value, const Sink& sink, bool nested = false) {
    dom::array items;
    if (!value.get(items)) {
      if (take_bytes(items, sink) || nested) return;
      for (const dom::element item : items) each_value(item, sink, true);
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
  bool take_bytes(dom::array items, const Sink& sink) {
    std::string raw;
    for (const dom::element item : items) {
      std::uint64_t byte = 0;
      if (item.get(byte) || byte > 0xFF) return false;
      raw += static_cast<char>(byte);
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
  dom::object object;
  RowParts parts;
  parts.error = impl.reader.read(text, object, impl.valid);
  const bool readable = parts.error.empty();
  JournalHeader header;
  if (readable) {
    for (const auto field : object) {
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
  void add(std::string_view name, dom::element value) { members_.emplace_back(name, value); }
  /// The first of the name; false if there is none.
  bool at(std::string_view name, dom::element& out) const {
    for (const auto& [key, value] : members_) {
      if (key != name) continue;
      out = value;
      return true;
    }
    return false;
  }
  bool at(std::string_view name, dom::object& out) const {
    dom::element value;
    return at(name, value) && !value.get(out);
  }

 private:
  std::vector<std::pair<std::string_view, dom::element>> members_;
};

bool find_member(dom::object object, std::string_view name, dom::element& out) {
  if (!object.at_key(name).get(out)) return true;
  const std::size_t dot = name.find('.');
  if (dot == name.npos) return false;
  dom::object inner;
  if (object.at_key(name.substr(0, dot)).get(inner)) return false;
  return find_member(inner, name.substr(dot + 1), out);
}

/// Member of the record by name; "a.b" also means the member b of the object a. All names that are asked for
/// are such as is_looked_up() knows.
bool find_member(const LookedUp& record, std::string_view name, dom::element& out) {
  if (record.at(name, out)) return true;
  const std::size_t dot = name.find('.');
  dom::object inner;
  return dot != name.npos && record.at(name.substr(0, dot), inner) &&
         find_member(inner, name.substr(dot + 1), out);
}

/// First string of a string or an array.
std::string_view first_text(dom::element value) {
  dom::array items;
  if (!value.get(items)) {
    for (const dom::element item : items) return string_of(item);
    return {};
  }
  return string_of(value);
}

/// RFC 3339, ISO without zone, epoch, or .NET's "/Date(1588388126000)/".
std::optional<ParsedTime> parse_any_time(dom::element value, ZoneOffset zone) {
  dom::object object;
  if (!value.get(object)) {
    dom::element inner;
    for (const std::string_view name : {"SystemTime", "@SystemTime", "#attributes.SystemTime"}) {
      if (find_member(object, name, inner)) return parse_any_time(inner, zone);
    }
    return std::nullopt;
  }
  std::array<char, 40> buffer;
  const Scalar scalar = scalar_of(value, buffer);
  std::string_view text = scalar.text;
  if (scalar.kind == ValueKind::real) {
    // The shortest form may be exponential; seconds with a fraction are what occurs.
    const auto done =
        fmt::format_to_n(buffer.data(), buffer.size(), "{:.6f}", value.get_double().value_unsafe());
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

}  // namespace

namespace {

/// What is known of the members' names: records of one program have the same ones in the same order, so that
/// a name is mostly the one that followed last time, and its column is known.
class MemberNames {
 public:
  using Id = std::uint32_t;
  static constexpr Id kNone = 0xFFFF'FFFF;
  static constexpr std::size_t kUnresolved = static_cast<std::size_t>(-2);

  struct Name {
    std::string_view text;  // a key of ids_
    Id next = kNone;        // the name that followed it last
    bool looked_up = false;
    bool plain = true;        // neither reserved nor with a space
    std::uint32_t batch = 0;  // for which `column` holds
    std::size_t column = 0;
  };

  /// Call before each record, as FieldColumns::follow(). Names may be many, if somebody wants that.
  void follow(const BatchBuilder& builder) {
    if (names_.size() > kNamesMax) *this = MemberNames();
    if (builder.rows() != rows_ || &builder != builder_ || rows_ == 0) ++batch_;
    builder_ = &builder;
    rows_ = builder.rows() + 1;
    last_ = kNone;
  }
  /// Names one after another, as they stand in the record.
  Id next(std::string_view text) {
    Id& guess = last_ == kNone ? first_ : names_[last_].next;
    if (guess == kNone || names_[guess].text != text) {
      const Id known = id_of(text);  // may move what `guess` refers to
      (last_ == kNone ? first_ : names_[last_].next) = known;
      last_ = known;
    } else {
      last_ = guess;
    }
    return last_;
  }
  Id id_of(std::string_view text) {
    const auto known = ids_.find(text);
    if (known != ids_.end()) return known->second;
    const auto id = static_cast<Id>(names_.size());
    const auto added = ids_.emplace(std::string(text), id).first;
    Name name;
    name.text = added->first;
    name.looked_up = is_looked_up(text);
    name.plain = !is_reserved_field(text) && text.find(' ') == text.npos;
    names_.push_back(name);
    return id;
  }
  const Name& operator[](Id id) const { return names_[id]; }
  std::size_t column(Id id, BatchBuilder& builder) {
    Name& name = names_[id];
    if (name.batch != batch_) {
      name.column = builder.column_index(name.text);
      name.batch = batch_;
    }
    return name.column;
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  static constexpr std::size_t kNamesMax = 4'096;
  std::unordered_map<std::string, Id, Hash, std::equal_to<>> ids_;
  std::vector<Name> names_;
  Id first_ = kNone;
  Id last_ = kNone;
  const BatchBuilder* builder_ = nullptr;
  std::uint32_t rows_ = 0;
  std::uint32_t batch_ = 0;
};

}  // namespace

struct NdjsonDecoder::Impl {
  JsonReader reader;
  FieldColumns columns;
  std::string path;
  std::size_t field_count = 0;
  bool cut = false;  // a limit was reached
  std::string_view host_member;
  dom::object windows;  // the member Event, if the record is an event of Windows as evtx_dump writes it
  bool is_windows_xml = false;
  std::string made_logsource;
  MemberNames names;
  struct Member {
    MemberNames::Id name = 0;
    dom::element value;
  };
  std::vector<Member> taken;  // members of the record
  LookedUp looked_up;

  /// Takes the record apart, one level deep.
  void take_members(dom::object object) {
    taken.clear();
    looked_up.clear();
    for (const auto field : object) {
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
  bool walk(dom::element value, const auto& sink) {
    dom::object object;
    if (!value.get(object)) return walk_object(object, sink);
    dom::array items;
    if (!value.get(items)) {
      for (const dom::element item : items) {
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

  bool walk_object(dom::object object, const auto& sink) {
    for (const auto field : object) {
      if (!walk_member(field.key, field.value, sink)) return false;
    }
    return true;
  }

  // {"Event": {"System": ..., "EventData": ...}}: the names that evtx_template.h gives to the same event.

  bool walk_windows(const auto& sink) {
    for (const auto part : windows) {
      const std::string_view name = part.key;
      dom::object members;
      const bool is_object = part.value.get(members) == simdjson::SUCCESS;
      bool more = true;
      if (name == "System" && is_object) {
        for (const auto field : members) {
          if (more && !field.value.is_null()) more = walk_part("", field.key, field.value, sink);
        }
      } else if (name == "UserData" && is_object) {
        more = walk_inside("", name, members, sink, true);
      } else if (name == "EventData" && is_object) {
        more = walk_inside("", name, members, sink, false);
      } else if (!name.starts_with('#') && !part.value.is_null()) {
        more = walk_element(name, part.value, sink);
      }
      if (!more) return false;
    }
    return true;
  }

  /// An element whose field is called `name`.
  bool walk_element(std::string_view name, dom::element value, const auto& sink) {
    dom::object members;
    if (!value.get(members)) return walk_inside(std::string(name) + ".", name, members, sink, false);
    dom::array items;
    if (!value.get(items)) {
      for (const dom::element item : items) {
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
  bool walk_inside(const std::string& prefix, std::string_view name, dom::object members, const auto& sink,
                   bool user_data) {
    for (const auto member : members) {
      const std::string_view key = member.key;
      dom::object inside;
      const bool is_object = member.value.get(inside) == simdjson::SUCCESS;
      bool more = true;
      if (key == "#attributes" && is_object) {
        more = walk_attributes(name, inside, sink);
      } else if (key == "#text") {
        more = walk_element(name, member.value, sink);
      } else if (user_data && is_object) {
        more = walk_inside("", key, inside, sink, false);
      } else if (!user_data || !member.value.is_null()) {
        more = walk_part(prefix, key, member.value, sink);
      }
      if (!more) return false;
    }
    return true;
  }

  /// A member; some programs write the attributes of X beside it as X_attributes.
  bool walk_part(const std::string& prefix, std::string_view key, dom::element value, const auto& sink) {
    constexpr std::string_view kAttributes = "_attributes";
    dom::object attributes;
    if (!key.ends_with(kAttributes) || value.get(attributes)) {
      return walk_element(prefix + std::string(key), value, sink);
    }
    return walk_attributes(prefix + std::string(key.substr(0, key.size() - kAttributes.size())), attributes,
                           sink);
  }

  bool walk_attributes(std::string_view name, dom::object attributes, const auto& sink) {
    for (const auto attribute : attributes) {
      const std::string_view key = attribute.key;
      if (key.starts_with("xmlns")) continue;
      if (!walk_element(std::string(name) + "_" + std::string(key), attribute.value, sink)) return false;
    }
    return true;
  }

  bool walk_member(std::string_view key, dom::element value, const auto& sink) {
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
  dom::element value;
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
  dom::element value;
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
  dom::element value;
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
  dom::element value;
  for (const std::string_view name : {"Channel", "winlog.channel", "Event.System.Channel"}) {
    if (!find_member(record, name, value)) continue;
    const std::string_view channel = string_of(value);
    for (const auto& row : provenance.channel_logsources) {
      if (equals_ignore_case_ascii(row.channel, channel)) return row.logsource;
    }
    if (!provenance.channel_logsources.empty() && is_windows(record)) return kOtherChannelLogsource;
  }
  const auto made_of = [&](std::string_view product, std::string_view member, std::string_view beside) {
    dom::element other;
    if (!record.at(member, value) || !record.at(beside, other)) return false;
    const std::string_view service = string_of(value);
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
  dom::object object;
  if (record.size() > kRecordBytesMax) {
    parts.error = parse_error::kOversized;
  } else {
    parts.error = impl.reader.read(without_line_end(record), object, valid);
  }
  const bool readable = parts.error.empty();
  impl.is_windows_xml = false;
  impl.names.follow(builder);
  if (readable) {
    impl.take_members(object);
    dom::element event, system;
    impl.is_windows_xml = find_member(impl.looked_up, "Event.System", system) &&
                          impl.looked_up.at("Event", event) && !event.get(impl.windows);
    find_time(impl.looked_up, provenance, parts);
    parts.host = find_host(impl.looked_up, impl.host_member);
    parts.logsource = find_logsource(impl.looked_up, provenance, impl.made_logsource);
    // Limits are judged before the row begins, because its parse_error is written first.
    impl.walk_members([](MemberNames::Id, dom::element) {}, [](std::string_view, dom::element) {});
    if (impl.cut) parts.error = parse_error::kTooManyFields;
    if (!valid) parts.error = parse_error::kNotUtf8;
  } else {
    parts.logsource = provenance.default_logsource;
  }
  begin_row(record, provenance, parts, builder, impl.columns, counters_);
  if (!readable) return;
  std::string renamed;
  std::array<char, 40> buffer;
  const auto write = [&](std::string_view name, dom::element element) {
    const Scalar value = scalar_of(element, buffer);
    if (impl.is_windows_xml && name.find(' ') != name.npos) {  // Sigma: "Threat Name" is ThreatName
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
  const auto write_plain = [&](MemberNames::Id id, dom::element element) {
    const auto& name = impl.names[id];
    if (!name.plain || name.text.empty()) return write(name.text, element);
    const Scalar value = scalar_of(element, buffer);
    builder.add(impl.names.column(id, builder), value.text, value.kind);
  };
  impl.walk_members(write_plain, write);
  add_windows_fields(builder, provenance.zone);
}

}  // namespace phendau::ingest
