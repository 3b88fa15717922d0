// SPDX-License-Identifier: Apache-2.0
// Sends one mail through a mail server (SMTP, RFC 5321) and writes the message (RFC 5322, UTF-8 as base64).
// The only user of libcurl (docs/decisions/0015). Blocking: for a thread of its own. send_mail() is
// thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/send_reply.h"

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
  std::string ca_file;  // PEM of who signed the server's certificate; empty: the system's list
  Duration connect_timeout = seconds(30);
  /// For each answer, and for the one after the final dot: a client that gives up earlier than RFC 5321
  /// 4.5.3.2 wants makes mails arrive twice.
  Duration reply_timeout = minutes(5);
  Duration final_timeout = minutes(10);
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
/// What the server says of the recipient or the message decides about this mail (4xx: put_off, 5xx: refused);
/// what it says before that is about the whole server. `stop`: ends within a second, or, when only the last
/// answer is missing, within ten. Never logs or returns the password.
SendReply send_mail(const SmtpServer& server, const Mail& mail, const std::atomic<bool>& stop);

}  // namespace phendau::net
