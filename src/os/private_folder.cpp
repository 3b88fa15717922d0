// SPDX-License-Identifier: Apache-2.0
#include "os/private_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "os/env.h"

namespace phendau {
namespace {

std::unexpected<Error> failed(std::string_view verb, const std::string& name) {
  const int error = errno;
  return fail(error == ENOENT ? ErrorCode::not_found : ErrorCode::io,
              fmt::format("{} {}: {}", verb, name, std::strerror(error)));
}

/// Closes at the end of the block.
struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

bool is_ours_alone(const struct stat& status) {
  return status.st_uid == ::geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

Result<PrivateFolder> PrivateFolder::open(const std::string& path) {
  PHENDAU_TRY(posix_env().make_dirs(path, 0700));
  PrivateFolder out(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status{};
  if (out.fd_ < 0 || ::fstat(out.fd_, &status) != 0) return failed("open folder", path);
  if (!is_ours_alone(status))
    return fail(ErrorCode::denied, path + ": others could write into this folder; it is not used");
  return out;
}

PrivateFolder::~PrivateFolder() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::string> PrivateFolder::read(const std::string& name, std::uint64_t size_bytes_max) const {
  // Non-blocking: a pipe in the place of the file must not hold us up.
  const Descriptor file{::openat(fd_, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
  struct stat status{};
  if (file.fd < 0 || ::fstat(file.fd, &status) != 0) return failed("open", name);
  if (!S_ISREG(status.st_mode) || !is_ours_alone(status))
    return fail(ErrorCode::denied, name + ": others could write this file; it is not used");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > size_bytes_max) return fail(ErrorCode::limit, name + " is too large");
  std::string out;
  bool good = true;
  out.resize_and_overwrite(size, [&](char* to, std::size_t) {
    std::size_t done = 0;
    while (done < size) {
      const ssize_t n = ::read(file.fd, to + done, size - done);
      if (n < 0 && errno == EINTR) continue;
      good = n >= 0;
      if (n <= 0) break;
      done += static_cast<std::size_t>(n);
    }
    return done;
  });
  if (!good) return failed("read", name);
  return out;
}

Result<> PrivateFolder::write(const std::string& name, std::string_view bytes) const {
  const std::string temporary = fmt::format("{}.new-{}", name, ::getpid());
  ::unlinkat(fd_, temporary.c_str(), 0);  // of a process of before, with our number
  {
    const Descriptor file{
        ::openat(fd_, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (file.fd >= 0 && write_all(file.fd, bytes) &&
        ::renameat(fd_, temporary.c_str(), fd_, name.c_str()) == 0)
      return {};
  }
  auto error = failed("write", name);
  ::unlinkat(fd_, temporary.c_str(), 0);
  return error;
}

void PrivateFolder::keep_newest(std::string_view prefix, std::size_t count) const {
  const int listed = ::openat(fd_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (listed < 0) return;
  DIR* directory = ::fdopendir(listed);
  if (directory == nullptr) {
    ::close(listed);
    return;
  }
  std::vector<std::tuple<std::int64_t, std::int64_t, std::string>> files;  // newest first, after the sort
  while (const dirent* entry = ::readdir(directory)) {
    const std::string name = entry->d_name;
    struct stat status{};
    if (!name.starts_with(prefix) || ::fstatat(fd_, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
      continue;
    files.emplace_back(status.st_mtim.tv_sec, status.st_mtim.tv_nsec, name);
  }
  ::closedir(directory);
  std::sort(files.rbegin(), files.rend());
  for (std::size_t i = count; i < files.size(); ++i) ::unlinkat(fd_, std::get<2>(files[i]).c_str(), 0);
}

std::string program_stamp() {
  struct stat status{};
  if (::stat("/proc/self/exe", &status) != 0) return {};
  return fmt::format("{} {}.{}", status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

}  // namespace phendau
