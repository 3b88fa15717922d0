// SPDX-License-Identifier: Apache-2.0
// Exchange with other organisations: lists of indicators (hub/indicators.h), incidents as STIX and IODEF
// (hub/incident_exports.h).
#include "api/problem.h"
#include "api/server.h"
#include "base/unicode.h"
#include "hub/incident_exports.h"

namespace phendau::api {
namespace {

using net::Response;

Result<Response> list_indicator_lists(Context& c) {
  return json_response(PHENDAU_TRY(c.hub.indicators().list(c.actor, c.list_of("state"))));
}
Result<Response> get_indicator_list(Context& c) {
  return json_response(PHENDAU_TRY(c.hub.indicators().get(c.actor, c.captures[0])));
}
Result<Response> import_indicators(Context& c) {
  hub::Indicators::Import file;
  file.title = without_invisible(c.request.query_value("title"));
  file.source = without_invisible(c.request.query_value("source"));
  file.tlp = c.request.query_value("tlp");
  file.until = c.request.query_value("until");
  file.reason = without_invisible(c.request.query_value("reason"));
  file.bytes = c.request.body;
  return json_response(PHENDAU_TRY(c.hub.indicators().import(c.actor, file)), 201);
}
Result<Response> hunt_indicators(Context& c) {
  return json_response(PHENDAU_TRY(c.hub.indicators().hunt(c.actor, c.captures[0], c.body)));
}
Result<Response> enforce_indicators(Context& c) {
  return json_response(PHENDAU_TRY(c.hub.indicators().enforce(c.actor, c.captures[0])));
}
Result<Response> leave_out_indicator(Context& c) {
  return json_response(PHENDAU_TRY(c.hub.indicators().leave_out(c.actor, c.captures[0], c.body)));
}
Result<Response> end_indicators(Context& c) {
  return json_response(PHENDAU_TRY(c.hub.indicators().end(c.actor, c.captures[0], c.body)));
}

Result<Response> export_incident(Context& c) {
  auto file = PHENDAU_TRY(hub::export_incident(c.hub.services(), c.hub.incidents(), c.actor, c.captures[0],
                                               c.request.query_value("format", "stix"),
                                               c.request.query_value("tlp")));
  return file_response(file.name, std::move(file.media_type), std::move(file.bytes));
}

}  // namespace

std::vector<Route> indicator_routes() {
  using enum Action;
  using enum Resource;
  constexpr bool kJson = true;
  return {
      {"GET", "/indicator-lists", "listIndicatorLists", update, rule, Access::session, false,
       list_indicator_lists},
      {"POST", "/indicator-lists", "importIndicators", create, rule, Access::session, false,
       import_indicators},
      {"GET", "/indicator-lists/{id}", "getIndicatorList", update, rule, Access::session, false,
       get_indicator_list},
      {"POST", "/indicator-lists/{id}/hunt", "huntIndicators", update, rule, Access::session, kJson,
       hunt_indicators},
      {"POST", "/indicator-lists/{id}/enforce", "enforceIndicators", update, rule, Access::session, kJson,
       enforce_indicators},
      {"POST", "/indicator-lists/{id}/values", "leaveOutIndicator", update, rule, Access::session, kJson,
       leave_out_indicator},
      {"POST", "/indicator-lists/{id}/end", "endIndicators", update, rule, Access::session, kJson,
       end_indicators},
      {"GET", "/incidents/{id}/export", "exportIncident", export_out, incident, Access::session, false,
       export_incident},
  };
}

}  // namespace phendau::api
