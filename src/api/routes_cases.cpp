// SPDX-License-Identifier: Apache-2.0
// Cases beyond opening, acting and closing: early end, opening again, when they were detected, the timeline.
#include "api/problem.h"
#include "api/server.h"

namespace phendau::api {
namespace {

using net::Response;

Result<Response> stop_incident(Context& c) {
  return answer(c.hub.incidents().stop(c.actor, c.captures[0], c.body["reason"].as_string()));
}
Result<Response> reopen_incident(Context& c) {
  return answer(c.hub.incidents().reopen(c.actor, c.captures[0], c.body["reason"].as_string()));
}
Result<Response> correct_incident_detected(Context& c) {
  return answer(c.hub.incidents().correct_detected(c.actor, c.captures[0], c.body));
}
Result<Response> act_on_incident_effect(Context& c) {
  PHENDAU_TRY(c.hub.case_effects().act(c.actor, c.captures[0], c.captures[1], c.body));
  return answer(c.hub.incidents().get(c.actor, c.captures[0]));
}
Result<Response> list_incident_entries(Context& c) {
  return answer(
      c.hub.incidents().entries(c.actor, c.captures[0], c.request.query_value("cursor"), c.limit()));
}

constexpr bool kJson = true;

}  // namespace

std::vector<Route> cases_routes() {
  constexpr auto read = Action::read;
  constexpr auto update = Action::update;
  constexpr auto incident = Resource::incident;
  return {
      {"GET", "/incidents/{id}/entries", "listIncidentEntries", read, incident, Access::session, false,
       list_incident_entries},
      {"POST", "/incidents/{id}/stop", "stopIncident", update, incident, Access::session, kJson,
       stop_incident},
      {"POST", "/incidents/{id}/effects/{effect}", "actOnIncidentEffect", update, incident, Access::session,
       kJson, act_on_incident_effect},
      {"POST", "/incidents/{id}/reopen", "reopenIncident", update, incident, Access::session, kJson,
       reopen_incident},
      {"POST", "/incidents/{id}/detected", "correctIncidentDetected", update, incident, Access::session,
       kJson, correct_incident_detected},
  };
}

}  // namespace phendau::api
