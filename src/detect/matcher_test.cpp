// SPDX-License-Identifier: Apache-2.0
#include "detect/matcher.h"

#include <doctest/doctest.h>

#include "detect/testing/batches.h"

using namespace phendau;
using namespace phendau::detect;
using testing::batch_of_text;

TEST_CASE("routing by log source") {
  SourceMap sources;
  const auto errors = sources.add("s.yaml", R"(
sources:
  - logsource: {product: linux, service: auth}
    covers: ["linux//sshd", "linux//sudo"]
  - logsource: {product: linux}
    covers: ["linux/*/*"]
  - logsource: {category: webserver}
    covers: ["*/webserver/*"]
  - logsource: {product: windows, category: process_creation}
    covers: ["windows//sysmon"]
    conditions: {EventID: 1}
  - logsource: {product: windows, category: process_creation}
    covers: ["windows//security"]
    conditions: {EventID: 4688}
    fields: {Image: NewProcessName}
)");
  REQUIRE(errors.empty());
  auto file = parse_rules("r.yml", R"(
title: auth
logsource: {product: linux, service: auth}
detection: {sel: {f: x}, condition: sel}
---
title: linux
logsource: {product: linux}
detection: {sel: {f: x}, condition: sel}
---
title: web
logsource: {category: webserver}
detection: {sel: {f: x}, condition: sel}
---
title: process
logsource: {product: windows, category: process_creation}
detection: {sel: {Image|endswith: '\cmd.exe'}, condition: sel}
---
title: unknown
logsource: {product: aws, service: cloudtrail}
detection: {sel: {f: x}, condition: sel}
)");
  REQUIRE(file.errors.empty());
  const Plan plan = Plan::compile(std::move(file.rules), sources);
  REQUIRE(plan.rules_without_source() == std::vector<std::uint32_t>{4});
  CHECK(plan.covers(0) == std::vector<std::string>{"linux//sshd", "linux//sudo"});
  const Batch batch = batch_of_text({
      R"({"logsource": "linux//sshd", "f": "x"})",
      R"({"logsource": "linux//cron", "f": "x"})",
      R"({"logsource": "apache/webserver/", "f": "x"})",
      R"({"logsource": "windows//sysmon", "EventID": 1, "Image": "C:\\CMD.exe"})",
      R"({"logsource": "windows//sysmon", "EventID": 3, "Image": "C:\\CMD.exe"})",
      R"({"logsource": "windows//security", "EventID": 4688, "NewProcessName": "C:\\CMD.exe"})",
      R"({"logsource": "aws//cloudtrail", "f": "x"})",
  });
  const std::vector<Match> wanted = {{0, 0}, {1, 0}, {1, 1}, {2, 2}, {3, 3}, {3, 5}, {4, 6}};
  CHECK(match(plan, batch) == wanted);
}
