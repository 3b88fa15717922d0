// SPDX-License-Identifier: Apache-2.0
// The reader of event logs on chunks that are built by hand: every value type, every kind of name, damage at
// every kind of place, and documents made to cause work. Real logs: tests/scenario/scan.py.
#include "ingest/evtx_reader.h"

#include <filesystem>
#include <fstream>
#include <limits>
#include <random>

#include <doctest/doctest.h>

#include "base/text.h"
#include "base/time.h"
#include "ingest/json_framing.h"
#include "ingest/ndjson_decoder.h"
#include "ingest/testing/evtx_writer.h"
#include "ingest/testing/rows.h"

namespace evtx_reader_test {

using namespace phendau;
using namespace phendau::ingest;

namespace {

struct Read {
  Batch batch;
  std::vector<std::uint64_t> ids;
  DecodeCounters counters;

  std::uint64_t skipped(std::string_view reason) const {
    const auto found = counters.by_reason.find(reason);
    return found == counters.by_reason.end() ? 0 : found->second;
  }
};

Read read(const std::string& chunk) {
  EvtxReader reader;
  BatchBuilder builder("evtx");
  Read out;
  Provenance provenance = test_provenance();
  provenance.skew_limit = Duration{0};
  reader.read_chunk(chunk, provenance, builder, out.ids);
  out.batch = builder.finish();
  out.counters = reader.take_counters();
  CHECK(out.ids.size() == out.batch.rows());
  return out;
}

Batch one_value(std::uint8_t type, std::string bytes) {
  EvtxChunkWriter chunk;
  put_test_event(chunk, 1, {{"v", {type, std::move(bytes)}}});
  Read done = read(chunk.finish());
  REQUIRE(done.batch.rows() == 1);
  return std::move(done.batch);
}

}  // namespace

TEST_CASE("evtx: the system part of an event, its time and its record") {
  EvtxChunkWriter chunk;
  put_test_event(chunk, 7,
                 {{"Threat Name", {0x01, wide("x")}}, {"", {0x01, wide("a")}}, {"", {0x01, wide("b")}}});
  const Read done = read(chunk.finish());
  CHECK(done.counters.by_reason.empty());
  REQUIRE(done.batch.rows() == 1);
  CHECK(done.ids == std::vector<std::uint64_t>{1'007});
  CHECK(fields_of(done.batch,
                  {"Provider_Name", "EventID", "EventRecordID", "Channel", "Computer", "ThreatName"}) ==
        "Provider_Name=Test-Provider|EventID=4688|EventRecordID=1007|Channel=Test/Operational|Computer=PC-1|"
        "ThreatName=x");
  CHECK(kind_of(done.batch, "EventID") == ValueKind::integer);
  CHECK(values_of(done.batch, "Data") == std::vector<std::string>{"a", "b"});
  CHECK(field_of(done.batch, "host") == "PC-1");
  CHECK(field_of(done.batch, "logsource") == "windows//");
  CHECK(field_of(done.batch, "TimeCreated_SystemTime") == "2025-11-27T13:20:00.123456Z");
  CHECK(format_rfc3339(done.batch.event_time(0)) == "2025-11-27T13:20:00.123456700Z");
  CHECK(done.batch.time_quality(0) == TimeQuality::exact);
  CHECK(done.batch.raw(0).starts_with("**"));
}

TEST_CASE("evtx: value types") {
  struct Row {
    std::uint8_t type;
    std::string bytes;
    std::string text;
    ValueKind kind = ValueKind::text;
  };
  const std::string guid("\xFF\xD9\x70\x57\x2A\xC2\xE0\x43\xBF\x4C\x06\xF5\x69\x8F\xFB\xD9", 16);
  const std::string sid("\x01\x02\0\0\0\0\0\x05\x20\0\0\0\x20\x02\0\0", 16);
  const std::string time = little<std::uint16_t>(2026) + little<std::uint16_t>(11) +
                           little<std::uint16_t>(4) + little<std::uint16_t>(26) + little<std::uint16_t>(7) +
                           little<std::uint16_t>(8) + little<std::uint16_t>(9) + little<std::uint16_t>(10);
  const Row rows[] = {
      {0x00, "", "", ValueKind::null},
      {0x01, wide("text"), "text"},
      {0x01, "", ""},
      {0x01, wide("\"cmd.exe\" \r\n"), "\"cmd.exe\""},
      {0x01, wide("longer than eight characters") + std::string(4, '\0'), "longer than eight characters"},
      {0x01, std::string("\xC2\x00\xA1\x1E\x01\xD8\x37\xDC", 8), "\xC3\x82\xE1\xBA\xA1\xF0\x90\x90\xB7"},
      {0x01, std::string("\x01\xD8\x41\x00", 4),
       "\xEF\xBF\xBD"
       "A"},
      {0x02, std::string("ansi\0", 5), "ansi"},
      {0x02, "\xE9", "\xC3\xA9"},
      {0x03, little<std::int8_t>(-5), "-5", ValueKind::integer},
      {0x04, little<std::uint8_t>(200), "200", ValueKind::integer},
      {0x05, little<std::int16_t>(-300), "-300", ValueKind::integer},
      {0x06, little<std::uint16_t>(60'000), "60000", ValueKind::integer},
      {0x07, little<std::int32_t>(-70'000), "-70000", ValueKind::integer},
      {0x08, little<std::uint32_t>(4'000'000'000), "4000000000", ValueKind::integer},
      {0x09, little(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808", ValueKind::integer},
      {0x0A, little(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615", ValueKind::integer},
      {0x0B, little(1.5F), "1.5", ValueKind::real},
      {0x0C, little(-0.25), "-0.25", ValueKind::real},
      {0x0C, little(std::numeric_limits<double>::infinity()), "inf"},
      {0x0D, little<std::uint32_t>(1), "true", ValueKind::boolean},
      {0x0D, little<std::uint32_t>(0), "false", ValueKind::boolean},
      {0x0E, std::string("\x00\xAB\xFF", 3), "00ABFF"},
      {0x0F, guid, "5770D9FF-C22A-43E0-BF4C-06F5698FFBD9"},
      {0x10, little<std::uint32_t>(0x1F), "0x1f"},
      {0x10, little<std::uint64_t>(0x123456789A), "0x123456789a"},
      {0x11, little<std::uint64_t>(0), "1601-01-01T00:00:00.000000Z"},
      {0x12, time, "2026-11-26T07:08:09.010000Z"},
      {0x13, sid, "S-1-5-32-544"},
      {0x14, little<std::uint32_t>(0x3E7), "0x3e7"},
      {0x15, little<std::uint64_t>(0x8000000000000000), "0x8000000000000000"},
      {0x08, "ab", "6162"},  // not of the size of its type
      {0x13, "short", "73686F7274"},
      {0x55, "x", "78"},
  };
  for (const Row& row : rows) {
    CAPTURE(int{row.type});
    CAPTURE(row.text);
    const Batch batch = one_value(row.type, row.bytes);
    CHECK(field_of(batch, "v") == row.text);
    CHECK(kind_of(batch, "v") == row.kind);
  }
}

TEST_CASE("evtx: arrays are several values") {
  const auto values = [](std::uint8_t type, std::string bytes) {
    return values_of(one_value(type, std::move(bytes)), "v");
  };
  using Texts = std::vector<std::string>;
  CHECK(values(0x81, wide("a") + std::string(2, '\0') + wide("bc") + std::string(2, '\0')) ==
        Texts{"a", "bc"});
  CHECK(values(0x82, std::string("x\0yz", 4)) == Texts{"x", "yz"});
  CHECK(values(0x86, little<std::uint16_t>(1) + little<std::uint16_t>(2)) == Texts{"1", "2"});
  CHECK(values(0x95, little<std::uint64_t>(10) + "rest") == Texts{"0xa", "72657374"});
  CHECK(values(0x93, std::string("\x01\x01\0\0\0\0\0\x05\x12\0\0\0", 12) +
                         std::string("\x01\0\0\0\0\0\0\x01", 8)) == Texts{"S-1-5-18", "S-1-1"});
  CHECK(values(0x81, "").empty());
}

TEST_CASE("evtx: templates are shared, nested and written out") {
  EvtxChunkWriter chunk;
  // An event whose content is a value: a template instance in the first record, an element in the second.
  chunk.begin_record(1, 0);
  chunk.fragment();
  const std::uint32_t outer = chunk.begin_definition();
  chunk.open("Event");
  chunk.close_start();
  chunk.substitution(0, 0x21);
  chunk.end_element();
  chunk.end_definition();
  EvtxChunkWriter inner;  // to know the size of the value
  const auto put_inner = [](EvtxChunkWriter& out) {
    out.fragment();
    out.begin_definition();
    out.open("UserData");
    out.close_start();
    out.open("Root", true);
    out.attribute("xmlns");
    out.text("urn:x");
    out.close_start();
    out.open("Error", true);
    out.attribute("Code");
    out.substitution(0, 0x08);
    out.close_empty();
    out.open("A");
    out.close_start();
    out.leaf("B", 1, 0x01);
    out.end_element();
    out.open("C");
    out.close_start();
    out.text("x ");
    out.substitution(1, 0x01);
    out.bytes += std::string("\x48\x26\0", 3);  // &#38;
    out.bytes += '\x09';
    out.name("lt");
    out.bytes += '\x07';
    out.put(std::uint16_t{1});
    out.bytes += wide("!");
    out.end_element();
    out.open("source");
    out.close_start();
    out.text("claimed");
    out.end_element();
    out.end_element();
    out.end_element();
    out.end_definition();
    out.values({{0x08, little<std::uint32_t>(15'007)}, {0x01, wide("y")}});
    out.bytes += '\0';
  };
  put_inner(inner);
  const std::size_t size = inner.bytes.size() - 512;
  chunk.put(std::uint32_t{1});
  chunk.put(static_cast<std::uint16_t>(size));
  chunk.put(std::uint16_t{0x21});
  put_inner(chunk);
  chunk.end_record();
  chunk.begin_record(2, 0);
  chunk.fragment();
  chunk.instance(outer);
  EvtxChunkWriter plain;
  const auto put_plain = [](EvtxChunkWriter& out) {
    out.open("EventData", true);
    out.attribute("Name");
    out.text("N");
    out.close_start();
    out.open("Data", true);
    out.attribute("Name");
    out.text("empty");
    out.close_empty();
    out.open("Binary");
    out.close_start();
    out.text("ABCD");
    out.end_element();
    out.end_element();
    out.bytes += '\0';
  };
  put_plain(plain);
  chunk.put(std::uint32_t{1});
  chunk.put(static_cast<std::uint16_t>(plain.bytes.size() - 512));
  chunk.put(std::uint16_t{0x21});
  put_plain(chunk);
  chunk.end_record();
  const Read done = read(chunk.finish());
  CHECK(done.counters.by_reason.count("record_content") == 0);
  REQUIRE(done.batch.rows() == 2);
  CHECK(fields_of(done.batch, {"Error_Code", "A.B", "C", "event.source", "Root_xmlns"}, 0) ==
        "Error_Code=15007|A.B=y|C=x y&<!|event.source=claimed");
  CHECK(field_of(done.batch, "source", 0) == "test");
  CHECK(fields_of(done.batch, {"EventData_Name", "Binary"}, 1) == "EventData_Name=N|Binary=ABCD");
  CHECK(kind_of(done.batch, "empty", 1) == ValueKind::null);
  CHECK(done.ids == std::vector<std::uint64_t>{1, 2});  // without EventRecordID the number of the record
}

TEST_CASE("evtx: where a program wrote the log from XML, time and number of an event are text") {
  EvtxChunkWriter chunk;
  const auto put = [&](std::uint64_t id, std::string_view time, std::string_view record) {
    chunk.begin_record(id, 0);
    chunk.fragment();
    chunk.open("Event");
    chunk.close_start();
    chunk.open("System");
    chunk.close_start();
    chunk.open("EventID");
    chunk.close_start();
    chunk.text("4103");
    chunk.end_element();
    chunk.open("TimeCreated", true);
    chunk.attribute("SystemTime");
    chunk.text(time);
    chunk.close_empty();
    chunk.open("EventRecordID");
    chunk.close_start();
    chunk.text(record);
    chunk.end_element();
    chunk.end_element();
    chunk.end_element();
    chunk.bytes += '\0';
    chunk.end_record();
  };
  put(1, "2021-06-03T13:06:28.072127400Z", "8787427");
  put(2, "yesterday", "many");
  const Read done = read(chunk.finish());
  REQUIRE(done.batch.rows() == 2);
  CHECK(format_rfc3339(done.batch.event_time(0)) == "2021-06-03T13:06:28.072127400Z");
  CHECK(done.batch.time_quality(0) == TimeQuality::exact);
  CHECK(done.batch.time_quality(1) == TimeQuality::received);
  CHECK(field_of(done.batch, "EventID", 0) == "4103");
  CHECK(done.ids == std::vector<std::uint64_t>{8'787'427, 2});
}

namespace {

std::string three_events() {
  EvtxChunkWriter chunk;
  for (const std::uint64_t id : {1, 2, 3}) put_test_event(chunk, id, {{"v", {0x01, wide("value")}}});
  return chunk.finish();
}

std::size_t record_at(const std::string& chunk, int number) {
  std::size_t at = 512;
  for (int i = 1; i < number; ++i) {
    std::uint32_t size = 0;
    std::memcpy(&size, chunk.data() + at + 4, 4);
    at += size;
  }
  return at;
}

}  // namespace

TEST_CASE("evtx: damage costs what is damaged, and is counted") {
  const std::string good = three_events();
  const std::size_t second = record_at(good, 2);
  struct Row {
    const char* what;
    std::size_t at;
    std::string bytes;
    std::vector<std::uint64_t> ids;
    std::string_view reason;
  };
  const std::vector<std::uint64_t> all = {1'001, 1'002, 1'003};
  const std::vector<std::uint64_t> others = {1'001, 1'003};
  const Row rows[] = {
      {"chunk magic", 0, "XXX", all, evtx_skip::kChunkHeader},
      {"chunk checksum", 124, "XXX", all, evtx_skip::kChunkChecksum},
      {"free space pointer", 48, std::string("\xFF\xFF\xFF\xFF", 4), all, evtx_skip::kChunkChecksum},
      {"record magic", second, "XX", others, evtx_skip::kRecordHeader},
      {"record size", second + 4, std::string("\xFF\xFF\0\0", 4), others, evtx_skip::kRecordHeader},
      {"record size zero", second + 4, std::string(4, '\0'), others, evtx_skip::kRecordHeader},
      {"template offset", second + 34, std::string("\xFF\xFF\xFF\xFF", 4), others, evtx_skip::kRecordContent},
      {"token", second + 66, "\x1B", others, evtx_skip::kRecordContent},
      {"fragment", second + 24, "\x7F", others, evtx_skip::kRecordContent},
      {"zeros in the middle", second, std::string(record_at(good, 3) - second, '\0'), others,
       evtx_skip::kRecordHeader},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    std::string chunk = good;
    chunk.replace(row.at, row.bytes.size(), row.bytes);
    const Read done = read(chunk);
    CHECK(done.ids == row.ids);
    CHECK(done.skipped(row.reason) == 1);
  }
  const Read cut = read(good.substr(0, record_at(good, 3) + 10));
  CHECK(cut.ids == std::vector<std::uint64_t>{1'001, 1'002});
  CHECK(cut.skipped(evtx_skip::kChunkTruncated) == 1);
  CHECK(read(std::string(kEvtxChunkBytes, '\0')).counters.by_reason.empty());
  CHECK(read("ElfChnk").skipped(evtx_skip::kChunkTruncated) == 1);
}

TEST_CASE("evtx: a log that was not closed has records behind those its header knows, never older ones") {
  std::string chunk = three_events();
  const auto set_header = [&](std::size_t free_at, std::uint64_t last) {
    const auto free32 = static_cast<std::uint32_t>(free_at);
    std::memcpy(chunk.data() + 48, &free32, 4);
    std::memcpy(chunk.data() + 32, &last, 8);
  };
  set_header(record_at(chunk, 2), 1);
  CHECK(read(chunk).ids == std::vector<std::uint64_t>{1'001, 1'002, 1'003});
  chunk[record_at(chunk, 3) + 8] = 99;  // its number does not follow: left from an earlier use of the chunk
  CHECK(read(chunk).ids == std::vector<std::uint64_t>{1'001, 1'002});
  chunk = three_events();
  set_header(512, 0);
  CHECK(read(chunk).ids == std::vector<std::uint64_t>{1'001, 1'002, 1'003});
  set_header(512, 50);
  CHECK(read(chunk).ids.empty());
  // Without a header only the numbers tell.
  chunk = three_events();
  chunk[0] = 'X';
  chunk[record_at(chunk, 3) + 8] = 99;
  CHECK(read(chunk).ids == std::vector<std::uint64_t>{1'001, 1'002});
  chunk[record_at(chunk, 3) + 8] = 1;
  CHECK(read(chunk).ids == std::vector<std::uint64_t>{1'001, 1'002});
  chunk[record_at(chunk, 3) + 8] = 3;
  chunk[record_at(chunk, 2)] = 'X';  // the second is damaged: the third may still follow
  CHECK(read(chunk).ids == std::vector<std::uint64_t>{1'001, 1'003});
}

TEST_CASE("evtx: the file header is checked and not needed") {
  std::string header(kEvtxFileHeaderBytes, '\0');
  std::memcpy(header.data(), "ElfFile\0", 8);
  EvtxReader reader;
  reader.read_file_header(header);
  CHECK(reader.take_counters().by_reason.at("file_header") == 1);
  const std::uint32_t sum = crc32(std::string_view(header).substr(0, 120));
  std::memcpy(header.data() + 124, &sum, 4);
  reader.read_file_header(header);
  CHECK(reader.take_counters().by_reason.empty());
  CHECK(is_evtx(header));
  CHECK(!is_evtx("ElfChnk"));
}

TEST_CASE("evtx: templates that multiply are stopped") {
  // A template with many references to one large value, used again and again.
  EvtxChunkWriter chunk;
  chunk.begin_record(1, 0);
  chunk.fragment();
  const std::uint32_t definition = chunk.begin_definition();
  chunk.open("Event");
  chunk.close_start();
  chunk.open("EventData");
  chunk.close_start();
  chunk.open("Data");
  chunk.close_start();
  for (int i = 0; i < 4'000; ++i) chunk.substitution(0, 0x01);
  chunk.end_element();
  chunk.end_element();
  chunk.end_element();
  chunk.end_definition();
  chunk.values({{0x01, wide("x")}});
  chunk.end_record();
  for (std::uint64_t id = 2; id < 30; ++id) {
    chunk.begin_record(id, 0);
    chunk.fragment();
    chunk.instance(definition);
    chunk.values({{0x01, std::string(1'000, 'x')}});
    chunk.end_record();
  }
  const Read done = read(chunk.finish());
  CHECK(done.batch.rows() >= 1);
  CHECK(field_of(done.batch, "parse_error", 1) == "too_many_fields");
  // Elements in each other without end.
  EvtxChunkWriter deep;
  deep.begin_record(1, 0);
  deep.fragment();
  for (int i = 0; i < 500; ++i) {
    deep.open("a");
    deep.close_start();
  }
  deep.end_record();
  CHECK(read(deep.finish()).skipped(evtx_skip::kRecordContent) == 1);
}

TEST_CASE("evtx: any bytes are survived") {
  const std::string good = three_events();
  std::mt19937 random(7);
  for (int round = 0; round < 3'000; ++round) {
    std::string chunk = good;
    const int changes = 1 + static_cast<int>(random() % 8);
    for (int i = 0; i < changes; ++i) chunk[512 + random() % 2'048] = static_cast<char>(random());
    const Read done = read(chunk);
    CHECK(done.batch.rows() <= 3);
  }
}

namespace {

/// Each field of the row with kind and values; the log source is a matter of packs.
std::string all_of(const Batch& batch, std::uint32_t row) {
  std::vector<std::string> out;
  for (const Column& column : batch.columns()) {
    if (!column.has(row) || column.name == kLogsourceColumn) continue;
    out.push_back(column.name + "/" + std::to_string(static_cast<int>(kind_of(batch, column.name, row))) +
                  "=" + join(values_of(batch, column.name, row), ","));
  }
  std::sort(out.begin(), out.end());
  return join(out, "\n");
}

}  // namespace

TEST_CASE("evtx: the same event as JSON of evtx_dump has the same fields") {
  EvtxChunkWriter chunk;
  put_test_event(chunk, 7,
                 {{"Threat Name", {0x01, wide("x")}},
                  {"number", {0x08, little<std::uint32_t>(5)}},
                  {"none", {0x00, ""}},
                  {"source", {0x01, wide("y")}}});
  const Read done = read(chunk.finish());
  NdjsonDecoder decoder;
  const Batch json = decode_one(
      decoder,
      R"({"Event":{"#attributes":{"xmlns":"urn:x"},"System":{)"
      R"("Provider":{"#attributes":{"Name":"Test-Provider"}},"EventID":4688,)"
      R"("TimeCreated":{"#attributes":{"SystemTime":"2025-11-27T13:20:00.123456Z"}},"EventRecordID":1007,)"
      R"("Correlation":null,"Channel":"Test/Operational","Computer":"PC-1"},)"
      R"("EventData":{"Threat Name":"x","number":5,"none":null,"source":"y"}}})");
  CHECK(all_of(done.batch, 0) == all_of(json, 0));
  // What evtx_dump makes of unnamed elements, of attributes beside text and of UserData.
  const Batch other = decode_one(
      decoder, R"({"Event":{"System":{"EventID":{"#attributes":{"Qualifiers":16384},"#text":7036},)"
               R"("Provider_attributes":{"Name":"P"},"Channel":"C"},"EventData":{"#attributes":{"Name":"N"},)"
               R"("Data":{"#text":["a","b"]},"Binary":"00"},"UserData":{"Root":{"#attributes":{"xmlns":"u"},)"
               R"("Error":{"#attributes":{"Code":1}},"A":{"B":2}}}}})");
  CHECK(
      fields_of(other, {"EventID", "EventID_Qualifiers", "Provider_Name", "EventData_Name", "Binary",
                        "Error_Code", "A.B", "Root_xmlns"}) ==
      "EventID=7036|EventID_Qualifiers=16384|Provider_Name=P|EventData_Name=N|Binary=00|Error_Code=1|A.B=2");
  CHECK(values_of(other, "Data") == std::vector<std::string>{"a", "b"});
}

TEST_CASE("slow: evtx: SigmaHQ's samples give the same fields as EVTX and as JSON") {
  namespace fs = std::filesystem;
  const fs::path corpus = PHENDAU_SOURCE_DIR "/../shared/corpora/sigma-regression";
  if (!fs::exists(corpus)) {
    MESSAGE("skipped: no regression corpus");
    return;
  }
  const auto text_of = [](const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  int events = 0;
  for (const auto& entry : fs::recursive_directory_iterator(corpus)) {
    // The JSON beside this one was made by another program.
    const bool other = entry.path().stem() == "ad691d92-15f2-4181-9aa4-723c74f9ddc3";
    if (entry.path().extension() != ".evtx" || other) continue;
    CAPTURE(entry.path().string());
    const Read done = read(text_of(entry.path()).substr(kEvtxFileHeaderBytes));
    CHECK(done.counters.by_reason.empty());
    NdjsonDecoder decoder;
    JsonFramer framer;
    std::uint32_t row = 0;
    const auto take = [&](const JsonFramer::Document& document) {
      REQUIRE(row < done.batch.rows());
      CHECK(all_of(done.batch, row++) == all_of(decode_one(decoder, document.bytes), 0));
    };
    framer.push(text_of(fs::path(entry.path()).replace_extension(".json")), take);
    CHECK(row == done.batch.rows());
    events += static_cast<int>(row);
  }
  CHECK(events > 110);
}

}  // namespace evtx_reader_test
