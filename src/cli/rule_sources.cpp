// SPDX-License-Identifier: Apache-2.0
#include "cli/rule_sources.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/known_heads.h"
#include "hub/detection.h"
#include "hub/host_sources.h"

namespace phendau::cli {
namespace {

constexpr std::size_t kHostsShownMax = 3;

Result<hub::HostSources> read_hosts(const std::string& data_folder) {
  const auto ledger = PHENDAU_TRY(open_ledger_to_read(posix_env(), data_folder));
  hub::HostSources hosts;
  const auto saved = PHENDAU_TRY(ledger->get_derived(hub::kDetectionSpace, hub::kCheckpointKey));
  if (saved) hosts.restore(saved->doc["hosts"]);
  return hosts;
}

}  // namespace

std::string RuleSight::to_text() const {
  if (!reason.empty()) return reason;
  std::vector<std::string> shown(hosts.begin(),
                                 hosts.begin() + static_cast<long>(std::min(hosts.size(), kHostsShownMax)));
  if (hosts.size() > kHostsShownMax) shown.push_back(fmt::format("+{}", hosts.size() - kHostsShownMax));
  return join(shown, " ");
}

void RuleSight::add_to(Json& item) const {
  item.set("blind", !reason.empty());
  if (!reason.empty()) item.set("reason", reason);
  if (hosts.empty()) return;
  Json list = Json::array();
  for (const auto& host : hosts) list.push(host);
  item.set("blind_hosts", std::move(list));
}

Result<RuleSources> rule_sources(const Globals& globals, const detect::Plan& plan,
                                 const detect::SourceMap& sources, const std::string& data_folder) {
  RuleSources out;
  out.rules.resize(plan.rules().size());
  for (const std::uint32_t index : plan.rules_without_source()) {
    std::string reason = sources.reason_not_covered(plan.rules()[index].logsource, globals.lang);
    out.rules[index].reason = reason.empty() ? globals.text("rules.no_source", {}) : std::move(reason);
  }
  if (data_folder.empty()) return out;
  const hub::HostSources hosts = PHENDAU_TRY(read_hosts(data_folder));
  for (const auto& [key, heard] : hosts.hosts()) {
    for (const std::uint32_t index : hub::blind_rules(plan, heard, hub::product_of(heard)).blind) {
      out.rules[index].hosts.push_back(key.second);
    }
  }
  return out;
}

}  // namespace phendau::cli
