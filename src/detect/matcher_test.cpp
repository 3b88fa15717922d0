// SPDX-License-Identifier: Apache-2.0
#include "detect/matcher.h"

#include <algorithm>
#include <random>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "detect/testing/batches.h"

namespace matcher_test {

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

namespace {

constexpr const char* kSources[] = {"linux//sshd", "linux//cron", "windows//sysmon", "web//x", "",
                                    "other//y"};
constexpr std::size_t kRuledSources = 4;
constexpr std::size_t kWords = 12;  // of each source's rules

std::string word(std::size_t source, std::size_t index) {
  return fmt::format("wort-{}-{}-ende", source, index);
}

/// For each source a rule on a field, one on keywords, and one with a short word that is searched for late.
Plan plan_of_sources(std::size_t first_word) {
  SourceMap sources;
  std::string map = "sources:\n";
  std::string rules;
  for (std::size_t source = 0; source < kRuledSources; ++source) {
    const LogSource parts = LogSource::from_key(kSources[source]);
    const std::string logsource =
        fmt::format("logsource: {{product: {}, service: {}}}", parts.product, parts.service);
    map += fmt::format("  - {}\n    covers: [\"{}\"]\n", logsource, kSources[source]);
    std::string words;
    for (std::size_t i = first_word; i < kWords; ++i) words += (words.empty() ? "" : ", ") + word(source, i);
    const std::string head = fmt::format("---\ntitle: r\n{}\ndetection:\n", logsource);
    rules += head + fmt::format("  sel: {{f|contains: [{}]}}\n  condition: sel\n", words);
    rules += head + fmt::format("  sel: [{}]\n  condition: sel\n", words);
    rules +=
        head + fmt::format("  a: {{f|contains: {}}}\n  b: {{f|contains: ' -E'}}\n  condition: a and not b\n",
                           word(source, first_word));
  }
  REQUIRE(sources.add("s.yaml", map).empty());
  auto file = parse_rules("r.yml", rules);
  REQUIRE(file.errors.empty());
  return Plan::compile(std::move(file.rules), sources);
}

/// What was written, and what plan_of_sources() should say about it.
struct Written {
  Batch batch;
  std::vector<Match> expected;
};

Written write_rows(std::mt19937& random, std::size_t rows, std::size_t first_word) {
  BatchBuilder builder("test");
  std::vector<Match> expected;
  for (std::uint32_t row = 0; row < rows; ++row) {
    const std::size_t source = random() % std::size(kSources);
    BatchBuilder::Row head;
    head.logsource = kSources[source];
    builder.begin_row(head);
    const std::size_t of = random() % kRuledSources;
    const std::size_t index = random() % kWords;
    std::string text = random() % 3 == 0 ? "nichts" : "VOR " + word(of, index) + " nach";
    if (random() % 2 == 0) text += std::string(random() % 60, 'x');
    const bool late = random() % 4 == 0;
    if (late) text += "-\xC3\x81 -e";
    const bool in_field = random() % 2 == 0;
    builder.add(in_field ? "f" : "g", text);
    if (source != of || index < first_word || text.starts_with("nichts")) continue;
    const auto rule = static_cast<std::uint32_t>(source * 3);
    if (in_field) expected.push_back({rule, row});
    expected.push_back({rule + 1, row});
    if (in_field && index == first_word && !late) expected.push_back({rule + 2, row});
  }
  std::sort(expected.begin(), expected.end());
  return {builder.finish(), std::move(expected)};
}

}  // namespace

TEST_CASE("rows of several log sources in one batch, two plans in turn, on several threads") {
  const Plan plans[] = {plan_of_sources(0), plan_of_sources(5)};
  const auto check = [&](unsigned seed) {
    std::mt19937 random(seed);
    for (const std::size_t rows : {1u, 7u, 100u, 900u}) {
      for (const std::size_t which : {0u, 1u, 0u}) {
        const auto written = write_rows(random, rows, which == 0 ? 0 : 5);
        CHECK(match(plans[which], written.batch) == written.expected);
      }
    }
  };
  check(1);
  std::vector<std::thread> threads;
  for (unsigned seed = 2; seed < 5; ++seed) threads.emplace_back(check, seed);
  for (auto& thread : threads) thread.join();
}

}  // namespace matcher_test
