// SPDX-License-Identifier: Apache-2.0
// Reads a growing log file line by line, through rotation by rename and by copy-and-truncate, and across
// restarts. Its position names the file by inode and by a hash of its first bytes, so that a rotated file is
// recognised wherever it went. Polls: twice a second is enough for logs and works on every file system.
// Collecting thread only.
#pragma once

#include <memory>
#include <string>

#include "agent/collector.h"

namespace phendau::agent {

inline constexpr std::size_t kLineBytesMax = 64u << 10;  // longer lines are cut and counted
inline constexpr std::size_t kFingerprintBytesMax =
    256;  // the first lines carry a time: different in each file

/// Starts at the beginning of a file that was never read: what is there is still evidence.
std::unique_ptr<Collector> make_file_tail(std::string path, wire::RecordFormat format);

}  // namespace phendau::agent
