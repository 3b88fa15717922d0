// SPDX-License-Identifier: Apache-2.0
#include "hub/leader.h"

#include <algorithm>

namespace phendau::hub {
namespace {

constexpr std::string_view kCommittee = "role:provincial_committee";
constexpr std::size_t kLateShown = 8;  // one A4 holds them
constexpr std::size_t kIncidentsShown = 5;
constexpr std::size_t kPapersShown = 6;
constexpr std::size_t kChangesShown = 6;
constexpr Duration kPastFresh = minutes(10);  // late evidence still corrects the year before

Result<std::vector<ledger::Record>> agencies_in(Services& services, const Scope& scope) {
  ledger::Query query;
  query.kind = "agency";
  query.states = {"active"};
  return ledger::all_records(services.ledger, ledger::by_id(std::move(query)), scope);
}

void add_counts(Json& sum, const Json& counts) {
  for (const auto& [status, count] : counts.members()) sum.set(status, sum[status].as_int() + count.as_int());
}

YearShare total_of(const std::map<std::string, YearShare, std::less<>>& shares,
                   const std::vector<std::string>& agencies) {
  YearShare out;
  for (const auto& id : agencies) {
    const auto at = shares.find(id);
    if (at == shares.end()) continue;
    out.good += at->second.good;
    out.total += at->second.total;
  }
  return out;
}

Json share_view(std::int32_t year, const YearShare& share) {
  return Json::object({{"year", year}, {"good", share.good}, {"total", share.total}});
}

}  // namespace

Result<Leader::Shares> Leader::shares_in(std::int32_t year, const std::vector<std::string>& agencies) {
  const UtcTime now = services_.env.now();
  const bool running = year == to_civil(now, kHubZone).date.year;
  if (!running) {
    const std::lock_guard lock(mu_);
    const auto known = past_.find(year);
    if (known != past_.end() && now - known->second.first < kPastFresh) return known->second.second;
  }
  auto lines = PHENDAU_TRY(lines_of_year(services_.ledger, year, "", everything()));
  for (const auto& id : agencies) {
    if (!running) break;
    auto more = obligations_.standing(id, year, false);
    std::move(more.begin(), more.end(), std::back_inserter(lines));
  }
  Shares out = shares_of(lines);
  if (running) return out;
  const std::lock_guard lock(mu_);
  past_.insert_or_assign(year, std::pair(now, out));
  return out;
}

Result<Json> Leader::compared(const Scope& scope, const std::vector<std::string>& agencies) {
  auto of = agencies;
  if (scope.covers("")) of.emplace_back();  // the province's own duties
  const std::int32_t year = to_civil(services_.env.now(), kHubZone).date.year;
  const YearShare now = total_of(PHENDAU_TRY(shares_in(year, of)), of);
  const YearShare before = total_of(PHENDAU_TRY(shares_in(year - 1, of)), of);
  return Json::object({{"this_year", share_view(year, now)},
                       {"last_year", before.total == 0 ? Json() : share_view(year - 1, before)}});
}

Result<Json> Leader::incidents_view(const Actor& reader, const Scope& scope, UtcTime month) {
  const Json open = PHENDAU_TRY(incidents_.list(reader, {.status = "open", .limit = kIncidentsShown}));
  ledger::Query query = cases_query(false);
  query.limit = ledger::kListLimitMax;
  std::int64_t opened = 0;
  std::int64_t closed = 0;
  // Whatever was opened or closed this month was changed this month: newest first, until older ones come.
  for (bool more = true; more;) {
    const auto page = PHENDAU_TRY(services_.ledger.list(query, scope));
    for (const auto& record : page.records) {
      more = record.updated_at >= month;
      if (!more) break;
      opened += record.created_at >= month ? 1 : 0;
      closed += record.state == "closed" ? 1 : 0;
    }
    query.cursor = page.next_cursor;
    more = more && !query.cursor.empty();
  }
  return Json::object({{"items", open["items"]},
                       {"total", open["total"]},
                       {"opened_this_month", opened},
                       {"closed_this_month", closed}});
}

Result<Json> Leader::get(const Actor& actor) {
  const auto names = records_.own_names(actor);
  const bool committee = std::find(names.begin(), names.end(), kCommittee) != names.end();
  const Scope scope = authorize_leader(actor, committee);
  if (scope.allows_nothing()) return fail(ErrorCode::denied, "not for this role", "error.denied");
  // Whoever sees the province here does so through this page only.
  const Actor reader = scope.reach == Scope::Reach::everything ? system_actor() : actor;
  const UtcTime now = services_.env.now();
  const CivilDate today = to_civil(now, kHubZone).date;
  const UtcTime month = start_of_day({today.year, today.month, 1}, kHubZone);
  Json counts = scope.covers("") ? obligations_.counts_of_agency("") : Json::object();
  std::vector<std::string> ids;
  Json::Array late;
  const auto agencies = PHENDAU_TRY(agencies_in(services_, scope));
  for (const auto& agency : agencies) {
    const Json own = obligations_.counts_of_agency(agency.id);
    add_counts(counts, own);
    ids.push_back(agency.id);
    if (own["overdue"].as_int() + own["violated"].as_int() == 0) continue;
    late.push_back(Json::object({{"id", agency.id}, {"name", agency.doc["name"]}, {"counts", own}}));
  }
  std::stable_sort(late.begin(), late.end(), [](const Json& a, const Json& b) {
    const auto weight = [](const Json& one) {
      return std::pair(one["counts"]["overdue"].as_int(), one["counts"]["violated"].as_int());
    };
    return weight(a) > weight(b);
  });
  const std::uint64_t late_total = late.size();
  if (late.size() > kLateShown) late.resize(kLateShown);
  Json out = PHENDAU_TRY(compared(scope, ids));
  out.set("generated_at", format_rfc3339(now))
      .set("province", scope.reach == Scope::Reach::everything)
      .set("agencies", std::uint64_t{ids.size()})
      .set("agency_name", ids.size() == 1 ? agencies.front().doc["name"] : Json())
      .set("pack", services_.pack.pack().title.vi)
      .set("counts", std::move(counts))
      .set("late", Json::object({{"items", Json::array(std::move(late))}, {"total", late_total}}))
      .set("incidents", PHENDAU_TRY(incidents_view(reader, scope, month)))
      .set("papers", PHENDAU_TRY(records_.waiting(actor, kPapersShown)))
      .set("month", PHENDAU_TRY(obligations_.changes_since(scope, month, kChangesShown)));
  return out;
}

}  // namespace phendau::hub
