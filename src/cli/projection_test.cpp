// SPDX-License-Identifier: Apache-2.0
// What `scan --no-event` leaves out changes no match: random rules on random events in JSON, escaped in all
// the ways that JSON allows; recorded attacks with all rules of the corpora are in tests/scenario/scan.py.
#include <algorithm>
#include <random>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/text.h"
#include "base/unicode.h"
#include "detect/matcher.h"
#include "detect/plan_projection.h"
#include "detect/testing/random_rules.h"
#include "ingest/decoder.h"

namespace projection_test {

using namespace phendau;
using namespace phendau::detect;

namespace {

/// The same JSON, with letters of its strings written as code units, slashes escaped, capitals changed.
std::string rewritten(const std::string& json, const testing::Chooser& choose) {
  constexpr std::size_t kSeldom = 40;
  std::string out;
  bool in_string = false;
  const bool with_code_units = choose(4) == 0;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '\\') {
      out += json.substr(i++, 2);
      continue;
    }
    if (c == '"') in_string = !in_string;
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (in_string && letter && with_code_units && choose(kSeldom) == 0)
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    else if (in_string && c == '/' && choose(2) == 0)
      out += "\\/";
    else
      out += c;
  }
  return out;
}

Batch decoded(const std::vector<std::string>& records, const Projection* projection) {
  auto decoder = ingest::make_decoder("ndjson");
  REQUIRE(decoder);
  BatchBuilder builder("ndjson");
  ingest::Provenance provenance;
  provenance.default_logsource = "test//";
  provenance.projection = projection;
  for (const auto& record : records) (*decoder)->decode(record, provenance, builder);
  return builder.finish();
}

std::size_t values_of(const Batch& batch) {
  std::size_t out = 0;
  for (const auto& column : batch.columns()) out += column.values.size();
  return out;
}

bool has_keywords(const Selection& selection) {
  if (selection.kind == Selection::Kind::item) return selection.item.field.empty();
  return std::any_of(selection.children.begin(), selection.children.end(), has_keywords);
}

bool has_keywords(const Rule& rule) {
  return std::any_of(rule.selections.begin(), rule.selections.end(),
                     [](const auto& entry) { return has_keywords(entry.second); });
}

void check_random(unsigned seed, int rounds) {
  std::mt19937 random(seed);
  const testing::Chooser choose = [&](std::size_t n) { return static_cast<std::size_t>(random()) % n; };
  std::size_t matches = 0;
  std::size_t left_out = 0;
  for (int round = 0; round < rounds; ++round) {
    std::string text;
    const std::size_t rules = 1 + choose(8);
    for (std::size_t i = 0; i < rules; ++i)
      text += testing::random_rule(choose, static_cast<int>(i)) + "---\n";
    RuleFile file = parse_rules("random.yml", text);
    REQUIRE(file.errors.empty());
    // Most random keywords are too short to be sought, so that everything is read.
    if (round % 4 != 0) std::erase_if(file.rules, [](const Rule& rule) { return has_keywords(rule); });
    std::vector<std::string> records;
    for (int row = 0; row < 30; ++row)
      records.push_back(rewritten(testing::random_event(choose).dump(), choose));
    for (const auto& rule : file.rules)
      records.push_back(rewritten(testing::event_near(rule, choose).dump(), choose));
    const SourceMap sources = testing::everything_for(file.rules);
    const Plan plan = Plan::compile(std::move(file.rules), sources, testing::random_rule_options());
    const PlanProjection projection(plan, {});
    const Batch whole = decoded(records, nullptr);
    const Batch projected = decoded(records, &projection);
    REQUIRE(projected.is_projected());
    const auto wanted = match(plan, whole);
    const auto found = match(plan, projected);
    if (found != wanted) {
      FAIL_CHECK("seed " << seed << " round " << round);
      for (const auto& one : wanted) {
        if (std::find(found.begin(), found.end(), one) == found.end())
          MESSAGE("missing: " << plan.rules()[one.rule_index].title << " on " << records[one.row]);
      }
    }
    matches += wanted.size();
    left_out += values_of(whole) - values_of(projected);
  }
  CHECK(matches > 0);
  CHECK(left_out > 0);
  MESSAGE(matches << " matches, " << left_out << " values left out");
}

PlanProjection projection_of(const std::string& rules) {
  RuleFile file = parse_rules("rules.yml", rules);
  REQUIRE(file.errors.empty());
  const SourceMap sources = testing::everything_for(file.rules);
  return PlanProjection(Plan::compile(std::move(file.rules), sources), {});
}

std::string rule(const std::string& title, const std::string& detection) {
  return "title: " + title + "\nlogsource: {product: test}\ndetection: " + detection + "\n---\n";
}

}  // namespace

TEST_CASE("what nobody reads changes no match") { check_random(20261127, 20); }
TEST_CASE("slow: what nobody reads changes no match, many rules") { check_random(7, 400); }

TEST_CASE("a record has the columns that rules of its kind read") {
  const PlanProjection projection =
      projection_of(rule("one", "{a: {Kind: 1, Image|endswith: x.exe}, condition: a}") +
                    rule("two", "{a: {Kind: [2, 3], Target.Path|contains: y}, condition: a}") +
                    rule("three", "{a: {Kind: 3, User|fieldref: Owner}, condition: a}"));
  CHECK(projection.kind_field() == "Kind");
  const auto columns = [&](const std::string& record) {
    std::string out;
    const Batch batch = decoded({record}, &projection);
    for (const auto& column : batch.columns()) {
      if (column.has(0) && !is_keyword_column(column.name)) continue;
      if (column.has(0) && column.name != "host") out += column.name + " ";
    }
    return out;
  };
  const std::string rest =
      R"(,"Image":"x","Target":{"Path":"p","Size":1},"User":"u","Owner":"o","Message":"m"})";
  CHECK(columns(R"({"Kind":1)" + rest) == "Kind Image ");
  CHECK(columns(R"({"Kind":2)" + rest) == "Kind Target.Path Target.Size ");
  CHECK(columns(R"({"Kind":3)" + rest) == "Kind Target.Path Target.Size User Owner ");
  CHECK(columns(R"({"Kind":"3")" + rest) == "Kind Target.Path Target.Size User Owner ");
  CHECK(columns(R"({"Kind":4)" + rest) == "");
  // Two kinds, or none that can be told: whole.
  CHECK(columns(R"({"Kind":[1,4])" + rest) == "Kind Image Target.Path Target.Size User Owner Message ");
  CHECK(columns(R"({"Kind":1,"Kind":2)" + rest) == "Kind Image Target.Path Target.Size User Owner Message ");
}

/// Fields do not only come from members of their name: each rule must hold for its record, whoever decodes.
TEST_CASE("a rule finds its kind and its fields wherever they come from") {
  const auto finds = [](const std::string& detection, const std::string& record) {
    RuleFile file = parse_rules("rules.yml", rule("one", detection));
    REQUIRE(file.errors.empty());
    const SourceMap sources = testing::everything_for(file.rules);
    const Plan plan = Plan::compile(std::move(file.rules), sources);
    const PlanProjection projection(plan, {});
    REQUIRE(match(plan, decoded({record}, nullptr)).size() == 1);
    // The second time the shape is known.
    return match(plan, decoded({record, record}, &projection)).size() == 2;
  };
  const auto on = [](const std::string& selection) { return "{a: {" + selection + "}, condition: a}"; };
  struct Row {
    std::string selection;
    std::string record;
  };
  const std::vector<Row> rows = {
      {"userIdentity.type: Root", R"({"userIdentity":{"type":"Root"}})"},
      {"userIdentity.type: Root", R"({"userIdentity":[{"type":"Root"}]})"},
      {"userIdentity.type: Root", R"({"user Identity":{"ty pe":"Root"}})"},
      {"ThreatName: eicar, z|contains: z", R"({"Threat Name":"eicar","z":"z"})"},
      {"host: DC01, z|contains: z", R"({"Computer":"DC01","z":"z"})"},
      {"host.name: DC01", R"({"host":{"name":"DC01"}})"},
      {"source.ip|startswith: '10.'", R"({"source":{"ip":"10.0.0.1"}})"},
      {"event.source: x, z|contains: z", R"({"source":"x","z":"z"})"},
      {"event.host: x, z|contains: z", R"({"host":["x"],"Computer":"y","Channel":"z","z":"z"})"},
      {"parse_error: bad_timestamp, z|contains: z", R"({"time":"now","z":"z"})"},
      {"Command: mimi", R"({"":{"Command":"mimi"}})"},
      {"Command|contains: mimi", R"({"":{"":{"Command":"mimi"}}})"},
      {"User: x, Z|contains: z", R"({"EventID":4688,"SubjectUserName":"x","Z":"z"})"},
      {"local_hour: 12, z|contains: z", R"({"EventID":4624,"time":"2021-03-04T05:06:07Z","z":"z"})"},
      {"IntegrityLevel|contains: High", R"({"EventID":4688.0,"MandatoryLabel":"S-1-16-12288"})"},
      {"IntegrityLevel|contains: High", R"({"EventID":[4688],"MandatoryLabel":"S-1-16-12288"})"},
      {"IntegrityLevel|contains: High", R"({"Event ID":4688,"Mandatory Label":"S-1-16-12288"})"},
      {"EventID: 4688, User: x", R"({"Event ID":4688,"Subject UserName":"x"})"},
      {"EventID: 4688, User: x", R"({"":{"EventID":4688},"SubjectUserName":"x"})"},
  };
  for (const auto& row : rows) CHECK_MESSAGE(finds(on(row.selection), row.record), row.record);
}

TEST_CASE("a record is whole where a keyword may stand") {
  const PlanProjection projection =
      projection_of(rule("one", "{a: ['mimi*katz', 'C:\\\\kiwi'], condition: a}"));
  const auto is_whole = [&](const std::string& value) {
    return decoded({R"({"Message":")" + value + "\"}"}, &projection).column("Message") != nullptr;
  };
  CHECK_FALSE(is_whole("nothing of the kind"));
  CHECK(is_whole("MIMI and katz"));
  CHECK(is_whole("c:\\\\KIWI"));
  CHECK(is_whole("\\u006dimikatz"));   // written as a code unit
  CHECK(is_whole("\xE2\x84\xAAiwi"));  // the sign of Kelvin is a k without case
}

/// The words are looked for as bytes; what becomes a letter of ASCII without case must be known.
TEST_CASE("only two letters beyond ASCII become ASCII without case") {
  std::string found;
  for (char32_t c = 0x80; c < 0x30000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    std::string letter;
    append_utf8(letter, c);
    const std::string folded = fold_case(letter);
    for (const char byte : folded) {
      if (static_cast<unsigned char>(byte) < 0x80 && byte != ';' && byte != '`') found += letter;
    }
  }
  CHECK(found == "\xC5\xBF\xE2\x84\xAA");
}

}  // namespace projection_test
