// SPDX-License-Identifier: Apache-2.0
// Compiled rule sets on disk, for `phendau scan`, `phendau rules` and the hub. Whoever can write them decides
// what the scanner sees, so they are read only from a folder that is ours alone. Never an error for the user:
// what cannot be read or written is compiled again.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "detect/plan_cache.h"
#include "hub/compiled_rules.h"
#include "os/private_folder.h"

namespace phendau::cli {

inline constexpr std::size_t kRuleCacheFilesMax = 8;
inline constexpr std::uint64_t kRuleCacheFileBytesMax = 256u << 20;  // SigmaHQ's need a tenth

class RuleCache {
 public:
  /// Keeps nothing.
  RuleCache() = default;
  /// @param folder empty: $XDG_CACHE_HOME/phendau, else $HOME/.cache/phendau.
  explicit RuleCache(std::string folder);

  /// @param key digest of everything that the rules are made from, in hex.
  /// `not_found` if there is none; others say why it cannot be used.
  Result<detect::RuleSet> find(const std::string& key) const;
  /// Removes the oldest files over kRuleCacheFilesMax.
  void keep(const std::string& key, const detect::RuleSet& set) const;

 private:
  std::optional<PrivateFolder> folder_;
};

/// Those of a hub: below its data folder, of this very program.
std::shared_ptr<hub::CompiledRules> compiled_rules_of(const std::string& data_dir);

}  // namespace phendau::cli
