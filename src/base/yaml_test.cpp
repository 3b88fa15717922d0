// SPDX-License-Identifier: Apache-2.0
// Types of scalars, places of nodes, and that no input of bounded size takes unbounded memory.
#include "base/yaml.h"

#include <doctest/doctest.h>

namespace yaml_test {

using namespace phendau;

TEST_CASE("yaml: scalars become JSON by the core schema") {
  const struct {
    const char* yaml;
    const char* json;
  } kCases[] = {
      {"a", "\"a\""},
      {"12", "12"},
      {"-12", "-12"},
      {"0", "0"},
      {"1.5", "1.5"},
      {"-0.5", "-0.5"},
      {"1e3", "1000.0"},
      {"true", "true"},
      {"True", "true"},
      {"TRUE", "true"},
      {"false", "false"},
      {"FALSE", "false"},
      {"null", "null"},
      {"~", "null"},
      {"NULL", "null"},
      {"''", "\"\""},
      {"'12'", "\"12\""},
      {"\"true\"", "\"true\""},
      {"\"null\"", "\"null\""},
      {"0123456789", "\"0123456789\""},
      {"0x1F", "\"0x1F\""},
      {"1.2.3", "\"1.2.3\""},
      {"12abc", "\"12abc\""},
      {"2026-11-24", "\"2026-11-24\""},
      {"inf", "\"inf\""},
      {"-inf", "\"-inf\""},
      {"-nan", "\"-nan\""},
      {"-", nullptr},
      {"yes", "\"yes\""},
      {"no", "\"no\""},
      {"|\n  12\n", "\"12\\n\""},
      {"99999999999999999999", "1e+20"},
      {"[1, two, [3]]", "[1,\"two\",[3]]"},
      {"{b: 1, a: {c: ~}}", "{\"b\":1,\"a\":{\"c\":null}}"},
      {"a: &x [1]\nb: *x", "{\"a\":[1],\"b\":[1]}"},
  };
  for (const auto& c : kCases) {
    CAPTURE(c.yaml);
    const auto node = parse_yaml(c.yaml);
    if (c.json == nullptr) continue;
    REQUIRE_MESSAGE(node.has_value(), node.error().message);
    CHECK(yaml_to_json(*node).dump() == c.json);
  }
}

TEST_CASE("yaml: nodes know their place") {
  const auto root = parse_yaml("a: 1\nb:\n  - x\n  -   y: z\n");
  REQUIRE(root.has_value());
  CHECK(root->line == 1);
  const YamlNode* b = root->find("b");
  REQUIRE(b != nullptr);
  CHECK(b->items[0].line == 3);
  CHECK(b->items[0].column == 5);
  CHECK(b->items[1].find("y")->line == 4);
  CHECK(root->text("a") == "1");
  CHECK(root->text("b", "fallback") == "fallback");
  CHECK(root->text("none", "fallback") == "fallback");
  CHECK(root->texts("b") == std::vector<std::string>{"x"});
  CHECK(root->texts("a") == std::vector<std::string>{"1"});
  CHECK(root->texts("none").empty());
  CHECK(ContentError{"f.yaml", 3, 5, "why"}.to_string() == "f.yaml:3:5: why");
  CHECK(ContentError{"f.yaml", 3, 5, "'a\n\x1B[2Jb'"}.to_string() == "f.yaml:3:5: 'a  [2Jb'");
}

TEST_CASE("yaml: documents") {
  CHECK(parse_yaml_documents("")->empty());
  CHECK(parse_yaml_documents("a: 1\n---\nb: 2\n")->size() == 2);
  CHECK_FALSE(parse_yaml("").has_value());
  CHECK_FALSE(parse_yaml("a: 1\n---\nb: 2\n").has_value());
}

TEST_CASE("yaml: mistakes and limits") {
  const struct {
    const char* yaml;
    const char* says;
  } kCases[] = {
      {"a: [", "line"},
      {"a: 1\na: 2", "line 2 column 1: duplicate key 'a'"},
      {"? [x]\n: 1", "plain text"},
      {"\xff", "UTF-8"},
      {"a: *none", ""},
      {"&a [*a]", "not complete"},
      {"\t- x: [", ""},
      {"a: 'x", ""},
  };
  for (const auto& c : kCases) {
    CAPTURE(c.yaml);
    const auto node = parse_yaml(c.yaml);
    REQUIRE_FALSE(node.has_value());
    CHECK_MESSAGE(node.error().message.find(c.says) != std::string::npos, node.error().message);
  }
  CHECK_FALSE(parse_yaml(std::string(70, '[') + std::string(70, ']')).has_value());
  CHECK(parse_yaml("aaaa", {.size_bytes_max = 3}).error().code == ErrorCode::limit);
  std::string laughs = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c < 'j'; ++c) {
    laughs += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 10; ++i) laughs += (i > 0 ? ", *" : "*") + std::string(1, static_cast<char>(c - 1));
    laughs += "]\n";
  }
  CHECK(parse_yaml(laughs).error().message.find("too many nodes") != std::string::npos);
  std::string copies = "a: &a " + std::string(1'000'000, 'x') + "\nb: [";
  for (int i = 0; i < 100'000; ++i) copies += "*a,";
  CHECK(parse_yaml(copies + "]").error().message.find("too much text") != std::string::npos);
}

}  // namespace yaml_test
