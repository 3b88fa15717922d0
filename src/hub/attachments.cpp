// SPDX-License-Identifier: Apache-2.0
#include "hub/attachments.h"

namespace phendau::hub {

Result<Json> attachments_of(Services& services, std::string_view field, std::string_view value,
                            const Scope& scope) {
  ledger::Query query;
  query.kind = "attachment";
  query.filters.push_back({std::string(field), ledger::FieldFilter::Op::equal, {Json(value)}});
  query.order_by = "created_at";
  query.descending = false;
  query.limit = ledger::kListLimitMax;
  Json out = Json::array();
  for (const auto& file : PHENDAU_TRY(services.ledger.list(query, scope)).records) {
    out.push(Json::object({{"sha256", file.doc["sha256"]},
                           {"name", file.doc["name"]},
                           {"size_bytes", file.doc["size_bytes"]},
                           {"content_type", file.doc["media_type"]},
                           {"inspected", file.doc["inspected"]},
                           {"added_at", format_rfc3339(file.created_at)},
                           {"added_by", file.created_by},
                           {"sealed", file.doc["sealed"].as_bool()},
                           {"seal", file.doc["sealed"].as_bool() ? Json("attachment/" + file.id) : Json()},
                           {"sealed_by", file.doc["sealed"].as_bool() ? Json(file.agency_id) : Json()}}));
  }
  return out;
}

}  // namespace phendau::hub
