// SPDX-License-Identifier: Apache-2.0
// Cases beyond opening, acting and closing: early end, opening again, when they were detected, the timeline,
// coordination with other bodies.
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

Result<Response> add_sealed_note(Context& c) {
  return answer(c.hub.incidents().note_sealed(c.actor, c.captures[0], c.body));
}
Result<Response> lift_seal(Context& c) {
  return answer(c.hub.incidents().lift_seal(c.actor, c.captures[0], c.body));
}
Result<Response> get_incident_coordination(Context& c) {
  return answer(c.hub.coordination().of_case(c.actor, c.captures[0]));
}
Result<Response> get_coordination(Context& c) { return answer(c.hub.coordination().inbox(c.actor)); }
Result<Response> get_duty_roster(Context& c) { return answer(c.hub.coordination().duty(c.actor)); }

constexpr bool kJson = true;

}  // namespace

std::vector<Route> cases_routes() {
  using enum Action;
  using enum Resource;
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
      {"POST", "/incidents/{id}/sealed-notes", "addSealedNote", update, incident, Access::session, kJson,
       add_sealed_note},
      {"POST", "/incidents/{id}/lift-seal", "liftSeal", update, incident, Access::session, kJson, lift_seal},
      {"GET", "/incidents/{id}/coordination", "getIncidentCoordination", read, incident, Access::session,
       false, get_incident_coordination},
      {"GET", "/coordination", "getCoordination", read, record, Access::session, false, get_coordination},
      {"GET", "/duty-roster", "getDutyRoster", read, duty_roster, Access::session, false, get_duty_roster},
  };
}

}  // namespace phendau::api
