// SPDX-License-Identifier: Apache-2.0
// Proves the header forms: each case is a record and the fields that must come out, in one line of text.
#include "ingest/syslog_decoder.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ingest/testing/rows.h"

namespace phendau::ingest::syslog_decoder_test {
namespace {

const std::vector<std::string> kHeader = {"parse_error",   "facility", "severity", "relay_host",
                                          "relay_program", "host",     "program",  "pid",
                                          "msgid",         "message"};

struct Case {
  const char* record;
  const char* time;  // RFC 3339 in UTC
  const char* quality;
  const char* fields;
};

void check(const Case& test) {
  CAPTURE(test.record);
  SyslogDecoder decoder;
  Provenance provenance = test_provenance();
  provenance.skew_limit = days(400);
  const Batch batch = decode_one(decoder, test.record, provenance);
  REQUIRE(batch.rows() == 1);
  CHECK(batch.raw(0) == test.record);
  CHECK(format_rfc3339(batch.event_time(0)) == test.time);
  CHECK(to_string(batch.time_quality(0)) == test.quality);
  CHECK(fields_of(batch, kHeader) == test.fields);
}

TEST_CASE("syslog: a guessed year hides no clock that is days off") {
  SyslogDecoder decoder;
  BatchBuilder builder("syslog");
  decoder.decode("Nov 22 10:00:00 h p: two days late", test_provenance(), builder);
  decoder.decode("Nov 26 10:00:00 h p: two days early", test_provenance(), builder);
  decoder.decode("Nov 24 17:00:00 h p: hours early", test_provenance(), builder);
  decoder.decode("Nov 24 09:59:00 h p: right", test_provenance(), builder);
  const Batch batch = builder.finish();
  const char* times[] = {"2026-11-22T03:00:00Z", "2025-11-26T03:00:00Z", "2026-11-24T10:00:00Z",
                         "2026-11-24T02:59:00Z"};
  for (std::uint32_t row = 0; row < 4; ++row) {
    CHECK(format_rfc3339(batch.event_time(row)) == times[row]);
    CHECK(batch.time_quality(row) == (row < 3 ? TimeQuality::skewed : TimeQuality::year_assumed));
  }
  CHECK(decoder.counters().skewed == 3);
}

TEST_CASE("syslog: RFC 3164 and its relatives") {
  const Case cases[] = {
      {"<34>Nov 24 09:59:00 web01 prog[42]: hello", "2026-11-24T02:59:00Z", "year_assumed",
       "facility=auth|severity=crit|host=web01|program=prog|pid=42|message=hello"},
      {"Nov  4 09:59:00 web01 prog: hello", "2026-11-04T02:59:00Z", "year_assumed",
       "host=web01|program=prog|message=hello"},
      {"Nov 4 09:59:00.250 web01 prog: hello", "2026-11-04T02:59:00.250Z", "year_assumed",
       "host=web01|program=prog|message=hello"},
      {"Dec 10 06:55:46 LabSZ a: b", "2025-12-09T23:55:46Z", "year_assumed",
       "host=LabSZ|program=a|message=b"},
      {"Nov 25 09:59:59 h a: b", "2026-11-25T02:59:59Z", "year_assumed", "host=h|program=a|message=b"},
      {"Nov 25 10:00:01 h a: b", "2025-11-25T03:00:01Z", "year_assumed", "host=h|program=a|message=b"},
      {"Feb 29 10:00:00 h a: b", "2024-02-29T03:00:00Z", "skewed", "host=h|program=a|message=b"},
      {"Nov 24 2026 09:59:00 h a: b", "2026-11-24T02:59:00Z", "zone_assumed", "host=h|program=a|message=b"},
      {"Nov 24 09:59:00 2026 h a: b", "2026-11-24T02:59:00Z", "zone_assumed", "host=h|program=a|message=b"},
      {"<86>2026-11-24T10:00:00.123456+07:00 host prog[7]: msg", "2026-11-24T03:00:00.123456Z", "exact",
       "facility=authpriv|severity=info|host=host|program=prog|pid=7|message=msg"},
      {"2026-11-24T10:00:00.5+07:00 host prog[7]: msg", "2026-11-24T03:00:00.500Z", "exact",
       "host=host|program=prog|pid=7|message=msg"},
      {"2026-11-24 10:00:00 host prog: msg", "2026-11-24T03:00:00Z", "zone_assumed",
       "host=host|program=prog|message=msg"},
      {"<13>Nov 24 09:59:00 prog[3]: no host", "2026-11-24T02:59:00Z", "year_assumed",
       "facility=user|severity=notice|program=prog|pid=3|message=no host"},
      {"<13>Nov 24 09:59:00 prog: no host", "2026-11-24T02:59:00Z", "year_assumed",
       "facility=user|severity=notice|program=prog|message=no host"},
      {"Nov 24 09:59:00 mx postfix/smtpd[99]: connect from x", "2026-11-24T02:59:00Z", "year_assumed",
       "host=mx|program=postfix/smtpd|pid=99|message=connect from x"},
      {"Nov 24 09:59:00 h My Service[12]: up", "2026-11-24T02:59:00Z", "year_assumed",
       "host=h|program=My Service|pid=12|message=up"},
      {"Nov 24 09:59:00 combo syslogd 1.4.1: restart.", "2026-11-24T02:59:00Z", "year_assumed",
       "host=combo|program=syslogd|message=restart."},
      {"Nov 24 09:59:00 h : nobody said", "2026-11-24T02:59:00Z", "year_assumed",
       "host=h|message=nobody said"},
      {"Nov 24 09:59:00 h something happened: twice", "2026-11-24T02:59:00Z", "year_assumed",
       "host=h|message=something happened: twice"},
      {"Nov 24 09:59:00 h kernel: [    1.000000] eth0: up", "2026-11-24T02:59:00Z", "year_assumed",
       "host=h|program=kernel|message=[    1.000000] eth0: up"},
      {"<34>su: 'su root' failed for lonvick", "2026-11-24T03:00:00Z", "received",
       "facility=auth|severity=crit|program=su|message='su root' failed for lonvick"},
      {"<30>system,info router rebooted", "2026-11-24T03:00:00Z", "received",
       "facility=daemon|severity=info|message=system,info router rebooted"},
      {"<189>123: *Mar  1 18:46:11.123 UTC: %SYS-5-CONFIG_I: Configured", "2026-03-01T18:46:11.123Z",
       "year_assumed", "facility=local7|severity=notice|program=%SYS-5-CONFIG_I|message=Configured"},
      {"<166>Nov 24 2026 09:59:00 fw01 : %ASA-6-302013: Built outbound", "2026-11-24T02:59:00Z",
       "zone_assumed",
       "facility=local4|severity=info|host=fw01|program=%ASA-6-302013|message=Built outbound"},
      {"<166>Nov 24 2026 09:59:00: %ASA-6-302013: Built outbound", "2026-11-24T02:59:00Z", "zone_assumed",
       "facility=local4|severity=info|program=%ASA-6-302013|message=Built outbound"},
      {"Nov 24 09:59:00 h prog: line\r\n", "2026-11-24T02:59:00Z", "year_assumed",
       "host=h|program=prog|message=line"},
      {"Nov 24 09:59:00 h prog: kept \t ", "2026-11-24T02:59:00Z", "year_assumed",
       "host=h|program=prog|message=kept \t "},
      {"2026-11-24T03:00:00Z INFO app::core: started", "2026-11-24T03:00:00Z", "exact",
       "message=INFO app::core: started"},
  };
  for (const Case& test : cases) check(test);
}

TEST_CASE("syslog: what cannot be understood is a row with a reason") {
  const Case cases[] = {
      {"", "2026-11-24T03:00:00Z", "received", "parse_error=empty"},
      {"just text", "2026-11-24T03:00:00Z", "received", "parse_error=no_header|message=just text"},
      {"<999>Nov 24 09:59:00 h p: m", "2026-11-24T03:00:00Z", "received",
       "parse_error=bad_priority|message=<999>Nov 24 09:59:00 h p: m"},
      {"<>x", "2026-11-24T03:00:00Z", "received", "parse_error=bad_priority|message=<>x"},
      {"<34>2026-13-45T10:00:00Z h p: m", "2026-11-24T03:00:00Z", "received",
       "parse_error=bad_timestamp|facility=auth|severity=crit|message=2026-13-45T10:00:00Z h p: m"},
      {"<34>2 2026-11-24T10:00:00Z h p - - - m", "2026-11-24T03:00:00Z", "received",
       "parse_error=bad_header|facility=auth|severity=crit|message=2 2026-11-24T10:00:00Z h p - - - m"},
      {"<34>1 2026-11-24T03:00:00Z h p", "2026-11-24T03:00:00Z", "exact",
       "parse_error=bad_header|facility=auth|severity=crit|host=h|program=p"},
      {"<34>1 yesterday h p - - - m", "2026-11-24T03:00:00Z", "received",
       "facility=auth|severity=crit|message=1 yesterday h p - - - m"},
      {"<34>1 2026-99-24T03:00:00Z h p - - - m", "2026-11-24T03:00:00Z", "received",
       "parse_error=bad_timestamp|facility=auth|severity=crit|host=h|program=p|message=m"},
      {"<34>1 - h p - - [a b=\"c] m", "2026-11-24T03:00:00Z", "received",
       "parse_error=bad_structured_data|facility=auth|severity=crit|host=h|program=p|message=[a b=\"c] m"},
  };
  for (const Case& test : cases) check(test);
}

TEST_CASE("syslog: RFC 5424") {
  const Case cases[] = {
      {"<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 - \xEF\xBB\xBF"
       "An event",
       "2003-10-11T22:14:15.003Z", "skewed",
       "facility=local4|severity=notice|host=mymachine.example.com|program=evntslog|msgid=ID47|message=An "
       "event"},
      {"<34>1 - - - - - -", "2026-11-24T03:00:00Z", "received", "facility=auth|severity=crit"},
      {"<34>1 2026-11-24T10:00:00+07:00 h sshd 77 - - m  x ", "2026-11-24T03:00:00Z", "exact",
       "facility=auth|severity=crit|host=h|program=sshd|pid=77|message=m  x "},
  };
  for (const Case& test : cases) check(test);
}

TEST_CASE("syslog: structured data") {
  SyslogDecoder decoder;
  const Batch batch = decode_one(
      decoder, "<34>1 - h p - - [ex@1 a=\"1\" b=\"q\\\"\\]\\\\\\n\" a=\"2\"][empty][o@2 c=\"\"] text");
  CHECK(values_of(batch, "sd.ex@1.a") == std::vector<std::string>{"1", "2"});
  CHECK(field_of(batch, "sd.ex@1.b") == "q\"]\\\\n");
  CHECK(field_of(batch, "sd.o@2.c") == "");
  CHECK(field_of(batch, "message") == "text");
  CHECK(field_of(batch, "parse_error") == "<absent>");

  std::string many = "<34>1 - h p - - [x";
  for (int i = 0; i < 500; ++i) many += " k" + std::to_string(i) + "=\"v\"";
  many += "] text";
  const Batch cut = decode_one(decoder, many);
  CHECK(field_of(cut, "parse_error") == "too_many_fields");
  CHECK(field_of(cut, "sd.x.k0") == "v");
  CHECK(field_of(cut, "sd.x.k499") == "<absent>");
}

TEST_CASE("syslog: a whole line inside another line") {
  const Case cases[] = {
      {"<133>2026-11-24T10:00:00.1+07:00 relay01 ssh-log: Dec 10 06:55:46 LabSZ sshd[24200]: Invalid user "
       "webmaster "
       "from 173.234.31.186",
       "2025-12-09T23:55:46Z", "year_assumed",
       "facility=local0|severity=notice|relay_host=relay01|relay_program=ssh-log|host=LabSZ|program=sshd|pid="
       "24200|"
       "message=Invalid user webmaster from 173.234.31.186"},
      {"<133>Nov 24 10:00:00 relay01 ssh-log: <86>Dec 10 06:55:46 LabSZ sshd[24200]: x",
       "2025-12-09T23:55:46Z", "year_assumed",
       "facility=authpriv|severity=info|relay_host=relay01|relay_program=ssh-log|host=LabSZ|program=sshd|"
       "pid=24200|message=x"},
      {"<133>1 2026-11-24T10:00:00Z relay01 ssh-log - - - 2026-11-24T09:00:00+07:00 web sudo: x",
       "2026-11-24T02:00:00Z", "exact",
       "facility=local0|severity=notice|relay_host=relay01|relay_program=ssh-log|host=web|program=sudo|"
       "message=x"},
      {"<133>Nov 24 10:00:00 relay01 tag: <86>1 2026-11-24T02:00:00Z web app 5 - - x", "2026-11-24T02:00:00Z",
       "exact",
       "facility=authpriv|severity=info|relay_host=relay01|relay_program=tag|host=web|program=app|pid=5|"
       "message=x"},
      {"Nov 24 10:00:00 h app: 2026-11-24T02:00:00Z INFO core: started", "2026-11-24T03:00:00Z",
       "year_assumed", "host=h|program=app|message=2026-11-24T02:00:00Z INFO core: started"},
      {"Nov 24 10:00:00 h app: Dec 10 06:55:46 only a date in text", "2026-11-24T03:00:00Z", "year_assumed",
       "host=h|program=app|message=Dec 10 06:55:46 only a date in text"},
  };
  for (const Case& test : cases) check(test);
  SyslogDecoder decoder;
  const Batch two = decode_one(
      decoder,
      "<13>Nov 24 10:00:00 outer a: <13>Nov 24 10:00:00 middle b: <13>Nov 24 09:00:00 inner c: text");
  CHECK(values_of(two, "relay_host") == std::vector<std::string>{"outer", "middle"});
  CHECK(field_of(two, "host") == "inner");
  CHECK(decoder.counters().nested == 1);
}

TEST_CASE("syslog: skew, provenance and counters") {
  SyslogDecoder decoder;
  Provenance provenance = test_provenance();
  provenance.skew_limit = minutes(5);
  provenance.peer = "10.0.0.9";
  provenance.channel = "udp/514";
  provenance.default_logsource = "cisco//asa";
  BatchBuilder builder("syslog");
  decoder.decode("2026-11-24T09:54:59+07:00 h p: late", provenance, builder);
  decoder.decode("2026-11-24T09:55:00+07:00 h p: on time", provenance, builder);
  decoder.decode("Nov 24 09:55:00 h p: on time without a year", provenance, builder);
  decoder.decode("nonsense", provenance, builder);
  decoder.decode("nonsense", provenance, builder);
  decoder.decode("<13>Nov 24 09:59:00 sshd[1]: x", provenance, builder);
  provenance.oversized = true;
  decoder.decode("Nov 24 09:59:00 h p: cut her", provenance, builder);
  const Batch batch = builder.finish();
  REQUIRE(batch.rows() == 7);
  CHECK(batch.time_quality(0) == TimeQuality::skewed);
  CHECK(batch.time_quality(1) == TimeQuality::exact);
  CHECK(batch.time_quality(2) == TimeQuality::year_assumed);
  CHECK(field_of(batch, "source", 0) == "test");
  CHECK(field_of(batch, "agency", 0) == "so-tttt");
  CHECK(field_of(batch, "host", 3) == "10.0.0.9");
  CHECK(field_of(batch, "peer_address", 3) == "10.0.0.9");
  CHECK(field_of(batch, "input_channel", 3) == "udp/514");
  CHECK(field_of(batch, "logsource", 0) == "cisco//asa");
  CHECK(field_of(batch, "logsource", 5) == "linux//sshd");
  CHECK(field_of(batch, "parse_error", 6) == "oversized");
  CHECK(field_of(batch, "message", 6) == "cut her");
  CHECK(decoder.counters().records == 7);
  CHECK(decoder.counters().skewed == 1);
  CHECK(decoder.counters().by_reason.at("no_header") == 2);
  CHECK(decoder.counters().by_reason.at("oversized") == 1);
}

TEST_CASE("syslog: bytes that are no UTF-8 stay in raw") {
  SyslogDecoder decoder;
  const std::string record = "<13>Nov 24 09:59:00 h prog: caf\xE9 \xFF\xFE";
  const Batch batch = decode_one(decoder, record);
  CHECK(batch.raw(0) == record);
  CHECK(field_of(batch, "parse_error") == "not_utf8");
  CHECK(field_of(batch, "program") == "prog");
  CHECK(field_of(batch, "message") == "caf\xEF\xBF\xBD \xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("syslog: Vietnamese text in both normal forms arrives as it was sent") {
  // "Dang nhap that bai" with accents: precomposed, and with combining marks.
  const std::string nfc = "\xC4\x90\xC4\x83ng nh\xE1\xBA\xADp th\xE1\xBA\xA5t b\xE1\xBA\xA1i";
  const std::string nfd =
      "\xC4\x90"
      "a\xCC\x86ng nha\xCC\xA3\xCC\x82p tha\xCC\x82\xCC\x81t ba\xCC\xA3i";
  SyslogDecoder decoder;
  for (const auto& text : {nfc, nfd}) {
    CHECK(field_of(decode_one(decoder, "<13>Nov 24 09:59:00 h prog: " + text), "message") == text);
    CHECK(field_of(decode_one(decoder, "<13>1 - h prog - - - \xEF\xBB\xBF" + text), "message") == text);
    CHECK(field_of(decode_one(decoder, "<13>1 - h prog - - [a b=\"" + text + "\"]"), "sd.a.b") == text);
  }
}

TEST_CASE("syslog: log sources by program") {
  struct Row {
    const char* program;
    const char* logsource;
  };
  const Row rows[] = {{"sshd[1]", "linux//sshd"},
                      {"sshd(pam_unix)[1]", "linux//sshd"},
                      {"sudo", "linux//sudo"},
                      {"su", "linux//auth"},
                      {"login[1]", "linux//auth"},
                      {"useradd[1]", "linux//auth"},
                      {"systemd-logind[1]", "linux//auth"},
                      {"CRON[1]", "linux//cron"},
                      {"kernel", "linux//kernel"},
                      {"auditd[1]", "linux//auditd"},
                      {"/usr/sbin/cron[1]", "linux//cron"},
                      {"nginx", "linux//syslog"}};
  SyslogDecoder decoder;
  for (const Row& row : rows) {
    const Batch batch = decode_one(decoder, std::string("Nov 24 09:59:00 h ") + row.program + ": x");
    CHECK_MESSAGE(field_of(batch, "logsource") == row.logsource, row.program);
  }
}

TEST_CASE("syslog: one decoder fills several builders") {
  SyslogDecoder decoder;
  BatchBuilder a("syslog");
  BatchBuilder b("syslog");
  decoder.decode("<13>Nov 24 09:59:00 h prog[1]: a", test_provenance(), a);
  decoder.decode("only text", test_provenance(), b);
  decoder.decode("Nov 24 09:59:00 h prog: b", test_provenance(), b);
  decoder.decode("Nov 24 09:59:00 h prog: c", test_provenance(), a);
  const Batch first = a.finish();
  decoder.decode("<13>1 - h2 prog2 - m - d", test_provenance(), a);
  const Batch second = b.finish();
  const Batch third = a.finish();
  CHECK(field_of(first, "message", 1) == "c");
  CHECK(field_of(second, "program", 1) == "prog");
  CHECK(field_of(third, "msgid") == "m");
  CHECK(field_of(third, "message") == "d");
}

}  // namespace
}  // namespace phendau::ingest::syslog_decoder_test
