// SPDX-License-Identifier: Apache-2.0
// Reading a write-ahead file: every frame in order, what belongs to an acknowledged group, and what is wrong
// where. Used by recovery, verify and the fuzzer. Pure over an Env's file; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "os/env.h"
#include "store/journal/frame.h"

namespace phendau::journal {

/// Where a committed frame lies, and what is needed without reading it again.
struct FrameEntry {
  std::uint64_t seq = 0;
  std::uint64_t offset_bytes = 0;
  std::uint64_t size_bytes = 0;
  Sha256 hash{};
  Sha256 previous{};
  FrameMeta meta;
};

/// A stretch of frames that follow each other without a hole.
struct WalScan {
  bool header_ok = false;
  WalHeader header;
  std::vector<FrameEntry> frames;  // of complete groups, in file order
  std::uint64_t size_bytes = 0;
  std::uint64_t committed_bytes = 0;  // end of the last commit marker (or of the header)
  std::uint64_t torn_frames = 0;      // complete frames after it: never acknowledged
  /// Damage in the middle: something readable follows it, or a frame does not fit its neighbour.
  bool damaged = false;
  std::uint64_t damage_offset_bytes = 0;
  std::string damage;
  // The state before the damage, for a damage that turns out to lie in the last, unacknowledged group.
  std::size_t frames_before_damage = 0;
  std::uint64_t committed_bytes_before_damage = 0;
  std::uint64_t commits_after_damage = 0;
};

/// A power cut may keep later pages of an unsynced group and lose earlier ones. Damage is such a torn tail if
/// only one group can be involved and the acknowledged mark does not cover it; then the scan is cut back to
/// what came before.
void cut_torn_tail(WalScan& scan, std::uint64_t acknowledged_seq);

/// Reads a whole file. `io` only when reading fails; whatever the bytes are gives a scan.
Result<WalScan> scan_wal(const File& file);
WalScan scan_wal_bytes(std::string_view bytes);

}  // namespace phendau::journal
