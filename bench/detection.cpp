// SPDX-License-Identifier: Apache-2.0
// Detection: the rules of the packs against the oracle; with the shared corpora, SigmaHQ's rules over
// recorded Windows events, process creations and event logs, through the very program parts that `phendau
// scan` runs; and correlations.
#include "bench/scan.h"

#include <fmt/format.h>

#include "detect/testing/row_evaluator.h"
#include "hub/active_pack.h"
#include "os/env.h"

namespace phendau::bench {
namespace {

constexpr double kReadySecondsTarget = 5;
constexpr double kPlanMegabytesTarget = 150;

Pair pack_pair() {
  auto loaded = hub::ActivePack::load(posix_env(), PHENDAU_SOURCE_DIR "/packs/ha-giang");
  if (!loaded) give_up(loaded.error().message);
  const auto pack = std::make_shared<hub::ActivePack>(std::move(*loaded));
  const auto batch = std::make_shared<Batch>(decode("syslog", syslog_lines(kRows)));
  Pair pair;
  pair.name = "detect, rules of the pack";
  pair.baseline = "each rule on each row";
  pair.events = kRows;
  pair.ours = [pack, batch] { keep(detect::match(pack->plan(), *batch).size()); };
  // The oracle asks every rule about every row, without routing by log source.
  pair.base = [pack, batch] {
    for (std::uint32_t row = 0; row < batch->rows(); ++row) {
      detect::testing::RowEvaluator oracle(*batch, row);
      for (const auto& rule : pack->pack().rules.rules) keep(oracle.matches(rule) ? 1 : 0);
    }
  };
  return pair;
}

}  // namespace

void rule_set_report(const SigmaRules& rules) {
  if (!wanted("detect, rule set")) return;
  constexpr int kTimes = 3;
  RuleSetPtr set;
  std::uint64_t heap = 0;
  const Sampled compile = sample(kTimes, [&](int) {
    set.reset();
    auto copy = rules.all();
    const std::uint64_t before = heap_bytes();  // the copy moves into the plan
    set = rules.compile(std::move(copy));
    heap = heap_bytes() - std::min(before, heap_bytes());
  });
  const auto stats = set->plan.stats();
  report("detect, rule set",
         fmt::format("{:12} rules, {} rejected, {} without a source, {} atoms in {} fields, {} always judged",
                     stats.rules, stats.rejected, stats.without_source, stats.atoms, stats.fields,
                     stats.always_judged));
  report("detect, rule set, ready",
         fmt::format("{:12.2f} s (target {:g}): reading YAML {:.2f} s, compiling {:.2f} s",
                     rules.parse_seconds() + compile.median, kReadySecondsTarget, rules.parse_seconds(),
                     compile.median));
  report("detect, rule set, memory of the engine",
         fmt::format("{:12.0f} MB (target {:g}), beside the rules as they were read",
                     static_cast<double>(heap) / 1e6, kPlanMegabytesTarget));
}

void detection_report(const std::string& folder) {
  if (wanted("detect, rules of the pack")) run(pack_pair());
  correlation_report();
  const bool corpora = wanted("detect, rule set") || wanted("detect, OTRF") || wanted("detect, processes") ||
                       wanted("detect, EVTX");
  if (!corpora) return;
  const auto rules = SigmaRules::load();
  if (rules == nullptr) {
    report("detect, rule set, OTRF, processes, EVTX", "     skipped: the shared corpora are not here");
    return;
  }
  rule_set_report(*rules);
  otrf_report(*rules, folder);
  processes_report(*rules, folder);
  evtx_report(*rules, folder);
}

}  // namespace phendau::bench
