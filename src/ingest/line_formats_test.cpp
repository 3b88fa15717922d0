// SPDX-License-Identifier: Apache-2.0
// Proves that a file's format is told by its content and that what decoders remember is shared through
// Provenance.
#include "ingest/line_formats.h"

#include <doctest/doctest.h>

#include "ingest/testing/rows.h"

namespace phendau::ingest::line_formats_test {
namespace {

TEST_CASE("the format of a file is told by its first line") {
  CHECK(detect_format("{\"a\":1}\n") == "ndjson");
  CHECK(detect_format("\n [{\"a\":1}]") == "ndjson");
  CHECK(detect_format("[Tue Nov 24 09:47:44 2026] [error] x\n") == "text");
  CHECK(detect_format("#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n") ==
        "text");
  CHECK(detect_format("203.0.113.9 - - [24/Nov/2026:10:00:00 +0700] \"GET / HTTP/1.1\" 200 1\n") == "text");
  CHECK(detect_format("type=SYSCALL msg=audit(1795489200.123:77): arch=c000003e\n") == "text");
  CHECK(detect_format("CEF:0|v|p|1|2|n|3|a=b\n") == "text");
  CHECK(detect_format("Dec 10 06:55:46 LabSZ sshd[24200]: Invalid user\n") == "syslog");
  CHECK(detect_format("<13>Nov 24 09:59:00 h CEF:0|v|p|1|2|n|3|a=b\n") == "syslog");
  CHECK(detect_format("2026-11-24T10:00:00+07:00 host prog: text\n") == "syslog");
  CHECK(detect_format("Nov 26 08:00:00 gw kernel: [UFW BLOCK] IN=eth0 OUT= SRC=203.0.113.5 DST=10.0.0.1 "
                      "PROTO=TCP SPT=5 DPT=22\n") == "syslog");
  CHECK(detect_format("") == "syslog");
}

TEST_CASE("lines of a firewall keep the time and the host of the header before them") {
  const Batch batch = decode_one(**make_decoder("syslog"),
                                 "Nov 24 08:00:00 gw kernel: [9.1] [UFW BLOCK] IN=eth0 OUT= SRC=203.0.113.5 "
                                 "DST=10.0.0.1 PROTO=TCP DPT=22");
  CHECK(fields_of(batch, {"host", "logsource", "SRC", "action"}) ==
        "host=gw|logsource=linux/firewall/netfilter|SRC=203.0.113.5|action=block");
  const Batch bare =
      decode_one(**make_decoder("syslog"),
                 "date=2026-11-24 time=08:00:00 devname=\"FG1\" devid=\"FG100\" logid=\"0000000013\" "
                 "type=\"traffic\" subtype=\"forward\" srcip=10.0.0.5 dstip=1.2.3.4 action=\"deny\"");
  CHECK(fields_of(bare, {"host", "logsource", "srcip"}) ==
        "host=FG1|logsource=fortigate//traffic|srcip=10.0.0.5");
}

TEST_CASE("two decoders share what a source announced") {
  LineMemory memory;
  Provenance provenance = test_provenance();
  provenance.memory = &memory;
  decode_one(**make_decoder("text"), "#Fields: date time c-ip sc-status", provenance);
  const Batch batch = decode_one(**make_decoder("text"), "2026-11-24 03:00:00 203.0.113.9 404", provenance);
  CHECK(fields_of(batch, {"c-ip", "sc-status"}) == "c-ip=203.0.113.9|sc-status=404");
  provenance.source = "another";
  CHECK(field_of(decode_one(**make_decoder("text"), "2026-11-24 03:00:00 203.0.113.9 404", provenance),
                 "c-ip") == "<absent>");
}

TEST_CASE("a message behind a syslog header keeps its host and gets its own fields") {
  const Batch batch = decode_one(**make_decoder("syslog"),
                                 "<13>Nov 24 09:59:00 fw01 CEF:0|v|p|1|2|n|3|src=10.1.2.3 act=deny");
  CHECK(fields_of(batch, {"host", "logsource", "src", "act", "severity"}) ==
        "host=fw01|logsource=cef//|src=10.1.2.3|act=deny|severity=notice");
  CHECK(field_of(batch, "parse_error") == "<absent>");
}

TEST_CASE("journald: mail, and audit records whose type and number are members") {
  const auto decoder = make_decoder("journald");
  const Batch mail = decode_one(
      **decoder, R"j({"__REALTIME_TIMESTAMP":"1795489200000000","_HOSTNAME":"mx","SYSLOG_IDENTIFIER":)j"
                 R"j("postfix/qmgr","MESSAGE":"4AB12C3D: from=<a@b.vn>, size=7, nrcpt=1 (queue active)"})j");
  CHECK(fields_of(mail, {"host", "logsource", "queue_id", "mail_from"}) ==
        "host=mx|logsource=linux/mail/postfix|queue_id=4AB12C3D|mail_from=a@b.vn");
  decode_one(**decoder,
             R"j({"__REALTIME_TIMESTAMP":"1795489200000000","_TRANSPORT":"audit",)j"
             R"j("_AUDIT_TYPE_NAME":"SYSCALL","_AUDIT_ID":"77","MESSAGE":"SYSCALL exe=\"/bin/x\""})j");
  const Batch execve = decode_one(
      **decoder, R"j({"__REALTIME_TIMESTAMP":"1795489200000000","_HOSTNAME":"sv1","_TRANSPORT":"audit",)j"
                 R"j("_AUDIT_TYPE_NAME":"EXECVE","_AUDIT_ID":"77","MESSAGE":"EXECVE argc=1 a0=\"x\""})j");
  CHECK(fields_of(execve, {"logsource", "type", "cmdline", "exe"}) ==
        "logsource=linux//auditd|type=EXECVE|cmdline=x|exe=/bin/x");
  CHECK(format_rfc3339(execve.event_time(0)) == "2026-11-24T03:00:00Z");
}

}  // namespace
}  // namespace phendau::ingest::line_formats_test
