// SPDX-License-Identifier: Apache-2.0
// Operations about organisations over time, and the head of the ledger that keeps their acts.
#include "api/problem.h"
#include "api/server.h"

namespace phendau::api {
namespace {

using net::Response;

Result<Response> list_organisations(Context& c) {
  std::optional<CivilDate> at;
  if (c.request.has_query("at")) {
    const auto day = parse_date(c.request.query_value("at"));
    if (!day) return fail(ErrorCode::invalid, day.error().message, "request.invalid", {"at"});
    at = *day;
  }
  return json_response(PHENDAU_TRY(c.hub.organisations().tree(c.actor, at)));
}
Result<Response> list_acts(Context& c) {
  return json_response(PHENDAU_TRY(c.hub.organisations().acts(c.actor)));
}
Result<Response> preview_act(Context& c) {
  return json_response(PHENDAU_TRY(c.hub.organisations().preview(c.actor, c.body)));
}
Result<Response> create_act(Context& c) {
  return json_response(PHENDAU_TRY(c.hub.organisations().create(c.actor, c.body)), 201);
}
Result<Response> withdraw_act(Context& c) {
  return json_response(PHENDAU_TRY(c.hub.organisations().withdraw(c.actor, c.captures[0], c.body)));
}

Result<Response> get_ledger_head(Context& c) {
  return json_response(PHENDAU_TRY(c.hub.ledger_head(c.actor)));
}

}  // namespace

std::vector<Route> organisations_routes() {
  using enum Action;
  using enum Resource;
  constexpr bool kJson = true;
  return {
      {"GET", "/organisations", "listOrganisations", read, agency, Access::session, false,
       list_organisations},
      {"GET", "/organisations/acts", "listOrganisationActs", read, agency, Access::session, false, list_acts},
      {"POST", "/organisations/acts", "createOrganisationAct", create, agency, Access::session, kJson,
       create_act},
      {"POST", "/organisations/acts/preview", "previewOrganisationAct", create, agency, Access::session,
       kJson, preview_act},
      {"POST", "/organisations/acts/{id}/withdraw", "withdrawOrganisationAct", update, agency,
       Access::session, kJson, withdraw_act},
      {"GET", "/ledger/head", "getLedgerHead", read, pack, Access::session, false, get_ledger_head},
  };
}

}  // namespace phendau::api
