// SPDX-License-Identifier: Apache-2.0
#include "ingest/fields.h"

#include <algorithm>

namespace phendau::ingest {

std::string_view to_string(Field field) {
  static constexpr std::array<std::string_view, kFieldCount> kNames = {"",
                                                                       "facility",
                                                                       "severity",
                                                                       "program",
                                                                       "pid",
                                                                       "msgid",
                                                                       "message",
                                                                       "relay_host",
                                                                       "relay_program",
                                                                       "peer_address",
                                                                       "input_channel",
                                                                       "action",
                                                                       "outcome",
                                                                       "user",
                                                                       "target_user",
                                                                       "user_known",
                                                                       "source_ip",
                                                                       "source_port",
                                                                       "source_name",
                                                                       "method",
                                                                       "key_fingerprint",
                                                                       "command",
                                                                       "tty",
                                                                       "working_directory",
                                                                       "uid",
                                                                       "gid",
                                                                       "group",
                                                                       "groups",
                                                                       "home",
                                                                       "shell",
                                                                       "repeat_count",
                                                                       "session_id",
                                                                       "usb_port",
                                                                       "device_serial",
                                                                       "local_hour",
                                                                       "local_weekday"};
  static_assert(!kNames.back().empty());
  return kNames[static_cast<std::size_t>(field)];
}

ValueKind number_kind(std::string_view text) {
  constexpr std::size_t kDigitsMax = 18;  // below 2^63
  if (text.empty() || text.size() > kDigitsMax || (text[0] == '0' && text.size() > 1)) return ValueKind::text;
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits ? ValueKind::integer : ValueKind::text;
}

}  // namespace phendau::ingest
