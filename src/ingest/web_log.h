// SPDX-License-Identifier: Apache-2.0
// Lines of web servers and proxies under the names that Sigma took from W3C: NCSA common and combined (with
// or without the virtual host in front), W3C extended (IIS, proxies), Squid's own access.log, error lines of
// Apache and nginx. Called by line_formats. Pure; thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ingest/pairs.h"

namespace phendau::ingest {

/// The columns that a "#Fields:" line announced.
struct W3cLayout {
  std::vector<std::string> names;  // as Sigma writes them: cs-user-agent for cs(User-Agent)
  bool proxy = false;
};

/// "#Fields: date time c-ip ..." -> the layout; nullptr for other directives. `software` is what a
/// "#Software:" line before it said.
std::shared_ptr<const W3cLayout> parse_w3c_directive(std::string_view line, std::string_view software);

/// A data line. Without `layout` only the default columns of IIS 7 and later are known. False if the number
/// of columns differs.
bool parse_w3c(std::string_view line, const W3cLayout* layout, PairList& fields, LineMeaning& meaning);

bool parse_ncsa(std::string_view line, PairList& fields, LineMeaning& meaning);
bool parse_squid(std::string_view line, PairList& fields, LineMeaning& meaning);
bool parse_web_error(std::string_view line, UtcTime received, ZoneOffset zone, PairList& fields,
                     LineMeaning& meaning);

}  // namespace phendau::ingest
