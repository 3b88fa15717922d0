// SPDX-License-Identifier: Apache-2.0
// How the try to hand something to a server ended (smtp_client.h, webhook_client.h): what may be done next
// depends on it, so the words are those of the sender, not of one protocol. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace phendau::net {

inline constexpr std::size_t kServerAnswerBytesMax = 500;

enum class SendEnd : std::uint8_t {
  accepted,     // the server said that it has it
  refused,      // it will never take this one
  put_off,      // not now, this one; others may go
  unreachable,  // nothing can be sent there now: no connection, TLS, sign-in, the own address refused
  unsure,       // the line broke after everything was sent: it may have it
};
std::string_view to_string(SendEnd end);

struct SendReply {
  SendEnd end = SendEnd::unreachable;
  std::string answer;  // what the server said, or why there is no answer; one line, printable, hostile
};

/// One line without control characters, at most kServerAnswerBytesMax bytes.
std::string printable_answer(std::string_view text);

}  // namespace phendau::net
