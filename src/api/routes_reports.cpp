// SPDX-License-Identifier: Apache-2.0
// Reports of incidents: the page for strangers, the inbox for who handles them; alerts and cases put
// together.
#include "api/problem.h"
#include "api/report_form.h"
#include "api/server.h"
#include "base/texts.h"

namespace phendau::api {
namespace {

using net::Response;

constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

Response page_response(std::string html, int status = 200) {
  Response out;
  out.status = status;
  out.headers.set("Content-Type", "text/html; charset=utf-8");
  out.headers.set("X-Robots-Tag", "noindex");
  out.body = std::move(html);
  return out;
}

Response closed_form() { return page_response(report_closed_page(tr(Lang::vi, "report.form_off")), 404); }

/// "2026-11-27T08:30", as a browser says it, at +07.
std::string browser_time(UtcTime at) {
  constexpr std::size_t kToTheMinute = 16;
  return format_rfc3339(UtcTime{at.ns + hours(7).ns}).substr(0, kToTheMinute);
}

Result<Response> get_report_form(Context& c) {
  if (!c.hub.config().report_form) return closed_form();
  ReportForm form{PHENDAU_TRY(c.hub.incident_reports().choices()), Json::object(), ""};
  form.fields.set("agency_id", c.request.query_value("co-quan"))
      .set("found_at", browser_time(c.hub.env().now()))
      .set("once", c.hub.incident_reports().new_once());
  return page_response(report_form_page(form));
}

Json fields_of(const net::QueryPairs& pairs) {
  Json out = Json::object();
  for (const auto& [name, value] : pairs) out.set(name, value);
  return out;
}

Result<Response> send_report(Context& c) {
  if (!c.hub.config().report_form) return closed_form();
  const std::string_view site = c.request.headers.get("Sec-Fetch-Site");
  // Another site must not make the browsers of its visitors flood the inbox.
  if (!site.empty() && site != "same-origin" && site != "none")
    return page_response(report_closed_page(tr(Lang::vi, "report.cross_site")), 403);
  const auto pairs = net::parse_query(c.request.body);
  if (!c.request.headers.get("Content-Type").starts_with(kFormType) || !pairs)
    return page_response(report_closed_page(tr(Lang::vi, "report.cross_site")), 400);
  const Json typed = fields_of(*pairs);
  Json fields = typed;
  const std::string& found = typed["found_at"].as_string();
  if (!found.empty()) fields.set("found_at", found + ":00+07:00");
  const auto received = c.hub.incident_reports().receive_public(fields, c.request.peer.ip_text());
  if (received) return page_response(report_receipt_page(*received));
  const Error& error = received.error();
  const bool member = error.text_id == "request.invalid" && !error.args.empty();
  ReportForm form{PHENDAU_TRY(c.hub.incident_reports().choices()), typed, ""};
  form.problem =
      member ? tr(Lang::vi, "form.wrong", {report_member_name(error.args[0])}) : explain(Lang::vi, error);
  return page_response(report_form_page(form), status_of(error));
}

Result<Response> list_reports(Context& c) {
  hub::IncidentReports::Filter filter;
  filter.states = c.list_of("state");
  filter.agency_id = c.request.query_value("agency");
  filter.text = c.request.query_value("q");
  filter.cursor = c.request.query_value("cursor");
  filter.limit = c.limit();
  return answer(c.hub.incident_reports().list(c.actor, filter));
}
Result<Response> create_report(Context& c) {
  return answer(c.hub.incident_reports().receive(c.actor, c.body), 201);
}
Result<Response> get_report(Context& c) {
  return answer(c.hub.incident_reports().get(c.actor, c.captures[0]));
}
Result<Response> decide_report(Context& c) {
  return answer(c.hub.incident_reports().decide(c.actor, c.captures[0], c.body));
}
Result<Response> add_incident_alerts(Context& c) {
  return answer(c.hub.incidents().add_alerts(c.actor, c.captures[0], c.body));
}
Result<Response> merge_incident(Context& c) {
  return answer(c.hub.incidents().merge(c.actor, c.captures[0], c.body));
}

Result<Response> get_classification(Context& c) { return answer(c.hub.incidents().classification(c.actor)); }
Result<Response> classify_incident(Context& c) {
  return answer(c.hub.incidents().classify(c.actor, c.captures[0], c.body));
}

constexpr bool kJson = true;

}  // namespace

std::vector<Route> report_routes() {
  using enum Action;
  using enum Resource;
  return {
      {"GET", "/report-form", "getReportForm", create, incident, Access::open, false, get_report_form},
      {"POST", "/report-form", "sendReport", create, incident, Access::open, false, send_report},
      {"GET", "/incident-reports", "listIncidentReports", read, incident, Access::session, false,
       list_reports},
      {"POST", "/incident-reports", "createIncidentReport", create, incident, Access::session, kJson,
       create_report},
      {"GET", "/incident-reports/{id}", "getIncidentReport", read, incident, Access::session, false,
       get_report},
      {"POST", "/incident-reports/{id}/decision", "decideIncidentReport", update, incident, Access::session,
       kJson, decide_report},
      {"POST", "/incidents/{id}/alerts", "addIncidentAlerts", update, incident, Access::session, kJson,
       add_incident_alerts},
      {"GET", "/classification", "getClassification", read, pack, Access::session, false, get_classification},
      {"POST", "/incidents/{id}/classification", "classifyIncident", update, incident, Access::session, kJson,
       classify_incident},
      {"POST", "/incidents/{id}/merge", "mergeIncident", update, incident, Access::session, kJson,
       merge_incident},
  };
}

}  // namespace phendau::api
