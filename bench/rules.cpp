// SPDX-License-Identifier: Apache-2.0
// Rules made ready, all of SigmaHQ: from what the cache keeps, against reading YAML and compiling. Both read
// every file: the cache is found by their digest.
#include <algorithm>
#include <filesystem>
#include <memory>

#include "base/hash.h"
#include "bench/bench.h"
#include "detect/plan_cache.h"
#include "hub/active_pack.h"
#include "os/env.h"

namespace phendau::bench {
namespace {

std::vector<std::string> rule_paths() {
  const std::string corpus = PHENDAU_SOURCE_DIR "/../shared/corpora/sigma/";
  std::vector<std::string> out;
  for (const char* folder :
       {"rules", "rules-emerging-threats", "rules-threat-hunting", "rules-dfir", "rules-compliance"}) {
    if (!std::filesystem::exists(corpus + folder)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(corpus + folder)) {
      if (entry.path().extension() == ".yml") out.push_back(entry.path().string());
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string text_of(const std::string& path) {
  auto text = read_file(posix_env(), path);
  if (!text) give_up(text.error().message);
  return std::move(*text);
}

detect::RuleSet compiled(const std::vector<std::string>& paths, const detect::SourceMap& sources) {
  detect::RuleSet out;
  out.sources = sources;
  std::vector<detect::Rule> rules;
  for (const auto& path : paths) {
    auto file = detect::parse_rules(path, text_of(path));
    std::move(file.rules.begin(), file.rules.end(), std::back_inserter(rules));
    std::move(file.correlations.begin(), file.correlations.end(), std::back_inserter(out.correlations));
  }
  out.plan = detect::Plan::compile(std::move(rules), sources);
  return out;
}

}  // namespace

std::vector<Pair> rule_pairs() {
  const auto paths = std::make_shared<std::vector<std::string>>(rule_paths());
  if (paths->empty()) return {};
  auto pack = hub::ActivePack::load(posix_env(), PHENDAU_SOURCE_DIR "/packs/ha-giang");
  if (!pack) give_up(pack.error().message);
  const auto sources = std::make_shared<detect::SourceMap>(pack->sources());
  const auto saved = std::make_shared<std::string>(detect::save_rule_set(compiled(*paths, *sources)));
  Pair pair;
  pair.name = "rules from the cache (events: rules)";
  pair.baseline = "the same from YAML, compiled";
  pair.events = paths->size();
  pair.pairs = 5;
  pair.ours = [paths, saved] {
    Sha256Stream digest;
    for (const auto& path : *paths) digest.update(text_of(path));
    keep(digest.finish()[0]);
    const auto loaded = detect::load_rule_set(*saved);
    if (!loaded) give_up(loaded.error().message);
    keep(loaded->plan.rules().size());
  };
  pair.base = [paths, sources] { keep(compiled(*paths, *sources).plan.rules().size()); };
  return {pair};
}

}  // namespace phendau::bench
