// SPDX-License-Identifier: Apache-2.0
// What a person owes: tasks, notices, the calendar feed and its address, the page of one agency.
#include "api/problem.h"
#include "api/server.h"

namespace phendau::api {
namespace {

using net::Response;

Result<Response> list_tasks(Context& c) { return answer(c.hub.duties().tasks(c.actor)); }
Result<Response> get_agency_page(Context& c) {
  return answer(c.hub.duties().agency_page(c.actor, c.captures[0]));
}
Result<Response> list_notices(Context& c) { return answer(c.hub.notices().list(c.actor, c.limit())); }
Result<Response> mark_notices_read(Context& c) { return answer(c.hub.notices().mark_read(c.actor, c.body)); }
Result<Response> get_calendar_address(Context& c) { return answer(c.hub.calendar_feeds().state(c.actor)); }
Result<Response> make_calendar_address(Context& c) {
  return answer(c.hub.calendar_feeds().make(c.actor), 201);
}
Result<Response> revoke_calendar_address(Context& c) {
  return answer(c.hub.calendar_feeds().revoke(c.actor));
}
Result<Response> get_calendar(Context& c) {
  Response out;
  out.headers.set("Content-Type", "text/calendar; charset=utf-8");
  out.headers.set("Content-Disposition", "inline; filename=\"phen-dau.ics\"");
  out.body = PHENDAU_TRY(c.hub.duties().calendar(c.actor, hub::public_host(c.hub.config())));
  return out;
}

}  // namespace

std::vector<Route> duty_routes() {
  using enum Action;
  using enum Resource;
  constexpr bool kJson = true;
  return {
      {"GET", "/tasks", "listTasks", read, obligation, Access::session, false, list_tasks},
      {"GET", "/agencies/{id}/page", "getAgencyPage", read, agency, Access::session, false, get_agency_page},
      {"GET", "/notices", "listNotices", read, own_account, Access::session, false, list_notices},
      {"POST", "/notices/read", "markNoticesRead", update, own_account, Access::session, kJson,
       mark_notices_read},
      {"GET", "/account/calendar", "getCalendarAddress", read, own_account, Access::session, false,
       get_calendar_address},
      {"POST", "/account/calendar", "makeCalendarAddress", update, own_account, Access::session, kJson,
       make_calendar_address},
      {"DELETE", "/account/calendar", "revokeCalendarAddress", update, own_account, Access::session, false,
       revoke_calendar_address},
      {"GET", "/calendar/{feed}", "getCalendar", read, obligation, Access::feed, false, get_calendar},
  };
}

}  // namespace phendau::api
