// SPDX-License-Identifier: Apache-2.0
#include "hub/succession.h"

#include <algorithm>
#include <mutex>
#include <set>

namespace phendau::hub {
namespace {

constexpr int kActsMax = 64;  // one after the other on one agency: guards against circles

}  // namespace

Result<> Succession::load(ledger::Ledger& ledger) {
  std::map<std::string, std::vector<std::string>, std::less<>> found;
  ledger::Query query;
  query.kind = "agency";
  query.states = {"abolished"};
  const Scope all{Scope::Reach::everything, {}, {}};
  PHENDAU_TRY(ledger::each_record(ledger, query, all, [&](const ledger::Record& record) -> Result<> {
    std::vector<std::string> ids = texts_from(record.doc["successors"]);
    if (!ids.empty()) found.emplace(record.id, std::move(ids));
    return {};
  }));
  const std::unique_lock lock(mu_);
  successors_ = std::move(found);
  return {};
}

std::string Succession::current(std::string_view agency_id) const {
  const std::shared_lock lock(mu_);
  std::string out(agency_id);
  for (int act = 0; act < kActsMax; ++act) {
    const auto next = successors_.find(out);
    if (next == successors_.end()) break;
    out = next->second.front();
  }
  return out;
}

bool Succession::has_ended(std::string_view agency_id) const {
  const std::shared_lock lock(mu_);
  return successors_.contains(agency_id);
}

std::vector<std::string> Succession::past_of(const std::vector<std::string>& agency_ids) const {
  const std::shared_lock lock(mu_);
  if (successors_.empty()) return {};
  std::set<std::string, std::less<>> reached(agency_ids.begin(), agency_ids.end());
  std::vector<std::string> out;
  for (bool grown = true; grown;) {
    grown = false;
    for (const auto& [id, successors] : successors_) {
      const bool of_these = std::any_of(successors.begin(), successors.end(),
                                        [&](const auto& next) { return reached.contains(next); });
      if (!of_these || !reached.insert(id).second) continue;
      out.push_back(id);
      grown = true;
    }
  }
  return out;
}

}  // namespace phendau::hub
