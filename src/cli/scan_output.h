// SPDX-License-Identifier: Apache-2.0
// Writes the matches of a scan to standard output as they come: a table in parts, one JSON array, or one
// object a line (docs/reference/cli.md). Keeps nothing but the part of a table. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "cli/cli.h"
#include "detect/rule.h"
#include "model/batch.h"

namespace phendau::cli {

/// What is shown of an event that a rule found.
struct ShownEvent {
  UtcTime time;
  std::uint64_t position = 0;  // EventRecordID or line
  std::string host;
  std::string path;
  std::string event;  // JSON; empty if it is not wanted
};

class ScanOutput {
 public:
  ScanOutput(const Globals& globals, bool with_event) : globals_(globals), with_event_(with_event) {}

  /// @param position EventRecordID or line.
  ShownEvent shown(const Batch& batch, std::uint32_t row, const std::string& path,
                   std::uint64_t position) const;
  void write(const detect::RuleMeta& rule, const ShownEvent& event);
  /// A window whose last event went by before it could be judged: there is no record to show any more.
  void write_past(const detect::RuleMeta& rule, UtcTime time);
  /// What is pending, and what ends the format.
  void finish();
  std::uint64_t matches() const { return matches_; }

 private:
  /// The first members of a match as JSON, with the comma that follows.
  std::string start_of(const detect::RuleMeta& rule, UtcTime time) const;
  void put(std::string_view match);
  void put_row(const detect::RuleMeta& rule, UtcTime time, std::string_view host, const std::string& path,
               const std::string& record);
  void write_table_part();

  const Globals& globals_;
  bool with_event_;
  std::uint64_t matches_ = 0;
  std::vector<std::vector<std::string>> table_;
};

}  // namespace phendau::cli
