// SPDX-License-Identifier: Apache-2.0
#include "detect/testing/row_evaluator.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "base/regex.h"
#include "base/text.h"
#include "base/unicode.h"

namespace phendau::detect::testing {
namespace {

/// A byte of a literal, or a wildcard.
constexpr int kMany = -1;
constexpr int kOne = -2;
using Tokens = std::vector<int>;

bool has(const FieldItem& item, std::string_view modifier) {
  return std::find(item.modifiers.begin(), item.modifiers.end(), modifier) != item.modifiers.end();
}

Tokens tokens_of(std::string_view text) {
  Tokens out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escapes = text[i] == '\\' && i + 1 < text.size() &&
                         (text[i + 1] == '*' || text[i + 1] == '?' || text[i + 1] == '\\');
    if (escapes)
      out.push_back(static_cast<unsigned char>(text[++i]));
    else if (text[i] == '*')
      out.push_back(kMany);
    else if (text[i] == '?')
      out.push_back(kOne);
    else
      out.push_back(static_cast<unsigned char>(text[i]));
  }
  return out;
}

void append(Tokens& tokens, std::string_view bytes) {
  for (const char c : bytes) tokens.push_back(static_cast<unsigned char>(c));
}

/// The literal from token `at` on, up to a wildcard.
std::string literal_at(const Tokens& tokens, std::size_t at) {
  std::string out;
  for (; at < tokens.size() && tokens[at] >= 0; ++at) out += static_cast<char>(tokens[at]);
  return out;
}

Tokens folded(const Tokens& tokens) {
  Tokens out;
  for (std::size_t at = 0; at < tokens.size();) {
    if (tokens[at] < 0) {
      out.push_back(tokens[at++]);
      continue;
    }
    const std::string literal = literal_at(tokens, at);
    append(out, fold_case(literal));
    at += literal.size();
  }
  return out;
}

/// `ends`: where the bytes may end that the tokens so far match.
bool glob(const Tokens& tokens, std::string_view text) {
  std::vector<std::size_t> ends = {0};
  for (const int token : tokens) {
    if (ends.empty()) return false;
    std::vector<std::size_t> next;
    if (token == kMany) {
      ends[0] = *std::min_element(ends.begin(), ends.end());
      ends.resize(1);
      while (ends.back() < text.size()) ends.push_back(ends.back() + 1);
      continue;
    }
    for (const std::size_t i : ends) {
      if (i == text.size()) continue;
      if (token == kOne)
        next.push_back(std::min(text.size(), i + std::max<std::size_t>(1, utf8_sequence_length(text, i))));
      else if (token == static_cast<unsigned char>(text[i]))
        next.push_back(i + 1);
    }
    ends = std::move(next);
  }
  return std::find(ends.begin(), ends.end(), text.size()) != ends.end();
}

std::string dash_at(const Tokens& tokens, std::size_t at) {
  for (const std::string dash : {"-", "/", "\xE2\x80\x93", "\xE2\x80\x94", "\xE2\x80\x95"}) {
    if (literal_at(tokens, at).starts_with(dash)) return dash;
  }
  return "";
}

bool is_word(const Tokens& tokens, std::size_t at) {
  if (at >= tokens.size() || tokens[at] < 0 || !dash_at(tokens, at).empty()) return false;
  return tokens[at] >= 0x80 || std::isalnum(tokens[at]) != 0 || tokens[at] == '_';
}

std::vector<Tokens> with_dashes(const Tokens& tokens) {
  std::vector<Tokens> out(1);
  std::size_t literal_variants = 1;  // the limit counts within one literal
  bool word_before = false;
  for (std::size_t at = 0; at < tokens.size();) {
    if (tokens[at] < 0) literal_variants = 1;
    const std::string dash = dash_at(tokens, at);
    const std::size_t length = dash.empty() ? 1 : dash.size();
    if (!dash.empty() && !word_before && is_word(tokens, at + length) && literal_variants * 5 <= 3'125) {
      literal_variants *= 5;
      std::vector<Tokens> grown;
      for (const auto& variant : out) {
        for (const char* choice : {"-", "/", "\xE2\x80\x93", "\xE2\x80\x94", "\xE2\x80\x95"}) {
          grown.push_back(variant);
          append(grown.back(), choice);
        }
      }
      out = std::move(grown);
    } else {
      for (auto& variant : out)
        variant.insert(variant.end(), tokens.begin() + static_cast<long>(at),
                       tokens.begin() + static_cast<long>(at + length));
    }
    word_before = is_word(tokens, at);
    at += length;
  }
  return out;
}

Tokens utf16(const Tokens& tokens, bool big_endian, bool mark) {
  Tokens out;
  if (mark) append(out, "\xFF\xFE");
  const auto unit = [&](unsigned value) {
    const int high = static_cast<int>(value >> 8);
    const int low = static_cast<int>(value & 0xFF);
    out.insert(out.end(), {big_endian ? high : low, big_endian ? low : high});
  };
  for (std::size_t at = 0; at < tokens.size();) {
    if (tokens[at] < 0) {
      out.push_back(tokens[at++]);
      continue;
    }
    const auto byte = [&](std::size_t i) { return static_cast<unsigned>(tokens[at + i]); };
    if (byte(0) < 0x80) {
      unit(byte(0));
      at += 1;
    } else if (byte(0) < 0xE0) {
      unit((byte(0) & 0x1F) << 6 | (byte(1) & 0x3F));
      at += 2;
    } else if (byte(0) < 0xF0) {
      unit((byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F));
      at += 3;
    } else {
      const unsigned code =
          ((byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F)) -
          0x10000;
      unit(0xD800 + (code >> 10));
      unit(0xDC00 + (code & 0x3FF));
      at += 4;
    }
  }
  return out;
}

/// Inside a longer text, `shift` bytes after a multiple of three: what does not change with its neighbours.
Tokens base64_inside(const Tokens& tokens, std::size_t shift) {
  const std::string bytes = literal_at(tokens, 0);
  const std::size_t after = 6 - (shift + bytes.size()) % 3;  // no padding at the end
  const std::string with_zeros = to_base64(std::string(shift, '\0') + bytes + std::string(after, '\0'));
  const std::string with_ones = to_base64(std::string(shift, '\xFF') + bytes + std::string(after, '\xFF'));
  Tokens out;
  for (std::size_t i = 0; i < with_zeros.size(); ++i) {
    if (with_zeros[i] == with_ones[i]) out.push_back(static_cast<unsigned char>(with_zeros[i]));
  }
  return out;
}

const std::vector<std::string>* list_of(const CompileOptions& options, const std::string& name) {
  for (const auto& key : {name, to_lower_ascii(name)}) {
    const auto found = options.placeholders.find(key);
    if (found != options.placeholders.end()) return &found->second;
  }
  return nullptr;
}

/// Each `%name%` replaced by each value of its list; a percent sign after a backslash is one.
std::vector<Tokens> expanded(const Tokens& tokens, const CompileOptions& options) {
  for (std::size_t at = 0; at < tokens.size(); ++at) {
    if (tokens[at] != '%' || (at > 0 && tokens[at - 1] == '\\')) continue;
    const std::string rest = literal_at(tokens, at + 1);
    const std::size_t end = rest.find('%');
    const auto* list = end == std::string::npos ? nullptr : list_of(options, rest.substr(0, end));
    if (list == nullptr) continue;
    std::vector<Tokens> out;
    // What follows is expanded alone: a value may hold percent signs, which are no placeholders.
    const Tokens tail(tokens.begin() + static_cast<long>(at + end + 2), tokens.end());
    for (const auto& value : *list) {
      for (const auto& more : expanded(tail, options)) {
        Tokens one(tokens.begin(), tokens.begin() + static_cast<long>(at));
        for (std::size_t i = 0; i + 1 < one.size(); ++i) {
          if (one[i] == '\\' && one[i + 1] == '%') one.erase(one.begin() + static_cast<long>(i));
        }
        const Tokens inserted = tokens_of(value);
        one.insert(one.end(), inserted.begin(), inserted.end());
        one.insert(one.end(), more.begin(), more.end());
        out.push_back(std::move(one));
      }
    }
    return out;
  }
  Tokens plain = tokens;
  for (std::size_t i = 0; i + 1 < plain.size(); ++i) {
    if (plain[i] == '\\' && plain[i + 1] == '%') plain.erase(plain.begin() + static_cast<long>(i));
  }
  return {plain};
}

/// The value as the chain leaves it, one or several alternatives.
std::vector<Tokens> rewritten(const FieldItem& item, const std::string& text, const CompileOptions& options) {
  std::vector<Tokens> all = {tokens_of(text)};
  bool open = false;
  for (const auto& name : item.modifiers) {
    std::vector<Tokens> next;
    for (Tokens tokens : all) {
      if (name == "contains" || name == "endswith") tokens.insert(tokens.begin(), kMany);
      if (name == "contains" || name == "startswith") tokens.push_back(kMany);
      if (name == "wide" || name == "utf16le") tokens = utf16(tokens, false, false);
      if (name == "utf16be") tokens = utf16(tokens, true, false);
      if (name == "utf16") tokens = utf16(tokens, false, true);
      if (name == "base64") {
        const std::string encoded = to_base64(literal_at(tokens, 0));
        tokens.clear();
        append(tokens, encoded);
      }
      if (name == "windash") {
        for (auto& variant : with_dashes(tokens)) next.push_back(std::move(variant));
      } else if (name == "base64offset") {
        for (std::size_t shift = 0; shift < 3; ++shift) next.push_back(base64_inside(tokens, shift));
      } else if (name == "expand") {
        for (auto& variant : expanded(tokens, options)) next.push_back(std::move(variant));
      } else {
        next.push_back(std::move(tokens));
      }
    }
    all = std::move(next);
    open = open || name == "contains" || name == "startswith" || name == "endswith";
  }
  for (auto& tokens : all) {
    if (!item.field.empty() || open) continue;
    tokens.insert(tokens.begin(), kMany);
    tokens.push_back(kMany);
  }
  if (item.field.empty() || open) return all;
  const Regex guid = Regex::compile("^[{][0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}[}]$", {}).value();
  for (std::size_t i = 0, written = all.size(); i < written; ++i) {
    const std::string literal = literal_at(all[i], 0);
    if (literal.size() == all[i].size() && guid.search(literal))
      all.emplace_back(all[i].begin() + 1, all[i].end() - 1);
  }
  return all;
}

/// The values of `text` as written, its placeholders replaced: for what is no comparison of text.
std::vector<std::string> raw_values(const FieldItem& item, const std::string& text,
                                    const CompileOptions& options) {
  if (!has(item, "expand")) return {text};
  std::size_t at = 0;
  for (;; ++at) {
    at = text.find('%', at);
    if (at == std::string::npos) return {replace_all(text, "\\%", "%")};
    const std::size_t end = text.find('%', at + 1);
    const bool escaped = at > 0 && text[at - 1] == '\\';
    if (escaped || end == std::string::npos) continue;
    const auto* list = list_of(options, text.substr(at + 1, end - at - 1));
    if (list == nullptr) continue;
    std::vector<std::string> out;
    for (std::string value : *list) {
      if (has(item, "re")) {
        std::string regex;
        for (const int token : tokens_of(value))
          regex += token == kMany  ? ".*"
                   : token == kOne ? "."
                                   : regex_escape(std::string(1, static_cast<char>(token)));
        value = regex;
      }
      for (const auto& rest : raw_values(item, text.substr(end + 1), options))
        out.push_back(replace_all(text.substr(0, at), "\\%", "%") + value + rest);
    }
    return out;
  }
}

bool number_of(std::string_view text, long double& out) {
  const std::string trimmed(trim(text));
  if (!parse_double(trimmed) && !parse_int(trimmed)) return false;
  out = std::strtold(trimmed.c_str(), nullptr);  // 64 bits of mantissa: whole numbers are exact
  return true;
}

std::string comparison_of(const FieldItem& item) {
  for (const char* name : {"lt", "lte", "gt", "gte"}) {
    if (has(item, name)) return name;
  }
  return "";
}

bool compare(const std::string& op, long double value, long double wanted) {
  if (op == "lt") return value < wanted;
  if (op == "lte") return value <= wanted;
  if (op == "gt") return value > wanted;
  if (op == "gte") return value >= wanted;
  return value == wanted;
}

std::string time_part_of(const FieldItem& item) {
  for (const char* name : {"minute", "hour", "day", "week", "month", "year"}) {
    if (has(item, name)) return name;
  }
  return "";
}

/// The calendar of the C library instead of ours.
bool time_number(const std::string& part, const std::string& text, long double& out) {
  std::tm tm{};
  bool has_clock = true;
  char separator = 0;
  const std::string trimmed(trim(text));
  const int read = std::sscanf(trimmed.c_str(), "%4d%*1[-/]%2d%*1[-/]%2d%c%2d:%2d", &tm.tm_year, &tm.tm_mon,
                               &tm.tm_mday, &separator, &tm.tm_hour, &tm.tm_min);
  if (read >= 3 && (read == 3 || read == 6)) {
    has_clock = read == 6;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    timegm(&tm);
  } else {
    long double count = 0;
    if (!number_of(trimmed, count) || count < 1e8L || count >= 9.2e18L) return false;
    const long double per_second = count < 9e9L    ? 1
                                   : count < 9e12L ? 1e3L
                                   : count < 1e17L ? 1e6L
                                   : count < 1e18L ? 1e7L
                                                   : 1e9L;
    count = count / per_second - (per_second == 1e7L ? 11'644'473'600.0L : 0);
    if (count < 0 || count >= 9e9L) return false;
    const auto seconds = static_cast<std::time_t>(count);
    gmtime_r(&seconds, &tm);
  }
  char week[8] = {};
  std::strftime(week, sizeof week, "%V", &tm);
  if (part == "minute" || part == "hour") {
    out = part == "hour" ? tm.tm_hour : tm.tm_min;
    return has_clock;
  }
  out = part == "day"     ? tm.tm_mday
        : part == "month" ? tm.tm_mon + 1
        : part == "year"  ? tm.tm_year + 1900
                          : std::atoi(week);
  return true;
}

/// Bits of an address, IPv4 as the IPv6 that it is mapped to; empty for anything else.
std::string address_bits(std::string text) {
  text = std::string(trim(text));
  if (text.find(':') != std::string::npos) text = text.substr(0, text.find('%'));
  unsigned char bytes[16];
  if (text.find(':') == std::string::npos) text = "::ffff:" + text;
  if (inet_pton(AF_INET6, text.c_str(), bytes) != 1) return "";
  std::string out;
  for (const unsigned char byte : bytes) {
    for (int bit = 7; bit >= 0; --bit) out += (byte >> bit & 1) != 0 ? '1' : '0';
  }
  return out;
}

bool in_network(const std::string& network, const std::string& address) {
  const std::size_t slash = network.find('/');
  const std::string base = address_bits(network.substr(0, slash));
  const std::string other = address_bits(address);
  if (base.empty() || other.empty()) return false;
  std::size_t bits =
      slash == std::string::npos ? 128 : static_cast<std::size_t>(std::stoi(network.substr(slash + 1)));
  const bool is_v4 = network.substr(0, slash).find(':') == std::string::npos;
  if (is_v4 && slash != std::string::npos) bits += 96;
  // An IPv6 network does not hold IPv4 addresses, except the one that they are mapped into.
  const std::string mapped = address_bits("0.0.0.0").substr(0, 96);
  if (other.starts_with(mapped) != base.starts_with(mapped)) return false;
  return base.substr(0, bits) == other.substr(0, bits);
}

bool relate(const FieldItem& item, const std::string& text, const std::string& other) {
  if (has(item, "contains")) return text.find(other) != std::string::npos;
  if (has(item, "startswith")) return text.starts_with(other);
  if (has(item, "endswith")) return text.ends_with(other);
  return text == other;
}

}  // namespace

RowEvaluator::RowEvaluator(const Batch& batch, std::uint32_t row, const CompileOptions& options)
    : batch_(batch), row_(row), options_(options) {}

std::string RowEvaluator::event_field(const std::string& field) const {
  const auto renamed = options_.fields.find(field);
  return renamed == options_.fields.end() ? field : renamed->second;
}

const std::vector<RowEvaluator::Value>& RowEvaluator::values_of(const std::string& field) {
  const auto [found, added] = values_.try_emplace(field);
  if (!added) return found->second;
  for (const auto& column : batch_.columns()) {
    const bool routing = column.name == "source" || column.name == "agency" || column.name == "logsource" ||
                         column.name == "parse_error";
    if ((field.empty() ? routing : column.name != field) || column.ids[row_] == kAbsent) continue;
    const auto add = [&](ValueId id) {
      const std::string text(column.values.text(id));
      found->second.push_back({text, fold_case(text), column.values.kind(id)});
    };
    add(column.ids[row_]);
    for (const auto& more : column.more) {
      if (more.row == row_) add(more.id);
    }
  }
  return found->second;
}

bool RowEvaluator::value_holds(const FieldItem& item, const SigmaValue& wanted) {
  const auto& found = values_of(event_field(item.field));
  if (has(item, "exists")) return found.empty() == (wanted.text == "false");
  if (wanted.kind == ValueKind::null) return found.empty() || found.front().kind == ValueKind::null;
  if (found.empty()) return false;
  const std::string comparison = comparison_of(item);
  const std::string part = time_part_of(item);
  const bool raw =
      has(item, "re") || has(item, "cidr") || has(item, "fieldref") || !comparison.empty() || !part.empty();
  if (!raw) {
    for (const Tokens& tokens : rewritten(item, wanted.text, options_)) {
      const bool wild = std::any_of(tokens.begin(), tokens.end(), [](int token) { return token < 0; });
      const Tokens pattern = has(item, "cased") ? tokens : folded(tokens);
      for (const Value& value : found) {
        if (value.kind == ValueKind::null) continue;
        long double a = 0;
        long double b = 0;
        const bool numeric = value.kind == ValueKind::integer || value.kind == ValueKind::real;
        if (numeric && !wild && number_of(literal_at(tokens, 0), b)) {
          if (number_of(value.text, a) && a == b) return true;
        } else if (glob(pattern, has(item, "cased") ? value.text : value.folded)) {
          return true;
        }
      }
    }
    return false;
  }
  for (const std::string& text : raw_values(item, wanted.text, options_)) {
    if (has(item, "fieldref")) {
      std::string name = literal_at(tokens_of(text), 0);
      std::erase(name, ' ');
      const auto& other = values_of(event_field(name));
      if (other.empty()) continue;
      const Value& mine = found.front();
      const Value& theirs = other.front();
      if (mine.kind == ValueKind::null || theirs.kind == ValueKind::null) continue;
      if (has(item, "cased") ? relate(item, mine.text, theirs.text)
                             : relate(item, mine.folded, theirs.folded))
        return true;
      continue;
    }
    for (const Value& value : found) {
      if (value.kind == ValueKind::null) continue;
      long double a = 0;
      long double b = 0;
      if (has(item, "re")) {
        const RegexFlags flags{.ignore_case = has(item, "i") || has(item, "ignorecase"),
                               .multiline = has(item, "m") || has(item, "multiline"),
                               .dot_all = has(item, "s") || has(item, "dotall")};
        const std::string placed = has(item, "startswith") ? "\\A(?:" + text + ")"
                                   : has(item, "endswith") ? "(?:" + text + ")\\z"
                                                           : text;
        if (Regex::compile(placed, flags)->search(value.text)) return true;
      } else if (has(item, "cidr")) {
        if (in_network(text, value.text)) return true;
      } else if (number_of(text, b) &&
                 (part.empty() ? number_of(value.text, a) : time_number(part, value.text, a)) &&
                 compare(comparison, a, b)) {
        return true;
      }
    }
  }
  return false;
}

bool RowEvaluator::item_holds(const FieldItem& item) {
  const auto holds = [&](const SigmaValue& wanted) { return value_holds(item, wanted); };
  const bool result = has(item, "all") ? std::all_of(item.values.begin(), item.values.end(), holds)
                                       : std::any_of(item.values.begin(), item.values.end(), holds);
  return result != has(item, "neq");
}

bool RowEvaluator::condition_holds(const ConditionNode& node, const Rule& rule) {
  using Kind = ConditionNode::Kind;
  bool any = false;
  bool all = true;
  for (const auto& child : node.children) {
    const bool yes = condition_holds(child, rule);
    any = any || yes;
    all = all && yes;
  }
  if (node.kind == Kind::not_) return !any;
  if (node.kind == Kind::and_) return all;
  if (node.kind == Kind::or_) return any;
  for (const auto& [name, selection] : rule.selections) {
    const bool named = node.kind == Kind::identifier ? name == node.name : name_matches(node.name, name);
    if (!named) continue;
    const bool yes = matches(selection);
    any = any || yes;
    all = all && yes;
  }
  return node.kind == Kind::all_of_pattern ? all : any;
}

bool RowEvaluator::matches(const Selection& selection) {
  if (selection.kind == Selection::Kind::item) return item_holds(selection.item);
  const auto holds = [&](const Selection& child) { return matches(child); };
  return selection.kind == Selection::Kind::all_of
             ? std::all_of(selection.children.begin(), selection.children.end(), holds)
             : std::any_of(selection.children.begin(), selection.children.end(), holds);
}

bool RowEvaluator::matches(const Rule& rule) {
  return std::any_of(rule.conditions.begin(), rule.conditions.end(),
                     [&](const ConditionNode& condition) { return condition_holds(condition, rule); });
}

bool row_matches(const Rule& rule, const Batch& batch, std::uint32_t row, const CompileOptions& options) {
  return RowEvaluator(batch, row, options).matches(rule);
}

}  // namespace phendau::detect::testing
