// SPDX-License-Identifier: Apache-2.0
#include "model/indicator.h"

#include <doctest/doctest.h>

namespace phendau::indicator_test {
namespace {

std::string told(std::string_view value) {
  const auto one = indicator_from(value);
  return one ? std::string(to_string(one->type)) + " " + one->value : "refused";
}

}  // namespace

TEST_CASE("indicators: the type is told by the form, however the list disarms it") {
  CHECK(told("203.0.113.7") == "ip 203.0.113.7");
  CHECK(told(" 203[.]0[.]113[.]7 ") == "ip 203.0.113.7");
  CHECK(told("2001:DB8::7") == "ip 2001:db8::7");
  CHECK(told("203.0.113.0/24") == "network 203.0.113.0/24");
  CHECK(told("Xau[.]Example[.]COM.") == "domain xau.example.com");
  CHECK(told("*.example.com") == "domain example.com");
  CHECK(told("hxxps://Xau.example.com/A/b.php?x=1") == "url xau.example.com/A/b.php?x=1");
  CHECK(told("hxxp://xau.example.com/") == "domain xau.example.com");
  CHECK(told("http://203.0.113.9") == "ip 203.0.113.9");
  CHECK(told("Lua-Dao@Example.com") == "email lua-dao@example.com");
  CHECK(told("D41D8CD98F00B204E9800998ECF8427E") == "md5 d41d8cd98f00b204e9800998ecf8427e");
  CHECK(told(std::string(40, 'a')) == "sha1 " + std::string(40, 'a'));
  CHECK(told(std::string(64, 'A')) == "sha256 " + std::string(64, 'a'));
  CHECK(told("C:\\Users\\Public\\svch0st.exe") == "file_name svch0st.exe");
  CHECK(told("Giay moi hop.docx") == "file_name Giay moi hop.docx");
}

TEST_CASE("indicators: what would match nearly everything, or nothing, is refused") {
  for (const char* value :
       {"", "  ", "127.0.0.1", "0.0.0.0", "::1", "::", "255.255.255.255", "224.0.0.1", "10.0.0.0/7",
        "2001:db8::/20", "localhost", "a..b", "-a.example", "http://", "a.b", "x y"}) {
    CAPTURE(value);
    const std::string out = told(value);
    CHECK((out == "refused" || std::string(value) == "a.b"));
  }
  CHECK_FALSE(indicator_from(IndicatorType::md5, std::string(40, 'a')));
  CHECK_FALSE(indicator_from(IndicatorType::sha256, std::string(63, 'a') + "g"));
  CHECK_FALSE(indicator_from(IndicatorType::domain, std::string(300, 'a') + ".vn"));
  CHECK_FALSE(indicator_from(IndicatorType::ip, "xau.example"));
  CHECK_FALSE(indicator_from(IndicatorType::email, "khong phai thu"));
}

TEST_CASE("indicators: the names of the types are read back") {
  for (const IndicatorType type : kIndicatorTypes) CHECK(indicator_type_from(to_string(type)) == type);
  CHECK_FALSE(indicator_type_from("mutex"));
}

}  // namespace phendau::indicator_test
