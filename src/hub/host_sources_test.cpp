// SPDX-License-Identifier: Apache-2.0
// Proves that a host's log sources are remembered and that exactly the rules without one are blind there.
#include "hub/host_sources.h"

#include <doctest/doctest.h>

namespace phendau::hub {
namespace {

Batch heard(const std::vector<std::array<std::string, 3>>& rows, UtcTime at) {
  BatchBuilder builder("test");
  for (const auto& [agency, host, logsource] : rows) {
    BatchBuilder::Row row;
    row.received_time = at;
    row.agency = agency;
    row.host = host;
    row.logsource = logsource;
    builder.begin_row(row);
  }
  return builder.finish();
}

detect::Plan plan_of(std::string_view rules) {
  detect::SourceMap sources;
  const auto errors = sources.add("s.yaml", R"(sources:
  - {logsource: {product: linux, service: auditd}, covers: ["linux//auditd"]}
  - {logsource: {product: linux, service: sshd}, covers: ["linux//sshd"]}
  - {logsource: {product: windows, service: security}, covers: ["windows//security"]}
  - {logsource: {category: webserver}, covers: ["*/webserver/*"]}
)");
  REQUIRE(errors.empty());
  return detect::Plan::compile(detect::parse_rules("r.yml", rules).rules, sources);
}

TEST_CASE("a rule is blind on a host that sends none of its log sources") {
  const detect::Plan plan = plan_of(R"(title: audit
logsource: {product: linux, service: auditd}
detection: {s: {type: EXECVE}, condition: s}
---
title: ssh
logsource: {product: linux, service: sshd}
detection: {s: {action: login}, condition: s}
---
title: windows
logsource: {product: windows, service: security}
detection: {s: {EventID: 1102}, condition: s}
---
title: web
logsource: {category: webserver}
detection: {s: {sc-status: 500}, condition: s}
)");
  REQUIRE(plan.rules().size() == 4);
  HostSources sources;
  sources.note(
      heard({{"a", "sv1", "linux//sshd"}, {"a", "sv1", "linux//sshd"}, {"a", "pc1", "windows//system"}},
            UtcTime{5}));
  sources.note(heard({{"b", "sv1", "linux//auditd"}}, UtcTime{7}));
  const auto server = sources.of("a", "sv1");
  REQUIRE(server.size() == 1);
  CHECK(server.at("linux//sshd") == UtcTime{5});
  // Rules for Windows and for web servers are not expected of a Linux machine as such.
  const BlindRules on_server = blind_rules(plan, server, product_of(server));
  CHECK(on_server.rules == 2);
  CHECK(on_server.blind == std::vector<std::uint32_t>{0});
  const auto computer = sources.of("a", "pc1");
  CHECK(product_of(computer) == "windows");
  CHECK(blind_rules(plan, computer, "windows").blind == std::vector<std::uint32_t>{2});
  CHECK(sources.of("a", "unheard").empty());
}

TEST_CASE("what hosts send survives a restart") {
  HostSources sources;
  sources.note(heard({{"", "h", "linux//sshd"}, {"b", "h", "linux//sudo"}}, UtcTime{9}));
  HostSources again;
  again.restore(sources.save());
  CHECK(again.hosts() == sources.hosts());
  CHECK(again.of("b", "h").at("linux//sudo") == UtcTime{9});
}

TEST_CASE("a host that invents log sources fills its own list only") {
  HostSources sources;
  std::vector<std::array<std::string, 3>> rows;
  for (int i = 0; i < 200; ++i) rows.push_back({"a", "h", "x//" + std::to_string(i)});
  rows.push_back({"a", "other", "linux//sshd"});
  sources.note(heard(rows, UtcTime{1}));
  CHECK(sources.of("a", "h").size() == kSourcesPerHostMax);
  CHECK(sources.of("a", "other").size() == 1);
}

}  // namespace
}  // namespace phendau::hub
