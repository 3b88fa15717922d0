// SPDX-License-Identifier: Apache-2.0
// Which events a rule's log source means: data of packs (packs/base/sources/*.yaml), read once, then
// immutable. Used by plan.cpp. Pure; thread-safe after loading.
//
//   sources:
//     - logsource: {product: windows, category: process_creation}   # as rules write it
//       covers: ["windows//security"]                               # Batch keys; a part may be *
//       conditions: {EventID: 4688}                                 # a Sigma selection that must hold too
//       fields: {Image: NewProcessName}                             # rule field: event field
//   channels: {Security: windows//security}                         # Windows channel: key of its events
//   not_covered:                                                    # known, but nothing here reads it
//     - logsource: {product: aws}
//       reason: {vi: ..., en: ...}
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/texts.h"
#include "base/yaml.h"
#include "detect/rule.h"
#include "model/predicate.h"

namespace phendau::detect {

/// Key of events that do not say what wrote them: JSON of programs that no decoder knows.
inline constexpr std::string_view kNoLogsource = "//";
inline constexpr std::size_t kSourceEntriesMax = 10'000;  // SigmaHQ names 136 log sources

struct SourceRoute {
  std::vector<std::string> covers;  // "product/category/service", parts may be "*"
  PredicatePtr conditions;          // null: none
  std::map<std::string, std::string> fields;
};

/// Events of a Windows channel get the key; of a provider, where they name no channel.
struct ChannelSource {
  std::string channel;
  std::string logsource;
};

struct SourceRoutes {
  bool known = false;  // false: no entry; the one route is the log source's own key, and events without any
  std::vector<SourceRoute> routes;
};

class SourceMap {
 public:
  /// Adds the entries of one file; returns its mistakes (entries with mistakes are left out).
  std::vector<ContentError> add(std::string_view file, std::string_view text);
  /// Entries whose three parts equal the rule's. A rule that gives only a category, a product or a service
  /// and has no entry of its own takes every entry that has that part.
  SourceRoutes routes(const LogSource& logsource) const;
  std::size_t size() const { return entries_.size(); }
  const std::vector<ChannelSource>& channels() const { return channels_; }
  /// Why nothing here reads the log source, as a pack says it; empty if no pack does.
  std::string reason_not_covered(const LogSource& logsource, Lang lang) const;

 private:
  friend struct SavedForm;  // plan_cache.cpp
  struct Entry {
    LogSource logsource;
    SourceRoute route;
  };
  struct NotCovered {
    LogSource logsource;
    std::string vi;
    std::string en;
  };
  std::vector<Entry> entries_;
  std::vector<ChannelSource> channels_;
  std::vector<NotCovered> not_covered_;
};

/// Whether "linux/*/*" covers "linux//sshd".
bool covers(std::string_view pattern, std::string_view key);

}  // namespace phendau::detect
