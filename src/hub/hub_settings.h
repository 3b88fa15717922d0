// SPDX-License-Identifier: Apache-2.0
// What the hub itself is set to, by the names that clauses use (docs/packs.md, "Settings of the hub"). A name
// that is not here is unknown to the obligation engine, never fine. Reads configuration and stores; changes
// nothing. Thread-safe.
#pragma once

#include <map>
#include <string>

#include "base/json.h"
#include "base/time.h"
#include "hub/services.h"

namespace phendau::hub {

std::map<std::string, Json> hub_settings(const Services& services, UtcTime now);

}  // namespace phendau::hub
