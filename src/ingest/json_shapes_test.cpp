// SPDX-License-Identifier: Apache-2.0
// Proves that a record of a known shape becomes the row that it becomes for a decoder that sees it first.
#include "ingest/json_shapes.h"

#include <map>
#include <random>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "ingest/decoder.h"

namespace json_shapes_test {

using namespace phendau;
using ingest::JsonShapes;
using ingest::JsonTape;

namespace {

class Reads final : public Audience {
 public:
  explicit Reads(bool all) : all_(all) {}
  bool reads(std::string_view field) const override { return all_ || field.size() % 2 == 1; }
  bool may_hold_keyword(std::string_view json) const override { return json.find("kiwi") != json.npos; }

 private:
  bool all_;
};

/// Events of even numbers are read whole, of others some fields.
class ReadsSome final : public Projection {
 public:
  const std::string& kind_field() const override { return kind_field_; }
  std::unique_ptr<const Audience> audience_of(std::string_view, const Kind* kind) const override {
    return std::make_unique<Reads>(kind != nullptr && !kind->text.empty() && kind->text.back() % 2 == 0);
  }

 private:
  std::string kind_field_ = "EventID";
};

using Rows = std::map<std::string, std::vector<std::string>>;

/// All that a batch of one row says.
Rows shown(const Batch& batch) {
  Rows out;
  for (const Column& column : batch.columns()) {
    const auto add = [&](ValueId id) {
      out[column.name].push_back(
          fmt::format("{}:{}", static_cast<int>(column.values.kind(id)), column.values.text(id)));
    };
    if (column.has(0)) add(column.ids[0]);
    for (const auto& more : column.more) add(more.id);
  }
  out[""] = {fmt::format("{} {} {}", batch.event_time(0).ns, static_cast<int>(batch.time_quality(0)),
                         batch.keyword_rows().size())};
  return out;
}

Rows decoded(ingest::Decoder& decoder, const std::string& record, const Projection& projection) {
  static constexpr ingest::ChannelLogsource kChannels[] = {{"security", "windows//security"},
                                                           {"Service Control Manager", "windows//system"}};
  ingest::Provenance provenance;
  provenance.channel_logsources = kChannels;
  provenance.projection = &projection;
  BatchBuilder builder("ndjson");
  decoder.decode(record, provenance, builder);
  return shown(builder.finish());
}

struct Maker {
  std::mt19937 random{7};

  template <std::size_t N>
  std::string one_of(const char* const (&texts)[N]) {
    return texts[random() % N];
  }
  std::string value() {
    return one_of({"1",
                   "-0",
                   "0",
                   "12.5e3",
                   "18446744073709551616",
                   "true",
                   "null",
                   "\"\"",
                   "\"x\"",
                   R"("C:\\Windows\\x.exe")",
                   R"("a\"b\n")",
                   R"("\u0041\ud83d\ude00")",
                   R"("\ud800")",
                   "\"kiwi\"",
                   "\"Ph\xC3\xAAn\"",
                   "[1,\"a\"]",
                   R"({"b":1,"c":{"d":"e"}})",
                   "[]",
                   "{}",
                   "\"2021-03-04T05:06:07Z\"",
                   R"("a long text, longer than sixteen bytes \\ and more")"});
  }
  std::string record() {
    const std::string comma = one_of({",", ",", ", ", " ,\t"});
    const std::string colon = one_of({":", ":", ": ", " : "});
    std::string out = one_of({"{", "{", "{ "});
    for (const std::string name :
         {"EventID", "Channel", "Provider_Name", "SourceName", "Computer", "host", "message", "time",
          "a name", "n", "a.b", "SubjectUserName", "", "source", "list", "a\\\"b", "host"}) {
      if (random() % 3 == 0) continue;
      if (out.size() > 2) out += comma;
      std::string text = value();
      if (name == "EventID") text = one_of({"1", "4624", "\"4625\"", "4688", "\"7\"", "[1]"});
      if (name == "Provider_Name" || name == "SourceName")
        text = one_of({"\"Service Control Manager\"", "\"Other\"", "{\"Name\":\"x\"}"});
      if (name == "Channel") text = one_of({"\"Security\"", "\"SECURITY\"", "\"Other\"", "5"});
      out += fmt::format("\"{}\"{}{}", name, colon, text);
    }
    return out + one_of({"}", "}", " }"});
  }
  /// Another record of the same shape, or nearly.
  std::string changed(std::string record) {
    constexpr std::string_view kBytes = "019x\"\\,:{}[] en-.\xC3\t\n";
    for (std::size_t i = 0, count = random() % 2; i < count; ++i) {
      const std::size_t at = random() % record.size();
      if (random() % 3 == 0)
        record.insert(at, 1, kBytes[random() % kBytes.size()]);
      else
        record[at] = kBytes[random() % kBytes.size()];
    }
    return record;
  }
};

}  // namespace

TEST_CASE("shapes: a known one changes nothing in a row") {
  const ReadsSome projection;
  Maker make;
  std::vector<std::string> records;
  for (int i = 0; i < 300; ++i) records.push_back(make.record());
  const auto knowing = ingest::make_decoder("ndjson");
  REQUIRE(knowing);
  std::size_t bad = 0;
  for (int round = 0; round < 20'000; ++round) {
    const std::string& made = records[make.random() % records.size()];
    const std::string record = round % 3 == 0 ? made : make.changed(made);
    const auto fresh = ingest::make_decoder("ndjson");
    const Rows wanted = decoded(**fresh, record, projection);
    bad += wanted.contains("parse_error") ? 1 : 0;
    if (decoded(**knowing, record, projection) != wanted) FAIL_CHECK("round " << round << ": " << record);
  }
  CHECK(bad > 2'000);
  CHECK(bad < 15'000);
}

TEST_CASE("shapes: found again whatever the values, and only then") {
  JsonTape tape;
  JsonShapes shapes;
  bool valid = true;
  const auto learned = [&](std::string_view text) {
    REQUIRE(tape.read(text, valid).empty());
    return shapes.learn(tape);
  };
  const auto found = [&](std::string_view text) {
    tape.look(text);
    return tape.is_plain() ? shapes.find(tape) : JsonShapes::kNone;
  };
  const auto id = learned(R"({"a": "x", "list": [1, {"b": null}], "c" : "\\"})");
  REQUIRE(id != JsonShapes::kNone);
  CHECK(shapes[id].members().size() == 3);
  CHECK(shapes[id].members()[1].is_container);
  CHECK(found(R"({"a": "another, longer {", "list": [true, {"b": -1.5e3}], "c" : ""})") == id);
  CHECK(found("{\"a\": \"Ph\xC3\xAAn\", \"list\": [1, {\"b\": 12345678901234567890}], \"c\" : \"\\n\"}") ==
        id);
  for (const std::string_view other :
       {R"({"a": "x", "list": [1, {"b": nul}], "c" : "\\"})",
        R"({"a": "x", "list": [1, {"b": "n"}], "c" : "\\"})",
        R"({"A": "x", "list": [1, {"b": null}], "c" : "\\"})",
        R"({"a":"x", "list": [1, {"b": null}], "c" : "\\"})",
        R"({"a": "x", "list": [01, {"b": null}], "c" : "\\"})",
        R"({"a": "x", "list": [1, {"b": null}], "c" : 7})",
        R"({"a": "x", "list": [1, {"bb": null}], "c" : "\\"})", R"({"a": "x"})",
        R"({"a": "x", "list": [1, {"b": null}], "c" : "\\"} )",
        R"({"a": "x", "list": [1, {"b": null}], "c" : "\\")",
        R"({"a": "\u0041", "list": [1, {"b": null}], "c" : "\\"})",
        R"({"a": "\x", "list": [1, {"b": null}], "c" : ""})",
        R"({"a": "x", "list": [, {"b": null}], "c" : "\\"})",
        R"({"a": "x", "list": [1 1, {"b": null}], "c" : "\\"})"}) {
    CHECK_MESSAGE(found(other) == JsonShapes::kNone, other);
  }
  for (const char* const bad : {"\t", "\n", "\xC3", "\xED\xA0\x80"}) {  // a string has none of these
    CHECK(found(std::string("{\"a\": \"") + bad + "\", \"list\": [1, {\"b\": null}], \"c\" : \"\"}") ==
          JsonShapes::kNone);
  }
  const auto lines = learned("{\n\t\"a\": 1\n}");
  CHECK(found("{\n\t\"a\": 22\n}") == lines);
  CHECK(found("{\n\t\"a\":\n1\n}") == JsonShapes::kNone);
  CHECK(learned(R"({"a\n": 1})") == JsonShapes::kNone);  // whoever compares would have to unescape
  std::string many = "{\"a\":[";
  for (int i = 0; i < 1'100; ++i) many += "1,";
  CHECK(learned(many + "1]}") == JsonShapes::kNone);
  shapes.clear();
  CHECK(found(R"({"a": "x", "list": [1, {"b": null}], "c" : "\\"})") == JsonShapes::kNone);
}

}  // namespace json_shapes_test
