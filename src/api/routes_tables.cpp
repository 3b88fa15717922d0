// SPDX-License-Identifier: Apache-2.0
// Registers as files: import with a dry run, export, the empty form. Obligations as OSCAL.
#include "api/problem.h"
#include "api/server.h"
#include "base/text.h"
#include "base/unicode.h"

namespace phendau::api {
namespace {

using net::Response;

Response saved(hub::RecordTables::File file) {
  return file_response(file.name, std::move(file.media_type), std::move(file.bytes));
}

Result<Response> export_records(Context& c) {
  using Format = hub::RecordTables::Format;
  const std::string format = c.request.query_value("format", "xlsx");
  if (format != "xlsx" && format != "csv")
    return fail(ErrorCode::invalid, "unknown format", "request.invalid", {"format"});
  const auto query = PHENDAU_TRY(record_query_of(c));
  return saved(PHENDAU_TRY(c.hub.record_tables().export_table(c.actor, c.captures[0], query,
                                                              format == "csv" ? Format::csv : Format::xlsx)));
}

Result<Response> get_record_form(Context& c) {
  return saved(PHENDAU_TRY(c.hub.record_tables().blank_form(c.actor, c.captures[0])));
}

Result<Response> import_records(Context& c) {
  hub::RecordTables::Options options;
  options.file_name = without_invisible(c.request.query_value("name"));
  options.agency_id = c.request.query_value("agency");
  options.sheet = c.request.query_value("sheet");
  options.encoding = c.request.query_value("encoding");
  const std::string rows = c.request.query_value("rows", "all");
  if (rows != "all" && rows != "good")
    return fail(ErrorCode::invalid, "rows is all or good", "request.invalid", {"rows"});
  options.good_rows_only = rows == "good";
  // Whoever forgets to say so has looked, not written.
  const bool dry_run = c.request.query_value("dry_run", "true") != "false";
  auto& tables = c.hub.record_tables();
  return json_response(PHENDAU_TRY(dry_run ? tables.preview(c.actor, c.captures[0], options, c.request.body)
                                           : tables.import(c.actor, c.captures[0], options, c.request.body)));
}

Result<Response> export_oscal(Context& c) {
  return json_response(PHENDAU_TRY(
      c.hub.obligations().oscal(c.actor, c.request.query_value("agency"), c.request.query_value("period"))));
}

}  // namespace

Result<hub::Records::Query> record_query_of(Context& c) {
  hub::Records::Query query;
  query.states = c.list_of("state");
  query.agency_id = c.request.query_value("agency");
  query.text = c.request.query_value("q");
  query.order_by = c.request.query_value("order");
  query.list = c.request.query_value("list");
  query.cursor = c.request.query_value("cursor");
  query.limit = c.limit();
  for (const auto& filter : c.list_of("where")) {
    const std::size_t colon = filter.find(':');
    if (colon == std::string::npos)
      return fail(ErrorCode::invalid, "where is FIELD:VALUE", "request.invalid", {"where"});
    query.equals.emplace_back(filter.substr(0, colon), filter.substr(colon + 1));
  }
  return query;
}

std::vector<Route> table_routes() {
  using enum Action;
  using enum Resource;
  return {
      {"GET", "/registers/{kind}/export", "exportRecords", export_out, record, Access::session, false,
       export_records},
      {"GET", "/registers/{kind}/template", "getRecordForm", read, record, Access::session, false,
       get_record_form},
      {"GET", "/obligations/oscal", "exportOscal", export_out, obligation, Access::session, false,
       export_oscal},
      {"POST", "/registers/{kind}/import", "importRecords", create, record, Access::session, false,
       import_records},
  };
}

}  // namespace phendau::api
