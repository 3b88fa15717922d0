// SPDX-License-Identifier: Apache-2.0
// Who was told, by which way, and what did not arrive.
#include "api/problem.h"
#include "api/server.h"

namespace phendau::api {
namespace {

using net::Response;

Result<Response> list_deliveries(Context& c) {
  hub::Deliveries::Filter filter;
  filter.states = c.list_of("state");
  filter.channel = c.request.query_value("channel");
  filter.about = c.request.query_value("about");
  filter.agency_id = c.request.query_value("agency");
  filter.cursor = c.request.query_value("cursor");
  filter.limit = c.limit();
  return answer(c.hub.deliveries().list(c.actor, filter));
}
Result<Response> get_delivery(Context& c) { return answer(c.hub.deliveries().get(c.actor, c.captures[0])); }
Result<Response> resend_delivery(Context& c) {
  return answer(c.hub.deliveries().resend(c.actor, c.captures[0]));
}
Result<Response> note_call(Context& c) {
  return answer(c.hub.deliveries().note_call(c.actor, c.captures[0], c.body));
}
Result<Response> confirm_delivery(Context& c) {
  return answer(c.hub.deliveries().confirm(c.actor, c.captures[0]));
}
Result<Response> take_receipt(Context& c) {
  PHENDAU_TRY(
      c.hub.deliveries().receipt(c.captures[0], c.request.headers.get("Phendau-Signature"), c.request.body));
  return answer(Json::object({{"received", true}}));
}
Result<Response> get_notice_choice(Context& c) { return answer(c.hub.deliveries().own_choice(c.actor)); }
Result<Response> set_notice_choice(Context& c) { return answer(c.hub.deliveries().choose(c.actor, c.body)); }
Result<Response> test_notice(Context& c) { return answer(c.hub.deliveries().test(c.actor, c.body), 201); }

}  // namespace

std::vector<Route> delivery_routes() {
  using enum Action;
  using enum Resource;
  constexpr bool kJson = true;
  return {
      {"GET", "/deliveries", "listDeliveries", read, record, Access::session, false, list_deliveries},
      {"GET", "/deliveries/{id}", "getDelivery", read, record, Access::session, false, get_delivery},
      {"POST", "/deliveries/{id}/resend", "resendDelivery", update, record, Access::session, kJson,
       resend_delivery},
      {"POST", "/deliveries/{id}/call", "noteCall", update, record, Access::session, kJson, note_call},
      {"POST", "/deliveries/{id}/confirm", "confirmDelivery", update, record, Access::session, kJson,
       confirm_delivery},
      {"POST", "/gateways/{id}/receipts", "takeReceipt", update, record, Access::open, false, take_receipt},
      {"GET", "/account/notices", "getNoticeChoice", read, own_account, Access::session, false,
       get_notice_choice},
      {"POST", "/account/notices", "setNoticeChoice", update, own_account, Access::session, kJson,
       set_notice_choice},
      {"POST", "/account/notices/test", "testNotice", update, own_account, Access::session, kJson,
       test_notice},
  };
}

}  // namespace phendau::api
