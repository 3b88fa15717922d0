// SPDX-License-Identifier: Apache-2.0
#include "hub/agencies.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "base/text.h"
#include "base/unicode.h"
#include "hub/active_pack.h"
#include "hub/organisation_tree.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kAgencyKind = "agency";
/// What an agency's own people may change of its record, and what the province may.
constexpr std::string_view kOwnMembers[] = {"short_name", "contact", "address",  "phone",
                                            "email",      "place",   "head_name"};
constexpr std::string_view kProvincesMembers[] = {
    "name", "unit_class", "parent_id", "has_own_system", "uses_data_centre", "addresses", "state"};
/// Yes, no, or nobody said: then the duties that hang on it are unknown, never "does not apply".
struct Flag {
  std::string_view member;     // of AgencyWrite
  std::string_view attribute;  // of the record; scopes of packs name it
};
constexpr Flag kFlags[] = {{"has_own_system", "has_own_systems"}, {"uses_data_centre", "uses_data_centre"}};
constexpr std::size_t kCodeBytesMax = 60;
constexpr std::size_t kNetworksMax = 1'000;

Json may_change(const Actor& actor, std::string_view agency_id) {
  Json out = Json::array();
  const Scope scope = authorize(actor, Action::update, Resource::agency);
  if (scope.reach == Scope::Reach::everything) {
    for (const auto member : kProvincesMembers) out.push(member);
  }
  if (scope.covers(agency_id)) {
    for (const auto member : kOwnMembers) out.push(member);
  }
  return out;
}

Json view(Services& services, const Actor& actor, const ledger::Record& record) {
  ledger::Query devices;
  devices.kind = "device";
  devices.agency_ids = {record.id};
  const auto count = services.ledger.count(devices, everything());
  Json out = Json::object({{"id", record.id},
                           {"code", record.id},
                           {"name", record.doc["name"]},
                           {"unit_class", record.doc["unit_class"]},
                           {"parent_id", record.doc["parent_id"]},
                           {"has_own_system", record.doc["has_own_systems"]},
                           {"uses_data_centre", record.doc["uses_data_centre"]},
                           {"addresses", Json::array(record.doc["addresses"].items())},
                           {"state", record.state},
                           {"may_change", may_change(actor, record.id)},
                           {"devices", count ? static_cast<std::int64_t>(*count) : std::int64_t{0}}});
  for (const auto member : kOwnMembers) out.set(member, record.doc[member]);
  return out;
}

}  // namespace

std::string agency_code_of(std::string_view name) {
  std::string out;
  for (const char c : fold_accents(name)) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (good)
      out += c;
    else if (!out.empty() && out.back() != '-')
      out += '-';
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out.substr(0, kCodeBytesMax);
}

bool is_agency_code(std::string_view text) {
  return !text.empty() && text.size() <= kCodeBytesMax &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

namespace {

/// The newest entry of a list over time, if there is one, gets this value; null: stays.
void correct_newest(Json& doc, std::string_view list, std::string_view member, const Json& value) {
  if (value.is_null() || doc[list].items().empty()) return;
  Json::Array entries = doc[list].items();
  entries.back().set(member, value);
  doc.set(list, Json::array(std::move(entries)));
}

/// A network without the bits that do not count: equal networks have equal keys.
std::string network_key(const Cidr& network) {
  std::string out;
  for (std::size_t i = 0; i < network.address.size(); ++i) {
    const int bits = std::clamp(network.prefix_bits - static_cast<int>(i) * 8, 0, 8);
    out += static_cast<char>(network.address[i] & (0xFF << (8 - bits)));
  }
  return out + "/" + std::to_string(network.prefix_bits);
}

}  // namespace

Result<> Agencies::check_parent(std::string_view id, const Json& parent) {
  if (!parent.is_string()) return bad_member("parent_id");
  std::string above = parent.as_string();
  for (int level = 0; level < kAgencyLevelsMax; ++level) {
    if (above == id) return bad_member("parent_id");
    const auto record = services_.ledger.get(kAgencyKind, above, everything());
    if (!record) return bad_member("parent_id");
    above = record->doc["parent_id"].as_string();
    if (above.empty()) return {};
  }
  return bad_member("parent_id");
}

/// The networks as they will be kept, if nobody else has one of them.
Result<Json> Agencies::check_networks(std::string_view id, const Json& networks) {
  if (!networks.is_array() || networks.size() > kNetworksMax) return bad_member("addresses");
  std::map<std::string, std::string> taken;  // network -> agency
  for (const auto& sender : services_.config.senders) {
    taken.emplace(network_key(sender.network), services_.succession->current(sender.agency_id));
  }
  for (const auto& record : PHENDAU_TRY(all(everything()))) {
    for (const auto& network : record.doc["addresses"].items()) {
      if (const auto parsed = Cidr::parse(network.as_string()))
        taken.emplace(network_key(*parsed), record.id);
    }
  }
  Json out = Json::array();
  for (const auto& network : networks.items()) {
    const std::string text(trim(network.as_string()));
    const auto parsed = Cidr::parse(text);
    if (!parsed || parsed->prefix_bits == 0) return bad_member("addresses");
    const auto found = taken.find(network_key(*parsed));
    if (found != taken.end() && found->second != id) {
      return fail(ErrorCode::conflict, "network " + text + " belongs to agency " + found->second,
                  "agency.address_taken", {text, agency_name(services_, found->second)});
    }
    out.push(text);
  }
  return out;
}

/// What scopes of the pack ask of an agency.
Result<> Agencies::merge_attributes(Json& doc, const Json& body) {
  for (const Flag& flag : kFlags) {
    if (!body.contains(flag.member)) continue;
    const Json& value = body[flag.member];
    if (value.is_null()) {
      doc.erase(flag.attribute);
    } else if (value.is_bool()) {
      doc.set(flag.attribute, value);
    } else {
      return bad_member(flag.member);
    }
  }
  if (!body.contains("unit_class")) return {};
  if (!body["unit_class"].is_string()) return bad_member("unit_class");
  const std::string id(trim(body["unit_class"].as_string()));
  const auto& classes = services_.pack.pack().unit_classes;
  const bool known =
      classes.empty() || id == doc["unit_class"].as_string() ||
      std::any_of(classes.begin(), classes.end(), [&](const auto& one) { return one.id == id; });
  if (id.empty())
    doc.erase("unit_class");
  else if (known)
    doc.set("unit_class", id);
  else
    return bad_member("unit_class");
  return {};
}

/// The members of AgencyWrite (openapi.yaml) into the record.
Result<> Agencies::merge(ledger::Write& write, const Json& body) {
  Json& doc = write.doc;
  const auto take = [&](std::string_view member) -> Result<> {
    if (!body.contains(member)) return {};
    if (!body[member].is_string()) return bad_member(member);
    doc.set(member, trim(body[member].as_string()));
    return {};
  };
  PHENDAU_TRY(take("name"));
  for (const auto member : kOwnMembers) PHENDAU_TRY(take(member));
  // A correction, not an act: what counts now was written down wrongly.
  correct_newest(doc, "names", "name", body.contains("name") ? doc["name"] : Json());
  if (body.contains("parent_id")) {
    correct_newest(doc, "parents", "parent_id", Json(body["parent_id"].as_string()));
  }
  if (body.contains("parent_id") && body["parent_id"].is_null()) {
    doc.erase("parent_id");
  } else if (body.contains("parent_id")) {
    PHENDAU_TRY(check_parent(write.id, body["parent_id"]));
    doc.set("parent_id", body["parent_id"]);
  }
  PHENDAU_TRY(merge_attributes(doc, body));
  if (body.contains("addresses")) {
    doc.set("addresses", PHENDAU_TRY(check_networks(write.id, body["addresses"])));
  }
  if (body.contains("state") && !body["state"].is_string()) return bad_member("state");
  if (body["state"].as_string() == "abolished")  // needs a successor: hub/organisations.h
    return fail(ErrorCode::invalid, "an act abolishes an agency", "agency.abolish_by_act");
  return {};
}

Result<std::vector<ledger::Record>> Agencies::all(const Scope& scope) {
  ledger::Query query;
  query.kind = kAgencyKind;
  return ledger::all_records(services_.ledger, std::move(query), scope);
}

Result<Json> Agencies::list(const Actor& actor) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::agency));
  Json::Array items;
  for (const auto& record : PHENDAU_TRY(all(scope))) items.push_back(view(services_, actor, record));
  std::sort(items.begin(), items.end(), [](const Json& a, const Json& b) {
    return compare_vietnamese(a["name"].as_string(), b["name"].as_string()) < 0;
  });
  Json classes = Json::array();
  for (const auto& one : services_.pack.pack().unit_classes)
    classes.push(Json::object({{"id", one.id}, {"title", one.title.vi}}));
  return Json::object({{"items", Json::array(std::move(items))}, {"unit_classes", std::move(classes)}});
}

Result<Json> Agencies::create(const Actor& actor, const Json& body) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::create, Resource::agency));
  if (scope.reach != Scope::Reach::everything)
    return fail(ErrorCode::denied, "not for this role", "error.denied");
  const std::lock_guard turn(mu_);
  ledger::Write write;
  write.kind = kAgencyKind;
  write.id = body["code"].string_or(agency_code_of(body["name"].as_string()));
  if (!is_agency_code(write.id)) return bad_member("code");
  write.agency_id = write.id;
  write.state = "active";
  write.expected_version = 0;
  write.reason = "created";
  PHENDAU_TRY(merge(write, body));
  PHENDAU_TRY(services_.ledger.write(write, actor, services_.env.now()));
  return view(services_, actor, PHENDAU_TRY(services_.ledger.get(kAgencyKind, write.id, everything())));
}

Result<Json> Agencies::update(const Actor& actor, std::string_view id, const Json& body) {
  const Scope scope = PHENDAU_TRY(scope_covering(actor, Action::update, Resource::agency, id));
  if (scope.reach != Scope::Reach::everything) {
    for (const auto& [member, value] : body.members()) {
      const bool own =
          std::find(std::begin(kOwnMembers), std::end(kOwnMembers), member) != std::end(kOwnMembers);
      if (own || member == "reason") continue;
      return fail(ErrorCode::denied, "only the province changes '" + member + "'", "agency.province_only",
                  {member});
    }
  }
  const std::lock_guard turn(mu_);
  const auto record = PHENDAU_TRY(services_.ledger.get(kAgencyKind, id, scope));
  ledger::Write write;
  write.kind = kAgencyKind;
  write.id = record.id;
  write.agency_id = record.agency_id;
  write.state = body["state"].string_or(record.state);
  write.expected_version = record.version;
  write.scope = scope;
  write.reason = body["reason"].string_or("changed");
  write.doc = record.doc;
  PHENDAU_TRY(merge(write, body));
  PHENDAU_TRY(services_.ledger.write(write, actor, services_.env.now()));
  return view(services_, actor, PHENDAU_TRY(services_.ledger.get(kAgencyKind, id, scope)));
}

}  // namespace phendau::hub
