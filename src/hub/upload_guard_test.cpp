// SPDX-License-Identifier: Apache-2.0
// Proves what the upload guard lets in and refuses, with real DOCX, ZIP and PDF bytes made here.
#include "hub/upload_guard.h"

#include <doctest/doctest.h>

#include <zip.h>
#include "hub/hub_test_pdf.h"

#include "base/text.h"
#include "hub/document_text.h"
#include "os/env.h"

namespace phendau::hub::upload_guard_test {
namespace {

UploadPolicy policy() {
  const auto text = read_file(posix_env(), PHENDAU_SOURCE_DIR "/packs/base/upload_guard.yaml");
  REQUIRE(text.has_value());
  auto made = upload_policy_from(*parse_yaml(*text));
  REQUIRE(made.has_value());
  return *made;
}

std::string make_zip(const std::vector<std::pair<std::string, std::string>>& files,
                     const char* password = nullptr) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* sink = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_source_keep(sink);
  zip_t* archive = zip_open_from_source(sink, ZIP_TRUNCATE, &error);
  for (const auto& [name, bytes] : files) {
    zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
    const zip_int64_t at = zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
    if (password != nullptr) {
      zip_file_set_encryption(archive, static_cast<zip_uint64_t>(at), ZIP_EM_AES_256, password);
    }
  }
  zip_close(archive);
  zip_source_open(sink);
  zip_source_seek(sink, 0, SEEK_END);
  std::string out(static_cast<std::size_t>(zip_source_tell(sink)), '\0');
  zip_source_seek(sink, 0, SEEK_SET);
  zip_source_read(sink, out.data(), out.size());
  zip_source_close(sink);
  zip_source_free(sink);
  return out;
}

std::string make_docx(const std::string& paragraphs) {
  return make_zip(
      {{"[Content_Types].xml", "<Types/>"},
       {"word/document.xml", "<w:document xmlns:w='x'><w:body>" + paragraphs + "</w:body></w:document>"}});
}

constexpr const char* kMat = "M\u1eacT";
constexpr const char* kToiMat = "T\u1ed0I M\u1eacT";
constexpr const char* kTuyetMat = "TUY\u1ec6T M\u1eacT";

}  // namespace

TEST_CASE("markings are found in the forms that documents use, and ordinary words are not") {
  const UploadPolicy p = policy();
  const struct {
    std::string text;
    bool marked;
  } cases[] = {
      {kMat, true},
      {kToiMat, true},
      {kTuyetMat, true},
      {std::string("UBND\n  ") + kMat + " \nS\u1ed1: 01", true},
      {"M\u1eadt", true},
      {"MAT", true},
      {"- M \u1eac T -", true},
      {"T \u1ed0 I   M \u1eac T", true},
      {"MA\u0302\u0323T", true},  // decomposed
      {std::string("v\u0103n b\u1ea3n \u0111\u00f3ng d\u1ea5u ") + kToiMat + " ng\u00e0y 1", true},
      {"\u0110\u1ed9 m\u1eadt: M\u1eadt", true},
      {"m\u1eadt kh\u1ea9u", false},
      {"B\u1ea2O M\u1eacT TH\u00d4NG TIN", false},
      {"b\u00ed m\u1eadt c\u00f4ng t\u00e1c", false},
      {"m\u1eaft", false},
      {"\u0110\u1ed9 m\u1eadt: kh\u00f4ng", false},
      {"", false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CHECK(has_secret_marking(p, c.text) == c.marked);
  }
}

TEST_CASE("a collection of markings is found, one of ordinary phrases passes") {
  const UploadPolicy p = policy();
  const auto samples = parse_json(*read_file(posix_env(), PHENDAU_SOURCE_DIR "/tests/data/markings.json"));
  REQUIRE(samples);
  REQUIRE((*samples)["marked"].size() >= 60);
  REQUIRE((*samples)["ordinary"].size() >= 60);
  for (const auto& sample : (*samples)["marked"].items()) {
    const std::string shown = sample.dump();
    CAPTURE(shown);
    CHECK(has_secret_marking(p, sample.as_string()));
    const Json form = Json::object({{"note", "abc"}, {"more", Json::array({Json(1), sample})}});
    CHECK_FALSE(check_typed(p, form).has_value());
  }
  for (const auto& sample : (*samples)["ordinary"].items()) {
    const std::string shown = sample.dump();
    CAPTURE(shown);
    CHECK_FALSE(has_secret_marking(p, sample.as_string()));
    CHECK(check_typed(p, Json::object({{"note", sample}})).has_value());
    CHECK_FALSE(has_marked_event(p, Json::object({{"message", sample}}).dump()));
  }
}

TEST_CASE("events: a value that is a marking counts, running text does not") {
  const UploadPolicy p = policy();
  const std::string running = std::string("user opened file ") + kToiMat + ".docx at 10:00";
  const struct {
    std::string line;
    bool marked;
  } cases[] = {
      {R"({"message":")" + std::string(kMat) + R"("})", true},
      {R"({"message":"M\u1eacT"})", true},
      {R"({"a":{"b":["x","\u0110\u1ed9 m\u1eadt: M\u1eadt"]}})", true},
      {R"({"message":"d\u00f2ng\nTUY\u1ec6T M\u1eacT\nS\u1ed1 1"})", true},
      {"not json\t" + std::string(kMat) + "\tS\u1ed1 5", true},
      {kToiMat, true},
      {R"({"message":")" + running + R"("})", false},
      {running, false},
      {R"({"user":"mat","host":"MAT"})", false},
      {R"({"message":"format matched mate"})", false},
      {R"({"message":"B\u1ea2O M\u1eacT"})", false},
      {"", false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.line);
    CHECK(has_marked_event(p, c.line) == c.marked);
  }
}

TEST_CASE("files: what is let in and what each refusal says") {
  const UploadPolicy p = policy();
  const std::string docx_split =
      "<w:p><w:r><w:t>T\u1ed0I</w:t></w:r><w:r><w:t xml:space='preserve'> M\u1eacT</w:t></w:r></w:p>";
  const struct {
    const char* name;
    std::string bytes;
    const char* text_id;  // empty = accepted
  } cases[] = {
      {"ghi chep.txt", "da rut mang luc 10:00", ""},
      {"bao-cao.docx", make_docx("<w:p><w:r><w:t>B\u00e1o c\u00e1o s\u1ef1 c\u1ed1</w:t></w:r></w:p>"), ""},
      {"bao-cao.docx", make_docx("<w:p><w:r><w:t>M\u1eacT</w:t></w:r></w:p>"), "upload.state_secret"},
      {"bao-cao.docx", make_docx(docx_split), "upload.state_secret"},
      {"a.txt", std::string("d\u00f2ng 1\n") + kTuyetMat + "\n", "upload.state_secret"},
      {"bo.zip", make_zip({{"a/b.txt", std::string(kMat)}}), "upload.state_secret"},
      {"bo.zip", make_zip({{"a/b.txt", "nhat ky"}}), ""},
      {"bo.zip", make_zip({{"a.txt", "nhat ky"}}, "pw"), "upload.encrypted"},
      {"x.zip", make_zip({{"1.zip", make_zip({{"2.zip", make_zip({{"3.zip", make_zip({{"a", "b"}})}})}})}}),
       "upload.container_too_big"},
      {"anh.png", "\x89PNG\r\n\x1a\n....", ""},
      {"chuong-trinh.txt", "MZ\x90\x01", "upload.executable"},
      {"a.exe", "MZ\x90\x01", "upload.type"},
      {"a.doc", "\xD0\xCF\x11\xE0", "upload.type"},
      {"a.docx", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "upload.old_office"},
      {"a.txt", "", "upload.empty"},
      {"", "abc", "upload.name"},
      {"../..", "abc", "upload.name"},
      {"a.docx", "PK\x03\x04 broken", "upload.damaged"},
      {"a.txt", std::string("\xFF\xFE") + std::string("M\0A\0T\0", 6), "upload.state_secret"},
      {"TUY\u1ec6T_M\u1eacT.txt", "abc", "upload.state_secret"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CAPTURE(c.text_id);
    const auto checked = check_upload(p, c.name, c.bytes);
    CHECK((checked ? std::string() : checked.error().text_id) == c.text_id);
  }
  CHECK(check_upload(p, "a.txt", std::string(p.size_bytes_max + 1, 'x')).error().text_id ==
        "upload.too_large");
}

TEST_CASE("office documents are read wherever they hold text") {
  const UploadPolicy p = policy();
  const std::string secret(kTuyetMat);
  const auto paragraph = [](const std::string& text) {
    return "<w:p><w:r><w:t>" + text + "</w:t></w:r></w:p>";
  };
  const auto docx_with = [&](const std::string& name, const std::string& bytes) {
    return make_zip({{"[Content_Types].xml", "<Types/>"},
                     {"word/document.xml", "<w:document xmlns:w='x'>" + paragraph("abc") + "</w:document>"},
                     {name, bytes}});
  };
  const auto xlsx_with = [](const std::string& name, const std::string& bytes) {
    return make_zip({{"[Content_Types].xml", "<Types/>"}, {"xl/workbook.xml", "<workbook/>"}, {name, bytes}});
  };
  const std::string inner = make_docx(paragraph(kToiMat));
  const std::string box = "<w:p><w:r><w:t>abc</w:t><w:pict><v:textbox><w:txbxContent>" + paragraph(kMat) +
                          "</w:txbxContent></v:textbox></w:pict></w:r></w:p>";
  const struct {
    std::string what;
    std::string name;
    std::string bytes;
  } cases[] = {
      {"embedded document", "a.docx", docx_with("word/embeddings/Microsoft_Word_Document.docx", inner)},
      {"two deep", "a.docx", docx_with("word/embeddings/a.docx", docx_with("word/embeddings/b.docx", inner))},
      {"embedded sheet", "a.docx",
       docx_with("word/embeddings/a.xlsx",
                 xlsx_with("xl/sharedStrings.xml", "<sst><si><t>" + secret + "</t></si></sst>"))},
      {"in an archive", "a.zip", make_zip({{"bao-cao.docx", docx_with("word/embeddings/a.docx", inner)}})},
      {"header", "a.docx", docx_with("word/header1.xml", "<w:hdr>" + paragraph(kMat) + "</w:hdr>")},
      {"footer", "a.docx", docx_with("word/footer1.xml", "<w:ftr>" + paragraph(kMat) + "</w:ftr>")},
      {"comment", "a.docx",
       docx_with("word/comments.xml",
                 "<w:comments><w:comment>" + paragraph(kMat) + "</w:comment></w:comments>")},
      {"text box", "a.docx", make_docx(box)},
      {"watermark", "a.docx",
       docx_with("word/header2.xml",
                 "<w:hdr><w:p><v:shape><v:textpath string='" + secret + "'/></v:shape></w:p></w:hdr>")},
      {"table cell", "a.docx", make_docx("<w:tbl><w:tr><w:tc>" + paragraph(kMat) + "</w:tc></w:tr></w:tbl>")},
      {"title", "a.docx",
       docx_with("docProps/core.xml",
                 "<cp:coreProperties><dc:title>" + std::string(kMat) + "</dc:title></cp:coreProperties>")},
      {"other main part", "a.docx",
       make_zip(
           {{"[Content_Types].xml", "<Types/>"}, {"word/document2.xml", "<d>" + paragraph(kMat) + "</d>"}})},
      {"part in HTML", "a.docx",
       docx_with("word/afchunk.html", "<html><body><p>abc</p><p><b>M</b>&#7852;T</p></body></html>")},
      {"runs and tabs", "a.docx",
       make_docx("<w:p><w:r><w:t>M</w:t></w:r><w:r><w:t>\u1eac</w:t></w:r><w:r><w:t>T</w:t></w:r><w:r><w:tab/"
                 "><w:t>S\u1ed1: 12/BC</w:t></w:r></w:p>")},
      {"shared strings", "a.xlsx",
       xlsx_with("xl/sharedStrings.xml", "<sst><si><r><t>M\u1eac</t></r><r><t>T</t></r></si></sst>")},
      {"text in a cell", "a.xlsx",
       xlsx_with("xl/worksheets/sheet1.xml",
                 "<worksheet><c t='inlineStr'><is><t>" + std::string(kMat) + "</t></is></c></worksheet>")},
      {"sheet header", "a.xlsx",
       xlsx_with("xl/worksheets/sheet1.xml",
                 "<worksheet><headerFooter><oddHeader>&amp;LUBND&amp;C&amp;\"Arial,Bold\"&amp;14" +
                     std::string(kMat) + "</oddHeader></headerFooter></worksheet>")},
      {"name of a sheet", "a.xlsx",
       make_zip(
           {{"[Content_Types].xml", "<Types/>"},
            {"xl/workbook.xml", "<workbook><sheets><sheet name='" + secret + "'/></sheets></workbook>"}})},
      {"old comment", "a.xlsx",
       xlsx_with("xl/drawings/vmlDrawing1.vml",
                 "<xml><v:textbox><div><font>M\u1eacT</font><br></div></v:textbox></xml>")},
      {"slide", "a.pptx",
       make_zip(
           {{"[Content_Types].xml", "<Types/>"},
            {"ppt/presentation.xml", "<p/>"},
            {"ppt/slides/slide1.xml",
             "<p:sld><a:p><a:r><a:t>T\u1ed0I</a:t></a:r><a:r><a:t> M\u1eacT</a:t></a:r></a:p></p:sld>"}})},
      {"notes", "a.pptx",
       make_zip({{"[Content_Types].xml", "<Types/>"},
                 {"ppt/presentation.xml", "<p/>"},
                 {"ppt/notesSlides/n1.xml", "<p:notes><a:p><a:t>M\u1eacT</a:t></a:p></p:notes>"}})},
      {"font of before", "a.docx", make_docx(paragraph("TUY\u00d6T M\u00cbT"))},
      {"name in an archive", "a.zip", make_zip({{"TUY\u1ec6T_M\u1eacT.txt", "abc"}})},
      {"TCVN3 bytes", "a.txt", "B\xB8o c\xB8o\nT\xE8i m\xCBt\n"},
      {"windows-1258 bytes", "a.txt", "B\xE1o c\xE1o\nM\xC2\xF2T\n"},
      {"escaped JSON", "a.json", "[\n {\"do\": \"M\\u1eacT\"}]"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const auto checked = check_upload(p, c.name, c.bytes);
    CHECK((checked ? std::string("accepted") : checked.error().text_id) == "upload.state_secret");
  }
  const auto plain = check_upload(p, "a.docx", docx_with("word/media/image1.png", "\x89PNG\r\n\x1a\n...."));
  REQUIRE(plain.has_value());
  CHECK(plain->inspected);
  const auto object =
      check_upload(p, "a.docx", docx_with("word/embeddings/oleObject1.bin", "\xD0\xCF\x11\xE0...."));
  REQUIRE(object.has_value());
  CHECK_FALSE(object->inspected);
  std::string deep = inner;
  for (int i = 0; i < 4; ++i) deep = docx_with("word/embeddings/a.docx", deep);
  CHECK(check_upload(p, "a.docx", deep).error().text_id == "upload.container_too_big");
  std::string tags;
  for (int i = 0; i < 20'000; ++i) tags += "<a>";
  for (int i = 0; i < 20'000; ++i) tags += "</a>";
  CHECK(check_upload(p, "a.docx", docx_with("word/styles.xml", tags)).error().text_id == "upload.damaged");
  // The budget is one for all levels: many small archives in one cannot unpack to more than it.
  std::vector<std::pair<std::string, std::string>> many;
  for (int i = 0; i < 4; ++i) {
    many.emplace_back(std::to_string(i) + ".zip", make_zip({{"a.txt", std::string(100'000, 'x')}}));
  }
  CHECK(read_document("a.zip", make_zip(many)).has_value());
  CHECK_FALSE(read_document("a.zip", make_zip(many), {.unpacked_bytes_max = 300'000}).has_value());
  CHECK_FALSE(read_document("a.zip", make_zip(many), {.members_max = 7}).has_value());
}

TEST_CASE("mails are read as people see them, attachments too") {
  const UploadPolicy p = policy();
  const std::string head = "From: a@vidu.gov.vn\r\nSubject: bao cao\r\nMIME-Version: 1.0\r\n";
  const std::string docx = make_docx("<w:p><w:r><w:t>M\u1eacT</w:t></w:r></w:p>");
  const auto mail = [&](const std::string& rest) { return head + rest; };
  const auto multipart = [&](const std::string& part) {
    return mail(
        "Content-Type: multipart/mixed;\r\n boundary=\"=_b1\"\r\n\r\nxin chao\r\n--=_b1\r\nContent-Type: "
        "text/plain\r\n\r\nabc\r\n--=_b1\r\n" +
        part + "\r\n--=_b1--\r\n");
  };
  const std::string body = "K\u00ednh g\u1eedi\r\n  TUY\u1ec6T M\u1eacT\r\nS\u1ed1 5\r\n";
  const struct {
    std::string what;
    std::string bytes;
    const char* text_id;
  } cases[] = {
      {"base64",
       mail("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
            to_base64(body)),
       "upload.state_secret"},
      {"quoted-printable",
       mail("Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: "
            "quoted-printable\n\nabc\nM=E1=BA=\n=ACT\n"),
       "upload.state_secret"},
      {"attachment",
       multipart("Content-Type: application/octet-stream; name=a.docx\r\nContent-Transfer-Encoding: "
                 "base64\r\n\r\n" +
                 to_base64(docx)),
       "upload.state_secret"},
      {"name of an attachment",
       multipart("Content-Type: text/plain\r\nContent-Disposition: attachment; "
                 "filename*=UTF-8''TUY%E1%BB%86T%20M%E1%BA%ACT.txt\r\n\r\nabc"),
       "upload.state_secret"},
      {"subject",
       "Subject: =?UTF-8?B?" + to_base64("T\u1ed0I M\u1eacT") + "?=\r\nMIME-Version: 1.0\r\n\r\nabc",
       "upload.state_secret"},
      {"subject in Q",
       "Subject: bao cao =?utf-8?q?TUY=E1=BB=86T_M?= =?utf-8?q?=E1=BA=ACT?=\r\nMIME-Version: 1.0\r\n\r\nabc",
       "upload.state_secret"},
      {"HTML",
       mail("Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: "
            "quoted-printable\r\n\r\n<p>abc</p><p><span>T=E1=BB=90I</span>&nbsp;M&#x1EAC;T</p>"),
       "upload.state_secret"},
      {"UTF-16 text",
       multipart("Content-Type: text/plain; charset=utf-16le\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
                 to_base64(std::string("M\0A\0T\0\n\0", 8))),
       "upload.state_secret"},
      {"mail in a mail",
       multipart("Content-Type: message/rfc822\r\n\r\n" +
                 mail("Content-Transfer-Encoding: base64\r\n\r\n" + to_base64(body))),
       "upload.state_secret"},
      {"encrypted attachment",
       multipart("Content-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
                 to_base64(make_zip({{"a.txt", "b"}}, "pw"))),
       "upload.encrypted"},
      {"plain",
       multipart("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
                 to_base64("an to\u00e0n, b\u1ea3o m\u1eadt")),
       ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const auto checked = check_upload(p, "thu.eml", c.bytes);
    CHECK((checked ? std::string() : checked.error().text_id) == c.text_id);
  }
  const auto harmful = check_upload(
      p, "thu.eml",
      multipart("Content-Type: application/x-msdownload\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
                to_base64("MZ\x90")));
  REQUIRE(harmful.has_value());
  CHECK_FALSE(harmful->inspected);
  std::string deep = "Content-Type: text/plain\n\nabc";
  for (int i = 0; i < 40; ++i) {
    const std::string b = "b" + std::to_string(i);
    deep = "Content-Type: multipart/mixed; boundary=" + b + "\n\n--" + b + "\n" + deep + "\n--" + b + "--\n";
  }
  CHECK(check_upload(p, "thu.eml", deep).error().text_id == "upload.container_too_big");
}

TEST_CASE("PDF text is inspected") {
  const UploadPolicy p = policy();
  const auto plain = check_upload(p, "bien-ban.pdf", make_pdf("Bien ban ban giao"));
  if (!plain && plain.error().code == ErrorCode::unavailable) {
    MESSAGE("skipped: pdftotext is not installed");
    return;
  }
  REQUIRE(plain.has_value());
  CHECK(plain->inspected);
  CHECK(plain->media_type == "application/pdf");
  CHECK(check_upload(p, "a.pdf", make_pdf("TUYET MAT")).error().text_id == "upload.state_secret");
  const auto scan = check_upload(p, "scan.pdf", make_pdf(""));
  REQUIRE(scan.has_value());
  CHECK_FALSE(scan->inspected);
  CHECK(check_upload(p, "a.pdf", make_pdf("abc") + "/Encrypt").error().text_id == "upload.encrypted");
}

TEST_CASE("a ZIP bomb costs nothing") {
  const UploadPolicy p = policy();
  const std::string bomb = make_zip({{"a.txt", std::string(64u << 20, '0')}});
  CHECK(bomb.size() < (1u << 20));
  CHECK(check_upload(p, "a.zip", bomb).error().text_id == "upload.container_too_big");
}

}  // namespace phendau::hub::upload_guard_test
