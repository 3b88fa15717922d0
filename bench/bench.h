// SPDX-License-Identifier: Apache-2.0
// Benchmarks as pairs: our code and a baseline on the same bytes, in turn, in the same run. What is reported
// is the median of each and the median of the ratios of the pairs: a ratio survives another machine and a
// busy one, an absolute number does not. Single thread unless a name says otherwise.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
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
  std::string unit = "events";
  /// What was promised, printed beside what came out; 0: nothing was.
  double share_target = 0;      // of the baseline's speed
  double times_target = 0;      // of the baseline's time, at most
  double events_target = 0;     // a second
  double megabytes_target = 0;  // a second
};

/// Measures and prints a pair, if the word on the command line is in its name.
void run(const Pair& pair);
/// Whether something of a section (a common beginning of names) may be asked for.
bool wanted(std::string_view section);
/// A figure of its own, in the columns of run().
void report(const std::string& name, const std::string& figures);

double seconds_of(const std::function<void()>& work);
struct Sampled {
  double median = 0;  // seconds
  double p95 = 0;
  double p99 = 0;
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
std::vector<Pair> journal_pairs(const std::string& folder);
/// All of SigmaHQ made ready; none without the shared corpora.
std::vector<Pair> rule_pairs();
std::vector<Pair> office_pairs();

/// Rules over events and correlations, with files in `folder`; what is measured: detection.cpp.
void detection_report(const std::string& folder);
/// The obligation engine at the size of a large province; prints its own lines.
void obligations_report();
/// Registers at that size: an import and lists; prints its own lines.
void registers_report();
/// Case books of that size, and the yearly papers; prints its own lines.
void cases_report();

/// The floor of NDJSON: simdjson reads every member of every line and does nothing with it.
std::uint64_t walk_json(const std::vector<std::string>& lines);

/// The same for a file of lines, on several threads: read, checked, every string unescaped.
class JsonFloor {
 public:
  JsonFloor(std::string path, std::size_t threads);
  std::uint64_t read() const;

 private:
  std::string path_;
  std::vector<std::uint64_t> begins_;  // of each thread's lines, and the end
};

}  // namespace phendau::bench
