// SPDX-License-Identifier: Apache-2.0
// Orders to machines: given, listed, called back.
#include "api/problem.h"
#include "api/server.h"

namespace phendau::api {
namespace {

using net::Response;

Result<Response> issue_order(Context& c) {
  return answer(c.hub.orders().issue(c.actor, c.captures[0], c.body), 201);
}
Result<Response> list_orders(Context& c) {
  hub::Orders::Filter filter;
  filter.device_id = c.request.query_value("device");
  filter.case_id = c.request.query_value("case");
  filter.states = c.list_of("state");
  filter.cursor = c.request.query_value("cursor");
  filter.limit = c.limit();
  return answer(c.hub.orders().list(c.actor, filter));
}
Result<Response> cancel_order(Context& c) {
  return answer(c.hub.orders().cancel(c.actor, c.captures[0], c.body["reason"].as_string()));
}

}  // namespace

std::vector<Route> orders_routes() {
  using enum Action;
  using enum Resource;
  constexpr bool kJson = true;
  return {
      {"POST", "/devices/{id}/orders", "issueOrder", update, device, Access::session, kJson, issue_order},
      {"GET", "/orders", "listOrders", read, device, Access::session, false, list_orders},
      {"POST", "/orders/{id}/cancel", "cancelOrder", update, device, Access::session, kJson, cancel_order},
  };
}

}  // namespace phendau::api
