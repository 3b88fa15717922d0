// SPDX-License-Identifier: Apache-2.0
// One row per operation of openapi.yaml: where it is, what pair it is about, which use case answers.
#include <algorithm>
#include <atomic>

#include "api/problem.h"
#include "api/server.h"
#include "base/text.h"
#include "base/texts.h"
#include "base/unicode.h"

namespace phendau::api {
namespace {

using net::Response;

Result<Response> get_overview(Context& c) { return answer(c.hub.overview(c.actor)); }

Result<Response> list_alerts(Context& c) {
  hub::Alerts::Filter filter;
  filter.statuses = c.list_of("status");
  filter.levels = c.list_of("level");
  filter.agency_id = c.request.query_value("agency");
  filter.rule_id = c.request.query_value("rule");
  filter.cursor = c.request.query_value("cursor");
  filter.limit = c.limit();
  return answer(c.hub.alerts().list(c.actor, filter));
}
Result<Response> get_alert(Context& c) { return answer(c.hub.alerts().get(c.actor, c.captures[0])); }
Result<Response> triage_alert(Context& c) {
  return answer(c.hub.alerts().triage(c.actor, c.captures[0], c.body));
}
Result<Response> open_incident_from_alert(Context& c) {
  const auto opened = PHENDAU_TRY(c.hub.incidents().open_from_alert(c.actor, c.captures[0]));
  return json_response(opened.view, opened.created ? 201 : 200);
}

Result<std::optional<UtcTime>> time_parameter(Context& c, std::string_view name) {
  if (!c.request.has_query(name)) return std::optional<UtcTime>();
  const auto at = parse_rfc3339(c.request.query_value(name));
  if (!at) return fail(ErrorCode::invalid, at.error().message, "request.invalid", {std::string(name)});
  return std::optional<UtcTime>(*at);
}

Result<hub::Events::Search> search_of(Context& c) {
  hub::Events::Search out;
  out.query = c.request.query_value("q");
  out.from = PHENDAU_TRY(time_parameter(c, "from"));
  out.to = PHENDAU_TRY(time_parameter(c, "to"));
  out.agency_id = c.request.query_value("agency");
  out.cursor = c.request.query_value("cursor");
  out.limit = c.limit();
  out.newest_first = c.request.query_value("order", "newest") != "oldest";
  return out;
}
Result<Response> search_events(Context& c) {
  return answer(c.hub.events().search(c.actor, PHENDAU_TRY(search_of(c))));
}
std::size_t count_parameter(Context& c, std::string_view name, std::size_t fallback) {
  const auto value = parse_int(c.request.query_value(name));
  return value && *value > 0 ? static_cast<std::size_t>(*value) : fallback;
}
Result<Response> get_event_histogram(Context& c) {
  return answer(
      c.hub.events().histogram(c.actor, PHENDAU_TRY(search_of(c)), count_parameter(c, "buckets", 60)));
}
Result<Response> get_top_values(Context& c) {
  return answer(c.hub.events().top(c.actor, PHENDAU_TRY(search_of(c)), c.request.query_value("field"),
                                   count_parameter(c, "n", 10)));
}
Result<Response> list_event_fields(Context& c) {
  return answer(c.hub.events().fields(c.actor, PHENDAU_TRY(search_of(c))));
}
Result<Response> get_event(Context& c) { return answer(c.hub.events().get(c.actor, c.captures[0])); }

Result<Response> export_events(Context& c) {
  using Format = hub::Events::Format;
  const std::string format = c.request.query_value("format");
  Response out;
  Format wanted = Format::ndjson;
  if (format == "csv")
    wanted = Format::csv;
  else if (format == "raw")
    wanted = Format::raw;
  else if (format != "ndjson")
    return fail(ErrorCode::invalid, "unknown format", "request.invalid", {"format"});
  const auto search = PHENDAU_TRY(search_of(c));
  const auto place = PHENDAU_TRY(c.hub.events().begin_export(c.actor));
  out.headers.set("Content-Type", wanted == Format::csv      ? "text/csv; charset=utf-8"
                                  : wanted == Format::ndjson ? "application/x-ndjson"
                                                             : "application/octet-stream");
  out.headers.set("Content-Disposition", "attachment; filename=\"nhat-ky." + format + "\"");
  out.stream = [&hub = c.hub, actor = c.actor, search, wanted, place](net::StreamWriter& writer) {
    const auto done = hub.events().export_rows(
        actor, search, wanted,
        [&](std::string_view piece, Duration patience) { return writer.write_blocking(piece, patience); });
    if (done)
      writer.finish();
    else
      writer.abort();
  };
  return out;
}

Result<Response> upload_ndjson(Context& c) {
  return answer(c.hub.pipeline().upload_ndjson(c.actor, c.request.query_value("agency"),
                                               c.request.query_value("source"), c.request.body));
}

Json with_counts(Context& c, Json device) {
  device.set("obligations", c.hub.obligations().counts_of_device(device["id"].as_string()));
  return device;
}
Result<Response> list_devices(Context& c) {
  ledger::Query query;
  if (c.request.has_query("agency")) query.agency_ids = {c.request.query_value("agency")};
  query.text = c.request.query_value("q");
  query.cursor = c.request.query_value("cursor");
  query.limit = c.limit();
  Json page = PHENDAU_TRY(c.hub.devices().list(c.actor, query, c.request.query_value("status")));
  Json items = Json::array();
  for (const auto& device : page["items"].items()) items.push(with_counts(c, device));
  page.set("items", std::move(items));
  return json_response(page);
}
Result<Response> get_device(Context& c) {
  Json device = with_counts(c, PHENDAU_TRY(c.hub.devices().get(c.actor, c.captures[0])));
  device.set("facts", PHENDAU_TRY(c.hub.obligations().facts_of(c.actor, c.captures[0])));
  hub::Obligations::Filter filter;
  filter.device_id = c.captures[0];
  filter.limit = 200;
  device.set("obligation_items", PHENDAU_TRY(c.hub.obligations().list(c.actor, filter))["items"]);
  device.set("coverage",
             c.hub.detection().coverage_of(device["agency_id"].as_string(), device["hostname"].as_string()));
  return json_response(device);
}
Result<Response> revoke_device(Context& c) {
  const std::string reason(trim(c.body["reason"].as_string()));
  if (reason.empty()) return fail(ErrorCode::invalid, "reason is missing", "request.invalid", {"reason"});
  return answer(c.hub.devices().revoke(c.actor, c.captures[0], reason));
}
Result<Response> create_enrolment_token(Context& c) {
  return answer(
      c.hub.devices().create_token(c.actor, c.body["agency_id"].as_string(), c.body["note"].as_string()),
      201);
}

Result<Response> get_obligation_matrix(Context& c) {
  std::string body = PHENDAU_TRY(c.hub.obligations().matrix(c.actor, c.request.query_value("agency")));
  Response out;
  out.headers.set("Content-Type", "application/json; charset=utf-8");
  out.body = std::move(body);
  return out;
}
Result<Response> list_obligations(Context& c) {
  hub::Obligations::Filter filter;
  filter.clause = c.request.query_value("clause");
  filter.part = c.request.query_value("part");
  filter.agency_id = c.request.query_value("agency");
  filter.device_id = c.request.query_value("device");
  filter.statuses = c.list_of("status");
  filter.limit = c.limit();
  if (const auto offset = parse_int(c.request.query_value("cursor")); offset && *offset > 0) {
    filter.offset = static_cast<std::size_t>(*offset);
  }
  return answer(c.hub.obligations().list(c.actor, filter));
}
Result<Response> get_clause(Context& c) {
  return answer(c.hub.obligations().clause(c.actor, c.captures[0], c.request.query_value("agency")));
}
Result<Response> create_attestation(Context& c) {
  return answer(c.hub.obligations().attest(c.actor, c.body), 201);
}

Result<Response> list_incidents(Context& c) {
  hub::Incidents::Filter filter;
  filter.status = c.request.query_value("status");
  filter.agency_id = c.request.query_value("agency");
  filter.text = c.request.query_value("q");
  filter.exercise = c.request.query_value("exercise") == "true";
  using Order = hub::Incidents::Filter::Order;
  const std::string order = c.request.query_value("order");
  if (order == "due") filter.order = Order::due;
  if (order == "urgent") filter.order = Order::urgent;
  filter.cursor = c.request.query_value("cursor");
  filter.limit = c.limit();
  return answer(c.hub.incidents().list(c.actor, filter));
}
Result<Response> create_incident(Context& c) {
  return answer(c.hub.incidents().create(c.actor, c.body), 201);
}
Result<Response> get_incident(Context& c) { return answer(c.hub.incidents().get(c.actor, c.captures[0])); }
Result<Response> act_on_incident_step(Context& c) {
  return answer(c.hub.incidents().act(c.actor, c.captures[0], c.captures[1], c.body));
}
Result<Response> close_incident(Context& c) {
  return answer(c.hub.incidents().close(c.actor, c.captures[0], c.body["summary"].as_string()));
}
Result<Response> upload_attachment(Context& c) {
  hub::Incidents::Upload upload;
  upload.name = without_invisible(c.request.query_value("name"));
  upload.case_id = c.request.headers.get("X-Case");
  upload.record = c.request.headers.get("X-Record");
  upload.agency_id = c.request.headers.get("X-Agency");
  upload.sealed = c.request.headers.get("X-Sealed") == "1";
  const std::string sealed_for(c.request.headers.get("X-Sealed-For"));
  for (const auto agency : split(sealed_for, ',')) {
    if (!trim(agency).empty()) upload.sealed_for.emplace_back(trim(agency));
  }
  upload.bytes = c.request.body;
  return answer(c.hub.incidents().attach(c.actor, upload), 201);
}
Result<Response> get_attachment(Context& c) {
  auto file = PHENDAU_TRY(c.hub.incidents().download(c.actor, c.captures[0]));
  return stream_response(file.name, std::move(file.file));
}

Result<Response> list_agencies(Context& c) { return answer(c.hub.agencies().list(c.actor)); }
Result<Response> create_agency(Context& c) {
  auto made = c.hub.agencies().create(c.actor, c.body);
  if (made) PHENDAU_TRY(c.hub.pipeline().reload_senders());
  return answer(std::move(made), 201);
}
Result<Response> update_agency(Context& c) {
  auto changed = c.hub.agencies().update(c.actor, c.captures[0], c.body);
  if (changed) PHENDAU_TRY(c.hub.pipeline().reload_senders());
  return answer(std::move(changed));
}

Result<Response> list_addressees(Context& c) {
  return answer(c.hub.records().addressees(c.actor, c.captures[0], c.request.query_value("case")));
}
Result<Response> list_registers(Context& c) { return answer(c.hub.records().kinds(c.actor)); }
Result<Response> list_records(Context& c) {
  const auto query = PHENDAU_TRY(record_query_of(c));
  return answer(c.hub.records().list(c.actor, c.captures[0], query));
}
Result<Response> create_record(Context& c) {
  return answer(c.hub.records().create(c.actor, c.captures[0], c.body), 201);
}
Result<Response> get_record(Context& c) {
  const auto at = PHENDAU_TRY(time_parameter(c, "at"));
  return answer(c.hub.records().get(c.actor, c.captures[0], c.captures[1], at));
}
Result<Response> update_record(Context& c) {
  return answer(c.hub.records().update(c.actor, c.captures[0], c.captures[1], c.body));
}
Result<Response> move_record(Context& c) {
  return answer(c.hub.records().move(c.actor, c.captures[0], c.captures[1], c.body));
}
Result<Response> undo_record(Context& c) {
  return answer(c.hub.records().undo(c.actor, c.captures[0], c.captures[1], c.body));
}
Result<Response> get_record_history(Context& c) {
  return answer(c.hub.records().history(c.actor, c.captures[0], c.captures[1]));
}

Result<Response> list_packs(Context& c) { return answer(c.hub.packs(c.actor)); }
Result<Response> list_rules(Context& c) { return answer(c.hub.rules(c.actor)); }
Result<Response> get_history(Context& c) {
  return answer(c.hub.history(c.actor, c.captures[0], c.captures[1]));
}

Result<Response> open_stream(Context& c) {
  Response out;
  out.headers.set("Content-Type", "text/event-stream");
  out.headers.set("Cache-Control", "no-store");
  out.attach = [&hub = c.hub, actor = c.actor, token = c.request.cookie("phendau_session")](
                   const std::shared_ptr<net::StreamWriter>& writer) {
    writer->write(": hello\n\n");
    auto id = std::make_shared<std::atomic<std::uint64_t>>(0);
    // A stream outlives its request: what a delegation opens is read by requests, which ask again.
    Actor listener = actor;
    listener.delegations.clear();
    *id = hub.live().subscribe(listener, [&hub, writer, id, token](const hub::LiveMessage& message) {
      Json body = message.body;
      body.set("agency_id", message.agency_id);
      // A session that ended (sign-out, lock, reset, another role) ends its streams; a reader that is gone or
      // too slow is forgotten: it reconnects and loads the page anew.
      const bool alive = hub.accounts().is_alive(token);
      if (!alive) writer->finish();
      if ((!alive || !writer->write(net::to_sse({"", message.topic, body.dump()}))) && *id != 0) {
        hub.live().unsubscribe(*id);
      }
    });
  };
  return out;
}
Result<Response> get_health(Context& c) {
  return json_response(Json::object({{"status", "ok"}, {"demo", c.hub.config().demo}}));
}

}  // namespace

namespace {

std::vector<Route> register_routes() {
  using enum Action;
  using enum Resource;
  constexpr bool kJson = true;
  return {
      {"GET", "/registers", "listRegisters", read, pack, Access::session, false, list_registers},
      {"GET", "/registers/{kind}", "listRecords", read, record, Access::session, false, list_records},
      {"POST", "/registers/{kind}", "createRecord", create, record, Access::session, kJson, create_record},
      {"GET", "/registers/{kind}/addressees", "listAddressees", read, record, Access::session, false,
       list_addressees},
      {"GET", "/registers/{kind}/{id}", "getRecord", read, record, Access::session, false, get_record},
      {"PATCH", "/registers/{kind}/{id}", "updateRecord", update, record, Access::session, kJson,
       update_record},
      {"POST", "/registers/{kind}/{id}/move", "moveRecord", update, record, Access::session, kJson,
       move_record},
      {"POST", "/registers/{kind}/{id}/undo", "undoRecord", update, record, Access::session, kJson,
       undo_record},
      {"GET", "/registers/{kind}/{id}/history", "getRecordHistory", read, record, Access::session, false,
       get_record_history},
  };
}

std::vector<Route> other_routes() {
  using enum Action;
  using enum Resource;
  constexpr bool kJson = true;
  return {
      {"GET", "/overview", "getOverview", read, agency, Access::session, false, get_overview},
      {"GET", "/alerts", "listAlerts", read, alert, Access::session, false, list_alerts},
      {"GET", "/alerts/{id}", "getAlert", read, alert, Access::session, false, get_alert},
      {"POST", "/alerts/{id}/triage", "triageAlert", triage, alert, Access::session, kJson, triage_alert},
      {"POST", "/alerts/{id}/incident", "openIncidentFromAlert", create, incident, Access::session, kJson,
       open_incident_from_alert},
      {"GET", "/events", "searchEvents", read, event, Access::session, false, search_events},
      {"GET", "/events/histogram", "getEventHistogram", read, event, Access::session, false,
       get_event_histogram},
      {"GET", "/events/top", "getTopValues", read, event, Access::session, false, get_top_values},
      {"GET", "/events/fields", "listEventFields", read, event, Access::session, false, list_event_fields},
      {"GET", "/events/export", "exportEvents", export_out, event, Access::session, false, export_events},
      {"GET", "/events/{ref}", "getEvent", read, event, Access::session, false, get_event},
      {"POST", "/uploads/ndjson", "uploadNdjson", create, event, Access::session, false, upload_ndjson},
      {"GET", "/devices", "listDevices", read, device, Access::session, false, list_devices},
      {"GET", "/devices/{id}", "getDevice", read, device, Access::session, false, get_device},
      {"POST", "/devices/{id}/revoke", "revokeDevice", update, device, Access::session, kJson, revoke_device},
      {"POST", "/enrolment-tokens", "createEnrolmentToken", create, enrolment_token, Access::session, kJson,
       create_enrolment_token},
      {"GET", "/obligations/matrix", "getObligationMatrix", read, obligation, Access::session, false,
       get_obligation_matrix},
      {"GET", "/obligations", "listObligations", read, obligation, Access::session, false, list_obligations},
      {"GET", "/clauses/{id}", "getClause", read, pack, Access::session, false, get_clause},
      {"POST", "/attestations", "createAttestation", attest, attestation, Access::session, kJson,
       create_attestation},
      {"GET", "/incidents", "listIncidents", read, incident, Access::session, false, list_incidents},
      {"POST", "/incidents", "createIncident", create, incident, Access::session, kJson, create_incident},
      {"GET", "/incidents/{id}", "getIncident", read, incident, Access::session, false, get_incident},
      {"POST", "/incidents/{id}/steps/{step}", "actOnIncidentStep", update, incident, Access::session, kJson,
       act_on_incident_step},
      {"POST", "/incidents/{id}/close", "closeIncident", update, incident, Access::session, kJson,
       close_incident},
      {"POST", "/attachments", "uploadAttachment", create, attachment, Access::session, false,
       upload_attachment},
      {"GET", "/attachments/{sha256}", "getAttachment", read, attachment, Access::session, false,
       get_attachment},
      {"GET", "/agencies", "listAgencies", read, agency, Access::session, false, list_agencies},
      {"POST", "/agencies", "createAgency", create, agency, Access::session, kJson, create_agency},
      {"PATCH", "/agencies/{id}", "updateAgency", update, agency, Access::session, kJson, update_agency},
      {"GET", "/packs", "listPacks", read, pack, Access::session, false, list_packs},
      {"GET", "/rules", "listRules", read, rule, Access::session, false, list_rules},
      {"GET", "/history/{kind}/{id}", "getHistory", read, ledger_history, Access::session, false,
       get_history},
      {"GET", "/stream", "openStream", read, own_account, Access::session, false, open_stream},
      {"GET", "/health", "getHealth", read, own_account, Access::open, false, get_health},
  };
}

}  // namespace

const std::vector<Route>& routes() {
  static const std::vector<Route> kRoutes = [] {
    auto all = other_routes();
    for (auto& route : table_routes()) all.push_back(route);  // before /registers/{kind}/{id}
    for (auto& route : register_routes()) all.push_back(route);
    for (auto& route : documents_routes()) all.push_back(route);
    for (auto& route : account_routes()) all.push_back(route);
    for (auto& route : cases_routes()) all.push_back(route);
    for (auto& route : report_routes()) all.push_back(route);
    for (auto& route : orders_routes()) all.push_back(route);
    for (auto& route : organisations_routes()) all.push_back(route);
    for (auto& route : delivery_routes()) all.push_back(route);
    for (auto& route : duty_routes()) all.push_back(route);
    for (auto& route : evidence_routes()) all.push_back(route);
    for (auto& route : papers_routes()) all.push_back(route);
    for (auto& route : province_routes()) all.push_back(route);
    for (auto& route : rules_routes()) all.push_back(route);
    for (auto& route : indicator_routes()) all.push_back(route);
    return all;
  }();
  return kRoutes;
}

std::string_view to_string(Action action) {
  constexpr std::string_view kNames[] = {"read",   "create", "update",     "remove",    "triage",
                                         "decide", "attest", "export_out", "administer"};
  return kNames[static_cast<std::size_t>(action)];
}

std::string_view to_string(Resource resource) {
  constexpr std::string_view kNames[] = {
      "event",           "alert",          "incident",    "device",  "fact",       "obligation", "agency",
      "record",          "attachment",     "attestation", "pack",    "rule",       "user",       "setting",
      "enrolment_token", "ledger_history", "own_account", "storage", "duty_roster"};
  static_assert(std::size(kNames) == kResources);
  return kNames[static_cast<std::size_t>(resource)];
}

}  // namespace phendau::api
