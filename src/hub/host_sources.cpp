// SPDX-License-Identifier: Apache-2.0
#include "hub/host_sources.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace phendau::hub {

void HostSources::note(const Batch& batch) {
  const Column& agency = *batch.column(kAgencyColumn);
  const Column& host = *batch.column(kHostColumn);
  const Column& logsource = *batch.column(kLogsourceColumn);
  // Few distinct triples in many rows: names are looked up once for each.
  std::map<std::array<ValueId, 3>, UtcTime> seen;
  for (std::uint32_t row = 0; row < batch.rows(); ++row) {
    if (!host.has(row) || !logsource.has(row)) continue;
    UtcTime& last = seen[{agency.ids[row], host.ids[row], logsource.ids[row]}];
    last = std::max(last, batch.received_time(row));
  }
  for (const auto& [ids, at] : seen) {
    std::pair<std::string, std::string> key;
    if (ids[0] != kAbsent) key.first = agency.values.text(ids[0]);
    key.second = truncate_utf8(host.values.text(ids[1]), kHostBytesMax);
    auto found = hosts_.find(key);
    if (found == hosts_.end()) {
      if (hosts_.size() >= kHostsMax) continue;
      found = hosts_.emplace(std::move(key), Sources{}).first;
    }
    const std::string name(logsource.values.text(ids[2]));
    const auto known = found->second.find(name);
    if (known != found->second.end())
      known->second = std::max(known->second, at);
    else if (found->second.size() < kSourcesPerHostMax)
      found->second.emplace(name, at);
  }
}

HostSources::Sources HostSources::of(std::string_view agency, std::string_view host) const {
  const auto found = hosts_.find({std::string(agency), std::string(host)});
  return found == hosts_.end() ? Sources{} : found->second;
}

Json HostSources::save() const {
  Json out = Json::array();
  for (const auto& [key, sources] : hosts_) {
    Json list = Json::object();
    for (const auto& [name, at] : sources) list.set(name, at.ns);
    out.push(Json::object({{"agency", key.first}, {"host", key.second}, {"sources", std::move(list)}}));
  }
  return out;
}

void HostSources::restore(const Json& saved) {
  hosts_.clear();
  for (const auto& item : saved.items()) {
    Sources& sources = hosts_[{item["agency"].as_string(), item["host"].as_string()}];
    for (const auto& [name, at] : item["sources"].members()) sources[name] = UtcTime{at.as_int()};
  }
}

BlindRules blind_rules(const detect::Plan& plan, const HostSources::Sources& sources,
                       std::string_view product) {
  BlindRules out;
  for (std::uint32_t index = 0; index < plan.rules().size(); ++index) {
    bool meant_for_host = false;
    bool sees = false;
    for (const auto& pattern : plan.covers(index)) {
      meant_for_host = meant_for_host || pattern.substr(0, pattern.find('/')) == product;
      sees = sees || std::any_of(sources.begin(), sources.end(),
                                 [&](const auto& source) { return detect::covers(pattern, source.first); });
    }
    if (!meant_for_host) continue;
    ++out.rules;
    if (!sees) out.blind.push_back(index);
  }
  return out;
}

std::string_view product_of(const HostSources::Sources& sources) {
  const bool windows = std::any_of(sources.begin(), sources.end(),
                                   [](const auto& source) { return source.first.starts_with("windows/"); });
  return windows ? "windows" : "linux";
}

}  // namespace phendau::hub
