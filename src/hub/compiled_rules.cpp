// SPDX-License-Identifier: Apache-2.0
#include "hub/compiled_rules.h"

#include "base/log.h"

namespace phendau::hub {

detect::Plan CompiledRules::plan_of(std::vector<detect::Rule> rules, const detect::SourceMap& sources,
                                    const detect::CompileOptions& options,
                                    std::vector<ContentError>& rejected) {
  const std::string key = detect::rule_set_key(rules, sources, options);
  auto kept = find(key);
  detect::RuleSet set;
  if (kept) {
    ++found_;
    set = std::move(*kept);
  } else {
    ++compiled_;
    if (kept.error().code != ErrorCode::not_found) {
      ++unusable_;
      PHENDAU_LOG(warn, "kept_rules_unusable", {"error", kept.error().message});
    }
    set.plan = detect::Plan::compile(std::move(rules), sources, options);
    set.rejected = set.plan.rejected();
    keep(key, set);
  }
  PHENDAU_LOG(info, "rules_ready", {"rules", set.plan.rules().size()}, {"kept", kept.has_value()});
  rejected.insert(rejected.end(), set.rejected.begin(), set.rejected.end());
  return std::move(set.plan);
}

}  // namespace phendau::hub
