// SPDX-License-Identifier: Apache-2.0
// Rules of folders or of a pack made ready, for `phendau scan` and `phendau rules`: from the cache if nothing
// that they are made from has changed. Says on standard error what it leaves out.
#pragma once

#include <string>
#include <vector>

#include "cli/cli.h"
#include "detect/plan_cache.h"

namespace phendau::cli {

struct RuleArguments {
  std::vector<std::string> rules;  // files and folders; none: the rules of the pack
  std::string pack;                // empty: the default one
  std::string cache;               // folder; empty: the default one
  bool no_cache = false;
};

/// Adds --pack, --cache and --no-cache.
void add_rule_options(CLI::App& command, const Globals& globals, RuleArguments& arguments);

/// Rules that cannot be honoured are in `rejected`, those of correlations as well.
Result<detect::RuleSet> load_rules(const Globals& globals, const RuleArguments& arguments);

}  // namespace phendau::cli
