// SPDX-License-Identifier: Apache-2.0
// Rules over files. One thread reads files and writes results, workers decode and match blocks; results come
// in the order of the input, whatever the number of workers. Memory: a few blocks and batches per worker;
// a batch is freed when it is matched, or written if it has matches.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/record_reader.h"
#include "cli/scan_output.h"
#include "cli/time_order.h"
#include "detect/correlation.h"
#include "detect/matcher.h"
#include "detect/plan_cache.h"

namespace phendau::cli {

struct ScanOptions {
  std::vector<std::string> paths;
  std::size_t threads = 1;
  bool with_event = true;
  std::size_t correlated_max = kTimeOrderEntriesMax;  // events that wait to be put in their order
};

class WorkPool;

class Scanner {
 public:
  Scanner(const Globals& globals, ScanOptions options, detect::RuleSet rules);
  ~Scanner();

  /// An error only for what was named and is not there. Files that cannot be read are said on standard error
  /// and counted.
  Result<> run();

  std::uint64_t matches() const { return output_.matches(); }
  std::uint64_t unreadable() const { return unreadable_; }
  /// Events that came to correlations too long after later ones, and were not used.
  std::uint64_t late() const { return correlator_.stats().late; }
  const ReadTotals& totals() const { return totals_; }
  const detect::RuleSet& rules() const { return rules_; }
  /// Correlations too.
  std::size_t rules_in_force() const { return rules_.plan.rules().size() + correlator_.rules().size(); }

  /// A block, or a batch of text, on its way.
  struct Work;
  struct Judged;

 private:
  struct Input {
    std::string path;
    std::uint64_t size_bytes = 0;
  };
  Result<std::vector<Input>> inputs();
  void scan_file(const std::string& path);
  void hand_in(std::unique_ptr<Work> work);
  void finish_front();
  void report(const Work& work, const Judged& judged);
  void say_damage(const std::string& path);
  void say_not_understood();
  void complain_of(const Error& error);
  void show_progress(std::uint64_t bytes_in_file);

  const Globals& globals_;
  ScanOptions options_;
  detect::RuleSet rules_;
  std::vector<ingest::ChannelLogsource> channels_;  // views into rules_
  std::unique_ptr<const Projection> projection_;    // null: all of every event is wanted
  detect::Correlator correlator_;
  ScanOutput output_;
  TimeOrder time_order_;
  Result<> ordered_;  // the first error of it
  std::unique_ptr<WorkPool> pool_;
  std::uint64_t lines_before_ = 0;  // of the file, before the block that is reported next
  ReadTotals totals_;
  DamageCounts damage_of_file_;
  std::uint64_t without_source_ = 0;  // events
  std::uint64_t unreadable_ = 0;
  std::uint64_t bytes_total_ = 0;  // of all files; for progress
  std::uint64_t bytes_done_ = 0;
  Duration shown_at_;
};

}  // namespace phendau::cli
