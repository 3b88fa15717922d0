// SPDX-License-Identifier: Apache-2.0
// Any file and any document part end in an error or in a paper that is a sound package again. An input that
// is no ZIP is taken as the body of a document, so that the fuzzer reaches the marks without making archives.
#include <string>

#include "base/text.h"
#include "report/docx_package.h"
#include "report/docx_template.h"
#include "report/zip_writer.h"

namespace {
std::string with_body(std::string_view body) {
  using phendau::report::ZipFile;
  const std::string office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/";
  const std::string word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
  const std::string main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";
  return phendau::report::write_zip(
             {ZipFile{"[Content_Types].xml",
                      "<Types><Default Extension=\"rels\"/><Override PartName=\"/word/document.xml\" "
                      "ContentType=\"" +
                          main + "\"/></Types>"},
              ZipFile{"_rels/.rels", "<Relationships><Relationship Type=\"" + office +
                                         "officeDocument\" Target=\"word/document.xml\"/></Relationships>"},
              ZipFile{"word/document.xml", "<w:document xmlns:w=\"" + word + "\"><w:body>" +
                                               std::string(body) + "</w:body></w:document>"}})
      .value();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string docx = input.starts_with("PK") ? std::string(input) : with_body(input);
  static const Json values =
      parse_json(
          R"({"a":"t","n":1,"s":null,"x":[{"a":"1","x":[]},{"a":"2\n3","x":["p","q"]}],"o":{"b":"c"}})")
          .value();
  const auto filled = report::fill_docx(docx, values);
  if (!filled) return 0;
  PHENDAU_ASSERT(report::open_docx(*filled).has_value());
  return 0;
}
