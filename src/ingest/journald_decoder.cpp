// SPDX-License-Identifier: Apache-2.0
// The tape checks the whole document before the first field is written; its buffers are reused, so a record
// costs no allocation once they have grown.
#include "ingest/journald_decoder.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "ingest/auth_messages.h"
#include "ingest/json_scalar.h"
#include "ingest/json_tape.h"
#include "ingest/limits.h"
#include "ingest/line_formats.h"
#include "ingest/pairs.h"
#include "ingest/parse_error.h"
#include "ingest/row_writer.h"
#include "model/batch.h"

namespace phendau::ingest {

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
    NumberBuffer buffer;
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

}  // namespace phendau::ingest
