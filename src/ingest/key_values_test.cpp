// SPDX-License-Identifier: Apache-2.0
// Proves key=value lines of firewalls: quotes, families told by their keys, what is no such line.
#include "ingest/key_values.h"

#include <doctest/doctest.h>

#include "ingest/testing/rows.h"

namespace phendau::ingest {
namespace {

TEST_CASE("FortiGate: traffic and event lines behind a priority") {
  const auto decoder = make_decoder("syslog");
  const Batch traffic = decode_one(
      **decoder,
      R"(<189>date=2026-11-24 time=09:59:30 devname="FW-XA" devid="FG100" tz="+0700" logid="0000000013" )"
      R"(type="traffic" subtype="forward" srcip=10.1.2.3 dstip=203.0.113.5 dstport=443 action="accept" )"
      R"(msg="said \"no\"")");
  CHECK(field_of(traffic, "logsource") == "fortigate//traffic");
  CHECK(field_of(traffic, "host") == "FW-XA");
  CHECK(format_rfc3339(traffic.event_time(0)) == "2026-11-24T02:59:30Z");
  CHECK(fields_of(traffic, {"srcip", "dstport", "action", "msg", "severity"}) ==
        "srcip=10.1.2.3|dstport=443|action=accept|msg=said \"no\"|severity=notice");
  const Batch event = decode_one(
      **decoder,
      R"(date=2026-11-24 time=10:00:00 devid="FG100" logid="0100044547" type="event" action="Add")");
  CHECK(field_of(event, "logsource") == "fortigate//event");
  CHECK(field_of(event, "parse_error") == "<absent>");  // a line without a syslog header is none of bad form
}

TEST_CASE("netfilter: the prefix of the rule says what was done") {
  const auto decoder = make_decoder("syslog");
  const Batch batch =
      decode_one(**decoder,
                 "<4>Nov 24 09:59:00 gw kernel: [ 12.345678] [UFW BLOCK] IN=eth0 OUT= MAC=00:11:22 "
                 "SRC=198.51.100.7 DST=10.0.0.5 LEN=60 TTL=52 DF PROTO=TCP SPT=4444 DPT=22 SYN URGP=0");
  CHECK(field_of(batch, "logsource") == "linux/firewall/netfilter");
  CHECK(field_of(batch, "host") == "gw");
  CHECK(fields_of(batch, {"SRC", "DST", "PROTO", "DPT", "OUT", "action"}) ==
        "SRC=198.51.100.7|DST=10.0.0.5|PROTO=TCP|DPT=22|action=block");
}

TEST_CASE("Sophos") {
  const Batch batch = decode_one(**make_decoder("text"),
                                 R"(device_name="SFW" date=2026-11-24 time=10:00:00 log_type="Firewall" )"
                                 R"(log_component="Firewall Rule" log_subtype="Denied" src_ip=1.2.3.4)");
  CHECK(field_of(batch, "logsource") == "sophos/firewall/");
  CHECK(fields_of(batch, {"host", "log_subtype", "src_ip"}) == "host=SFW|log_subtype=Denied|src_ip=1.2.3.4");
}

TEST_CASE("a source set to key_value takes any pairs, and says so when there are none") {
  const auto decoder = make_decoder("key_value");
  CHECK(fields_of(decode_one(**decoder, "a=1; b=\"x y\", c=z"), {"a", "b", "c"}) == "a=1|b=x y|c=z");
  CHECK(field_of(decode_one(**decoder, "no pairs here"), "parse_error") == "bad_line");
}

TEST_CASE("other programs' pairs stay text") {
  const Batch batch =
      decode_one(**make_decoder("syslog"), "<13>Nov 24 09:59:00 h app[1]: level=info took=3ms user=lan");
  CHECK(field_of(batch, "logsource") == "linux//syslog");
  CHECK(field_of(batch, "took") == "<absent>");
}

}  // namespace
}  // namespace phendau::ingest
