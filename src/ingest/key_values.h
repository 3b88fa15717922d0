// SPDX-License-Identifier: Apache-2.0
// key=value lines of firewalls: FortiGate, Sophos, and the kernel's netfilter (iptables, nftables, ufw).
// Called by line_formats. Pure; thread-safe.
#pragma once

#include "ingest/pairs.h"

namespace phendau::ingest {

/// Pairs of "key=value" and key="quoted value", separated by spaces, commas or semicolons; other words are
/// skipped.
void read_pairs(std::string_view text, PairList& fields);

/// True for the lines of a firewall that is known by its keys; sets log source ("fortigate//traffic",
/// "linux/firewall/netfilter", "sophos/firewall/"), time and host. False leaves `fields` as it was.
bool parse_firewall_line(std::string_view text, ZoneOffset zone, PairList& fields, LineMeaning& meaning);

/// Any line with at least one pair: for sources that are set to key_value.
bool parse_any_pairs(std::string_view text, ZoneOffset zone, PairList& fields, LineMeaning& meaning);

}  // namespace phendau::ingest
