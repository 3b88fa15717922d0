// SPDX-License-Identifier: Apache-2.0
// What `phendau check` shows to people: a line per clause part, in words and short enough to read, and a last
// line that counts. What programs read (--format json) is made elsewhere and keeps everything.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "comply/assess.h"
#include "comply/clause.h"

namespace phendau::cli {

class CheckReport {
 public:
  explicit CheckReport(const Globals& globals);
  void add(const comply::Clause& clause, const comply::Obligation& one);
  /// The table and the line below it.
  void show() const;

 private:
  const Globals& globals_;
  std::vector<std::vector<std::string>> rows_;
  std::array<std::size_t, 9> counts_{};  // by Status
  std::size_t total_ = 0;
};

}  // namespace phendau::cli
