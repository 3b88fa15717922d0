// SPDX-License-Identifier: Apache-2.0
#include "ingest/dns_log.h"

#include <doctest/doctest.h>

#include "ingest/testing/rows.h"

namespace phendau::ingest::dns_log_test {
namespace {

TEST_CASE("questions to BIND, Unbound and dnsmasq") {
  const std::vector<std::string> names = {"logsource", "query", "record_type", "source_ip"};
  const auto read = [&](std::string_view line) {
    return fields_of(decode_one(**make_decoder("syslog"), line), names);
  };
  CHECK(read("Nov 24 08:00:00 ns1 named[12]: client @0x7f1 10.0.0.5#53211 (b.example): query: b.example IN "
             "AAAA +E(0) (10.0.0.1)") ==
        "logsource=linux/dns/bind|query=b.example|record_type=AAAA|source_ip=10.0.0.5");
  CHECK(read("Nov 24 08:00:00 ns1 named[12]: queries: info: client 2001:db8::5#53211 (b.example): view "
             "inside: query: b.example IN TXT + (::1)") ==
        "logsource=linux/dns/bind|query=b.example|record_type=TXT|source_ip=2001:db8::5");
  CHECK(read("Nov 24 08:00:00 ns1 unbound[9]: [9:0] info: 10.0.0.5 c.example. A IN") ==
        "logsource=linux/dns/unbound|query=c.example|record_type=A|source_ip=10.0.0.5");
  CHECK(read("Nov 24 08:00:00 ns1 dnsmasq[1]: query[A] d.example from 10.0.0.5") ==
        "logsource=linux/dns/dnsmasq|query=d.example|record_type=A|source_ip=10.0.0.5");
  for (const char* other : {"Nov 24 08:00:00 ns1 named[12]: zone x.vn/IN: loaded serial 2026",
                            "Nov 24 08:00:00 ns1 named[12]: client 10.0.0.5: query: ",
                            "Nov 24 08:00:00 ns1 dnsmasq[1]: reply d.example is 192.0.2.1",
                            "Nov 24 08:00:00 ns1 dnsmasq[1]: query[",
                            "Nov 24 08:00:00 ns1 unbound[9]: [9:0] info: start of service"}) {
    CHECK(read(other) == "logsource=linux//syslog");
  }
}

TEST_CASE("BIND's own file of questions") {
  const std::string_view line =
      "24-Nov-2026 08:00:00.123 queries: info: client @0x7f0 10.0.0.5#53211 (evil.example): query: "
      "evil.example IN A +E(0)K (10.0.0.1)";
  CHECK(detect_format(line) == "text");
  const Batch batch = decode_one(**make_decoder("text"), line);
  CHECK(fields_of(batch, {"logsource", "query", "record_type"}) ==
        "logsource=linux/dns/bind|query=evil.example|record_type=A");
  CHECK(format_rfc3339(batch.event_time(0)) == "2026-11-24T01:00:00.123Z");
}

}  // namespace
}  // namespace phendau::ingest::dns_log_test
