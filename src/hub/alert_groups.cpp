// SPDX-License-Identifier: Apache-2.0
#include "hub/alert_groups.h"

#include <algorithm>

#include "base/hash.h"
#include "detect/correlation.h"

namespace phendau::hub {
namespace {

constexpr Duration kTidyEvery = minutes(1);
constexpr Duration kWindowMax = days(36'500);
constexpr std::string_view kOfReception = "\x1f";  // ends no other key
constexpr std::size_t kEvictedShare = 16;  // of all, at once: looking for the longest idle costs all of them

/// So that windows around it stay within 64 bits.
UtcTime clamped(UtcTime at) {
  return std::clamp(at, detect::kCorrelationTimeMin, detect::kCorrelationEventTimeMax);
}

}  // namespace

void AlertGroup::add(UtcTime at, std::uint64_t events, const std::vector<std::string>& more_refs) {
  count += events;
  first_at = std::min(first_at, at);
  last_at = std::max(last_at, at);
  for (const auto& ref : more_refs) {
    if (refs.size() < kAlertRefsMax) refs.push_back(ref);
  }
}

AlertGroup* AlertGroups::find(const std::string& key, UtcTime at, Duration window) {
  const UtcTime middle = clamped(at);
  window = std::min(window, kWindowMax);
  const auto found = groups_.lower_bound({key, middle - window});
  if (found == groups_.end() || found->first.first != key || found->first.second > middle + window)
    return nullptr;
  return &found->second;
}

AlertGroup& AlertGroups::add(const std::string& key, UtcTime at, UtcTime until) {
  AlertGroup& fresh = groups_[{key, clamped(at)}];
  fresh = AlertGroup{};
  fresh.first_at = at;
  fresh.last_at = at;
  fresh.until = until;
  return fresh;
}

AlertGroup& AlertGroups::quota(const std::string& key, UtcTime at, Duration within, UtcTime received) {
  AlertGroup* found = find(key, at, within);
  return found != nullptr ? *found : add(key, at, received + within + kGroupKept);
}

AlertGroup* AlertGroups::collective(const std::string& key, UtcTime at, UtcTime received) {
  AlertGroup& recent = quota(key + std::string(kOfReception), received, kReceivedAlertsWithin, received);
  if (recent.alerts >= kReceivedAlertsMax) {  // no quota is made any more for every time that an event claims
    AlertGroup* burst = find(key, at, kOwnAlertsWithin);
    return burst != nullptr && !burst->alert_id.empty() ? burst : &recent;
  }
  AlertGroup& burst = quota(key, at, kOwnAlertsWithin, received);
  if (burst.alerts >= kOwnAlertsMax) {
    if (burst.alert_id.empty()) ++recent.alerts;
    return &burst;
  }
  ++recent.alerts;
  ++burst.alerts;
  return nullptr;
}

std::uint64_t AlertGroups::tidy(UtcTime now) {
  const bool full = groups_.size() > kOpenAlertsMax;
  if (!full && now - tidy_at_ < kTidyEvery && tidy_at_ - now < kTidyEvery) return 0;
  tidy_at_ = now;
  std::erase_if(groups_, [now](const auto& one) { return one.second.until < now; });
  if (groups_.size() <= kOpenAlertsMax) return 0;
  std::vector<UtcTime> idle;
  idle.reserve(groups_.size());
  for (const auto& [key, group] : groups_) idle.push_back(group.last_at);
  const std::size_t too_many = groups_.size() - kOpenAlertsMax + kOpenAlertsMax / kEvictedShare;
  const auto limit = idle.begin() + static_cast<std::ptrdiff_t>(too_many);
  std::nth_element(idle.begin(), limit, idle.end());
  std::size_t left = too_many;  // of those exactly at the limit some may stay
  const auto gone = [&](const auto& one) {
    if (left == 0 || one.second.last_at > *limit) return false;
    --left;
    return true;
  };
  return std::erase_if(groups_, gone);
}

Json AlertGroups::save() const {
  Json out = Json::array();
  for (const auto& [key, group] : groups_) {
    Json refs = Json::array();
    for (const auto& ref : group.refs) refs.push(ref);
    out.push(Json::object({{"key", to_base64(key.first)},
                           {"at", key.second.ns},
                           {"id", group.alert_id},
                           {"first_at", group.first_at.ns},
                           {"last_at", group.last_at.ns},
                           {"until", group.until.ns},
                           {"count", group.count},
                           {"alerts", group.alerts},
                           {"refs", std::move(refs)}}));
  }
  return out;
}

Result<> AlertGroups::restore(const Json& saved) {
  clear();
  for (const auto& item : saved.items()) {
    const std::string key = PHENDAU_TRY(from_base64(item["key"].as_string()));
    const UtcTime first{item["first_at"].as_int()};
    const UtcTime last{item["last_at"].as_int()};
    // Checkpoints of older versions say neither when a group began nor until when it is kept.
    AlertGroup& group = add(key, UtcTime{item["at"].as_int(first.ns)},
                            UtcTime{item["until"].as_int((clamped(last) + kGroupKept).ns)});
    group.alert_id = item["id"].as_string();
    group.first_at = first;
    group.last_at = last;
    group.count = static_cast<std::uint64_t>(item["count"].as_int());
    group.alerts = static_cast<std::uint32_t>(item["alerts"].as_int());
    for (const auto& ref : item["refs"].items()) group.refs.push_back(ref.as_string());
  }
  return {};
}

}  // namespace phendau::hub
