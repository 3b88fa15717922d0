// SPDX-License-Identifier: Apache-2.0
// Sends one mail through a mail server (SMTP, RFC 5321) and writes the message (RFC 5322, UTF-8 as base64).
// The only user of libcurl (docs/decisions/0015). Blocking: for a thread of its own. send_mail() is
// thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace phendau::net {

struct SmtpServer {
  enum class Security : std::uint8_t {
    none,      // for a relay on this machine or in the own rack
    starttls,  // refused when the server does not offer it
    tls,       // from the first byte, port 465
  } security = Security::starttls;
  std::string host;
  std::uint16_t port = 587;
  std::string from;  // address of the sender
  std::string user;  // empty: no sign-in
  std::string password;
  std::string ca_file;             // PEM of who signed the server's certificate; empty: the system's list
  Duration timeout = seconds(60);  // of the whole exchange
};

struct Mail {
  std::string id;  // left part of the Message-ID; a mail that is sent again keeps it
  std::string to;
  std::string subject;
  std::string text;  // lines end with \n
  UtcTime at;
};

/// Whether this can stand in an envelope: one address, no line breaks, no angle brackets.
bool is_mail_address(std::string_view text);
/// The message as it goes over the line, with CR LF.
std::string mail_text(std::string_view from, const Mail& mail);
/// `unavailable` (mail.unreachable: no connection, TLS, sign-in; the server put it off), `invalid`
/// (mail.refused: the server will never take it, or no address).
Result<> send_mail(const SmtpServer& server, const Mail& mail);

}  // namespace phendau::net
