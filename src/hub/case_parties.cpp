// SPDX-License-Identifier: Apache-2.0
#include "hub/case_parties.h"

#include <algorithm>

#include "hub/active_pack.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kParties = "parties";
constexpr std::string_view kPartyNames = "party_names";

void put_parties(Json& doc, Json::Array parties) {
  Json names = Json::array();
  for (const auto& party : parties) {
    for (const auto& may : party["may"].items()) {
      if (const auto right = case_right_from(may.as_string()))
        names.push(party_name(*right, party["agency_id"].as_string()));
    }
  }
  doc.set(kParties, Json::array(std::move(parties))).set(kPartyNames, std::move(names));
}

bool names_actor(const Scope& scope, const ledger::Record& record) {
  const auto& names = record.doc[kPartyNames].items();
  return std::any_of(scope.addressed.begin(), scope.addressed.end(), [&](const std::string& name) {
    return std::find(names.begin(), names.end(), Json(name)) != names.end();
  });
}

}  // namespace

Result<> add_party(Json& doc, std::string_view agency_id, const PartyKind& kind, std::string_view request_id,
                   UtcTime now) {
  Json::Array parties = doc[kParties].items();
  Json may = Json::array();
  for (const CaseRight right : kind.may) may.push(to_string(right));
  const auto at = std::find_if(parties.begin(), parties.end(),
                               [&](const Json& one) { return one["agency_id"].as_string() == agency_id; });
  if (at != parties.end()) {
    Json::Array all = (*at)["may"].items();
    for (const auto& right : may.items()) {
      if (std::find(all.begin(), all.end(), right) == all.end()) all.push_back(right);
    }
    Json requests = (*at)["request_ids"];
    requests.push(request_id);
    at->set("may", Json::array(std::move(all))).set("request_ids", std::move(requests));
  } else {
    if (parties.size() >= kCasePartiesMax)
      return fail(ErrorCode::limit, "the case has as many parties as it may", "coordination.too_many",
                  {std::to_string(kCasePartiesMax)});
    parties.push_back(Json::object({{"agency_id", agency_id},
                                    {"kind", kind.id},
                                    {"may", std::move(may)},
                                    {"request_ids", Json::array({Json(request_id)})},
                                    {"since", format_rfc3339(now)}}));
  }
  put_parties(doc, std::move(parties));
  return {};
}

void remove_party(Json& doc, std::string_view request_id) {
  Json::Array parties = doc[kParties].items();
  for (auto& party : parties) {
    Json::Array requests = party["request_ids"].items();
    std::erase(requests, Json(request_id));
    party.set("request_ids", Json::array(std::move(requests)));
  }
  std::erase_if(parties, [](const Json& party) { return party["request_ids"].items().empty(); });
  put_parties(doc, std::move(parties));
}

Json parties_view(Services& services, const ledger::Record& record) {
  Json out = Json::array();
  for (const auto& party : record.doc[kParties].items()) {
    const PartyKind* kind = services.pack.pack().coordination.party(party["kind"].as_string());
    out.push(Json::object({{"agency_id", party["agency_id"]},
                           {"agency_name", agency_name(services, party["agency_id"].as_string())},
                           {"kind", party["kind"]},
                           {"title", kind == nullptr ? party["kind"] : Json(kind->title.vi)},
                           {"may", party["may"]},
                           {"since", party["since"]}}));
  }
  return out;
}

std::vector<std::string> party_agencies(const ledger::Record& record, CaseRight right) {
  std::vector<std::string> out;
  for (const auto& party : record.doc[kParties].items()) {
    const auto& may = party["may"].items();
    if (std::find(may.begin(), may.end(), Json(to_string(right))) != may.end())
      out.push_back(party["agency_id"].as_string());
  }
  return out;
}

std::set<CaseRight> case_rights(const Actor& actor, const ledger::Record& record) {
  std::set<CaseRight> out;
  for (std::size_t i = 0; i < kCaseRights; ++i) {
    const auto right = static_cast<CaseRight>(i);
    const Scope scope = authorize_case(actor, right);
    if (scope.covers(record.agency_id) || names_actor(scope, record)) out.insert(right);
  }
  return out;
}

bool is_party_only(const Actor& actor, CaseRight right, const ledger::Record& record) {
  return !authorize_own_case(actor, right).covers(record.agency_id) &&
         names_actor(authorize_case(actor, right), record);
}

}  // namespace phendau::hub
