// SPDX-License-Identifier: Apache-2.0
// Documents out of every layout, cut into pieces anywhere, and damage that costs one document.
#include "ingest/json_framing.h"

#include <vector>

#include <doctest/doctest.h>

namespace json_framing_test {

using namespace phendau::ingest;

namespace {

std::vector<std::string> documents(std::string_view text, std::size_t piece = 1u << 20) {
  JsonFramer framer;
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
