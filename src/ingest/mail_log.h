// SPDX-License-Identifier: Apache-2.0
// What mail servers say of a message's way: Postfix (by its programs' names in syslog), Exim (mainlog lines
// or syslog), and Dovecot's logins. One message is several lines with the same queue_id; rules join them.
// Called by line_formats. Pure; thread-safe.
#pragma once

#include "ingest/pairs.h"

namespace phendau::ingest {

/// By the program of the syslog header ("postfix/smtpd", "exim4", "dovecot"); false for others and for lines
/// without fields.
bool parse_mail_message(std::string_view program, std::string_view message, PairList& fields,
                        LineMeaning& meaning);

/// A line of Exim's mainlog: "2026-11-24 10:00:00 1tFabc-000001-2b <= a@example.vn ...".
bool parse_exim_line(std::string_view line, ZoneOffset zone, PairList& fields, LineMeaning& meaning);

}  // namespace phendau::ingest
