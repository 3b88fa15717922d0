// SPDX-License-Identifier: Apache-2.0
// A chart takes the place of its token, its part is declared and linked, and the rest of the file stays.
#include "report/docx_chart.h"

#include <doctest/doctest.h>

#include "report/zip_reader.h"
#include "report/zip_writer.h"

namespace docx_chart_test {

using namespace phendau;
using namespace phendau::report;

namespace {

std::string package(std::string_view text) {
  return *write_zip({{"[Content_Types].xml", "<Types></Types>"},
                     {"word/_rels/document.xml.rels", "<Relationships></Relationships>"},
                     {"word/document.xml",
                      "<w:p><w:r><w:t xml:space=\"preserve\">" + std::string(text) + "</w:t></w:r></w:p>"}});
}
std::string part(const std::string& docx, std::string_view name) {
  const auto entries = *read_zip(docx);
  for (const auto& entry : entries) {
    if (entry.name == name) return entry.bytes;
  }
  return "";
}
const Json kNumbers =
    parse_json(R"({"title":"A & B","bars":[{"label":"<x>","value":3},{"label":"y","value":0}]})").value();

}  // namespace

TEST_CASE("a chart stands where its token stood") {
  const auto made = put_charts(package("chart-1"), {bar_chart_from("chart-1", kNumbers)});
  REQUIRE(made);
  CHECK(part(*made, "word/document.xml").find("chart-1") == std::string::npos);
  CHECK(part(*made, "word/document.xml").find("<w:drawing>") != std::string::npos);
  CHECK(part(*made, "word/_rels/document.xml.rels").find("charts/phendau1.xml") != std::string::npos);
  CHECK(part(*made, "[Content_Types].xml").find("/word/charts/phendau1.xml") != std::string::npos);
  const std::string chart = part(*made, "word/charts/phendau1.xml");
  CHECK(chart.find("A &amp; B") != std::string::npos);
  CHECK(chart.find("&lt;x&gt;") != std::string::npos);
  CHECK(chart.find("<c:v>3</c:v>") != std::string::npos);
  CHECK(*put_charts(package("chart-1"), {bar_chart_from("chart-1", kNumbers)}) == *made);
}

TEST_CASE("without its token a chart is left out, and there is a limit") {
  const std::string plain = package("x");
  CHECK(*put_charts(plain, {}) == plain);
  CHECK(*put_charts(plain, {bar_chart_from("chart-1", kNumbers)}) == plain);
  CHECK_FALSE(put_charts(plain, std::vector<BarChart>(kChartsMax + 1)));
  CHECK_FALSE(put_charts("no zip", {bar_chart_from("chart-1", kNumbers)}));
  Json many = Json::array();
  for (int i = 0; i < 100; ++i) many.push(Json::object({{"label", "x"}, {"value", i}}));
  CHECK(bar_chart_from("t", Json::object({{"bars", many}})).bars.size() == kChartBarsMax);
}

}  // namespace docx_chart_test
