// SPDX-License-Identifier: Apache-2.0
#include "ingest/key_values.h"

#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "ingest/parse_error.h"

namespace phendau::ingest {
namespace {

bool is_separator(char c) { return c == ' ' || c == '\t' || c == ',' || c == ';'; }

/// Value behind `key="`; moves `at` behind the closing quote. A backslash before a quote or backslash goes.
std::string_view quoted_value(std::string_view text, std::size_t& at, PairList& fields) {
  const std::size_t begin = ++at;
  bool escaped = false;
  while (at < text.size() && text[at] != '"') {
    if (text[at] == '\\') {
      escaped = true;
      ++at;
    }
    ++at;
  }
  at = std::min(at, text.size());
  const std::string_view raw = text.substr(begin, at - begin);
  if (at < text.size()) ++at;
  if (!escaped) return raw;
  std::string out;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const bool skip = raw[i] == '\\' && i + 1 < raw.size() && (raw[i + 1] == '"' || raw[i + 1] == '\\');
    if (skip) ++i;
    out += raw[i];
  }
  return fields.hold(std::move(out));
}

/// "date=2026-11-24 time=10:00:00 tz="+0700"" of FortiGate; Sophos writes the zone as a name.
std::optional<ParsedTime> date_and_time(const PairList& fields, ZoneOffset zone) {
  const std::string_view date = fields.find("date");
  const std::string_view time = fields.find("time");
  if (date.empty() || time.empty()) return std::nullopt;
  std::string text = fmt::format("{}T{}{}", date, time, fields.find("tz"));
  if (auto parsed = parse_iso_time(text, zone)) {
    parsed->used = 0;
    return parsed;
  }
  return std::nullopt;
}

/// The rule's prefix in front of the pairs ("[UFW BLOCK] IN=eth0 ...") says what was done.
std::string_view netfilter_action(std::string_view text) {
  const std::string_view prefix = text.substr(0, text.find("IN="));
  struct Word {
    std::string_view word;
    std::string_view action;
  };
  static constexpr std::array<Word, 7> kWords = {{{"block", "block"},
                                                  {"drop", "block"},
                                                  {"deny", "block"},
                                                  {"reject", "block"},
                                                  {"allow", "accept"},
                                                  {"accept", "accept"},
                                                  {"pass", "accept"}}};
  const std::string lower = to_lower_ascii(prefix);
  for (const auto& known : kWords) {
    if (lower.find(known.word) != lower.npos) return known.action;
  }
  return {};
}

bool has_all(const PairList& fields, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (fields.find(name).empty()) return false;
  }
  return true;
}

/// "fortigate//event": one of the few types that there are, so that a sender makes no log sources up.
std::string_view fortigate_logsource(std::string_view type) {
  if (type == "event") return "fortigate//event";
  if (type == "utm") return "fortigate//utm";
  return "fortigate//traffic";
}

}  // namespace

void read_pairs(std::string_view text, PairList& fields) {
  std::size_t at = 0;
  while (at < text.size()) {
    while (at < text.size() && is_separator(text[at])) ++at;
    const std::size_t begin = at;
    while (at < text.size() && text[at] != '=' && !is_separator(text[at])) ++at;
    if (at >= text.size() || text[at] != '=') continue;
    const std::string_view key = text.substr(begin, at - begin);
    ++at;
    std::string_view value;
    if (at < text.size() && text[at] == '"') {
      value = quoted_value(text, at, fields);
    } else {
      const std::size_t value_begin = at;
      while (at < text.size() && !(text[at] == ' ' || text[at] == '\t' || text[at] == ';')) ++at;
      value = text.substr(value_begin, at - value_begin);
      if (value.ends_with(',')) value.remove_suffix(1);
    }
    if (is_pair_name(key) && !value.empty()) fields.add_number(key, value);
  }
}

bool parse_any_pairs(std::string_view text, ZoneOffset zone, PairList& fields, LineMeaning& meaning) {
  read_pairs(text, fields);
  if (fields.size() == 0) return false;
  meaning.time = date_and_time(fields, zone);
  if (fields.cut()) meaning.error = parse_error::kTooManyFields;
  return true;
}

bool parse_firewall_line(std::string_view text, ZoneOffset zone, PairList& fields, LineMeaning& meaning) {
  // A cheap look before the whole line is taken apart: most messages are none of these.
  const bool netfilter = text.find("PROTO=") != text.npos && text.find("SRC=") != text.npos;
  const bool fortigate = text.find("logid=") != text.npos && text.find("devid=") != text.npos;
  const bool sophos = text.find("log_component=") != text.npos && text.find("device") != text.npos;
  if (!netfilter && !fortigate && !sophos) return false;
  parse_any_pairs(text, zone, fields, meaning);
  if (fortigate && has_all(fields, {"logid", "type"})) {
    meaning.logsource = fortigate_logsource(fields.find("type"));
    meaning.host = fields.find("devname");
    return true;
  }
  if (sophos && has_all(fields, {"log_component", "log_type"})) {
    meaning.logsource = "sophos/firewall/";
    meaning.host = fields.find("device_name");
    return true;
  }
  if (netfilter && has_all(fields, {"SRC", "DST", "PROTO"})) {
    meaning.logsource = "linux/firewall/netfilter";
    if (const auto action = netfilter_action(text); !action.empty()) fields.add("action", action);
    return true;
  }
  fields.clear();
  meaning = {};
  return false;
}

}  // namespace phendau::ingest
