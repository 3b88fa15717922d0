// SPDX-License-Identifier: Apache-2.0
// The journal: what machines said, append-only, columnar, hash-chained, acknowledged after fsync. One folder
// on one Env. Called by the hub (append, search, maintenance), detection (read_from) and the command line.
// Thread-safe: every method may be called from any thread; append() of many threads shares one fsync.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/batch.h"
#include "model/predicate.h"
#include "os/env.h"
#include "store/journal/chain.h"
#include "store/journal/frame.h"
#include "store/journal/segment.h"

namespace phendau::journal {

/// Retention of one source class ("" = every class without an own row). 0 days: for ever.
struct RetentionRule {
  std::string source_class;
  std::int32_t online_days = 0;
};

struct Options {
  std::string dir;
  ZoneOffset zone = kVietnamZone;  // days of segments and retention; fixed at creation
  int quota_percent = 80;          // of the disk; above it appends are refused
  std::string signing_key;         // Ed25519 seed, 32 bytes; not needed when read_only
  std::uint64_t wal_bytes_max = 64u << 20;
  Duration wal_age_max = minutes(15);
  Duration seal_age_max = hours(1);
  bool read_only = false;
  std::vector<RetentionRule> retention;
  /// Archived. Absent: nothing may be deleted, neither by age nor for space.
  std::function<bool(const SegmentSummary&)> may_delete;
  /// Under a legal hold: deleted in no way while this says so. Must not call the journal.
  std::function<bool(const SegmentSummary&)> is_held;
};

struct AppendMeta {
  ProducerRange producer;  // an id makes the append exactly-once
  UtcTime received;        // of the request; zero: the Env's clock
};
struct AppendResult {
  std::uint64_t frame_seq = 0;  // of a duplicate: the head at that time
  bool duplicate = false;
};
struct AppendItem {
  const Batch* batch = nullptr;
  AppendMeta meta;
};

/// A committed frame as detection reads it. refs[r] names row r; rows deleted by law are missing.
struct CommittedBatch {
  std::uint64_t seq = 0;
  UtcTime received;
  Batch batch;
  std::vector<EventRef> refs;
};

/// Where a page ended; pass it back unchanged with an otherwise equal request.
struct SearchCursor {
  UtcTime event_time;
  EventRef ref;
};
struct SearchRequest {
  TimeRange event_time;
  TimeRange received_time;
  PredicatePtr predicate;                            // null: everything
  std::optional<std::vector<std::string>> agencies;  // nullopt: all; empty: none
  std::size_t limit = 100;
  bool newest_first = true;
  std::optional<std::vector<std::string>> fields;  // nullopt: all
  bool with_raw = true;                            // return raw bytes
  std::optional<SearchCursor> after;
  std::optional<Duration> time_limit;
  const std::atomic<bool>* cancel = nullptr;
};
struct EventRow {
  EventRef ref;
  UtcTime event_time, received_time;
  TimeQuality time_quality = TimeQuality::exact;
  std::string shape, source, host, agency, logsource;
  std::vector<std::pair<std::string, std::string>>
      fields;  // a field with several values appears several times
  std::string raw;
};
struct ScanStats {
  std::uint64_t rows = 0;            // rows that a predicate was judged on
  std::uint64_t bytes = 0;           // stored bytes of the blocks opened
  std::uint64_t blocks = 0;          // opened
  std::uint64_t blocks_skipped = 0;  // by time, agency or filter
  std::uint64_t blocks_damaged = 0;  // unreadable: the answer lacks their rows
};
struct SearchResult {
  std::vector<EventRow> rows;
  ScanStats scanned;
  bool more = false;  // there are further rows, or time ran out
  bool cut = false;   // cancelled or out of time: rows are a correct beginning only if this is false
  std::optional<SearchCursor> next;
};
struct Histogram {
  UtcTime from;
  Duration width;
  std::vector<std::uint64_t> counts;
  ScanStats scanned;
  bool cut = false;
};
struct TopValues {
  std::vector<std::pair<std::string, std::uint64_t>> values;  // most frequent first, then by text
  std::uint64_t others = 0;
  std::uint64_t absent = 0;
  ScanStats scanned;
  bool cut = false;
};

struct Stat {
  std::uint64_t wal_files = 0, wal_bytes = 0, wal_frames = 0;
  std::uint64_t segments = 0, segment_bytes = 0, rows = 0;
  int disk_used_percent = 0;
  int quota_percent = 0;
  std::uint64_t refused_quota = 0, refused_queue = 0, duplicates = 0, conflicts = 0, producers_forgotten = 0;
  std::uint64_t groups = 0, frames = 0;  // appended since open: frames per fsync
  std::uint64_t recovered_frames = 0;    // torn and cut at open; never acknowledged
  std::uint64_t lost_frames = 0;         // acknowledged and missing
  bool damaged = false;
  std::vector<std::string> problems;  // one sentence each, at most 100
  std::map<std::string, SourceCount> sources;
};

class Journal {
 public:
  /// `conflict` journal.in_use, `invalid` journal.newer_format or journal.other_key, `corrupt`
  /// journal.chain_damaged. Damaged segments and write-ahead files are put into quarantine/ and the rest is
  /// served: stat() says so.
  static Result<std::unique_ptr<Journal>> open(Env& env, Options options);
  ~Journal();

  /// Returns when the batch is on disk. `limit` journal.quota or journal.queue; `conflict` journal.sequence
  /// with the sequence number expected next as args[0]; `io` error.disk_full.
  Result<AppendResult> append(const Batch& batch, const AppendMeta& meta);
  /// One fsync for all; each has its own answer.
  std::vector<Result<AppendResult>> append_many(const std::vector<AppendItem>& items);

  /// Committed frames from `frame_seq` on, in order. Frames whose rows were all deleted are skipped.
  Result<std::vector<CommittedBatch>> read_from(std::uint64_t frame_seq, std::size_t frames_max);
  /// Waits until a frame after `after_seq` is committed; the last committed frame.
  std::uint64_t wait_committed(std::uint64_t after_seq, Duration timeout);

  Result<SearchResult> search(const SearchRequest& request);
  /// Buckets over request.event_time, which must be bounded. limit, after and fields are ignored.
  Result<Histogram> histogram(const SearchRequest& request, std::size_t buckets);
  Result<TopValues> top_values(const SearchRequest& request, const std::string& field, std::size_t count);
  /// `not_found` if it never was or was deleted.
  Result<EventRow> get(EventRef ref);

  /// Closes the write-ahead file and seals everything.
  Result<> seal_now();
  /// Rotates, seals what is old enough, enforces retention. Call every few seconds.
  Result<> maintenance(UtcTime now);
  std::vector<SegmentSummary> segments() const;
  /// Appends a signed tombstone, then removes the files. Names as in segments(). Never asks may_delete;
  /// `denied` (journal.held) when one of them is under a legal hold, and then none is removed.
  Result<> delete_segments(const std::vector<std::string>& names, const std::string& reason,
                           const std::string& who);

  Stat stat() const;
  Head head() const;
  /// Whether a head that was copied elsewhere lies in this journal's past: false when the folder was replaced
  /// by an older or another one. Looks at the position and at the signed chain; verify() reads every byte.
  bool knows(const Head& past) const;

 private:
  struct State;
  explicit Journal(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace phendau::journal
