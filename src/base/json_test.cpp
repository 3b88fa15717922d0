// SPDX-License-Identifier: Apache-2.0
// Parsing with limits and places, writing in three styles, and that every value survives the way there and
// back.
#include "base/json.h"

#include <cmath>

#include <doctest/doctest.h>

namespace json_test {

using namespace phendau;

TEST_CASE("json: what is read is written") {
  const struct {
    const char* text;
    const char* compact;
  } kCases[] = {
      {"null", "null"},
      {" true ", "true"},
      {"0", "0"},
      {"-0", "0"},
      {"9223372036854775807", "9223372036854775807"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"1.5", "1.5"},
      {"2.0", "2.0"},
      {"1e3", "1000.0"},
      {"1e-7", "1e-07"},
      {"0.1", "0.1"},
      {"\"\"", "\"\""},
      {R"("\u0041\n\/")", R"("A\n/")"},
      {R"("\ud83d\ude00")", "\"\xF0\x9F\x98\x80\""},
      {R"("\u0000\u001f\u007f")", R"("\u0000\u001f\u007f")"},
      {"[]", "[]"},
      {"{}", "{}"},
      {"[1,[2,{}]]", "[1,[2,{}]]"},
      {R"({"b":1,"a":{"c":[]}})", R"({"b":1,"a":{"c":[]}})"},
  };
  for (const auto& c : kCases) {
    CAPTURE(c.text);
    const auto json = parse_json(c.text);
    REQUIRE(json.has_value());
    CHECK(json->dump() == c.compact);
    CHECK(*parse_json(json->dump()) == *json);
    CHECK(*parse_json(json->dump_pretty()) == *json);
    CHECK(*parse_json(json->dump_canonical()) == *json);
  }
  CHECK(parse_json("18446744073709551615")->as_double() == 18446744073709551615.0);
}

TEST_CASE("json: mistakes have a place or a limit") {
  const struct {
    const char* text;
    ErrorCode code;
    const char* says;
  } kCases[] = {
      {"", ErrorCode::invalid, "line 1"},
      {"{", ErrorCode::invalid, "line 1"},
      {"[1,]", ErrorCode::invalid, "line 1 column 4"},
      {"{\n \"a\": tru\n}", ErrorCode::invalid, "line"},
      {"1 2", ErrorCode::invalid, "syntax"},
      {"01", ErrorCode::invalid, ""},
      {"nan", ErrorCode::invalid, ""},
      {"'a'", ErrorCode::invalid, ""},
      {"\"\xff\"", ErrorCode::invalid, ""},
      {"\"\\ud800\"", ErrorCode::invalid, ""},
      {"1e999", ErrorCode::invalid, ""},
      {R"({"a":1,"a":2})", ErrorCode::invalid, "duplicate key 'a'"},
      {R"({"x":{"a":1,"b":2,"a":3}})", ErrorCode::invalid, "duplicate key 'a'"},
  };
  for (const auto& c : kCases) {
    CAPTURE(c.text);
    const auto json = parse_json(c.text);
    REQUIRE_FALSE(json.has_value());
    CHECK(json.error().code == c.code);
    CHECK_MESSAGE(json.error().message.find(c.says) != std::string::npos, json.error().message);
  }
  CHECK(parse_json(std::string(64, '[') + std::string(64, ']')).has_value());
  CHECK(parse_json(std::string(65, '[') + std::string(65, ']')).error().code == ErrorCode::limit);
  CHECK(parse_json("[1,2,3]", {.size_bytes_max = 6}).error().code == ErrorCode::limit);
  CHECK(parse_json(R"([{"a":1},{"a":1}])").has_value());  // the same key in two objects
}

TEST_CASE("json: an object of many keys is read in linear time") {
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) text += "\"k" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  text.back() = '}';
  const auto json = parse_json(text);
  REQUIRE(json.has_value());
  CHECK(json->size() == 200'000);
  CHECK(json->dump() == text);
}

TEST_CASE("json: access never throws") {
  const Json json = *parse_json(R"({"a":{"b":{"c":7}},"n":2.7,"s":"x","l":[1,"2"],"t":true,"z":null})");
  CHECK(json.at_path("a.b.c").as_int() == 7);
  CHECK(json.at_path("a.none.c").is_null());
  CHECK(json["none"]["more"].is_null());
  CHECK(json["n"].as_int() == 2);
  CHECK(json["n"].is_number());
  CHECK_FALSE(json["n"].is_int());
  CHECK(json["s"].as_int(9) == 9);
  CHECK(json["a"].as_string().empty());
  CHECK(json["a"].string_or("other") == "other");
  CHECK(json["l"].items().size() == 2);
  CHECK(json["s"].items().empty());
  CHECK(json["s"].members().empty());
  CHECK(json["t"].as_bool());
  CHECK(json["z"].as_bool(true));
  CHECK(json.contains("z"));
  CHECK_FALSE(json.contains("y"));
  CHECK(Json(1e300).as_int(5) == 5);
  CHECK(Json(std::nan("")).dump() == "null");
  CHECK(Json("\xff"
             "a")
            .dump() ==
        "\"\xEF\xBF\xBD"
        "a\"");
}

TEST_CASE("json: building and comparing") {
  Json json;
  json.set("a", 1).set("b", 2).set("a", 3);
  CHECK(json.dump() == R"({"a":3,"b":2})");
  CHECK(json == Json::object({{"b", 2}, {"a", 3}}));
  CHECK_FALSE(json == Json::object({{"a", 3}}));
  json.erase("a");
  json.erase("none");
  CHECK(json.size() == 1);
  Json list;
  list.push(1).push("x").push(Json());
  CHECK(list.dump() == R"([1,"x",null])");
  CHECK_FALSE(list == *parse_json(R"(["x",1,null])"));
  CHECK(Json::object({{"z", 1}, {"a", Json::object({{"y", 1}, {"b", 2}})}}).dump_canonical() ==
        R"({"a":{"b":2,"y":1},"z":1})");
  CHECK(Json::object({{"a", Json::array({1})}, {"e", Json::object()}}).dump_pretty() ==
        "{\n  \"a\": [\n    1\n  ],\n  \"e\": {}\n}");
  CHECK(Json::from_unique_members({{"k", 1}})["k"].as_int() == 1);
  Json* found = json.find("b");
  REQUIRE(found != nullptr);
  *found = "new";
  CHECK(json["b"].as_string() == "new");
}

}  // namespace json_test
