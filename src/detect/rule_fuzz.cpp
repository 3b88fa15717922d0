// SPDX-License-Identifier: Apache-2.0
// Rule files of any content: parse, compile, match one small batch, correlate. Nothing may crash or hang.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "detect/correlation.h"
#include "detect/filter.h"
#include "detect/matcher.h"
#include "detect/source_map.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau;
  using namespace phendau::detect;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  RuleFile file = parse_rules("fuzz.yml", text);
  SourceMap sources;
  (void)sources.add("fuzz.yaml", text);
  CompileOptions options;
  options.placeholders["x"] = {"x", "Fail*", "10"};
  (void)apply_filters(file.rules, file.filters, options);
  const Plan plan = Plan::compile(std::move(file.rules), sources, options);
  Correlator correlator =
      Correlator::compile(std::move(file.correlations), plan, {}, file.broken_correlations);
  BatchBuilder builder("fuzz");
  for (int i = 0; i < 3; ++i) {
    BatchBuilder::Row row;
    row.logsource = "linux//sshd";
    builder.begin_row(row);
    builder.add("a", i == 0 ? "x" : "Failed password");
    builder.add("b", "10", ValueKind::integer);
  }
  const Batch batch = builder.finish();
  (void)correlator.observe(batch, 1, match(plan, batch));
  const std::string saved = correlator.save();
  (void)correlator.advance(kCorrelationTimeMax);
  // What was saved comes back, and damage is noticed.
  if (!correlator.restore(saved) || correlator.save() != saved) std::abort();
  (void)correlator.restore(text);
  return 0;
}
