// SPDX-License-Identifier: Apache-2.0
#include "hub/agencies.h"

#include <algorithm>

#include "base/text.h"
#include "base/unicode.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kKind = "agency";
Json view(Services& services, const ledger::Record& record) {
  ledger::Query devices;
  devices.kind = "device";
  devices.agency_ids = {record.id};
  const auto count = services.ledger.count(devices, everything());
  return Json::object({{"id", record.id},
                       {"code", record.id},
                       {"name", record.doc["name"]},
                       {"parent_id", record.doc["parent_id"]},
                       {"has_own_system", record.doc["has_own_systems"].as_bool()},
                       {"addresses", Json::array(record.doc["addresses"].items())},
                       {"state", record.state},
                       {"devices", count ? static_cast<std::int64_t>(*count) : std::int64_t{0}}});
}

/// "So Noi vu" -> "so-noi-vu": readable, stable, safe in paths and addresses.
std::string slug_of(std::string_view name) {
  std::string out;
  for (const char c : fold_accents(name)) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (good)
      out += c;
    else if (!out.empty() && out.back() != '-')
      out += '-';
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out.substr(0, 60);
}

/// The members of AgencyWrite (openapi.yaml) into the record's document.
Result<> merge(Json& doc, const Json& body) {
  for (const std::string_view member : {"name", "parent_id"}) {
    if (body.contains(member)) doc.set(member, body[member]);
  }
  if (body["parent_id"].is_null()) doc.erase("parent_id");
  if (body.contains("has_own_system")) doc.set("has_own_systems", body["has_own_system"].as_bool());
  if (!doc.contains("has_own_systems")) doc.set("has_own_systems", false);
  for (const auto& network : body["addresses"].items()) PHENDAU_TRY(Cidr::parse(network.as_string()));
  if (body["addresses"].is_array()) doc.set("addresses", body["addresses"]);
  return {};
}

}  // namespace

Result<Json> Agencies::list(const Actor& actor) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::agency));
  ledger::Query query;
  query.kind = kKind;
  query.limit = ledger::kListLimitMax;
  Json::Array items;
  for (;;) {
    const auto page = PHENDAU_TRY(services_.ledger.list(query, scope));
    for (const auto& record : page.records) items.push_back(view(services_, record));
    if (page.next_cursor.empty()) break;
    query.cursor = page.next_cursor;
  }
  std::sort(items.begin(), items.end(), [](const Json& a, const Json& b) {
    return compare_vietnamese(a["name"].as_string(), b["name"].as_string()) < 0;
  });
  return Json::object({{"items", Json::array(std::move(items))}});
}

Result<Json> Agencies::create(const Actor& actor, const Json& body) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::create, Resource::agency));
  if (scope.reach != Scope::Reach::everything)
    return fail(ErrorCode::denied, "not for this role", "error.denied");
  ledger::Write write;
  write.kind = kKind;
  write.id = body["code"].string_or(slug_of(body["name"].as_string()));
  write.agency_id = write.id;
  write.state = "active";
  write.expected_version = 0;
  write.reason = "created";
  PHENDAU_TRY(merge(write.doc, body));
  PHENDAU_TRY(services_.ledger.write(write, actor, services_.env.now()));
  return view(services_, PHENDAU_TRY(services_.ledger.get(kKind, write.id, everything())));
}

Result<Json> Agencies::update(const Actor& actor, std::string_view id, const Json& body) {
  const Scope scope = PHENDAU_TRY(scope_covering(actor, Action::update, Resource::agency, id));
  const auto record = PHENDAU_TRY(services_.ledger.get(kKind, id, scope));
  ledger::Write write;
  write.kind = kKind;
  write.id = record.id;
  write.agency_id = record.agency_id;
  write.state = body["state"].string_or(record.state);
  write.expected_version = record.version;
  write.scope = scope;
  write.reason = body["reason"].string_or("changed");
  write.doc = record.doc;
  PHENDAU_TRY(merge(write.doc, body));
  PHENDAU_TRY(services_.ledger.write(write, actor, services_.env.now()));
  return view(services_, PHENDAU_TRY(services_.ledger.get(kKind, id, scope)));
}

}  // namespace phendau::hub
