// SPDX-License-Identifier: Apache-2.0
// Saved rule sets of any content. With its checksum put right, whatever is loaded can be used: matched,
// explained, correlated, saved and loaded again. Automata are rebuilt: those of a cache are trusted.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "detect/correlation.h"
#include "detect/explain.h"
#include "detect/matcher.h"
#include "detect/plan_cache.h"
#include "model/batch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau;
  using namespace phendau::detect;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  (void)load_rule_set(bytes, Automata::rebuilt);
  const std::uint64_t sum = hash64(bytes);  // inputs come without theirs
  bytes.append(reinterpret_cast<const char*>(&sum), sizeof sum);
  const auto loaded = load_rule_set(bytes, Automata::rebuilt);
  if (!loaded) return 0;
  BatchBuilder builder("fuzz");
  for (int i = 0; i < 3; ++i) {
    BatchBuilder::Row row;
    row.logsource = "test//";
    builder.begin_row(row);
    builder.add("text", i == 0 ? "an alpha x12" : "abc Theta");
    builder.add("g", "10.1.2.3");
    builder.add("h", "7", ValueKind::integer);
    builder.add("t", "2026-11-24T23:30:00+07:00");
    builder.add("kind", i == 1 ? "a" : "b");
  }
  const Batch batch = builder.finish();
  const auto matches = match(loaded->plan, batch);
  for (const auto& rule : loaded->plan.rules()) (void)explain(rule, loaded->sources, batch, 0);
  for (std::uint32_t i = 0; i < loaded->plan.rules().size(); ++i) {
    (void)loaded->plan.covers(i);
    (void)loaded->plan.field_names(i, "f");
  }
  Correlator correlator =
      Correlator::compile(loaded->correlations, loaded->plan, {}, loaded->broken_correlations);
  (void)correlator.observe(batch, 1, matches);
  (void)correlator.advance(kCorrelationTimeMax);
  const auto again = load_rule_set(save_rule_set(*loaded));
  if (!again || match(again->plan, batch) != matches) std::abort();
  return 0;
}
