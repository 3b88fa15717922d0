// SPDX-License-Identifier: Apache-2.0
// Proves audit records: decoding of values, what the SYSCALL record passes on to the others of its event, and
// that events of different machines stay apart.
#include "ingest/audit_log.h"

#include <doctest/doctest.h>

#include "ingest/testing/rows.h"

namespace phendau::ingest {
namespace {

constexpr std::string_view kSyscall =
    "type=SYSCALL msg=audit(1795489200.123:77): arch=c000003e syscall=59 success=yes exit=0 a0=55 ppid=10 "
    "pid=11 auid=1000 uid=0 euid=0 tty=pts0 comm=\"curl\" exe=\"/usr/bin/curl\" key=\"exec\"\x1D"
    "AUID=\"lan\" UID=\"root\"";
constexpr std::string_view kExecve =
    "type=EXECVE msg=audit(1795489200.123:77): argc=4 a0=\"curl\" a1=\"-o\" a2=2F746D702F612062 a3=\"x\"";

Batch record(Decoder& decoder, std::string_view line, std::string_view source = "sv1") {
  Provenance provenance = test_provenance();
  provenance.source = source;
  return decode_one(decoder, line, provenance);
}

TEST_CASE("audit: an EXECVE record knows the program and the people of its event") {
  const auto decoder = make_decoder("auditd");
  const Batch syscall = record(**decoder, kSyscall);
  CHECK(fields_of(syscall, {"type", "SYSCALL", "exe", "key", "UID", "a0"}) ==
        "type=SYSCALL|SYSCALL=execve|exe=/usr/bin/curl|key=exec|UID=root|a0=55");
  CHECK(format_rfc3339(syscall.event_time(0)) == "2026-11-24T03:00:00.123Z");
  CHECK(field_of(syscall, "logsource") == "linux//auditd");
  const Batch execve = record(**decoder, kExecve);
  CHECK(fields_of(execve, {"type", "a0", "a1", "a2", "cmdline", "exe", "pid", "ppid", "UID", "key"}) ==
        "type=EXECVE|a0=curl|a1=-o|a2=/tmp/a b|cmdline=curl -o /tmp/a b x|exe=/usr/bin/curl|pid=11|ppid=10|"
        "UID=root|key=exec");
  CHECK(values_of(execve, "a0") == std::vector<std::string>{"curl"});  // not the register of the call
  CHECK(kind_of(execve, "pid") == ValueKind::integer);
}

TEST_CASE("audit: events of two machines with the same number stay apart") {
  const auto decoder = make_decoder("auditd");
  record(**decoder, kSyscall, "sv1");
  CHECK(field_of(record(**decoder, kExecve, "sv2"), "exe") == "<absent>");
  CHECK(field_of(record(**decoder, kExecve, "sv1"), "exe") == "/usr/bin/curl");
}

TEST_CASE("audit: memory is bounded") {
  const auto decoder = make_decoder("auditd");
  record(**decoder, kSyscall);
  for (int i = 0; i < static_cast<int>(kAuditContextsMax); ++i) {
    record(**decoder, "type=SYSCALL msg=audit(1795489201.000:" + std::to_string(i + 100) + "): exe=\"/x\"");
  }
  CHECK(field_of(record(**decoder, kExecve), "exe") == "<absent>");
}

TEST_CASE("audit: files and peers") {
  const auto decoder = make_decoder("auditd");
  record(**decoder, kSyscall);
  record(**decoder, "type=CWD msg=audit(1795489200.123:77): cwd=\"/etc/cron.d\"");
  const Batch path =
      record(**decoder, "type=PATH msg=audit(1795489200.123:77): item=1 name=\"x\" nametype=CREATE");
  CHECK(fields_of(path, {"name", "path", "nametype", "exe"}) ==
        "name=x|path=/etc/cron.d/x|nametype=CREATE|exe=/usr/bin/curl");
  CHECK(field_of(record(**decoder, "type=PATH msg=audit(1795489200.123:77): name=\"/bin/sh\""), "path") ==
        "/bin/sh");
  record(**decoder,
         "type=SYSCALL msg=audit(1795489200.500:78): arch=c000003e syscall=42 exe=\"/usr/bin/ssh\"");
  const Batch peer =
      record(**decoder, "type=SOCKADDR msg=audit(1795489200.500:78): saddr=020001BBCB007105000000");
  CHECK(fields_of(peer, {"DestinationIp", "DestinationPort", "Initiated", "exe"}) ==
        "DestinationIp=203.0.113.5|DestinationPort=443|Initiated=true|exe=/usr/bin/ssh");
  const Batch six = record(
      **decoder,
      "type=SOCKADDR msg=audit(1795489200.500:78): saddr=0A0001BB0000000020010DB8000000000000000000000001");
  CHECK(field_of(six, "DestinationIp") == "2001:db8:0:0:0:0:0:1");
}

TEST_CASE("audit: what programs report, titles, kernel lines, and arguments in pieces") {
  const auto decoder = make_decoder("auditd");
  const Batch login =
      record(**decoder,
             "node=sv9 type=USER_LOGIN msg=audit(1795489200.2:9): pid=1 uid=0 msg='op=login acct=\"lan\" "
             "exe=\"/usr/sbin/sshd\" hostname=? addr=203.0.113.9 terminal=ssh res=failed'");
  CHECK(fields_of(login, {"host", "type", "op", "acct", "addr", "res", "hostname"}) ==
        "host=sv9|type=USER_LOGIN|op=login|acct=lan|addr=203.0.113.9|res=failed");
  const Batch title =
      record(**decoder, "type=PROCTITLE msg=audit(1795489200.3:10): proctitle=6375726C002D6F");
  CHECK(field_of(title, "cmdline") == "curl -o");
  const Batch pieces =
      record(**decoder,
             "type=EXECVE msg=audit(1795489200.4:11): argc=2 a0=\"sh\" a1_len=4 a1[0]=\"ab\" a1[1]=\"cd\"");
  CHECK(field_of(pieces, "cmdline") == "sh abcd");
  const Batch kernel = decode_one(**make_decoder("syslog"),
                                  "<5>Nov 24 09:59:00 sv1 kernel: [ 12.345678] audit: type=1400 "
                                  "audit(1795489200.5:12): apparmor=\"DENIED\" profile=\"x\"");
  CHECK(fields_of(kernel, {"host", "type", "apparmor", "logsource"}) ==
        "host=sv1|type=AVC|apparmor=DENIED|logsource=linux//auditd");
}

TEST_CASE("audit: other lines are none") {
  CHECK(field_of(record(**make_decoder("auditd"), "type=SYSCALL msg=audit(nonsense)"), "parse_error") ==
        "bad_line");
  CHECK(field_of(record(**make_decoder("text"), "type=SYSCALL without a stamp"), "logsource") ==
        "linux//text");
}

}  // namespace
}  // namespace phendau::ingest
