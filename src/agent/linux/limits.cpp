// SPDX-License-Identifier: Apache-2.0
#include "agent/linux/limits.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace phendau::agent {
namespace {
constexpr int kNice = 10;
}

Result<> limit_self(std::uint64_t memory_bytes_hard) {
  if (::setpriority(PRIO_PROCESS, 0, kNice) != 0) {
    return fail(ErrorCode::io, std::string("lower our priority: ") + std::strerror(errno));
  }
  const rlimit limit{memory_bytes_hard, memory_bytes_hard};
  if (::setrlimit(RLIMIT_DATA, &limit) != 0) {
    return fail(ErrorCode::io, std::string("limit our memory: ") + std::strerror(errno));
  }
  return {};
}

std::uint64_t resident_bytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  unsigned long total = 0;
  unsigned long resident = 0;
  const int read = std::fscanf(file, "%lu %lu", &total, &resident);
  std::fclose(file);
  return read == 2
             ? static_cast<std::uint64_t>(resident) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))
             : 0;
}

}  // namespace phendau::agent
