// SPDX-License-Identifier: Apache-2.0
// The XML of a signature, and once more as relationships and content types, in a package that is otherwise
// as it should be. Nothing may crash or hang, and without an authority nothing is valid.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/document_signature.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau;
  using namespace phendau::net;
  constexpr std::string_view kTypes =
      "<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'>"
      "<Default Extension='xml' ContentType='application/xml'/></Types>";
  constexpr std::string_view kRoot =
      "<Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'>"
      "<Relationship Id='a' Type='http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
      "officeDocument' Target='word/document.xml'/>"
      "<Relationship Id='b' Type='http://schemas.openxmlformats.org/package/2006/relationships/"
      "digital-signature/origin' Target='_xmlsignatures/origin.sigs'/></Relationships>";
  constexpr std::string_view kOrigin =
      "<Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'>"
      "<Relationship Id='a' Type='http://schemas.openxmlformats.org/package/2006/relationships/"
      "digital-signature/signature' Target='sig1.xml'/></Relationships>";
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const int where : {0, 1, 2}) {
    const PackagePart parts[] = {{"[Content_Types].xml", where == 1 ? bytes : kTypes},
                                 {"_rels/.rels", where == 2 ? bytes : kRoot},
                                 {"word/document.xml", "<document/>"},
                                 {"_xmlsignatures/origin.sigs", ""},
                                 {"_xmlsignatures/_rels/origin.sigs.rels", kOrigin},
                                 {"_xmlsignatures/sig1.xml", bytes}};
    if (verify_docx_signature(parts, "", UtcTime{0}).verdict == DocumentSignature::Verdict::valid)
      __builtin_trap();
  }
  return 0;
}
