// SPDX-License-Identifier: Apache-2.0
#include "report/indicator_reader.h"

#include <doctest/doctest.h>

#include "base/json.h"
#include "report/tlp.h"

namespace phendau::report::indicator_reader_test {
namespace {

const UtcTime kNow = *parse_rfc3339("2026-11-20T00:00:00Z");

std::string shown(const IndicatorFile& file) {
  std::string out;
  for (const auto& one : file.indicators) out += std::string(to_string(one.type)) + " " + one.value + "\n";
  return out;
}

IndicatorFile read(std::string_view bytes) {
  auto out = read_indicators(bytes, kNow);
  REQUIRE_MESSAGE(out.has_value(), (out ? "" : out.error().message));
  return *out;
}

}  // namespace

TEST_CASE("indicator files: plain lines, remarks, repetitions and what cannot be used") {
  const auto file =
      read("# TLP:GREEN\n203.0.113.7\n203[.]0[.]113[.]7\r\nxau.example.com\nkhong-co-cham\n\n127.0.0.1\n");
  CHECK(file.format == IndicatorFormat::lines);
  CHECK(file.tlp == "TLP:GREEN");
  CHECK(shown(file) == "ip 203.0.113.7\ndomain xau.example.com\n");
  CHECK(file.repeated == 1);
  REQUIRE(file.refused_count == 2);
  CHECK(file.refused[0].place == "5");
  CHECK(file.refused[0].value == "khong-co-cham");
  CHECK(file.refused[1].value == "127.0.0.1");
}

TEST_CASE("indicator files: tables with a header, in Vietnamese too, with any separator") {
  CHECK(shown(read(
            "Lo\u1ea1i;Gi\u00e1 tr\u1ecb;Ghi "
            "ch\u00fa\nIPv4;203.0.113.0/24;m\u1ea1ng\nFileHash-MD5;D41D8CD98F00B204E9800998ECF8427E;\n")) ==
        "network 203.0.113.0/24\nmd5 d41d8cd98f00b204e9800998ecf8427e\n");
  const auto file =
      read("\xEF\xBB\xBFtype,comment,value\nhostname,\"dieu khien, C2\",xau.example.com\nmutex,,abc.def\n");
  CHECK(shown(file) == "domain xau.example.com\ndomain abc.def\n");
  CHECK(file.indicators[0].note == "dieu khien, C2");
  CHECK(read("# TLP:RED\ntype,value\nip,203.0.113.7\n").tlp == "TLP:RED");
}

TEST_CASE("indicator files: a bundle of STIX 2.1") {
  const auto file = read(R"({"type": "bundle", "id": "bundle--1", "objects": [
    {"type": "report", "name": "Chi\u1ebfn d\u1ecbch A"},
    {"type": "indicator", "id": "indicator--1", "name": "C2", "pattern_type": "stix",
     "object_marking_refs": ["marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"],
     "pattern": "[ipv4-addr:value = '203.0.113.7' OR ipv4-addr:value = '203.0.113.0/28']"},
    {"type": "indicator", "id": "indicator--1b",
     "pattern": "([domain-name:value IN ('a.example', 'b.example')]) OR [mutex:name = 'y']"},
    {"type": "indicator", "id": "indicator--2",
     "pattern":
       "[file:hashes.'SHA-256' = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa']"},
    {"type": "indicator", "id": "indicator--3", "pattern": "[url:value = 'http://x.example/a\\'b']",
     "object_marking_refs": ["marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"]},
    {"type": "indicator", "id": "indicator--4",
     "pattern": "[ipv4-addr:value = '203.0.113.8' AND file:name = 'a.exe']"},
    {"type": "indicator", "id": "indicator--5", "pattern": "[mutex:name = 'x']"},
    {"type": "indicator", "id": "indicator--6", "pattern": "[ipv4-addr:value = '203.0.113.9']",
     "valid_until": "2026-11-19T00:00:00Z"},
    {"type": "indicator", "id": "indicator--7", "pattern_type": "yara", "pattern": "rule x {}"},
    {"type": "indicator", "id": "indicator--8", "pattern": "[ipv4-addr:value LIKE '203.%']"},
    {"type": "indicator", "id": "indicator--9", "pattern": "[ipv4-addr:value = '203.0.113.9"}]})");
  CHECK(file.format == IndicatorFormat::stix);
  CHECK(file.title == "Chi\u1ebfn d\u1ecbch A");
  CHECK(file.tlp == "TLP:AMBER");
  CHECK(shown(file) == "ip 203.0.113.7\nnetwork 203.0.113.0/28\ndomain a.example\ndomain b.example\nsha256 " +
                           std::string(64, 'a') + "\nurl x.example/a'b\n");
  CHECK(file.indicators[0].note == "C2");
  CHECK(file.refused_count == 7);
  CHECK(file.refused[0].place == "indicator--1b");
  CHECK(file.refused[1].place == "indicator--4");
}

TEST_CASE("indicator files: an event of MISP, with objects and pairs") {
  const auto file = read(
      R"({"Event": {"info": "Th\u01b0 gi\u1ea3 m\u1ea1o", 
    "Tag": [{"name": "tlp:amber+strict"}, {"name": "misp-galaxy:x"}],
    "Attribute": [{"type": "ip-dst|port", "value": "203.0.113.7|443", "to_ids": true, "comment": "C2"},
                  {"type": "domain|ip", "value": "xau.example|203.0.113.8", "to_ids": "1"},
                  {"type": "link", "value": "https://bao.example/bai", "to_ids": false},
                  {"type": "mutex", "value": "abc", "to_ids": true}],
    "Object": [{"name": "file", "Attribute": [
      {"type": "filename|md5", "value": "a.exe|d41d8cd98f00b204e9800998ecf8427e", "to_ids": true}]}]}})");
  CHECK(file.format == IndicatorFormat::misp);
  CHECK(file.title == "Th\u01b0 gi\u1ea3 m\u1ea1o");
  CHECK(file.tlp == "TLP:AMBER+STRICT");
  CHECK(shown(file) ==
        "ip 203.0.113.7\ndomain xau.example\nip 203.0.113.8\nmd5 d41d8cd98f00b204e9800998ecf8427e\n");
  CHECK(file.refused_count == 2);
  CHECK(shown(read(R"([{"Event": {"Attribute": [{"type": "domain", "value": "a.example"}]}}])")) ==
        "domain a.example\n");
  CHECK(shown(read(R"({"response": {"Attribute": [{"type": "domain", "value": "a.example"}]}})")) ==
        "domain a.example\n");
}

TEST_CASE("indicator files: what is no list says so") {
  for (const char* bytes : {"", "   ", "{\"a\": 1}", "{\"type\": \"bundle\"", "\xFF\xFE\x00",
                            "{\"type\": \"bundle\", \"objects\": []}", "\"never closed\nx"}) {
    CAPTURE(bytes);
    const auto out = read_indicators(bytes, kNow);
    REQUIRE_FALSE(out);
    CHECK(out.error().code == ErrorCode::invalid);
  }
  std::string many;
  for (int i = 0; i < 50'001; ++i) many += "m" + std::to_string(i) + ".example\n";
  const auto out = read_indicators(many, kNow);
  REQUIRE_FALSE(out);
  CHECK(out.error().code == ErrorCode::limit);
}

TEST_CASE("TLP 2.0: the label as papers write it") {
  CHECK(tlp_label("tlp:amber") == "TLP:AMBER");
  CHECK(tlp_label("TLP:WHITE") == "TLP:CLEAR");
  CHECK(tlp_label(" TLP:AMBER+STRICT ") == "TLP:AMBER+STRICT");
  CHECK(tlp_label("m\u1eadt") == "");
}

}  // namespace phendau::report::indicator_reader_test
