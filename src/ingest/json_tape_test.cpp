// SPDX-License-Identifier: Apache-2.0
// Proves the tape against simdjson's DOM: the same texts are JSON, and they say the same.
#include "ingest/json_tape.h"

#include <random>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <simdjson.h>

#include "base/text.h"

namespace phendau::ingest::json_tape_test {
namespace {

namespace dom = simdjson::dom;

std::string shown(dom::element value) {
  std::string out;
  switch (value.type()) {
    case dom::element_type::OBJECT:
      for (const auto& [key, member] : dom::object(value))
        out += fmt::format("{}:{},", to_hex(key), shown(member));
      return "{" + out + "}";
    case dom::element_type::ARRAY:
      for (const auto item : dom::array(value)) out += shown(item) + ",";
      return "[" + out + "]";
    case dom::element_type::STRING:
      return to_hex(std::string_view(value));
    case dom::element_type::INT64:
      return fmt::format("i{}", value.get_int64().value());
    case dom::element_type::UINT64:
      return fmt::format("i{}", value.get_uint64().value());
    case dom::element_type::DOUBLE:
      return fmt::format("r{}", value.get_double().value());
    case dom::element_type::BOOL:
      return value.get_bool().value() ? "true" : "false";
    case dom::element_type::NULL_VALUE:
      break;
  }
  return "null";
}

std::string shown(JsonValue value) {
  std::string out;
  switch (value.kind()) {
    case JsonKind::object:
      for (const auto& member : value.members())
        out += fmt::format("{}:{},", to_hex(member.key), shown(member.value));
      return "{" + out + "}";
    case JsonKind::array:
      for (const auto item : value.items()) out += shown(item) + ",";
      return "[" + out + "]";
    case JsonKind::string:
      return to_hex(value.text());
    case JsonKind::integer:
      return value.text() == "-0" ? "i0" : fmt::format("i{}", value.text());
    case JsonKind::real:
      return fmt::format("r{}", parse_double(value.text()).value_or(0));
    case JsonKind::boolean:
    case JsonKind::null:
      break;
  }
  return std::string(value.text());
}

struct Read {
  std::string error;
  bool valid = true;
  std::string text;
};

Read read(JsonTape& tape, std::string_view text) {
  Read out;
  // Of exactly this size: a byte read beyond it is seen by the address sanitizer.
  const std::unique_ptr<char[]> bytes(new char[text.size()]);
  std::copy(text.begin(), text.end(), bytes.get());
  out.error = tape.read({bytes.get(), text.size()}, out.valid);
  if (out.error.empty()) out.text = shown(tape.root());
  return out;
}

constexpr std::string_view kTexts[] = {
    R"({})",
    R"([])",
    R"( {"a" : 1 , "b":[1,-2,3.5,1e3,-0.25E-2],"c":{"d":{}, "e":[[],[{}]]},"f":"g"} )",
    R"({"a":true,"b":false,"c":null,"":"","\u0041\n":"\u00e9\ud83d\ude00\\\"\/\b\f\n\r\t"})",
    R"("only text")",
    R"(12)",
    R"(-0)",
    R"([0,-1,9223372036854775807,-9223372036854775808,18446744073709551615,123456789012345678])",
    R"({"Path":"C:\\Windows\\System32\\cmd.exe","Line":"\"cmd\" \/c dir \\\\host\\share"})",
    "{\"viet\":\"Ti\xE1\xBA\xBFng Vi\xE1\xBB\x87t\",\t\"n\":\r\n 1}",
    R"({"same":1,"same":"2"})",
};

TEST_CASE("json tape: says what the DOM says") {
  JsonTape tape;
  for (const std::string_view text : kTexts) {
    CAPTURE(text);
    dom::parser parser;
    const Read got = read(tape, text);
    CHECK(got.error == "");
    CHECK(got.text == shown(parser.parse(text).value()));
    CHECK(got.valid);
  }
}

TEST_CASE("json tape: what is no JSON") {
  JsonTape tape;
  for (const std::string_view text : {"{",
                                      "}",
                                      "[1",
                                      "[1,]",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\":1,}",
                                      "{a:1}",
                                      "{\"a\" 1}",
                                      "[1 2]",
                                      "\"a\"b",
                                      "tru",
                                      "truex",
                                      "nul",
                                      "+1",
                                      "01",
                                      "-",
                                      "1.",
                                      ".5",
                                      "1e",
                                      "1e+",
                                      "0x10",
                                      "\"\\x\"",
                                      "\"\\u12\"",
                                      "\"\\u12g4\"",
                                      "[\"a\"\"b\"]",
                                      "[1]]",
                                      "{}{}",
                                      "\"\n\"",
                                      "[\"a]",
                                      "[tru\"e\"]",
                                      ":",
                                      ",",
                                      " ",
                                      "\xEF\xBB\xBF{}",
                                      "[1}",
                                      "{\"a\":1]",
                                      "[NaN]",
                                      "[Infinity]",
                                      "[1.e5]",
                                      "['a']",
                                      "[\"\\\"]"}) {
    CAPTURE(text);
    CHECK(read(tape, text).error == "bad_json");
  }
  CHECK(read(tape, "").error == "empty");
  CHECK(read(tape, std::string(33, '[') + "1" + std::string(33, ']')).error == "too_deep");
  CHECK(read(tape, std::string(32, '[') + "1" + std::string(32, ']')).error == "");
  CHECK(read(tape, std::string(1'000'000, '[')).error == "too_deep");
  CHECK(read(tape, "{\"a\":1}").error == "");  // as before
}

TEST_CASE("json tape: numbers without a type and texts without a character do not hide an event") {
  JsonTape tape;
  CHECK(read(tape, "[1e999]").error == "");
  CHECK(read(tape, "[123456789012345678901234567890]").text == "[r1.2345678901234568e+29,]");
  for (const char* half : {R"(["a\ud800b"])", R"(["a\udc00b"])", R"(["a\ud800\u0041b"])"}) {
    const Read got = read(tape, half);
    CAPTURE(half);
    CHECK(got.error == "");
    CHECK(!got.valid);
    CHECK(got.text.starts_with("[" + to_hex("a\xEF\xBF\xBD")));
  }
  const Read broken = read(tape, "[\"a\xFF\"]");
  CHECK(broken.text == "[" + to_hex("a\xEF\xBF\xBD") + ",]");
  CHECK(!broken.valid);
}

TEST_CASE("json tape: texts that were changed at random") {
  std::mt19937 random(20261126);
  const std::string_view alphabet = "{}[]:,\"\\ \n0123456789eE.+-truefalsn\x80\xC3\xA9u";
  JsonTape tape;
  dom::parser parser;
  int good = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string text(kTexts[random() % std::size(kTexts)]);
    for (auto change = random() % 3; change < 3 && !text.empty(); ++change) {
      const std::size_t at = random() % text.size();
      const char c = alphabet[random() % alphabet.size()];
      if (random() % 3 == 0)
        text.erase(at, 1);
      else if (random() % 2 == 0)
        text[at] = c;
      else
        text.insert(at, 1, c);
    }
    dom::element root;
    const auto error = parser.parse(text).get(root);
    const Read got = read(tape, text);
    if (!got.valid || error == simdjson::NUMBER_ERROR) continue;
    CAPTURE(text);
    REQUIRE((error == simdjson::SUCCESS) == got.error.empty());
    if (error) continue;
    REQUIRE(got.text == shown(root));
    ++good;
  }
  CHECK(good > 10'000);
}

}  // namespace
}  // namespace phendau::ingest::json_tape_test
