// SPDX-License-Identifier: Apache-2.0
// What programs that check identities say (sshd, sudo, su, PAM, login, shadow tools, logind, cron), as fields
// of docs/reference/fields.md. A new message form is one row of the table in auth_messages.cpp. Called by the
// syslog and journald decoders after the header is known. Pure; thread-safe; no heap per message.
#pragma once

#include <cstdint>
#include <string_view>

#include "ingest/fields.h"

namespace phendau::ingest {

/// Who speaks, by the name in the header.
enum class Speaker : std::uint8_t { other, sshd, sudo, su, login, shadow, logind, cron, kernel, auditd, pam };

/// `program` as in the header: a path in front, "(pam_unix)" behind and letter case of CRON do not matter.
Speaker speaker_of(std::string_view program);

struct MessageMeaning {
  Speaker speaker = Speaker::other;  // pam: an unknown program that relays a PAM message
  bool understood = false;           // a row of the table matched
};

/// Appends the fields that the message says. Values are views into `program`, `message` or constants.
/// "message repeated N times: [ ... ]" is looked into.
MessageMeaning parse_auth_message(std::string_view program, std::string_view message, FieldList& fields);

/// LogSource::key() for rows of this speaker; "linux//syslog" for other.
std::string_view logsource_of(Speaker speaker);

}  // namespace phendau::ingest
