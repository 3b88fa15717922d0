// SPDX-License-Identifier: Apache-2.0
// What people do with alerts: look, triage. Raising is detection.h; opening an incident is incidents.h.
// Thread-safe.
#pragma once

#include "hub/services.h"

namespace phendau::hub {

/// A search for whatever is known of an alert's entity, quoted, so that no value is read as syntax.
std::string search_for(const Json& entity);

/// Most urgent first.
inline constexpr std::string_view kAlertLevels[] = {"critical", "high", "medium", "low", "informational"};

class Alerts {
 public:
  explicit Alerts(Services& services) : services_(services) {}
  struct Filter {
    std::vector<std::string> statuses;  // new, acknowledged, closed
    std::vector<std::string> levels;
    std::string agency_id;
    std::string rule_id;
    std::string cursor;
    std::size_t limit = 50;
  };
  /// {items, next_cursor, total}, newest first by the time it was raised.
  Result<Json> list(const Actor& actor, const Filter& filter);
  /// The alert with its rule and first events (AlertDetail).
  Result<Json> get(const Actor& actor, std::string_view id);
  /// `body`: Triage of openapi.yaml.
  Result<Json> triage(const Actor& actor, std::string_view id, const Json& body);
  /// {level: open alerts} and {agency: open alerts} within the scope.
  Result<Json> open_by_level(const Actor& actor);

  Json view(const ledger::Record& record);

 private:
  Services& services_;
};

}  // namespace phendau::hub
