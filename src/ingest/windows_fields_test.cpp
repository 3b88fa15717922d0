// SPDX-License-Identifier: Apache-2.0
// Proves what is added to events of the Security channel, that nothing is overwritten, and the log source of
// JSON records.
#include "ingest/windows_fields.h"

#include <doctest/doctest.h>

#include "ingest/testing/rows.h"

namespace phendau::ingest {
namespace {

Batch json(std::string_view record) {
  static const ChannelLogsource kChannels[] = {{"Security", "windows//security"}};
  Provenance provenance = test_provenance();
  provenance.channel_logsources = kChannels;
  return decode_one(**make_decoder("ndjson"), record, provenance);
}

TEST_CASE("4688 gets Sysmon's user, integrity level and decimal process ids") {
  const Batch batch =
      json(R"({"Channel":"security","EventID":4688,"SubjectUserName":"lan","SubjectDomainName":"XA",)"
           R"("NewProcessId":"0x18b8","ProcessId":"0x1e40","MandatoryLabel":"S-1-16-12288",)"
           R"("NewProcessName":"C:\\a.exe"})");
  CHECK(field_of(batch, "logsource") == "windows//security");
  CHECK(
      fields_of(batch, {"User", "IntegrityLevel", "NewProcessNumber", "CreatorProcessNumber", "ProcessId"}) ==
      "User=XA\\lan|IntegrityLevel=High|NewProcessNumber=6328|CreatorProcessNumber=7744|ProcessId=0x1e40");
  CHECK(kind_of(batch, "NewProcessNumber") == ValueKind::integer);
  CHECK(values_of(json(R"({"Channel":"Security","EventID":4688,"User":"A\\b","SubjectUserName":"lan"})"),
                  "User") == std::vector<std::string>{"A\\b"});
  CHECK(field_of(json(R"({"Channel":"Security","EventID":4624,"SubjectUserName":"lan"})"), "User") ==
        "<absent>");
}

TEST_CASE("4657 gets a registry path as Sysmon abbreviates it, 5156 a direction") {
  const Batch batch =
      json(R"({"Channel":"Security","EventID":4657,"ObjectName":"\\REGISTRY\\MACHINE\\SOFTWARE\\X",)"
           R"("ObjectValueName":"Run"})");
  CHECK(field_of(batch, "TargetObject") == "HKLM\\SOFTWARE\\X\\Run");
  CHECK(registry_path("\\registry\\user\\S-1-5-21\\Software") == "HKU\\S-1-5-21\\Software");
  CHECK(registry_path("\\REGISTRY\\MACHINERY\\x") == "\\REGISTRY\\MACHINERY\\x");
  CHECK(field_of(json(R"({"Channel":"Security","EventID":5156,"Direction":"%%14593"})"), "Initiated") ==
        "true");
  CHECK(field_of(json(R"({"Channel":"Security","EventID":5156,"Direction":"%%14592"})"), "Initiated") ==
        "false");
}

TEST_CASE("sign-ins know the hour and the weekday where they happened") {
  const Batch batch = json(R"({"Channel":"Security","EventID":4624,"TimeCreated":"2026-11-24T16:30:00Z"})");
  CHECK(fields_of(batch, {"local_hour", "local_weekday"}) == "local_hour=23|local_weekday=2");
  const Batch ssh =
      decode_one(**make_decoder("syslog"),
                 "<86>Nov 24 09:59:00 h sshd[1]: Accepted password for lan from 10.0.0.5 port 9 ssh2");
  CHECK(fields_of(ssh, {"local_hour", "local_weekday"}) == "local_hour=9|local_weekday=2");
  CHECK(field_of(json(R"({"Channel":"Security","EventID":4634})"), "local_hour") == "<absent>");
}

TEST_CASE("JSON records say their log source by channel, event type or path") {
  CHECK(field_of(json(R"({"Channel":"Made-Up/Operational","EventID":1})"), "logsource") == "windows//");
  CHECK(field_of(json(R"({"timestamp":"2026-11-24T10:00:00.123456+0700","event_type":"dns",)"
                      R"("dns":{"rrname":"x.vn"}})"),
                 "logsource") == "suricata//dns");
  const Batch zeek = json(R"({"ts":1795489200.5,"_path":"http","host":"x"})");
  CHECK(field_of(zeek, "logsource") == "zeek//http");
  CHECK(format_rfc3339(zeek.event_time(0)) == "2026-11-24T03:00:00.500Z");
  CHECK(field_of(json(R"({"timestamp":1,"event_type":"a/b//c"})"), "logsource") == "<absent>");
}

}  // namespace
}  // namespace phendau::ingest
