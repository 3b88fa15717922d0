// SPDX-License-Identifier: Apache-2.0
// Events of Windows as XML: cut out of every layout, hostile XML, and the same fields as from EVTX: on an
// event built by hand and on SigmaHQ's samples, whose JSON is written as the XML that Windows shows.
#include "ingest/event_xml.h"

#include <filesystem>
#include <fstream>
#include <set>

#include <doctest/doctest.h>

#include "base/json.h"
#include "base/text.h"
#include "ingest/evtx_reader.h"
#include "ingest/json_framing.h"
#include "ingest/limits.h"
#include "ingest/testing/evtx_writer.h"
#include "ingest/testing/rows.h"

namespace event_xml_test {

using namespace phendau;
using namespace phendau::ingest;

namespace {

const std::string kNamespace = "xmlns='http://schemas.microsoft.com/win/2004/08/events/event'";

std::vector<std::string> documents(std::string_view text, std::size_t piece = 1u << 20) {
  EventXmlFramer framer;
  std::vector<std::string> out;
  const auto take = [&](const EventXmlFramer::Document& document) {
    out.push_back(std::to_string(document.line) + (document.truncated ? "!" : ":") +
                  std::string(document.bytes));
  };
  for (std::size_t at = 0; at < text.size(); at += piece) framer.push(text.substr(at, piece), take);
  framer.finish(take);
  return out;
}

using Texts = std::vector<std::string>;

Batch decode(std::string_view record) {
  EventXmlDecoder decoder;
  Provenance provenance = test_provenance();
  provenance.skew_limit = Duration{0};
  return decode_one(decoder, record, provenance);
}

/// Names and values, without kinds: XML has no types. Of what is text in an event log, nobody can tell
/// whether a GUID in braces is one.
std::multiset<std::string> fields_in(const Batch& batch, std::uint32_t row) {
  std::multiset<std::string> out;
  for (const Column& column : batch.columns()) {
    for (const auto& value : values_of(batch, column.name, row)) {
      const bool guid = value.size() == 38 && value.starts_with('{') && value.ends_with('}');
      std::string text = guid ? value.substr(1, 36) : value;
      if (text.size() == 36)
        std::transform(text.begin(), text.end(), text.begin(),
                       [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      out.insert(column.name + "=" + text);
    }
  }
  return out;
}

std::string escaped(std::string_view text) {
  std::string out = replace_all(text, "&", "&amp;");
  out = replace_all(replace_all(out, "<", "&lt;"), ">", "&gt;");
  return replace_all(replace_all(out, "'", "&apos;"), "\r", "&#13;");
}

std::string text_of(const Json& value) {
  return value.is_null() ? "" : escaped(value.is_string() ? value.as_string() : value.dump());
}

/// An element of evtx_dump's JSON; members of EventData are <Data Name='...'>.
void write_xml(std::string& out, const std::string& name, const Json& value, bool data) {
  if (value.is_array()) {
    for (const auto& one : value.items()) write_xml(out, name, one, data);
    return;
  }
  const bool named = data && name != "Data" && name != "Binary";
  const std::string tag = named ? "Data" : name;
  out += "<" + tag + (named ? " Name='" + escaped(name) + "'" : "");
  if (value.is_object() && value.contains("#text") &&
      value["#text"].is_array()) {  // several elements of one name
    out += ">" + text_of(value["#text"].items()[0]) + "</" + tag + ">";
    for (std::size_t i = 1; i < value["#text"].items().size(); ++i)
      write_xml(out, name, value["#text"].items()[i], data);
    return;
  }
  if (!value.is_object()) {
    out += value.is_null() ? "/>" : ">" + text_of(value) + "</" + tag + ">";
    return;
  }
  for (const auto& [attribute, content] : value["#attributes"].members())
    out += " " + attribute + "='" + text_of(content) + "'";
  out += ">";
  for (const auto& [child, content] : value.members()) {
    if (child == "#text")
      out += text_of(content);
    else if (child.ends_with("_attributes"))  // of an element without content
      continue;
    else if (child != "#attributes")
      write_xml(out, child, content, name == "EventData");
  }
  for (const auto& [child, content] : value.members()) {
    constexpr std::string_view kSuffix = "_attributes";
    if (child.ends_with(kSuffix))
      write_xml(out, child.substr(0, child.size() - kSuffix.size()), Json::object({{"#attributes", content}}),
                false);
  }
  out += "</" + tag + ">";
}

}  // namespace

TEST_CASE("event xml: events are cut out of every layout") {
  const std::string one = "<Event " + kNamespace + "><System><A b=\"/Event>\"/></System></Event>";
  const std::string two =
      "<Event><!-- </Event> --><X><![CDATA[</Event>]]></X><?p </Event> ?><Event/></Event>";
  const Texts wanted = {"3:" + one, "4:" + two, "4:<Event/>"};
  const std::string all =
      "<?xml version=\"1.0\"?>\n<!DOCTYPE x [<!ENTITY a \"b\">]><!-- <Event> -->\n<Events><Other>x</Other>" +
      one + "\n" + two + "text<e:Eventually/><Event/></Events>\n";
  CHECK(documents(all) == wanted);
  for (const std::size_t piece : {1, 2, 3, 7, 64}) CHECK(documents(all, piece) == wanted);
  CHECK(documents("<e:Event>x</e:Event>") == Texts{"1:<e:Event>x</e:Event>"});
  CHECK(is_event_xml(replace_all(all, "<Other>x</Other>", "")));
  CHECK(is_event_xml(" <Event/>"));
  CHECK(is_event_xml("<e:Events> <!-- --> <e:Event"));
  for (const char* text :
       {"", "<34>Oct 11 Event", "<Eventually>", "<?xml", "{}", "<!-- <Event> -->x", "<html>", "<Events/>",
        "<Events></Events>", "<Events><event/>", "<!DOCTYPE x [<Event>"})
    CHECK(!is_event_xml(text));
}

TEST_CASE("event xml: an event without its end costs itself, and none grows without bound") {
  const std::string begin = "<Event " + kNamespace + ">";
  const std::string damaged = begin + "<A><B>\n" + begin + "<C/></Event>\n" + begin + "<D";
  const Texts wanted = {"1!" + begin + "<A><B>\n", "2:" + begin + "<C/></Event>", "3!" + begin + "<D"};
  CHECK(documents(damaged) == wanted);
  for (const std::size_t piece : {1, 3, 50}) CHECK(documents(damaged, piece) == wanted);
  EventXmlFramer framer;
  std::vector<std::size_t> sizes;
  std::vector<bool> oversized;
  const auto take = [&](const EventXmlFramer::Document& document) {
    sizes.push_back(document.bytes.size());
    oversized.push_back(document.oversized);
  };
  framer.push(begin, take);
  for (int i = 0; i < 40; ++i) framer.push(std::string(100'000, 'x'), take);
  framer.push("</Event>" + begin + "</Event>", take);
  CHECK(sizes == std::vector<std::size_t>{kRecordBytesMax, begin.size() + 8});
  CHECK(oversized == std::vector<bool>{true, false});
}

TEST_CASE("event xml: names, values and kinds") {
  const Batch row = decode("<Event " + kNamespace + R"(>
  <System>
    <Provider Name='P' Guid="{0cce9210-69ae-11d9-bed3-505054503030}"/>
    <EventID Qualifiers='16384'>7036</EventID>
    <TimeCreated SystemTime='2026-11-20T08:00:01.5000000Z'/><EventRecordID>12</EventRecordID>
    <Correlation/><Execution ProcessID='4' ThreadID='8'/><Channel>System</Channel>
    <Computer>PC-1</Computer><Security/>
  </System>
  <EventData Name='N'>
    <Data Name='Threat Name'>a &amp;lt; &lt;b&gt; &#x110;&#7891;ng &unknown; &#0; &amp</Data>
    <Data>one 
</Data><Data>two</Data><Data Name='none'/><Data Name='empty'></Data>
    <Data Name='source'>claimed</Data>
    <Data Name='quoted'><![CDATA[<&amp;>]]> tail</Data><Binary>00</Binary><Data Name='number'>5</Data>
  </EventData>
  <UserData><Root xmlns='u' At='1'><A Code='2'><B>3</B></A></Root></UserData>
  <RenderingInfo Culture='vi-VN'><Message>m</Message></RenderingInfo>
</Event>)");
  CHECK(fields_of(row, {"Provider_Name",
                        "Provider_Guid",
                        "EventID",
                        "EventID_Qualifiers",
                        "EventRecordID",
                        "Execution_ProcessID",
                        "Channel",
                        "Computer",
                        "EventData_Name",
                        "ThreatName",
                        "empty",
                        "event.source",
                        "quoted",
                        "Binary",
                        "number",
                        "Root_At",
                        "A_Code",
                        "A.B",
                        "RenderingInfo_Culture",
                        "RenderingInfo.Message",
                        "source",
                        "host",
                        "Correlation",
                        "Security",
                        "Root_xmlns"}) ==
        "Provider_Name=P|Provider_Guid=0CCE9210-69AE-11D9-BED3-505054503030|EventID=7036|EventID_Qualifiers="
        "16384|"
        "EventRecordID=12|Execution_ProcessID=4|Channel=System|Computer=PC-1|EventData_Name=N|"
        "ThreatName=a &lt; <b> \xC4\x90\xE1\xBB\x93ng &unknown; \xEF\xBF\xBD "
        "&amp|empty=|event.source=claimed|quoted=<&amp;> tail|"
        "Binary=00|number=5|Root_At=1|A_Code=2|A.B=3|RenderingInfo_Culture=vi-VN|RenderingInfo.Message=m|"
        "source=test|"
        "host=PC-1");
  CHECK(values_of(row, "Data") == Texts{"one", "two"});
  CHECK(kind_of(row, "EventID") == ValueKind::integer);
  CHECK(kind_of(row, "number") == ValueKind::text);
  CHECK(kind_of(row, "none") == ValueKind::null);
  CHECK(kind_of(row, "empty") == ValueKind::text);
  CHECK(row.column(kParseErrorColumn)->ids[0] == kAbsent);
  CHECK(format_rfc3339(row.event_time(0)) == "2026-11-20T08:00:01.500Z");
}

TEST_CASE("event xml: what is broken is a row that says so, with what stands before the break") {
  struct Row {
    std::string text;
    std::string error;
    std::string a;
  };
  std::string many, deep;
  for (std::size_t i = 0; i < kJsonFieldsMax + 5; ++i)
    many += "<Data Name='f" + std::to_string(i) + "'>x</Data>";
  for (std::size_t i = 0; i < 5'000; ++i) deep += "<x>";
  const std::string start =
      "<Event><System><TimeCreated SystemTime='2026-11-20T08:00:00Z'/><A>1</A></System>";
  const Row rows[] = {
      {start + "</Event>", "<absent>", "1"},
      {start + "<EventData><Data></EventData></Event>", "bad_xml", "1"},
      {start + "<x y></x></Event>", "bad_xml", "1"},
      {start + "<x y='1></x></Event>", "bad_xml", "1"},
      {start + "<![CDATA[", "bad_xml", "1"},
      {start + "<!--", "bad_xml", "1"},
      {start, "bad_xml", "1"},
      {start + deep, "too_deep", "1"},
      {start + "<EventData>" + many + "</EventData></Event>", "too_many_fields", "1"},
      {start + "<EventData>\xFF</EventData></Event>", "not_utf8", "1"},
      {"<Event><System><A>1</A></System></Event>", "bad_timestamp", "1"},
      {"", "bad_xml", "<absent>"},
      {"<", "bad_xml", "<absent>"},
      {"<?", "bad_xml", "<absent>"},
      {"x", "bad_xml", "<absent>"},
  };
  for (const auto& row : rows) {
    INFO(row.text.substr(0, 200));
    const Batch batch = decode(row.text);
    REQUIRE(batch.rows() == 1);
    CHECK(field_of(batch, kParseErrorColumn) == row.error);
    CHECK(field_of(batch, "A") == row.a);
  }
  // No entity but the five: what would be a gigabyte elsewhere stays as it is written.
  const Batch bomb = decode("<Event><EventData><Data Name='x'>&lol9;&lol9;</Data></EventData></Event>");
  CHECK(field_of(bomb, "x") == "&lol9;&lol9;");
}

TEST_CASE("event xml: the same event as EVTX has the same fields") {
  EvtxChunkWriter chunk;
  put_test_event(chunk, 7,
                 {{"Threat Name", {0x01, wide("x")}},
                  {"number", {0x08, little<std::uint32_t>(5)}},
                  {"none", {0x00, ""}}});
  EvtxReader reader;
  BatchBuilder builder("evtx");
  std::vector<std::uint64_t> ids;
  Provenance provenance = test_provenance();
  provenance.skew_limit = Duration{0};
  reader.read_chunk(chunk.finish(), provenance, builder, ids);
  const Batch evtx = builder.finish();
  REQUIRE(evtx.rows() == 1);
  const Batch xml = decode(
      "<Event xmlns='urn:x'><System><Provider Name='Test-Provider'/><EventID>4688</EventID>"
      "<TimeCreated "
      "SystemTime='2025-11-27T13:20:00.123456Z'/><EventRecordID>1007</EventRecordID><Correlation/>"
      "<Channel>Test/Operational</Channel><Computer>PC-1</Computer></System><EventData>"
      "<Data Name='Threat Name'>x</Data><Data Name='number'>5</Data><Data Name='none'/></EventData></Event>");
  CHECK(fields_in(xml, 0) == fields_in(evtx, 0));
}

TEST_CASE("slow: event xml: SigmaHQ's samples give the same fields as EVTX and as XML") {
  namespace fs = std::filesystem;
  const fs::path corpus = PHENDAU_SOURCE_DIR "/../shared/corpora/sigma-regression";
  if (!fs::exists(corpus)) {
    MESSAGE("skipped: no regression corpus");
    return;
  }
  const auto bytes_of = [](const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  int events = 0;
  for (const auto& entry : fs::recursive_directory_iterator(corpus)) {
    // The JSON beside this one was made by another program.
    const bool other = entry.path().stem() == "ad691d92-15f2-4181-9aa4-723c74f9ddc3";
    if (entry.path().extension() != ".evtx" || other) continue;
    CAPTURE(entry.path().string());
    EvtxReader reader;
    BatchBuilder builder("evtx");
    std::vector<std::uint64_t> ids;
    reader.read_chunk(std::string_view(bytes_of(entry.path())).substr(kEvtxFileHeaderBytes),
                      test_provenance(), builder, ids);
    const Batch evtx = builder.finish();
    std::string xml = "<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\n<Events>";
    JsonFramer framer;
    framer.push(bytes_of(fs::path(entry.path()).replace_extension(".json")),
                [&](const JsonFramer::Document& document) {
                  write_xml(xml, "Event",
                            parse_json(document.bytes)->find("Event") == nullptr
                                ? Json()
                                : (*parse_json(document.bytes))["Event"],
                            false);
                });
    std::uint32_t row = 0;
    EventXmlFramer xml_framer;
    xml_framer.push(xml + "</Events>", [&](const EventXmlFramer::Document& document) {
      REQUIRE(row < evtx.rows());
      INFO(document.bytes);
      CHECK(fields_in(decode(document.bytes), 0) == fields_in(evtx, row++));
    });
    CHECK(row == evtx.rows());
    events += static_cast<int>(row);
  }
  CHECK(events > 110);
}

}  // namespace event_xml_test
