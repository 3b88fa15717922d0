// SPDX-License-Identifier: Apache-2.0
// Any bytes end in an error or at the end, with valid UTF-8 on the way.
#include "base/text.h"
#include "base/xml_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau;
  XmlReader xml(std::string_view(reinterpret_cast<const char*>(data), size));
  for (;;) {
    const auto token = xml.next();
    if (!token || *token == XmlReader::Token::eof) return 0;
    if (*token == XmlReader::Token::text) PHENDAU_ASSERT(is_valid_utf8(xml.text()));
    if (*token == XmlReader::Token::start) {
      PHENDAU_ASSERT(is_valid_utf8(xml.attribute("r").value_or("")));
      const auto all = xml.attributes();
      for (const auto& one : all ? *all : std::vector<XmlReader::Attribute>())
        PHENDAU_ASSERT(is_valid_utf8(one.value));
    }
    PHENDAU_ASSERT(xml.depth() <= kXmlReaderDepthMax);
  }
}
