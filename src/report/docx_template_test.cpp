// SPDX-License-Identifier: Apache-2.0
// Proves that marks are found however Word has split them, that loops and conditions repeat what they should,
// that the result stays a sound document, and that templates which could fetch, run or hide something are
// refused. Templates are made here, part by part.
#include "report/docx_template.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "report/docx_package.h"
#include "report/zip_reader.h"
#include "report/zip_writer.h"

namespace phendau::report::docx_template_test {

constexpr std::string_view kWord =
    R"(xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main")";
constexpr std::string_view kLinkType = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/";
constexpr std::string_view kMain =
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";

struct Made {
  std::string body = {};
  std::string links = {};  // of the document
  std::string more_types = {};
  std::string main_type{kMain};
  std::string document = {};  // instead of what `body` makes
  std::vector<ZipFile> more = {};
};
std::string make(const Made& made) {
  const std::string document =
      made.document.empty()
          ? fmt::format("<w:document {}><w:body>{}<w:sectPr/></w:body></w:document>", kWord, made.body)
          : made.document;
  const std::string types = fmt::format(
      R"(<Types><Default Extension="rels" ContentType="r"/><Default Extension="xml" ContentType="x"/>)"
      R"(<Override PartName="/word/document.xml" ContentType="{}"/>{}</Types>)",
      made.main_type, made.more_types);
  const std::string root = fmt::format(
      R"(<Relationships><Relationship Type="{}officeDocument" Target="word/document.xml"/></Relationships>)",
      kLinkType);
  std::vector<ZipFile> parts = {
      {"word/document.xml", document},
      {"[Content_Types].xml", types},
      {"_rels/.rels", root},
      {"word/_rels/document.xml.rels", "<Relationships>" + made.links + "</Relationships>"}};
  parts.insert(parts.end(), made.more.begin(), made.more.end());
  return write_zip(parts).value();
}
std::string p(std::string_view text) { return fmt::format("<w:p><w:r><w:t>{}</w:t></w:r></w:p>", text); }
std::string tc(std::string_view content) { return fmt::format("<w:tc>{}</w:tc>", content); }
std::string tr(std::string_view content) { return fmt::format("<w:tr>{}</w:tr>", content); }
std::string tbl(std::string_view rows) { return fmt::format("<w:tbl>{}</w:tbl>", rows); }

std::string part_of(std::string_view docx, std::string_view name) {
  const auto entries = read_zip(docx).value();
  for (const auto& entry : entries) {
    if (entry.name == name) return entry.bytes;
  }
  return "";
}
Json json(std::string_view text) { return parse_json(text).value(); }
/// The body of what a template becomes, with " xml:space..." left out.
std::string filled(const std::string& body, std::string_view values) {
  const auto out = fill_docx(make({.body = body}), json(values));
  if (!out) return out.error().text_id + " | " + out.error().message;
  std::string xml = part_of(*out, "word/document.xml");
  const std::size_t begin = xml.find("<w:body>") + 8;
  xml = xml.substr(begin, xml.find("</w:body>") - begin);
  for (const std::string_view noise : {" xml:space=\"preserve\"", "<w:sectPr/>", "<w:sectPr />"}) {
    for (std::size_t at = xml.find(noise); at != std::string::npos; at = xml.find(noise))
      xml.erase(at, noise.size());
  }
  return xml;
}
std::string error_of(const std::string& body, std::string_view values = "{}") {
  const auto out = fill_docx(make({.body = body}), json(values));
  return out ? "filled" : out.error().text_id;
}
std::string refusal(const Made& made) {
  const auto out = read_docx_marks(make(made));
  return out ? "accepted" : out.error().text_id;
}

TEST_CASE("values are put in, escaped, composed and without what nobody sees") {
  CHECK(filled(p("a {{x.y}} b"), R"({"x":{"y":"<&>"}})") == p("a &lt;&amp;&gt; b"));
  CHECK(filled(p("{{ n }}, {{d}}"), R"({"n":2026,"d":1.5})") == p("2026, 1,5"));
  CHECK(filled(p("{{x}}"), R"({"x":null})") == "<w:p><w:r/></w:p>");
  CHECK(filled(p("{{x}}"), "{\"x\":\"e\\u0302\\u0301\\u0007\\u202ea\\ufffe\"}") == p("\u1ebfa"));
  CHECK(filled(p("{{\xC2\xA0x }}"), R"({"x":"1"})") == p("1"));             // Word likes no-break spaces
  CHECK(filled(p("{{x}} {{x}}"), R"({"x":"{{y}}"})") == p("{{y}} {{y}}"));  // values are no templates
}

TEST_CASE("a mark may say what stands there when the value is empty") {
  CHECK(filled(p("{{x|none}}, {{ y | it is unknown }}, {{y|}}{{z|a}}"), R"({"x":null,"y":" ","z":"b"})") ==
        p("none, it is unknown, b"));
  CHECK(error_of(p("{{nobody|none}}")) == "docx.unknown_mark");  // an empty value, not a wrong name
}

TEST_CASE("a line break is one; a paragraph that is one value becomes one for each line") {
  CHECK(filled(p("a: {{x}}"), R"({"x":"1\n2\t3"})") ==
        "<w:p><w:r><w:t>a: 1</w:t><w:br/><w:t>2</w:t><w:tab/><w:t>3</w:t></w:r></w:p>");
  CHECK(filled(p("{{x}}"), R"({"x":"1\r\n\n 2 \n"})") == p("1") + p("2"));
}

TEST_CASE("marks that Word has split over runs are joined, the first run's format stays") {
  const std::string bold = "<w:rPr><w:b/></w:rPr>";
  const std::string body = "<w:p><w:pPr><w:jc w:val=\"both\"/></w:pPr><w:r>" + bold +
                           "<w:t>So {</w:t></w:r><w:proofErr w:type=\"spellStart\"/>" +
                           "<w:r w:rsidR=\"00AB\"><w:t>{ca</w:t></w:r><w:bookmarkStart w:id=\"0\" "
                           "w:name=\"_GoBack\"/><w:r><w:rPr><w:i/></w:rPr>"
                           "<w:t>se.title}</w:t></w:r><w:r><w:t>} end</w:t></w:r></w:p>";
  CHECK(filled(body, R"({"case":{"title":"T"}})") ==
        "<w:p><w:pPr><w:jc w:val=\"both\"/></w:pPr><w:r>" + bold +
            "<w:t>So T</w:t></w:r><w:r><w:t> end</w:t></w:r></w:p>");
}

TEST_CASE("rows, paragraphs and words are repeated") {
  const std::string_view values =
      R"({"xs":[{"a":"1","in":["p","q"]},{"a":"2","in":[]}],"empty":[],"on":true,"off":null})";
  const std::string row = tr(tc(p("{{#each xs}}{{@number}}")) + tc(p("{{a}}{{/each}}")));
  CHECK(filled(tbl(tr(tc(p("h"))) + row) + p("z"), values) ==
        tbl(tr(tc(p("h"))) + tr(tc(p("1")) + tc(p("1"))) + tr(tc(p("2")) + tc(p("2")))) + p("z"));
  // Rows over more than one, and a loop in the loop.
  CHECK(filled(tbl(tr(tc(p("{{#each xs}}") + p("{{a}}"))) +
                   tr(tc(p("{{#each in}}{{.}}{{/each}}") + p("{{/each}}")))) +
                   p("z"),
               values) ==
        tbl(tr(tc(p("1"))) + tr(tc(p("p") + p("q"))) + tr(tc(p("2"))) + tr(tc("<w:p/>"))) + p("z"));
  CHECK(filled(p("{{#each xs}}") + p("{{a}}") + p("{{#each in}}") + p("- {{.}} of {{a}}{{@end}}") +
                   p("{{/each}}") + p("{{/each}}"),
               values) == p("1") + p("- p of 1;") + p("- q of 1.") + p("2"));
  CHECK(filled(p("{{#each xs}}{{@letter}}) {{a}}{{/each}}"), values) == p("a) 1") + p("b) 2"));
  CHECK(filled(p("list:{{#each xs}} {{a}},{{/each}} end"), values) ==
        "<w:p><w:r><w:t>list:</w:t></w:r><w:r><w:t> 1,</w:t></w:r><w:r><w:t> 2,</w:t></w:r><w:r><w:t> "
        "end</w:t></w:r></w:p>");
  CHECK(filled(p("{{#if on}}yes{{/if}}") + p("{{#if off}}no{{/if}}") + p("{{#if empty}}no{{/if}}"), values) ==
        p("yes"));
  CHECK(filled(p("{{#if xs}}{{#each xs}}{{a}}{{/each}}{{/if}}"), values) == p("1") + p("2"));
  // Nothing is left of a table without rows; cells and bodies keep a paragraph.
  CHECK(filled(tbl(tr(tc(p("{{#each empty}}")) + tc(p("{{/each}}")))) + p("z"), values) == p("z"));
  CHECK(filled(tbl(tr(tc(p("{{#if off}}x{{/if}}")))), values) == tbl(tr(tc("<w:p/>"))) + "<w:p/>");
  CHECK(filled(p("{{#each empty}}") + tbl(tr(tc(p("x")))) + p("{{/each}}") + p("z"), values) == p("z"));
}

TEST_CASE("text boxes, headers and footers are filled; drawings get numbers of their own") {
  const std::string box = "<w:p><w:r><w:drawing><wp:docPr id=\"1\" name=\"a\"/><w:txbxContent>" +
                          p("{{#if x}}") + p("{{x}}") + p("{{/if}}") +
                          "</w:txbxContent></w:drawing></w:r></w:p>";
  const std::string out = filled(p("{{#each n}}") + box + p("{{/each}}"), R"({"n":[1,2],"x":"v"})");
  CHECK(out.find("<wp:docPr id=\"1\"") != std::string::npos);
  CHECK(out.find("<wp:docPr id=\"2\"") != std::string::npos);
  CHECK(out.find("<w:txbxContent>" + p("v") + "</w:txbxContent>") != std::string::npos);
  const auto docx = fill_docx(
      make({.body = p("a"),
            .links = fmt::format(R"(<Relationship Id="h" Type="{}header" Target="/word/header1.xml"/>)",
                                 kLinkType),
            .more = {{"word/header1.xml", fmt::format("<w:hdr {}>{}</w:hdr>", kWord, p("{{x}}"))}}}),
      json(R"({"x":"in the header"})"));
  REQUIRE(docx);
  CHECK(part_of(*docx, "word/header1.xml").find("in the header") != std::string::npos);
  const auto entries = read_zip(*docx).value();
  CHECK(entries[0].name == "[Content_Types].xml");
  CHECK(entries[1].name == "_rels/.rels");
}

TEST_CASE("mistakes of a template have a name and a place") {
  const struct {
    std::string body;
    std::string_view text_id;
  } cases[] = {
      {p("{{x"), "docx.brace"},
      {p("x}}"), "docx.stray"},
      {p("{{a {{b}}"), "docx.brace"},
      {p("{{a b}}"), "docx.no_mark"},
      {p("{{#else x}}"), "docx.no_mark"},
      {p("{{#each x}}"), "docx.not_closed"},
      {p("{{/each}}"), "docx.closes_nothing"},
      {p("{{#each x}}{{/if}}"), "docx.closes_nothing"},
      {p("{{#if x}}") + tbl(tr(tc(p("{{/if}}")))), "docx.crossing"},
      {tbl(tr(tc(p("{{#each x}}")) + tc(p("{{/each}}{{#if x}}")) + tc(p("{{/if}}")))), "docx.two_blocks"},
      {"<w:p><w:r><w:t>{{a</w:t><w:br/><w:t>}}</w:t></w:r></w:p>", "docx.brace"},
      {p("{{nobody}}"), "docx.unknown_mark"},
      {p("{{x.z}}"), "docx.unknown_mark"},
      {p("{{titel}}"), "docx.unknown_mark_near"},
      {p("{{#if nothing}}a{{/if}}"), "docx.unknown_mark"},
      {p("{{x}}"), "docx.not_text"},
      {p("{{#each title}}a{{/each}}"), "docx.not_list"},
      {p("{{@number}}"), "docx.no_mark"}};
  for (const auto& one : cases) {
    CAPTURE(one.body);
    CHECK(error_of(one.body, R"({"x":[1],"title":"t"})") == one.text_id);
  }
  const auto out = fill_docx(make({.body = p("a") + tbl(tr(tc(p("b") + p("{{nobody}}"))))}), json("{}"));
  REQUIRE(!out);
  CHECK(out.error().args == std::vector<std::string>{"word/document.xml", "3", "nobody", ""});
}

TEST_CASE("marks are listed with the loops around them") {
  const auto marks =
      read_docx_marks(make({.body = p("{{a.b}} {{#each xs}}{{c}}{{#if d}}!{{/if}}{{/each}}")}));
  REQUIRE(marks);
  REQUIRE(marks->size() == 4);
  CHECK((*marks)[0].name == "a.b");
  CHECK((*marks)[1].kind == DocxMark::Kind::each);
  CHECK((*marks)[2].inside == std::vector<std::string>{"xs"});
  CHECK((*marks)[3].kind == DocxMark::Kind::when);
  CHECK((*marks)[3].paragraph == 1);
}

std::string field(std::string_view code) {
  return fmt::format(
      "<w:p><w:r><w:fldChar w:fldCharType=\"begin\"/></w:r><w:r><w:instrText>{}</w:instrText></w:r>"
      "<w:r><w:fldChar w:fldCharType=\"end\"/></w:r></w:p>",
      code);
}
std::string link(std::string_view kind, std::string_view rest) {
  return fmt::format(R"(<Relationship Id="x" Type="{}{}" {}/>)", kLinkType, kind, rest);
}

TEST_CASE("what could fetch, run or hide something is refused") {
  CHECK(refusal({.body = field(" PAGE \\* Arabic ")}) == "accepted");
  const struct {
    Made made;
    std::string_view text_id;
  } cases[] = {
      {{.body = field(" INCLUDEPICTURE \"http://a/b.png\"")}, "docx.field"},
      {{.body = field("DDEAUTO cmd")}, "docx.field"},
      {{.body = field("IN</w:instrText></w:r><w:r><w:instrText>CLUDETEXT x")}, "docx.field"},
      {{.body = "<w:p><w:fldSimple w:instr=\"DATE\"/></w:p>"}, "docx.field"},
      {{.body = "<w:p><w:r><w:instrText>PAGE</w:instrText></w:r></w:p>"}, "docx.field"},
      {{.body = "<w:altChunk r:id=\"x\"/>"}, "docx.active"},
      {{.body = "<w:p><w:r><w:object/></w:r></w:p>"}, "docx.active"},
      {{.body = "<w:p><w:ins w:id=\"1\"><w:r/></w:ins></w:p>"}, "docx.tracked"},
      {{.body = "<w:p><w:r><w:commentReference w:id=\"1\"/></w:r></w:p>"}, "docx.tracked"},
      {{.body = "<w:p><w:r><v:imagedata src=\"http://a/b\"/></w:r></w:p>"}, "docx.external"},
      {{.links = link("hyperlink", R"(Target="http://a/" TargetMode="External")")}, "docx.external"},
      {{.links = link("image", R"(Target="file:///etc/passwd")")}, "docx.external"},
      {{.links = link("attachedTemplate", R"(Target="a.xml")"), .more = {{"word/a.xml", "<a/>"}}},
       "docx.active"},
      {{.links = link("oleObject", R"(Target="a.xml")"), .more = {{"word/a.xml", "<a/>"}}}, "docx.active"},
      {{.links = link("image", R"(Target="media/none.png")")}, "docx.damaged"},
      {{.links = link("image", R"(Target="../../x.png")")}, "docx.damaged"},
      {{.more = {{"word/settings.xml", "<w:settings><w:attachedTemplate/></w:settings>"}}}, "docx.active"},
      {{.more = {{"word/vbaProject.bin", "x"}}}, "docx.active"},
      {{.more = {{"../a.xml", "<a/>"}}}, "docx.damaged"},
      {{.more = {{"WORD/document.xml", "<a/>"}}}, "docx.damaged"},
      {{.more = {{"word/media/a.png", "x"}}}, "docx.damaged"},  // no content type
      {{.more_types = R"(<Override PartName="/word/none.xml" ContentType="x"/>)"}, "docx.damaged"},
      {{.main_type = "application/vnd.ms-word.document.macroEnabled.main+xml"}, "docx.not_word"},
      {{.document = "<w:document/>"}, "docx.not_word"},
      {{.document = fmt::format("<w:document {}><x:body xmlns:x=\"{}\"/></w:document>", kWord,
                                kWord.substr(9, kWord.size() - 10))},
       "docx.not_word"},
      {{.document = fmt::format("<!DOCTYPE a [<!ENTITY b \"c\">]><w:document {}/>", kWord)}, "docx.damaged"},
      {{.document = fmt::format("<w:document {}><w:body></w:document>", kWord)}, "docx.damaged"}};
  for (const auto& one : cases) {
    CAPTURE(one.made.body + one.made.links + one.made.document);
    CHECK(refusal(one.made) == one.text_id);
  }
  CHECK(read_docx_marks("no zip").error().text_id == "docx.not_word");
}

TEST_CASE("limits: depth, size, marks, and loops that make too much") {
  std::string deep;
  for (int i = 0; i < 80; ++i) deep += "<w:sdt>";
  CHECK(refusal({.document = fmt::format("<w:document {}>{}", kWord, deep)}) == "docx.too_large");
  CHECK(refusal({.more = {{"word/a.xml", std::string(kDocxPartBytesMax + 1, ' ')}}}) == "docx.too_large");
  CHECK(read_docx_marks(std::string(kDocxBytesMax + 1, 'x')).error().code == ErrorCode::limit);
  std::string nested, marks;
  for (std::size_t i = 0; i <= kDocxMarkDepthMax; ++i) nested += "{{#if x}}";
  CHECK(error_of(p(nested)) == "docx.too_large");
  for (std::size_t i = 0; i <= kDocxMarksMax; ++i) marks += "{{x}}";
  CHECK(error_of(p(marks)) == "docx.too_large");
  Json list = Json::array();
  for (int i = 0; i < 1000; ++i) list.push(i);
  const Json values = Json::object({{"xs", list}, {"long", std::string(1u << 20, 'x')}});
  const auto filled_with = [&](const std::string& body) {
    const auto out = fill_docx(make({.body = body}), values);
    return out ? "filled" : out.error().text_id;
  };
  CHECK(filled_with(p("{{#each xs}}{{#each xs}}{{.}}{{/each}}{{/each}}")) == "docx.too_long");
  CHECK(filled_with(p("{{#each xs}}") + p("{{#each xs}}{{/each}}") + p("{{/each}}")) == "docx.too_long");
  CHECK(filled_with(p("{{#each xs}}{{long}}{{/each}}")) == "docx.too_long");
}

TEST_CASE("the same input gives the same bytes, and who made the template is forgotten") {
  const Made made{
      .body = p("{{x}}"),
      .more = {{"docProps/core.xml",
                "<cp:coreProperties><dc:creator>A</dc:creator><cp:lastModifiedBy>B</cp:lastModifiedBy>"
                "<dc:title>T</dc:title></cp:coreProperties>"}}};
  const auto one = fill_docx(make(made), json(R"({"x":"1"})"));
  REQUIRE(one);
  CHECK(*one == fill_docx(make(made), json(R"({"x":"1"})")).value());
  CHECK(part_of(*one, "docProps/core.xml").find("<cp:coreProperties><dc:title>T</dc:title>") !=
        std::string::npos);
}

}  // namespace phendau::report::docx_template_test
