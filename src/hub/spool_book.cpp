// SPDX-License-Identifier: Apache-2.0
#include "hub/spool_book.h"

#include <algorithm>

namespace phendau::hub {
namespace {

constexpr std::string_view kSpoolSpace = "spools";
constexpr std::size_t kDevicesCachedMax = 20'000;

}  // namespace

Result<std::vector<SpoolBook::Spool>> SpoolBook::load(const std::string& device_id) {
  std::vector<Spool> out;
  const auto row = PHENDAU_TRY(services_.ledger.get_derived(kSpoolSpace, device_id));
  if (!row) return out;
  for (const auto& item : row->doc["spools"].items()) {
    const auto first_at = parse_rfc3339(item["first_at"].as_string());
    out.push_back({item["epoch"].as_string(), first_at ? *first_at : UtcTime{}});
  }
  return out;
}

Result<> SpoolBook::admit(std::string_view device_id, std::string_view agency_id, std::string_view epoch,
                          UtcTime now) {
  const std::string id(device_id);
  const std::lock_guard lock(mu_);
  auto found = devices_.find(id);
  if (found == devices_.end()) {
    if (devices_.size() >= kDevicesCachedMax) devices_.clear();
    found = devices_.emplace(id, PHENDAU_TRY(load(id))).first;
  }
  std::vector<Spool>& spools = found->second;
  if (std::any_of(spools.begin(), spools.end(), [&](const Spool& s) { return s.epoch == epoch; })) return {};
  const auto recent = std::count_if(spools.begin(), spools.end(),
                                    [&](const Spool& spool) { return now - spool.first_at < hours(24); });
  if (static_cast<std::size_t>(recent) >= kSpoolsPerDayMax) {
    ++refused_;
    return fail(ErrorCode::unavailable, "this device began too many spools within a day",
                "device.too_many_spools", {std::to_string(kSpoolsPerDayMax)});
  }
  std::vector<Spool> next = spools;
  if (next.size() >= kSpoolsKept) next.erase(next.begin());
  next.push_back({std::string(epoch), now});
  Json list = Json::array();
  for (const auto& spool : next) {
    list.push(Json::object({{"epoch", spool.epoch}, {"first_at", format_rfc3339(spool.first_at)}}));
  }
  PHENDAU_TRY(services_.ledger.put_derived(kSpoolSpace, id, agency_id,
                                           Json::object({{"spools", std::move(list)}}), now));
  spools = std::move(next);
  return {};
}

}  // namespace phendau::hub
