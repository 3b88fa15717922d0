// SPDX-License-Identifier: Apache-2.0
#include "report/docx_chart.h"

#include <algorithm>

#include <fmt/format.h>

#include "report/zip_reader.h"
#include "report/zip_writer.h"

namespace phendau::report {
namespace {

constexpr std::string_view kChartDocument = "word/document.xml";
constexpr std::string_view kChartLinks = "word/_rels/document.xml.rels";
constexpr std::string_view kChartTypes = "[Content_Types].xml";
constexpr std::string_view kChartDeclaration =
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
constexpr std::string_view kChartSpace = "http://schemas.openxmlformats.org/drawingml/2006/chart";
constexpr std::string_view kDrawingMain = "http://schemas.openxmlformats.org/drawingml/2006/main";
constexpr std::string_view kChartRelations =
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
constexpr std::string_view kChartType = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml";
// In EMU: the width of the text is 165 mm.
constexpr std::int64_t kChartWidth = 36'000LL * 160;
constexpr std::int64_t kChartHeight = 36'000LL * 68;
constexpr int kChartFontSize = 1'200;  // hundredths of a point

std::string chart_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (static_cast<unsigned char>(c) >= 0x20)
      out += c;
  }
  return out;
}

std::string text_properties(bool bold) {
  return fmt::format(
      "<c:txPr><a:bodyPr/><a:lstStyle/><a:p><a:pPr><a:defRPr sz=\"{0}\" b=\"{1}\"><a:solidFill><a:srgbClr "
      "val=\"000000\"/></a:solidFill><a:latin typeface=\"Times New Roman\"/><a:cs typeface=\"Times New "
      "Roman\"/></a:defRPr></a:pPr><a:endParaRPr lang=\"vi-VN\"/></a:p></c:txPr>",
      kChartFontSize, bold ? 1 : 0);
}

std::string title_xml(std::string_view title) {
  return fmt::format(
      "<c:title><c:tx><c:rich><a:bodyPr/><a:lstStyle/><a:p><a:pPr><a:defRPr/></a:pPr><a:r><a:rPr "
      "lang=\"vi-VN\" sz=\"{}\" b=\"1\"><a:solidFill><a:srgbClr val=\"000000\"/></a:solidFill><a:latin "
      "typeface=\"Times New Roman\"/><a:cs typeface=\"Times New Roman\"/></a:rPr><a:t>{}</a:t></a:r></a:p>"
      "</c:rich></c:tx><c:overlay val=\"0\"/></c:title><c:autoTitleDeleted val=\"0\"/>",
      kChartFontSize, chart_text(title));
}

std::string series_xml(const BarChart& chart) {
  std::string labels;
  std::string values;
  for (std::size_t i = 0; i < chart.bars.size(); ++i) {
    labels += fmt::format("<c:pt idx=\"{}\"><c:v>{}</c:v></c:pt>", i, chart_text(chart.bars[i].label));
    values += fmt::format("<c:pt idx=\"{}\"><c:v>{}</c:v></c:pt>", i, chart.bars[i].value);
  }
  const std::size_t count = chart.bars.size();
  return fmt::format(
      "<c:ser><c:idx val=\"0\"/><c:order val=\"0\"/><c:spPr><a:solidFill><a:srgbClr "
      "val=\"595959\"/></a:solidFill></c:spPr><c:invertIfNegative val=\"0\"/><c:dLbls>{0}<c:showLegendKey "
      "val=\"0\"/><c:showVal val=\"1\"/><c:showCatName val=\"0\"/><c:showSerName val=\"0\"/><c:showPercent "
      "val=\"0\"/><c:showBubbleSize val=\"0\"/></c:dLbls><c:cat><c:strLit><c:ptCount "
      "val=\"{1}\"/>{2}</c:strLit></c:cat><c:val><c:numLit><c:formatCode>0</c:formatCode><c:ptCount "
      "val=\"{1}\"/>{3}</c:numLit></c:val></c:ser>",
      text_properties(false), count, labels, values);
}

std::string axes_xml() {
  const std::string texts = text_properties(false);
  return fmt::format(
      "<c:catAx><c:axId val=\"1\"/><c:scaling><c:orientation val=\"minMax\"/></c:scaling><c:delete "
      "val=\"0\"/><c:axPos val=\"b\"/><c:majorTickMark val=\"none\"/><c:minorTickMark val=\"none\"/>"
      "<c:tickLblPos val=\"low\"/>{0}<c:crossAx val=\"2\"/></c:catAx><c:valAx><c:axId val=\"2\"/><c:scaling>"
      "<c:orientation val=\"minMax\"/><c:min val=\"0\"/></c:scaling><c:delete val=\"1\"/><c:axPos "
      "val=\"l\"/><c:numFmt formatCode=\"0\" sourceLinked=\"0\"/><c:majorTickMark val=\"none\"/>"
      "<c:minorTickMark val=\"none\"/><c:tickLblPos val=\"nextTo\"/><c:crossAx val=\"1\"/></c:valAx>",
      texts);
}

std::string chart_xml(const BarChart& chart) {
  return fmt::format(
      "{0}<c:chartSpace xmlns:c=\"{1}\" xmlns:a=\"{2}\" xmlns:r=\"{3}\"><c:roundedCorners "
      "val=\"0\"/><c:chart>"
      "{4}<c:plotArea><c:layout/><c:barChart><c:barDir val=\"col\"/><c:grouping val=\"clustered\"/>"
      "<c:varyColors val=\"0\"/>{5}<c:gapWidth val=\"60\"/><c:axId val=\"1\"/><c:axId "
      "val=\"2\"/></c:barChart>"
      "{6}</c:plotArea><c:plotVisOnly val=\"1\"/></c:chart></c:chartSpace>",
      kChartDeclaration, kChartSpace, kDrawingMain, kChartRelations, title_xml(chart.title),
      series_xml(chart), axes_xml());
}

/// Ids of drawings are counted from far above those that an office gives.
std::string drawing_xml(std::size_t number, std::string_view title) {
  return fmt::format(
      "<w:drawing><wp:inline xmlns:wp=\"http://schemas.openxmlformats.org/drawingml/2006/"
      "wordprocessingDrawing\" distT=\"0\" distB=\"0\" distL=\"0\" distR=\"0\"><wp:extent cx=\"{0}\" "
      "cy=\"{1}\"/><wp:docPr id=\"{2}\" name=\"chart{2}\" descr=\"{3}\"/><wp:cNvGraphicFramePr/><a:graphic "
      "xmlns:a=\"{4}\"><a:graphicData uri=\"{5}\"><c:chart xmlns:c=\"{5}\" xmlns:r=\"{6}\" "
      "r:id=\"rIdChart{7}\"/></a:graphicData></a:graphic></wp:inline></w:drawing>",
      kChartWidth, kChartHeight, 900 + number, chart_text(title), kDrawingMain, kChartSpace, kChartRelations,
      number);
}

/// The element of text that holds nothing but the token becomes the drawing.
bool replace_token(std::string& xml, std::string_view token, const std::string& drawing) {
  const std::size_t at = xml.find(token);
  if (at == std::string::npos) return false;
  const std::size_t open = xml.rfind("<w:t", at);
  const std::size_t close = xml.find("</w:t>", at);
  if (open == std::string::npos || close == std::string::npos) return false;
  xml.replace(open, close + 6 - open, drawing);
  return true;
}

void insert_before(std::string& xml, std::string_view end, const std::string& what) {
  const std::size_t at = xml.rfind(end);
  if (at != std::string::npos) xml.insert(at, what);
}

}  // namespace

BarChart bar_chart_from(std::string token, const Json& json) {
  BarChart out;
  out.token = std::move(token);
  out.title = json["title"].as_string();
  for (const auto& bar : json["bars"].items()) {
    if (out.bars.size() < kChartBarsMax)
      out.bars.push_back({bar["label"].as_string(), bar["value"].as_int()});
  }
  return out;
}

Result<std::string> put_charts(std::string docx, const std::vector<BarChart>& charts) {
  if (charts.empty()) return docx;
  if (charts.size() > kChartsMax)
    return fail(ErrorCode::limit, "too many charts in one paper", "docx.too_large");
  std::vector<ZipFile> files;
  for (auto& entry : PHENDAU_TRY(read_zip(docx))) files.push_back({entry.name, std::move(entry.bytes)});
  const auto part = [&](std::string_view name) -> std::string* {
    const auto found =
        std::find_if(files.begin(), files.end(), [&](const auto& one) { return one.name == name; });
    return found == files.end() ? nullptr : &found->bytes;
  };
  std::string links;
  std::string types;
  std::vector<ZipFile> more;
  std::string* document = part(kChartDocument);
  for (std::size_t i = 0; document != nullptr && i < charts.size(); ++i) {
    if (!replace_token(*document, charts[i].token, drawing_xml(i + 1, charts[i].title))) continue;
    const std::string name = fmt::format("charts/phendau{}.xml", i + 1);
    links += fmt::format("<Relationship Id=\"rIdChart{}\" Type=\"{}/chart\" Target=\"{}\"/>", i + 1,
                         kChartRelations, name);
    types += fmt::format("<Override PartName=\"/word/{}\" ContentType=\"{}\"/>", name, kChartType);
    more.push_back({"word/" + name, chart_xml(charts[i])});
  }
  if (more.empty()) return docx;
  if (part(kChartLinks) == nullptr || part(kChartTypes) == nullptr)
    return fail(ErrorCode::invalid, "DOCX without relationships", "docx.damaged", {std::string(kChartLinks)});
  insert_before(*part(kChartLinks), "</Relationships>", links);
  insert_before(*part(kChartTypes), "</Types>", types);
  for (auto& one : more) files.push_back(std::move(one));
  return write_zip(files);
}

}  // namespace phendau::report
