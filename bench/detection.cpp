// SPDX-License-Identifier: Apache-2.0
#include "bench/bench.h"
#include "detect/matcher.h"
#include "detect/testing/row_evaluator.h"
#include "hub/active_pack.h"
#include "os/env.h"

namespace phendau::bench {

std::vector<Pair> detection_pairs() {
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
  return {pair};
}

}  // namespace phendau::bench
