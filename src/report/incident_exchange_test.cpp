// SPDX-License-Identifier: Apache-2.0
// What other programs read of an incident: the scenario holds the bundle against the schemas of STIX; here is
// what it says.
#include "report/incident_exchange.h"

#include <doctest/doctest.h>

#include "base/xml_reader.h"

namespace phendau::report::incident_exchange_test {
namespace {

ExchangedIncident sample() {
  ExchangedIncident out;
  out.id = "01KA";
  out.title = "M\u00e1y ch\u1ee7 <b> & \"web\" b\u1ecb \xFF chi\u1ebfm\x01";
  out.agency = "S\u1edf A";
  out.issuer = "soc.example";
  out.tlp = "TLP:AMBER";
  out.severity = "high";
  out.detected_at = *parse_rfc3339("2026-11-20T01:02:03.123456789Z");
  out.opened_at = *parse_rfc3339("2026-11-20T02:00:00Z");
  out.changed_at = *parse_rfc3339("2026-11-21T02:00:00Z");
  out.hosts = {"may-1"};
  out.indicators = {{IndicatorType::ip, "198.51.100.66", "C2"}, {IndicatorType::file_name, "a'\\b.exe", ""}};
  out.history = {{*parse_rfc3339("2026-11-20T03:00:00Z"), "C\u00f4 l\u1eadp"}};
  return out;
}

const Json& object_of(const Json& bundle, std::string_view type) {
  for (const auto& one : bundle["objects"].items()) {
    if (one["type"].as_string() == type) return one;
  }
  FAIL("no such object");
  return bundle;
}

}  // namespace

TEST_CASE("STIX: the incident, its creator, its signs and the marking; ids that stay") {
  const Json bundle = write_stix(sample());
  CHECK(bundle["objects"].items().size() == 7);
  const Json& incident = object_of(bundle, "incident");
  CHECK(incident["created_by_ref"].as_string() == object_of(bundle, "identity")["id"].as_string());
  CHECK(incident["object_marking_refs"].items()[0].as_string() ==
        object_of(bundle, "marking-definition")["id"].as_string());
  CHECK(incident["created"].as_string() == "2026-11-20T02:00:00Z");
  CHECK(incident["description"].as_string().find("affected: may-1") != std::string::npos);
  CHECK(object_of(bundle, "indicator")["pattern"].as_string() == "[ipv4-addr:value = '198.51.100.66']");
  CHECK(bundle.dump().find(R"([file:name = 'a\\'\\\\b.exe'])") != std::string::npos);
  ExchangedIncident later = sample();
  later.changed_at = later.changed_at + hours(1);
  later.title = "other";
  CHECK(object_of(write_stix(later), "incident")["id"] == incident["id"]);
  CHECK(object_of(write_stix(later), "indicator")["id"] == object_of(bundle, "indicator")["id"]);
  later.id = "01KB";
  CHECK_FALSE(object_of(write_stix(later), "incident")["id"] == incident["id"]);
}

TEST_CASE("STIX and IODEF: an exercise says so, an unknown label is the narrowest") {
  ExchangedIncident one = sample();
  one.exercise = true;
  one.tlp = "TLP:PINK";
  const Json bundle = write_stix(one);
  CHECK(object_of(bundle, "incident")["name"].as_string().starts_with("[DI\u1ec4N T\u1eacP] "));
  CHECK(object_of(bundle, "marking-definition")["name"].as_string() == "TLP:RED");
  const std::string text = write_iodef(one, one.changed_at);
  CHECK(text.find("restriction=\"red\"") != std::string::npos);
  CHECK(text.find("occurrence=\"potential\"") != std::string::npos);
}

TEST_CASE("IODEF: well formed whatever the texts hold, elements in the order of the schema") {
  const std::string text = write_iodef(sample(), *parse_rfc3339("2026-11-21T02:00:00Z"));
  std::size_t at = 0;
  for (const char* element :
       {"<IncidentID name=\"soc.example\">01KA", "<DetectTime>2026-11-20T01:02:03.123Z", "<ReportTime>",
        "<GenerationTime>", "<Description>M\u00e1y ch\u1ee7 &lt;b&gt; &amp; &quot;web&quot;",
        "<Assessment occurrence=\"actual\">", "<Contact role=\"creator\"", "<EventData>", "<IndicatorData>",
        "<BulkObservable type=\"file-path\">", "<BulkObservable type=\"ipv4-addr\">", "<History>"}) {
    CAPTURE(element);
    const std::size_t found = text.find(element, at);
    REQUIRE(found != std::string::npos);
    at = found;
  }
  CHECK(text.find('\x01') == std::string::npos);
}

}  // namespace phendau::report::incident_exchange_test
