// SPDX-License-Identifier: Apache-2.0
// Proves each keyword by a document that fits and one that does not, and that schemas are refused when
// unclear.
#include "base/json_schema.h"

#include <doctest/doctest.h>

namespace json_schema_test {

using namespace phendau;

namespace {
Json json(std::string_view text) {
  auto parsed = parse_json(text);
  REQUIRE_MESSAGE(parsed.has_value(), text);
  return *parsed;
}
}  // namespace

TEST_CASE("json_schema: a keyword judges documents") {
  const struct {
    const char* schema;
    const char* document;
    const char* pointer;
    const char* text_id;
  } kCases[] = {
      {R"({"type":"string"})", R"("a")", nullptr, nullptr},
      {R"({"type":"string"})", "1", "", "schema.type_string"},
      {R"({"type":["string","null"]})", "null", nullptr, nullptr},
      {R"({"type":["string","null"]})", "1", "", "schema.type_several"},
      {R"({"type":"integer"})", "2.0", nullptr, nullptr},
      {R"({"type":"integer"})", "2.5", "", "schema.type_integer"},
      {R"({"type":"number"})", "2", nullptr, nullptr},
      {R"({"type":"boolean"})", "true", nullptr, nullptr},
      {R"({"type":"object"})", "[]", "", "schema.type_object"},
      {R"({"enum":["a",1]})", "1.0", nullptr, nullptr},
      {R"({"enum":["a",1]})", R"("b")", "", "schema.enum"},
      {R"({"const":{"a":1,"b":2}})", R"({"b":2,"a":1})", nullptr, nullptr},
      {R"({"const":true})", "false", "", "schema.const"},
      {R"({"required":["a"]})", R"({"a":null})", nullptr, nullptr},
      {R"({"required":["a"]})", R"({"b":1})", "/a", "schema.required"},
      {R"({"required":["a"]})", "7", nullptr, nullptr},
      {R"({"properties":{"a/b":{"type":"null"}}})", R"({"a/b":1})", "/a~1b", "schema.type_null"},
      {R"({"properties":{"a":{}},"additionalProperties":false})", R"({"a":1})", nullptr, nullptr},
      {R"({"properties":{"a":{}},"additionalProperties":false})", R"({"x~":1})", "/x~0", "schema.additional"},
      {R"({"additionalProperties":{"type":"integer"}})", R"({"a":"x"})", "/a", "schema.type_integer"},
      {R"({"properties":{"a":false}})", R"({"a":1})", "/a", "schema.additional"},
      {R"({"items":{"minimum":2}})", "[2,3]", nullptr, nullptr},
      {R"({"items":{"minimum":2}})", "[2,1]", "/1", "schema.minimum"},
      {R"({"maximum":2})", "2.01", "", "schema.maximum"},
      {R"({"minItems":1})", "[]", "", "schema.items_min"},
      {R"({"maxItems":1})", "[1,2]", "", "schema.items_max"},
      {R"({"uniqueItems":true})", R"([{"a":1,"b":2},{"b":2,"a":1}])", "", "schema.items_unique"},
      {R"({"uniqueItems":true})", "[1,2]", nullptr, nullptr},
      {R"({"minLength":3})", "\"\xC4\x91\xC6\xB0\xE1\xBB\x9D\"", nullptr,
       nullptr},  // three letters, seven bytes
      {R"({"maxLength":2})", "\"\xC4\x91\xC6\xB0\xE1\xBB\x9D\"", "", "schema.length_max"},
      {R"({"minLength":4})", "\"abc\"", "", "schema.length_min"},
      {R"({"pattern":"^[a-z]+$"})", "\"abc\"", nullptr, nullptr},
      {R"({"pattern":"^[a-z]+$"})", "\"ab1\"", "", "schema.pattern"},
      {R"({"anyOf":[{"type":"string"},{"minimum":5}]})", "7", nullptr, nullptr},
      {R"({"anyOf":[{"type":"string"},{"minimum":5}]})", "3", "", "schema.any_of"},
      {R"({"oneOf":[{"type":"integer"},{"minimum":5}]})", "7", "", "schema.any_of"},
      {R"({"oneOf":[{"type":"integer"},{"minimum":5}]})", "3", nullptr, nullptr},
      {R"({"$defs":{"ip":{"format":"ipv4"}},"properties":{"a":{"$ref":"#/$defs/ip"}}})", R"({"a":"x"})", "/a",
       "schema.format_ipv4"},
      {R"({"properties":{"child":{"$ref":"#"}},"additionalProperties":false})",
       R"({"child":{"child":{"x":1}}})", "/child/child/x", "schema.additional"},
      {R"({"anyOf":[{"$ref":"#"},{"$ref":"#"}]})", "1", "", "schema.any_of"},  // 2^64 ways without a limit
      {R"({"$defs":{"loop":{"$ref":"#/$defs/loop"}},"$ref":"#/$defs/loop"})", "1", "", "schema.depth"},
  };
  for (const auto& c : kCases) {
    CAPTURE(c.schema);
    CAPTURE(c.document);
    const auto schema = JsonSchema::compile(json(c.schema));
    REQUIRE(schema.has_value());
    const auto errors = schema->validate(json(c.document));
    if (c.text_id == nullptr) {
      CHECK(errors.empty());
    } else {
      REQUIRE(errors.size() == 1);
      CHECK(errors[0].pointer == c.pointer);
      CHECK(errors[0].text_id == c.text_id);
      CHECK(has_text(errors[0].text_id));
    }
  }
}

TEST_CASE("json_schema: formats") {
  const struct {
    const char* format;
    const char* text;
    bool valid;
  } kCases[] = {
      {"date", "2024-02-29", true},
      {"date", "2023-02-29", false},
      {"date", "29/02/2024", false},
      {"date-time", "2026-11-24T10:00:00+07:00", true},
      {"date-time", "2026-11-24T10:00:00", false},
      {"email", "a.b@vi-du.gov.vn", true},
      {"email", "a@b", false},
      {"email", "a@@b.vn", false},
      {"email", "a b@c.vn", false},
      {"email", "@c.vn", false},
      {"email", "a@-c.vn", false},
      {"ipv4", "10.0.0.255", true},
      {"ipv4", "10.0.0.256", false},
      {"ipv4", "10.0.0", false},
      {"ipv4", "010.0.0.1", false},
      {"ipv4", "1.2.3.4.", false},
      {"ipv4", "1.2.3.+4", false},
      {"ipv6", "::", true},
      {"ipv6", "2001:db8::1", true},
      {"ipv6", "1:2:3:4:5:6:7:8", true},
      {"ipv6", "1:2:3:4:5:6:7", false},
      {"ipv6", "1::2::3", false},
      {"ipv6", "::ffff:10.0.0.1", true},
      {"ipv6", "12345::", false},
      {"ipv6", ":::", false},
      {"ipv6", "1:2:3:4:5:6:7::8", false},
      {"ipv6", "10.0.0.1::", false},
      {"ipv6", "g::", false},
      {"ipv6", ":1", false},
      {"cidr", "10.0.0.0/8", true},
      {"cidr", "10.0.0.0/33", false},
      {"cidr", "2001:db8::/32", true},
      {"cidr", "2001:db8::/129", false},
      {"cidr", "10.0.0.0", false},
      {"cidr", "10.0.0.0/", false},
      {"uri", "https://vidu.gov.vn/a?b=c", true},
      {"uri", "vidu.gov.vn", false},
      {"uri", "https://a b/", false},
      {"uri", "1x:y", false},
      {"uri", "mailto:", false},
  };
  for (const auto& c : kCases) {
    CAPTURE(c.format);
    CAPTURE(c.text);
    const auto schema = JsonSchema::compile(Json::object({{"format", c.format}}));
    REQUIRE(schema.has_value());
    CHECK(schema->validate(Json(c.text)).empty() == c.valid);
  }
}

TEST_CASE("json_schema: a schema that it does not fully understand is refused") {
  const char* kBad[] = {
      R"({"typ":"string"})",
      R"({"type":"text"})",
      R"({"enum":[]})",
      R"({"minLength":-1})",
      R"({"minLength":"3"})",
      R"({"pattern":"("})",
      R"({"format":"hostname"})",
      R"({"$ref":"#/$defs/none"})",
      R"({"$ref":"http://x/"})",
      R"({"properties":[]})",
      R"({"required":"a"})",
      R"({"required":["b"],"properties":{"a":{}},"additionalProperties":false})",
      R"({"items":3})",
      R"({"anyOf":[]})",
      R"({"properties":{"a":{"if":{}}}})",
      "3",
      R"({"$schema":"http://json-schema.org/draft-07/schema#"})",
      R"({"uniqueItems":"yes"})",
      R"({"minimum":"1"})",
  };
  for (const char* text : kBad) {
    CAPTURE(text);
    const auto schema = JsonSchema::compile(json(text));
    REQUIRE_FALSE(schema.has_value());
    CHECK(schema.error().code == ErrorCode::invalid);
  }
  CHECK(
      JsonSchema::compile(json(R"({"title":"t","description":"d","default":1,"examples":[1],"x-ui":{"rows":3},
    "$schema":"https://json-schema.org/draft/2020-12/schema"})"))
          .has_value());
}

TEST_CASE("json_schema: people read the field's title, and lists are bounded") {
  const auto schema = JsonSchema::compile(json(
      R"({"required":["name"],"properties":{"name":{"title":"T\u00ean c\u01a1 quan","type":"string"}}})"));
  REQUIRE(schema.has_value());
  auto errors = schema->validate(json("{}"));
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].args[0] == "T\xC3\xAAn c\xC6\xA1 quan");
  CHECK(errors[0].to_text(Lang::vi).find("T\xC3\xAAn c\xC6\xA1 quan") != std::string::npos);
  CHECK(to_error("agency", errors).message == "agency: /name is required");

  for (const char* kinds :
       {R"({"properties":{"k":{"enum":["a","b"],"x-titles-vi":{"a":"Mot","b":"Hai"}}}})",
        R"({"properties":{"k":{"items":{"enum":["a","b"]},"x-titles-vi":{"a":"Mot","b":"Hai"}}}})"}) {
    const bool is_list = std::string_view(kinds).find("items") != std::string_view::npos;
    errors = JsonSchema::compile(json(kinds))->validate(json(is_list ? R"({"k":["c"]})" : R"({"k":"c"})"));
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].args.at(1) == "Mot, Hai");
    CHECK(errors[0].reason == "must be one of a, b");
  }

  const auto numbers = JsonSchema::compile(json(R"({"items":{"type":"string"}})"));
  Json many = Json::array();
  for (int i = 0; i < 1000; ++i) many.push(i);
  CHECK(numbers->validate(many).size() == kSchemaErrorsMax);

  Json wide = Json::object();
  for (int i = 0; i < 5000; ++i) wide.set("p" + std::to_string(i), Json::object());
  CHECK(JsonSchema::compile(Json::object({{"properties", wide}})).error().code == ErrorCode::limit);
}

}  // namespace json_schema_test
