// SPDX-License-Identifier: Apache-2.0
// Both JSON decoders. The tape checks the whole document before the first field is written; its buffers are
// reused, so a record costs no allocation once they have grown.
#include <array>
#include <charconv>
#include <cstring>
#include <unordered_map>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/text.h"
#include "ingest/auth_messages.h"
#include "ingest/journald_decoder.h"
#include "ingest/json_shapes.h"
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

/// Members of a record that say what it is and when and where it happened; what is inside of some of them is
/// flattened by some programs.
enum Told : std::uint8_t {
  kAtTimestamp,
  kTimestamp,
  kTime,
  kEventTime,
  kTimeCreated,
  kUnderscoreTime,
  kTs,
  kChannel,
  kEventId,
  kComputer,
  kCapitalHostname,
  kHostname,
  kEventType,
  kPath,
  kHost,
  kHostName,
  kWinlog,
  kWinlogChannel,
  kWinlogComputer,
  kEvent,
  kEventSystem,
  kEventChannel,
  kEventComputer,
  kEventTimeCreated,
  kEventTimeAttributes,
  kToldCount
};
constexpr std::array<std::string_view, kToldCount> kToldNames = {"@timestamp",
                                                                 "timestamp",
                                                                 "time",
                                                                 "EventTime",
                                                                 "TimeCreated",
                                                                 "_time",
                                                                 "ts",
                                                                 "Channel",
                                                                 "EventID",
                                                                 "Computer",
                                                                 "Hostname",
                                                                 "hostname",
                                                                 "event_type",
                                                                 "_path",
                                                                 "host",
                                                                 "host.name",
                                                                 "winlog",
                                                                 "winlog.channel",
                                                                 "winlog.computer_name",
                                                                 "Event",
                                                                 "Event.System",
                                                                 "Event.System.Channel",
                                                                 "Event.System.Computer",
                                                                 "Event.System.TimeCreated",
                                                                 "Event.System.TimeCreated_attributes"};

/// In which object each stands for those who flatten nothing; kToldCount: in none.
constexpr std::array<std::uint8_t, kToldCount> kOuterOfTold = [] {
  std::array<std::uint8_t, kToldCount> out{};
  for (std::size_t i = 0; i < kToldCount; ++i) {
    out[i] = kToldCount;
    for (const Told outer : {kHost, kWinlog, kEvent}) {
      const std::string_view name = kToldNames[outer];
      if (kToldNames[i].starts_with(name) && kToldNames[i].size() > name.size() &&
          kToldNames[i][name.size()] == '.')
        out[i] = outer;
    }
  }
  return out;
}();

/// Place in kToldNames, or kToldCount.
std::uint8_t told_of(std::string_view name) {
  const auto* const found = std::find(kToldNames.begin(), kToldNames.end(), name);
  return static_cast<std::uint8_t>(found - kToldNames.begin());
}

bool find_member(JsonValue object, std::string_view name, JsonValue& out) {
  if (object.find(name, out)) return true;
  const std::size_t dot = name.find('.');
  JsonValue inner;
  return dot != name.npos && object.find(name.substr(0, dot), inner) &&
         find_member(inner, name.substr(dot + 1), out);
}

/// Those of one record.
class LookedUp {
 public:
  void clear() { seen_ = 0; }
  /// The first of a name counts.
  void add(std::uint8_t told, JsonValue value) {
    if (has(told)) return;
    members_[told] = value;
    seen_ |= 1u << told;
  }
  bool has(std::uint8_t told) const { return (seen_ >> told & 1) != 0; }
  JsonValue operator[](std::uint8_t told) const { return members_[told]; }
  /// Member by name; "a.b" also means the member b of the object a.
  bool find(Told told, JsonValue& out) const {
    if (has(told)) {
      out = members_[told];
      return true;
    }
    const std::uint8_t outer = kOuterOfTold[told];
    return outer != kToldCount && has(outer) && members_[outer].is_object() &&
           find_member(members_[outer], kToldNames[told].substr(kToldNames[outer].size() + 1), out);
  }

 private:
  std::array<JsonValue, kToldCount> members_;
  std::uint32_t seen_ = 0;
};
static_assert(kToldCount <= 32);

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

void find_time(const LookedUp& record, const Provenance& provenance, RowParts& parts) {
  bool seen = false;
  JsonValue value;
  for (const Told told : {kAtTimestamp, kTimestamp, kTime, kEventTime, kTimeCreated, kUnderscoreTime, kTs,
                          kEventTimeCreated, kEventTimeAttributes}) {
    if (!record.find(told, value)) continue;
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
  return record.find(kChannel, value) || record.find(kEventId, value) ||
         record.find(kWinlogChannel, value) || record.find(kEventChannel, value);
}

/// The host; `member` becomes its name if it is the plain member "host", which then is not repeated as a
/// field.
std::string_view find_host(const LookedUp& record, std::string_view& member) {
  static constexpr Told kPlain[] = {kHost, kHostName, kHostname, kComputer};
  static constexpr Told kWindows[] = {kComputer, kEventComputer, kWinlogComputer, kCapitalHostname,
                                      kHost,     kHostName,      kHostname};
  JsonValue value;
  for (const Told told : is_windows(record) ? std::span<const Told>(kWindows) : std::span(kPlain)) {
    if (!record.find(told, value)) continue;
    if (const std::string_view text = first_text(value); !text.empty()) {
      if (told == kHost) member = kHostColumn;
      return text;
    }
  }
  return {};
}

/// Log sources of channels seen lately: the table is long, and is compared without case.
class KnownChannels {
 public:
  /// Empty if the table has none.
  std::string_view of(std::span<const ChannelLogsource> table, std::string_view channel) {
    if (table.data() != table_) *this = KnownChannels();
    table_ = table.data();
    const std::size_t last = channel.empty() ? 0 : static_cast<unsigned char>(channel.back());
    Known& known = known_[(channel.size() + last) % known_.size()];
    if (known.is_set && equal_bytes(known.channel, channel)) return known.logsource;
    known = {true, std::string(channel), {}};
    for (const auto& row : table) {
      if (!equals_ignore_case_ascii(row.channel, channel)) continue;
      known.logsource = row.logsource;
      break;
    }
    return known.logsource;
  }

 private:
  struct Known {
    bool is_set = false;
    std::string channel;
    std::string_view logsource;  // of the table
  };
  std::array<Known, 16> known_;
  const ChannelLogsource* table_ = nullptr;
};

/// By the Windows channel, else by what the writer of the record is: Suricata's event_type, Zeek's _path.
std::string_view find_logsource(const LookedUp& record, const Provenance& provenance, KnownChannels& channels,
                                std::string& made) {
  JsonValue value;
  for (const Told told : {kChannel, kWinlogChannel, kEventChannel}) {
    if (!record.find(told, value)) continue;
    const std::string_view known = channels.of(provenance.channel_logsources, value.string());
    if (!known.empty()) return known;
    if (!provenance.channel_logsources.empty() && is_windows(record)) return kOtherChannelLogsource;
  }
  const auto made_of = [&](std::string_view product, Told member, Told beside) {
    if (!record.has(member) || !record.has(beside)) return false;
    const std::string_view service = record[member].string();
    if (!is_pair_name(service) || service.find('/') != service.npos) return false;
    made = fmt::format("{}//{}", product, service);
    return true;
  };
  if (made_of("suricata", kEventType, kTimestamp) || made_of("zeek", kPath, kTs)) return made;
  return provenance.default_logsource;
}

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
    struct Member {
      MemberNames::Id name = 0;
      bool looked_at = false;  // before it is known who reads the record
    };
    std::vector<Member> members;
    std::size_t kind_members = 0;   // of the projection's kind field
    std::uint32_t kind_member = 0;  // the last of them
    bool kind_is_told = false;
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
        !provenance.host.empty())
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
    std::array<char, 40> buffer;
    const Scalar scalar = scalar_of(*value, buffer);
    const Projection::Kind kind{scalar.text, scalar.kind};
    return readers.of(logsource, &kind);
  }
  bool adds_windows_fields() const {
    return looked_up.has(kEventId) && has_windows_fields(looked_up[kEventId].text());
  }
  bool is_read(Readers::Reader& reader, MemberNames::Id id, bool adds_fields) {
    if (reader.reads.size() < names.size()) reader.reads.resize(names.size(), Readers::kUnknown);
    std::uint8_t& known = reader.reads[id];
    const auto& name = names[id];
    if (known == Readers::kUnknown) known = reader.audience->reads(names[name.field].text);
    return known != 0 || (adds_fields && name.asked);
  }

  /// Leaves out the members that nobody reads; whether keywords may stand in the record.
  /// @param parts with the log source
  bool project(std::string_view record, const Provenance& provenance, std::string_view logsource) {
    if (!may_project(provenance) || is_windows_xml) return true;  // what is flattened has other names
    const MemberNames::Id kind_field = names.id_of(provenance.projection->kind_field());
    const Member* kind = nullptr;
    for (const Member& member : taken) {
      if (member.name != kind_field) continue;
      if (kind != nullptr || member.value.is_array() || member.value.is_object()) return true;
      kind = &member;
    }
    Readers::Reader* const reader = reader_of(logsource, kind == nullptr ? nullptr : &kind->value);
    if (reader == nullptr || tape.has_code_units() || reader->audience->may_hold_keyword(record)) return true;
    const bool adds_fields = adds_windows_fields();
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
    const auto& members = shapes[id].members();
    for (std::uint32_t i = 0; i < members.size(); ++i) {
      const MemberNames::Id name = names.id_of(members[i].name);
      const bool looked_at = names[name].told != kToldCount || name == kind_field;
      known.members.push_back({name, looked_at});
      if (looked_at && members[i].is_container) known.usable = false;
      if (names[name].told != kToldCount) known.told.push_back({names[name].told, i});
      if (name != kind_field) continue;
      ++known.kind_members;
      known.kind_member = i;
      known.kind_is_told = names[name].told != kToldCount;
    }
    if (known.kind_members > 1) known.usable = false;
  }

  /// Once for each member: what is unescaped has room once.
  JsonValue value_of(const JsonShape& shape, std::uint32_t member) {
    return tape.value_at(tape.signs().data() + shape.members()[member].sign, member);
  }

  /// Writes a record of a known shape, without taking it apart: the same row as the long way makes. False if
  /// the record needs that; nothing was written then.
  /// @param record whose signs were read
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
    JsonValue kind;
    if (known.kind_members > 0)
      kind = known.kind_is_told ? JsonValue(tape, known.kind_member) : value_of(shape, known.kind_member);
    Readers::Reader* const reader = reader_of(parts.logsource, known.kind_members == 0 ? nullptr : &kind);
    if (reader == nullptr || reader->audience->may_hold_keyword(record)) return false;
    const bool adds_fields = adds_windows_fields();
    if (known.reader != reader || known.adds_fields != adds_fields) {
      known.reader = reader;
      known.adds_fields = adds_fields;
      known.reads_containers = false;
      known.read.clear();
      for (std::uint32_t i = 0; i < known.members.size(); ++i) {
        if (!is_read(*reader, known.members[i].name, adds_fields)) continue;
        known.read.push_back(i);
        known.reads_containers = known.reads_containers || shape.members()[i].is_container;
      }
    }
    if (known.reads_containers) return false;
    begin_row(record, provenance, parts, builder, columns, counters);
    builder.set_projected(adds_fields);
    for (const std::uint32_t i : known.read) {
      const auto& member = known.members[i];
      const JsonValue value = member.looked_at ? JsonValue(tape, i) : value_of(shape, i);
      write_plain(member.name, value, parts.host, builder);
    }
    if (adds_fields) add_windows_fields(builder, provenance.zone);
    return true;
  }

  /// Whether it is the member that became the row's host, which is not repeated as a field.
  bool is_host(std::string_view name, std::string_view text, std::string_view host) const {
    return name == host_member && text == host;
  }
  /// A value from wherever it stands in the record.
  void write(std::string_view name, JsonValue element, std::string_view host, BatchBuilder& builder) {
    std::array<char, 40> buffer;
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
      std::array<char, 40> buffer;
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
    parts.error = impl.tape.read_signs(without_line_end(record), valid);
    impl.shape_is_new = false;
    const bool may_know = may_project && parts.error.empty() && valid && !impl.tape.has_code_units();
    if (may_know && impl.write_known(record, provenance, counters_, builder)) return;
    if (parts.error.empty()) parts.error = impl.tape.build();
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
    builder.set_projected(!readable || impl.project(record, provenance, parts.logsource));
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
