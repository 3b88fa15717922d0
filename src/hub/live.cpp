// SPDX-License-Identifier: Apache-2.0
#include "hub/live.h"

#include <algorithm>
#include <vector>

namespace phendau::hub {

std::uint64_t Live::subscribe(const Actor& actor, Receiver receiver) {
  const std::lock_guard lock(mu_);
  const std::uint64_t id = next_id_++;
  subscribers_[id] = std::make_shared<Subscriber>(Subscriber{actor, std::move(receiver)});
  return id;
}

void Live::unsubscribe(std::uint64_t id) {
  const std::lock_guard lock(mu_);
  subscribers_.erase(id);
}

void Live::publish(const LiveMessage& message) {
  std::vector<std::shared_ptr<Subscriber>> current;
  {
    const std::lock_guard lock(mu_);
    for (const auto& [id, subscriber] : subscribers_) current.push_back(subscriber);
  }
  for (const auto& subscriber : current) {
    if (!message.user_id.empty() && subscriber->actor.user_id != message.user_id) continue;
    const Scope scope = authorize(subscriber->actor, Action::read, message.resource);
    const bool addressed = std::any_of(message.also_for.begin(), message.also_for.end(),
                                       [&](const std::string& id) { return scope.covers(id); });
    if (scope.covers(message.agency_id) || addressed) subscriber->receiver(message);
  }
}

}  // namespace phendau::hub
