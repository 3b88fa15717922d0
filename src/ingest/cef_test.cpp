// SPDX-License-Identifier: Apache-2.0
// Proves CEF: escapes, values with spaces and equals signs, labelled values, time, broken headers, limits.
#include "ingest/cef.h"

#include <doctest/doctest.h>

#include "ingest/testing/rows.h"

namespace phendau::ingest {
namespace {

Batch cef(std::string_view line) { return decode_one(**make_decoder("cef"), line); }

TEST_CASE("CEF: header and extension") {
  const Batch batch = cef(
      R"(CEF:0|Fort\|inet|Forti\\gate|7.0|00013|traffic: accept|3|src=10.1.2.3 spt=51234 dst=203.0.113.5 )"
      R"(msg=two words, a\=b \\ c cs1=Ra ngoai cs1Label=Policy Name rt=1795489100000 dvchost=fw01)");
  CHECK(field_of(batch, "parse_error") == "<absent>");
  CHECK(field_of(batch, "logsource") == "cef//");
  CHECK(field_of(batch, "host") == "fw01");
  CHECK(format_rfc3339(batch.event_time(0)) == "2026-11-24T02:58:20Z");
  CHECK(batch.time_quality(0) == TimeQuality::exact);
  CHECK(fields_of(batch, {"DeviceVendor", "DeviceProduct", "DeviceVersion", "DeviceEventClassID", "Name",
                          "Severity", "src", "spt", "msg", "cs1", "PolicyName"}) ==
        "DeviceVendor=Fort|inet|DeviceProduct=Forti\\gate|DeviceVersion=7.0|DeviceEventClassID=00013|"
        "Name=traffic: accept|Severity=3|src=10.1.2.3|spt=51234|msg=two words, a=b \\ c|cs1=Ra ngoai|"
        "PolicyName=Ra ngoai");
  CHECK(kind_of(batch, "spt") == ValueKind::integer);
  CHECK(kind_of(batch, "DeviceEventClassID") == ValueKind::text);  // 00013 stays as it was
}

TEST_CASE("CEF: an address may hold equals signs") {
  const Batch batch = cef("CEF:0|v|p|1|2|n|3|request=http://x/?a=1&b=2 act=allow");
  CHECK(field_of(batch, "request") == "http://x/?a=1&b=2");
  CHECK(field_of(batch, "act") == "allow");
}

TEST_CASE("CEF: a record claims no owner") {
  const Batch batch = cef("CEF:0|v|p|1|2|n|3|agency=other source=x host=y");
  CHECK(values_of(batch, "agency") == std::vector<std::string>{"so-tttt"});
  CHECK(field_of(batch, "event.agency") == "other");
  CHECK(values_of(batch, "source") == std::vector<std::string>{"test"});
}

TEST_CASE("CEF: broken lines are rows with a reason") {
  CHECK(field_of(cef("CEF:0|only|three"), "parse_error") == "bad_header");
  CHECK(field_of(cef("no CEF"), "parse_error") == "bad_line");
  std::string many = "CEF:0|v|p|1|2|n|3|";
  for (int i = 0; i < 600; ++i) many += "k" + std::to_string(i) + "=1 ";
  const Batch batch = cef(many);
  CHECK(field_of(batch, "parse_error") == "too_many_fields");
  CHECK(field_of(batch, "k400") == "1");
  CHECK(field_of(batch, "k599") == "<absent>");
}

TEST_CASE("CEF: a megabyte of equals signs takes no quadratic time") {
  std::string hostile = "CEF:0|v|p|1|2|n|3|";
  hostile.append(900'000, '=');
  CHECK(cef(hostile).rows() == 1);
  hostile = "CEF:0|v|p|1|2|n|3|";
  while (hostile.size() < 900'000) hostile += "a=";
  CHECK(cef(hostile).rows() == 1);
}

}  // namespace
}  // namespace phendau::ingest
