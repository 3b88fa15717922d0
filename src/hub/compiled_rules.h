// SPDX-License-Identifier: Apache-2.0
// Compiled rules kept between starts of the hub: thousands of rules take seconds to compile and tenths of one
// to read. Where they are kept is the caller's matter (cli: a folder on disk). Never an error: what is not
// there or cannot be used is compiled, counted and kept anew. Thread-safe if find() and keep() are.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "base/yaml.h"
#include "detect/compile.h"
#include "detect/plan_cache.h"

namespace phendau::hub {

class CompiledRules {
 public:
  virtual ~CompiledRules() = default;

  /// Plan::compile() of the rules, or what was kept of it. `rejected` gets the mistakes of rules that cannot
  /// be honoured.
  detect::Plan plan_of(std::vector<detect::Rule> rules, const detect::SourceMap& sources,
                       const detect::CompileOptions& options, std::vector<ContentError>& rejected);
  std::uint64_t found() const { return found_; }
  std::uint64_t compiled() const { return compiled_; }
  /// Of those compiled: something was kept, but damaged or of another's making.
  std::uint64_t unusable() const { return unusable_; }

 private:
  /// `not_found` if nothing is kept under the key (detect::rule_set_key()).
  virtual Result<detect::RuleSet> find(const std::string& key) = 0;
  virtual void keep(const std::string& key, const detect::RuleSet& set) = 0;

  std::atomic<std::uint64_t> found_ = 0;
  std::atomic<std::uint64_t> compiled_ = 0;
  std::atomic<std::uint64_t> unusable_ = 0;
};

}  // namespace phendau::hub
