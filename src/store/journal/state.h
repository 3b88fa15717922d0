// SPDX-License-Identifier: Apache-2.0
// The inside of Journal, shared by journal*.cpp only. Names of all files on disk are here.
// Locks, taken in this order: seal_mu (one sealer or deleter), write_mu (the leader of a group, and whoever
// closes the write-ahead file), mu (the published view; never held over I/O), queue_mu (waiting appends).
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>

#include "store/journal/journal.h"
#include "store/journal/wal.h"

namespace phendau::journal {

inline constexpr std::string_view kFormatFile = "FORMAT";
inline constexpr std::string_view kLockFile = "LOCK";
inline constexpr std::string_view kHeadFile = "head";
inline constexpr std::string_view kChainFile = "chain";
inline constexpr std::string_view kWalFolder = "wal";
inline constexpr std::string_view kSegmentsFolder = "segments";
inline constexpr std::string_view kSealsFolder = "seals";
inline constexpr std::string_view kQuarantineFolder = "quarantine";
std::string format_text(std::uint32_t version);
/// `corrupt` or `invalid` journal.newer_format.
Result<> check_format_text(const std::string& text);
std::string wal_name(std::uint64_t first_seq);
/// The better of the two slots; nullopt if none can be read.
std::optional<Head> best_head(const std::string& head_bytes);

/// A frame in a write-ahead file. Times are the widest possible after a restart, until it is sealed.
struct LiveFrame {
  FrameEntry entry;
  UtcTime event_min{INT64_MIN}, event_max{INT64_MAX}, received_min{INT64_MIN}, received_max{INT64_MAX};
};
struct WalFile {
  std::string path;
  UtcTime created_at;
  std::unique_ptr<File> reader;
  std::mutex read_mu;
  std::vector<LiveFrame> frames;  // guarded by State::mu
  std::uint64_t size_bytes = 0;   // guarded by State::mu; up to the last commit marker
  Result<std::string> read(std::uint64_t offset_bytes, std::size_t size_bytes_wanted) {
    const std::lock_guard lock(read_mu);
    return reader->read_at(offset_bytes, size_bytes_wanted);
  }
};
struct SegmentHandle {
  SegmentSummary summary;
  std::string path;
  std::shared_ptr<const SegmentReader> reader;  // null: damaged or missing
};

struct PendingAppend {
  std::string payload;
  AppendMeta meta;
  LiveFrame frame;
  std::map<std::string, SourceCount> sources;
  Result<AppendResult> result = fail(ErrorCode::bug, "append was not carried out");
  bool stored = false;
  bool done = false;
};

/// What a read works on: taken under mu, then used without it.
struct Snapshot {
  std::vector<std::shared_ptr<WalFile>> wals;
  std::vector<std::vector<LiveFrame>> wal_frames;
  std::vector<std::shared_ptr<SegmentHandle>> segments;
};

struct Journal::State {
  State(Env& machine, Options chosen) : env(machine), options(std::move(chosen)) {}

  Env& env;
  Options options;
  ZoneOffset zone;  // constant after open
  std::string public_key;
  std::shared_ptr<void> lock;

  std::mutex seal_mu;
  std::mutex write_mu;
  mutable std::mutex mu;
  std::condition_variable committed;

  std::mutex queue_mu;
  std::condition_variable queue_moved;
  std::deque<PendingAppend*> queue;  // queue_mu
  bool leader_active = false;        // queue_mu

  // Under write_mu.
  std::unique_ptr<File> wal_writer;  // of the last of `wals`, if it is open for appends
  std::unique_ptr<File> head_writer;
  bool wal_needs_repair = false;  // a failed write may have left bytes behind the last commit marker
  ProducerTable producers;
  std::uint64_t head_writes = 0;

  // Under mu.
  Head head_now;
  std::vector<std::shared_ptr<WalFile>> wals;
  std::vector<std::shared_ptr<SegmentHandle>> segments;  // without the deleted ones
  std::vector<SealBody> seals;
  std::vector<Sha256> chain_hashes;  // of every entry, genesis first
  Stat counters;

  std::string path(std::string_view name) const { return path_join(options.dir, name); }
  Snapshot snapshot() const;
  void problem(std::string sentence);  // takes mu
  bool may_delete(const SegmentSummary& segment) const {
    return options.may_delete && options.may_delete(segment) && !is_held(segment);
  }
  bool is_held(const SegmentSummary& segment) const { return options.is_held && options.is_held(segment); }

  // journal.cpp
  Result<> open();
  Result<> create();
  Result<> load_chain();
  Result<> load_segments();
  void load_segment(const SegmentSummary& summary);
  Result<> load_wals();
  Result<> load_wal(const std::string& name, bool last, std::uint64_t acknowledged);
  Result<> salvage(const std::string& name, const std::string& bytes, const WalScan& scan);
  Result<> adopt(const std::string& file_path, const WalScan& scan);
  Result<> load_producers();
  Result<> remove_leftovers();
  Result<> append_chain(ChainKind kind, const std::string& body);  // seal_mu or open
  void write_head();                                               // write_mu or open
  void remember_producer(const ProducerRange& range, std::uint64_t frame);

  // journal_append.cpp
  Result<> enqueue(const std::vector<PendingAppend*>& items);
  void commit_group(std::vector<PendingAppend*>& group);
  Result<> write_group(std::vector<PendingAppend*>& group);
  Result<> check_quota();
  Result<> prepare_wal(UtcTime now);
  Result<> open_wal(UtcTime now);
  Result<> repair_wal();
  Result<> close_wal();
  void publish(const std::vector<PendingAppend*>& group, const Head& head, std::uint64_t wal_bytes);

  // journal_seal.cpp
  Result<> seal(std::size_t wal_count);
  Result<> seal_all();
  Result<> remove_segments(const std::vector<std::string>& names, const std::string& reason,
                           const std::string& who);
  Result<> retain(UtcTime now);
  Result<bool> free_space();  // deletes the oldest deletable segment
};

/// Loads WAL frames; shared by sealing, reading and searching.
Result<Batch> load_frame(WalFile& wal, const LiveFrame& frame);

}  // namespace phendau::journal
