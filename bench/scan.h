// SPDX-License-Identifier: Apache-2.0
// What `phendau scan` does to a file, for measuring: its own reader, decoders, matcher, correlator and
// output; only what it prints goes nowhere. And the rules of the shared corpora.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/bench.h"
#include "cli/scanner.h"

namespace phendau::bench {

inline constexpr const char* kCorpora = PHENDAU_SOURCE_DIR "/../shared/corpora";

using RuleSetPtr = std::shared_ptr<const detect::RuleSet>;

/// SigmaHQ's five folders of rules, parsed once.
class SigmaRules {
 public:
  /// Null where the shared corpora are not.
  static std::unique_ptr<SigmaRules> load();

  const std::vector<detect::Rule>& all() const { return rules_; }
  /// Those of the folder `rules`.
  std::vector<detect::Rule> main() const;
  /// So many of all, spread evenly.
  std::vector<detect::Rule> some(std::size_t count) const;
  double parse_seconds() const { return parse_seconds_; }
  /// Under the log sources of a pack.
  RuleSetPtr compile(std::vector<detect::Rule> rules) const;

 private:
  std::vector<detect::Rule> rules_;
  std::size_t main_count_ = 0;  // they come first
  double parse_seconds_ = 0;
  detect::SourceMap sources_;
  detect::CompileOptions options_;
};

struct Scanned {
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;  // unpacked
  std::uint64_t matches = 0;
};
Scanned scan(const detect::RuleSet& rules, const std::string& path, std::size_t threads);
/// Of the machine.
std::size_t all_threads();
/// "1 thread", "2 threads".
std::string threads_name(std::size_t threads);
/// 1 and, if there are more, all.
std::vector<std::size_t> thread_counts();

/// A pair whose own side scans the file; events and bytes are filled in, baseline and base are not.
Pair scan_pair(std::string name, const RuleSetPtr& rules, const std::string& path, std::size_t threads);
/// The file in pieces, as the scanner reads it.
void read_plainly(const std::string& path);
/// Reports what scanning the file adds to the memory of this process at most.
void report_peak(const std::string& name, const detect::RuleSet& rules, const std::string& path,
                 std::size_t threads);
/// Bytes allocated now.
std::uint64_t heap_bytes();

// The parts of `detect`; each leaves out what nobody asked for.
void rule_set_report(const SigmaRules& rules);
void otrf_report(const SigmaRules& rules, const std::string& folder);
void processes_report(const SigmaRules& rules, const std::string& folder);
void evtx_report(const SigmaRules& rules, const std::string& folder);
void correlation_report();

}  // namespace phendau::bench
