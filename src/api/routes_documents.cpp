// SPDX-License-Identifier: Apache-2.0
// The document reader: the active document clause by clause, beside each its standing.
#include "api/problem.h"
#include "api/server.h"

namespace phendau::api {
namespace {

Result<net::Response> get_document(Context& c) {
  return json_response(
      PHENDAU_TRY(c.hub.obligations().document(c.actor, c.captures[0], c.request.query_value("agency"))));
}

}  // namespace

std::vector<Route> documents_routes() {
  using enum Action;
  using enum Resource;
  return {
      {"GET", "/documents/{id}", "getDocument", read, pack, Access::session, false, get_document},
  };
}

}  // namespace phendau::api
