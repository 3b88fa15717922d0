// SPDX-License-Identifier: Apache-2.0
#include "hub/services.h"

#include <algorithm>

#include "base/text.h"

#include "hub/organisation_tree.h"

namespace phendau::hub {

Scope everything_open_to(const Actor& actor) {
  Scope scope = everything();
  scope.sealed_for = authorize(actor, Action::read, Resource::record).sealed_for;
  return scope;
}

Scope everything_unsealed() {
  Scope scope = everything();
  scope.sealed_for.emplace();
  return scope;
}

bool is_own_body(const Actor& actor, std::string_view agency_id) {
  return std::find(actor.agency_ids.begin(), actor.agency_ids.end(), agency_id) != actor.agency_ids.end();
}

Result<Scope> scope_for(const Actor& actor, Action action, Resource resource) {
  Scope scope = authorize(actor, action, resource);
  if (scope.allows_nothing()) return fail(ErrorCode::denied, "not for this role", "error.denied");
  return scope;
}

Result<Scope> scope_covering(const Actor& actor, Action action, Resource resource,
                             std::string_view agency_id) {
  Scope scope = PHENDAU_TRY(scope_for(actor, action, resource));
  if (!scope.covers(agency_id)) return fail(ErrorCode::not_found, "not found", "error.not_found");
  return scope;
}

std::unexpected<Error> bad_member(std::string_view member) {
  return fail(ErrorCode::invalid, std::string(member) + " is not valid", "request.invalid",
              {std::string(member)});
}

Result<std::string> required_text(std::string_view text, std::string_view member, std::size_t bytes_max) {
  std::string out(trim(text));
  if (out.empty() || out.size() > bytes_max) return bad_member(member);
  return out;
}

bool may_be_sealed(ledger::Ledger& ledger, std::string_view record) {
  const auto kind = ledger.kind(record.substr(0, record.find('/')));
  return kind && !kind->sealed_field.empty();
}

Json time_or_null(const std::optional<UtcTime>& at) { return at ? Json(format_rfc3339(*at)) : Json(); }

Json page_json(Json::Array items, const std::string& next_cursor) {
  return Json::object({{"items", Json::array(std::move(items))},
                       {"next_cursor", next_cursor.empty() ? Json() : Json(next_cursor)}});
}

std::string agency_name(Services& services, std::string_view agency_id) {
  const auto record = services.ledger.get("agency", agency_id, everything());
  return record ? record->doc["name"].string_or(agency_id) : std::string(agency_id);
}

std::string agency_name_at(Services& services, std::string_view agency_id, UtcTime at) {
  return AgencyNames(services).at(std::string(agency_id), at);
}

std::string AgencyNames::at(const std::string& agency_id, UtcTime at) {
  const auto [known, is_new] = docs_.try_emplace(agency_id);
  if (is_new) {
    if (const auto record = services_.ledger.get("agency", agency_id, everything()))
      known->second = record->doc;
  }
  if (!known->second.is_object()) return agency_id;
  return name_on(known->second, format_date(to_civil(at, kHubZone).date));
}

std::string owner_at(Services& services, std::string_view kind, std::string_view id, std::string_view owner,
                     UtcTime at) {
  const auto row = services.ledger.get_derived(kHandoverSpace, std::string(kind) + "/" + std::string(id));
  if (row && *row) {
    for (const auto& one : (*row)->doc["owners"].items()) {
      const auto until = parse_rfc3339(one["handed_over_at"].as_string());
      if (until && at < *until) return one["agency"].as_string();
    }
  }
  return std::string(owner);
}

Result<ledger::Record> living_agency(ledger::Ledger& ledger, std::string_view agency_id) {
  auto record = PHENDAU_TRY(ledger.get("agency", agency_id, everything()));
  if (record.state == "abolished") {
    return fail(ErrorCode::conflict, "agency " + record.id + " is no more", "organisation.ended",
                {record.doc["name"].string_or(record.id)});
  }
  return record;
}

}  // namespace phendau::hub
