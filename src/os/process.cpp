// SPDX-License-Identifier: Apache-2.0
#include "os/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>

#include <fmt/format.h>

namespace phendau {
namespace {

struct Pipe {
  int read_end = -1;
  int write_end = -1;
  bool open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    read_end = ends[0];
    write_end = ends[1];
    return true;
  }
  static void close_end(int& fd) {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
  ~Pipe() {
    close_end(read_end);
    close_end(write_end);
  }
};

std::int64_t monotonic_ms() {
  timespec at{};
  clock_gettime(CLOCK_MONOTONIC, &at);
  return static_cast<std::int64_t>(at.tv_sec) * 1000 + at.tv_nsec / 1'000'000;
}

/// Moves bytes between us and the child until both outputs are closed. False on timeout or overflow.
bool exchange(Pipe& in, Pipe& out, Pipe& err, std::string_view input, ProgramOutput& result,
              const ProgramLimits& limits) {
  const std::int64_t deadline = monotonic_ms() + limits.timeout.ns / 1'000'000;
  if (input.empty()) Pipe::close_end(in.write_end);
  while (out.read_end >= 0 || err.read_end >= 0) {
    const std::int64_t left = deadline - monotonic_ms();
    if (left <= 0 || result.out.size() + result.err.size() > limits.output_bytes_max) return false;
    pollfd fds[3] = {{out.read_end, POLLIN, 0}, {err.read_end, POLLIN, 0}, {in.write_end, POLLOUT, 0}};
    if (::poll(fds, 3, static_cast<int>(std::min<std::int64_t>(left, 1000))) < 0 && errno != EINTR)
      return false;
    if ((fds[2].revents & (POLLOUT | POLLERR | POLLHUP)) != 0) {
      const ssize_t n = ::write(in.write_end, input.data(), input.size());
      if (n > 0) input.remove_prefix(static_cast<std::size_t>(n));
      if (n < 0 || input.empty()) Pipe::close_end(in.write_end);
    }
    char buffer[16384];
    if ((fds[0].revents & (POLLIN | POLLHUP)) != 0) {
      const ssize_t n = ::read(out.read_end, buffer, sizeof buffer);
      if (n > 0)
        result.out.append(buffer, static_cast<std::size_t>(n));
      else
        Pipe::close_end(out.read_end);
    }
    if ((fds[1].revents & (POLLIN | POLLHUP)) != 0) {
      const ssize_t n = ::read(err.read_end, buffer, sizeof buffer);
      if (n > 0)
        result.err.append(buffer, static_cast<std::size_t>(n));
      else
        Pipe::close_end(err.read_end);
    }
  }
  return true;
}

}  // namespace

Result<ProgramOutput> run_program(const std::vector<std::string>& argv, std::string_view input,
                                  const ProgramLimits& limits) {
  PHENDAU_ASSERT(!argv.empty());
  Pipe in;
  Pipe out;
  Pipe err;
  if (!in.open() || !out.open() || !err.open()) return fail(ErrorCode::io, "no pipe for a program");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.read_end, 0);
  posix_spawn_file_actions_adddup2(&actions, out.write_end, 1);
  posix_spawn_file_actions_adddup2(&actions, err.write_end, 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::vector<char*> arguments;
  for (const auto& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const char* home = std::getenv("HOME");
  std::string variables[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                             "LANG=C.UTF-8", std::string("HOME=") + (home != nullptr ? home : "/")};
  char* environment[] = {variables[0].data(), variables[1].data(), variables[2].data(), nullptr};
  pid_t child = -1;
  const int rc =
      ::posix_spawnp(&child, argv[0].c_str(), &actions, &attributes, arguments.data(), environment);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (rc != 0) {
    return fail(rc == ENOENT ? ErrorCode::not_found : ErrorCode::io,
                fmt::format("run {}: {}", argv[0], std::strerror(rc)));
  }
  Pipe::close_end(in.read_end);
  Pipe::close_end(out.write_end);
  Pipe::close_end(err.write_end);
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, nullptr);  // A child that stops reading must not end us.
  ProgramOutput result;
  const bool finished = exchange(in, out, err, input, result, limits);
  if (!finished) ::kill(-child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!finished)
    return fail(ErrorCode::limit, fmt::format("{} ran too long or wrote too much and was stopped", argv[0]),
                "program.stopped", {argv[0]});
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (result.exit_code == 127 && result.out.empty())
    return fail(ErrorCode::not_found, fmt::format("{} is not installed", argv[0]), "program.missing",
                {argv[0]});
  return result;
}

namespace {
sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}
}  // namespace

std::string program_path() {
  std::string path(4096, '\0');
  const ssize_t n = ::readlink("/proc/self/exe", path.data(), path.size());
  path.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return path;
}

void keep_files_private() { ::umask(077); }

void block_stop_signals() {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, nullptr);
}

int wait_for_stop_signal() {
  const sigset_t set = stop_signals();
  int number = 0;
  while (sigwait(&set, &number) != 0) {
  }
  return number;
}

int wait_for_stop_signal(Duration timeout) {
  const sigset_t set = stop_signals();
  const timespec wait{static_cast<time_t>(timeout.ns / 1'000'000'000),
                      static_cast<long>(timeout.ns % 1'000'000'000)};
  const int number = sigtimedwait(&set, nullptr, &wait);
  return number > 0 ? number : 0;
}

}  // namespace phendau
