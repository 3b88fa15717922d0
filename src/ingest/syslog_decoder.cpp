// SPDX-License-Identifier: Apache-2.0
// RFC 3164 describes what was seen, not what is right, so its parser only takes what it is sure of and leaves
// the rest in the message. Order: priority, then 5424 if a version and a time or "-" follow, else time, host,
// tag.
#include "ingest/syslog_decoder.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "ingest/limits.h"
#include "ingest/parse_error.h"
#include "ingest/row_writer.h"

namespace phendau::ingest {
namespace {

constexpr int kPriorityMax = 191;

std::string_view facility_name(int priority) {
  static constexpr std::array<std::string_view, 24> kNames = {
      "kern",   "user",   "mail",     "daemon", "auth",   "syslog",   "lpr",     "news",
      "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "security", "console", "solaris-cron",
      "local0", "local1", "local2",   "local3", "local4", "local5",   "local6",  "local7"};
  return kNames[static_cast<std::size_t>(priority) / 8];
}

std::string_view severity_name(int priority) {
  static constexpr std::array<std::string_view, 8> kNames = {"emerg",   "alert",  "crit", "err",
                                                             "warning", "notice", "info", "debug"};
  return kNames[static_cast<std::size_t>(priority) % 8];
}

/// "<34>" at the start; moves `text` behind it. -1 if it is none.
int take_priority(std::string_view& text) {
  constexpr std::size_t kDigitsMax = 3;
  std::size_t at = 1;
  int value = 0;
  for (; at < text.size() && at <= kDigitsMax && is_digit(text[at]); ++at)
    value = value * 10 + (text[at] - '0');
  if (at == 1 || at >= text.size() || text[at] != '>' || value > kPriorityMax) return -1;
  text.remove_prefix(at + 1);
  return value;
}

bool looks_like_iso_date(std::string_view text) {
  return text.size() > 4 && is_digit(text[0]) && is_digit(text[1]) && is_digit(text[2]) &&
         is_digit(text[3]) && text[4] == '-';
}

/// A version and then a time or "-": "<30>1 apple eaten" of an old device is no RFC 5424.
bool is_5424(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && at < 2 && is_digit(text[at])) ++at;
  if (at == 0 || text[0] == '0' || at >= text.size() || text[at] != ' ') return false;
  text.remove_prefix(at + 1);
  return text.starts_with("- ") || looks_like_iso_date(text);
}

std::string_view take_word(std::string_view& text) {
  const std::size_t at = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, at);
  text.remove_prefix(at);
  return word;
}

bool is_host(std::string_view word) {
  static constexpr std::array<std::string_view, 12> kLevels = {"TRACE",    "DEBUG",   "INFO",  "NOTICE",
                                                               "WARN",     "WARNING", "ERROR", "ERR",
                                                               "CRITICAL", "FATAL",   "CRIT",  "SEVERE"};
  constexpr std::size_t kHostBytesMax = 255;  // RFC 5424
  if (word.empty() || word.size() > kHostBytesMax) return false;
  const bool plain = std::all_of(word.begin(), word.end(), [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
           c == '_' || c == ':' || c == '/' || static_cast<unsigned char>(c) >= 0x80;
  });
  // "2026-11-24T10:00:00Z INFO module: text" is an application's own line.
  return plain && std::find(kLevels.begin(), kLevels.end(), word) == kLevels.end();
}

struct Tag {
  std::string_view program;
  std::string_view pid;
  std::string_view message;
};

std::string_view after_colon(std::string_view text) {
  text.remove_prefix(1);
  if (text.starts_with(' ')) text.remove_prefix(1);
  return text;
}

/// "[123]: text" behind a name; `text` starts at the bracket.
bool read_pid(std::string_view text, Tag& tag) {
  const std::size_t close = text.find(']');
  if (close == text.npos || close > kTagBytesMax) return false;
  tag.pid = text.substr(1, close - 1);
  const std::string_view rest = text.substr(close + 1);
  if (rest.starts_with(':')) {
    tag.message = after_colon(rest);
    return tag.pid.find(' ') == tag.pid.npos;
  }
  const bool digits = !tag.pid.empty() && std::all_of(tag.pid.begin(), tag.pid.end(), is_digit);
  if (!digits || !(rest.empty() || rest.starts_with(' '))) return false;
  tag.message = rest.empty() ? rest : rest.substr(1);
  return true;
}

/// Names with spaces: "My Service[12]: text", "syslogd 1.4.1: restart". Anything else with a space is text.
bool read_spaced_tag(std::string_view text, std::size_t space, Tag& tag) {
  constexpr std::size_t kSpacedBytesMax = 64;
  const std::string_view head = text.substr(0, kSpacedBytesMax);
  const std::size_t colon = head.find(": ", space);
  if (colon == head.npos) return false;
  const std::string_view name = head.substr(0, colon);
  const std::size_t open = name.find('[');
  if (open != name.npos) {
    if (name.back() != ']' || open + 2 >= name.size()) return false;
    const std::string_view pid = name.substr(open + 1, name.size() - open - 2);
    if (!std::all_of(pid.begin(), pid.end(), is_digit)) return false;
    tag = {name.substr(0, open), pid, after_colon(text.substr(colon))};
    return name[open - 1] != ' ';
  }
  const std::string_view second = name.substr(space + 1);
  if (second.empty() || !is_digit(second[0]) || second.find(' ') != second.npos) return false;
  tag = {name.substr(0, space), {}, after_colon(text.substr(colon))};
  return true;
}

/// "prog[pid]: text", "prog: text", ": text" (empty tag). False leaves the text as it is.
bool read_tag(std::string_view text, Tag& tag) {
  const std::size_t end = std::min(text.size(), kTagBytesMax);
  for (std::size_t at = 0; at < end; ++at) {
    const char c = text[at];
    if (c == ':' && (at + 1 == text.size() || text[at + 1] == ' ')) {
      tag = {text.substr(0, at), {}, after_colon(text.substr(at))};
      return true;
    }
    if (c == '[') {
      if (at == 0) return false;
      tag.program = text.substr(0, at);
      return read_pid(text.substr(at), tag);
    }
    if (c == ' ') return at > 0 && read_spaced_tag(text, at, tag);
  }
  return false;
}

void skip_spaces(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
}

std::optional<ParsedTime> read_time(std::string_view text, const Provenance& provenance) {
  if (text.empty()) return std::nullopt;
  if (is_digit(text[0])) return parse_iso_time(text, provenance.zone);
  return parse_bsd_time(text, provenance.received_time, provenance.zone);
}

/// Cisco puts "123: " (a sequence number) and "*" or "." (clock not set or not synchronised) before the time.
std::optional<ParsedTime> read_cisco_time(std::string_view& text, const Provenance& provenance) {
  std::string_view rest = text;
  std::size_t digits = 0;
  while (digits < rest.size() && is_digit(rest[digits])) ++digits;
  if (digits > 0 && rest.substr(digits).starts_with(": ")) rest.remove_prefix(digits + 2);
  if (rest.starts_with('*') || rest.starts_with('.')) rest.remove_prefix(1);
  if (rest.size() == text.size()) return std::nullopt;
  const auto time = read_time(rest, provenance);
  if (time) text = rest;
  return time;
}

/// Cheap test before a message is parsed as a line of its own.
bool may_be_line(std::string_view message) {
  if (message.size() < 16) return false;
  if (message[0] == '<') return is_digit(message[1]);
  if (looks_like_iso_date(message)) return message[10] == 'T';
  return message[0] >= 'A' && message[0] <= 'S' && message[3] == ' ' &&
         (message[9] == ':' || message[8] == ':');
}

}  // namespace

void SyslogDecoder::decode(std::string_view record, const Provenance& provenance, BatchBuilder& builder) {
  std::string_view text = without_line_end(record.substr(0, kRecordBytesMax));
  bool valid = true;
  text = valid_text(text, scratch_, valid);
  sd_bytes_.clear();
  sd_params_.clear();
  relays_.clear();
  fields_.clear();
  Line line = parse_line(text, provenance);
  unwrap(provenance, line);
  const MessageMeaning meaning = parse_auth_message(line.program, line.message, fields_);
  LineMeaning content;
  pairs_.clear();
  const bool may_have_content =
      !meaning.understood && (meaning.speaker == Speaker::other || meaning.speaker == Speaker::kernel ||
                              meaning.speaker == Speaker::auditd);
  if (may_have_content) read_content(text, provenance, line, content);

  RowParts parts;
  if (line.has_time) {
    parts.time = line.time.time;
    parts.quality = line.time.quality;
  }
  parts.host = line.host;
  parts.error = valid ? line.error : parse_error::kNotUtf8;
  Speaker speaker = meaning.speaker;
  if (speaker == Speaker::other && line.priority >= 0 && line.priority < 8 && line.program.empty()) {
    speaker = Speaker::kernel;  // facility kern without a tag
  }
  const bool use_default = speaker == Speaker::other && !provenance.default_logsource.empty();
  parts.logsource = use_default ? provenance.default_logsource : logsource_of(speaker);
  if (!content.logsource.empty()) parts.logsource = content.logsource;
  begin_row(record, provenance, parts, builder, columns_, counters_);
  if (line.priority >= 0) {
    columns_.add(builder, Field::facility, facility_name(line.priority));
    columns_.add(builder, Field::severity, severity_name(line.priority));
  }
  for (const auto& [relay_host, relay_program] : relays_) {
    if (!relay_host.empty()) columns_.add(builder, Field::relay_host, relay_host);
    if (!relay_program.empty()) columns_.add(builder, Field::relay_program, relay_program);
  }
  if (!line.program.empty()) columns_.add(builder, Field::program, line.program);
  if (!line.pid.empty()) columns_.add(builder, Field::pid, line.pid, number_kind(line.pid));
  if (!line.msgid.empty()) columns_.add(builder, Field::msgid, line.msgid);
  if (!line.message.empty()) columns_.add(builder, Field::message, line.message);
  const std::string_view sd = sd_bytes_;
  for (const Param& param : sd_params_) {
    builder.add(sd.substr(param.name_begin, param.value_begin - param.name_begin),
                sd.substr(param.value_begin, param.value_end - param.value_begin));
  }
  add_fields(fields_, builder, columns_);
  add_pairs(pairs_, builder);
  if (fields_.text(Field::action) == "login" || pairs_.find("action") == "login")
    add_local_time(builder, provenance.zone);
}

/// A message in a format of its own (CEF, audit, firewall, mail, web), or such a line without a syslog
/// header. What it says of its time and host goes before what the header says.
bool SyslogDecoder::read_content(std::string_view text, const Provenance& provenance, Line& line,
                                 LineMeaning& meaning) {
  LineMemory& memory = provenance.memory != nullptr ? *provenance.memory : memory_;
  const bool bare = line.error == parse_error::kNoHeader;
  const bool known = bare ? read_line({}, text, provenance, memory, pairs_, meaning)
                          : read_message(line.program, line.message, provenance, memory, pairs_, meaning);
  if (!known) return false;
  if (bare || !meaning.error.empty()) line.error = meaning.error;
  if (!meaning.host.empty()) line.host = meaning.host;
  if (meaning.time) {
    line.has_time = true;
    line.time = *meaning.time;
  }
  return true;
}

SyslogDecoder::Line SyslogDecoder::parse_line(std::string_view text, const Provenance& provenance) {
  Line line;
  line.message = text;
  if (text.empty()) {
    line.error = parse_error::kEmpty;
    return line;
  }
  if (text[0] == '<') {
    line.priority = take_priority(text);
    if (line.priority < 0) {
      line.error = parse_error::kBadPriority;
      return line;
    }
    line.message = text;
    if (is_5424(text)) {
      parse_5424(text, provenance, line);
      return line;
    }
  }
  parse_3164(text, provenance, line);
  return line;
}

void SyslogDecoder::parse_5424(std::string_view text, const Provenance& provenance, Line& line) {
  if (take_word(text) != "1") {
    line.error = parse_error::kBadHeader;
    return;
  }
  text.remove_prefix(1);
  const std::string_view stamp = take_word(text);
  if (stamp != "-") {
    const auto time = parse_iso_time(stamp, provenance.zone);
    if (time && time->used == stamp.size()) {
      line.has_time = true;
      line.time = *time;
    } else {
      line.error = parse_error::kBadTimestamp;
    }
  }
  for (std::string_view* part : {&line.host, &line.program, &line.pid, &line.msgid}) {
    if (!text.starts_with(' ')) {
      line.error = parse_error::kBadHeader;
      line.message = text;
      return;
    }
    text.remove_prefix(1);
    *part = take_word(text);
    if (*part == "-") *part = {};
  }
  if (!text.starts_with(' ')) {
    // Structured data is missing although the RFC wants at least "-".
    line.error = parse_error::kBadHeader;
    line.message = text;
    return;
  }
  text.remove_prefix(1);
  line.message = text;
  if (!parse_structured_data(text, line)) {
    line.error = parse_error::kBadStructuredData;
    return;
  }
  if (text.starts_with(' ')) text.remove_prefix(1);
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  line.message = text;
}

/// "-" or one or more "[ID NAME="VALUE" ...]"; moves `text` behind them. False keeps what was read so far.
bool SyslogDecoder::parse_structured_data(std::string_view& text, Line& line) {
  if (text.starts_with('-')) {
    text.remove_prefix(1);
    return text.empty() || text.starts_with(' ');
  }
  if (!text.starts_with('[')) return false;
  while (text.starts_with('[')) {
    if (!parse_element(text, line)) return false;
  }
  return text.empty() || text.starts_with(' ');
}

bool SyslogDecoder::parse_element(std::string_view& text, Line& line) {
  text.remove_prefix(1);
  const std::size_t end = text.find_first_of(" ]=\"");
  if (end == 0 || end == text.npos) return false;
  const std::string_view id = text.substr(0, end);
  text.remove_prefix(end);
  for (;;) {
    if (text.starts_with(']')) {
      text.remove_prefix(1);
      return true;
    }
    if (!text.starts_with(' ')) return false;
    skip_spaces(text);
    if (text.starts_with(']')) continue;
    if (!parse_param(text, id, line)) return false;
  }
}

bool SyslogDecoder::parse_param(std::string_view& text, std::string_view id, Line& line) {
  const std::size_t equals = text.find_first_of(" ]=\"");
  if (equals == 0 || equals == text.npos || !text.substr(equals).starts_with("=\"")) return false;
  const std::string_view name = text.substr(0, equals);
  text.remove_prefix(equals + 2);
  Param param;
  param.name_begin = sd_bytes_.size();
  sd_bytes_ += "sd.";
  sd_bytes_ += id;
  sd_bytes_ += '.';
  sd_bytes_ += name;
  param.value_begin = sd_bytes_.size();
  for (;;) {
    const std::size_t at = text.find_first_of("\\\"");
    if (at == text.npos) return false;
    sd_bytes_ += text.substr(0, at);
    const bool escape = text[at] == '\\';
    text.remove_prefix(at + 1);
    if (!escape) break;
    // A backslash before anything else stands for itself (RFC 5424, 6.3.3).
    const bool known = !text.empty() && (text[0] == '"' || text[0] == '\\' || text[0] == ']');
    if (!known) sd_bytes_ += '\\';
    if (known) {
      sd_bytes_ += text[0];
      text.remove_prefix(1);
    }
  }
  param.value_end = sd_bytes_.size();
  if (sd_params_.size() < kStructuredParamsMax) {
    sd_params_.push_back(param);
  } else {
    line.error = parse_error::kTooManyFields;
  }
  return true;
}

void SyslogDecoder::parse_3164(std::string_view text, const Provenance& provenance, Line& line) {
  skip_spaces(text);
  auto time = read_time(text, provenance);
  bool cisco = false;
  if (!time) {
    time = read_cisco_time(text, provenance);
    cisco = time.has_value();
  }
  Tag tag;
  if (!time) {
    if (line.priority < 0) {
      line.error = parse_error::kNoHeader;
    } else if (looks_like_iso_date(text)) {
      line.error = parse_error::kBadTimestamp;
    } else if (read_tag(text, tag)) {
      line.program = tag.program;
      line.pid = tag.pid;
      line.message = tag.message;
    }
    return;
  }
  line.has_time = true;
  line.time = *time;
  text.remove_prefix(time->used);
  if (text.starts_with(": ") || text == ":") {
    cisco = true;
    text.remove_prefix(1);
  }
  skip_spaces(text);
  std::string_view rest = text;
  const std::string_view word = take_word(rest);
  const bool is_tag = word.ends_with(':') || word.find('[') != word.npos;
  if (!cisco && !is_tag && !rest.empty() && is_host(word)) {
    line.host = word;
    skip_spaces(rest);
    text = rest;
  }
  line.message = text;
  if (!read_tag(text, tag)) return;
  // An empty tag may hide the real one: "fw01 : %ASA-6-302013: Built ...".
  if (tag.program.empty() && tag.message.starts_with('%')) {
    Tag inner;
    if (read_tag(tag.message, inner)) tag = inner;
  }
  line.program = tag.program;
  line.pid = tag.pid;
  line.message = tag.message;
}

/// The innermost complete line wins; outer headers go to relays_.
void SyslogDecoder::unwrap(const Provenance& provenance, Line& line) {
  for (int depth = 0; depth < kNestedHeadersMax && line.error.empty() && may_be_line(line.message); ++depth) {
    const std::size_t bytes_before = sd_bytes_.size();
    const std::size_t params_before = sd_params_.size();
    Line inner = parse_line(line.message, provenance);
    if (!inner.error.empty() || !inner.has_time || inner.host.empty() || inner.program.empty()) {
      sd_bytes_.resize(bytes_before);
      sd_params_.resize(params_before);
      return;
    }
    relays_.emplace_back(line.host, line.program);
    if (inner.priority < 0) inner.priority = line.priority;
    line = inner;
    if (depth == 0) ++counters_.nested;
  }
}

}  // namespace phendau::ingest
