// SPDX-License-Identifier: Apache-2.0
// The province at a glance: ranking, warnings to agencies, leader page, queue, settings of the province.
#include <fmt/format.h>

#include "api/problem.h"
#include "api/server.h"
#include "base/text.h"

namespace phendau::api {
namespace {

using net::Response;

Result<std::int32_t> year_of(const Context& c) {
  const auto year = parse_int(c.captures[0]);
  if (!year || *year < 0 || *year > 9999)
    return fail(ErrorCode::invalid, "no such year", "request.invalid", {"year"});
  return static_cast<std::int32_t>(*year);
}
hub::Rankings::Query ranking_query(const Context& c) {
  return {std::string(c.request.query_value("ranking")), std::string(c.request.query_value("agency")),
          std::string(c.request.query_value("publication"))};
}
Result<Response> get_ranking(Context& c) {
  return answer(c.hub.rankings().get(c.actor, PHENDAU_TRY(year_of(c)), ranking_query(c)));
}
Result<Response> publish_ranking(Context& c) {
  return answer(c.hub.rankings().publish(c.actor, PHENDAU_TRY(year_of(c)), c.body), 201);
}
Result<Response> export_ranking(Context& c) {
  auto file = PHENDAU_TRY(c.hub.rankings().workbook(c.actor, PHENDAU_TRY(year_of(c)), ranking_query(c)));
  Response out;
  out.headers.set("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
  out.headers.set("Content-Disposition", fmt::format("attachment; filename=\"{}\"", file.name));
  out.body = std::move(file.bytes);
  return out;
}

Result<Response> list_warnings(Context& c) {
  return answer(c.hub.warnings().list(c.actor, c.request.query_value("box"), c.request.query_value("cursor"),
                                      c.limit()));
}
Result<Response> list_warning_addressees(Context& c) {
  return answer(c.hub.warnings().addressees(c.actor, c.request.query_value("software")));
}
Result<Response> send_warning(Context& c) { return answer(c.hub.warnings().send(c.actor, c.body), 201); }
Result<Response> get_warning(Context& c) { return answer(c.hub.warnings().get(c.actor, c.captures[0])); }
Result<Response> acknowledge_warning(Context& c) {
  return answer(c.hub.warnings().acknowledge(c.actor, c.captures[0], c.body));
}

Result<Response> get_leader_page(Context& c) { return answer(c.hub.leader().get(c.actor)); }
Result<Response> get_queue(Context& c) {
  return answer(c.hub.queue().get(c.actor, c.list_of("type"), c.limit()));
}

Result<Response> get_province_settings(Context& c) { return answer(c.hub.province_settings().get(c.actor)); }
Result<Response> set_province_setting(Context& c) {
  return answer(c.hub.province_settings().set(c.actor, c.captures[0], c.body));
}

}  // namespace

std::vector<Route> province_routes() {
  using enum Action;
  using enum Resource;
  constexpr bool kJson = true;
  return {
      {"GET", "/rankings/{year}", "getRanking", read, obligation, Access::session, false, get_ranking},
      {"POST", "/rankings/{year}/publish", "publishRanking", decide, obligation, Access::session, kJson,
       publish_ranking},
      {"GET", "/rankings/{year}/xlsx", "exportRanking", read, obligation, Access::session, false,
       export_ranking},
      {"GET", "/warnings", "listWarnings", attest, record, Access::session, false, list_warnings},
      {"POST", "/warnings", "sendWarning", create, record, Access::session, kJson, send_warning},
      {"GET", "/warnings/addressees", "listWarningAddressees", create, record, Access::session, false,
       list_warning_addressees},
      {"GET", "/warnings/{id}", "getWarning", attest, record, Access::session, false, get_warning},
      {"POST", "/warnings/{id}/receipt", "acknowledgeWarning", attest, record, Access::session, kJson,
       acknowledge_warning},
      {"GET", "/leader", "getLeaderPage", read, obligation, Access::session, false, get_leader_page},
      {"GET", "/queue", "getQueue", read, record, Access::session, false, get_queue},
      {"GET", "/settings", "getProvinceSettings", read, setting, Access::session, false,
       get_province_settings},
      {"PATCH", "/settings/{name}", "setProvinceSetting", update, setting, Access::session, kJson,
       set_province_setting},
  };
}

}  // namespace phendau::api
