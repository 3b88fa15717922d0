// SPDX-License-Identifier: Apache-2.0
// The seam to the machine: files, clocks, randomness. Everything that keeps data goes through an Env, so that
// tests can use a FakeEnv (os/testing/fake_env.h) that loses unsynced bytes, fills the disk and stops the
// clock. Implementations are thread-safe; a File is used by one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace phendau {

/// An open file. Closing (destruction) does not sync.
class File {
 public:
  virtual ~File() = default;
  /// Adds at the end; all bytes or an error (`io`; a full disk has text_id "error.disk_full").
  virtual Result<> append(std::string_view bytes) = 0;
  virtual Result<> write_at(std::uint64_t offset_bytes, std::string_view bytes) = 0;
  /// Up to `size_bytes` from `offset_bytes`; shorter only at the end of the file.
  virtual Result<std::string> read_at(std::uint64_t offset_bytes, std::size_t size_bytes) const = 0;
  /// The same at the end of `out`, for much that is read piece by piece.
  virtual Result<> read_onto(std::string& out, std::uint64_t offset_bytes, std::size_t size_bytes) const {
    out += PHENDAU_TRY(read_at(offset_bytes, size_bytes));
    return {};
  }
  virtual Result<std::uint64_t> size() const = 0;
  /// fdatasync: when it returns, what was written survives a power cut.
  virtual Result<> sync() = 0;
  virtual Result<> truncate(std::uint64_t size_bytes) = 0;
};

enum class OpenMode : std::uint8_t {
  read,        // must exist
  append,      // created if absent
  create_new,  // must not exist
  read_write,  // created if absent
};

struct DirEntry {
  std::string name;
  bool is_directory = false;
  std::uint64_t size_bytes = 0;
  bool is_special = false;  // a pipe, socket or device: opening it may wait for ever
};

struct DiskSpace {
  std::uint64_t total_bytes = 0;  // used and free together, without reserves
  std::uint64_t free_bytes = 0;   // to this user
};

class Env {
 public:
  virtual ~Env() = default;

  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  virtual bool exists(const std::string& path) = 0;
  virtual Result<std::vector<DirEntry>> list(const std::string& path) = 0;  // sorted by name
  virtual Result<> make_dirs(const std::string& path, unsigned permissions = 0700) = 0;
  virtual Result<> remove_file(const std::string& path) = 0;
  virtual Result<> remove_dir(const std::string& path) = 0;                     // must be empty
  virtual Result<> rename(const std::string& from, const std::string& to) = 0;  // atomic, replaces
  /// Makes creations, renames and removals in this folder durable.
  virtual Result<> sync_dir(const std::string& path) = 0;
  virtual Result<DiskSpace> disk_space(const std::string& path) = 0;
  /// Exclusive lock held until the returned object dies; `conflict` if another process holds it.
  virtual Result<std::shared_ptr<void>> lock_file(const std::string& path) = 0;

  virtual UtcTime now() = 0;
  /// Monotonic; only differences mean anything.
  virtual Duration monotonic() = 0;
  virtual std::string random_bytes(std::size_t count) = 0;
};

/// The real machine. One instance, lives for ever.
Env& posix_env();

inline constexpr std::size_t kFilePieceBytes = 1u << 20;  // in memory at a time, whatever a file's size
/// The file in pieces, in order, until its end or the first error; its size.
Result<std::uint64_t> each_piece(const File& file, const std::function<Result<>(std::string_view)>& each);
struct FileDigests {
  std::uint64_t size_bytes = 0;
  std::string sha256;  // hex
  std::string sha512;
};
/// In one reading; `also`, if any, sees every piece.
Result<FileDigests> digests_of(const File& file, const std::function<void(std::string_view)>& also = nullptr);

/// Whole file; `limit` (file.too_large, with `name`) above `size_bytes_max`.
Result<std::string> read_whole(const File& file, const std::string& name, std::uint64_t size_bytes_max);
Result<std::string> read_file(Env& env, const std::string& path, std::uint64_t size_bytes_max = 64u << 20);
/// Write new, sync, rename over, sync the folder.
Result<> write_file_atomic(Env& env, const std::string& path, std::string_view bytes);
std::string path_join(std::string_view folder, std::string_view name);
/// A fresh ULID from the env's clock and randomness.
std::string new_ulid(Env& env);

}  // namespace phendau
