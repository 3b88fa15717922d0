// SPDX-License-Identifier: Apache-2.0
// phendau_bench [FILTER] [--folder DIR]: DIR is where the journals are written (its disk is what fsync
// measures).
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include <fmt/format.h>

#include "bench/bench.h"

namespace phendau::bench {
namespace {

std::uint64_t kept = 0;
std::string filter;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::string target_of(double target, const char* unit) {
  return target > 0 ? fmt::format("(target {:g}{})", target, unit) : std::string();
}

}  // namespace

bool wanted(std::string_view section) {
  return section.find(filter) != std::string_view::npos || filter.find(section) != std::string::npos;
}

void report(const std::string& name, const std::string& figures) {
  std::printf("%-46s %s\n", name.c_str(), figures.c_str());
  std::fflush(stdout);
}

void run(const Pair& pair) {
  if (pair.name.find(filter) == std::string::npos) return;
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
  report(pair.name, fmt::format("{:12.0f} {}/s {:26} {:34} {:12.0f} {}/s   ours takes {:7.2f} x its time",
                                events / median(ours), pair.unit, target_of(pair.events_target, "/s"),
                                pair.baseline, events / median(base), pair.unit, median(ratios)));
  if (pair.bytes > 0) {
    const double megabytes = static_cast<double>(pair.bytes) / 1e6;
    report("", fmt::format("{:12.0f} MB/s     {:26} {:34} {:12.0f} MB/s", megabytes / median(ours),
                           target_of(pair.megabytes_target, " MB/s"), "", megabytes / median(base)));
  }
  if (pair.times_target > 0)
    report("", fmt::format("{:12.2f} x its time {}", median(ratios), target_of(pair.times_target, "")));
  if (pair.share_target > 0)
    report("", fmt::format("{:12.2f} of its speed {}", 1 / median(ratios), target_of(pair.share_target, "")));
}

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

Sampled sample(int count, const std::function<void(int)>& work) {
  std::vector<double> all;
  for (int i = 0; i < count; ++i) all.push_back(seconds_of([&] { work(i); }));
  std::sort(all.begin(), all.end());
  return {all[all.size() / 2], all[all.size() * 95 / 100], all[all.size() * 99 / 100]};
}

void keep(std::uint64_t value) { kept += value; }

void give_up(const std::string& why) {
  std::fprintf(stderr, "phendau_bench: %s\n", why.c_str());
  std::exit(1);
}

}  // namespace phendau::bench

int main(int argc, char** argv) {
  using namespace phendau::bench;
  std::string folder = (std::filesystem::temp_directory_path() / "phendau-bench").string();
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--folder" && i + 1 < argc)
      folder = argv[++i];
    else
      filter = argv[i];
  }
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const auto run_all = [](const std::vector<Pair>& pairs) {
    for (const auto& pair : pairs) run(pair);
  };
  if (wanted("decode ")) run_all(ingest_pairs());
  detection_report(folder);
  if (wanted("rules ")) run_all(rule_pairs());
  if (wanted("office ")) run_all(office_pairs());
  if (wanted("journal ") || wanted("search ")) run_all(journal_pairs(folder));
  if (wanted("obligations")) obligations_report();
  if (wanted("registers")) registers_report();
  if (wanted("cases")) cases_report();
  std::filesystem::remove_all(folder);
  std::fprintf(stderr, "(%llu)\n", static_cast<unsigned long long>(kept));
  return 0;
}
