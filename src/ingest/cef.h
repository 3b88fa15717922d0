// SPDX-License-Identifier: Apache-2.0
// Common Event Format: "CEF:0|vendor|product|version|event class|name|severity|key=value ...", as firewalls,
// proxies and antivirus consoles send it inside syslog. Called by line_formats. Pure; thread-safe.
#pragma once

#include "ingest/pairs.h"

namespace phendau::ingest {

/// False if the text does not begin with "CEF:" and a digit. Header parts become DeviceVendor, DeviceProduct,
/// DeviceVersion, DeviceEventClassID, Name, Severity; extension keys keep their names, and "cs1=x
/// cs1Label=Policy Name" also gives PolicyName=x. Log source "cef//"; rt is the event's time, dvchost the
/// host.
bool parse_cef(std::string_view text, ZoneOffset zone, PairList& fields, LineMeaning& meaning);

}  // namespace phendau::ingest
