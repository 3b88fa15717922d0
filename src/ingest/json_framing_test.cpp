// SPDX-License-Identifier: Apache-2.0
// Documents out of every layout, cut into pieces anywhere, and damage that costs one document.
#include "ingest/json_framing.h"

#include <vector>

#include <doctest/doctest.h>

namespace json_framing_test {

using namespace phendau::ingest;

namespace {

std::vector<std::string> documents(std::string_view text, std::size_t piece = 1u << 20, bool unwrap = false) {
  JsonFramer framer;
  if (unwrap) framer.unwrap();
  std::vector<std::string> out;
  const auto take = [&](const JsonFramer::Document& document) {
    out.push_back(std::to_string(document.line) + (document.truncated ? "!" : ":") +
                  std::string(document.bytes));
  };
  for (std::size_t at = 0; at < text.size(); at += piece) framer.push(text.substr(at, piece), take);
  framer.finish(take);
  return out;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("json framing: layouts") {
  const std::string_view pretty = "{\n  \"a\": \"}\\\"{\",\n  \"b\": [{}, []]\n}\n{\n  \"a\": 2\n}\n";
  const Texts wanted = {"1:{\n  \"a\": \"}\\\"{\",\n  \"b\": [{}, []]\n}", "5:{\n  \"a\": 2\n}"};
  CHECK(documents(pretty) == wanted);
  for (const std::size_t piece : {1, 2, 3, 7}) CHECK(documents(pretty, piece) == wanted);
  CHECK(documents("[{\"a\":1},\n {\"a\":[2]}\n]") == Texts{"1:{\"a\":1}", "2:{\"a\":[2]}"});
  CHECK(documents("\xEF\xBB\xBF{\"a\":1}{\"b\":2}") == Texts{"1:{\"a\":1}", "1:{\"b\":2}"});
  CHECK(documents(" \n[]\n").empty());
}

TEST_CASE("json framing: lists in wrappers") {
  const auto unwrapped = [](std::string_view text) {
    const Texts out = documents(text, 1u << 20, true);
    for (const std::size_t piece : {1, 2, 3, 7}) CHECK(documents(text, piece, true) == out);
    CHECK(begins_with_json_wrapper(text) == (out != documents(text)));
    return out;
  };
  const Texts two = {"1:{\"a\":1}", "1:{\"b\":[\"]}\"]}"};
  const std::string list = "[{\"a\":1},{\"b\":[\"]}\"]}]";
  for (const char* name : {"Events", "events", "Records", "records", "entries", "results", "logs", "value"})
    CHECK(unwrapped("{\"" + std::string(name) + "\":" + list + "}") == two);
  CHECK(unwrapped("{\"count\":2,\"total\":{\"a\":[{}]},\"value\" : " + list + R"(,"x":"]}\"{","y":[{}]})") ==
        two);
  CHECK(unwrapped(R"({"took":5,"timed_out":false,"_shards":{"total":1},"hits":{"total":{"value":2},)"
                  R"("max_score":null,"hits":[
 {"_index":"i","_source":{"a":1},"sort":[1]},
 {"fields":{"_source":{"c":1}},"_source":{"b":[{"_source":{}}]}},
 {"_id":"no source"}]},"aggregations":{"hits":[{}]}})") ==
        Texts{"2:{\"a\":1}", "3:{\"b\":[{\"_source\":{}}]}", "4:{\"_id\":\"no source\"}"});
  // One after another, lines of them, and what follows one.
  CHECK(unwrapped("{\"Records\":[{\"a\":1}]}\n{\"Records\":[]}\n[{\"Records\":[{\"b\":1},[{\"c\":1}],{\"d\":"
                  "1}]}]\n{\"e\":1}") ==
        Texts{"1:{\"a\":1}", "3:{\"b\":1}", "3:{\"c\":1}", "3:{\"d\":1}", "4:{\"e\":1}"});
}

TEST_CASE("json framing: events that look like wrappers stay whole") {
  for (const char* text :
       {R"({"host":"a","Events":[{"b":1}]})", R"({"Events":["a",{"b":1}]})", R"({"Events":{"b":1}})",
        R"({"Events":"[{"})", R"({"hits":[{"b":1}]})", R"({"hits":{"hits":{"b":1}}})",
        R"({"hits":{"other":1,"hits":[{}]}})", R"({"took":1,"other":[{"b":1}]})", R"({"took":1})",
        R"({"hits":{}})", R"({})", R"({"Ev\u0065nts":[{"b":1}]})", R"({"x":{"Events":[{"b":1}]}})",
        R"({"Events":5,"a":1})", R"({"hits":5,"a":[{}]})", R"({"total":{"Events":[{}]}})"}) {
    INFO(std::string(text));
    CHECK(!begins_with_json_wrapper(text));
    CHECK(documents(text, 1u << 20, true) == Texts{"1:" + std::string(text)});
    CHECK(documents(text, 1, true) == Texts{"1:" + std::string(text)});
  }
}

TEST_CASE("json framing: damage in a wrapper costs one of its events") {
  CHECK(documents("{\"Events\":[\n{\"a\":1},\nwords,\n {\"b\":1},\n{\"c\":\n", 1u << 20, true) ==
        Texts{"2:{\"a\":1}", "3!words,\n ", "4:{\"b\":1}", "5!{\"c\":\n"});
  CHECK(documents("{\"took\":\"x\n{\"b\":1}", 1u << 20, true) == Texts{"1!{\"took\":\"x\n", "2:{\"b\":1}"});
  CHECK(documents("{\"Events\":[{\"a\":1}", 1u << 20, true) == Texts{"1:{\"a\":1}"});
}

TEST_CASE("json framing: damage costs one document") {
  CHECK(documents("{\n \"a\": \"x\n}\n{\n \"b\": 1\n}\n") ==
        Texts{"1!{\n \"a\": \"x\n}\n", "4:{\n \"b\": 1\n}"});
  CHECK(documents("words\n{\"b\":1}") == Texts{"1!words\n", "2:{\"b\":1}"});
  CHECK(documents("{\"a\":1}\n{\"b\":") == Texts{"1:{\"a\":1}", "2!{\"b\":"});
}

TEST_CASE("json framing: a document without end takes bounded memory") {
  JsonFramer framer;
  std::size_t seen = 0;
  bool oversized = false;
  const auto take = [&](const JsonFramer::Document& document) {
    seen = document.bytes.size();
    oversized = document.oversized;
  };
  framer.push("{\"a\":\"", take);
  for (int i = 0; i < 40; ++i) framer.push(std::string(100'000, 'x'), take);
  framer.push("\"}", take);
  CHECK(seen == kRecordBytesMax);
  CHECK(oversized);
}

}  // namespace json_framing_test
