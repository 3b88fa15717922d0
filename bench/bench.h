// SPDX-License-Identifier: Apache-2.0
// Benchmarks as pairs: our code and a baseline on the same bytes, in turn, in the same run. What is reported
// is the median of each and the median of the ratios of the pairs: a ratio survives another machine and a
// busy one, an absolute number does not. Single thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "model/batch.h"

namespace phendau::bench {

inline constexpr int kPairs = 9;               // odd, so that the median is a measurement
inline constexpr std::uint32_t kRows = 8'192;  // a full batch of a busy listener

struct Pair {
  std::string name;
  std::string baseline;      // what it is compared with
  std::uint64_t events = 0;  // per call, of both
  std::uint64_t bytes = 0;   // likewise; 0: only events are reported
  int pairs = kPairs;
  std::function<void()> ours;
  std::function<void()> base;
};

double seconds_of(const std::function<void()>& work);
struct Sampled {
  double median = 0;  // seconds
  double p95 = 0;
};
Sampled sample(int count, const std::function<void(int)>& work);

/// Kept from the optimiser: adds to a number that main() prints at the end.
void keep(std::uint64_t value);
/// Ends the program with a sentence: a benchmark of something broken is no benchmark.
[[noreturn]] void give_up(const std::string& why);

/// Invented sshd, sudo, cron and kernel lines in RFC 5424, one in six a failed login.
std::vector<std::string> syslog_lines(std::uint32_t count);
std::vector<std::string> ndjson_lines(std::uint32_t count);
Batch decode(const std::string& format, const std::vector<std::string>& lines);

std::vector<Pair> ingest_pairs();
/// Event logs of Windows from the shared corpora, repeated to half a gigabyte in `folder`; none without them.
std::vector<Pair> evtx_pairs(const std::string& folder);
std::vector<Pair> journal_pairs(const std::string& folder);
std::vector<Pair> detection_pairs();
/// All of SigmaHQ made ready; none without the shared corpora.
std::vector<Pair> rule_pairs();
std::vector<Pair> office_pairs();

/// The obligation engine at the size of a large province; prints its own lines.
void obligations_report();
/// Registers at that size: an import and lists; prints its own lines.
void registers_report();

/// The floor of NDJSON: simdjson reads every member of every line and does nothing with it.
std::uint64_t walk_json(const std::vector<std::string>& lines);

}  // namespace phendau::bench
