// SPDX-License-Identifier: Apache-2.0
// What is wrong with this agent now: one sentence per cause, since when. Goes to the log once, to status.json
// and to each heartbeat, and disappears when the cause is gone. Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "wire/messages.h"

namespace phendau::agent {

inline constexpr std::size_t kTroublesMax =
    64;  // more causes at once than anybody reads; later ones are not added

class Troubles {
 public:
  void set(std::string_view cause, const Error& error, UtcTime now);
  void clear(std::string_view cause);
  bool has(std::string_view cause) const;
  std::vector<wire::Trouble> list() const;

 private:
  mutable std::mutex mu_;
  std::map<std::string, wire::Trouble, std::less<>> current_;  // guarded by mu_
};

}  // namespace phendau::agent
