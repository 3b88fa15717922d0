// SPDX-License-Identifier: Apache-2.0
#include "ingest/cef.h"

#include <array>

#include "ingest/parse_error.h"

namespace phendau::ingest {
namespace {

constexpr std::string_view kHead = "CEF:";
constexpr std::string_view kLabel = "Label";

/// Up to the next unescaped `end`; npos if there is none.
std::size_t find_unescaped(std::string_view text, char end) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\')
      ++at;
    else if (text[at] == end)
      return at;
  }
  return text.npos;
}

std::string_view unescaped(std::string_view text, PairList& fields) {
  if (text.find('\\') == text.npos) return text;
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    if (text[at] == '\\' && (next == '\\' || next == '|' || next == '=' || next == 'n' || next == 'r')) {
      out += next == 'n' ? '\n' : next == 'r' ? '\r' : next;
      ++at;
    } else {
      out += text[at];
    }
  }
  return fields.hold(std::move(out));
}

/// The key in front of `equals`: the word that ends there. npos when that is no name.
std::size_t key_begin(std::string_view text, std::size_t equals) {
  std::size_t begin = equals;  // no further back than a name may be long: the text may be hostile
  while (begin > 0 && text[begin - 1] != ' ' && text[begin - 1] != '\t') {
    if (equals - --begin > kPairNameBytesMax) return text.npos;
  }
  return is_pair_name(text.substr(begin, equals - begin)) ? begin : text.npos;
}

/// A value ends where the next key begins; a `=` that follows no key is part of the value.
void read_extension(std::string_view text, PairList& fields) {
  std::string_view key;
  std::size_t value_begin = 0;
  const auto close = [&](std::size_t end) {
    if (key.empty()) return;
    while (end > value_begin && (text[end - 1] == ' ' || text[end - 1] == '\t')) --end;
    fields.add_number(key, unescaped(text.substr(value_begin, end - value_begin), fields));
  };
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t found = find_unescaped(text.substr(at), '=');
    if (found == text.npos) break;
    const std::size_t equals = at + found;
    const std::size_t begin = key_begin(text, equals);
    at = equals + 1;
    if (begin == text.npos || begin < value_begin) continue;
    close(begin);
    key = text.substr(begin, equals - begin);
    value_begin = at;
  }
  close(text.size());
}

/// "cs1Label=Policy Name": the value of cs1 also under the name PolicyName.
void add_labelled(PairList& fields) {
  const std::size_t count = fields.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Pair label = fields.items()[i];
    if (!label.name.ends_with(kLabel) || label.name.size() == kLabel.size()) continue;
    const std::string_view of = label.name.substr(0, label.name.size() - kLabel.size());
    for (std::size_t j = 0; j < count; ++j) {
      const Pair value = fields.items()[j];
      if (value.name != of) continue;
      std::string name(label.value);
      std::erase(name, ' ');
      if (is_pair_name(name)) fields.add(fields.hold(std::move(name)), value.value, value.kind);
      break;
    }
  }
}

std::optional<ParsedTime> time_of(const PairList& fields, ZoneOffset zone) {
  for (const std::string_view name : {"rt", "end", "start"}) {
    const std::string_view text = fields.find(name);
    if (text.empty()) continue;
    if (const auto epoch = parse_epoch(text)) return ParsedTime{*epoch, TimeQuality::exact, text.size()};
    if (const auto iso = parse_iso_time(text, zone)) return iso;
  }
  return std::nullopt;
}

}  // namespace

bool parse_cef(std::string_view text, ZoneOffset zone, PairList& fields, LineMeaning& meaning) {
  if (!text.starts_with(kHead)) return false;
  text.remove_prefix(kHead.size());
  if (text.empty() || text[0] < '0' || text[0] > '9') return false;
  meaning.logsource = "cef//";
  static constexpr std::array<std::string_view, 7> kNames = {
      "", "DeviceVendor", "DeviceProduct", "DeviceVersion", "DeviceEventClassID", "Name", "Severity"};
  for (const std::string_view name : kNames) {
    const std::size_t end = find_unescaped(text, '|');
    if (end == text.npos) {
      meaning.error = parse_error::kBadHeader;
      return true;
    }
    fields.add_number(name, unescaped(text.substr(0, end), fields));
    text.remove_prefix(end + 1);
  }
  read_extension(text, fields);
  add_labelled(fields);
  meaning.host = fields.find("dvchost");
  meaning.time = time_of(fields, zone);
  if (fields.cut()) meaning.error = parse_error::kTooManyFields;
  return true;
}

}  // namespace phendau::ingest
