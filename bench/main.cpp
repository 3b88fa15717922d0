// SPDX-License-Identifier: Apache-2.0
// phendau_bench [FILTER] [--folder DIR]: DIR is where the journals are written (its disk is what fsync
// measures).
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "bench/bench.h"

namespace phendau::bench {
namespace {

std::uint64_t kept = 0;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void run(const Pair& pair) {
  pair.ours();  // Warm caches, open files, grow pools.
  pair.base();
  std::vector<double> ours, base, ratios;
  for (int i = 0; i < pair.pairs; ++i) {
    const double mine = seconds_of(pair.ours);
    const double other = seconds_of(pair.base);
    ours.push_back(mine);
    base.push_back(other);
    ratios.push_back(mine / other);
  }
  const double events = static_cast<double>(pair.events);
  std::printf("%-32s %12.0f events/s   %-34s %12.0f events/s   ours takes %7.2f x its time\n",
              pair.name.c_str(), events / median(ours), pair.baseline.c_str(), events / median(base),
              median(ratios));
  if (pair.bytes > 0) {
    const double megabytes = static_cast<double>(pair.bytes) / 1e6;
    std::printf("%-32s %12.0f MB/s       %-34s %12.0f MB/s\n", "", megabytes / median(ours), "",
                megabytes / median(base));
  }
  std::fflush(stdout);
}

}  // namespace

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

Sampled sample(int count, const std::function<void(int)>& work) {
  std::vector<double> all;
  for (int i = 0; i < count; ++i) all.push_back(seconds_of([&] { work(i); }));
  std::sort(all.begin(), all.end());
  return {all[all.size() / 2], all[all.size() * 95 / 100]};
}

void keep(std::uint64_t value) { kept += value; }

void give_up(const std::string& why) {
  std::fprintf(stderr, "phendau_bench: %s\n", why.c_str());
  std::exit(1);
}

}  // namespace phendau::bench

int main(int argc, char** argv) {
  using namespace phendau::bench;
  std::string filter;
  std::string folder = (std::filesystem::temp_directory_path() / "phendau-bench").string();
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--folder" && i + 1 < argc)
      folder = argv[++i];
    else
      filter = argv[i];
  }
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  for (const auto& make :
       {std::function(ingest_pairs), std::function(detection_pairs), std::function(rule_pairs),
        std::function(office_pairs), std::function([&] { return evtx_pairs(folder); }),
        std::function([&] { return journal_pairs(folder); })}) {
    for (const auto& pair : make()) {
      if (pair.name.find(filter) != std::string::npos) run(pair);
    }
  }
  if (std::string_view("obligations").find(filter) != std::string_view::npos) obligations_report();
  if (std::string_view("registers").find(filter) != std::string_view::npos) registers_report();
  std::filesystem::remove_all(folder);
  std::fprintf(stderr, "(%llu)\n", static_cast<unsigned long long>(kept));
  return 0;
}
