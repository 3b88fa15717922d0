// SPDX-License-Identifier: Apache-2.0
// Proves the lines of web servers and proxies: NCSA in its variants, W3C with and without its header, Squid,
// error lines, and what strangers put into requests.
#include "ingest/web_log.h"

#include <doctest/doctest.h>

#include "ingest/testing/rows.h"

namespace phendau::ingest {
namespace {

const std::vector<std::string> kWeb = {"c-ip",      "cs-username", "cs-method",    "cs-host",
                                       "cs-uri",    "cs-uri-stem", "cs-uri-query", "cs-version",
                                       "sc-status", "sc-bytes",    "cs-referer",   "cs-user-agent"};

std::string web(std::string_view line) { return fields_of(decode_one(**make_decoder("text"), line), kWeb); }

TEST_CASE("NCSA: common, combined, with the virtual host in front") {
  CHECK(web(R"(203.0.113.9 - lan [24/Nov/2026:10:00:00 +0700] "GET /a/b.php?id=1 HTTP/1.1" 200 12)") ==
        "c-ip=203.0.113.9|cs-username=lan|cs-method=GET|cs-uri=/a/b.php?id=1|cs-uri-stem=/a/b.php|"
        "cs-uri-query=id=1|cs-version=HTTP/1.1|sc-status=200|sc-bytes=12");
  CHECK(web(R"(2001:db8::1 - - [24/Nov/2026:10:00:00 +0700] "POST / HTTP/1.0" 404 - "https://x/" )"
            R"("A \"b\" \x41")") ==
        "c-ip=2001:db8::1|cs-method=POST|cs-uri=/|cs-uri-stem=/|cs-version=HTTP/1.0|sc-status=404|"
        "cs-referer=https://x/|cs-user-agent=A \"b\" A");
  CHECK(web(R"(www.xa.gov.vn:443 203.0.113.9 - - [24/Nov/2026:10:00:00 +0700] "GET / HTTP/1.1" )"
            R"(200 5 "-" "x")") ==
        "c-ip=203.0.113.9|cs-method=GET|cs-host=www.xa.gov.vn|cs-uri=/|cs-uri-stem=/|cs-version=HTTP/1.1|"
        "sc-status=200|sc-bytes=5|cs-user-agent=x");
  const Batch batch =
      decode_one(**make_decoder("text"),
                 R"(203.0.113.9 - - [24/Nov/2026:10:00:00 +0700] "GET /x.aspx HTTP/1.1" 200 12)");
  CHECK(field_of(batch, "logsource") == "/webserver/");
  CHECK(format_rfc3339(batch.event_time(0)) == "2026-11-24T03:00:00Z");
  CHECK(field_of(batch, "cs-uri-extension") == "aspx");
  CHECK(kind_of(batch, "sc-status") == ValueKind::integer);
}

TEST_CASE("NCSA: what scanners send") {
  // A handshake of TLS on a plain port, a quote that is not closed by its own backslash.
  CHECK(web("203.0.113.9 - - [24/Nov/2026:10:00:00 +0700] \"\\x16\\x03\\x01\" 400 0") ==
        "c-ip=203.0.113.9|cs-uri=\x16\x03\x01|sc-status=400|sc-bytes=0");
  CHECK(web(R"(203.0.113.9 - - [24/Nov/2026:10:00:00 +0700] "GET /\" 200 1 HTTP/1.1" 404 3)") ==
        "c-ip=203.0.113.9|cs-method=GET|cs-uri=/\" 200 1|cs-uri-stem=/\" 200 1|cs-version=HTTP/1.1|"
        "sc-status=404|sc-bytes=3");
}

TEST_CASE("proxies: absolute addresses and tunnels") {
  const Batch get = decode_one(
      **make_decoder("text"),
      R"(10.0.0.5 - lan [24/Nov/2026:10:00:00 +0700] "GET http://example.com:8080/a.exe HTTP/1.1" 200 9)");
  CHECK(field_of(get, "logsource") == "/proxy/");
  CHECK(fields_of(get, {"cs-host", "cs-uri-stem", "cs-uri-extension"}) ==
        "cs-host=example.com|cs-uri-stem=/a.exe|cs-uri-extension=exe");
  const Batch squid = decode_one(**make_decoder("text"),
                                 "1795489200.123    180 10.0.0.5 TCP_TUNNEL/200 411 CONNECT "
                                 "drive.example.com:443 lan HIER_DIRECT/192.0.2.1 -");
  CHECK(fields_of(squid, {"logsource", "c-ip", "cs-method", "cs-host", "cs-username", "r-ip", "sc-bytes"}) ==
        "logsource=/proxy/|c-ip=10.0.0.5|cs-method=CONNECT|cs-host=drive.example.com|cs-username=lan|"
        "r-ip=192.0.2.1|sc-bytes=411");
  CHECK(format_rfc3339(squid.event_time(0)) == "2026-11-24T03:00:00.123Z");
}

constexpr std::string_view kIis =
    "2026-11-24 03:00:00 10.0.0.5 GET /a.aspx id=1 443 DOMAIN\\lan 203.0.113.9 Mozilla/5.0+(X11) - 200 0 0 "
    "15";

TEST_CASE("W3C: the columns that the file announced, per source") {
  const auto decoder = make_decoder("w3c");
  Provenance first = test_provenance();
  first.channel = "u_ex261124.log";
  Provenance second = test_provenance();
  second.channel = "proxy.log";
  const auto put = [&](std::string_view line, const Provenance& from) {
    return decode_one(**decoder, line, from);
  };
  CHECK(field_of(put("only two", first), "parse_error") == "no_layout");
  put("#Software: Microsoft Internet Information Services 10.0", first);
  CHECK(field_of(put("#Fields: date time c-ip cs-method cs-uri-stem cs(User-Agent) sc-status", first),
                 "parse_error") == "<absent>");
  put("#Fields: date\ttime\tc-ip\tcs-username\tc-uri\tcs(User-Agent)", second);
  const Batch web = put("2026-11-24 03:00:00 203.0.113.9 GET /x Agent/1+(a) 500", first);
  CHECK(fields_of(web, {"logsource", "c-ip", "cs-method", "cs-uri", "cs-user-agent", "sc-status"}) ==
        "logsource=/webserver/|c-ip=203.0.113.9|cs-method=GET|cs-uri=/x|cs-user-agent=Agent/1 "
        "(a)|sc-status=500");
  const Batch proxy = put("2026-11-24\t03:00:00\t10.0.0.5\tlan\thttp://x/\tA b", second);
  CHECK(fields_of(proxy, {"logsource", "c-uri", "cs-user-agent"}) ==
        "logsource=/proxy/|c-uri=http://x/|cs-user-agent=A b");
  CHECK(field_of(put("2026-11-24 03:00:00 too few", first), "parse_error") == "no_layout");
}

TEST_CASE("W3C: the default columns of IIS are known without a header") {
  const Batch batch = decode_one(**make_decoder("text"), kIis);
  CHECK(fields_of(batch, {"logsource", "cs-uri", "cs-uri-query", "cs-username", "c-ip", "sc-status"}) ==
        "logsource=/webserver/|cs-uri=/a.aspx?id=1|cs-uri-query=id=1|cs-username=DOMAIN\\lan|"
        "c-ip=203.0.113.9|sc-status=200");
  CHECK(format_rfc3339(batch.event_time(0)) == "2026-11-24T03:00:00Z");
  CHECK(batch.time_quality(0) == TimeQuality::exact);
}

TEST_CASE("error lines of Apache and nginx") {
  const auto decoder = make_decoder("text");
  const Batch old =
      decode_one(**decoder, "[Tue Nov 24 09:47:44 2026] [error] [client 192.0.2.1] File does not exist");
  CHECK(fields_of(old, {"logsource", "severity", "c-ip"}) ==
        "logsource=apache//error|severity=error|c-ip=192.0.2.1");
  const Batch now = decode_one(
      **decoder,
      "[Tue Nov 24 09:47:44.123456 2026] [core:error] [pid 35:tid 4] [client 192.0.2.1:1234] AH00124: x");
  CHECK(fields_of(now, {"severity", "pid", "c-ip"}) == "severity=error|pid=35|c-ip=192.0.2.1");
  CHECK(format_rfc3339(now.event_time(0)) == "2026-11-24T02:47:44.123456Z");
  const Batch nginx = decode_one(
      **decoder,
      "2026/11/24 10:00:00 [crit] 12#0: *1 SSL_do_handshake() failed, client: 192.0.2.1, server: x");
  CHECK(fields_of(nginx, {"logsource", "severity", "c-ip"}) ==
        "logsource=nginx//error|severity=crit|c-ip=192.0.2.1");
}

}  // namespace
}  // namespace phendau::ingest
