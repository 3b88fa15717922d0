// SPDX-License-Identifier: Apache-2.0
#include "detect/testing/random_rules.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "detect/testing/row_evaluator.h"

namespace phendau::detect::testing {
namespace {

template <std::size_t N>
const char* one_of(const Chooser& choose, const char* const (&list)[N]) {
  return list[choose(N)];
}

constexpr const char* kTexts[] = {"",
                                  "a",
                                  "ab",
                                  "abc",
                                  "xabcx",
                                  "ABC",
                                  "a b",
                                  "b",
                                  "1",
                                  "10",
                                  "2",
                                  "a*c",
                                  "a?c",
                                  "a\\b",
                                  "\\",
                                  "192.168.1.7",
                                  "10.0.0.9",
                                  "fe80::1",
                                  "::ffff:10.0.0.9",
                                  "x-a",
                                  "/a",
                                  " /a -b",
                                  "\xE2\x80\x93\x61",
                                  "\xC3\x82n",
                                  "\xC3\xA2n to\xC3\xA0n",
                                  "\xC4\x90\xE1\xBB\x93ng",
                                  "YWJj",
                                  "eGFiYw==",
                                  "a\nb",
                                  "%x%",
                                  "2026-11-24T23:30:00+07:00",
                                  "2026-01-01 05:07:09",
                                  "2026-11-24",
                                  "9007199254740993",
                                  "9007199254740992",
                                  "-1.5",
                                  "\xFF\xFE\x41"};
/// YAML values, quoted where needed.
constexpr const char* kValues[] = {"''",
                                   "'a'",
                                   "'ab'",
                                   "'*b*'",
                                   "'a?c'",
                                   "'a\\*c'",
                                   "'A'",
                                   "'ABC'",
                                   "1",
                                   "'1'",
                                   "10",
                                   "'a*c'",
                                   "'?'",
                                   "'*'",
                                   "'b'",
                                   "'c'",
                                   "'xa*'",
                                   "'*cx'",
                                   "'a b'",
                                   "'bc'",
                                   "'x'",
                                   "true",
                                   "'\xC3\xA2n'",
                                   "'\xC3\x82N'",
                                   "'\xC4\x91\xE1\xBB\x93NG'",
                                   "'a\\\\b'",
                                   "'a\\b'",
                                   "'\\'",
                                   "'*\\'",
                                   "'\\\\*'",
                                   "9007199254740993",
                                   "-1.5",
                                   "'%x%'",
                                   "'-a'",
                                   "'?\?'",
                                   "'*?'"};
constexpr const char* kTextChains[] = {"",
                                       "|contains",
                                       "|startswith",
                                       "|endswith",
                                       "|contains|all",
                                       "|cased",
                                       "|neq",
                                       "|contains|cased",
                                       "|startswith|neq",
                                       "|endswith|cased",
                                       "|all",
                                       "|windash",
                                       "|contains|windash",
                                       "|windash|contains|all",
                                       "|wide|startswith",
                                       "|contains|utf16be",
                                       "|startswith|neq|cased"};
constexpr const char* kPlainValues[] = {"'ab'", "'abc'", "'\xC4\x90\xE1\xBB\x93ng'", "'xabc'", "'A1'"};
constexpr const char* kEncodings[] = {"|base64",       "|base64offset|contains",       "|wide|base64",
                                      "|utf16|base64", "|base64offset|endswith|cased", "|utf16"};
constexpr const char* kItems[] = {
    "|exists: true",
    "|exists: false",
    ": null",
    ": [null, 'a']",
    "|re: '^a.?c'",
    "|re: ['b$', '^1']",
    "|re|i: 'AB'",
    "|re|m|s: '^b.*'",
    "|re|neq: 'a'",
    "|re|contains: ['c$', 'b.']",
    "|re|startswith: 'a|b.?c'",
    "|re|i|endswith: ['C', 'a|b+']",
    "|re|expand: '^%list%$'",
    "|cidr: ['192.168.0.0/16', '10.0.0.0/29']",
    "|cidr: 'fe80::/10'",
    "|cidr|neq: '::ffff:10.0.0.0/104'",
    "|gte: 2",
    "|lt: 9007199254740993",
    "|lte|neq: 1",
    "|gt: '-2'",
    "|fieldref: g",
    "|fieldref|startswith: g",
    "|contains|fieldref: h",
    "|fieldref|endswith|cased: f",
    "|fieldref|neq: h",
    "|hour: 23",
    "|hour|gte: 5",
    "|lt|day: 24",
    "|week: [1, 48]",
    "|month|neq: 11",
    "|year: 2026",
    "|minute|all: [30, 30]",
    "|expand: '%list%'",
    "|contains|expand: 'x%list%'",
    "|expand|windash: '-%list%'",
    "|expand|neq: ['%list%', 'b']",
    "|cidr|expand: '%networks%'",
    "|gt|expand: '%numbers%'",
};
constexpr const char* kConditions[] = {
    "sel1",
    "sel1 and not flt",
    "1 of sel*",
    "all of sel*",
    "sel1 or sel2 and not flt",
    "not (sel1 or flt)",
    "all of them",
    "not 1 of sel* or flt",
    "[sel1 and flt, sel2]",
    "sel2 and not all of *1",
    "_own or any of s*",
    "1 of _*",
};

std::string random_item(const Chooser& choose, const std::string& field) {
  switch (choose(4)) {
    case 0:
      return field + one_of(choose, kItems);
    case 1:
      return field + one_of(choose, kEncodings) + ": " + one_of(choose, kPlainValues);
    default:
      break;
  }
  const std::string chain = one_of(choose, kTextChains);
  // A letter of UTF-16 has two bytes or four: `?` has no meaning there.
  const bool utf16 = chain.find("wide") != std::string::npos || chain.find("utf16") != std::string::npos;
  const auto value = [&] {
    return std::string(utf16 ? one_of(choose, kPlainValues) : one_of(choose, kValues));
  };
  std::string out = field + chain + ": [" + value();
  for (std::size_t more = choose(3); more > 0; --more) out += ", " + value();
  return out + "]";
}

std::string random_selection(const Chooser& choose, const std::string& name) {
  static constexpr const char* kFields[] = {"f", "g", "h", "f0"};
  if (choose(8) == 0) return "  " + name + ": ['ab', 'toa*', 1]\n";
  if (choose(8) == 0) return "  " + name + ":\n    '|all': [a, '*b']\n";
  const std::size_t first = choose(4);
  std::string out = "  " + name + ":\n";
  const bool list = choose(4) == 0;
  for (std::size_t i = 0; i <= choose(3); ++i)
    out += std::string(list ? "    - " : "    ") + random_item(choose, kFields[(first + i) % 4]) + "\n";
  return out;
}

/// `text` of a rule as a value of an event: wildcards filled in, some letters in the other case.
std::string value_like(const std::string& text, const Chooser& choose) {
  std::string out;
  for (const auto& part : parse_sigma_string(text)) {
    if (part.kind == Pattern::GlobPart::Kind::literal)
      out += part.literal;
    else if (part.kind == Pattern::GlobPart::Kind::any_one)
      out += "y";
    else if (choose(2) == 0)
      out += "xx";
  }
  for (char& c : out) {
    if (choose(8) != 0) continue;
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : ascii_lower(c);
  }
  switch (choose(6)) {
    case 0:
      return "z" + out;
    case 1:
      return out + "z";
    case 2:
      return "z " + out + " z";
    default:
      return out;
  }
}

void add_fields(const Selection& selection, const Chooser& choose, Json& out) {
  for (const auto& child : selection.children) {
    if (selection.kind == Selection::Kind::all_of || choose(2) == 0) add_fields(child, choose, out);
  }
  const FieldItem& item = selection.item;
  if (selection.kind != Selection::Kind::item || choose(8) == 0) return;
  const SigmaValue& value = item.values[choose(item.values.size())];
  // These two set the row and not a field of it: see batch_of().
  const bool of_the_row = item.field == "time" || item.field == "logsource";
  const std::string field = item.field.empty() || of_the_row ? "message" : item.field;
  std::string text = value_like(value.text, choose);
  if (std::find(item.modifiers.begin(), item.modifiers.end(), "all") != item.modifiers.end()) {
    for (const auto& other : item.values) text += " " + value_like(other.text, choose);
  }
  if (value.kind == ValueKind::null && choose(2) == 0)
    out.set(field, Json());
  else if (const auto number = parse_int(text); number && choose(2) == 0)
    out.set(field, Json(*number));
  else
    out.set(field, to_valid_utf8(text));
}

}  // namespace

std::string random_rule(const Chooser& choose, int index) {
  std::string out = "title: r" + std::to_string(index) + "\nlogsource: {product: test}\ndetection:\n";
  for (const char* name : {"sel1", "sel2", "flt", "_own"}) out += random_selection(choose, name);
  return out + "  condition: " + one_of(choose, kConditions) + "\n";
}

Json random_event(const Chooser& choose) {
  Json out = Json::object();
  const auto text = [&] { return std::string(one_of(choose, kTexts)); };
  for (const char* field : {"f", "g", "h", "f0"}) {
    switch (choose(8)) {
      case 0:
        break;
      case 1:
        out.set(field, Json());
        break;
      case 2:
        out.set(field, Json(static_cast<std::int64_t>(choose(12))));
        break;
      case 3:
        out.set(field, choose(3) == 0
                           ? Json(choose(2) == 0)
                           : Json(std::int64_t{9007199254740991} + static_cast<std::int64_t>(choose(4))));
        break;
      case 4:
        out.set(field, Json::array({text(), text()}));
        break;
      default:
        out.set(field, text());
        break;
    }
  }
  return out;
}

Json event_near(const Rule& rule, const Chooser& choose) {
  Json out = Json::object();
  for (const auto& entry : rule.selections) {
    if (choose(3) != 0) add_fields(entry.second, choose, out);
  }
  return out;
}

CompileOptions random_rule_options() {
  CompileOptions out;
  out.placeholders["list"] = {"a", "*b", "10", "\xC3\x82n"};
  out.placeholders["networks"] = {"10.0.0.0/8", "fe80::/10"};
  out.placeholders["numbers"] = {"1", "5"};
  return out;
}

SourceMap everything_for(const std::vector<Rule>& rules) {
  std::string text = "sources:\n";
  std::vector<std::string> seen;
  for (const auto& rule : rules) {
    const std::string key = rule.logsource.key();
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) continue;
    seen.push_back(key);
    text += "  - logsource: {";
    if (!rule.logsource.product.empty()) text += "product: '" + rule.logsource.product + "', ";
    if (!rule.logsource.category.empty()) text += "category: '" + rule.logsource.category + "', ";
    if (!rule.logsource.service.empty()) text += "service: '" + rule.logsource.service + "', ";
    text += "}\n    covers: ['*/*/*']\n";
  }
  SourceMap out;
  (void)out.add("test.yaml", text);
  return out;
}

std::vector<Match> oracle_matches(const Plan& plan, const Batch& batch, const CompileOptions& options) {
  std::vector<Match> out;
  for (std::uint32_t row = 0; row < batch.rows(); ++row) {
    RowEvaluator oracle(batch, row, options);
    for (std::uint32_t rule = 0; rule < plan.rules().size(); ++rule) {
      if (oracle.matches(plan.rules()[rule])) out.push_back({rule, row});
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace phendau::detect::testing
