// SPDX-License-Identifier: Apache-2.0
#include "hub/services.h"

namespace phendau::hub {

Result<Scope> scope_for(const Actor& actor, Action action, Resource resource) {
  Scope scope = authorize(actor, action, resource);
  if (scope.allows_nothing()) return fail(ErrorCode::denied, "not for this role", "error.denied");
  return scope;
}

Result<Scope> scope_covering(const Actor& actor, Action action, Resource resource,
                             std::string_view agency_id) {
  Scope scope = PHENDAU_TRY(scope_for(actor, action, resource));
  if (!scope.covers(agency_id)) return fail(ErrorCode::not_found, "not found", "error.not_found");
  return scope;
}

Json time_or_null(const std::optional<UtcTime>& at) { return at ? Json(format_rfc3339(*at)) : Json(); }

Json page_json(Json::Array items, const std::string& next_cursor) {
  return Json::object({{"items", Json::array(std::move(items))},
                       {"next_cursor", next_cursor.empty() ? Json() : Json(next_cursor)}});
}

std::string agency_name(Services& services, std::string_view agency_id) {
  const auto record = services.ledger.get("agency", agency_id, everything());
  return record ? record->doc["name"].string_or(agency_id) : std::string(agency_id);
}

}  // namespace phendau::hub
