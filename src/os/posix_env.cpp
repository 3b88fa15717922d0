// SPDX-License-Identifier: Apache-2.0
// The real machine behind Env. Linux; the Windows agent gets a sibling file.
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>

#include <fmt/format.h>

#include "os/env.h"

namespace phendau {
namespace {

std::unexpected<Error> io_error(std::string_view verb, const std::string& path, int error) {
  const std::string message = fmt::format("{} {}: {}", verb, path, std::strerror(error));
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return fail(ErrorCode::not_found, message, "file.not_found", {path});
    case EACCES:
    case EPERM:
      return fail(ErrorCode::denied, message, "file.denied", {path});
    case EEXIST:
      return fail(ErrorCode::conflict, message, "file.exists", {path});
    case ENOSPC:
    case EDQUOT:
      return fail(ErrorCode::io, message, "error.disk_full", {path});
    default:
      return fail(ErrorCode::io, message, "file.failed", {path, std::strerror(error)});
  }
}

class PosixFile : public File {
 public:
  PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~PosixFile() override { ::close(fd_); }

  Result<> append(std::string_view bytes) override {
    // Not O_APPEND: with it Linux would let pwrite() of write_at() append too. In a pipe there is no
    // position.
    if (::lseek(fd_, 0, SEEK_END) < 0 && errno != ESPIPE) return io_error("find the end of", path_, errno);
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return io_error("append to", path_, errno);
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  }
  Result<> write_at(std::uint64_t offset_bytes, std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset_bytes));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return io_error("write to", path_, errno);
      bytes.remove_prefix(static_cast<std::size_t>(n));
      offset_bytes += static_cast<std::uint64_t>(n);
    }
    return {};
  }
  Result<std::string> read_at(std::uint64_t offset_bytes, std::size_t size_bytes) const override {
    std::string out;
    PHENDAU_TRY(read_onto(out, offset_bytes, size_bytes));
    return out;
  }
  Result<> read_onto(std::string& out, std::uint64_t offset_bytes, std::size_t size_bytes) const override {
    int problem = 0;
    const std::size_t before = out.size();
    // Not filled with zeros first: small files are read with large limits.
    out.resize_and_overwrite(before + size_bytes, [&](char* to, std::size_t) {
      std::size_t done = 0;
      while (done < size_bytes) {
        ssize_t n =
            ::pread(fd_, to + before + done, size_bytes - done, static_cast<off_t>(offset_bytes + done));
        // A pipe has no places; whoever reads it goes from its beginning to its end.
        if (n < 0 && errno == ESPIPE) n = ::read(fd_, to + before + done, size_bytes - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) problem = errno;
        if (n <= 0) break;
        done += static_cast<std::size_t>(n);
      }
      return before + done;
    });
    if (problem != 0) return io_error("read", path_, problem);
    return {};
  }
  Result<std::uint64_t> size() const override {
    struct stat status{};
    if (::fstat(fd_, &status) != 0) return io_error("stat", path_, errno);
    return static_cast<std::uint64_t>(status.st_size);
  }
  Result<> sync() override {
    if (::fdatasync(fd_) != 0) return io_error("sync", path_, errno);
    return {};
  }
  Result<> truncate(std::uint64_t size_bytes) override {
    if (::ftruncate(fd_, static_cast<off_t>(size_bytes)) != 0) return io_error("truncate", path_, errno);
    return {};
  }

 private:
  int fd_;
  std::string path_;
};

class PosixEnv : public Env {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    int flags = O_CLOEXEC;
    switch (mode) {
      case OpenMode::read:
        flags |= O_RDONLY;
        break;
      case OpenMode::append:
        flags |= O_RDWR | O_CREAT;
        break;
      case OpenMode::create_new:
        flags |= O_RDWR | O_CREAT | O_EXCL;
        break;
      case OpenMode::read_write:
        flags |= O_RDWR | O_CREAT;
        break;
    }
    const int fd = ::open(path.c_str(), flags, 0600);
    if (fd < 0) return io_error("open", path, errno);
    return std::make_unique<PosixFile>(fd, path);
  }
  bool exists(const std::string& path) override { return ::access(path.c_str(), F_OK) == 0; }
  Result<std::vector<DirEntry>> list(const std::string& path) override {
    DIR* directory = ::opendir(path.c_str());
    if (directory == nullptr) return io_error("list", path, errno);
    std::vector<DirEntry> out;
    while (const dirent* entry = ::readdir(directory)) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      struct stat status{};
      if (::fstatat(::dirfd(directory), entry->d_name, &status, 0) != 0) continue;  // Removed meanwhile.
      const bool is_directory = S_ISDIR(status.st_mode);
      out.push_back({name, is_directory, static_cast<std::uint64_t>(status.st_size),
                     !is_directory && !S_ISREG(status.st_mode)});
    }
    ::closedir(directory);
    std::sort(out.begin(), out.end(), [](const DirEntry& a, const DirEntry& b) { return a.name < b.name; });
    return out;
  }
  Result<> make_dirs(const std::string& path, unsigned permissions) override {
    for (std::size_t at = 1; at <= path.size(); ++at) {
      if (at != path.size() && path[at] != '/') continue;
      const std::string part = path.substr(0, at);
      if (::mkdir(part.c_str(), permissions) != 0 && errno != EEXIST)
        return io_error("create folder", part, errno);
    }
    return {};
  }
  Result<> remove_file(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return io_error("remove", path, errno);
    return {};
  }
  Result<> remove_dir(const std::string& path) override {
    if (::rmdir(path.c_str()) != 0) return io_error("remove folder", path, errno);
    return {};
  }
  Result<> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return io_error("rename", from, errno);
    return {};
  }
  Result<> sync_dir(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return io_error("open folder", path, errno);
    const int rc = ::fsync(fd);
    const int error = errno;
    ::close(fd);
    if (rc != 0) return io_error("sync folder", path, error);
    return {};
  }
  Result<DiskSpace> disk_space(const std::string& path) override {
    struct statvfs status{};
    if (::statvfs(path.c_str(), &status) != 0) return io_error("measure disk of", path, errno);
    // As `df` counts: what the file system keeps back for itself or a quota is neither used nor free.
    const std::uint64_t usable_blocks = status.f_blocks - status.f_bfree + status.f_bavail;
    return DiskSpace{usable_blocks * status.f_frsize, status.f_bavail * status.f_frsize};
  }
  Result<std::shared_ptr<void>> lock_file(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return io_error("open", path, errno);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      ::close(fd);
      return fail(ErrorCode::conflict, path + " is locked by another process", "error.data_locked", {path});
    }
    return std::shared_ptr<void>(nullptr, [fd](void*) { ::close(fd); });
  }
  UtcTime now() override {
    timespec at{};
    clock_gettime(CLOCK_REALTIME, &at);
    return {static_cast<std::int64_t>(at.tv_sec) * 1'000'000'000 + at.tv_nsec};
  }
  Duration monotonic() override {
    timespec at{};
    clock_gettime(CLOCK_MONOTONIC, &at);
    return {static_cast<std::int64_t>(at.tv_sec) * 1'000'000'000 + at.tv_nsec};
  }
  std::string random_bytes(std::size_t count) override {
    std::string out(count, '\0');
    std::size_t done = 0;
    while (done < count) {
      const ssize_t n = ::getrandom(out.data() + done, count - done, 0);
      PHENDAU_ASSERT(n > 0 || errno == EINTR);
      if (n > 0) done += static_cast<std::size_t>(n);
    }
    return out;
  }
};

}  // namespace

Env& posix_env() {
  static PosixEnv env;
  return env;
}

}  // namespace phendau
