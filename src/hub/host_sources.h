// SPDX-License-Identifier: Apache-2.0
// Which log sources each host sends, and so which rules are blind there: loaded, but without an event that
// they could look at. Kept by Detection (detection.h), saved in its checkpoint, read by `phendau rules list`
// too. Not thread-safe: its owner's lock guards it.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "detect/plan.h"
#include "model/batch.h"

namespace phendau::hub {

inline constexpr std::size_t kHostsMax = 50'000;
inline constexpr std::size_t kSourcesPerHostMax = 64;
inline constexpr std::size_t kHostBytesMax = 255;  // of a name; what a message says may have no end

class HostSources {
 public:
  using Sources = std::map<std::string, UtcTime>;  // log source key -> last event received

  void note(const Batch& batch);
  /// Empty if the host was never heard.
  Sources of(std::string_view agency, std::string_view host) const;
  const std::map<std::pair<std::string, std::string>, Sources>& hosts() const { return hosts_; }
  Json save() const;
  void restore(const Json& saved);

 private:
  std::map<std::pair<std::string, std::string>, Sources> hosts_;  // agency, host
};

/// Rules of the plan that could fire on a host of this product ("linux", "windows"), and those of them that
/// see none of its log sources, as indexes.
struct BlindRules {
  std::size_t rules = 0;
  std::vector<std::uint32_t> blind;
};
BlindRules blind_rules(const detect::Plan& plan, const HostSources::Sources& sources,
                       std::string_view product);

/// "windows" if the host sends any Windows source, else "linux".
std::string_view product_of(const HostSources::Sources& sources);

}  // namespace phendau::hub
