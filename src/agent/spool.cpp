// SPDX-License-Identifier: Apache-2.0
// The spool is a log of frames; state is what the log says, read from front to back. Each segment begins with
// a copy of the state (epoch, numbers, bookmarks), so that older segments may be deleted once committed. A
// segment is created only after its predecessor is synced; only synced numbers are leased. So after a power
// cut the lost tail was never seen by the hub, its bookmarks are lost with it, and readers read it again.
#include "agent/spool.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "wire/bytes.h"
#include "wire/protocol.h"

namespace phendau::agent {
namespace {

using wire::ByteReader;
using wire::put_short_text;
using wire::put_uint;

constexpr std::uint8_t kHeaderKind = 1;
constexpr std::uint8_t kGroupKind = 2;
constexpr std::uint8_t kCommitKind = 3;
constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kFrameHeadBytes = 4 + 8;
constexpr std::size_t kGroupHeadBytes = 1 + 8 + 4;
// A header with every bookmark at its longest is the largest frame.
constexpr std::uint64_t kFrameBytesMax = 8u << 20;

struct Frame {
  std::uint8_t kind = 0;
  std::string epoch;
  std::uint64_t next_seq = 0;   // header
  std::uint64_t committed = 0;  // header, commit
  std::uint64_t first_seq = 0;  // group
  std::vector<wire::Record> records;
  std::vector<Bookmark> bookmarks;
};

std::string frame_bytes(std::string_view payload, std::uint64_t segment) {
  std::string out;
  put_uint(out, payload.size(), 4);
  put_uint(out, hash64(payload, segment), 8);
  out += payload;
  return out;
}

std::string header_payload(std::uint64_t segment, const std::string& epoch, std::uint64_t next_seq,
                           std::uint64_t committed,
                           const std::map<std::string, std::string, std::less<>>& bookmarks) {
  std::string out;
  put_uint(out, kHeaderKind, 1);
  put_uint(out, kVersion, 1);
  put_uint(out, segment, 8);
  out += epoch;
  put_uint(out, next_seq, 8);
  put_uint(out, committed, 8);
  put_uint(out, bookmarks.size(), 4);
  for (const auto& [source, position] : bookmarks) {
    put_short_text(out, source);
    put_short_text(out, position);
  }
  return out;
}

std::string group_payload(std::uint64_t first_seq, const std::vector<wire::Record>& records,
                          const std::optional<Bookmark>& bookmark) {
  std::string out;
  put_uint(out, kGroupKind, 1);
  put_uint(out, first_seq, 8);
  put_uint(out, records.size(), 4);
  for (const auto& record : records) {
    put_short_text(out, record.channel);
    put_uint(out, static_cast<std::uint64_t>(record.format), 1);
    put_uint(out, static_cast<std::uint64_t>(record.received_at.ns), 8);
    put_uint(out, record.bytes.size(), 4);
    out += record.bytes;
  }
  put_uint(out, bookmark ? 1 : 0, 1);
  if (bookmark) {
    put_short_text(out, bookmark->source);
    put_short_text(out, bookmark->position);
  }
  return out;
}

bool read_group(ByteReader& reader, Frame& frame) {
  frame.first_seq = reader.uint(8);
  const std::uint64_t count = reader.uint(4);
  if (count > kGroupRecordsMax) return false;
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    wire::Record record;
    record.channel = std::string(reader.short_text());
    const std::uint64_t format = reader.uint(1);
    if (format > static_cast<std::uint64_t>(wire::RecordFormat::ndjson)) return false;
    record.format = static_cast<wire::RecordFormat>(format);
    record.received_at = {static_cast<std::int64_t>(reader.uint(8))};
    record.bytes = std::string(reader.bytes(static_cast<std::size_t>(reader.uint(4))));
    frame.records.push_back(std::move(record));
  }
  if (reader.uint(1) == 1) {
    const std::string source(reader.short_text());
    frame.bookmarks.push_back({source, std::string(reader.short_text())});
  }
  return reader.ok() && reader.at_end();
}

bool read_header(ByteReader& reader, std::uint64_t segment, Frame& frame) {
  if (reader.uint(1) != kVersion || reader.uint(8) != segment) return false;
  frame.epoch = std::string(reader.bytes(wire::kEpochLetters));
  frame.next_seq = reader.uint(8);
  frame.committed = reader.uint(8);
  const std::uint64_t count = reader.uint(4);
  if (count > kSpoolSourcesMax) return false;
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    const std::string source(reader.short_text());
    frame.bookmarks.push_back({source, std::string(reader.short_text())});
  }
  return reader.ok() && reader.at_end() && wire::is_epoch(frame.epoch);
}

std::optional<Frame> parse_payload(std::string_view payload, std::uint64_t segment) {
  ByteReader reader(payload);
  Frame frame;
  frame.kind = static_cast<std::uint8_t>(reader.uint(1));
  if (frame.kind == kHeaderKind && read_header(reader, segment, frame)) return frame;
  if (frame.kind == kGroupKind && read_group(reader, frame)) return frame;
  if (frame.kind == kCommitKind) {
    frame.committed = reader.uint(8);
    if (reader.ok() && reader.at_end()) return frame;
  }
  return std::nullopt;
}

/// The frame at `at`, or nothing if the bytes there are not a whole, undamaged frame. Moves `at` behind it.
std::optional<Frame> next_frame(std::string_view bytes, std::size_t& at, std::uint64_t segment) {
  ByteReader reader(bytes.substr(at));
  const std::uint64_t size = reader.uint(4);
  const std::uint64_t checksum = reader.uint(8);
  if (!reader.ok() || size > kFrameBytesMax) return std::nullopt;
  const std::string_view payload = reader.bytes(static_cast<std::size_t>(size));
  if (!reader.ok() || hash64(payload, segment) != checksum) return std::nullopt;
  auto frame = parse_payload(payload, segment);
  if (frame) at += kFrameHeadBytes + payload.size();
  return frame;
}

Result<> check_group(const std::vector<wire::Record>& records, const std::optional<Bookmark>& bookmark) {
  std::size_t size = 0;
  for (const auto& record : records) {
    size += record.bytes.size();
    if (record.bytes.size() > wire::kRecordBytesMax || record.channel.size() > wire::kChannelBytesMax ||
        record.channel.empty()) {
      return fail(ErrorCode::limit, "a record or its channel name is larger than the protocol allows");
    }
  }
  if (size > kGroupBytesMax || records.size() > kGroupRecordsMax) {
    return fail(ErrorCode::limit, "a group of records is larger than the spool takes at once");
  }
  if (bookmark &&
      (bookmark->position.size() > kBookmarkBytesMax || bookmark->source.size() > kBookmarkBytesMax)) {
    return fail(ErrorCode::limit, "a bookmark is larger than the spool takes");
  }
  return {};
}

std::optional<std::uint64_t> segment_number(std::string_view name) {
  if (name.size() != 24 || !name.ends_with(".seg")) return std::nullopt;
  const auto number = parse_int(name.substr(0, 20));
  if (!number || *number <= 0) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

}  // namespace

struct Spool::Loaded {
  bool damaged = false;
  std::uint64_t next_number = 1;
  bool append_to_last = false;
};

Result<std::unique_ptr<Spool>> Spool::open(Env& env, SpoolOptions options) {
  PHENDAU_TRY(env.make_dirs(options.folder));
  std::unique_ptr<Spool> spool(new Spool(env, std::move(options)));
  spool->lock_ = PHENDAU_TRY(env.lock_file(path_join(spool->options_.folder, "lock")));
  PHENDAU_TRY(spool->load());
  return spool;
}

std::string Spool::path_of(std::uint64_t number) const {
  return path_join(options_.folder, fmt::format("{:020}.seg", number));
}

std::uint64_t Spool::total_bytes() const {
  std::uint64_t total = 0;
  for (const auto& segment : segments_) total += segment.size_bytes;
  return total;
}

Result<> Spool::load() {
  active_.reset();
  segments_.clear();
  bookmarks_.clear();
  epoch_.clear();
  next_seq_ = 1;
  committed_ = 0;
  std::vector<std::uint64_t> numbers;
  Loaded loaded;
  for (const auto& entry : PHENDAU_TRY(env_.list(options_.folder))) {
    if (const auto number = segment_number(entry.name)) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  for (const std::uint64_t number : numbers) {
    PHENDAU_TRY(load_segment(number, number == numbers.back(), loaded));
    loaded.next_number = number + 1;
  }
  if (epoch_.empty()) epoch_ = phendau::to_hex(env_.random_bytes(wire::kEpochLetters / 2));
  // Numbers that the hub may have seen must not be given out again for other records.
  if (loaded.damaged) next_seq_ = (next_seq_ / kGenerationStep + 1) * kGenerationStep;
  if (loaded.damaged || !loaded.append_to_last) {
    segments_.push_back({loaded.next_number, 0, 0});
    PHENDAU_TRY(start_segment());
  } else {
    active_ = PHENDAU_TRY(env_.open(path_of(segments_.back().number), OpenMode::append));
    PHENDAU_TRY(active_->sync());  // Bytes that survived a kill may still be on their way to the disk.
    PHENDAU_TRY(env_.sync_dir(options_.folder));
  }
  durable_bytes_ = segments_.back().size_bytes;
  durable_next_seq_ = next_seq_;
  broken_ = false;
  cursor_segment_ = segments_.front().number;
  cursor_bytes_ = 0;
  pending_records_ = 0;
  for (const auto& segment : segments_) {
    const auto file = PHENDAU_TRY(env_.open(path_of(segment.number), OpenMode::read));
    for (std::uint64_t at = 0; at < segment.size_bytes;) {
      const FrameHead head = PHENDAU_TRY(head_at(*file, at));
      at += head.size_bytes;
      const std::uint64_t end = head.first_seq + head.count;
      if (head.kind == kGroupKind && end > committed_ + 1) {
        pending_records_ += end - std::max(head.first_seq, committed_ + 1);
      }
    }
  }
  PHENDAU_TRY(move_cursor());
  return drop_committed_segments();
}

Result<> Spool::load_segment(std::uint64_t number, bool is_last, Loaded& loaded) {
  const std::string bytes =
      PHENDAU_TRY(read_file(env_, path_of(number), 4 * kFrameBytesMax + options_.segment_bytes));
  Segment segment{number, 0, 0};
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::size_t before = at;
    const auto frame = next_frame(bytes, at, number);
    const bool in_order = frame && (before == 0) == (frame->kind == kHeaderKind) &&
                          (frame->kind != kGroupKind || frame->first_seq >= next_seq_);
    if (!in_order) {
      at = before;
      break;
    }
    for (const auto& bookmark : frame->bookmarks) bookmarks_[bookmark.source] = bookmark.position;
    committed_ = std::max(committed_, frame->committed);
    if (frame->kind == kHeaderKind) {
      epoch_ = frame->epoch;
      next_seq_ = std::max(next_seq_, frame->next_seq);
    } else if (frame->kind == kGroupKind) {
      next_seq_ = frame->first_seq + frame->records.size();
      if (!frame->records.empty()) segment.last_seq = next_seq_ - 1;
    }
    segment.size_bytes = at;
  }
  if (at < bytes.size()) {
    damaged_bytes_ += bytes.size() - at;
    // A header that never became whole carries no numbers: the crash came before anything was written behind
    // it.
    ByteReader reader(bytes);
    const bool torn_header = at == 0 && is_last && bytes.size() < reader.uint(4) + kFrameHeadBytes;
    if (!torn_header) loaded.damaged = true;
  }
  if (at == 0) return env_.remove_file(path_of(number));
  if (at < bytes.size()) PHENDAU_TRY(repair_tail(segment, at));
  segments_.push_back(segment);
  loaded.append_to_last = is_last;
  return {};
}

Result<> Spool::repair_tail(const Segment& segment, std::uint64_t good_bytes) {
  const auto file = PHENDAU_TRY(env_.open(path_of(segment.number), OpenMode::read_write));
  PHENDAU_TRY(file->truncate(good_bytes));
  return file->sync();
}

Result<> Spool::start_segment() {
  Segment& segment = segments_.back();
  const std::string path = path_of(segment.number);
  if (env_.exists(path)) PHENDAU_TRY(env_.remove_file(path));
  auto file = PHENDAU_TRY(env_.open(path, OpenMode::create_new));
  const std::string bytes =
      frame_bytes(header_payload(segment.number, epoch_, next_seq_, committed_, bookmarks_), segment.number);
  PHENDAU_TRY(file->append(bytes));
  PHENDAU_TRY(file->sync());
  PHENDAU_TRY(env_.sync_dir(options_.folder));
  segment.size_bytes = bytes.size();
  durable_bytes_ = bytes.size();
  active_ = std::move(file);
  return {};
}

Result<> Spool::append_frame(std::string_view payload) {
  if (broken_) return fail(ErrorCode::io, "the spool must be recovered first");
  Segment& segment = segments_.back();
  const std::string bytes = frame_bytes(payload, segment.number);
  if (auto appended = active_->append(bytes); !appended) {
    // A part may have been written; without cutting it, later frames would stand behind garbage.
    if (!active_->truncate(segment.size_bytes)) broken_ = true;
    return std::unexpected(appended.error());
  }
  segment.size_bytes += bytes.size();
  return {};
}

Result<> Spool::sync_locked() {
  if (broken_) return fail(ErrorCode::io, "the spool must be recovered first");
  if (durable_bytes_ == segments_.back().size_bytes) return {};
  if (auto synced = active_->sync(); !synced) {
    broken_ = true;  // The system may have dropped the pages: nothing unsynced can be trusted.
    return synced;
  }
  durable_bytes_ = segments_.back().size_bytes;
  durable_next_seq_ = next_seq_;
  return {};
}

Result<> Spool::make_room(std::uint64_t frame_bytes_needed) {
  const bool full = segments_.back().size_bytes + frame_bytes_needed > options_.segment_bytes;
  const bool over = total_bytes() + frame_bytes_needed > options_.size_bytes_max;
  const bool idle = pending_records_ == 0;
  if (over && !idle) {
    ++rejected_total_;
    return fail(ErrorCode::limit, "the spool is full; reading waits until the hub takes records",
                "agent.trouble.spool_full");
  }
  if (!full && !over) return {};
  PHENDAU_TRY(sync_locked());
  segments_.push_back({segments_.back().number + 1, 0, 0});
  if (auto started = start_segment(); !started) {
    segments_.pop_back();
    return started;  // The old segment stays active; a half-made file is replaced next time.
  }
  return drop_committed_segments();
}

Result<> Spool::enqueue(const std::vector<wire::Record>& records, const std::optional<Bookmark>& bookmark) {
  PHENDAU_TRY(check_group(records, bookmark));
  const std::lock_guard lock(mu_);
  if (bookmark && !bookmarks_.contains(bookmark->source) && bookmarks_.size() >= kSpoolSourcesMax) {
    return fail(ErrorCode::limit, "the spool keeps positions of at most 1024 sources");
  }
  if (broken_) return fail(ErrorCode::io, "the spool must be recovered first");
  const std::string payload = group_payload(next_seq_, records, bookmark);
  PHENDAU_TRY(make_room(payload.size() + kFrameHeadBytes));
  PHENDAU_TRY(append_frame(payload));
  next_seq_ += records.size();
  pending_records_ += records.size();
  if (!records.empty()) segments_.back().last_seq = next_seq_ - 1;
  if (bookmark) bookmarks_[bookmark->source] = bookmark->position;
  return {};
}

Result<> Spool::sync() {
  const std::lock_guard lock(mu_);
  return sync_locked();
}

std::string Spool::bookmark(std::string_view source) const {
  const std::lock_guard lock(mu_);
  const auto found = bookmarks_.find(source);
  return found == bookmarks_.end() ? std::string() : found->second;
}

Result<Spool::FrameHead> Spool::head_at(const File& file, std::uint64_t offset_bytes) const {
  const std::string bytes = PHENDAU_TRY(file.read_at(offset_bytes, kFrameHeadBytes + kGroupHeadBytes));
  ByteReader reader(bytes);
  FrameHead head;
  head.size_bytes = reader.uint(4) + kFrameHeadBytes;
  reader.uint(8);
  head.kind = static_cast<std::uint8_t>(reader.uint(1));
  if (!reader.ok()) return fail(ErrorCode::corrupt, "a spool segment changed under the agent");
  if (head.kind == kGroupKind) {
    head.first_seq = reader.uint(8);
    head.count = reader.uint(4);
    if (!reader.ok()) return fail(ErrorCode::corrupt, "a spool segment changed under the agent");
  }
  return head;
}

Result<> Spool::move_cursor() {
  for (const auto& segment : segments_) {
    if (segment.number < cursor_segment_) continue;
    if (segment.number > cursor_segment_) {
      cursor_segment_ = segment.number;
      cursor_bytes_ = 0;
    }
    if (segment.last_seq <= committed_ && segment.number != segments_.back().number) continue;
    const auto file = PHENDAU_TRY(env_.open(path_of(segment.number), OpenMode::read));
    while (cursor_bytes_ < segment.size_bytes) {
      const FrameHead head = PHENDAU_TRY(head_at(*file, cursor_bytes_));
      if (head.kind == kGroupKind && head.count > 0 && head.first_seq + head.count - 1 > committed_)
        return {};
      cursor_bytes_ += head.size_bytes;
    }
  }
  return {};
}

Result<wire::RecordBatch> Spool::lease(std::size_t size_bytes_max, std::size_t records_max) {
  const std::lock_guard lock(mu_);
  wire::RecordBatch batch;
  batch.epoch = epoch_;
  std::size_t size = 0;
  for (const auto& segment : segments_) {
    if (segment.number < cursor_segment_ || segment.last_seq <= committed_) continue;
    const auto file = PHENDAU_TRY(env_.open(path_of(segment.number), OpenMode::read));
    for (std::uint64_t at = segment.number == cursor_segment_ ? cursor_bytes_ : 0; at < segment.size_bytes;) {
      const FrameHead head = PHENDAU_TRY(head_at(*file, at));
      const std::uint64_t frame_at = at;
      at += head.size_bytes;
      if (head.kind != kGroupKind || head.count == 0 || head.first_seq + head.count - 1 <= committed_)
        continue;
      if (head.first_seq >= durable_next_seq_) return batch;
      const std::uint64_t skip = committed_ >= head.first_seq ? committed_ + 1 - head.first_seq : 0;
      const bool gap = !batch.records.empty() && batch.last_seq() + 1 != head.first_seq;
      const bool full =
          size + head.size_bytes > size_bytes_max || batch.records.size() + head.count > records_max;
      if (!batch.records.empty() && (gap || full)) return batch;
      const std::string bytes =
          PHENDAU_TRY(file->read_at(frame_at, static_cast<std::size_t>(head.size_bytes)));
      std::size_t position = 0;
      auto frame = next_frame(bytes, position, segment.number);
      if (!frame) {
        broken_ = true;
        return fail(ErrorCode::corrupt, "a spool segment was damaged on disk");
      }
      if (batch.records.empty()) batch.first_seq = head.first_seq + skip;
      for (std::size_t i = static_cast<std::size_t>(skip); i < frame->records.size(); ++i) {
        batch.records.push_back(std::move(frame->records[i]));
      }
      size += static_cast<std::size_t>(head.size_bytes);
    }
  }
  return batch;
}

Result<> Spool::commit(std::uint64_t last_seq) {
  const std::lock_guard lock(mu_);
  if (last_seq <= committed_) return {};
  if (last_seq >= durable_next_seq_)
    return fail(ErrorCode::invalid, "the hub confirms records that were never sent");
  std::string payload;
  put_uint(payload, kCommitKind, 1);
  put_uint(payload, last_seq, 8);
  // Count before moving on: numbers may have gaps, records are what is counted.
  std::uint64_t done = 0;
  for (const auto& segment : segments_) {
    if (segment.number < cursor_segment_) continue;
    const auto file = PHENDAU_TRY(env_.open(path_of(segment.number), OpenMode::read));
    for (std::uint64_t at = segment.number == cursor_segment_ ? cursor_bytes_ : 0; at < segment.size_bytes;) {
      const FrameHead head = PHENDAU_TRY(head_at(*file, at));
      at += head.size_bytes;
      if (head.kind != kGroupKind || head.count == 0 || head.first_seq > last_seq) continue;
      const std::uint64_t from = std::max(head.first_seq, committed_ + 1);
      const std::uint64_t to = std::min(head.first_seq + head.count - 1, last_seq);
      if (to >= from) done += to - from + 1;
    }
  }
  // Even if the disk refuses the note, the hub has the records and knows their numbers: sending them again is
  // safe.
  auto noted = append_frame(payload);
  if (noted) noted = sync_locked();
  committed_ = last_seq;
  pending_records_ -= std::min(done, pending_records_);
  PHENDAU_TRY(move_cursor());
  PHENDAU_TRY(drop_committed_segments());
  return noted;
}

Result<> Spool::drop_committed_segments() {
  bool removed = false;
  while (segments_.size() > 1 && segments_.front().last_seq <= committed_) {
    PHENDAU_TRY(env_.remove_file(path_of(segments_.front().number)));
    segments_.erase(segments_.begin());
    removed = true;
  }
  if (removed) PHENDAU_TRY(env_.sync_dir(options_.folder));
  return {};
}

Result<> Spool::recover() {
  const std::lock_guard lock(mu_);
  active_.reset();
  if (!segments_.empty()) {
    const std::string path = path_of(segments_.back().number);
    if (env_.exists(path)) {
      const auto file = PHENDAU_TRY(env_.open(path, OpenMode::read_write));
      if (PHENDAU_TRY(file->size()) > durable_bytes_) {
        PHENDAU_TRY(file->truncate(durable_bytes_));
        PHENDAU_TRY(file->sync());
      }
    }
  }
  return load();
}

bool Spool::needs_recovery() const {
  const std::lock_guard lock(mu_);
  return broken_;
}

Result<> Spool::start_new_epoch() {
  const std::lock_guard lock(mu_);
  PHENDAU_TRY(sync_locked());
  const std::string old_epoch = epoch_;
  epoch_ = phendau::to_hex(env_.random_bytes(wire::kEpochLetters / 2));
  segments_.push_back({segments_.back().number + 1, 0, 0});
  if (auto started = start_segment(); !started) {
    segments_.pop_back();
    epoch_ = old_epoch;
    return started;
  }
  return drop_committed_segments();
}

std::string Spool::epoch() const {
  const std::lock_guard lock(mu_);
  return epoch_;
}
std::uint64_t Spool::next_seq() const {
  const std::lock_guard lock(mu_);
  return next_seq_;
}
std::uint64_t Spool::committed_seq() const {
  const std::lock_guard lock(mu_);
  return committed_;
}
SpoolCounts Spool::counts() const {
  const std::lock_guard lock(mu_);
  return {total_bytes(), options_.size_bytes_max, pending_records_, rejected_total_, damaged_bytes_};
}

}  // namespace phendau::agent
