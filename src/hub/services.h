// SPDX-License-Identifier: Apache-2.0
// What every use case of the hub works with, made once in hub.cpp. Also the few rules that all use cases
// share: how a missing right is answered, and the scopes of the hub's own work.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "hub/config.h"
#include "hub/live.h"
#include "model/authorize.h"
#include "os/env.h"
#include "store/ledger/ledger.h"

namespace phendau::journal {
class Journal;
}

namespace phendau::hub {

class ActivePack;

struct Services {
  Env& env;
  const HubConfig& config;
  ledger::Ledger& ledger;
  journal::Journal& journal;
  Live& live;
  ActivePack& pack;
};

inline Scope everything() { return Scope{Scope::Reach::everything, {}, {}}; }

/// The scope of this actor for this pair, or `denied` when the role has no reach at all.
Result<Scope> scope_for(const Actor& actor, Action action, Resource resource);
/// As above, and the scope must cover this agency: `not_found` otherwise, so that nobody learns what exists.
Result<Scope> scope_covering(const Actor& actor, Action action, Resource resource,
                             std::string_view agency_id);

/// "Z" text of an instant, or null.
Json time_or_null(const std::optional<UtcTime>& at);
/// What a list answers: {items, next_cursor}.
Json page_json(Json::Array items, const std::string& next_cursor);

/// Names of agencies by id, as the ledger has them now; the id itself for an unknown one.
std::string agency_name(Services& services, std::string_view agency_id);

}  // namespace phendau::hub
