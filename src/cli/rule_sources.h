// SPDX-License-Identifier: Apache-2.0
// `phendau rules list`: which rules are blind, because no pack says where their log source comes from, or,
// with the data folder of a hub, because hosts do not send it.
#pragma once

#include <string>
#include <vector>

#include "cli/cli.h"
#include "detect/plan.h"
#include "detect/source_map.h"

namespace phendau::cli {

struct RuleSight {
  std::string reason;              // nothing reads the log source at all; empty: something does
  std::vector<std::string> hosts;  // hosts of the rule's product that send none of its log sources
  /// For a cell of the table: the reason, else the hosts, shortened.
  std::string to_text() const;
  /// `blind` and, where known, `reason` and `blind_hosts`.
  void add_to(Json& item) const;
};

struct RuleSources {
  std::vector<RuleSight> rules;  // as in Plan::rules()
};

/// @param data_folder of a hub, which may be running; "" when only the packs are asked.
Result<RuleSources> rule_sources(const Globals& globals, const detect::Plan& plan,
                                 const detect::SourceMap& sources, const std::string& data_folder);

}  // namespace phendau::cli
