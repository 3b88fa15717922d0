// SPDX-License-Identifier: Apache-2.0
// An in-memory Env for tests: a power cut forgets what was not synced, the disk can fill, any call can fail,
// the clock moves only when told. Deterministic randomness from a seed. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "os/env.h"

namespace phendau {

class FakeEnv : public Env {
 public:
  explicit FakeEnv(UtcTime start = UtcTime{1'764'000'000'000'000'000}, std::uint64_t seed = 1);

  /// Forgets bytes, names, renames and removals that were never synced. Open files become stale (`io`).
  /// @param keep_unsynced_bytes 0..255 decides, per file, how much of an unsynced tail survives (0 none, 255
  /// all).
  void power_cut(std::uint8_t keep_unsynced_bytes = 0);
  void set_free_bytes(std::uint64_t free_bytes);
  void set_total_bytes(std::uint64_t total_bytes);
  /// Every mutating call counts; the hook returns an error to make that call fail without effect.
  void set_fault_hook(std::function<Result<>(std::string_view operation, const std::string& path)> hook);
  std::uint64_t mutation_count() const;
  void set_now(UtcTime now);
  void advance(Duration by);
  /// Flips bits in place, for tamper tests.
  void corrupt(const std::string& path, std::uint64_t offset_bytes, std::uint8_t xor_with);

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  bool exists(const std::string& path) override;
  Result<std::vector<DirEntry>> list(const std::string& path) override;
  Result<> make_dirs(const std::string& path, unsigned permissions) override;
  Result<> remove_file(const std::string& path) override;
  Result<> remove_dir(const std::string& path) override;
  Result<> rename(const std::string& from, const std::string& to) override;
  Result<> sync_dir(const std::string& path) override;
  Result<DiskSpace> disk_space(const std::string& path) override;
  Result<std::shared_ptr<void>> lock_file(const std::string& path) override;
  UtcTime now() override;
  Duration monotonic() override;
  std::string random_bytes(std::size_t count) override;

 private:
  struct Node {
    std::string bytes;   // what readers see
    std::string synced;  // what survives a power cut
  };
  class FakeFile;
  Result<> mutate(std::string_view operation, const std::string& path, std::uint64_t new_bytes);  // mu_ held

  mutable std::mutex mu_;
  std::map<std::string, std::shared_ptr<Node>> files_;          // what readers see
  std::map<std::string, std::shared_ptr<Node>> durable_names_;  // what survives
  std::set<std::string> dirs_;  // folders are durable at once: a simplification that no test relies on
  std::set<std::string> locks_;
  std::function<Result<>(std::string_view, const std::string&)> hook_;
  std::uint64_t mutations_ = 0;
  std::uint64_t total_bytes_ = 1ull << 40;
  std::uint64_t free_bytes_ = 1ull << 40;
  std::uint64_t epoch_ = 0;  // rises at power_cut; files of an older epoch are stale
  UtcTime now_;
  std::int64_t monotonic_ns_ = 0;
  std::uint64_t random_state_;
};

}  // namespace phendau
