// SPDX-License-Identifier: Apache-2.0
// Proves what the upload guard lets in and refuses, with real DOCX, ZIP and PDF bytes made here.
#include "hub/upload_guard.h"

#include <doctest/doctest.h>
#include <zip.h>

#include "os/env.h"

namespace phendau::hub {
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

std::string make_pdf(const std::string& text) {
  const std::string stream = "BT /F1 24 Tf 72 700 Td (" + text + ") Tj ET";
  std::vector<std::string> objects = {
      "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
      "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
      "/Resources << /Font << /F1 5 0 R >> >> >>",
      "<< /Length " + std::to_string(stream.size()) + " >>\nstream\n" + stream + "\nendstream",
      "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"};
  std::string out = "%PDF-1.4\n";
  std::string table = "0000000000 65535 f \n";
  for (std::size_t i = 0; i < objects.size(); ++i) {
    char row[32];
    std::snprintf(row, sizeof row, "%010zu 00000 n \n", out.size());
    table += row;
    out += std::to_string(i + 1) + " 0 obj\n" + objects[i] + "\nendobj\n";
  }
  const std::size_t xref = out.size();
  return out + "xref\n0 6\n" + table + "trailer << /Size 6 /Root 1 0 R >>\nstartxref\n" +
         std::to_string(xref) + "\n%%EOF\n";
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

}  // namespace phendau::hub
