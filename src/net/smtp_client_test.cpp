// SPDX-License-Identifier: Apache-2.0
// Proves what stands in a mail: Vietnamese survives, lines are short, nothing that comes from data begins a
// header of its own, and only addresses go into an envelope. A real exchange: scenario/duties.py.
#include "net/smtp_client.h"

#include <doctest/doctest.h>

#include "base/text.h"

namespace smtp_client_test {

using namespace phendau;
using namespace phendau::net;

TEST_CASE("smtp: a message is ASCII with short lines, and says the same text again") {
  Mail mail;
  mail.id = "k1";
  mail.to = "can.bo@xa.example";
  mail.subject =
      "Ph\u00EAn D\u1EADu: 12 l\u1EDDi nh\u1EAFc v\u1EC1 ngh\u0129a v\u1EE5 ph\u1EA3i xong trong th\u00E1ng "
      "m\u01B0\u1EDDi m\u1ED9t n\u0103m 2026\r\nBcc: x@y";
  mail.text = "M\u1ED9t d\u00F2ng\n.\nH\u1EBFt";
  mail.at = *parse_rfc3339("2026-11-06T01:02:03Z");
  const std::string text = mail_text("phendau@tinh.example", mail);
  const std::size_t blank = text.find("\r\n\r\n");
  REQUIRE(blank != std::string::npos);
  for (const auto line : split(text, '\n')) {
    CHECK(line.size() <= 78);
    for (const char c : line) CHECK((static_cast<unsigned char>(c) < 0x80));
  }
  CHECK(text.find("Bcc") == std::string::npos);
  CHECK(text.find("Date: Fri, 6 Nov 2026 08:02:03 +0700\r\n") != std::string::npos);
  CHECK(text.find("Message-ID: <k1@tinh.example>\r\n") != std::string::npos);
  CHECK(from_base64(replace_all(text.substr(blank + 4), "\r\n", "")).value() ==
        "M\u1ED9t d\u00F2ng\r\n.\r\nH\u1EBFt");
  // The words of the subject, each whole characters.
  std::string subject;
  for (std::size_t at = text.find("=?UTF-8?B?"); at != std::string::npos;
       at = text.find("=?UTF-8?B?", at + 1)) {
    const std::string word = from_base64(text.substr(at + 10, text.find("?=", at) - at - 10)).value();
    CHECK(is_valid_utf8(word));
    subject += word;
  }
  CHECK(subject == mail.subject);
}

TEST_CASE("smtp: only addresses go into an envelope") {
  for (const char* good : {"a@b", "can.bo+1@xa.example"}) CHECK(is_mail_address(good));
  for (const char* bad :
       {"", "a", "@b", "a@", "a@b@c", "a b@c", "a@b>\r\nRCPT TO:<x@y", "<a@b>", "a@b,c@d", "\xC4\x91@b"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_mail_address(bad));
    Mail mail;
    mail.to = bad;
    CHECK(send_mail({}, mail, std::atomic<bool>(false)).end == SendEnd::refused);
  }
  CHECK_FALSE(is_mail_address(std::string(300, 'a') + "@b"));
}

}  // namespace smtp_client_test
