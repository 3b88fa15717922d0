// SPDX-License-Identifier: Apache-2.0
// Proves both JSON decoders: members to fields, times, limits, hostile members, and the common interface.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/texts.h"
#include "ingest/decoder.h"
#include "ingest/journald_decoder.h"
#include "ingest/ndjson_decoder.h"
#include "ingest/testing/rows.h"

namespace phendau::ingest::json_decoders_test {
namespace {

TEST_CASE("journald: a record of sshd") {
  JournaldDecoder decoder;
  const Batch batch = decode_one(
      decoder, R"({"__CURSOR":"s=1","__REALTIME_TIMESTAMP":"1795489199123456","_HOSTNAME":"web01",)"
               R"("SYSLOG_IDENTIFIER":"sshd",)"
               R"("_PID":"812","PRIORITY":"6","SYSLOG_FACILITY":"4","_COMM":"sshd",)"
               R"("_SYSTEMD_UNIT":"ssh.service","_UID":"0",)"
               R"("MESSAGE":"Failed password for invalid user x from 1.2.3.4 port 5 ssh2"})");
  CHECK(format_rfc3339(batch.event_time(0)) == "2026-11-24T02:59:59.123456Z");
  CHECK(batch.time_quality(0) == TimeQuality::exact);
  CHECK(fields_of(batch, {"parse_error", "host", "logsource", "facility", "severity", "program", "pid",
                          "action", "outcome", "user", "source_ip", "_SYSTEMD_UNIT", "_COMM"}) ==
        "host=web01|logsource=linux//"
        "sshd|facility=auth|severity=info|program=sshd|pid=812|action=login|outcome=failure|"
        "user=x|source_ip=1.2.3.4|_SYSTEMD_UNIT=ssh.service|_COMM=sshd");
  CHECK(kind_of(batch, "pid") == ValueKind::integer);
}

TEST_CASE("journald: message forms") {
  JournaldDecoder decoder;
  const std::string head = R"({"__REALTIME_TIMESTAMP":"1795489199123456","_TRANSPORT":"kernel","MESSAGE":)";
  CHECK(values_of(decode_one(decoder, head + R"("a"})"), "message") == std::vector<std::string>{"a"});
  CHECK(values_of(decode_one(decoder, head + "null}"), "message").empty());
  CHECK(values_of(decode_one(decoder, head + "[27,91,51]}"), "message") ==
        std::vector<std::string>{"\x1b[3"});
  CHECK(values_of(decode_one(decoder, head + R"(["a","b",[99,100]]})"), "message") ==
        std::vector<std::string>{"a", "b", "cd"});
  CHECK(values_of(decode_one(decoder, head + "[]}"), "message").empty());
  CHECK(values_of(decode_one(decoder, head + "[300]}"), "message") == std::vector<std::string>{"300"});
  CHECK(values_of(decode_one(decoder, head + "7}"), "message") == std::vector<std::string>{"7"});
  const Batch bytes = decode_one(decoder, head + "[97,255]}");
  CHECK(values_of(bytes, "message") == std::vector<std::string>{"a\xEF\xBF\xBD"});
  CHECK(field_of(bytes, "parse_error") == "not_utf8");
  CHECK(field_of(bytes, "program") == "kernel");
  CHECK(field_of(bytes, "logsource") == "linux//kernel");
}

TEST_CASE("journald: what cannot be understood") {
  JournaldDecoder decoder;
  CHECK(field_of(decode_one(decoder, ""), "parse_error") == "empty");
  CHECK(field_of(decode_one(decoder, "{"), "parse_error") == "bad_json");
  CHECK(field_of(decode_one(decoder, "[1]"), "parse_error") == "not_object");
  CHECK(field_of(decode_one(decoder, R"({"MESSAGE":"x"})"), "parse_error") == "bad_timestamp");
  CHECK(field_of(decode_one(decoder, R"({"__REALTIME_TIMESTAMP":"99999999999999999999","MESSAGE":"x"})"),
                 "message") == "x");
  CHECK(decode_one(decoder, "{").time_quality(0) == TimeQuality::received);
  CHECK(decoder.counters().by_reason.at("bad_json") == 2);
}

TEST_CASE("ndjson: values, kinds and names") {
  NdjsonDecoder decoder;
  const Batch batch = decode_one(
      decoder, R"({"s":"t","i":-5,"u":18446744073709551615,"d":1.5,"b":true,"n":null,"a":[1,"x",null,[2]],)"
               R"("o":{"p":{"q":"r"}},"l":[{"k":1},{"k":2,"m":"z"}],"e":"","x":[],"y":{},"":"nameless",)"
               R"("Threat Name":"v","o2":{"A B":"w"}})");
  CHECK(field_of(batch, "ThreatName") == "v");  // as rules write it
  CHECK(field_of(batch, "o2.AB") == "w");
  CHECK(field_of(batch, "s") == "t");
  CHECK(kind_of(batch, "s") == ValueKind::text);
  CHECK(field_of(batch, "i") == "-5");
  CHECK(kind_of(batch, "i") == ValueKind::integer);
  CHECK(field_of(batch, "u") == "18446744073709551615");
  CHECK(field_of(batch, "d") == "1.5");
  CHECK(kind_of(batch, "d") == ValueKind::real);
  CHECK(kind_of(batch, "b") == ValueKind::boolean);
  CHECK(kind_of(batch, "n") == ValueKind::null);
  CHECK(values_of(batch, "a") == std::vector<std::string>{"1", "x", "", "2"});
  CHECK(field_of(batch, "o.p.q") == "r");
  CHECK(values_of(batch, "l.k") == std::vector<std::string>{"1", "2"});
  CHECK(field_of(batch, "e") == "");
  CHECK(field_of(batch, "x") == "<absent>");
  CHECK(field_of(batch, "parse_error") == "<absent>");
  CHECK(batch.time_quality(0) == TimeQuality::received);
}

TEST_CASE("ndjson: members in another order, in another batch, and very many names") {
  NdjsonDecoder decoder;
  BatchBuilder first("ndjson"), second("ndjson");
  const Provenance provenance = test_provenance();
  decoder.decode(R"({"a":"1","b":2,"c":{"a":"3"}})", provenance, first);
  decoder.decode(R"({"b":"4","a":"1","d":null,"c":{"a":"3"}})", provenance, first);
  decoder.decode(R"({"a":"5","a":"6","b":1})", provenance, second);
  std::string many = "{";
  for (int i = 0; i < 6'000; ++i) many += "\"n" + std::to_string(i) + "\":{},";
  decoder.decode(many + R"("b":7})", provenance, first);
  decoder.decode(R"({"b":8,"a":"1"})", provenance, first);
  const Batch batch = first.finish();
  CHECK(fields_of(batch, {"a", "b", "c.a"}, 0) == "a=1|b=2|c.a=3");
  CHECK(fields_of(batch, {"a", "b", "c.a"}, 1) == "a=1|b=4|c.a=3");
  CHECK(fields_of(batch, {"a", "b", "c.a"}, 2) == "b=7");
  CHECK(fields_of(batch, {"a", "b", "c.a"}, 3) == "a=1|b=8");
  CHECK(values_of(second.finish(), "a") == std::vector<std::string>{"5", "6"});
}

TEST_CASE("ndjson: times") {
  struct Row {
    const char* json;
    const char* time;
    const char* quality;
  };
  const Row rows[] = {
      {R"({"@timestamp":"2026-11-24T02:00:00.5Z","EventTime":"2026-11-24 01:00:00"})",
       "2026-11-24T02:00:00.500Z", "exact"},
      {R"({"EventTime":"2026-11-24 09:30:00"})", "2026-11-24T02:30:00Z", "zone_assumed"},
      {R"({"time":1795489000})", "2026-11-24T02:56:40Z", "exact"},
      {R"({"time":1795489000.25})", "2026-11-24T02:56:40.250Z", "exact"},
      {R"({"timestamp":1795489000250})", "2026-11-24T02:56:40.250Z", "exact"},
      {R"({"_time":"1795489000"})", "2026-11-24T02:56:40Z", "exact"},
      {R"({"TimeCreated":"/Date(1795489000250)/"})", "2026-11-24T02:56:40.250Z", "exact"},
      {R"({"TimeCreated":{"SystemTime":"2026-11-24T02:00:00Z"}})", "2026-11-24T02:00:00Z", "exact"},
      {R"({"time":"10:00","_time":1795489000})", "2026-11-24T02:56:40Z", "exact"},
      {R"({"timestamp":"2025-11-24T02:00:00Z"})", "2025-11-24T02:00:00Z", "skewed"},
      {R"({"a":1})", "2026-11-24T03:00:00Z", "received"},
      {R"({"time":-1})", "2026-11-24T03:00:00Z", "received"},
      {R"({"time":1e300})", "2026-11-24T03:00:00Z", "received"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.json);
    NdjsonDecoder decoder;
    const Batch batch = decode_one(decoder, row.json);
    CHECK(format_rfc3339(batch.event_time(0)) == row.time);
    CHECK(to_string(batch.time_quality(0)) == row.quality);
  }
  NdjsonDecoder decoder;
  CHECK(field_of(decode_one(decoder, R"({"time":"noon"})"), "parse_error") == "bad_timestamp");
}

TEST_CASE("ndjson: host and log source") {
  NdjsonDecoder decoder;
  CHECK(values_of(decode_one(decoder, R"({"host":"a"})"), "host") == std::vector<std::string>{"a"});
  CHECK(field_of(decode_one(decoder, R"({"host":"a"})"), "event.host") == "<absent>");
  CHECK(field_of(decode_one(decoder, R"({"host":{"name":"b","ip":"::1"}})"), "host") == "b");
  CHECK(field_of(decode_one(decoder, R"({"host.name":"b"})"), "host") == "b");
  CHECK(field_of(decode_one(decoder, R"({"hostname":"c"})"), "host") == "c");
  const ChannelLogsource table[] = {{"Security", "windows//security"},
                                    {"Microsoft-Windows-Sysmon/Operational", "windows//sysmon"}};
  Provenance provenance = test_provenance();
  provenance.default_logsource = "windows//";
  provenance.channel_logsources = table;
  const Batch sysmon = decode_one(
      decoder,
      R"({"Channel":"microsoft-windows-sysmon/operational","EventID":1,"host":"wec","Hostname":"PC7"})",
      provenance);
  CHECK(field_of(sysmon, "logsource") == "windows//sysmon");
  CHECK(values_of(sysmon, "host") == std::vector<std::string>{"PC7"});
  CHECK(field_of(sysmon, "event.host") == "wec");
  CHECK(field_of(decode_one(decoder, R"({"EventID":1,"Channel":"Other"})", provenance), "logsource") ==
        "windows//");
}

TEST_CASE("ndjson: a record cannot claim what the batch says about it") {
  NdjsonDecoder decoder;
  const Batch batch =
      decode_one(decoder, R"({"agency":"other","source":"other","logsource":"linux//sshd","parse_error":"x",)"
                          R"("raw":"y","a.agency":1})");
  CHECK(values_of(batch, "agency") == std::vector<std::string>{"so-tttt"});
  CHECK(values_of(batch, "source") == std::vector<std::string>{"test"});
  CHECK(field_of(batch, "logsource") == "<absent>");
  CHECK(field_of(batch, "parse_error") == "<absent>");
  CHECK(field_of(batch, "event.agency") == "other");
  CHECK(field_of(batch, "event.raw") == "y");
}

TEST_CASE("ndjson: limits") {
  NdjsonDecoder decoder;
  const auto nested = [](int depth) {
    std::string out = "{\"a\":";
    for (int i = 1; i < depth; ++i) out += "[";
    out += "1";
    for (int i = 1; i < depth; ++i) out += "]";
    return out + "}";
  };
  CHECK(field_of(decode_one(decoder, nested(32)), "a") == "1");
  CHECK(field_of(decode_one(decoder, nested(33)), "parse_error") == "too_deep");
  CHECK(field_of(decode_one(decoder, nested(5'000)), "parse_error") == "too_deep");

  std::string wide = "{";
  for (int i = 0; i < 2'001; ++i) wide += "\"f" + std::to_string(i) + "\":1,";
  wide.back() = '}';
  const Batch cut = decode_one(decoder, wide);
  CHECK(field_of(cut, "parse_error") == "too_many_fields");
  CHECK(field_of(cut, "f1999") == "1");
  CHECK(field_of(cut, "f2000") == "<absent>");

  const std::string large = "{\"a\":\"" + std::string(1 << 20, 'x') + "\"}";
  const Batch oversized = decode_one(decoder, large);
  CHECK(field_of(oversized, "parse_error") == "oversized");
  CHECK(oversized.raw(0).size() == std::size_t{1} << 20);

  CHECK(field_of(decode_one(decoder, "{\"a\":\"\xFF\"}"), "a") == "\xEF\xBF\xBD");
  CHECK(field_of(decode_one(decoder, "{\"a\":\"\xFF\"}"), "parse_error") == "not_utf8");
  CHECK(field_of(decode_one(decoder, "\"a\""), "parse_error") == "not_object");
  CHECK(field_of(decode_one(decoder, "{} {}"), "parse_error") == "bad_json");
  CHECK(field_of(decode_one(decoder, "\n"), "parse_error") == "empty");
}

TEST_CASE("decoder: formats") {
  for (const char* format : {"syslog", "journald", "ndjson", "text"}) {
    auto decoder = make_decoder(format);
    REQUIRE(decoder.has_value());
    CHECK((*decoder)->name() == format);
    const Batch batch = decode_one(**decoder, "\x80 not a record");
    CHECK(batch.rows() == 1);
    CHECK(batch.raw(0) == "\x80 not a record");
    CHECK(batch.shape() == format);
    CHECK((*decoder)->counters().records == 1);
    CHECK(field_of(batch, "parse_error") != "<absent>");
  }
  const auto unknown = make_decoder("evtx");
  REQUIRE(!unknown.has_value());
  CHECK(unknown.error().code == ErrorCode::invalid);
  CHECK(has_text(unknown.error().text_id));
  auto text = make_decoder("text");
  CHECK(field_of(decode_one(**text, "Nov 24 09:59:00 h prog: x\n"), "message") ==
        "Nov 24 09:59:00 h prog: x");
}

TEST_CASE("text: a date and time at the beginning is the event's") {
  struct Case {
    const char* line;
    const char* time;  // RFC 3339 in UTC
    const char* quality;
  };
  const Case cases[] = {
      // dpkg.log and apt's history say local time
      {"2026-11-24 09:59:00 install sudo:amd64 <none> 1.9.13p3-1", "2026-11-24T02:59:00Z", "zone_assumed"},
      {"Start-Date: 2026-11-24  09:58:07", "2026-11-24T02:58:07Z", "zone_assumed"},
      {"End-Date: 2026-11-24  09:58:30\n", "2026-11-24T02:58:30Z", "zone_assumed"},
      {"2026-11-24T02:59:00.250Z started", "2026-11-24T02:59:00.250Z", "exact"},
      {"2026-11-24 09:59:00,123 INFO x", "2026-11-24T02:59:00.123Z", "zone_assumed"},
      {"2026-11-20 10:00:00 status installed", "2026-11-20T03:00:00Z", "skewed"},
      // everything else happened when it came in
      {"Commandline: apt install sudo", "2026-11-24T03:00:00Z", "received"},
      {"at 2026-11-24 09:59:00 something", "2026-11-24T03:00:00Z", "received"},
      {"2026-11-31 09:59:00 no such day", "2026-11-24T03:00:00Z", "received"},
      {"2026-11-24 09:59:00x", "2026-11-24T03:00:00Z", "received"},
      {"2026-11-24", "2026-11-24T03:00:00Z", "received"},
      {"2026-11-24  ", "2026-11-24T03:00:00Z", "received"},
      {"2  ", "2026-11-24T03:00:00Z", "received"},
      {"20261124  ", "2026-11-24T03:00:00Z", "received"},
      {"Start-Date: ", "2026-11-24T03:00:00Z", "received"},
  };
  auto text = make_decoder("text");
  for (const Case& test : cases) {
    CAPTURE(test.line);
    const Batch batch = decode_one(**text, test.line);
    CHECK(format_rfc3339(batch.event_time(0)) == test.time);
    CHECK(to_string(batch.time_quality(0)) == test.quality);
    CHECK(batch.raw(0) == test.line);
    CHECK(test.line == field_of(batch, "message") + (std::string(test.line).ends_with("\n") ? "\n" : ""));
  }
}

TEST_CASE("decoder: when a batch is flushed") {
  auto text = make_decoder("text");
  BatchBuilder builder("text");
  FlushPolicy policy({.rows_max = 3, .bytes_max = 10'000, .delay_max = milliseconds(50)});
  CHECK(!policy.due(builder, kTestNow));
  CHECK(!policy.deadline());
  (*text)->decode("a", test_provenance(), builder);
  CHECK(!policy.due(builder, kTestNow));
  CHECK(*policy.deadline() == kTestNow + milliseconds(50));
  CHECK(!policy.due(builder, kTestNow + milliseconds(49)));
  CHECK(policy.due(builder, kTestNow + milliseconds(50)));
  CHECK(!policy.due(builder, kTestNow - hours(1)));  // the clock was set back: the wait starts anew
  CHECK(policy.due(builder, kTestNow - hours(1) + milliseconds(50)));
  builder.finish();
  policy.flushed();
  CHECK(!policy.due(builder, kTestNow + hours(1)));
  for (int i = 0; i < 3; ++i) (*text)->decode("b", test_provenance(), builder);
  CHECK(policy.due(builder, kTestNow));
  builder.finish();
  policy.flushed();
  (*text)->decode(std::string(20'000, 'x'), test_provenance(), builder);
  CHECK(policy.due(builder, kTestNow));
}

}  // namespace
}  // namespace phendau::ingest::json_decoders_test
