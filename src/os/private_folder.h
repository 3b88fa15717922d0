// SPDX-License-Identifier: Apache-2.0
// A folder whose files are trusted because nobody else can write them: caches of what would be code in
// effect. Holds the folder open, so that what stands at its path later does not matter. Linux; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace phendau {

class PrivateFolder {
 public:
  /// Makes the folder (0700) and those above it if they are absent.
  /// `denied` if it belongs to another user, or others may write into it.
  static Result<PrivateFolder> open(const std::string& path);
  ~PrivateFolder();
  PrivateFolder(PrivateFolder&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  PrivateFolder& operator=(PrivateFolder&&) = delete;

  /// Whole file. `denied` if it is no regular file of ours, or others may write it; `limit` above
  /// `size_bytes_max`.
  Result<std::string> read(const std::string& name, std::uint64_t size_bytes_max) const;
  /// Writes beside it and renames (0600): readers see the old file or the new one. Not synced: a cache may be
  /// lost, and its reader tells a torn one by its checksum.
  Result<> write(const std::string& name, std::string_view bytes) const;
  /// Removes the oldest of the files whose names begin with `prefix`, beyond `count`.
  void keep_newest(std::string_view prefix, std::size_t count) const;

 private:
  explicit PrivateFolder(int fd) : fd_(fd) {}
  int fd_;
};

/// Tells this very program file from any other: size and time of change. Empty if unknown.
std::string program_stamp();

}  // namespace phendau
