// SPDX-License-Identifier: Apache-2.0
// Proves the tokens of well-formed text and the refusals.
#include "base/xml_reader.h"

#include <doctest/doctest.h>

namespace phendau::xml_reader_test {
namespace {

/// "<a x=1>text</a>" as a line per token.
std::string tokens(std::string_view text) {
  XmlReader xml(text);
  std::string out;
  for (;;) {
    const auto token = xml.next();
    if (!token) return out + "error";
    if (*token == XmlReader::Token::eof) return out;
    if (*token == XmlReader::Token::start) out += "<" + std::string(xml.name()) + ">";
    if (*token == XmlReader::Token::end) out += "</" + std::string(xml.name()) + ">";
    if (*token == XmlReader::Token::text) out += xml.text();
  }
}

}  // namespace

TEST_CASE("tags, texts, entities, CDATA, comments") {
  CHECK(
      tokens(
          "<?xml version=\"1.0\"?><x:a><!-- <b> --><b/>1 &lt;&#225;&#x1EA1;&amp;amp; <![CDATA[<&]]></x:a>") ==
      "<a><b></b>1 <\u00e1\u1ea1&amp; <&</a>");
  CHECK(decode_xml_text("&unknown; &#0; &#x110000; & &#xZZ;") == "&unknown; \uFFFD \uFFFD & &#xZZ;");
  XmlReader xml("<c r='A1' s:t = \"a&quot;b\" v='>'/>");
  REQUIRE(xml.next().has_value());
  CHECK(xml.attribute("r") == "A1");
  CHECK(xml.attribute("t") == "a\"b");
  CHECK(xml.attribute("v") == ">");
  CHECK_FALSE(xml.attribute("x"));
  const auto all = xml.attributes();
  REQUIRE(all);
  REQUIRE(all->size() == 3);
  CHECK((*all)[1].name == "s:t");
  CHECK((*all)[1].value == "a\"b");
  CHECK(xml.is_empty_element());
  for (const char* text : {"<c r/>", "<c r=1>", "<c r='1' s>"}) {
    XmlReader broken(text);
    REQUIRE(broken.next());
    CHECK_FALSE(broken.attributes());
  }
}

TEST_CASE("what is not well formed or dangerous is an error") {
  for (const std::string_view text : {"<a>", "</a>", "<a></b>", "<a", "<a b=\"", "<!DOCTYPE a>",
                                      "<a><!ENTITY x></a>", "<!-- ", "<?x", "<![CDATA[", "< a>", "<a <b>>"})
    CHECK(tokens(text).ends_with("error"));
  std::string deep;
  for (std::size_t i = 0; i <= kXmlReaderDepthMax; ++i) deep += "<a>";
  CHECK(tokens(deep).ends_with("error"));
}

}  // namespace phendau::xml_reader_test
