// SPDX-License-Identifier: Apache-2.0
#include "detect/compile.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/text.h"
#include "detect/testing/batches.h"

namespace compile_test {

using namespace phendau;
using namespace phendau::detect;

namespace {

Rule rule_of(const std::string& detection) {
  RuleFile file = parse_rules("r.yml", "title: t\nlogsource: {product: linux}\ndetection:\n" + detection);
  for (const auto& error : file.errors) FAIL(error.to_string());
  return file.rules.at(0);
}

/// Whether `item` ("f|contains: a") holds for the event.
bool holds(const std::string& item, const std::string& event, const CompileOptions& options = {}) {
  const Rule rule = rule_of("  s:\n    " + item + "\n  condition: s\n");
  const Compiled compiled = compile_rule(rule, options);
  for (const auto& error : compiled.errors) FAIL(error.to_string());
  return select(*compiled.predicate, testing::batch_of_text({event})).contains(0);
}

std::string error_of(const std::string& item) {
  const Compiled compiled = compile_rule(rule_of("  s:\n    " + item + "\n  condition: s\n"));
  return compiled.errors.empty() ? "" : compiled.errors[0].to_string();
}

struct Truth {
  const char* item;
  const char* event;
  bool holds;
};

/// Each row: an item, an event, and whether the item holds for it.
void check(const std::vector<Truth>& rows) {
  for (const auto& row : rows) {
    INFO(row.item << "  on  " << row.event);
    CHECK(holds(row.item, row.event) == row.holds);
  }
}

}  // namespace

TEST_CASE("truth table: values") {
  check({
      {"f: abc", R"({"f":"ABC"})", true},
      {"f: abc", R"({"f":"abcd"})", false},
      {"f: abc", R"({"f":"xabc"})", false},
      {"f: abc", R"({"g":"abc"})", false},
      {"f: abc", R"({"f":["x","abc"]})", true},
      {"f: [a, b]", R"({"f":"b"})", true},
      {"f: [a, b]", R"({"f":"c"})", false},
      {"'Threat Name': x", R"({"ThreatName":"x"})", true},
      {"a.b: x", R"({"a":{"b":"X"}})", true},
      {"f: true", R"({"f":true})", true},
      {"f: true", R"({"f":false})", false},
      {"f: True", R"({"f":"true"})", true},
  });
}

TEST_CASE("truth table: numbers") {
  check({
      {"f: 10", R"({"f":10})", true},
      {"f: 10", R"({"f":"10"})", true},
      {"f: '10'", R"({"f":10.0})", true},
      {"f: 10", R"({"f":"010"})", false},
      {"f: 10", R"({"f":100})", false},
      {"f: -1", R"({"f":-1})", true},
      {"f: 1.5", R"({"f":1.50})", true},
      {"f: '1*'", R"({"f":123})", true},
      {"f: '0x10'", R"({"f":16})", false},
      {"f: '0x1F'", R"({"f":"0X1f"})", true},
      {"f: 9007199254740993", R"({"f":9007199254740992})", false},
      {"f: 9007199254740993", R"({"f":9007199254740993})", true},
      {"f: 9223372036854775807", R"({"f":9223372036854775806})", false},
      {"f|lte: 18446744073709551614", R"({"f":" 18446744073709551615"})", false},
      {"f|lte: 18446744073709551615", R"({"f":" 18446744073709551615"})", true},
      {"f: 18446744073709551615", R"({"f":1.8446744073709551615e19})", true},
  });
}

TEST_CASE("truth table: hexadecimal numbers without quotes are numbers, too") {
  check({
      {"f: 0x1F", R"({"f":31})", true},
      {"f: 0x1F", R"({"f":"31"})", true},
      {"f: 0x1F", R"({"f":"0x1f"})", true},
      {"f: 0x1F", R"({"f":30})", false},
      {"f: '0x1F'", R"({"f":31})", false},
      {"f: [0x10, -0x20]", R"({"f":-32})", true},
      {"f: 0xFFFFFFFFFFFFFFFF", R"({"f":18446744073709551615})", true},
      {"f|neq: 0x1F", R"({"f":31})", false},
      {"f|neq: 0x1F", R"({"f":"0x1F"})", false},
      {"f|neq: 0x1F", R"({"f":1})", true},
      {"f|gte: 0x10", R"({"f":16})", true},
      {"f|gte: 0x10", R"({"f":15})", false},
      {"f|contains: 0x1F", R"({"f":"a 0x1f"})", true},
      {"f|contains: 0x1F", R"({"f":"a 31"})", false},
      {"f: 0x1G", R"({"f":1})", false},
      {"f: 0o17", R"({"f":15})", false},
      {"f: 017", R"({"f":15})", false},
      {"f: 017", R"({"f":"017"})", true},
  });
}

TEST_CASE("truth table: a GUID in braces is the same without them") {
  check({
      {"f: '{0CCE9210-69AE-11D9-BED3-505054503030}'", R"({"f":"0CCE9210-69AE-11D9-BED3-505054503030"})",
       true},
      {"f: '{0CCE9210-69AE-11D9-BED3-505054503030}'", R"({"f":"{0cce9210-69ae-11d9-bed3-505054503030}"})",
       true},
      {"f: '{0CCE9210-69AE-11D9-BED3-505054503030}'", R"({"f":"0CCE9211-69AE-11D9-BED3-505054503030"})",
       false},
      {"f|neq: '{0CCE9210-69AE-11D9-BED3-505054503030}'", R"({"f":"0CCE9210-69AE-11D9-BED3-505054503030"})",
       false},
      {"f|cased: '{0CCE9210-69AE-11D9-BED3-505054503030}'", R"({"f":"0cce9210-69ae-11d9-bed3-505054503030"})",
       false},
      {"f|all: ['{0CCE9210-69AE-11D9-BED3-505054503030}', '0CCE9210*']",
       R"({"f":"0CCE9210-69AE-11D9-BED3-505054503030"})", true},
      {"f|contains: '{0CCE9210-69AE-11D9-BED3-505054503030}'",
       R"({"f":"0CCE9210-69AE-11D9-BED3-505054503030"})", false},
      {"f: 0CCE9210-69AE-11D9-BED3-505054503030", R"({"f":"{0CCE9210-69AE-11D9-BED3-505054503030}"})", false},
      {"f: '{0CCE9210-69AE-11D9-BED3}'", R"({"f":"0CCE9210-69AE-11D9-BED3"})", false},
  });
}

TEST_CASE("truth table: null and empty text") {
  check({
      {"f: null", R"({"g":1})", true},
      {"f: null", R"({"f":null})", true},
      {"f: null", R"({"f":""})", false},
      {"f:", R"({"g":1})", true},
      {"f: ~", R"({"f":"~"})", false},
      {"f: 'null'", R"({"f":null})", false},
      {"f: 'null'", R"({"f":"NULL"})", true},
      {"f: ''", R"({"f":""})", true},
      {"f: ''", R"({"f":null})", false},
      {"f: ''", R"({"g":1})", false},
      {"f: ''", R"({"f":" "})", false},
      {"f: ['', null]", R"({"g":1})", true},
      {"f: ['', null]", R"({"f":""})", true},
      {"f: ['', null]", R"({"f":"x"})", false},
  });
}

TEST_CASE("truth table: wildcards") {
  check({
      {"f: '*'", R"({"f":""})", true},
      {"f: '*'", R"({"g":""})", false},
      {"f: '*'", R"({"f":null})", false},
      {"f: '?*'", R"({"f":""})", false},
      {"f: 'a*c'", R"({"f":"abbc"})", true},
      {"f: 'a*c'", R"({"f":"ac"})", true},
      {"f: 'a*c'", R"({"f":"xabbc"})", false},
      {"f: 'a*c'", R"({"f":"abbcx"})", false},
      {"f: 'a*b*c'", R"({"f":"a1b2b3c"})", true},
      {"f: 'a*b*c'", R"({"f":"a1c2b"})", false},
      {"f: 'a?c'", R"({"f":"abc"})", true},
      {"f: 'a?c'", R"({"f":"abbc"})", false},
      {"f: 'a?c'", R"({"f":"ac"})", false},
      {"f: 'a?c'", R"({"f":"xabcx"})", false},
      {"f: '?'", "{\"f\":\"\xC3\xA2\"}", true},
      {"f: '?\?'", "{\"f\":\"\xC3\xA2\"}", false},
      {"f: 'stra?e'",
       "{\"f\":\"stra\xC3\x9F"
       "e\"}",
       true},
      {"f: '*\xC3\x82*N'", "{\"f\":\"x\xC3\xA2yn\"}", true},
      {"f: 'x*\xC3\x82'", "{\"f\":\"xy\xC3\xA2z\"}", false},
  });
}

TEST_CASE("truth table: escapes") {
  check({
      {"f: 'a\\*c'", R"({"f":"a*c"})", true},
      {"f: 'a\\*c'", R"({"f":"abc"})", false},
      {"f: 'a\\?c'", R"({"f":"a?c"})", true},
      {"f: 'a\\?c'", R"({"f":"abc"})", false},
      {"f: 'a\\\\*c'", R"({"f":"a\\xc"})", true},
      {"f: 'a\\\\*c'", R"({"f":"a*c"})", false},
      {"f: 'a\\\\\\*c'", R"({"f":"a\\*c"})", true},
      {"f: 'a\\\\\\*c'", R"({"f":"a\\xc"})", false},
      {"f: 'C:\\Win'", R"({"f":"c:\\win"})", true},
      {"f: 'C:\\\\Win'", R"({"f":"c:\\win"})", true},
      {"f: 'C:\\\\Win'", R"({"f":"c:\\\\win"})", false},
      {"f: '\\\\\\\\x'", R"({"f":"\\\\x"})", true},
      {"f: '\\\\\\x'", R"({"f":"\\\\x"})", true},
      {"f: 'a\\'", R"({"f":"a\\"})", true},
      {"f|contains: 'a\\'", R"({"f":"xa\\y"})", true},
      {"f: '\\n'", R"({"f":"\\n"})", true},
  });
}

TEST_CASE("truth table: case: Unicode, one letter for one letter") {
  check({
      {"f: '\xC4\x90\xE1\xBB\x92NG'", "{\"f\":\"\xC4\x91\xE1\xBB\x93ng\"}", true},
      {"f: '\xC6\xAF\xE1\xBB\xA8'", "{\"f\":\"\xC6\xB0\xE1\xBB\xA9\"}", true},
      {"f: 'd\xE1\xBB\x93ng'", "{\"f\":\"dong\"}", false},
      {"f: 'D\xE1\xBB\x92NG'", "{\"f\":\"do\xCC\x82\xCC\x80ng\"}", true},
      {"f|contains: '\xC3\x82N T'", "{\"f\":\"x \xC3\xA2n to\xC3\xA0n\"}", true},
      {"f: strasse",
       "{\"f\":\"stra\xC3\x9F"
       "e\"}",
       false},
      {"f: '\xE2\x84\xAA'", R"({"f":"k"})", true},
  });
}

TEST_CASE("truth table: contains, startswith, endswith") {
  check({
      {"f|contains: bc", R"({"f":"ABCD"})", true},
      {"f|contains: ''", R"({"f":"x"})", true},
      {"f|contains: ''", R"({"g":"x"})", false},
      {"f|contains: 'b*d'", R"({"f":"abcde"})", true},
      {"f|contains: 'b\\*'", R"({"f":"ab*c"})", true},
      {"f|contains: 'b\\*'", R"({"f":"abc"})", false},
      {"f|contains: 46", R"({"f":14688})", true},
      {"f|startswith: ab", R"({"f":"ABC"})", true},
      {"f|startswith: bc", R"({"f":"abc"})", false},
      {"f|startswith: 'a?'", R"({"f":"a"})", false},
      {"f|endswith: bc", R"({"f":"aBC"})", true},
      {"f|endswith: '\\cmd.exe'", R"({"f":"C:\\x\\CMD.EXE"})", true},
      {"f|endswith: ab", R"({"f":"abc"})", false},
  });
}

TEST_CASE("truth table: all") {
  check({
      {"f|contains|all: [a, c]", R"({"f":"abc"})", true},
      {"f|contains|all: [a, x]", R"({"f":"abc"})", false},
      {"f|all: ['a*', '*c']", R"({"f":"abc"})", true},
      {"f|all: ['a*', '*c']", R"({"f":["ax","xc"]})", true},
      {"f|all: abc", R"({"f":"abc"})", true},
      {"f|re|all: [a, c]", R"({"f":"abc"})", true},
      {"f|re|all: [a, x]", R"({"f":"abc"})", false},
  });
}

TEST_CASE("truth table: exists") {
  check({
      {"f|exists: true", R"({"f":null})", true},
      {"f|exists: true", R"({"f":""})", true},
      {"f|exists: true", R"({"g":1})", false},
      {"f|exists: false", R"({"g":1})", true},
      {"f|exists: false", R"({"f":1})", false},
  });
}

TEST_CASE("truth table: cased") {
  check({
      {"f|cased: abc", R"({"f":"abc"})", true},
      {"f|cased: abc", R"({"f":"ABC"})", false},
      {"f|contains|cased: bC", R"({"f":"abCd"})", true},
      {"f|contains|cased: bC", R"({"f":"abcd"})", false},
      {"f|cased|startswith: 'A*c'", R"({"f":"Abcd"})", true},
      {"f|cased|startswith: 'A*c'", R"({"f":"abcd"})", false},
  });
}

TEST_CASE("truth table: neq") {
  check({
      {"f|neq: a", R"({"f":"b"})", true},
      {"f|neq: a", R"({"f":"A"})", false},
      {"f|neq: [a, b]", R"({"f":"b"})", false},
      {"f|neq: a", R"({"g":"b"})", true},
      {"f|contains|neq: a", R"({"f":"xax"})", false},
      {"f|neq: 5", R"({"f":5.0})", false},
      {"f|neq: 5", R"({"f":6})", true},
      {"f|neq: null", R"({"f":1})", true},
      {"f|neq: null", R"({"g":1})", false},
      {"f|lt|neq: 5", R"({"f":5})", true},
  });
}

TEST_CASE("truth table: re with i, m, s") {
  check({
      {"f|re: '^a.c$'", R"({"f":"abc"})", true},
      {"f|re: '^a.c$'", R"({"f":"ABC"})", false},
      {"f|re: '^a.c$'", "{\"f\":\"abc\\n\"}", false},
      {"f|re: 'b'", R"({"f":"abc"})", true},
      {"f|re: 'a\\*c'", R"({"f":"a*c"})", true},
      {"f|re: 'a{2,3}(b|c)[^d]'", R"({"f":"aabx"})", true},
      {"f|re: '(?i)A\\d'", R"({"f":"a7"})", true},
      {"f|re|i: '^A'", R"({"f":"abc"})", true},
      {"f|re|ignorecase: '^A'", R"({"f":"abc"})", true},
      {"f|re|i: '\xC4\x90'", "{\"f\":\"\xC4\x91\"}", true},
      {"f|re|m: '^b'", "{\"f\":\"a\\nb\"}", true},
      {"f|re: '^b'", "{\"f\":\"a\\nb\"}", false},
      {"f|re|multiline: 'a$'", "{\"f\":\"a\\nb\"}", true},
      {"f|re|s: 'a.b'", "{\"f\":\"a\\nb\"}", true},
      {"f|re: 'a.b'", "{\"f\":\"a\\nb\"}", false},
      {"f|re|dotall: 'a.b'", "{\"f\":\"a\\nb\"}", true},
      {"f|re|i|m|s: '^B.C'", "{\"f\":\"a\\nb\\nc\"}", true},
      {"f|re: '1'", R"({"f":213})", true},
  });
}

TEST_CASE("truth table: re with contains, startswith, endswith says where the expression stands") {
  check({
      {"f|re|contains: 'b.d'", R"({"f":"abcde"})", true},
      {"f|re|contains: '^b'", R"({"f":"abc"})", false},
      {"f|re|startswith: 'b.'", R"({"f":"abc"})", false},
      {"f|re|startswith: 'a.c'", R"({"f":"abcd"})", true},
      {"f|re|startswith: 'x|b'", R"({"f":"ab"})", false},
      {"f|re|startswith: 'x|b'", R"({"f":"ba"})", true},
      {"f|re|m|startswith: '^b'", "{\"f\":\"a\\nb\"}", false},
      {"f|re|endswith: 'b.'", R"({"f":"abc"})", true},
      {"f|re|endswith: 'ab'", R"({"f":"abc"})", false},
      {"f|re|endswith: 'a+?'", R"({"f":"baaa"})", true},
      {"f|re|endswith: 'b|x'", R"({"f":"bxc"})", false},
      {"f|re|endswith: 'c'", "{\"f\":\"abc\\n\"}", false},
      {"f|re|endswith|i: 'C'", R"({"f":"abc"})", true},
      {"f|re|endswith: '(?i)C'", R"({"f":"abc"})", true},
      {"f|re|startswith|neq: a", R"({"f":"ba"})", true},
      {"f|re|contains|all: ['a$', '^b']", R"({"f":"ba"})", true},
      {"f|re|contains|all: ['a$', '^b']", R"({"f":"ab"})", false},
  });
}

TEST_CASE("truth table: cidr, IPv4 and IPv6") {
  check({
      {"f|cidr: 10.0.0.0/8", R"({"f":"10.9.8.7"})", true},
      {"f|cidr: 10.0.0.0/8", R"({"f":"11.9.8.7"})", false},
      {"f|cidr: 10.0.0.0/8", R"({"f":"10.9.8"})", false},
      {"f|cidr: 10.0.0.0/8", R"({"f":"::ffff:10.1.1.1"})", true},
      {"f|cidr: '::ffff:10.0.0.0/104'", R"({"f":"10.1.1.1"})", true},
      {"f|cidr: [1.0.0.0/8, 10.0.0.0/8]", R"({"f":"10.1.1.1"})", true},
      {"f|cidr: 10.64.0.0/10", R"({"f":"10.65.0.1"})", true},
      {"f|cidr: 192.168.1.77/32", R"({"f":"192.168.1.77"})", true},
      {"f|cidr: 192.168.1.77", R"({"f":"192.168.1.77"})", true},
      {"f|cidr: 0.0.0.0/0", R"({"f":"::1"})", false},
      {"f|cidr: 'fe80::/10'", R"({"f":"FE80::1"})", true},
      {"f|cidr: 'fe80::/10'", R"({"f":"fe80::1%eth0"})", true},
      {"f|cidr: '::1/128'", R"({"f":"0:0:0:0:0:0:0:1"})", true},
      {"f|cidr: 'fc00::/7'", R"({"f":"2001:db8::1"})", false},
      {"f|cidr: '2001:db8::/32'", R"({"f":"2001:DB8:1::2"})", true},
      {"f|cidr|neq: 10.0.0.0/8", R"({"f":"8.8.8.8"})", true},
  });
}

TEST_CASE("truth table: lt, lte, gt, gte, also of numbers held as text") {
  check({
      {"f|lt: 5", R"({"f":4})", true},
      {"f|lt: 5", R"({"f":5})", false},
      {"f|lt: 5", R"({"f":"4.9"})", true},
      {"f|lte: 5", R"({"f":"5"})", true},
      {"f|lte: '5'", R"({"f":5.1})", false},
      {"f|gt: -1.5", R"({"f":-1})", true},
      {"f|gt: 9", R"({"f":"10"})", true},
      {"f|gt: 10", R"({"f":" 9 "})", false},
      {"f|gte: 5", R"({"f":"five"})", false},
      {"f|gte: 5", R"({"g":9})", false},
      {"f|gte: 5", R"({"f":null})", false},
      {"f|gt: 9007199254740992", R"({"f":9007199254740993})", true},
      {"f|lt: 9007199254740993", R"({"f":"9007199254740993"})", false},
      {"f|gte: [100, 5]", R"({"f":7})", true},
  });
}

TEST_CASE("truth table: fieldref, also with startswith, endswith, contains") {
  check({
      {"f|fieldref: g", R"({"f":"A","g":"a"})", true},
      {"f|fieldref: g", R"({"f":"a","g":"b"})", false},
      {"f|fieldref: g", R"({"f":"a"})", false},
      {"f|fieldref: g", R"({"f":null,"g":null})", false},
      {"f|fieldref|neq: g", R"({"f":"a","g":"b"})", true},
      {"f|fieldref|cased: g", R"({"f":"A","g":"a"})", false},
      {"f|fieldref: [g, h]", R"({"f":"a","g":"b","h":"a"})", true},
      {"f|fieldref: 'G H'", R"({"f":"a","GH":"a"})", true},
      {"f|fieldref|startswith: g", R"({"f":"C:\\Temp\\x.exe","g":"c:\\temp"})", true},
      {"f|fieldref|startswith: g", R"({"f":"temp","g":"emp"})", false},
      {"f|fieldref|endswith: g", R"({"f":"temp","g":"EMP"})", true},
      {"f|fieldref|endswith: g", R"({"f":"temp","g":"tem"})", false},
      {"f|fieldref|contains: g", R"({"f":"run lan-pc now","g":"LAN-PC"})", true},
      {"f|contains|fieldref: g", R"({"f":"run now","g":"LAN-PC"})", false},
      {"f|fieldref|contains|cased: g", R"({"f":"xAx","g":"a"})", false},
      {"f|fieldref|startswith|neq: g", R"({"f":"a"})", true},
  });
}

TEST_CASE("truth table: windash: five dashes for one") {
  check({
      {"f|windash|contains: ' -s '", "{\"f\":\"x /s y\"}", true},
      {"f|contains|windash: ' -s '", "{\"f\":\"x \xE2\x80\x93s y\"}", true},
      {"f|windash|contains: ' /s '", "{\"f\":\"x \xE2\x80\x94s y\"}", true},
      {"f|windash|contains: ' \xE2\x80\x95s '", "{\"f\":\"x -s y\"}", true},
      {"f|windash|contains: ' -s '", "{\"f\":\"x +s y\"}", false},
      {"f|windash|contains: 'a-b'", "{\"f\":\"a/b\"}", false},
      {"f|contains|all|windash: [' -a', ' -b']", R"({"f":"x /a -b"})", true},
      {"f|contains|all|windash: [' -a', ' -b']", R"({"f":"x /a /a"})", false},
      {"f|endswith|windash: ' -a -b'", R"({"f":"x /a -b"})", true},
      {"f|windash: '-a*-b'", R"({"f":"/a x -b"})", true},
  });
}

TEST_CASE("truth table: base64 and base64offset") {
  check({
      {"f|base64: foo", R"({"f":"Zm9v"})", true},
      {"f|base64: foo", R"({"f":"xZm9v"})", false},
      {"f|base64|contains: foo", R"({"f":"xZm9v"})", true},
      {"f|base64|cased: foo", R"({"f":"ZM9V"})", false},
      {"f|base64: 'a\\*b'", R"({"f":"YSpi"})", true},
      {"f|base64offset|contains: foobar", R"({"f":"Zm9vYmFy"})", true},
      {"f|base64offset|contains: foobar", R"({"f":"eGZvb2Jhcg=="})", true},
      {"f|base64offset|contains: foobar", R"({"f":"eHhmb29iYXI="})", true},
      {"f|base64offset|contains: foobar", R"({"f":"Zm9vYmF6"})", false},
  });
}

TEST_CASE("truth table: wide, utf16, utf16le, utf16be") {
  check({
      {"f|wide|base64offset|contains: ab", R"({"f":"YQBiAA=="})", true},
      {"f|utf16le|base64: ab", R"({"f":"YQBiAA=="})", true},
      {"f|utf16be|base64: ab", R"({"f":"AGEAYg=="})", true},
      {"f|utf16|base64: ab", R"({"f":"//5hAGIA"})", true},
      {"f|wide: ab", "{\"f\":\"a\\u0000B\\u0000\"}", true},
      {"f|wide: 'a*b'", "{\"f\":\"a\\u0000xxb\\u0000\"}", true},
      {"f|utf16be|contains: a", "{\"f\":\"x\\u0000ay\"}", true},
      {"f|utf16le|base64: '\xC4\x91'", R"({"f":"EQE="})", true},
      {"f|utf16le|base64: '\xF0\x9F\x98\x80'", R"({"f":"PdgA3g=="})", true},
  });
}

TEST_CASE("truth table: minute, hour, day, week, month, year: as the value writes them") {
  check({
      {"t|hour: 23", R"({"t":"2026-11-24T23:30:00+07:00"})", true},
      {"t|hour: 16", R"({"t":"2026-11-24T23:30:00+07:00"})", false},
      {"t|hour: 16", R"({"t":"2026-11-24T16:30:00Z"})", true},
      {"t|minute: 30", R"({"t":"2026-11-24 23:30:00"})", true},
      {"t|day: 24", R"({"t":"2026/11/24 00:00"})", true},
      {"t|week: 48", R"({"t":"2026-11-24"})", true},
      {"t|month: 11", R"({"t":"2026-11-24"})", true},
      {"t|year: 2026", R"({"t":"2026-11-24"})", true},
      {"t|week: 53", R"({"t":"2027-01-01"})", true},
      {"t|week: 1", R"({"t":"2025-12-29"})", true},
      {"t|hour: 0", R"({"t":"2026-11-24"})", false},
      {"t|hour: [22, 23]", R"({"t":"2026-11-24T22:00:00Z"})", true},
      {"t|hour|gte: 22", R"({"t":"2026-11-24T21:59:59Z"})", false},
      {"t|gte|hour: 22", R"({"t":"2026-11-24T22:00:00Z"})", true},
      {"t|hour|neq: 8", R"({"t":"2026-11-24T09:00:00Z"})", true},
      {"t|hour: 8", R"({"t":"eight"})", false},
      {"t|hour|lt: 8", R"({"g":1})", false},
      {"t|hour: 7", R"({"t":1732435200})", false},
      {"t|hour: 8", R"({"t":1732435200})", true},
      {"t|hour: 8", R"({"t":"1732435200123"})", true},
      {"t|year: 2024", R"({"t":133769088000000000})", true},
  });
}

TEST_CASE("keywords look at every value, anywhere in it") {
  const auto judged = [](const std::string& keywords, const std::string& event) {
    const Rule rule = rule_of("  s: " + keywords + "\n  condition: s\n");
    return select(*compile_rule(rule).predicate, testing::batch_of_text({event}, "linux//sshd")).contains(0);
  };
  CHECK(judged("[ERR, fail]", R"({"a":"x","b":"it FAILED"})"));
  CHECK(!judged("[err, fail]", R"({"a":"x"})"));
  CHECK(judged("fail", R"({"a":"failed"})"));
  CHECK(judged("{'|all': [it, fail]}", R"({"a":"it","b":"failed"})"));
  CHECK(!judged("{'|all': [it, fail]}", R"({"a":"it"})"));
  CHECK(judged("['a*d']", R"({"a":"xxabcdxx"})"));
  CHECK(judged("[42]", R"({"a":4242})"));
  CHECK(!judged("[sshd]", R"({"a":"x"})"));  // the log source is not part of the event
}

TEST_CASE("lists of maps, nested, and maps") {
  const std::string detection = "  s:\n    - a: 1\n      b: 2\n    - c|startswith: x\n  condition: s\n";
  const auto predicate = compile_rule(rule_of(detection)).predicate;
  const auto rows =
      select(*predicate, testing::batch_of_text({R"({"a":1,"b":2})", R"({"a":1})", R"({"c":"xy"})"}));
  CHECK(rows.contains(0));
  CHECK(!rows.contains(1));
  CHECK(rows.contains(2));
}

TEST_CASE("expand takes values from the pack and rejects without them") {
  CompileOptions options;
  options.placeholders["Admins"] = {"root", "adm-*"};
  CHECK(holds("f|expand: '%Admins%'", R"({"f":"adm-lan"})", options));
  CHECK(holds("f|contains|expand: 'u=%Admins%;'", R"({"f":"xu=root;y"})", options));
  CHECK(!holds("f|expand: '%Admins%'", R"({"f":"lan"})", options));
  CHECK(holds("f: '%Admins%'", R"({"f":"%admins%"})", options));
  CHECK(error_of("f|expand: '%Admins%'").find("%Admins%") != std::string::npos);
  options.placeholders["empty"] = {};
  options.placeholders["nets"] = {"10.0.0.0/8", "fe80::/10", "172.16.0.1/16"};
  options.placeholders["limit"] = {"5"};
  const Truth rows[] = {
      {"f|expand: '\\%plain%Admins%'", R"({"f":"%plainroot"})", true},
      {"f|expand: '\\%plain%Admins%'", R"({"f":"plainroot"})", false},
      {"f|expand: '%Admins%@%Admins%'", R"({"f":"root@adm-1"})", true},
      {"f|expand: '%Admins%@%Admins%'", R"({"f":"root@lan"})", false},
      {"f|expand: '50% of %Admins%'", R"({"f":"50% of root"})", true},
      {"f|expand|contains|all: ['%Admins%', x]", R"({"f":"x adm-1"})", true},
      {"f|expand|contains|all: ['%Admins%', x]", R"({"f":"adm-1"})", false},
      {"f|windash|expand: '-u %Admins%'", R"({"f":"/u root"})", true},
      {"f|expand|windash: '-u %Admins%'", R"({"f":"/u root"})", true},
      {"f|expand|wide|base64: root", R"({"f":"cgBvAG8AdAA="})", true},
      {"f|re|expand: '^u=%Admins%;'", R"({"f":"u=adm-7;x"})", true},
      {"f|re|expand: '^u=%Admins%;'", R"({"f":"u=admx7;x"})", false},
      {"f|cidr|expand: '%nets%'", R"({"f":"10.3.4.5"})", true},
      {"f|expand|cidr: '%nets%'", R"({"f":"fe80::7"})", true},
      {"f|expand|cidr: '%nets%'", R"({"f":"11.3.4.5"})", false},
      {"f|expand|cidr: '%nets%'", R"({"f":"172.16.3.4"})", true},
      {"f|gt|expand: '%limit%'", R"({"f":6})", true},
      {"f|gt|expand: '%LIMIT%'", R"({"f":6})", true},
      {"f|expand|neq: '%Admins%'", R"({"f":"lan"})", true},
      {"'|expand': '%Admins%'", R"({"f":"the root user"})", true},
  };
  for (const auto& row : rows) {
    INFO(row.item << "  on  " << row.event);
    CHECK(holds(row.item, row.event, options) == row.holds);
  }
  const Rule empty = rule_of("  s:\n    f|expand: '%empty%'\n  condition: s\n");
  REQUIRE(compile_rule(empty, options).errors.size() == 1);
  CHECK(compile_rule(empty, options).errors[0].to_string().starts_with("r.yml:5:5:"));
}

TEST_CASE("chains that make no sense are rejected with their line") {
  const char* const items[] = {
      "f|nonsense: a",
      "f|contains|startswith: a",
      "f|i: a",
      "f|contains|re: a",
      "f|re|contains|startswith: a",
      "f|re|startswith|startswith: a",
      "f|re|startswith: 'a)(b'",
      "f|re|endswith: 'a|(b'",
      "f|cidr|contains: 10.0.0.0/8",
      "f|cidr: 10.0.0.0/33",
      "f|cidr: host",
      "f|cidr: 10.0.0.1/8",
      "f|cidr: 10.64.0.0/9",
      "f|cidr: [10.0.0.0/8, 'fe80::1/64']",
      "f|cidr: '::ffff:10.1.0.0/104'",
      "f|re: '('",
      "f|lt: many",
      "f|exists: maybe",
      "f|base64: 'a*'",
      "f|re|cased: a",
      "f|contains: null",
      "f|re|base64: a",
      "f|hour: 24",
      "f|hour: 3.5",
      "f|hour: noon",
      "f|hour|contains: 3",
      "f|hour|minute: 3",
      "f|hour|re: 3",
      "f|cidr|hour: 3",
      "f|windash|hour: 3",
      "f|hour: null",
      "f|base64|re: a",
      "f|lt|gt: 3",
      "f|base64|lt: 3",
      "f|windash|cidr: 10.0.0.0/8",
      "f|exists|windash: true",
      "f|windash|exists: true",
      "f|lt|cased: 3",
      "f|contains|base64: a",
      "f|endswith|base64offset: abc",
      "f|contains|utf16: a",
      "f|wide: 'a?b'",
      "f|wide|windash: ' -a'",
      "f|base64|expand: '%x%'",
      "f|expand|re: '%x%'",
      "f|exists|expand: true",
      "f|fieldref|windash: g",
      "f|fieldref|base64: g",
      "f|fieldref|re: g",
      "f|re|fieldref: g",
      "f|fieldref|cidr: g",
      "f|fieldref|gt: g",
      "f|fieldref|hour: g",
      "f|fieldref: 'g*'",
      "f|fieldref: ''",
      "f|fieldref: null",
      "f|i|re: a",
      "f|contains|i: a",
      "f|base64offset: ''",
      "f|cidr: '::ffff:10.0.0.0/8'",
      "'|exists': true",
      "'|fieldref': g",
  };
  for (const char* item : items) {
    INFO(item);
    CHECK(error_of(item).starts_with("r.yml:5:"));
  }
  CHECK(modifier_docs().size() >= 28);
}

TEST_CASE("conditions") {
  const std::string selections = "  s1: {a: 1}\n  s2: {b: 1}\n  f1: {c: 1}\n  _hidden: {d: 1}\n";
  struct Row {
    const char* condition;
    const char* event;
    bool holds;
  };
  const Row rows[] = {
      {"s1", R"({"a":1})", true},
      {"s1 and s2", R"({"a":1})", false},
      {"s1 or s2 and f1", R"({"a":1})", true},
      {"(s1 or s2) and f1", R"({"a":1})", false},
      {"not s1 and s2", R"({"b":1})", true},
      {"not (s1 or s2)", R"({"c":1})", true},
      {"not not s1", R"({"a":1})", true},
      {"1 of s*", R"({"b":1})", true},
      {"any of s*", R"({"b":1})", true},
      {"all of s*", R"({"b":1})", false},
      {"all of s* and not 1 of f*", R"({"a":1,"b":1})", true},
      {"all of s* and not 1 of f*", R"({"a":1,"b":1,"c":1})", false},
      {"1 of *1", R"({"c":1})", true},
      {"1 of them", R"({"c":1})", true},
      {"1 of them", R"({"d":1})", false},
      {"all of them", R"({"a":1,"b":1,"c":1})", true},
      {"_hidden", R"({"d":1})", true},
      {"1 of _*", R"({"d":1})", true},
      {"1 of *", R"({"d":1})", false},
      {"1 of s*2", R"({"b":1})", true},
      {"1 of f1", R"({"c":1})", true},
      {"1 OF THEM", R"({"a":1})", true},
      {"Not s1 AND s2", R"({"b":1})", true},
      {"not 1 of f* or s1 and s2", R"({"c":1})", false},
      {"not all of s*", R"({"a":1})", true},
      {"((s1)) or (not (f1 and s2))", R"({"c":1})", true},
      {"[s1, s2]", R"({"b":1})", true},
      {"[s1, s2]", R"({"c":1})", false},
      {"S1 AND s2 OR s1", R"({"a":1})", false},
  };
  for (const auto& row : rows) {
    INFO(row.condition << " on " << row.event);
    RuleFile file = parse_rules("r.yml", "title: t\nlogsource: {product: x}\ndetection:\n" + selections +
                                             "  condition: " + row.condition + "\n");
    if (std::string_view(row.condition).starts_with("S1")) {
      CHECK(file.errors.size() == 1);  // names are case-sensitive
      continue;
    }
    REQUIRE(file.errors.empty());
    CHECK(select(*compile_rule(file.rules[0]).predicate, testing::batch_of_text({row.event})).contains(0) ==
          row.holds);
  }
  for (const char* bad : {"", "s1 and", "(s1", "s1)", "2 of s*", "1 of", "s*", "s1 | count() > 5", "of them",
                          "s1 s2", "and s1", "s1 & s2"}) {
    INFO(bad);
    CHECK(!parse_condition(bad));
  }
  CHECK(!parse_condition(std::string(1000, '(')));
  CHECK(to_string(*parse_condition("a or b and not 1 of c*")) == "(a or (b and not 1 of c*))");
}

/// Of Sigma 1, where aggregations had it.
TEST_CASE("a timeframe beside the selections is no selection, and there is a note") {
  const auto read = [](const std::string& timeframe, const std::string& condition) {
    const std::string head = "title: t\nlogsource: {product: test}\ndetection:\n  a: {f: 1}\n";
    return parse_rules("t.yml", head + "  timeframe: " + timeframe + "\n  condition: " + condition + "\n");
  };
  for (const char* condition : {"1 of them", "all of them", "1 of *"}) {
    const RuleFile file = read("5m", condition);
    REQUIRE(file.rules.size() == 1);
    CHECK(file.rules[0].selections.size() == 1);
    REQUIRE(file.warnings.size() == 1);
    CHECK(file.warnings[0].to_string() ==
          "t.yml:5:3: 'timeframe' was removed from Sigma and does nothing here; write a correlation rule");
  }
  CHECK(read("5m", "a and timeframe").rules.empty());
  const RuleFile selection = read("{g: 1}", "a and timeframe");
  REQUIRE(selection.rules.size() == 1);
  CHECK(selection.rules[0].selections.size() == 2);
  CHECK(selection.warnings.empty());
}

TEST_CASE("mistakes name file, line and column; other documents still load") {
  const RuleFile file = parse_rules("bad.yml", R"(title: one
logsource: {product: linux}
level: terrible
detection:
  s: {a: {b: c}}
  condition: s and t
---
title: two
logsource: {product: linux}
detection: {s: {a: 1}, condition: s}
---
- list
---
title: three
filter: {rules: [], condition: [x]}
---
title: four
correlation: {type: event_sum, rules: [], timespan: soon}
)");
  REQUIRE(file.rules.size() == 1);
  CHECK(file.rules[0].title == "two");
  std::vector<std::string> texts;
  for (const auto& error : file.errors) texts.push_back(error.to_string());
  const std::string all = join(texts, "\n");
  INFO(all);
  CHECK(file.errors.size() >= 7);
  CHECK(all.find("bad.yml:3:8: level 'terrible'") != std::string::npos);
  CHECK(all.find("bad.yml:5:10:") != std::string::npos);
  CHECK(all.find("bad.yml:6:14: condition names 't'") != std::string::npos);
  CHECK(all.find("bad.yml:12:1: a rule must be a map") != std::string::npos);
  CHECK(all.find("filter has no selection") != std::string::npos);
  CHECK(all.find("a filter has one condition, not a list") != std::string::npos);
  CHECK(all.find("filter names no rules") != std::string::npos);
  CHECK(all.find("time span") != std::string::npos);
  const RuleFile broken = parse_rules("b.yml", "title: x\ndetection: [a\n");
  REQUIRE(broken.errors.size() == 1);
  CHECK(broken.errors[0].line > 1);
}

TEST_CASE("metadata and the phendau block") {
  const RuleFile file = parse_rules("m.yml", R"(title: t
id: 6d1f1c2e-0000-4000-8000-000000000001
name: n
status: stable
level: high
tags: [attack.t1110]
related: [{id: x, type: derived}]
some_custom: {thing: [1, 2]}
logsource: {product: phendau, category: fact, service: password_policy, definition: text}
phendau: {title_vi: T, features: [a], clauses: [b], entity: [host], window: 1h, for: every}
detection: {s: {min_length|gte: 8}, condition: s}
)");
  REQUIRE(file.errors.empty());
  const Rule& rule = file.rules.at(0);
  CHECK(rule.quantifier == Quantifier::every);
  CHECK(rule.window == hours(1));
  CHECK(rule.related.at(0).first == "derived");
  CHECK(rule.title_for_people() == "T");
  CHECK(judge(*compile_rule(rule).predicate, parse_json(R"({"min_length":10})").value(), {}, nullptr) ==
        Tri::yes);
  CHECK(judge(*compile_rule(rule).predicate, parse_json("{}").value(), {}, nullptr) == Tri::unknown);
}

}  // namespace compile_test
