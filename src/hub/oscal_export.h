// SPDX-License-Identifier: Apache-2.0
// A pack and its obligations in the words of report/oscal.h. Called by `phendau pack export` and the report
// routes. Pure; thread-safe.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/time.h"
#include "comply/assess.h"
#include "hub/pack.h"

namespace phendau::hub {

/// OSCAL documents (JSON objects with one member). `written_at` becomes last-modified.
Json export_oscal_catalog(const Pack& pack, UtcTime written_at);
Json export_oscal_profile(const Pack& pack, UtcTime written_at);
/// @param obligations  of the round, as comply::assess gives them; only what the reader may see.
/// @param names        of agencies and subjects by id; the id stands where there is none.
Json export_oscal_results(const Pack& pack, std::span<const comply::Obligation> obligations,
                          const std::map<std::string, std::string, std::less<>>& names, UtcTime assessed_at);

}  // namespace phendau::hub
