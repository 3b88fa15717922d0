// SPDX-License-Identifier: Apache-2.0
// What the fact collectors may see of a machine: files, folders, processes, programs. The real one looks
// below a root folder ("/" by default), so that tests look at fixture trees. One thread at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "os/process.h"

namespace phendau::agent {

inline constexpr std::size_t kFactFileBytesMax = 8u
                                                 << 20;  // /var/lib/dpkg/status has about 4 MiB on a desktop
inline constexpr std::size_t kFactDirEntriesMax = 20'000;  // /proc of a busy server

class MachineView {
 public:
  virtual ~MachineView() = default;
  /// `not_found`, `denied`, or `limit` above the size; absolute paths as on the machine.
  virtual Result<std::string> read(const std::string& path,
                                   std::size_t size_bytes_max = kFactFileBytesMax) = 0;
  /// The first bytes of a file.
  virtual Result<std::string> read_start(const std::string& path, std::size_t size_bytes) = 0;
  /// Names, sorted.
  virtual Result<std::vector<std::string>> list(const std::string& path) = 0;
  virtual Result<UtcTime> modified_at(const std::string& path) = 0;
  virtual bool exists(const std::string& path) = 0;
  /// Runs a program of the machine; `not_found` when the view is not of the running machine.
  virtual Result<ProgramOutput> run(const std::vector<std::string>& argv) = 0;
};

std::unique_ptr<MachineView> make_machine_view(std::string root = "/");

/// Names of running processes (as in /proc/PID/comm, at most 15 letters). An error when /proc cannot be
/// listed.
Result<std::vector<std::string>> process_names(MachineView& view);

}  // namespace phendau::agent
