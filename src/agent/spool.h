// SPDX-License-Identifier: Apache-2.0
// The agent's disk spool: what was read on this machine and is not yet acknowledged by the hub. A ring of
// segment files with checksummed frames. One frame holds a group of records together with the reader's
// position after them, so that data and position cannot diverge: a kill or power cut at any point loses
// nothing and repeats nothing. Collectors write, the uploader leases and commits. Thread-safe. Layout:
// docs/formats/wire.md, "Spool".
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/env.h"
#include "wire/record_batch.h"

namespace phendau::agent {

inline constexpr std::uint64_t kSpoolBytesDefault =
    256u << 20;  // days of an office machine, one hour of a busy server
inline constexpr std::uint64_t kSpoolBytesMin = 16u << 20;
inline constexpr std::uint64_t kSegmentBytes = 4u << 20;  // read whole at start: bounds memory
inline constexpr std::size_t kGroupBytesMax = 1u << 20;   // record bytes of one enqueue
inline constexpr std::size_t kGroupRecordsMax = 4096;
inline constexpr std::size_t kBookmarkBytesMax = 4096;  // a journald cursor has about 130
inline constexpr std::size_t kSpoolSourcesMax = 1024;   // positions are copied into each segment's header
inline constexpr std::uint64_t kGenerationStep = 1ull << 32;  // numbers jump by this after a repaired tail

/// Position of one reader after the records of the same group.
struct Bookmark {
  std::string source;    // "file:/var/log/auth.log", "journald"
  std::string position;  // known to the reader only
};

struct SpoolOptions {
  std::string folder;
  std::uint64_t size_bytes_max = kSpoolBytesDefault;
  std::uint64_t segment_bytes = kSegmentBytes;  // tests use small ones
};

struct SpoolCounts {
  std::uint64_t size_bytes = 0;
  std::uint64_t size_bytes_max = 0;
  std::uint64_t records = 0;         // not yet committed
  std::uint64_t rejected_total = 0;  // enqueues refused because the spool was full, since start
  std::uint64_t damaged_bytes = 0;   // bytes that recovery had to drop, since start
};

/// Full-spool policy is `reject`: enqueue answers `limit`, counts it, and keeps what it has. Readers then go
/// back to their bookmark and wait; files and journals hold the rest, so nothing is lost unless they are
/// rotated away.
class Spool {
 public:
  /// Opens or creates, repairs a torn tail. `conflict` if another agent uses the folder.
  static Result<std::unique_ptr<Spool>> open(Env& env, SpoolOptions options);

  /// Adds the records and moves the bookmark, both or neither; durable after sync(). `limit` when full or
  /// when the group is too big; `io` when the disk refuses. A group without records only moves the bookmark.
  Result<> enqueue(const std::vector<wire::Record>& records, const std::optional<Bookmark>& bookmark);
  Result<> sync();
  /// Position as enqueued last; empty if the source is new.
  std::string bookmark(std::string_view source) const;

  /// The oldest durable, uncommitted records with consecutive numbers, at most about `size_bytes_max` (at
  /// least one group). An empty batch when there is nothing. May be called again: it returns the same until
  /// commit().
  Result<wire::RecordBatch> lease(std::size_t size_bytes_max, std::size_t records_max);
  /// The hub holds everything up to `last_seq`. `invalid` for numbers that were never leased out.
  Result<> commit(std::uint64_t last_seq);

  /// After `io`: forgets what was not synced and reads the folder again. Readers must go back to bookmark().
  Result<> recover();
  bool needs_recovery() const;
  /// The hub knows numbers that we never gave out (our disk was restored from a copy): begin a new life.
  Result<> start_new_epoch();

  std::string epoch() const;
  std::uint64_t next_seq() const;
  std::uint64_t committed_seq() const;
  SpoolCounts counts() const;

 private:
  struct Segment {
    std::uint64_t number = 0;
    std::uint64_t size_bytes = 0;
    std::uint64_t last_seq = 0;  // 0: holds no record
  };
  struct FrameHead {
    std::uint64_t size_bytes = 0;  // with its own header
    std::uint8_t kind = 0;
    std::uint64_t first_seq = 0;
    std::uint64_t count = 0;
  };
  struct Loaded;

  Spool(Env& env, SpoolOptions options) : env_(env), options_(std::move(options)) {}
  std::string path_of(std::uint64_t number) const;
  Result<> load();
  Result<> load_segment(std::uint64_t number, bool is_last, Loaded& loaded);
  Result<> repair_tail(const Segment& segment, std::uint64_t good_bytes);
  Result<> start_segment();
  Result<> append_frame(std::string_view payload);
  Result<> sync_locked();
  Result<> make_room(std::uint64_t frame_bytes);
  Result<> drop_committed_segments();
  Result<> move_cursor();
  Result<FrameHead> head_at(const File& file, std::uint64_t offset_bytes) const;
  std::uint64_t total_bytes() const;

  Env& env_;
  SpoolOptions options_;
  mutable std::mutex mu_;  // guards everything below
  std::shared_ptr<void> lock_;
  std::vector<Segment> segments_;  // ascending; the last one is active
  std::unique_ptr<File> active_;
  std::map<std::string, std::string, std::less<>> bookmarks_;
  std::string epoch_;
  std::uint64_t next_seq_ = 1;
  std::uint64_t durable_next_seq_ = 1;  // numbers below are synced and may be leased
  std::uint64_t durable_bytes_ = 0;     // of the active segment
  std::uint64_t committed_ = 0;
  std::uint64_t cursor_segment_ = 0;  // first frame that may hold uncommitted records
  std::uint64_t cursor_bytes_ = 0;
  std::uint64_t pending_records_ = 0;
  std::uint64_t rejected_total_ = 0;
  std::uint64_t damaged_bytes_ = 0;
  bool broken_ = false;  // a write or sync failed half way: only recover() helps
};

}  // namespace phendau::agent
