// SPDX-License-Identifier: Apache-2.0
// Questions that a DNS server of our own logs: BIND (its query log, or through syslog), Unbound, dnsmasq.
// Names are those of Sigma's category dns. Called by line_formats. Pure; thread-safe.
#pragma once

#include "ingest/pairs.h"

namespace phendau::ingest {

/// By the program of the syslog header ("named", "unbound", "dnsmasq"); false for others and for lines that
/// are no question.
bool parse_dns_message(std::string_view program, std::string_view message, PairList& fields,
                       LineMeaning& meaning);

/// A line of BIND's own file: "24-Nov-2026 10:00:00.123 queries: info: client @0x7f 192.0.2.1#53 (a.vn):
/// query: ...".
bool parse_bind_line(std::string_view line, ZoneOffset zone, PairList& fields, LineMeaning& meaning);

}  // namespace phendau::ingest
