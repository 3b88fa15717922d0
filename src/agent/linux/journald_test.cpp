// SPDX-License-Identifier: Apache-2.0
// Proves on a journal file made by systemd's own writer that entries come once, in order, as journalctl
// writes them.
#include <doctest/doctest.h>

#include <filesystem>

#include "agent/linux/journald.h"
#include "base/json.h"
#include "os/env.h"
#include "os/process.h"

namespace journald_test {

using namespace phendau;
using namespace phendau::agent;
namespace fs = std::filesystem;

namespace {
constexpr const char* kWriter = "/lib/systemd/systemd-journal-remote";

std::string exported(int number) {
  const std::string at = std::to_string(1'764'000'000'000'000 + number * 1000);
  return "__REALTIME_TIMESTAMP=" + at + "\n__MONOTONIC_TIMESTAMP=" + std::to_string(1000 + number) +
         "\n_BOOT_ID=0123456789abcdef0123456789abcdef\n_HOSTNAME=may-01\nSYSLOG_IDENTIFIER=sshd\nMESSAGE="
         "entry " +
         std::to_string(number) + "\n\n";
}
}  // namespace

TEST_CASE("journald: entries of a real journal come once and in order, by cursor") {
  if (!fs::exists(kWriter)) {
    MESSAGE("skipped: systemd-journal-remote is not installed");
    return;
  }
  const fs::path folder = fs::temp_directory_path() / ("phendau-journal-" + new_ulid(posix_env()));
  fs::create_directories(folder);
  std::string text;
  for (int i = 0; i < 5; ++i) text += exported(i);
  const auto written = run_program({kWriter, "-o", (folder / "test.journal").string(), "-"}, text);
  REQUIRE(written);
  REQUIRE(written->exit_code == 0);
  CHECK(probe_journald(folder.string()));
  auto reader = make_journald(folder.string());
  const auto all = reader->collect(UtcTime{1}).value();
  REQUIRE(all.records.size() == 5);
  for (int i = 0; i < 5; ++i) {
    const Json entry = parse_json(all.records[static_cast<std::size_t>(i)].bytes).value();
    CHECK(entry["MESSAGE"].as_string() == "entry " + std::to_string(i));
    CHECK(entry["__REALTIME_TIMESTAMP"].as_string() == std::to_string(1'764'000'000'000'000 + i * 1000));
    CHECK(entry["_HOSTNAME"].as_string() == "may-01");
  }
  CHECK(reader->collect(UtcTime{1}).value().records.empty());
  auto next = make_journald(folder.string());
  next->rewind(all.position);
  CHECK(next->collect(UtcTime{1}).value().records.empty());
  next->rewind("");
  CHECK(next->collect(UtcTime{1}).value().records.size() == 5);
  CHECK(next->status().state == "reading");
  fs::remove_all(folder);
}

TEST_CASE("journald: no journal is a state with a reason") {
  const fs::path folder = fs::temp_directory_path() / ("phendau-journal-" + new_ulid(posix_env()));
  CHECK(!probe_journald(folder.string()));
  auto reader = make_journald(folder.string());
  CHECK(!reader->collect(UtcTime{1}));
  CHECK(reader->status().state == "not_available");
  CHECK(!reader->status().reason.empty());
}

}  // namespace journald_test
