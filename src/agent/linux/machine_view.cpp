// SPDX-License-Identifier: Apache-2.0
#include "agent/linux/machine_view.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace phendau::agent {
namespace {

std::unexpected<Error> view_error(const std::string& path, int error) {
  ErrorCode code = ErrorCode::io;
  if (error == ENOENT || error == ENOTDIR) code = ErrorCode::not_found;
  if (error == EACCES || error == EPERM) code = ErrorCode::denied;
  return fail(code, path + ": " + std::strerror(error));
}

class RootedView : public MachineView {
 public:
  explicit RootedView(std::string root) : root_(std::move(root)) {
    while (!root_.empty() && root_.back() == '/') root_.pop_back();
  }

  Result<std::string> read(const std::string& path, std::size_t size_bytes_max) override {
    std::string out = PHENDAU_TRY(read_start(path, size_bytes_max + 1));
    if (out.size() > size_bytes_max) return fail(ErrorCode::limit, path + ": larger than such a file may be");
    return out;
  }
  Result<std::string> read_start(const std::string& path, std::size_t size_bytes) override {
    // O_NONBLOCK: a pipe in place of a file must not hold us.
    const int fd = ::open((root_ + path).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return view_error(path, errno);
    struct stat status{};
    if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
      ::close(fd);
      return fail(ErrorCode::invalid, path + ": is not a file");
    }
    std::string out;
    char buffer[16384];
    int error = 0;
    while (out.size() < size_bytes) {
      const ssize_t n = ::read(fd, buffer, std::min(sizeof buffer, size_bytes - out.size()));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) error = errno;
      if (n <= 0) break;
      out.append(buffer, static_cast<std::size_t>(n));
    }
    ::close(fd);
    if (error != 0) return view_error(path, error);
    return out;
  }
  Result<std::vector<std::string>> list(const std::string& path) override {
    DIR* directory = ::opendir((root_ + path).c_str());
    if (directory == nullptr) return view_error(path, errno);
    std::vector<std::string> out;
    while (const dirent* entry = ::readdir(directory)) {
      const std::string name = entry->d_name;
      if (name != "." && name != ".." && out.size() < kFactDirEntriesMax) out.push_back(name);
    }
    ::closedir(directory);
    std::sort(out.begin(), out.end());
    return out;
  }
  Result<UtcTime> modified_at(const std::string& path) override {
    struct stat status{};
    if (::stat((root_ + path).c_str(), &status) != 0) return view_error(path, errno);
    return UtcTime{static_cast<std::int64_t>(status.st_mtim.tv_sec) * 1'000'000'000 + status.st_mtim.tv_nsec};
  }
  bool exists(const std::string& path) override { return ::access((root_ + path).c_str(), F_OK) == 0; }
  Result<ProgramOutput> run(const std::vector<std::string>& argv) override {
    if (!root_.empty())
      return fail(ErrorCode::not_found, argv[0] + ": programs run only on the machine itself");
    return run_program(argv, {}, {.timeout = seconds(60), .output_bytes_max = 4u << 20});
  }

 private:
  std::string root_;
};

}  // namespace

std::unique_ptr<MachineView> make_machine_view(std::string root) {
  return std::make_unique<RootedView>(std::move(root));
}

Result<std::vector<std::string>> process_names(MachineView& view) {
  std::vector<std::string> out;
  for (const auto& name : PHENDAU_TRY(view.list("/proc"))) {
    if (name.empty() || name.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto comm = view.read_start("/proc/" + name + "/comm", 64);
    if (comm) out.emplace_back(trim(*comm));
  }
  if (out.empty()) return fail(ErrorCode::not_found, "/proc shows no processes");
  return out;
}

}  // namespace phendau::agent
