// SPDX-License-Identifier: Apache-2.0
// Any text through every JSON decoder of the wire.
#include "wire/messages.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau::wire;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  static_cast<void>(decode_enrol_request(body).has_value());
  static_cast<void>(decode_enrol_response(body).has_value());
  static_cast<void>(decode_renew_request(body).has_value());
  static_cast<void>(decode_renew_response(body).has_value());
  static_cast<void>(decode_ack(body).has_value());
  static_cast<void>(decode_facts(body).has_value());
  static_cast<void>(decode_heartbeat_reply(body).has_value());
  static_cast<void>(error_of_answer(400, body).message.size());
  if (const auto heartbeat = decode_heartbeat(body)) {
    PHENDAU_ASSERT(decode_heartbeat(to_json(*heartbeat).dump()).has_value());
  }
  return 0;
}
