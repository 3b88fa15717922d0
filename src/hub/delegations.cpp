// SPDX-License-Identifier: Apache-2.0
#include "hub/delegations.h"

#include <algorithm>

namespace phendau::hub {
namespace {

bool may_hold(const Account& account, Role in_place_of, std::string_view agency_id) {
  if (in_place_of == Role::agency_head)
    return belongs_to(account, agency_id) && account.role != Role::partner;
  return account.role == Role::agency_officer || account.role == Role::agency_head ||
         account.role == Role::province_operator ||
         (account.role == Role::staff && belongs_to(account, agency_id));
}

Role place_of(const Json& doc) {
  return doc["place"].as_string() == "head" ? Role::agency_head : Role::agency_officer;
}

}  // namespace

std::vector<Delegation> delegations_of(ledger::Ledger& ledger, const Account& account, CivilDate today) {
  std::vector<Delegation> out;
  ledger::Query query;
  query.kind = kDelegationKind;
  query.states = {"active"};
  query.filters.push_back({"username", ledger::FieldFilter::Op::equal, {Json(account.username)}});
  query.limit = kDelegationsMax;
  const auto page = ledger.list(query, Scope{Scope::Reach::everything, {}, {}});
  if (!page) return out;
  const std::string day = format_date(today);
  for (const auto& record : page->records) {
    const bool in_force = record.doc["from"].as_string() <= day && day <= record.doc["until"].as_string();
    const Role place = place_of(record.doc);
    if (!in_force || !may_hold(account, place, record.agency_id)) continue;
    Delegation one{record.id, record.agency_id, place, {}};
    for (const auto& kind : record.doc["kinds"].items()) one.kinds.push_back(kind.as_string());
    out.push_back(std::move(one));
  }
  return out;
}

Result<> check_delegation(ledger::Ledger& ledger, const Json& doc, std::string_view agency_id) {
  const std::string& username = doc["username"].as_string();
  const auto record = ledger.get("user", username, Scope{Scope::Reach::everything, {}, {}});
  if (!record || !may_hold(account_from(*record), place_of(doc), agency_id)) {
    return fail(ErrorCode::invalid, "this account cannot act for the agency", "delegation.person",
                {username});
  }
  if (doc["until"].as_string() < doc["from"].as_string())
    return fail(ErrorCode::invalid, "'until' lies before 'from'", "delegation.days");
  return {};
}

}  // namespace phendau::hub
