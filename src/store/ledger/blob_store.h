// SPDX-License-Identifier: Apache-2.0
// Files by SHA-256 under blobs/ab/cdef...: written aside, synced, renamed, folder synced. Used by the ledger
// only. Thread-safe. Immutable once there; removal is the caller's decision.
#pragma once

#include <mutex>
#include <set>

#include "os/env.h"
#include "store/ledger/ledger.h"

namespace phendau::ledger {

inline constexpr std::size_t kBlobPartBytes = 1u << 20;  // read and written at a time

class BlobStore {
 public:
  BlobStore(Env& env, std::string folder) : env_(env), folder_(std::move(folder)) {}

  Result<std::string> put(const BlobReader& reader, std::uint64_t size_bytes_max);
  Result<std::unique_ptr<File>> open(std::string_view sha256) const;
  bool exists(std::string_view sha256) const;
  Result<> remove(std::string_view sha256);
  /// All digests, sorted.
  Result<std::vector<std::string>> list() const;
  /// Puts of this process: never garbage, a record may be about to refer to them.
  bool is_recent(const std::string& sha256) const;
  /// Removes what a crash left half written. Call before any put.
  Result<> sweep();
  std::string path_of(std::string_view sha256) const;  // relative to the data folder's blobs/

 private:
  Result<std::string> write_aside(File& file, const BlobReader& reader, std::uint64_t size_bytes_max);
  Result<> publish(const std::string& temporary, const std::string& sha256);

  Env& env_;
  const std::string folder_;
  mutable std::mutex mu_;
  std::set<std::string> recent_;  // guarded by mu_
};

bool is_blob_digest(std::string_view text);
/// Digest of an open file, read in parts.
Result<std::string> sha256_of_file(const File& file, std::uint64_t* size_bytes = nullptr);

}  // namespace phendau::ledger
