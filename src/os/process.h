// SPDX-License-Identifier: Apache-2.0
// Runs other programs (never through a shell) and handles the signals of our own. Linux.
// run_program may be called from any thread; it blocks up to its timeout.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace phendau {

struct ProgramOutput {
  int exit_code = 0;  // 128 + signal if it was killed
  std::string out;
  std::string err;
};
struct ProgramLimits {
  Duration timeout = seconds(30);
  std::size_t output_bytes_max = 4u << 20;
};
/// @param argv program (looked up in PATH) and arguments. `not_found` if absent, `limit` on timeout (it is
/// killed) or too much output. Environment: PATH, HOME, LANG=C.UTF-8 only.
Result<ProgramOutput> run_program(const std::vector<std::string>& argv, std::string_view input = {},
                                  const ProgramLimits& limits = {});

/// The file of this program, symbolic links resolved. Empty if unknown.
std::string program_path();

/// What this process creates from now on is for its own account only, also what libraries create. Call first
/// thing in main.
void keep_files_private();

/// Blocks SIGINT and SIGTERM in this and later threads and returns when one arrives. Call first thing in
/// main's thread.
void block_stop_signals();
int wait_for_stop_signal();
/// As above, but returns 0 after `timeout`.
int wait_for_stop_signal(Duration timeout);

}  // namespace phendau
