// SPDX-License-Identifier: Apache-2.0
#include "detect/query.h"

#include <doctest/doctest.h>

#include "base/texts.h"
#include "detect/explain.h"
#include "detect/testing/batches.h"

namespace query_test {

using namespace phendau;
using namespace phendau::detect;

namespace {
bool found(const std::string& query, const std::string& event) {
  const auto predicate = parse_query(query);
  REQUIRE_MESSAGE(predicate, query);
  const Batch batch = testing::batch_of_text({event});
  const bool out = select(**predicate, batch, true).contains(0);
  if (batch.raw(0).empty()) CHECK(row_satisfies(**predicate, batch, 0) == out);
  return out;
}
}  // namespace

TEST_CASE("search: truth table") {
  struct Row {
    const char* query;
    const char* event;
    bool found;
  };
  // "\xC4\x90\xC4\x83ng nh\xE1\xBA\xADp" = a word pair with accents
  const Row rows[] = {
      {"", R"({"a":"x"})", true},
      {"failed", R"({"a":"it FAILED"})", true},
      {"failed root", R"({"a":"failed","b":"root"})", true},
      {"failed root", R"({"a":"failed"})", false},
      {"dang nhap", "{\"a\":\"\xC4\x90\xC4\x83ng nh\xE1\xBA\xADp\"}", true},
      {"\xC4\x91\xC4\x83ng", "{\"a\":\"\xC4\x90\xC4\x82NG\"}", true},
      {"\xC4\x91\xC4\x83ng", R"({"a":"dang"})", false},
      {"\"dang nhap\"", "{\"a\":\"\xC4\x90\xC4\x83ng nh\xE1\xBA\xADp\"}", true},
      {"\"a b\"", R"({"a":"x a b y"})", true},
      {"\"a b\"", R"({"a":"b a"})", false},
      {"word", R"({"raw":"a word in the raw line"})", true},
      {"user:root", R"({"user":"ROOT"})", true},
      {"user:root", R"({"user":"rooty"})", false},
      {"user:root", R"({"a":"root"})", false},
      {"user:\"le van a\"", "{\"user\":\"L\xC3\xAA V\xC4\x83n A\"}", true},
      {"user:*oo*", R"({"user":"root"})", true},
      {"user:r?ot", R"({"user":"root"})", true},
      {"user:/^r.*t$/", R"({"user":"root"})", true},
      {"user:/^R/", R"({"user":"root"})", false},
      {"user:/^R/i", R"({"user":"root"})", true},
      {"path:/a\\/b/", R"({"path":"a/b"})", true},
      {"n:>=10", R"({"n":10})", true},
      {"n:>10", R"({"n":"10"})", false},
      {"n:<=-1", R"({"n":-1})", true},
      {"n:<3", R"({"n":2})", true},
      {"n:10", R"({"n":10})", true},
      {"ip:1.2.3.0/24", R"({"ip":"1.2.3.9"})", true},
      {"ip:1.2.3.0/24", R"({"ip":"1.2.4.9"})", false},
      {"ip:fe80::/10", R"({"ip":"fe80::1"})", true},
      {"user:*", R"({"user":""})", true},
      {"user:*", R"({"a":1})", false},
      {"-user:*", R"({"a":1})", true},
      {"a and b", R"({"x":"a","y":"b"})", true},
      {"a or b", R"({"y":"b"})", true},
      {"a OR b c", R"({"y":"a"})", true},
      {"(a OR b) c", R"({"y":"a"})", false},
      {"not a", R"({"y":"b"})", true},
      {"-a", R"({"y":"a"})", false},
      {"-(a b)", R"({"y":"b"})", true},
      {"-\"a b\"", R"({"y":"ab"})", true},
      {"a V\xC3\x80 b", R"({"x":"a"})", false},
      {"a HO\xE1\xBA\xB6"
       "C b",
       R"({"x":"b"})", true},
      {"KH\xC3\x94NG a", R"({"x":"b"})", true},
      {"v\xC3\xA0", "{\"x\":\"v\xC3\xA0\"}", true},
      {"12:30:01", R"({"x":"at 12:30:01"})", true},
      {"http://x", R"({"x":"get http://x"})", true},
      {"user:(root lan)", R"({"user":"lan"})", true},
      {"user:(root OR \"le a\")", R"({"user":"le a"})", true},
      {"linux", R"({"x":"y"})", false},
      {"logsource:linux//*", R"({"x":"y"})", true},
  };
  for (const auto& row : rows) {
    INFO(row.query << "  on  " << row.event);
    CHECK(found(row.query, row.event) == row.found);
  }
}

TEST_CASE("search: mistakes say the column") {
  struct Row {
    std::string query;
    const char* column;
  };
  const Row rows[] = {{"a \"b", "3"}, {"(a", "1"},         {"a)", "2"},    {"a or", "5"},
                      {"or a", "1"},  {"n:>=x", "3"},      {"u:/(/", "3"}, {"u:/x", "3"},
                      {"u:", "3"},    {"\xC4\x91 (", "4"}, {"u:()", "3"},  {"u:(a", "3"}};
  for (const auto& row : rows) {
    INFO(row.query);
    const auto result = parse_query(row.query);
    REQUIRE(!result);
    CHECK(result.error().text_id.starts_with("detect.query."));
    CHECK(phendau::explain(Lang::vi, result.error()).find("c\u1ed9t " + std::string(row.column)) !=
          std::string::npos);
    CHECK(result.error().args.at(0) == row.column);
  }
  CHECK(!parse_query(std::string(5000, '(')));
  CHECK(!parse_query(std::string(10'000, 'a')));
  CHECK(!parse_query("\xFF"));
}

TEST_CASE("explanations follow the rule down to the value") {
  const auto file = parse_rules("r.yml", R"(
title: t
logsource: {product: linux, service: auth}
detection:
  sel: {user: [root, admin], n|gte: 5}
  flt: {ip|cidr: 10.0.0.0/8}
  condition: sel and not flt
)");
  REQUIRE(file.errors.empty());
  SourceMap sources;
  REQUIRE(sources
              .add("s",
                   "sources: [{logsource: {product: linux, service: auth}, covers: ['linux//sshd'], "
                   "fields: {user: account}}]")
              .empty());
  const Batch batch = testing::batch_of_text(
      {R"({"account":"root","n":7,"ip":"10.1.1.1"})", R"({"account":"root","n":7})"}, "linux//sshd");
  const Explanation no = explain(file.rules[0], sources, batch, 0);
  CHECK(!no.yes);
  CHECK(to_text(no, Lang::en) ==
        "- t\n  + log source: the rule is for linux//auth, the record is linux//sshd\n  - (sel and not "
        "flt)\n    + sel\n      + user = \"root\"\n     "
        "   + 'root'\n"
        "        - 'admin'\n      + n|gte = 7\n        + '5'\n    - not flt\n      + flt\n        + ip|cidr "
        "= \"10.1.1.1\"\n"
        "          + '10.0.0.0/8'\n");
  CHECK(explain(file.rules[0], sources, batch, 1).yes);
  CHECK(to_json(no)["children"].size() == 2);
}

}  // namespace query_test
