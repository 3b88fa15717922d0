// SPDX-License-Identifier: Apache-2.0
#include "report/indicator_reader.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/json.h"
#include "base/text.h"
#include "report/table_reader.h"
#include "report/tlp.h"

namespace phendau::report {
namespace {

/// The markings of TLP 1 that STIX 2.1 itself fixes by their ids; those of TLP 2.0 stand in tlp.h.
constexpr std::pair<std::string_view, std::string_view> kTlpOneMarkings[] = {
    {"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", "TLP:CLEAR"},
    {"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", "TLP:GREEN"},
    {"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", "TLP:AMBER"},
    {"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "TLP:RED"},
};

std::string_view label_of_marking(std::string_view id) {
  for (const auto& level : kTlpLevels) {
    if (level.stix_id == id) return level.label;
  }
  for (const auto& [marking, label] : kTlpOneMarkings) {
    if (marking == id) return label;
  }
  return {};
}

/// Object paths of STIX patterns that name one indicator.
constexpr std::pair<std::string_view, IndicatorType> kStixPaths[] = {
    {"ipv4-addr:value", IndicatorType::ip},
    {"ipv6-addr:value", IndicatorType::ip},
    {"network-traffic:dst_ref.value", IndicatorType::ip},
    {"network-traffic:src_ref.value", IndicatorType::ip},
    {"domain-name:value", IndicatorType::domain},
    {"url:value", IndicatorType::url},
    {"email-addr:value", IndicatorType::email},
    {"email-message:from_ref.value", IndicatorType::email},
    {"file:name", IndicatorType::file_name},
    {"file:hashes.md5", IndicatorType::md5},
    {"file:hashes.sha-1", IndicatorType::sha1},
    {"file:hashes.sha1", IndicatorType::sha1},
    {"file:hashes.sha-256", IndicatorType::sha256},
    {"file:hashes.sha256", IndicatorType::sha256},
};

/// Types of MISP attributes; "a|b" is two values in one.
constexpr std::pair<std::string_view, IndicatorType> kMispTypes[] = {
    {"ip-src", IndicatorType::ip},
    {"ip-dst", IndicatorType::ip},
    {"ip", IndicatorType::ip},
    {"domain", IndicatorType::domain},
    {"hostname", IndicatorType::domain},
    {"url", IndicatorType::url},
    {"uri", IndicatorType::url},
    {"md5", IndicatorType::md5},
    {"sha1", IndicatorType::sha1},
    {"sha256", IndicatorType::sha256},
    {"filename", IndicatorType::file_name},
    {"email", IndicatorType::email},
    {"email-src", IndicatorType::email},
    {"email-dst", IndicatorType::email},
};

template <class Table>
std::optional<IndicatorType> type_in(const Table& table, std::string_view name) {
  for (const auto& [key, type] : table) {
    if (key == name) return type;
  }
  return std::nullopt;
}

Error not_sought(const std::string& kind) {
  return {ErrorCode::invalid,
          fmt::format("signs of the kind {} are not looked for", kind),
          "indicator.kind",
          {kind}};
}

/// Takes values one by one and keeps the book.
class Taker {
 public:
  explicit Taker(IndicatorFile& file) : file_(file) {}

  Result<> take(const std::string& place, std::optional<IndicatorType> type, std::string_view value,
                std::string_view note) {
    // What lists call an address is a network when it has a mask.
    if (type == IndicatorType::ip && value.find('/') != value.npos) type = IndicatorType::network;
    // and a page without a path is the host.
    auto one = type && type != IndicatorType::url ? indicator_from(*type, value) : indicator_from(value);
    if (!one) {
      refuse(place, value, one.error());
      return {};
    }
    one->note = truncate_utf8(to_valid_utf8(trim(note)), kIndicatorBytesMax);
    if (!seen_.emplace(one->type, one->value).second) {
      ++file_.repeated;
      return {};
    }
    if (file_.indicators.size() >= kIndicatorsMax)
      return fail(ErrorCode::limit, "too many indicators in one file", "indicators.many",
                  {std::to_string(kIndicatorsMax)});
    file_.indicators.push_back(std::move(*one));
    return {};
  }

  void refuse(const std::string& place, std::string_view value, Error reason) {
    ++file_.refused_count;
    if (file_.refused.size() >= kIndicatorsRefusedShown) return;
    file_.refused.push_back({place, to_valid_utf8(truncate_utf8(value, 200)), std::move(reason)});
  }

  void mark(std::string_view tlp) {
    const auto rank = [](std::string_view label) {
      return std::find_if(std::begin(kTlpLevels), std::end(kTlpLevels),
                          [&](const TlpLevel& level) { return level.label == label; }) -
             std::begin(kTlpLevels);
    };
    if (!tlp.empty() && (file_.tlp.empty() || rank(tlp) > rank(file_.tlp))) file_.tlp = tlp;
  }

 private:
  IndicatorFile& file_;
  std::set<std::pair<IndicatorType, std::string>> seen_;
};

// ---- STIX
// ----------------------------------------------------------------------------------------------------------

/// One comparison of a pattern: a path and the values that it may have.
struct Comparison {
  std::string path;  // in lower case, without quotes
  std::vector<std::string> values;
};

/// Reads patterns that say "one of these values": comparisons with = or IN, joined by OR, in any number of
/// brackets. What must hold together (AND, FOLLOWEDBY) is no single sign, and is refused.
class PatternReader {
 public:
  explicit PatternReader(std::string_view text) : text_(text) {}

  Result<std::vector<Comparison>> read() {
    std::vector<Comparison> out;
    while (true) {
      skip("[(");
      out.push_back(PHENDAU_TRY(comparison()));
      skip("])");
      if (at_ >= text_.size()) return out;
      if (word() != "or")
        return invalid("only signs that stand alone (OR) can be taken over", "indicator.stix_and");
    }
  }

 private:
  static std::unexpected<Error> invalid(std::string_view reason, std::string_view text_id) {
    return fail(ErrorCode::invalid, std::string(reason), std::string(text_id));
  }

  void skip(std::string_view also) {
    while (at_ < text_.size() &&
           (static_cast<unsigned char>(text_[at_]) <= 0x20 || also.find(text_[at_]) != also.npos))
      ++at_;
  }

  std::string word() {
    skip("");
    std::string out;
    while (at_ < text_.size() &&
           (is_digit(text_[at_]) || (ascii_lower(text_[at_]) >= 'a' && ascii_lower(text_[at_]) <= 'z')))
      out += ascii_lower(text_[at_++]);
    return out;
  }

  Result<std::string> quoted() {
    skip("");
    if (at_ >= text_.size() || text_[at_] != '\'')
      return invalid("a value is missing in the pattern", "indicator.stix_value");
    std::string out;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\'') {
        ++at_;
        return out;
      }
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      out += text_[at_];
    }
    return invalid("a value of the pattern never ends", "indicator.stix_end");
  }

  Result<Comparison> comparison() {
    Comparison out;
    while (at_ < text_.size() && text_[at_] != '=' && static_cast<unsigned char>(text_[at_]) > 0x20) {
      if (text_[at_] != '\'') out.path += ascii_lower(text_[at_]);
      ++at_;
    }
    skip("");
    if (at_ < text_.size() && text_[at_] == '=') {
      ++at_;
      out.values.push_back(PHENDAU_TRY(quoted()));
      return out;
    }
    if (word() != "in") return invalid("only = and IN can be taken over", "indicator.stix_compare");
    skip("(");
    while (true) {
      out.values.push_back(PHENDAU_TRY(quoted()));
      skip("");
      if (at_ < text_.size() && text_[at_] == ',') {
        ++at_;
        continue;
      }
      return out;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

Result<> take_stix_indicator(const Json& object, UtcTime now, Taker& taker) {
  const std::string place = object["id"].as_string();
  const std::string& pattern = object["pattern"].as_string();
  const auto until = parse_rfc3339(object["valid_until"].as_string());
  if (object["revoked"].as_bool() || (until && *until <= now)) {
    taker.refuse(place, pattern, {ErrorCode::invalid, "it is no longer valid", "indicator.over", {}});
    return {};
  }
  if (object["pattern_type"].string_or("stix") != "stix") {
    taker.refuse(place, pattern,
                 {ErrorCode::invalid, "only patterns of STIX can be taken over", "indicator.pattern", {}});
    return {};
  }
  const auto comparisons = PatternReader(pattern).read();
  if (!comparisons) {
    taker.refuse(place, pattern, comparisons.error());
    return {};
  }
  for (const auto& one : *comparisons) {
    const auto type = type_in(kStixPaths, one.path);
    for (const auto& value : one.values) {
      if (!type) {
        taker.refuse(place, value, not_sought(one.path));
      } else {
        PHENDAU_TRY(
            taker.take(place, type, value, object["name"].string_or(object["description"].string_or(""))));
      }
    }
  }
  return {};
}

Result<> read_stix(const Json& bundle, UtcTime now, IndicatorFile& out) {
  Taker taker(out);
  out.format = IndicatorFormat::stix;
  for (const auto& object : bundle["objects"].items()) {
    const std::string& type = object["type"].as_string();
    for (const auto& marking : object["object_marking_refs"].items()) {
      taker.mark(label_of_marking(marking.as_string()));
    }
    if (type == "report" && out.title.empty()) out.title = object["name"].as_string();
    if (type == "indicator") PHENDAU_TRY(take_stix_indicator(object, now, taker));
  }
  return {};
}

// ---- MISP
// ----------------------------------------------------------------------------------------------------------

Result<> take_misp_attribute(const Json& attribute, std::size_t number, Taker& taker) {
  const std::string place = std::to_string(number);
  const std::string& type = attribute["type"].as_string();
  const std::string& value = attribute["value"].as_string();
  const Json& ids = attribute["to_ids"];
  if (!(ids.as_bool(true) && ids.string_or("1") != "0" && ids.as_int(1) != 0)) {
    taker.refuse(place, value,
                 {ErrorCode::invalid,
                  "the list says that it is for reading, not for detection",
                  "indicator.reading",
                  {}});
    return {};
  }
  const std::size_t bar = type.find('|');
  const std::size_t value_bar = value.find('|');
  const auto first = type_in(kMispTypes, std::string_view(type).substr(0, bar));
  const auto second =
      bar == type.npos ? std::nullopt : type_in(kMispTypes, std::string_view(type).substr(bar + 1));
  if (!first && !second) {
    taker.refuse(place, value, not_sought(to_valid_utf8(type)));
    return {};
  }
  const std::string& note = attribute["comment"].as_string();
  const std::string_view whole = value;
  // "name|hash": the hash says it exactly, the name alone would match others.
  const bool name_beside_hash = first == IndicatorType::file_name && second.has_value();
  if (first && !name_beside_hash) PHENDAU_TRY(taker.take(place, first, whole.substr(0, value_bar), note));
  if (second && value_bar != value.npos)
    PHENDAU_TRY(taker.take(place, second, whole.substr(value_bar + 1), note));
  return {};
}

Result<> read_misp(const Json& root, IndicatorFile& out) {
  Taker taker(out);
  out.format = IndicatorFormat::misp;
  std::size_t number = 0;
  const auto take_all = [&](const Json& holder) -> Result<> {
    for (const auto& attribute : holder["Attribute"].items())
      PHENDAU_TRY(take_misp_attribute(attribute, ++number, taker));
    return {};
  };
  const auto take_event = [&](const Json& event) -> Result<> {
    if (out.title.empty()) out.title = event["info"].as_string();
    for (const auto& tag : event["Tag"].items()) taker.mark(tlp_label(tag["name"].as_string()));
    PHENDAU_TRY(take_all(event));
    for (const auto& object : event["Object"].items()) PHENDAU_TRY(take_all(object));
    return {};
  };
  const Json& response = root["response"];
  if (root["Event"].is_object()) return take_event(root["Event"]);
  if (response.is_object()) return take_all(response);
  for (const auto& item : response.is_array() ? response.items() : root.items()) {
    PHENDAU_TRY(item["Event"].is_object() ? take_event(item["Event"]) : take_event(item));
  }
  return {};
}

// ---- lines
// ---------------------------------------------------------------------------------------------------------

struct Columns {
  std::size_t value = 0;
  std::optional<std::size_t> type;
  std::optional<std::size_t> note;
  bool has_header = false;
};

Columns columns_of(const TableRow& first) {
  static constexpr std::string_view kValues[] = {"value",           "indicator", "ioc",
                                                 "indicator value", "gia tri",   "dau hieu"};
  static constexpr std::string_view kTypes[] = {"type", "indicator type", "loai", "ioc type"};
  static constexpr std::string_view kNotes[] = {"comment", "note", "description", "ghi chu", "mo ta"};
  const auto is_one_of = [](const auto& names, std::string_view title) {
    return std::find(std::begin(names), std::end(names), title) != std::end(names);
  };
  Columns out;
  for (std::size_t i = 0; i < first.cells.size(); ++i) {
    const std::string title = fold_title(first.cells[i].text);
    if (is_one_of(kValues, title)) {
      out.value = i;
      out.has_header = true;
    } else if (is_one_of(kTypes, title)) {
      out.type = i;
    } else if (is_one_of(kNotes, title)) {
      out.note = i;
    }
  }
  return out.has_header ? out : Columns{};
}

/// "ip-dst", "IPv4", "FileHash-SHA256", "hostname", ... or our own name; nothing: told by the value's form.
std::optional<IndicatorType> type_of_word(std::string_view word) {
  std::string plain;
  for (const char c : to_lower_ascii(word)) {
    if (c != '-' && c != '_' && c != ' ') plain += c;
  }
  if (plain.starts_with("filehash")) plain.erase(0, 8);
  if (plain == "ipv4" || plain == "ipv6" || plain == "ipdst" || plain == "ipsrc") return IndicatorType::ip;
  if (plain == "cidr") return IndicatorType::network;
  if (plain == "hostname" || plain == "fqdn") return IndicatorType::domain;
  if (plain == "filename") return IndicatorType::file_name;
  return indicator_type_from(plain);
}

Result<> read_lines(std::string_view bytes, IndicatorFile& out) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  if (!is_valid_utf8(bytes) || bytes.find('\0') != bytes.npos)
    return fail(ErrorCode::invalid, "the file is no text in UTF-8", "indicators.no_text");
  // Remarks may stand above the header.
  std::string_view head = bytes;
  while (head.starts_with('#') && head.find('\n') != head.npos) head.remove_prefix(head.find('\n') + 1);
  head = head.substr(0, head.find('\n'));
  const char separator = head.find(';') != head.npos ? ';' : head.find('\t') != head.npos ? '\t' : ',';
  const auto rows = PHENDAU_TRY(parse_csv(bytes, separator, kIndicatorsMax * 2));
  if (rows.empty()) return fail(ErrorCode::invalid, "the file is empty", "indicators.empty");
  Taker taker(out);
  const auto header = std::find_if(rows.begin(), rows.end(), [](const TableRow& row) {
    return !row.cells.empty() && !row.cells.front().text.starts_with('#');
  });
  const Columns columns = header == rows.end() ? Columns{} : columns_of(*header);
  const auto cell = [](const TableRow& row, std::optional<std::size_t> at) {
    return at && *at < row.cells.size() ? std::string_view(row.cells[*at].text) : std::string_view();
  };
  for (const auto& row : rows) {
    if (columns.has_header && &row == &*header) continue;
    if (const std::string_view first = trim(cell(row, 0)); first.starts_with('#')) {
      taker.mark(tlp_label(first.substr(1)));  // a remark; some lists say their TLP there
      continue;
    }
    const std::string_view value = trim(cell(row, columns.value));
    if (value.empty()) continue;
    const std::string_view note = columns.note ? cell(row, columns.note) : std::string_view();
    PHENDAU_TRY(
        taker.take(std::to_string(row.number), type_of_word(trim(cell(row, columns.type))), value, note));
  }
  return {};
}

}  // namespace

std::string_view to_string(IndicatorFormat format) {
  switch (format) {
    case IndicatorFormat::lines:
      return "lines";
    case IndicatorFormat::stix:
      return "stix";
    case IndicatorFormat::misp:
      return "misp";
  }
  return "";
}

Result<IndicatorFile> read_indicators(std::string_view bytes, UtcTime now) {
  if (bytes.size() > kIndicatorFileBytesMax)
    return fail(ErrorCode::limit, "the file is too large", "indicators.large",
                {std::to_string(kIndicatorFileBytesMax >> 20)});
  IndicatorFile out;
  const std::size_t begin = bytes.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  const bool is_json =
      begin != bytes.npos &&
      (bytes[begin] == '{' || (bytes[begin] == '[' && bytes.find("\"Event\"") != bytes.npos));
  if (!is_json) {
    PHENDAU_TRY(read_lines(bytes, out));
  } else {
    const auto root = parse_json(bytes.substr(begin), {.size_bytes_max = kIndicatorFileBytesMax});
    if (!root)
      return fail(ErrorCode::invalid, root.error().message, "indicators.json", {root.error().message});
    const bool is_stix = (*root)["type"].as_string() == "bundle";
    const bool is_misp = root->is_array() || !(*root)["Event"].is_null() || !(*root)["response"].is_null();
    if (!is_stix && !is_misp)
      return fail(ErrorCode::invalid, "neither a bundle of STIX nor an event of MISP", "indicators.unknown");
    PHENDAU_TRY(is_stix ? read_stix(*root, now, out) : read_misp(*root, out));
  }
  if (out.indicators.empty() && out.refused_count == 0)
    return fail(ErrorCode::invalid, "the file holds no indicators", "indicators.empty");
  out.title = truncate_utf8(to_valid_utf8(trim(out.title)), 300);
  return out;
}

}  // namespace phendau::report
