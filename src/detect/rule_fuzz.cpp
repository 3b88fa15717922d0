// SPDX-License-Identifier: Apache-2.0
// Rule files of any content: parse, compile, match one small batch, correlate. Nothing may crash or hang.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "detect/correlation.h"
#include "detect/matcher.h"
#include "detect/source_map.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau;
  using namespace phendau::detect;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  RuleFile file = parse_rules("fuzz.yml", text);
  SourceMap sources;
  (void)sources.add("fuzz.yaml", text);
  const Plan plan = Plan::compile(std::move(file.rules), sources);
  Correlator correlator = Correlator::compile(std::move(file.correlations), plan);
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
  (void)correlator.restore(text);
  return 0;
}
