// SPDX-License-Identifier: Apache-2.0
#include "net/send_reply.h"

#include "base/text.h"

namespace phendau::net {

std::string_view to_string(SendEnd end) {
  constexpr std::string_view kNames[] = {"accepted", "refused", "put_off", "unreachable", "unsure"};
  return kNames[static_cast<std::size_t>(end)];
}

std::string printable_answer(std::string_view text) {
  std::string out = to_valid_utf8(text);
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7F') c = ' ';
  }
  return std::string(trim(truncate_utf8(out, kServerAnswerBytesMax)));
}

}  // namespace phendau::net
