// SPDX-License-Identifier: Apache-2.0
// 50,000 events of recorded attacks on Windows (OTRF), as one file of lines.
#include "bench/scan.h"

#include <filesystem>

#include <fmt/format.h>

#include "cli/byte_source.h"
#include "detect/testing/row_evaluator.h"
#include "hub/active_pack.h"
#include "os/env.h"

namespace phendau::bench {
namespace {

constexpr double kShareTarget = 0.75;
constexpr double kGrowthTarget = 2;
constexpr std::size_t kFewRules = 500;
constexpr std::size_t kOracleEvents = 40;

std::string unpacked(const std::string& packed) {
  auto source = cli::open_byte_source(posix_env(), packed);
  if (!source) give_up(source.error().message);
  std::string out;
  for (bool more = true; more;) {
    const auto read = (*source)->read(out);
    if (!read) give_up(read.error().message);
    more = *read;
  }
  return out;
}

void against_floor(const std::string& path, const std::string& rules_name, const RuleSetPtr& rules) {
  for (const std::size_t threads : thread_counts()) {
    const auto floor = std::make_shared<JsonFloor>(path, threads);
    Pair pair = scan_pair(fmt::format("detect, OTRF, {}, {}", rules_name, threads_name(threads)), rules, path,
                          threads);
    pair.baseline = "simdjson, " + threads_name(threads);
    pair.base = [floor] { keep(floor->read()); };
    pair.share_target = kShareTarget;
    run(pair);
  }
}

/// What matching alone takes against asking each rule about each row, on events spread over the file.
void against_oracle(const std::string& path, const SigmaRules& rules, const RuleSetPtr& all) {
  const auto batches = std::make_shared<std::vector<Batch>>();
  const auto channels = hub::channel_table(all->sources);
  cli::ReadOptions options;
  options.channels = channels;
  options.keep_raw = false;
  std::uint64_t events = 0;
  const auto read = cli::read_records(posix_env(), path, options, [&](const Batch& batch, const auto&) {
    events += batch.rows();
    batches->push_back(batch);
    return Result<>();
  });
  if (!read) give_up(read.error().message);
  const double ours = sample(3,
                             [&](int) {
                               for (const auto& batch : *batches)
                                 keep(detect::match(all->plan, batch).size());
                             })
                          .median /
                      static_cast<double>(events);
  const double oracle = seconds_of([&] {
                          for (std::size_t i = 0; i < kOracleEvents; ++i) {
                            const Batch& batch = (*batches)[i * batches->size() / kOracleEvents];
                            detect::testing::RowEvaluator one(
                                batch, static_cast<std::uint32_t>(i * batch.rows() / kOracleEvents));
                            for (const auto& rule : rules.all()) keep(one.matches(rule) ? 1 : 0);
                          }
                        }) /
                        static_cast<double>(kOracleEvents);
  report("detect, OTRF, matching alone",
         fmt::format("{:12.0f} events/s {:26} {:34} {:12.0f} events/s   {:.0f} times as fast", 1 / ours, "",
                     "each rule on each row", 1 / oracle, oracle / ours));
}

}  // namespace

void otrf_report(const SigmaRules& rules, const std::string& folder) {
  if (!wanted("detect, OTRF")) return;
  const std::string packed = std::string(kCorpora) + "/otrf/windows-50k.ndjson.zst";
  if (!std::filesystem::exists(packed)) {
    report("detect, OTRF", "     skipped: the shared corpora are not here");
    return;
  }
  const std::string path = folder + "/otrf.ndjson";
  if (const auto done = write_file_atomic(posix_env(), path, unpacked(packed)); !done)
    give_up(done.error().message);
  const auto few = rules.compile(rules.some(kFewRules));
  const auto main = rules.compile(rules.main());
  const auto all = rules.compile(rules.all());
  for (const std::size_t threads : thread_counts())
    report_peak("detect, OTRF, memory, " + threads_name(threads), *all, path, threads);

  Pair reading = scan_pair("detect, OTRF, no rules, 1 thread", rules.compile({}), path, 1);
  reading.baseline = "read the same file";
  reading.base = [path] { read_plainly(path); };
  run(reading);
  const auto name = [](const RuleSetPtr& set) { return std::to_string(set->plan.rules().size()) + " rules"; };
  against_floor(path, name(main) + " (rules/)", main);
  against_floor(path, name(all) + " (all)", all);

  Pair growth = scan_pair("detect, OTRF, growth, " + name(all), all, path, 1);
  growth.baseline = name(few);
  growth.base = [few, path] { keep(scan(*few, path, 1).matches); };
  growth.times_target = kGrowthTarget;
  run(growth);
  if (wanted("detect, OTRF, matching alone")) against_oracle(path, rules, all);
}

}  // namespace phendau::bench
