// SPDX-License-Identifier: Apache-2.0
#include "cli/rule_cache.h"

#include <cstdlib>

#include "base/hash.h"
#include "base/log.h"
#include "os/env.h"

namespace phendau::cli {
namespace {

constexpr std::string_view kCachePrefix = "rules-";
constexpr const char* kFolderOfHub = "state/compiled-rules";

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

Result<detect::RuleSet> RuleCache::find(const std::string& key) const {
  if (!folder_) return fail(ErrorCode::not_found, "compiled rules are not kept");
  const auto load = [&]() -> Result<detect::RuleSet> {
    const std::string bytes = PHENDAU_TRY(folder_->read(cache_file(key), kRuleCacheFileBytesMax));
    std::string_view set = bytes;
    // A file under the name of another would put other rules in force.
    if (!set.ends_with(key))
      return fail(ErrorCode::corrupt, "saved rules are damaged or those of another set");
    set.remove_suffix(key.size());
    return detect::load_rule_set(set);
  };
  auto loaded = load();
  if (!loaded) PHENDAU_LOG(debug, "rule_cache_missed", {"error", loaded.error().message});
  return loaded;
}

void RuleCache::keep(const std::string& key, const detect::RuleSet& set) const {
  if (!folder_) return;
  const std::string bytes = detect::save_rule_set(set) + key;
  if (bytes.size() > kRuleCacheFileBytesMax) return;
  const auto written = folder_->write(cache_file(key), bytes);
  if (!written) PHENDAU_LOG(debug, "rule_cache_not_written", {"error", written.error().message});
  folder_->keep_newest(kCachePrefix, kRuleCacheFilesMax);
}

namespace {

class RulesOfHub final : public hub::CompiledRules {
 public:
  explicit RulesOfHub(std::string folder) : cache_(std::move(folder)) {}

 private:
  Result<detect::RuleSet> find(const std::string& key) override { return cache_.find(file_of(key)); }
  void keep(const std::string& key, const detect::RuleSet& set) override { cache_.keep(file_of(key), set); }
  /// Another program may make other plans of the same rules.
  static std::string file_of(const std::string& key) {
    return sha256_hex(std::string(PHENDAU_VERSION) + "\n" + program_stamp() + "\n" + key);
  }
  RuleCache cache_;
};

}  // namespace

std::shared_ptr<hub::CompiledRules> compiled_rules_of(const std::string& data_dir) {
  return std::make_shared<RulesOfHub>(path_join(data_dir, kFolderOfHub));
}

}  // namespace phendau::cli
