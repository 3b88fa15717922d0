// SPDX-License-Identifier: Apache-2.0
#include "cli/rule_cache.h"

#include <cstdlib>

#include "base/log.h"
#include "os/env.h"

namespace phendau::cli {
namespace {

constexpr std::string_view kCachePrefix = "rules-";

/// Empty: there is none.
std::string default_cache_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache == '/') return path_join(cache, "phendau");  // others are to be ignored
  const char* home = std::getenv("HOME");
  return home != nullptr && *home == '/' ? path_join(home, ".cache/phendau") : std::string();
}

std::string cache_file(const std::string& key) { return std::string(kCachePrefix) + key; }

}  // namespace

RuleCache::RuleCache(std::string folder) {
  if (folder.empty()) folder = default_cache_folder();
  if (folder.empty()) return;
  auto opened = PrivateFolder::open(folder);
  if (opened)
    folder_.emplace(std::move(*opened));
  else
    PHENDAU_LOG(debug, "rule_cache_unused", {"error", opened.error().message});
}

std::optional<detect::RuleSet> RuleCache::find(const std::string& key) const {
  if (!folder_) return std::nullopt;
  const auto load = [&]() -> Result<detect::RuleSet> {
    return detect::load_rule_set(PHENDAU_TRY(folder_->read(cache_file(key), kRuleCacheFileBytesMax)));
  };
  auto loaded = load();
  if (loaded) return std::move(*loaded);
  PHENDAU_LOG(debug, "rule_cache_missed", {"error", loaded.error().message});
  return std::nullopt;
}

void RuleCache::keep(const std::string& key, const detect::RuleSet& set) const {
  if (!folder_) return;
  const std::string bytes = detect::save_rule_set(set);
  if (bytes.size() > kRuleCacheFileBytesMax) return;
  const auto written = folder_->write(cache_file(key), bytes);
  if (!written) PHENDAU_LOG(debug, "rule_cache_not_written", {"error", written.error().message});
  folder_->keep_newest(kCachePrefix, kRuleCacheFilesMax);
}

}  // namespace phendau::cli
