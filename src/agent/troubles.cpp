// SPDX-License-Identifier: Apache-2.0
#include "agent/troubles.h"

#include "base/log.h"

namespace phendau::agent {

void Troubles::set(std::string_view cause, const Error& error, UtcTime now) {
  const std::lock_guard lock(mu_);
  const auto found = current_.find(cause);
  if (found != current_.end()) {
    found->second.message = error.message;
    found->second.text_id = error.text_id;
    return;
  }
  if (current_.size() >= kTroublesMax) return;
  current_.emplace(std::string(cause), wire::Trouble{format_rfc3339(now), error.message, error.text_id});
  PHENDAU_LOG(warn, "agent_trouble", {"cause", cause}, {"message", error.message});
}

void Troubles::clear(std::string_view cause) {
  const std::lock_guard lock(mu_);
  const auto found = current_.find(cause);
  if (found == current_.end()) return;
  PHENDAU_LOG(info, "agent_trouble_over", {"cause", cause});
  current_.erase(found);
}

bool Troubles::has(std::string_view cause) const {
  const std::lock_guard lock(mu_);
  return current_.contains(cause);
}

std::vector<wire::Trouble> Troubles::list() const {
  const std::lock_guard lock(mu_);
  std::vector<wire::Trouble> out;
  for (const auto& [cause, trouble] : current_) out.push_back(trouble);
  return out;
}

}  // namespace phendau::agent
